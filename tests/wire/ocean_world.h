/* ocean_world.h - the ocean room over real HTTP against sluice-sim, and calls to it */
#ifndef TESTS_WIRE_OCEAN_WORLD_H
#define TESTS_WIRE_OCEAN_WORLD_H

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

#include "base/attr.h"
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

ATTR_UNUSED static void start_sim(struct sim *sim, const char *const *args)
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

ATTR_UNUSED static void stop_sim(struct sim *sim)
{
	int status = 0;

	(void)close(sim->in);
	assert_int_equal(waitpid(sim->pid, &status, 0), sim->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)unlink(sim->log);
}

/* How many requests of that method whose path holds `part` reached the simulator. */
ATTR_UNUSED static unsigned reached(const struct sim *sim, const char *method, const char *part)
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

ATTR_UNUSED static struct ocean *open_with(struct world *world, const char *url,
					   const char *const tokens[4], struct err *err)
{
	struct ocean_options options = {.name = "main", .url = url, .timeout_ms = 1500};

	memcpy(options.tokens, tokens, sizeof(options.tokens));
	return ocean_http_open(world->loop, &options, err);
}

ATTR_UNUSED static void open_world(struct world *world, const char *const *args)
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

ATTR_UNUSED static void close_world(struct world *world)
{
	ocean_close(world->ocean);
	loop_free(world->loop); /* asserts that nothing is left */
	stop_sim(&world->sim);
}

ATTR_UNUSED static void look_at(struct asked *asked)
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

ATTR_UNUSED static void on_done(struct ocean_call *call, const struct err *err)
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

ATTR_UNUSED static bool is_answered(void *data)
{
	return ((struct asked *)data)->answers > 0;
}

ATTR_UNUSED static void begin(struct world *world, struct asked *asked, enum ocean_verb verb,
			      uint64_t id)
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

ATTR_UNUSED static void wait_for(struct world *world, struct asked *asked)
{
	assert_true(loop_run_until(world->loop, is_answered, asked, 30000));
	asked->ms = clock_mono_ms() - asked->ms;
	assert_int_equal(asked->answers, 1);
}

ATTR_UNUSED static struct asked ask(struct world *world, enum ocean_verb verb, uint64_t id)
{
	static struct asked asked;

	begin(world, &asked, verb, id);
	wait_for(world, &asked);
	return asked;
}

ATTR_UNUSED static void check_kind(const struct asked *asked, enum err_kind kind, const char *word)
{
	if (asked->err.kind != kind || strstr(asked->err.msg, word) == NULL) {
		fail_msg("want %s with \"%s\", got %s: %s", err_kind_name(kind), word,
			 err_kind_name(asked->err.kind), asked->err.msg);
	}
}

#endif
