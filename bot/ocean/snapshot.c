/* snapshot.c - an immutable list of droplets with an arena of its own, counted by reference */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "ocean/ids.h"
#include "ocean/index_internal.h"
#include "ocean/projects.h"

struct ocean_snapshot {
	unsigned refs;
	int64_t began_ms; /* monotonic */
	struct arena arena;
	struct droplet *droplets;
	size_t n;
	struct ids ids;
	const char *no_projects;     /* why; NULL: they are known, or nobody asked */
	struct ocean_snapshot *base; /* whose droplets and ids these are; NULL: its own */
};

/* Neighbours share many texts: `last` is the copy for the droplet before, `last_from` its original. */
static const char *copy(struct arena *arena, const char *from, const char *last_from,
			const char *last)
{
	return from != NULL && from == last_from ? last : arena_strdup(arena, from);
}

static void copy_tags(struct arena *arena, struct droplet *to, const struct droplet *from)
{
	const char **tags;

	to->tags = NULL;
	if (from->n_tags == 0) {
		return;
	}
	tags = arena_array(arena, from->n_tags, sizeof(*tags));
	for (size_t i = 0; i < from->n_tags; i++) {
		tags[i] = arena_strdup(arena, from->tags[i]);
	}
	to->tags = tags;
}

static void copy_droplet(struct arena *arena, struct droplet *to, const struct droplet *from,
			 bool first)
{
	static const struct droplet none;
	const struct droplet *last = first ? &none : to - 1;
	const struct droplet *last_from = first ? &none : from - 1;

	*to = *from;
	to->account = copy(arena, from->account, last_from->account, last->account);
	to->name = arena_strdup(arena, from->name);
	to->region = copy(arena, from->region, last_from->region, last->region);
	to->size = copy(arena, from->size, last_from->size, last->size);
	to->image = copy(arena, from->image, last_from->image, last->image);
	to->project = copy(arena, from->project, last_from->project, last->project);
	to->project_id = copy(arena, from->project_id, last_from->project_id, last->project_id);
	to->ip = arena_strdup(arena, from->ip);
	to->ip6 = arena_strdup(arena, from->ip6);
	to->ip_private = arena_strdup(arena, from->ip_private);
	to->created = arena_strdup(arena, from->created);
	if (!first && from->n_tags > 0 && from->tags == last_from->tags &&
	    from->n_tags == last_from->n_tags) {
		to->tags = last->tags;
	} else {
		copy_tags(arena, to, from);
	}
}

struct ocean_snapshot *snapshot_began(const struct droplet *droplets, size_t n, int64_t began_ms)
{
	struct ocean_snapshot *snapshot = mem_alloc(sizeof(*snapshot));

	snapshot->refs = 1;
	snapshot->began_ms = began_ms;
	snapshot->droplets = mem_array(n, sizeof(*droplets));
	for (size_t i = 0; i < n; i++) {
		struct droplet *to = &snapshot->droplets[snapshot->n];

		if (droplets[i].id == 0 || !ids_put(&snapshot->ids, droplets[i].id, snapshot->n)) {
			continue;
		}
		copy_droplet(&snapshot->arena, to, &droplets[i], i == 0 || snapshot->n != i);
		snapshot->n++;
	}
	return snapshot;
}

struct ocean_snapshot *snapshot_again(struct ocean_snapshot *base, int64_t began_ms)
{
	struct ocean_snapshot *snapshot = mem_alloc(sizeof(*snapshot));

	snapshot->refs = 1;
	snapshot->began_ms = began_ms;
	snapshot->base = ocean_snapshot_ref(base->base != NULL ? base->base : base);
	snapshot->droplets = base->droplets;
	snapshot->n = base->n;
	snapshot->ids = base->ids;
	return snapshot;
}

void snapshot_projects(struct ocean_snapshot *snapshot, const struct projects *projects,
		       const struct err *why)
{
	const struct project_name *last = NULL, *here;
	struct project_name copied = {0};

	if (projects == NULL) {
		snapshot->no_projects = arena_strdup(&snapshot->arena, why->msg);
		return;
	}
	for (size_t i = 0; i < snapshot->n; i++) {
		struct droplet *droplet = &snapshot->droplets[i];

		here = projects_of(projects, droplet->id);
		if (here == NULL) {
			continue;
		}
		if (here != last) { /* neighbours share it */
			copied.id = arena_strdup(&snapshot->arena, here->id);
			copied.name = arena_strdup(&snapshot->arena, here->name);
			last = here;
		}
		droplet->project = copied.name;
		droplet->project_id = copied.id;
		droplet->known |= DROPLET_KNOWS_PROJECT;
	}
}

const char *ocean_snapshot_no_projects(const struct ocean_snapshot *snapshot)
{
	return snapshot->no_projects;
}

struct ocean_snapshot *ocean_snapshot_new(const struct droplet *droplets, size_t n)
{
	return snapshot_began(droplets, n, clock_mono_ms());
}

struct ocean_snapshot *ocean_snapshot_ref(struct ocean_snapshot *snapshot)
{
	snapshot->refs++;
	return snapshot;
}

void ocean_snapshot_unref(struct ocean_snapshot *snapshot)
{
	if (snapshot == NULL || --snapshot->refs > 0) {
		return;
	}
	if (snapshot->base == NULL) {
		free(snapshot->droplets);
		ids_done(&snapshot->ids);
	}
	ocean_snapshot_unref(snapshot->base);
	arena_done(&snapshot->arena);
	free(snapshot);
}

int64_t ocean_snapshot_age_ms(const struct ocean_snapshot *snapshot)
{
	return clock_mono_ms() - snapshot->began_ms;
}

const struct droplet *ocean_snapshot_all(const struct ocean_snapshot *snapshot, size_t *ret_n)
{
	*ret_n = snapshot->n;
	return snapshot->droplets;
}

const struct droplet *ocean_snapshot_by_id(const struct ocean_snapshot *snapshot, uint64_t id)
{
	size_t at = 0;

	return ids_get(&snapshot->ids, id, &at) ? &snapshot->droplets[at] : NULL;
}
