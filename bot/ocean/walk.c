/* walk.c - requests one after the other: pages, repeats, and waits for the rate
 *
 * Happy path: walk_go asks pace, sends, the body goes to the decoder as it comes; on_done takes the page and goes to
 * the next one by its number. Only the query of a page link is used, so the token never goes to another host.
 *
 * Failure modes: no whole answer or a refusal: repeated when pace says so and there is time, else the flight
 * fails with a sentence from fail.c; an answer that makes no sense fails it at once; a change is never repeated
 * unless it provably did nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "ocean/client.h"
#include "ocean/fail.h"

#define SMALL_BODY_BYTES (512U << 10)

/* How long the proof that a token sees tags holds, and when it is asked for again. */
#define TAGS_HOLD_MS (2 * 3600000)
#define TAGS_AGAIN_MS 3600000
#define TAGS_REFUSED_MS 300000
#define TAGS_FAILED_MS 10000

static bool is_change(const struct walk *walk)
{
	return walk->kind == WALK_MAIN && endpoint_changes(walk->flight->call);
}

static const struct endpoint *row_of(const struct walk *walk)
{
	return endpoint_of(walk->flight->call);
}

static bool has_droplets(const struct walk *walk)
{
	enum reply reply = row_of(walk)->reply;

	return walk->kind != WALK_TAGS && (reply == REPLY_DROPLETS || reply == REPLY_DROPLET);
}

static bool has_pages(const struct walk *walk)
{
	enum reply reply = row_of(walk)->reply;

	return !row_of(walk)->one_page && (reply == REPLY_DROPLETS || reply == REPLY_LIST);
}

void walk_done(struct walk *walk)
{
	timer_stop(&walk->timer);
	again_over(&walk->again);
	ocean_decode_free(walk->decode);
	ocean_builder_done(&walk->builder);
	again_unref(walk->page_now);
	walk->decode = NULL;
	walk->page_now = NULL;
	walk->page_same = false;
}

void walk_on_wait(struct timer *timer)
{
	walk_go(timer->data);
}

void walks_stop(struct flight *flight)
{
	for (size_t i = 0; i < WALK_COUNT + flight->pages.n_sides; i++) {
		struct walk *walk =
			i < WALK_COUNT ? &flight->walks[i] : &flight->pages.sides[i - WALK_COUNT];

		if (!walk->running) {
			continue;
		}
		if (walk->in_http) {
			http_cancel(&walk->request);
		} else {
			timer_stop(&walk->timer);
			walk->running = false;
			flight->n_running--;
		}
	}
}

static void end(struct walk *walk)
{
	struct flight *flight = walk->flight;

	walk->running = false;
	if (--flight->n_running == 0) {
		flight_finish(flight);
	}
}

/* A token that was not proven to see tags leaves them unknown; that is no failure of the call. */
static void tags_asked(struct walk *walk, int status)
{
	struct token *token = walk->flight->token;
	int64_t now = clock_mono_ms();

	if (status >= 200 && status < 300) {
		token->tags_until_ms = now + TAGS_HOLD_MS;
		token->tags_ask_ms = now + TAGS_AGAIN_MS;
	} else if (status >= 400 && status < 500 && status != 408 && status != 429) {
		token->tags_until_ms = 0;
		token->tags_ask_ms = now + TAGS_REFUSED_MS;
	} else {
		token->tags_ask_ms = now + TAGS_FAILED_MS;
	}
}

static void fail(struct walk *walk, const struct err *err)
{
	struct flight *flight = walk->flight;

	if (walk->kind == WALK_TAGS) {
		tags_asked(walk, err->remote_status);
	} else if (!flight->failed) {
		flight->failed = true;
		flight->err = *err;
		walk->running = false; /* not for walks_stop */
		walks_stop(flight);
	}
	end(walk);
}

/* The address of the request that the walk makes next. */
static void address(struct walk *walk)
{
	const struct flight *flight = walk->flight;
	char path[ENDPOINT_PATH_MAX];
	char page[64] = "";

	if (walk->kind == WALK_TAGS) {
		(void)snprintf(walk->url, sizeof(walk->url), "%s/v2/tags?per_page=1",
			       flight->client->url);
		return;
	}
	endpoint_fill(flight->call, row_of(walk)->path, path, sizeof(path));
	if (has_pages(walk)) {
		(void)snprintf(page, sizeof(page), "%cper_page=%d&page=%u%s",
			       strchr(path, '?') != NULL ? '&' : '?', PER_PAGE, walk->page,
			       walk->kind == WALK_GPUS ? "&type=gpus" : "");
	}
	(void)snprintf(walk->url, sizeof(walk->url), "%s%s%s", flight->client->url, path, page);
}

