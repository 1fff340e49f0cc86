/* takes.h - turns on call that people take in an emergency (`oncall take`), from the ask to their end */
#ifndef APP_TAKES_H
#define APP_TAKES_H

#include "app/turn.h"

/* Is it `oncall take` or `oncall return`? Such a row needs no verb: the policy's `may_take` decides. */
bool takes_is(const struct command *row);
/* Is it said to the bot, or chatter? */
bool takes_is_meant(const struct turn *turn);
/* Carries it out. True when the turn goes on and is ended there. */
bool takes_run(struct turn *turn);

/* Does one of that person wait for a code? Then it gets it; the turn is ended there. */
bool takes_wait(const struct app *app, const char *person);
void takes_code(struct turn *turn, const char *digits);

/* takes_words.c */
enum take_end { TAKE_NOT_OVER = 0, TAKE_OVER, TAKE_RETURNED, TAKE_REVOKED };
enum take_news { TAKE_NEW = 0, TAKE_AGAIN, TAKE_STILL };
/* To be followed by a code; elsewhere: it was asked where others read along. */
const struct message *take_words_ask(struct arena *arena, const struct store_take *row,
				     bool elsewhere);
const struct message *take_words_taken(struct arena *arena, const struct policy *policy,
				       const struct store_take *row, enum take_news news);
const struct message *take_words_end(struct arena *arena, const struct store_take *row,
				     enum take_end how, bool pending);
const struct message *take_words_why(struct arena *arena, const char *rota); /* NULL: not named */
const struct message *take_words_which(struct arena *arena, struct buttons *buttons,
				       const char *const *rotas, size_t n, const char *reason);
const struct message *take_words_no_code(struct arena *arena, const char *person);
const struct message *take_words_wrong(struct arena *arena, const struct job_code *code);
const struct message *take_words_none(struct arena *arena);
const struct message *take_words_not_here(struct arena *arena);
const struct message *take_words_not_written(struct arena *arena, const struct err *err);

#endif
