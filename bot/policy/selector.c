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

/* The pattern is in lower case; ASCII letters of the text are compared so, whatever the locale is. */
static bool pattern_fits(const struct pattern *pattern, const char *text)
{
	const char *p = pattern->text;

	if (text == NULL || text[0] == '\0') {
		return false;
	}
	if (pattern->glob) {
		/* most globs end here: their first letter is another one */
		return (*p == '*' || *p == lower(*text)) && names_glob(p, text) != 0;
	}
	while (*p != '\0' && *p == lower(*text)) {
		p++;
		text++;
	}
	return *p == '\0' && *text == '\0';
}

static bool given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

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

static enum fit clause_fit(const struct clause *clause, const struct droplet *d)
{
	enum fit best = FIT_NO;

	if ((d->known & known_bit[clause->attribute]) == 0) {
		return FIT_UNKNOWN;
	}
	for (unsigned i = 0; i < clause->n && best != FIT_YES; i++) {
		enum fit fit = pattern_fit(&clause->patterns[i], clause->attribute, d);

		best = fit > best ? fit : best;
	}
	return best;
}

static enum fit clauses_fit(const struct clauses *clauses, const struct droplet *d)
{
	enum fit worst = FIT_YES;

	for (unsigned i = 0; i < clauses->n && worst != FIT_NO; i++) {
		enum fit fit = clause_fit(&clauses->clause[i], d);

		worst = fit < worst ? fit : worst;
	}
	return worst;
}

enum fit selector_fit(const struct selector *selector, enum verb verb,
		      const struct droplet *droplet)
{
	enum fit fit;
	enum fit except;

	if (selector->any) {
		return FIT_YES;
	}
	if (droplet == NULL) {
		return verb_info(verb)->about_droplet ? FIT_UNKNOWN : FIT_NO;
	}
	fit = clauses_fit(selector->fits, droplet);
	if (fit == FIT_NO || selector->except == NULL) {
		return fit;
	}
	except = clauses_fit(selector->except, droplet);
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