static int on_body(struct http_request *request, const char *bytes, size_t len)
{
	struct walk *walk = request->data;

	return walk->again.decode != NULL
		       ? again_feed(&walk->again, bytes, len, &walk->decode_err)
		       : ocean_decode_feed(walk->decode, bytes, len, &walk->decode_err);
}

/* Of which of the client's lists this is the first page; NULL: of none. */
static struct again **list_of(const struct walk *walk)
{
	bool first = walk->flight->call->verb == OCEAN_LIST && walk->page == 1 &&
		     (walk->kind == WALK_MAIN || walk->kind == WALK_GPUS);

	_Static_assert((int)WALK_MAIN < LISTS && (int)WALK_GPUS < LISTS, "a list for each");
	return first ? &walk->flight->client->lists[walk->kind] : NULL;
}

static void on_done(struct http_request *request, const struct err *err);

static void send(struct walk *walk)
{
	struct flight *flight = walk->flight;
	struct client *client = flight->client;
	struct http_request *request = &walk->request;
	struct again **list = list_of(walk);

	memset(request, 0, sizeof(*request));
	err_clear(&walk->decode_err);
	address(walk);
	walk->headers[0] =
		(struct http_header){"Authorization", bearer_header(flight->token->bearer)};
	walk->bearer_turn = bearer_turn(flight->token->bearer);
	walk->headers[1] = (struct http_header){"Accept", "application/json"};
	walk->headers[2] = (struct http_header){"User-Agent", "sluice"};
	request->method = walk->kind == WALK_MAIN ? row_of(walk)->method : "GET";
	request->url = walk->url;
	request->headers = walk->headers;
	walk->headers[3] = (struct http_header){"X-Dangerous", "true"};
	request->n_headers = ARRAY_LEN(walk->headers) -
			     (walk->kind == WALK_MAIN && row_of(walk)->dangerous ? 0 : 1);
	request->connect_ms = client->connect_ms;
	request->timeout_ms = client->timeout_ms;
	request->max_body_bytes = SMALL_BODY_BYTES;
	request->done = on_done;
	request->data = walk;
	if (walk->kind == WALK_MAIN && flight->body.len > 0) {
		request->body = flight->body.buf;
		request->body_len = flight->body.len;
	}
	if (row_of(walk)->reply == REPLY_LIST || row_of(walk)->reply == REPLY_ACTIONS) {
		request->max_body_bytes = OCEAN_LIST_BYTES_MAX;
	}
	if (has_droplets(walk)) {
		ocean_builder_truncate(&walk->builder, walk->mark);
		ocean_decode_free(walk->decode);
		walk->decode = ocean_decode_new(&walk->builder, client->name,
						row_of(walk)->reply == REPLY_DROPLET);
		again_over(&walk->again);
		if (list != NULL) {
			again_begin(&walk->again, walk->decode, *list);
		}
		request->max_body_bytes = OCEAN_PAGE_BYTES_MAX;
		request->on_body = on_body;
	}
	walk->attempt++;
	walk->in_http = true;
	walk->sent_ms = clock_mono_ms();
	ocean_pace_sent(&flight->token->pace, walk->sent_ms);
	metrics_add(METRIC_OCEAN_REQUESTS, 1);
	http_start(client->pool, request);
}

static void too_late(struct walk *walk, enum err_kind kind, int64_t wait_ms)
{
	char what[FAIL_WHAT_SIZE];
	struct err err = {0};

	(void)fail_what(walk->flight->call, what);
	if (kind == ERR_LIMIT) {
		err_set(&err, kind,
			"%s failed: DigitalOcean's rate limit leaves no request for %" PRId64 " s",
			what, (wait_ms + 999) / 1000);
	} else {
		err_set(&err, kind, "%s failed: it takes too long, page %u of the list was next",
			what, walk->page);
	}
	fail(walk, &err);
}

void walk_go(struct walk *walk)
{
	struct flight *flight = walk->flight;
	int64_t now = clock_mono_ms();
	int64_t pace = ocean_pace_wait_ms(&flight->token->pace, flight->call->interactive, now);
	int64_t fresh = bearer_wait_ms(flight->token->bearer);
	int64_t wait = pace > fresh ? pace : fresh;
	struct err err = {0};

	if (fresh == 0 && bearer_is_over(flight->token->bearer, &err)) {
		fail(walk, &err);
	} else if (now > flight->begin_by_ms) {
		too_late(walk, ERR_TIMEOUT, 0);
	} else if (wait > 0 && now + wait > flight->begin_by_ms) {
		too_late(walk, ERR_LIMIT, wait);
	} else if (wait > 0) {
		timer_start(&walk->timer, wait);
	} else {
		send(walk);
	}
}

/* A list without this kind of droplets: an API that does not know the type refuses it; then there are none. */
static bool has_no_gpus(const struct walk *walk, int status)
{
	return walk->kind == WALK_GPUS && walk->page == 1 &&
	       (status == 400 || status == 404 || status == 422);
}

