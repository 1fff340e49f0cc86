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

#endif
