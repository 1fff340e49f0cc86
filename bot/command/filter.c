/* filter.c - which droplets of a list are meant: tag:, region:, status:, name:, a bare glob, or a state alone */
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "command/command.h"

static const struct name statuses[] = {
	{DROPLET_ACTIVE, "on"}, {DROPLET_ACTIVE, "active"}, {DROPLET_ACTIVE, "running"},
	{DROPLET_OFF, "off"},   {DROPLET_NEW, "new"},       {DROPLET_ARCHIVE, "archive"},
};

/* What may be looked for: "tag:web", also as "tag=web" and "tag web". */
enum { OF_TAG, OF_REGION, OF_STATUS, OF_NAME };
static const struct name keys[] = {
	{OF_TAG, "tag"}, {OF_REGION, "region"}, {OF_STATUS, "status"}, {OF_NAME, "name"}};

static int set_once(const char **field, const char *key, const char *value, struct err *err)
{
	if (*value == '\0') {
		return err_set(err, ERR_USAGE, "\"%s:\" needs something behind it", key);
	}
	if (*field != NULL) {
		return err_set(err, ERR_USAGE, "\"%s:\" stands twice", key);
	}
	*field = value;
	return 0;
}

static int add_tag(struct command_filter *filter, const char *value, struct err *err)
{
	for (size_t i = 0; i < COMMAND_TAGS_MAX; i++) {
		if (filter->tags[i] == NULL) {
			return set_once(&filter->tags[i], "tag", value, err);
		}
	}
	return err_set(err, ERR_USAGE, "at most %d times \"tag:\"", COMMAND_TAGS_MAX);
}

static int add(int key, const char *value, struct command_filter *filter, struct err *err)
{
	int status;

	switch (key) {
	case OF_TAG:
		return add_tag(filter, value, err);
	case OF_REGION:
		return set_once(&filter->region, "region", value, err);
	case OF_STATUS:
		if (names_value(statuses, ARRAY_LEN(statuses), value, &status) < 0) {
			return err_set(err, ERR_USAGE,
				       "no status \"%.40s\"; there are on, off and new", value);
		}
		return set_once(&filter->status, "status", value, err);
	default:
		return set_once(&filter->name, "name", value, err);
	}
}

/* The key that stands before the sign. -1: there is none such. */
static int key_before(const char *word, const char *sign)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strlen(keys[i].word) == (size_t)(sign - word) &&
		    strncasecmp(word, keys[i].word, (size_t)(sign - word)) == 0) {
			return keys[i].value;
		}
	}
	return -1;
}

static int bare_name(const char *word, struct command_filter *filter, struct err *err)
{
	if (filter->name != NULL) {
		return err_set(err, ERR_USAGE,
			       "one name at a time, not \"%.40s\" and \"%.40s\"; "
			       "or a pattern as web-*, or tag:TAG",
			       filter->name, word);
	}
	return set_once(&filter->name, "name", word, err);
}

int command_filter_parse(const char *const *words, size_t n_words,
			 struct command_filter *ret_filter, struct err *err)
{
	struct command_filter filter = {0};
	int status;

	for (size_t i = 0; i < n_words; i++) {
		const char *word = words[i];
		const char *sign = word + strcspn(word, ":=");
		int key = key_before(word, sign);
		int rc;

		if (*sign != '\0' && key < 0) {
			return err_set(err, ERR_USAGE,
				       "no filter \"%.40s\"; there are tag:, region:, status: and "
				       "name:",
				       word);
		}
		if (*sign != '\0') {
			rc = add(key, sign + 1, &filter, err);
		} else if (key >= 0 && i + 1 < n_words) {
			rc = add(key, words[++i], &filter, err);
		} else if (n_words == 1 &&
			   names_value(statuses, ARRAY_LEN(statuses), word, &status) == 0) {
			rc = add(OF_STATUS, word, &filter, err); /* "list off" */
		} else {
			rc = bare_name(word, &filter, err);
		}
		if (rc < 0) {
			return -1;
		}
	}
	*ret_filter = filter;
	return 0;
}

static bool is_tagged(const struct droplet *droplet, const char *glob)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		if (names_glob(glob, droplet->tags[i])) {
			return true;
		}
	}
	return false;
}

bool command_filter_fits(const struct command_filter *filter, const struct droplet *droplet)
{
	int status;

	for (size_t i = 0; i < COMMAND_TAGS_MAX && filter->tags[i] != NULL; i++) {
		if (!is_tagged(droplet, filter->tags[i])) {
			return false;
		}
	}
	if (filter->region != NULL &&
	    (droplet->region == NULL || !names_glob(filter->region, droplet->region))) {
		return false;
	}
	if (filter->name != NULL &&
	    (droplet->name == NULL || !names_glob(filter->name, droplet->name))) {
		return false;
	}
	return filter->status == NULL ||
	       (names_value(statuses, ARRAY_LEN(statuses), filter->status, &status) == 0 &&
		status == (int)droplet->status);
}
