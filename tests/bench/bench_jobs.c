/* bench_jobs.c - durable changes: how many a second, how many syncs each, what reads and the loop feel of it, memory over many
 *
 * usage: bench_jobs FOLDER [CHANGES [FSYNC_MS]]
 *
 * The rooms are the program's own - chat, command, gate, job, audit, and the store on a real file with its real syncs - on the
 * real loop. DigitalOcean is played at the door of the room ocean (flow.c): it answers at the next turn, so no HTTP and no rate
 * limit is in the figures. A change is one command `reboot NAME` from its text to the last form of its message: decided,
 * audited, written, asked again, written, sent, written, polled, looked at, written, told. 64 are under way at any time, each in
 * a channel of its own.
 *
 * Two waits in a change are not the program's: a job looks at its action two seconds after it was sent, and a message is edited
 * once a second. Both bound what 64 in flight can reach, so time runs SCALE times as quickly here: the clock is scaled for the whole
 * process, and what epoll waits is divided. Two seconds are 4 ms then, of about 14; with 200, as it was once, they were 10 of 22, and
 * the program stood idle for a third of the run. All that goes by the clock happens SCALE times as often, too (upkeep, progress
 * bars): that is in the figures. Figures are in real time.
 *
 * A pause of the machine, or of its disk, of 120 ms would be a minute then, after which a job is dropped as one that waited too long,
 * as it should be. So the clock counts of each step of the loop what it wanted to wait and 1 ms more, and of a sync 2 ms: beyond that
 * time stands still. That makes a run slower in real time, never quicker: what waits, waits longer.
 *
 * stall_ms is the longest turn of the loop from the end of one wait to the begin of the next, by the machine's clock: also what
 * others took of the processor meanwhile. stall_cpu_ms is the longest by the processor time of the loop's thread, which counts also
 * what a hypervisor takes away. So the turns over a millisecond are counted (own work does not make them: it is there in each run, and
 * often), and after the run a thread for each processor does nothing but look at the clock for a while: pause_ms is the longest that
 * the machine itself kept one of them from that, and no program has a shorter stall there for long.
 *
 * Reads are timed alone (read_alone_p99_ms) and beside the changes (read_p99_ms). In the second figure is the loop, which is busy with
 * 4,000 changes a second then, and not the store, which no read waits for: with FSYNC_MS a commit takes so long, the loop has time,
 * and reads take what they take alone.
 *
 * fsync and fdatasync are counted and timed (and delayed by FSYNC_MS) where the library calls them (flow.c).
 *
 * For each change: loop_cpu_us, the loop's thread, with these people and this DigitalOcean in it; store_cpu_us, all other threads;
 * sync_us, what the store's thread spent in its syncs, part of it waiting. The thread with the larger sum is the bottleneck.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"
#include "loop/loop.h"

#ifndef SCALE
#define SCALE 500
#endif
#define SLOTS 64
#define DROPLETS_A_SLOT 4
_Static_assert(SLOTS *DROPLETS_A_SLOT == FLOW_DROPLETS, "a slot has droplets of its own");
#ifndef READS
#define READS 400
#endif
/* Changes before memory is looked at: what is kept of the newest is full then (gate/places.c: 32,768 of them). */
#define WARM 36000
#define WAIT_MS (3600 * 1000LL * SCALE)
#define REST_MS (60 * 1000LL) /* by its own clock: upkeep gives back what a burst needed */

/* ---- time and syncs --------------------------------------------------------------------------- */

/* What counts of one step of the loop beside what it wanted to wait, and of one sync. */
#define STEP_NS 1000000
#define SYNC_NS 2000000

static _Thread_local bool
	on_loop; /* the loop makes time, the store's thread sees what the loop saw last */
static _Atomic int64_t elapsed_ns; /* of their time */
static int64_t wait_ns;            /* that the loop wanted to wait just now */

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

static int64_t elapsed(void)
{
	static int64_t last_ns;
	int64_t now_ns, sync_ns, step_ns;

	if (on_loop) {
		now_ns = raw_ns(CLOCK_MONOTONIC);
		sync_ns = (int64_t)atomic_load(&flow_sync_since_ns);
		step_ns = last_ns != 0 ? now_ns - last_ns : 0;
		last_ns = now_ns;
		if (step_ns > wait_ns + STEP_NS) {
			step_ns = wait_ns + STEP_NS;
		}
		if (sync_ns != 0 && now_ns - sync_ns > SYNC_NS) {
			step_ns = 0;
		}
		wait_ns = 0;
		atomic_store(&elapsed_ns, atomic_load(&elapsed_ns) + step_ns * SCALE);
	}
	return atomic_load(&elapsed_ns);
}

