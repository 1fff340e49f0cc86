/* test_oauth_file.c - the file of a sign-in: what is read, what is refused, what is written, one at a time */
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

#include "base/attr.h"
#include "ocean/oauth_file.h"

#define ACCESS "doo_v1_aaaa"
#define REFRESH "dor_v1_bbbb"

static char folder[64], file[96];

static const char good[] =
	"{\"client_id\": \"id\", \"client_secret\": \"env:S\", \"access_token\": \"" ACCESS "\", "
	"\"refresh_token\": \"" REFRESH "\", \"issued_at\": \"2026-01-01T00:00:00Z\", "
	"\"expires_at\": \"2026-01-31T00:00:00Z\", \"scope\": \"read\", \"team\": \"Acme\"}";

static void put(const char *text, size_t len, mode_t mode)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, mode), 0);
}

static void refused(const char *why)
{
	struct oauth_grant grant = {.client_id = "untouched"};
	struct err err = {0};

	assert_int_equal(oauth_file_load(file, &grant, &err), -1);
	if (strstr(err.msg, why) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
	}
	assert_null(strstr(err.msg, "_v1_"));
	assert_string_equal(grant.client_id, "untouched");
}

/* The good file with one word replaced. */
static void with(const char *word, const char *by, const char *why)
{
	const char *at = strstr(good, word);
	char text[8192];

	assert_non_null(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, by,
		       at + strlen(word));
	put(text, strlen(text), 0600);
	refused(why);
}

static void reads(void **state)
{
	struct oauth_grant grant;
	struct err err = {0};

	(void)state;
	put(good, strlen(good), 0600);
	assert_int_equal(oauth_file_load(file, &grant, &err), 0);
	assert_string_equal(grant.client_id, "id");
	assert_string_equal(grant.client_secret, "env:S");
	assert_string_equal(secret_reveal(grant.access), ACCESS);
	assert_string_equal(secret_reveal(grant.refresh), REFRESH);
	assert_string_equal(grant.team, "Acme");
	assert_int_equal(grant.expires_ms - grant.issued_ms, INT64_C(30) * 24 * 3600 * 1000);
	oauth_grant_done(&grant);
}

static void refuses(void **state)
{
	static char big[20000];

	(void)state;
	(void)unlink(file);
	refused("No such file");
	put(good, strlen(good), 0640);
	refused("chmod 600");
	put(good, strlen(good), 0604);
	refused("chmod 600");
	for (size_t len = 0; len < strlen(good); len += 7) {
		put(good, len, 0600);
		refused("is no JSON, or torn");
	}
	put("[]", 2, 0600);
	refused("is no JSON object");
	memset(big, ' ', sizeof(big));
	memcpy(big, good, strlen(good));
	put(big, sizeof(big), 0600);
	refused("longer than 16 KiB");
	with("\"id\"", "\"a b\"", "client_id");
	with("\"id\"", "\"\"", "client_id");
	with("\"id\"", "7", "client_id");
	with("env:S", "the secret itself", "where the client_secret is");
	with("env:S", "oauth:/a", "where the client_secret is");
	with(ACCESS, "", "access_token");
	with(ACCESS, "a b", "access_token");
	with(ACCESS, "a\\r\\nX: y", "access_token");
	with(REFRESH, "\\\"", "refresh_token");
	with("2026-01-31", "2025-01-31", "expires_at");
	with("2026-01-01T00:00:00Z", "soon", "issued_at");
	with("Acme", "A\\u0007", "team");
	with("\"team\"", "\"scope\"", "torn"); /* a key twice */
	(void)unlink(file);
	assert_int_equal(mkdir(file, 0700), 0);
	refused("is no plain file");
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(symlink("/dev/zero", file), 0);
	refused("is no plain file");
	(void)unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	refused("is no plain file");
	(void)unlink(file);
}

/* Another user's file is refused; root, who can read all, may look at the bot's. */
static void another_owner(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	put(good, strlen(good), 0600);
	assert_int_equal(chown(file, 1234, 1234), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(seteuid(4321), 0);
	refused("Permission denied");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(file, 0, 0), 0);
}

static void writes(void **state)
{
	struct oauth_grant grant, again;
	struct oauth_save save;
	struct err err = {0};
	struct stat st;

	(void)state;
	put(good, strlen(good), 0600);
	assert_int_equal(oauth_file_load(file, &grant, &err), 0);
	(void)snprintf(grant.team, sizeof(grant.team), "A \"quoted\" \\ team");
	assert_int_equal(oauth_save_begin(&save, file, &err), 0);
	assert_int_equal(stat(save.temporary, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size >= 8192); /* its room is taken before */
	assert_int_equal(oauth_save_commit(&save, &grant, &err), 0);
	assert_int_equal(access(save.temporary, F_OK), -1);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(oauth_file_load(file, &again, &err), 0);
	assert_string_equal(again.team, grant.team);
	assert_string_equal(secret_reveal(again.refresh), REFRESH);
	assert_int_equal(again.expires_ms, grant.expires_ms);
	oauth_grant_done(&again);
	/* one that is given up leaves the file alone, and what a crash left is no hindrance */
	assert_int_equal(oauth_save_begin(&save, file, &err), 0);
	(void)close(save.fd);
	assert_int_equal(oauth_save_begin(&save, file, &err), 0);
	oauth_save_abort(&save);
	assert_int_equal(oauth_file_load(file, &again, &err), 0);
	oauth_grant_done(&again);
	oauth_grant_done(&grant);
	assert_int_equal(oauth_save_begin(&save, "/nowhere/at/all", &err), -1);
	assert_int_equal(err.kind, ERR_STORE);
}

static void locks(void **state)
{
	struct err err = {0};
	char name[120];
	int one = -1;
	int two = -1;

	(void)state;
	assert_int_equal(oauth_lock(file, &one, &err), 0);
	assert_int_equal(oauth_lock(file, &two, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	oauth_unlock(one);
	assert_int_equal(oauth_lock(file, &two, &err), 0);
	oauth_unlock(two);
	assert_int_equal(oauth_lock("/nowhere/at/all", &one, &err), -1);
	assert_int_equal(err.kind, ERR_STORE);
	(void)snprintf(name, sizeof(name), "%s.lock", file);
	assert_int_equal(unlink(name), 0);
}

static void places(void **state)
{
	static const char *const bad[] = {"oauth:", "oauth:/",     "oauth:a", "file:/a",
					  "/a",     "oauth:/a\nb", "OAUTH:/a"};

	(void)state;
	assert_string_equal(secret_oauth_path("oauth:/a/b.json"), "/a/b.json");
	assert_null(secret_oauth_path(NULL));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(secret_oauth_path(bad[i]));
	}
	/* no place of any other secret */
	assert_false(secret_spec_valid("oauth:/a/b.json"));
	assert_null(secret_load("oauth:/a/b.json", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),         cmocka_unit_test(refuses),
		cmocka_unit_test(another_owner), cmocka_unit_test(writes),
		cmocka_unit_test(locks),         cmocka_unit_test(places),
	};
	int rc;

	(void)snprintf(folder, sizeof(folder), "/tmp/sluice-oauth-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		return 1;
	}
	(void)snprintf(file, sizeof(file), "%s/main.json", folder);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(file);
	return rmdir(folder) == 0 ? rc : 1;
}
