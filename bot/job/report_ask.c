/* report_ask.c - the card while people are asked: what would be done, what is missing, until when (pure) */
#include <string.h>

#include "chat/build.h"
#include "job/beside.h"
#include "job/press.h"
#include "job/report.h"

#define NAMES_MAX 10

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

const char *report_title(const struct report *report, struct arena *arena)
{
	const char *verb = report->plan->infinitive;

	const char *change = report_change(report, arena);

	return report->n_jobs == 1 ? arena_printf(arena, "%c%s %s%s", upper(verb[0]), verb + 1,
						  report->jobs[0].droplet_name, change)
				   : arena_printf(arena, "%c%s %zu droplets%s", upper(verb[0]),
						  verb + 1, report->n_jobs, change);
}

static const char *names_of_jobs(const struct report *report, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < report->n_jobs && i < NAMES_MAX; i++) {
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
				    report->jobs[i].droplet_name);
	}
	if (report->n_jobs > NAMES_MAX) {
		text = arena_printf(arena, "%s and %zu more", text, report->n_jobs - NAMES_MAX);
	}
	return text;
}

/* Rounded up: who reads "within 1 min" has less than that, and some. */
const char *report_within(int64_t ms, struct arena *arena)
{
	return arena_printf(arena, "within %lld min",
			    (long long)(ms > 60000 ? (ms + 59999) / 60000 : 1));
}

/* "ana or chen" */
static const char *names_of(const struct report_ask *ask, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < ask->n_names && i < NAMES_MAX; i++) {
		text = arena_printf(arena, "%s%s%s", text,
				    i == 0                  ? ""
				    : i + 1 == ask->n_names ? " or "
							    : ", ",
				    ask->names[i]);
	}
	return ask->n_names > NAMES_MAX ? arena_printf(arena, "%s or others", text) : text;
}

static const char *many(unsigned n, struct arena *arena)
{
	return n == 1 ? "an approval" : arena_printf(arena, "%u approvals", n);
}

static void who_may(const struct report *report, struct build *build, struct arena *arena)
{
	const struct report_ask *ask = report->ask;
	const char *within = report_within(ask->until_ms - report->now_ms, arena);
	unsigned left = ask->n > ask->n_given ? ask->n - ask->n_given : 1;

	if (ask->n_given > 0 && ask->given != NULL && ask->shows_who) {
		build_line(build, "%u of %u approved by %s.", ask->n_given, ask->n, ask->given);
	} else if (ask->n_given > 0) {
		build_line(build, "%u of %u approved.", ask->n_given, ask->n);
	}
	build_line(build, "It needs %s %s.", many(left, arena), within);
	if (ask->n_names == 0) {
		build_line(build, "But nobody could give it now.");
	} else if (ask->shows_who) {
		build_line(build, "From: %s", names_of(ask, arena));
	}
}

static void question(const struct report *report, struct build *build, struct arena *arena)
{
	const struct report_ask *ask = report->ask;
	const char *within = report_within(ask->until_ms - report->now_ms, arena);

	switch (ask->kind) {
	case DUTY_NONE:
		return;
	case DUTY_REASON:
		if (report->forms) {
			build_line(build, "Please say why %s.", within);
			return;
		}
		build_line(build, "Why? Answer %s:", within);
		build_line(build, "`because ...`");
		return;
	case DUTY_CONFIRM:
		build_line(build, "Confirm %s.", within);
		return;
	case DUTY_CODE:
		if (report->forms) {
			build_line(build, "It needs your six-digit code");
			build_line(build, "%s.", within);
			return;
		}
		build_line(build, report->request->direct ? "Answer with your six-digit code"
							  : "Send me your six-digit code");
		build_line(build, "%s%s.", report->request->direct ? "" : "in a direct message, ",
			   within);
		return;
	case DUTY_APPROVALS:
		who_may(report, build, arena);
		return;
	}
}

static void button(const struct report *report, struct build *build, enum job_act act,
		   const char *label, enum button_style style, struct arena *arena)
{
	build_button(build, press_button(report->request, act, arena), label, style);
}

