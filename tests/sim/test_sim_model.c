/* test_sim_model.c - the simulated DigitalOcean: pages, filters, events, time, limits, scopes, faults */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sim/traffic.h"

#define START_MS INT64_C(1768273200000) /* 2026-01-13T03:00:00Z */

struct bench {
	struct sim *sim;
	int64_t now_ms;
	const char *token;
	struct sim_reply reply;
	struct json *json; /* of the last reply */
};

static void ask_with(struct bench *b, const char *method, const char *path, const char *body)
{
	struct sim_request request = {.method = method,
				      .path = path,
				      .token = b->token,
				      .body = body,
				      .body_len = body != NULL ? strlen(body) : 0};

	sim_handle(b->sim, b->now_ms, &request, &b->reply);
	sim_traffic_note(b->now_ms, &request, &(struct sim_answer){.reply = b->reply});
	json_free(b->json);
	b->json = json_parse(b->reply.body.buf, b->reply.body.len, NULL);
	assert_non_null(b->json);
}

static void ask(struct bench *b, const char *path)
{
	ask_with(b, "GET", path, NULL);
}

static void act(struct bench *b, uint64_t id, const char *type)
{
	char path[80];
	char body[80];

	(void)snprintf(path, sizeof(path), "/v2/droplets/%llu/actions", (unsigned long long)id);
	(void)snprintf(body, sizeof(body), "{\"type\":\"%s\"}", type);
	ask_with(b, "POST", path, body);
}

static int64_t action_id(const struct bench *b)
{
	return json_int_or(json_member(b->json, "action"), "id", 0);
}

static void look(struct bench *b, uint64_t id)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "/v2/droplets/%llu", (unsigned long long)id);
	ask(b, path);
	assert_int_equal(b->reply.status, 200);
}

static const char *droplet_status(struct bench *b, uint64_t id)
{
	look(b, id);
	return json_string_or(json_member(b->json, "droplet"), "status", "?");
}

static bool locked(struct bench *b, uint64_t id)
{
	look(b, id);
	return json_bool_or(json_member(b->json, "droplet"), "locked", false);
}

static const char *action_status(struct bench *b, int64_t id)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "/v2/actions/%lld", (long long)id);
	ask(b, path);
	assert_int_equal(b->reply.status, 200);
	return json_string_or(json_member(b->json, "action"), "status", "?");
}

static const char *message(const struct bench *b)
{
	return json_string_or(b->json, "message", "?");
}

static size_t count(const struct bench *b, const char *key)
{
	return json_array_count(json_member(b->json, key));
}

static int set_up(void **state)
{
	static struct bench b;

	memset(&b, 0, sizeof(b));
	b.sim = sim_new(START_MS);
	b.now_ms = START_MS;
	b.token = SIM_TOKEN_ALL;
	sim_demo_account(b.sim);
	strbuf_init(&b.reply.body, SIM_MAX_BODY);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	json_free(b->json);
	strbuf_done(&b->reply.body);
	sim_traffic_count();
	sim_free(b->sim);
	return 0;
}

#define WEB_1 440212003u
#define Z_DB_1 418830207u

static void pages(void **state)
{
	struct bench *b = *state;
	const struct json *links;
	const struct json *first;
	int64_t id = 0;

	ask(b, "/v2/droplets?per_page=200");
	assert_int_equal(count(b, "droplets"), 14); /* the GPU droplet is not in it */
	assert_null(json_member(json_member(b->json, "links"), "pages"));

	ask(b, "/v2/droplets?page=2&per_page=5");
	assert_int_equal(count(b, "droplets"), 5);
	assert_int_equal(json_int_or(json_member(b->json, "meta"), "total", 0), 14);
	links = json_member(json_member(b->json, "links"), "pages");
	assert_string_equal(json_string_or(links, "next", ""),
			    "https://api.digitalocean.com/v2/droplets?page=3&per_page=5");
	assert_string_equal(json_string_or(links, "prev", ""),
			    "https://api.digitalocean.com/v2/droplets?page=1&per_page=5");
	first = json_array_at(json_member(b->json, "droplets"), 0);
	assert_int_equal(json_get_int(first, "id", &id, NULL), 0);
	assert_int_equal(id, 425561944); /* the sixth */

	ask(b, "/v2/droplets?page=3&per_page=5");
	assert_int_equal(count(b, "droplets"), 4);
	links = json_member(json_member(b->json, "links"), "pages");
	assert_null(json_member(links, "next"));

	ask(b, "/v2/droplets?page=9&per_page=5");
	assert_int_equal(count(b, "droplets"), 0);

	ask(b, "/v2/droplets?per_page=201");
	assert_int_equal(b->reply.status, 422);
	ask(b, "/v2/droplets?page=0");
	assert_int_equal(b->reply.status, 422);
	assert_true(b->reply.refused);
}

