/* chats.h - the chat networks that the settings name */
#ifndef CLI_CHATS_H
#define CLI_CHATS_H

#include "cli/program.h"

#define CHATS_OPENED_MAX 3 /* one of each network */

struct chats_wanted {
	struct loop *loop;
	const struct config *config;
	const struct policy *policy;
	const struct program_options *options;
	void (*terminal_ended)(void *data);
	void *data;
};

/*
 * Opens them into `chats`, which has room for CHATS_OPENED_MAX. -1: one of them cannot be opened, or none is named; what is
 * wrong stands on standard error, and those that were opened are in `chats`.
 */
int chats_open(const struct chats_wanted *wanted, struct chat **chats, size_t *ret_n,
	       struct chat **ret_console);

#endif
