/* audit_ask.h - `audit` in chat: rows of the log for those who may see them */
#ifndef APP_AUDIT_ASK_H
#define APP_AUDIT_ASK_H

#include "app/turn.h"

/* The droplets are known: it asks the gate, reads the log and answers. True when the turn goes on and is ended there. */
bool audit_ask_run(struct turn *turn, const struct ocean_snapshot *snapshot);
/* At the end: nobody is answered any more. Before the turns are dropped. */
void audit_asks_drop(struct app *app);

#endif