/*
 * All of the process sees this clock: the loop's timers, our deadlines, what the log says. Work is measured by the raw one, which goes
 * on as it does: how long a turn may last, too.
 */
int clock_gettime(clockid_t id, struct timespec *to)
{
	static _Atomic int64_t began[16];
	int64_t zero = 0;
	int64_t now;

	if (id < 0 || id >= 16 || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID ||
	    id == CLOCK_MONOTONIC_RAW) {
		return real_clock(id, to);
	}
	now = elapsed();
	if (atomic_load(&began[id]) == 0) {
		(void)atomic_compare_exchange_strong(&began[id], &zero, raw_ns(id) - now);
	}
	now += atomic_load(&began[id]);
	to->tv_sec = now / 1000000000LL;
	to->tv_nsec = now % 1000000000LL;
	return 0;
}

/*
 * One turn of the loop is from the end of one wait to the begin of the next. By the machine's clock, not by the loop's own figure,
 * which sees the clock above; and by the processor time of its thread, which does not grow while others have the processor.
 */
static struct turn {
	int64_t from_ns, from_cpu_ns;
	int64_t longest_ns, longest_cpu_ns;
	unsigned long n, n_over_ms;
} turn;

static void turn_ends(void)
{
	int64_t ns = raw_ns(CLOCK_MONOTONIC) - turn.from_ns;
	int64_t cpu_ns = raw_ns(CLOCK_THREAD_CPUTIME_ID) - turn.from_cpu_ns;

	if (turn.from_ns == 0) {
		return;
	}
	turn.n++;
	turn.n_over_ms += ns > 1000000;
	if (ns > turn.longest_ns) {
		turn.longest_ns = ns;
	}
	if (cpu_ns > turn.longest_cpu_ns) {
		turn.longest_cpu_ns = cpu_ns;
	}
}

static void turn_begins(void)
{
	turn.from_ns = raw_ns(CLOCK_MONOTONIC);
	turn.from_cpu_ns = raw_ns(CLOCK_THREAD_CPUTIME_ID);
}

int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask)
{
	int64_t real_ns = timeout_ms * 1000000LL / SCALE;
	struct timespec wait = {real_ns / 1000000000LL, real_ns % 1000000000LL};
	int n;

	turn_ends();
	n = (int)syscall(SYS_epoll_pwait2, fd, events, most, timeout_ms < 0 ? NULL : &wait, mask,
			 8);

	if (n < 0 && errno == ENOSYS) { /* under valgrind: whole milliseconds only */
		n = (int)syscall(SYS_epoll_pwait, fd, events, most,
				 timeout_ms < 0 ? -1 : (timeout_ms + SCALE - 1) / SCALE, mask, 8);
	}
	turn_begins();
	wait_ns = timeout_ms < 0 ? 0 : real_ns;
	return n;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms)
{
	return epoll_pwait(fd, events, most, timeout_ms, NULL);
}

static double now_s(void)
{
	return (double)raw_ns(CLOCK_MONOTONIC) / 1e9;
}

#define PAUSE_S 5
#define PROCESSORS_MOST 64

static void *look_at_the_clock(void *data)
{
	double last = now_s(), end = last + PAUSE_S, longest = 0;

	while (last < end) {
		double now = now_s();

		longest = now - last > longest ? now - last : longest;
		last = now;
	}
	*(double *)data = longest;
	return NULL;
}

/* The longest pause of the machine, in seconds. */
static double pause_s(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[PROCESSORS_MOST];
	double each[PROCESSORS_MOST] = {0}, longest = 0;

	n = n < PROCESSORS_MOST ? n : PROCESSORS_MOST;
	for (long i = 0; i < n; i++) {
		if (pthread_create(&threads[i], NULL, look_at_the_clock, &each[i]) != 0) {
			n = i;
		}
	}
	for (long i = 0; i < n; i++) {
		(void)pthread_join(threads[i], NULL);
		longest = each[i] > longest ? each[i] : longest;
	}
	return longest;
}

