/* filter.c - which droplets of a list are meant: tag:, region:, status:, name:, or a bare glob */
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "command/command.h"

static const struct name statuses[] = {
	{DROPLET_ACTIVE, "on"}, {DROPLET_ACTIVE, "active"}, {DROPLET_ACTIVE, "running"},
	{DROPLET_OFF, "off"},   {DROPLET_NEW, "new"},       {DROPLET_ARCHIVE, "archive"},
};

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

static int parse_word(const char *word, struct command_filter *filter, struct err *err)
{
	const char *colon = strchr(word, ':');
	int status;

	if (colon == NULL) {
		return set_once(&filter->name, "name", word, err);
	}
	if (strncasecmp(word, "tag:", 4) == 0) {
		return add_tag(filter, colon + 1, err);
	}
	if (strncasecmp(word, "region:", 7) == 0) {
		return set_once(&filter->region, "region", colon + 1, err);
	}
	if (strncasecmp(word, "name:", 5) == 0) {
		return set_once(&filter->name, "name", colon + 1, err);
	}
	if (strncasecmp(word, "status:", 7) == 0) {
		if (names_value(statuses, ARRAY_LEN(statuses), colon + 1, &status) < 0) {
			return err_set(err, ERR_USAGE,
				       "no status \"%.40s\"; there are on, off and new", colon + 1);
		}
		return set_once(&filter->status, "status", colon + 1, err);
	}
	return err_set(err, ERR_USAGE,
		       "no filter \"%.40s\"; there are tag:, region:, status: and name:", word);
}

int command_filter_parse(const char *const *words, size_t n_words,
			 struct command_filter *ret_filter, struct err *err)
{
	struct command_filter filter = {0};

	for (size_t i = 0; i < n_words; i++) {
		if (parse_word(words[i], &filter, err) < 0) {
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
