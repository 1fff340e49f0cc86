/* test_slow_disk.c - each fsync takes 200 ms: the loop does not wait for it, reads are answered, changes wait for their commit */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bench/flow.h"

#define SYNC_MS 200
#define STALL_US \
	100000 /* half of one fsync: far more than a turn, far less than a wait for the disk */
#define CHANGES 16
#define RUN_MS 30000
#define BEAT_MS 10

struct seen {
	unsigned begun;            /* fsyncs that were over when the changes were asked for */
	unsigned at_sent[CHANGES]; /* ... when DigitalOcean got them */
	unsigned at_shown;         /* ... when the first of them was acknowledged */
	size_t n_sent;
	size_t n_shown;
	size_t n_lists;
	int64_t asked_ms,
		list_ms; /* of the list asked for meanwhile, and the longest wait for one */
	int64_t beat_ms, longest_beat_ms;
	struct timer beat;
};

static void shown(struct flow *flow, const char *channel, bool edit, const char *text)
{
	struct seen *seen = flow->data;

	(void)text;
	if (strcmp(channel, "look") == 0) {
		int64_t took_ms = clock_mono_ms() - seen->asked_ms;

		seen->list_ms = took_ms > seen->list_ms ? took_ms : seen->list_ms;
		seen->asked_ms = 0;
		seen->n_lists++;
	} else if (!edit && seen->n_shown++ == 0) {
		seen->at_shown = atomic_load(&flow_syncs);
	}
}

static void sent(struct flow *flow, size_t droplet)
{
	struct seen *seen = flow->data;

	assert_true(droplet < CHANGES);
	seen->at_sent[droplet] = atomic_load(&flow_syncs);
	seen->n_sent++;
}

/* A heart that beats as pings do, and one list after the other. */
static void beat(struct timer *timer)
{
	struct flow *flow = timer->data;
	struct seen *seen = flow->data;
	int64_t now_ms = clock_mono_ms();
	int64_t late_ms = now_ms - seen->beat_ms;

	seen->longest_beat_ms = late_ms > seen->longest_beat_ms ? late_ms : seen->longest_beat_ms;
	seen->beat_ms = now_ms;
	if (seen->asked_ms == 0) {
		seen->asked_ms = now_ms;
		flow_say(flow, "dora", "look", "list");
	}
	timer_start(timer, BEAT_MS);
}

static bool all_sent(void *data)
{
	const struct seen *seen = ((struct flow *)data)->data;

	return seen->n_sent == CHANGES && seen->n_shown == CHANGES;
}

static bool idle(void *data)
{
	return flow_idle(data);
}

static void the_loop_does_not_wait_for_the_disk(void **state)
{
	char folder[] = "/tmp/sluice-disk-XXXXXX";
	char path[64];
	char command[32];
	struct seen seen = {0};
	struct flow flow = {.shown = shown, .sent = sent, .data = &seen};

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/state.db", folder);
	assert_true(flow_open(&flow, SOURCE_DIR "/tests/bench/flow.policy.yaml", path));
	assert_true(loop_run_until(flow.loop, idle, &flow, RUN_MS));
	atomic_store(&flow_sync_delay_ms, SYNC_MS);
	seen.begun = atomic_load(&flow_syncs);
	seen.beat_ms = clock_mono_ms();
	timer_init(&seen.beat, flow.loop, beat, &flow);
	timer_start(&seen.beat, 0);
	(void)loop_take_longest_stall_us(flow.loop);
	for (size_t i = 0; i < CHANGES; i++) {
		(void)snprintf(command, sizeof(command), "reboot web-%zu", i);
		flow_say(&flow, "bob", "ops", command);
	}
	assert_true(loop_run_until(flow.loop, all_sent, &flow, RUN_MS));
	assert_in_range(loop_take_longest_stall_us(flow.loop), 0, STALL_US);
	assert_in_range(seen.longest_beat_ms, 0, STALL_US / 1000);
	assert_in_range(seen.list_ms, 0, STALL_US / 1000);
	assert_in_range(seen.n_lists, 10, 10000);
	/* one commit for the request, one for SUBMITTING: neither answer nor request is earlier than its own */
	assert_in_range(seen.at_shown - seen.begun, 1, 100);
	for (size_t i = 0; i < CHANGES; i++) {
		assert_in_range(seen.at_sent[i] - seen.begun, 2, 100);
	}
	/* sixteen at once are not thirty-two commits */
	assert_in_range(atomic_load(&flow_syncs) - seen.begun, 2, CHANGES);
	timer_stop(&seen.beat);
	atomic_store(&flow_sync_delay_ms, 0);
	assert_true(loop_run_until(flow.loop, idle, &flow, RUN_MS));
	flow_close(&flow);
	(void)unlink(path);
	(void)rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_loop_does_not_wait_for_the_disk)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
