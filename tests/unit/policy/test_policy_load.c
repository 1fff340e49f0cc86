/* test_policy_load.c - a policy file from disk: owner, mode, size, kind; and the report itself */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "policy/policy.h"

static char folder[64];
static char path[128];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/sluice-policy-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/policy.yaml", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)rmdir(path);
	return rmdir(folder);
}

static void put(const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void assert_refused(const char *code, const char *words)
{
	struct policy_report report;

	assert_null(policy_load(path, false, &report));
	assert_int_equal(report.n_errors, 1);
	assert_string_equal(report.findings[0].code, code);
	if (strstr(report.findings[0].text, words) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", words, report.findings[0].text);
	}
	policy_report_done(&report);
}

static void a_safe_file_is_read(void **state)
{
	struct policy_report report;
	struct policy *policy;

	(void)state;
	put("version: 1\n", 11, 0644);
	policy = policy_load(path, false, &report);
	assert_non_null(policy);
	assert_int_equal(report.n_errors + report.n_warnings, 0);
	policy_unref(policy);
	policy_report_done(&report);
}

static void who_may_write_the_file_matters(void **state)
{
	struct policy_report report;
	struct policy *policy;

	(void)state;
	put("version: 1\n", 11, 0664);
	assert_refused("E021", "can be written by its group");
	assert_int_equal(chmod(path, 0646), 0);
	assert_refused("E021", "can be written by its group");
	policy = policy_load(path, true, &report);
	assert_non_null(policy);
	assert_int_equal(report.n_errors, 0);
	assert_int_equal(report.n_warnings, 1);
	assert_true(report.findings[0].warning);
	assert_string_equal(report.findings[0].code, "E021");
	policy_unref(policy);
	policy_report_done(&report);
	if (geteuid() == 0) {
		assert_int_equal(chmod(path, 0644), 0);
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_refused("E021", "belongs neither to root");
	}
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_refused("E021", "is not there");
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused("E021", "is a folder; name the policy file in it");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0); /* must not wait for a writer */
	assert_refused("E021", "no regular file");
}

static void what_is_no_text_is_refused_in_one_sentence(void **state)
{
	(void)state;
	put("\177ELF\2\1\1\0\0\0", 10, 0644);
	assert_refused("E011", "is no text file, so no policy");
}

static void too_big_is_refused(void **state)
{
	size_t len = ((size_t)1 << 20) + 1;
	char *text = mem_alloc(len);
	struct policy_report report;
	struct policy *policy;

	(void)state;
	memset(text, '#', len);
	memcpy(text, "version: 1\n", 11);
	put(text, len, 0644);
	assert_refused("E010", "bigger than 1 MiB");
	assert_null(policy_compile("p", text, len, &report));
	assert_string_equal(report.findings[0].code, "E010");
	policy_report_done(&report);
	policy = policy_compile("p", text, len - 1, &report);
	assert_non_null(policy);
	policy_unref(policy);
	policy_report_done(&report);
	free(text);
}

/* Findings come sorted by line whatever the order in which sections are read; 20 are kept, all are counted. */
static void findings_are_sorted_and_bounded(void **state)
{
	struct policy_report report;
	struct strbuf text;

	(void)state;
	strbuf_init(&text, 65536);
	(void)strbuf_adds(&text, "version: 1\nallow:\n");
	for (int i = 0; i < 15; i++) {
		(void)strbuf_addf(
			&text, "  - {name: a%d, who: nobody, may: everything, droplets: any}\n", i);
	}
	(void)strbuf_adds(&text, "groups:\n");
	for (int i = 0; i < 15; i++) {
		(void)strbuf_addf(&text, "  g%d: nobody\n", i);
	}
	assert_null(policy_compile("p", text.buf, text.len, &report));
	assert_int_equal(report.n_findings, 20);
	assert_int_equal(report.n_errors, 30);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(report.findings[i].line, i < 15 ? i + 3 : i + 4);
		assert_non_null(
			strstr(report.findings[i].source, i < 15 ? "everything" : "nobody"));
	}
	policy_report_done(&report);
	strbuf_done(&text);
}

static const char *first_code(const char *text)
{
	struct policy_report report;
	struct policy *policy = policy_compile("p", text, strlen(text), &report);
	const char *code = report.n_findings > 0 ? report.findings[0].code : "ok";

	policy_unref(policy);
	policy_report_done(&report);
	return code;
}

