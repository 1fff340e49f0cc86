/* args.c - typed arguments of a verb, and their canonical text (pure) */
#include "job/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/attr.h"
#include "ocean/value.h"

/* What an argument's word may be; each makes the one form of it. */
enum form {
	FORM_FLAG,
	FORM_SLUG,
	FORM_HOST,
	FORM_LABEL,
	FORM_NUMBER,
	FORM_ONE_OF,
	FORM_HOUR,
	FORM_PRICE,
	FORM_TAG, /* this and what follows: names as they were typed */
	FORM_PROJECT,
	FORM_VOLUME,
	FORM_FIREWALL,
	FORM_ADDRESS,
	FORM_KEYS, /* lists */
	FORM_TAGS,
	FORM_IDS,
	FORM_UUID,
	FORM_CODED, /* a text without spaces, %20 for each */
	FORM_FILE
};

struct arg_row {
	const char *key;  /* in the canonical text */
	const char *word; /* in a usage line; of a flag what is typed; NULL: it is never typed */
	enum form form;
	size_t at, size;  /* the text in struct job_args; size 0: a flag, a bool */
	const char *what; /* "a size": what a wrong word is not */
	const char *const
		*values; /* FORM_ONE_OF, the short ones first and then as many long ones */
	size_t n_values;
};

static const char *const plans[] = {"daily", "weekly", "day", "week"};
static const char *const days[] = {"sun",       "mon",      "tue",    "wed",     "thu",
				   "fri",       "sat",      "sunday", "monday",  "tuesday",
				   "wednesday", "thursday", "friday", "saturday"};
#define DAYS 7
static const char *const figures[] = {"cpu",       "memory", "disk",    "load",    "traffic",
				      "processor", "ram",    "storage", "loadavg", "bandwidth"};
static const char *const spans[] = {"1h", "6h", "24h", "7d", "hour", "6hours", "day", "week"};
#define ONE_OF "one of "

#define TEXT(field) offsetof(struct job_args, field), sizeof(((struct job_args *)NULL)->field)