/* ---- people ----------------------------------------------------------------------------------- */

static struct crowd {
	struct flow flow;
	unsigned wanted, said, ended, acts;
	unsigned of_slot[SLOTS]; /* said there */
	char at[SLOTS][16];      /* the droplet that is under way there */
	unsigned n_reads, reads_wanted;
	double read_began, reads_ms[READS];
	struct task next_read;
} crowd;

static void next_change(unsigned slot)
{
	char channel[16], text[48];

	if (crowd.said == crowd.wanted) {
		return;
	}
	crowd.said++;
	(void)snprintf(crowd.at[slot], sizeof(crowd.at[slot]), "web-%u ",
		       slot * DROPLETS_A_SLOT + crowd.of_slot[slot]++ % DROPLETS_A_SLOT);
	(void)snprintf(channel, sizeof(channel), "c%u", slot);
	(void)snprintf(text, sizeof(text), "reboot %s", crowd.at[slot]);
	flow_say(&crowd.flow, "ana", channel, text);
}

static void next_read(struct task *task)
{
	(void)task;
	if (crowd.n_reads < crowd.reads_wanted) {
		crowd.read_began = now_s();
		flow_say(&crowd.flow, "ana", "reads", "list web-1*");
	}
}

static void sent(struct flow *flow, size_t droplet)
{
	(void)flow;
	(void)droplet;
	crowd.acts++;
}

