/* keep.c - how many connections to Slack there should be, and when the next one is opened
 *
 * Happy path: as many as wanted are live. Slack asks one to leave (every few hours): another is opened at once and has its hello
 * before the old one is closed, which takes and acknowledges what comes until then.
 * Failure modes: a connection that fails is followed by another after a back-off with full jitter, forgotten only after a minute
 * of life; too many connections of the app wait longer and are told; a word of Slack's that needs a person ends it all.
 * Only keep_look opens connections, one at a time. Somebody else who holds connections with our app token gets a part of our
 * events: when Slack counts more than ours twice, some minutes apart, the keepers hear of it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "base/clock.h"
#include "base/log.h"

#define STEADY_MS 60000  /* a life this long forgets the failures before it */
#define REFRESH_MS 10000 /* who is sent away sooner is not replaced at once */
#define BACKOFF_MOST_MS 60000
#define CROWDED_LEAST_MS 5000
#define CROWDED_MOST_MS 300000
#define HANDOVER_MS 5000 /* the old one stays so long after the new one's hello */
#define DRAIN_MOST_MS 60000
#define LOOK_AGAIN_MS 120000 /* ghosts of a process that died are gone by then */

static size_t count(const struct slack_adapter *s, enum line_phase from, enum line_phase to)
{
	size_t n = 0;

	LIST_FOREACH(it, &s->lines)
	{
		enum line_phase phase = LIST_ENTRY(it, struct line, link)->phase;

		n += phase >= from && phase <= to;
	}
	return n;
}

bool keep_has_live(const struct slack_adapter *s, const struct line *but)
{
	LIST_FOREACH(it, &s->lines)
	{
		const struct line *line = LIST_ENTRY(it, struct line, link);

		if (line != but && (line->phase == LINE_LIVE || line->phase == LINE_DRAIN)) {
			return true;
		}
	}
	return false;
}

static void schedule(struct slack_adapter *s, int64_t least_ms, int64_t most_ms)
{
	int64_t wait_ms = s->attempts > 0 ? slack_backoff(s->attempts - 1, most_ms) : 0;

	wait_ms = wait_ms > least_ms ? wait_ms : least_ms;
	if (!s->closing && !s->refused) {
		timer_start(&s->timer, wait_ms);
	}
}

void keep_look(struct slack_adapter *s)
{
	if (!s->known || s->closing || s->refused || timer_running(&s->timer) ||
	    count(s, LINE_ASK, LINE_HELLO) > 0) {
		return;
	}
	if (count(s, LINE_LIVE, LINE_LIVE) < s->n_wanted) {
		schedule(s, 0, BACKOFF_MOST_MS);
	}
}

static void on_timer(struct timer *timer)
{
	struct slack_adapter *s = timer->data;

	if (count(s, LINE_ASK, LINE_HELLO) == 0) {
		line_open(s);
	}
}

/* One more than wanted, for a new count of all connections; the oldest leaves when it is live. */
static void on_look(struct timer *timer)
{
	struct slack_adapter *s = timer->data;

	if (count(s, LINE_ASK, LINE_HELLO) == 0 && !timer_running(&s->timer)) {
		line_open(s);
	}
}

void keep_start(struct slack_adapter *s)
{
	timer_init(&s->timer, s->loop, on_timer, s);
	timer_init(&s->look_timer, s->loop, on_look, s);
}

void keep_stop(struct slack_adapter *s)
{
	timer_stop(&s->timer);
	timer_stop(&s->look_timer);
	LIST_FOREACH_SAFE(it, next, &s->lines)
	{
		line_end(LIST_ENTRY(it, struct line, link));
	}
}

/* ---- hello ---------------------------------------------------------------------------------- */

static void look_for_strangers(struct slack_adapter *s, int64_t num_connections)
{
	int64_t ours = (int64_t)count(s, LINE_HELLO, LINE_CLOSING);

	if (num_connections <= ours) {
		s->strangers_seen = false;
		s->strangers_said = false;
		return;
	}
	if (!s->strangers_seen) {
		s->strangers_seen = true;
		s->strangers_ms = clock_mono_ms();
		timer_start(&s->look_timer, LOOK_AGAIN_MS);
		return;
	}
	/* a line that dropped meanwhile is counted for some time too: only the later count tells who it is */
	if (!s->strangers_said && clock_mono_ms() - s->strangers_ms >= LOOK_AGAIN_MS) {
		s->strangers_said = true;
		slack_notice(s,
			     "Slack counts %" PRId64 " connections of this app, %" PRId64
			     " are mine. Another process uses the same app token and gets a part "
			     "of what is said to me. Stop it, or give it an app of its own.",
			     num_connections, ours);
	}
}

