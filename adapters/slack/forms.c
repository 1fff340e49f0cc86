/* forms.c - modals: opened on the trigger of what somebody just did, and what comes back from them
 *
 * Happy path: a press or a command brings a trigger, which is kept for as long as Slack takes it (3 s); views.open follows at once.
 * The modal carries a random word and nothing else; what it is for, where and for whom stays here. What is sent becomes an event
 * in the place where the form was opened. What is chosen in a field that steers others is told at once and kept here, because a
 * search comes without it (bolt-js issue 1146).
 * Failure modes: the trigger ran out, or Slack refuses the modal: the person is told that nothing ran. We were restarted, or the
 * form is older than what is kept: said beside its field. Somebody else's word, or another app's: no event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/view.h"
#include "base/clock.h"
#include "base/mem.h"

#define TICKETS_MAX 64
#define TRIGGER_MAX 128
#define TRIGGER_MS 3000
#define OPEN_MAX 256 /* forms; the oldest makes room */
#define OPEN_MS (60 * 60 * 1000)
#define MARK_LEN 26
#define STEERS_MAX 4 /* fields of a form that others hang on */
#define FIELD_ID_MAX 40
#define CHOICE_MAX 76
#define EXPIRED "This form has expired. Nothing ran. Please open it again."

struct spot {
	char channel[ID_MAX], thread[ID_MAX], user[ID_MAX];
	char message[2 * ID_MAX];
	bool direct;
};

struct ticket {
	char trigger[TRIGGER_MAX + 1];
	struct spot at;
	int64_t at_ms; /* clock_mono_ms */
};

struct opened {
	char mark[MARK_LEN + 1]; /* "": free */
	char form[CHAT_ID_MAX + 1];
	struct spot at;
	int64_t at_ms;
	struct rest_call *call; /* views.open is under way */
	struct chosen {
		char field[FIELD_ID_MAX]; /* "": free */
		char value[CHOICE_MAX];
	} chosen[STEERS_MAX];
};

struct forms {
	size_t next_ticket, next_opened;
	struct ticket tickets[TICKETS_MAX]; /* rings */
	struct opened opened[OPEN_MAX];
};

void forms_init(struct slack_adapter *s)
{
	s->forms = mem_table(sizeof(*s->forms));
}

void forms_free(struct slack_adapter *s)
{
	mem_table_free(s->forms, sizeof(*s->forms));
}

/* ---- tickets ------------------------------------------------------------------------------------ */

static void keep(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from != NULL ? from : "");
}

void forms_ticket(struct heard *heard)
{
	struct forms *forms = heard->s->forms;
	const char *trigger = json_string_or(heard->payload, "trigger_id", "");
	struct ticket *ticket = &forms->tickets[forms->next_ticket % TICKETS_MAX];
	const struct event *event = &heard->event;

	if (*trigger == '\0' || strlen(trigger) > TRIGGER_MAX) {
		return;
	}
	forms->next_ticket++;
	memset(ticket, 0, sizeof(*ticket));
	keep(ticket->trigger, sizeof(ticket->trigger), trigger);
	keep(ticket->at.channel, sizeof(ticket->at.channel), event->place.channel);
	keep(ticket->at.thread, sizeof(ticket->at.thread), event->place.thread);
	keep(ticket->at.user, sizeof(ticket->at.user), event->who.user);
	keep(ticket->at.message, sizeof(ticket->at.message), event->message);
	ticket->at.direct = event->place.direct;
	ticket->at_ms = clock_mono_ms();
	heard->event.opens = trigger;
}

static const struct ticket *find_ticket(const struct forms *forms, const char *trigger)
{
	for (size_t i = 0; i < TICKETS_MAX; i++) {
		const struct ticket *ticket = &forms->tickets[i];

		if (strcmp(ticket->trigger, trigger) == 0) {
			return ticket;
		}
	}
	return NULL;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static struct opened *find_opened(struct forms *forms, const char *mark)
{
	for (size_t i = 0; i < OPEN_MAX && *mark != '\0'; i++) {
		struct opened *opened = &forms->opened[i];

		if (strcmp(opened->mark, mark) == 0) {
			return clock_mono_ms() - opened->at_ms < OPEN_MS ? opened : NULL;
		}
	}
	return NULL;
}

static void make_mark(char mark[MARK_LEN + 1])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char bytes[MARK_LEN];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		abort(); /* a word that can be guessed is no mark */
	}
	for (size_t i = 0; i < MARK_LEN; i++) {
		mark[i] = letters[bytes[i] % 32];
	}
	mark[MARK_LEN] = '\0';
}

