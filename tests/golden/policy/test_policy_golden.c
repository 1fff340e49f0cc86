/* test_policy_golden.c - what `sluice check` prints, whole: each NAME.yaml here has its NAME.txt
 *
 * After a wanted change: SLUICE_GOLDEN=write, and read the diff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/inventory.h"
#include "cli/token_scopes.h"
#include "policy/policy.h"

#define FOLDER SOURCE_DIR "/tests/golden/policy/"

static void read_file(const char *path, struct strbuf *out)
{
	FILE *file = fopen(path, "re");
	char buf[4096];

	if (file == NULL) {
		fail_msg("%s cannot be read", path);
	}
	for (size_t n; (n = fread(buf, 1, sizeof(buf), file)) > 0;) {
		assert_int_equal(strbuf_add(out, buf, n), 0);
	}
	(void)fclose(file);
}

static void write_file(const char *path, const struct strbuf *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text->buf, 1, text->len, file), text->len);
	assert_int_equal(fclose(file), 0);
}

/* What stands beside a file of warnings. */
struct beside {
	struct inventory inventory;
	struct token_scopes scopes;
};

static bool path_beside(const char *name, const char *ext, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, FOLDER "%.*s%s", (int)strlen(name) - 5, name, ext);
	return access(ret_path, R_OK) == 0;
}

/* By a copy of its own, in a folder of its own, which everybody may write: E021 and E022 are about files. */
static struct policy *check_file(const char *name, const struct strbuf *source,
				 const struct policy_lint_over *over, struct policy_report *report)
{
	char folder[] = "/tmp/sluice-golden-XXXXXX";
	char *before = getcwd(NULL, 0);
	struct policy *policy;

	assert_non_null(before);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	write_file(name, source);
	assert_int_equal(chmod(name, strncmp(name, "e021", 4) == 0 ? 0666 : 0600), 0);
	policy = policy_check_file(name, over, report);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(rmdir(folder), 0);
	free(before);
	return policy;
}

/* Files of warnings are looked at as `sluice check` does it in the summer of 2026, over NAME.json and NAME.scopes where
 * these stand; others as at a load. */
static struct policy *compile(const char *name, const struct strbuf *source, struct beside *beside,
			      struct policy_report *report)
{
	struct policy_lint_over over = {.now_ms = (int64_t)1782900000 * 1000};
	struct err err = {0};
	char path[512];

	if (strncmp(name, "e021", 4) == 0 || strncmp(name, "e022", 4) == 0) {
		return check_file(name, source, &over, report);
	}
	if (name[0] != 'w') {
		return policy_compile(name, source->buf, source->len, report);
	}
	if (path_beside(name, ".json", path, sizeof(path))) {
		if (inventory_load(path, &beside->inventory, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		over.inventory = beside->inventory.droplets;
		over.n_inventory = beside->inventory.n;
	}
	if (path_beside(name, ".scopes", path, sizeof(path))) {
		if (token_scopes_load(path, &beside->scopes, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		over.scopes = beside->scopes.list;
		over.n_scopes = beside->scopes.n;
	}
	return policy_check(source->buf, source->len, &over, report);
}

static void check(const char *name, struct strbuf *ret_text)
{
	struct policy_report report;
	struct policy *policy;
	struct beside beside = {.inventory = {.n = 0}};
	struct strbuf source;
	char path[512];

	strbuf_init(&source, (size_t)1 << 20);
	(void)snprintf(path, sizeof(path), FOLDER "%s", name);
	read_file(path, &source);
	policy = compile(name, &source, &beside, &report);
	assert_int_equal(policy != NULL, report.n_errors == 0);
	strbuf_done(&source); /* nothing in the report or the policy may point into it */
	policy_report_print(&report, name, ret_text);
	policy_report_done(&report);
	policy_unref(policy);
	inventory_done(&beside.inventory);
	token_scopes_done(&beside.scopes);
}

static int is_policy(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static void every_output_is_as_it_was(void **state)
{
	struct dirent **entries = NULL;
	int n = scandir(FOLDER, &entries, is_policy, alphasort);
	const char *mode = getenv("SLUICE_GOLDEN");

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Madrid", R_OK) != 0) {
		printf("skipped: tzdata is not installed\n");
		skip();
	}
	assert_true(n > 40);
	for (int i = 0; i < n; i++) {
		struct strbuf expected;
		struct strbuf got;
		char path[512];

		strbuf_init(&expected, (size_t)1 << 16);
		strbuf_init(&got, (size_t)1 << 16);
		check(entries[i]->d_name, &got);
		(void)snprintf(path, sizeof(path), FOLDER "%.*s.txt",
			       (int)strlen(entries[i]->d_name) - 5, entries[i]->d_name);
		if (mode != NULL && strcmp(mode, "write") == 0) {
			write_file(path, &got);
		}
		read_file(path, &expected);
		assert_string_equal(got.buf, expected.buf);
		strbuf_done(&expected);
		strbuf_done(&got);
		free(entries[i]);
	}
	free(entries);
}

/* Each code of the table has a file that is called by it and brings it out, and no file is called by another. */
static void every_code_has_its_file(void **state)
{
	struct dirent **entries = NULL;
	int n = scandir(FOLDER, &entries, is_policy, alphasort);
	const struct policy_code *code;
	size_t n_codes = 0;

	(void)state;
	for (size_t i = 0; (code = policy_code(i)) != NULL; i++) {
		bool found = false;

		n_codes++;
		for (int k = 0; k < n && !found; k++) {
			struct strbuf text;
			char path[512];
			char line[64];

			if (strncasecmp(entries[k]->d_name, code->code, 4) != 0) {
				continue;
			}
			strbuf_init(&text, (size_t)1 << 16);
			assert_true(path_beside(entries[k]->d_name, ".txt", path, sizeof(path)));
			read_file(path, &text);
			(void)snprintf(line, sizeof(line), " %s: ", code->code);
			found = strstr(text.buf, line) != NULL;
			strbuf_done(&text);
		}
		if (!found) {
			fail_msg("no file here is called by %s and brings it out", code->code);
		}
	}
	assert_true(n_codes > 55);
	for (int k = 0; k < n; k++) {
		free(entries[k]);
	}
	free(entries);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The only reserved keys are `fresh` of a channel and of an allow line: whoever reserves another says so here. */
static void two_keys_are_reserved(void **state)
{
	struct dirent **entries = NULL;
	int n = scandir(FOLDER, &entries, is_policy, alphasort);
	unsigned told = 0;

	(void)state;
	for (int k = 0; k < n; k++) {
		struct strbuf text;
		char path[512];

		strbuf_init(&text, (size_t)1 << 16);
		assert_true(path_beside(entries[k]->d_name, ".txt", path, sizeof(path)));
		read_file(path, &text);
		for (const char *at = text.buf; (at = strstr(at, "error E059: ")) != NULL; at++) {
			const char *what = at + strlen("error E059: ");

			assert_true(begins(what, "\"fresh\" of a channel is reserved ") ||
				    begins(what, "\"fresh\" of an \"allow\" line is reserved "));
			told++;
		}
		strbuf_done(&text);
		free(entries[k]);
	}
	assert_int_equal(told, 2);
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_output_is_as_it_was),
					   cmocka_unit_test(every_code_has_its_file),
					   cmocka_unit_test(two_keys_are_reserved)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
