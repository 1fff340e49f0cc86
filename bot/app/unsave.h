/* unsave.h - the turn of a command about one snapshot, between the list and the decision; inside this room only */
#ifndef APP_UNSAVE_H
#define APP_UNSAVE_H

#include "app/turn.h"

/* facts.c asks with these: the snapshots of each account (true: it is under way), and what came of it. */
bool unsave_ask(struct turn *turn);
void unsave_took(struct turn *turn, const struct ocean_call *call, const struct err *err);
/*
 * Once all have come: the droplet that the one snapshot was made of is the target, and what it is joins the arguments. False: it
 * is none, or not clear which, and that was said.
 */
bool unsave_targets(struct turn *turn);

#endif
