/* pending.c - what waits, for whom: lines that fit on a phone, with buttons for what waits for the reader */
#include <string.h>

#include "base/clock.h"
#include "job/press.h"
#include "job/report.h"

#define SHOWN_MAX 12
#define BUTTONS_MAX 8

struct reader {
	const struct job_engine *engine;
	const struct gate_who *who;
	const char *person;
	const struct droplet *const *visible;
	size_t n_visible;
	struct build *build;
	size_t n_shown, n_more, n_buttons;
};

static bool is_mine(const struct reader *reader, const struct request *request)
{
	return reader->person != NULL && request->row.person[0] != '\0' &&
	       strcmp(request->row.person, reader->person) == 0;
}

static bool is_visible(const struct reader *reader, const struct store_job *job)
{
	for (size_t i = 0; i < reader->n_visible; i++) {
		if (reader->visible[i]->id == job->droplet_id &&
		    strcmp(reader->visible[i]->account, job->account) == 0) {
			return true;
		}
	}
	return false;
}

static bool all_visible(const struct reader *reader, const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (!is_visible(reader, &request->jobs[i].row)) {
			return false;
		}
	}
	return request->n_jobs > 0;
}

static const char *what_of(const struct reader *reader, const struct request *request)
{
	return request->n_jobs == 1
		       ? arena_printf(reader->build->arena, "%s %s", request->plan->infinitive,
				      request->jobs[0].row.droplet_name)
		       : arena_printf(reader->build->arena, "%s %zu droplets",
				      request->plan->infinitive, request->n_jobs);
}

static void button(struct reader *reader, const struct request *request, enum job_act act,
		   const char *label)
{
	struct arena *arena = reader->build->arena;

	if (reader->n_buttons < BUTTONS_MAX) {
		reader->n_buttons++;
		build_button(reader->build, press_button(&request->row, act, arena),
			     arena_printf(arena, "%s %.4s", label, request->row.id), BUTTON_PLAIN);
	}
}

/* Who besides the reader could approve: "chen", "others"; NULL: nobody, or not to be told here. */
static const char *approver_besides(const struct reader *reader, const struct request *request)
{
	const struct asking *asking = &request->asking;
	const char *one = NULL;

	if (!gate_shows(reader->engine->options.gate, reader->who, "who")) {
		return NULL;
	}
	for (size_t i = 0; i < asking->n_approvers; i++) {
		const char *person = asking->approvers[i].person;

		if (reader->person == NULL || strcmp(person, reader->person) != 0) {
			one = one == NULL ? person : "others";
		}
	}
	return one;
}

/* What the reader can do about it, or who can. */
static const char *for_whom(struct reader *reader, const struct request *request)
{
	struct arena *arena = reader->build->arena;
	bool mine = is_mine(reader, request);

	switch (request->asking.kind) {
	case DUTY_CONFIRM:
		if (mine) {
			button(reader, request, JOB_ACT_CONFIRM, "Confirm");
		}
		return mine ? "*you* to confirm" : "a confirmation";
	case DUTY_CODE:
		if (mine && card_forms(request)) {
			button(reader, request, JOB_ACT_CODE, "Enter code");
		}
		return mine ? "*your* code" : "a code";
	case DUTY_REASON:
		if (mine && card_forms(request)) {
			button(reader, request, JOB_ACT_REASON, "Say why");
		}
		return mine ? "*you* to say why" : "a reason";
	case DUTY_APPROVALS:
		if (request_asks(request, reader->person)) {
			const char *besides = approver_besides(reader, request);

			button(reader, request, JOB_ACT_APPROVE, "Approve");
			return besides != NULL
				       ? arena_printf(arena, "*you* or %s to approve", besides)
				       : "*you* to approve";
		}
		break;
	case DUTY_NONE:
		return "its turn";
	}
	if (request->asking.n_approvers == 0 ||
	    !gate_shows(reader->engine->options.gate, reader->who, "who")) {
		return "an approval";
	}
	return request->asking.n_approvers == 1
		       ? request->asking.approvers[0].person
		       : arena_printf(arena, "%s or %s", request->asking.approvers[0].person,
				      request->asking.n_approvers == 2
					      ? request->asking.approvers[1].person
					      : "others");
}