static void filters(void **state)
{
	struct bench *b = *state;
	const struct json *links;

	ask(b, "/v2/droplets?tag_name=client%3Azenith");
	assert_int_equal(count(b, "droplets"), 2);
	ask(b, "/v2/droplets?tag_name=CLIENT:Zenith&per_page=1");
	assert_int_equal(count(b, "droplets"), 1);
	links = json_member(json_member(b->json, "links"), "pages");
	assert_string_equal(json_string_or(links, "next", ""),
			    "https://api.digitalocean.com/v2/"
			    "droplets?page=2&tag_name=CLIENT:Zenith&per_page=1");
	ask(b, "/v2/droplets?tag_name=client");
	assert_int_equal(count(b, "droplets"), 0); /* a whole tag, not a prefix */
	ask(b, "/v2/droplets?name=WEB-2");
	assert_int_equal(count(b, "droplets"), 2);
	ask(b, "/v2/droplets?type=gpus");
	assert_int_equal(count(b, "droplets"), 1);
	ask(b, "/v2/droplets?type=gpus&tag_name=gpu");
	assert_int_equal(b->reply.status, 422);
}

static void one_event(void **state)
{
	struct bench *b = *state;
	int64_t id;

	act(b, WEB_1, "reboot");
	assert_int_equal(b->reply.status, 201);
	id = action_id(b);
	assert_true(locked(b, WEB_1));
	act(b, WEB_1, "power_off");
	assert_int_equal(b->reply.status, 422);
	assert_true(b->reply.refused);
	assert_string_equal(message(b), "Droplet already has a pending event.");
	act(b, 440212017, "reboot"); /* another droplet is free */
	assert_int_equal(b->reply.status, 201);

	b->now_ms += 19999;
	assert_string_equal(action_status(b, id), "in-progress");
	assert_null(json_text(json_member(json_member(b->json, "action"), "completed_at")));
	b->now_ms += 1;
	assert_string_equal(action_status(b, id), "completed");
	assert_string_equal(json_string_or(json_member(b->json, "action"), "completed_at", "?"),
			    "2026-01-13T03:00:20Z");
	assert_false(locked(b, WEB_1));
	act(b, WEB_1, "power_off");
	assert_int_equal(b->reply.status, 201);
}

static void times_and_states(void **state)
{
	static const struct {
		const char *type, *after;
		int64_t ms;
	} steps[] = {
		{"power_cycle", "active", 15000}, {"shutdown", "off", 6000},
		{"power_on", "active", 8000},     {"power_off", "off", 5000},
		{"power_on", "active", 8000},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *before = i == 2 || i == 4 ? "off" : "active";

		act(b, WEB_1, steps[i].type);
		assert_int_equal(b->reply.status, 201);
		b->now_ms += steps[i].ms - 1;
		assert_string_equal(droplet_status(b, WEB_1), before);
		assert_true(locked(b, WEB_1));
		b->now_ms += 1;
		assert_string_equal(droplet_status(b, WEB_1), steps[i].after);
		assert_false(locked(b, WEB_1));
	}
	act(b, Z_DB_1, "reboot");
	assert_string_equal(message(b),
			    "Droplet is currently off. Please power it on to run this event.");
	act(b, WEB_1, "power_on");
	assert_string_equal(message(b),
			    "Droplet is currently on. Please power it off to run this event.");
	act(b, WEB_1, "explode");
	assert_int_equal(b->reply.status, 422);
	ask_with(b, "POST", "/v2/droplets/440212003/actions", "[not json");
	assert_int_equal(b->reply.status, 422);
}

static void speed(void **state)
{
	struct bench *b = *state;

	b->sim->speed = 4;
	act(b, WEB_1, "reboot");
	b->now_ms += 4999;
	assert_true(locked(b, WEB_1));
	b->now_ms += 1;
	assert_false(locked(b, WEB_1));
}

