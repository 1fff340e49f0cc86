/* channels.c - section channels: where one may speak to the bot, and the most that may happen there */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define CHANNELS_MAX 2000

static const char *const channel_keys[] = {
	"at", "may", "droplets", "ceiling", "show", "announce", "during",
};
const struct key_table keys_of_channel = {channel_keys, ARRAY_LEN(channel_keys)};

static const char *const ceiling_keys[] = {"may", "droplets", "during"};
const struct key_table keys_of_ceiling = {ceiling_keys, ARRAY_LEN(ceiling_keys)};

/* Places while they are collected. */
struct places {
	struct map seen;
	struct policy_channel *list;
	unsigned *channels, *workspaces; /* of the i-th place */
	size_t n, cap;
};

static void compile_place(struct compiler *c, unsigned number, const struct yaml_node *node,
			  struct places *places)
{
	const char *text = walk_text(c, node, "where a channel is");
	const char *slash = text != NULL ? strchr(text, '/') : NULL;
	const struct workspace *w;
	const struct named *named;
	const struct yaml_node *before;
	struct guess guess;
	const char *name;
	const char *id;

	if (text == NULL) {
		return;
	}
	if (slash == NULL || slash == text) {
		report_error(c->report, "E040", node,
			     "a channel is at WORKSPACE/ID or WORKSPACE/direct, found \"%.60s\"",
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
	id = NETWORK_DIRECT;
	if (strcmp(slash + 1, NETWORK_DIRECT) != 0 &&
	    !compile_id(c, node, slash + 1, w->network, &w->network->channel, "channel", &id)) {
		return;
	}
	before = map_put(&places->seen, arena_printf(c->scratch, "%u/%s", named->number, id),
			 (void *)(uintptr_t)node);
	if (before != NULL) {
		report_error(c->report, "E043", node, "this place already stands in line %u",
			     before->line);
		return;
	}
	places->channels[places->n] = number;
	places->workspaces[places->n] = named->number;
	places->list[places->n++] = (struct policy_channel){
		.name = c->policy->channels[number].name,
		.network = w->network->name,
		.workspace = w->id,
		.channel = strcmp(id, NETWORK_DIRECT) != 0 ? id : NULL,
	};
}

static void compile_at(struct compiler *c, unsigned number, const struct yaml_node *channel,
		       const struct yaml_node *key, struct places *places)
{
	const struct yaml_node *at = yaml_get(channel, "at");
	struct items items;

	if (at == NULL) {
		report_error(c->report, "E005", key, "channel \"%s\" has no \"at\"", key->text);
		return;
	}
	if (!walk_items(c, at, "places", false, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		compile_place(c, number, item(&items, i), places);
	}
}

static void compile_hours_of(struct compiler *c, const struct yaml_node *map,
			     const struct hours *const **ret_during, unsigned *ret_n)
{
	const struct yaml_node *during = yaml_get(map, "during");

	if (during != NULL) {
		compile_during(c, during, ret_during, ret_n);
	}
}

static void compile_ceiling(struct compiler *c, const struct yaml_node *pair,
			    const struct yaml_node *owner, struct ceiling *ceiling)
{
	compile_may(c, yaml_get(pair, "may"), owner, MAY_IN_CHANNEL, &ceiling->verbs);
	compile_selector(c, yaml_get(pair, "droplets"), owner, &ceiling->droplets);
}

static void compile_ceilings(struct compiler *c, const struct yaml_node *node,
			     const struct yaml_node *key, struct channel *channel)
{
	const struct yaml_node *list = yaml_get(node, "ceiling");

	if (list == NULL) {
		channel->n_ceilings = 1;
		channel->ceilings = arena_array(c->arena, 1, sizeof(*channel->ceilings));
		compile_ceiling(c, node, key, &channel->ceilings[0]);
		return;
	}
	if (yaml_get(node, "may") != NULL || yaml_get(node, "droplets") != NULL) {
		report_error(c->report, "E003", list,
			     "\"ceiling\" stands in place of \"may\" and \"droplets\"");
	}
	if (list->kind != YAML_LIST || list->n == 0) {
		report_error(c->report, list->kind == YAML_LIST ? "E051" : "E004", list,
			     "\"ceiling\" is a list of {may: ..., droplets: ...}");
		return;
	}
	channel->ceilings = arena_array(c->arena, list->n, sizeof(*channel->ceilings));
	channel->n_ceilings = (unsigned)list->n;
	for (size_t i = 0; i < list->n; i++) {
		if (walk_keys(c, list->items[i], "a ceiling", ceiling_keys,
			      ARRAY_LEN(ceiling_keys))) {
			compile_ceiling(c, list->items[i], list->items[i], &channel->ceilings[i]);
			compile_hours_of(c, list->items[i], &channel->ceilings[i].during,
					 &channel->ceilings[i].n_during);
		}
	}
}

static void compile_show(struct compiler *c, const struct yaml_node *node, struct channel *channel)
{
	struct items items;

	channel->has_show = true;
	if (!walk_items(c, node, "fields", false, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(c, item(&items, i), "a field to show");
		struct guess guess = guess_for(text != NULL ? text : "");
		unsigned bit = text != NULL ? show_bit(text) : 0;

		channel->show |= bit;
		if (text == NULL || bit != 0) {
			continue;
		}
		for (size_t k = 0; show_field(k) != NULL; k++) {
			guess_try(&guess, show_field(k));
		}
		report_error(c->report, "E003", item(&items, i),
			     "a droplet has no field \"%.60s\"%s", text, guess_text(&guess));
	}
}

/* The changes of droplets that the channel hears of: "yes" for all of them, or actions and roles as in `may`. */
static void compile_announce(struct compiler *c, const struct yaml_node *node,
			     struct channel *channel)
{
	struct verb_set *set = &channel->announce;
	size_t errors = c->report->n_errors;
	bool any = false;

	if (node->kind == YAML_SCALAR && strcmp(node->text, "yes") == 0) {
		memset(set, 0xff, sizeof(*set));
	} else {
		compile_may(c, node, node, MAY_IN_RULE, set);
	}
	for (unsigned v = 0; v < VERB_WORDS * 64; v++) {
		const struct verb_info *info = verb_info((enum verb)v);

		if (v >= VERB_COUNT || !info->about_droplet || info->effect == EFFECT_READ) {
			set->bits[v / 64] &= ~((uint64_t)1 << (v % 64));
		}
		any = any || bit_get(set->bits, v);
	}
	if (!any && c->report->n_errors == errors) {
		report_error(
			c->report, "E034", node,
			"none of this changes a droplet, so there is nothing to announce (as in "
			"announce: [\"droplet.power.*\"], or announce: yes)");
	}
}

/* What the ceilings come to: all verbs, and the strongest token any of them needs. */
static void sum_up(struct channel *channel)
{
	for (unsigned i = 0; i < channel->n_ceilings; i++) {
		for (unsigned w = 0; w < VERB_WORDS; w++) {
			channel->verbs.bits[w] |= channel->ceilings[i].verbs.bits[w];
		}
	}
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		enum tier tier = verb_info((enum verb)v)->tier;

		if (bit_get(channel->verbs.bits, v) && tier > channel->max_tier) {
			channel->max_tier = tier;
		}
	}
}

static void compile_channel(struct compiler *c, const struct named *named,
			    const struct yaml_node *node, struct places *places)
{
	unsigned number = named->number + 1;
	struct channel *channel = &c->policy->channels[number];
	const struct yaml_node *show = yaml_get(node, "show");
	const struct yaml_node *announce = yaml_get(node, "announce");

	channel->name = arena_strdup(c->arena, named->name);
	channel->label.name = arena_printf(c->arena, "ceiling.%s", named->name);
	channel->label.line = named->at->line;
	if (!walk_keys(c, node, "a channel", channel_keys, ARRAY_LEN(channel_keys))) {
		return;
	}
	compile_at(c, number, node, named->at, places);
	compile_ceilings(c, node, named->at, channel);
	if (show != NULL) {
		compile_show(c, show, channel);
	}
	if (announce != NULL) {
		compile_announce(c, announce, channel);
	}
	compile_hours_of(c, node, &channel->during, &channel->n_during);
	sum_up(channel);
}

static size_t count_places(const struct yaml_node *section)
{
	size_t n = 0;

	for (size_t i = 0; i < section->n; i++) {
		const struct yaml_node *at = yaml_get(section->items[i], "at");

		n += at == NULL ? 0 : at->kind == YAML_LIST ? at->n : 1;
	}
	return n;
}

static void index_channels(struct compiler *c, const struct places *places)
{
	struct policy *p = c->policy;

	id_table_init(&p->channel_ids, c->arena, p->n_channels + places->n);
	for (unsigned i = 1; i <= p->n_channels; i++) {
		id_table_put(&p->channel_ids, NAMES, p->channels[i].name, i);
	}
	for (size_t i = 0; i < places->n; i++) {
		const char *id = places->list[i].channel;

		id_table_put(&p->channel_ids, places->workspaces[i],
			     id != NULL ? id : NETWORK_DIRECT, places->channels[i]);
	}
	p->places = places->list;
	p->n_places = places->n;
}

void compile_channels(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "channels");
	struct policy *p = c->policy;
	struct places places = {.n = 0};
	size_t most;

	map_init(&places.seen);
	walk_names(c, section, "a channel", CHANNELS_MAX, &c->channels);
	most = c->channels.n > 0 ? count_places(section) : 0;
	places.list = arena_array(c->arena, most, sizeof(*places.list));
	places.channels = arena_array(c->scratch, most, sizeof(*places.channels));
	places.workspaces = arena_array(c->scratch, most, sizeof(*places.workspaces));
	p->n_channels = c->channels.n;
	p->channels = arena_array(c->arena, p->n_channels + 1, sizeof(*p->channels));
	for (unsigned i = 0; i < c->channels.n; i++) {
		compile_channel(c, &c->channels.list[i], section->items[i], &places);
	}
	index_channels(c, &places);
	map_done(&places.seen, NULL);
}
