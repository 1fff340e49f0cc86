/* hours.c - sections hours and oncall: windows of time, and whose turn it is */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define HOURS_MAX 200
#define ROTA_MAX 200
#define COVERS_MAX 200
#define TURN_DAYS_MAX 366
#define ZONES_MAX 64
#define WEEK_MINUTES (7 * 1440)
#define MONDAY_SHIFT 3 /* 1970-01-01 was a Thursday */

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const struct key hours_keys[] = {
	{"days", KEY_NOW}, {"from", KEY_NOW}, {"to", KEY_NOW}, {"zone", KEY_NOW}};
static const struct key rota_keys[] = {{"rota", KEY_NOW},  {"each", KEY_NOW},
				       {"from", KEY_NOW},  {"zone", KEY_NOW},
				       {"cover", KEY_NOW}, {"may_take", KEY_LATER}};
static const struct key cover_keys[] = {{"who", KEY_NOW}, {"from", KEY_NOW}, {"to", KEY_NOW}};

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

/* ---- oncall ------------------------------------------------------------------------------ */

static unsigned compile_turn(struct compiler *c, const struct yaml_node *node)
{
	const char *text = walk_text(c, node, "a person");
	const struct named *person = text != NULL ? names_find(&c->people, text) : NULL;
	struct guess guess = guess_for(text != NULL ? text : "");

	if (person != NULL) {
		return person->number + 1;
	}
	if (text != NULL) {
		guess_names(c, &guess, &c->people);
		report_error(c->report, "E031", node, "no person \"%.60s\"%s", text,
			     guess_text(&guess));
	}
	return 0;
}

static void compile_turns(struct compiler *c, const struct yaml_node *node,
			  const struct named *named, struct rota *rota)
{
	struct items items;
	unsigned *people;

	if (node == NULL) {
		report_error(c->report, "E005", named->at, "\"rota\" is missing: who, in turn");
		return;
	}
	if (!walk_items(c, node, "people", false, &items)) {
		return;
	}
	people = arena_array(c->arena, items.n, sizeof(*people));
	for (size_t i = 0; i < items.n; i++) {
		people[i] = compile_turn(c, item(&items, i));
	}
	rota->people = people;
	rota->n_people = (unsigned)items.n;
}

/* "day", "week", "3 days". */
static void compile_each(struct compiler *c, const struct yaml_node *node,
			 const struct named *named, struct rota *rota)
{
	const char *text = node != NULL ? walk_text(c, node, "how long a turn is") : NULL;
	unsigned days = 0;
	size_t n = 0;

	rota->days = 1;
	if (node == NULL) {
		report_error(c->report, "E005", named->at,
			     "\"each\" is missing: day, week or \"3 days\"");
		return;
	}
	if (text == NULL || strcmp(text, "day") == 0) {
		return;
	}
	if (strcmp(text, "week") == 0) {
		rota->days = 7;
		return;
	}
	for (; text[n] >= '0' && text[n] <= '9' && n < 4; n++) {
		days = days * 10 + (unsigned)(text[n] - '0');
	}
	if (strcmp(text + n, " days") != 0 || days < 1 || days > TURN_DAYS_MAX) {
		report_error(
			c->report, "E058", node,
			"a turn is \"day\", \"week\" or \"3 days\" (at most %d), not \"%.60s\"",
			TURN_DAYS_MAX, text);
		return;
	}
	rota->days = days;
}

static void compile_cover(struct compiler *c, const struct yaml_node *node, const struct rota *rota,
			  struct cover *cover)
{
	const struct yaml_node *who = yaml_get(node, "who");
	int64_t from;
	int64_t to;
	int64_t ignored;
	bool gap;

	cover->line = node->line;
	if (!walk_keys(c, node, "\"cover\"", cover_keys, ARRAY_LEN(cover_keys))) {
		return;
	}
	if (who == NULL) {
		report_error(c->report, "E005", node, "\"who\" is missing: who stands in");
	} else {
		cover->person = compile_turn(c, who);
	}
	if (!compile_wall(c, node, "from", node, &from) ||
	    !compile_wall(c, node, "to", node, &to) || rota->zone == NULL) {
		return;
	}
	if (from >= to) {
		report_error(c->report, "E055", node, "this cover ends before it begins");
		return;
	}
	zone_instants(rota->zone, from, &cover->from, &ignored, &gap);
	zone_instants(rota->zone, to, &cover->to, &ignored, &gap);
}

