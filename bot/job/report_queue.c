/* report_queue.c - who came second: the card while it waits in line, and why a request was not taken at all (pure) */
#include "chat/build.h"
#include "job/press.h"
#include "job/report.h"

static const char *ordinal(size_t n, struct arena *arena)
{
	const char *end = "th";

	if (n % 100 < 11 || n % 100 > 13) {
		end = n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
	}
	return arena_printf(arena, "%zu%s", n, end);
}

const char *report_place(const struct report_queue *queue, struct arena *arena)
{
	return arena_printf(arena, "%s in line", ordinal(queue->n_before + 1, arena));
}

void report_line(const struct report *report, struct build *build, struct arena *arena)
{
	const struct report_queue *queue = report->queue;

	build_line(build, "*Queued:* %s", report_title(report, arena));
	if (queue->behind == NULL) {
		build_line(build, "Its turn has come.");
	} else {
		if (report->n_jobs > 1) {
			build_line(build, "%s is taken.", queue->droplet_name);
		}
		build_line(build, "Behind %s%s%s, %s.", queue->behind,
			   queue->by != NULL ? " by " : "", queue->by != NULL ? queue->by : "",
			   report_place(queue, arena));
	}
	build_line(build, "Nothing ran yet. It begins by itself");
	build_line(build, "%s, or not at all.",
		   report_within(queue->until_ms - report->now_ms, arena));
	build_line(build, "_Decision %s_", report->request->id);
	build_button(build, press_button(report->request, JOB_ACT_CANCEL, arena), "Cancel",
		     BUTTON_PLAIN);
}

static void how_to_wait(const struct report_busy *busy, struct build *build)
{
	if (busy->queue_words != NULL) {
		build_line(build, "Wait for it: `%s`", busy->queue_words);
	} else {
		build_line(build, "To wait for it, end with `queue`.");
	}
	if (busy->queue_button != NULL && *busy->queue_button != '\0') {
		build_button(build, busy->queue_button, "Queue it", BUTTON_MAIN);
	}
}

static void first_line(enum report_second second, struct build *build)
{
	switch (second) {
	case SECOND_NONE:
	case SECOND_TO_RUNNING:
		build_line(build, "*Nothing ran.* Already running:");
		return;
	case SECOND_TO_WAITING:
		build_line(build, "*Nothing ran.* Others wait already:");
		return;
	case SECOND_TO_TWIN:
		build_line(build, "*Nothing new.* It waits already:");
		return;
	case SECOND_TO_MANY:
		build_line(build, "*Nothing ran.* Too many wait already:");
		return;
	}
}

const struct message *report_busy(const struct report_busy *busy, struct arena *arena)
{
	bool waits = busy->second != SECOND_NONE && busy->second != SECOND_TO_RUNNING;
	bool may_wait = busy->second == SECOND_TO_RUNNING || busy->second == SECOND_TO_WAITING;
	struct build build;

	build_init(&build, arena, TONE_WARN);
	if (busy->holder == NULL) {
		build_line(&build, "*Nothing ran:* %s was busy a moment ago.", busy->droplet_name);
		build_line(&build, "Please ask again.");
		return build_end(&build);
	}
	first_line(busy->second, &build);
	build_line(&build, "%s of %s, %s %s ago%s%s", report_noun(busy->plan), busy->droplet_name,
		   waits ? "asked" : "started",
		   report_time(busy->now_ms - busy->holder->created_ms, arena),
		   busy->anonymous ? "" : " by ",
		   busy->anonymous                   ? ""
		   : busy->holder->person[0] != '\0' ? busy->holder->person
						     : busy->holder->user);
	if (busy->told == TOLD_HERE) {
		build_line(&build, "I tell you here how it ends.");
	} else if (busy->told == TOLD_TOO_MANY) {
		build_line(&build, "Too many wait for its end: I cannot");
		build_line(&build, "tell you of it. Look again later.");
	}
	if (may_wait) {
		how_to_wait(busy, &build);
	} else if (busy->second == SECOND_TO_MANY) {
		build_line(&build, "Please ask again later.");
	}
	return build_end(&build);
}
