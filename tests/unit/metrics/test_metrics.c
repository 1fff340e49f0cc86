/* test_metrics.c - counters, gauges, the histogram, and the text that Prometheus reads */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "metrics/metrics.h"

static struct strbuf text;

static const char *print(void)
{
	strbuf_done(&text);
	strbuf_init(&text, 65536);
	metrics_print(&text);
	assert_false(text.full);
	return text.buf;
}

static void expect_line(const char *line)
{
	const char *at = strstr(print(), line);

	if (at == NULL || (at != text.buf && at[-1] != '\n') || at[strlen(line)] != '\n') {
		fail_msg("no line '%s' in\n%s", line, text.buf);
	}
}

static void counters_and_gauges_count(void **state)
{
	(void)state;
	metrics_add(METRIC_EVENTS, 2);
	metrics_add(METRIC_EVENTS, 1);
	metrics_add(METRIC_DECISIONS_DENY, 4);
	metrics_set(METRIC_OCEAN_REMAINING, 4816);
	metrics_set(METRIC_JOBS_OPEN, 7);
	metrics_add(METRIC_JOBS_OPEN, -2); /* a gauge may be added to */
	assert_int_equal(metrics_get(METRIC_EVENTS), 3);
	expect_line("sluice_events_total 3");
	expect_line("sluice_decisions_total{verdict=\"deny\"} 4");
	expect_line("sluice_decisions_total{verdict=\"allow\"} 0");
	expect_line("sluice_digitalocean_requests_remaining 4816");
	expect_line("sluice_jobs_open 5");
}

static void the_histogram_is_cumulative(void **state)
{
	(void)state;
	metrics_observe(METRIC_COMMAND_US, 50);
	metrics_observe(METRIC_COMMAND_US, 51);
	metrics_observe(METRIC_COMMAND_US, 900);
	metrics_observe(METRIC_COMMAND_US, 99999999);
	assert_int_equal(metrics_get(METRIC_COMMAND_US), 4);
	expect_line("sluice_command_microseconds_bucket{le=\"50\"} 1");
	expect_line("sluice_command_microseconds_bucket{le=\"100\"} 2");
	expect_line("sluice_command_microseconds_bucket{le=\"500\"} 2");
	expect_line("sluice_command_microseconds_bucket{le=\"1000\"} 3");
	expect_line("sluice_command_microseconds_bucket{le=\"1000000\"} 3");
	expect_line("sluice_command_microseconds_bucket{le=\"+Inf\"} 4");
	expect_line("sluice_command_microseconds_sum 100001000");
	expect_line("sluice_command_microseconds_count 4");
}

/* Each family once, HELP and TYPE before its samples, every name well-formed. */
static void the_text_is_in_form(void **state)
{
	char family[128] = "";
	char *rest;
	size_t helps = 0;
	size_t types = 0;

	(void)state;
	(void)print();
	for (char *line = strtok_r(text.buf, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			size_t len = strcspn(line + 7, " ");

			assert_true(len < sizeof(family));
			memcpy(family, line + 7, len);
			family[len] = '\0';
			assert_true(strlen(line) > 7 + len + 5);
			helps++;
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			assert_memory_equal(line + 7, family, strlen(family));
			types++;
		} else {
			assert_memory_equal(line, family, strlen(family));
			assert_memory_equal(line, "sluice_", 7);
			assert_non_null(strrchr(line, ' '));
		}
	}
	assert_int_equal(helps, types);
	assert_int_equal(
		helps,
		METRIC_COUNT -
			4); /* decisions and reloads are two rows of a family, parts of a stall three */
}

static int clean(void **state)
{
	(void)state;
	strbuf_done(&text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_and_gauges_count),
		cmocka_unit_test(the_histogram_is_cumulative),
		cmocka_unit_test(the_text_is_in_form),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
