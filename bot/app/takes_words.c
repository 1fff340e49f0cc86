/* takes_words.c - what is said of a turn on call that somebody takes: who, which, until when, why, and that it is over */
#include "app/take.h"
#include "base/clock.h"

#define ROTAS_SHOWN 8

static const struct message *two(struct arena *arena, enum tone tone, const char *first,
				 const char *second)
{
	struct build build;

	build_init(&build, arena, tone);
	build_line(&build, "%s", first);
	if (second != NULL) {
		build_line(&build, "%s", second);
	}
	return build_end(&build);
}

const struct message *take_words_ask(struct arena *arena, const struct store_take *row,
				     bool elsewhere)
{
	int64_t minutes = (row->until_ms - clock_wall_ms() + 59999) / 60000;
	struct build build;

	build_init(&build, arena, TONE_WAIT);
	build_line(&build, "*Take %s for 2 h?* Not taken yet.", row->rota);
	if (elsewhere) {
		build_line(&build, "Send me your six-digit code");
		build_line(&build, "in a direct message, within %lld min.", (long long)minutes);
	} else {
		build_line(&build, "Answer with your six-digit code");
		build_line(&build, "within %lld min.", (long long)minutes);
	}
	return build_end(&build);
}

const struct message *take_words_taken(struct arena *arena, const struct policy *policy,
				       const struct store_take *row, enum take_news news)
{
	const char *zone;
	const char *until = command_rota_time(arena, policy, row->rota, row->until_ms, &zone);
	struct build build;

	build_init(&build, arena, TONE_WARN);
	switch (news) {
	case TAKE_NEW:
		build_line(&build, "*%s took the turn: %s.*", row->person, row->rota);
		break;
	case TAKE_AGAIN:
		build_line(&build, "*%s took it again: %s.*", row->person, row->rota);
		break;
	case TAKE_STILL:
		build_line(&build, "*%s has the turn: %s.*", row->person, row->rota);
		break;
	}
	build_line(&build, "until %s", until);
	build_line(&build, "_%s_", zone);
	build_line(&build, "because %s", row->reason);
	if (news != TAKE_STILL) {
		build_line(&build, "Give it back: `oncall return`");
	}
	return build_end(&build);
}

const struct message *take_words_end(struct arena *arena, const struct store_take *row,
				     enum take_end how, bool pending)
{
	const char *second = arena_printf(arena, "It was taken because %s", row->reason);

	if (pending) {
		return two(arena, TONE_PLAIN, arena_printf(arena, "Not taken: %s.", row->rota),
			   how == TAKE_OVER      ? "No code came in time."
			   : how == TAKE_REVOKED ? "The policy does not let you any more."
						 : NULL);
	}
	switch (how) {
	case TAKE_NOT_OVER:
	case TAKE_OVER:
		return two(
			arena, TONE_PLAIN,
			arena_printf(arena, "%s's taken turn is over: %s.", row->person, row->rota),
			second);
	case TAKE_RETURNED:
		return two(
			arena, TONE_PLAIN,
			arena_printf(arena, "%s gave the turn back: %s.", row->person, row->rota),
			second);
	case TAKE_REVOKED:
		return two(arena, TONE_WARN,
			   arena_printf(arena, "The policy ended %s's turn: %s.", row->person,
					row->rota),
			   second);
	}
	return NULL;
}

const struct message *take_words_why(struct arena *arena, const char *rota)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "Why? Nothing is taken yet. Say");
	if (rota != NULL) {
		build_line(&build, "`oncall take %s because ...`", rota);
	} else {
		build_line(&build, "`oncall take because ...`");
	}
	return build_end(&build);
}

const struct message *take_words_which(struct arena *arena, struct buttons *buttons,
				       const char *const *rotas, size_t n, const char *reason)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "Which one? Nothing is taken yet.");
	for (size_t i = 0; i < n && i < ROTAS_SHOWN; i++) {
		build_line(&build, "`oncall take %s because ...`", rotas[i]);
		build_button(&build,
			     buttons_add(buttons, arena_printf(arena, "oncall take %s because %s",
							       rotas[i], reason)),
			     rotas[i], BUTTON_PLAIN);
	}
	return build_end(&build);
}

const struct message *take_words_no_code(struct arena *arena, const char *person)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, "*Not taken:* it needs a code,");
	build_line(&build, "and you have no codes set up.");
	build_line(&build, "Who keeps me runs, on my machine:");
	build_line(&build, "`sluice code enroll %s`", person);
	return build_end(&build);
}

const struct message *take_words_wrong(struct arena *arena, const struct job_code *code)
{
	return two(arena, TONE_BAD, code->words, code->more != NULL ? code->more : "Not taken.");
}

const struct message *take_words_none(struct arena *arena)
{
	return two(arena, TONE_PLAIN, "Nothing changed: you took no such turn.", NULL);
}

const struct message *take_words_not_here(struct arena *arena)
{
	return two(arena, TONE_PLAIN, "Who is on call is not told here.", NULL);
}

const struct message *take_words_not_written(struct arena *arena, const struct err *err)
{
	return two(arena, TONE_BAD, "Not done yet: it was not written.", err->msg);
}