/* Goes on to the next page, when there is one. */
static int turn_page(struct walk *walk, const struct ocean_page *page, bool *ret_more,
		     struct err *err)
{
	bool shared = walk->kind == WALK_MAIN || walk->kind == WALK_SIDE;
	unsigned next = shared ? ocean_pages_next(walk, page) : page->next;

	if (page->next != 0 && page->next != walk->page + 1) {
		return err_set(err, ERR_REMOTE, "page %u of the list names page %u as the next",
			       walk->page, page->next);
	}
	if (next == 0) {
		return 0;
	}
	walk->page = next;
	walk->attempt = 0;
	*ret_more = true;
	return 0;
}

static int end_page(struct walk *walk, struct ocean_page *ret_page, struct err *err)
{
	struct again **list = list_of(walk);

	if (list == NULL) {
		return ocean_decode_end(walk->decode, ret_page, err);
	}
	if (again_end(&walk->again, &walk->builder, ret_page, &walk->page_now, &walk->page_same,
		      err) < 0) {
		return -1;
	}
	again_unref(*list);
	*list = again_ref(walk->page_now);
	timer_start(&walk->flight->client->lists_timer, LISTS_KEPT_MS);
	return 0;
}

static int take_droplets(struct walk *walk, bool *ret_more, struct err *err)
{
	const struct ocean_call *call = walk->flight->call;
	struct ocean_page page = {0};

	if (end_page(walk, &page, err) < 0) {
		return -1;
	}
	if (row_of(walk)->reply == REPLY_DROPLETS && walk->kind != WALK_GPUS) {
		if (walk->page == 1) {
			ocean_pages_spread(walk, &page);
		}
		ocean_pages_note(walk, &page);
	}
	walk->mark = walk->builder.n;
	if (call->verb == OCEAN_GET) {
		return walk->builder.droplets[0].id == call->droplet_id
			       ? 0
			       : err_set(err, ERR_REMOTE,
					 "DigitalOcean's answer is about another droplet");
	}
	return turn_page(walk, &page, ret_more, err);
}

static int take_list(struct walk *walk, bool *ret_more, struct err *err)
{
	const struct strbuf *answer = &walk->request.answer;
	struct ocean_page page = {0};

	if (reader_page(&walk->flight->reader, row_of(walk)->thing, answer->buf, answer->len, &page,
			err) < 0) {
		return -1;
	}
	return has_pages(walk) ? turn_page(walk, &page, ret_more, err) : 0;
}

/* The same bytes twice: the droplets as everywhere, then the links to their actions. */
static int take_created(struct walk *walk, struct err *err)
{
	struct flight *flight = walk->flight;
	const struct strbuf *answer = &walk->request.answer;
	struct ocean_page page = {0};

	walk->decode = ocean_decode_new(&walk->builder, flight->client->name, flight->n_made == 1);
	if (ocean_decode_feed(walk->decode, answer->buf, answer->len, err) < 0 ||
	    ocean_decode_end(walk->decode, &page, err) < 0) {
		return -1;
	}
	if (walk->builder.n != flight->n_made) {
		return err_set(err, ERR_REMOTE,
			       "DigitalOcean's answer is about %zu droplets, not %zu",
			       walk->builder.n, flight->n_made);
	}
	return answer_links(answer->buf, answer->len, &flight->actions, &flight->n_actions, err);
}

static int take_action(struct flight *flight, const struct strbuf *answer, struct err *err)
{
	const struct ocean_call *call = flight->call;
	const struct ocean_action *action = &flight->action;

	if (answer_action(answer->buf, answer->len, &flight->action, err) < 0) {
		return -1;
	}
	if (call->verb == OCEAN_ACT ? action->droplet_id != call->droplet_id
				    : call->action_id != 0 && action->id != call->action_id) {
		return err_set(err, ERR_REMOTE, "DigitalOcean's answer is about another action");
	}
	return 0;
}

static int take(struct walk *walk, bool *ret_more, struct err *err)
{
	struct flight *flight = walk->flight;
	const struct strbuf *answer = &walk->request.answer;

	switch (row_of(walk)->reply) {
	case REPLY_DROPLETS:
	case REPLY_DROPLET:
		return take_droplets(walk, ret_more, err);
	case REPLY_ACTION:
		return take_action(flight, answer, err);
	case REPLY_ACTIONS:
		return answer_actions(answer->buf, answer->len, &flight->actions,
				      &flight->n_actions, err);
	case REPLY_ACCOUNT:
		return answer_account(answer->buf, answer->len, &flight->account, err);
	case REPLY_LIST:
		return take_list(walk, ret_more, err);
	case REPLY_ONE:
		return reader_one(&flight->reader, row_of(walk)->thing, answer->buf, answer->len,
				  err);
	case REPLY_CREATED:
		return take_created(walk, err);
	case REPLY_NOTHING:
		break;
	}
	return 0;
}

