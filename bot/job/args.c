/* args.c - typed arguments of a verb, and their canonical text (pure) */
#include "job/args.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct arg_row {
	const char *key;     /* in the canonical text */
	const char *word;    /* in a usage line; of a flag what is typed */
	size_t at, size;     /* the text in struct job_args; size 0: a flag, a bool */
	const char *letters; /* that it is made of, as typed; NULL: a slug, in lower case */
};

#define TEXT(field) offsetof(struct job_args, field), sizeof(((struct job_args *)NULL)->field)
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const struct arg_row rows[ARG_COUNT] = {
	[ARG_SIZE] = {"size", "SIZE", TEXT(size), NULL},
	[ARG_DISK] = {"disk", "disk", offsetof(struct job_args, disk), 0, NULL},
	[ARG_TAG] = {"tag", "TAG", TEXT(tag), LETTERS ":-_"},
	[ARG_PROJECT] = {"project", "PROJECT", TEXT(project), LETTERS "-_."},
	[ARG_VOLUME] = {"volume", "VOLUME", TEXT(volume), LETTERS "-"},
	[ARG_FIREWALL] = {"firewall", "FIREWALL", TEXT(firewall), LETTERS "-."},
	[ARG_ADDRESS] = {"address", "ADDRESS", TEXT(address), "0123456789."},
};

const char *job_arg_word(enum job_arg arg)
{
	return rows[arg].word;
}

bool job_arg_is_flag(enum job_arg arg)
{
	return rows[arg].size == 0;
}

static char *text_of(struct job_args *args, const struct arg_row *row)
{
	return (char *)args + row->at;
}

static bool *flag_of(struct job_args *args, const struct arg_row *row)
{
	return (bool *)(void *)((char *)args + row->at);
}

/* What a slug of DigitalOcean's is made of; nothing in it could be taken for another argument. */
static bool is_slug(const char *word)
{
	size_t len = strlen(word);

	return len > 0 && strchr("-_.", word[0]) == NULL &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

int job_arg_set(struct job_args *args, enum job_arg arg, const char *word, struct err *err)
{
	const struct arg_row *row = &rows[arg];
	char lower[80];
	size_t len = strlen(word);

	if (row->size == 0) {
		if (strcasecmp(word, row->word) != 0) {
			return err_set(err, ERR_USAGE, "\"%.40s\" is not \"%s\"", word, row->word);
		}
		*flag_of(args, row) = true;
		return 0;
	}
	if (row->letters != NULL) {
		if (len == 0 || len >= row->size || strchr("-_.:", word[0]) != NULL ||
		    strspn(word, row->letters) != len) {
			return err_set(err, ERR_USAGE, "\"%.40s\" cannot be a %s", word, row->key);
		}
		memcpy(text_of(args, row), word, len + 1);
		return 0;
	}
	for (size_t i = 0; i < sizeof(lower) && i <= len; i++) { /* phones begin with a capital */
		lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] - 'A' + 'a') : word[i];
	}
	if (len >= row->size || len >= sizeof(lower) || !is_slug(lower)) {
		return err_set(err, ERR_USAGE, "\"%.40s\" cannot be a %s", word, row->key);
	}
	memcpy(text_of(args, row), lower, len + 1);
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

const char *job_args_words(const struct job_args *args, struct arena *arena)
{
	struct job_args copy = *args;
	const char *text = "";

	for (int arg = ARG_NONE + 1; arg < ARG_COUNT; arg++) {
		const struct arg_row *row = &rows[arg];
		const char *word = row->size > 0          ? text_of(&copy, row)
				   : *flag_of(&copy, row) ? row->word
							  : "";

		if (*word != '\0') {
			text = arena_printf(arena, "%s %s", text, word);
		}
	}
	return text;
}

const struct droplet *const *job_args_droplets(const struct job_args *args,
					       const struct droplet *const *droplets, size_t n,
					       struct arena *arena)
{
	struct droplet *copies;
	const struct droplet **array;

	if (args->size[0] == '\0') {
		return droplets;
	}
	copies = arena_array(arena, n + 1, sizeof(*copies));
	array = arena_array(arena, n + 1, sizeof(*array));
	for (size_t i = 0; i < n; i++) {
		copies[i] = *droplets[i];
		copies[i].size = arena_strdup(arena, args->size);
		copies[i].known |= DROPLET_KNOWS_SIZE;
		array[i] = &copies[i];
	}
	return array;
}
