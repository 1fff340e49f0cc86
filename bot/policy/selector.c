/* selector.c - the matcher: what a selector says of a droplet, in three values */
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "policy/snapshot.h"

static const unsigned known_bit[BY_COUNT] = {
	[BY_TAG] = DROPLET_KNOWS_TAGS,      [BY_NAME] = DROPLET_KNOWS_NAME,
	[BY_REGION] = DROPLET_KNOWS_REGION, [BY_PROJECT] = DROPLET_KNOWS_PROJECT,
	[BY_SIZE] = DROPLET_KNOWS_SIZE,     [BY_ACCOUNT] = DROPLET_KNOWS_ACCOUNT,
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool rest_fits(const struct pattern *pattern, const char *text)
{
	const char *p = pattern->text;

	if (pattern->glob) {
		return names_glob(p, text) != 0;
	}
	while (*p != '\0' && *p == lower(*text)) {
		p++;
		text++;
	}
	return *p == '\0' && *text == '\0';
}

/* The pattern is in lower case; ASCII letters of the text are compared so, whatever the locale is. */
static inline bool pattern_fits(const struct pattern *pattern, const char *text)
{
	char first = pattern->text[0];

	/* most end here: their first letter is another one */
	if (text == NULL || text[0] == '\0' || (first != lower(text[0]) && first != '*')) {
		return false;
	}
	return rest_fits(pattern, text);
}

static bool given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* ---- marks -------------------------------------------------------------------------------- */

static const struct marks all_marks = {~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0};

/* Each sign of ASCII its own, but capitals as small letters. */
static uint64_t letter_mark(char c)
{
	return (uint64_t)1 << ((c & 64) / 2 + (c & 31));
}

/* By length, first letter and last two. */
static uint64_t whole_mark(const char *text, size_t len)
{
	uint64_t key = (uint64_t)(text[0] | ' ') | (uint64_t)(text[len - 1] | ' ') << 8 |
		       (uint64_t)(text[len > 1 ? len - 2 : 0] | ' ') << 16 | (uint64_t)len << 24;

	return (uint64_t)1 << (key * 0x9e3779b97f4a7c15ULL >> 58);
}

struct marks marks_of_pattern(const struct pattern *pattern)
{
	const char *text = pattern->text;
	size_t len = strlen(text);
	struct marks marks = {0};

	if (len == 0) {
		return marks;
	}
	if (pattern->glob) {
		marks.first = text[0] == '*' ? all_marks.first : letter_mark(text[0]);
		marks.last = text[len - 1] == '*' ? all_marks.last : letter_mark(text[len - 1]);
	} else {
		marks.whole = whole_mark(text, len);
	}
	return marks;
}

static bool meet(const struct marks *a, const struct marks *b)
{
	return (a->whole & b->whole) != 0 ||
	       ((a->first & b->first) != 0 && (a->last & b->last) != 0);
}

static void add_text(struct marks *marks, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len > 0) {
		marks->whole |= whole_mark(text, len);
		marks->first |= letter_mark(text[0]);
		marks->last |= letter_mark(text[len - 1]);
	}
}

static const struct marks *marks_of(struct subject *subject, enum attribute attribute)
{
	const struct droplet *d = subject->droplet;
	struct marks *marks = &subject->marks[attribute];

	if ((subject->made >> attribute & 1) != 0) {
		return marks;
	}
	subject->made |= 1U << attribute;
	*marks = (struct marks){0};
	switch (attribute) {
	case BY_TAG:
		for (size_t i = 0; i < d->n_tags; i++) {
			add_text(marks, d->tags[i]);
		}
		break;
	case BY_NAME:
		add_text(marks, d->name);
		break;
	case BY_REGION:
		add_text(marks, d->region);
		break;
	case BY_PROJECT:
		add_text(marks, d->project);
		add_text(marks, d->project_id);
		if (!given(d->project) || !given(d->project_id)) {
			*marks = all_marks; /* see project_fit */
		}
		break;
	case BY_SIZE:
		add_text(marks, d->size);
		break;
	case BY_ACCOUNT:
		add_text(marks, d->account);
		break;
	case BY_COUNT:
		break;
	}
	return marks;
}

