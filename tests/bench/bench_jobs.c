/* bench_jobs.c - durable changes: how many a second, how many syncs each, what reads and the loop feel of it, memory over many
 *
 * usage: bench_jobs FOLDER [CHANGES [FSYNC_MS]]
 *
 * The rooms are the program's own - chat, command, gate, job, audit, and the store on a real file with its real syncs - on the
 * real loop. DigitalOcean is played at the door of the room ocean (ocean/ocean.h): it answers at the next turn, so no HTTP and
 * no rate limit is in the figures. A change is one command `reboot NAME` from its text to the last form of its message: decided,
 * audited, written, asked again, written, sent, written, polled, looked at, written, told. 64 are under way at any time, each in
 * a channel of its own.
 *
 * A job looks at its action two seconds after it was sent, at the earliest. Nobody works meanwhile, so time runs SCALE times
 * as quickly here: the clock is scaled for the whole process, and what epoll waits is divided. Figures are in real time.
 * fsync and fdatasync are counted (and delayed by FSYNC_MS) where the library calls them.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "adapters/console/console.h"
#include "app/app.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "ocean/ocean.h"
#include "store/store.h"

#define SCALE 200
#define SLOTS 64
#define DROPLETS_A_SLOT 4
#define DROPLETS (SLOTS * DROPLETS_A_SLOT)
#define READS 400
#define WARM 2000 /* changes before memory is looked at */
#define WAIT_MS (3600 * 1000LL * SCALE)

/* ---- time and syncs --------------------------------------------------------------------------- */

/* The C library's own, which asks no kernel. */
static int real_clock(clockid_t id, struct timespec *to)
{
	static int (*libc)(clockid_t, struct timespec *);

	if (libc == NULL) {
		*(void **)&libc = dlsym(RTLD_NEXT, "clock_gettime");
	}
	return libc(id, to);
}

