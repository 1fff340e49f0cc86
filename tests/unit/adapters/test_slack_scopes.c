/* test_slack_scopes.c - which scopes are missing, and what is said of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "adapters/slack/scopes.h"

#define MINIMAL "commands,chat:write,im:write,files:write,users:read,usergroups:read"
#define ALL MINIMAL ",channels:read,groups:read,app_mentions:read,im:history"

static void says(const char *held, const char *lacks, bool vital)
{
	struct strbuf out;

	strbuf_init(&out, 4096);
	assert_int_equal(slack_scopes_missing(held, &out), vital);
	if (lacks == NULL) {
		assert_int_equal(out.len, 0);
	} else {
		assert_non_null(strstr(out.buf, lacks));
		assert_non_null(strstr(out.buf, "OAuth & Permissions"));
	}
	strbuf_done(&out);
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	says(ALL, NULL, false);
	says(ALL ",team:read", NULL, false);
	says("", NULL, false); /* Slack did not say */
	says("commands, chat:write, im:write, files:write, users:read, usergroups:read", NULL,
	     false);
	says(MINIMAL ",channels:read",
	     "lacks the scopes groups:read, app_mentions:read, im:history.", false);
	says("commands,im:write,files:write,users:read,usergroups:read", "chat:write.", true);
	says("chat:write.public,commands,im:write,files:write,users:read,usergroups:read",
	     "chat:write.", true); /* not that one */
}

static void the_minimal_app_is_fine(void **state)
{
	(void)state;
	says(MINIMAL, NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(the_minimal_app_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
