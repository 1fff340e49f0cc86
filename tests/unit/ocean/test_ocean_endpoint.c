/* test_ocean_endpoint.c - the table of endpoints: every row whole, none by tag, the token each needs, what must be given */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "ocean/bodies.h"
#include "ocean/endpoint.h"

#define UUID "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba01234"

/* A call that names everything that a row may need. */
static struct ocean_call call_of(int verb)
{
	unsigned needs;
	struct ocean_call call = {.verb = (enum ocean_verb)verb,
				  .droplet_id = 11,
				  .action_id = 5,
				  .image_id = 7,
				  .act = verb == OCEAN_ACT ? "reboot" : NULL};

	needs = endpoint_of(&call)->needs;
	call.key = (needs & NEEDS_UUID) != 0 ? UUID
		   : (needs & NEEDS_IP) != 0 ? "203.0.113.7"
					     : "env:prod";
	if (verb == OCEAN_METRIC) {
		call.metric = (struct ocean_metric_ask){OCEAN_CPU, 1000, 2000};
	} else if (verb == OCEAN_ACTIONS) {
		call.page = 1;
	}
	return call;
}

static void whole(void **state)
{
	(void)state;
	for (int verb = OCEAN_NONE + 1; verb < OCEAN_VERB_COUNT; verb++) {
		struct ocean_call call = call_of(verb);
		const struct endpoint *row = endpoint_of(&call);
		char path[ENDPOINT_PATH_MAX], what[80], scopes[200];

		assert_non_null(row->method);
		assert_int_not_equal(endpoint_tier(&call), TIER_NONE);
		endpoint_fill(&call, row->path, path, sizeof(path));
		endpoint_fill(&call, row->what, what, sizeof(what));
		endpoint_scopes(&call, scopes, sizeof(scopes));
		assert_ptr_equal(strstr(path, "/v2/"), path);
		assert_null(strpbrk(path, "{}\" "));
		assert_null(strpbrk(what, "{}"));
		assert_non_null(strchr(scopes, ':'));
		assert_true((row->reply == REPLY_LIST || row->reply == REPLY_ONE) ==
			    (row->thing != NULL));
		assert_true(row->thing == NULL ||
			    (row->thing->read != NULL) != (row->thing->whole != NULL));
	}
}

/* What acts on all droplets of a tag at once: no row, whatever the call names, makes such an address. */
static void never_by_tag(void **state)
{
	(void)state;
	for (int verb = OCEAN_NONE + 1; verb < OCEAN_VERB_COUNT; verb++) {
		struct ocean_call call = call_of(verb);
		char path[ENDPOINT_PATH_MAX];

		endpoint_fill(&call, endpoint_of(&call)->path, path, sizeof(path));
		if (endpoint_changes(&call)) {
			assert_null(strchr(path, '?'));
			assert_null(strstr(path, "tag_name"));
			assert_string_not_equal(path, "/v2/droplets/actions");
			assert_true(strcmp(endpoint_of(&call)->method, "DELETE") != 0 ||
				    strcmp(path, "/v2/droplets") != 0);
		}
	}
}

static void tiers(void **state)
{
	static const enum ocean_verb destroy[] = {
		OCEAN_CREATE,        OCEAN_DESTROY,     OCEAN_DESTROY_WITH,   OCEAN_DESTROY_ALL,
		OCEAN_DESTROY_RETRY, OCEAN_DESTRUCTION, OCEAN_SNAPSHOT_DELETE};

	(void)state;
	for (int verb = OCEAN_NONE + 1; verb < OCEAN_VERB_COUNT; verb++) {
		const struct ocean_call call = call_of(verb);
		enum tier want = endpoint_changes(&call) ? TIER_CHANGE : TIER_READ;

		for (size_t i = 0; i < ARRAY_LEN(destroy); i++) {
			want = (int)destroy[i] == verb ? TIER_DESTROY : want;
		}
		if (endpoint_tier(&call) != want) {
			fail_msg("verb %d has the tier %s", verb, tier_name(endpoint_tier(&call)));
		}
	}
}

