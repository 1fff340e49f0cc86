/* test_ocean_http.c - the real client against sluice-sim over loopback: pages, refusals and everything that goes wrong
 *
 * Each test starts a simulator of its own with its faults. What the client really sent is counted in the simulator's
 * log, not in the client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "ocean/ocean.h"

extern char **environ;

#define ARGS_MAX 24

struct sim {
	pid_t pid;
	int in; /* closing it ends the simulator */
	char url[64];
	char log[64];
};

struct world {
	struct loop *loop;
	struct sim sim;
	struct ocean *ocean;
};

struct asked {
	struct ocean_call call;
	struct err err;
	unsigned answers;
	unsigned n;       /* droplets or actions */
	unsigned reboots; /* of the actions */
	bool tags_known;
	unsigned without_tags; /* droplets whose tags are not known */
	bool twice;            /* an id came twice */
	bool bare;             /* a droplet without name, region, size or account */
	bool has_gpu;
	struct droplet first; /* without its strings */
	struct ocean_action action;
	struct ocean_account account;
	int64_t ms;
};

/* simulator */

static void start_sim(struct sim *sim, const char *const *args)
{
	char program[] = BINARY_DIR "/sluice-sim";
	char *argv[ARGS_MAX + 6] = {program, (char[]){"--exit-with-stdin"}, (char[]){"--log"}};
	posix_spawn_file_actions_t actions;
	int in[2], out[2];
	size_t n = 3;
	FILE *file;
	int fd;

	(void)snprintf(sim->log, sizeof(sim->log), "/tmp/sluice-ocean-log-XXXXXX");
	fd = mkstemp(sim->log);
	assert_true(fd >= 0);
	(void)close(fd);
	argv[n++] = sim->log;
	for (; *args != NULL; args++) {
		argv[n++] = strdup(*args);
	}
	assert_int_equal(pipe2(in, 02000000), 0); /* O_CLOEXEC */
	assert_int_equal(pipe2(out, 02000000), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, in[0], 0), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, out[1], 1), 0);
	if (posix_spawn(&sim->pid, program, &actions, NULL, argv, environ) != 0) {
		fail_msg("cannot start %s", program);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 4; i < n; i++) {
		free(argv[i]);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	sim->in = in[1];
	file = fdopen(out[0], "r");
	assert_non_null(file);
	if (fscanf(file, "listening on %63s", sim->url) != 1) {
		fail_msg("the simulator does not listen");
	}
	(void)fclose(file);
}

static void stop_sim(struct sim *sim)
{
	int status = 0;

	(void)close(sim->in);
	assert_int_equal(waitpid(sim->pid, &status, 0), sim->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)unlink(sim->log);
}

/* How many requests of that method whose path holds `part` reached the simulator. */
static unsigned reached(const struct sim *sim, const char *method, const char *part)
{
	FILE *file = fopen(sim->log, "r");
	char *line = NULL;
	size_t size = 0;
	unsigned n = 0;
	ssize_t len;

	assert_non_null(file);
	while ((len = getline(&line, &size, file)) > 0) {
		struct json *root = json_parse(line, (size_t)len, NULL);

		assert_non_null(root);
		n += strcmp(json_string_or(root, "method", ""), method) == 0 &&
		     strstr(json_string_or(root, "path", ""), part) != NULL;
		json_free(root);
	}
	free(line);
	(void)fclose(file);
	return n;
}

/* client */

static struct ocean *open_with(struct world *world, const char *url, const char *const tokens[4],
			       struct err *err)
{
	struct ocean_options options = {.name = "main", .url = url, .timeout_ms = 1500};

	memcpy(options.tokens, tokens, sizeof(options.tokens));
	return ocean_http_open(world->loop, &options, err);
}