static int64_t raw_ns(clockid_t id)
{
	struct timespec t;

	(void)real_clock(id, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* All of the process sees this clock: the loop's timers, our deadlines, what the log says. */
int clock_gettime(clockid_t id, struct timespec *to)
{
	static int64_t began[16];
	int64_t now;

	if (id < 0 || id >= 16 || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID) {
		return real_clock(id, to);
	}
	now = raw_ns(id);
	if (began[id] == 0) {
		began[id] = now;
	}
	now = began[id] + (now - began[id]) * SCALE;
	to->tv_sec = now / 1000000000LL;
	to->tv_nsec = now % 1000000000LL;
	return 0;
}

int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask)
{
	int real_ms = timeout_ms > 0 ? (timeout_ms + SCALE - 1) / SCALE : timeout_ms;

	return (int)syscall(SYS_epoll_pwait, fd, events, most, real_ms, mask, 8);
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms)
{
	return epoll_pwait(fd, events, most, timeout_ms, NULL);
}

static atomic_uint n_syncs;
static unsigned sync_ms;

static int slow_sync(long number, int fd)
{
	struct timespec t = {.tv_sec = sync_ms / 1000, .tv_nsec = sync_ms % 1000 * 1000000L};

	atomic_fetch_add(&n_syncs, 1);
	if (sync_ms > 0) {
		(void)syscall(SYS_nanosleep, &t, NULL);
	}
	return (int)syscall(number, fd);
}

int fsync(int fd)
{
	return slow_sync(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return slow_sync(SYS_fdatasync, fd);
}

static double now_s(void)
{
	return (double)raw_ns(CLOCK_MONOTONIC) / 1e9;
}

/* ---- DigitalOcean ----------------------------------------------------------------------------- */

struct answer {
	struct task task;
	struct ocean_call *call;
	struct answer *next_free;
};

static struct ocean_account_played {
	struct ocean ocean; /* first */
	struct loop *loop;
	struct droplet droplets[DROPLETS];
	char names[DROPLETS][16];
	struct answer *free;
	uint64_t last_action;
	unsigned n_acts;
} played;

static const char *const tags[] = {"web"};

static void play(struct task *task)
{
	struct answer *answer = task->data;
	struct ocean_call *call = answer->call;
	struct ocean_action action = {.droplet_id = call->droplet_id,
				      .type = "reboot",
				      .status = OCEAN_COMPLETED,
				      .id = call->action_id};

	answer->next_free = played.free;
	played.free = answer;
	call->tags_known = true;
	switch (call->verb) {
	case OCEAN_LIST:
		call->droplets = played.droplets;
		call->n_droplets = DROPLETS;
		break;
	case OCEAN_GET:
		call->droplets = &played.droplets[call->droplet_id - 1];
		call->n_droplets = 1;
		break;
	case OCEAN_ACT:
		played.n_acts++;
		action.id = ++played.last_action;
		action.status = OCEAN_IN_PROGRESS;
		call->actions = &action;
		call->n_actions = 1;
		break;
	case OCEAN_ACTION:
		call->actions = &action;
		call->n_actions = 1;
		break;
	default:
		fprintf(stderr, "bench_jobs: an answer that nobody plays (%d)\n", call->verb);
		exit(2);
	}
	call->done(call, NULL);
}

static void played_start(struct ocean *ocean, struct ocean_call *call)
{
	struct answer *answer = played.free;

	(void)ocean;
	if (answer == NULL) {
		answer = mem_alloc(sizeof(*answer));
		task_init(&answer->task, played.loop, play, answer);
	} else {
		played.free = answer->next_free;
	}
	answer->call = call;
	task_post(&answer->task);
}

static void played_cancel(struct ocean *ocean, struct ocean_call *call)
{
	(void)ocean;
	(void)call; /* it ends at the next turn anyhow */
}

static void played_close(struct ocean *ocean)
{
	(void)ocean;
}

static struct ocean *played_open(struct loop *loop)
{
	static const struct ocean_ops ops = {played_start, played_cancel, played_close};

	played.ocean = (struct ocean){.ops = &ops, .name = "main"};
	played.loop = loop;
	for (unsigned i = 0; i < DROPLETS; i++) {
		(void)snprintf(played.names[i], sizeof(played.names[i]), "web-%u", i);
		played.droplets[i] = (struct droplet){.id = i + 1,
						      .account = "main",
						      .name = played.names[i],
						      .region = "ams3",
						      .size = "s-1vcpu-1gb",
						      .tags = tags,
						      .n_tags = 1,
						      .status = DROPLET_ACTIVE,
						      .known = ~0U};
	}
	return &played.ocean;
}

/* ---- people ----------------------------------------------------------------------------------- */

static struct crowd {
	struct loop *loop;
	struct chat *chat;
	unsigned wanted, said, ended, other;
	unsigned of_slot[SLOTS]; /* said there */
	char told[SLOTS][64];    /* the message that ended there last */
	bool reading;
	unsigned n_reads, reads_wanted;
	double read_began, reads_ms[READS];
	struct task next_read;
} crowd;

static void say(unsigned slot, const char *channel, const char *text)
{
	struct chat_place place = {
		.network = "console", .workspace = "terminal", .channel = channel};

	(void)slot;
	(void)console_say(crowd.chat, &place, "ana", text, NULL);
}

static void next_change(unsigned slot)
{
	char channel[16], text[48];

	if (crowd.said == crowd.wanted) {
		return;
	}
	crowd.said++;
	(void)snprintf(channel, sizeof(channel), "c%u", slot);
	(void)snprintf(text, sizeof(text), "reboot web-%u",
		       slot * DROPLETS_A_SLOT + crowd.of_slot[slot]++ % DROPLETS_A_SLOT);
	say(slot, channel, text);
}

static void next_read(struct task *task)
{
	(void)task;
	if (crowd.n_reads < crowd.reads_wanted) {
		crowd.read_began = now_s();
		say(0, "reads", "list web-1*");
	}
}

static void shown(const struct chat_place *place, const char *private_to, const char *id,
		  const char *replaces, const struct message *message, const char *text, void *data)
{
	(void)private_to;
	(void)message;
	(void)data;
	if (strcmp(place->channel, "reads") == 0) {
		crowd.reads_ms[crowd.n_reads++] = (now_s() - crowd.read_began) * 1e3;
		task_post(&crowd.next_read);
	} else if (strncmp(text, "Rebooted", 8) == 0) {
		unsigned slot = (unsigned)strtoul(place->channel + 1, NULL, 10);
		const char *card = replaces != NULL ? replaces : id;

		if (strcmp(crowd.told[slot], card) != 0) { /* else the same once more */
			(void)snprintf(crowd.told[slot], sizeof(crowd.told[slot]), "%s", card);
			crowd.ended++;
			next_change(slot);
		}
	} else if (strncmp(text, "Rebooting", 9) != 0 &&
		   strncmp(text, "@ana web-", 9) != 0) { /* what took over 15 s also rings */
		crowd.other++;
		fprintf(stderr, "bench_jobs: not expected:\n%s\n", text);
		exit(2);
	}
}

static bool changes_over(void *data)
{
	(void)data;
	return crowd.ended == crowd.wanted;
}

static bool reads_over(void *data)
{
	(void)data;
	return crowd.n_reads == crowd.reads_wanted;
}

static bool idle(void *data)
{
	return app_idle(data);
}

static void changes(unsigned n)
{
	crowd.wanted = n;
	crowd.said = 0;
	crowd.ended = 0;
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		next_change(slot);
	}
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double p99(void)
{
	qsort(crowd.reads_ms, crowd.n_reads, sizeof(double), by_number);
	return crowd.reads_ms[crowd.n_reads * 99 / 100];
}

/* ---- the run ---------------------------------------------------------------------------------- */

static struct policy *make_policy(void)
{
	struct policy_report report = {0};
	struct policy *policy;
	struct strbuf text;

	strbuf_init(&text, 65536);
	(void)strbuf_adds(&text, "version: 1\naccounts: {main: {token: env:BENCH}}\n"
				 "workspaces: {term: {console: terminal}}\n"
				 "people: {ana: {term: ana}}\nchannels:\n"
				 "  reads: {at: term/reads, may: everything, droplets: any}\n");
	for (unsigned i = 0; i < SLOTS; i++) {
		(void)strbuf_addf(&text, "  c%u: {at: term/c%u, may: everything, droplets: any}\n",
				  i, i);
	}
	(void)strbuf_adds(&text,
			  "allow:\n  - {name: ana, who: ana, may: [droplet.list, droplet.show, "
			  "\"droplet.power.*\"], droplets: {tag: web}}\n");
	policy = policy_compile("bench", text.buf, text.len, &report);
	policy_report_done(&report);
	strbuf_done(&text);
	return policy;
}

static long rss_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file != NULL) {
		(void)fscanf(file, "%*d %ld", &pages);
		(void)fclose(file);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void closed(void *data)
{
	*(bool *)data = true;
}

static bool is_closed(void *data)
{
	return *(bool *)data;
}

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_jobs: %s\n", what);
		exit(1);
	}
}