/* ---- fits --------------------------------------------------------------------------------- */

/* A project has a name and a UUID and either fits; when only one of them is known, the other kind of entry is unknown. */
static enum fit project_fit(const struct pattern *pattern, const struct droplet *d)
{
	bool other_only = pattern->uuid ? !given(d->project_id) && given(d->project)
					: !given(d->project) && given(d->project_id);

	if (pattern_fits(pattern, d->project) || pattern_fits(pattern, d->project_id)) {
		return FIT_YES;
	}
	return other_only ? FIT_UNKNOWN : FIT_NO;
}

static enum fit pattern_fit(const struct pattern *pattern, enum attribute attribute,
			    const struct droplet *d)
{
	bool fits = false;

	switch (attribute) {
	case BY_TAG:
		for (size_t i = 0; i < d->n_tags && !fits; i++) {
			fits = pattern_fits(pattern, d->tags[i]);
		}
		break;
	case BY_NAME:
		fits = pattern_fits(pattern, d->name);
		break;
	case BY_REGION:
		fits = pattern_fits(pattern, d->region);
		break;
	case BY_PROJECT:
		return project_fit(pattern, d);
	case BY_SIZE:
		fits = pattern_fits(pattern, d->size);
		break;
	case BY_ACCOUNT:
		fits = pattern_fits(pattern, d->account);
		break;
	case BY_COUNT:
		break;
	}
	return fits ? FIT_YES : FIT_NO;
}

static enum fit clause_fit(const struct clause *clause, struct subject *subject)
{
	const struct droplet *d = subject->droplet;
	const struct marks *marks;
	enum fit best = FIT_NO;

	if ((d->known & known_bit[clause->attribute]) == 0) {
		return FIT_UNKNOWN;
	}
	marks = marks_of(subject, clause->attribute);
	if (!meet(&clause->marks, marks)) {
		return FIT_NO;
	}
	for (unsigned i = 0; i < clause->n && best != FIT_YES; i++) {
		const struct pattern *pattern = &clause->patterns[i];
		enum fit fit = meet(&pattern->marks, marks)
				       ? pattern_fit(pattern, clause->attribute, d)
				       : FIT_NO;

		best = fit > best ? fit : best;
	}
	return best;
}

static enum fit clauses_fit(const struct clauses *clauses, struct subject *subject)
{
	enum fit worst = FIT_YES;

	for (unsigned i = 0; i < clauses->n && worst != FIT_NO; i++) {
		enum fit fit = clause_fit(&clauses->clause[i], subject);

		worst = fit < worst ? fit : worst;
	}
	return worst;
}

enum fit selector_fit(const struct selector *selector, enum verb verb, struct subject *subject)
{
	enum fit fit;
	enum fit except;

	if (selector->any) {
		return FIT_YES;
	}
	if (subject->droplet == NULL) {
		return verb_info(verb)->about_droplet ? FIT_UNKNOWN : FIT_NO;
	}
	fit = clauses_fit(selector->fits, subject);
	if (fit == FIT_NO || selector->except == NULL) {
		return fit;
	}
	except = clauses_fit(selector->except, subject);
	if (except == FIT_YES) {
		return FIT_NO;
	}
	return except == FIT_UNKNOWN ? FIT_UNKNOWN : fit;
}

enum fit pattern_says(const struct pattern *pattern, enum attribute attribute,
		      const struct droplet *droplet)
{
	return (droplet->known & known_bit[attribute]) == 0
		       ? FIT_UNKNOWN
		       : pattern_fit(pattern, attribute, droplet);
}

bool selector_names(const struct selector *selector, enum attribute attribute)
{
	const struct clauses *both[] = {selector->fits, selector->except};

	for (size_t b = 0; b < 2; b++) {
		for (unsigned i = 0; both[b] != NULL && i < both[b]->n; i++) {
			if (both[b]->clause[i].attribute == attribute) {
				return true;
			}
		}
	}
	return false;
}
