/* choices.c - what a form offers while somebody types: regions, sizes and images, kept for ten minutes
 *
 * Happy path: the lists are asked for when the form opens, so they are there when the first letter is typed; what holds the
 * typed letters is offered, of the account that was chosen in the form; as long as none is, of the first one that answers. Who may
 * not make droplets here is offered nothing.
 * Failure modes: a list is not there yet: the search waits for it, and the network for us as long as it will (Slack: 3 s). It
 * does not come: nothing is offered, and the command can still be typed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/turn.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/form.h"

#define FRESH_MS (10 * 60 * 1000)
#define WAITING_MAX 16
#define TYPED_MAX 64

enum list_of { OF_REGIONS = 0, OF_SIZES, OF_IMAGES, LISTS };

struct list_kept {
	struct choices *choices;
	size_t account; /* in app->accounts */
	enum list_of of;
	struct ocean_call call;
	struct ocean *calling; /* NULL: no call is under way */
	struct arena arena;
	struct field_choice *all;
	size_t n;
	int64_t at_ms; /* clock_mono_ms; 0: never */
};

struct waiting {
	struct app_chat *from;
	char *event_id;
	enum list_of of;
	size_t account;
	bool chosen; /* that account and no other */
	char typed[TYPED_MAX];
};

struct choices {
	struct app *app; /* NULL: freed, and only calls under way are left */
	struct list_kept lists[ACCOUNTS_MAX * LISTS];
	struct waiting waiting[WAITING_MAX];
	size_t n_waiting;
};

struct choices *choices_new(struct app *app)
{
	struct choices *choices = mem_alloc(sizeof(*choices));

	choices->app = app;
	for (size_t i = 0; i < ARRAY_LEN(choices->lists); i++) {
		choices->lists[i].choices = choices;
		choices->lists[i].account = i / LISTS;
		choices->lists[i].of = (enum list_of)(i % LISTS);
	}
	return choices;
}