/* Only they see it: in the channel, or in our conversation, which Slack finds by their id too. */
static void tell(struct slack_adapter *s, const struct spot *at, const char *why)
{
	const char *direct = direct_find(s, at->user);
	const char *channel = !at->direct ? at->channel : direct != NULL ? direct : at->user;
	struct rest_ask ask = {.method = at->direct ? "chat.postMessage" : "chat.postEphemeral"};
	char words[400];
	struct strbuf out;

	(void)snprintf(words, sizeof(words),
		       "The form could not be opened: %.250s. Nothing ran. Please press again.",
		       why);
	strbuf_init(&out, 4096);
	(void)strbuf_adds(&out, "{\"channel\":");
	json_add_string(&out, channel);
	if (!at->direct) {
		(void)strbuf_adds(&out, ",\"user\":");
		json_add_string(&out, at->user);
	}
	if (at->thread[0] != '\0') {
		(void)strbuf_adds(&out, ",\"thread_ts\":");
		json_add_string(&out, at->thread);
	}
	(void)strbuf_adds(&out, ",\"parse\":\"none\",\"mrkdwn\":false,\"text\":");
	json_add_string(&out, words);
	(void)strbuf_addch(&out, '}');
	ask.json = out.buf;
	(void)rest_start(s, &ask);
	strbuf_done(&out);
}

static void on_opened(struct rest_call *call, const struct json *answer,
		      const struct trouble *trouble)
{
	struct slack_adapter *s = call->ask.data;
	struct opened *opened = NULL;

	(void)answer;
	for (size_t i = 0; i < OPEN_MAX && opened == NULL; i++) {
		opened = s->forms->opened[i].call == call ? &s->forms->opened[i] : NULL;
	}
	if (opened == NULL) {
		return; /* many others came since */
	}
	opened->call = NULL;
	if (trouble != NULL && !s->closing) {
		/* an answer that got lost: it may be open, and stays good */
		if (trouble->err.kind != ERR_UNKNOWN && trouble->err.kind != ERR_TIMEOUT) {
			opened->mark[0] = '\0';
		}
		tell(s, &opened->at, trouble->err.msg);
	}
}

void forms_open(struct chat *chat, const char *opens, const struct chat_form *form)
{
	struct slack_adapter *s = CONTAINER_OF(chat, struct slack_adapter, chat);
	struct forms *forms = s->forms;
	const struct ticket *ticket = find_ticket(forms, opens);
	struct rest_ask ask = {.method = "views.open", .timeout_ms = PHASE_MS, .done = on_opened};
	struct opened *opened = &forms->opened[forms->next_opened % OPEN_MAX];
	struct strbuf out;

	if (ticket == NULL || s->closing || strlen(form->id) > CHAT_ID_MAX) {
		return;
	}
	if (clock_mono_ms() - ticket->at_ms >= TRIGGER_MS) {
		tell(s, &ticket->at, "Slack waits 3 s for it, and they were over");
		return;
	}
	forms->next_opened++;
	memset(opened, 0, sizeof(*opened));
	make_mark(opened->mark);
	keep(opened->form, sizeof(opened->form), form->id);
	opened->at = ticket->at;
	opened->at_ms = clock_mono_ms();
	strbuf_init(&out, 128 * 1024);
	(void)strbuf_adds(&out, "{\"trigger_id\":");
	json_add_string(&out, opens);
	(void)strbuf_adds(&out, ",\"view\":");
	view_render(form, opened->mark, &out);
	(void)strbuf_addch(&out, '}');
	ask.json = out.buf;
	ask.data = s;
	opened->call = rest_start(s, &ask);
	strbuf_done(&out);
}

/* ---- what comes back ------------------------------------------------------------------------------ */

/* The app's own modal, in the hands of who opened it; NULL: it is none, or not known any more. */
static struct opened *opened_of(struct heard *heard)
{
	const struct json *p = heard->payload;
	const char *app = json_string_or(p, "api_app_id", "");
	const struct json *view = json_member(p, "view");
	struct opened *opened;

	if (!json_is_object(view) ||
	    (heard->s->app[0] != '\0' && strcmp(app, heard->s->app) != 0)) {
		return NULL;
	}
	opened = find_opened(heard->s->forms, json_string_or(view, "private_metadata", ""));
	return opened != NULL && strcmp(opened->at.user,
					heard_id(json_member(p, "user"), "id", "UW")) == 0
		       ? opened
		       : NULL;
}

static void set_event(struct heard *heard, const struct opened *opened, enum event_kind kind)
{
	struct event *event = &heard->event;
	const char *team = heard_id(json_member(heard->payload, "user"), "team_id", "TE");

	event->kind = kind;
	event->place = (struct chat_place){
		.network = heard->s->chat.ops->name,
		.workspace = heard->s->workspace,
		.channel = opened->at.channel,
		.thread = opened->at.thread[0] != '\0' ? opened->at.thread : NULL,
		.direct = opened->at.direct,
	};
	event->who.user = opened->at.user;
	event->who.display = opened->at.user;
	heard_home(heard, *team != '\0' ? team : "?");
	event->message = opened->at.message[0] != '\0' ? opened->at.message : NULL;
	event->button = opened->form;
	event->addressed = true;
	event->id = heard->key;
}

