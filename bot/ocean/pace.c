/* pace.c - rate budget and retries */
#include "ocean/pace.h"

#include <string.h>

#include "base/attr.h"

#define MINUTE_MS 60000
#define HOUR_MS 3600000
#define ATTEMPTS_MAX 4
#define BLOCK_MAX_S 3600

/* What may be used by whom: background work leaves a fifth to people. */
static int64_t share(int64_t limit, bool interactive)
{
	return interactive ? limit : limit - limit / 5;
}

/* For how many requests one of the ring stands: the last of them is its time, so the minute never has more than its limit. */
static unsigned each(const struct ocean_pace *pace)
{
	return pace->per_minute > OCEAN_PACE_MINUTE ? pace->per_minute / OCEAN_PACE_MINUTE : 1;
}

/* The kth latest request, 1: the last one. */
static int64_t latest(const struct ocean_pace *pace, size_t k)
{
	return pace->sent_ms[(pace->next + OCEAN_PACE_MINUTE - k) % OCEAN_PACE_MINUTE];
}

static int64_t until(int64_t at_ms, int64_t now_ms)
{
	return at_ms > now_ms ? at_ms - now_ms : 0;
}

/* What one hour has by the headers, or as a rule. */
static int64_t hour_limit(const struct ocean_pace *pace)
{
	return pace->known ? pace->limit : OCEAN_PACE_HOUR;
}

/* How long until our own count of the hour leaves room for one more of `most`. */
static int64_t own_hour_ms(const struct ocean_pace *pace, int64_t most, int64_t now_ms)
{
	const int64_t now = now_ms / MINUTE_MS;
	int64_t n = 0;

	for (int64_t m = now; m > now - OCEAN_PACE_MINUTES && m >= 0; m--) {
		if (m > pace->minute || m <= pace->minute - OCEAN_PACE_MINUTES) {
			continue;
		}
		n += pace->in_minute[m % OCEAN_PACE_MINUTES];
		if (n >= most) { /* this one and the older ones must be forgotten */
			return until((m + OCEAN_PACE_MINUTES) * MINUTE_MS, now_ms);
		}
	}
	return 0;
}

static void count_hour(struct ocean_pace *pace, int64_t now_ms)
{
	const int64_t now = now_ms / MINUTE_MS;

	if (now - pace->minute >= OCEAN_PACE_MINUTES) {
		memset(pace->in_minute, 0, sizeof(pace->in_minute));
		pace->minute = now;
	}
	while (pace->minute < now) {
		pace->in_minute[++pace->minute % OCEAN_PACE_MINUTES] = 0;
	}
	pace->in_minute[pace->minute % OCEAN_PACE_MINUTES]++;
}

int64_t ocean_pace_wait_ms(const struct ocean_pace *pace, bool interactive, int64_t now_ms)
{
	size_t may = (size_t)share(OCEAN_PACE_MINUTE, interactive);
	int64_t wait = until(pace->blocked_ms, now_ms);
	int64_t own = own_hour_ms(pace, share(hour_limit(pace), interactive), now_ms);

	wait = own > wait ? own : wait;
	if (pace->n >= may) {
		int64_t minute = until(latest(pace, may) + MINUTE_MS, now_ms);

		wait = minute > wait ? minute : wait;
	}
	/* `remaining` is as old as the last answer: from more_ms on it has grown by one at least */
	if (pace->known && pace->remaining <= pace->limit - share(pace->limit, interactive)) {
		int64_t hour = until(pace->more_ms, now_ms);

		wait = hour > wait ? hour : wait;
	}
	return wait;
}

bool ocean_pace_spare(const struct ocean_pace *pace, unsigned n, int64_t now_ms)
{
	const int64_t slots = (n + each(pace) - 1) / each(pace);
	const int64_t may = share(OCEAN_PACE_MINUTE, false) - slots + 1;
	const int64_t most = share(hour_limit(pace), false) - n + 1;

	if (may <= 0 || most <= 0 || until(pace->blocked_ms, now_ms) > 0) {
		return false;
	}
	return ((int64_t)pace->n < may || latest(pace, (size_t)may) + MINUTE_MS <= now_ms) &&
	       (!pace->known || pace->remaining - (pace->limit - share(pace->limit, false)) >= n) &&
	       own_hour_ms(pace, most, now_ms) == 0;
}

void ocean_pace_sent(struct ocean_pace *pace, int64_t now_ms)
{
	count_hour(pace, now_ms);
	if (++pace->part >= each(pace)) {
		pace->part = 0;
		pace->sent_ms[pace->next] = now_ms;
		pace->next = (pace->next + 1) % OCEAN_PACE_MINUTE;
		pace->n += pace->n < OCEAN_PACE_MINUTE;
	}
	if (pace->known && pace->remaining > 0) {
		pace->remaining--; /* until the answer says it better */
	}
}

void ocean_pace_heard(struct ocean_pace *pace, const struct ocean_pace_answer *answer,
		      int64_t now_ms, int64_t now_wall_ms)
{
	if (answer->limit > 0 && answer->remaining >= 0) {
		int64_t more = answer->reset_wall_s > 0 && answer->reset_wall_s < INT64_MAX / 1000
				       ? answer->reset_wall_s * 1000 - now_wall_ms
				       : MINUTE_MS;

		/* a clock that is wrong must not stop everything for longer than the hour it is about */
		more = more < 0 ? 0 : more;
		pace->more_ms = now_ms + (more > HOUR_MS ? HOUR_MS : more);
		pace->limit = answer->limit;
		pace->remaining = answer->remaining;
		pace->known = true;
	}
	if (answer->status == 429) {
		int64_t s = answer->retry_after_s > 0 ? answer->retry_after_s : 1;

		s = s > BLOCK_MAX_S ? BLOCK_MAX_S : s;
		if (now_ms + s * 1000 > pace->blocked_ms) {
			pace->blocked_ms = now_ms + s * 1000;
		}
	}
}

/* 0.5, 1, 2 s */
static int64_t back_off(unsigned attempt)
{
	return INT64_C(500) << (attempt - 1);
}

int64_t ocean_pace_retry_ms(const struct ocean_pace_end *end)
{
	bool passing = end->kind == ERR_TIMEOUT || end->kind == ERR_UNKNOWN ||
		       (end->kind == ERR_NONE && end->status >= 500 && end->status != 501);

	if (end->attempt == 0 || end->attempt >= ATTEMPTS_MAX) {
		return -1;
	}
	if (end->kind == ERR_NETWORK) {
		return back_off(end->attempt);
	}
	if (end->kind == ERR_NONE && end->status == 429 && !end->changes) {
		return end->retry_after_s > 0
			       ? (end->retry_after_s > BLOCK_MAX_S ? BLOCK_MAX_S
								   : end->retry_after_s) *
					 1000
			       : 2 * back_off(end->attempt);
	}
	return passing && !end->changes ? back_off(end->attempt) : -1;
}

int64_t ocean_pace_poll_ms(unsigned n)
{
	static const int waits_s[] = {2, 3, 5, 8, 10, 15, 30};

	return 1000 * (int64_t)waits_s[n < ARRAY_LEN(waits_s) ? n : ARRAY_LEN(waits_s) - 1];
}
