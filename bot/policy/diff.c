/* diff.c - who gains and who loses what: found by classes of people and sets of droplets, so that no product is walked */
#include "policy/diff_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One difference of one class: a verb in a channel at some moments, on a set of elements, for one reason. Whole words: it
 * is the key of a case or, without the moments or the verbs, part of one. */
struct record {
	uint64_t gain, set, kind, side, number;
	struct moment_set moments;
	struct verb_set verbs;
	uint64_t channel;
};

struct records {
	struct record *list;
	size_t n, cap;
};

/* What is used again for each class. */
struct work {
	struct difference *d;
	struct records records;
	struct sight sights[2][LISTS];
	struct intern views;        /* what of the lines a class sees: equal moments are one */
	struct moment_set *moments; /* by view */
	uint64_t *view, *own[2], *was, *is, *set, *part, *open[2];
	const uint64_t *ceiling[2]; /* of the channel that is being compared */
	uint64_t *key;
	bool *channel_differs; /* channels times VERB_COUNT */
	unsigned *alike;       /* channels times VERB_COUNT: see find_alike */
	unsigned *next_alike;  /* the next channel after it that is alike; n_channels: none */
};

#define KEY_WORDS \
	6 /* of a class of people: both files' classes, a place in a rota, turns to take */

static bool has_channel_lines(const struct policy *p, unsigned channel, unsigned verb)
{
	const struct rule_table *const tables[] = {&p->allow, &p->never, &p->require, &p->limits};

	for (int t = 0; t < LISTS; t++) {
		const struct rule_table *table = tables[t];

		for (unsigned w = 0; w < table->words; w++) {
			if ((table->of_channel[(size_t)channel * table->words + w] &
			     table->of_verb[(size_t)verb * table->words + w]) != 0) {
				return true;
			}
		}
	}
	return false;
}

/* Must this channel be looked at for the verb even where a person's own lines give the same? */
static bool channel_differs(const struct difference *d, const struct pair *channel, unsigned verb)
{
	return diff_is_timed(d, channel) ||
	       has_channel_lines(d->policy[OLD], channel->number[OLD], verb) ||
	       has_channel_lines(d->policy[NEW], channel->number[NEW], verb) ||
	       memcmp(cells_ceiling(&d->cells[OLD], channel->number[OLD], verb),
		      cells_ceiling(&d->cells[NEW], channel->number[NEW], verb),
		      d->world.words * sizeof(uint64_t)) != 0;
}

/*
 * Of the channels in which a verb is the same for everybody - no line about the channel, no hours, one ceiling in both files -
 * those with an equal ceiling are alike: the first stands for all. Where that ceiling lets nothing through, none does
 * (n_channels): whatever else the files say, nothing is allowed there before or after.
 */
static void find_alike(const struct difference *d, const bool *differs, unsigned verb,
		       unsigned *alike, unsigned *next)
{
	struct intern ceilings;
	unsigned *first = mem_array(d->n_channels + 1, sizeof(*first));
	unsigned *last = mem_array(d->n_channels + 1, sizeof(*last)); /* by ceiling */

	intern_init(&ceilings, d->world.words);
	for (unsigned c = 0; c < d->n_channels; c++) {
		const uint64_t *row =
			cells_ceiling(&d->cells[NEW], d->channels[c].number[NEW], verb);
		unsigned number;
		bool is_new;

		alike[c * VERB_COUNT + verb] = c;
		next[c * VERB_COUNT + verb] = d->n_channels;
		if (differs[c * VERB_COUNT + verb]) {
			continue;
		}
		if (bits_empty(row, d->world.words)) {
			alike[c * VERB_COUNT + verb] = d->n_channels;
			continue;
		}
		number = intern_put(&ceilings, row, &is_new);
		if (is_new) {
			first[number] = c;
		} else {
			next[last[number] * VERB_COUNT + verb] = c;
		}
		last[number] = c;
		alike[c * VERB_COUNT + verb] = first[number];
	}
	intern_done(&ceilings);
	free(first);
	free(last);
}

static void add_record(struct records *records, const struct record *record)
{
	if (records->n == records->cap) {
		records->cap = records->cap * 2 + 64;
		records->list = mem_grow(records->list, records->cap, sizeof(*records->list));
	}
	records->list[records->n++] = *record;
}

