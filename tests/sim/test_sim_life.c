/* test_sim_life.c - droplets are created and destroyed through the real client: once, whatever becomes of the answer */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>

#include "base/attr.h"
#include "sim/calls.h"
#include "sim/catalog.h"

/* What the latest call showed. */
struct seen {
	size_t n, n_actions, n_things;
	uint64_t first, action;
	char text[400]; /* of associated and destruction */
};

static struct seen seen;

static void look(const struct ocean_call *call, void *data)
{
	size_t at = 0;

	(void)data;
	memset(&seen, 0, sizeof(seen));
	seen.n = call->n_droplets;
	seen.n_actions = call->n_actions;
	seen.n_things = call->n_things;
	seen.first = call->n_droplets > 0 ? call->droplets[0].id : 0;
	seen.action = call->n_actions > 0 ? call->actions[0].id : 0;
	for (size_t i = 0; call->verb == OCEAN_ASSOCIATED && i < call->n_things; i++) {
		at += (size_t)snprintf(seen.text + at, sizeof(seen.text) - at, "%d %s %u,",
				       (int)call->associated[i].kind, call->associated[i].name,
				       call->associated[i].monthly_cents);
	}
	if (call->verb == OCEAN_DESTRUCTION) {
		(void)snprintf(seen.text, sizeof(seen.text), "%s %u %zu %s %s",
			       call->destruction->completed != NULL ? "over" : "runs",
			       call->destruction->failures, call->destruction->n_parts,
			       call->destruction->parts[0].destroyed != NULL ? "gone" : "there",
			       call->destruction->parts[0].error != NULL ? "error" : "-");
	}
}

static void open_seeing(struct calls *c)
{
	calls_open(c);
	c->look = look;
	assert_non_null(c->ocean);
}

static void must(struct calls *c, struct ocean_call call)
{
	if (calls_ask(c, call) != ERR_NONE) {
		fail_msg("verb %d: %s", (int)call.verb, c->err.msg);
	}
}

static const char *const one_name[] = {"web-1"};
static const char *const three_names[] = {"web-1", "web-2", "web-3"};
static const uint64_t key_ids[] = {512189};
static const char *const tags[] = {"web", "env:prod"};

static struct ocean_create plain(const char *const *names, size_t n)
{
	return (struct ocean_create){.names = names,
				     .n_names = n,
				     .request_tag = "sluice-request:7f3a",
				     .region = "fra1",
				     .size = "s-1vcpu-2gb",
				     .image_slug = "debian-12-x64",
				     .key_ids = key_ids,
				     .n_key_ids = 1,
				     .tags = tags,
				     .n_tags = 2,
				     .user_data = "#cloud-config\npackages: [\"nginx\"]\n",
				     .monitoring = true,
				     .ipv6 = true};
}

static struct ocean_call creation(const struct ocean_create *what)
{
	return (struct ocean_call){.verb = OCEAN_CREATE, .create = what};
}

static void create_one(void **state)
{
	const struct ocean_create what = plain(one_name, 1);
	const struct sim_droplet *made;
	struct calls c;

	(void)state;
	open_seeing(&c);
	must(&c, creation(&what));
	assert_true(seen.n == 1 && seen.n_actions == 1);
	made = sim_droplet_by_id(c.sim->model, seen.first);
	assert_int_equal(made->status, DROPLET_NEW);
	must(&c, (struct ocean_call){.verb = OCEAN_ACTION, .action_id = seen.action});
	calls_pass(&c, 31000);
	assert_int_equal(made->status, DROPLET_ACTIVE);
	assert_string_equal(made->region->slug, "fra1");
	assert_int_equal(made->n_tags, 3);
	assert_true(made->ipv6 && made->agent && !made->backups);
	must(&c, (struct ocean_call){.verb = OCEAN_BY_TAG, .key = "sluice-request:7f3a"});
	assert_int_equal(seen.n, 1);
	calls_close(&c);
}