static void buttons(const struct report *report, struct build *build, bool to_cancel,
		    struct arena *arena)
{
	bool danger = report_no_way_back(report);

	if (report->ask->kind == DUTY_CONFIRM) {
		button(report, build, JOB_ACT_CONFIRM, "Confirm",
		       danger ? BUTTON_DANGER : BUTTON_MAIN, arena);
	} else if (report->ask->kind == DUTY_CODE && report->forms) {
		button(report, build, JOB_ACT_CODE, "Enter code",
		       danger ? BUTTON_DANGER : BUTTON_MAIN, arena);
	} else if (report->ask->kind == DUTY_REASON && report->forms) {
		button(report, build, JOB_ACT_REASON, "Say why", BUTTON_MAIN, arena);
	} else if (report->ask->kind == DUTY_APPROVALS) {
		button(report, build, JOB_ACT_APPROVE, "Approve",
		       danger ? BUTTON_DANGER : BUTTON_MAIN, arena);
		button(report, build, JOB_ACT_REFUSE, "Deny", BUTTON_PLAIN, arena);
	}
	if (to_cancel) {
		button(report, build, JOB_ACT_CANCEL, "Cancel", BUTTON_PLAIN, arena);
	}
}

/* What each of them is, and what belongs to it. */
static void beside_lines(const struct report *report, struct build *build, struct arena *arena)
{
	for (size_t i = 0; i < report->n_jobs; i++) {
		const struct store_job *job = &report->jobs[i];
		struct beside beside;

		if (beside_read(job->beside, arena, &beside)) {
			if (report->n_jobs > 1) {
				build_line(build, "*%s*", job->droplet_name);
			}
			beside_ask(build, &beside, job->droplet_id, report->plan->beside_goes,
				   arena);
		}
	}
}

/* What it is about: the same in the card and in the messages that ring. */
static void subject(const struct report *report, struct build *build, bool asker,
		    struct arena *arena)
{
	const struct store_request *row = report->request;

	build_line(build, "*%s?*", report_title(report, arena));
	if (report->n_jobs > 1) {
		build_line(build, "%s", names_of_jobs(report, arena));
	}
	report_detail(report, build, arena);
	report_loss(report, build, arena);
	beside_lines(report, build, arena);
	if (asker && report->ask->shows_who && row->person[0] != '\0') {
		build_line(build, "%s asks.", row->person);
	}
	if (row->reason[0] != '\0') {
		build_line(build, "Because: %s", row->reason);
	}
}

void report_question(const struct report *report, struct build *build, struct arena *arena)
{
	if (report->ask->note != NULL) {
		build_line(build, "%s", report->ask->note);
	}
	subject(report, build, report->ask->kind == DUTY_APPROVALS, arena);
	question(report, build, arena);
	build_line(build, "_Decision %s_", report->request->id);
	buttons(report, build, true, arena);
}

const struct message *report_ask_code(const struct report *report, struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_WAIT);
	subject(report, &build, false, arena);
	build_line(&build, "Answer with your six-digit code");
	build_line(&build, "%s.", report_within(report->ask->until_ms - report->now_ms, arena));
	button(report, &build, JOB_ACT_CANCEL, "Cancel", BUTTON_PLAIN, arena);
	return build_end(&build);
}

const struct message *report_ask_approvers(const struct report *report, struct arena *arena)
{
	const struct report_ask *ask = report->ask;
	size_t n_ids = ask->n_ids < NAMES_MAX ? ask->n_ids : NAMES_MAX;
	struct build build;

	build_init(&build, arena, TONE_WAIT);
	subject(report, &build, true, arena);
	if (n_ids == 0 && ask->shows_who && ask->n_names > 0) {
		build_line(&build, "%s: please approve", names_of(ask, arena));
		build_line(&build, "%s.", report_within(ask->until_ms - report->now_ms, arena));
	} else {
		build_line(&build, "Please approve %s.",
			   report_within(ask->until_ms - report->now_ms, arena));
		for (size_t i = n_ids; i > 0; i--) { /* each goes to the front */
			build_mention(&build, ask->ids[i - 1]);
		}
	}
	buttons(report, &build, false, arena);
	return build_end(&build);
}
