/* create.h - the turn of a command that makes droplets, between the list and the decision; inside this room only */
#ifndef APP_CREATE_H
#define APP_CREATE_H

#include "app/turn.h"

/* The names and arguments as droplets, in turn->targets. False: it is not clear in which account, and that was said. */
bool create_targets(struct turn *turn);

/*
 * The accounts to choose from, in the arena: those in which this person may make a droplet whatever it is, here; where there is none
 * such, because rights hang on its tags or its name, all.
 */
size_t create_accounts(const struct app *app, const struct gate_who *who, enum verb verb,
		       struct arena *arena, const char *const **ret_names);

/* facts.c asks with these: the next list (true: it is under way), what came of it, and what follows when all has come. */
bool create_ask(struct turn *turn);
void create_took(struct turn *turn, const struct ocean_call *call, const struct err *err);
void create_known(struct turn *turn);
/* Once the gate allowed: it cannot be made so? Then it is said, and stands in txn. */
bool create_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn);

#endif
