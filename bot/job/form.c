/* form.c - the form of a card that waits for its requester's code or reason (pure)
 *
 * A form only carries words: what comes back is a press like a typed one, and is judged as such.
 */
#include <string.h>

#include "base/clock.h"
#include "job/press.h"
#include "job/report.h"

#define REASON_MOST 200

static bool is_waited_for(const struct request *request, enum job_act act)
{
	enum duty_kind kind = request->asking.kind;

	return request_waits(request) && request_deadline_ms(request) > clock_wall_ms() &&
	       ((act == JOB_ACT_CODE && kind == DUTY_CODE) ||
		(act == JOB_ACT_REASON && kind == DUTY_REASON));
}

static struct request *find(const struct job_engine *engine, const struct job_press *press)
{
	LIST_FOREACH(it, &engine->requests)
	{
		struct request *request = LIST_ENTRY(it, struct request, link);

		if (strcmp(request->row.id, press->request) == 0) {
			return request;
		}
	}
	return NULL;
}

const struct chat_form *job_form(const struct job_engine *engine, const struct job_press *press,
				 struct arena *arena)
{
	struct request *request = press->request != NULL ? find(engine, press) : NULL;
	struct chat_form *form;
	struct field *field;

	if (request == NULL || press->seal == NULL || press->person == NULL ||
	    strncmp(press->seal, request->row.digest, 8) != 0 ||
	    strcmp(request->row.person, press->person) != 0 ||
	    !is_waited_for(request, press->act)) {
		return NULL;
	}
	form = arena_alloc(arena, sizeof(*form));
	field = arena_alloc(arena, sizeof(*field));
	*field = press->act == JOB_ACT_CODE ? (struct field){.kind = FORM_CODE,
							     .id = "code",
							     .label = "Your six-digit code",
							     .hint = "Nobody else sees it.",
							     .least = 6,
							     .most = 7}
					    : (struct field){.kind = FORM_TEXT,
							     .id = "reason",
							     .label = "Why?",
							     .hint = "It stands in the log.",
							     .least = 1,
							     .most = REASON_MOST};
	form->id = press_button(&request->row, press->act, arena);
	form->title = arena_printf(arena, "%s?", card_title(request, arena));
	form->send = press->act == JOB_ACT_CODE ? "Confirm" : "Send";
	form->fields = field;
	form->n_fields = 1;
	return form;
}