void keep_live(struct line *line, int64_t num_connections)
{
	struct slack_adapter *s = line->s;
	size_t extra;

	line_live(line);
	s->crowded_said = false;
	look_for_strangers(s, num_connections);
	extra = count(s, LINE_LIVE, LINE_LIVE);
	extra = extra > s->n_wanted ? extra - s->n_wanted : 0;
	LIST_FOREACH(it, &s->lines)
	{
		struct line *old = LIST_ENTRY(it, struct line, link);

		if (old->phase == LINE_DRAIN || (old->phase == LINE_LIVE && extra > 0)) {
			extra -= old->phase == LINE_LIVE ? 1 : 0;
			line_drain(old, HANDOVER_MS);
		}
	}
	slack_link(s, CHAT_UP, NULL);
	joins_look(s);
	keep_look(s);
}

/* ---- leaving -------------------------------------------------------------------------------- */

static bool was_steady(const struct line *line)
{
	return line->live_ms != 0 && clock_mono_ms() - line->live_ms >= STEADY_MS;
}

void keep_drain(struct line *line, const char *reason)
{
	struct slack_adapter *s = line->s;

	log_line(LOG_INFO, "slack.disconnect", "reason", reason, NULL);
	if (strcmp(reason, "link_disabled") == 0) {
		struct trouble trouble;

		trouble_of_code("Socket Mode", reason, NULL, &trouble);
		slack_refuse(s, trouble.err.msg);
		return;
	}
	if (strcmp(reason, "too_many_websockets") == 0) {
		line->crowded = true;
		line_fail(line, ERR_LIMIT, "the Slack app has too many connections already");
		return;
	}
	if (line->phase == LINE_DRAIN) {
		return; /* told again: it leaves as it was going to, when another one hears */
	}
	if (line->phase != LINE_LIVE) {
		line_fail(line, ERR_REMOTE, "Slack sent the connection away before its hello");
		return;
	}
	if (was_steady(line)) {
		s->attempts = 0;
	}
	line_drain(line, DRAIN_MOST_MS);
	if (clock_mono_ms() - line->live_ms < REFRESH_MS) {
		s->attempts++;
	} else if (count(s, LINE_ASK, LINE_HELLO) == 0 &&
		   count(s, LINE_LIVE, LINE_LIVE) < s->n_wanted) {
		timer_start(&s->timer, 0); /* what failed before is no reason for a gap now */
	}
	keep_look(s);
}

static void say_crowded(struct slack_adapter *s)
{
	if (!s->crowded_said) {
		s->crowded_said = true;
		slack_notice(s, "Slack lets this app have no further connection: ten are open. "
				"Stop the other processes that use its app token. I try again "
				"every few minutes.");
	}
}

/* The one that was to follow them ended before they did: those that were to leave stay until Slack ends them. */
static void stay(struct slack_adapter *s)
{
	LIST_FOREACH(it, &s->lines)
	{
		line_drain(LIST_ENTRY(it, struct line, link), DRAIN_MOST_MS);
	}
}

/* Twice as long each time, without the luck of a back-off: whoever holds the ten is not gone sooner for our asking. */
static int64_t crowded_ms(const struct slack_adapter *s)
{
	unsigned doubled = s->attempts > 1 ? s->attempts - 1 : 0;
	int64_t ms = (int64_t)CROWDED_LEAST_MS << (doubled < 10 ? doubled : 10);

	return ms < CROWDED_MOST_MS ? ms : CROWDED_MOST_MS;
}

void keep_gone(struct line *line, const struct err *err)
{
	struct slack_adapter *s = line->s;
	bool steady = was_steady(line);
	bool drained = line->why.kind == ERR_NONE;
	bool draining = line->draining;
	int64_t least_ms = line->wait_ms;
	bool crowded = line->crowded;

	list_remove(&line->link);
	timer_stop(&line->timer);
	free(line);
	if (s->closing) {
		slack_try_finish(s);
		return;
	}
	if (s->refused) {
		return;
	}
	if (count(s, LINE_LIVE, LINE_LIVE) == 0) {
		stay(s);
	}
	if (!drained && !draining) { /* else it was counted when Slack asked it to leave */
		s->attempts = steady ? 0 : s->attempts + 1;
	}
	if (crowded) {
		say_crowded(s);
		least_ms = least_ms > crowded_ms(s) ? least_ms : crowded_ms(s);
	}
	if (!keep_has_live(s, NULL)) {
		slack_link(s, CHAT_DOWN, err->msg);
	}
	if (!timer_running(&s->timer) && count(s, LINE_ASK, LINE_HELLO) == 0 &&
	    count(s, LINE_LIVE, LINE_LIVE) < s->n_wanted) {
		schedule(s, least_ms, crowded ? CROWDED_MOST_MS : BACKOFF_MOST_MS);
	}
}