static const struct arg_row rows[ARG_COUNT] = {
	[ARG_SIZE] = {"size", "SIZE", FORM_SLUG, TEXT(size), "a size", NULL, 0},
	[ARG_DISK] = {"disk", "disk", FORM_FLAG, offsetof(struct job_args, disk), 0, NULL, NULL, 0},
	[ARG_NAME] = {"name", "NEW-NAME", FORM_HOST, TEXT(name),
		      "a name: letters, digits, dots and dashes", NULL, 0},
	[ARG_LABEL] = {"label", "SNAPSHOT-NAME", FORM_LABEL, TEXT(label),
		       "a snapshot's name: letters, digits, . _ -", NULL, 0},
	[ARG_IMAGE] = {"image", "IMAGE", FORM_SLUG, TEXT(image), "an image", NULL, 0},
	[ARG_BACKUP] = {"backup", "BACKUP-ID", FORM_NUMBER, TEXT(backup), "the number of a backup",
			NULL, 0},
	[ARG_PLAN] = {"plan", "daily|weekly", FORM_ONE_OF, TEXT(plan), "daily or weekly", plans, 2},
	[ARG_DAY] = {"day", "DAY", FORM_ONE_OF, TEXT(day), "a day: sun, mon, tue, ...", days, DAYS},
	[ARG_HOUR] = {"hour", "HOUR", FORM_HOUR, TEXT(hour),
		      "an hour of theirs: 0, 4, 8, 12, 16 or 20 UTC", NULL, 0},
	[ARG_PRICE] = {"price", NULL, FORM_PRICE, TEXT(price), "a price", NULL, 0},
	[ARG_FIGURE] = {"figure", "FIGURE", FORM_ONE_OF, TEXT(figure),
			ONE_OF "cpu, memory, disk, load, traffic", figures, 5},
	[ARG_SPAN] = {"span", "TIME", FORM_ONE_OF, TEXT(span), ONE_OF "1h, 6h, 24h, 7d", spans, 4},
	[ARG_TAG] = {"tag", "TAG", FORM_TAG, TEXT(tag), "a tag", NULL, 0},
	[ARG_PROJECT] = {"project", "PROJECT", FORM_PROJECT, TEXT(project), "a project", NULL, 0},
	[ARG_VOLUME] = {"volume", "VOLUME", FORM_VOLUME, TEXT(volume), "a volume", NULL, 0},
	[ARG_FIREWALL] = {"firewall", "FIREWALL", FORM_FIREWALL, TEXT(firewall), "a firewall", NULL,
			  0},
	[ARG_ADDRESS] = {"address", "ADDRESS", FORM_ADDRESS, TEXT(address), "an address", NULL, 0},
	[ARG_REGION] = {"region", "REGION", FORM_SLUG, TEXT(region), "a region", NULL, 0},
	[ARG_KEYS] = {"keys", "KEYS", FORM_KEYS, TEXT(keys), "a list of SSH keys", NULL, 0},
	[ARG_TAGS] = {"tags", "TAGS", FORM_TAGS, TEXT(tags), "a list of tags", NULL, 0},
	[ARG_VPC] = {"vpc", "VPC", FORM_PROJECT, TEXT(vpc), "a VPC", NULL, 0},
	[ARG_TEMPLATE] = {"user-data", "TEMPLATE", FORM_FILE, TEXT(template),
			  "the name of a template", NULL, 0},
	[ARG_BACKUPS] = {"backups", "backups", FORM_FLAG, offsetof(struct job_args, backups), 0,
			 NULL, NULL, 0},
	[ARG_MONITORING] = {"monitoring", "monitoring", FORM_FLAG,
			    offsetof(struct job_args, monitoring), 0, NULL, NULL, 0},
	[ARG_IPV6] = {"ipv6", "ipv6", FORM_FLAG, offsetof(struct job_args, ipv6), 0, NULL, NULL, 0},
	[ARG_ACCOUNT] = {"account", "ACCOUNT", FORM_PROJECT, TEXT(account), "an account", NULL, 0},
	[ARG_KEY_IDS] = {"key-ids", NULL, FORM_IDS, TEXT(key_ids), "numbers of keys", NULL, 0},
	[ARG_VPC_ID] = {"vpc-id", NULL, FORM_UUID, TEXT(vpc_id), "a UUID", NULL, 0},
	[ARG_PROJECT_ID] = {"project-id", NULL, FORM_UUID, TEXT(project_id), "a UUID", NULL, 0},
	[ARG_PROJECT_NAME] = {"project-name", NULL, FORM_CODED, TEXT(project_name),
			      "a project's name", NULL, 0},
	[ARG_SNAPSHOT] = {"snapshot", NULL, FORM_NUMBER, TEXT(snapshot), "a snapshot", NULL, 0},
	[ARG_SAVED] = {"saved", NULL, FORM_CODED, TEXT(saved), "what a snapshot is", NULL, 0},
	[ARG_TEMPLATE_SUM] = {"user-data-sum", NULL, FORM_SLUG, TEXT(template_sum),
			      "a sum of bytes", NULL, 0},
	[ARG_GENTLY] = {"gently", "gently", FORM_FLAG, offsetof(struct job_args, gently), 0, NULL,
			NULL, 0},
};

const char *job_arg_word(enum job_arg arg)
{
	return rows[arg].word;
}

const char *job_arg_choices(enum job_arg arg)
{
	const char *what = rows[arg].what;

	return what != NULL && strncmp(what, ONE_OF, strlen(ONE_OF)) == 0 ? what + strlen(ONE_OF)
									  : NULL;
}

bool job_arg_is_flag(enum job_arg arg)
{
	return rows[arg].form == FORM_FLAG;
}

const char *job_arg_key(enum job_arg arg)
{
	return job_arg_is_flag(arg) ? rows[arg].word : rows[arg].key;
}

bool job_arg_is_list(enum job_arg arg)
{
	return rows[arg].form == FORM_KEYS || rows[arg].form == FORM_TAGS;
}

size_t job_arg_size(enum job_arg arg)
{
	return rows[arg].size;
}

static char *text_of(struct job_args *args, const struct arg_row *row)
{
	return (char *)args + row->at;
}

static bool *flag_of(struct job_args *args, const struct arg_row *row)
{
	return (bool *)(void *)((char *)args + row->at);
}

/* ---- words --------------------------------------------------------------------------------- */

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What a slug of DigitalOcean's is made of; nothing in it could be taken for another argument. */
static bool is_made_of(const char *word, const char *letters)
{
	size_t len = strlen(word);

	return len > 0 && strchr("-_.", word[0]) == NULL && strspn(word, letters) == len;
}