/* Without what the row needs, or with a key that could lead elsewhere, there is no such call. */
static void needs(void **state)
{
	static const char *const keys[] = {"",
					   "../account",
					   "a/b",
					   "a?b",
					   "a b",
					   "a%2fb",
					   "1.2.3",
					   "1.2.3.456",
					   "1.2.3.4/x",
					   "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba0123",
					   "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba01234x",
					   "a\nb"};
	const unsigned keyed = NEEDS_UUID | NEEDS_TAG | NEEDS_IP;

	(void)state;
	for (int verb = OCEAN_NONE + 1; verb < OCEAN_VERB_COUNT; verb++) {
		struct ocean_call bare = {.verb = (enum ocean_verb)verb, .act = "reboot"};
		struct ocean_call call = call_of(verb);

		if (endpoint_of(&call)->needs != 0) {
			assert_int_equal(endpoint_tier(&bare), TIER_NONE);
		}
		for (size_t i = 0; i < ARRAY_LEN(keys) && (endpoint_of(&call)->needs & keyed) != 0;
		     i++) {
			call.key = keys[i];
			if (endpoint_of(&call)->needs == NEEDS_TAG &&
			    strcmp(keys[i], keys[9]) == 0) {
				continue; /* that is a tag */
			}
			if (endpoint_tier(&call) != TIER_NONE &&
			    ((endpoint_of(&call)->needs & NEEDS_TAG) == 0 ||
			     strpbrk(keys[i], "/?% \n.") != NULL || keys[i][0] == '\0')) {
				fail_msg("verb %d takes \"%s\"", verb, keys[i]);
			}
		}
	}
}

static void no_verb(void **state)
{
	static const int verbs[] = {-1, OCEAN_NONE, OCEAN_VERB_COUNT, 9999};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		const struct ocean_call call = {.verb = (enum ocean_verb)verbs[i],
						.droplet_id = 11};

		assert_int_equal(endpoint_tier(&call), TIER_NONE);
		assert_false(endpoint_changes(&call));
	}
}

static const char *const names[] = {"web-1", "web-2"};