static void create_three(void **state)
{
	struct ocean_create what = plain(three_names, 3);
	struct calls c;

	(void)state;
	open_seeing(&c);
	what.backups = true;
	what.backup = (struct ocean_backup_policy){OCEAN_BACKUP_WEEKLY, 1, 8};
	must(&c, creation(&what));
	assert_true(seen.n == 3 && seen.n_actions == 3);
	assert_int_equal(c.sim->model->n_droplets, 3);
	assert_int_equal(c.sim->model->droplets[2]->policy.weekday, 1);
	calls_close(&c);
}

/* Whatever becomes of the answer, one request is sent; the droplets are found by its tag. */
static void create_once(void **state)
{
	static const struct {
		const char *fault;
		enum err_kind kind;
		size_t made;
	} rows[] = {
		{"kind=timeout-before method=POST", ERR_UNKNOWN, 0},
		{"kind=timeout-after-send method=POST", ERR_UNKNOWN, 3},
		{"kind=reset method=POST", ERR_UNKNOWN, 3},
		{"kind=reset-mid-body method=POST", ERR_UNKNOWN, 3},
		{"kind=torn-json method=POST", ERR_UNKNOWN, 3},
		{"kind=html-502 method=POST", ERR_UNKNOWN, 0},
		{"kind=503 commit=yes method=POST", ERR_UNKNOWN, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct ocean_create what = plain(three_names, 3);
		struct calls c;

		open_seeing(&c);
		assert_int_equal(faults_add(&c.sim->faults, rows[i].fault, NULL), 0);
		if (calls_ask(&c, creation(&what)) != rows[i].kind) {
			fail_msg("%s: %s", rows[i].fault, c.err.msg);
		}
		assert_int_equal(sim_world_count(c.sim, 0, "POST", "/v2/droplets"), 1);
		must(&c, (struct ocean_call){.verb = OCEAN_BY_TAG, .key = what.request_tag});
		assert_int_equal(seen.n, rows[i].made);
		calls_close(&c);
	}
}

/* What provably did nothing: without a connection it is sent again; turned away by the rate, it is the caller's to wait and to say so. */
static void create_again(void **state)
{
	static const struct {
		const char *fault;
		enum err_kind kind;
	} rows[] = {{"nth=1 kind=429 retry-after=2 method=POST", ERR_LIMIT},
		    {"nth=1 kind=429 method=POST", ERR_LIMIT},
		    {"nth=1 kind=refused method=POST", ERR_NONE}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct ocean_create what = plain(one_name, 1);
		struct calls c;

		open_seeing(&c);
		assert_int_equal(faults_add(&c.sim->faults, rows[i].fault, NULL), 0);
		assert_int_equal(calls_ask(&c, creation(&what)), rows[i].kind);
		assert_int_equal(c.sim->model->n_droplets, rows[i].kind == ERR_NONE ? 1 : 0);
		calls_close(&c);
	}
}

static void create_refused(void **state)
{
	struct ocean_create what = plain(one_name, 1);
	struct calls c;

	(void)state;
	open_seeing(&c);
	c.sim->model->droplet_limit = 0;
	assert_int_equal(calls_ask(&c, creation(&what)), ERR_REMOTE);
	assert_non_null(strstr(c.err.msg, "will exceed your droplet limit"));
	c.sim->model->droplet_limit = 25;
	what.size = "s-9";
	assert_int_equal(calls_ask(&c, creation(&what)), ERR_REMOTE);
	assert_non_null(strstr(c.err.msg, "invalid size"));
	what = plain(one_name, 1);
	what.request_tag = NULL;
	assert_int_equal(calls_ask(&c, creation(&what)), ERR_USAGE);
	assert_int_equal(sim_world_count(c.sim, 0, "POST", "*"), 2);
	assert_int_equal(c.sim->model->n_droplets, 0);
	calls_close(&c);
}

/* A creation that errors: the droplet is not there any more. And 404 right after it is "not yet". */
static void create_fails_late(void **state)
{
	const struct ocean_create what = plain(one_name, 1);
	struct calls c;
	uint64_t id;

	(void)state;
	open_seeing(&c);
	assert_int_equal(faults_add(&c.sim->faults, "nth=1 method=POST kind=action-errors", NULL),
			 0);
	assert_int_equal(
		faults_add(&c.sim->faults, "nth=1 method=GET path=/v2/droplets/* kind=404", NULL),
		0);
	must(&c, creation(&what));
	id = seen.first;
	assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_GET, .droplet_id = id}),
			 ERR_NOTFOUND);
	must(&c, (struct ocean_call){.verb = OCEAN_GET, .droplet_id = id});
	calls_pass(&c, 31000);
	assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_GET, .droplet_id = id}),
			 ERR_NOTFOUND);
	calls_close(&c);
}

