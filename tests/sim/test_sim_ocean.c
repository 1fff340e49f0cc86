/* test_sim_ocean.c - the room `ocean` through both doors: in memory and over a socket it must learn the same */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "sim/ocean.h"

#define START_MS INT64_C(1768273200000) /* 2026-01-13T03:00:00Z, as --start below */

/* What both worlds are told to get wrong. */
static const char *const faults[] = {
	"nth=1 method=GET path=/v2/account kind=html-502",
	"method=POST path=/v2/droplets/440212017/actions kind=reset",
	"method=POST path=/v2/droplets/446650310/actions kind=timeout-after-send",
	"method=POST path=/v2/droplets/446650392/actions kind=html-502 commit=yes",
	"nth=1 method=GET path=/v2/droplets/451788125 kind=torn-json",
	"nth=1 method=GET path=/v2/droplets/433007846 kind=reset-mid-body",
	"nth=1 method=GET path=/v2/droplets/431902518 kind=other-host-link",
	"method=GET path=/v2/droplets/431902519 kind=404",
	"method=POST path=/v2/droplets/402117731/actions kind=action-errors",
	"method=POST path=/v2/droplets/402117732/actions kind=503",
	"nth=3 method=GET path=/v2/droplets kind=html-502",
};

static const char *const made[] = {"made-1", "made-2"};
static const char *const made_tags[] = {"env:prod"};
static const struct ocean_create create = {.names = made,
					   .n_names = 2,
					   .request_tag = "sluice-request:1",
					   .size = "s-1vcpu-1gb",
					   .image_slug = "debian-12-x64",
					   .tags = made_tags,
					   .n_tags = 1,
					   .user_data = "#!/bin/sh\necho \"hello\"\n"};
static const struct ocean_associated with[] = {
	{.kind = OCEAN_KIND_VOLUME, .id = "506f78a4-e098-11e5-ad9f-0000f5331000"}};
static const uint64_t members[] = {440212003, 440212017};

