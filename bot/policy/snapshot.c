/* snapshot.c - looking things up in a compiled policy */
#include "policy/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/map.h"

static size_t place_of(const struct id_table *table, unsigned workspace, const char *id)
{
	return (size_t)(map_hash(id, strlen(id)) + workspace * 0x9e3779b97f4a7c15ULL) & table->mask;
}

void id_table_init(struct id_table *table, struct arena *arena, size_t most)
{
	size_t size = 8;

	while (size < 2 * most) {
		size *= 2;
	}
	table->slots = arena_array(arena, size, sizeof(*table->slots));
	table->mask = size - 1;
}

void id_table_put(struct id_table *table, unsigned workspace, const char *id, unsigned number)
{
	size_t at = place_of(table, workspace, id);

	while (table->slots[at].number != 0) {
		at = (at + 1) & table->mask;
	}
	table->slots[at] = (struct id_slot){workspace, number, id};
}

unsigned id_table_find(const struct id_table *table, unsigned workspace, const char *id)
{
	size_t at = place_of(table, workspace, id);

	for (; table->slots[at].number != 0; at = (at + 1) & table->mask) {
		const struct id_slot *slot = &table->slots[at];

		if (slot->workspace == workspace && strcmp(slot->id, id) == 0) {
			return slot->number;
		}
	}
	return 0;
}

struct policy *policy_ref(struct policy *policy)
{
	atomic_fetch_add(&policy->refs, 1);
	return policy;
}

void policy_unref(struct policy *policy)
{
	struct arena arena;

	if (policy == NULL || atomic_fetch_sub(&policy->refs, 1) > 1) {
		return;
	}
	arena = policy->arena; /* the policy itself lies in it */
	arena_done(&arena);
}

const char *policy_id(const struct policy *policy)
{
	return policy->id;
}

size_t policy_accounts(const struct policy *policy, const struct policy_account **ret)
{
	*ret = policy->accounts;
	return policy->n_accounts;
}

size_t policy_channels(const struct policy *policy, const struct policy_channel **ret)
{
	*ret = policy->places;
	return policy->n_places;
}

size_t policy_groups(const struct policy *policy, const struct policy_group **ret)
{
	*ret = policy->groups;
	return policy->n_groups;
}

const char *policy_person_code(const struct policy *policy, const char *person)
{
	unsigned number = person != NULL ? policy_person_number(policy, person) : 0;

	return number != 0 ? policy->people[number].code : NULL;
}

const char *policy_setting(const struct policy *policy, const char *key)
{
	for (size_t i = 0; i < policy->n_settings; i++) {
		if (strcmp(policy->settings[i].key, key) == 0) {
			return policy->settings[i].value;
		}
	}
	return NULL;
}

/* The number of a workspace plus 1, 0 when the policy does not list it. */
static unsigned find_workspace(const struct policy *policy, const char *network, const char *id)
{
	for (unsigned i = 0; network != NULL && id != NULL && i < policy->n_workspaces; i++) {
		const struct workspace *w = &policy->workspaces[i];

		if (strcmp(w->id, id) == 0 && strcmp(w->network->name, network) == 0) {
			return i + 1;
		}
	}
	return 0;
}

struct policy_asker policy_asker(const struct policy *policy, const char *network,
				 const char *user_workspace, const char *user,
				 const char *channel_workspace, const char *channel, bool direct)
{
	unsigned home = find_workspace(policy, network, user_workspace);
	unsigned where = find_workspace(policy, network, channel_workspace);
	struct policy_asker asker = {.policy = policy};

	/* A room may not call itself "direct": the word is a place only when the adapter says so. */
	if (direct) {
		channel = NETWORK_DIRECT;
	} else if (channel != NULL && strcmp(channel, NETWORK_DIRECT) == 0) {
		channel = NULL;
	}
	if (home != 0 && user != NULL) {
		asker.person = id_table_find(&policy->person_ids, home - 1, user);
	}
	if (where != 0 && channel != NULL) {
		asker.channel = id_table_find(&policy->channel_ids, where - 1, channel);
	}
	return asker;
}

unsigned policy_person_number(const struct policy *policy, const char *name)
{
	return id_table_find(&policy->person_ids, NAMES, name);
}

unsigned policy_channel_number(const struct policy *policy, const char *name)
{
	return id_table_find(&policy->channel_ids, NAMES, name);
}

const char *policy_person_name(const struct policy_asker *asker)
{
	const struct policy *p = asker->policy;

	return asker->person != 0 && asker->person <= p->n_people ? p->people[asker->person].name
								  : NULL;
}

const char *policy_channel_name(const struct policy_asker *asker)
{
	const struct policy *p = asker->policy;

	return asker->channel != 0 && asker->channel <= p->n_channels
		       ? p->channels[asker->channel].name
		       : NULL;
}

const char *policy_workspace_name(const struct policy *policy, const char *network,
				  const char *workspace)
{
	unsigned where = find_workspace(policy, network, workspace);

	return where != 0 ? policy->workspaces[where - 1].name : NULL;
}

const char *policy_person_id(const struct policy *policy, const char *person, const char *network,
			     const char *workspace)
{
	unsigned number = person != NULL ? policy_person_number(policy, person) : 0;
	unsigned where = find_workspace(policy, network, workspace);

	for (unsigned i = 0; number != 0 && where != 0 && i < policy->people[number].n_ids; i++) {
		if (policy->people[number].ids[i].workspace == where - 1) {
			return policy->people[number].ids[i].id;
		}
	}
	return NULL;
}

static const char *const show_fields[] = {"id", "name",  "status",  "region",  "size", "tags",
					  "ip", "image", "project", "created", "cost"};

unsigned show_bit(const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(show_fields); i++) {
		if (strcmp(show_fields[i], field) == 0) {
			return 1U << i;
		}
	}
	return 0;
}

const char *show_field(size_t i)
{
	return i < ARRAY_LEN(show_fields) ? show_fields[i] : NULL;
}
