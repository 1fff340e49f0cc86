/* form.c - what is said with names: "create web-{1..3} region fra1 size s-1vcpu-1gb image debian-12-x64 tags a,b" (pure) */
#include "command/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ocean/value.h"

/* ---- names --------------------------------------------------------------------------------- */

struct names {
	const char *names[OCEAN_CREATE_MAX];
	size_t n;
};

static int add_name(struct names *to, const char *name, struct err *err)
{
	if (!value_is_host_name(name) || strchr("-.", name[0]) != NULL) {
		return err_set(err, ERR_USAGE,
			       "\"%.40s\" is not a name: letters, digits, dots and dashes", name);
	}
	if (strspn(name, "0123456789") == strlen(name)) { /* it would be taken for an id */
		return err_set(err, ERR_USAGE, "a name has a letter, \"%.40s\" has none", name);
	}
	for (size_t i = 0; i < to->n; i++) {
		if (strcasecmp(to->names[i], name) == 0) {
			return err_set(err, ERR_USAGE, "\"%.40s\" stands twice", name);
		}
	}
	if (to->n == OCEAN_CREATE_MAX) {
		return err_set(err, ERR_LIMIT, "at most %d droplets at once", OCEAN_CREATE_MAX);
	}
	to->names[to->n++] = name;
	return 0;
}

/* "web-{1..3}": both numbers, of at most four digits. False: there is no such range in it. */
static bool find_range(const char *word, unsigned long *ret_from, unsigned long *ret_to,
		       const char **ret_open, const char **ret_behind)
{
	const char *open = strchr(word, '{');
	size_t n = open != NULL ? strspn(open + 1, "0123456789") : 0;
	const char *dots = open != NULL ? open + 1 + n : NULL;
	size_t m =
		n > 0 && n <= 4 && strncmp(dots, "..", 2) == 0 ? strspn(dots + 2, "0123456789") : 0;

	if (m == 0 || m > 4 || dots[2 + m] != '}') {
		return false;
	}
	*ret_from = strtoul(open + 1, NULL, 10);
	*ret_to = strtoul(dots + 2, NULL, 10);
	*ret_open = open;
	*ret_behind = dots + 2 + m + 1;
	return true;
}

