/* form_row.c - the form of a command's row: opened where the command was said without a word more, and read back as a sentence
 *
 * Happy path: "create" alone, on a network that opens forms, opens the row's form; what is sent becomes the sentence that could
 * have been typed, and goes the way of all sentences: grammar, gate, jobs. Failure modes: a value that no word may be: said beside
 * its field. The row is no row any more: the form has expired.
 */
#include <string.h>

#include "app/create.h"
#include "command/form.h"

#define PREFIX "w." /* a form's id: "w.create" */

const struct command *form_row(const char *id)
{
	struct command_field fields[COMMAND_FIELDS_MAX];
	size_t n;
	const struct command *rows = command_rows(&n);

	for (size_t i = 0; i < n && id != NULL && strncmp(id, PREFIX, strlen(PREFIX)) == 0; i++) {
		if (strcmp(rows[i].phrases[0], id + strlen(PREFIX)) == 0 &&
		    command_form(&rows[i], fields) > 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static struct field field_of(struct turn *turn, const struct command_field *from)
{
	static const struct field_choice yes[] = {{"yes", "yes"}, {"no", "no"}};
	struct field field = {
		.kind = choices_offer(from->from) ? FORM_SEARCH : FORM_TEXT,
		.id = from->key,
		.label = from->label,
		.hint = from->help,
		.optional = from->optional,
		.several = from->kind == FIELD_MANY ? (unsigned)from->most : 0,
		.steers = from->from == FROM_ACCOUNTS || from->from == FROM_REGIONS,
		.most = (unsigned)(from->max_bytes < FORM_VALUE_MAX ? from->max_bytes
								    : FORM_VALUE_MAX),
	};

	if (from->kind == FIELD_FLAG) {
		field.kind = FORM_SELECT;
		field.choices = yes;
		field.n_choices = 2;
	} else if (from->from == FROM_ACCOUNTS) {
		const char *const *names;
		size_t n = create_accounts(turn->app, &turn->who, turn->parse.row->verb,
					   &turn->arena, &names);
		struct field_choice *choices = arena_array(&turn->arena, n + 1, sizeof(*choices));

		for (size_t i = 0; i < n; i++) {
			choices[i] = (struct field_choice){names[i], names[i]};
		}
		field.kind = FORM_SELECT;
		field.choices = choices;
		field.n_choices = n;
		field.optional = false; /* it is there only where there are several */
	}
	return field;
}

/* "Create" */
static const char *verb_title(const struct command *row, struct arena *arena)
{
	char *title = arena_strdup(arena, row->phrases[0]);

	title[0] = (char)(title[0] >= 'a' && title[0] <= 'z' ? title[0] - 'a' + 'A' : title[0]);
	return title;
}

/* Does the row have a form that this person may fill in, here, and was nothing but its phrase said? */
static bool has_form(const struct turn *turn)
{
	const struct command *row = turn->parse.row; /* NULL: too long, no row was looked for */
	struct command_field fields[COMMAND_FIELDS_MAX];

	return row != NULL && turn->parse.n_words == 0 && command_form(row, fields) > 0 &&
	       post_queue_can(turn->from->queue, CHAT_FORMS) &&
	       gate_could(turn->app->gate, &turn->who, row->verb);
}

const char *form_row_button(struct turn *turn)
{
	return has_form(turn) ? buttons_add(turn->app->buttons, turn->parse.row->phrases[0]) : NULL;
}

bool form_open_row(struct turn *turn)
{
	const struct command *row = turn->parse.row;
	struct command_field from[COMMAND_FIELDS_MAX];
	struct field fields[COMMAND_FIELDS_MAX];
	struct chat *chat = turn->from->chat;
	struct chat_form form = {.fields = fields};
	size_t n;

	if (turn->opens == NULL || !has_form(turn)) {
		return false;
	}
	n = command_form(row, from);
	for (size_t i = 0; i < n && turn->app->n_accounts > 1; i++) {
		if (from[i].from == FROM_ACCOUNTS) { /* first: what the others offer hangs on it */
			fields[form.n_fields++] = field_of(turn, &from[i]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (from[i].from != FROM_ACCOUNTS) {
			fields[form.n_fields++] = field_of(turn, &from[i]);
		}
	}
	form.id = arena_printf(&turn->arena, PREFIX "%s", row->phrases[0]);
	form.title = verb_title(row, &turn->arena);
	form.send = form.title;
	choices_prepare(turn->app->choices);
	chat->ops->open_form(chat, turn->opens, &form);
	return true;
}

/* "web-9 web-10" in a field of several is "web-9,web-10"; of a flag "no" is nothing. */
static const char *value_of(struct turn *turn, const struct command_field *field,
			    const struct event *event)
{
	const char *text = form_value(event, field->key);
	char *joined;

	if (field->kind == FIELD_FLAG) {
		return strcmp(text, "yes") == 0 ? text : NULL;
	}
	if (field->kind != FIELD_MANY) {
		return text + strspn(text, " ");
	}
	joined = arena_strdup(&turn->arena, text + strspn(text, " ,"));
	for (char *c = joined; *c != '\0'; c++) {
		if (*c == ' ') { /* "a, b" has one comma */
			*c = ',';
		}
	}
	for (char *c = joined; *c != '\0';) {
		if (c[0] == ',' && (c[1] == ',' || c[1] == '\0')) {
			memmove(c, c + 1, strlen(c));
		} else {
			c++;
		}
	}
	return joined;
}

const char *form_row_text(struct turn *turn, const struct event *event)
{
	const struct command *row = form_row(event->button);
	struct command_field fields[COMMAND_FIELDS_MAX];
	const char *values[COMMAND_FIELDS_MAX];
	const char *text = NULL;
	struct err err = {0};
	size_t wrong = 0;
	size_t n;

	if (row == NULL) {
		turn_say(turn, true, words_expired_button(&turn->arena));
		return NULL;
	}
	n = command_form(row, fields);
	for (size_t i = 0; i < n; i++) {
		values[i] = value_of(turn, &fields[i], event);
	}
	if (command_form_text(row, values, &turn->arena, &text, &wrong, &err) < 0) {
		form_wrong(turn, fields[wrong].key,
			   arena_printf(&turn->arena, "%s Nothing ran.",
					words_sentence(&turn->arena, err.msg)));
		return NULL;
	}
	return text;
}
