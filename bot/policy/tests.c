/* tests.c - section tests: what the file's keeper expects of it, tried each time it is read
 *
 * `can` must hold in the worst case of all that the test leaves out, and `cannot` in the best. A test that says no time is
 * tried with every hour and every turn possible. No decision is shared with anybody: policy_decide itself answers.
 */
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "policy/tests.h"

#define TESTS_MAX 2000
#define QUESTIONS_MAX \
	1000000 /* of all tests together: a file that asks more would make each load slow */

static const char *const test_keys[] = {
	"name", "as", "in", "at", "droplet", "can", "cannot", "needs", "groups",
};
const struct key_table keys_of_test = {test_keys, ARRAY_LEN(test_keys)};
static const char *const droplet_keys[] = {
	"name", "tags", "region", "size", "project", "account",
};
const struct key_table keys_of_test_droplet = {droplet_keys, ARRAY_LEN(droplet_keys)};

static void unknown(struct test *t, const struct yaml_node *node, const char *what,
		    const char *text, const struct names *names)
{
	struct guess guess = guess_for(text);

	guess_names(t->c, &guess, names);
	report_error(t->c->report, "E091", node, "no %s \"%.60s\"%s", what, text,
		     guess_text(&guess));
}

static void read_as(struct test *t, const struct yaml_node *node)
{
	struct items items;

	if (!walk_items(t->c, node, "people", false, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(t->c, item(&items, i), "a person");
		const struct named *person = text != NULL ? names_find(&t->c->people, text) : NULL;
		const struct named *group = text != NULL ? names_find(&t->c->groups, text) : NULL;
		bool all = text != NULL && strcmp(text, "everyone") == 0;

		if (text == NULL) {
			continue;
		}
		if (all || strcmp(text, "people") == 0) {
			for (unsigned k = all ? 0 : 1; k <= t->c->policy->n_people; k++) {
				bit_set(t->people, k);
			}
		} else if (strcmp(text, "stranger") == 0) {
			bit_set(t->people, 0);
		} else if (person != NULL) {
			bit_set(t->people, person->number + 1);
		} else if (group != NULL) {
			for (unsigned w = 0; w < t->c->people_words; w++) {
				t->people[w] |= t->c->group_people[(size_t)group->number *
									   t->c->people_words +
								   w];
			}
		} else {
			unknown(t, item(&items, i), "person or group", text, &t->c->people);
		}
	}
}

static void read_in(struct test *t, const struct yaml_node *node)
{
	struct items items;

	if (!walk_items(t->c, node, "channels", false, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(t->c, item(&items, i), "a channel");
		const struct named *channel =
			text != NULL ? names_find(&t->c->channels, text) : NULL;

		if (text == NULL) {
			continue;
		}
		if (strcmp(text, "every channel") == 0) {
			for (unsigned k = 1; k <= t->c->policy->n_channels; k++) {
				bit_set(t->channels, k);
			}
		} else if (channel != NULL) {
			bit_set(t->channels, channel->number + 1);
		} else {
			unknown(t, item(&items, i), "channel", text, &t->c->channels);
		}
	}
}

/* "2026-01-13 03:00" by the file's one zone, or with a zone behind it; "...T03:00:00Z". */
static void read_at(struct test *t, const struct yaml_node *node)
{
	const char *text = walk_text(t->c, node, "a time");
	const struct zone *zone = t->c->n_zones == 1 ? t->c->zones[0] : NULL;
	struct yaml_node zone_node = *node;
	const char *rest;
	int64_t wall;
	int64_t at;
	int64_t last;
	bool gap;

	if (text == NULL || clock_parse(text, &t->question.at_ms) == 0) {
		return;
	}
	if (!times_wall(text, &wall, &rest) || (*rest != '\0' && *rest != ' ')) {
		report_error(t->c->report, "E055", node,
			     "a time is written \"2026-01-13 03:00\" (a zone may follow), not "
			     "\"%.60s\"",
			     text);
		return;
	}
	if (*rest == ' ' || t->c->n_zones == 0) {
		zone_node.text = *rest == ' ' ? rest + 1 : "UTC";
		zone = compile_zone(t->c, &zone_node, node);
	} else if (zone == NULL) {
		report_error(t->c->report, "E055", node,
			     "this file has several zones; which is meant? As \"%.60s %s\"", text,
			     t->c->zones[0]->name);
	}
	if (zone == NULL) {
		return;
	}
	zone_instants(zone, wall, &at, &last, &gap);
	if (gap || at != last) {
		report_error(t->c->report, "E055", node, "the clock of %s shows that time %s",
			     zone->name, gap ? "never: it jumps there" : "twice: it is put back");
	}
	t->question.at_ms = at * SECOND_MS;
}

static void read_tags(struct test *t, const struct yaml_node *node)
{
	const char **tags;
	struct items items;

	if (!walk_items(t->c, node, "tags", true, &items)) {
		return;
	}
	tags = arena_array(t->c->scratch, items.n, sizeof(*tags));
	for (size_t i = 0; i < items.n; i++) {
		tags[i] = walk_text(t->c, item(&items, i), "a tag");
	}
	t->droplet.tags = tags;
	t->droplet.n_tags = items.n;
	t->droplet.known |= DROPLET_KNOWS_TAGS;
}

static void read_droplet(struct test *t, const struct yaml_node *node)
{
	const struct {
		const char *key;
		const char **place;
		unsigned known;
	} words[] = {
		{"name", &t->droplet.name, DROPLET_KNOWS_NAME},
		{"region", &t->droplet.region, DROPLET_KNOWS_REGION},
		{"size", &t->droplet.size, DROPLET_KNOWS_SIZE},
		{"project", &t->droplet.project, DROPLET_KNOWS_PROJECT},
		{"account", &t->droplet.account, DROPLET_KNOWS_ACCOUNT},
	};
	const struct yaml_node *tags = yaml_get(node, "tags");

	if (!walk_keys(t->c, node, "a droplet", droplet_keys, ARRAY_LEN(droplet_keys))) {
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct yaml_node *word = yaml_get(node, words[i].key);

		if (word != NULL) {
			*words[i].place = walk_text(t->c, word, words[i].key);
			t->droplet.known |= words[i].known;
		}
	}
	if (tags != NULL) {
		read_tags(t, tags);
	}
	t->question.droplet = &t->droplet;
}

static void read_groups(struct test *t, const struct yaml_node *node)
{
	const char **groups;
	struct items items;

	if (!walk_items(t->c, node, "groups", true, &items)) {
		return;
	}
	groups = arena_array(t->c->scratch, items.n, sizeof(*groups));
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(t->c, item(&items, i), "a group");
		size_t k = 0;

		while (text != NULL && k < t->c->policy->n_groups &&
		       strcmp(t->c->policy->groups[k].name, text) != 0) {
			k++;
		}
		if (text != NULL && k == t->c->policy->n_groups) {
			report_error(t->c->report, "E091", item(&items, i),
				     "no group \"%.60s\" that a chat network keeps", text);
		}
		groups[i] = text != NULL ? text : "";
	}
	t->question.groups = groups;
	t->question.n_groups = items.n;
	t->question.groups_known = true;
}

static void read_needs(struct test *t, const struct yaml_node *node)
{
	struct items items;

	t->has_needs = true;
	if (!walk_items(t->c, node, "steps", true, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(t->c, item(&items, i), "a step");
		struct guess guess = guess_for(text != NULL ? text : "");
		unsigned kind = DUTY_CONFIRM;

		for (; text != NULL && kind <= DUTY_APPROVALS; kind++) {
			guess_try(&guess, trial_step(kind));
			if (strcmp(trial_step(kind), text) == 0) {
				break;
			}
		}
		if (text != NULL && kind > DUTY_APPROVALS) {
			report_error(t->c->report, "E091", item(&items, i), "no step \"%.60s\"%s",
				     text, guess_text(&guess));
		} else {
			t->needs |= 1U << kind;
		}
	}
	t->needs = trial_with_confirm(t->needs);
}

/* Each entry is tried for itself, so that what fails is where the finding points. */
static void try_list(struct test *t, const char *key, bool can)
{
	const struct yaml_node *node = yaml_get(t->node, key);
	struct items items;

	if (node == NULL || !walk_items(t->c, node, "actions", false, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		size_t errors = t->c->report->n_errors;
		struct verb_set verbs;

		compile_may(t->c, item(&items, i), item(&items, i), MAY_IN_TEST, &verbs);
		if (t->c->report->n_errors == errors) {
			trial_entry(t, item(&items, i), &verbs, can);
		}
	}
}

/* Everything but the lists; false when something in it is wrong. */
static bool read_test(struct test *t)
{
	const struct yaml_node *node = t->node;
	const struct {
		const char *key;
		void (*read)(struct test *t, const struct yaml_node *node);
		bool must;
	} keys[] = {
		{"as", read_as, true},        {"in", read_in, true},
		{"at", read_at, false},       {"droplet", read_droplet, false},
		{"needs", read_needs, false}, {"groups", read_groups, false},
	};
	size_t errors = t->c->report->n_errors;
	const struct yaml_node *name = yaml_get(node, "name");

	if (!walk_keys(t->c, node, "a test", test_keys, ARRAY_LEN(test_keys))) {
		return false;
	}
	t->name = name != NULL ? walk_text(t->c, name, "a name") : NULL;
	if (name == NULL) {
		report_error(t->c->report, "E005", node,
			     "this test has no \"name\"; when it fails it is called by it");
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct yaml_node *value = yaml_get(node, keys[i].key);

		if (value != NULL) {
			keys[i].read(t, value);
		} else if (keys[i].must) {
			report_error(t->c->report, "E005", node, "\"%s\" is missing", keys[i].key);
		}
	}
	if (yaml_get(node, "can") == NULL && yaml_get(node, "cannot") == NULL) {
		report_error(t->c->report, "E005", node,
			     "this test expects nothing: \"can\" or \"cannot\"");
	}
	return t->c->report->n_errors == errors;
}

static void run_test(struct compiler *c, const struct yaml_node *node, size_t *asked)
{
	const struct policy *p = c->policy;
	struct test t = {
		.c = c,
		.node = node,
		.people = arena_array(c->scratch, c->people_words, sizeof(uint64_t)),
		.channels = arena_array(c->scratch, p->n_channels / 64 + 1, sizeof(uint64_t)),
		.timeless = yaml_get(node, "at") == NULL,
		.asked = asked,
	};

	/* A test begins with nothing started and nothing spent: what the lines say, not how much of it is left. */
	t.question.counts_known = true;
	t.question.cost_known = true;
	if (read_test(&t)) {
		try_list(&t, "can", true);
		try_list(&t, "cannot", false);
	}
}

void compile_tests(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "tests");
	size_t asked = 0;

	if (c->lint != NULL) {
		c->never_tested =
			arena_array(c->scratch, c->policy->never.words, sizeof(*c->never_tested));
	}
	if (section == NULL) {
		return;
	}
	if (section->kind != YAML_LIST || section->n > TESTS_MAX) {
		report_error(c->report, section->kind != YAML_LIST ? "E004" : "E010", section,
			     section->kind != YAML_LIST
				     ? "\"tests\" is a list of tests: - {name: ...}"
				     : "more than 2000 tests");
		return;
	}
	if (c->report->n_errors > 0) {
		return; /* of a policy that is wrong no answer means anything */
	}
	for (size_t i = 0; i < section->n && asked <= QUESTIONS_MAX; i++) {
		run_test(c, section->items[i], &asked);
		if (asked > QUESTIONS_MAX) {
			report_error(c->report, "E010", section->items[i],
				     "the tests up to here ask more than %d questions",
				     QUESTIONS_MAX);
		}
	}
}
