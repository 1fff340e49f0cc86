/* choices.c - what a form offers while somebody types: regions, sizes, images, keys, tags, networks, projects and templates
 *
 * Happy path: what every droplet needs is asked for when the form opens, so it is there when the first letter is typed; the rest
 * when its field is looked into. What holds the typed letters is offered, of the account that was chosen in the form; as long as
 * none is, of the first one that answers where all accounts have the same, else nothing. Who may not make droplets here, or not
 * see a list, is offered nothing of it; where the field takes more than what is listed, what was typed is offered itself.
 * Failure modes: a list is not there yet: the search waits for it, and the network for us as long as it will (Slack: 3 s). It
 * does not come: nothing is offered but what was typed, and the command can still be typed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/choices_lists.h"
#include "app/create.h"
#include "app/templates.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/form.h"

#define WAITING_MAX 16
#define TYPED_MAX 64
#define REGION_MAX 34

struct list_kept {
	struct choices *choices;
	size_t account; /* in app->accounts */
	enum choices_of of;
	struct ocean_call call;
	struct ocean *calling; /* NULL: no call is under way */
	struct arena arena;
	const struct choices_one *all;
	size_t n;
	int64_t at_ms; /* clock_mono_ms; 0: never */
};

struct waiting {
	struct app_chat *from;
	char *event_id;
	enum choices_of of;
	size_t account;
	bool chosen; /* that account and no other */
	char typed[TYPED_MAX];
	char region[REGION_MAX]; /* chosen in the form; "": none */
};

struct choices {
	struct app *app;         /* NULL: freed, and only calls under way are left */
	struct list_kept *lists; /* of each account, CHOICES_LISTS */
	size_t n_lists;
	struct waiting waiting[WAITING_MAX];
	size_t n_waiting;
};

struct choices *choices_new(struct app *app)
{
	struct choices *choices = mem_alloc(sizeof(*choices));

	choices->app = app;
	choices->n_lists = (app->n_accounts > 0 ? app->n_accounts : 1) * CHOICES_LISTS;
	choices->lists = mem_array(choices->n_lists, sizeof(*choices->lists));
	for (size_t i = 0; i < choices->n_lists; i++) {
		choices->lists[i].choices = choices;
		choices->lists[i].account = i / CHOICES_LISTS;
		choices->lists[i].of = (enum choices_of)(i % CHOICES_LISTS);
	}
	return choices;
}

static void free_if_over(struct choices *choices)
{
	for (size_t i = 0; i < choices->n_lists; i++) {
		if (choices->lists[i].calling != NULL) {
			return;
		}
	}
	for (size_t i = 0; i < choices->n_lists; i++) {
		arena_done(&choices->lists[i].arena);
	}
	free(choices->lists);
	free(choices);
}

void choices_free(struct choices *choices)
{
	if (choices == NULL) {
		return;
	}
	choices->app = NULL;
	for (size_t i = 0; i < choices->n_waiting; i++) {
		free(choices->waiting[i].event_id);
	}
	for (size_t i = 0; i < choices->n_lists; i++) {
		if (choices->lists[i].calling != NULL) {
			ocean_cancel(choices->lists[i].calling, &choices->lists[i].call);
		}
	}
	free_if_over(choices);
}

/* ---- what fits ----------------------------------------------------------------------------------- */

static bool fits(const struct choices_one *one, const char *typed, const char *region)
{
	return (strcasestr(one->choice.value, typed) != NULL ||
		strcasestr(one->choice.label, typed) != NULL) &&
	       (*region == '\0' || one->region == NULL || strcmp(one->region, region) == 0);
}

static bool is_offered(const struct form_answer *answer, const char *word)
{
	for (size_t i = 0; i < answer->n_choices; i++) {
		if (strcmp(answer->choices[i].value, word) == 0) {
			return true;
		}
	}
	return false;
}

