/* test_sim_acts.c - what actions with arguments do to a simulated droplet, through the real client */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "sim/catalog.h"
#include "sim/ocean.h"

#define START_MS INT64_C(1768273200000)
#define WEB_1 UINT64_C(11)

struct world {
	struct loop *loop;
	struct sim_world *sim;
	struct ocean *ocean;
	struct sim_droplet *web;
	struct err err; /* of the latest call */
	bool over;
};

static void open_world(struct world *w, const char *line)
{
	memset(w, 0, sizeof(*w));
	w->loop = loop_new_virtual(START_MS);
	w->sim = sim_world_new(sim_new(START_MS));
	w->sim->virtual_clock = true;
	w->sim->virtual_ms = START_MS;
	assert_int_equal(sim_droplet_line(w->sim->model, line, NULL), 0);
	w->web = sim_droplet_by_id(w->sim->model, WEB_1);
	w->ocean = sim_ocean_open(w->loop, w->sim, "main", SIM_LATENCY_MS);
	assert_non_null(w->ocean);
}

static void close_world(struct world *w)
{
	ocean_close(w->ocean);
	sim_world_free(w->sim);
	loop_free(w->loop);
}

static void on_done(struct ocean_call *call, const struct err *err)
{
	struct world *w = call->data;

	err_copy(&w->err, err);
	w->over = true;
}

static void ask(struct world *w, const char *act, enum tier tier, struct ocean_act_args args)
{
	struct ocean_call call = {.verb = OCEAN_ACT,
				  .max_tier = tier,
				  .interactive = true,
				  .droplet_id = WEB_1,
				  .act = act,
				  .args = args,
				  .done = on_done,
				  .data = w};

	w->over = false;
	ocean_start(w->ocean, &call);
	while (!w->over) {
		loop_advance(w->loop, 20);
	}
}

/* Does it, and waits until the action is over. */
static void act(struct world *w, const char *word, struct ocean_act_args args)
{
	ask(w, word, TIER_DESTROY, args);
	if (w->err.kind != ERR_NONE) {
		fail_msg("%s: %s", word, w->err.msg);
	}
	w->sim->virtual_ms += 60000;
	sim_settle(w->sim->model, w->sim->virtual_ms);
	assert_null(w->web->event);
}

static void refused(struct world *w, const char *word, struct ocean_act_args args, const char *why)
{
	ask(w, word, TIER_DESTROY, args);
	if (w->err.kind != ERR_REMOTE || strstr(w->err.msg, why) == NULL) {
		fail_msg("%s: want \"%s\", got %s", word, why, w->err.msg);
	}
}

static void resize(void **state)
{
	const struct ocean_act_args big = {.size = "s-2vcpu-4gb"};
	struct world w;

	(void)state;
	open_world(&w, "web-1 id=11");
	refused(&w, "resize", big, "Droplet is currently on");
	act(&w, "power_off", (struct ocean_act_args){0});
	refused(&w, "resize", (struct ocean_act_args){.size = "s-9"}, "size is not known");
	act(&w, "resize", big);
	assert_string_equal(w.web->size->slug, "s-2vcpu-4gb");
	assert_int_equal(w.web->disk_gb, 25);
	assert_int_equal(w.web->status, DROPLET_OFF);
	act(&w, "resize", (struct ocean_act_args){.size = "s-1vcpu-1gb"}); /* back: no disk grew */
	act(&w, "resize", (struct ocean_act_args){.size = "s-2vcpu-4gb", .disk = true});
	assert_int_equal(w.web->disk_gb, 80);
	refused(&w, "resize", (struct ocean_act_args){.size = "s-1vcpu-1gb"}, "decrease size");
	close_world(&w);
}

static void disks(void **state)
{
	struct world w;
	uint64_t id;

	(void)state;
	open_world(&w, "web-1 id=11");
	act(&w, "rename", (struct ocean_act_args){.name = "web-9"});
	assert_string_equal(w.web->name, "web-9");
	act(&w, "snapshot", (struct ocean_act_args){.name = "before"});
	assert_int_equal(w.sim->model->n_images, 1);
	id = w.sim->model->images[0]->id;
	assert_string_equal(w.sim->model->images[0]->name, "before");
	refused(&w, "rebuild", (struct ocean_act_args){.image_slug = "plan-9"}, "invalid image");
	act(&w, "rebuild", (struct ocean_act_args){.image_slug = "ubuntu-24-04-x64"});
	assert_string_equal(w.web->image->slug, "ubuntu-24-04-x64");
	refused(&w, "restore", (struct ocean_act_args){.image_id = w.web->image->id},
		"invalid image");
	act(&w, "restore", (struct ocean_act_args){.image_id = id});
	assert_int_equal(w.web->image->id, id);
	act(&w, "power_off", (struct ocean_act_args){0});
	act(&w, "password_reset", (struct ocean_act_args){0});
	assert_int_equal(w.web->status, DROPLET_ACTIVE);
	close_world(&w);
}