/* A number above 0 that is written in one way only. */
static bool is_number(const char *word)
{
	return word[0] != '0' && is_made_of(word, DIGITS) && strlen(word) < 19;
}

/* "4", "04", "04:00" */
static bool is_hour(const char *word, char *to, size_t size)
{
	size_t n = strspn(word, DIGITS);
	long hour = n > 0 && n < 3 ? strtol(word, NULL, 10) : -1;

	if (hour < 0 || hour > 20 || hour % 4 != 0 ||
	    (word[n] != '\0' && strcmp(word + n, ":00") != 0)) {
		return false;
	}
	return snprintf(to, size, "%ld", hour) < (int)size;
}

/* "sun", "Sunday" */
static bool is_one_of(const struct arg_row *row, const char *word, char *to, size_t size)
{
	for (size_t i = 0; i < 2 * row->n_values; i++) {
		if (strcmp(word, row->values[i]) == 0) {
			return snprintf(to, size, "%s", row->values[i % row->n_values]) < (int)size;
		}
	}
	return false;
}

/* "600-1800": cents a month. False: it is no such text. */
static bool read_price(const char *word, unsigned long *ret_from, unsigned long *ret_to)
{
	size_t n = strspn(word, DIGITS);
	size_t m = word[n] == '-' ? strspn(word + n + 1, DIGITS) : 0;

	if (n == 0 || n > 10 || m == 0 || m > 10 || word[n + 1 + m] != '\0') {
		return false;
	}
	*ret_from = strtoul(word, NULL, 10);
	*ret_to = strtoul(word + n + 1, NULL, 10);
	return true;
}

/* Of names that are kept as they were typed. */
static const char *letters_of(enum form form)
{
	switch (form) {
	case FORM_TAG:
		return LOWER UPPER DIGITS ":-_";
	case FORM_PROJECT:
		return LOWER UPPER DIGITS "-_.";
	case FORM_VOLUME:
		return LOWER UPPER DIGITS "-";
	case FORM_FIREWALL:
		return LOWER UPPER DIGITS "-.";
	case FORM_ADDRESS:
		return DIGITS ".";
	case FORM_KEYS:
		return LOWER UPPER DIGITS "-_.@:+";
	case FORM_TAGS:
		return LOWER UPPER DIGITS ":-_";
	case FORM_IDS:
		return DIGITS;
	case FORM_FILE:
		return LOWER UPPER DIGITS "-_.";
	case FORM_CODED:
		return LOWER UPPER DIGITS "-_.%";
	default:
		return "";
	}
}

/* "a,b": each of its own letters, none twice, not too many. */
static bool is_list(const char *word, const char *letters)
{
	size_t n = 0;

	for (const char *at = word; n < JOB_ARGS_LIST; n++) {
		size_t len = strspn(at, letters);

		if (len == 0 || strchr(":-_.", *at) != NULL ||
		    (at[len] != ',' && at[len] != '\0')) {
			return false;
		}
		for (const char *seen = word; seen < at; seen += strcspn(seen, ",") + 1) {
			if (strcspn(seen, ",") == len && strncasecmp(seen, at, len) == 0) {
				return false;
			}
		}
		if (at[len] == '\0') {
			return true;
		}
		at += len + 1;
	}
	return false;
}

/* The one form of the word into `to`. */
static bool take_word(const struct arg_row *row, const char *word, const char *lower, char *to,
		      size_t size)
{
	const char *text = lower;
	unsigned long before, after;
	bool fits = false;

	switch (row->form) {
	case FORM_FLAG:
		return false;
	case FORM_SLUG:
		fits = is_made_of(lower, LOWER DIGITS "-_.");
		break;
	case FORM_HOST:
		text = word;
		fits = value_is_host_name(word) && strchr("-.", word[0]) == NULL;
		break;
	case FORM_LABEL:
		text = word;
		fits = is_made_of(word, LOWER UPPER DIGITS "-_.");
		break;
	case FORM_NUMBER:
		fits = is_number(lower);
		break;
	case FORM_PRICE:
		fits = read_price(lower, &before, &after);
		break;
	case FORM_TAG:
	case FORM_PROJECT:
	case FORM_VOLUME:
	case FORM_FIREWALL:
	case FORM_ADDRESS:
		text = word;
		fits = word[0] != ':' && is_made_of(word, letters_of(row->form));
		break;
	case FORM_KEYS:
	case FORM_TAGS:
	case FORM_IDS:
		text = word;
		fits = is_list(word, letters_of(row->form));
		break;
	case FORM_FILE: /* one file of one folder: no way out of it can be written */
		text = word;
		fits = is_made_of(word, letters_of(row->form));
		break;
	case FORM_CODED:
		text = word;
		fits = word[0] != '\0' && strspn(word, letters_of(row->form)) == strlen(word);
		break;
	case FORM_UUID:
		fits = value_is_uuid(lower);
		break;
	case FORM_ONE_OF:
		return is_one_of(row, lower, to, size);
	case FORM_HOUR:
		return is_hour(lower, to, size);
	}
	return fits && snprintf(to, size, "%s", text) < (int)size;
}

