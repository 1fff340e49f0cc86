/* diff_steps.c - what is asked for and what is limited, before and after: looser is a gain, tighter a loss
 *
 * Lines are compared by what they come to for one element, not by name: a confirmation that another line asks for as well
 * does not go with its first line. Where two limits cannot be compared (5 in 10 minutes, 20 in an hour) both are said.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/diff_internal.h"

#define ITEMS_MOST DECISION_LIMITS_MAX

/* Of one element on one side; words, so that it can be a key. A rule is its number + 1. */
struct demand {
	uint64_t confirm, confirm_rule, lasts_ms; /* confirm: 0, 1 self, 2 code */
	uint64_t reason_rule;
	uint64_t at_once, at_once_rule; /* the smallest */
	uint64_t cents, cents_rule;
	uint64_t n_approvals, approvals[ITEMS_MOST]; /* rules */
	uint64_t n_rates, rates[ITEMS_MOST];
};

/* Two demands: their numbers, and what that means as changes (number + 1, 0: none). */
struct verdicts {
	unsigned gain, loss;
};

struct parts {
	struct step_part *list;
	size_t n;
};

struct steps {
	struct difference *d;
	uint64_t *rows[2][2]; /* by side; require, limits: elements that may fit */
	struct intern demands, pairs, keys;
	struct verdicts *verdicts; /* by pair */
	unsigned cap_verdicts;
	struct parts *parts; /* by key */
	unsigned cap_parts;
	struct change *changes;
	unsigned n_changes, cap_changes;
	uint64_t *key;
	size_t key_words;
};

static const struct rule_table *table_of(const struct steps *s, int side, int which)
{
	return which == 0 ? &s->d->policy[side]->require : &s->d->policy[side]->limits;
}

static const struct rule *rule_at(const struct steps *s, int side, int which, uint64_t number)
{
	return &table_of(s, side, which)->rules[number - 1];
}

static uint64_t *fill(struct steps *s, const struct rule_table *table)
{
	const struct world *world = &s->d->world;
	uint64_t *rows = arena_array(&s->d->arena, table->n * world->words + 1, sizeof(*rows));

	for (unsigned i = 0; i < table->n; i++) {
		world_fill(world, &table->rules[i].droplets, FIT_UNKNOWN, &rows[i * world->words]);
	}
	return rows;
}

struct steps *diff_steps_new(struct difference *d)
{
	struct steps *s = arena_alloc(&d->arena, sizeof(*s));

	s->d = d;
	s->key_words = 1;
	for (int side = OLD; side <= NEW; side++) {
		for (int which = 0; which < 2; which++) {
			s->rows[side][which] = fill(s, table_of(s, side, which));
			s->key_words += table_of(s, side, which)->words;
		}
	}
	s->key = arena_array(&d->arena, s->key_words, sizeof(uint64_t));
	intern_init(&s->keys, s->key_words);
	intern_init(&s->demands, sizeof(struct demand) / sizeof(uint64_t));
	intern_init(&s->pairs, 2);
	return s;
}

void diff_steps_free(struct steps *s)
{
	intern_done(&s->keys);
	intern_done(&s->demands);
	intern_done(&s->pairs);
	free(s->verdicts);
	free(s->parts);
	free(s->changes);
}

/* ---- what one element is asked ------------------------------------------------------------ */

static void add_duty(struct steps *s, struct demand *to, const struct duty *duty, uint64_t rule)
{
	uint64_t code = duty->kind == DUTY_CODE;

	switch (duty->kind) {
	case DUTY_NONE:
		break;
	case DUTY_CONFIRM:
	case DUTY_CODE:
		if (to->confirm < code + 1 ||
		    (code && to->confirm == 2 && (uint64_t)duty->lasts_ms < to->lasts_ms)) {
			to->confirm = code + 1;
			to->confirm_rule = rule;
			to->lasts_ms = (uint64_t)duty->lasts_ms;
		}
		break;
	case DUTY_REASON:
		to->reason_rule = to->reason_rule != 0 ? to->reason_rule : rule;
		break;
	case DUTY_APPROVALS:
		if (to->n_approvals == ITEMS_MOST) {
			s->d->result->proven = false;
			return;
		}
		to->approvals[to->n_approvals++] = rule;
		break;
	}
}

