/* diff.c - who gains and who loses what: found by classes of people and sets of droplets, so that no product is walked */
#include "policy/diff_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One difference of one class: a verb in a channel, on a set of elements, for one reason. */
struct record {
	uint64_t gain, set, kind, side, number;
	struct verb_set verbs;
	unsigned channel;
};

struct records {
	struct record *list;
	size_t n, cap;
};

/* What is used again for each class. */
struct work {
	struct difference *d;
	struct records records;
	uint64_t *was, *is, *set, *part;
	uint64_t *key;
	bool *channel_differs; /* channels times VERB_COUNT */
};

static void pair_people(struct difference *d)
{
	const struct policy *old = d->policy[OLD];
	const struct policy *new = d->policy[NEW];

	d->people = arena_array(&d->arena, old->n_people + new->n_people + 1, sizeof(*d->people));
	d->people[d->n_people++].name = "strangers";
	for (unsigned i = 1; i <= new->n_people; i++) {
		d->people[d->n_people++] = (struct pair){
			.name = new->people[i].name,
			.number = {policy_person_number(old, new->people[i].name), i}};
	}
	for (unsigned i = 1; i <= old->n_people; i++) {
		if (policy_person_number(new, old->people[i].name) == 0) {
			d->people[d->n_people++] =
				(struct pair){.name = old->people[i].name, .number = {i, 0}};
		}
	}
}

static void pair_channels(struct difference *d)
{
	const struct policy *old = d->policy[OLD];
	const struct policy *new = d->policy[NEW];

	d->channels =
		arena_array(&d->arena, old->n_channels + new->n_channels + 1, sizeof(*d->channels));
	for (unsigned i = 1; i <= new->n_channels; i++) {
		d->channels[d->n_channels++] = (struct pair){
			.name = new->channels[i].name,
			.number = {policy_channel_number(old, new->channels[i].name), i}};
	}
	for (unsigned i = 1; i <= old->n_channels; i++) {
		if (policy_channel_number(new, old->channels[i].name) == 0) {
			d->channels[d->n_channels++] =
				(struct pair){.name = old->channels[i].name, .number = {i, 0}};
		}
	}
}

/* People of equal class in both files are one class here. */
static void class_people(struct difference *d)
{
	unsigned *classes[2];
	struct intern both;

	for (int side = OLD; side <= NEW; side++) {
		const struct policy *p = d->policy[side];
		struct rule_table views[4];
		const struct rule_table *const tables[] = {&views[0], &views[1], &views[2],
							   &views[3]};

		for (int i = 0; i < 4; i++) {
			view_table(p, i < 2 ? &p->allow : &p->never, i % 2 != 0, &d->arena,
				   &views[i]);
		}
		classes[side] = mem_array(p->n_people + 1, sizeof(unsigned));
		(void)people_classes(tables, 4, p->n_people, classes[side]);
		d->conditional =
			d->conditional || is_conditional(&p->allow) || is_conditional(&p->never);
	}
	intern_init(&both, 2);
	for (unsigned i = 0; i < d->n_people; i++) {
		uint64_t key[2];

		for (int side = OLD; side <= NEW; side++) {
			key[side] = classes[side][d->people[i].number[side]];
		}
		d->people[i].class = intern_put(&both, key, NULL);
	}
	d->n_classes = both.n;
	intern_done(&both);
	free(classes[OLD]);
	free(classes[NEW]);
}

static bool has_channel_lines(const struct rule_table *table, unsigned channel, unsigned verb)
{
	for (unsigned w = 0; w < table->words; w++) {
		if ((table->of_channel[(size_t)channel * table->words + w] &
		     table->of_verb[(size_t)verb * table->words + w]) != 0) {
			return true;
		}
	}
	return false;
}

