/* image.h - the data in an image: only for who may see the droplet whose disk it is; inside this room only
 *
 * A snapshot or a backup of a droplet in another droplet is that droplet's data in other hands (policy.md, section 3), so whoever
 * makes one of it (create.c) or puts one on a disk (`rebuild`, here) must be allowed to see where it came from.
 */
#ifndef APP_IMAGE_H
#define APP_IMAGE_H

#include "app/turn.h"

bool image_is_disk(const struct ocean_image
			   *image); /* of a droplet; else it is DigitalOcean's, or was uploaded */

/*
 * May the asker see the droplet that it is of, by the account's list of snapshots (NULL: it is in none)? The droplet may be gone, and
 * of which a backup is is not told: of such a one nothing is known, which is the worst case.
 */
bool image_may(struct turn *turn, const char *account, uint64_t image_id,
	       const struct ocean_call *snapshots);

/* KNOWS_IMAGE, as facts.c asks: the next call (true: it is under way), what came of it, and it cannot be. */
bool image_ask(struct turn *turn);
void image_took(struct turn *turn, const struct ocean_call *call, const struct err *err);
bool image_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn);

#endif