static void least(uint64_t *value, uint64_t *rule, uint64_t other, uint64_t other_rule)
{
	if (other > 0 && (*value == 0 || other < *value)) {
		*value = other;
		*rule = other_rule;
	}
}

static void add_limit(struct steps *s, struct demand *to, const struct policy_limit *limit,
		      unsigned verb, uint64_t rule)
{
	if (verb_info((enum verb)verb)->effect != EFFECT_READ) {
		least(&to->at_once, &to->at_once_rule, limit->droplets_at_once, rule);
	}
	if (verb == VERB_DROPLET_CREATE || verb == VERB_DROPLET_RESIZE) {
		least(&to->cents, &to->cents_rule, (uint64_t)limit->monthly_cents, rule);
	}
	if (limit->at_most > 0 && to->n_rates == ITEMS_MOST) {
		s->d->result->proven = false;
	} else if (limit->at_most > 0) {
		to->rates[to->n_rates++] = rule;
	}
}

static void demand_of(struct steps *s, const uint64_t *lines, int side, unsigned verb,
		      unsigned element, struct demand *to)
{
	memset(to, 0, sizeof(*to));
	for (int which = 0; which < 2; which++) {
		const struct rule_table *table = table_of(s, side, which);

		for (unsigned i = 0; i < table->n; i++) {
			const struct rule *rule = &table->rules[i];

			if (!bit_get(lines, i) ||
			    !bit_get(&s->rows[side][which][i * s->d->world.words], element)) {
				continue;
			}
			for (unsigned k = 0; which == 0 && k < rule->n_duties; k++) {
				add_duty(s, to, &rule->duties[k], i + 1);
			}
			if (which == 1) {
				add_limit(s, to, rule->limit, verb, i + 1);
			}
		}
		lines += table->words;
	}
}

/* ---- two of them -------------------------------------------------------------------------- */

static const struct duty *approvals(const struct rule *rule)
{
	const struct duty *duty = rule->duties;

	while (duty->kind != DUTY_APPROVALS) {
		duty++;
	}
	return duty;
}

/* Is `b` asked for at least what `a` is? */
static bool covers_approvals(const struct steps *s, int side, uint64_t a, uint64_t b)
{
	const struct duty *x = approvals(rule_at(s, side, 0, a));
	const struct duty *y = approvals(rule_at(s, !side, 0, b));

	return strcmp(x->group, y->group) == 0 && y->n >= x->n && y->within_ms <= x->within_ms;
}

static bool same_people(const struct steps *s, int side, uint64_t a, uint64_t b)
{
	const struct rule_table *x = table_of(s, side, 1);
	const struct rule_table *y = table_of(s, !side, 1);

	for (unsigned i = 0; i < s->d->n_people; i++) {
		const unsigned *number = s->d->people[i].number;

		if (bit_get(&x->of_person[(size_t)number[side] * x->words], (unsigned)a - 1) &&
		    !bit_get(&y->of_person[(size_t)number[!side] * y->words], (unsigned)b - 1)) {
			return false;
		}
	}
	return true;
}

/* What a line counts together, another must count together to be as tight. */
static bool covers_rate(const struct steps *s, int side, uint64_t a, uint64_t b)
{
	const struct rule *x = rule_at(s, side, 1, a);
	const struct rule *y = rule_at(s, !side, 1, b);
	size_t words = s->d->world.words;

	if (x->limit->per != y->limit->per || y->limit->at_most > x->limit->at_most ||
	    y->limit->within_ms < x->limit->within_ms) {
		return false;
	}
	for (unsigned w = 0; w < VERB_WORDS; w++) {
		if ((x->verbs.bits[w] & ~y->verbs.bits[w]) != 0) {
			return false;
		}
	}
	for (size_t w = 0; w < words; w++) {
		if ((s->rows[side][1][(a - 1) * words + w] &
		     ~s->rows[!side][1][(b - 1) * words + w]) != 0) {
			return false;
		}
	}
	return x->limit->per != PER_ROLE || same_people(s, side, a, b);
}

