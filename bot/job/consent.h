/* consent.h - who said yes to what, and what is still missing (pure: rows, people and time come in)
 *
 * The policy's duties are met by consents: rows that outlive the process. A consent is bound to a digest of
 * (requester, verb, arguments, sorted droplet ids with their accounts and what was shown beside them, channel, nonce); with any other digest it counts for
 * nothing. Who may give one is asked at the press, and once more right before each act.
 *
 * `terms` is a digest of what the policy asked for: the duties, and for each approval the people who could give it then. When
 * a reload changes them, the approvals are void and asked for again; when it changes nothing of them, they stand.
 */
#ifndef JOB_CONSENT_H
#define JOB_CONSENT_H

#include <stddef.h>
#include <stdint.h>

#include "gate/gate.h"
#include "store/store.h"

#define CONSENT_NONCE_SIZE 33
#define CONSENT_DIGEST_SIZE 65
#define CONSENT_CONFIRM_MS \
	(10 * 60 * 1000) /* how long a confirmation, a code or a reason is waited for */

enum consent_kind {
	CONSENT_NONE = 0,
	CONSENT_CONFIRM, /* the requester pressed */
	CONSENT_CODE,    /* the requester gave a code; it is a confirmation too */
	CONSENT_APPROVE, /* somebody else */
};

/* Fills 32 hex digits from the kernel. */
void consent_nonce(char ret_nonce[CONSENT_NONCE_SIZE]);

void consent_digest(const struct store_request *request, const struct store_job *jobs,
		    size_t n_jobs, char ret_digest[CONSENT_DIGEST_SIZE]);

void consent_terms(const struct gate *gate, const struct gate_who *requester,
		   const struct gate_decision *decision, char ret_terms[CONSENT_DIGEST_SIZE]);

/* The first thing that is missing, in the order in which it is asked: a reason, a code or a confirmation, approvals. */
struct consent_missing {
	enum duty_kind kind;     /* DUTY_NONE: nothing is missing */
	const struct duty *duty; /* borrowed from the decision */
	unsigned n_given;        /* APPROVALS: distinct persons so far */
};
struct consent_question {
	const struct store_request *request;
	const struct gate_decision *decision; /* of now */
	const struct store_consent *consents;
	size_t n_consents;
	bool confirms; /* the verb asks the requester for this very request, whatever the policy asks for */
	int64_t code_ms; /* wall, when the requester's last right code was given, in any request; 0: never */
	int64_t now_ms;
	/* Is that person in the group (rota, person, "people") now? */
	bool (*member)(const char *person, const char *group, void *data);
	void *data;
};
struct consent_missing consent_missing(const struct consent_question *question);

#endif