/* A line that is about this class here and fits the element; -1: none. */
static int line_for(const struct work *work, int side, int list, unsigned channel, unsigned verb,
		    unsigned element)
{
	const struct sight *sight = &work->sights[side][list];
	const struct cells *cells = &work->d->cells[side];
	const uint64_t *rows = list == NEVERS ? cells->never : cells->allow;

	for (unsigned w = 0; w < sight->table->words; w++) {
		uint64_t lines = diff_lines(sight, channel, verb, w);

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
static struct cause cause_of(const struct work *work, int denied, const struct pair *channel,
			     unsigned verb, unsigned element)
{
	const struct difference *d = work->d;
	unsigned where = channel->number[denied];
	const uint64_t *ceiling = work->ceiling[denied];
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
	line = line_for(work, denied, NEVERS, where, verb, element);
	if (line >= 0) {
		for (size_t w = 0; w < words; w++) {
			work->part[w] = work->set[w] &
					d->cells[denied].never[(size_t)(unsigned)line * words + w];
		}
		return (struct cause){BY_NEVER, denied, (unsigned)line};
	}
	line = line_for(work, !denied, ALLOWS, channel->number[!denied], verb, element);
	for (size_t w = 0; w < words; w++) {
		work->part[w] =
			work->set[w] & d->cells[!denied].allow[(size_t)(unsigned)line * words + w];
	}
	return (struct cause){BY_LINE, !denied, (unsigned)line};
}

static void record(struct work *work, bool gain, const uint64_t *set, struct cause cause,
		   const struct moment_set *moments, unsigned channel, unsigned verb)
{
	struct record record = {
		.gain = gain,
		.set = intern_put(&work->d->sets, set, NULL),
		.kind = cause.kind,
		.side = (uint64_t)cause.side,
		.number = cause.number,
		.moments = *moments,
		.channel = channel,
	};

	bit_set(record.verbs.bits, verb);
	add_record(&work->records, &record);
}

/* Splits work->set by cause into records. */
static void record_set(struct work *work, bool gain, const struct moment_set *moments,
		       unsigned channel, unsigned verb)
{
	struct difference *d = work->d;
	size_t words = d->world.words;

	while (!bits_empty(work->set, words)) {
		struct cause cause = cause_of(work, gain ? OLD : NEW, &d->channels[channel], verb,
					      bits_first(work->set, words));

		record(work, gain, work->part, cause, moments, channel, verb);
		for (size_t w = 0; w < words; w++) {
			work->set[w] &= ~work->part[w];
		}
	}
}

/* What is allowed before and after, and asked otherwise. */
static void record_steps(struct work *work, const struct moment_set *moments, unsigned channel,
			 unsigned verb)
{
	struct difference *d = work->d;
	const struct step_part *parts;
	size_t n = diff_steps(d, work->sights, d->channels[channel].number, verb, &parts);

	for (size_t i = 0; i < n; i++) {
		for (size_t w = 0; w < d->world.words; w++) {
			work->set[w] = work->was[w] & work->is[w] & parts[i].set[w];
		}
		if (!bits_empty(work->set, d->world.words)) {
			const struct cause cause = {BY_STEP, 0, parts[i].change};

			record(work, parts[i].gain, work->set, cause, moments, channel, verb);
		}
	}
}

/* What is allowed here, on both sides. False: the same, whatever is asked for. */
static bool find_sets(struct work *work, const struct pair *person, unsigned moment,
		      unsigned channel, unsigned verb)
{
	struct difference *d = work->d;
	const struct pair *where = &d->channels[channel];
	uint64_t *sets[] = {work->was, work->is};
	uint64_t other = 0;

	for (int side = OLD; side <= NEW; side++) {
		const uint64_t *own = work->own[side];

		work->ceiling[side] =
			diff_ceiling(d, side, where->number[side], verb, moment, work->open[side]);
		if (has_channel_lines(d->policy[side], where->number[side], verb)) {
			diff_allowed(d, work->sights, side, person->number[side],
				     where->number[side], verb, sets[side]);
			own = sets[side];
		}
		for (size_t w = 0; w < d->world.words; w++) {
			sets[side][w] = own[w] & work->ceiling[side][w];
		}
	}
	for (size_t w = 0; w < d->world.words; w++) {
		other |= work->was[w] ^ work->is[w];
	}
	return other != 0;
}

static void compare_here(struct work *work, const struct pair *person,
			 const struct moment_set *moments, unsigned channel, unsigned verb)
{
	struct difference *d = work->d;
	unsigned moment = bits_first(moments->bits, MOMENT_WORDS);
	bool differs = find_sets(work, person, moment, channel, verb);

	for (int gain = 0; gain <= 1 && differs; gain++) {
		for (size_t w = 0; w < d->world.words; w++) {
			work->set[w] = gain != 0 ? work->is[w] & ~work->was[w]
						 : work->was[w] & ~work->is[w];
		}
		record_set(work, gain != 0, moments, channel, verb);
	}
	record_steps(work, moments, channel, verb);
}

static int by_verbs(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct record, channel));
}

