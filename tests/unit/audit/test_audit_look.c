/* test_audit_look.c - rows are found in the database and in the closed files, page after page, and shown in short lines */
#include "rolled.h"

static int note(const struct audit_found *found, void *data)
{
	(void)strbuf_addf(data, "%lld ", (long long)found->seq);
	assert_string_equal(json_string_or(found->row, "id", ""), "8c21");
	return 0;
}

static void assert_found(struct fixture *f, const struct audit_filter *filter, const char *newest,
			 const char *all)
{
	struct strbuf out;
	struct err err = {0};
	int64_t next = -1;

	strbuf_init(&out, 1000);
	assert_int_equal(audit_query(f->store, filter, 0, note, &out, &next, &err), 0);
	assert_string_equal(out.buf, newest);
	strbuf_reset(&out);
	assert_int_equal(audit_search(f->store, filter, note, &out, &err), 0);
	assert_string_equal(out.buf, all);
	strbuf_done(&out);
}

static void rows_are_found_by_what_they_have(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 14); /* row n is of minute n - 1 */
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 5);
	assert_found(f, &(struct audit_filter){.person = "bob"}, "14 12 10 8 6 4 2 ",
		     "2 4 6 8 10 12 14 ");
	assert_found(f, &(struct audit_filter){.person = "bob", .most = 2}, "14 12 ",
		     "2 4 6 8 10 12 14 ");
	assert_found(f, &(struct audit_filter){.person = "bo"}, "", "");
	assert_found(f, &(struct audit_filter){.kind = "job"}, "11 6 1 ", "1 6 11 ");
	assert_found(f, &(struct audit_filter){.verb = "droplet.power", .kind = "job"}, "11 1 ",
		     "1 11 ");
	assert_found(f, &(struct audit_filter){.verb = "droplet.power.reboot", .kind = "job"},
		     "11 1 ", "1 11 ");
	assert_found(f, &(struct audit_filter){.verb = "droplet.pow"}, "", "");
	assert_found(f, &(struct audit_filter){.droplet = 102}, "12 9 6 3 ", "3 6 9 12 ");
	assert_found(f, &(struct audit_filter){.channel = "ops", .droplet = 102}, "12 9 6 3 ",
		     "3 6 9 12 ");
	assert_found(f, &(struct audit_filter){.channel = "C1", .droplet = 102}, "12 9 6 3 ",
		     "3 6 9 12 ");
	assert_found(f, &(struct audit_filter){.channel = "C2"}, "", "");
	assert_found(f, &(struct audit_filter){.id = "8c21", .person = "bob", .droplet = 102},
		     "12 6 ", "6 12 ");
	assert_found(f,
		     &(struct audit_filter){.since_ms = 1768273200000 + 60000 * 3,
					    .until_ms = 1768273200000 + 60000 * 7},
		     "7 6 5 4 ", "4 5 6 7 ");
}

static int note_seq(const struct audit_found *found, void *data)
{
	(void)strbuf_addf(data, "%lld ", (long long)found->seq);
	return 0;
}

/* "taken" is what a turn that was taken allowed; "taken-over" is another line. */
static void rows_are_found_by_their_rules(void **state)
{
	struct fixture *f = *state;
	static const char *const rules[][2] = {{"sre-runs:53", "taken.primary"},
					       {"taken-over:12", "sre:1"},
					       {"sre-runs:60", "taken.night"}};
	static const struct {
		const char *rule, *found;
	} cases[] = {{"taken", "1 3 "},     {"taken.night", "3 "}, {"sre-runs", "1 3 "},
		     {"sre-runs:60", "3 "}, {"taken-over", "2 "},  {"sre", "2 "}};
	struct store_txn *txn = store_txn_new(f->store);
	struct strbuf out;
	struct err err = {0};
	int calls = 0;

	for (size_t i = 0; i < 3; i++) {
		struct audit_row row = {.kind = "decision", .rules = rules[i], .n_rules = 2};

		audit_add(txn, &row);
	}
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
	strbuf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct audit_filter filter = {.rule = cases[i].rule};

		strbuf_reset(&out);
		assert_int_equal(audit_search(f->store, &filter, note_seq, &out, &err), 0);
		assert_string_equal(out.buf, cases[i].found);
	}
	strbuf_done(&out);
}

/* Page after page, from the database into the files; the last says that it is the last. */
static void pages_go_back_into_the_files(void **state)
{
	struct fixture *f = *state;
	struct audit_filter filter = {.person = "bob", .most = 3};
	struct strbuf out;
	struct err err = {0};
	int64_t next = 0;

	add_rows(f, 14);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 5);
	strbuf_init(&out, 1000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(audit_query(f->store, &filter, next, note, &out, &next, &err), 0);
		(void)strbuf_addf(&out, "| ");
	}
	assert_string_equal(out.buf, "14 12 10 | 8 6 4 | 2 | ");
	assert_int_equal(next, 0);
	strbuf_done(&out);
}

static int print_short(const struct audit_found *found, void *data)
{
	audit_print_short(found, NULL, data);
	return 1;
}

static void short_lines_fit_a_phone(void **state)
{
	struct fixture *f = *state;
	static const uint64_t droplets[] = {3164494, 3164495, 3164496, 3164497};
	static const char *const rules[] = {"sre-runs-everything-in-production:53"};
	struct store_txn *txn = store_txn_new(f->store);
	struct audit_row row = {.at_ms = 1768273200000,
				.kind = "decision",
				.user = "stranger\n\x1b[31m",
				.verb = "droplet.power.reboot",
				.droplets = droplets,
				.n_droplets = 4,
				.verdict = "deny",
				.rules = rules,
				.n_rules = 1,
				.count = 17};
	struct audit_filter all = {0};
	struct strbuf out;
	struct err err = {0};
	int64_t next;
	int calls = 0;

	audit_add(txn, &row);
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
	strbuf_init(&out, 1000);
	assert_int_equal(audit_query(f->store, &all, 0, print_short, &out, &next, &err), 0);
	assert_string_equal(out.buf, "2026-01-13 03:00 stranger  [31m deny x17\n"
				     "  droplet.power.reboot #3164494,#316449\xe2\x80\xa6\n"
				     "  sre-runs-everything-in-production:53\n");
	strbuf_done(&out);
}

static void duties_and_approvers_stand_in_the_row(void **state)
{
	struct fixture *f = *state;
	static const char *const duties[] = {"confirm", "approve 2 of sre"};
	static const char *const approvers[] = {"chen", "dora"};
	struct store_txn *txn = store_txn_new(f->store);
	struct audit_row row = {.kind = "job",
				.duties = duties,
				.n_duties = 2,
				.approvers = approvers,
				.n_approvers = 2};
	char *text;
	int calls = 0;

	audit_add(txn, &row);
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
	text = exported(f);
	assert_non_null(strstr(text, ",\"duties\":[\"confirm\",\"approve 2 of sre\"],"
				     "\"approvers\":[\"chen\",\"dora\"]}"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLLED(rows_are_found_by_what_they_have),
		ROLLED(rows_are_found_by_their_rules),
		ROLLED(pages_go_back_into_the_files),
		ROLLED(short_lines_fit_a_phone),
		ROLLED(duties_and_approvers_stand_in_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