int job_arg_set(struct job_args *args, enum job_arg arg, const char *word, struct err *err)
{
	const struct arg_row *row = &rows[arg];
	char lower[520];
	char value[520];
	size_t len = strlen(word);

	if (row->form == FORM_FLAG) {
		if (strcasecmp(word, row->word) != 0) {
			return err_set(err, ERR_USAGE, "\"%.40s\" is not \"%s\"", word, row->word);
		}
		*flag_of(args, row) = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(lower) && i <= len; i++) { /* phones begin with a capital */
		lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] - 'A' + 'a') : word[i];
	}
	if (len >= sizeof(lower) || !take_word(row, word, lower, value, row->size)) {
		return err_set(err, ERR_USAGE, "\"%.40s\" is not %s", word, row->what);
	}
	memcpy(text_of(args, row), value, strlen(value) + 1);
	return 0;
}

const char *job_args_thing(const struct job_args *args)
{
	for (int arg = ARG_TAG; arg <= ARG_ADDRESS; arg++) {
		const char *text = (const char *)args + rows[arg].at;

		if (*text != '\0') {
			return text;
		}
	}
	return "";
}

int job_args_check(const struct job_args *args, struct err *err)
{
	if (strcmp(args->plan, "weekly") == 0 && args->day[0] == '\0') {
		return err_set(err, ERR_USAGE, "on which day? Say: weekly sun %s", args->hour);
	}
	if (strcmp(args->plan, "daily") == 0 && args->day[0] != '\0') {
		return err_set(err, ERR_USAGE, "daily backups have no day. Say: daily %s",
			       args->hour);
	}
	return 0;
}

void job_args_fill(struct job_args *args, enum verb verb, const struct droplet *droplet,
		   int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;
	char stamp[20] = "";

	if (verb != VERB_SNAPSHOT_CREATE || args->label[0] != '\0' || gmtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "-%Y%m%d-%H%M", &tm) == 0) {
		return;
	}
	(void)snprintf(args->label, sizeof(args->label), "%.*s%s",
		       (int)(sizeof(args->label) - sizeof(stamp)),
		       droplet->name != NULL && is_made_of(droplet->name, LOWER UPPER DIGITS "-_.")
			       ? droplet->name
			       : "droplet",
		       stamp);
}

void job_args_set_price(struct job_args *args, unsigned from_cents, unsigned to_cents)
{
	(void)snprintf(args->price, sizeof(args->price), "%u-%u", from_cents, to_cents);
}

bool job_args_price(const struct job_args *args, unsigned long *ret_from, unsigned long *ret_to)
{
	return read_price(args->price, ret_from, ret_to);
}

int64_t job_args_cost(const struct job_args *args)
{
	unsigned long from, to;

	if (!job_args_price(args, &from, &to)) {
		return -1;
	}
	return to > from ? (int64_t)(to - from) : 0;
}

/* ---- the one text -------------------------------------------------------------------------- */

void job_args_write(const struct job_args *args, char ret_text[JOB_ARGS_TEXT])
{
	struct job_args copy = *args;
	size_t used = 0;

	ret_text[0] = '\0';
	for (int arg = ARG_NONE + 1; arg < ARG_COUNT; arg++) {
		const struct arg_row *row = &rows[arg];
		const char *value = row->size > 0          ? text_of(&copy, row)
				    : *flag_of(&copy, row) ? "yes"
							   : "";

		if (*value != '\0') {
			(void)snprintf(ret_text + used, JOB_ARGS_TEXT - used, "%s%s=%s",
				       used > 0 ? " " : "", row->key, value);
			used = strlen(ret_text);
		}
	}
}