static void bodies(void **state)
{
	const struct ocean_create create = {.names = names,
					    .n_names = 2,
					    .request_tag = "req:1",
					    .size = "s-1",
					    .image_id = 7,
					    .user_data = "a\"\n\x01"};
	const uint64_t ids[] = {11, 12};
	const struct ocean_associated with[] = {{.kind = OCEAN_KIND_VOLUME, .id = UUID},
						{.kind = OCEAN_KIND_SNAPSHOT, .id = "7"},
						{.kind = OCEAN_KIND_SNAPSHOT, .id = "8"}};
	const struct {
		struct ocean_call call;
		const char *body;
	} rows[] = {
		{{.verb = OCEAN_CREATE, .create = &create},
		 "{\"names\":[\"web-1\",\"web-2\"],\"size\":\"s-1\",\"image\":7,\"user_data\":"
		 "\"a\\\"\\n\\u0001\","
		 "\"ipv6\":false,\"monitoring\":false,\"backups\":false,\"ssh_keys\":[],"
		 "\"volumes\":[],"
		 "\"tags\":[\"req:1\"]}"},
		{{.verb = OCEAN_DESTROY_WITH, .with = {with, 3}},
		 "{\"snapshots\":[\"7\",\"8\"],\"volumes\":[\"" UUID "\"]}"},
		{{.verb = OCEAN_DESTROY_WITH}, "{}"},
		{{.verb = OCEAN_TAG_CREATE, .key = "a"}, "{\"name\":\"a\"}"},
		{{.verb = OCEAN_TAG_ADD, .members = {ids, 2}},
		 "{\"resources\":[{\"resource_id\":\"11\",\"resource_type\":\"droplet\"},"
		 "{\"resource_id\":\"12\",\"resource_type\":\"droplet\"}]}"},
		{{.verb = OCEAN_FIREWALL_ATTACH, .members = {ids, 2}}, "{\"droplet_ids\":[11,12]}"},
		{{.verb = OCEAN_PROJECT_ASSIGN, .members = {ids, 1}},
		 "{\"resources\":[\"do:droplet:11\"]}"},
		{{.verb = OCEAN_VOLUME_DETACH, .droplet_id = 11},
		 "{\"type\":\"detach\",\"droplet_id\":11}"},
		{{.verb = OCEAN_IP_ASSIGN, .droplet_id = 11},
		 "{\"type\":\"assign\",\"droplet_id\":11}"},
		{{.verb = OCEAN_IP_UNASSIGN}, "{\"type\":\"unassign\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strbuf body;
		struct err err = {0};

		strbuf_init(&body, OCEAN_BODY_MAX);
		if (endpoint_of(&rows[i].call)->write(&rows[i].call, &body, &err) < 0) {
			fail_msg("row %zu: %s", i, err.msg);
		}
		assert_string_equal(body.buf, rows[i].body);
		strbuf_done(&body);
	}
}

static void wrong_bodies(void **state)
{
	static const char *const twice[] = {"web-1", "WEB-1"};
	static const char *const bad_tags[] = {"a b"};
	static const uint64_t zero[] = {0};
	const struct ocean_associated what[] = {{.kind = OCEAN_KIND_DROPLET, .id = "7"}};
	const struct ocean_create good = {
		.names = names, .n_names = 1, .request_tag = "r", .size = "s", .image_slug = "i"};
	struct ocean_create c[12];
	const struct ocean_call calls[] = {
		{.verb = OCEAN_CREATE},
		{.verb = OCEAN_TAG_ADD},
		{.verb = OCEAN_TAG_ADD, .members = {zero, 1}},
		{.verb = OCEAN_FIREWALL_ATTACH, .members = {zero, OCEAN_MEMBERS_MAX + 1}},
		{.verb = OCEAN_DESTROY_WITH, .with = {what, 1}},
	};
	struct strbuf body;
	static char long_data[OCEAN_USER_DATA_MAX + 2];

	(void)state;
	memset(long_data, 'x', OCEAN_USER_DATA_MAX + 1);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		c[i] = good;
	}
	c[0].n_names = 0;
	c[1].n_names = OCEAN_CREATE_MAX + 1;
	c[2].names = twice;
	c[2].n_names = 2;
	c[3].request_tag = NULL;
	c[4].size = NULL;
	c[5].image_id = 7;
	c[6].image_slug = NULL;
	c[7].user_data = long_data;
	c[8].vpc = "default";
	c[9].tags = bad_tags;
	c[9].n_tags = 1;
	c[10].key_ids = zero;
	c[10].n_key_ids = 1;
	c[11].backup.plan = OCEAN_BACKUP_DAILY;
	strbuf_init(&body, OCEAN_BODY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(c) + ARRAY_LEN(calls); i++) {
		const struct ocean_call create = {.verb = OCEAN_CREATE,
						  .create = &c[i < ARRAY_LEN(c) ? i : 0]};
		const struct ocean_call *call =
			i < ARRAY_LEN(c) ? &create : &calls[i - ARRAY_LEN(c)];
		struct err err = {0};

		if (endpoint_of(call)->write(call, &body, &err) == 0) {
			fail_msg("row %zu was taken", i);
		}
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(body.len, 0);
	}
	strbuf_done(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),        cmocka_unit_test(never_by_tag),
		cmocka_unit_test(tiers),        cmocka_unit_test(needs),
		cmocka_unit_test(no_verb),      cmocka_unit_test(bodies),
		cmocka_unit_test(wrong_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
