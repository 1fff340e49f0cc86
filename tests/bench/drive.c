/* drive.c - one yardstick for two programs: plays the chat server and DigitalOcean, and measures from outside
 *
 *   drive --page FILE (--xmpp | --slack) [--starts N] [--fetches N] [--loads] -- COMMAND ...
 *
 * With --xmpp it is an XMPP server over WebSocket with one room (for sluice), with --slack the little of Slack's Socket
 * Mode that the floor program needs. DigitalOcean is the same in both: the page of droplets in FILE. The program is started
 * with @PORT@ in its arguments and environment replaced, and stopped with SIGTERM. One line of figures a phase. All on
 * loopback, in one thread, in canned answers, so that what is measured is the program.
 *
 * --starts: N times from spawn to ready (one more before, not counted: it makes the database). --loads: with the last of
 * them, idle memory, lists, memory afterwards. --fetches: N commands that each need a fresh list, a line each, so that the
 * samples of many runs can be put together. A process may send 250 requests in a minute, which Sluice keeps, and a fresh list
 * is two of them: what is asked for beyond that waits, and is called "not answered" here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"

/* A start ends with a look at its own database, 5 s later; what a burst needed goes back in a round of 15 s. */
#define SETTLE_S 6
#define CALM_S 18

struct conn *chat;
double started;
double up_at;
double ready_at;
double peer_s;
pid_t child;

double sent_at[IN_FLIGHT_MAX];
bool open_slot[IN_FLIGHT_MAX];
double last_sent;
bool want_request;
double to_request[SAMPLES_MAX];
size_t n_request;
size_t n_do;

static size_t in_flight;
static double to_reply[SAMPLES_MAX];
static size_t n_reply;
static unsigned counter;

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void die(const char *what)
{
	fprintf(stderr, "drive: %s: %s\n", what, strerror(errno));
	if (child > 0) {
		kill(child, SIGKILL);
	}
	exit(1);
}

void answered(size_t slot)
{
	if (slot < IN_FLIGHT_MAX && open_slot[slot]) {
		if (n_reply < SAMPLES_MAX) {
			to_reply[n_reply++] = now() - sent_at[slot];
		}
		open_slot[slot] = false;
		in_flight--;
	}
}

/* ---- commands -------------------------------------------------------------------------- */

static void say(const char *text)
{
	char out[2048];
	size_t slot = 0;

	while (open_slot[slot]) {
		slot++;
	}
	counter++;
	if (slack) {
		snprintf(out, sizeof(out),
			 "{\"envelope_id\":\"e%u\",\"type\":\"slash_commands\",\"accepts_response_"
			 "payload\":true,\"payload\":"
			 "{\"command\":\"/"
			 "droplet\",\"text\":\"%s\",\"channel_id\":\"C0BENCH%04zu\",\"user_id\":"
			 "\"U1\","
			 "\"team_id\":\"T1\",\"response_url\":\"http://127.0.0.1:%d/api/r\"}}",
			 counter, text, slot, port);
	} else {
		snprintf(out, sizeof(out),
			 "<message xmlns='jabber:client' type='groupchat' from='" ROOM
			 "/bob' to='" BOT "/b' id='m%u'><body>%s</body><stanza-id "
			 "xmlns='urn:xmpp:sid:0' by='" ROOM "' id='s%u'/></message>",
			 counter, text, counter);
	}
	open_slot[slot] = true;
	in_flight++;
	sent_at[slot] = last_sent = now();
	want_request = true;
	ws_send_text(chat, out);
}

/* ---- figures --------------------------------------------------------------------------- */

/* Of all its threads, also of those that are gone; finer than the ticks of /proc. */
static double cpu_seconds(void)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &ts) != 0) {
		die("the clock of its CPU time");
	}
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long status_field(const char *file, const char *key)
{
	char path[64];
	char line[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, file);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0) {
			value = strtol(line + strlen(key), NULL, 10);
			break;
		}
	}
	if (f != NULL) {
		fclose(f);
	}
	return value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double percentile(double *samples, size_t n, double p)
{
	size_t at = (size_t)(p * (double)n);

	if (n == 0) {
		return 0;
	}
	qsort(samples, n, sizeof(*samples), compare);
	return samples[at < n ? at : n - 1] * 1e6;
}

static void reset(void)
{
	n_request = n_reply = n_do = 0;
}

static void run_for(double seconds)
{
	double end = now() + seconds;

	while (now() < end) {
		turn((int)((end - now()) * 1000) + 1);
	}
}

/* For `seconds`, or `most` commands (0: no limit). */
static void load(const char *phase, const char *text, size_t outstanding, double seconds,
		 size_t most)
{
	size_t n_said = 0;
	double began;
	double cpu;
	double wall;
	double end;

	reset();
	cpu = cpu_seconds();
	began = now();
	end = began + seconds;
	while (chat != NULL && (now() < end || in_flight > 0)) {
		while (in_flight < outstanding && now() < end && (most == 0 || n_said < most)) {
			say(text);
			n_said++;
		}
		if (most > 0 && n_said == most && in_flight == 0) {
			break;
		}
		turn(1000);
		if (now() > end + 10) {
			fprintf(stderr,
				"drive: %s: %zu commands were not answered within 10 s, after %zu "
				"requests\n",
				phase, in_flight, n_do);
			memset(open_slot, 0, sizeof(open_slot));
			in_flight = 0;
			break;
		}
	}
	wall = now() - began;
	cpu = cpu_seconds() - cpu;
	printf("%s answered=%zu per_s=%.0f cpu_us=%.1f do_requests=%zu request_p50_us=%.0f "
	       "request_p99_us=%.0f "
	       "reply_p50_us=%.0f reply_p99_us=%.0f\n",
	       phase, n_reply, (double)n_reply / wall,
	       n_reply > 0 ? cpu * 1e6 / (double)n_reply : 0, n_do,
	       percentile(to_request, n_request, 0.5), percentile(to_request, n_request, 0.99),
	       percentile(to_reply, n_reply, 0.5), percentile(to_reply, n_reply, 0.99));
	fflush(stdout);
}

