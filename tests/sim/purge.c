/* purge.c - destructions with what belongs to the droplet: what went when its action was over */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/catalog.h"
#include "sim/inside.h"

static void take_away(struct sim *sim, const struct sim_purge_item *item)
{
	if (strcmp(item->kind, "volumes") == 0) {
		sim_remove_volume(sim, item->id);
	} else if (strcmp(item->kind, "reserved_ips") == 0) {
		sim_remove_ip(sim, item->id);
	} else if (strcmp(item->kind, "snapshots") == 0) {
		for (size_t i = 0; i < sim->n_images; i++) {
			if (sim->images[i]->id == strtoull(item->id, NULL, 10)) {
				sim->images[i]->gone = true;
			}
		}
	}
}

void sim_purge_over(struct sim *sim, const struct sim_action *action)
{
	for (size_t i = 0; i < sim->n_purges; i++) {
		const struct sim_purge *purge = sim->purges[i];

		for (size_t k = 0; k < purge->n && purge->action == action && !action->fate.errors;
		     k++) {
			take_away(sim, &purge->items[k]);
		}
	}
}

void sim_free_purges(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_purges; i++) {
		for (size_t k = 0; k < sim->purges[i]->n; k++) {
			free(sim->purges[i]->items[k].name);
		}
		free(sim->purges[i]->items);
		free(sim->purges[i]->name);
		free(sim->purges[i]);
	}
	free(sim->purges);
}