static int read_one(struct job_args *args, const char *pair, size_t len, struct err *err)
{
	char value[JOB_ARGS_TEXT];

	for (int arg = ARG_NONE + 1; arg < ARG_COUNT; arg++) {
		const struct arg_row *row = &rows[arg];
		size_t n = strlen(row->key);

		if (len <= n || strncmp(pair, row->key, n) != 0 || pair[n] != '=') {
			continue;
		}
		(void)snprintf(value, sizeof(value), "%.*s", (int)(len - n - 1), pair + n + 1);
		if (row->size == 0 && strcmp(value, "yes") != 0) {
			break;
		}
		return job_arg_set(args, (enum job_arg)arg, row->size == 0 ? row->word : value,
				   err);
	}
	return err_set(err, ERR_CONFIG, "\"%.*s\" is no argument", (int)(len < 40 ? len : 40),
		       pair);
}

int job_args_read(const char *text, struct job_args *ret_args, struct err *err)
{
	struct job_args args = {.size = ""};
	char again[JOB_ARGS_TEXT];

	if (strlen(text) >= JOB_ARGS_TEXT) {
		return err_set(err, ERR_LIMIT, "the arguments are too long");
	}
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, " ");

		if (read_one(&args, at, len, err) < 0) {
			return -1;
		}
		at += len;
		at += *at == ' ' ? 1 : 0;
	}
	job_args_write(&args, again);
	if (strcmp(again, text) != 0) { /* one form only: anything else is not ours */
		return err_set(err, ERR_CONFIG, "the arguments are not in their one form");
	}
	*ret_args = args;
	return 0;
}

/* ---- as it would be typed, and for DigitalOcean ---------------------------------------------- */

const char *job_args_words(const struct job_args *args, struct arena *arena)
{
	struct job_args copy = *args;
	const char *text = "";

	for (int arg = ARG_NONE + 1; arg < ARG_COUNT; arg++) {
		const struct arg_row *row = &rows[arg];
		const char *word = row->word == NULL      ? ""
				   : row->size > 0        ? text_of(&copy, row)
				   : *flag_of(&copy, row) ? row->word
							  : "";

		if (*word != '\0' && job_args_make(args) && row->size > 0) {
			text = arena_printf(arena, "%s %s", text, row->key);
		}
		if (*word != '\0') {
			text = arena_printf(arena, "%s %s", text, word);
		}
	}
	return text;
}

void job_args_act(const struct job_args *args, struct ocean_act_args *ret)
{
	const char *image = args->image[0] != '\0' ? args->image : args->backup;

	memset(ret, 0, sizeof(*ret));
	ret->size = args->size[0] != '\0' ? args->size : NULL;
	ret->disk = args->disk;
	ret->name = args->name[0] != '\0'    ? args->name
		    : args->label[0] != '\0' ? args->label
					     : NULL;
	if (is_number(image)) {
		ret->image_id = strtoull(image, NULL, 10);
	} else if (*image != '\0') {
		ret->image_slug = image;
	}
	if (args->plan[0] != '\0') {
		ret->backup.plan =
			strcmp(args->plan, "daily") == 0 ? OCEAN_BACKUP_DAILY : OCEAN_BACKUP_WEEKLY;
		ret->backup.hour = (unsigned)strtoul(args->hour, NULL, 10);
	}
	for (unsigned day = 0; day < DAYS; day++) {
		ret->backup.weekday = strcmp(days[day], args->day) == 0 ? day : ret->backup.weekday;
	}
}

bool job_args_make(const struct job_args *args)
{
	return args->region[0] != '\0'; /* no other verb has one, and this one must */
}

const char *const *job_args_list(const char *text, struct arena *arena, size_t *ret_n)
{
	const char **words = arena_array(arena, JOB_ARGS_LIST + 1, sizeof(*words));

	for (*ret_n = 0; *text != '\0' && *ret_n < JOB_ARGS_LIST;) {
		size_t len = strcspn(text, ",");

		words[(*ret_n)++] = arena_strndup(arena, text, len);
		text += len + (text[len] == ',');
	}
	return words;
}
