/* rate.c - both rate limits of a token: 5,000 requests in any hour, 250 in any minute */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/inside.h"

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

/* Each request expires an hour (a minute) after it was made. */

static int64_t window_time(const struct sim_window *w, size_t i)
{
	return w->times[(w->first + i) % w->cap];
}

static void window_expire(struct sim_window *w, int64_t now_ms)
{
	while (w->n > 0 && window_time(w, 0) <= now_ms - HOUR_MS) {
		w->first = (w->first + 1) % w->cap;
		w->n--;
	}
	if (w->n_minute > w->n) {
		w->n_minute = w->n;
	}
	while (w->n_minute > 0 && window_time(w, w->n - w->n_minute) <= now_ms - MINUTE_MS) {
		w->n_minute--;
	}
}

static int64_t seconds_up(int64_t ms)
{
	return ms <= 0 ? 1 : (ms + 999) / 1000;
}

/* Counts the request; false when a limit is reached. Fills the headers. */
bool sim_within_rate(const struct sim *sim, struct sim_token *token, struct sim_reply *reply)
{
	struct sim_window *w = &token->window;
	bool ok = true;

	reply->rate_limit = 5000;
	reply->rate_remaining = 4999;
	reply->rate_reset = sim->now_ms / 1000 + 3600;
	if (sim->rate_hour == 0) {
		return true;
	}
	if (w->cap != sim->rate_hour) {
		free(w->times);
		memset(w, 0, sizeof(*w));
		w->cap = sim->rate_hour;
		w->times = mem_array(w->cap, sizeof(*w->times));
	}
	window_expire(w, sim->now_ms);
	if (w->n >= sim->rate_hour) {
		ok = false;
		reply->retry_after_s = seconds_up(window_time(w, 0) + HOUR_MS - sim->now_ms);
	} else if (sim->rate_minute != 0 && w->n_minute >= sim->rate_minute) {
		ok = false;
		reply->retry_after_s =
			seconds_up(window_time(w, w->n - w->n_minute) + MINUTE_MS - sim->now_ms);
	} else {
		w->times[(w->first + w->n) % w->cap] = sim->now_ms;
		w->n++;
		w->n_minute++;
	}
	reply->rate_limit = sim->rate_hour;
	reply->rate_remaining = (int64_t)(sim->rate_hour - w->n);
	reply->rate_reset = (window_time(w, 0) + HOUR_MS) / 1000;
	return ok;
}