static void ids_look_like_their_network(void **state)
{
	static const struct {
		const char *code, *workspace, *user, *channel;
	} rows[] = {
		{"ok", "slack: T01", "U01", "C01"},
		{"ok", "slack: E01", "W01", "direct"},
		{"E040", "slack: acme", "U01", "C01"},
		{"E040", "slack: T01", "u01", "C01"},
		{"E040", "slack: T01", "C01", "C01"},
		{"E040", "slack: T01", "U01", "X01"},
		{"ok", "discord: \"90\"", "\"7\"", "8"},
		{"E042", "discord: \"90\"", "7", "8"},
		{"E040", "discord: \"9x\"", "\"7\"", "8"},
		{"ok", "mattermost: chat.acme.example", "4xp9fdt77pncbef59f4k1qe83o",
		 "jfqs6qk8ztn8jxnxkqd3h5cqsy"},
		{"E040", "mattermost: chat.acme.example", "4xp9fdt77pncbef59f4k1qe83O", "direct"},
		{"E042", "mattermost: chat.acme.example", "12345678901234567890123456", "direct"},
		{"ok", "xmpp: acme.example", "Ana@acme.example", "ops@rooms.acme.example"},
		{"E040", "xmpp: acme.example", "ana", "direct"},
		{"E040", "xmpp: acme.example", "ana@acme.example/phone", "direct"},
		{"E040", "xmpp: acme.example", "ana@acme.example", "ops"},
		{"ok", "console: terminal", "ana", "ops"},
		{"E040", "console: a b", "ana", "ops"},
		{"E003", "irc: x", "ana", "ops"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "version: 1\nworkspaces: {w: {%s}}\npeople: {ana: {w: %s}}\n"
			       "channels: {ops: {at: w/%s, may: nothing, droplets: any}}\n",
			       rows[i].workspace, rows[i].user, rows[i].channel);
		if (strcmp(first_code(text), rows[i].code) != 0) {
			fail_msg("%s, not %s for\n%s", first_code(text), rows[i].code, text);
		}
	}
}

/* A secret shows nowhere in what is printed: not in the source line, not in a sentence. */
static void secrets_are_never_printed(void **state)
{
	static const char *const secrets[] = {
		"dop_v1_0123456789abcdef",
		"doo_v1_0123456789abcdef",
		"dor_v1_0123456789abcdef",
		"xoxb-1234-abcd",
		"xoxp-1234-abcd",
		"xapp-1-A0-77",
		"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		struct policy_report report;
		struct strbuf out;
		char text[512];

		strbuf_init(&out, 65536);
		(void)snprintf(text, sizeof(text),
			       "version: 1\naccounts: {main: {token: \"%s\"}}\n"
			       "groups: {g: [\"%s\", x]}\n# %s\n",
			       secrets[i], secrets[i], secrets[i]);
		assert_null(policy_compile("p", text, strlen(text), &report));
		policy_report_print(&report, "p", &out);
		assert_non_null(strstr(out.buf, "E020"));
		assert_null(strstr(out.buf, secrets[i] + 5));
		policy_report_done(&report);
		strbuf_done(&out);
	}
}

static void lists_have_most_entries(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text, (size_t)1 << 20);
	(void)strbuf_adds(&text, "version: 1\nallow: [");
	for (int i = 0; i < 2001; i++) {
		(void)strbuf_adds(&text, "{},");
	}
	(void)strbuf_adds(&text, "]\n");
	assert_string_equal(first_code(text.buf), "E010");
	strbuf_reset(&text);
	(void)strbuf_adds(&text, "version: 1\npeople: {");
	for (int i = 0; i < 10001; i++) {
		(void)strbuf_addf(&text, "p%d: {}, ", i);
	}
	(void)strbuf_adds(&text, "}\n");
	assert_string_equal(first_code(text.buf), "E010");
	strbuf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_safe_file_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_may_write_the_file_matters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_text_is_refused_in_one_sentence, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(too_big_is_refused, set_up, tear_down),
		cmocka_unit_test(findings_are_sorted_and_bounded),
		cmocka_unit_test(ids_look_like_their_network),
		cmocka_unit_test(secrets_are_never_printed),
		cmocka_unit_test(lists_have_most_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
