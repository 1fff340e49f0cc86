/* joined.h - who asked for the same while it was under way; for the files of this room only */
#ifndef JOB_JOINED_H
#define JOB_JOINED_H

#include "job/internal.h"

/*
 * The second one may want what the first one does: then it is told of its end. A slot is written with txn; when that fails,
 * take it back: first->joined[*ret_slot].used = false. ret_slot JOINED_MOST: nothing was.
 */
enum report_told joined_add(struct request *first, const struct request *second,
			    struct store_txn *txn, unsigned *ret_slot);

int joined_load(struct request *request, struct err *err);              /* after a restart */
void joined_drop(const struct request *request, struct store_txn *txn); /* all of them are told */

/* Where the card is: the ids of those who waited long enough to be rung for. */
size_t joined_here(const struct request *request, const char *ret_users[JOINED_MOST]);
/* Who asked in another place, and reads no card there; NULL: none in that slot. */
const struct joined *joined_elsewhere(const struct request *request, unsigned slot);
bool joined_is_there(const struct store_request *a, const struct store_request *b);

#endif
