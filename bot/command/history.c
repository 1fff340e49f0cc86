/* history.c - `history NAME`: what DigitalOcean did to a droplet of late, whoever asked for it */
#include <string.h>

#include "base/clock.h"
#include "command/answers.h"

#define SHOWN_MOST 10

/* "power_cycle" -> "power cycle" */
static const char *type_words(struct arena *arena, const char *type)
{
	char *words = arena_strdup(arena, type);

	for (char *at = words; (at = strchr(at, '_')) != NULL;) {
		*at = ' ';
	}
	return words;
}

static const char *how_it_ended(struct arena *arena, const struct ocean_action *action)
{
	int64_t took_ms = action->completed_ms - action->started_ms;

	switch (action->status) {
	case OCEAN_IN_PROGRESS:
		return "running";
	case OCEAN_ERRORED:
		return "failed";
	case OCEAN_COMPLETED:
		break;
	}
	return action->completed_ms == 0 || action->started_ms == 0 || took_ms < 0
		       ? "done"
		       : arena_printf(arena, "%lld s", (long long)(took_ms / 1000));
}

void answer_history(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"what", 0, false}, {"when", 0, false}, {"took", 0, true}, {"id", 1, true}};
	const struct ocean_call *came = call->fetched->call;
	const char *name = call->droplets[0]->name;

	name = name != NULL ? name : "This droplet";
	if (came->n_actions == 0) {
		build_line(build, "*%s*: nothing was done to it yet.", name);
		return;
	}
	build_line(build, "*%s*: the latest of what was done", name);
	build_table(build, columns, 4);
	for (size_t i = 0; i < came->n_actions && i < SHOWN_MOST; i++) {
		const struct ocean_action *action = &came->actions[i];
		char ago[CLOCK_AGO_SIZE];
		const char *const cells[] = {
			type_words(call->arena, action->type),
			action->started_ms == 0
				? ""
				: clock_ago(call->fetched->now_ms - action->started_ms, ago,
					    sizeof(ago)),
			how_it_ended(call->arena, action),
			arena_printf(call->arena, "%llu", (unsigned long long)action->id),
		};

		build_row(build, cells);
	}
}
