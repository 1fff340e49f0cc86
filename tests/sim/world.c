/* world.c - what both doors do with a request
 *
 * Happy path: no fault is due, the model answers, one line goes to the log. A fault decides whether the model sees the
 * request at all, and what of its answer leaves. The log file is flushed a line; when it cannot be written the line is
 * lost and nothing else.
 */
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/names.h"
#include "sim/traffic.h"

#define JSON_TYPE "application/json; charset=utf-8"

static const char html_502[] =
	"<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<title>api.digitalocean.com | 502: Bad "
	"gateway</title>\n<meta charset=\"UTF-8\" />\n</head>\n<body>\n<div "
	"id=\"cf-wrapper\"><h1>Bad gateway <span>Error code 502</span></h1>\n<p>The web server "
	"reported a bad gateway error.</p>\n<script>alert(\"not for a chat\")</script>\n"
	"</div>\n</body>\n</html>\n";

struct sim_world *sim_world_new(struct sim *model)
{
	struct sim_world *world = mem_alloc(sizeof(*world));

	world->model = model;
	faults_init(&world->faults);
	return world;
}

void sim_world_free(struct sim_world *world)
{
	if (world == NULL) {
		return;
	}
	sim_free(world->model);
	faults_done(&world->faults);
	sim_traffic_count();
	free(world->calls);
	free(world);
}

int64_t sim_world_now(const struct sim_world *world)
{
	return world->virtual_clock ? world->virtual_ms : clock_wall_ms() + world->ahead_ms;
}

void sim_answer_init(struct sim_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	strbuf_init(&answer->reply.body, SIM_MAX_BODY);
}

void sim_answer_done(struct sim_answer *answer)
{
	strbuf_done(&answer->reply.body);
}

/* faults */

/* An answer that did not come from the model. */
static void replace(struct sim_reply *reply, int status, const char *type, const char *body)
{
	if (reply->status == 0) { /* the model did not see it */
		reply->rate_limit = reply->rate_remaining = reply->rate_reset = -1;
		reply->retry_after_s = -1;
		(void)snprintf(reply->request_id, sizeof(reply->request_id),
			       "51c0ffee-fa17-4000-8000-000000000000");
	}
	reply->status = status;
	reply->content_type = type;
	strbuf_reset(&reply->body);
	(void)strbuf_adds(&reply->body, body);
}

/* The page links lead elsewhere. */
static void move_links(struct sim_reply *reply, const char *host)
{
	struct strbuf out;
	const char *at = reply->body.buf;
	const char *next;

	strbuf_init(&out, SIM_MAX_BODY);
	while ((next = strstr(at, SIM_LINK_BASE)) != NULL) {
		(void)strbuf_add(&out, at, (size_t)(next - at));
		(void)strbuf_addf(&out, "https://%s", host);
		at = next + strlen(SIM_LINK_BASE);
	}
	(void)strbuf_adds(&out, at);
	strbuf_done(&reply->body);
	reply->body = out;
}

static struct sim_fate fate_of(const struct fault *rule)
{
	struct sim_fate fate = {0};

	fate.errors = rule->kind == FAULT_ACTION_ERRORS;
	fate.never_ends = rule->kind == FAULT_ACTION_NEVER_ENDS;
	fate.unchanged = rule->kind == FAULT_COMPLETED_UNCHANGED;
	fate.no_end_time = rule->kind == FAULT_ACTION_NO_END_TIME;
	if (rule->kind == FAULT_ACTION_LAGS) {
		fate.lag_ms = rule->ms >= 0 ? rule->ms : 5000;
	}
	if (rule->kind == FAULT_ACTION_TAKES) {
		fate.takes_ms = rule->ms;
	}
	return fate;
}

