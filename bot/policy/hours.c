/* hours.c - section hours: windows of time in named zones */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define HOURS_MAX 200
#define ZONES_MAX 64
#define MONDAY_SHIFT 3 /* 1970-01-01 was a Thursday */

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const char *const hours_keys[] = {"days", "from", "to", "zone"};
const struct key_table keys_of_hours = {hours_keys, ARRAY_LEN(hours_keys)};

const char *hours_day(unsigned day)
{
	return day_names[day];
}

const struct zone *compile_zone(struct compiler *c, const struct yaml_node *node,
				const struct yaml_node *owner)
{
	const char *text;
	const char *why = "";
	const struct zone *zone;

	if (node == NULL) {
		report_error(c->report, "E005", owner,
			     "\"zone\" is missing, as in zone: Europe/Madrid");
		return NULL;
	}
	text = walk_text(c, node, "a time zone");
	for (unsigned i = 0; text != NULL && i < c->n_zones; i++) {
		if (strcmp(c->zones[i]->name, text) == 0) {
			return c->zones[i];
		}
	}
	if (text == NULL) {
		return NULL;
	}
	if (c->zones == NULL) {
		c->zones = arena_array(c->scratch, ZONES_MAX, sizeof(*c->zones));
	}
	if (c->n_zones == ZONES_MAX) {
		report_error(c->report, "E010", node, "more than %d time zones", ZONES_MAX);
		return NULL;
	}
	zone = zone_load(c->arena, text, &why);
	if (zone == NULL) {
		report_error(c->report, "E055", node, "no time zone \"%.60s\": %s", text, why);
		return NULL;
	}
	c->zones[c->n_zones++] = zone;
	return zone;
}

bool compile_wall(struct compiler *c, const struct yaml_node *map, const char *key,
		  const struct yaml_node *owner, int64_t *ret_wall)
{
	const struct yaml_node *node = yaml_get(map, key);
	const char *text;
	const char *rest;

	if (node == NULL) {
		report_error(c->report, "E005", owner, "\"%s\" is missing", key);
		return false;
	}
	text = walk_text(c, node, "a time");
	if (text == NULL) {
		return false;
	}
	if (!times_wall(text, ret_wall, &rest) || *rest != '\0') {
		report_error(c->report, "E055", node,
			     "a day and a time are written \"2026-01-05 09:00\", not \"%.60s\"",
			     text);
		return false;
	}
	return true;
}

static unsigned day_number(const char *text, size_t len)
{
	unsigned i = 0;

	while (i < ARRAY_LEN(day_names) &&
	       (strlen(day_names[i]) != len || strncmp(day_names[i], text, len) != 0)) {
		i++;
	}
	return i;
}

/* "mon", "mon-fri", "sat-mon". */
static unsigned compile_days_word(struct compiler *c, const struct yaml_node *node)
{
	const char *text = walk_text(c, node, "a day");
	const char *dash = text != NULL ? strchr(text, '-') : NULL;
	unsigned days = 0;
	unsigned first;
	unsigned last;

	if (text == NULL) {
		return 0;
	}
	first = day_number(text, dash != NULL ? (size_t)(dash - text) : strlen(text));
	last = dash != NULL ? day_number(dash + 1, strlen(dash + 1)) : first;
	if (first == ARRAY_LEN(day_names) || last == ARRAY_LEN(day_names)) {
		report_error(c->report, "E055", node,
			     "days are written mon, tue, wed, thu, fri, sat, sun or mon-fri, not "
			     "\"%.60s\"",
			     text);
		return 0;
	}
	for (unsigned d = first; d != last; d = (d + 1) % 7) {
		days |= 1U << d;
	}
	return days | 1U << last;
}

static bool compile_minute(struct compiler *c, const struct yaml_node *map, const char *key,
			   const struct yaml_node *owner, unsigned *ret_minute)
{
	const struct yaml_node *node = yaml_get(map, key);
	const char *text = node != NULL ? walk_text(c, node, "a time of the day") : NULL;

	if (node == NULL) {
		report_error(c->report, "E005", owner,
			     "\"%s\" is missing (a whole day is from \"00:00\" to \"24:00\")", key);
		return false;
	}
	if (text == NULL) {
		return false;
	}
	if (!times_minute(text, ret_minute)) {
		report_error(c->report, "E055", node,
			     "a time of the day is written \"09:00\", not \"%.60s\"", text);
		return false;
	}
	return true;
}

