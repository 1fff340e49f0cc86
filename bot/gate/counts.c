/* counts.c - how many of what was started a limit counts, for whom it counts them, and the words when it is reached
 *
 * A place is one droplet of a change, from when its job was ready until it ended unstarted or is older than the limit looks
 * back. What reads, or changes the bot alone, is one place a command. Places are counted by their facts under the policy in
 * force: who, where, what, which droplet, when.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "gate/internal.h"
#include "policy/explain.h"

#define WORDS_MAX 400
#define MINUTE_MS 60000

/* ---- whom it counts ------------------------------------------------------------------------ */

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_person(const struct place *place, const struct gate_who *who,
			const struct policy_asker *asker)
{
	return place->who->asker.person == asker->person &&
	       (asker->person != 0 || (same(place->who->is.network, who->network) &&
				       same(place->who->is.user_workspace, who->user_workspace) &&
				       same(place->who->is.user, who->user)));
}

/* Is that place counted by the line, among its own? */
static bool counts_for(const struct place *place, const struct policy_limit *limit,
		       const struct gate_who *who, const struct policy_asker *asker)
{
	const struct policy_question past = {.asker = place->who->asker,
					     .verb = place->verb,
					     .droplet = place->droplet,
					     .at_ms = place->at_ms};

	switch (limit->per) {
	case PER_NONE:
	case PER_ROLE:
		break;
	case PER_PERSON:
		if (!same_person(place, who, asker)) {
			return false;
		}
		break;
	case PER_CHANNEL:
		if (place->who->asker.channel != asker->channel) {
			return false;
		}
		break;
	}
	return policy_limit_fits(limit, &past);
}

/* ---- how many ------------------------------------------------------------------------------ */

/* free_at: the place from which on a new one would fit; *ret_free_ms is when that one is too old. */
static unsigned count_starts(const struct counting *c, const struct policy_question *q,
			     const struct policy_limit *limit, size_t before, unsigned free_at,
			     int64_t *ret_free_ms)
{
	const struct places *places = &c->gate->places;
	int64_t from_ms = q->at_ms - limit->within_ms;
	unsigned n = 0;

	for (size_t i = before; i-- > 0 && places->all[i]->at_ms > from_ms;) {
		if (counts_for(places->all[i], limit, c->who, &q->asker) && ++n == free_at) {
			*ret_free_ms = places->all[i]->at_ms + limit->within_ms;
		}
	}
	return n;
}

/* The first moment of the calendar month, UTC. */
static int64_t month_ms(int64_t at_ms)
{
	char text[32];
	int64_t start_ms = at_ms;

	(void)clock_format(at_ms, text, sizeof(text));
	(void)snprintf(text + 8, sizeof(text) - 8, "01T00:00:00Z");
	(void)clock_parse(text, &start_ms);
	return start_ms;
}

static void count_cost(const struct counting *c, const struct policy_question *q,
		       const struct policy_limit *limit, size_t before, struct policy_count *count)
{
	const struct places *places = &c->gate->places;
	int64_t from_ms = month_ms(q->at_ms);

	count->monthly_cents = 0;
	count->cents_unknown = !places->known || places->lost_ms >= from_ms;
	for (size_t i = before; i-- > 0 && places->all[i]->at_ms >= from_ms;) {
		const struct place *place = places->all[i];

		if ((place->verb != VERB_DROPLET_CREATE && place->verb != VERB_DROPLET_RESIZE) ||
		    !counts_for(place, limit, c->who, &q->asker)) {
			continue;
		}
		if (place->monthly_cents < 0) {
			count->cents_unknown = true;
		} else {
			count->monthly_cents += place->monthly_cents;
		}
	}
}

static void count_line(const struct counting *c, const struct policy_question *q,
		       const struct policy_limit *limit, size_t before, struct policy_count *count)
{
	const struct places *places = &c->gate->places;
	int64_t free_ms;

	*count = (struct policy_count){.limit = limit->rule->name};
	if (limit->at_most > 0) {
		count->n = count_starts(c, q, limit, before, 0, &free_ms);
		count->n_unknown = !places->known || places->lost_ms > q->at_ms - limit->within_ms;
	}
	if (limit->monthly_cents > 0) {
		count_cost(c, q, limit, before, count);
	}
}

/* ---- a command's questions ----------------------------------------------------------------- */

void counting_init(struct counting *c, const struct gate *gate, const struct gate_who *who,
		   const char *request, struct arena *arena)
{
	*c = (struct counting){
		.gate = gate,
		.who = who,
		.request = request,
		.of = arena_array(arena, DECISION_LIMITS_MAX, sizeof(*c->of)),
		.counts = arena_array(arena, DECISION_LIMITS_MAX, sizeof(*c->counts)),
		.wanted = arena_array(arena, DECISION_LIMITS_MAX, sizeof(*c->wanted)),
	};
}

static size_t line_of(const struct counting *c, const struct policy_limit *limit)
{
	size_t i = 0;

	while (i < c->n && c->of[i] != limit) {
		i++;
	}
	return i;
}

