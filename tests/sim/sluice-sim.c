/* sluice-sim.c - the simulated DigitalOcean as a program: arguments, then the server
 *
 * Happy path: build the account, listen, print "listening on http://127.0.0.1:PORT" as the first line, serve until
 * SIGTERM. What it cannot do it says on standard error: exit 2 for arguments, 1 for the rest.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sim/server.h"
#include "sim/slack_server.h"

static const char usage[] =
	"usage: sluice-sim [options]\n"
	"       sluice-sim slack [options]   a simulated Slack instead; its own --help\n"
	"A stateful DigitalOcean on a socket, for the demo and for tests.\n"
	"  --listen ADDR:PORT   default 127.0.0.1:0 (any free port)\n"
	"  --port-file FILE     write the port there\n"
	"  --droplets N         N generated droplets instead of the demo's account\n"
	"  --empty              no droplets (add them with --droplet)\n"
	"  --droplet LINE       'web-1 id=11 tags=web,prod status=off': make or change one\n"
	"  --token T            accept this token ...\n"
	"  --scopes WORDS       ... with these scopes: read, change, destroy, droplet:read, "
	"-tag:read\n"
	"                       (without --token: " SIM_TOKEN_READ ", " SIM_TOKEN_CHANGE
	", " SIM_TOKEN_ALL ")\n"
	"  --speed X            actions take 1/X of their time\n"
	"  --self ID            the droplet that the metadata service (/metadata/v1/id) names\n"
	"  --clock virtual      time stands still until POST /_sim/advance\n"
	"  --start TIME         the virtual clock's start, such as 2026-01-13T03:00:00Z\n"
	"  --droplet-limit N    droplets that the account may have (default 25)\n"
	"  --rate-hour N        requests an hour and token (default 5000; 0: no limit at all)\n"
	"  --rate-minute N      requests a minute and token (default 250; 0: no limit)\n"
	"  --fault LINE         'nth=2 method=POST path=/v2/droplets/*/actions kind=reset'\n"
	"  --log FILE           each request and reply as a line of JSON\n"
	"  --tls-cert FILE --tls-key FILE   speak TLS\n"
	"  --exit-with-stdin    end when standard input closes\n"
	"--droplet, --token and --fault may be given many times.\n";

enum option_id {
	OPT_LISTEN = 1000,
	OPT_PORT_FILE,
	OPT_DROPLETS,
	OPT_EMPTY,
	OPT_DROPLET,
	OPT_TOKEN,
	OPT_SCOPES,
	OPT_SPEED,
	OPT_SELF,
	OPT_CLOCK,
	OPT_START,
	OPT_DROPLET_LIMIT,
	OPT_RATE_HOUR,
	OPT_RATE_MINUTE,
	OPT_FAULT,
	OPT_LOG,
	OPT_TLS_CERT,
	OPT_TLS_KEY,
	OPT_EXIT_WITH_STDIN,
	OPT_HELP,
};

static const struct option long_options[] = {
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"port-file", required_argument, NULL, OPT_PORT_FILE},
	{"droplets", required_argument, NULL, OPT_DROPLETS},
	{"empty", no_argument, NULL, OPT_EMPTY},
	{"droplet", required_argument, NULL, OPT_DROPLET},
	{"token", required_argument, NULL, OPT_TOKEN},
	{"scopes", required_argument, NULL, OPT_SCOPES},
	{"speed", required_argument, NULL, OPT_SPEED},
	{"self", required_argument, NULL, OPT_SELF},
	{"clock", required_argument, NULL, OPT_CLOCK},
	{"start", required_argument, NULL, OPT_START},
	{"droplet-limit", required_argument, NULL, OPT_DROPLET_LIMIT},
	{"rate-hour", required_argument, NULL, OPT_RATE_HOUR},
	{"rate-minute", required_argument, NULL, OPT_RATE_MINUTE},
	{"fault", required_argument, NULL, OPT_FAULT},
	{"log", required_argument, NULL, OPT_LOG},
	{"tls-cert", required_argument, NULL, OPT_TLS_CERT},
	{"tls-key", required_argument, NULL, OPT_TLS_KEY},
	{"exit-with-stdin", no_argument, NULL, OPT_EXIT_WITH_STDIN},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

#define MAX_GIVEN 64

struct given {
	const char *token, *scopes;
};

