/* saved.c - `snapshots NAME` and `backups NAME`: what of a droplet is kept, and can be restored or built anew from */
#include "base/clock.h"
#include "command/answers.h"

#define ROWS_MOST 20

static const char *size(struct arena *arena, unsigned mb)
{
	return mb >= 1024 ? arena_printf(arena, "%u.%u GB", mb / 1024, mb % 1024 * 10 / 1024)
			  : arena_printf(arena, "%u MB", mb);
}

/* What clients may see too, so without ids where the channel shows none (`show: [id]`). */
static void add_table(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"name", 0, false}, {"when", 0, false}, {"size", 1, true}, {"id", 0, true}};
	const struct ocean_call *came = call->fetched->call;
	size_t n_columns = gate_shows(call->gate, call->who, "id") ? 4 : 3;

	build_table(build, columns, n_columns);
	for (size_t i = 0; i < came->n_things && i < ROWS_MOST; i++) {
		const struct ocean_saved *saved = &came->saved[i];
		char ago[CLOCK_AGO_SIZE];
		int64_t made_ms = 0;
		const char *cells[4] = {
			saved->name != NULL ? saved->name : "",
			saved->created == NULL || clock_parse(saved->created, &made_ms) < 0
				? ""
				: clock_ago(call->fetched->now_ms - made_ms, ago, sizeof(ago)),
			size(call->arena, saved->size_mb),
			saved->id_text,
		};

		build_row(build, cells);
	}
	if (came->n_things > ROWS_MOST) {
		build_line(build, "and %zu more", came->n_things - ROWS_MOST);
	}
}

static void answer_saved(const struct command_call *call, struct build *build, const char *one,
			 const char *many)
{
	size_t n = call->fetched->call->n_things;
	const char *name =
		call->droplets[0]->name != NULL ? call->droplets[0]->name : "This droplet";

	if (n == 0) {
		build_line(build, "*%s* has no %s.", name, many);
	} else {
		build_line(build, "*%s* has %zu %s.", name, n, n == 1 ? one : many);
		add_table(call, build);
	}
}

void answer_snapshots(const struct command_call *call, struct build *build)
{
	answer_saved(call, build, "snapshot", "snapshots");
}

void answer_backups(const struct command_call *call, struct build *build)
{
	answer_saved(call, build, "backup", "backups");
}
