/* oncall.c - section oncall: rotas, and who stands in */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define TURNS_MAX 200
#define COVERS_MAX 200
#define TURN_DAYS_MAX 366

static const char *const rota_keys[] = {"rota", "each", "from", "zone", "cover", "may_take"};
const struct key_table keys_of_rota = {rota_keys, ARRAY_LEN(rota_keys)};
static const char *const cover_keys[] = {"who", "from", "to"};
const struct key_table keys_of_cover = {cover_keys, ARRAY_LEN(cover_keys)};

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
	if (items.n > TURNS_MAX) {
		report_error(c->report, "E010", node, "more than %d turns", TURNS_MAX);
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

/* One word of `may_take`: people whom the file lists, since a turn is taken by a person and by nobody else. */
static void compile_taker(struct compiler *c, const struct yaml_node *node, uint64_t *takers)
{
	const char *text = walk_text(c, node, "a person or a group");
	const struct named *person = text != NULL ? names_find(&c->people, text) : NULL;
	struct named *group = text != NULL ? names_find(&c->groups, text) : NULL;
	struct guess guess = guess_for(text != NULL ? text : "");
	const uint64_t *people;

	if (text == NULL) {
		return;
	}
	if (person != NULL) {
		bit_set(takers, person->number + 1);
	} else if (strcmp(text, "people") == 0) {
		for (unsigned i = 1; i <= c->policy->n_people; i++) {
			bit_set(takers, i);
		}
	} else if (group != NULL) {
		group->used = true;
		people = &c->group_people[(size_t)group->number * c->people_words];
		for (unsigned w = 0; w < c->people_words; w++) {
			takers[w] |= people[w];
		}
		for (unsigned w = 0; w < TERM_WORDS; w++) {
			if (c->group_terms[group->number].bits[w] != 0) {
				report_error(
					c->report, "E031", node,
					"\"%.60s\" holds a rota or a group that a chat network "
					"keeps; who may take a turn is listed here by name",
					text);
				break;
			}
		}
	} else {
		guess_names(c, &guess, &c->people);
		guess_names(c, &guess, &c->groups);
		report_error(c->report, "E031", node, "no person or group \"%.60s\"%s", text,
			     guess_text(&guess));
	}
}

/* A turn is taken with a code: where nobody has one, nobody could ever take it. */
static void check_codes(struct compiler *c, const struct yaml_node *node, const uint64_t *takers)
{
	for (unsigned i = 1; i <= c->policy->n_people; i++) {
		if (bit_get(takers, i) && c->policy->people[i].code != NULL) {
			return;
		}
	}
	report_error(
		c->report, "E057", node,
		"a turn is taken with a code, and nobody here has a \"code\" under \"people\"");
}

void compile_takers(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "oncall");

	for (unsigned i = 0; i < c->rotas.n; i++) {
		const struct yaml_node *node = yaml_get(section->items[i], "may_take");
		size_t errors = c->report->n_errors;
		struct items items;
		uint64_t *takers;

		if (node == NULL || !walk_items(c, node, "people", false, &items)) {
			continue;
		}
		takers = arena_array(c->arena, c->people_words, sizeof(*takers));
		for (size_t k = 0; k < items.n; k++) {
			compile_taker(c, item(&items, k), takers);
		}
		if (c->report->n_errors == errors) {
			check_codes(c, node, takers);
		}
		c->policy->rotas[i].takers = takers;
	}
}
