/* audit.c - `sluice audit`: the log as JSON Lines or short lines, a walk along its chain, its head, the text of a policy
 *
 * Reads the database while the bot runs (SQLite's WAL lets a reader in) and the closed files beside it. Exit 0: printed, or
 * whole; 1: the chain is broken, or nothing was found; 2: wrong use, or no such database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "config/config.h"

struct ask {
	const char *state; /* NULL: as the settings say */
	struct audit_filter filter;
	struct audit_head after, head;
	bool table, filtered;
	const char *words[2];
	size_t n_words;
};

static int help(FILE *to)
{
	fputs("usage: sluice audit [--state FILE] [FILTER ...] [--most N] [--table]\n"
	      "       sluice audit [--state FILE] verify [--head ROW:HASH] [--after ROW:HASH]\n"
	      "       sluice audit [--state FILE] head\n"
	      "       sluice audit [--state FILE] policy ID\n\n"
	      "Prints the audit log, oldest first, a JSON object a line; with --table short lines\n"
	      "for people, their times in UTC. Rows that left the database for the folder "
	      "FILE-audit\n"
	      "are there too.\n\n"
	      "  --person NAME     as in the policy\n"
	      "  --channel NAME    as in the policy, or its id\n"
	      "  --droplet ID\n"
	      "  --verb VERB       droplet.power also finds droplet.power.reboot\n"
	      "  --kind KIND       decision, job, oncall, start, reload, ...\n"
	      "  --id ID           of a decision or request\n"
	      "  --rule NAME       a line's name; taken: all that a turn which was taken allowed\n"
	      "  --since, --until TIME  2026-01-13, 2026-01-13T03:00:00Z, or 90m, 12h, 7d ago\n"
	      "  --most N          the newest N of them\n\n"
	      "`verify` walks the hash chain over the files and the database and names the first "
	      "row\n"
	      "that does not fit. `head` prints the newest row's number and hash: keep it "
	      "elsewhere,\n"
	      "and `verify --head` says whether that row is still there. `--after` begins behind "
	      "a\n"
	      "row, when older files were moved away. `policy` prints the text that rows mean.\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int complain(const struct err *err, int code)
{
	fprintf(stderr, "sluice: %s\n", err->msg);
	return code;
}

/* ---- what is asked ------------------------------------------------------------------------- */

static int take_number(const char *flag, const char *text, uint64_t *ret, struct err *err)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 18 || text[digits] != '\0') {
		return err_set(err, ERR_USAGE, "%s \"%.40s\": must be a whole number", flag, text);
	}
	*ret = strtoull(text, NULL, 10);
	return 0;
}

static int take_value(struct ask *ask, const char *flag, const char *text, struct err *err)
{
	struct audit_filter *filter = &ask->filter;
	uint64_t most = 0;
	const struct {
		const char *flag;
		const char **to;
	} words[] = {{"--person", &filter->person}, {"--channel", &filter->channel},
		     {"--verb", &filter->verb},     {"--kind", &filter->kind},
		     {"--id", &filter->id},         {"--rule", &filter->rule},
		     {"--state", &ask->state}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(flag, words[i].flag) == 0) {
			*words[i].to = text;
			ask->filtered = ask->filtered || words[i].to != &ask->state;
			return 0;
		}
	}
	if (strcmp(flag, "--head") == 0 || strcmp(flag, "--after") == 0) {
		return audit_head_parse(text, flag[2] == 'h' ? &ask->head : &ask->after, err);
	}
	ask->filtered = true;
	if (strcmp(flag, "--droplet") == 0) {
		return take_number(flag, text, &filter->droplet, err);
	}
	if (strcmp(flag, "--since") == 0 || strcmp(flag, "--until") == 0) {
		return audit_time(text, clock_wall_ms(),
				  flag[2] == 's' ? &filter->since_ms : &filter->until_ms, err);
	}
	if (strcmp(flag, "--most") != 0) {
		return err_set(err, ERR_USAGE, "unknown flag \"%.40s\"; see sluice audit --help",
			       flag);
	}
	if (take_number(flag, text, &most, err) < 0 || most == 0 || most > 1000000) {
		return err_set(err, ERR_USAGE, "--most must be from 1 to 1000000");
	}
	filter->most = (size_t)most;
	return 0;
}

static int read_arguments(struct ask *ask, int argc, char **argv, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		char flag[32];
		const char *equals = strchr(argv[i], '=');

		if (strncmp(argv[i], "--", 2) != 0) {
			if (ask->n_words == ARRAY_LEN(ask->words)) {
				return err_set(err, ERR_USAGE, "\"%.40s\" is too much", argv[i]);
			}
			ask->words[ask->n_words++] = argv[i];
		} else if (strcmp(argv[i], "--table") == 0) {
			ask->table = true;
		} else if (equals != NULL) {
			(void)snprintf(flag, sizeof(flag), "%.*s", (int)(equals - argv[i]),
				       argv[i]);
			if (take_value(ask, flag, equals + 1, err) < 0) {
				return -1;
			}
		} else if (i + 1 == argc) {
			return err_set(err, ERR_USAGE, "flag \"%.40s\" needs a value", argv[i]);
		} else if (take_value(ask, argv[i], argv[i + 1], err) < 0) {
			return -1;
		} else {
			i++;
		}
	}
	return 0;
}