/* What is the same but for its moments, or but for its verbs, becomes one record with all of them. */
static void join(struct records *records, bool moments)
{
	struct intern keys;
	size_t n = records->n;

	intern_init(&keys, sizeof(struct record) / sizeof(uint64_t));
	records->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct record *from = &records->list[i];
		struct record key = *from;
		struct record *to;
		bool is_new;

		if (moments) {
			memset(&key.moments, 0, sizeof(key.moments));
		} else {
			memset(&key.verbs, 0, sizeof(key.verbs));
		}
		to = &records->list[intern_put(&keys, (const uint64_t *)&key, &is_new)];
		if (is_new) {
			*to = *from;
			records->n++;
			continue;
		}
		for (size_t w = 0; w < VERB_WORDS; w++) {
			to->verbs.bits[w] |= from->verbs.bits[w];
		}
		for (size_t w = 0; w < MOMENT_WORDS; w++) {
			to->moments.bits[w] |= from->moments.bits[w];
		}
	}
	intern_done(&keys);
}

static void put_group(struct difference *d, const uint64_t *key, unsigned class)
{
	bool is_new;
	unsigned number = intern_put(&d->groups, key, &is_new);

	if (number >= d->cap_groups) {
		d->cap_groups = d->cap_groups * 2 + 64;
		d->group_classes =
			mem_grow(d->group_classes, d->cap_groups, sizeof(*d->group_classes));
	}
	if (is_new) {
		d->group_classes[number] =
			arena_array(&d->arena, d->n_classes / 64 + 1, sizeof(uint64_t));
	}
	bit_set(d->group_classes[number], class);
}

/* Records that differ in their channel only become one group, which other classes may share. */
static void group_records(struct work *work, unsigned class)
{
	struct records *records = &work->records;
	struct group *group = (struct group *)work->key;

	if (work->views.n > 1) {
		join(records, true); /* with one view each case stands once */
	}
	join(records, false);
	qsort(records->list, records->n, sizeof(records->list[0]), by_verbs);
	for (size_t i = 0; i < records->n;) {
		const struct record *first = &records->list[i];

		memset(work->key, 0, work->d->groups.words * sizeof(uint64_t));
		memcpy(group, first, offsetof(struct record, channel));
		for (; i < records->n && by_verbs(first, &records->list[i]) == 0; i++) {
			bit_set(group->channels, (unsigned)records->list[i].channel);
		}
		put_group(work->d, work->key, class);
	}
	records->n = 0;
}

/* Whether this person's own lines, wherever they stand, make a difference. */
static bool person_differs(struct work *work, const struct pair *person, unsigned verb)
{
	static const unsigned nowhere[2];
	struct difference *d = work->d;
	const struct step_part *parts;

	diff_allowed(d, work->sights, OLD, person->number[OLD], 0, verb, work->own[OLD]);
	diff_allowed(d, work->sights, NEW, person->number[NEW], 0, verb, work->own[NEW]);
	return memcmp(work->own[OLD], work->own[NEW], d->world.words * sizeof(uint64_t)) != 0 ||
	       diff_steps(d, work->sights, nowhere, verb, &parts) > 0;
}

/* What was found in one channel is found in each that is alike. */
static void repeat(struct work *work, size_t from, unsigned channel, unsigned verb)
{
	const struct difference *d = work->d;
	size_t to = work->records.n;

	if (from == to) {
		return;
	}
	for (unsigned c = work->next_alike[channel * VERB_COUNT + verb]; c < d->n_channels;
	     c = work->next_alike[c * VERB_COUNT + verb]) {
		for (size_t i = from; i < to; i++) {
			struct record record = work->records.list[i];

			record.channel = c;
			add_record(&work->records, &record);
		}
	}
}

static void compare_at(struct work *work, const struct pair *person,
		       const struct moment_set *moments)
{
	struct difference *d = work->d;

	diff_look(d, person, bits_first(moments->bits, MOMENT_WORDS), work->sights);
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		bool differs = person_differs(work, person, v);

		for (unsigned c = 0; c < d->n_channels; c++) {
			size_t from = work->records.n;

			if (work->alike[c * VERB_COUNT + v] == c &&
			    (differs || work->channel_differs[c * VERB_COUNT + v])) {
				compare_here(work, person, moments, c, v);
				repeat(work, from, c, v);
			}
		}
	}
}

/* All that moments can change for this person: which lines there are, and which channels are open how far. */
static void view_key(struct work *work, unsigned moment)
{
	struct difference *d = work->d;
	uint64_t *to = work->view;

	for (int side = OLD; side <= NEW; side++) {
		for (int list = 0; list < LISTS; list++) {
			const struct sight *sight = &work->sights[side][list];

			for (unsigned w = 0; w < sight->table->words; w++) {
				*to++ = sight->who[w];
				*to++ = sight->spared[w];
				*to++ = sight->open[w];
			}
		}
		for (unsigned h = 0; h < d->policy[side]->n_hours; h++) {
			*to++ = d->timed_channels ? diff_value(d, moment, side, FACT_HOURS, h) : 0;
		}
	}
}