static const struct ocean_call steps[] = {
	{.verb = OCEAN_ACCOUNT},
	{.verb = OCEAN_LIST},
	{.verb = OCEAN_GET, .droplet_id = 440212003},
	{.verb = OCEAN_ACT, .droplet_id = 440212003, .act = "reboot"},
	{.verb = OCEAN_ACTION}, /* the one just started */
	{.verb = OCEAN_ACT, .droplet_id = 440212003, .act = "power_off"},
	{.verb = OCEAN_DROPLET_ACTIONS, .droplet_id = 440212003},
	{.verb = OCEAN_GET, .droplet_id = 1},
	{.verb = OCEAN_ACT, .droplet_id = 418830207, .act = "reboot"},
	{.verb = OCEAN_ACT, .droplet_id = 440212017, .act = "reboot"},
	{.verb = OCEAN_ACT, .droplet_id = 446650310, .act = "power_cycle"},
	{.verb = OCEAN_DROPLET_ACTIONS, .droplet_id = 446650310},
	{.verb = OCEAN_ACT, .droplet_id = 446650392, .act = "shutdown"},
	{.verb = OCEAN_GET, .droplet_id = 446650392},
	{.verb = OCEAN_GET, .droplet_id = 451788125},
	{.verb = OCEAN_GET, .droplet_id = 433007846},
	{.verb = OCEAN_GET, .droplet_id = 431902518},
	{.verb = OCEAN_GET, .droplet_id = 431902519},
	{.verb = OCEAN_ACT, .droplet_id = 402117731, .act = "shutdown"},
	{.verb = OCEAN_ACT, .droplet_id = 402117732, .act = "shutdown"},
	{.verb = OCEAN_ACT,
	 .droplet_id = 418830207,
	 .act = "resize",
	 .args = {.size = "s-2vcpu-4gb", .disk = true}},
	{.verb = OCEAN_ACT,
	 .droplet_id = 418830164,
	 .act = "resize",
	 .args = {.size = "s-2vcpu-4gb"}},
	{.verb = OCEAN_ACT, .droplet_id = 425561902, .act = "rename", .args = {.name = "o-web-9"}},
	{.verb = OCEAN_ACT,
	 .droplet_id = 425561944,
	 .act = "rebuild",
	 .args = {.image_slug = "debian-12-x64"}},
	{.verb = OCEAN_ACT,
	 .droplet_id = 433007846,
	 .act = "enable_backups",
	 .args = {.backup = {OCEAN_BACKUP_WEEKLY, 2, 4}}},
	{.verb = OCEAN_ACT, .droplet_id = 451788125, .act = "snapshot", .args = {.name = "before"}},
	{.verb = OCEAN_LIST},
	{.verb = OCEAN_SIZES},
	{.verb = OCEAN_REGIONS},
	{.verb = OCEAN_IMAGES},
	{.verb = OCEAN_KEYS},
	{.verb = OCEAN_SNAPSHOTS},
	{.verb = OCEAN_DROPLET_SNAPSHOTS, .droplet_id = 402117732},
	{.verb = OCEAN_DROPLET_BACKUPS, .droplet_id = 402117732},
	{.verb = OCEAN_DROPLET_BACKUPS, .droplet_id = 1},
	{.verb = OCEAN_BACKUP_POLICY, .droplet_id = 402117732},
	{.verb = OCEAN_BALANCE},
	{.verb = OCEAN_IMAGES, .images = OCEAN_IMAGES_OWN},
	{.verb = OCEAN_IMAGES, .images = OCEAN_IMAGES_DISTRIBUTIONS},
	{.verb = OCEAN_CREATE, .create = &create},
	{.verb = OCEAN_BY_TAG, .key = "sluice-request:1"},
	{.verb = OCEAN_TAG_CREATE, .key = "late"},
	{.verb = OCEAN_TAG_ADD, .key = "late", .members = {members, 2}},
	{.verb = OCEAN_TAG_REMOVE, .key = "late", .members = {members, 1}},
	{.verb = OCEAN_TAGS},
	{.verb = OCEAN_VOLUMES},
	{.verb = OCEAN_FIREWALLS},
	{.verb = OCEAN_FIREWALL_DETACH,
	 .key = "bb4b2611-3d72-467b-8602-000080330000",
	 .members = {members, 1}},
	{.verb = OCEAN_IP_UNASSIGN, .key = "203.0.113.7"},
	{.verb = OCEAN_IPS},
	{.verb = OCEAN_PROJECTS},
	{.verb = OCEAN_NEIGHBORS, .droplet_id = 440212003},
	{.verb = OCEAN_METRIC,
	 .droplet_id = 440212003,
	 .metric = {OCEAN_PUBLIC_IN, 1768269600, 1768273200}},
	{.verb = OCEAN_ASSOCIATED, .droplet_id = 431902519},
	{.verb = OCEAN_DESTROY_WITH, .droplet_id = 431902519, .with = {with, 1}},
	{.verb = OCEAN_DESTRUCTION, .droplet_id = 431902519},
	{.verb = OCEAN_DESTROY_ALL, .droplet_id = 431902518},
	{.verb = OCEAN_DESTROY, .droplet_id = 446650310},
	{.verb = OCEAN_DESTROY, .droplet_id = 451788125},
	{.verb = OCEAN_SNAPSHOT_DELETE, .image_id = 190000002},
	{.verb = OCEAN_LIST},
};

struct run {
	struct loop *loop;
	struct ocean *ocean;
	struct strbuf *out; /* what was learnt, a line each */
	uint64_t action_id;
	bool over;
};

static void add_droplet(struct strbuf *out, const struct droplet *d)
{
	(void)strbuf_addf(out, "  %llu %s %s %s %s status=%d locked=%d known=%x %uMB $%u tags",
			  (unsigned long long)d->id, d->name, d->region, d->size, d->created,
			  (int)d->status, d->locked, d->known, d->memory_mb,
			  d->price_monthly_cents);
	for (size_t i = 0; i < d->n_tags; i++) {
		(void)strbuf_addf(out, ",%s", d->tags[i]);
	}
	(void)strbuf_addch(out, '\n');
}

