/* line.c - one connection to Slack, from asking for its address to its end
 *
 * Happy path: apps.connections.open gives an address that is good for once -> WebSocket -> hello -> live, for some hours.
 * Failure modes: each phase has a deadline; a silent peer is noticed by pings of loop/ws (3 s of quiet, 6 s for any byte: left after
 * 9 s); what fails ends here through keep_gone, once. An address is never dialled twice. Callbacks know their own line, so what
 * comes late from an old one cannot touch a new one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Slack's own client gives a pong 5 s and leaves healthy connections in the field (bolt-js issue 2496); any byte will do for us. */
#define PING_MS 3000
#define PONG_MS 6000
#define HELLO_MS 8000 /* from the open WebSocket; the next address is asked for within 10 s */

static void enter(struct line *line, enum line_phase phase, int64_t deadline_ms)
{
	line->phase = phase;
	if (deadline_ms > 0) {
		timer_start(&line->timer, deadline_ms);
	} else {
		timer_stop(&line->timer);
	}
}

/* The end of one that has no WebSocket, or whose WebSocket is gone. */
static void gone(struct line *line, const struct err *err)
{
	struct err why = line->why.kind != ERR_NONE ? line->why : *err;

	rest_forget(line->call);
	line->call = NULL;
	keep_gone(line, &why);
}

static void close_line(struct line *line)
{
	struct err err = {0};

	if (line->phase == LINE_CLOSING) {
		return;
	}
	enter(line, LINE_CLOSING, 0);
	if (line->ws != NULL) {
		line->s->wire->close(line->ws, 1000); /* loop/ws has a deadline for it */
		return;
	}
	(void)err_set(&err, ERR_CANCELED, "closed by us");
	gone(line, &err);
}

void line_fail(struct line *line, enum err_kind kind, const char *fmt, ...)
{
	char msg[sizeof(line->why.msg)];
	va_list ap;

	if (line->phase == LINE_CLOSING) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	(void)err_set(&line->why, kind, "%s", msg);
	close_line(line);
}

void line_end(struct line *line)
{
	close_line(line);
}

void line_drain(struct line *line, int64_t most_ms)
{
	if (line->phase == LINE_LIVE || line->phase == LINE_DRAIN) {
		line->draining = true;
		enter(line, LINE_DRAIN, most_ms);
	}
}

void line_live(struct line *line)
{
	line->live_ms = clock_mono_ms();
	enter(line, LINE_LIVE, 0);
}

bool line_can_ack(const struct line *line)
{
	return line->ws != NULL && line->phase >= LINE_HELLO && line->phase <= LINE_DRAIN;
}

static void on_timer(struct timer *timer)
{
	struct line *line = timer->data;

	switch (line->phase) {
	case LINE_ASK:
	case LINE_DIAL:
		line_fail(line, ERR_TIMEOUT, "Slack did not open a connection in time");
		break;
	case LINE_HELLO:
		line_fail(line, ERR_TIMEOUT, "Slack opened a connection and said no hello");
		break;
	case LINE_DRAIN:
		if (keep_has_live(line->s, line)) {
			close_line(line);
		} else { /* nobody else hears: Slack ends it, not we */
			enter(line, LINE_DRAIN, PHASE_MS);
		}
		break;
	case LINE_LIVE:
	case LINE_CLOSING:
		break;
	}
}

/* ---- the WebSocket ---------------------------------------------------------------------------- */

static void on_open(struct ws *ws, void *data)
{
	struct line *line = data;

	(void)ws;
	if (line->phase == LINE_DIAL) {
		enter(line, LINE_HELLO, HELLO_MS);
	}
}

static void on_message(struct ws *ws, const char *bytes, size_t len, void *data)
{
	struct line *line = data;

	(void)ws;
	if (line->phase != LINE_CLOSING) {
		envelope_hear(line, bytes, len);
	}
}

static void on_closed(struct ws *ws, const struct err *err, void *data)
{
	struct line *line = data;
	struct slack_adapter *s = line->s;
	bool refused = line->phase == LINE_DIAL && err->kind == ERR_CONFIG && !s->link_said;

	(void)ws;
	line->ws = NULL;
	if (line->why.kind == ERR_NONE && line->phase != LINE_CLOSING) {
		line->why = *err; /* it ended, we did not */
	}
	line->phase = LINE_CLOSING;
	timer_stop(&line->timer);
	/* a certificate that was right before may be right again soon; one that never was needs a person */
	if (refused) {
		slack_refuse(s, line->why.msg);
	}
	gone(line, err);
}

static bool is_local(const char *url)
{
	static const char *const local[] = {"ws://127.0.0.1", "ws://localhost", "ws://[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		if (strncmp(url, local[i], strlen(local[i])) == 0 &&
		    strchr(":/", url[strlen(local[i])]) != NULL) {
			return true;
		}
	}
	return false;
}

static void dial(struct line *line, const char *url)
{
	struct slack_adapter *s = line->s;
	struct ws_options options = {
		.url = url,
		.ca_file = s->ca_file,
		.max_message_bytes = FRAME_MAX,
		.open_ms = PHASE_MS,
		.ping_ms = PING_MS,
		.pong_ms = PONG_MS,
		.on_open = on_open,
		.on_message = on_message,
		.on_closed = on_closed,
		.data = line,
	};
	bool plain_api = strncmp(s->api_url, "http://", 7) == 0;
	struct err err = {0};

	if (strncmp(url, "wss://", 6) != 0 && !(plain_api && is_local(url))) {
		line_fail(line, ERR_REMOTE, "Slack gave an address without TLS");
		return;
	}
	enter(line, LINE_DIAL,
	      PHASE_MS + 2000); /* loop/ws has its own, this one is the net below */
	line->ws = s->wire->open(s->loop, &options, &err);
	if (line->ws == NULL) {
		line_fail(line, err.kind, "%s", err.msg);
	}
}

/* ---- its address ------------------------------------------------------------------------------- */

static void on_address(struct rest_call *call, const struct json *answer,
		       const struct trouble *trouble)
{
	struct line *line = call->ask.data;
	struct slack_adapter *s = line->s;
	const char *url = answer != NULL ? json_string_or(answer, "url", "") : "";

	line->call = NULL;
	if (trouble != NULL && (trouble->fatal || trouble->err.kind == ERR_CONFIG)) {
		char why[300];

		(void)snprintf(why, sizeof(why), "the Slack app token: %s", trouble->err.msg);
		slack_refuse(s, why); /* ends this line too */
		return;
	}
	if (trouble != NULL) {
		line->wait_ms = trouble->retry_after_ms;
		line_fail(line, trouble->err.kind, "no connection from Slack: %.180s",
			  trouble->err.msg);
		return;
	}
	dial(line, url);
}

void line_open(struct slack_adapter *s)
{
	struct line *line = mem_alloc(sizeof(*line));
	struct rest_ask ask = {
		.method = "apps.connections.open",
		.token = REST_APP,
		.repeatable = true, /* an address that nobody dials runs out */
		.timeout_ms = PHASE_MS,
		.done = on_address,
		.data = line,
	};

	line->s = s;
	line->number = ++s->last_number;
	timer_init(&line->timer, s->loop, on_timer, line);
	list_append(&s->lines, &line->link);
	enter(line, LINE_ASK, PHASE_MS + 2000);
	line->call = rest_start(s, &ask);
}