static void compile_weekly(struct compiler *c, const struct yaml_node *node,
			   const struct named *named, struct hours *hours)
{
	const struct yaml_node *days = yaml_get(node, "days");
	struct items items;

	hours->weekly = true;
	if (walk_items(c, days, "days", false, &items)) {
		for (size_t i = 0; i < items.n; i++) {
			hours->days |= compile_days_word(c, item(&items, i));
		}
	}
	if (!compile_minute(c, node, "from", named->at, &hours->from) ||
	    !compile_minute(c, node, "to", named->at, &hours->to)) {
		return;
	}
	if (hours->from == hours->to || hours->from == 1440) {
		report_error(c->report, "E055", yaml_get(node, "to"),
			     "this window is empty; a whole day is from \"00:00\" to \"24:00\"");
	}
}

/* At both ends the clock may show the time twice or never: then the window surely begins late and may begin early. */
static void compile_once(struct compiler *c, const struct yaml_node *node,
			 const struct named *named, struct hours *hours)
{
	int64_t from;
	int64_t to;
	bool gap;

	if (!compile_wall(c, node, "from", named->at, &from) ||
	    !compile_wall(c, node, "to", named->at, &to) || hours->zone == NULL) {
		return;
	}
	if (from >= to) {
		report_error(c->report, "E055", yaml_get(node, "to"),
			     "this window is empty: it ends before it begins");
		return;
	}
	zone_instants(hours->zone, from, &hours->maybe_from, &hours->surely_from, &gap);
	if (gap) {
		hours->surely_from = hours->maybe_from; /* all that comes after the jump is later */
	}
	zone_instants(hours->zone, to, &hours->surely_to, &hours->maybe_to, &gap);
}

void compile_hours(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "hours");
	struct policy *p = c->policy;

	walk_names(c, section, "hours", HOURS_MAX, &c->hours);
	p->hours = arena_array(c->arena, c->hours.n, sizeof(*p->hours));
	p->n_hours = c->hours.n;
	for (unsigned i = 0; i < c->hours.n; i++) {
		const struct named *named = &c->hours.list[i];
		const struct yaml_node *node = section->items[i];
		struct hours *hours = &p->hours[i];

		hours->name = arena_strdup(c->arena, named->name);
		if (!walk_keys(c, node, "\"hours\"", hours_keys, ARRAY_LEN(hours_keys))) {
			continue;
		}
		hours->zone = compile_zone(c, yaml_get(node, "zone"), named->at);
		if (yaml_get(node, "days") != NULL) {
			compile_weekly(c, node, named, hours);
		} else {
			compile_once(c, node, named, hours);
		}
	}
}

/* By the minute of wall time; a window that ends the next day belongs to the day on which it begins. */
static bool in_week(const struct hours *hours, int64_t wall)
{
	int64_t day = wall / DAY_S - (wall % DAY_S < 0);
	unsigned second = (unsigned)(wall - day * DAY_S);
	unsigned today = (unsigned)(((day + MONDAY_SHIFT) % 7 + 7) % 7);
	unsigned from = hours->from * 60;
	unsigned to = hours->to * 60;

	if (to > from) {
		return (hours->days >> today & 1) != 0 && second >= from && second < to;
	}
	return ((hours->days >> today & 1) != 0 && second >= from) ||
	       ((hours->days >> (today + 6) % 7 & 1) != 0 && second < to);
}

enum fit hours_fit(const struct hours *hours, int64_t at)
{
	int64_t wall;

	if (!hours->weekly) {
		return at >= hours->surely_from && at < hours->surely_to ? FIT_YES
		       : at >= hours->maybe_from && at < hours->maybe_to ? FIT_UNKNOWN
									 : FIT_NO;
	}
	wall = at + zone_offset(hours->zone, at);
	if (in_week(hours, wall)) {
		return FIT_YES;
	}
	/* the old clock would have shown a time that the wall skipped */
	return in_week(hours, wall - zone_jumped(hours->zone, at)) ? FIT_UNKNOWN : FIT_NO;
}