struct settings {
	struct sim_server_options server;
	char host[64];
	const char *port_file;
	const char *log_file;
	long droplets; /* -1: the demo's */
	const char *lines[MAX_GIVEN];
	size_t n_lines;
	const char *faults[MAX_GIVEN];
	size_t n_faults;
	struct given tokens[MAX_GIVEN];
	size_t n_tokens;
	double speed;
	long self;
	bool virtual_clock;
	int64_t start_ms;
	long droplet_limit;          /* -1: the default */
	long rate_hour, rate_minute; /* -1: the default */
};

static int wrong(const char *option, const char *value)
{
	fprintf(stderr, "sluice-sim: --%s cannot be '%s'\n", option, value);
	return -1;
}

static int read_count(const char *option, const char *value, long most, long *ret)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (*value == '\0' || *end != '\0' || errno != 0 || n < 0 || n > most) {
		return wrong(option, value);
	}
	*ret = n;
	return 0;
}

static int set_listen(struct settings *s, const char *value)
{
	const char *colon = strrchr(value, ':');
	size_t len = colon != NULL ? (size_t)(colon - value) : 0;
	long port;

	if (len == 0 || len >= sizeof(s->host) ||
	    read_count("listen", colon + 1, 65535, &port) < 0) {
		return wrong("listen", value);
	}
	if (*value == '[' && len > 2) { /* [::1]:80 */
		value++;
		len -= 2;
	}
	memcpy(s->host, value, len);
	s->host[len] = '\0';
	s->server.port = (unsigned)port;
	return 0;
}

static int add_given(const char *option, const char **list, size_t *n, const char *value)
{
	if (*n == MAX_GIVEN) {
		fprintf(stderr, "sluice-sim: --%s is given more than %d times\n", option,
			MAX_GIVEN);
		return -1;
	}
	list[(*n)++] = value;
	return 0;
}

static int set_token(struct settings *s, int id, const char *value)
{
	if (id == OPT_SCOPES) {
		if (s->n_tokens == 0) {
			fputs("sluice-sim: --scopes belongs to the --token before it\n", stderr);
			return -1;
		}
		s->tokens[s->n_tokens - 1].scopes = value;
		return 0;
	}
	if (s->n_tokens == MAX_GIVEN) {
		return wrong("token", "one more");
	}
	s->tokens[s->n_tokens].token = value;
	s->tokens[s->n_tokens++].scopes = "destroy";
	return 0;
}

static int set_time(struct settings *s, int id, const char *value)
{
	char *end;

	switch (id) {
	case OPT_SPEED:
		s->speed = strtod(value, &end);
		return *end != '\0' || !(s->speed > 0) || s->speed > 1e6 ? wrong("speed", value)
									 : 0;
	case OPT_SELF:
		return read_count("self", value, LONG_MAX - 1, &s->self);
	case OPT_CLOCK:
		s->virtual_clock = strcmp(value, "virtual") == 0;
		return s->virtual_clock || strcmp(value, "real") == 0 ? 0 : wrong("clock", value);
	case OPT_START:
		return clock_parse(value, &s->start_ms) < 0 ? wrong("start", value) : 0;
	case OPT_DROPLET_LIMIT:
		return read_count("droplet-limit", value, 1000000, &s->droplet_limit);
	case OPT_RATE_HOUR:
		return read_count("rate-hour", value, 1000000, &s->rate_hour);
	case OPT_RATE_MINUTE:
		return read_count("rate-minute", value, 1000000, &s->rate_minute);
	}
	return -1;
}

static int set_option(struct settings *s, int id, const char *value)
{
	switch (id) {
	case OPT_LISTEN:
		return set_listen(s, value);
	case OPT_PORT_FILE:
		s->port_file = value;
		return 0;
	case OPT_DROPLETS:
		return read_count("droplets", value, 100000, &s->droplets);
	case OPT_EMPTY:
		s->droplets = 0;
		return 0;
	case OPT_DROPLET:
		return add_given("droplet", s->lines, &s->n_lines, value);
	case OPT_FAULT:
		return add_given("fault", s->faults, &s->n_faults, value);
	case OPT_TOKEN:
	case OPT_SCOPES:
		return set_token(s, id, value);
	case OPT_LOG:
		s->log_file = value;
		return 0;
	case OPT_TLS_CERT:
		s->server.tls_cert = value;
		return 0;
	case OPT_TLS_KEY:
		s->server.tls_key = value;
		return 0;
	case OPT_EXIT_WITH_STDIN:
		s->server.exit_with_stdin = true;
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	}
	return set_time(s, id, value);
}

