/* audit.c - `sluice audit`: the log as JSON Lines, or a walk along its chain
 *
 * Reads the database while the bot runs (SQLite's WAL lets a reader in). Exit 0: printed, or whole; 1: the chain is broken;
 * 2: wrong use, or no such database.
 */
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "cli/cli.h"
#include "config/config.h"

static int help(FILE *to)
{
	fputs("usage: sluice audit [--state FILE] [verify]\n\n"
	      "Prints the audit log, oldest first, a JSON object a line. `verify` walks its hash "
	      "chain\n"
	      "and names the first row that does not fit.\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int verify(struct store *store)
{
	struct err err = {0};
	int64_t rows = 0;

	if (audit_verify(store, &rows, &err) < 0) {
		fprintf(stderr, "sluice: %s\n", err.msg);
		return 1;
	}
	printf("ok, %lld rows\n", (long long)rows);
	return 0;
}

static int print(struct store *store)
{
	struct strbuf out;
	struct err err = {0};
	int rc = 0;

	strbuf_init(&out, (size_t)1 << 30);
	if (audit_export(store, 0, &out, &err) < 0) {
		fprintf(stderr, "sluice: %s\n", err.msg);
		rc = 2;
	} else {
		(void)fwrite(out.buf, 1, out.len, stdout);
	}
	strbuf_done(&out);
	return rc;
}

int audit_main(int argc, char **argv)
{
	struct config *config = config_new();
	struct store *store = NULL;
	struct err err = {0};
	int rest = argc;
	int rc = 2;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		config_free(config);
		return help(stdout);
	}
	if (config_environment(config, &err) < 0 ||
	    config_flags(config, argc, argv, &rest, &err) < 0) {
		fprintf(stderr, "sluice: %s\n", err.msg);
		goto out;
	}
	if (rest < argc && (rest + 1 < argc || strcmp(argv[rest], "verify") != 0)) {
		rc = help(stderr);
		goto out;
	}
	store = store_sqlite_open_reader(config_text(config, CONFIG_STATE), &err);
	if (store == NULL) {
		fprintf(stderr, "sluice: %s\n", err.msg);
		goto out;
	}
	rc = rest < argc ? verify(store) : print(store);
out:
	store_close(store);
	config_free(config);
	return rc;
}
