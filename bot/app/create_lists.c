/* create_lists.c - what each of DigitalOcean's lists says to the words of a droplet that is to be made: a number, a UUID, or that it is not there */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/create_parts.h"
#include "app/image.h"

/* The one that was asked for, or the one that everything goes into. */
void create_take_projects(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	const struct ocean_project *is = NULL;
	size_t n = 0;

	create_begin_near(turn);
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_project *one = &call->projects[i];
		bool fits = args->project[0] == '\0'
				    ? one->is_default
				    : strcasecmp(one->id, args->project) == 0 ||
					      create_is_called(one->name, args->project);

		n += fits;
		is = fits ? one : is;
		create_near(turn, one->name, args->project);
	}
	if (n == 1 && is->name != NULL && job_args_set_project(args, is->id, is->name) == 0) {
		return;
	}
	if (args->project[0] == '\0') {
		return; /* not known: the worst case */
	}
	create_lacks(turn, n == 0 ? ARG_PROJECT : ARG_NONE,
		     n == 0  ? arena_printf(&turn->arena, "There is no project %s.", args->project)
		     : n > 1 ? arena_printf(&turn->arena,
					    "%zu projects are called %s: say the UUID.", n,
					    args->project)
			     : "That project cannot be named here.");
}

void create_take_sizes(struct turn *turn, const struct ocean_call *call)
{
	prices_keep(&create_account(turn)->prices, call->sizes, call->n_things);
}

static void take_image(struct turn *turn, const struct ocean_image *image)
{
	const struct job_args *args = &turn->parse.args;
	const struct ocean_size *size = prices_find(&create_account(turn)->prices, args->size);

	turn->facts.found = true;
	turn->facts.create.source_of = image_is_disk(image) ? image->id : 0;
	if (turn->facts.create.source_of != 0) {
		return; /* nothing is told of it before it is known who may see it */
	}
	if (image->regions.n > 0 && !create_is_in(&image->regions, args->region)) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena, "%s is not to be had in %s.", args->image,
					  args->region));
	} else if (size != NULL && size->disk_gb > 0 && size->disk_gb < image->min_disk_gb) {
		create_lacks(
			turn, ARG_NONE,
			arena_printf(&turn->arena, "%s needs a disk of %u GB, and %s has %u GB.",
				     args->image, image->min_disk_gb, args->size, size->disk_gb));
	}
}

void create_take_image_one(struct turn *turn, const struct ocean_call *call)
{
	if (call->n_things > 0) {
		take_image(turn, &call->image_list[0]);
	} else {
		create_no_image(turn);
	}
}

/* By slug; of our own, which have none, by name. */
void create_take_images(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	bool own = call->images == OCEAN_IMAGES_OWN;
	/* names of our own are told to who may list them */
	bool lists = gate_could(turn->app->gate, &turn->who, VERB_IMAGE_LIST);
	const struct ocean_image *is = NULL;
	size_t n = 0;

	if (call->images == OCEAN_IMAGES_DISTRIBUTIONS) {
		create_begin_near(turn);
	}
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_image *one = &call->image_list[i];
		const char *word = own ? one->name : one->slug;

		if (!own || lists) {
			create_near(turn, word, args->image);
		}
		if (create_is_called(word, args->image)) {
			is = one;
			n++;
		}
	}
	if (n > 1 && own && !lists) {
		create_no_image(turn);
	} else if (n > 1 && own) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena, "%zu images are called %s: say the id.", n,
					  args->image));
	} else if (is != NULL) {
		take_image(turn, is);
		if (own) {
			turn->facts.create.image_word = arena_strdup(&turn->arena, args->image);
			(void)snprintf(args->image, sizeof(args->image), "%llu",
				       (unsigned long long)is->id);
		}
	} else if (own) {
		create_no_image(turn);
	}
}

/* Its data would be in the new droplet. */
void create_take_source(struct turn *turn, const struct ocean_call *call)
{
	if (!image_may(turn, create_account(turn)->ocean->name, turn->facts.create.source_of,
		       call)) {
		create_begin_near(turn);
		create_no_image(turn);
	}
}

/* One word to one key; 0: none, or it was said why not. */
static uint64_t key_of(struct turn *turn, const struct ocean_call *call, const char *word)
{
	uint64_t id = 0;
	size_t n = 0;

	create_begin_near(turn);
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_key *key = &call->keys[i];
		char number[24];

		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)key->id);
		if (strcmp(number, word) == 0 || create_is_called(key->name, word) ||
		    (key->fingerprint != NULL && strcasecmp(key->fingerprint, word) == 0)) {
			id = key->id;
			n++;
		}
		create_near(turn, key->name, word);
	}
	if (n > 1) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena, "%zu SSH keys are called %s: say the id.",
					  n, word));
	} else if (n == 0) {
		turn->facts.create.meant_for = word;
		create_lacks(turn, ARG_KEYS,
			     arena_printf(&turn->arena, "There is no SSH key %s.", word));
	}
	return n == 1 ? id : 0;
}

void create_take_keys(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	size_t n;
	const char *const *words = job_args_list(args->keys, &turn->arena, &n);
	const char *ids = "";

	for (size_t i = 0; i < n && turn->facts.lack == NULL; i++) {
		const char *id = arena_printf(&turn->arena, "%llu",
					      (unsigned long long)key_of(turn, call, words[i]));
		bool again = false;

		for (size_t k = 0; k < i && turn->facts.lack == NULL; k++) {
			again = again || strcasecmp(words[k], words[i]) == 0;
		}
		ids = again ? ids
			    : arena_printf(&turn->arena, "%s%s%s", ids, *ids != '\0' ? "," : "",
					   id);
	}
	if (turn->facts.lack == NULL) {
		struct err twice = {0};

		if (job_arg_set(args, ARG_KEY_IDS, ids, &twice) < 0) { /* two words, one key */
			create_lacks(turn, ARG_NONE, "Two of these SSH keys are one.");
		}
	}
}

void create_take_vpcs(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	const struct ocean_vpc *is = NULL;
	struct err err = {0};
	size_t n = 0;

	create_begin_near(turn);
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_vpc *one = &call->vpcs[i];

		if (strcasecmp(one->id, args->vpc) == 0 || create_is_called(one->name, args->vpc)) {
			is = one;
			n++;
		}
		create_near(turn, one->name, args->vpc);
	}
	if (n == 0) {
		create_lacks(turn, ARG_VPC,
			     arena_printf(&turn->arena, "There is no VPC %s.", args->vpc));
	} else if (n > 1) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena, "%zu VPCs are called %s: say the UUID.", n,
					  args->vpc));
	} else if (is->region != NULL && strcmp(is->region, args->region) != 0) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena, "VPC %s is in %s, not in %s.", args->vpc,
					  is->region, args->region));
	} else {
		(void)job_arg_set(args, ARG_VPC_ID, is->id, &err);
	}
}

void create_take_account(struct turn *turn, const struct ocean_call *call)
{
	size_t n, has = 0;
	const struct droplet *all = ocean_snapshot_all(turn->snapshot, &n);
	const char *name = create_account(turn)->ocean->name;
	unsigned limit = call->account != NULL ? call->account->droplet_limit : 0;

	for (size_t i = 0; i < n; i++) {
		has += all[i].account != NULL && strcmp(all[i].account, name) == 0;
	}
	if (limit > 0 && has + turn->targets.n > limit) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena,
					  "The account has %zu droplet%s, and may have %u. "
					  "DigitalOcean raises that limit when asked.",
					  has, has == 1 ? "" : "s", limit));
	}
}