static void add_saved(struct strbuf *out, const struct ocean_saved *saved)
{
	(void)strbuf_addf(out, "  saved %llu %s %s of %llu %s %uGB %uMB %zu\n",
			  (unsigned long long)saved->id, saved->name,
			  saved->type != NULL ? saved->type : "-",
			  (unsigned long long)saved->droplet_id, saved->created, saved->min_disk_gb,
			  saved->size_mb, saved->regions.n);
}

/* The first and the last of what came. */
static void add_things(struct strbuf *out, const struct ocean_call *call)
{
	size_t last = call->n_things - 1;

	if (call->n_things == 0) {
		return;
	}
	(void)strbuf_addf(out, "  things %zu\n", call->n_things);
	if (call->verb == OCEAN_SIZES) {
		(void)strbuf_addf(out, "  size %s %u cents %u micros %zu %d | %s %u cents\n",
				  call->sizes->slug, call->sizes->price_monthly_cents,
				  call->sizes->price_hourly_micros, call->sizes->regions.n,
				  call->sizes->available, call->sizes[last].slug,
				  call->sizes[last].price_monthly_cents);
	} else if (call->verb == OCEAN_REGIONS) {
		(void)strbuf_addf(out, "  region %s %s %zu %d\n", call->regions->slug,
				  call->regions->name, call->regions->sizes.n,
				  call->regions->available);
	} else if (call->verb == OCEAN_IMAGES) {
		(void)strbuf_addf(out, "  image %llu %s %s %s | %s %s\n",
				  (unsigned long long)call->image_list->id, call->image_list->slug,
				  call->image_list->distribution, call->image_list->type,
				  call->image_list[last].name, call->image_list[last].type);
	} else if (call->verb == OCEAN_KEYS) {
		(void)strbuf_addf(out, "  key %llu %s %s\n", (unsigned long long)call->keys->id,
				  call->keys->name, call->keys->fingerprint);
	} else if (call->verb == OCEAN_BALANCE) {
		(void)strbuf_addf(out, "  balance %lld %lld %lld\n",
				  (long long)call->balance->account_cents,
				  (long long)call->balance->month_usage_cents,
				  (long long)call->balance->month_balance_cents);
	} else if (call->verb == OCEAN_BACKUP_POLICY) {
		(void)strbuf_addf(out, "  backups %d plan %d %u %u %s\n", call->backups->enabled,
				  (int)call->backups->policy.plan, call->backups->policy.weekday,
				  call->backups->policy.hour, call->backups->next_start);
	} else if (call->verb == OCEAN_SNAPSHOTS || call->verb == OCEAN_DROPLET_SNAPSHOTS ||
		   call->verb == OCEAN_DROPLET_BACKUPS) {
		add_saved(out, call->saved);
	}
}

static void on_done(struct ocean_call *call, const struct err *err)
{
	struct run *run = call->data;
	struct strbuf *out = run->out;

	run->over = true;
	if (err != NULL) {
		(void)strbuf_addf(out, "%d %llu: %s %d\n", (int)call->verb,
				  (unsigned long long)call->droplet_id, err_kind_name(err->kind),
				  err->remote_status);
		return;
	}
	(void)strbuf_addf(out, "%d %llu: ok tags_known=%d\n", (int)call->verb,
			  (unsigned long long)call->droplet_id, call->tags_known);
	for (size_t i = 0; i < call->n_droplets; i++) {
		add_droplet(out, &call->droplets[i]);
	}
	for (size_t i = 0; i < call->n_actions; i++) {
		run->action_id = call->actions[i].id;
		(void)strbuf_addf(out, "  action %s %d\n", call->actions[i].type,
				  (int)call->actions[i].status);
	}
	add_things(out, call);
	if (call->account != NULL) {
		(void)strbuf_addf(out, "  team %s %s\n", call->account->team, call->account->email);
	}
}

static bool is_over(void *data)
{
	return ((struct run *)data)->over;
}

static void play(struct run *run)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct ocean_call call = steps[i];

		call.max_tier = TIER_DESTROY;
		call.interactive = true;
		call.done = on_done;
		call.data = run;
		call.action_id = call.verb == OCEAN_ACTION ? run->action_id : 0;

		run->over = false;
		ocean_start(run->ocean, &call);
		assert_true(loop_run_until(run->loop, is_over, run, 200000));
	}
}

