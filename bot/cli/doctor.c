/* doctor.c - `sluice doctor`: one line for each thing that a bot needs, and what to do about those that are wrong
 *
 * Takes the settings of `sluice run`. It changes nothing and writes nothing: a state file that is not there yet is not made,
 * DigitalOcean is only read from, a chat is logged in to and left again, and that only while no bot works on the state file.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/program.h"
#include "loop/httpd.h"
#include "ocean/self.h"
#include "store/store.h"

#define OWN_DROPLET_MS 2000
#define FREE_MIB_LEAST 64
#define COLUMNS 100
#define INDENT 16
#define TEXT_BYTES_MAX 2000

/* Long sentences go on below their beginning. */
static void print_wrapped(const char *text)
{
	size_t column = INDENT;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > INDENT && column + 1 + word > COLUMNS) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

static void line(const char *mark, const char *what, const char *fmt, va_list *ap)
	ATTR_PRINTF(3, 0);

static void line(const char *mark, const char *what, const char *fmt, va_list *ap)
{
	struct strbuf text;

	strbuf_init(&text, TEXT_BYTES_MAX);
	(void)strbuf_vaddf(&text, fmt, *ap);
	printf("%-5s %-9s ", mark, what);
	print_wrapped(text.buf);
	strbuf_done(&text);
	(void)fflush(stdout); /* some of what comes next takes seconds */
}

void doctor_ok(const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("ok", what, fmt, &ap);
	va_end(ap);
}

void doctor_note(const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("note", what, fmt, &ap);
	va_end(ap);
}

void doctor_wrong(struct doctor *doctor, const char *what, const char *fix, const char *fmt, ...)
{
	va_list ap;

	doctor->n_wrong++;
	va_start(ap, fmt);
	line("WRONG", what, fmt, &ap);
	va_end(ap);
	printf("%*sdo: %s\n", INDENT, "", fix);
}

/* ---- the policy file ------------------------------------------------------------------------ */

static struct policy *look_at_policy(struct doctor *doctor, const char *path)
{
	struct policy_report report = {0};
	struct policy *policy = policy_load(path, false, &report);
	const struct policy_account *accounts;
	const struct policy_channel *channels;

	if (policy == NULL) {
		const struct policy_finding *first =
			report.n_findings > 0 ? &report.findings[0] : NULL;

		doctor_wrong(doctor, "policy", "sluice check says all, with the lines", "%s: %s",
			     path, first != NULL ? first->text : "it cannot be read");
	} else if (report.n_warnings > 0) {
		doctor_note("policy", "%s: %zu warning%s; sluice check says which", path,
			    report.n_warnings, report.n_warnings == 1 ? "" : "s");
	} else {
		size_t n_accounts = policy_accounts(policy, &accounts);
		size_t n_places = policy_channels(policy, &channels);

		doctor_ok("policy", "%s: %zu account%s, %zu place%s to speak in", path, n_accounts,
			  n_accounts == 1 ? "" : "s", n_places, n_places == 1 ? "" : "s");
	}
	policy_report_done(&report);
	return policy;
}

/* ---- the state file ------------------------------------------------------------------------- */

/* The running bot holds this lock for as long as it works (store/sqlite.c). */
static bool is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0) {
		(void)close(fd);
	}
	return locked;
}

static void look_at_room(struct doctor *doctor, const char *folder)
{
	struct statvfs fs;
	unsigned long long free_mib;
	int64_t wanted_mib = config_number(doctor->config, CONFIG_STATE_MIB) +
			     config_number(doctor->config, CONFIG_AUDIT_MIB);

	if (statvfs(folder, &fs) < 0) {
		return; /* the line before says what is wrong */
	}
	free_mib = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
	if (free_mib < FREE_MIB_LEAST) {
		doctor_wrong(doctor, "disk",
			     "make room: without it changes are refused, reads go on",
			     "%llu MiB are free in %s", free_mib, folder);
	} else if (free_mib < (unsigned long long)wanted_mib) {
		doctor_note("disk", "%llu MiB are free in %s; the settings allow %lld MiB",
			    free_mib, folder, (long long)wanted_mib);
	} else {
		doctor_ok("disk", "%llu MiB are free in %s", free_mib, folder);
	}
}