/* Must this channel be looked at for the verb even where a person's own lines give the same? */
static bool channel_differs(const struct difference *d, const struct pair *channel, unsigned verb)
{
	for (int side = OLD; side <= NEW; side++) {
		const struct cells *cells = &d->cells[side];

		if (has_channel_lines(&cells->allow_lines, channel->number[side], verb) ||
		    has_channel_lines(&cells->never_lines, channel->number[side], verb)) {
			return true;
		}
	}
	return memcmp(cells_ceiling(&d->cells[OLD], channel->number[OLD], verb),
		      cells_ceiling(&d->cells[NEW], channel->number[NEW], verb),
		      d->world.words * sizeof(uint64_t)) != 0;
}

static void add_record(struct records *records, const struct record *record)
{
	if (records->n == records->cap) {
		records->cap = records->cap * 2 + 64;
		records->list = mem_grow(records->list, records->cap, sizeof(*records->list));
	}
	records->list[records->n++] = *record;
}

/* A line of the table that is about this class here and fits the element; -1: none. */
static int line_for(const struct cells *cells, bool never, unsigned person, unsigned channel,
		    unsigned verb, unsigned element)
{
	const struct rule_table *table = never ? &cells->never_lines : &cells->allow_lines;
	const uint64_t *rows = never ? cells->never : cells->allow;

	for (unsigned w = 0; w < table->words; w++) {
		uint64_t lines = match_lines(table, person, channel, (enum verb)verb, w);

		for (; lines != 0; lines &= lines - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(lines);

			if (bit_get(&rows[i * cells->world->words], element)) {
				return (int)i;
			}
		}
	}
	return -1;
}

/*
 * Why the element is allowed on one side and denied on the other, and in `part` the elements of the set for which the same
 * holds. What denied (or denies) it comes first: without that nothing would have changed.
 */
static struct cause cause_of(const struct work *work, int denied, const struct pair *person,
			     const struct pair *channel, unsigned verb, unsigned element)
{
	const struct difference *d = work->d;
	const struct cells *no = &d->cells[denied];
	const struct cells *yes = &d->cells[!denied];
	unsigned who = person->number[denied];
	unsigned where = channel->number[denied];
	const uint64_t *ceiling = cells_ceiling(no, where, verb);
	size_t words = d->world.words;
	int line;

	if (!bit_get(ceiling, element)) {
		for (size_t w = 0; w < words; w++) {
			work->part[w] = work->set[w] & ~ceiling[w];
		}
		/* the line in the file that says less or, where the channel is gone or new, the only one */
		return where != 0 && denied == NEW ? (struct cause){BY_CEILING, NEW, where}
		       : channel->number[NEW] != 0
			       ? (struct cause){BY_CEILING, NEW, channel->number[NEW]}
			       : (struct cause){BY_CEILING, OLD, channel->number[OLD]};
	}
	line = line_for(no, true, who, where, verb, element);
	if (line >= 0) {
		for (size_t w = 0; w < words; w++) {
			work->part[w] = work->set[w] & no->never[(size_t)line * words + w];
		}
		return (struct cause){BY_NEVER, denied, (unsigned)line};
	}
	line = line_for(yes, false, person->number[!denied], channel->number[!denied], verb,
			element);
	for (size_t w = 0; w < words; w++) {
		work->part[w] = work->set[w] & yes->allow[(size_t)(unsigned)line * words + w];
	}
	return (struct cause){BY_LINE, !denied, (unsigned)line};
}

/* Splits work->set by cause into records. */
static void record_set(struct work *work, bool gain, const struct pair *person, unsigned channel,
		       unsigned verb)
{
	struct difference *d = work->d;
	size_t words = d->world.words;

	while (!bits_empty(work->set, words)) {
		struct cause cause = cause_of(work, gain ? OLD : NEW, person, &d->channels[channel],
					      verb, bits_first(work->set, words));
		struct record record = {
			.gain = gain,
			.set = intern_put(&d->sets, work->part, NULL),
			.kind = cause.kind,
			.side = (uint64_t)cause.side,
			.number = cause.number,
			.channel = channel,
		};

		bit_set(record.verbs.bits, verb);
		add_record(&work->records, &record);
		for (size_t w = 0; w < words; w++) {
			work->set[w] &= ~work->part[w];
		}
	}
}