static void fates(void **state)
{
	struct bench *b = *state;
	int64_t id;

	b->sim->fate.lag_ms = 3000;
	act(b, WEB_1, "power_off");
	id = action_id(b);
	b->now_ms += 5000;
	assert_string_equal(action_status(b, id), "completed");
	assert_string_equal(droplet_status(b, WEB_1), "active");
	b->now_ms += 3000;
	assert_string_equal(droplet_status(b, WEB_1), "off");

	b->sim->fate.errors = true;
	act(b, WEB_1, "power_on");
	id = action_id(b);
	b->now_ms += 8000;
	assert_string_equal(action_status(b, id), "errored");
	assert_string_equal(droplet_status(b, WEB_1), "off");

	act(b, WEB_1, "power_on"); /* the fate was for one action */
	b->now_ms += 8000;
	assert_string_equal(droplet_status(b, WEB_1), "active");

	b->sim->fate.unchanged = true;
	act(b, WEB_1, "shutdown");
	id = action_id(b);
	b->now_ms += 6000;
	assert_string_equal(action_status(b, id), "completed");
	assert_string_equal(droplet_status(b, WEB_1), "active");

	b->sim->fate.never_ends = true;
	act(b, WEB_1, "reboot");
	id = action_id(b);
	b->now_ms += INT64_C(7) * 86400000;
	assert_string_equal(action_status(b, id), "in-progress");
	assert_true(locked(b, WEB_1));
}

static void actions_newest_first(void **state)
{
	struct bench *b = *state;
	const struct json *list;

	act(b, WEB_1, "reboot");
	b->now_ms += 60000;
	act(b, WEB_1, "shutdown");
	ask(b, "/v2/droplets/440212003/actions?per_page=2");
	list = json_member(b->json, "actions");
	assert_int_equal(json_array_count(list), 2);
	assert_string_equal(json_string_or(json_array_at(list, 0), "type", ""), "shutdown");
	assert_string_equal(json_string_or(json_array_at(list, 1), "type", ""), "reboot");
	assert_int_equal(json_int_or(json_member(b->json, "meta"), "total", 0), 3); /* and create */
}

static void minute_limit(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 250; i++) {
		ask(b, "/v2/account");
		assert_int_equal(b->reply.status, 200);
		b->now_ms += 100;
	}
	assert_int_equal(b->reply.rate_limit, 5000);
	assert_int_equal(b->reply.rate_remaining, 4750);
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 429);
	assert_int_equal(b->reply.retry_after_s, 35); /* the first was 25 s ago */
	assert_string_equal(json_string_or(b->json, "id", ""), "too_many_requests");
	b->token = SIM_TOKEN_READ; /* limits are by token */
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 200);
	b->token = SIM_TOKEN_ALL;
	b->now_ms += 35000;
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 200);
	assert_int_equal(b->reply.rate_reset, (START_MS + 3600000) / 1000);
}

static void hour_limit(void **state)
{
	struct bench *b = *state;

	b->sim->rate_hour = 10;
	for (int i = 0; i < 10; i++) {
		ask(b, "/v2/account");
		assert_int_equal(b->reply.status, 200);
		b->now_ms += 61000;
	}
	assert_int_equal(b->reply.rate_remaining, 0);
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 429);
	b->now_ms = START_MS + 3600000;
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 200);
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 429);
}

static void tokens(void **state)
{
	struct bench *b = *state;
	const struct json *tags;

	b->token = NULL;
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 401);
	b->token = "sim-token-alll";
	ask(b, "/v2/account");
	assert_int_equal(b->reply.status, 401);
	assert_string_equal(json_string_or(b->json, "id", ""), "unauthorized");

	b->token = SIM_TOKEN_READ;
	act(b, WEB_1, "reboot");
	assert_int_equal(b->reply.status, 403);
	assert_false(locked(b, WEB_1));
	b->token = SIM_TOKEN_CHANGE;
	act(b, WEB_1, "reboot");
	assert_int_equal(b->reply.status, 201);

	b->token = "blind";
	assert_int_equal(sim_add_token(b->sim, "blind", "change,-tag:read", NULL), 0);
	look(b, WEB_1);
	tags = json_member(json_member(b->json, "droplet"), "tags");
	assert_true(json_is_array(tags));
	assert_int_equal(json_array_count(tags), 0);
	ask(b, "/v2/droplets?tag_name=prod");
	assert_int_equal(b->reply.status, 403);
	ask(b, "/v2/tags?per_page=1");
	assert_int_equal(b->reply.status, 403);
	assert_int_equal(sim_add_token(b->sim, "blind", "read", NULL), 0);
	ask(b, "/v2/tags?per_page=1");
	assert_int_equal(b->reply.status, 200);
	sim_remove_token(b->sim, "blind");
	ask(b, "/v2/tags");
	assert_int_equal(b->reply.status, 401);
	assert_int_equal(sim_add_token(b->sim, "x", "reed", NULL), -1);
}

