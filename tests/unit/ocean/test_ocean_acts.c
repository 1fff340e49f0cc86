/* test_ocean_acts.c - the bodies of actions: what each takes, what is refused before anything is sent, and its tier */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "ocean/acts.h"

static void bodies(void **state)
{
	static const struct {
		const char *act;
		struct ocean_act_args args;
		const char *body;
	} rows[] = {
		{"reboot", {0}, "{\"type\":\"reboot\"}"},
		{"resize",
		 {.size = "s-2vcpu-4gb"},
		 "{\"type\":\"resize\",\"size\":\"s-2vcpu-4gb\",\"disk\":false}"},
		{"resize",
		 {.size = "s-2vcpu-4gb", .disk = true},
		 "{\"type\":\"resize\",\"size\":\"s-2vcpu-4gb\",\"disk\":true}"},
		{"rename",
		 {.name = "web-2.example"},
		 "{\"type\":\"rename\",\"name\":\"web-2.example\"}"},
		{"rebuild", {.image_id = 77}, "{\"type\":\"rebuild\",\"image\":77}"},
		{"rebuild",
		 {.image_slug = "debian-12-x64"},
		 "{\"type\":\"rebuild\",\"image\":\"debian-12-x64\"}"},
		{"restore",
		 {.image_id = INT64_MAX},
		 "{\"type\":\"restore\",\"image\":9223372036854775807}"},
		{"snapshot",
		 {.name = "before \"it\""},
		 "{\"type\":\"snapshot\",\"name\":\"before \\\"it\\\"\"}"},
		{"enable_backups", {0}, "{\"type\":\"enable_backups\"}"},
		{"enable_backups",
		 {.backup = {OCEAN_BACKUP_DAILY, 0, 20}},
		 "{\"type\":\"enable_backups\",\"backup_policy\":{\"plan\":\"daily\",\"hour\":20}"
		 "}"},
		{"change_backup_policy",
		 {.backup = {OCEAN_BACKUP_WEEKLY, 6, 4}},
		 "{\"type\":\"change_backup_policy\",\"backup_policy\":{\"plan\":\"weekly\","
		 "\"weekday\":\"SAT\",\"hour\":4}}"},
		{"disable_backups", {0}, "{\"type\":\"disable_backups\"}"},
		{"enable_ipv6", {0}, "{\"type\":\"enable_ipv6\"}"},
		{"password_reset", {0}, "{\"type\":\"password_reset\"}"},
	};
	struct strbuf body;

	(void)state;
	strbuf_init(&body, ACT_BODY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};

		strbuf_reset(&body);
		if (act_body(rows[i].act, &rows[i].args, &body, &err) < 0) {
			fail_msg("%s: %s", rows[i].act, err.msg);
		}
		assert_string_equal(body.buf, rows[i].body);
	}
	strbuf_done(&body);
}

static void refused(void **state)
{
	static const struct {
		const char *act;
		struct ocean_act_args args;
	} rows[] = {
		{NULL, {0}},
		{"", {0}},
		{"change_kernel", {0}},
		{"Reboot", {0}},
		{"reboot", {.name = "x"}},
		{"reboot", {.disk = true}},
		{"resize", {0}},
		{"resize", {.disk = true}},
		{"resize", {.size = ""}},
		{"resize", {.size = "s-1\",\"disk\":true,\"x\":\""}},
		{"resize", {.size = "s-1", .name = "x"}},
		{"rename", {0}},
		{"rename", {.name = ""}},
		{"rename", {.name = "a b"}},
		{"rename", {.name = "web-"}},
		{"rename", {.name = "web_1"}},
		{"rebuild", {0}},
		{"rebuild", {.image_id = 1, .image_slug = "x"}},
		{"rebuild", {.image_slug = "../x"}},
		{"rebuild", {.image_id = UINT64_MAX}},
		{"restore", {0}},
		{"restore", {.image_slug = "debian-12-x64"}},
		{"snapshot", {0}},
		{"snapshot", {.name = "two\nlines"}},
		{"enable_backups", {.backup = {OCEAN_BACKUP_DAILY, 3, 0}}},
		{"enable_backups", {.backup = {OCEAN_BACKUP_DAILY, 0, 5}}},
		{"enable_backups", {.backup = {OCEAN_BACKUP_WEEKLY, 7, 4}}},
		{"enable_backups", {.backup = {OCEAN_BACKUP_WEEKLY, 0, 24}}},
		{"change_backup_policy", {0}},
		{"disable_backups", {.backup = {OCEAN_BACKUP_DAILY, 0, 0}}},
	};
	struct strbuf body;

	(void)state;
	strbuf_init(&body, ACT_BODY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};

		if (act_body(rows[i].act, &rows[i].args, &body, &err) == 0) {
			fail_msg("row %zu was taken: %s", i, body.buf);
		}
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(body.len, 0);
	}
	strbuf_done(&body);
}

/* The longest name, all of it escaped, fits; one more byte is no name. */
static void longest(void **state)
{
	char name[OCEAN_NAME_MAX + 2];
	struct ocean_act_args args = {.name = name};
	struct strbuf body;
	struct json *root;

	(void)state;
	strbuf_init(&body, ACT_BODY_MAX);
	memset(name, '"', sizeof(name));
	name[OCEAN_NAME_MAX] = '\0';
	assert_int_equal(act_body("snapshot", &args, &body, NULL), 0);
	root = json_parse(body.buf, body.len, NULL);
	assert_string_equal(json_string_or(root, "name", ""), name);
	json_free(root);
	strbuf_reset(&body);
	name[OCEAN_NAME_MAX] = '"';
	name[OCEAN_NAME_MAX + 1] = '\0';
	assert_int_equal(act_body("snapshot", &args, &body, NULL), -1);
	strbuf_done(&body);
}

static void tiers(void **state)
{
	static const char *const destroy[] = {"resize", "rebuild", "restore", "password_reset"};
	static const char *const change[] = {"power_on",        "power_off",
					     "power_cycle",     "reboot",
					     "shutdown",        "rename",
					     "snapshot",        "enable_backups",
					     "disable_backups", "change_backup_policy",
					     "enable_ipv6"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(destroy); i++) {
		assert_int_equal(verb_info(act_row(destroy[i])->verb)->tier, TIER_DESTROY);
	}
	for (size_t i = 0; i < ARRAY_LEN(change); i++) {
		assert_int_equal(verb_info(act_row(change[i])->verb)->tier, TIER_CHANGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(refused),
		cmocka_unit_test(longest),
		cmocka_unit_test(tiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
