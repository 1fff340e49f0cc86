/* image.c - whose disk is in an image that a droplet is to be rebuilt from
 *
 * Happy path: a slug is DigitalOcean's own, nothing is asked. A number is looked up: it is of no droplet, or a backup of this one, or
 * a snapshot of one that the asker may see here.
 * Failure modes: it is of one that they may not see, or there is none: the same words. A list does not come: nothing runs, because
 * whose data it is is not known.
 */
#include "app/image.h"

#include <stdlib.h>
#include <string.h>

static bool is_type(const struct ocean_image *image, const char *type)
{
	return image->type != NULL && strcmp(image->type, type) == 0;
}

bool image_is_disk(const struct ocean_image *image)
{
	return is_type(image, "snapshot") || is_type(image, "backup");
}

bool image_may(struct turn *turn, const char *account, uint64_t image_id,
	       const struct ocean_call *snapshots)
{
	struct droplet unknown = {.account = account, .known = DROPLET_KNOWS_ACCOUNT};
	const struct droplet *is = &unknown;
	size_t n;
	const struct droplet *all = ocean_snapshot_all(turn->snapshot, &n);

	for (size_t i = 0; snapshots != NULL && i < snapshots->n_things; i++) {
		if (snapshots->saved[i].id == image_id) {
			unknown.id = snapshots->saved[i].droplet_id;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (unknown.id != 0 && all[i].id == unknown.id &&
		    strcmp(all[i].account, account) == 0) {
			is = &all[i];
		}
	}
	return gate_allows(turn->app->gate, &turn->who, VERB_DROPLET_SHOW, is);
}

/* ---- rebuild --------------------------------------------------------------------------------- */

static uint64_t number_of(const char *word)
{
	return strspn(word, "0123456789") == strlen(word) ? strtoull(word, NULL, 10) : 0;
}

static void no_image(struct turn *turn)
{
	turn->facts.lacking = turn->targets.droplets[0];
	turn->facts.lack =
		arena_printf(&turn->arena, "There is no image %s.", turn->parse.args.image);
}

bool image_ask(struct turn *turn)
{
	struct facts *facts = &turn->facts;
	const struct droplet *droplet = turn->targets.droplets[0];
	struct ocean_call call = {.verb = OCEAN_IMAGE,
				  .image_id = number_of(turn->parse.args.image)};

	if (call.image_id == 0 || facts->lack != NULL || facts->err.kind != ERR_NONE) {
		return false;
	}
	if (facts->at == 1 && facts->image.is_backup) {
		call = (struct ocean_call){.verb = OCEAN_DROPLET_BACKUPS,
					   .droplet_id = droplet->id};
	} else if (facts->at == 1 && facts->image.is_disk) {
		call = (struct ocean_call){.verb = OCEAN_SNAPSHOTS};
	} else if (facts->at > 0) {
		return false;
	}
	return facts_ask(turn, droplet->account, &call);
}

static bool is_among(uint64_t id, const struct ocean_call *saved)
{
	for (size_t i = 0; i < saved->n_things; i++) {
		if (saved->saved[i].id == id) {
			return true;
		}
	}
	return false;
}

void image_took(struct turn *turn, const struct ocean_call *call, const struct err *err)
{
	struct facts *facts = &turn->facts;
	const char *account = turn->targets.droplets[0]->account;
	uint64_t id = number_of(turn->parse.args.image);

	if (err != NULL && call->verb == OCEAN_IMAGE && err->kind == ERR_NOTFOUND) {
		no_image(turn);
	} else if (err != NULL) {
		err_copy(&facts->err, err);
	} else if (call->verb == OCEAN_IMAGE && call->n_things != 1) {
		no_image(turn);
	} else if (call->verb == OCEAN_IMAGE) {
		facts->image.is_disk = image_is_disk(&call->image_list[0]);
		facts->image.is_backup = is_type(&call->image_list[0], "backup");
	} else if (call->verb == OCEAN_DROPLET_BACKUPS) {
		if (!is_among(id, call) && !image_may(turn, account, id, NULL)) {
			no_image(turn);
		}
	} else if (!image_may(turn, account, id, call)) {
		no_image(turn);
	}
}

bool image_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn)
{
	const struct facts *facts = &turn->facts;
	uint64_t id = turn->targets.droplets[0]->id;

	if (facts->err.kind != ERR_NONE) {
		turn_refused(turn, id, decision,
			     "nothing ran: whose disk that image is is not known", txn);
		turn_say(turn, true, words_failed(&turn->arena, true, true, &facts->err, false));
		return true;
	}
	if (facts->lack != NULL) {
		turn_refused(turn, id, decision, "nothing ran: there is no such image", txn);
		turn_say(turn, true,
			 words_impossible(&turn->arena, turn->app->buttons, facts->lack, NULL,
					  NULL));
		return true;
	}
	return false;
}
