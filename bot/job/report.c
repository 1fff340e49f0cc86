/* report.c - rows to words (pure: time comes in)
 *
 * First line: what is true now. Then what did not happen. A final job's outcome holds its own lines, so a card after a
 * restart says the same as before.
 */
#include "job/report.h"

#include <string.h>

#include "chat/build.h"
#include "job/beside.h"
#include "job/states.h"

#define PERMILLE_NO_MEASURE 1001

const char *report_time(int64_t ms, struct arena *arena)
{
	long long seconds = ms > 0 ? (long long)((ms + 500) / 1000) : 0;

	if (seconds < 120) {
		return arena_printf(arena, "%lld s", seconds);
	}
	return arena_printf(arena, "%lld min %lld s", seconds / 60, seconds % 60);
}

const char *report_noun(const struct plan *plan)
{
	return plan->noun != NULL ? plan->noun : plan->infinitive;
}

const char *report_past(const struct plan *plan, struct arena *arena)
{
	char *past = arena_strdup(arena, plan->past != NULL ? plan->past : plan->done);

	if (past[0] >= 'A' && past[0] <= 'Z') {
		past[0] = (char)(past[0] - 'A' + 'a');
	}
	return past;
}

const char *report_status(enum droplet_status status)
{
	switch (status) {
	case DROPLET_ACTIVE:
		return "on";
	case DROPLET_OFF:
		return "off";
	case DROPLET_NEW:
		return "still being made";
	case DROPLET_ARCHIVE:
		return "archived";
	case DROPLET_UNKNOWN:
		break;
	}
	return "in a state that I do not know";
}

int64_t report_began_ms(const struct store_request *request, const struct store_job *job)
{
	return job->ready_ms > 0 ? job->ready_ms : request->created_ms;
}

static int64_t spent_ms(const struct report *report, const struct store_job *job)
{
	return report->now_ms - report_began_ms(report->request, job);
}

/* Of several: since the first of them began. */
static int64_t spent_by_all_ms(const struct report *report)
{
	int64_t most = 0;

	for (size_t i = 0; i < report->n_jobs; i++) {
		int64_t one = spent_ms(report, &report->jobs[i]);

		most = one > most ? one : most;
	}
	return most;
}

static bool final(const struct store_job *job)
{
	return job_state_final((enum job_state)job->state);
}

static bool done(const struct store_job *job)
{
	return job->state == JOB_DONE;
}

/* An outcome has a line each for what is, what is not, and what to do. */
static void add_lines(struct build *build, const char *text, struct arena *arena)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		const char *line = arena_strndup(arena, text, n);

		if (strncmp(line, "Expired. ", 9) == 0) {
			build_line(build, "*Expired.* %s", line + 9);
		} else {
			build_line(build, "%s", line);
		}
		text += text[n] == '\n' ? n + 1 : n;
	}
}