static void open_world(struct world *world, const char *const *args)
{
	static const char *const tokens[4] = {NULL, "env:SIM_READ", "env:SIM_CHANGE",
					      "env:SIM_ALL"};
	struct err err = {0};

	assert_int_equal(setenv("SIM_READ", "sim-token-read", 1), 0);
	assert_int_equal(setenv("SIM_CHANGE", "sim-token-change", 1), 0);
	assert_int_equal(setenv("SIM_ALL", "sim-token-all", 1), 0);
	world->loop = loop_new(&err);
	assert_non_null(world->loop);
	start_sim(&world->sim, args);
	world->ocean = open_with(world, world->sim.url, tokens, &err);
	if (world->ocean == NULL) {
		fail_msg("%s", err.msg);
	}
}

#define OPEN(world, ...) open_world(world, (const char *const[]){__VA_ARGS__, NULL})

static void close_world(struct world *world)
{
	ocean_close(world->ocean);
	loop_free(world->loop); /* asserts that nothing is left */
	stop_sim(&world->sim);
}

static void look_at(struct asked *asked)
{
	struct map seen;

	map_init(&seen);
	for (size_t i = 0; i < asked->call.n_droplets; i++) {
		const struct droplet *d = &asked->call.droplets[i];
		const unsigned base = DROPLET_KNOWS_NAME | DROPLET_KNOWS_REGION |
				      DROPLET_KNOWS_SIZE | DROPLET_KNOWS_ACCOUNT;
		char id[32];

		(void)snprintf(id, sizeof(id), "%" PRIu64, d->id);
		asked->twice |= map_has(&seen, id);
		(void)map_put(&seen, id, &seen);
		asked->without_tags += (d->known & DROPLET_KNOWS_TAGS) == 0;
		asked->bare |= (d->known & base) != base || strcmp(d->account, "main") != 0;
		asked->has_gpu |= d->size != NULL && strncmp(d->size, "gpu-", 4) == 0;
	}
	map_done(&seen, NULL);
}

static void on_done(struct ocean_call *call, const struct err *err)
{
	struct asked *asked = call->data;

	asked->answers++;
	err_copy(&asked->err, err);
	if (err != NULL) {
		assert_null(call->droplets);
		assert_null(call->actions);
		assert_null(strchr(err->msg, '<')); /* no HTML in any sentence */
		assert_null(strstr(err->msg, "sim-token"));
		return;
	}
	asked->tags_known = call->tags_known;
	asked->n = (unsigned)(call->n_droplets + call->n_actions);
	look_at(asked);
	for (size_t i = 0; i < call->n_actions; i++) {
		asked->reboots += strcmp(call->actions[i].type, "reboot") == 0;
		assert_true(i == 0 || call->actions[i - 1].id > call->actions[i].id);
	}
	if (call->n_droplets > 0) {
		asked->first = call->droplets[0];
	}
	if (call->n_actions > 0) {
		asked->action = call->actions[0];
	}
	if (call->account != NULL) {
		asked->account = *call->account;
	}
}

static bool is_answered(void *data)
{
	return ((struct asked *)data)->answers > 0;
}

static void begin(struct world *world, struct asked *asked, enum ocean_verb verb, uint64_t id)
{
	memset(asked, 0, sizeof(*asked));
	asked->call.verb = verb;
	asked->call.max_tier = verb == OCEAN_ACT ? TIER_CHANGE : TIER_READ;
	asked->call.interactive = true;
	asked->call.droplet_id = id;
	asked->call.action_id = verb == OCEAN_ACTION ? id : 0;
	asked->call.act = "reboot";
	asked->call.done = on_done;
	asked->call.data = asked;
	asked->ms = clock_mono_ms();
	ocean_start(world->ocean, &asked->call);
	assert_int_equal(asked->answers, 0);
}

static void wait_for(struct world *world, struct asked *asked)
{
	assert_true(loop_run_until(world->loop, is_answered, asked, 30000));
	asked->ms = clock_mono_ms() - asked->ms;
	assert_int_equal(asked->answers, 1);
}

static struct asked ask(struct world *world, enum ocean_verb verb, uint64_t id)
{
	static struct asked asked;