static void through_memory(struct strbuf *out)
{
	struct sim_world *world = sim_world_new(sim_new(START_MS));
	struct run run = {.loop = loop_new_virtual(START_MS), .out = out};

	sim_demo_account(world->model);
	world->virtual_clock = true; /* the model's time stands still, as there */
	world->virtual_ms = START_MS;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		assert_int_equal(faults_add(&world->faults, faults[i], NULL), 0);
	}
	run.ocean = sim_ocean_open(run.loop, world, "main", SIM_LATENCY_MS);
	assert_non_null(run.ocean);
	play(&run);
	/* a change of which the outcome is not known was asked for once */
	assert_int_equal(sim_world_count(world, 0, "POST", "/v2/droplets/440212017/actions"), 1);
	assert_int_equal(sim_world_count(world, 0, "POST", "/v2/droplets/446650310/actions"), 1);
	assert_int_equal(sim_world_count(world, 0, "POST", "/v2/droplets/446650392/actions"), 1);
	assert_int_equal(sim_world_count(world, 0, "GET", "/v2/account"), 2); /* 502, then again */
	ocean_close(run.ocean);
	sim_world_free(world);
	loop_free(run.loop);
}

/* Starts sluice-sim with the same faults; its url in `url`. */
static pid_t start_program(char *url, size_t size)
{
	char *argv[16 + 2 * ARRAY_LEN(faults)] = {
		(char *)BINARY_DIR "/sluice-sim", (char *)"--clock", (char *)"virtual",
		(char *)"--start", (char *)"2026-01-13T03:00:00Z"};
	size_t n = 5;
	int out[2];
	pid_t pid;
	FILE *file;

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		argv[n++] = (char *)"--fault";
		argv[n++] = (char *)(uintptr_t)faults[i];
	}
	assert_int_equal(pipe(out), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(out[0]);
		(void)close(out[1]);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(out[1]);
	file = fdopen(out[0], "r");
	assert_non_null(file);
	assert_true(size == 128 && fscanf(file, "listening on %127s", url) == 1);
	(void)fclose(file);
	return pid;
}

static void through_socket(struct strbuf *out)
{
	char url[128];
	pid_t pid = start_program(url, sizeof(url));
	struct ocean_options options = {.name = "main", .url = url, .timeout_ms = 1500};
	struct run run = {.loop = loop_new(NULL), .out = out};
	struct err err = {0};
	int status;

	(void)setenv("SIM_TEST_TOKEN", SIM_TOKEN_ALL, 1);
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		options.tokens[tier] = "env:SIM_TEST_TOKEN";
	}
	run.ocean = ocean_http_open(run.loop, &options, &err);
	if (run.ocean == NULL) {
		fail_msg("%s", err.msg);
	}
	play(&run);
	ocean_close(run.ocean);
	loop_free(run.loop);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Line by line: cmocka cuts a long text before the line that matters. */
static void assert_same(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		size_t n = strcspn(a, "\n");
		size_t m = strcspn(b, "\n");

		if (n != m || memcmp(a, b, n) != 0) {
			fail_msg("memory: %.*s\nsocket: %.*s", (int)n, a, (int)m, b);
		}
		a += n + (a[n] == '\n');
		b += m + (b[m] == '\n');
	}
}