/* What the rule makes of the answer, after the model saw the request or not. */
static void apply(const struct fault *rule, struct sim_answer *answer)
{
	struct sim_reply *reply = &answer->reply;

	switch (rule->kind) {
	case FAULT_TIMEOUT_BEFORE:
	case FAULT_TIMEOUT_AFTER_SEND:
		answer->ending = SIM_SILENT;
		break;
	case FAULT_REFUSED:
		answer->ending = SIM_REFUSED;
		break;
	case FAULT_RESET:
		answer->ending = SIM_RESET;
		break;
	case FAULT_RESET_MID_BODY:
		answer->ending = SIM_CUT;
		break;
	case FAULT_HTML_502:
		replace(reply, 502, "text/html; charset=UTF-8", html_502);
		break;
	case FAULT_503:
		replace(reply, 503, JSON_TYPE,
			"{\"id\":\"service_unavailable\",\"message\":\"Service Unavailable\"}");
		break;
	case FAULT_SLOW:
		answer->delay_ms = rule->ms >= 0 ? rule->ms : 2000;
		break;
	case FAULT_TORN_JSON:
		strbuf_truncate(&reply->body, reply->body.len / 2);
		break;
	case FAULT_429:
		replace(reply, 429, JSON_TYPE,
			"{\"id\":\"too_many_requests\",\"message\":\"API rate limit exceeded.\"}");
		reply->retry_after_s = rule->retry_after_s;
		break;
	case FAULT_404:
		replace(reply, 404, JSON_TYPE,
			"{\"id\":\"not_found\",\"message\":\"The resource you requested could not "
			"be "
			"found.\"}");
		break;
	case FAULT_422:
		replace(reply, 422, JSON_TYPE,
			"{\"id\":\"unprocessable_entity\",\"message\":\"There was an error "
			"creating "
			"your droplet, please try again.\"}");
		break;
	case FAULT_FAILED_PAGE:
		replace(reply, 500, JSON_TYPE,
			"{\"id\":\"server_error\",\"message\":\"Unexpected server-side error\"}");
		break;
	case FAULT_OTHER_HOST_LINK:
		move_links(reply, rule->host);
		break;
	case FAULT_NONE:
	case FAULT_LIST_SHIFTS:
	case FAULT_ACTION_ERRORS:
	case FAULT_ACTION_NEVER_ENDS:
	case FAULT_COMPLETED_UNCHANGED:
	case FAULT_ACTION_LAGS:
	case FAULT_ACTION_TAKES:
	case FAULT_ACTION_NO_END_TIME:
		break;
	}
}

static void remember(struct sim_world *world, const struct sim_request *request,
		     const struct sim_answer *answer, bool reached)
{
	struct sim_call *call;

	if (world->calls == NULL) {
		world->calls = mem_array(SIM_MAX_CALLS, sizeof(*world->calls));
	}
	if (world->n_calls == SIM_MAX_CALLS) {
		memmove(world->calls, world->calls + SIM_MAX_CALLS / 2,
			SIM_MAX_CALLS / 2 * sizeof(*world->calls));
		world->n_calls = SIM_MAX_CALLS / 2;
		world->n_dropped += SIM_MAX_CALLS / 2;
	}
	call = &world->calls[world->n_calls++];
	memset(call, 0, sizeof(*call));
	call->at_ms = sim_world_now(world);
	(void)snprintf(call->method, sizeof(call->method), "%.11s", request->method);
	(void)snprintf(call->path, sizeof(call->path), "%.239s", request->path);
	call->status = answer->ending == SIM_ANSWERED || answer->ending == SIM_CUT
			       ? answer->reply.status
			       : 0;
	call->fault = answer->fault;
	call->reached = reached;
	if (world->served != NULL) {
		char *body = request->body != NULL ? mem_strndup(request->body, request->body_len)
						   : NULL;

		call->body = body;
		world->served(call, world->served_data);
		call->body = NULL;
		free(body);
	}
}

void sim_world_serve(struct sim_world *world, const struct sim_request *request,
		     struct sim_answer *answer)
{
	struct fault *rule = faults_due(&world->faults, request->method, request->path);
	bool reached = rule == NULL || rule->commit;

	answer->ending = SIM_ANSWERED;
	answer->reply.status = 0;
	answer->fault = rule != NULL ? rule->kind : FAULT_NONE;
	if (reached) {
		if (rule != NULL) {
			world->model->fate = fate_of(rule);
			world->model->shift = rule->kind == FAULT_LIST_SHIFTS;
		}
		sim_handle(world->model, sim_world_now(world), request, &answer->reply);
	}
	if (rule != NULL) {
		apply(rule, answer);
	}
	sim_traffic_write(world->log, sim_world_now(world), request, answer);
	sim_traffic_note(sim_world_now(world), request, answer);
	remember(world, request, answer, reached);
}

static bool path_fits(const char *glob, const char *path)
{
	char bare[240];

	if (strchr(glob, '?') != NULL) {
		return names_glob(glob, path) != 0;
	}
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(path, "?"), path);
	return names_glob(glob, bare) != 0;
}

size_t sim_world_count(const struct sim_world *world, size_t from, const char *method,
		       const char *path)
{
	size_t n = 0;

	for (size_t i = from; i < world->n_calls; i++) {
		const struct sim_call *call = &world->calls[i];

		n += (method == NULL || strcmp(method, call->method) == 0) &&
		     path_fits(path, call->path);
	}
	return n;
}
