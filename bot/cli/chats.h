/* chats.h - the chat networks that the settings name */
#ifndef CLI_CHATS_H
#define CLI_CHATS_H

#include "cli/program.h"

#define CHATS_NETWORKS 3
#define CHATS_OPENED_MAX CHATS_NETWORKS /* one of each network */

struct chats_wanted {
	struct loop *loop;
	const struct config *config;
	const struct policy *policy;
	const struct program_options *options;
	void (*terminal_ended)(void *data);
	bool (*is_known)(bool channel, const char *name, void *data); /* for the demo */
	void *data;
};

/*
 * Opens them into `chats`, which has room for CHATS_OPENED_MAX. -1: one of them cannot be opened, or none is named; what is
 * wrong stands on standard error, and those that were opened are in `chats`.
 */
int chats_open(const struct chats_wanted *wanted, struct chat **chats, size_t *ret_n,
	       struct chat **ret_console);

/* One by one, the terminal first. The name of the i-th network, when the settings want it; NULL: they do not. */
const char *chats_wanted_at(const struct config *config, size_t i);
/* *ret_fix: what to do when it cannot be opened. */
struct chat *chats_open_at(const struct chats_wanted *wanted, size_t i, const char **ret_fix,
			   struct err *err);

/*
 * The terminal speaks as somebody whom the policy does not know, or where it has no channel: it would be met with silence, and
 * not learn why. NULL: all is known; else what is wrong, and in *ret_fix what to write. Both lie in the arena.
 */
const char *chats_terminal_unknown(const struct policy *policy, const struct config *config,
				   struct arena *arena, const char **ret_fix);

#endif