#define DB UINT64_C(12)

static void open_db(struct calls *c)
{
	open_seeing(c);
	assert_int_equal(sim_droplet_line(c->sim->model,
					  "db-1 id=12 volume=data ip=203.0.113.7 firewall=db "
					  "snapshot=before backup=weekly",
					  NULL),
			 0);
	assert_int_equal(sim_droplet_line(c->sim->model, "web-1 id=13 volume=other", NULL), 0);
}

static void destroy(void **state)
{
	const struct ocean_call gone = {.verb = OCEAN_DESTROY, .droplet_id = DB};
	struct calls c;

	(void)state;
	open_db(&c);
	must(&c, gone);
	assert_int_equal(calls_ask(&c, gone), ERR_CONFLICT); /* an event runs: it goes */
	must(&c, (struct ocean_call){.verb = OCEAN_GET, .droplet_id = DB});
	calls_pass(&c, 5000);
	assert_int_equal(calls_ask(&c, gone), ERR_NOTFOUND);
	assert_int_equal(c.sim->model->n_droplets, 1);
	assert_int_equal(c.sim->model->n_volumes, 2); /* stays, and costs money */
	assert_int_equal(c.sim->model->ips[0]->droplet_id, 0);
	assert_false(c.sim->model->images[0]->gone); /* the snapshot */
	assert_true(c.sim->model->images[1]->gone);  /* the backup went with it */
	calls_close(&c);
}

static void destroy_once(void **state)
{
	static const char *const lines[] = {"kind=timeout-after-send method=DELETE",
					    "kind=503 commit=yes method=DELETE",
					    "kind=reset method=DELETE"};
	static const enum ocean_verb verbs[] = {OCEAN_DESTROY, OCEAN_DESTROY_ALL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines) * ARRAY_LEN(verbs); i++) {
		struct calls c;

		open_db(&c);
		assert_int_equal(faults_add(&c.sim->faults, lines[i % ARRAY_LEN(lines)], NULL), 0);
		assert_int_equal(
			calls_ask(&c, (struct ocean_call){.verb = verbs[i / ARRAY_LEN(lines)],
							  .droplet_id = DB}),
			ERR_UNKNOWN);
		assert_int_equal(sim_world_count(c.sim, 0, "DELETE", "*"), 1);
		calls_pass(&c, 5000);
		assert_int_equal(
			calls_ask(&c, (struct ocean_call){.verb = OCEAN_GET, .droplet_id = DB}),
			ERR_NOTFOUND);
		calls_close(&c);
	}
}