	begin(world, &asked, verb, id);
	wait_for(world, &asked);
	return asked;
}

static void check_kind(const struct asked *asked, enum err_kind kind, const char *word)
{
	if (asked->err.kind != kind || strstr(asked->err.msg, word) == NULL) {
		fail_msg("want %s with \"%s\", got %s: %s", err_kind_name(kind), word,
			 err_kind_name(asked->err.kind), asked->err.msg);
	}
}

/* stories */

static void pages(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--droplets", "450", "--droplet", "gpu-1 id=7 size=gpu-h100x1-80gb");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 451);
	assert_false(asked.twice);
	assert_false(asked.bare);
	assert_true(asked.has_gpu);
	assert_true(asked.tags_known);
	assert_int_equal(asked.without_tags, 0);
	assert_int_equal(reached(&world.sim, "GET", "/v2/droplets?per_page=200&page="), 4);
	assert_int_equal(reached(&world.sim, "GET", "type=gpus"), 1);
	assert_int_equal(reached(&world.sim, "GET", "/v2/tags"), 1);
	asked = ask(&world, OCEAN_LIST, 0); /* the proof holds for an hour */
	assert_true(asked.tags_known);
	assert_int_equal(reached(&world.sim, "GET", "/v2/tags"), 1);
	close_world(&world);
}

static void one_droplet(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=web status=off");
	asked = ask(&world, OCEAN_LIST, 0);
	assert_int_equal(asked.n, 1);
	asked = ask(&world, OCEAN_GET, 11);
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.first.id, 11);
	assert_int_equal(asked.first.status, DROPLET_OFF);
	assert_int_equal(asked.first.n_tags, 1);
	assert_true(asked.tags_known);
	asked = ask(&world, OCEAN_GET, 12);
	check_kind(&asked, ERR_NOTFOUND, "(request ");
	assert_int_equal(asked.err.remote_status, 404);
	asked = ask(&world, OCEAN_ACCOUNT, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_true(asked.account.droplet_limit > 0);
	assert_true(asked.account.email[0] != '\0');
	close_world(&world);
}

static void actions(void **state)
{
	struct world world;
	struct asked asked;
	uint64_t id;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11");
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.action.status, OCEAN_IN_PROGRESS);
	assert_string_equal(asked.action.type, "reboot");
	assert_int_equal(asked.action.droplet_id, 11);
	assert_true(asked.action.started_ms > INT64_C(1500000000000));
	assert_int_equal(asked.action.completed_ms, 0);
	id = asked.action.id;
	asked = ask(&world, OCEAN_ACTION, id);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.action.id, id);
	asked = ask(&world, OCEAN_DROPLET_ACTIONS, 11);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.action.id, id);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_CONFLICT, "pending event");
	assert_int_equal(asked.err.remote_status, 422);
	asked = ask(&world, OCEAN_ACT, 99);
	check_kind(&asked, ERR_NOTFOUND, "no such droplet");
	asked = ask(&world, OCEAN_ACTION, 99);
	check_kind(&asked, ERR_NOTFOUND, "no such action");
	close_world(&world);
}

/* The client refuses by itself what is above the tier, and what it has no token for. */
static void tiers(void **state)
{
	static const char *const only_read[4] = {NULL, "env:SIM_READ", NULL, NULL};
	static const char *const wrong[4] = {NULL, "env:SIM_READ", "env:SIM_READ", "env:SIM_BAD"};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11");
	begin(&world, &asked, OCEAN_ACT, 11);
	asked.call.max_tier = TIER_READ;
	wait_for(&world, &asked); /* the tier was read at start: this one went out */
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	memset(&asked, 0, sizeof(asked));
	asked.call = (struct ocean_call){.verb = OCEAN_ACT,
					 .max_tier = TIER_READ,
					 .droplet_id = 11,
					 .act = "reboot",
					 .done = on_done,
					 .data = &asked};
	ocean_start(world.ocean, &asked.call);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_DENIED, "\"change\" token");
	asked.answers = 0;
	asked.call.max_tier = TIER_DESTROY;
	asked.call.act = "power_of";
	ocean_start(world.ocean, &asked.call);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_USAGE, "power_of");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);

	ocean_close(world.ocean);
	world.ocean = open_with(&world, world.sim.url, only_read, &err);
	assert_non_null(world.ocean);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_DENIED, "has none");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	ocean_close(world.ocean);
	assert_int_equal(setenv("SIM_BAD", "nobody", 1), 0);
	world.ocean = open_with(&world, world.sim.url, wrong, &err);
	assert_non_null(world.ocean);
	asked = ask(&world, OCEAN_ACT, 11); /* the change token may only read */
	check_kind(&asked, ERR_DENIED, "droplet:update");
	assert_int_equal(asked.err.remote_status, 403);
	close_world(&world);
}