static void both_doors(void **state)
{
	struct strbuf memory, wire;

	(void)state;
	strbuf_init(&memory, 1 << 20);
	strbuf_init(&wire, 1 << 20);
	through_memory(&memory);
	through_socket(&wire);
	assert_non_null(strstr(memory.buf, "team Acme"));
	assert_non_null(strstr(memory.buf, "ml-gpu-1"));
	assert_non_null(strstr(memory.buf, "440212017: unknown"));
	assert_non_null(strstr(memory.buf, "made-2"));
	assert_non_null(strstr(memory.buf, "431902518: ok")); /* with X-Dangerous */
	assert_non_null(strstr(memory.buf, "size s-1vcpu-1gb 600 cents 8930 micros 12 1 | "
					   "gpu-h100x1-80gb 252216 cents"));
	assert_non_null(strstr(memory.buf, "region ams3 Amsterdam 3 10 1"));
	assert_non_null(strstr(memory.buf, "image 182435301 debian-12-x64 Debian base | "
					   "shop-db-1-before-upgrade snapshot"));
	assert_non_null(strstr(memory.buf, "key 512189 ana laptop 3b:16"));
	assert_non_null(strstr(memory.buf, "shop-db-1-before-upgrade - of 402117732"));
	assert_non_null(strstr(memory.buf, "shop-db-1-weekly backup of 0"));
	assert_non_null(strstr(memory.buf, "backups 1 plan 2 0 0 2026-01-14T00:00:00Z"));
	assert_non_null(strstr(memory.buf, "balance -106 12450 12344"));
	assert_same(memory.buf, wire.buf);
	strbuf_done(&memory);
	strbuf_done(&wire);
}

/* One LIST of an account of n under a fault line (NULL: none). */
static void list_under(const char *line, size_t n, struct err *ret_err, size_t *ret_n)
{
	struct sim_world *world = sim_world_new(sim_new(START_MS));
	struct strbuf out;
	struct run run = {.loop = loop_new_virtual(START_MS), .out = &out};
	struct ocean_call call = {
		.verb = OCEAN_LIST, .max_tier = TIER_READ, .done = on_done, .data = &run};

	strbuf_init(&out, 1 << 20);
	sim_generated_account(world->model, n);
	if (line != NULL) {
		assert_int_equal(faults_add(&world->faults, line, NULL), 0);
	}
	run.ocean = sim_ocean_open(run.loop, world, "main", SIM_LATENCY_MS);
	ocean_start(run.ocean, &call);
	assert_true(loop_run_until(run.loop, is_over, &run, 200000));
	*ret_n = 0;
	for (const char *at = out.buf; (at = strstr(at, "\n  ")) != NULL; at++) {
		(*ret_n)++;
	}
	ret_err->kind = strstr(out.buf, ": ok") != NULL ? ERR_NONE : ERR_REMOTE;
	ocean_close(run.ocean);
	sim_world_free(world);
	loop_free(run.loop);
	strbuf_done(&out);
}

static void pages(void **state)
{
	struct err err;
	size_t n;

	(void)state;
	list_under(NULL, 450, &err, &n);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(n, 450);
	list_under("kind=other-host-link path=/v2/droplets", 450, &err, &n);
	assert_int_equal(err.kind, ERR_NONE); /* only the query of a link is used */
	assert_int_equal(n, 450);
	list_under("kind=failed-page page=3 path=/v2/droplets", 450, &err, &n);
	assert_int_not_equal(err.kind, ERR_NONE); /* and never 400 droplets */
	assert_int_equal(n, 0);
}

/* Closing while calls are under way calls each back once. */
static void close_early(void **state)
{
	struct sim_world *world = sim_world_new(sim_new(START_MS));
	struct strbuf out;
	struct run run = {.loop = loop_new_virtual(START_MS), .out = &out};
	struct ocean_call list = {
		.verb = OCEAN_LIST, .max_tier = TIER_READ, .done = on_done, .data = &run};
	struct ocean_call act = {.verb = OCEAN_ACT,
				 .max_tier = TIER_CHANGE,
				 .droplet_id = 440212003,
				 .act = "reboot",
				 .done = on_done,
				 .data = &run};

	(void)state;
	strbuf_init(&out, 1 << 20);
	sim_demo_account(world->model);
	run.ocean = sim_ocean_open(run.loop, world, "main", SIM_LATENCY_MS);
	ocean_start(run.ocean, &list);
	ocean_start(run.ocean, &act);
	loop_advance(run.loop, SIM_LATENCY_MS / 2);
	ocean_close(run.ocean);
	assert_string_equal(out.buf, "1 0: canceled 0\n3 440212003: unknown 0\n");
	sim_world_free(world);
	loop_free(run.loop);
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_doors),
		cmocka_unit_test(pages),
		cmocka_unit_test(close_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
