/* diff_text.c - differences as sentences: "+ dora may droplet.resize on 14 droplets (tag staging) in dev" */
#include <string.h>

#include "policy/diff_internal.h"

#define NAMES_SHOWN 6
#define DROPLETS_NAMED 3

void diff_list_add(struct listing *list, const char *name)
{
	if (list->n < list->most) {
		(void)strbuf_adds(list->out, list->n > 0 ? ", " : "");
		(void)strbuf_adds(list->out, name);
	}
	list->n++;
}

void diff_list_end(const struct listing *list)
{
	if (list->n > list->most) {
		(void)strbuf_addf(list->out, " and %u more", list->n - list->most);
	}
}

struct listing diff_listing(const struct difference *d)
{
	return (struct listing){.out = d->out, .most = d->over->all_names ? ~0U : NAMES_SHOWN};
}

static unsigned count_people(const struct difference *d, const uint64_t *classes)
{
	unsigned n = 0;

	for (unsigned w = 0; w <= d->n_classes / 64; w++) {
		for (uint64_t bits = classes[w]; bits != 0; bits &= bits - 1) {
			n += d->class_size[w * 64 + (unsigned)__builtin_ctzll(bits)];
		}
	}
	return n;
}

/* The next after `from` in a set of classes, by the place in `people`; n_people: none. */
static unsigned next_person(const struct difference *d, const uint64_t *classes, unsigned from)
{
	unsigned best = d->n_people;

	for (unsigned w = 0; w <= d->n_classes / 64; w++) {
		for (uint64_t bits = classes[w]; bits != 0; bits &= bits - 1) {
			unsigned class = w * 64 + (unsigned)__builtin_ctzll(bits);
			unsigned i = d->class_first[class];

			if (i >= best) {
				return best; /* classes are numbered by their first */
			}
			while (i <= from && i < d->n_people) {
				i = d->class_next[i];
			}
			best = i < best ? i : best;
		}
	}
	return best;
}

static void say_people(struct difference *d, const uint64_t *classes, unsigned n_people)
{
	struct listing list = diff_listing(d);
	bool strangers = bit_get(classes, d->people[0].class);
	unsigned n = n_people - strangers;

	if (n + 1 == d->n_people && n > 1) {
		diff_list_add(&list, strangers ? "everyone" : "people");
		return;
	}
	for (unsigned i = next_person(d, classes, 0); i < d->n_people && list.n < list.most;
	     i = next_person(d, classes, i)) {
		diff_list_add(&list, d->people[i].name);
	}
	list.n = n;
	if (strangers) {
		list.n = n < list.most ? n : list.most;
		diff_list_add(&list, d->people[0].name);
		list.n = n + 1;
	}
	diff_list_end(&list);
}

static void say_verbs(struct difference *d, const uint64_t *verbs)
{
	struct listing list = diff_listing(d);

	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(verbs, v)) {
			diff_list_add(&list, verb_info((enum verb)v)->name);
		}
	}
	diff_list_end(&list);
}

static void say_channels(struct difference *d, const uint64_t *channels)
{
	struct listing list = diff_listing(d);

	(void)strbuf_adds(d->out, " in ");
	for (unsigned i = 0; i < d->n_channels; i++) {
		if (bit_get(channels, i)) {
			diff_list_add(&list, d->channels[i].name);
		}
	}
	diff_list_end(&list);
}

static const struct rule *rule_of(const struct difference *d, const struct group *group)
{
	const struct policy *p = d->policy[group->side];

	switch ((enum cause_kind)group->kind) {
	case BY_LINE:
		return &p->allow.rules[group->number];
	case BY_NEVER:
		return &p->never.rules[group->number];
	case BY_STEP:
		return diff_change(d->steps, (unsigned)group->number)->rule;
	case BY_CEILING:
		break;
	}
	return NULL;
}

static void say_names(struct difference *d, const uint64_t *set)
{
	struct listing list = {.out = d->out, .most = DROPLETS_NAMED};

	for (unsigned w = 0; w < d->world.words; w++) {
		for (uint64_t bits = set[w]; bits != 0; bits &= bits - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(bits);
			const char *name = d->world.droplets[i].name;

			diff_list_add(&list, name != NULL && name[0] != '\0' ? name : "(no name)");
		}
	}
}

static void say_droplets(struct difference *d, const struct group *group, const uint64_t *set,
			 unsigned n)
{
	const struct rule *rule = rule_of(d, group);

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
	(void)strbuf_adds(d->out, " on ");
	(void)strbuf_add_number(d->out, n);
	(void)strbuf_adds(d->out, n == 1 ? " droplet (" : " droplets (");
	if (n <= DROPLETS_NAMED || rule == NULL) {
		say_names(d, set);
		(void)strbuf_adds(d->out, n > DROPLETS_NAMED ? ", ..." : "");
	} else {
		selector_words(&rule->droplets, d->out);
	}
	(void)strbuf_adds(d->out, ")");
}

static void say_line(struct difference *d, const char *what, const char *name, unsigned line,
		     int side)
{
	(void)strbuf_adds(d->out, what);
	(void)strbuf_adds(d->out, name);
	(void)strbuf_adds(d->out, ", line ");
	(void)strbuf_add_number(d->out, line);
	(void)strbuf_adds(d->out, side == OLD ? " of the old file\n" : "\n");
}

static void say_cause(struct difference *d, const struct group *group)
{
	const struct rule *rule = rule_of(d, group);
	const struct policy_rule *label;
	const struct change *change;

	(void)strbuf_adds(d->out, "   ");
	switch ((enum cause_kind)group->kind) {
	case BY_LINE:
	case BY_NEVER:
		say_line(d, group->kind == BY_LINE ? "allow " : "never ", rule->label.name,
			 rule->label.line, (int)group->side);
		break;
	case BY_CEILING:
		label = &d->policy[group->side]->channels[group->number].label;
		say_line(d, "channel ", label->name + strlen("ceiling."), label->line,
			 (int)group->side);
		break;
	case BY_STEP:
		change = diff_change(d->steps, (unsigned)group->number);
		(void)strbuf_addf(d->out, "%s now; %s ", change->text, change->list);
		say_line(d, "", rule->label.name, rule->label.line, change->side);
		break;
	}
}

static void count_cases(struct difference *d, const struct group *group, uint64_t n_people,
			unsigned n_elements)
{
	*(group->gain != 0 ? &d->result->cases_gained : &d->result->cases_lost) +=
		n_people * bits_count(group->verbs.bits, VERB_WORDS) *
		bits_count(group->channels, d->n_channels / 64 + 1) * n_elements;
}

void diff_say_group(struct difference *d, const struct group *group, const uint64_t *classes)
{
	const uint64_t *set = intern_key(&d->sets, (unsigned)group->set);
	bool gain = group->gain != 0;
	unsigned n_elements = bits_count(set, d->world.words);
	unsigned n_people = count_people(d, classes);
	bool step = group->kind == BY_STEP;

	*(gain ? &d->result->gains : &d->result->losses) += 1;
	if (!step) {
		count_cases(d, group, n_people, n_elements);
	}
	(void)strbuf_adds(d->out, gain ? "+ " : "- ");
	say_people(d, classes, n_people);
	(void)strbuf_adds(d->out, gain || step ? " may " : " may no longer ");
	say_verbs(d, group->verbs.bits);
	say_droplets(d, group, set, n_elements);
	say_channels(d, group->channels);
	diff_say_when(d, &group->moments);
	say_cause(d, group);
}
