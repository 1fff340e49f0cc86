/* choices_lists.c - each list that a form offers from: who may see it, how long it is kept, and what stands for a thing of it
 *
 * What stands for a thing is a word that could have been typed: its name ("ana-laptop" for the key "ana laptop"), where the grammar
 * takes that and nothing else in the list has it; else its number or UUID; else it is not offered.
 */
#include "app/choices_lists.h"

#include <string.h>
#include <strings.h>

#include "app/create_parts.h"
#include "base/attr.h"

#define MINUTE_MS 60000
#define VALUE_MAX 75    /* bytes of a choice's value */
#define THINGS_MAX 1000 /* of a list that are looked at */

const struct choices_row choices_rows[CHOICES_LISTS] = {
	[OF_REGIONS] = {FROM_REGIONS, OCEAN_REGIONS, VERB_NONE, false, false, true, 10 * MINUTE_MS},
	[OF_SIZES] = {FROM_SIZES, OCEAN_SIZES, VERB_NONE, false, false, true, 10 * MINUTE_MS},
	[OF_IMAGES] = {FROM_IMAGES, OCEAN_IMAGES, VERB_NONE, false, true, true, 10 * MINUTE_MS},
	[OF_KEYS] = {FROM_KEYS, OCEAN_KEYS, VERB_KEY_LIST, true, true, false, MINUTE_MS},
	[OF_TAGS] = {FROM_TAGS, OCEAN_TAGS, VERB_TAG_LIST, true, true, false, MINUTE_MS},
	[OF_VPCS] = {FROM_VPCS, OCEAN_VPCS, VERB_NONE, true, true, false, MINUTE_MS},
	[OF_PROJECTS] = {FROM_PROJECTS, OCEAN_PROJECTS, VERB_PROJECT_LIST, true, true, false,
			 MINUTE_MS},
};

bool choices_find(enum command_from from, enum choices_of *ret_of)
{
	for (size_t i = 0; i < CHOICES_LISTS; i++) {
		if (choices_rows[i].from == from) {
			*ret_of = (enum choices_of)i;
			return true;
		}
	}
	return false;
}

/* ---- words --------------------------------------------------------------------------------------- */

struct reading {
	struct arena *arena;
	const struct ocean_call *call;
	struct choices_one *all;
	size_t n;
};

static void add(struct reading *to, const char *value, const char *label, const char *region)
{
	if (value != NULL && *value != '\0' && strlen(value) <= VALUE_MAX) {
		to->all[to->n++] =
			(struct choices_one){.choice = {arena_strdup(to->arena, value), label},
					     .region = arena_strdup(to->arena, region)};
	}
}

/* Does the grammar take it for that argument, and for nothing else? */
static bool is_word(enum job_arg arg, const char *word)
{
	struct job_args args = {.disk = false};
	struct err err = {0};

	for (int other = ARG_NONE + 1; other < ARG_COUNT; other++) {
		if (strcasecmp(job_arg_key((enum job_arg)other), word) == 0) {
			return false;
		}
	}
	return strchr(word, ',') == NULL && job_arg_set(&args, arg, word, &err) == 0;
}

static const char *name_at(const struct ocean_call *call, size_t i)
{
	switch (call->verb) {
	case OCEAN_KEYS:
		return call->keys[i].name;
	case OCEAN_VPCS:
		return call->vpcs[i].name;
	case OCEAN_PROJECTS:
		return call->projects[i].name;
	default:
		return NULL;
	}
}

/* Its name, else its id. */
static const char *word_of(const struct reading *to, size_t i, enum job_arg arg, const char *id)
{
	const char *name = name_at(to->call, i);
	char *word = arena_strdup(to->arena, name != NULL ? name : "");
	size_t n = 0;

	for (char *c = word; (c = strchr(c, ' ')) != NULL;) {
		*c = '-';
	}
	for (size_t k = 0; k < to->call->n_things; k++) {
		n += create_is_called(name_at(to->call, k), word);
	}
	return n == 1 && is_word(arg, word) ? word : is_word(arg, id) ? id : NULL;
}

/* ---- lists --------------------------------------------------------------------------------------- */

static void add_region(struct reading *to, size_t i)
{
	const struct ocean_region *region = &to->call->regions[i];

	if (region->available && region->slug != NULL) {
		add(to, region->slug, arena_printf(to->arena, "%s: %s", region->slug, region->name),
		    NULL);
	}
}

static void add_size(struct reading *to, size_t i)
{
	const struct ocean_size *size = &to->call->sizes[i];

	if (size->available && size->slug != NULL) {
		add(to, size->slug,
		    arena_printf(to->arena, "%s: %u CPU, %u MB, %u GB disk", size->slug,
				 size->vcpus, size->memory_mb, size->disk_gb),
		    NULL);
	}
}

static void add_image(struct reading *to, size_t i)
{
	const struct ocean_image *image = &to->call->image_list[i];

	if (image->slug != NULL) { /* else it is said by its number */
		add(to, image->slug,
		    arena_printf(to->arena, "%s: %s %s", image->slug,
				 image->distribution != NULL ? image->distribution : "",
				 image->name != NULL ? image->name : ""),
		    NULL);
	}
}

static void add_key(struct reading *to, size_t i)
{
	const struct ocean_key *key = &to->call->keys[i];
	const char *id = arena_printf(to->arena, "%llu", (unsigned long long)key->id);

	add(to, word_of(to, i, ARG_KEYS, id),
	    arena_printf(to->arena, "%s", key->name != NULL ? key->name : id), NULL);
}

static void add_tag(struct reading *to, size_t i)
{
	const struct ocean_tag *tag = &to->call->tags[i];

	if (tag->name != NULL && is_word(ARG_TAGS, tag->name)) {
		add(to, tag->name, arena_strdup(to->arena, tag->name), NULL);
	}
}

static void add_vpc(struct reading *to, size_t i)
{
	const struct ocean_vpc *vpc = &to->call->vpcs[i];

	add(to, word_of(to, i, ARG_VPC, vpc->id),
	    arena_printf(to->arena, "%s: %s %s", vpc->name != NULL ? vpc->name : vpc->id,
			 vpc->region != NULL ? vpc->region : "",
			 vpc->ip_range != NULL ? vpc->ip_range : ""),
	    vpc->region);
}

static void add_project(struct reading *to, size_t i)
{
	const struct ocean_project *project = &to->call->projects[i];

	add(to, word_of(to, i, ARG_PROJECT, project->id),
	    arena_printf(to->arena, "%s%s", project->name != NULL ? project->name : project->id,
			 project->is_default ? " (the default)" : ""),
	    NULL);
}

size_t choices_read(const struct ocean_call *call, struct arena *arena,
		    const struct choices_one **ret_all)
{
	static void (*const adds[CHOICES_LISTS])(struct reading *, size_t) = {
		[OF_REGIONS] = add_region,  [OF_SIZES] = add_size, [OF_IMAGES] = add_image,
		[OF_KEYS] = add_key,        [OF_TAGS] = add_tag,   [OF_VPCS] = add_vpc,
		[OF_PROJECTS] = add_project};
	struct reading to = {.arena = arena, .call = call};

	to.all = arena_array(arena, call->n_things + 1, sizeof(*to.all));
	for (size_t of = 0; of < CHOICES_LISTS; of++) {
		for (size_t i = 0;
		     choices_rows[of].ocean == call->verb && i < call->n_things && i < THINGS_MAX;
		     i++) {
			adds[of](&to, i);
		}
	}
	*ret_all = to.all;
	return to.n;
}