/* Something was chosen in a field that steers others: it is kept for their searches. No event. */
static void on_chosen(struct heard *heard)
{
	struct opened *opened = opened_of(heard);
	const struct json *action = json_array_at(json_member(heard->payload, "actions"), 0);
	const char *field = json_is_object(action) ? json_string_or(action, "block_id", "") : "";
	struct chosen *at = NULL;

	if (opened == NULL || *field == '\0' || strlen(field) >= FIELD_ID_MAX) {
		return;
	}
	for (size_t i = 0; i < STEERS_MAX; i++) {
		struct chosen *one = &opened->chosen[i];

		if (strcmp(one->field, field) == 0 || (at == NULL && one->field[0] == '\0')) {
			at = one;
		}
	}
	if (at != NULL) {
		const char *value = filled_value(heard, action);

		keep(at->field, sizeof(at->field), field);
		keep(at->value, sizeof(at->value), strlen(value) < CHOICE_MAX ? value : "");
	}
}

static void expired(struct heard *heard, const struct json *view)
{
	const struct form_answer answer = {.wrong = EXPIRED};
	struct strbuf out;

	heard->first = json_is_object(view)
			       ? json_string_or(json_array_at(json_member(view, "blocks"), 0),
						"block_id", "")
			       : "";
	strbuf_init(&out, 8192);
	view_taken(&answer, heard->first, &out);
	heard->reply = strbuf_detach(&out);
	strbuf_done(&out);
}

static bool on_sent(struct heard *heard)
{
	const struct json *p = heard->payload;
	const struct json *view = json_member(p, "view");
	const struct opened *opened = opened_of(heard);
	const char *first;

	if (opened == NULL) {
		expired(heard, view);
		return false;
	}
	first = json_string_or(json_array_at(json_member(view, "blocks"), 0), "block_id", "");
	set_event(heard, opened, EVENT_FORM);
	filled_read(heard, view);
	heard->first = first;
	(void)snprintf(heard->key, sizeof(heard->key), "f|%s|%s|%.120s", opened->at.user,
		       opened->mark, json_string_or(p, "trigger_id", "-"));
	return true;
}

static bool on_search(struct heard *heard)
{
	const struct json *p = heard->payload;
	const struct opened *opened = opened_of(heard);
	const char *typed = json_string_or(p, "value", "");

	if (opened == NULL || strlen(typed) > FORM_VALUE_MAX) {
		heard->reply = mem_strdup("{\"options\":[]}");
		return false;
	}
	set_event(heard, opened, EVENT_SEARCH);
	for (size_t i = 0; i < STEERS_MAX; i++) {
		filled_add(heard, opened->chosen[i].field, opened->chosen[i].value);
	}
	heard->event.field = json_string_or(p, "block_id", "");
	heard->event.text = typed;
	(void)snprintf(heard->key, sizeof(heard->key), "o|%s|%u", opened->mark,
		       ++heard->s->n_searches);
	return true;
}

static void on_closed(struct heard *heard)
{
	struct opened *opened = opened_of(heard);

	if (opened != NULL) {
		opened->mark[0] = '\0';
	}
}

/* A global shortcut says the words of its callback_id, where its person and we are alone. */
static bool on_shortcut(struct heard *heard)
{
	const struct json *p = heard->payload;
	const char *app = json_string_or(p, "api_app_id", heard->s->app);
	const char *user = heard_id(json_member(p, "user"), "id", "UW");
	const char *team = heard_id(json_member(p, "user"), "team_id", "TE");
	const char *words = json_string_or(p, "callback_id", "");

	if (strncmp(words, SLACK_SHORTCUT_SAYS, strlen(SLACK_SHORTCUT_SAYS)) != 0 ||
	    strlen(words) > 200 || strcmp(app, heard->s->app) != 0 ||
	    *json_string_or(p, "trigger_id", "") == '\0' || !heard_place(heard, "D", user)) {
		return false;
	}
	heard_home(heard, *team != '\0' ? team : "?");
	heard->event.kind = EVENT_TEXT;
	heard->event.addressed = true;
	heard->text = mem_strdup(words + strlen(SLACK_SHORTCUT_SAYS));
	heard->event.text = heard->text;
	(void)snprintf(heard->key, sizeof(heard->key), "g|%s|%.120s", user,
		       json_string_or(p, "trigger_id", ""));
	forms_ticket(heard);
	return true;
}

bool forms_heard(struct heard *heard, const char *type)
{
	if (strcmp(type, "view_submission") == 0) {
		return on_sent(heard);
	}
	if (strcmp(type, "block_suggestion") == 0) {
		return on_search(heard);
	}
	if (strcmp(type, "shortcut") == 0) {
		return on_shortcut(heard);
	}
	if (strcmp(type, "block_actions") == 0) {
		on_chosen(heard);
	}
	if (strcmp(type, "view_closed") == 0) {
		on_closed(heard);
	}
	return false;
}
