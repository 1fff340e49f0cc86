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
struct chat *chats_open_at(const struct chats_wanted *wanted, size_t i, struct err *err);

#endif