static void taken(struct walk *walk)
{
	struct err why = {0};
	struct err err = {0};
	bool more = false;

	if (walk->kind == WALK_TAGS) {
		tags_asked(walk, walk->request.status);
		end(walk);
	} else if (take(walk, &more, &why) < 0) {
		why.remote_status = walk->request.status;
		fail_nonsense(walk->flight->call, &why, walk->request.request_id, &err);
		fail(walk, &err);
	} else if (more && !walk->flight->canceled) {
		walk_go(walk);
	} else {
		if (is_change(walk)) {
			walk->flight->canceled = false; /* too late: it was done */
		}
		end(walk);
	}
}

static void refused(struct walk *walk, const struct err *lost)
{
	const struct http_request *request = &walk->request;
	const struct fail_answer answer = {
		.status = request->status,
		.content_type = request->content_type,
		.body = request->answer.buf,
		.body_len = request->answer.len,
		.request_id = request->request_id,
		.retry_after_s = request->retry_after_s,
	};
	struct err err = {0};

	if (lost == NULL) {
		fail_answer(walk->flight->call, &answer, &err);
	} else if (walk->decode_err.kind != ERR_NONE) {
		walk->decode_err.remote_status = request->status;
		fail_nonsense(walk->flight->call, &walk->decode_err, request->request_id, &err);
	} else {
		fail_lost(walk->flight->call, lost, &err);
	}
	fail(walk, &err);
}

static void listen(struct walk *walk, const struct err *err)
{
	const struct http_request *request = &walk->request;
	const struct ocean_pace_answer answer = {
		.status = err == NULL ? request->status : 0,
		.limit = request->ratelimit_limit,
		.remaining = request->ratelimit_remaining,
		.reset_wall_s = request->ratelimit_reset,
		.retry_after_s = request->retry_after_s,
	};
	char status[LOG_NUMBER_SIZE];
	char ms[LOG_NUMBER_SIZE];
	int64_t now = clock_mono_ms();

	if (request->status != 0) {
		ocean_pace_heard(&walk->flight->token->pace, &answer, now, clock_wall_ms());
	}
	if (request->status != 0 && request->date_ms >= 0) {
		walk->flight->call->ahead_ms = request->date_ms - clock_wall_ms();
	}
	if (request->status != 0 && request->ratelimit_remaining >= 0) {
		metrics_set(METRIC_OCEAN_REMAINING, request->ratelimit_remaining);
	}
	if (err != NULL ? err->kind != ERR_CANCELED : request->status >= 400) {
		metrics_add(METRIC_OCEAN_ERRORS, 1);
	}
	log_line(LOG_DEBUG, "ocean.answer", "method", request->method, "url", request->url,
		 "status", log_number(request->status, status), "ms",
		 log_number(now - walk->sent_ms, ms), "request", request->request_id, "error",
		 err != NULL ? err_kind_name(err->kind) : "", NULL);
}

/* The flight ends for another reason; only that a change may have left still counts. */
static void stopped(struct walk *walk, const struct err *err)
{
	struct flight *flight = walk->flight;

	if (!flight->failed && err != NULL && is_change(walk)) {
		flight->failed = true;
		fail_lost(flight->call, err, &flight->err);
	}
	end(walk);
}

static void on_done(struct http_request *request, const struct err *err)
{
	struct walk *walk = request->data;
	struct flight *flight = walk->flight;
	const bool answered = err == NULL;
	const struct ocean_pace_end how = {
		.changes = is_change(walk),
		.attempt = walk->attempt,
		.kind = err != NULL ? err->kind : ERR_NONE,
		.status = request->status,
		.retry_after_s = request->retry_after_s,
	};
	int64_t wait;

	walk->in_http = false;
	listen(walk, err);
	if (answered && request->status >= 200 && request->status < 300 && !flight->failed) {
		taken(walk);
		return;
	}
	if (flight->failed || (flight->canceled && !(answered && is_change(walk)))) {
		stopped(walk, err);
		return;
	}
	if (answered && has_no_gpus(walk, request->status)) {
		end(walk);
		return;
	}
	if (answered && request->status == 401 && !walk->refused && !flight->canceled &&
	    bearer_refused(flight->token->bearer, walk->bearer_turn)) {
		walk->refused = true; /* nothing was done: another pair may be taken, once */
		timer_start(&walk->timer, 0);
		return;
	}
	wait = flight->canceled ? -1 : ocean_pace_retry_ms(&how);
	if (wait >= 0 && clock_mono_ms() + wait <= flight->begin_by_ms) {
		timer_start(&walk->timer, wait);
	} else {
		refused(walk, err);
	}
}
