/* doctor.h - what the files of `sluice doctor` share: one line for each thing that a bot needs */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "base/attr.h"
#include "config/config.h"
#include "loop/loop.h"
#include "policy/policy.h"

struct doctor {
	struct config *config;
	struct loop *loop;
	const struct policy *policy;
	bool runs; /* a bot works on that state file now: what would disturb it is left out */
	unsigned n_wrong;
};

/* "ok    token     main, to read: ..." */
void doctor_ok(const char *what, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Worth knowing, and nothing to mend: it was not tried, or may be on purpose. */
void doctor_note(const char *what, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* What is wrong; the line below it says what to do. */
void doctor_wrong(struct doctor *doctor, const char *what, const char *fix, const char *fmt, ...)
	ATTR_PRINTF(4, 5);

/* doctor_accounts.c: each token of each account is shown to DigitalOcean. */
void doctor_accounts(struct doctor *doctor);

/* doctor_chats.c: each network that is set up is logged in to. */
void doctor_chats(struct doctor *doctor);

#endif
