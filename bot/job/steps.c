/* steps.c - from one step of a plan to the next: done, left out, failed, and the way back
 *
 * Happy path: a step is done, its line is kept in the row, and the job is READY for the next, which asks the gate again.
 * Failure modes: a step fails: no other is done, but for the one that undoes the first (a web server is not left dark because
 * its resize failed). Its outcome is not known, or the gate says no: nothing more is sent. Each end says what was not done.
 */
#include "job/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "job/beside.h"
#include "job/internal.h"

static const char letters[] = {
	[STEP_OPEN] = ' ',     [STEP_DONE] = 'd',   [STEP_LEFT_OUT] = 's',
	[STEP_NOT_DONE] = 'n', [STEP_FAILED] = 'f', [STEP_UNKNOWN] = 'u',
};

struct step_note step_note(const char *steps, size_t step, struct arena *arena)
{
	struct step_note note = {.end = STEP_OPEN, .why = ""};
	char *rest;
	size_t len;

	for (; step > 0 && *steps != '\0'; step--) {
		steps += strcspn(steps, "\n");
		steps += *steps == '\n' ? 1 : 0;
	}
	len = strcspn(steps, "\n");
	for (size_t i = STEP_DONE; i < sizeof(letters) && len > 0; i++) {
		note.end = letters[i] == steps[0] ? (enum step_end)i : note.end;
	}
	if (len > 2) {
		note.took_ms = strtoll(steps + 2, &rest, 10);
		rest += *rest == ' ' ? 1 : 0;
		if (rest < steps + len) {
			char *why = arena_strndup(arena, rest, (size_t)(steps + len - rest));

			for (char *bar = why; (bar = strchr(bar, '|')) != NULL;) {
				*bar = '\n';
			}
			note.why = why;
		}
	}
	return note;
}

static bool has_ended(const struct job *job, size_t step, enum step_end end)
{
	struct arena arena = {0};
	bool has = step_note(job->steps, step, &arena).end == end;

	arena_done(&arena);
	return has;
}

static bool any(const struct job *job, enum step_end end)
{
	for (size_t i = 0; i < job->request->plan->n_steps; i++) {
		if (has_ended(job, i, end)) {
			return true;
		}
	}
	return false;
}

/* The step under way has ended so, and the next is at hand. */
static void take_note(struct job *job, enum step_end end, const char *why)
{
	size_t used = strlen(job->steps);
	int64_t took_ms = job->row.sent_ms > 0 ? clock_wall_ms() - job->row.sent_ms : 0;
	char line[230];
	int n;

	n = end == STEP_LEFT_OUT || end == STEP_NOT_DONE
		    ? snprintf(line, sizeof(line), "%c", letters[end])
		    : snprintf(line, sizeof(line), "%c %lld %s", letters[end],
			       (long long)(took_ms > 0 ? took_ms : 0), why);
	if (n >= (int)sizeof(line)) { /* cut at a whole character */
		n = (int)sizeof(line) - 1;
		while (n > 0 && ((unsigned char)line[n - 1] & 0x80) != 0) {
			line[--n] = '\0';
		}
	}
	for (char *end_of_line = line; (end_of_line = strchr(end_of_line, '\n')) != NULL;) {
		*end_of_line = '|';
	}
	(void)snprintf(job->steps + used, sizeof(job->steps) - used, "%s\n", line);
	job->row.step++;
}

bool step_is_so_already(const struct plan_step *step, const struct droplet *droplet)
{
	return step->unless != DROPLET_UNKNOWN && droplet->status == step->unless;
}

/* Is the step at hand not needed? droplet NULL: only what needs no look. */
static bool is_left_out(const struct job *job, const struct droplet *droplet)
{
	const struct plan_step *step = job_step(job);

	return (step->way_back && !has_ended(job, 0, STEP_DONE)) ||
	       (step->if_project && job->request->args.project[0] == '\0') ||
	       (droplet != NULL && step_is_so_already(step, droplet));
}

bool steps_skip(struct job *job, const struct droplet *droplet)
{
	while (job_step(job) != NULL && is_left_out(job, droplet)) {
		take_note(job, STEP_LEFT_OUT, "");
	}
	return job_step(job) == NULL;
}

/* ---- on ------------------------------------------------------------------------------------ */

static void next_step(struct job *job, const struct err *err)
{
	(void)err;
	card_show(job->request);
	job_run(job);
}

static void go_on(struct job *job, struct store_txn *txn)
{
	job->last_action_id = job->row.action_id;
	job->row.action_id = 0;
	job->row.sent_ms = 0;
	job->row.deadline_ms = clock_wall_ms() + READY_MS;
	job->until_ms = clock_mono_ms() + READY_MS;
	job->busy_since_ms = 0;
	job->tries = 0;
	job_say(job, "%s", "");
	job_move(job, JOB_READY, txn, next_step);
}