static void look_at_state(struct doctor *doctor)
{
	const char *path = config_text(doctor->config, CONFIG_STATE);
	char *copy = mem_strdup(path);
	const char *folder = dirname(copy);
	struct err err = {0};
	struct store *store;

	if (access(path, F_OK) < 0) {
		if (access(folder, W_OK | X_OK) == 0) {
			doctor_ok("state", "%s is made at the first start", path);
		} else {
			doctor_wrong(doctor, "state",
				     "make the folder, owned by the user that the bot runs as",
				     "cannot write in %s: %s", folder, strerror(errno));
		}
	} else if (store = store_sqlite_open_reader(path, &err), store == NULL) {
		doctor_wrong(doctor, "state", "give --state another file, or mend its rights", "%s",
			     err.msg);
	} else {
		doctor->runs = is_locked(path);
		doctor_ok("state", "%s%s", path, doctor->runs ? ", a bot is working on it" : "");
		store_close(store);
	}
	look_at_room(doctor, folder);
	free(copy);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void answer_nothing(const char *method, const char *path, const char *query,
			   struct httpd_answer *answer, void *data)
{
	(void)method;
	(void)path;
	(void)query;
	(void)data;
	answer->status = 404;
}

static void look_at_listener(struct doctor *doctor)
{
	struct httpd_options options = {.listen = config_text(doctor->config, CONFIG_LISTEN),
					.handle = answer_nothing};
	struct err err = {0};
	struct httpd *httpd;

	if (*options.listen == '\0') {
		doctor_note("health", "--listen is empty: no /healthz and no /metrics");
		return;
	}
	if (doctor->runs) {
		doctor_ok("health", "%s belongs to the bot that runs", options.listen);
		return;
	}
	httpd = httpd_open(doctor->loop, &options, &err);
	if (httpd == NULL) {
		doctor_wrong(doctor, "health", "give --listen another address", "%s", err.msg);
		return;
	}
	doctor_ok("health", "%s is free", options.listen);
	httpd_close(httpd);
}

static void look_at_codes(struct doctor *doctor)
{
	size_t n = 0;
	const char *name;

	for (size_t i = 0; (name = policy_person_at(doctor->policy, i)) != NULL; i++) {
		const char *spec = policy_person_code(doctor->policy, name);
		struct err err = {0};
		struct secret *secret;

		if (spec == NULL) {
			continue;
		}
		secret = secret_load_phrase(spec, &err);
		if (secret == NULL) {
			doctor_wrong(doctor, "codes", "sluice code enroll NAME", "%s: %s", name,
				     err.msg);
		}
		n += secret != NULL;
		secret_free(secret);
	}
	if (n > 0) {
		doctor_ok("codes", "%zu %s one-time codes", n,
			  n == 1 ? "person has" : "people have");
	}
}

/* ---- on which droplet ---------------------------------------------------------------------- */

struct own_answer {
	bool known;
	uint64_t id;
	struct err err;
};

static void on_self(void *data, uint64_t id, const struct err *err)
{
	struct own_answer *own = data;

	own->known = true;
	own->id = id;
	if (err != NULL) {
		err_copy(&own->err, err);
	}
}

static bool is_told(void *data)
{
	return ((const struct own_answer *)data)->known;
}

static void look_at_own_droplet(struct doctor *doctor)
{
	struct own_answer own = {0};
	struct ocean_self_options options = {
		.url = config_text(doctor->config, CONFIG_METADATA_URL),
		.done = on_self,
		.data = &own};
	const char *set = config_text(doctor->config, CONFIG_OWN_DROPLET);
	struct ocean_self *self;

	if (*set != '\0') {
		doctor_ok("droplet", "it runs on %s, as --own-droplet says", set);
		return;
	}
	self = ocean_self_new(doctor->loop, &options, &own.err);
	if (self != NULL) {
		(void)loop_run_until(doctor->loop, is_told, &own, OWN_DROPLET_MS);
	}
	ocean_self_free(self);
	if (own.id != 0) {
		doctor_ok("droplet", "it runs on %llu, which it will not switch off",
			  (unsigned long long)own.id);
	} else if (own.err.kind == ERR_REMOTE || own.err.kind == ERR_LIMIT) {
		doctor_note(
			"droplet",
			"not known: what answered as the metadata service gave no droplet's id. "
			"If it runs on one, set --own-droplet");
	} else {
		doctor_note(
			"droplet",
			"it runs on none of DigitalOcean's: the metadata service does not answer. "
			"If it does run on one, set --own-droplet");
	}
}

static int help(void)
{
	fputs("usage: sluice doctor [SETTING ...]\n\n"
	      "Looks at everything that `sluice run` with the same settings will need, a line "
	      "each: "
	      "the policy,\nthe state file, each token at DigitalOcean, each chat. What is wrong "
	      "has its remedy below it.\nIt changes nothing. The settings: sluice run --help\n\n"
	      "exit: 0 nothing is wrong, 1 something is, 2 wrong use\n",
	      stdout);
	return 0;
}

static int examine(struct doctor *doctor)
{
	struct policy *policy;

	policy = look_at_policy(doctor, config_text(doctor->config, CONFIG_POLICY));
	if (policy != NULL && program_use_settings(doctor->config, policy) < 0) {
		doctor_wrong(doctor, "settings", "mend that line under settings:",
			     "the policy file's settings cannot be used");
	}
	look_at_state(doctor);
	look_at_listener(doctor);
	look_at_own_droplet(doctor);
	if (policy != NULL) {
		doctor->policy = policy;
		look_at_codes(doctor);
		doctor_accounts(doctor);
		doctor_chats(doctor);
		policy_unref(policy);
	}
	if (doctor->n_wrong > 0) {
		printf("\n%u %s to mend.\n", doctor->n_wrong,
		       doctor->n_wrong == 1 ? "thing" : "things");
	} else {
		puts("\nNothing is wrong.");
	}
	return doctor->n_wrong > 0 ? 1 : 0;
}

int doctor_main(int argc, char **argv)
{
	struct doctor doctor = {0};
	struct config *config;
	struct err err = {0};
	int rest = argc;
	int rc = 2;

	if (cli_wants_help(argc, argv)) {
		return help();
	}
	config = config_new();
	if (config_environment(config, &err) < 0 ||
	    config_flags(config, argc, argv, &rest, &err) < 0) {
		fprintf(stderr, "sluice doctor: %s\n", err.msg);
	} else if (rest < argc) {
		fprintf(stderr, "sluice doctor: \"%s\" is no setting; see sluice run --help\n",
			argv[rest]);
	} else if (doctor.loop = loop_new(&err), doctor.loop == NULL) {
		fprintf(stderr, "sluice doctor: %s\n", err.msg);
	} else {
		doctor.config = config;
		log_configure(LOG_ERROR, false); /* its lines are the answer */
		rc = examine(&doctor);
		loop_free(doctor.loop);
	}
	config_free(config);
	return rc;
}
