/* form.h - what a row takes, as fields: for the grammar of what is said with names, for help, and for a form that a chat shows
 *
 * A form is only another way to say the same sentence: it is filled in, written as text by command_form_text, and goes the way
 * of everything that is typed (grammar, gate, jobs). So a form knows nothing of networks, and no network knows of arguments.
 */
#ifndef COMMAND_FORM_H
#define COMMAND_FORM_H

#include "command/command.h"

enum command_field_kind {
	FIELD_TEXT = 0,
	FIELD_ONE,  /* of what `from` lists; typed words are fine too */
	FIELD_MANY, /* several of these, at most `most` */
	FIELD_FLAG, /* yes or no */
};

struct command_field {
	const char *key;   /* "region"; of the first field "name" */
	const char *label; /* "Region" */
	const char *help;  /* one line */
	enum command_field_kind kind;
	enum command_from from; /* where its choices come from; FROM_NOTHING: it is typed */
	bool optional;
	size_t max_bytes; /* of its text, without an end */
	size_t most;      /* words in it */
	enum job_arg arg; /* ARG_NONE: the names */
};

#define COMMAND_FIELDS_MAX (COMMAND_ARGS_MAX + 1)

/* The fields of a row that takes a new droplet, in the order of a form; 0: the row has no form. */
size_t command_form(const struct command *row, struct command_field ret_fields[COMMAND_FIELDS_MAX]);

/*
 * The sentence that a filled form stands for; in the arena. values: a text for each field, NULL or "" for what was left out; of a
 * flag anything but "" is yes, of FIELD_MANY words with commas between them. -1 and ERR_USAGE: a value has what no word may have
 * (a space, a quote, a line's end), is too long, or one that must be there is missing; *ret_field is which.
 */
int command_form_text(const struct command *row, const char *const *values, struct arena *arena,
		      const char **ret_text, size_t *ret_field, struct err *err);

/* The grammar of such a row: names, then arguments by their keys. parse->words becomes the names, each once. */
int command_take_new(struct command_parse *parse, struct arena *arena, struct err *err);
/* Was any argument said? Else it may be talk: "create a ticket". */
bool command_new_is_meant(const struct command_parse *parse);

#endif