static void add_duration(struct strbuf *out, int64_t ms)
{
	static const struct {
		int64_t ms;
		char letter;
	} units[] = {{DAY_MS, 'd'}, {HOUR_MS, 'h'}, {MINUTE_MS, 'm'}, {SECOND_MS, 's'}};
	size_t i = 0;

	while (i < 3 && ms % units[i].ms != 0) {
		i++;
	}
	(void)strbuf_addf(out, "%lld%c", (long long)(ms / units[i].ms), units[i].letter);
}

/* What is being said of two demands in one direction. */
struct saying {
	struct steps *s;
	bool gain;
	struct strbuf text;
	struct change change;
};

/* Begins an item; `rule` is the first thing that is another. */
static void begin(struct saying *say, const char *word, int which, int side, uint64_t rule)
{
	if (say->change.rule == NULL) {
		say->change.rule = rule_at(say->s, side, which, rule);
		say->change.list = which == 0 ? "require" : "limits";
		say->change.side = side;
	} else {
		(void)strbuf_adds(&say->text, ", ");
	}
	(void)strbuf_adds(&say->text, word);
}

static void confirm_words(struct saying *say, const struct demand *of)
{
	(void)strbuf_adds(&say->text, of->confirm == 2 ? " a code" : " a confirmation");
	if (of->lasts_ms > 0) {
		(void)strbuf_adds(&say->text, " that lasts ");
		add_duration(&say->text, (int64_t)of->lasts_ms);
	}
}

static void approvals_words(struct saying *say, int side, uint64_t rule)
{
	const struct duty *duty = approvals(rule_at(say->s, side, 0, rule));

	if (duty->n == 1) {
		(void)strbuf_addf(&say->text, " approval by %s within ", duty->group);
	} else {
		(void)strbuf_addf(&say->text, " %u approvals by %s within ", duty->n, duty->group);
	}
	add_duration(&say->text, duty->within_ms);
}

static void rate_words(struct saying *say, int side, uint64_t rule)
{
	const struct policy_limit *limit = rule_at(say->s, side, 1, rule)->limit;

	(void)strbuf_addf(&say->text, " the limit of %u in ", limit->at_most);
	add_duration(&say->text, limit->within_ms);
	(void)strbuf_adds(&say->text, limit->per == PER_PERSON ? " a person"
				      : limit->per == PER_ROLE ? " together"
							       : " a channel");
}

static void item_words(struct saying *say, int which, int side, uint64_t rule)
{
	if (which == 0) {
		approvals_words(say, side, rule);
	} else {
		rate_words(say, side, rule);
	}
}

static void say_confirm(struct saying *say, const struct demand *tight, const struct demand *loose,
			int tight_side)
{
	/* of two codes the one that lasts longer is the looser; what is asked each time lasts 0 */
	if (tight->confirm < loose->confirm ||
	    (tight->confirm == loose->confirm && tight->lasts_ms >= loose->lasts_ms)) {
		return;
	}
	if (say->gain && loose->confirm == 0) {
		begin(say, "without", 0, tight_side, tight->confirm_rule);
		confirm_words(say, tight);
		return;
	}
	begin(say, say->gain ? "with" : "only with", 0, say->gain ? !tight_side : tight_side,
	      say->gain ? loose->confirm_rule : tight->confirm_rule);
	confirm_words(say, say->gain ? loose : tight);
	if (loose->confirm != 0) {
		(void)strbuf_adds(&say->text, " instead of");
		confirm_words(say, say->gain ? tight : loose);
	}
}

/* "the limit of $100 a month": what stands before and after the figure, and how many of its units the limit has. */
struct figure {
	const char *before, *after;
	uint64_t unit;
};

