/* program.h - the running program behind `run` and `demo`: real loop, store, DigitalOcean, chats, listener
 *
 * program_open reads nothing but what it is given; it prints what went wrong on standard error and returns NULL.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <stdbool.h>

#include "app/app.h"
#include "config/config.h"
#include "loop/loop.h"
#include "policy/policy.h"

struct program;

struct program_options {
	struct config *config;   /* borrowed; the policy's `settings:` are put into it */
	struct policy *policy;   /* referenced */
	const char *policy_text; /* NULL: not known */
	bool from_file;          /* of the setting `policy`: read again when it changes */
	const char *
		only_token; /* demo: this place stands for every account's token; NULL: as the policy says */
	bool free_speech; /* demo: the terminal knows /as and /in */
	int in_fd;        /* the terminal's input: standard input is 0 */
	bool paced;       /* a script: each line waits for the end of what the one before started */
};

#define PROGRAM_REFUSED \
	78 /* exit code: every network said no for good; a start over changes nothing (EX_CONFIG of sysexits.h) */

struct program *program_open(const struct program_options *options);

/* Runs until a signal, the end of the terminal's input, or program_stop. Takes everything down. The exit code. */
int program_run(struct program *program);
void program_stop(struct program *program);
void program_free(struct program *program);

struct app *program_app(struct program *program);
struct loop *program_loop(struct program *program);
struct chat *program_console(struct program *program); /* NULL without one */

/* Reads, checks and prints findings to standard error; NULL when the file is no policy. */
struct policy *program_load_policy(const char *path,
				   char **ret_text); /* the caller frees the text */

/* What stands under `settings:` goes into the config, where neither flag nor variable spoke. -1: said on standard error. */
int program_use_settings(struct config *config, const struct policy *policy);

#endif
