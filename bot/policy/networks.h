/* networks.h - how the ids of each chat network look, loosely: enough to tell an id from a name */
#ifndef POLICY_NETWORKS_H
#define POLICY_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>

struct network_id {
	bool (*fits)(const char *text);
	const char *looks; /* "U01ANA000", for the sentence */
};

struct network {
	const char *name; /* the key in the policy file and the adapter's name */
	struct network_id workspace, user, channel;
	const char
		*group_key; /* "slack-group": how a group of it is named in the file; NULL: none */
	struct network_id group;
	bool fold; /* ids are compared in lower case (ASCII); the adapter prepares them so */
};

/* NULL when there is none of that name. */
const struct network *network_by_name(const char *name);

/* The i-th, NULL after the last. */
const struct network *network_at(size_t i);

/* In every network the one-to-one conversation with the bot is this word in place of a channel's id. */
#define NETWORK_DIRECT "direct"

#endif