static void compare_here(struct work *work, const struct pair *person, unsigned channel,
			 unsigned verb)
{
	struct difference *d = work->d;
	const struct pair *where = &d->channels[channel];
	size_t bytes = d->world.words * sizeof(uint64_t);

	if (!cells_allowed(&d->cells[OLD], person->number[OLD], where->number[OLD], verb,
			   work->was)) {
		memset(work->was, 0, bytes);
	}
	if (!cells_allowed(&d->cells[NEW], person->number[NEW], where->number[NEW], verb,
			   work->is)) {
		memset(work->is, 0, bytes);
	}
	for (int gain = 0; gain <= 1; gain++) {
		for (size_t w = 0; w < d->world.words; w++) {
			work->set[w] = gain != 0 ? work->is[w] & ~work->was[w]
						 : work->was[w] & ~work->is[w];
		}
		record_set(work, gain != 0, person, channel, verb);
	}
}

static int by_reason(const void *a, const void *b)
{
	const struct record *x = a;
	const struct record *y = b;
	int order = memcmp(x, y, offsetof(struct record, verbs));

	return order != 0 ? order : (x->channel > y->channel) - (x->channel < y->channel);
}

static int by_verbs(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct record, channel));
}

/* Same reason, set and channel: one record with several verbs. */
static void join_verbs(struct records *records)
{
	size_t n = 0;

	qsort(records->list, records->n, sizeof(records->list[0]), by_reason);
	for (size_t i = 0; i < records->n; i++) {
		struct record *last = n > 0 ? &records->list[n - 1] : NULL;

		if (last != NULL && by_reason(last, &records->list[i]) == 0) {
			for (size_t w = 0; w < VERB_WORDS; w++) {
				last->verbs.bits[w] |= records->list[i].verbs.bits[w];
			}
		} else {
			records->list[n++] = records->list[i];
		}
	}
	records->n = n;
	qsort(records->list, records->n, sizeof(records->list[0]), by_verbs);
}

static void put_group(struct difference *d, const uint64_t *key, unsigned class)
{
	bool is_new;
	unsigned number = intern_put(&d->groups[d->view], key, &is_new);
	uint64_t ***classes = &d->group_classes[d->view];
	unsigned *cap = &d->cap_groups[d->view];

	if (number >= *cap) {
		*cap = *cap * 2 + 64;
		*classes = mem_grow(*classes, *cap, sizeof(**classes));
	}
	if (is_new) {
		(*classes)[number] =
			arena_array(&d->arena, d->n_classes / 64 + 1, sizeof(uint64_t));
	}
	bit_set((*classes)[number], class);
}

/* Records that differ in their channel only become one group, which other classes may share. */
static void group_records(struct work *work, unsigned class)
{
	struct records *records = &work->records;
	struct group *group = (struct group *)work->key;

	join_verbs(records);
	for (size_t i = 0; i < records->n;) {
		const struct record *first = &records->list[i];

		memset(work->key, 0, work->d->groups[0].words * sizeof(uint64_t));
		memcpy(group, first, offsetof(struct record, channel));
		for (; i < records->n && by_verbs(first, &records->list[i]) == 0; i++) {
			bit_set(group->channels, records->list[i].channel);
		}
		put_group(work->d, work->key, class);
	}
	records->n = 0;
}

static void compare_class(struct work *work, const struct pair *person)
{
	struct difference *d = work->d;
	size_t bytes = d->world.words * sizeof(uint64_t);

	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		bool differs;

		cells_grant(&d->cells[OLD], person->number[OLD], 0, v, work->was);
		cells_grant(&d->cells[NEW], person->number[NEW], 0, v, work->is);
		differs = memcmp(work->was, work->is, bytes) != 0;
		for (unsigned c = 0; c < d->n_channels; c++) {
			if (differs || work->channel_differs[c * VERB_COUNT + v]) {
				compare_here(work, person, c, v);
			}
		}
	}
	if (work->records.n > 0) {
		group_records(work, person->class);
	}
}

