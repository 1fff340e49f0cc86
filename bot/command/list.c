/* list.c - `list`: plain lines for a client, a table for the team; both fit a phone */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/names.h"
#include "chat/text.h"
#include "command/answers.h"

#define ROWS_MAX 50

static const struct {
	const char *prefix;
	const char *name;
} regions[] = {
	{"ams", "Amsterdam"}, {"atl", "Atlanta"},  {"blr", "Bangalore"}, {"fra", "Frankfurt"},
	{"lon", "London"},    {"nyc", "New York"}, {"ric", "Richmond"},  {"sfo", "San Francisco"},
	{"sgp", "Singapore"}, {"syd", "Sydney"},   {"tor", "Toronto"},
};

const char *answer_region_name(const char *slug)
{
	if (slug == NULL) {
		return "";
	}
	for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
		if (strncmp(slug, regions[i].prefix, strlen(regions[i].prefix)) == 0) {
			return regions[i].name;
		}
	}
	return slug;
}

const char *answer_status_word(enum droplet_status status)
{
	switch (status) {
	case DROPLET_UNKNOWN:
		return "unknown";
	case DROPLET_NEW:
		return "new";
	case DROPLET_ACTIVE:
		return "on";
	case DROPLET_OFF:
		return "off";
	case DROPLET_ARCHIVE:
		return "archived";
	}
	return "unknown";
}

static const char *name_of(const struct droplet *droplet)
{
	return droplet->name != NULL ? droplet->name : "(no name)";
}

/* How many of all droplets have each name of these few: one walk over all, however many there are. */
static void count_names(const struct command_call *call, const struct droplet *const *some,
			size_t n, struct map *counts)
{
	unsigned *all = arena_array(call->arena, n + 1, sizeof(*all));

	map_init(counts);
	for (size_t i = 0; i < n; i++) {
		if (some[i]->name != NULL) {
			(void)map_put(counts, some[i]->name, &all[i]);
		}
	}
	for (size_t i = 0; i < call->n_droplets; i++) {
		const char *name = call->droplets[i]->name;
		unsigned *count = name != NULL ? map_get(counts, name) : NULL;

		if (count != NULL) {
			(*count)++;
		}
	}
}

/* The names, each with its id where two droplets share it. */
static const char *const *labels_of(const struct command_call *call,
				    const struct droplet *const *some, size_t n)
{
	const char **labels = arena_array(call->arena, n + 1, sizeof(*labels));
	struct map counts;

	count_names(call, some, n, &counts);
	for (size_t i = 0; i < n; i++) {
		const unsigned *count =
			some[i]->name != NULL ? map_get(&counts, some[i]->name) : NULL;

		labels[i] = name_of(some[i]);
		if (some[i]->id != 0 && count != NULL && *count > 1) {
			labels[i] = arena_printf(call->arena, "%s #%llu", labels[i],
						 (unsigned long long)some[i]->id);
		}
	}
	map_done(&counts, NULL);
	return labels;
}

static const char *join_tags(const struct command_call *call, const struct droplet *droplet)
{
	const char *text = "";

	for (size_t i = 0; i < droplet->n_tags && i < 8; i++) {
		text = arena_printf(call->arena, "%s%s%s", text, i > 0 ? " " : "",
				    droplet->tags[i]);
	}
	return text;
}

#define NAME_COLUMNS_MAX 24

/* Names take as many columns as the longest, so that the states stand below each other. */
static unsigned name_columns(const char *const *labels, size_t n)
{
	unsigned most = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned has = text_columns(labels[i]);

		most = has > most && has <= NAME_COLUMNS_MAX ? has : most;
	}
	return most;
}

static const char *padded(const char *name, unsigned columns, struct arena *arena)
{
	unsigned has = text_columns(name);

	return arena_printf(arena, "%s%*s", name, has < columns ? (int)(columns - has) : 0, "");
}

/* name: as wide as all of them */
static void plain_line(const struct droplet *droplet, const char *name, struct build *build)
{
	const char *region = answer_region_name(droplet->region);
	const char *status =
		droplet->status != DROPLET_UNKNOWN ? answer_status_word(droplet->status) : "";
	const char *dot = droplet->status == DROPLET_ACTIVE ? "●" : "○";

	build_line(build, "%s %s  %s%s%s", dot, name, status,
		   *status != '\0' && *region != '\0' ? ", " : "", region);
}

#define COLUMNS 6

