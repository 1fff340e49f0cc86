/* image.c - is there that image that a droplet is to be rebuilt from, and whose disk is in it?
 *
 * Happy path: a slug is DigitalOcean's own, and stands in the list of images. A number is looked up: it is of no droplet, or a
 * backup of this one, or a snapshot of one that the asker may see here.
 * Failure modes: a slug that does not stand there: refused before anybody is asked for a reason or an approval, with the one that is
 * like it; the list does not come: DigitalOcean judges it. A number is of a droplet that they may not see, or there is
 * none: the same words; its lists do not come: nothing runs, because whose data it is is not known.
 */
#include "app/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"

#define NEAR_MOST 3 /* letters */

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

/* Of all that the account could take: what is in no list of DigitalOcean's by kind may be there all the same. */
static bool ask_list(struct turn *turn)
{
	const struct ocean_call call = {.verb = OCEAN_IMAGES, .images = OCEAN_IMAGES_ALL};

	if (turn->facts.at == 0) {
		return facts_ask(turn, turn->targets.droplets[0]->account, &call);
	}
	if (!turn->facts.found) {
		no_image(turn);
	}
	return false;
}

bool image_ask(struct turn *turn)
{
	struct facts *facts = &turn->facts;
	const struct droplet *droplet = turn->targets.droplets[0];
	struct ocean_call call = {.verb = OCEAN_IMAGE,
				  .image_id = number_of(turn->parse.args.image)};

	if (facts->lack != NULL || facts->err.kind != ERR_NONE) {
		return false;
	}
	if (call.image_id == 0) {
		return ask_list(turn);
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

static void take_list(struct turn *turn, const struct ocean_call *call)
{
	struct facts *facts = &turn->facts;
	const char *said = turn->parse.args.image;

	for (size_t i = 0; i < call->n_things; i++) {
		const char *slug = call->image_list[i].slug;
		size_t distance = slug != NULL ? names_distance(slug, said, NEAR_MOST) : SIZE_MAX;

		facts->found = facts->found || distance == 0;
		if (distance <= NEAR_MOST &&
		    (facts->image.near == NULL || distance < facts->image.near_distance)) {
			facts->image.near = arena_strdup(&turn->arena, slug);
			facts->image.near_distance = distance;
		}
	}
}

void image_took(struct turn *turn, const struct ocean_call *call, const struct err *err)
{
	struct facts *facts = &turn->facts;
	const char *account = turn->targets.droplets[0]->account;
	uint64_t id = number_of(turn->parse.args.image);

	if (call->verb == OCEAN_IMAGES && err != NULL) {
		facts->found = true; /* whatever it is, DigitalOcean judges it */
	} else if (call->verb == OCEAN_IMAGES) {
		take_list(turn, call);
	} else if (err != NULL && call->verb == OCEAN_IMAGE && err->kind == ERR_NOTFOUND) {
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
		const char *near = facts->image.near;
		/* a number may be of what they may not see: nothing more is said of it */
		const char *said = number_of(turn->parse.args.image) != 0 ? NULL
				   : near != NULL ? turn_said_with(turn, ARG_IMAGE, near)
						  : facts_list(turn, ARG_IMAGE);

		turn_refused(turn, id, decision, "nothing ran: there is no such image", txn);
		turn_say(turn, true,
			 words_impossible(&turn->arena, turn->app->buttons, facts->lack, near,
					  said));
		return true;
	}
	return false;
}