/* All tiers allowed: which token carried it is seen by what it was let do, for each may do its own tier's work only. */
static void check_carried(struct world *world, enum ocean_verb verb, enum err_kind kind,
			  const char *says)
{
	struct asked asked = {.call = {.verb = verb,
				       .max_tier = TIER_DESTROY,
				       .droplet_id = verb == OCEAN_DESTROY ? 12 : 11,
				       .act = "reboot",
				       .done = on_done,
				       .data = &asked}};

	ocean_start(world->ocean, &asked.call);
	wait_for(world, &asked);
	check_kind(&asked, kind, says);
}

static void weakest_token(void **state)
{
	static const char *const no_change[4] = {NULL, "env:SIM_READ", NULL, "env:SIM_ALL"};
	struct world world;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--droplet", "web-2 id=12", "--token",
	     "sim-token-read", "--scopes", "droplet:read,tag:read", "--token", "sim-token-change",
	     "--scopes", "droplet:update", "--token", "sim-token-all", "--scopes",
	     "droplet:delete");
	check_carried(&world, OCEAN_LIST, ERR_NONE, "");
	check_carried(&world, OCEAN_GET, ERR_NONE, "");
	check_carried(&world, OCEAN_ACT, ERR_NONE, "");
	ocean_close(world.ocean);

	/* without a token of its tier the next stronger one carries it; here that one lacks the scope, which is named */
	world.ocean = open_with(&world, world.sim.url, no_change, &err);
	assert_non_null(world.ocean);
	check_carried(&world, OCEAN_ACT, ERR_DENIED, "droplet:update");
	check_carried(&world, OCEAN_GET, ERR_NONE, "");
	check_carried(&world, OCEAN_DESTROY, ERR_NONE, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 2);
	assert_int_equal(reached(&world.sim, "DELETE", ""), 1);
	close_world(&world);
}

static void expired_token(void **state)
{
	static const char *const bad[4] = {NULL, "env:SIM_BAD", NULL, NULL};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty");
	ocean_close(world.ocean);
	assert_int_equal(setenv("SIM_BAD", "nobody", 1), 0);
	world.ocean = open_with(&world, world.sim.url, bad, &err);
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_DENIED, "expired?");
	assert_int_equal(asked.err.remote_status, 401);
	close_world(&world);
}

static void tags_unknown(void **state)
{
	static const char *const tokens[4] = {NULL, "env:SIM_BAD", NULL, NULL};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	assert_int_equal(setenv("SIM_BAD", "no-tags", 1), 0);
	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=prod", "--token", "no-tags",
	     "--scopes", "read,-tag:read");
	ocean_close(world.ocean);
	world.ocean = open_with(&world, world.sim.url, tokens, &err);
	for (int i = 0; i < 2; i++) {
		asked = ask(&world, i == 0 ? OCEAN_LIST : OCEAN_GET, 11);
		check_kind(&asked, ERR_NONE, "");
		assert_int_equal(asked.n, 1);
		assert_false(asked.tags_known);
		assert_int_equal(asked.without_tags, 1);
		assert_int_equal(asked.first.n_tags, 0);
	}
	assert_int_equal(reached(&world.sim, "GET", "/v2/tags"), 1);
	close_world(&world);
}

