/* report_steps.c - a plan of several steps: a line for each, and what it changes (pure) */
#include <string.h>

#include "chat/build.h"
#include "job/args.h"
#include "job/report.h"
#include "job/states.h"
#include "job/steps.h"

static const char *word_of(const struct report *report, const struct store_job *job, size_t step,
			   struct arena *arena)
{
	struct step_note note = step_note(job->steps, step, arena);
	bool final = job_state_final((enum job_state)job->state);

	switch (note.end) {
	case STEP_DONE:
		return arena_printf(arena, "done in %s", report_time(note.took_ms, arena));
	case STEP_LEFT_OUT:
		return "not needed";
	case STEP_NOT_DONE:
		return "not done";
	case STEP_FAILED:
		return "*failed*";
	case STEP_UNKNOWN:
		return "*not known*";
	case STEP_OPEN:
		break;
	}
	if (final) {
		return "not done";
	}
	return step != job->step   ? "waits"
	       : job->sent_ms == 0 ? "begins"
				   : report_time(report->now_ms - job->sent_ms, arena);
}

/* The words are ours, and their marks count. */
static void step_line(const struct plan_step *step, size_t i, const char *word, struct build *build)
{
	if (strcmp(word, "*failed*") == 0) {
		build_line(build, "%zu. %s: *failed*", i + 1, step->label);
	} else if (strcmp(word, "*not known*") == 0) {
		build_line(build, "%zu. %s: *not known*", i + 1, step->label);
	} else {
		build_line(build, "%zu. %s: %s", i + 1, step->label, word);
	}
}

/* False: it was given none, or this version cannot read them. */
static bool read_args(const struct report *report, struct job_args *ret)
{
	struct err err = {0};

	return report->request->arguments != NULL &&
	       job_args_read(report->request->arguments, ret, &err) == 0;
}

/* Those that there are for this request: the last one may be for a project that was not asked for. */
static size_t count_steps(const struct report *report)
{
	const struct plan *plan = report->plan;
	struct job_args args = {.size = ""};
	size_t n = plan->n_steps;

	if (n > 0 && plan->steps[n - 1].if_project &&
	    (!read_args(report, &args) || args.project[0] == '\0')) {
		n--;
	}
	return n;
}

void report_steps(const struct report *report, const struct store_job *job, struct build *build,
		  struct arena *arena)
{
	const struct plan *plan = report->plan;
	bool final = job_state_final((enum job_state)job->state);

	if (count_steps(report) < 2 || job->steps == NULL || (final && *job->steps == '\0')) {
		return;
	}
	for (size_t i = 0; i < plan->n_steps; i++) {
		step_line(&plan->steps[i], i, word_of(report, job, i, arena), build);
	}
}

const char *report_step_word(const struct report *report, const struct store_job *job,
			     struct arena *arena)
{
	const struct plan *plan = report->plan;

	return count_steps(report) > 1 && job->step < plan->n_steps
		       ? arena_printf(arena, "step %u of %zu, ", job->step + 1, plan->n_steps)
		       : "";
}

const char *report_change(const struct report *report, struct arena *arena)
{
	struct job_args args;

	if (!read_args(report, &args)) {
		return "";
	}
	return report->plan->joins != NULL
		       ? arena_printf(arena, "%s%s", report->plan->joins, job_args_thing(&args))
		       : job_args_change(&args, arena);
}

static void add_lines(struct build *build, const char *text, struct arena *arena)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		build_line(build, "%s", arena_strndup(arena, text, n));
		text += text[n] == '\n' ? n + 1 : n;
	}
}

void report_detail(const struct report *report, struct build *build, struct arena *arena)
{
	struct job_args args;

	if (read_args(report, &args)) {
		args.price[0] = report->hides_cost ? '\0' : args.price[0];
		add_lines(build, job_args_detail(&args, report->n_jobs, arena), arena);
	}
}

bool report_no_way_back(const struct report *report)
{
	struct job_args args = {.size = ""};

	return verb_info(report->plan->verb)->effect == EFFECT_DESTROY ||
	       report->plan->loss != NULL || (read_args(report, &args) && args.disk);
}

void report_loss(const struct report *report, struct build *build, struct arena *arena)
{
	if (report_no_way_back(report)) {
		build_line(build, "*No way back.*");
		add_lines(build, report->plan->loss != NULL ? report->plan->loss : "", arena);
	}
}