static void say_figure(struct saying *say, const struct figure *figure, uint64_t tight,
		       uint64_t loose, int tight_side, uint64_t tight_rule, uint64_t loose_rule)
{
	if (tight == 0 || (loose != 0 && loose <= tight)) {
		return;
	}
	bool drop = say->gain && loose == 0;
	uint64_t first = say->gain && !drop ? loose : tight;

	begin(say,
	      drop        ? "without"
	      : say->gain ? "with"
			  : "only with",
	      1, say->gain && !drop ? !tight_side : tight_side,
	      say->gain && !drop ? loose_rule : tight_rule);
	(void)strbuf_addf(&say->text, " the limit of %s%llu%s", figure->before,
			  (unsigned long long)(first / figure->unit), figure->after);
	if (loose != 0) {
		(void)strbuf_addf(&say->text, " instead of %s%llu", figure->before,
				  (unsigned long long)((say->gain ? tight : loose) / figure->unit));
	}
}

/* Each that one side has and none of the other covers; each of the other covers one at most. */
static void say_items(struct saying *say, int which, const uint64_t *tight, uint64_t n_tight,
		      const uint64_t *loose, uint64_t n_loose, int tight_side)
{
	bool used[ITEMS_MOST] = {false};

	for (uint64_t i = 0; i < n_tight; i++) {
		uint64_t k = 0;

		while (k < n_loose &&
		       (used[k] ||
			!(which == 0 ? covers_approvals(say->s, tight_side, tight[i], loose[k])
				     : covers_rate(say->s, tight_side, tight[i], loose[k])))) {
			k++;
		}
		if (k < n_loose) {
			used[k] = true;
			continue;
		}
		if (n_tight == 1 && n_loose == 1) {
			begin(say, say->gain ? "with" : "only with", which,
			      say->gain ? !tight_side : tight_side,
			      say->gain ? loose[0] : tight[0]);
			item_words(say, which, say->gain ? !tight_side : tight_side,
				   say->gain ? loose[0] : tight[0]);
			(void)strbuf_adds(&say->text, " instead of");
			item_words(say, which, say->gain ? tight_side : !tight_side,
				   say->gain ? tight[0] : loose[0]);
			return;
		}
		begin(say, say->gain ? "without" : "only with", which, tight_side, tight[i]);
		item_words(say, which, tight_side, tight[i]);
	}
}

static unsigned put_change(struct steps *s, const struct change *change, const char *text)
{
	for (unsigned i = 0; i < s->n_changes; i++) {
		if (s->changes[i].rule == change->rule && strcmp(s->changes[i].text, text) == 0) {
			return i + 1;
		}
	}
	if (s->n_changes == s->cap_changes) {
		s->cap_changes = s->cap_changes * 2 + 16;
		s->changes = mem_grow(s->changes, s->cap_changes, sizeof(*s->changes));
	}
	s->changes[s->n_changes] = *change;
	s->changes[s->n_changes++].text = arena_strdup(&s->d->arena, text);
	return s->n_changes;
}

/* What the tight side asks for and the loose one does not; 0: nothing. */
static unsigned say_looser(struct steps *s, const struct demand *tight, const struct demand *loose,
			   int tight_side)
{
	static const struct figure at_once = {"", " droplets at once", 1};
	static const struct figure cost = {"$", " a month", 100};
	struct saying say = {.s = s, .gain = tight_side == OLD};
	unsigned number = 0;

	strbuf_init(&say.text, 4096);
	say_confirm(&say, tight, loose, tight_side);
	if (tight->reason_rule != 0 && loose->reason_rule == 0) {
		begin(&say, say.gain ? "without a reason" : "only with a reason", 0, tight_side,
		      tight->reason_rule);
	}
	say_items(&say, 0, tight->approvals, tight->n_approvals, loose->approvals,
		  loose->n_approvals, tight_side);
	say_figure(&say, &at_once, tight->at_once, loose->at_once, tight_side, tight->at_once_rule,
		   loose->at_once_rule);
	say_figure(&say, &cost, tight->cents, loose->cents, tight_side, tight->cents_rule,
		   loose->cents_rule);
	say_items(&say, 1, tight->rates, tight->n_rates, loose->rates, loose->n_rates, tight_side);
	if (say.change.rule != NULL) {
		number = put_change(s, &say.change, say.text.buf);
	}
	strbuf_done(&say.text);
	return number;
}