static void measure(struct app *app, struct loop *loop, unsigned n)
{
	double quiet_ms, busy_ms, began, took;
	unsigned syncs;
	long rss;
	int64_t stall_us;

	crowd.reads_wanted = READS;
	task_post(&crowd.next_read);
	must(loop_run_until(loop, reads_over, NULL, WAIT_MS), "the quiet reads do not end");
	quiet_ms = p99();
	changes(WARM);
	must(loop_run_until(loop, changes_over, NULL, WAIT_MS), "the first changes do not end");
	must(loop_run_until(loop, idle, app, WAIT_MS), "it does not come to rest");
	rss = rss_kib();
	(void)loop_take_longest_stall_us(loop);
	syncs = atomic_load(&n_syncs);
	crowd.n_reads = 0;
	began = now_s();
	changes(n);
	task_post(&crowd.next_read);
	must(loop_run_until(loop, changes_over, NULL, WAIT_MS), "the changes do not end");
	took = now_s() - began;
	stall_us = loop_take_longest_stall_us(loop) / SCALE;
	syncs = atomic_load(&n_syncs) - syncs;
	must(loop_run_until(loop, reads_over, NULL, WAIT_MS), "the reads do not end");
	busy_ms = p99();
	must(loop_run_until(loop, idle, app, WAIT_MS), "it does not come to rest");
	printf("changes_per_s=%.0f fsyncs_per_change=%.3f read_p99_ms=%.2f read_alone_p99_ms=%.2f "
	       "stall_ms=%.2f rss_growth_kib=%ld changes=%u acts=%u\n",
	       n / took, (double)syncs / n, busy_ms, quiet_ms, (double)stall_us / 1e3,
	       rss_kib() - rss, n, played.n_acts - WARM);
}

int main(int argc, char **argv)
{
	struct console_options console = {.workspace = "terminal",
					  .user = "nobody",
					  .channel = "nowhere",
					  .in_fd = -1,
					  .out_fd = -1,
					  .columns = 40,
					  .shown = shown};
	struct app_parts parts = {0};
	struct err err = {0};
	struct ocean *ocean;
	char path[1024];
	bool gone = false;

	must(argc >= 2, "usage: bench_jobs FOLDER [CHANGES [FSYNC_MS]]");
	sync_ms = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	(void)setenv("BENCH", "bench", 1);
	(void)snprintf(path, sizeof(path), "%s/jobs.db", argv[1]);
	crowd.loop = parts.loop = loop_new(&err);
	must(parts.loop != NULL, err.msg);
	parts.store = store_sqlite_open(parts.loop, path, &err);
	must(parts.store != NULL, err.msg);
	parts.policy = make_policy();
	must(parts.policy != NULL, "the policy does not check");
	crowd.chat = console_open(parts.loop, &console, &err);
	must(crowd.chat != NULL, err.msg);
	ocean = played_open(parts.loop);
	parts.chats = &crowd.chat;
	parts.n_chats = 1;
	parts.accounts = &ocean;
	parts.n_accounts = 1;
	task_init(&crowd.next_read, parts.loop, next_read, NULL);
	{
		struct app *app = app_new(&parts);

		must(app_start(app, &err) == 0, err.msg);
		measure(app, parts.loop, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 20000);
		app_close(app, closed, &gone);
		must(loop_run_until(parts.loop, is_closed, &gone, WAIT_MS), "it does not close");
	}
	store_close(parts.store);
	policy_unref(parts.policy);
	while (played.free != NULL) {
		struct answer *answer = played.free;

		played.free = answer->next_free;
		free(answer);
	}
	loop_free(parts.loop);
	return 0;
}
