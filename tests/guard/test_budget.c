/* test_budget.c - two hundred changes in flight: DigitalOcean's limits hold in every hour and minute, and people are answered at once
 *
 * In virtual time, over the real app. The simulator refuses beyond the limits by itself; none of that may ever happen. Every
 * figure is counted at the simulator, in sliding windows. docs/budget.md has the arithmetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "stage.h"

#define POLICY SOURCE_DIR "/tests/scenario/policies/guard.yaml"
#define IN_FLIGHT 200
#define A_COMMAND 50
#define FIRST_ID 1000
#define AT_ONCE_MS 1500 /* a list and its answer, with every latency there is */

struct count {
	struct stage *stage;
	int64_t *at_ms;
	size_t n;
	unsigned refused, posts, polls;
};

static void served(const struct sim_call *call, void *data)
{
	struct count *count = data;

	count->at_ms = mem_grow(count->at_ms, count->n + 1, sizeof(*count->at_ms));
	count->at_ms[count->n++] = call->at_ms;
	count->refused += call->status == 429;
	count->posts += strcmp(call->method, "POST") == 0;
	count->polls += strncmp(call->path, "/v2/actions", 11) == 0;
}

/* The most requests in any such span. */
static unsigned most_in(const struct count *count, int64_t span_ms)
{
	unsigned most = 0;
	size_t from = 0;

	for (size_t i = 0; i < count->n; i++) {
		while (count->at_ms[from] <= count->at_ms[i] - span_ms) {
			from++;
		}
		most = i - from + 1 > most ? (unsigned)(i - from + 1) : most;
	}
	return most;
}

static void open_count(struct count *count, const char *status)
{
	log_configure(LOG_ERROR, false);
	count->stage = stage_new(POLICY);
	assert_non_null(count->stage);
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		char line[128];

		(void)snprintf(line, sizeof(line), "app-%u id=%u tags=b%u region=ams3 status=%s", i,
			       FIRST_ID + i, i / A_COMMAND, status);
		assert_int_equal(sim_droplet_line(count->stage->world->model, line, NULL), 0);
	}
	count->stage->world->served = served;
	count->stage->world->served_data = count;
}

static void close_count(struct count *count)
{
	count->stage->world->served = NULL;
	stage_free(count->stage);
	free(count->at_ms);
}

static size_t shown_with(const struct stage *stage, size_t from, const char *text)
{
	size_t n = 0;

	for (size_t i = from; i < stage->n_shown; i++) {
		n += strstr(stage->shown[i].text, text) != NULL;
	}
	return n;
}

static void say(struct count *count, const char *user, const char *text)
{
	stage_say(count->stage, &(struct stage_said){.user = user, .channel = "ops", .text = text});
}

/* A person looks, and has the answer at once. */
static void look(struct count *count, unsigned nth)
{
	size_t from = count->stage->n_shown;
	char text[64], answer[64];

	(void)snprintf(text, sizeof(text), "@sluice show app-%u", nth % IN_FLIGHT);
	(void)snprintf(answer, sizeof(answer), "app-%u is ", nth % IN_FLIGHT);
	say(count, "bob", text);
	stage_pass(count->stage, AT_ONCE_MS);
	if (shown_with(count->stage, from, answer) == 0) {
		for (size_t i = from; i < count->stage->n_shown; i++) {
			print_error("%s\n", count->stage->shown[i].text);
		}
		print_error("%zu requests so far, at most %u in a minute\n", count->n,
			    most_in(count, 60000));
		fail_msg("nobody answered \"%s\" at once", text);
	}
}

static void begin_all(struct count *count, const char *before, const char *after)
{
	for (unsigned i = 0; i < IN_FLIGHT / A_COMMAND; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s tag:b%u%s", before, i, after);
		say(count, "ana", text);
		stage_pass(count->stage, 100);
	}
}

static void report(const struct count *count, const char *what)
{
	unsigned minute = most_in(count, 60000);
	unsigned hour = most_in(count, 3600000);

	print_message("%s: %zu requests, %u of them polls; at most %u in a minute, %u in an hour\n",
		      what, count->n, count->polls, minute, hour);
	assert_true(minute <= 250);
	assert_true(hour <= 5000);
	assert_int_equal(count->refused, 0);
}

/* All of them are begun, and meanwhile somebody looks again and again. */
struct load {
	const char *what, *status, *fault;
	const char *before, *after; /* around the tag, in the command */
	const char *outcome;
	unsigned n_looks;
	int64_t every_ms;
};

static void carry(const struct load *load)
{
	struct count count = {0};

	open_count(&count, load->status);
	if (load->fault != NULL) {
		assert_int_equal(faults_add(&count.stage->world->faults, load->fault, NULL), 0);
	}
	begin_all(&count, load->before, load->after);
	for (unsigned i = 0; i < load->n_looks; i++) {
		look(&count, i);
		stage_pass(count.stage, load->every_ms - AT_ONCE_MS);
	}
	assert_int_equal(count.posts, IN_FLIGHT);
	assert_true(shown_with(count.stage, 0, load->outcome) >= IN_FLIGHT / A_COMMAND);
	report(&count, load->what);
	close_count(&count);
}

/* Fifty minutes long each of them is watched. */
static void test_long(void **state)
{
	(void)state;
	carry(&(struct load){
		.what = "200 resizes of 50 minutes",
		.status = "off",
		.fault = "method=POST path=/v2/droplets/*/actions kind=action-takes ms=3000000",
		.before = "resize",
		.after = " s-2vcpu-2gb",
		.outcome = "50 of 50 resized",
		.n_looks = 53 * 4,
		.every_ms = 15000});
}

/* All at once and short: the sending itself is most of it. */
static void test_short(void **state)
{
	(void)state;
	carry(&(struct load){.what = "200 reboots",
			     .status = "active",
			     .before = "reboot",
			     .after = "",
			     .outcome = "50 of 50 rebooted",
			     .n_looks = 10 * 12,
			     .every_ms = 5000});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
