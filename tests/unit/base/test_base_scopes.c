/* test_base_scopes.c - the table of scopes is whole, and no weak token gets a strong scope */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/scopes.h"

static bool has_end(const char *text, const char *end)
{
	size_t len = strlen(text);

	return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static void every_verb_has_scopes_of_its_tier(void **state)
{
	unsigned with = 0;

	(void)state;
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const struct verb_info *info = verb_info((enum verb)v);
		const char *const *scopes = verb_scopes(info->verb);
		size_t n = 0;

		while (n < SCOPES_MAX && scopes[n] != NULL) {
			if (strchr(scopes[n], ':') == NULL) {
				fail_msg("%s: \"%s\" is no scope", info->name, scopes[n]);
			}
			if (info->tier == TIER_READ && !has_end(scopes[n], ":read")) {
				fail_msg("%s reads with %s", info->name, scopes[n]);
			}
			if (info->tier == TIER_CHANGE &&
			    ((has_end(scopes[n], ":delete") && info->verb != VERB_TAG_REMOVE) ||
			     has_end(scopes[n], ":admin") ||
			     strcmp(scopes[n], "droplet:create") == 0)) {
				fail_msg("%s changes with %s", info->name, scopes[n]);
			}
			n++;
		}
		assert_true(n < SCOPES_MAX); /* an end */
		if ((n > 0) != (info->tier != TIER_NONE)) {
			fail_msg("%s has %zu scopes", info->name, n);
		}
		with += n > 0;
	}
	assert_true(with > 40);
	assert_null(verb_scopes(VERB_NONE)[0]);
	assert_null(verb_scopes(VERB_COUNT)[0]);
}

static void what_a_change_looks_at_is_only_read(void **state)
{
	unsigned with = 0;

	(void)state;
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const char *const *scopes = verb_look_scopes((enum verb)v);
		size_t n = 0;

		for (; n < SCOPES_MAX && scopes[n] != NULL; n++) {
			assert_true(has_end(scopes[n], ":read"));
		}
		with += n > 0;
	}
	assert_true(with >= 9);
	assert_string_equal(verb_look_scopes(VERB_VOLUME_ATTACH)[0], "block_storage:read");
	assert_null(verb_look_scopes(VERB_DROPLET_SHOW)[0]);
	assert_null(verb_look_scopes(VERB_COUNT)[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_has_scopes_of_its_tier),
		cmocka_unit_test(what_a_change_looks_at_is_only_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