static struct verdicts judge(struct steps *s, const struct demand *was, const struct demand *is)
{
	uint64_t pair[2] = {intern_put(&s->demands, (const uint64_t *)was, NULL),
			    intern_put(&s->demands, (const uint64_t *)is, NULL)};
	bool is_new;
	unsigned number = intern_put(&s->pairs, pair, &is_new);

	if (number >= s->cap_verdicts) {
		s->cap_verdicts = s->cap_verdicts * 2 + 64;
		s->verdicts = mem_grow(s->verdicts, s->cap_verdicts, sizeof(*s->verdicts));
	}
	if (is_new) {
		s->verdicts[number] =
			(struct verdicts){say_looser(s, was, is, OLD), say_looser(s, is, was, NEW)};
	}
	return s->verdicts[number];
}

/* ---- all elements ------------------------------------------------------------------------- */

static void add_part(struct steps *s, struct parts *parts, bool gain, unsigned change,
		     unsigned element)
{
	size_t i = 0;

	if (change == 0) {
		return;
	}
	while (i < parts->n && (parts->list[i].gain != gain || parts->list[i].change != change)) {
		i++;
	}
	if (i == parts->n) {
		struct step_part *list =
			arena_array(&s->d->arena, parts->n + 1, sizeof(*parts->list));

		if (parts->n > 0) {
			memcpy(list, parts->list, parts->n * sizeof(*list));
		}
		list[parts->n++] = (struct step_part){
			arena_array(&s->d->arena, s->d->world.words, sizeof(uint64_t)), gain,
			change};
		parts->list = list;
	}
	bit_set((uint64_t *)(uintptr_t)parts->list[i].set, element);
}

static void compare(struct steps *s, const uint64_t *key, unsigned verb, struct parts *ret)
{
	const uint64_t *is_lines =
		key + s->d->policy[OLD]->require.words + s->d->policy[OLD]->limits.words;

	*ret = (struct parts){.n = 0};
	for (unsigned e = 0; e <= s->d->world.n; e++) {
		struct demand was;
		struct demand is;
		struct verdicts verdicts;

		demand_of(s, key, OLD, verb, e, &was);
		demand_of(s, is_lines, NEW, verb, e, &is);
		verdicts = judge(s, &was, &is);
		add_part(s, ret, true, verdicts.gain, e);
		add_part(s, ret, false, verdicts.loss, e);
	}
}

size_t diff_steps(struct difference *d, struct sight sights[2][LISTS], const unsigned channel[2],
		  unsigned verb, const struct step_part **ret_parts)
{
	struct steps *s = d->steps;
	uint64_t any = 0;
	size_t n = 0;
	unsigned number;
	bool is_new;

	for (int side = OLD; side <= NEW; side++) {
		for (int list = REQUIRES; list <= LIMITS; list++) {
			for (unsigned w = 0; w < sights[side][list].table->words; w++) {
				s->key[n] = diff_lines(&sights[side][list], channel[side], verb, w);
				any |= s->key[n++];
			}
		}
	}
	if (any == 0) {
		return 0;
	}
	/* limits ask differently of reads, and of what costs money */
	s->key[n] = verb == VERB_DROPLET_CREATE || verb == VERB_DROPLET_RESIZE ? 2
		    : verb_info((enum verb)verb)->effect == EFFECT_READ        ? 1
									       : 0;
	number = intern_put(&s->keys, s->key, &is_new);
	if (number >= s->cap_parts) {
		s->cap_parts = s->cap_parts * 2 + 64;
		s->parts = mem_grow(s->parts, s->cap_parts, sizeof(*s->parts));
	}
	if (is_new) {
		compare(s, s->key, verb, &s->parts[number]);
	}
	*ret_parts = s->parts[number].list;
	return s->parts[number].n;
}

const struct change *diff_change(const struct steps *s, unsigned number)
{
	return &s->changes[number - 1];
}
