/* test_sim_self.c - which droplet the bot runs on: an id, none, nobody there, nonsense */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ocean/self.h"
#include "sim/calls.h"

struct asked {
	uint64_t id;
	enum err_kind kind;
	int answers;
	struct ocean_self *free; /* in done */
};

static void on_self(void *data, uint64_t id, const struct err *err)
{
	struct asked *asked = data;

	asked->answers++;
	asked->id = id;
	asked->kind = err != NULL ? err->kind : ERR_NONE;
	ocean_self_free(asked->free);
	asked->free = NULL;
}

static struct asked ask(uint64_t self_id, const char *fault, int64_t ms, bool free_in_done)
{
	struct calls c;
	struct asked asked = {0};
	struct ocean_self_options options = {.done = on_self, .data = &asked};
	struct ocean_self *self;

	calls_open(&c);
	c.sim->model->self_id = self_id;
	if (fault != NULL) {
		assert_int_equal(faults_add(&c.sim->faults, fault, NULL), 0);
	}
	self = ocean_self_new(c.loop, &options, NULL);
	assert_non_null(self);
	asked.free = free_in_done ? self : NULL;
	loop_advance(c.loop, ms);
	if (!free_in_done) {
		ocean_self_free(self);
	}
	loop_advance(c.loop, 2000);
	calls_close(&c);
	return asked;
}

static void answers(void **state)
{
	static const struct {
		uint64_t id;
		const char *fault;
		uint64_t want;
		enum err_kind kind;
	} rows[] = {
		{402117731, NULL, 402117731, ERR_NONE},
		{0, NULL, 0, ERR_REMOTE},
		{11, "kind=timeout-before", 0, ERR_TIMEOUT},
		{11, "kind=refused", 0, ERR_NETWORK},
		{11, "kind=reset", 0, ERR_NETWORK},
		{11, "kind=html-502", 0, ERR_LIMIT}, /* longer than any id */
		{11, "kind=503", 0, ERR_REMOTE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asked asked = ask(rows[i].id, rows[i].fault, 2000, i % 2 == 0);

		assert_int_equal(asked.answers, 1);
		assert_int_equal(asked.id, rows[i].want);
		assert_int_equal(asked.kind, rows[i].kind);
	}
}

/* Freed while it is under way: nobody is called. */
static void freed(void **state)
{
	(void)state;
	assert_int_equal(ask(11, NULL, 0, false).answers, 0);
}

int main(void)
{
	const struct CMUnitTest list[] = {cmocka_unit_test(answers), cmocka_unit_test(freed)};

	return cmocka_run_group_tests(list, NULL, NULL);
}
