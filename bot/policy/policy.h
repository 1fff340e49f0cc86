/* policy.h - a policy file as an immutable snapshot, ref-counted, named by the hash of its source
 *
 * The room is pure: no network, no store, no clock, no chat. Time, groups and tags come in with the question.
 * Meaning: `design` of the policy file is in the README's policy page and policy.yaml.example.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "base/verbs.h"

struct policy;

/* One finding of the checker. */
struct policy_finding {
	bool warning;
	const char *code; /* "E033" */
	unsigned line, column;
	const char
		*text; /* 'no action "droplet.power.rebot"; did you mean "droplet.power.reboot"?' */
	const char *source; /* the offending line as it stands in the file */
};

/* What the checker can find, by number from 0; NULL after the last. */
struct policy_code {
	const char *code, *meaning; /* "E033", "no such action"; E: an error, W: a warning */
};
const struct policy_code *policy_code(size_t i);

struct policy_report {
	struct policy_finding *findings; /* sorted by line, at most 20 */
	size_t n_findings;
	size_t n_errors, n_warnings; /* all of them, also those past 20 */
	bool unproven; /* W101 to W104 and W107 were not all decided: there are too many combinations */
	void *internal;
};

/*
 * Parses, checks, compiles and runs the embedded tests. NULL when there is any error; *ret_report is always
 * filled (policy_report_done). file_name is what findings and rule places are called by.
 */
struct policy *policy_compile(const char *file_name, const char *text, size_t len,
			      struct policy_report *ret_report);

/* Opens once, checks the descriptor (regular file, owner root or us, not group- or world-writable, at most 1 MiB),
 * reads and compiles. `lax`: an unsafe owner or mode, of it or of a secret's file that it names, is a warning (for `sluice
 * check`), not an error, and a pipe may be read, and "-" for the standard input. A secret's file that is not there is no finding. */
struct policy *policy_load(const char *path, bool lax, struct policy_report *ret_report);

/* Only opens, checks and reads, for who wants to keep the text that policy_compile gets. -1: the report (always filled) has
 * the finding. *ret_text: ended with a NUL beyond its length; the caller frees it. */
int policy_read(const char *path, char **ret_text, size_t *ret_len,
		struct policy_report *ret_report);

/* ... and compiles that text for use on this machine: as policy_compile, with a look at the secrets' files (E022). */
struct policy *policy_compile_here(const char *text, size_t len, struct policy_report *ret_report);

struct droplet;
/* A scope that a token has, as its owner says: for W117. */
struct policy_token_scope {
	const char *account; /* NULL: of every account */
	enum tier tier;      /* TIER_NONE: of the one token of an account that has one */
	const char *scope;   /* "droplet:read" */
};
struct policy_lint_over {
	const struct droplet *inventory; /* NULL: none */
	size_t n_inventory;
	const struct policy_token_scope *scopes; /* none: tokens are not judged */
	size_t n_scopes;
	int64_t now_ms; /* 0: who is on call now is not judged */
};

/* The same for `sluice check`, with every warning: lints are exhaustive, so this is slower. An unsafe owner or mode is a
 * warning. Without an inventory the policy's own world is looked at: a droplet for each combination of its selectors. */
struct policy *policy_check(const char *text, size_t len, const struct policy_lint_over *over,
			    struct policy_report *ret_report);
struct policy *policy_check_file(const char *path, const struct policy_lint_over *over,
				 struct policy_report *ret_report);

void policy_report_print(const struct policy_report *report, const char *file_name,
			 struct strbuf *out);
/* One JSON object, for editors. */
void policy_report_json(const struct policy_report *report, const char *file_name,
			struct strbuf *out);
void policy_report_done(struct policy_report *report);

struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy); /* NULL is fine */

const char *policy_id(const struct policy *policy); /* 16 hex digits of the source's SHA-256 */

/* What the file says beside rules; borrowed from the snapshot. */
struct policy_account {
	const char *name;
	const char *token
		[TIER_DESTROY +
		 1]; /* by tier: a secret's spec; a single `token:` stands in all three; NULL: none */
};
struct policy_channel {
	const char *name;                          /* the key in the file */
	const char *network, *workspace, *channel; /* channel NULL: direct */
};
size_t policy_accounts(const struct policy *policy, const struct policy_account **ret);
size_t policy_channels(const struct policy *policy, const struct policy_channel **ret);

/* A group that a chat network keeps; who asks for its members is not policy. */
struct policy_group {
	const char *name;                /* the key in the file: what a question's `groups` say */
	const char *network, *workspace; /* as the adapter knows them */
	const char *id;
	int64_t fresh_ms; /* for reads, at most a minute; a change needs an answer younger than the request */
};
size_t policy_groups(const struct policy *policy, const struct policy_group **ret);

/* Does any selector name a project? Else nobody needs to know in which one a droplet is. Answered from the snapshot. */
bool policy_names_projects(const struct policy *policy);

/* Where the secret of a person's codes is (a secret's spec); NULL: none. */
const char *policy_person_code(const struct policy *policy, const char *person);

/* Rotas by number from 0: the name, NULL after the last; whose turn it is (NULL: nobody's) and until when. With those
 * who took a turn: policy_on_call in decide.h. */
const char *policy_rota(const struct policy *policy, size_t i);
const char *policy_rota_person(const struct policy *policy, size_t i, int64_t at_ms,
			       int64_t *ret_until_ms);
/* The zone in which the rota's times are written, and how far its wall clock is ahead of UTC then. */
const char *policy_rota_zone(const struct policy *policy, size_t i, int64_t at_ms,
			     int64_t *ret_ahead_ms);

/*
 * Is the person in what that word names at that time: a group, whoever's turn it is in a rota, a person, or "people"? Whom
 * a chat network's group holds is not known here, and so no.
 */
struct policy_taken; /* policy/decide.h: who took a turn has it */
bool policy_member(const struct policy *policy, const char *person, const char *group,
		   int64_t at_ms, const struct policy_taken *taken, size_t n_taken);
/* People by number from 0, by name; NULL after the last. */
const char *policy_person_at(const struct policy *policy, size_t i);

/* `settings` ("ops", "audit_mirror", "private_reads", ...): the text of a key, NULL when it is not there; of a list its words with spaces between them. */
const char *policy_setting(const struct policy *policy, const char *key);

#endif