static size_t view_words(const struct difference *d)
{
	size_t n = 1;

	for (int side = OLD; side <= NEW; side++) {
		const struct policy *p = d->policy[side];

		n += p->n_hours + (size_t)3 * (p->allow.words + p->never.words + p->require.words +
					       p->limits.words);
	}
	return n;
}

static void compare_class(struct work *work, const struct pair *person)
{
	struct difference *d = work->d;

	intern_init(&work->views, view_words(d));
	memset(work->moments, 0, MOMENTS_MAX * sizeof(*work->moments));
	for (unsigned m = 0; m < d->moments.n; m++) {
		diff_look(d, person, m, work->sights);
		view_key(work, m);
		bit_set(work->moments[intern_put(&work->views, work->view, NULL)].bits, m);
	}
	for (unsigned i = 0; i < work->views.n; i++) {
		compare_at(work, person, &work->moments[i]);
	}
	if (work->records.n > 0) {
		group_records(work, person->class);
	}
	intern_done(&work->views);
}

static void work_init(struct work *work, struct difference *d)
{
	size_t words = d->world.words;

	*work = (struct work){.d = d};
	diff_sights_make(d, work->sights);
	work->moments = arena_array(&d->arena, MOMENTS_MAX, sizeof(*work->moments));
	work->view = arena_array(&d->arena, view_words(d), sizeof(uint64_t));
	work->was = arena_array(&d->arena, words, sizeof(uint64_t));
	work->is = arena_array(&d->arena, words, sizeof(uint64_t));
	work->set = arena_array(&d->arena, words, sizeof(uint64_t));
	work->part = arena_array(&d->arena, words, sizeof(uint64_t));
	for (int side = OLD; side <= NEW; side++) {
		work->own[side] = arena_array(&d->arena, words, sizeof(uint64_t));
		work->open[side] = arena_array(&d->arena, words, sizeof(uint64_t));
	}
	work->key = arena_array(&d->arena, d->groups.words, sizeof(uint64_t));
	work->channel_differs =
		arena_array(&d->arena, (size_t)d->n_channels * VERB_COUNT + 1, sizeof(bool));
	for (unsigned c = 0; c < d->n_channels; c++) {
		d->timed_channels = d->timed_channels || diff_is_timed(d, &d->channels[c]);
		for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
			work->channel_differs[c * VERB_COUNT + v] =
				channel_differs(d, &d->channels[c], v);
		}
	}
	work->alike = arena_array(&d->arena, (size_t)d->n_channels * VERB_COUNT + 1,
				  sizeof(*work->alike));
	work->next_alike = arena_array(&d->arena, (size_t)d->n_channels * VERB_COUNT + 1,
				       sizeof(*work->next_alike));
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		find_alike(d, work->channel_differs, v, work->alike, work->next_alike);
	}
}

static void compare(struct difference *d)
{
	bool *done = arena_array(&d->arena, d->n_classes, sizeof(*done));
	struct work work;

	work_init(&work, d);
	for (unsigned i = 0; i < d->n_people; i++) {
		if (!done[d->people[i].class]) {
			done[d->people[i].class] = true;
			compare_class(&work, &d->people[i]);
		}
	}
	free(work.records.list);
}

static void say(struct difference *d)
{
	for (uint64_t gain = 2; gain-- > 0;) {
		for (unsigned i = 0; i < d->groups.n; i++) {
			const struct group *group = (const struct group *)intern_key(&d->groups, i);

			if (group->gain == gain) {
				diff_say_group(d, group, d->group_classes[i]);
			}
		}
	}
	diff_say_approvers(d);
	diff_say_ids(d);
	diff_say_shows(d);
	diff_say_tells(d);
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
		world_witness_steps(&d.world, d.policy, 2, &d.arena);
	}
	ret_diff->proven = d.world.complete;
	diff_pair(&d);
	diff_moments(&d);
	intern_init(&d.sets, d.world.words);
	intern_init(&d.groups, sizeof(struct group) / sizeof(uint64_t) + d.n_channels / 64 + 1);
	for (int side = OLD; side <= NEW; side++) {
		cells_make(&d.cells[side], d.policy[side], &d.world, AT_BEST, &d.arena);
	}
	d.steps = diff_steps_new(&d);
	compare(&d);
	say(&d);
	diff_steps_free(d.steps);
	intern_done(&d.moments);
	intern_done(&d.sets);
	intern_done(&d.groups);
	free(d.group_classes);
	arena_done(&d.arena);
}
