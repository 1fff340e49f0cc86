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
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/inventory.h"
#include "policy/policy.h"

#define FOLDER SOURCE_DIR "/tests/golden/policy/"

/* Every code that this version of the checker can print for a text. E021 is about files: test_policy_load. */
static const char *const codes[] = {
	"E001", "E002", "E003", "E004", "E005", "E006", "E007", "E008", "E009", "E010", "E011",
	"E020", "E030", "E031", "E032", "E033", "E034", "E035", "E036", "E037", "E038", "E039",
	"E040", "E041", "E042", "E043", "E050", "E051", "E052", "E053", "E054", "E055", "E056",
	"E057", "E058", "E059", "E090", "E091", "W101", "W102", "W103", "W104", "W105", "W106",
	"W107", "W108", "W109", "W110", "W111", "W112", "W113", "W116", "W118",
};

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

/* Files of warnings are looked at as `sluice check` does it, over NAME.json where that stands; others as at a load. */
static struct policy *compile(const char *name, const struct strbuf *source,
			      struct inventory *inventory, struct policy_report *report)
{
	struct policy_lint_over over = {.inventory = NULL};
	struct err err = {0};
	char path[512];

	if (name[0] != 'w') {
		return policy_compile(name, source->buf, source->len, report);
	}
	(void)snprintf(path, sizeof(path), FOLDER "%.*s.json", (int)strlen(name) - 5, name);
	if (access(path, R_OK) == 0) {
		if (inventory_load(path, inventory, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		over = (struct policy_lint_over){inventory->droplets, inventory->n};
	}
	return policy_check(source->buf, source->len, &over, report);
}

static void check(const char *name, struct strbuf *ret_text)
{
	struct policy_report report;
	struct policy *policy;
	struct inventory inventory = {.n = 0};
	struct strbuf source;
	char path[512];

	strbuf_init(&source, (size_t)1 << 20);
	(void)snprintf(path, sizeof(path), FOLDER "%s", name);
	read_file(path, &source);
	policy = compile(name, &source, &inventory, &report);
	assert_int_equal(policy != NULL, report.n_errors == 0);
	strbuf_done(&source); /* nothing in the report or the policy may point into it */
	policy_report_print(&report, name, ret_text);
	policy_report_done(&report);
	policy_unref(policy);
	inventory_done(&inventory);
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
	struct strbuf all;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Madrid", R_OK) != 0) {
		printf("skipped: tzdata is not installed\n");
		skip();
	}
	assert_true(n > 40);
	strbuf_init(&all, (size_t)1 << 20);
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
		(void)strbuf_add(&all, got.buf, got.len);
		strbuf_done(&expected);
		strbuf_done(&got);
		free(entries[i]);
	}
	free(entries);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strstr(all.buf, codes[i]) == NULL) {
			fail_msg("no file here brings out %s", codes[i]);
		}
	}
	strbuf_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_output_is_as_it_was)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