/* The probe fails, the list does not. */
static void tags_not_proven(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=prod", "--fault",
	     "path=/v2/tags* kind=torn-json", "--fault", "path=/v2/tags* kind=404");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	close_world(&world);

	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=prod", "--fault",
	     "path=/v2/tags* kind=html-502");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	assert_false(asked.tags_known);
	assert_int_equal(asked.without_tags, 1);
	close_world(&world);
}

static void rate_limit(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault",
	     "nth=1 method=GET path=/v2/droplets* kind=429 retry-after=1");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	assert_true(asked.ms >= 1000);
	close_world(&world);

	/* turned away means that nothing was done, and a change waits where that is written down */
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault",
	     "nth=1 method=POST kind=429");
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_LIMIT, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 2);
	asked = ask(&world, OCEAN_DROPLET_ACTIONS, 11);
	assert_int_equal(asked.reboots, 1);
	close_world(&world);

	/* longer than anybody waits */
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault",
	     "method=POST kind=429 retry-after=60");
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_LIMIT, "60 s");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	asked = ask(&world, OCEAN_ACT, 11); /* and the next one is not even sent */
	check_kind(&asked, ERR_LIMIT, "rate limit");
	assert_true(asked.ms < 1000);
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	close_world(&world);
}

/* The simulator's own limits: 30 requests, nothing above is sent, the client waits instead. */
static void budget(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--rate-hour", "10");
	for (int i = 0; i < 20; i++) {
		begin(&world, &asked, OCEAN_ACTION, 5);
		asked.call.interactive = false;
		wait_for(&world, &asked);
		if (asked.err.kind == ERR_LIMIT) {
			break;
		}
	}
	check_kind(&asked, ERR_LIMIT, "rate limit");
	assert_true(reached(&world.sim, "GET", "") <= 9);
	close_world(&world);
}

