/* test_sim_around.c - what is around droplets, through the real client: tags, volumes, addresses, firewalls, metrics */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/attr.h"
#include "sim/calls.h"
#include "sim/catalog.h"

static char seen[1000]; /* what the latest call showed */
static size_t n_seen;

static void say(const char *text)
{
	n_seen += (size_t)snprintf(seen + n_seen, sizeof(seen) - n_seen, "%s;", text);
}

static void say_series(const struct ocean_series *s)
{
	char line[100];

	(void)snprintf(line, sizeof(line), "%s %zu %lld %.2f", s->name != NULL ? s->name : "-",
		       s->n_points, (long long)s->points[0].at_s, s->points[0].value);
	say(line);
}

static void say_thing(const struct ocean_call *call, size_t i)
{
	char line[200] = "?";

	if (call->verb == OCEAN_TAGS) {
		(void)snprintf(line, sizeof(line), "%s %u", call->tags[i].name,
			       call->tags[i].n_droplets);
	} else if (call->verb == OCEAN_VOLUMES) {
		(void)snprintf(line, sizeof(line), "%s %s %uGB %llu", call->volumes[i].name,
			       call->volumes[i].region, call->volumes[i].size_gb,
			       call->volumes[i].droplets.n > 0
				       ? (unsigned long long)call->volumes[i].droplets.ids[0]
				       : 0);
	} else if (call->verb == OCEAN_IPS) {
		(void)snprintf(line, sizeof(line), "%s %llu %s", call->ips[i].ip,
			       (unsigned long long)call->ips[i].droplet_id,
			       call->ips[i].locked ? "locked" : "free");
	} else if (call->verb == OCEAN_FIREWALLS) {
		(void)snprintf(line, sizeof(line), "%s %s %zu %u+%u", call->firewalls[i].name,
			       call->firewalls[i].status, call->firewalls[i].droplets.n,
			       call->firewalls[i].n_inbound, call->firewalls[i].n_outbound);
	} else if (call->verb == OCEAN_LOAD_BALANCERS) {
		(void)snprintf(line, sizeof(line), "%s %s %s %s", call->load_balancers[i].name,
			       call->load_balancers[i].ip, call->load_balancers[i].status,
			       call->load_balancers[i].tag);
	} else if (call->verb == OCEAN_DOMAINS) {
		(void)snprintf(line, sizeof(line), "%s %us", call->domains[i].name,
			       call->domains[i].ttl_s);
	} else if (call->verb == OCEAN_VPCS) {
		(void)snprintf(line, sizeof(line), "%s %s %s", call->vpcs[i].name,
			       call->vpcs[i].ip_range, call->vpcs[i].is_default ? "default" : "-");
	} else if (call->verb == OCEAN_PROJECTS) {
		(void)snprintf(line, sizeof(line), "%s %s", call->projects[i].name,
			       call->projects[i].is_default ? "default" : "-");
	} else if (call->verb == OCEAN_PROJECT_RESOURCES || call->verb == OCEAN_PROJECT_ASSIGN) {
		(void)snprintf(line, sizeof(line), "%llu %s",
			       (unsigned long long)call->resources[i].droplet_id,
			       call->resources[i].status);
	}
	say(line);
}

static void look(const struct ocean_call *call, void *data)
{
	uint64_t *action = data;

	n_seen = 0;
	seen[0] = '\0';
	*action = call->n_actions > 0 ? call->actions[0].id : 0;
	for (size_t i = 0; i < call->n_things; i++) {
		if (call->verb == OCEAN_METRIC) {
			say_series(&call->series[i]);
		} else {
			say_thing(call, i);
		}
	}
	for (size_t i = 0; i < call->n_droplets; i++) {
		say(call->droplets[i].name);
	}
}

static uint64_t action;

static void open_three(struct calls *c)
{
	static const char *const lines[] = {
		"web-1 id=11 tags=web volume=data ip=203.0.113.7 firewall=fw project=shop",
		"web-2 id=12 tags=web,prod", "web-3 id=21 agent=no"};

	calls_open(c);
	c->look = look;
	c->data = &action;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(sim_droplet_line(c->sim->model, lines[i], NULL), 0);
	}
}

