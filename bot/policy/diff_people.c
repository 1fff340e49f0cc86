/* diff_people.c - people and channels of two files by their names, and which people are alike in both */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/diff_internal.h"

#define KEY_WORDS 6 /* both files' classes, a place in a rota, turns to take */

static void pair_people(struct difference *d)
{
	const struct policy *old = d->policy[OLD];
	const struct policy *new = d->policy[NEW];

	d->people = arena_array(&d->arena, old->n_people + new->n_people + 1, sizeof(*d->people));
	d->people[d->n_people++].name = "strangers";
	for (unsigned i = 1; i <= new->n_people; i++) {
		d->people[d->n_people++] = (struct pair){
			.name = new->people[i].name,
			.number = {policy_person_number(old, new->people[i].name), i}};
	}
	for (unsigned i = 1; i <= old->n_people; i++) {
		if (policy_person_number(new, old->people[i].name) == 0) {
			d->people[d->n_people++] =
				(struct pair){.name = old->people[i].name, .number = {i, 0}};
		}
	}
}

static void pair_channels(struct difference *d)
{
	const struct policy *old = d->policy[OLD];
	const struct policy *new = d->policy[NEW];

	d->channels =
		arena_array(&d->arena, old->n_channels + new->n_channels + 1, sizeof(*d->channels));
	for (unsigned i = 1; i <= new->n_channels; i++) {
		d->channels[d->n_channels++] = (struct pair){
			.name = new->channels[i].name,
			.number = {policy_channel_number(old, new->channels[i].name), i}};
	}
	for (unsigned i = 1; i <= old->n_channels; i++) {
		if (policy_channel_number(new, old->channels[i].name) == 0) {
			d->channels[d->n_channels++] =
				(struct pair){.name = old->channels[i].name, .number = {i, 0}};
		}
	}
}

/* Who is in a rota is a class alone; who may take a turn differs from who may not. */
static void turn_key(const struct difference *d, const struct pair *person, unsigned number,
		     uint64_t *ret)
{
	for (int side = OLD; side <= NEW; side++) {
		unsigned i = person->number[side];

		for (unsigned r = 0; i != 0 && r < d->policy[side]->n_rotas; r++) {
			const struct rota *rota = &d->policy[side]->rotas[r];

			ret[0] = rota_names(rota, i) ? number + 1 : ret[0];
			bit_set(&ret[1 + side], rota_may_take(rota, i) ? r + 1 : 0);
		}
	}
}

static void link_classes(struct difference *d)
{
	d->class_size = arena_array(&d->arena, d->n_classes, sizeof(unsigned));
	d->class_first = arena_array(&d->arena, d->n_classes, sizeof(unsigned));
	d->class_next = arena_array(&d->arena, d->n_people, sizeof(unsigned));
	for (unsigned i = d->n_people; i-- > 0;) {
		unsigned class = d->people[i].class;

		d->class_next[i] = d->class_size[class]++ > 0 ? d->class_first[class] : d->n_people;
		d->class_first[class] = i;
	}
}

/* People of equal class in both files are one class here. */
static void class_people(struct difference *d)
{
	unsigned *classes[2];
	struct intern both;

	for (int side = OLD; side <= NEW; side++) {
		const struct policy *p = d->policy[side];
		const struct rule_table *const tables[] = {&p->allow, &p->never, &p->require,
							   &p->limits};

		classes[side] = mem_array(p->n_people + 1, sizeof(unsigned));
		(void)people_classes(tables, LISTS, p->n_people, classes[side]);
		d->pair_of[side] =
			arena_array(&d->arena, p->n_people + 1, sizeof(*d->pair_of[side]));
	}
	intern_init(&both, KEY_WORDS);
	for (unsigned i = 0; i < d->n_people; i++) {
		uint64_t key[KEY_WORDS] = {0};

		for (int side = OLD; side <= NEW; side++) {
			key[side] = classes[side][d->people[i].number[side]];
			d->pair_of[side][d->people[i].number[side]] =
				d->people[i].number[side] != 0 ? i : 0;
		}
		turn_key(d, &d->people[i], i, key + 2);
		d->people[i].class = intern_put(&both, key, NULL);
	}
	d->n_classes = both.n;
	link_classes(d);
	intern_done(&both);
	free(classes[OLD]);
	free(classes[NEW]);
}

void diff_pair(struct difference *d)
{
	pair_people(d);
	pair_channels(d);
	class_people(d);
}
