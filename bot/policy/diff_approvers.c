/* diff_approvers.c - who may approve where a group is asked, before and after
 *
 * A snapshot keeps groups only as the lines in which they stand, and no line is about approvers: so the files' own words are
 * read once more. They compiled, so what is not as expected here cannot be and says nothing.
 */
#include <string.h>

#include "base/yaml.h"
#include "policy/diff_internal.h"

#define DEEPEST 64

/* Who one word stands for: places in `people`, and the groups that networks keep. */
struct approvers {
	uint64_t *people;
	const char *networks[16];
	unsigned n_networks;
};

struct reader {
	struct difference *d;
	int side;
	const struct yaml_node *groups;
};

static void add_person(const struct reader *r, struct approvers *to, unsigned number)
{
	if (number != 0) {
		bit_set(to->people, r->d->pair_of[r->side][number]);
	}
}

static void add_network(struct approvers *to, const char *place)
{
	for (unsigned i = 0; i < to->n_networks; i++) {
		if (strcmp(to->networks[i], place) == 0) {
			return;
		}
	}
	if (to->n_networks < 16) {
		to->networks[to->n_networks++] = place;
	}
}

/* Whoever may have a turn some time may approve some time. */
static void add_rota(const struct reader *r, struct approvers *to, const char *name)
{
	const struct policy *p = r->d->policy[r->side];

	for (unsigned i = 0; i < p->n_rotas; i++) {
		for (unsigned k = 1; strcmp(p->rotas[i].name, name) == 0 && k <= p->n_people; k++) {
			if (rota_names(&p->rotas[i], k)) {
				add_person(r, to, k);
			}
		}
	}
}

static void add_word(const struct reader *r, struct approvers *to, const char *name, unsigned depth)
{
	const struct policy *p = r->d->policy[r->side];
	const struct yaml_node *group = yaml_get(r->groups, name);

	if (strcmp(name, "people") == 0) {
		for (unsigned i = 1; i <= p->n_people; i++) {
			add_person(r, to, i);
		}
	} else if (group == NULL) {
		add_person(r, to, policy_person_number(p, name));
		add_rota(r, to, name);
	} else if (group->kind == YAML_SCALAR && depth < DEEPEST) {
		add_word(r, to, group->text, depth + 1);
	} else if (group->kind == YAML_LIST && depth < DEEPEST) {
		for (size_t i = 0; i < group->n; i++) {
			add_word(r, to, group->items[i]->text, depth + 1);
		}
	} else if (group->kind == YAML_MAP) {
		for (size_t i = 0; i < p->n_groups; i++) {
			const struct policy_group *g = &p->groups[i];

			if (strcmp(g->name, name) == 0) {
				add_network(to, arena_printf(&r->d->arena, "%s/%s/%s", g->network,
							     g->workspace, g->id));
			}
		}
	}
}

static struct approvers approvers_of(const struct reader *r, const char *name)
{
	struct approvers a = {
		.people = arena_array(&r->d->arena, r->d->n_people / 64 + 1, sizeof(uint64_t))};

	add_word(r, &a, name, 0);
	return a;
}

static bool has_network(const struct approvers *a, const char *place)
{
	for (unsigned i = 0; i < a->n_networks; i++) {
		if (strcmp(a->networks[i], place) == 0) {
			return true;
		}
	}
	return false;
}

/* Those in `is` who are not in `was`, as one sentence. */
static void say_more(struct difference *d, const struct approvers *was, const struct approvers *is,
		     const struct rule *rule, const char *group, bool gain)
{
	struct listing list = diff_listing(d);

	for (unsigned i = 1; i < d->n_people; i++) {
		if (bit_get(is->people, i) && !bit_get(was->people, i)) {
			(void)strbuf_adds(d->out, list.n > 0 ? "" : gain ? "+ " : "- ");
			diff_list_add(&list, d->people[i].name);
		}
	}
	for (unsigned i = 0; i < is->n_networks; i++) {
		if (!has_network(was, is->networks[i])) {
			(void)strbuf_adds(d->out, list.n > 0 ? "" : gain ? "+ " : "- ");
			diff_list_add(&list, is->networks[i]);
		}
	}
	if (list.n > 0) {
		diff_list_end(&list);
		*(gain ? &d->result->gains : &d->result->losses) += 1;
		(void)strbuf_addf(d->out, " %s approve where %s is asked   require %s, line %u%s\n",
				  gain ? "may" : "may no longer", group, rule->label.name,
				  rule->label.line, gain ? "" : " of the old file");
	}
}

static const char *asked(const struct rule *rule)
{
	for (unsigned i = 0; i < rule->n_duties; i++) {
		if (rule->duties[i].kind == DUTY_APPROVALS) {
			return rule->duties[i].group;
		}
	}
	return NULL;
}

/* The first line of a file that asks this word; NULL: none. */
static const struct rule *first_that_asks(const struct policy *p, const char *group)
{
	for (unsigned i = 0; i < p->require.n; i++) {
		const char *word = asked(&p->require.rules[i]);

		if (word != NULL && strcmp(word, group) == 0) {
			return &p->require.rules[i];
		}
	}
	return NULL;
}

void diff_say_approvers(struct difference *d)
{
	const struct rule_table *table = &d->policy[NEW]->require;
	struct reader readers[2];

	for (int side = OLD; side <= NEW; side++) {
		const struct policy *p = d->policy[side];
		struct yaml_problem ignored;

		readers[side] = (struct reader){d, side, NULL};
		readers[side].groups = yaml_get(
			yaml_parse(p->source, p->source_len, &d->arena, &ignored), "groups");
	}
	for (unsigned i = 0; i < table->n; i++) {
		const struct rule *rule = &table->rules[i];
		const char *group = asked(rule);
		const struct rule *old =
			group != NULL ? first_that_asks(d->policy[OLD], group) : NULL;
		struct approvers was;
		struct approvers is;

		if (old == NULL || first_that_asks(d->policy[NEW], group) != rule) {
			continue; /* what is asked by one file only is told as a step */
		}
		was = approvers_of(&readers[OLD], group);
		is = approvers_of(&readers[NEW], group);
		say_more(d, &was, &is, rule, group, true);
		say_more(d, &is, &was, old, group, false);
	}
}