static void not_there(void **state)
{
	static const char *const paths[] = {
		"/v2/droplets/1",
		"/v2/droplets/abc",
		"/v2/droplets/99999999999999999999",
		"/v2/droplets/440212003/",
		"/v2/droplets/440212003/actions/2400000001", /* another droplet's */
		"/v2/actions/1",
		"/v2/nothing",
		"/",
		"/v2/projects/x/resources",
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ask(b, paths[i]);
		assert_int_equal(b->reply.status, 404);
		assert_string_equal(json_string_or(b->json, "id", ""), "not_found");
		assert_string_equal(json_string_or(b->json, "request_id", ""), b->reply.request_id);
	}
	act(b, 12, "reboot");
	assert_int_equal(b->reply.status, 404);
}

static void tags_and_projects(void **state)
{
	struct bench *b = *state;
	const struct json *projects;
	char path[100];
	size_t total = 0;

	ask(b, "/v2/tags?per_page=200");
	assert_int_equal(count(b, "tags"), 11);
	ask(b, "/v2/projects");
	projects = json_member(b->json, "projects");
	assert_int_equal(json_array_count(projects), 3);
	for (size_t i = 0; i < b->sim->n_projects; i++) {
		(void)snprintf(path, sizeof(path), "/v2/projects/%s/resources?per_page=100",
			       b->sim->projects[i].id);
		ask(b, path);
		total += count(b, "resources");
	}
	assert_int_equal(total, b->sim->n_droplets); /* each droplet is in one project */
}

static void droplet_lines(void **state)
{
	struct bench *b = *state;
	struct err err;

	assert_int_equal(
		sim_droplet_line(b->sim, "web-9 id=11 tags=web,prod status=off locked=yes", &err),
		0);
	assert_string_equal(droplet_status(b, 11), "off");
	assert_true(locked(b, 11));
	assert_int_equal(sim_droplet_line(b->sim, "web-9 id=11 status=active locked=no", &err), 0);
	assert_string_equal(droplet_status(b, 11), "active");
	assert_int_equal(b->sim->n_droplets, 16);
	assert_int_equal(sim_droplet_by_id(b->sim, 11)->n_tags, 2);

	assert_int_equal(sim_droplet_line(b->sim, "x region=mars1", &err), -1);
	assert_non_null(strstr(err.msg, "region=mars1"));
	assert_int_equal(sim_droplet_line(b->sim, "web-9 id=11 size=huge", &err), -1);
	assert_int_equal(sim_droplet_line(b->sim, "", &err), -1);
	assert_int_equal(sim_droplet_line(b->sim, "status=off", &err), -1);
	look(b, 11); /* a line that was refused left it whole */
	sim_remove_droplet(b->sim, 11);
	ask(b, "/v2/droplets/11");
	assert_int_equal(b->reply.status, 404);
}

static void big_account(void **state)
{
	struct bench *b = *state;
	struct sim *demo = b->sim;

	b->sim = sim_new(START_MS);
	sim_generated_account(b->sim, 1000);
	ask(b, "/v2/droplets?per_page=200&page=5");
	assert_int_equal(count(b, "droplets"), 200);
	assert_in_range(b->reply.body.len, 200 * 1500, 200 * 2500); /* 2 KB each */
	sim_free(b->sim);
	b->sim = demo;
}

/* faults and the world */

static void fault_counts(void **state)
{
	struct faults faults;
	struct err err;

	(void)state;
	faults_init(&faults);
	assert_int_equal(faults_add(&faults,
				    "nth=2 times=2 method=POST path=/v2/droplets/*/actions "
				    "kind=timeout-after-send",
				    &err),
			 0);
	assert_null(faults_due(&faults, "POST", "/v2/droplets/7/actions"));
	assert_null(faults_due(&faults, "GET", "/v2/droplets/7/actions"));
	assert_null(faults_due(&faults, "POST", "/v2/droplets/7"));
	assert_non_null(faults_due(&faults, "POST", "/v2/droplets/7/actions"));
	assert_non_null(faults_due(&faults, "POST", "/v2/droplets/7/actions?x=1"));
	assert_null(faults_due(&faults, "POST", "/v2/droplets/7/actions"));

	faults_clear(&faults);
	assert_int_equal(faults_add(&faults, "kind=failed-page page=3", &err), 0);
	assert_null(faults_due(&faults, "GET", "/v2/droplets?per_page=3"));
	assert_non_null(faults_due(&faults, "GET", "/v2/droplets?per_page=3&page=3"));
	assert_null(faults_due(&faults, "GET", "/v2/droplets?page=33"));

	assert_int_equal(faults_add(&faults, "kind=explode", &err), -1);
	assert_int_equal(faults_add(&faults, "nth=1", &err), -1);
	assert_int_equal(faults_add(&faults, "kind=slow ms=x", &err), -1);
	assert_int_equal(faults_add(&faults, "kind=slow commit=no", &err), -1);
	assert_int_equal(faults_add(&faults, "kind=slow nth=0", &err), -1);
	assert_int_equal(faults.n, 1);
	faults_done(&faults);
}

