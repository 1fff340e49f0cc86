/* test_app_templates.c - only a plain file of the folder is ever read: no link, no pipe, nobody else's, no way out */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/templates.h"

static char folder[] = "/tmp/sluice-templates-XXXXXX";
static char inside[64];

static const char *path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", inside, name);
	return path;
}

static void write_file(const char *path, size_t len, char c)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(fputc(c, file) == EOF, 0);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static int set_up(void **state)
{
	char outside[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(inside, sizeof(inside), "%s/" TEMPLATES_FOLDER, folder);
	(void)snprintf(outside, sizeof(outside), "%s/token", folder);
	assert_int_equal(mkdir(inside, 0700), 0);
	write_file(outside, 20, 's');
	write_file(path_of("web"), 20, 'w');
	write_file(path_of("long"), TEMPLATES_MAX_BYTES + 1, 'l');
	write_file(path_of("most"), TEMPLATES_MAX_BYTES, 'm');
	write_file(path_of("empty"), 0, 'e');
	write_file(path_of("binary"), 9, '\0');
	write_file(path_of("latin"), 9, '\xE4');
	write_file(path_of("open"), 9, 'o');
	assert_int_equal(chmod(path_of("open"), 0662), 0);
	assert_int_equal(symlink("../token", path_of("link")), 0);
	assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
	assert_int_equal(mkdir(path_of("folder"), 0700), 0);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"web",   "long", "most", "empty", "binary",
					    "latin", "open", "link", "pipe"};
	char outside[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)unlink(path_of(names[i]));
	}
	(void)rmdir(path_of("folder"));
	(void)rmdir(inside);
	(void)snprintf(outside, sizeof(outside), "%s/token", folder);
	(void)unlink(outside);
	return rmdir(folder);
}

static void what_is_read(void **state)
{
	static const char *const wrong[] = {
		"nowhere", "long",   "empty", "binary", "latin",
		"open",    "link",   "pipe",  "folder", "../token",
		".",       "..",     "",      "a/b",    "../" TEMPLATES_FOLDER "/web",
		"web\n",   ".hidden"};
	char *text = NULL;
	char sum[33], other[33];
	struct err err = {0};

	(void)state;
	assert_int_equal(templates_read(inside, "web", &text, sum, &err), 0);
	assert_string_equal(text, "wwwwwwwwwwwwwwwwwwww");
	assert_int_equal(strlen(sum), 32);
	free(text);
	assert_int_equal(templates_read(inside, "most", &text, other, &err), 0);
	assert_string_not_equal(sum, other);
	free(text);
	text = NULL;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(templates_read(inside, wrong[i], &text, sum, &err), -1);
		assert_null(text);
		assert_null(strstr(err.msg, "sss"));
	}
	assert_int_equal(templates_read(NULL, "web", &text, sum, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
}

static void which_there_are(void **state)
{
	struct arena arena = {0};
	size_t n;
	const char *const *names = templates_list(inside, &arena, &n);

	(void)state;
	assert_int_equal(n, 7); /* neither the link nor the pipe nor the folder */
	assert_string_equal(names[0], "binary");
	assert_string_equal(names[6], "web");
	(void)templates_list(NULL, &arena, &n);
	assert_int_equal(n, 0);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(which_there_are),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