const char *job_past(const struct job *job, struct arena *arena)
{
	const struct plan_step *step = job_step(job);

	return step != NULL && step->past != NULL ? step->past
						  : report_past(job->request->plan, arena);
}

void steps_done(struct job *job)
{
	if (job->request->plan->n_steps > 1) {
		take_note(job, STEP_DONE, job->request->plan->makes ? job->found : "");
		if (!steps_skip(job, NULL)) {
			go_on(job, NULL);
			return;
		}
	}
	steps_finish(job, NULL);
}

void steps_not_needed(struct job *job, struct store_txn *txn)
{
	take_note(job, STEP_LEFT_OUT, "");
	if (steps_skip(job, NULL)) {
		steps_finish(job, txn);
	} else {
		go_on(job, txn);
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

static void add_line(struct job *job, const char *line)
{
	size_t used = strlen(job->outcome);

	(void)snprintf(job->outcome + used, sizeof(job->outcome) - used, "\n%s", line);
}

/* What the droplet was seen to be after the last step that was done, or that it needed no step for. */
static enum droplet_status status_after(const struct job *job)
{
	const struct plan *plan = job->request->plan;
	enum droplet_status status = plan->steps[plan->n_steps - 1].expect;

	if (plan->n_steps > 1) {
		status = DROPLET_UNKNOWN;
	}
	for (size_t i = 0; i < plan->n_steps && plan->n_steps > 1; i++) {
		if (has_ended(job, i, STEP_DONE)) {
			status = plan->steps[i].expect;
		} else if (has_ended(job, i, STEP_LEFT_OUT) && !plan->steps[i].way_back) {
			status = plan->steps[i].unless;
		} else if (has_ended(job, i, STEP_LEFT_OUT) && has_ended(job, 0, STEP_DONE)) {
			status = plan->steps[i].unless; /* somebody else did it */
		}
	}
	return status;
}

static void add_status(struct job *job)
{
	enum droplet_status status = status_after(job);
	struct arena arena = {0};

	if (status != DROPLET_UNKNOWN) {
		add_line(job,
			 arena_printf(&arena, "It is %s at DigitalOcean.", report_status(status)));
	}
	arena_done(&arena);
}

/* The first failure stands before all else, whatever came after it. */
static void say_failed(struct job *job, const char *last)
{
	const struct plan *plan = job->request->plan;
	struct arena arena = {0};
	const char *why = "";
	const char *first;

	for (size_t i = 0; i < plan->n_steps && *why == '\0'; i++) {
		struct step_note note = step_note(job->steps, i, &arena);

		why = note.end == STEP_FAILED ? note.why : "";
	}
	first = arena_printf(&arena, "%s was NOT %s.", job->row.droplet_name,
			     report_past(plan, &arena));
	if (strncmp(why, first, strlen(first)) == 0) { /* it says so itself */
		job_say(job, "%s", why);
	} else {
		job_say(job, "%s\n%s", first, why);
	}
	if (last != NULL) {
		add_line(job, "And the way back failed:");
		add_line(job, last);
	} else {
		add_status(job);
	}
	arena_done(&arena);
}

void steps_note_live(struct job *job, const struct droplet *droplet)
{
	const struct plan *plan = job->request->plan;

	if (plan->n_steps == 1 && plan->steps[0].proof == PROOF_SNAPSHOT) {
		(void)snprintf(job->steps, sizeof(job->steps), "%s",
			       droplet->status == DROPLET_OFF ? "" : STEPS_WAS_ON);
	}
}

/* Its address, which the row of its first step kept, and what is not known of it yet. */
static void say_made(struct job *job)
{
	const struct request *request = job->request;
	struct arena arena = {0};
	struct step_note note = step_note(job->steps, 0, &arena);

	job_say(job, "%s %s in %s", request->plan->done, job->row.droplet_name,
		report_time(clock_wall_ms() - report_began_ms(&request->row, &job->row), &arena));
	if (note.why[0] != '\0') {
		add_line(job, note.why);
	}
	if (request->args.project[0] != '\0') {
		add_line(job, arena_printf(&arena, "In project %s.", request->args.project));
	}
	add_line(job, request->plan->remark);
	arena_done(&arena);
}

static void say_done(struct job *job)
{
	const struct request *request = job->request;
	const struct plan *plan = request->plan;
	struct arena arena = {0};
	const char *took =
		report_time(clock_wall_ms() - report_began_ms(&request->row, &job->row), &arena);
	struct beside beside;

	job_say(job, "%s %s%s%s in %s", plan->done, job->row.droplet_name,
		plan->joins != NULL ? plan->joins : "",
		plan->joins != NULL ? job_args_thing(&request->args)
				    : job_args_change(&request->args, &arena),
		took);
	if (job->link.from[0] != '\0') {
		add_line(job, arena_printf(&arena, "It was moved from %s.", job->link.from));
	}
	if (job->found[0] != '\0') {
		add_line(job, job->found);
	}
	if (strcmp(job->steps, STEPS_WAS_ON) == 0) {
		add_line(job, "It was on: what was not written to\nits disk yet may be missing.");
	}
	add_status(job);
	if (request->args.disk) {
		add_line(job, "Its disk grew: that cannot be undone.");
	}
	if (beside_read(job->row.beside, &arena, &beside)) {
		const char *left = beside_left(&beside, plan->beside_goes, &arena);

		if (*left != '\0') {
			add_line(job, left);
		}
	}
	if (plan->remark != NULL && (plan->n_steps == 1 || status_after(job) == DROPLET_ACTIVE)) {
		add_line(job, plan->remark);
	}
	arena_done(&arena);
}

void steps_finish(struct job *job, struct store_txn *txn)
{
	if (any(job, STEP_FAILED)) {
		say_failed(job, NULL);
		job_over(job, JOB_FAILED, txn);
	} else {
		if (job->request->plan->makes) {
			say_made(job);
		} else {
			say_done(job);
		}
		job_over(job, JOB_DONE, txn);
	}
}

/* The step that undoes the first, if that was done and this is not it; 0: none. */
static size_t way_back(const struct job *job)
{
	const struct plan *plan = job->request->plan;

	for (size_t i = job->row.step + 1; i < plan->n_steps; i++) {
		if (plan->steps[i].way_back && has_ended(job, 0, STEP_DONE)) {
			return i;
		}
	}
	return 0;
}

/* "Nothing ran" is only half the truth after a step that did. */
static void say_what_is_left(struct job *job)
{
	static const char nothing[] = "Nothing ran";
	char rest[sizeof(job->outcome)];

	if (any(job, STEP_DONE) && strncmp(job->outcome, nothing, sizeof(nothing) - 1) == 0) {
		(void)snprintf(rest, sizeof(rest), "%s", job->outcome + sizeof(nothing) - 1);
		job_say(job, "Nothing more ran%s", rest);
	}
}

/* The first line says what is true of the whole. */
static void say_where_it_stopped(struct job *job, const char *why)
{
	const struct plan *plan = job->request->plan;
	const char *name = job->row.droplet_name;
	struct arena arena = {0};

	if (job_step(job)->way_back) {
		job_say(job, "%s was %s, but is not as before.\n%s", name,
			report_past(plan, &arena), why);
	} else if (strstr(why, " was NOT ") == NULL && strncmp(why, "Nothing ", 8) != 0) {
		job_say(job, "%s was NOT %s.\n%s", name, report_past(plan, &arena), why);
	}
	arena_done(&arena);
}

/* It is there and stays, whatever became of what was to be done with it next. */
static void say_made_only(struct job *job, enum job_state to)
{
	const char *name = job->row.droplet_name;
	char why[sizeof(job->outcome)];
	struct arena arena = {0};
	struct step_note note = step_note(job->steps, 0, &arena);

	(void)snprintf(why, sizeof(why), "%s", job->outcome);
	if (to == JOB_UNKNOWN) {
		job_say(job, "%s was created.\n%s", name, why);
	} else {
		job_say(job, "%s was created, but NOT put\ninto project %s.\n%s", name,
			job->request->args.project, why);
	}
	if (note.why[0] != '\0') {
		add_line(job, note.why);
	}
	arena_done(&arena);
}

bool steps_end(struct job *job, enum job_state to, struct store_txn *txn)
{
	bool failed_before = any(job, STEP_FAILED);
	size_t back = to == JOB_FAILED || to == JOB_EXPIRED ? way_back(job) : 0;
	char why[sizeof(job->outcome)];

	if (job->request->plan->n_steps < 2 || job_step(job) == NULL) {
		return false;
	}
	if (job->request->plan->makes && any(job, STEP_DONE)) {
		say_made_only(job, to);
		if (job->row.sent_ms > 0 && to != JOB_DENIED) {
			take_note(job, to == JOB_UNKNOWN ? STEP_UNKNOWN : STEP_FAILED, "");
		}
		return false;
	}
	say_what_is_left(job);
	(void)snprintf(why, sizeof(why), "%s", job->outcome);
	if (back > 0) {
		take_note(job, STEP_FAILED, why);
		while (job->row.step < back) {
			take_note(job, STEP_NOT_DONE, "");
		}
		go_on(job, txn);
		return true;
	}
	if (failed_before) {
		say_failed(job, why);
	} else if (to == JOB_FAILED && !job->request->plan->makes) {
		say_where_it_stopped(job, why);
	}
	if (job->row.sent_ms > 0 && to != JOB_DENIED) { /* else it was not begun */
		take_note(job, to == JOB_UNKNOWN ? STEP_UNKNOWN : STEP_FAILED, why);
	}
	return false;
}
