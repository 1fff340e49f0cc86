/* diff_names.c - differences that are no right by themselves: accounts of people, places of channels, fields that are shown */
#include <string.h>

#include "policy/diff_internal.h"

static void say_change(struct difference *d, bool gain, const char *name, const char *network,
		       const char *workspace, const char *id, const char *rest)
{
	*(gain ? &d->result->gains : &d->result->losses) += 1;
	(void)strbuf_addf(d->out, "%s %s is %s %s/%s/%s%s\n", gain ? "+" : "-", name,
			  gain ? "also" : "no longer", network, workspace, id, rest);
}

static unsigned workspace_in(const struct policy *p, const struct workspace *w)
{
	for (unsigned i = 0; i < p->n_workspaces; i++) {
		if (p->workspaces[i].network == w->network &&
		    strcmp(p->workspaces[i].id, w->id) == 0) {
			return i + 1;
		}
	}
	return 0;
}

/* Ids of a person in one file that are not that person's in the other. */
static void say_person_ids(struct difference *d, const struct pair *pair, int side)
{
	const struct policy *p = d->policy[side];
	const struct policy *other = d->policy[!side];
	const struct person *person = &p->people[pair->number[side]];

	for (unsigned i = 0; i < person->n_ids; i++) {
		const struct workspace *w = &p->workspaces[person->ids[i].workspace];
		unsigned there = workspace_in(other, w);

		if (there == 0 || id_table_find(&other->person_ids, there - 1, person->ids[i].id) !=
					  pair->number[!side]) {
			say_change(d, side == NEW, pair->name, w->network->name, w->id,
				   person->ids[i].id,
				   side == NEW ? ", with all that these lines give" : "");
		}
	}
}

static bool is_place(const struct policy *p, const struct policy_channel *place)
{
	for (size_t i = 0; i < p->n_places; i++) {
		const struct policy_channel *c = &p->places[i];

		if (strcmp(c->name, place->name) == 0 && strcmp(c->network, place->network) == 0 &&
		    strcmp(c->workspace, place->workspace) == 0 &&
		    (c->channel == NULL) == (place->channel == NULL) &&
		    (c->channel == NULL || strcmp(c->channel, place->channel) == 0)) {
			return true;
		}
	}
	return false;
}

static void say_places(struct difference *d, int side)
{
	const struct policy *p = d->policy[side];

	for (size_t i = 0; i < p->n_places; i++) {
		const struct policy_channel *c = &p->places[i];

		/* a channel that is new or gone has been told by its rights */
		if (!is_place(d->policy[!side], c) &&
		    policy_channel_number(d->policy[!side], c->name) != 0) {
			say_change(d, side == NEW, c->name, c->network, c->workspace,
				   c->channel != NULL ? c->channel : NETWORK_DIRECT, "");
		}
	}
}

void diff_say_ids(struct difference *d)
{
	for (int side = NEW; side >= OLD; side--) {
		for (unsigned i = 1; i < d->n_people; i++) {
			if (d->people[i].number[OLD] != 0 && d->people[i].number[NEW] != 0) {
				say_person_ids(d, &d->people[i], side);
			}
		}
		say_places(d, side);
	}
}

void diff_say_shows(struct difference *d)
{
	for (unsigned i = 0; i < d->n_channels; i++) {
		const struct pair *pair = &d->channels[i];
		unsigned shows[2];

		if (pair->number[OLD] == 0 || pair->number[NEW] == 0) {
			continue;
		}
		for (int side = OLD; side <= NEW; side++) {
			const struct channel *c = &d->policy[side]->channels[pair->number[side]];

			shows[side] = c->has_show ? c->show : ~0U;
		}
		for (int side = NEW; side >= OLD; side--) {
			struct listing list = diff_listing(d);

			if ((shows[side] & ~shows[!side]) == 0) {
				continue;
			}
			*(side == NEW ? &d->result->gains : &d->result->losses) += 1;
			(void)strbuf_addf(d->out, "%s %s %s ", side == NEW ? "+" : "-", pair->name,
					  side == NEW ? "also shows" : "no longer shows");
			for (size_t k = 0; show_field(k) != NULL; k++) {
				if ((shows[side] & ~shows[!side] & show_bit(show_field(k))) != 0) {
					diff_list_add(&list, show_field(k));
				}
			}
			diff_list_end(&list);
			(void)strbuf_adds(d->out, "\n");
		}
	}
}
