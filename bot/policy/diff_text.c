/* diff_text.c - differences as sentences: "+ dora may droplet.resize on 14 droplets (tag staging) in dev" */
#include <string.h>

#include "policy/diff_internal.h"

#define NAMES_SHOWN 6
#define DROPLETS_NAMED 3

struct listing {
	struct strbuf *out;
	unsigned n, most;
};

static void list_add(struct listing *list, const char *name)
{
	if (list->n < list->most) {
		(void)strbuf_addf(list->out, "%s%s", list->n > 0 ? ", " : "", name);
	}
	list->n++;
}

static void list_end(const struct listing *list)
{
	if (list->n > list->most) {
		(void)strbuf_addf(list->out, " and %u more", list->n - list->most);
	}
}

static struct listing listing(const struct difference *d)
{
	return (struct listing){.out = d->out, .most = d->over->all_names ? ~0U : NAMES_SHOWN};
}

static void say_people(struct difference *d, const uint64_t *classes)
{
	struct listing list = listing(d);
	unsigned n = 0;

	for (unsigned i = 1; i < d->n_people; i++) {
		n += bit_get(classes, d->people[i].class);
	}
	if (n + 1 == d->n_people && n > 1) {
		list_add(&list, bit_get(classes, d->people[0].class) ? "everyone" : "people");
		return;
	}
	for (unsigned i = 1; i <= d->n_people; i++) {
		const struct pair *person = &d->people[i < d->n_people ? i : 0];

		if (bit_get(classes, person->class)) {
			list_add(&list, person->name);
		}
	}
	list_end(&list);
}

static void say_verbs(struct difference *d, const uint64_t *verbs)
{
	struct listing list = listing(d);

	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(verbs, v)) {
			list_add(&list, verb_info((enum verb)v)->name);
		}
	}
	list_end(&list);
}

static void say_channels(struct difference *d, const uint64_t *channels)
{
	struct listing list = listing(d);

	(void)strbuf_adds(d->out, " in ");
	for (unsigned i = 0; i < d->n_channels; i++) {
		if (bit_get(channels, i)) {
			list_add(&list, d->channels[i].name);
		}
	}
	list_end(&list);
}

static const struct rule *rule_of(const struct difference *d, const struct group *group)
{
	const struct policy *p = d->policy[group->side];

	switch ((enum cause_kind)group->kind) {
	case BY_LINE:
		return &p->allow.rules[group->number];
	case BY_NEVER:
		return &p->never.rules[group->number];
	case BY_CEILING:
		break;
	}
	return NULL;
}

static void say_names(struct difference *d, const uint64_t *set)
{
	struct listing list = {.out = d->out, .most = DROPLETS_NAMED};

	for (unsigned i = 0; i < d->world.n; i++) {
		const char *name = d->world.droplets[i].name;

		if (bit_get(set, i)) {
			list_add(&list, name != NULL && name[0] != '\0' ? name : "(no name)");
		}
	}
}

static void say_droplets(struct difference *d, const struct group *group, const uint64_t *set)
{
	const struct rule *rule = rule_of(d, group);
	unsigned n = bits_count(set, d->world.words);

	if (bit_get(set, d->world.n)) {
		return; /* about no droplet */
	}
	if (n == d->world.n) {
		(void)strbuf_adds(d->out,
				  d->world.inventory ? " on all droplets" : " on any droplet");
		if (d->world.inventory) {
			(void)strbuf_addf(d->out, " (%u)", n);
		}
		return;
	}
	if (!d->world.inventory) {
		(void)strbuf_adds(d->out, " on droplets such as ");
		droplet_words(&d->world.droplets[bits_first(set, d->world.words)], d->out);
		return;
	}
	(void)strbuf_addf(d->out, " on %u droplet%s (", n, n == 1 ? "" : "s");
	if (n <= DROPLETS_NAMED || rule == NULL) {
		say_names(d, set);
		(void)strbuf_adds(d->out, n > DROPLETS_NAMED ? ", ..." : "");
	} else {
		selector_words(&rule->droplets, d->out);
	}
	(void)strbuf_adds(d->out, ")");
}

