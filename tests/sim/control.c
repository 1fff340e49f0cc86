/* control.c - the words under /_sim that steer a running simulator */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/world.h"

#define MAX_LINE 2048

int64_t sim_duration(const char *text)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*text < '0' || *text > '9' || n > 100000000) {
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			return n * units[i].ms;
		}
	}
	return -1;
}

bool sim_world_is_control(const char *path)
{
	return strncmp(path, "/_sim/", 6) == 0;
}

static void say(struct sim_reply *reply, int status, const char *error)
{
	reply->status = status;
	reply->content_type = "application/json";
	strbuf_reset(&reply->body);
	if (error == NULL) {
		(void)strbuf_adds(&reply->body, "{\"ok\":true}\n");
		return;
	}
	(void)strbuf_adds(&reply->body, "{\"error\":");
	json_add_string(&reply->body, error);
	(void)strbuf_adds(&reply->body, "}\n");
}

static int take_token(struct sim *sim, const char *line, struct err *err)
{
	char token[SIM_WORD_SIZE], scopes[SIM_WORD_SIZE], value[SIM_WORD_SIZE];

	if (sim_next_word(&line, token, value) <= 0) {
		return err_set(err, ERR_USAGE, "a token line is \"TOKEN SCOPES\" or \"TOKEN\"");
	}
	if (sim_next_word(&line, scopes, value) <= 0) {
		sim_remove_token(sim, token);
		return 0;
	}
	return sim_add_token(sim, token, scopes, err);
}

static int take_advance(struct sim_world *world, const char *line, struct err *err)
{
	int64_t ms = sim_duration(line);

	if (ms < 0) {
		return err_set(err, ERR_USAGE, "not a time such as 20s: '%.60s'", line);
	}
	world->virtual_ms += ms;
	sim_settle(world->model, world->virtual_ms);
	return 0;
}

static int take_line(struct sim_world *world, const char *path, const char *line, struct err *err)
{
	if (strcmp(path, "/_sim/fault") == 0) {
		return faults_add(&world->faults, line, err);
	}
	if (strcmp(path, "/_sim/droplet") == 0) {
		sim_settle(world->model, sim_world_now(world));
		return sim_droplet_line(world->model, line, err);
	}
	if (strcmp(path, "/_sim/token") == 0) {
		return take_token(world->model, line, err);
	}
	return take_advance(world, line, err);
}

/* Each line of the body; the first that is wrong ends it. */
static void take_lines(struct sim_world *world, const struct sim_request *request,
		       struct sim_reply *reply)
{
	const char *at = request->body != NULL ? request->body : "";
	const char *end = at + request->body_len;
	struct err err;
	int n = 0;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline != NULL ? newline : end) - at);
		char line[MAX_LINE];

		if (len >= sizeof(line)) {
			say(reply, 400, "a line is too long");
			return;
		}
		memcpy(line, at, len);
		line[len] = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (line[0] != '\0') {
			if (take_line(world, request->path, line, &err) < 0) {
				say(reply, 400, err.msg);
				return;
			}
			n++;
		}
		at += len + 1;
	}
	say(reply, n > 0 ? 200 : 400, n > 0 ? NULL : "the body has no line");
}

static void print_state(struct sim_world *world, struct strbuf *out)
{
	const struct sim *sim = world->model;

	(void)strbuf_addf(out, "{\"now_ms\":%lld,\"requests\":%llu,\"droplets\":[",
			  (long long)sim->now_ms, (unsigned long long)sim->n_requests);
	for (size_t i = 0; i < sim->n_droplets; i++) {
		const struct sim_droplet *d = sim->droplets[i];

		(void)strbuf_addf(out, "%s{\"id\":%llu,\"name\":", i > 0 ? "," : "",
				  (unsigned long long)d->id);
		json_add_string(out, d->name);
		(void)strbuf_addf(out, ",\"status\":\"%s\",\"locked\":%s,\"event\":",
				  sim_status_word(d->status),
				  d->event != NULL || d->held ? "true" : "false");
		if (d->event != NULL) {
			json_add_string(out, d->event->type);
		} else {
			(void)strbuf_adds(out, "null");
		}
		(void)strbuf_addf(out, ",\"actions\":%zu}", d->n_actions);
	}
	(void)strbuf_adds(out, "],\"faults\":");
	faults_print(&world->faults, out);
	(void)strbuf_adds(out, "}\n");
}

static void print_log(const struct sim_world *world, struct strbuf *out)
{
	for (size_t i = 0; i < world->n_calls; i++) {
		const struct sim_call *call = &world->calls[i];

		(void)strbuf_addf(out, "{\"t\":%lld,\"method\":", (long long)call->at_ms);
		json_add_string(out, call->method);
		(void)strbuf_adds(out, ",\"path\":");
		json_add_string(out, call->path);
		(void)strbuf_addf(out, ",\"status\":%d,\"reached\":%s,\"fault\":", call->status,
				  call->reached ? "true" : "false");
		if (call->fault != FAULT_NONE) {
			json_add_string(out, fault_word(call->fault));
		} else {
			(void)strbuf_adds(out, "null");
		}
		(void)strbuf_adds(out, "}\n");
	}
}

void sim_world_control(struct sim_world *world, const struct sim_request *request,
		       struct sim_reply *reply)
{
	static const char *const taking[] = {"/_sim/fault", "/_sim/droplet", "/_sim/token",
					     "/_sim/advance"};
	const char *path = request->path;

	reply->rate_limit = reply->rate_remaining = reply->rate_reset = -1;
	reply->retry_after_s = -1;
	reply->request_id[0] = '\0';
	say(reply, 404, "no such control word");
	if (strcmp(request->method, "GET") == 0 && strcmp(path, "/_sim/state") == 0) {
		sim_settle(world->model, sim_world_now(world));
		say(reply, 200, NULL);
		strbuf_reset(&reply->body);
		print_state(world, &reply->body);
	} else if (strcmp(request->method, "GET") == 0 && strcmp(path, "/_sim/log") == 0) {
		say(reply, 200, NULL);
		reply->content_type = "application/jsonl";
		strbuf_reset(&reply->body);
		print_log(world, &reply->body);
	} else if (strcmp(request->method, "DELETE") == 0 && strcmp(path, "/_sim/fault") == 0) {
		faults_clear(&world->faults);
		say(reply, 200, NULL);
	} else if (strcmp(request->method, "POST") == 0) {
		for (size_t i = 0; i < ARRAY_LEN(taking); i++) {
			if (strcmp(path, taking[i]) != 0) {
				continue;
			}
			if (i == 3 && !world->virtual_clock) {
				say(reply, 409, "the clock is real: start with --clock virtual");
			} else {
				take_lines(world, request, reply);
			}
		}
	}
}
