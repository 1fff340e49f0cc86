/* try_code.c - a code that somebody gave, for a request or for another affair of theirs, and the words when it is not right */
#include "base/clock.h"
#include "job/internal.h"

static const char *wrong(struct arena *arena, unsigned left)
{
	return left > 0 ? arena_printf(arena, "That code is wrong. %u %s left.", left,
				       left == 1 ? "try is" : "tries are")
			: "That code is wrong.";
}

static void say(enum code_result result, unsigned left, int64_t until_ms, const struct err *err,
		struct arena *arena, struct job_code *ret)
{
	switch (result) {
	case CODE_RIGHT:
		ret->right = true;
		return;
	case CODE_WRONG:
		ret->why = "wrong-code";
		ret->words = wrong(arena, left);
		return;
	case CODE_USED:
		ret->why = "used-code";
		ret->words = "That code was used already: wait for the next.";
		return;
	case CODE_LOCKED:
		ret->why = "locked-code";
		ret->words = "Too many wrong codes: yours are locked.";
		ret->more = arena_printf(arena, "Please wait %lld min.",
					 (long long)((until_ms - clock_wall_ms() + 59999) / 60000));
		return;
	case CODE_NONE:
		ret->why = "no-code";
		ret->words = err->kind == ERR_NOTFOUND ? "You have no codes set up."
						       : "Your codes cannot be read now.";
		return;
	}
}

void job_try_code(struct job_engine *engine, const char *person, const char *digits,
		  struct store_txn *txn, struct arena *arena, struct job_code *ret_code)
{
	const struct job_options *options = &engine->options;
	enum code_result result = CODE_NONE;
	struct err err = {.kind = ERR_NOTFOUND};
	int64_t until_ms = 0;
	unsigned left = 0;

	if (options->codes != NULL) {
		result = codes_try(options->codes, person, gate_person_code(options->gate, person),
				   digits != NULL ? digits : "", clock_wall_ms(), txn, &until_ms,
				   &left, &err);
	}
	*ret_code = (struct job_code){.right = false};
	say(result, left, until_ms, &err, arena, ret_code);
}