static void table_cells(const struct command_call *call, const struct droplet *droplet,
			const char *name, const char *cells[COLUMNS])
{
	cells[0] = name;
	cells[1] = answer_status_word(droplet->status);
	if (droplet->locked) {
		cells[1] = arena_printf(call->arena, "%s, busy", cells[1]);
	}
	cells[2] = droplet->region != NULL ? droplet->region : "";
	cells[3] = droplet->ip != NULL ? droplet->ip : "";
	cells[4] = droplet->size != NULL ? droplet->size : "";
	cells[5] = join_tags(call, droplet);
}

/* A column that this channel may not see, or that nobody fills, is not there at all. */
static void table(const struct command_call *call, const struct droplet *const *some,
		  const char *const *labels, size_t n, struct build *build)
{
	static const struct column columns[COLUMNS] = {
		{"name", 0, false},    {"state", 0, false}, {"region", 1, false},
		{"address", 2, false}, {"size", 3, false},  {"tags", 4, false},
	};
	struct column used[COLUMNS];
	size_t at[COLUMNS];
	size_t n_used = 0;
	const char **cells = arena_array(call->arena, n * COLUMNS + 1, sizeof(*cells));

	for (size_t i = 0; i < n; i++) {
		table_cells(call, some[i], labels[i], &cells[i * COLUMNS]);
	}
	for (size_t c = 0; c < COLUMNS; c++) {
		size_t i = 0;

		while (i < n && *cells[i * COLUMNS + c] == '\0') {
			i++;
		}
		if (i < n) {
			used[n_used] = columns[c];
			at[n_used++] = c;
		}
	}
	build_table(build, used, n_used);
	for (size_t i = 0; i < n; i++) {
		const char *row[COLUMNS];

		for (size_t k = 0; k < n_used; k++) {
			row[k] = cells[i * COLUMNS + at[k]];
		}
		build_row(build, row);
	}
}

static void headline(const struct command_call *call, size_t n, struct build *build)
{
	const char *noun = n == 1 ? "droplet" : "droplets";

	if (gate_person(call->gate, call->who) == NULL) {
		build_line(build, "*Your %zu %s*", n, n == 1 ? "server" : "servers");
	} else if (call->n_words > 0) {
		build_line(build, "*%zu of %zu %s*", n, call->n_droplets,
			   call->n_droplets == 1 ? "droplet" : "droplets");
	} else {
		build_line(build, "*%zu %s*", n, noun);
	}
}

/* "list web" where there are web-1 and web-2. */
static void suggest(const struct command_call *call, struct command_filter *filter,
		    struct build *build)
{
	const char *glob = filter->name != NULL && call->n_words == 1
				   ? arena_printf(call->arena, "*%s*", filter->name)
				   : NULL;
	const char *text;

	if (glob == NULL || strchr(filter->name, '*') != NULL) {
		return;
	}
	filter->name = glob;
	for (size_t i = 0; i < call->n_droplets; i++) {
		if (command_filter_fits(filter, call->droplets[i])) {
			text = arena_printf(call->arena, "list %s", glob);
			build_line(build, "Did you mean `%s`?", text);
			build_button(build, call->say_button(text, call->say_data), text,
				     BUTTON_MAIN);
			return;
		}
	}
}

void answer_list(const struct command_call *call, struct build *build)
{
	bool client = gate_person(call->gate, call->who) == NULL;
	const struct droplet **some = arena_array(call->arena, call->n_droplets + 1, sizeof(*some));
	struct command_filter filter = {0};
	const char *const *labels;
	unsigned columns;
	size_t n_shown, n = 0;

	(void)command_filter_parse(call->words, call->n_words, &filter, NULL);
	for (size_t i = 0; i < call->n_droplets; i++) {
		if (command_filter_fits(&filter, call->droplets[i])) {
			some[n++] = call->droplets[i];
		}
	}
	if (n == 0 && call->n_words > 0) {
		build_line(build, "No droplet here fits that.");
		suggest(call, &filter, build);
		return;
	}
	if (n == 0) {
		build_line(build, "No droplet here that you may see.");
		return;
	}
	headline(call, n, build);
	n_shown = n < ROWS_MAX ? n : ROWS_MAX;
	labels = labels_of(call, some, n_shown);
	if (client) {
		columns = name_columns(labels, n_shown);
		for (size_t i = 0; i < n_shown; i++) {
			plain_line(some[i], padded(labels[i], columns, call->arena), build);
		}
	} else {
		table(call, some, labels, n_shown, build);
	}
	if (n > ROWS_MAX) {
		build_line(build, "and %zu more: narrow it with `list web-*`, `list tag:prod`",
			   n - ROWS_MAX);
	} else if (client && some[0]->name != NULL) {
		build_line(build, "More: `status %s`", some[0]->name);
	}
}
