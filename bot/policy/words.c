/* words.c - selectors, hours, droplets and duties as a team lead reads them */
#include <string.h>

#include "base/attr.h"
#include "policy/explain.h"
#include "policy/snapshot.h"

#define NAMES_SHOWN 4

static const char *const attribute_words[BY_COUNT] = {
	[BY_TAG] = "tag",         [BY_NAME] = "name", [BY_REGION] = "region",
	[BY_PROJECT] = "project", [BY_SIZE] = "size", [BY_ACCOUNT] = "account",
};

static void clauses_words(const struct clauses *clauses, struct strbuf *out)
{
	for (unsigned i = 0; i < clauses->n; i++) {
		const struct clause *clause = &clauses->clause[i];

		(void)strbuf_adds(out, i > 0 ? " and " : "");
		(void)strbuf_adds(out, attribute_words[clause->attribute]);
		for (unsigned k = 0; k < clause->n && k < NAMES_SHOWN; k++) {
			(void)strbuf_adds(out, k > 0 ? " or " : " ");
			(void)strbuf_adds(out, clause->patterns[k].text);
		}
		if (clause->n > NAMES_SHOWN) {
			(void)strbuf_addf(out, " or %u more", clause->n - NAMES_SHOWN);
		}
	}
}

void selector_words(const struct selector *selector, struct strbuf *out)
{
	if (selector->any || selector->fits == NULL) {
		(void)strbuf_adds(out, "any");
		return;
	}
	clauses_words(selector->fits, out);
	if (selector->except != NULL) {
		(void)strbuf_adds(out, " except ");
		clauses_words(selector->except, out);
	}
}

/* A witness by what policies ask of it: "one with tag staging, project shop". */
void droplet_words(const struct droplet *d, struct strbuf *out)
{
	const struct {
		const char *word, *value;
	} words[] = {{"name", d->name},     {"project", d->project}, {"project", d->project_id},
		     {"region", d->region}, {"size", d->size},       {"account", d->account}};
	const char *comma = "one with ";

	for (size_t i = 0; i < d->n_tags; i++) {
		(void)strbuf_addf(out, "%stag %s", comma, d->tags[i]);
		comma = ", ";
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].value != NULL && strncmp(words[i].value, "0-none-", 7) != 0 &&
		    strncmp(words[i].value, "00000000-0000", 13) != 0 &&
		    strcmp(words[i].word, "account") != 0) {
			(void)strbuf_addf(out, "%s%s %s", comma, words[i].word, words[i].value);
			comma = ", ";
		}
	}
	if (comma[0] != ',') {
		(void)strbuf_adds(out, "one that no line names");
	}
}

/* "mon-fri", "mon, wed". */
static void days_words(unsigned days, struct strbuf *out)
{
	const char *comma = "";

	for (unsigned d = 0; d < 7; d++) {
		unsigned last = d;

		if ((days >> d & 1) == 0) {
			continue;
		}
		while (last + 1 < 7 && (days >> (last + 1) & 1) != 0) {
			last++;
		}
		(void)strbuf_addf(out, "%s%s", comma, hours_day(d));
		if (last > d) {
			(void)strbuf_addf(out, "%s%s", last > d + 1 ? "-" : ", ", hours_day(last));
		}
		comma = ", ";
		d = last;
	}
}

static void wall_words(const struct zone *zone, int64_t at, struct strbuf *out)
{
	int64_t wall = at + zone_offset(zone, at);
	unsigned month;
	unsigned day;
	int64_t year = times_civil(wall / DAY_S, &month, &day);
	unsigned minute = (unsigned)(wall % DAY_S / 60);

	(void)strbuf_addf(out, "%lld-%02u-%02u %02u:%02u", (long long)year, month, day, minute / 60,
			  minute % 60);
}

void hours_words(const struct hours *hours, struct strbuf *out)
{
	(void)strbuf_addf(out, "%s (", hours->name);
	if (hours->weekly) {
		days_words(hours->days, out);
		(void)strbuf_addf(out, " %02u:%02u-%02u:%02u", hours->from / 60, hours->from % 60,
				  hours->to / 60, hours->to % 60);
	} else {
		wall_words(hours->zone, hours->maybe_from, out);
		(void)strbuf_adds(out, " to ");
		wall_words(hours->zone, hours->surely_to, out);
	}
	(void)strbuf_addf(out, ", %s)", hours->zone->name);
}

void during_words(const struct hours *const *during, unsigned n, struct strbuf *out)
{
	for (unsigned i = 0; i < n; i++) {
		(void)strbuf_adds(out, i == 0 ? "" : i + 1 < n ? ", " : " or ");
		hours_words(during[i], out);
	}
}

/* The biggest unit that leaves nothing over. */
void policy_duration_words(int64_t ms, struct strbuf *out)
{
	static const struct {
		int64_t ms;
		const char *word;
	} units[] = {{DAY_MS, "d"}, {HOUR_MS, "h"}, {MINUTE_MS, "min"}, {SECOND_MS, "s"}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (ms % units[i].ms == 0 || i + 1 == ARRAY_LEN(units)) {
			(void)strbuf_addf(out, "%lld %s", (long long)(ms / units[i].ms),
					  units[i].word);
			return;
		}
	}
}

void limit_words(const struct policy_limit *limit, const struct policy_count *count,
		 struct strbuf *out)
{
	const char *comma = "";

	if (count == NULL) {
		return;
	}
	if (limit->at_most > 0 && count->n_unknown) {
		(void)strbuf_adds(out, "how many were started is not known");
		comma = "; ";
	} else if (limit->at_most > 0) {
		(void)strbuf_addf(out, "%u of %u used within ", count->n, limit->at_most);
		policy_duration_words(limit->within_ms, out);
		comma = "; ";
	}
	if (limit->monthly_cents > 0 && !count->cents_unknown) {
		(void)strbuf_addf(out, "%s$%lld of $%lld this month", comma,
				  (long long)(count->monthly_cents / 100),
				  (long long)(limit->monthly_cents / 100));
	} else if (limit->monthly_cents > 0) {
		(void)strbuf_addf(out, "%swhat this month's have added is not known", comma);
	}
}

void duty_words(const struct duty *duty, struct strbuf *out)
{
	switch (duty->kind) {
	case DUTY_NONE:
		break;
	case DUTY_CONFIRM:
		(void)strbuf_adds(out, "a confirmation");
		break;
	case DUTY_CODE:
		(void)strbuf_adds(out, "a code");
		if (duty->lasts_ms > 0) {
			(void)strbuf_adds(out, " (one lasts ");
			policy_duration_words(duty->lasts_ms, out);
			(void)strbuf_adds(out, ")");
		}
		break;
	case DUTY_REASON:
		(void)strbuf_adds(out, "a reason");
		break;
	case DUTY_APPROVALS:
		(void)strbuf_addf(out, "%u approval%s of %s within ", duty->n,
				  duty->n == 1 ? "" : "s", duty->group);
		policy_duration_words(duty->within_ms, out);
		break;
	}
}
