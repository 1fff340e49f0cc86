/* test_ocean_reader.c - lists of things: pages, what is left out, what fails, values that are not known */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "ocean/reader.h"
#include "ocean/things.h"
#include "ocean/value.h"

static int page(struct reader *reader, const struct thing *thing, const char *body,
		struct ocean_page *ret)
{
	struct err err = {0};
	int rc = reader_page(reader, thing, body, strlen(body), ret, &err);

	assert_int_equal(err.kind, rc < 0 ? ERR_REMOTE : ERR_NONE);
	return rc;
}

static void pages(void **state)
{
	struct reader reader = {0};
	struct ocean_page got = {0};
	const struct ocean_size *sizes;

	(void)state;
	assert_int_equal(
		page(&reader, &thing_size,
		     "{\"sizes\":[{\"slug\":\"a\",\"price_monthly\":6,\"price_hourly\":0.00893,"
		     "\"memory\":512,\"regions\":[\"ams3\"],\"available\":true},{\"slug\":\"b\"}],"
		     "\"links\":{\"pages\":{\"next\":\"https://evil.example/v2/sizes?page=2\"}},"
		     "\"meta\":{\"total\":3}}",
		     &got),
		0);
	assert_int_equal(got.next, 2);
	assert_int_equal(got.total, 3);
	assert_int_equal(
		page(&reader, &thing_size, "{\"sizes\":[{\"slug\":\"b\"},{\"slug\":\"c\"}]}", &got),
		0);
	assert_int_equal(got.next, 0);
	assert_int_equal(reader.n, 3);
	sizes = (const struct ocean_size *)(const void *)reader.items;
	assert_string_equal(sizes[2].slug, "c");
	assert_int_equal(sizes[0].price_monthly_cents, 600);
	assert_int_equal(sizes[0].price_hourly_micros, 8930);
	assert_string_equal(sizes[0].regions.words[0], "ams3");
	assert_false(sizes[1].available);
	reader_done(&reader);
}

/* What is not there, of another type or out of bounds is not known, never guessed. */
static void not_known(void **state)
{
	static const char *const bodies[] = {
		"{\"sizes\":[{\"slug\":\"a\"}]}",
		"{\"sizes\":[{\"slug\":\"a\",\"memory\":\"1024\",\"vcpus\":null,\"disk\":-1,"
		"\"price_monthly\":\"6\",\"price_hourly\":-2,\"regions\":{},\"description\":7}]}",
		"{\"sizes\":[{\"slug\":\"a\",\"memory\":99999999999,\"price_monthly\":1e300,"
		"\"regions\":[1],\"description\":\"a\\u0007b\",\"available\":\"yes\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct reader reader = {0};
		struct ocean_page got = {0};
		const struct ocean_size *size;

		assert_int_equal(page(&reader, &thing_size, bodies[i], &got), 0);
		size = (const struct ocean_size *)(const void *)reader.items;
		assert_int_equal(size->memory_mb + size->vcpus + size->disk_gb +
					 size->price_monthly_cents + size->price_hourly_micros,
				 0);
		assert_true(size->regions.n == 0 && size->description == NULL && !size->available);
		reader_done(&reader);
	}
}

static void broken(void **state)
{
	static const char *const bodies[] = {
		"",
		"[]",
		"{}",
		"{\"sizes\":{}}",
		"{\"sizes\":[1]}",
		"{\"sizes\":[{}]}",
		"{\"sizes\":[{\"slug\":\"\"}]}",
		"{\"sizes\":[{\"slug\":\"a\"}]",
		"<html>",
		"{\"sizes\":[{\"slug\":1}]}",
		"{\"sizes\":[],\"links\":{\"pages\":{\"next\":\"https://x/?page=0\"}}}",
		"{\"sizes\":[],\"links\":{\"pages\":{\"next\":\"https://x/\"}}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct reader reader = {0};
		struct ocean_page got = {0};

		if (page(&reader, &thing_size, bodies[i], &got) == 0) {
			fail_msg("taken: %s", bodies[i]);
		}
		reader_done(&reader);
	}
}

static void saved(void **state)
{
	const char *body =
		"{\"snapshots\":[{\"id\":\"77\",\"name\":\"before\",\"resource_id\":\"11\","
		"\"resource_type\":\"droplet\",\"size_gigabytes\":2.34},"
		"{\"id\":\"fbe805e8-866b-11e6-96bf-000f53315a41\",\"resource_id\":\"12\","
		"\"resource_type\":\"volume\"},{\"id\":78,\"type\":\"backup\"}]}";
	struct reader reader = {0};
	struct ocean_page got = {0};
	const struct ocean_saved *list;

	(void)state;
	assert_int_equal(page(&reader, &thing_saved, body, &got), 0);
	list = (const struct ocean_saved *)(const void *)reader.items;
	assert_int_equal(reader.n, 3);
	assert_true(list[0].id == 77 && list[0].droplet_id == 11 && list[0].size_mb == 2340);
	assert_true(list[1].id == 0 && list[1].droplet_id == 0);
	assert_true(list[2].id == 78 && strcmp(list[2].id_text, "78") == 0);
	reader_done(&reader);
}

static void money(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t cents;
	} rows[] = {
		{"23.44", 0, 2344}, {"-1.06", 0, -106},     {"5", 0, 500},       {"0.5", 0, 50},
		{"0.005", 0, 1},    {"0.00", 0, 0},         {"", -1, 0},         {"-", -1, 0},
		{"1.", -1, 0},      {".5", -1, 0},          {"1,000.00", -1, 0}, {"1e3", -1, 0},
		{"1.-1", -1, 0},    {"99999999999", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t cents = 0;

		assert_int_equal(value_money(rows[i].text, strlen(rows[i].text), &cents),
				 rows[i].rc);
		assert_int_equal(cents, rows[i].cents);
	}
}

static void one(void **state)
{
	const char *good = "{\"account_balance\":\"1.00\",\"month_to_date_usage\":\"2.00\","
			   "\"month_to_date_balance\":\"3.00\"}";
	const char *bad = "{\"account_balance\":\"1.00\"}";
	struct reader reader = {0};

	(void)state;
	assert_int_equal(reader_one(&reader, &thing_balance, good, strlen(good), NULL), 0);
	assert_int_equal(reader.n, 1);
	reader_done(&reader);
	assert_int_equal(reader_one(&reader, &thing_balance, bad, strlen(bad), NULL), -1);
	assert_int_equal(reader_one(&reader, &thing_balance, "[]", 2, NULL), -1);
	reader_done(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages), cmocka_unit_test(not_known), cmocka_unit_test(broken),
		cmocka_unit_test(saved), cmocka_unit_test(money),     cmocka_unit_test(one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
