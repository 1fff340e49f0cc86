/* things.c - what is around simulated droplets: volumes, reserved addresses, firewalls */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/catalog.h"
#include "sim/inside.h"

struct sim_volume *sim_volume_by_id(const struct sim *sim, const char *id)
{
	for (size_t i = 0; i < sim->n_volumes; i++) {
		if (strcmp(sim->volumes[i]->id, id) == 0) {
			return sim->volumes[i];
		}
	}
	return NULL;
}

struct sim_ip *sim_ip_by_text(const struct sim *sim, const char *ip)
{
	for (size_t i = 0; i < sim->n_ips; i++) {
		if (strcmp(sim->ips[i]->ip, ip) == 0) {
			return sim->ips[i];
		}
	}
	return NULL;
}

void sim_add_volume(struct sim *sim, const char *name, const struct sim_droplet *droplet)
{
	struct sim_volume *volume = mem_alloc(sizeof(*volume));

	(void)snprintf(volume->id, sizeof(volume->id), "506f78a4-e098-11e5-ad9f-%012x",
		       0xf5331000u + (unsigned)sim->n_volumes);
	volume->name = mem_strdup(name);
	volume->region = droplet->region;
	volume->size_gb = 100;
	volume->droplet_id = droplet->id;
	sim->volumes = mem_grow(sim->volumes, sim->n_volumes + 1, sizeof(struct sim_volume *));
	sim->volumes[sim->n_volumes++] = volume;
}

int sim_add_ip(struct sim *sim, const char *ip, const struct sim_droplet *droplet)
{
	struct sim_ip *row = sim_ip_by_text(sim, ip);

	if (strlen(ip) >= sizeof(row->ip) || strspn(ip, "0123456789.") != strlen(ip)) {
		return -1;
	}
	if (row == NULL) {
		row = mem_alloc(sizeof(*row));
		(void)snprintf(row->ip, sizeof(row->ip), "%s", ip);
		row->region = droplet->region;
		sim->ips = mem_grow(sim->ips, sim->n_ips + 1, sizeof(struct sim_ip *));
		sim->ips[sim->n_ips++] = row;
	}
	row->droplet_id = droplet->id;
	return 0;
}

void sim_add_firewall(struct sim *sim, const char *name, const struct sim_droplet *droplet)
{
	struct sim_firewall *row = NULL;

	for (size_t i = 0; i < sim->n_firewalls; i++) {
		if (strcmp(sim->firewalls[i]->name, name) == 0) {
			row = sim->firewalls[i];
		}
	}
	if (row == NULL) {
		row = mem_alloc(sizeof(*row));
		(void)snprintf(row->id, sizeof(row->id), "bb4b2611-3d72-467b-8602-%012x",
			       0x80330000u + (unsigned)sim->n_firewalls);
		row->name = mem_strdup(name);
		sim->firewalls = mem_grow(sim->firewalls, sim->n_firewalls + 1,
					  sizeof(struct sim_firewall *));
		sim->firewalls[sim->n_firewalls++] = row;
	}
	row->droplet_ids = mem_grow(row->droplet_ids, row->n + 1, sizeof(*row->droplet_ids));
	row->droplet_ids[row->n++] = droplet->id;
}

void sim_remove_volume(struct sim *sim, const char *id)
{
	for (size_t i = 0; i < sim->n_volumes; i++) {
		if (strcmp(sim->volumes[i]->id, id) == 0) {
			free(sim->volumes[i]->name);
			free(sim->volumes[i]);
			sim->volumes[i] = sim->volumes[--sim->n_volumes];
			return;
		}
	}
}

void sim_remove_ip(struct sim *sim, const char *ip)
{
	for (size_t i = 0; i < sim->n_ips; i++) {
		if (strcmp(sim->ips[i]->ip, ip) == 0) {
			free(sim->ips[i]);
			sim->ips[i] = sim->ips[--sim->n_ips];
			return;
		}
	}
}

/* Is it over now? Then whether it has an effect. */
static bool ends(struct sim *sim, struct sim_action **event, bool *ret_effect)
{
	struct sim_action *action = *event;

	if (action == NULL || action->due_ms > sim->now_ms) {
		return false;
	}
	action->completed_ms = action->due_ms;
	action->status = action->fate.errors ? SIM_ERRORED : SIM_COMPLETED;
	*ret_effect = !action->fate.errors && !action->fate.unchanged;
	*event = NULL;
	return true;
}

void sim_settle_around(struct sim *sim)
{
	bool effect = false;

	for (size_t i = 0; i < sim->n_volumes; i++) {
		struct sim_volume *volume = sim->volumes[i];

		if (ends(sim, &volume->event, &effect) && effect) {
			volume->droplet_id = volume->later_id;
		}
	}
	for (size_t i = 0; i < sim->n_ips; i++) {
		struct sim_ip *ip = sim->ips[i];

		if (ends(sim, &ip->event, &effect) && effect) {
			ip->droplet_id = ip->later_id;
		}
	}
}

void sim_leave(struct sim *sim, uint64_t droplet_id)
{
	for (size_t i = 0; i < sim->n_volumes; i++) {
		if (sim->volumes[i]->droplet_id == droplet_id) {
			sim->volumes[i]->droplet_id = 0;
		}
	}
	for (size_t i = 0; i < sim->n_ips; i++) {
		if (sim->ips[i]->droplet_id == droplet_id) {
			sim->ips[i]->droplet_id = 0;
		}
	}
	for (size_t i = 0; i < sim->n_firewalls; i++) {
		struct sim_firewall *row = sim->firewalls[i];
		size_t kept = 0;

		for (size_t k = 0; k < row->n; k++) {
			if (row->droplet_ids[k] != droplet_id) {
				row->droplet_ids[kept++] = row->droplet_ids[k];
			}
		}
		row->n = kept;
	}
	for (size_t i = 0; i < sim->n_images; i++) { /* backups die with the droplet */
		if (sim->images[i]->droplet_id == droplet_id &&
		    strcmp(sim->images[i]->type, "backup") == 0) {
			sim->images[i]->gone = true;
		}
	}
}

void sim_free_around(struct sim *sim)
{
	while (sim->n_volumes > 0) {
		sim_remove_volume(sim, sim->volumes[0]->id);
	}
	while (sim->n_ips > 0) {
		sim_remove_ip(sim, sim->ips[0]->ip);
	}
	for (size_t i = 0; i < sim->n_firewalls; i++) {
		free(sim->firewalls[i]->name);
		free(sim->firewalls[i]->droplet_ids);
		free(sim->firewalls[i]);
	}
	for (size_t i = 0; i < sim->n_tags; i++) {
		free(sim->tags[i]);
	}
	sim_free_purges(sim);
	free(sim->volumes);
	free(sim->ips);
	free(sim->firewalls);
	free(sim->tags);
}