/* Serves one POST reboot of WEB_1 under a fault; gives what became of it. */
static enum sim_ending serve_under(const char *line, bool *ret_committed, int *ret_status)
{
	struct sim_world *world = sim_world_new(sim_new(START_MS));
	const char *body = "{\"type\":\"reboot\"}";
	struct sim_request request = {.method = "POST",
				      .path = "/v2/droplets/440212003/actions",
				      .token = SIM_TOKEN_ALL,
				      .body = body,
				      .body_len = strlen(body)};
	struct sim_answer answer;
	enum sim_ending ending;
	struct err err;

	world->virtual_clock = true;
	world->virtual_ms = START_MS;
	sim_demo_account(world->model);
	assert_int_equal(faults_add(&world->faults, line, &err), 0);
	sim_answer_init(&answer);
	sim_world_serve(world, &request, &answer);
	ending = answer.ending;
	*ret_status = answer.reply.status;
	*ret_committed = sim_droplet_by_id(world->model, WEB_1)->event != NULL;
	assert_int_equal(world->n_calls, 1);
	assert_int_equal(sim_world_count(world, 0, "POST", "/v2/droplets/*"), 1);
	assert_int_equal(sim_world_count(world, 0, "GET", "*"), 0);
	sim_answer_done(&answer);
	sim_world_free(world);
	return ending;
}

static void fault_commits(void **state)
{
	static const struct {
		const char *line;
		enum sim_ending ending;
		bool commits;
		int status;
	} rows[] = {
		{"kind=timeout-before", SIM_SILENT, false, 0},
		{"kind=timeout-after-send", SIM_SILENT, true, 201},
		{"kind=refused", SIM_REFUSED, false, 0},
		{"kind=reset", SIM_RESET, true, 201},
		{"kind=reset commit=no", SIM_RESET, false, 0},
		{"kind=reset-mid-body", SIM_CUT, true, 201},
		{"kind=html-502", SIM_ANSWERED, false, 502},
		{"kind=html-502 commit=yes", SIM_ANSWERED, true, 502},
		{"kind=503", SIM_ANSWERED, false, 503},
		{"kind=torn-json", SIM_ANSWERED, true, 201},
		{"kind=429 retry-after=7", SIM_ANSWERED, false, 429},
		{"kind=404", SIM_ANSWERED, false, 404},
		{"kind=slow ms=9", SIM_ANSWERED, true, 201},
		{"kind=action-never-ends", SIM_ANSWERED, true, 201},
		{"kind=html-502 nth=2", SIM_ANSWERED, true, 201},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool committed;
		int status;

		assert_int_equal(serve_under(rows[i].line, &committed, &status), rows[i].ending);
		assert_int_equal(committed, rows[i].commits);
		assert_int_equal(status, rows[i].status);
	}
}

static void durations(void **state)
{
	(void)state;
	assert_int_equal(sim_duration("20s"), 20000);
	assert_int_equal(sim_duration("1500ms"), 1500);
	assert_int_equal(sim_duration("2m"), 120000);
	assert_int_equal(sim_duration("20"), -1);
	assert_int_equal(sim_duration("-1s"), -1);
	assert_int_equal(sim_duration(""), -1);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH(pages),
		WITH(filters),
		WITH(one_event),
		WITH(times_and_states),
		WITH(speed),
		WITH(fates),
		WITH(actions_newest_first),
		WITH(minute_limit),
		WITH(hour_limit),
		WITH(tokens),
		WITH(not_there),
		WITH(tags_and_projects),
		WITH(droplet_lines),
		WITH(big_account),
		cmocka_unit_test(fault_counts),
		cmocka_unit_test(fault_commits),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
