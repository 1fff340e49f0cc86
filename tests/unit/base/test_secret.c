/* test_secret.c - where tokens come from, and what is refused */
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

#include "base/secret.h"

static char dir[64];
static char path[128];
static char spec[160];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/sluice-secret-XXXXXX");
	if (mkdtemp(dir) == NULL) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/token", dir);
	(void)snprintf(spec, sizeof(spec), "file:%s", path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void put(const char *bytes, size_t len, mode_t mode)
{
	FILE *file;

	(void)unlink(path);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void check_refused(const char *from, const char *word)
{
	struct err err = {0};
	struct secret *secret = secret_load(from, &err);

	assert_null(secret);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strstr(err.msg, word) == NULL) {
		fail_msg("%s: no \"%s\" in \"%s\"", from, word, err.msg);
	}
	assert_null(strstr(err.msg, "dop_v1_x"));
}

static void check_loaded(const char *from, const char *value)
{
	struct err err = {0};
	struct secret *secret = secret_load(from, &err);

	if (secret == NULL) {
		fail_msg("%s: %s", from, err.msg);
	}
	assert_string_equal(secret_reveal(secret), value);
	secret_free(secret);
}

static void from_file(void **state)
{
	static char big[20000];

	(void)state;
	check_refused(spec, "No such file");
	put(" \r\n dop_v1_x \n\n", 14, 0600);
	check_loaded(spec, "dop_v1_x");
	put("dop_v1_x", 8, 0640);
	check_loaded(spec, "dop_v1_x");
	put("dop_v1_x", 8, 0644);
	check_refused(spec, "chmod 600");
	put(" \n", 2, 0600);
	check_refused(spec, "empty");
	put("", 0, 0600);
	check_refused(spec, "empty");
	put("dop_v1_x\ndop_v1_y", 17, 0600);
	check_refused(spec, "control characters");
	put("dop_v1_x\0y", 10, 0600);
	check_refused(spec, "control characters");
	memset(big, 'a', sizeof(big));
	put(big, 4097, 0600);
	check_refused(spec, "4096");
	put(big, sizeof(big), 0600);
	check_refused(spec, "4096");
	big[4096] = '\0';
	put(big, 4096, 0600);
	check_loaded(spec, big);
}

/* What was pasted beside it, or over its line: refused before it is sent, and no part of it is said. */
static void what_no_token_has(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"dop_v1_x y", "a space in it"},
		{"Bearer dop_v1_x\n", "a space in it"},
		{"dop_v1_x\ty", "control characters"},
		{"dop_v1_x\r\ndop_v1_x", "control characters"},
		{"dop_v1_x\xC2\xA0y", "no token has"}, /* no-break space */
		{"\xE2\x80\x8B"
		 "dop_v1_x",
		 "no token has"}, /* zero-width space */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i].text, strlen(bad[i].text), 0600);
		check_refused(spec, bad[i].word);
		assert_int_equal(setenv("SLUICE_TEST_TOKEN", bad[i].text, 1), 0);
		check_refused("env:SLUICE_TEST_TOKEN", bad[i].word);
	}
	assert_int_equal(unsetenv("SLUICE_TEST_TOKEN"), 0);
}

/* A password may be a sentence, and the secret of a code is written in groups. */
static void a_phrase_has_spaces(void **state)
{
	static const char text[] = "dop_v1_x \xC3\xBC\n";
	struct err err = {0};
	struct secret *secret;

	(void)state;
	put(text, strlen(text), 0600);
	secret = secret_load_phrase(spec, &err);
	assert_non_null(secret);
	assert_string_equal(secret_reveal(secret), "dop_v1_x \xC3\xBC");
	secret_free(secret);
	put("dop_v1_x\ny", 10, 0600);
	assert_null(secret_load_phrase(spec, &err));
	assert_non_null(strstr(err.msg, "several lines"));
}

static void no_plain_file(void **state)
{
	char text[160];

	(void)state;
	(void)snprintf(text, sizeof(text), "file:%s", dir);
	check_refused(text, "plain file");
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_refused(spec, "plain file"); /* and does not wait for a writer */
}

static void from_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("SLUICE_TEST_TOKEN", " dop_v1_x ", 1), 0);
	check_loaded("env:SLUICE_TEST_TOKEN", "dop_v1_x");
	assert_int_equal(setenv("SLUICE_TEST_TOKEN", "", 1), 0);
	check_refused("env:SLUICE_TEST_TOKEN", "empty");
	assert_int_equal(unsetenv("SLUICE_TEST_TOKEN"), 0);
	check_refused("env:SLUICE_TEST_TOKEN", "SLUICE_TEST_TOKEN");
}

static void from_credential(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	check_refused("credential:token", "CREDENTIALS_DIRECTORY");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	put("dop_v1_x\n", 9, 0444);
	check_loaded("credential:token", "dop_v1_x");
	check_refused("credential:other", "No such file");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void specs(void **state)
{
	static const char *const good[] = {"file:/a", "env:A_1", "credential:token"};
	static const char *const bad[] = {
		"",         "file:",       "file:relative",  "file:/",
		"env:",     "env:1A",      "env:A B",        "env:A=B",
		"token",    "credential:", "credential:a/b", "credential:..",
		"dop_v1_x", "file:/a\nb",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(secret_spec_valid(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(secret_spec_valid(bad[i]));
		check_refused(bad[i], "file:/path");
	}
	assert_false(secret_spec_valid(NULL));
}

static void from_text(void **state)
{
	struct secret *secret = secret_from_text("dop_v1_x");

	(void)state;
	assert_string_equal(secret_reveal(secret), "dop_v1_x");
	secret_free(secret);
	secret_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_file),
		cmocka_unit_test(what_no_token_has),
		cmocka_unit_test(a_phrase_has_spaces),
		cmocka_unit_test(no_plain_file),
		cmocka_unit_test(from_environment),
		cmocka_unit_test(from_credential),
		cmocka_unit_test(specs),
		cmocka_unit_test(from_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
