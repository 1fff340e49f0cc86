/* form.c - forms that people fill in: what comes back is what they could have typed, and goes the same way
 *
 * Happy path: a button that asks for a code or a reason opens its form; what is sent becomes a press, or a sentence; what is wrong
 * with it stands beside the field, and the form closes when it was taken.
 * Failure modes: the network had to be answered before we knew: what was wrong is said in a message. It is nobody's form any
 * more, or somebody else's: the press says so, as of any button.
 */
#include <string.h>

#include "app/turn.h"
#include "chat/text.h"

#define WORDS_MAX 2000

static bool asks_by_form(enum job_act act)
{
	return act == JOB_ACT_CODE || act == JOB_ACT_REASON;
}

bool form_open(struct turn *turn, const struct event *event, const struct job_press *press)
{
	struct chat *chat = turn->from->chat;
	struct job_press mine = *press;
	const struct chat_form *form;

	if (!asks_by_form(press->act) || press->text != NULL || event->opens == NULL ||
	    !post_queue_can(turn->from->queue, CHAT_FORMS)) {
		return false;
	}
	mine.person = turn->person;
	form = job_form(turn->app->engine, &mine, &turn->arena);
	if (form == NULL) {
		return false;
	}
	chat->ops->open_form(chat, event->opens, form);
	return true;
}

/* ---- what was sent ------------------------------------------------------------------------------ */

const char *form_value(const struct event *event, const char *id)
{
	for (size_t i = 0; i < event->n_values; i++) {
		if (strcmp(event->values[i].id, id) == 0) {
			return event->values[i].text;
		}
	}
	return "";
}

void form_wrong(struct turn *turn, const char *field, const char *why)
{
	struct build build;

	turn->wrong_field = field;

	build_init(&build, &turn->arena, TONE_BAD);
	build_line(&build, "%s", why);
	turn_say(turn, true, build_end(&build));
}

/* As the grammar would have it, had it been typed. */
static const char *reason_of(struct turn *turn, const char *text)
{
	struct command_parse parse;

	(void)command_parse(arena_printf(&turn->arena, "because %s", text), NULL, &turn->arena,
			    &parse, NULL);
	return parse.reason;
}

static const char *code_of(struct turn *turn, const char *text)
{
	char *digits = arena_strdup(&turn->arena, text);
	size_t n = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c != ' ') {
			digits[n++] = *c;
		}
	}
	digits[n] = '\0';
	return codes_like(digits) ? digits : NULL;
}

bool form_sent(struct turn *turn, const struct event *event, struct job_press *press)
{
	press->unseen = true;
	press->text = NULL;
	if (press->act == JOB_ACT_CODE) {
		press->text = code_of(turn, form_value(event, "code"));
	} else if (press->act == JOB_ACT_REASON) {
		press->text = reason_of(turn, form_value(event, "reason"));
	}
	if (press->text == NULL) {
		form_wrong(turn, NULL,
			   press->act == JOB_ACT_CODE ? "A code has six digits. Nothing ran."
						      : "Please say why. Nothing ran.");
	}
	return press->text != NULL;
}

/* ---- the word about it --------------------------------------------------------------------------- */

static bool answer(struct turn *turn, const char *why)
{
	struct chat *chat = turn->from->chat;
	const struct form_answer word = {.wrong = why, .field = turn->wrong_field};

	turn->fills = false;
	return chat->ops->answer(chat, turn->event_id, &word);
}

bool form_says(struct turn *turn, const struct message *message)
{
	const struct text_style style = {.columns = 0};
	struct strbuf out;
	bool said;

	if (!turn->fills || message->tone != TONE_BAD || message->n_buttons > 0) {
		return false; /* the form closes, and a message says it */
	}
	strbuf_init(&out, WORDS_MAX);
	text_render(message, &style, &out);
	for (char *c = out.buf; *c != '\0'; c++) {
		*c = (char)(*c == '\n' ? ' ' : *c);
	}
	said = answer(turn, out.buf);
	strbuf_done(&out);
	return said;
}

void form_end(struct turn *turn)
{
	if (turn->fills) {
		(void)answer(turn, NULL);
	}
}