static void shown(struct flow *flow, const char *channel, bool edit, const char *text)
{
	static const char done[] = "Rebooted ";
	unsigned slot = (unsigned)strtoul(channel + 1, NULL, 10);

	(void)flow;
	(void)edit;
	if (strcmp(channel, "reads") == 0) {
		crowd.reads_ms[crowd.n_reads++] = (now_s() - crowd.read_began) * 1e3;
		task_post(&crowd.next_read);
	} else if (strncmp(text, done, strlen(done)) == 0) {
		/* else the same end once more */
		if (strncmp(text + strlen(done), crowd.at[slot], strlen(crowd.at[slot])) == 0) {
			crowd.at[slot][0] = '!';
			crowd.ended++;
			next_change(slot);
		}
	} else if (strncmp(text, "Rebooting", 9) != 0 &&
		   strncmp(text, "@ana web-", 9) != 0) { /* what took over 15 s also rings */
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
	return flow_idle(data);
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

static double read_ms(unsigned percent)
{
	qsort(crowd.reads_ms, crowd.n_reads, sizeof(double), by_number);
	return crowd.reads_ms[crowd.n_reads * percent / 100];
}

/* ---- the run ---------------------------------------------------------------------------------- */

static bool write_policy(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		return false;
	}
	fputs("version: 1\naccounts: {main: {token: env:BENCH}}\n"
	      "workspaces: {term: {console: terminal}}\n"
	      "people: {ana: {term: ana}}\nchannels:\n"
	      "  reads: {at: term/reads, may: everything, droplets: any}\n",
	      file);
	for (unsigned i = 0; i < SLOTS; i++) {
		fprintf(file, "  c%u: {at: term/c%u, may: everything, droplets: any}\n", i, i);
	}
	fputs("allow:\n  - {name: ana, who: ana, may: [droplet.list, droplet.show, "
	      "\"droplet.power.*\"], droplets: {region: ams3}}\n",
	      file);
	return fclose(file) == 0;
}

static bool never(void *data)
{
	(void)data;
	return false;
}

/* At rest. */
static long rss_kib(struct loop *loop)
{
	FILE *file;
	long pages = 0;

	(void)loop_run_until(loop, never, NULL, REST_MS);
	file = fopen("/proc/self/statm", "r");
	if (file != NULL) {
		(void)fscanf(file, "%*d %ld", &pages);
		(void)fclose(file);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_jobs: %s\n", what);
		exit(1);
	}
}

static void measure(unsigned n)
{
	struct loop *loop = crowd.flow.loop;
	double quiet_ms, quiet_half_ms, busy_ms, busy_half_ms, began, took, pause;
	unsigned syncs;
	long rss;
	struct turn stalls;
	int64_t parts_us[LOOP_PARTS], loop_ns, all_ns;
	uint64_t sync_ns;

	crowd.reads_wanted = READS;
	task_post(&crowd.next_read);
	must(loop_run_until(loop, reads_over, NULL, WAIT_MS), "the quiet reads do not end");
	quiet_ms = read_ms(99);
	quiet_half_ms = read_ms(50);
	changes(n < WARM ? n : WARM); /* a short run shows that memory, too */
	must(loop_run_until(loop, changes_over, NULL, WAIT_MS), "the first changes do not end");
	must(loop_run_until(loop, idle, &crowd.flow, WAIT_MS), "it does not come to rest");
	rss = rss_kib(loop);
	(void)loop_take_longest_stall_us(loop);
	turn = (struct turn){0};
	syncs = atomic_load(&flow_syncs);
	crowd.n_reads = 0;
	sync_ns = atomic_load(&flow_sync_ns);
	loop_ns = raw_ns(CLOCK_THREAD_CPUTIME_ID);
	all_ns = raw_ns(CLOCK_PROCESS_CPUTIME_ID);
	began = now_s();
	changes(n);
	task_post(&crowd.next_read);
	must(loop_run_until(loop, changes_over, NULL, WAIT_MS), "the changes do not end");
	took = now_s() - began;
	loop_ns = raw_ns(CLOCK_THREAD_CPUTIME_ID) - loop_ns;
	all_ns = raw_ns(CLOCK_PROCESS_CPUTIME_ID) - all_ns;
	sync_ns = atomic_load(&flow_sync_ns) - sync_ns;
	for (unsigned part = 0; part < LOOP_PARTS; part++) {
		parts_us[part] = loop_longest_stall_part_us(loop, part) / SCALE;
	}
	stalls = turn;
	syncs = atomic_load(&flow_syncs) - syncs;
	must(loop_run_until(loop, reads_over, NULL, WAIT_MS), "the reads do not end");
	busy_ms = read_ms(99);
	busy_half_ms = read_ms(50);
	must(loop_run_until(loop, idle, &crowd.flow, WAIT_MS), "it does not come to rest");
	rss = rss_kib(loop) - rss;
	pause = pause_s();
	printf("changes_per_s=%.0f fsyncs_per_change=%.3f read_p99_ms=%.2f read_alone_p99_ms=%.2f "
	       "stall_ms=%.2f stall_cpu_ms=%.2f rss_growth_kib=%ld changes=%u acts=%u "
	       "loop_cpu_us=%.0f "
	       "store_cpu_us=%.0f "
	       "sync_us=%.0f stall_timers_us=%lld stall_tasks_us=%lld stall_works_us=%lld "
	       "turns=%lu "
	       "turns_over_1ms=%lu pause_ms=%.2f read_p50_ms=%.2f read_alone_p50_ms=%.2f\n",
	       n / took, (double)syncs / n, busy_ms, quiet_ms, (double)stalls.longest_ns / 1e6,
	       (double)stalls.longest_cpu_ns / 1e6, rss, n, crowd.acts - (n < WARM ? n : WARM),
	       (double)loop_ns / 1e3 / n, (double)(all_ns - loop_ns) / 1e3 / n,
	       (double)sync_ns / 1e3 / n, (long long)parts_us[LOOP_TIMERS],
	       (long long)parts_us[LOOP_TASKS], (long long)parts_us[LOOP_WORKS], stalls.n,
	       stalls.n_over_ms, pause * 1e3, busy_half_ms, quiet_half_ms);
}

int main(int argc, char **argv)
{
	char policy[1024], state[1024];

	must(argc >= 2, "usage: bench_jobs FOLDER [CHANGES [FSYNC_MS]]");
	on_loop = true;
	atomic_store(&flow_sync_delay_ms, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
	(void)setenv("BENCH", "bench", 1);
	(void)snprintf(state, sizeof(state), "%s/jobs.db", argv[1]);
	(void)snprintf(policy, sizeof(policy), "%s/jobs.policy.yaml", argv[1]);
	(void)umask(022);
	must(write_policy(policy), "the policy cannot be written");
	crowd.flow.shown = shown;
	crowd.flow.sent = sent;
	must(flow_open(&crowd.flow, policy, state), "it cannot be opened");
	task_init(&crowd.next_read, crowd.flow.loop, next_read, NULL);
	measure(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 20000);
	flow_close(&crowd.flow);
	return 0;
}