static void idle(const char *phase, double seconds)
{
	double cpu = cpu_seconds();
	long switches = status_field("status", "voluntary_ctxt_switches:");

	run_for(seconds);
	printf("%s rss_kib=%ld pss_kib=%ld wakeups_per_s=%.2f cpu_percent=%.3f threads=%ld\n",
	       phase, status_field("status", "VmRSS:"), status_field("smaps_rollup", "Pss:"),
	       (double)(status_field("status", "voluntary_ctxt_switches:") - switches) / seconds,
	       (cpu_seconds() - cpu) / seconds * 100, status_field("status", "Threads:"));
	fflush(stdout);
}

/* ---- start ----------------------------------------------------------------------------- */

static char *with_port(const char *text)
{
	const char *at = strstr(text, "@PORT@");
	char *out;

	if (at == NULL) {
		return strdup(text);
	}
	out = malloc(strlen(text) + 16);
	sprintf(out, "%.*s%d%s", (int)(at - text), text, port, at + 6);
	return out;
}

static void start_listener(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(listener, 256) < 0 || getsockname(listener, (struct sockaddr *)&a, &len) < 0) {
		die("listen");
	}
	port = ntohs(a.sin_port);
}

static void start_child(char **argv)
{
	char *args[64] = {0};
	char url[64];
	double began;

	for (int i = 0; argv[i] != NULL && i < 63; i++) {
		args[i] = with_port(argv[i]);
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	setenv("DO_API_URL", url, 1);
	setenv("DO_TOKEN", "bench", 1);
	strcat(url, "/api/");
	setenv("SLACK_API_URL", url, 1);
	setenv("SLACK_APP_TOKEN", "app-bench", 1);
	setenv("SLACK_BOT_TOKEN", "bot-bench", 1);
	began = now();
	started = began;
	child = fork();
	if (child == 0) {
		execvp(args[0], args);
		_exit(127);
	}
	while (chat == NULL && now() < began + 20) {
		turn(100);
	}
	if (chat == NULL) {
		die("the program never became ready");
	}
}

static void stop_child(void)
{
	double began = now();

	kill(child, SIGTERM);
	while (waitpid(child, NULL, WNOHANG) == 0 && now() < began + 5) {
		turn(5);
	}
	kill(child, SIGKILL);
	child = 0;
	for (size_t i = 0; i < n_conns; i++) {
		if (conns[i].fd >= 0) {
			drop(&conns[i]);
		}
	}
	chat = NULL;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	double seconds = 3;
	long starts = 1;
	long fetches = 0;
	bool loads = false;
	int at = 1;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (strcmp(argv[at], "--page") == 0 && at + 1 < argc) {
			file = argv[++at];
		} else if (strcmp(argv[at], "--slack") == 0) {
			slack = true;
		} else if (strcmp(argv[at], "--seconds") == 0 && at + 1 < argc) {
			seconds = strtod(argv[++at], NULL);
		} else if (strcmp(argv[at], "--starts") == 0 && at + 1 < argc) {
			starts = strtol(argv[++at], NULL, 10);
		} else if (strcmp(argv[at], "--fetches") == 0 && at + 1 < argc) {
			fetches = strtol(argv[++at], NULL, 10);
		} else if (strcmp(argv[at], "--loads") == 0) {
			loads = true;
		}
	}
	if (file == NULL || at + 1 >= argc) {
		fprintf(stderr,
			"usage: drive --page FILE (--xmpp|--slack) [--seconds N] [--starts N] "
			"[--fetches N] [--loads] -- COMMAND ...\n");
		return 2;
	}
	load_page(file);
	xmpp_init("bench");
	start_listener();
	for (long i = 0; i <= starts; i++) {
		start_child(argv + at + 1);
		run_for(0.05);
		if (i > 0) {
			printf("start up_ms=%.2f ready_ms=%.2f peer_ms=%.2f cpu_ms=%.2f\n",
			       (up_at - started) * 1e3, (ready_at - started) * 1e3, peer_s * 1e3,
			       cpu_seconds() * 1e3);
		}
		if (i < starts) {
			stop_child();
		}
	}
	if (loads) {
		run_for(SETTLE_S);
		idle("idle", 4 * seconds);
		load("warm", "list", 1, 0.5, 0);
		load("list-1", "list", 1, seconds, 0);
		load("list-64", "list", 64, seconds, 0);
		run_for(CALM_S);
		idle("after", seconds);
	}
	if (fetches > 0) {
		/* a droplet that is there and a name that is not: a fresh list is fetched and read for each, nothing
		 * is changed */
		load("warm", "list", 1, 0.2, 0);
		load("fetch", slack ? "list" : "reboot web-0", 1, 30, (size_t)fetches);
		for (size_t i = 0; i < n_request; i++) {
			printf("sample request_us=%.1f\n", to_request[i] * 1e6);
		}
	}
	run_for(0.5); /* what it wants to write down */
	stop_child();
	return 0;
}