static void purge_some(void **state)
{
	struct ocean_associated with[] = {{.kind = OCEAN_KIND_VOLUME}};
	struct calls c;

	(void)state;
	open_db(&c);
	with[0].id = c.sim->model->volumes[0]->id;
	must(&c, (struct ocean_call){.verb = OCEAN_ASSOCIATED, .droplet_id = DB});
	assert_string_equal(seen.text, "2 203.0.113.7 400,4 before 400,5 data 400,");
	must(&c,
	     (struct ocean_call){.verb = OCEAN_DESTROY_WITH, .droplet_id = DB, .with = {with, 1}});
	must(&c, (struct ocean_call){.verb = OCEAN_DESTRUCTION, .droplet_id = DB});
	assert_string_equal(seen.text, "runs 0 2 there -");
	assert_int_equal(
		calls_ask(&c, (struct ocean_call){.verb = OCEAN_DESTROY_RETRY, .droplet_id = DB}),
		ERR_CONFLICT);
	calls_pass(&c, 5000);
	must(&c, (struct ocean_call){.verb = OCEAN_DESTRUCTION, .droplet_id = DB});
	assert_string_equal(seen.text, "over 0 2 gone -");
	assert_int_equal(c.sim->model->n_volumes, 1);
	assert_int_equal(c.sim->model->n_ips, 1);
	assert_false(c.sim->model->images[0]->gone);
	calls_close(&c);
}

static void purge_all(void **state)
{
	struct calls c;

	(void)state;
	open_db(&c);
	assert_int_equal(faults_add(&c.sim->faults, "nth=1 method=DELETE kind=action-errors", NULL),
			 0);
	must(&c, (struct ocean_call){.verb = OCEAN_DESTROY_ALL, .droplet_id = DB});
	calls_pass(&c, 5000);
	must(&c, (struct ocean_call){.verb = OCEAN_DESTRUCTION, .droplet_id = DB});
	assert_string_equal(seen.text, "over 4 4 there error");
	must(&c, (struct ocean_call){.verb = OCEAN_DESTROY_RETRY, .droplet_id = DB});
	calls_pass(&c, 5000);
	must(&c, (struct ocean_call){.verb = OCEAN_DESTRUCTION, .droplet_id = DB});
	assert_string_equal(seen.text, "over 0 4 gone -");
	assert_true(c.sim->model->n_volumes == 1 && c.sim->model->n_ips == 0);
	assert_true(c.sim->model->images[0]->gone);
	assert_int_equal(c.sim->model->n_droplets, 1); /* the other one and its volume */
	calls_close(&c);
}

static void snapshot_delete(void **state)
{
	struct calls c;
	uint64_t id;

	(void)state;
	open_db(&c);
	id = c.sim->model->images[0]->id;
	must(&c, (struct ocean_call){.verb = OCEAN_SNAPSHOT_DELETE, .image_id = id});
	assert_int_equal(
		calls_ask(&c, (struct ocean_call){.verb = OCEAN_SNAPSHOT_DELETE, .image_id = id}),
		ERR_NOTFOUND);
	calls_close(&c);
}

/* With a smaller token, or too little said, nothing is sent. */
static void not_sent(void **state)
{
	static const enum ocean_verb verbs[] = {
		OCEAN_CREATE,        OCEAN_DESTROY,     OCEAN_DESTROY_WITH,   OCEAN_DESTROY_ALL,
		OCEAN_DESTROY_RETRY, OCEAN_DESTRUCTION, OCEAN_SNAPSHOT_DELETE};
	const struct ocean_create what = plain(one_name, 1);
	struct calls c;

	(void)state;
	open_db(&c);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		struct ocean_call call = {.verb = verbs[i], .max_tier = TIER_CHANGE};

		assert_int_equal(calls_ask(&c, call) == ERR_NONE, 0);
		call.droplet_id = DB;
		call.image_id = 1;
		if (verbs[i] == OCEAN_CREATE) {
			call.create = &what;
		}
		assert_int_equal(calls_ask(&c, call), ERR_DENIED);
	}
	assert_int_equal(c.sim->n_calls, 0);
	calls_close(&c);
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test(create_one),      cmocka_unit_test(create_three),
		cmocka_unit_test(create_once),     cmocka_unit_test(create_again),
		cmocka_unit_test(create_refused),  cmocka_unit_test(create_fails_late),
		cmocka_unit_test(destroy),         cmocka_unit_test(destroy_once),
		cmocka_unit_test(purge_some),      cmocka_unit_test(purge_all),
		cmocka_unit_test(snapshot_delete), cmocka_unit_test(not_sent),
	};

	return cmocka_run_group_tests(list, NULL, NULL);
}
