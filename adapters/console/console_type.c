/* console_type.c - what the person at the terminal types, and the pace at which a script is read
 *
 * Happy path: a line is said, or its number presses a button.
 * Failure modes: a line that is too long, or is no text (refused with a sentence); the end of the input (told once).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/console/console_internal.h"
#include "base/attr.h"
#include "base/mem.h"
#include "chat/text.h"

#define LINE_MAX_BYTES 65536U
/* A script goes on: when nothing moves any more; when nobody answers; when something never ends. */
#define PACE_QUIET_MS 400
#define PACE_SILENT_MS 2500
#define PACE_STUCK_MS 180000

/* --- pace --- */

static void go_on(struct console *console)
{
	console->waits = false;
	if (console->input_ended) {
		console->input_ended = false;
		if (console->options.on_end != NULL) {
			console->options.on_end(console->options.data);
		}
	} else if (console->input != NULL) {
		input_resume(console->input);
	}
}

static void on_pace(struct timer *timer)
{
	struct console *console = timer->data;

	LIST_FOREACH(it, &console->records)
	{
		LIST_ENTRY(it, struct record, link)->under_way = false; /* stuck: wait no more */
	}
	go_on(console);
}

static bool under_way(const struct console *console)
{
	LIST_FOREACH(it, &console->records)
	{
		if (LIST_ENTRY(it, struct record, link)->under_way) {
			return true;
		}
	}
	return false;
}

static void wait_for_answer(struct console *console)
{
	if (console->options.paced && console->input != NULL) {
		console->waits = true;
		input_pause(console->input);
		timer_start(&console->pace, PACE_SILENT_MS);
	}
}

void console_type_rest(struct console *console, bool asks)
{
	if (console->waits) {
		timer_start(&console->pace,
			    under_way(console) && !asks ? PACE_STUCK_MS : PACE_QUIET_MS);
	}
}

/* --- words --- */

static struct chat_place here(const struct console *console)
{
	return (struct chat_place){.channel = console->direct ? console->user : console->channel,
				   .direct = console->direct};
}

/* The newest post with buttons that this person sees here; NULL when there is none. */
static struct record *last_question(struct console *console)
{
	const struct chat_place place = here(console);

	for (struct list *it = console->records.prev; it != &console->records; it = it->prev) {
		struct record *record = LIST_ENTRY(it, struct record, link);

		if (record->n_buttons > 0 && record->direct == place.direct &&
		    record->thread == NULL && strcmp(record->channel, place.channel) == 0 &&
		    (record->private_to == NULL ||
		     strcmp(record->private_to, console->user) == 0)) {
			return record;
		}
	}
	return NULL;
}

/* True when the line is a number and there is something to press. */
static bool press(struct console *console, const char *line)
{
	const struct chat_place place = here(console);
	size_t digits = strspn(line, "0123456789");
	struct record *record;
	unsigned long n;
	char *message, *button;

	if (digits == 0 || digits > 2 || line[digits] != '\0') {
		return false;
	}
	record = last_question(console);
	if (record == NULL) {
		return false;
	}
	n = strtoul(line, NULL, 10);
	if (n == 0 || n > record->n_buttons) {
		console_print_own(console, "There is no button with that number.");
		return true;
	}
	message = mem_strdup(record->id); /* the press may change the record */
	button = mem_strdup(record->buttons[n - 1]);
	wait_for_answer(console);
	(void)console_press(&console->chat, &place, console->user, message, button, NULL);
	free(message);
	free(button);
	return true;
}

/* The one word behind "/as" or "/in"; NULL when the line does not begin with it. "" when it is not one word. */
static const char *argument(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *rest = line + len;

	if (strncmp(line, word, len) != 0 || (*rest != ' ' && *rest != '\0')) {
		return NULL;
	}
	rest += strspn(rest, " ");
	return strlen(rest) > CHAT_ID_MAX || strpbrk(rest, " \t") != NULL ? "" : rest;
}

/* Who means a stranger says so. */
#define STRANGER "stranger"