static void must(struct calls *c, struct ocean_call call, const char *want)
{
	if (calls_ask(c, call) != ERR_NONE) {
		fail_msg("verb %d: %s", (int)call.verb, c->err.msg);
	}
	assert_string_equal(seen, want);
}

static void show(struct calls *c, enum ocean_verb verb, const char *want)
{
	must(c, (struct ocean_call){.verb = verb}, want);
}

static const uint64_t both[] = {11, 21};
static const uint64_t wrong[] = {11, 99};

static void tags(void **state)
{
	const struct ocean_ids two = {both, 2};
	struct calls c;

	(void)state;
	open_three(&c);
	show(&c, OCEAN_TAGS, "web 2;prod 1;");
	assert_int_equal(
		calls_ask(&c,
			  (struct ocean_call){.verb = OCEAN_TAG_ADD, .key = "new", .members = two}),
		ERR_NOTFOUND);
	must(&c, (struct ocean_call){.verb = OCEAN_TAG_CREATE, .key = "new"}, "");
	must(&c, (struct ocean_call){.verb = OCEAN_TAG_ADD, .key = "new", .members = two}, "");
	must(&c, (struct ocean_call){.verb = OCEAN_TAG_ADD, .key = "new", .members = two}, "");
	show(&c, OCEAN_TAGS, "web 2;new 2;prod 1;");
	must(&c, (struct ocean_call){.verb = OCEAN_TAG_REMOVE, .key = "new", .members = two}, "");
	show(&c, OCEAN_TAGS, "web 2;prod 1;new 0;");
	assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_TAG_ADD,
							   .key = "web",
							   .members = {wrong, 2}}),
			 ERR_NOTFOUND);
	assert_int_equal(sim_droplet_by_id(c.sim->model, 21)->n_tags, 0);
	calls_close(&c);
}

static void volumes(void **state)
{
	struct calls c;
	const char *id;

	(void)state;
	open_three(&c);
	id = c.sim->model->volumes[0]->id;
	show(&c, OCEAN_VOLUMES, "data ams3 100GB 11;");
	assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_VOLUME_ATTACH,
							   .key = id,
							   .droplet_id = 12}),
			 ERR_REMOTE);
	assert_non_null(strstr(c.err.msg, "already attached"));
	must(&c, (struct ocean_call){.verb = OCEAN_VOLUME_DETACH, .key = id, .droplet_id = 11}, "");
	assert_int_not_equal(action, 0);
	must(&c, (struct ocean_call){.verb = OCEAN_ACTION, .action_id = action}, "");
	show(&c, OCEAN_VOLUMES, "data ams3 100GB 11;");
	calls_pass(&c, 11000);
	show(&c, OCEAN_VOLUMES, "data ams3 100GB 0;");
	assert_int_equal(
		faults_add(&c.sim->faults, "nth=1 method=POST kind=completed-unchanged", NULL), 0);
	must(&c, (struct ocean_call){.verb = OCEAN_VOLUME_ATTACH, .key = id, .droplet_id = 12}, "");
	calls_pass(&c, 11000);
	show(&c, OCEAN_VOLUMES, "data ams3 100GB 0;");
	must(&c, (struct ocean_call){.verb = OCEAN_VOLUME_ATTACH, .key = id, .droplet_id = 12}, "");
	calls_pass(&c, 11000);
	show(&c, OCEAN_VOLUMES, "data ams3 100GB 12;");
	calls_close(&c);
}

static void addresses(void **state)
{
	const struct ocean_call assign = {
		.verb = OCEAN_IP_ASSIGN, .key = "203.0.113.7", .droplet_id = 12};
	struct calls c;

	(void)state;
	open_three(&c);
	show(&c, OCEAN_IPS, "203.0.113.7 11 free;");
	must(&c, assign, "");
	show(&c, OCEAN_IPS, "203.0.113.7 11 locked;");
	assert_int_equal(calls_ask(&c, assign), ERR_CONFLICT); /* pending event */
	calls_pass(&c, 5000);
	must(&c, (struct ocean_call){.verb = OCEAN_IP_UNASSIGN, .key = "203.0.113.7"}, "");
	calls_pass(&c, 5000);
	show(&c, OCEAN_IPS, "203.0.113.7 0 free;");
	calls_close(&c);
}