static void features(void **state)
{
	const struct ocean_act_args weekly = {.backup = {OCEAN_BACKUP_WEEKLY, 3, 8}};
	struct world w;

	(void)state;
	open_world(&w, "web-1 id=11 ipv6=no");
	act(&w, "enable_ipv6", (struct ocean_act_args){0});
	assert_true(w.web->ipv6);
	refused(&w, "enable_ipv6", (struct ocean_act_args){0}, "already enabled");
	refused(&w, "change_backup_policy", weekly, "not enabled");
	act(&w, "enable_backups", (struct ocean_act_args){0});
	assert_true(w.web->backups && w.web->policy.weekly);
	act(&w, "change_backup_policy", weekly);
	assert_int_equal(w.web->policy.weekday * 100 + w.web->policy.hour, 308);
	act(&w, "disable_backups", (struct ocean_act_args){0});
	assert_false(w.web->backups);
	close_world(&w);
}

/* What errors, or completes without effect, changes nothing. */
static void no_effect(void **state)
{
	static const char *const lines[] = {"nth=1 method=POST kind=action-errors",
					    "nth=1 method=POST kind=completed-unchanged"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct world w;

		open_world(&w, "web-1 id=11 status=off");
		assert_int_equal(faults_add(&w.sim->faults, lines[i], NULL), 0);
		act(&w, "resize", (struct ocean_act_args){.size = "s-2vcpu-4gb", .disk = true});
		assert_string_equal(w.web->size->slug, "s-1vcpu-1gb");
		assert_int_equal(w.web->disk_gb, 25);
		close_world(&w);
	}
}

/* A call above its tier, or with arguments that make no sense, is not sent at all. */
static void not_sent(void **state)
{
	static const struct {
		const char *act;
		struct ocean_act_args args;
		enum err_kind kind;
	} rows[] = {
		{"resize", {.size = "s-2vcpu-4gb"}, ERR_DENIED},
		{"rebuild", {.image_id = 1}, ERR_DENIED},
		{"restore", {.image_id = 1}, ERR_DENIED},
		{"password_reset", {0}, ERR_DENIED},
		{"rename", {0}, ERR_USAGE},
		{"rename", {.name = "a/b"}, ERR_USAGE},
		{"change_kernel", {0}, ERR_USAGE},
	};
	struct world w;

	(void)state;
	open_world(&w, "web-1 id=11 status=off");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ask(&w, rows[i].act, TIER_CHANGE, rows[i].args);
		assert_int_equal(w.err.kind, rows[i].kind);
	}
	assert_int_equal(w.sim->n_calls, 0);
	close_world(&w);
}

/* An answer that is lost is looked for, never asked for again. */
static void once(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, "web-1 id=11 status=off");
	assert_int_equal(faults_add(&w.sim->faults, "method=POST kind=timeout-after-send", NULL),
			 0);
	ask(&w, "resize", TIER_DESTROY, (struct ocean_act_args){.size = "s-2vcpu-4gb"});
	assert_int_equal(w.err.kind, ERR_UNKNOWN);
	assert_int_equal(sim_world_count(w.sim, 0, "POST", "*"), 1);
	close_world(&w);
}

/* The rights of each action, as the token has them. */
static void scopes(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, "web-1 id=11 status=off");
	assert_int_equal(sim_add_token(w.sim->model, SIM_TOKEN_ALL, "destroy,-droplet:admin", NULL),
			 0);
	ask(&w, "rebuild", TIER_DESTROY, (struct ocean_act_args){.image_slug = "debian-12-x64"});
	assert_int_equal(w.err.kind, ERR_DENIED);
	assert_non_null(strstr(w.err.msg, "droplet:update and droplet:admin"));
	assert_int_equal(
		sim_add_token(w.sim->model, SIM_TOKEN_ALL, "destroy,-droplet:create", NULL), 0);
	ask(&w, "resize", TIER_DESTROY, (struct ocean_act_args){.size = "s-2vcpu-4gb"});
	assert_non_null(strstr(w.err.msg, "droplet:update and droplet:create"));
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resize),    cmocka_unit_test(disks),    cmocka_unit_test(features),
		cmocka_unit_test(no_effect), cmocka_unit_test(not_sent), cmocka_unit_test(once),
		cmocka_unit_test(scopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