void counting_ask(struct counting *c, struct policy_question *q)
{
	const struct policy_limit *lines[DECISION_LIMITS_MAX];
	size_t n = policy_limits(q, lines, DECISION_LIMITS_MAX);
	const struct places *places = &c->gate->places;
	size_t own = n > 0 ? places_find(places, c->request, q->droplet) : places->n;

	for (size_t k = 0; k < n; k++) {
		size_t i = line_of(c, lines[k]);
		bool is_new = i == c->n;

		if ((lines[k]->at_most == 0 && lines[k]->monthly_cents == 0) ||
		    i == DECISION_LIMITS_MAX) {
			continue; /* one that is not counted is not known, and denies */
		}
		if (is_new) {
			c->of[c->n++] = lines[k];
		}
		if (is_new || c->request != NULL) {
			count_line(c, q, lines[k], own, &c->counts[i]);
			c->counts[i].n += own < places->n ? 0 : c->wanted[i];
		}
	}
	q->counts = c->counts;
	q->n_counts = c->n;
	q->counts_known = false;
}

void counting_add(struct counting *c, const struct policy_question *q,
		  const struct decision *decision)
{
	if (gate_places_by_decision(q->verb) ||
	    places_find(&c->gate->places, c->request, q->droplet) < c->gate->places.n) {
		return;
	}
	for (size_t k = 0; k < decision->n_limits; k++) {
		size_t i = line_of(c, decision->limits[k]);

		if (i < c->n) {
			c->wanted[i]++;
			c->counts[i].n++;
			c->counts[i].monthly_cents += q->cost_known ? q->monthly_cents : 0;
		}
	}
}

/* ---- the words ----------------------------------------------------------------------------- */

/* "in 12 min": rounded up, so that it is free by then. */
static void add_free(int64_t free_ms, int64_t now_ms, struct strbuf *out)
{
	int64_t left_ms = free_ms - now_ms;
	int64_t unit_ms = left_ms > 48 * 60 * MINUTE_MS ? 60 * MINUTE_MS
			  : left_ms > MINUTE_MS         ? MINUTE_MS
							: 1000;

	(void)strbuf_adds(out, "\nThe next place is free in ");
	policy_duration_words((left_ms + unit_ms - 1) / unit_ms * unit_ms, out);
	(void)strbuf_adds(out, ".");
}

static void rate_words(const struct counting *c, const struct policy_question *q,
		       const struct policy_limit *limit, unsigned needs, struct strbuf *out)
{
	size_t before = places_find(&c->gate->places, c->request, q->droplet);
	int64_t free_ms = 0;
	unsigned used =
		count_starts(c, q, limit, before,
			     needs <= limit->at_most ? limit->at_most - needs + 1 : 0, &free_ms);

	(void)strbuf_addf(out, "%u of %u within ", used, limit->at_most);
	policy_duration_words(limit->within_ms, out);
	(void)strbuf_adds(out, limit->per == PER_PERSON    ? " for you"
			       : limit->per == PER_CHANNEL ? " for this channel"
							   : "");
	(void)strbuf_adds(out, ".");
	if (needs > 1) {
		(void)strbuf_addf(out, "\nThis needs %u.", needs);
	}
	if (free_ms > q->at_ms) {
		add_free(free_ms, q->at_ms, out);
	}
}

static void cost_words(const struct policy_question *q, const struct policy_limit *limit,
		       const struct policy_count *count, struct strbuf *out)
{
	if (!q->cost_known) {
		(void)strbuf_adds(out, "what this would cost is not known.");
	} else if (count == NULL || count->cents_unknown) {
		(void)strbuf_adds(out, "what was spent is not known.");
	} else {
		(void)strbuf_addf(out, "$%lld of $%lld a month,\nand this adds $%lld.",
				  (long long)(count->monthly_cents / 100),
				  (long long)(limit->monthly_cents / 100),
				  (long long)((q->monthly_cents + 99) / 100));
	}
}

static void line_words(struct counting *c, const struct policy_question *q,
		       const struct policy_limit *limit, unsigned needs, struct strbuf *out)
{
	size_t i = line_of(c, limit);
	const struct policy_count *count = i < c->n ? &c->counts[i] : NULL;
	bool rate = limit->at_most > 0 &&
		    (count == NULL || count->n_unknown || count->n >= limit->at_most);

	if (limit->droplets_at_once > 0 && q->n_targets > limit->droplets_at_once) {
		(void)strbuf_addf(out, "at most %u droplet%s at once.", limit->droplets_at_once,
				  limit->droplets_at_once == 1 ? "" : "s");
	} else if (rate && (count == NULL || count->n_unknown)) {
		(void)strbuf_adds(out, "how many were started is not known.");
	} else if (rate) {
		rate_words(c, q, limit, needs, out);
	} else {
		cost_words(q, limit, count, out);
	}
}

const char *counting_words(struct counting *c, const struct policy_question *q,
			   const struct decision *decision, unsigned needs, bool names,
			   struct arena *arena)
{
	const struct policy_limit *lines[DECISION_LIMITS_MAX];
	size_t n = policy_limits(q, lines, DECISION_LIMITS_MAX);
	const char *copy = NULL;
	struct strbuf out;

	for (size_t i = 0; i < n && copy == NULL; i++) {
		if (decision->n_rules > 0 && lines[i]->rule == decision->rules[0]) {
			strbuf_init(&out, WORDS_MAX);
			(void)strbuf_addf(&out, "%s%s:\n", names ? "Limit " : "A limit",
					  names ? lines[i]->rule->name : "");
			line_words(c, q, lines[i], needs, &out);
			copy = arena_strdup(arena, out.buf);
			strbuf_done(&out);
		}
	}
	return copy;
}