static void firewalls(void **state)
{
	struct calls c;
	const char *id;

	(void)state;
	open_three(&c);
	id = c.sim->model->firewalls[0]->id;
	must(&c,
	     (struct ocean_call){.verb = OCEAN_FIREWALL_ATTACH, .key = id, .members = {both, 2}},
	     "");
	show(&c, OCEAN_FIREWALLS, "fw succeeded 2 1+1;");
	must(&c,
	     (struct ocean_call){.verb = OCEAN_FIREWALL_DETACH, .key = id, .members = {both, 1}},
	     "");
	show(&c, OCEAN_FIREWALLS, "fw succeeded 1 1+1;");
	assert_int_equal(
		calls_ask(&c, (struct ocean_call){.verb = OCEAN_FIREWALL_DETACH,
						  .key = "bb4b2611-3d72-467b-8602-280330089066",
						  .members = {both, 1}}),
		ERR_NOTFOUND);
	calls_close(&c);
}

static void projects(void **state)
{
	struct calls c;
	char shop[37];

	(void)state;
	open_three(&c);
	(void)snprintf(shop, sizeof(shop), "%s", c.sim->model->projects[1].id);
	show(&c, OCEAN_PROJECTS, "default default;shop -;");
	must(&c, (struct ocean_call){.verb = OCEAN_PROJECT_RESOURCES, .key = shop}, "11 ok;");
	must(&c,
	     (struct ocean_call){.verb = OCEAN_PROJECT_ASSIGN, .key = shop, .members = {both, 2}},
	     "11 already_assigned;21 assigned;");
	must(&c, (struct ocean_call){.verb = OCEAN_PROJECT_RESOURCES, .key = shop}, "11 ok;21 ok;");
	must(&c,
	     (struct ocean_call){.verb = OCEAN_PROJECT_ASSIGN, .key = shop, .members = {wrong, 2}},
	     "11 already_assigned;99 not_found;");
	calls_close(&c);
}

static void others(void **state)
{
	struct calls c;

	(void)state;
	open_three(&c);
	show(&c, OCEAN_LOAD_BALANCERS, "shop-lb 203.0.113.80 active web;");
	show(&c, OCEAN_DOMAINS, "acme.example 1800s;");
	show(&c, OCEAN_VPCS, "default-ams3 10.110.0.0/20 default;");
	must(&c, (struct ocean_call){.verb = OCEAN_NEIGHBORS, .droplet_id = 11}, "web-3;");
	assert_int_equal(
		calls_ask(&c, (struct ocean_call){.verb = OCEAN_NEIGHBORS, .droplet_id = 1}),
		ERR_NOTFOUND);
	calls_close(&c);
}

static struct ocean_call metric(uint64_t droplet, enum ocean_metric which)
{
	return (struct ocean_call){.verb = OCEAN_METRIC,
				   .droplet_id = droplet,
				   .metric = {which, 1768269600, 1768273200}};
}

static void metrics(void **state)
{
	struct calls c;

	(void)state;
	open_three(&c);
	must(&c, metric(11, OCEAN_CPU), "idle 13 1768269600 100000.00;user 13 1768269600 8000.00;");
	must(&c, metric(11, OCEAN_LOAD_1), "- 13 1768269600 0.42;");
	must(&c, metric(11, OCEAN_DISK_FREE), "/ 13 1768269600 16106127360.00;");
	must(&c, metric(11, OCEAN_PRIVATE_OUT), "outbound 13 1768269600 1.90;");
	must(&c, metric(21, OCEAN_CPU), "idle 13 1768269600 100000.00;user 13 1768269600 8000.00;");
	must(&c, metric(21, OCEAN_MEMORY_TOTAL), ""); /* no agent: nothing, not zero */
	assert_int_equal(sim_world_count(c.sim, 0, "GET",
					 "/v2/monitoring/metrics/droplet/bandwidth?host_id=11&"
					 "start=1768269600&end=1768273200&interface=private&"
					 "direction=outbound"),
			 1);
	assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_METRIC, .droplet_id = 11}),
			 ERR_USAGE);
	calls_close(&c);
}

