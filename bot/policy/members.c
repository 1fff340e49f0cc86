/* members.c - groups that a chat network keeps, and the figures that lines carry: durations, counts */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define FRESH_LEAST_MS (10 * SECOND_MS)
#define FRESH_MOST_MS HOUR_MS /* what may be written; more than a minute is served as a minute */

bool compile_duration(struct compiler *c, const struct yaml_node *node, int64_t least_ms,
		      int64_t most_ms, int64_t *ret_ms)
{
	const char *text = walk_text(c, node, "a duration");
	int64_t ms;

	if (text == NULL) {
		return false;
	}
	if (!times_duration(text, &ms)) {
		report_error(c->report, "E058", node,
			     "a duration is written 90s, 10m, 2h or 7d, not \"%.60s\"", text);
		return false;
	}
	if (ms < least_ms || ms > most_ms) {
		report_error(c->report, "E058", node,
			     "\"%.60s\" is too %s: from %lld to %lld seconds are fine here", text,
			     ms < least_ms ? "short" : "long", (long long)(least_ms / SECOND_MS),
			     (long long)(most_ms / SECOND_MS));
		return false;
	}
	*ret_ms = ms;
	return true;
}

bool compile_count(struct compiler *c, const struct yaml_node *node, unsigned most, unsigned *ret_n)
{
	const char *text = walk_text(c, node, "a number");
	unsigned value = 0;
	size_t n = 0;

	if (text == NULL) {
		return false;
	}
	for (; text[n] >= '0' && text[n] <= '9' && n < 8; n++) {
		value = value * 10 + (unsigned)(text[n] - '0');
	}
	if (text[n] != '\0' || value < 1 || value > most) {
		report_error(c->report, "E058", node,
			     "a whole number from 1 to %u is wanted here, not \"%.60s\"", most,
			     text);
		return false;
	}
	*ret_n = value;
	return true;
}

static const char *const platform_keys[] = {"slack-group", "discord-role", "mattermost-group",
					    "fresh"};
const struct key_table keys_of_platform = {platform_keys, ARRAY_LEN(platform_keys)};

static const struct network *network_of(const char *group_key)
{
	for (size_t i = 0; network_at(i) != NULL; i++) {
		const char *key = network_at(i)->group_key;

		if (key != NULL && strcmp(key, group_key) == 0) {
			return network_at(i);
		}
	}
	return NULL;
}

/* acme/S01SUPPRT */
static void compile_group_place(struct compiler *c, const struct yaml_node *node,
				const struct network *network, struct policy_group *group)
{
	const char *text = walk_text(c, node, "where a group is");
	const char *slash = text != NULL ? strchr(text, '/') : NULL;
	const struct workspace *w;
	const struct named *named;
	const char *name;
	struct guess guess;

	if (text == NULL) {
		return;
	}
	if (slash == NULL || slash == text) {
		report_error(c->report, "E040", node, "a group is at WORKSPACE/ID, found \"%.60s\"",
			     text);
		return;
	}
	name = arena_strndup(c->scratch, text, (size_t)(slash - text));
	named = names_find(&c->workspaces, name);
	guess = guess_for(name);
	if (named == NULL) {
		guess_names(c, &guess, &c->workspaces);
		report_error(c->report, "E035", node, "no workspace \"%.60s\"%s", name,
			     guess_text(&guess));
		return;
	}
	w = &c->policy->workspaces[named->number];
	if (w->network != network) {
		report_error(c->report, "E035", node, "\"%.60s\" is a workspace of %s, not of %s",
			     name, w->network->name, network->name);
		return;
	}
	group->network = w->network->name;
	group->workspace = w->id;
	(void)compile_id(c, node, slash + 1, network, &network->group, "group", &group->id);
}

void compile_platform_group(struct compiler *c, const struct named *named,
			    const struct yaml_node *node)
{
	struct policy *p = c->policy;
	const struct yaml_node *fresh = yaml_get(node, "fresh");
	struct policy_group *group;
	size_t places = 0;

	if (p->n_groups == TERMS_MAX / 2) {
		report_error(c->report, "E010", named->at,
			     "more than %d groups that chat networks keep", TERMS_MAX / 2);
		return;
	}
	bit_set(c->group_terms[named->number].bits, p->n_rotas + (unsigned)p->n_groups);
	group = &p->groups[p->n_groups++];
	group->name = arena_strdup(c->arena, named->name);
	group->fresh_ms = MINUTE_MS;
	if (!walk_keys(c, node, "a group that a chat network keeps", platform_keys,
		       ARRAY_LEN(platform_keys))) {
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct network *network = network_of(node->keys[i]->text);

		if (network != NULL) {
			places++;
			compile_group_place(c, node->items[i], network, group);
		}
	}
	if (places != 1) {
		report_error(c->report, places == 0 ? "E005" : "E003", named->at,
			     "a group is kept in one place, as {slack-group: acme/S01SUPPRT}");
	}
	if (fresh != NULL) {
		(void)compile_duration(c, fresh, FRESH_LEAST_MS, FRESH_MOST_MS, &group->fresh_ms);
		group->fresh_ms = group->fresh_ms < MINUTE_MS ? group->fresh_ms : MINUTE_MS;
	}
}