static void say_cause(struct difference *d, const struct group *group)
{
	const struct policy *p = d->policy[group->side];
	const struct rule *rule = rule_of(d, group);
	const char *what = group->kind == BY_NEVER  ? "never"
			   : group->kind == BY_LINE ? "allow"
						    : "channel";
	const struct policy_rule *label =
		rule != NULL ? &rule->label : &p->channels[group->number].label;
	const char *name = rule != NULL ? label->name : label->name + strlen("ceiling.");

	(void)strbuf_addf(d->out, "   %s %s, line %u%s\n", what, name, label->line,
			  group->side == OLD ? " of the old file" : "");
}

static void count_cases(struct difference *d, const struct group *group, const uint64_t *classes,
			const uint64_t *set)
{
	uint64_t people = 0;

	for (unsigned i = 0; i < d->n_people; i++) {
		people += bit_get(classes, d->people[i].class);
	}
	*(group->gain != 0 ? &d->result->cases_gained : &d->result->cases_lost) +=
		people * bits_count(group->verbs, VERB_WORDS) *
		bits_count(group->channels, d->n_channels / 64 + 1) *
		bits_count(set, d->world.words);
}

/* The text of a top section, from its key to the next line that begins at the margin. */
static const char *section_of(const struct policy *p, const char *key, size_t *ret_len)
{
	size_t len = strlen(key);

	for (const char *at = p->source; at != NULL && *at != '\0';) {
		const char *next = strchr(at, '\n');

		if (strncmp(at, key, len) == 0 && at[len] == ':') {
			const char *end = next;

			while (end != NULL && (end[1] == ' ' || end[1] == '\n' || end[1] == '#')) {
				end = strchr(end + 1, '\n');
			}
			*ret_len = end != NULL ? (size_t)(end - at) : strlen(at);
			return at;
		}
		at = next != NULL ? next + 1 : NULL;
	}
	*ret_len = 0;
	return "";
}

/* What no set of rights can tell: steps, limits, and when windows and turns are. */
void diff_say_sections(struct difference *d)
{
	static const char *const keys[] = {"hours", "oncall", "require", "limits"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t len[2];
		const char *was = section_of(d->policy[OLD], keys[i], &len[OLD]);
		const char *is = section_of(d->policy[NEW], keys[i], &len[NEW]);

		if (len[OLD] != len[NEW] || memcmp(was, is, len[OLD]) != 0) {
			d->result->proven = false;
			d->result->sections = true;
			(void)strbuf_addf(
				d->out,
				"? the section \"%s\" is another; what it %s is for you to read\n",
				keys[i], i < 2 ? "makes of the time" : "asks for or limits");
		}
	}
}

void diff_say_group(struct difference *d, const struct group *group, const uint64_t *classes,
		    const char *when)
{
	const uint64_t *set = intern_key(&d->sets, (unsigned)group->set);
	bool gain = group->gain != 0;

	*(gain ? &d->result->gains : &d->result->losses) += 1;
	count_cases(d, group, classes, set);
	(void)strbuf_adds(d->out, gain ? "+ " : "- ");
	say_people(d, classes);
	(void)strbuf_adds(d->out, gain ? " may " : " may no longer ");
	say_verbs(d, group->verbs);
	say_droplets(d, group, set);
	say_channels(d, group->channels);
	(void)strbuf_adds(d->out, when);
	say_cause(d, group);
}

static void say_change(struct difference *d, bool gain, const char *name, const char *network,
		       const char *workspace, const char *id, const char *rest)
{
	*(gain ? &d->result->gains : &d->result->losses) += 1;
	(void)strbuf_addf(d->out, "%s %s is %s %s/%s/%s%s\n", gain ? "+" : "-", name,
			  gain ? "also" : "no longer", network, workspace, id, rest);
}