/* A change whose answer is lost was sent once, is not known, and is found by looking. */
static void lost_changes(void **state)
{
	static const struct {
		const char *fault;
		bool done; /* did it reach the model? */
	} rows[] = {
		{"method=POST kind=timeout-before", false},
		{"method=POST kind=timeout-after-send", true},
		{"method=POST kind=reset", true},
		{"method=POST kind=reset-mid-body", true},
		{"method=POST kind=torn-json", true},
		{"method=POST kind=html-502", false},
		{"method=POST kind=html-502 commit=yes", true},
		{"method=POST kind=503 commit=yes", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world world;
		struct asked asked;

		OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault", rows[i].fault);
		asked = ask(&world, OCEAN_ACT, 11);
		if (asked.err.kind != ERR_UNKNOWN) {
			fail_msg("%s: %s: %s", rows[i].fault, err_kind_name(asked.err.kind),
				 asked.err.msg);
		}
		check_kind(&asked, ERR_UNKNOWN, "outcome not known");
		assert_int_equal(reached(&world.sim, "POST", ""), 1);
		asked = ask(&world, OCEAN_DROPLET_ACTIONS, 11);
		check_kind(&asked, ERR_NONE, "");
		assert_int_equal(asked.reboots, rows[i].done);
		close_world(&world);
	}
}

/* What only reads is repeated, and the list is whole all the same. */
static void repeated_reads(void **state)
{
	static const char *const faults[] = {
		"nth=1 path=/v2/droplets?* kind=reset",
		"nth=2 path=/v2/droplets?* kind=reset-mid-body",
		"nth=3 path=/v2/droplets?* kind=reset-mid-body",
		"nth=1 path=/v2/droplets?* kind=html-502",
		"nth=2 path=/v2/droplets?* kind=503",
		"nth=1 times=2 path=/v2/droplets?* kind=failed-page page=2",
		"nth=1 path=/v2/droplets?* kind=timeout-before",
		"path=/v2/droplets?* kind=slow ms=300",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct world world;
		struct asked asked;

		OPEN(&world, "--droplets", "450", "--fault", faults[i]);
		asked = ask(&world, OCEAN_LIST, 0);
		if (asked.err.kind != ERR_NONE || asked.n != 450 || asked.twice) {
			fail_msg("%s: %u droplets, %s", faults[i], asked.n, asked.err.msg);
		}
		close_world(&world);
	}
}

/* One page that cannot be had is no list at all. */
static void failed_lists(void **state)
{
	static const struct {
		const char *fault;
		enum err_kind kind;
		const char *word;
		unsigned most; /* requests for that page */
	} rows[] = {
		{"path=/v2/droplets?* kind=failed-page page=3", ERR_REMOTE, "500", 4},
		{"path=/v2/droplets?*page=2* kind=html-502", ERR_REMOTE, "502, and not as JSON", 4},
		{"path=/v2/droplets?*page=2 kind=torn-json", ERR_REMOTE, "cut off", 1},
		{"path=/v2/droplets?*page=2 kind=404", ERR_REMOTE, "404", 1},
		{"path=/v2/droplets?*page=2 kind=reset", ERR_NETWORK, "hung up", 4},
		{"path=/v2/droplets?*gpus kind=503", ERR_REMOTE, "503", 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world world;
		struct asked asked;

		OPEN(&world, "--droplets", "450", "--fault", rows[i].fault);
		asked = ask(&world, OCEAN_LIST, 0);
		check_kind(&asked, rows[i].kind, rows[i].word);
		assert_int_equal(asked.n, 0);
		assert_true(reached(&world.sim, "GET", "/v2/droplets?") <= 4 + rows[i].most);
		close_world(&world);
	}
}

/* An API that does not know the type has no GPU droplets. */
static void no_gpus(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--droplets", "5", "--fault", "path=/v2/droplets?*gpus kind=404");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 5);
	close_world(&world);
}

/* The links of the pages name another server; it never hears of us, nor of the token. */
static void links_elsewhere(void **state)
{
	struct world world;
	struct sim other;
	struct asked asked;
	char fault[160];

	(void)state;
	start_sim(&other, (const char *const[]){"--empty", NULL});
	(void)snprintf(fault, sizeof(fault), "kind=other-host-link host=%s", other.url + 7);
	OPEN(&world, "--droplets", "450", "--fault", fault);
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 450);
	assert_int_equal(reached(&world.sim, "GET", "/v2/droplets?"), 4);
	assert_int_equal(reached(&other, "GET", ""), 0);
	close_world(&world);
	stop_sim(&other);
}

static void nobody_there(void **state)
{
	static const char *const tokens[4] = {NULL, "env:SIM_ALL", "env:SIM_ALL", "env:SIM_ALL"};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty");
	ocean_close(world.ocean);
	world.ocean = open_with(&world, "http://127.0.0.1:1/", tokens, &err);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_NETWORK, "\"reboot\" of droplet \"11\" failed");
	close_world(&world);
}

static void canceled(void **state)
{
	struct world world;
	struct asked asked, act;

	(void)state;
	OPEN(&world, "--droplets", "450", "--droplet", "web-1 id=11", "--fault",
	     "path=/v2/droplets* kind=slow ms=1000");
	begin(&world, &asked, OCEAN_LIST, 0);
	ocean_cancel(world.ocean, &asked.call); /* before anything was sent */
	assert_int_equal(asked.answers, 0);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_CANCELED, "");
	(void)ask(&world, OCEAN_ACTION, 99); /* curl knows the server now and sends side by side */
	begin(&world, &asked, OCEAN_LIST, 0);
	begin(&world, &act, OCEAN_ACT, 11);
	(void)loop_run_until(world.loop, is_answered, &asked, 300);
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	ocean_cancel(world.ocean, &asked.call);
	ocean_cancel(world.ocean, &asked.call);
	ocean_cancel(world.ocean, &act.call);
	assert_int_equal(asked.answers + act.answers, 0);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_CANCELED, "");
	wait_for(&world, &act);
	check_kind(&act, ERR_UNKNOWN, "outcome not known");
	close_world(&world);
}

