/* projects.c - the walk over an account's projects: their list, then what is in each, one after the other
 *
 * Happy path: OCEAN_PROJECTS, OCEAN_PROJECT_RESOURCES of each, and what was found is given to whoever began it.
 * Failure modes: a call fails, the account has too many projects, or the time is over: the walk fails as a whole; it is
 * canceled: the call under way is, and the walk ends alone.
 */
#include "ocean/projects.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "ocean/ids.h"

struct projects {
	unsigned refs;
	int64_t began_ms; /* monotonic */
	struct arena arena;
	struct project_name *list;
	size_t n;
	struct ids ids; /* droplet -> number of its place */
	size_t *places; /* number of its project; of one that was met in two: n, which none has */
	size_t n_places;
};

struct projects_walk {
	struct ocean_call call;
	struct ocean *ocean;
	struct timer timer;
	struct projects *projects;
	size_t at;
	bool late;
	void (*done)(void *data, struct projects *, const struct err *); /* NULL: canceled */
	void *data;
};

struct projects *projects_ref(struct projects *projects)
{
	projects->refs++;
	return projects;
}

void projects_unref(struct projects *projects)
{
	if (projects == NULL || --projects->refs > 0) {
		return;
	}
	arena_done(&projects->arena);
	ids_done(&projects->ids);
	free(projects->places);
	free(projects);
}

int64_t projects_age_ms(const struct projects *projects)
{
	return clock_mono_ms() - projects->began_ms;
}

const struct project_name *projects_of(const struct projects *projects, uint64_t droplet_id)
{
	size_t at = 0;

	if (droplet_id == 0 || !ids_get(&projects->ids, droplet_id, &at) ||
	    projects->places[at] == projects->n) {
		return NULL;
	}
	return &projects->list[projects->places[at]];
}

static void end(struct projects_walk *walk, const struct err *err)
{
	timer_stop(&walk->timer);
	if (walk->done != NULL) {
		walk->done(walk->data, err == NULL ? projects_ref(walk->projects) : NULL, err);
	}
	projects_unref(walk->projects);
	free(walk);
}

static int take_list(struct projects_walk *walk, struct err *err)
{
	struct projects *projects = walk->projects;
	const struct ocean_call *call = &walk->call;

	if (call->n_things > OCEAN_PROJECTS_MAX) {
		return err_set(err, ERR_LIMIT, "the account has %zu projects, more than %d",
			       call->n_things, OCEAN_PROJECTS_MAX);
	}
	projects->list = arena_array(&projects->arena, call->n_things + 1, sizeof(*projects->list));
	for (size_t i = 0; i < call->n_things; i++) {
		projects->list[i].id = arena_strdup(&projects->arena, call->projects[i].id);
		projects->list[i].name = arena_strdup(&projects->arena, call->projects[i].name);
	}
	projects->n = call->n_things;
	return 0;
}

static void take_resources(struct projects_walk *walk)
{
	struct projects *projects = walk->projects;
	const struct ocean_call *call = &walk->call;

	for (size_t i = 0; i < call->n_things; i++) {
		uint64_t id = call->resources[i].droplet_id;
		size_t at = 0;

		if (id == 0) {
			continue;
		}
		if (ids_put(&projects->ids, id, projects->n_places)) {
			projects->places =
				mem_grow(projects->places, projects->n_places + 1, sizeof(size_t));
			projects->places[projects->n_places++] = walk->at;
		} else if (ids_get(&projects->ids, id, &at) && projects->places[at] != walk->at) {
			projects->places[at] = projects->n;
		}
	}
}

static void came(struct ocean_call *call, const struct err *err);

static void ask(struct projects_walk *walk, enum ocean_verb verb, const char *key)
{
	bool interactive = walk->call.interactive;

	memset(&walk->call, 0, sizeof(walk->call));
	walk->call.verb = verb;
	walk->call.key = key;
	walk->call.max_tier = TIER_READ; /* it never needs more, whoever asks */
	walk->call.interactive = interactive;
	walk->call.done = came;
	walk->call.data = walk;
	ocean_start(walk->ocean, &walk->call);
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct projects_walk *walk = call->data;
	struct err own = {0};

	if (walk->late) {
		(void)err_set(&own, ERR_TIMEOUT,
			      "looking which droplet is in which project took "
			      "longer than %d s",
			      OCEAN_WALK_MS / 1000);
		err = &own;
	} else if (err == NULL && walk->projects->list == NULL) {
		err = take_list(walk, &own) < 0 ? &own : NULL;
	} else if (err == NULL) {
		take_resources(walk);
		walk->at++;
	}
	if (err != NULL || walk->done == NULL || walk->at == walk->projects->n) {
		end(walk, err);
		return;
	}
	ask(walk, OCEAN_PROJECT_RESOURCES, walk->projects->list[walk->at].id);
}

static void on_late(struct timer *timer)
{
	struct projects_walk *walk = timer->data;

	walk->late = true;
	ocean_cancel(walk->ocean, &walk->call);
}

struct projects_walk *projects_walk(struct loop *loop, struct ocean *ocean, bool interactive,
				    void (*done)(void *data, struct projects *, const struct err *),
				    void *data)
{
	struct projects_walk *walk = mem_alloc(sizeof(*walk));

	walk->ocean = ocean;
	walk->projects = mem_alloc(sizeof(*walk->projects));
	walk->projects->refs = 1;
	walk->projects->began_ms = clock_mono_ms();
	arena_init(&walk->projects->arena);
	walk->done = done;
	walk->data = data;
	walk->call.interactive = interactive;
	timer_init(&walk->timer, loop, on_late, walk);
	timer_start(&walk->timer, OCEAN_WALK_MS);
	ask(walk, OCEAN_PROJECTS, NULL);
	return walk;
}

void projects_walk_cancel(struct projects_walk *walk)
{
	if (walk != NULL) {
		walk->done = NULL;
		timer_stop(&walk->timer);
		ocean_cancel(walk->ocean, &walk->call);
	}
}