static int parse(struct settings *s, int argc, char **argv)
{
	int id;

	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == '?') {
			fputs("try: sluice-sim --help\n", stderr);
			return -1;
		}
		if (set_option(s, id, optarg) < 0) {
			return -1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "sluice-sim: no argument '%s' is known\n", argv[optind]);
		return -1;
	}
	if ((s->server.tls_cert == NULL) != (s->server.tls_key == NULL)) {
		fputs("sluice-sim: --tls-cert and --tls-key need each other\n", stderr);
		return -1;
	}
	s->server.host = s->host;
	return 0;
}

/* The account and its world as the settings say; NULL when a line is wrong. */
static struct sim_world *build(const struct settings *s)
{
	struct sim *sim = sim_new(s->start_ms);
	struct sim_world *world = sim_world_new(sim);
	struct err err;

	sim->speed = s->speed;
	sim->self_id = (uint64_t)s->self;
	if (s->droplet_limit >= 0) {
		sim->droplet_limit = (unsigned)s->droplet_limit;
	}
	sim->rate_hour = s->rate_hour >= 0 ? (unsigned)s->rate_hour : sim->rate_hour;
	sim->rate_minute = s->rate_minute >= 0 ? (unsigned)s->rate_minute : sim->rate_minute;
	world->virtual_clock = s->virtual_clock;
	world->virtual_ms = s->start_ms;
	if (s->droplets >= 0) {
		sim_generated_account(sim, (size_t)s->droplets);
	} else {
		sim_demo_account(sim);
	}
	if (s->n_tokens > 0) {
		sim_remove_token(sim, SIM_TOKEN_READ);
		sim_remove_token(sim, SIM_TOKEN_CHANGE);
		sim_remove_token(sim, SIM_TOKEN_ALL);
	}
	for (size_t i = 0; i < s->n_tokens; i++) {
		if (sim_add_token(sim, s->tokens[i].token, s->tokens[i].scopes, &err) < 0) {
			goto wrong;
		}
	}
	for (size_t i = 0; i < s->n_lines; i++) {
		if (sim_droplet_line(sim, s->lines[i], &err) < 0) {
			goto wrong;
		}
	}
	for (size_t i = 0; i < s->n_faults; i++) {
		if (faults_add(&world->faults, s->faults[i], &err) < 0) {
			goto wrong;
		}
	}
	return world;
wrong:
	fprintf(stderr, "sluice-sim: %s\n", err.msg);
	sim_world_free(world);
	return NULL;
}

/* By rename, so that a reader never sees half of it. */
static int write_port(const char *path, unsigned port)
{
	char temporary[4096];
	FILE *file;
	bool ok;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= sizeof(temporary) ||
	    (file = fopen(temporary, "w")) == NULL) {
		return -1;
	}
	ok = fprintf(file, "%u\n", port) > 0;
	ok = fclose(file) == 0 && ok;
	return ok && rename(temporary, path) == 0 ? 0 : -1;
}

static int run(const struct settings *s, struct sim_world *world)
{
	struct err err;
	struct sim_server *server = sim_server_open(world, &s->server, &err);

	if (server == NULL) {
		fprintf(stderr, "sluice-sim: %s\n", err.msg);
		return 1;
	}
	if (s->port_file != NULL && write_port(s->port_file, sim_server_port(server)) < 0) {
		fprintf(stderr, "sluice-sim: cannot write '%s': %s\n", s->port_file,
			strerror(errno));
		sim_server_free(server);
		return 1;
	}
	printf(strchr(s->host, ':') != NULL ? "listening on %s://[%s]:%u\n"
					    : "listening on %s://%s:%u\n",
	       s->server.tls_cert != NULL ? "https" : "http", s->host, sim_server_port(server));
	(void)fflush(stdout);
	sim_server_run(server);
	sim_server_free(server);
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s = {
		.host = "127.0.0.1",
		.droplets = -1,
		.speed = 1,
		.start_ms = clock_wall_ms(),
		.droplet_limit = -1,
		.rate_hour = -1,
		.rate_minute = -1,
	};
	struct sim_world *world;
	FILE *log = NULL;
	int rc;

	if (argc > 1 && strcmp(argv[1], "slack") == 0) {
		return slack_main(argc - 1, argv + 1);
	}
	if (parse(&s, argc, argv) < 0 || (world = build(&s)) == NULL) {
		return 2;
	}
	if (s.log_file != NULL && (log = fopen(s.log_file, "w")) == NULL) {
		fprintf(stderr, "sluice-sim: cannot write '%s': %s\n", s.log_file, strerror(errno));
		sim_world_free(world);
		return 1;
	}
	world->log = log;
	rc = run(&s, world);
	sim_world_free(world);
	if (log != NULL) {
		(void)fclose(log);
	}
	return rc;
}
