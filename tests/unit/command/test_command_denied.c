/* test_command_denied.c - "You may not ...": an English sentence for every row that a policy can deny */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "command/command.h"

/* The reads and the bot's own; of a change it is the plan's infinitive, which its cards say too. */
static const struct {
	const char *phrase, *sentence;
} expected[] = {
	{"list", "You may not list droplets here."},
	{"show", "You may not look at web-1 here."},
	{"down?", "You may not look at web-1 here."},
	{"metrics", "You may not see what is measured of web-1 here."},
	{"history", "You may not see what was done to web-1 here."},
	{"account", "You may not see the account here."},
	{"balance", "You may not see what the account owes here."},
	{"sizes", "You may not list sizes here."},
	{"regions", "You may not list regions here."},
	{"images", "You may not list images here."},
	{"images own", "You may not list images here."},
	{"keys", "You may not list SSH keys here."},
	{"snapshots", "You may not list the snapshots of web-1 here."},
	{"backups", "You may not list the backups of web-1 here."},
	{"tags", "You may not list tags here."},
	{"volumes", "You may not list volumes here."},
	{"ips", "You may not list reserved addresses here."},
	{"firewalls", "You may not list firewalls here."},
	{"load balancers", "You may not list load balancers here."},
	{"domains", "You may not list domains here."},
	{"projects", "You may not list projects here."},
	{"neighbors", "You may not see the neighbors of web-1 here."},
	{"lock", "You may not lock web-1 here."},
	{"unlock", "You may not unlock web-1 here."},
	{"lock steal", "You may not take over the lock of web-1 here."},
	{"policy why", "You may not ask why here."},
	{"audit", "You may not read the audit log here."},
	{"policy reload", "You may not have the policy read again here."},
};

static void every_row(void **state)
{
	size_t n_rows;
	const struct command *rows = command_rows(&n_rows);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < n_rows; i++) {
		const struct command *row = &rows[i];
		bool targets = row->takes == TAKES_TARGETS;
		char sentence[120];
		size_t k = 0;

		if (row->verb == VERB_NONE || row->plan != NULL ||
		    (row->answer == NULL && row->own == OWN_NONE)) {
			continue;
		}
		(void)snprintf(sentence, sizeof(sentence), "You may not %s%s here.",
			       command_infinitive(row), targets ? " web-1" : "");
		while (k < ARRAY_LEN(expected) &&
		       strcmp(expected[k].phrase, row->phrases[0]) != 0) {
			k++;
		}
		if (k == ARRAY_LEN(expected)) {
			fail_msg("\"%s\" has no sentence here: %s", row->phrases[0], sentence);
		}
		assert_string_equal(sentence, expected[k].sentence);
		n++;
	}
	assert_int_equal(n, ARRAY_LEN(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