/* In line for a droplet: its place, and what is before it. */
static void place(struct reader *reader, const struct request *request, int64_t left_ms)
{
	struct arena *arena = reader->build->arena;
	struct queue_place at = queue_place(request);
	struct report_queue queue = {.n_before = at.n_before};

	if (is_mine(reader, request)) {
		button(reader, request, JOB_ACT_CANCEL, "Cancel");
	}
	build_line(reader->build, "  %s%s%s, %s", report_place(&queue, arena),
		   at.behind != NULL ? " behind " : "",
		   at.behind != NULL ? report_noun(at.behind->request->plan) : "",
		   report_within(left_ms, arena));
}

static void line(struct reader *reader, const struct request *request)
{
	struct build *build = reader->build;
	int64_t left_ms = request_deadline_ms(request) - clock_wall_ms();
	bool by = gate_shows(reader->engine->options.gate, reader->who, "who") &&
		  !is_mine(reader, request);
	const char *whom;

	build_line(build, "`%s` %s%s%s", arena_strndup(build->arena, request->row.id, 8),
		   what_of(reader, request), by ? ", by " : "", by ? request->row.person : "");
	if (request_queued(request)) {
		place(reader, request, left_ms);
		return;
	}
	whom = for_whom(reader, request);
	if (strncmp(whom, "*you", 4) == 0) { /* the marks of a line are ours alone */
		size_t n = strcspn(whom + 1, "*");

		build_line(build, "  waits for *%s*%s, %s",
			   arena_strndup(build->arena, whom + 1, n), whom + n + 2,
			   report_within(left_ms, build->arena));
	} else {
		build_line(build, "  waits for %s, %s", whom, report_within(left_ms, build->arena));
	}
}

/* Of the droplets that this person may see here; what is locked besides is nobody's business. */
static void locks(struct reader *reader, const struct droplet *const *visible, size_t n_visible)
{
	struct build *build = reader->build;
	size_t n = 0;

	for (size_t i = 0; i < n_visible; i++) {
		const struct store_lock *lock = job_lock_of(reader->engine, visible[i]);

		if (lock == NULL || n++ > SHOWN_MAX) {
			continue;
		}
		if (n == 1) {
			build_line(build, "*What is locked*");
		}
		if (n > SHOWN_MAX) {
			build_line(build, "and more: `show NAME` tells");
			continue;
		}
		build_line(build, "%s", lock->droplet_name);
		build_line(build, "  %s",
			   job_lock_words(reader->engine, visible[i], reader->who, build->arena));
	}
}

void job_pending(struct job_engine *engine, const struct gate_who *who, const char *person,
		 const struct job_pending_view *view, struct build *build)
{
	struct reader reader = {engine, who, person, view->visible, view->n_visible, build,
				0,      0,   0};

	bool all_known = true;

	LIST_FOREACH(it, &engine->requests)
	{
		const struct request *request = LIST_ENTRY(it, struct request, link);

		/* after a restart the gate has not said yet who is asked */
		all_known =
			all_known && !(request_waits(request) && request->asking.kind == DUTY_NONE);
		if (!request_rests(request) ||
		    !(is_mine(&reader, request) || request_asks(request, person) ||
		      (view->others && all_visible(&reader, request)))) {
			continue;
		}
		if (reader.n_shown == SHOWN_MAX) {
			reader.n_more++;
			continue;
		}
		if (reader.n_shown++ == 0) {
			build_line(build, "*What waits*");
		}
		line(&reader, request);
	}
	if (!all_known) {
		build_line(build, "I do not know yet all that waits:");
		build_line(build, "ask again in a moment.");
	} else if (reader.n_shown == 0) {
		build_line(build, "Nothing waits.");
	} else if (reader.n_more > 0) {
		build_line(build, "and %zu more", reader.n_more);
	}
	locks(&reader, view->visible, view->n_visible);
}