static void free_if_over(struct choices *choices)
{
	for (size_t i = 0; i < ARRAY_LEN(choices->lists); i++) {
		if (choices->lists[i].calling != NULL) {
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(choices->lists); i++) {
		arena_done(&choices->lists[i].arena);
	}
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
	for (size_t i = 0; i < ARRAY_LEN(choices->lists); i++) {
		if (choices->lists[i].calling != NULL) {
			ocean_cancel(choices->lists[i].calling, &choices->lists[i].call);
		}
	}
	free_if_over(choices);
}

/* ---- what fits ----------------------------------------------------------------------------------- */

static bool fits(const struct field_choice *choice, const char *typed)
{
	return strcasestr(choice->value, typed) != NULL || strcasestr(choice->label, typed) != NULL;
}

static void offer(struct app_chat *from, const char *event_id, const struct list_kept *list,
		  const char *typed)
{
	struct field_choice some[FORM_CHOICES_MAX];
	struct form_answer answer = {.choices = some};
	const struct chat_ops *ops = from->chat->ops;

	for (size_t i = 0; list != NULL && i < list->n && answer.n_choices < FORM_CHOICES_MAX;
	     i++) {
		if (fits(&list->all[i], typed)) {
			some[answer.n_choices++] = list->all[i];
		}
	}
	(void)ops->answer(from->chat, event_id, &answer);
}

static void add(struct list_kept *list, const char *slug, const char *label)
{
	if (slug == NULL || strlen(slug) > 75) {
		return; /* it has to be said by its id */
	}
	list->all[list->n].value = arena_strdup(&list->arena, slug);
	list->all[list->n++].label = label;
}

static void keep(struct list_kept *list, const struct ocean_call *call)
{
	struct arena *arena = &list->arena;

	arena_done(arena);
	list->n = 0;
	list->all = arena_array(arena, call->n_things + 1, sizeof(*list->all));
	for (size_t i = 0; i < call->n_things; i++) {
		if (call->verb == OCEAN_REGIONS && call->regions[i].available) {
			add(list, call->regions[i].slug,
			    arena_printf(arena, "%s: %s", call->regions[i].slug,
					 call->regions[i].name));
		} else if (call->verb == OCEAN_SIZES && call->sizes[i].available) {
			const struct ocean_size *size = &call->sizes[i];

			add(list, size->slug,
			    arena_printf(arena, "%s: %u CPU, %u MB, %u GB disk", size->slug,
					 size->vcpus, size->memory_mb, size->disk_gb));
		} else if (call->verb == OCEAN_IMAGES && call->image_list[i].slug != NULL) {
			const struct ocean_image *image = &call->image_list[i];

			add(list, image->slug,
			    arena_printf(arena, "%s: %s %s", image->slug,
					 image->distribution != NULL ? image->distribution : "",
					 image->name != NULL ? image->name : ""));
		}
	}
	list->at_ms = clock_mono_ms();
}

/* ---- asking ---------------------------------------------------------------------------------------- */

static void came(struct ocean_call *call, const struct err *err);

static struct list_kept *list_at(struct choices *choices, size_t account, enum list_of of)
{
	return &choices->lists[account * LISTS + of];
}

static bool is_fresh(const struct list_kept *list)
{
	return list->at_ms != 0 && clock_mono_ms() - list->at_ms < FRESH_MS;
}

static void ask(struct choices *choices, size_t account, enum list_of of)
{
	static const enum ocean_verb verbs[LISTS] = {
		[OF_REGIONS] = OCEAN_REGIONS, [OF_SIZES] = OCEAN_SIZES, [OF_IMAGES] = OCEAN_IMAGES};
	struct list_kept *list = list_at(choices, account, of);
	struct app *app = choices->app;

	if (list->calling != NULL || is_fresh(list) || account >= app->n_accounts) {
		return;
	}
	list->call = (struct ocean_call){.verb = verbs[of],
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
	offer(waiting->from, waiting->event_id, failed ? NULL : list, waiting->typed);
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
		keep(list, call);
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
	for (size_t of = 0; of < LISTS; of++) {
		ask(choices, 0, (enum list_of)of);
	}
}

static bool list_of(enum command_from from, enum list_of *ret_of)
{
	*ret_of = from == FROM_REGIONS ? OF_REGIONS : from == FROM_SIZES ? OF_SIZES : OF_IMAGES;
	return choices_offer(from);
}

bool choices_offer(enum command_from from)
{
	return from == FROM_REGIONS || from == FROM_SIZES || from == FROM_IMAGES;
}

/* The field that is searched in, where its form may be filled in by this person; FROM_NOTHING: it is none. */
static enum command_from searched(struct app_chat *from, const struct event *event)
{
	const struct command *row = form_row(event->button);
	struct command_field fields[COMMAND_FIELDS_MAX];
	struct gate_who who = {
		.network = event->place.network,
		.user_workspace = event->who.workspace,
		.user = event->who.user,
		.workspace = event->place.workspace,
		.channel = event->place.channel,
		.direct = event->place.direct,
	};
	size_t n;

	if (row == NULL || !gate_could(from->app->gate, &who, row->verb)) {
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

/* What stands in the form's own field; false: nothing, or no account of ours. */
static bool chosen_account(const struct app *app, const struct event *event, size_t *ret_account)
{
	const char *name = form_value(event, job_arg_key(ARG_ACCOUNT));

	for (size_t i = 0; i < app->n_accounts; i++) {
		if (strcmp(app->accounts[i].ocean->name, name) == 0) {
			*ret_account = i;
			return true;
		}
	}
	return false;
}

void choices_search(struct app_chat *from, const struct event *event)
{
	struct choices *choices = from->app->choices;
	enum list_of of;
	struct waiting waiting = {.from = from};

	if (!list_of(searched(from, event), &of) || strlen(event->text) >= TYPED_MAX ||
	    choices->n_waiting == WAITING_MAX) {
		offer(from, event->id, NULL, "");
		return;
	}
	waiting.of = of;
	waiting.chosen = chosen_account(from->app, event, &waiting.account);
	waiting.event_id = mem_strdup(event->id);
	(void)snprintf(waiting.typed, sizeof(waiting.typed), "%s", event->text);
	ask(choices, waiting.account, of);
	if (serve(choices, &waiting, false)) {
		choices->waiting[choices->n_waiting++] = waiting;
	}
}