/* A slip in a name is met with silence by all; so it is told here. */
static void tell_unknown(struct console *console, bool channel, const char *name)
{
	const struct console_options *options = &console->options;
	char text[160];

	if (options->is_known == NULL || (channel && console->direct) ||
	    options->is_known(channel, name, options->data)) {
		return;
	}
	if (!channel && strcmp(name, STRANGER) == 0) {
		if (!options->paced) {
			console_print_own(console,
					  "Where a stranger may do nothing, nobody answers.");
		}
		return;
	}
	(void)snprintf(text, sizeof(text),
		       channel ? "The policy has no channel %.40s: nobody is answered there."
			       : "The policy has no person %.40s: you are a stranger now.",
		       name);
	console_print_own(console, text);
}

/* Who wants to leave tries these; a script may say them to the bot. */
static bool wants_to_leave(struct console *console, const char *line)
{
	static const char *const words[] = {"quit", "exit", "/quit", "/exit", "bye"};

	for (size_t i = 0; i < ARRAY_LEN(words) && !console->options.paced; i++) {
		if (strcmp(line, words[i]) == 0) {
			console_print_own(console, "Ctrl-D ends it.");
			return true;
		}
	}
	return false;
}

/* The words of the demo. True when the line was one of them. */
static bool stage_direction(struct console *console, const char *line)
{
	const char *person = argument(line, "/as"), *channel = argument(line, "/in");

	if (line[0] == '#' && (line[1] == ' ' || line[1] == '\0')) {
		console_print_note(console, line);
		return true;
	}
	if (person == NULL && channel == NULL) {
		return wants_to_leave(console, line);
	}
	if (channel != NULL && channel[0] == '#') {
		channel++;
	}
	if (person != NULL && person[0] != '\0') {
		free(console->user);
		console->user = mem_strdup(person);
		tell_unknown(console, false, person);
	} else if (channel != NULL && channel[0] != '\0') {
		console->direct = strcmp(channel, "direct") == 0;
		if (!console->direct) {
			free(console->channel);
			console->channel = mem_strdup(channel);
		}
		tell_unknown(console, true, channel);
	} else {
		console_print_own(console, person != NULL ? "Say /as PERSON, one word."
							  : "Say /in CHANNEL, one word.");
	}
	return true;
}

static void say(struct console *console, const char *line)
{
	const struct chat_place place = here(console);

	wait_for_answer(console);
	(void)console_say(&console->chat, &place, console->user, line, NULL);
}

static void on_line(const char *line, size_t len, void *data)
{
	struct console *console = data;

	console->last = NULL; /* what was typed stands below it now */
	if (line[strspn(line, " \t")] == '\0' && strlen(line) == len) {
		console_print_prompt(console);
		return;
	}
	if (console->options.free_speech && strlen(line) == len && stage_direction(console, line)) {
		console_print_prompt(console);
		return;
	}
	if (strlen(line) != len || !text_is_utf8(line, len)) {
		console_print_own(console, "That line is not text (UTF-8). Nothing was done.");
		return;
	}
	if (len > CHAT_TEXT_MAX) {
		console_print_own(console, "That line is too long. Nothing was done.");
		return;
	}
	console_print_said(console, line);
	if (!press(console, line)) {
		say(console, line);
	}
	console_print_prompt(console);
}

static void on_long(size_t len, void *data)
{
	struct console *console = data;

	(void)len;
	console->last = NULL;
	console_print_own(console, "That line is too long. Nothing was done.");
}

static void on_end(void *data)
{
	struct console *console = data;

	console->input_ended = true;
	if (!console->waits) {
		go_on(console);
	}
}

int console_type_open(struct console *console, struct err *err)
{
	const struct input_options options = {.fd = console->options.in_fd,
					      .line_max = LINE_MAX_BYTES,
					      .on_line = on_line,
					      .on_long = on_long,
					      .on_end = on_end,
					      .data = console};

	timer_init(&console->pace, console->loop, on_pace, console);
	if (console->options.in_fd < 0) {
		return 0;
	}
	console->input = input_open(console->loop, &options, err);
	return console->input != NULL ? 0 : -1;
}

void console_type_start(struct console *console)
{
	console_print_prompt(console);
	if (console->input != NULL) {
		input_resume(console->input);
	}
}

void console_type_close(struct console *console)
{
	timer_stop(&console->pace);
	input_close(console->input);
	console->input = NULL;
}
