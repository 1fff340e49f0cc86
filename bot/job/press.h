/* press.h - what press.c, press_act.c and the cards share; nobody else includes it */
#ifndef JOB_PRESS_H
#define JOB_PRESS_H

#include "job/internal.h"

/* The id of a button: the presser does that to this request, as it was asked. */
const char *press_button(const struct store_request *row, enum job_act act, struct arena *arena);

/* Words for the presser alone, and the refusal in the log; ends the press once that is written. */
void press_refuse(struct press *press, const char *why, const char *first, const char *second);
void press_note(struct press *press, struct store_txn *txn, const char *why);
void press_say(struct press *press, enum tone tone, const char *first, const char *second);
void press_audit(struct store_txn *txn, const struct press *press, bool allowed, const char *why);

/* press_find.c: NULL: none or several, and that is said; by its id: NULL, and nothing is said yet */
struct request *press_find_only(struct press *press);
struct request *press_find_named(const struct press *press);
void press_free(struct press *press);      /* without an answer */
void press_look_back(struct press *press); /* one that is over: ends the press */

bool press_is_mine(const struct press *press);
bool press_is_here(const struct press *press);                        /* where the card is */
bool request_asks(const struct request *request, const char *person); /* for an approval */

void press_not_reviewed(struct press *press, const struct err *err);
void press_recheck_later(struct request *request); /* of one that rests */
/* READY jobs that waited for a look at the whole request go on, or try later. */
void press_unpark(struct request *request, bool looked);
void press_cancel(struct press *press);
void press_handle(struct press *press); /* it is its request's turn */
void press_end(struct press *press);    /* answered; the next one's turn; may free the request */
/* As press_refuse, with what is in txn already. */
void press_deny(struct press *press, struct store_txn *txn, const char *why, const char *first,
		const char *second);
const char *press_who_asked(const struct press *press); /* a name, where names may be said */
/* The press's own act, judged with the decision of now; ends the press when all is written. */
void press_give(struct press *press, const struct gate_decision *decision, struct store_txn *txn);
/* All that was asked for has been given, or the next thing is asked. */
void press_proceed(struct press *press, const struct gate_decision *decision,
		   struct store_txn *txn);
const char *press_over_words(struct press *press);
/* All that wait or are held still, in one commit with txn; then the card, and the presser is answered. */
void press_move(struct press *press, enum job_state to, int64_t deadline_ms, const char *outcome,
		struct store_txn *txn);

#endif