/* Every list, and what changes something, under each fault: lists come whole or not at all, changes leave once. */
static void under_faults(void **state)
{
	static const enum ocean_verb lists[] = {
		OCEAN_SIZES,          OCEAN_REGIONS, OCEAN_IMAGES,  OCEAN_KEYS,
		OCEAN_SNAPSHOTS,      OCEAN_TAGS,    OCEAN_VOLUMES, OCEAN_IPS,
		OCEAN_PROJECTS,       OCEAN_VPCS,    OCEAN_DOMAINS, OCEAN_FIREWALLS,
		OCEAN_LOAD_BALANCERS, OCEAN_BALANCE};
	static const struct {
		const char *line;
		bool recovers;
	} faults[] = {
		{"nth=1 kind=html-502", true},
		{"nth=1 kind=reset", true},
		{"nth=1 kind=reset-mid-body", true},
		{"nth=1 kind=timeout-before", false},
		{"nth=1 kind=429 retry-after=1", true},
		{"nth=1 kind=503", true},
		{"kind=torn-json", false},
		{"kind=html-502", false},
		{"kind=429", false},
		{"kind=404", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists) * ARRAY_LEN(faults); i++) {
		const size_t f = i / ARRAY_LEN(lists);
		struct calls c;

		open_three(&c);
		assert_int_equal(faults_add(&c.sim->faults, faults[f].line, NULL), 0);
		if ((calls_ask(&c, (struct ocean_call){.verb = lists[i % ARRAY_LEN(lists)]}) ==
		     ERR_NONE) != faults[f].recovers) {
			fail_msg("verb %d under %s: %s", (int)lists[i % ARRAY_LEN(lists)],
				 faults[f].line, c.err.msg);
		}
		assert_null(strchr(c.err.msg, '<'));
		calls_close(&c);
	}
}

static void count(const struct ocean_call *call, void *data)
{
	*(uint64_t *)data = call->n_things;
}

/* Pages that move, fail or lead elsewhere. */
static void under_pages(void **state)
{
	static const struct {
		const char *line;
		enum err_kind kind;
	} rows[] = {
		{"kind=list-shifts path=/v2/volumes", ERR_NONE},
		{"kind=other-host-link path=/v2/volumes", ERR_NONE},
		{"kind=failed-page path=/v2/volumes", ERR_REMOTE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct calls c;

		open_three(&c);
		c.look = count;
		for (int n = 0; n < 250; n++) {
			sim_add_volume(c.sim->model, "more", sim_droplet_by_id(c.sim->model, 12));
		}
		assert_int_equal(faults_add(&c.sim->faults, rows[i].line, NULL), 0);
		action = 0;
		assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_VOLUMES}),
				 rows[i].kind);
		assert_int_equal(action, rows[i].kind == ERR_NONE ? 251 : 0);
		assert_true(sim_world_count(c.sim, 0, "GET", "/v2/volumes") >= 2);
		calls_close(&c);
	}
}

static void scopes(void **state)
{
	struct calls c;

	(void)state;
	open_three(&c);
	assert_int_equal(
		sim_add_token(c.sim->model, SIM_TOKEN_ALL, "destroy,-block_storage:read", NULL), 0);
	assert_int_equal(calls_ask(&c, (struct ocean_call){.verb = OCEAN_VOLUMES}), ERR_DENIED);
	assert_non_null(strstr(c.err.msg, "it needs block_storage:read"));
	calls_close(&c);
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test(tags),        cmocka_unit_test(volumes),
		cmocka_unit_test(addresses),   cmocka_unit_test(firewalls),
		cmocka_unit_test(projects),    cmocka_unit_test(others),
		cmocka_unit_test(metrics),     cmocka_unit_test(under_faults),
		cmocka_unit_test(under_pages), cmocka_unit_test(scopes),
	};

	return cmocka_run_group_tests(list, NULL, NULL);
}