static int add_names(struct names *to, const char *word, struct arena *arena, struct err *err)
{
	unsigned long first, last;
	const char *open, *behind;

	if (strchr(word, '{') == NULL) {
		return add_name(to, word, err);
	}
	if (!find_range(word, &first, &last, &open, &behind) || first > last) {
		return err_set(err, ERR_USAGE, "\"%.40s\" is no range, say: web-{1..3}", word);
	}
	for (unsigned long i = first; i <= last; i++) {
		const char *name =
			arena_printf(arena, "%.*s%lu%s", (int)(open - word), word, i, behind);

		if (add_name(to, name, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* ---- arguments ----------------------------------------------------------------------------- */

static const struct command_arg *arg_of(const struct command *row, const char *word)
{
	for (size_t i = 0; i < COMMAND_ARGS_MAX && row->args[i].arg != ARG_NONE; i++) {
		if (strcasecmp(job_arg_key(row->args[i].arg), word) == 0) {
			return &row->args[i];
		}
	}
	return NULL;
}

/* The words behind a key up to the next one: of a list all of them, else there is one. */
static int take_arg(struct command_parse *parse, const struct command_arg *arg,
		    const char *const *words, size_t n, size_t *at, struct arena *arena,
		    struct err *err)
{
	const char *key = job_arg_key(arg->arg);
	const char *value = NULL;

	if (job_arg_is_flag(arg->arg)) {
		return job_arg_set(&parse->args, arg->arg, key, err);
	}
	while (*at < n && arg_of(parse->row, words[*at]) == NULL) {
		if (value != NULL && !job_arg_is_list(arg->arg)) {
			return err_set(err, ERR_USAGE,
				       "\"%.40s\" is too much. What may be said: help %s",
				       words[*at], parse->row->phrases[0]);
		}
		value = value != NULL ? arena_printf(arena, "%s,%s", value, words[*at])
				      : words[*at];
		(*at)++;
	}
	if (value == NULL) {
		return err_set(err, ERR_USAGE, "what %s? Say: %s %s", key, key,
			       job_arg_word(arg->arg));
	}
	return job_arg_set(&parse->args, arg->arg, value, err);
}

static bool is_given(const struct command_parse *parse, enum job_arg arg, const bool *given)
{
	for (size_t i = 0; i < COMMAND_ARGS_MAX; i++) {
		if (parse->row->args[i].arg == arg) {
			return given[i];
		}
	}
	return false;
}

static int check_given(const struct command_parse *parse, const bool *given, struct arena *arena,
		       struct err *err)
{
	const char *missing = "";

	for (size_t i = 0; i < COMMAND_ARGS_MAX && parse->row->args[i].arg != ARG_NONE; i++) {
		const struct command_arg *arg = &parse->row->args[i];

		if (!arg->optional && !job_arg_is_flag(arg->arg) &&
		    !is_given(parse, arg->arg, given)) {
			missing = arena_printf(arena, "%s %s %s", missing, job_arg_key(arg->arg),
					       job_arg_word(arg->arg));
		}
	}
	return *missing == '\0' ? 0 : err_set(err, ERR_USAGE, "say also:%s", missing);
}

int command_take_new(struct command_parse *parse, struct arena *arena, struct err *err)
{
	struct names *to = arena_alloc(arena, sizeof(*to));
	const char *const *words = parse->words;
	size_t n = parse->n_words;
	size_t at = 0;
	bool given[COMMAND_ARGS_MAX] = {false};

	for (; at < n && arg_of(parse->row, words[at]) == NULL; at++) {
		if (strcasecmp(words[at], "and") == 0) {
			continue;
		}
		if (add_names(to, words[at], arena, err) < 0) {
			return -1;
		}
	}
	while (at < n) {
		const struct command_arg *arg = arg_of(parse->row, words[at++]);
		size_t i = (size_t)(arg - parse->row->args);

		if (given[i]) {
			return err_set(err, ERR_USAGE, "\"%s\" stands twice",
				       job_arg_key(arg->arg));
		}
		given[i] = true;
		if (take_arg(parse, arg, words, n, &at, arena, err) < 0) {
			return -1;
		}
	}
	if (to->n == 0) {
		return err_set(err, ERR_USAGE, "which name? Say: %s %s", parse->row->phrases[0],
			       command_usage(parse->row, arena));
	}
	if (check_given(parse, given, arena, err) < 0) {
		return -1;
	}
	parse->words = to->names;
	parse->n_words = to->n;
	return 0;
}

bool command_new_is_meant(const struct command_parse *parse)
{
	for (size_t i = 0; i < parse->n_words; i++) {
		const struct command_arg *arg = arg_of(parse->row, parse->words[i]);

		if (arg != NULL && !arg->optional && !job_arg_is_flag(arg->arg)) {
			return true;
		}
	}
	return false;
}

/* ---- forms --------------------------------------------------------------------------------- */

size_t command_form(const struct command *row, struct command_field ret_fields[COMMAND_FIELDS_MAX])
{
	size_t n = 0;

	if (row->takes != TAKES_NEW) {
		return 0;
	}
	ret_fields[n++] = (struct command_field){.key = "name",
						 .label = "Name",
						 .help = "web-9, or web-{1..3}",
						 .max_bytes = OCEAN_NAME_MAX,
						 .most = OCEAN_CREATE_MAX};
	for (size_t i = 0; i < COMMAND_ARGS_MAX && row->args[i].arg != ARG_NONE; i++) {
		const struct command_arg *arg = &row->args[i];
		bool flag = job_arg_is_flag(arg->arg);
		bool list = job_arg_is_list(arg->arg);

		ret_fields[n++] = (struct command_field){
			.key = job_arg_key(arg->arg),
			.label = arg->label,
			.help = arg->help,
			.kind = flag                        ? FIELD_FLAG
				: list                      ? FIELD_MANY
				: arg->from != FROM_NOTHING ? FIELD_ONE
							    : FIELD_TEXT,
			.from = arg->from,
			.optional = arg->optional || flag,
			.max_bytes = flag ? 3 : job_arg_size(arg->arg) - 1,
			.most = list ? JOB_ARGS_LIST : 1,
			.arg = arg->arg,
		};
	}
	return n;
}

static int check_value(const struct command_field *field, const char *value, struct err *err)
{
	if (*value == '\0') {
		return field->optional ? 0 : err_set(err, ERR_USAGE, "%s is missing", field->key);
	}
	if (strlen(value) > field->max_bytes) {
		return err_set(err, ERR_USAGE, "%s is too long", field->key);
	}
	for (const char *c = value; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"'`()!?;", *c) != NULL) {
			return err_set(err, ERR_USAGE, "%s has what no word may have", field->key);
		}
	}
	return 0;
}

int command_form_text(const struct command *row, const char *const *values, struct arena *arena,
		      const char **ret_text, size_t *ret_field, struct err *err)
{
	struct command_field fields[COMMAND_FIELDS_MAX];
	size_t n = command_form(row, fields);
	const char *text = row->phrases[0];

	if (n == 0) {
		*ret_field = 0;
		return err_set(err, ERR_USAGE, "\"%s\" has no form", row->phrases[0]);
	}
	for (size_t i = 0; i < n; i++) {
		const char *value = values[i] != NULL ? values[i] : "";

		if (check_value(&fields[i], value, err) < 0) {
			*ret_field = i;
			return -1;
		}
		if (*value == '\0') {
			continue;
		}
		if (fields[i].arg != ARG_NONE) {
			text = arena_printf(arena, "%s %s", text, fields[i].key);
		}
		if (fields[i].kind != FIELD_FLAG) {
			text = arena_printf(arena, "%s %s", text, value);
		}
	}
	*ret_text = text;
	return 0;
}