static const char *first_line(const char *text, struct arena *arena)
{
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

static const char *second_line(const char *text, struct arena *arena)
{
	text += strcspn(text, "\n");
	return *text != '\0' ? first_line(text + 1, arena) : "";
}

static int64_t usual_ms(const struct plan *plan)
{
	int64_t all = 0;

	for (size_t i = 0; i < plan->n_steps; i++) {
		all += plan->steps[i].usual_ms;
	}
	return all;
}

/* Nine tenths in the usual time, then ever slower: the end alone is the end. */
static unsigned permille(const struct report *report, const struct store_job *job)
{
	int64_t usual = usual_ms(report->plan);
	int64_t spent = spent_ms(report, job);

	if (final(job)) {
		return 1000;
	}
	if ((job->state == JOB_READY && job->step == 0) || spent <= 0) {
		return 0;
	}
	if (usual <= 0) {
		return PERMILLE_NO_MEASURE;
	}
	return spent <= usual ? (unsigned)(900 * spent / usual)
			      : (unsigned)(900 + 90 - 90 * usual / spent);
}

static enum tone tone_of(const struct report *report)
{
	bool all_final = true;
	bool all_done = true;
	bool warn = false;

	for (size_t i = 0; i < report->n_jobs; i++) {
		all_final = all_final && final(&report->jobs[i]);
		all_done = all_done && done(&report->jobs[i]);
		warn = warn || report->jobs[i].state == JOB_UNKNOWN ||
		       report->jobs[i].state == JOB_UNSURE;
	}
	return warn ? TONE_WARN : !all_final ? TONE_WAIT : all_done ? TONE_GOOD : TONE_BAD;
}

static const char *word_of(const struct report *report, const struct store_job *job,
			   struct arena *arena)
{
	const char *spent = report_time(spent_ms(report, job), arena);
	const char *step = report_step_word(report, job, arena);

	switch ((enum job_state)job->state) {
	case JOB_CONFIRMING:
	case JOB_APPROVING:
		return "not confirmed";
	case JOB_NONE:
	case JOB_ASKED:
	case JOB_QUEUED:
	case JOB_READY:
		return arena_printf(arena, "%squeued, %s", step, spent);
	case JOB_SUBMITTING:
		return arena_printf(arena, "%ssending, %s", step, spent);
	case JOB_UNSURE:
		return arena_printf(arena, "%sno answer, looking, %s", step, spent);
	case JOB_WATCHING:
		return arena_printf(arena, "%s%s", step, spent);
	case JOB_DONE:
		return arena_printf(
			arena, "%s in %s", report_past(report->plan, arena),
			report_time(job->updated_ms - report_began_ms(report->request, job),
				    arena));
	case JOB_DENIED:
	case JOB_CANCELED:
	case JOB_EXPIRED:
	case JOB_FAILED:
	case JOB_UNKNOWN:
	case JOB_STATE_COUNT:
		break;
	}
	return first_line(job->outcome, arena);
}

/* After an end: did it help, and what else might? Of a bad one the latter comes first, of a good one it is left to what rings. */
static void add_next(const struct report *report, bool rings, struct build *build)
{
	const struct store_job *job = &report->jobs[0];
	bool good = done(job);
	bool fallback = report->fallback != NULL && *report->fallback != '\0';

	if (report->n_jobs != 1 ||
	    (!good && job->state != JOB_FAILED && job->state != JOB_UNKNOWN)) {
		return;
	}
	if (fallback && !good &&
	    job->sent_ms > 0) { /* what was never sent has not failed to help */
		build_button(build, report->fallback, report->fallback_label, BUTTON_MAIN);
	}
	if (report->look != NULL && *report->look != '\0') {
		build_button(build, report->look, "Check again", good ? BUTTON_MAIN : BUTTON_PLAIN);
	}
	if (fallback && good && rings) {
		build_button(build, report->fallback, report->fallback_label, BUTTON_PLAIN);
	}
}

static void card_of_one(const struct report *report, struct build *build, struct arena *arena)
{
	const struct store_job *job = &report->jobs[0];
	bool quiet = job->state == JOB_READY || job->state == JOB_SUBMITTING;

	if (final(job)) {
		add_lines(build, job->outcome, arena);
		report_steps(report, job, build, arena);
		if (!done(job)) {
			build_line(build, "_Decision %s_", report->request->id);
		}
		return;
	}
	if (job->state == JOB_UNSURE) {
		build_line(build, "*Not sure:* was *%s* %s?", job->droplet_name,
			   report_past(report->plan, arena));
		build_line(build, "DigitalOcean did not answer.");
		build_line(build, "I look, and do not send it again.");
	} else {
		build_line(build, "%s *%s*%s ...", report->plan->doing, job->droplet_name,
			   report_change(report, arena));
		report_detail(report, build, arena);
		add_lines(build, job->outcome, arena);
	}
	report_steps(report, job, build, arena);
	build_progress(build, permille(report, job), "%s",
		       quiet || job->state == JOB_WATCHING
			       ? word_of(report, job, arena)
			       : report_time(spent_ms(report, job), arena));
}

/* "2 of 3 rebooted, 1 not" */
static const char *sum_of(const struct report *report, struct arena *arena)
{
	size_t n_done = 0;
	size_t n_final = 0;
	size_t n_unknown = 0;
	struct strbuf text;
	char *sum;

	for (size_t i = 0; i < report->n_jobs; i++) {
		n_done += done(&report->jobs[i]);
		n_final += final(&report->jobs[i]);
		n_unknown += report->jobs[i].state == JOB_UNKNOWN;
	}
	if (n_final < report->n_jobs) {
		return arena_printf(arena, "%s %zu droplets: %zu of %zu ended", report->plan->doing,
				    report->n_jobs, n_final, report->n_jobs);
	}
	strbuf_init(&text, 256);
	(void)strbuf_addf(&text, "%zu of %zu %s", n_done, report->n_jobs,
			  report_past(report->plan, arena));
	if (n_final > n_done + n_unknown) {
		(void)strbuf_addf(&text, ", %zu not", n_final - n_done - n_unknown);
	}
	if (n_unknown > 0) {
		(void)strbuf_addf(&text, ", %zu unknown", n_unknown);
	}
	sum = arena_strdup(arena, text.buf);
	strbuf_done(&text);
	return sum;
}

static void card_of_many(const struct report *report, struct build *build, struct arena *arena)
{
	bool all_final = true;
	bool all_done = true;
	uint64_t sum = 0;
	struct beside beside;

	build_line(build, "*%s*", sum_of(report, arena));
	for (size_t i = 0; i < report->n_jobs; i++) {
		const struct store_job *job = &report->jobs[i];
		unsigned one = permille(report, job);

		if (final(job) && !done(job)) {
			add_lines(build, job->outcome, arena);
		} else {
			build_line(build, "%s: %s", job->droplet_name, word_of(report, job, arena));
		}
		if (done(job) && report->plan->makes) { /* where each can be reached */
			build_line(build, "  %s", second_line(job->outcome, arena));
		}
		if (done(job) && beside_read(job->beside, arena, &beside)) {
			add_lines(build, beside_left(&beside, report->plan->beside_goes, arena),
				  arena);
		}
		all_final = all_final && final(job);
		all_done = all_done && done(job);
		sum += one <= 1000 ? one : 500;
	}
	if (!all_final) {
		build_progress(build, (unsigned)(sum / report->n_jobs), "%s",
			       report_time(spent_by_all_ms(report), arena));
	} else if (!all_done) {
		build_line(build, "_Decision %s_", report->request->id);
	} else if (report->plan->remark != NULL) {
		build_line(build, "%s", report->plan->remark);
	}
}

/* Nothing of it ran, for one reason: people did not want it, or did not say. */
static bool same_end(const struct report *report)
{
	for (size_t i = 0; i < report->n_jobs; i++) {
		const struct store_job *job = &report->jobs[i];

		if ((job->state != JOB_CANCELED && job->state != JOB_EXPIRED &&
		     job->state != JOB_DENIED) ||
		    strcmp(job->outcome, report->jobs[0].outcome) != 0) {
			return false;
		}
	}
	return true;
}

static bool is_expired(const struct report *report)
{
	for (size_t i = 0; i < report->n_jobs; i++) {
		if (report->jobs[i].state != JOB_EXPIRED) {
			return false;
		}
	}
	return true;
}

/* It was not made, and DigitalOcean says that it may be another time. */
static bool may_be_made_yet(const struct report *report)
{
	return report->plan->makes && report->n_jobs == 1 && report->jobs[0].state == JOB_FAILED;
}

/* The lines of those that went on while others are asked for again, or wait in line. */
static void others(const struct report *report, struct build *build, struct arena *arena)
{
	for (size_t i = 0; i < report->n_jobs; i++) {
		const struct store_job *job = &report->jobs[i];

		if (job->state != JOB_CONFIRMING && job->state != JOB_APPROVING &&
		    (job->state != JOB_QUEUED || report->queue == NULL)) {
			build_line(build, "%s: %s", job->droplet_name, word_of(report, job, arena));
		}
	}
}

const struct message *report_card(const struct report *report, struct arena *arena)
{
	struct build build;

	build_init(&build, arena, report->ask != NULL ? TONE_WAIT : tone_of(report));
	if (report->ask != NULL) {
		report_question(report, &build, arena);
		others(report, &build, arena);
	} else if (report->queue != NULL) {
		report_line(report, &build, arena);
		others(report, &build, arena);
	} else if (report->n_jobs == 1 || same_end(report)) {
		card_of_one(report, &build, arena);
	} else {
		card_of_many(report, &build, arena);
	}
	if (report->again != NULL && *report->again != '\0' &&
	    (report->again_queues || is_expired(report) || may_be_made_yet(report))) {
		build_button(&build, report->again,
			     report->again_queues      ? "Queue it"
			     : may_be_made_yet(report) ? "Try again"
						       : "Ask again",
			     BUTTON_MAIN);
	}
	add_next(report, false, &build);
	return build_end(&build);
}

/* What is true of the droplet after the plan, in a word that was checked. */
static const char *state_after(const struct plan *plan)
{
	const struct plan_step *last = plan->n_steps > 0 ? &plan->steps[plan->n_steps - 1] : NULL;

	if (last == NULL || last->expect == DROPLET_UNKNOWN ||
	    verb_info(plan->verb)->effect != EFFECT_INTERRUPT) {
		return NULL;
	}
	if (last->expect == DROPLET_OFF) {
		return "off";
	}
	if (plan->verb == VERB_DROPLET_POWER_REBOOT || plan->verb == VERB_DROPLET_POWER_CYCLE) {
		return "back";
	}
	return last->expect == DROPLET_ACTIVE ? "on" : NULL;
}

const struct message *report_ping(const struct report *report, struct arena *arena)
{
	const struct store_job *job = &report->jobs[0];
	const char *after = state_after(report->plan);
	const char *text;
	const char *rest = "";
	struct build build;

	if (report->n_jobs > 1) {
		text = arena_printf(arena, "%s.", sum_of(report, arena));
	} else if (done(job) && after != NULL && report->plan->n_steps == 1) {
		text = arena_printf(
			arena, "%s is %s after %s.", job->droplet_name, after,
			report_time(job->updated_ms - report_began_ms(report->request, job),
				    arena));
		rest = report->plan->remark != NULL ? report->plan->remark : "";
	} else {
		text = first_line(job->outcome, arena);
		rest = job->outcome + strlen(text);
		rest += *rest == '\n' ? 1 : 0;
	}
	build_init(&build, arena, tone_of(report));
	build_line(&build, "%s", text);
	for (size_t i = report->n_also; i-- > 0;) { /* the last one said stands first */
		build_mention(&build, report->also[i]);
	}
	build_mention(&build, report->request->user);
	add_lines(&build, rest, arena);
	add_next(report, true, &build);
	return build_end(&build);
}

const struct message *report_refused(const char *why, struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, "*Nothing ran:* nothing was sent to DigitalOcean.");
	build_line(&build, "%s", why);
	return build_end(&build);
}
