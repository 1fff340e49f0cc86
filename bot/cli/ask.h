/* ask.h - what the commands that ask a policy file share: loading it, one question's flags */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/arena.h"
#include "cli/question.h"

/* The policy, or NULL with the findings on stderr. `path`: "-" is the standard input. */
struct policy *ask_load(const char *path);

/* --policy (policy.yaml unless told), --as, --in, --droplet, --at and one action; of `can` alone: --batch. */
struct ask {
	const char *policy, *as, *in, *verb, *droplet, *at, *batch;
};

/* What is wrong with a word that is not wanted there: "is no option". "-" is the standard input, and no option. */
const char *ask_stray(const char *word);

/* -1 with a sentence on stderr. `command`: "why". */
int ask_options(const char *command, int argc, char **argv, struct ask *ret_ask);

/* The question; `as` may be absent (a stranger). -1 with a sentence. */
int ask_question(const struct ask *ask, const struct policy *policy, struct arena *arena,
		 struct droplet *ret_droplet, struct policy_question *ret_question,
		 struct err *err);

#endif