/* What fits of n; open: and what was typed, as a choice of its own. */
static void offer(const struct waiting *waiting, const struct choices_one *all, size_t n, bool open)
{
	struct field_choice some[FORM_CHOICES_MAX];
	struct form_answer answer = {.choices = some};
	struct chat *chat = waiting->from->chat;
	const char *typed = waiting->typed;
	char label[TYPED_MAX + 16];

	for (size_t i = 0; i < n && answer.n_choices < FORM_CHOICES_MAX - 1; i++) {
		if (fits(&all[i], typed, waiting->region)) {
			some[answer.n_choices++] = all[i].choice;
		}
	}
	if (open && *typed != '\0' && strpbrk(typed, " ,") == NULL && !is_offered(&answer, typed)) {
		(void)snprintf(label, sizeof(label), "%s (as typed)", typed);
		some[answer.n_choices++] = (struct field_choice){typed, label};
	}
	(void)chat->ops->answer(chat, waiting->event_id, &answer);
}

/* ---- asking ---------------------------------------------------------------------------------------- */

static void came(struct ocean_call *call, const struct err *err);

static struct list_kept *list_at(struct choices *choices, size_t account, enum choices_of of)
{
	return &choices->lists[account * CHOICES_LISTS + of];
}

static bool is_fresh(const struct list_kept *list)
{
	return list->at_ms != 0 && clock_mono_ms() - list->at_ms < choices_rows[list->of].fresh_ms;
}

static void ask(struct choices *choices, size_t account, enum choices_of of)
{
	struct app *app = choices->app;
	struct list_kept *list;

	if (account >= app->n_accounts) {
		return;
	}
	list = list_at(choices, account, of);
	if (list->calling != NULL || is_fresh(list)) {
		return;
	}
	list->call = (struct ocean_call){.verb = choices_rows[of].ocean,
					 .images = OCEAN_IMAGES_DISTRIBUTIONS,
					 .max_tier = TIER_READ,
					 .interactive = true,
					 .done = came,
					 .data = list};
	list->calling = app->accounts[account].ocean;
	ocean_start(list->calling, &list->call);
}

/* Answers it when its list is there; that did not come: the next account's, where none was chosen. True: it still waits. */
static bool serve(struct choices *choices, struct waiting *waiting, bool failed)
{
	struct list_kept *list = list_at(choices, waiting->account, waiting->of);

	while (failed && !waiting->chosen && waiting->account + 1 < choices->app->n_accounts) {
		waiting->account++;
		ask(choices, waiting->account, waiting->of);
		list = list_at(choices, waiting->account, waiting->of);
		failed = false;
	}
	if (list->calling != NULL) {
		return true;
	}
	offer(waiting, list->all, failed ? 0 : list->n, choices_rows[waiting->of].open);
	free(waiting->event_id);
	return false;
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct list_kept *list = call->data;
	struct choices *choices = list->choices;

	list->calling = NULL;
	if (choices->app == NULL) {
		free_if_over(choices);
		return;
	}
	if (err == NULL) {
		arena_done(&list->arena);
		list->n = choices_read(call, &list->arena, &list->all);
		list->at_ms = clock_mono_ms();
	} else {
		log_line(LOG_WARN, "form.choices", "why", err->msg, NULL);
	}
	for (size_t i = 0; i < choices->n_waiting;) {
		struct waiting *waiting = &choices->waiting[i];

		if (waiting->of != list->of || waiting->account != list->account ||
		    serve(choices, waiting, err != NULL)) {
			i++;
		} else {
			*waiting = choices->waiting[--choices->n_waiting];
		}
	}
}

void choices_prepare(struct choices *choices)
{
	for (size_t of = 0; of < CHOICES_LISTS; of++) {
		if (choices_rows[of].early) {
			ask(choices, 0, (enum choices_of)of);
		}
	}
}

bool choices_offer(enum command_from from)
{
	enum choices_of of;

	return from == FROM_TEMPLATES || choices_find(from, &of);
}

/* ---- searches -------------------------------------------------------------------------------------- */