/* ---- answers ------------------------------------------------------------------------------- */

static int verify(struct store *store, const struct ask *ask)
{
	struct err err = {0};
	int64_t rows = 0;

	if (audit_verify_from(store, &ask->after, &ask->head, &rows, &err) < 0) {
		return complain(&err, err.kind == ERR_USAGE ? 2 : 1);
	}
	rows -= ask->after.seq;
	printf("ok, %lld %s\n", (long long)rows, rows == 1 ? "row" : "rows");
	return 0;
}

static int head(struct store *store)
{
	struct audit_head now;
	struct err err = {0};

	if (audit_head_now(store, &now, &err) < 0) {
		return complain(&err, 2);
	}
	printf("%lld:%s\n", (long long)now.seq, now.hash);
	return 0;
}

static int policy(struct store *store, const char *id)
{
	struct strbuf out;
	struct err err = {0};
	int rc = 0;

	strbuf_init(&out, (size_t)64 << 20);
	if (audit_policy(store, id, &out, &err) < 0) {
		rc = complain(&err, err.kind == ERR_NOTFOUND ? 1 : 2);
	} else {
		(void)fwrite(out.buf, 1, out.len, stdout);
	}
	strbuf_done(&out);
	return rc;
}

/* Printed as they come; or, when only the newest count, kept in a ring until the last is known. */
struct print {
	bool table;
	struct strbuf line;
	char **ring;
	size_t most, n;
};

static int print_row(const struct audit_found *found, void *data)
{
	struct print *print = data;

	strbuf_reset(&print->line);
	if (print->table) {
		audit_print_short(found, NULL, &print->line);
	} else {
		audit_print(found, &print->line);
	}
	if (print->most == 0) {
		return fwrite(print->line.buf, 1, print->line.len, stdout) < print->line.len;
	}
	free(print->ring[print->n % print->most]);
	print->ring[print->n % print->most] = mem_strdup(print->line.buf);
	print->n++;
	return 0;
}

static void print_ring(struct print *print)
{
	for (size_t i = 0; i < print->most; i++) {
		char *line = print->ring[(print->n + i) % print->most];

		if (line != NULL) {
			(void)fputs(line, stdout);
		}
		free(line);
	}
	free(print->ring);
}

static int search(struct store *store, const struct ask *ask)
{
	struct print print = {.table = ask->table, .most = ask->filter.most};
	struct err err = {0};
	int rc;

	strbuf_init(&print.line, 1 << 20);
	if (print.most > 0) {
		print.ring = mem_array(print.most, sizeof(*print.ring));
	}
	rc = audit_search(store, &ask->filter, print_row, &print, &err) < 0 ? complain(&err, 1) : 0;
	print_ring(&print);
	strbuf_done(&print.line);
	return rc;
}

static bool fits(const struct ask *ask)
{
	bool heads = ask->head.seq > 0 || ask->after.seq > 0;

	if (ask->n_words == 0) {
		return !heads;
	}
	if (ask->filtered || ask->table) {
		return false;
	}
	if (strcmp(ask->words[0], "verify") == 0) {
		return ask->n_words == 1;
	}
	return !heads && ((strcmp(ask->words[0], "head") == 0 && ask->n_words == 1) ||
			  (strcmp(ask->words[0], "policy") == 0 && ask->n_words == 2));
}

static int answer(struct store *store, const struct ask *ask)
{
	if (ask->n_words == 0) {
		return search(store, ask);
	}
	switch (ask->words[0][0]) {
	case 'v':
		return verify(store, ask);
	case 'h':
		return head(store);
	default:
		return policy(store, ask->words[1]);
	}
}

int audit_main(int argc, char **argv)
{
	struct config *config = config_new();
	struct store *store = NULL;
	struct ask ask = {0};
	struct err err = {0};
	int rc = 2;

	if (cli_wants_help(argc, argv)) {
		rc = help(stdout);
	} else if (config_environment(config, &err) < 0 ||
		   read_arguments(&ask, argc, argv, &err) < 0) {
		rc = complain(&err, 2);
	} else if (!fits(&ask)) {
		rc = help(stderr);
	} else {
		store = store_sqlite_open_reader(
			ask.state != NULL ? ask.state : config_text(config, CONFIG_STATE), &err);
		rc = store != NULL ? answer(store, &ask) : complain(&err, 2);
	}
	store_close(store);
	config_free(config);
	return rc;
}