static unsigned workspace_in(const struct policy *p, const struct workspace *w)
{
	for (unsigned i = 0; i < p->n_workspaces; i++) {
		if (p->workspaces[i].network == w->network &&
		    strcmp(p->workspaces[i].id, w->id) == 0) {
			return i + 1;
		}
	}
	return 0;
}

/* Ids of a person in one file that are not that person's in the other. */
static void say_person_ids(struct difference *d, const struct pair *pair, int side)
{
	const struct policy *p = d->policy[side];
	const struct policy *other = d->policy[!side];
	const struct person *person = &p->people[pair->number[side]];

	for (unsigned i = 0; i < person->n_ids; i++) {
		const struct workspace *w = &p->workspaces[person->ids[i].workspace];
		unsigned there = workspace_in(other, w);

		if (there == 0 || id_table_find(&other->person_ids, there - 1, person->ids[i].id) !=
					  pair->number[!side]) {
			say_change(d, side == NEW, pair->name, w->network->name, w->id,
				   person->ids[i].id,
				   side == NEW ? ", with all that these lines give" : "");
		}
	}
}

static bool is_place(const struct policy *p, const struct policy_channel *place)
{
	for (size_t i = 0; i < p->n_places; i++) {
		const struct policy_channel *c = &p->places[i];

		if (strcmp(c->name, place->name) == 0 && strcmp(c->network, place->network) == 0 &&
		    strcmp(c->workspace, place->workspace) == 0 &&
		    (c->channel == NULL) == (place->channel == NULL) &&
		    (c->channel == NULL || strcmp(c->channel, place->channel) == 0)) {
			return true;
		}
	}
	return false;
}

static void say_places(struct difference *d, int side)
{
	const struct policy *p = d->policy[side];

	for (size_t i = 0; i < p->n_places; i++) {
		const struct policy_channel *c = &p->places[i];

		/* a channel that is new or gone has been told by its rights */
		if (!is_place(d->policy[!side], c) &&
		    policy_channel_number(d->policy[!side], c->name) != 0) {
			say_change(d, side == NEW, c->name, c->network, c->workspace,
				   c->channel != NULL ? c->channel : NETWORK_DIRECT, "");
		}
	}
}

void diff_say_ids(struct difference *d)
{
	for (int side = NEW; side >= OLD; side--) {
		for (unsigned i = 1; i < d->n_people; i++) {
			if (d->people[i].number[OLD] != 0 && d->people[i].number[NEW] != 0) {
				say_person_ids(d, &d->people[i], side);
			}
		}
		say_places(d, side);
	}
}

void diff_say_shows(struct difference *d)
{
	for (unsigned i = 0; i < d->n_channels; i++) {
		const struct pair *pair = &d->channels[i];
		unsigned shows[2];

		if (pair->number[OLD] == 0 || pair->number[NEW] == 0) {
			continue;
		}
		for (int side = OLD; side <= NEW; side++) {
			const struct channel *c = &d->policy[side]->channels[pair->number[side]];

			shows[side] = c->has_show ? c->show : ~0U;
		}
		for (int side = NEW; side >= OLD; side--) {
			struct listing list = listing(d);

			if ((shows[side] & ~shows[!side]) == 0) {
				continue;
			}
			*(side == NEW ? &d->result->gains : &d->result->losses) += 1;
			(void)strbuf_addf(d->out, "%s %s %s ", side == NEW ? "+" : "-", pair->name,
					  side == NEW ? "also shows" : "no longer shows");
			for (size_t k = 0; show_field(k) != NULL; k++) {
				if ((shows[side] & ~shows[!side] & show_bit(show_field(k))) != 0) {
					list_add(&list, show_field(k));
				}
			}
			list_end(&list);
			(void)strbuf_adds(d->out, "\n");
		}
	}
}