static struct gate_who who_of(const struct event *event)
{
	return (struct gate_who){
		.network = event->place.network,
		.user_workspace = event->who.workspace,
		.user = event->who.user,
		.workspace = event->place.workspace,
		.channel = event->place.channel,
		.direct = event->place.direct,
	};
}

/* The field that is searched in, where its form may be filled in by this person; FROM_NOTHING: it is none. */
static enum command_from searched(const struct app *app, const struct event *event,
				  const struct command *row)
{
	const struct gate_who who = who_of(event);
	struct command_field fields[COMMAND_FIELDS_MAX];
	size_t n;

	if (row == NULL || !gate_could(app->gate, &who, row->verb)) {
		return FROM_NOTHING;
	}
	n = command_form(row, fields);
	for (size_t i = 0; i < n; i++) {
		if (event->field != NULL && strcmp(fields[i].key, event->field) == 0) {
			return fields[i].from;
		}
	}
	return FROM_NOTHING;
}

/* What stands in the form's own field; false: nothing, or no account that this person is offered. */
static bool chosen_account(const struct app *app, const struct event *event,
			   const struct command *row, size_t *ret_account)
{
	const struct gate_who who = who_of(event);
	const char *name = form_value(event, job_arg_key(ARG_ACCOUNT));
	struct arena arena;
	const char *const *names;
	size_t n;
	bool found = false;

	arena_init(&arena);
	n = create_accounts(app, &who, row->verb, &arena, &names);
	for (size_t i = 0; i < app->n_accounts; i++) {
		const char *is = app->accounts[i].ocean->name;

		for (size_t k = 0; k < n && strcmp(is, name) == 0; k++) {
			if (strcmp(names[k], is) == 0) {
				*ret_account = i;
				found = true;
			}
		}
	}
	arena_done(&arena);
	return found;
}

static void offer_templates(const struct app *app, const struct waiting *waiting)
{
	struct arena arena;
	struct choices_one *all;
	const char *const *names;
	size_t n;

	arena_init(&arena);
	names = templates_list(app->user_data, &arena, &n);
	all = arena_array(&arena, n + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		all[i].choice = (struct field_choice){names[i], names[i]};
	}
	offer(waiting, all, n, false);
	arena_done(&arena);
}

/* May this person be told of that list, and is it clear of which account? */
static bool may_offer(const struct app *app, const struct event *event,
		      const struct waiting *waiting)
{
	const struct choices_row *row = &choices_rows[waiting->of];
	const struct gate_who who = who_of(event);

	return (row->verb == VERB_NONE || gate_could(app->gate, &who, row->verb)) &&
	       (waiting->chosen || !row->of_account);
}

void choices_search(struct app_chat *from, const struct event *event)
{
	struct app *app = from->app;
	struct choices *choices = app->choices;
	const struct command *row = form_row(event->button);
	enum command_from field = searched(app, event, row);
	char *event_id = mem_strdup(event->id);
	struct waiting waiting = {.from = from, .event_id = event_id};

	(void)snprintf(waiting.typed, sizeof(waiting.typed), "%s",
		       strlen(event->text) < TYPED_MAX ? event->text : "");
	(void)snprintf(waiting.region, sizeof(waiting.region), "%.*s", REGION_MAX - 1,
		       form_value(event, job_arg_key(ARG_REGION)));
	if (field == FROM_TEMPLATES) {
		offer_templates(app, &waiting);
	} else if (!choices_find(field, &waiting.of) || strlen(event->text) >= TYPED_MAX) {
		offer(&waiting, NULL, 0, false);
	} else {
		waiting.chosen =
			app->n_accounts == 1 || chosen_account(app, event, row, &waiting.account);
		if (may_offer(app, event, &waiting) && choices->n_waiting < WAITING_MAX) {
			ask(choices, waiting.account, waiting.of);
			if (serve(choices, &waiting, false)) {
				choices->waiting[choices->n_waiting++] = waiting;
			}
			return; /* it is answered, or will be */
		}
		offer(&waiting, NULL, 0, choices_rows[waiting.of].open);
	}
	free(event_id);
}