/* Two at once would be two people on call. */
static void compile_covers(struct compiler *c, const struct yaml_node *node, struct rota *rota)
{
	struct cover *covers;

	if (node->kind != YAML_LIST) {
		report_error(
			c->report, "E004", node,
			"\"cover\" is a list of {who: ana, from: \"2026-01-05 09:00\", to: ...}");
		return;
	}
	if (node->n > COVERS_MAX) {
		report_error(c->report, "E010", node, "more than %d covers", COVERS_MAX);
		return;
	}
	covers = arena_array(c->arena, node->n, sizeof(*covers));
	for (size_t i = 0; i < node->n; i++) {
		compile_cover(c, node->items[i], rota, &covers[i]);
		for (size_t k = 0; k < i; k++) {
			if (covers[i].from < covers[k].to && covers[k].from < covers[i].to) {
				report_error(c->report, "E055", node->items[i],
					     "this overlaps with the cover in line %u",
					     covers[k].line);
				break;
			}
		}
	}
	rota->covers = covers;
	rota->n_covers = (unsigned)node->n;
}

static void compile_rota(struct compiler *c, const struct named *named,
			 const struct yaml_node *node, struct rota *rota)
{
	const struct named *person = names_find(&c->people, named->name);
	const struct yaml_node *cover = yaml_get(node, "cover");

	rota->name = arena_strdup(c->arena, named->name);
	if (person != NULL) {
		report_error(c->report, "E030", named->at,
			     "\"%s\" is already a person, in line %u; people, groups and rotas "
			     "share their names",
			     named->name, person->at->line);
	}
	if (!walk_keys(c, node, "a rota", rota_keys, ARRAY_LEN(rota_keys))) {
		return;
	}
	rota->zone = compile_zone(c, yaml_get(node, "zone"), named->at);
	compile_turns(c, yaml_get(node, "rota"), named, rota);
	compile_each(c, yaml_get(node, "each"), named, rota);
	(void)compile_wall(c, node, "from", named->at, &rota->from_wall);
	if (cover != NULL) {
		compile_covers(c, cover, rota);
	}
}

void compile_oncall(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "oncall");
	struct policy *p = c->policy;

	walk_names(c, section, "a rota", TERMS_MAX / 2, &c->rotas);
	p->rotas = arena_array(c->arena, c->rotas.n, sizeof(*p->rotas));
	p->n_rotas = c->rotas.n;
	for (unsigned i = 0; i < c->rotas.n; i++) {
		compile_rota(c, &c->rotas.list[i], section->items[i], &p->rotas[i]);
	}
}

unsigned rota_person(const struct rota *rota, int64_t at, int64_t *ret_until)
{
	int64_t turn_s = rota->days * DAY_S;
	int64_t since = at + zone_offset(rota->zone, at) - rota->from_wall;
	int64_t turn = since >= 0 ? since / turn_s : -1;
	unsigned person = since >= 0 ? rota->people[turn % rota->n_people] : 0;
	int64_t until = 0;
	int64_t last;
	bool gap;

	if (ret_until != NULL) {
		zone_instants(rota->zone, rota->from_wall + (turn + 1) * turn_s, &until, &last,
			      &gap);
	}
	for (unsigned i = 0; i < rota->n_covers; i++) {
		const struct cover *cover = &rota->covers[i];

		if (at >= cover->from && at < cover->to) {
			person = cover->person;
			until = cover->to;
			break;
		}
		if (ret_until != NULL && cover->from > at && cover->from < until) {
			until = cover->from;
		}
	}
	if (ret_until != NULL) {
		*ret_until = until;
	}
	return person;
}

bool rota_names(const struct rota *rota, unsigned person)
{
	for (unsigned i = 0; i < rota->n_people; i++) {
		if (rota->people[i] == person) {
			return true;
		}
	}
	for (unsigned i = 0; i < rota->n_covers; i++) {
		if (rota->covers[i].person == person) {
			return true;
		}
	}
	return false;
}