static void closed_while_under_way(void **state)
{
	struct world world;
	struct asked list, act, waits, fresh;

	(void)state;
	OPEN(&world, "--droplets", "10", "--droplet", "web-1 id=11", "--fault",
	     "path=/v2/droplets* kind=slow ms=1000", "--fault",
	     "path=/v2/account kind=429 retry-after=5");
	(void)ask(&world, OCEAN_ACTION, 99);
	begin(&world, &list, OCEAN_LIST, 0);
	begin(&world, &act, OCEAN_ACT, 11);
	begin(&world, &waits, OCEAN_ACCOUNT, 0);
	(void)loop_run_until(world.loop, is_answered, &list, 300);
	begin(&world, &fresh, OCEAN_LIST, 0);
	ocean_close(world.ocean);
	world.ocean = NULL;
	check_kind(&list, ERR_CANCELED, "");
	check_kind(&act, ERR_UNKNOWN, "outcome not known");
	check_kind(&waits, ERR_CANCELED, "");
	check_kind(&fresh, ERR_CANCELED, "");
	assert_int_equal(list.answers + act.answers + waits.answers + fresh.answers, 4);
	close_world(&world);
}

static void many_at_once(void **state)
{
	enum { N = 60 };
	static struct asked asked[N];
	struct world world;

	(void)state;
	OPEN(&world, "--droplets", "30", "--droplet", "web-1 id=11");
	for (int i = 0; i < N; i++) {
		begin(&world, &asked[i], i % 3 == 0 ? OCEAN_LIST : OCEAN_GET, 11);
	}
	for (int i = 0; i < N; i++) {
		wait_for(&world, &asked[i]);
		check_kind(&asked[i], ERR_NONE, "");
		assert_int_equal(asked[i].n, i % 3 == 0 ? 31 : 1);
		assert_true(asked[i].tags_known);
	}
	close_world(&world);
}

static void check_refused(struct world *world, const char *url, const char *spec, const char *word)
{
	const char *const tokens[4] = {NULL, "env:SIM_READ", spec, NULL};
	struct err err = {0};

	assert_null(open_with(world, url, tokens, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strstr(err.msg, word) == NULL) {
		fail_msg("no \"%s\" in: %s", word, err.msg);
	}
}

static void opening(void **state)
{
	struct world world;

	(void)state;
	OPEN(&world, "--empty");
	check_refused(&world, NULL, "env:SIM_NOT_THERE", "the \"change\" token");
	check_refused(&world, "http://api.digitalocean.com", NULL, "not https");
	check_refused(&world, "http://127.0.0.1.example.com", NULL, "not https");
	check_refused(&world, "http://localhost:1@example.com", NULL, "not a plain URL");
	check_refused(&world, "ftp://example.com", NULL, "not https");
	check_refused(&world, "https://example.com/?a=b", NULL, "not a plain URL");
	check_refused(&world, "", NULL, "not https");
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),           cmocka_unit_test(one_droplet),
		cmocka_unit_test(actions),         cmocka_unit_test(tiers),
		cmocka_unit_test(weakest_token),   cmocka_unit_test(expired_token),
		cmocka_unit_test(tags_unknown),    cmocka_unit_test(tags_not_proven),
		cmocka_unit_test(rate_limit),      cmocka_unit_test(budget),
		cmocka_unit_test(lost_changes),    cmocka_unit_test(repeated_reads),
		cmocka_unit_test(failed_lists),    cmocka_unit_test(no_gpus),
		cmocka_unit_test(links_elsewhere), cmocka_unit_test(nobody_there),
		cmocka_unit_test(canceled),        cmocka_unit_test(closed_while_under_way),
		cmocka_unit_test(many_at_once),    cmocka_unit_test(opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
