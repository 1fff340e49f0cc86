/* code.h - what `sluice code` and its enrolment share */
#ifndef CLI_CODE_H
#define CLI_CODE_H

#include <stdbool.h>
#include <stddef.h>

struct code_words {
	const char *person;
	const char *spec; /* where the secret is; --file as "file:PATH" */
	bool replace, force;
};

/* One line from standard input, without its end. False: there is none. */
bool code_ask(const char *question, char *buf, size_t size);

/* `sluice code enroll`: the exit code. */
int code_enroll(const struct code_words *words);

#endif