static void compare(struct difference *d)
{
	size_t words = d->world.words;
	struct work work = {.d = d};
	bool *done = arena_array(&d->arena, d->n_classes, sizeof(*done));

	work.was = arena_array(&d->arena, words, sizeof(uint64_t));
	work.is = arena_array(&d->arena, words, sizeof(uint64_t));
	work.set = arena_array(&d->arena, words, sizeof(uint64_t));
	work.part = arena_array(&d->arena, words, sizeof(uint64_t));
	work.key = arena_array(&d->arena, d->groups[0].words, sizeof(uint64_t));
	work.channel_differs =
		arena_array(&d->arena, (size_t)d->n_channels * VERB_COUNT + 1, sizeof(bool));
	for (unsigned c = 0; c < d->n_channels; c++) {
		for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
			work.channel_differs[c * VERB_COUNT + v] =
				channel_differs(d, &d->channels[c], v);
		}
	}
	for (unsigned i = 0; i < d->n_people; i++) {
		if (!done[d->people[i].class]) {
			done[d->people[i].class] = true;
			compare_class(&work, &d->people[i]);
		}
	}
	free(work.records.list);
}

/* Is the same said of the other view? Then it is so whatever the time. */
static bool is_in_other(struct difference *d, enum view view, unsigned number)
{
	unsigned there;

	return intern_find(&d->groups[!view], intern_key(&d->groups[view], number), &there) &&
	       memcmp(d->group_classes[!view][there], d->group_classes[view][number],
		      (d->n_classes / 64 + 1) * sizeof(uint64_t)) == 0;
}

static void say_view(struct difference *d, enum view view, unsigned gain, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct group *group = (const struct group *)intern_key(&d->groups[view], i);
		const char *when = view == ALWAYS ? " at all times" : " at some times";

		if (group->gain != gain) {
			continue;
		}
		if (!d->conditional) {
			when = "";
		} else if (is_in_other(d, view, i)) {
			if (view == AT_BEST) {
				continue;
			}
			when = "";
		}
		diff_say_group(d, group, d->group_classes[view][i], when);
	}
}

static void say(struct difference *d)
{
	const unsigned n[2] = {d->groups[ALWAYS].n, d->groups[AT_BEST].n};

	for (unsigned gain = 2; gain-- > 0;) {
		say_view(d, ALWAYS, gain, n[ALWAYS]);
		say_view(d, AT_BEST, gain, n[AT_BEST]);
	}
	diff_say_ids(d);
	diff_say_shows(d);
	diff_say_sections(d);
}

static void compare_views(struct difference *d)
{
	size_t group_words = sizeof(struct group) / sizeof(uint64_t) + d->n_channels / 64 + 1;

	intern_init(&d->sets, d->world.words);
	for (int view = ALWAYS; view <= AT_BEST; view++) {
		d->view = (enum view)view;
		intern_init(&d->groups[view], group_words);
		for (int side = OLD; side <= NEW && (view == ALWAYS || d->conditional); side++) {
			cells_make(&d->cells[side], d->policy[side], &d->world, d->view, &d->arena);
		}
		if (view == ALWAYS || d->conditional) {
			compare(d);
		}
	}
}

void policy_diff(const struct policy *old, const struct policy *new,
		 const struct policy_diff_over *over, struct strbuf *out,
		 struct policy_diff *ret_diff)
{
	struct difference d = {.policy = {old, new}, .over = over, .out = out, .result = ret_diff};

	memset(ret_diff, 0, sizeof(*ret_diff));
	if (over->inventory != NULL) {
		world_of(&d.world, over->inventory, over->n_inventory);
	} else {
		world_witness(&d.world, d.policy, 2, &d.arena);
	}
	ret_diff->proven = d.world.complete;
	pair_people(&d);
	pair_channels(&d);
	class_people(&d);
	compare_views(&d);
	say(&d);
	intern_done(&d.sets);
	for (int view = ALWAYS; view <= AT_BEST; view++) {
		intern_done(&d.groups[view]);
		free(d.group_classes[view]);
	}
	arena_done(&d.arena);
}
