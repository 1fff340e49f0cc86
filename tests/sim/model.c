/* model.c - the state of a simulated DigitalOcean account, and what time does to it */
#include "sim/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/names.h"
#include "sim/catalog.h"
#include "sim/inside.h"

#define FIRST_DROPLET_ID 400000001u
#define FIRST_IMAGE_ID 190000001u
#define FIRST_ACTION_ID UINT64_C(2400000001)

static const struct name statuses[] = {
	{DROPLET_NEW, "new"},
	{DROPLET_ACTIVE, "active"},
	{DROPLET_OFF, "off"},
	{DROPLET_ARCHIVE, "archive"},
};

const char *sim_status_word(enum droplet_status status)
{
	const char *word = names_word(statuses, ARRAY_LEN(statuses), (int)status);

	return word != NULL ? word : "archive";
}

int sim_status_value(const char *word, enum droplet_status *ret_status)
{
	int value;

	if (names_value(statuses, ARRAY_LEN(statuses), word, &value) < 0) {
		return -1;
	}
	*ret_status = (enum droplet_status)value;
	return 0;
}

struct sim *sim_new(int64_t now_ms)
{
	struct sim *sim = mem_alloc(sizeof(*sim));

	sim->now_ms = now_ms;
	sim->next_droplet_id = FIRST_DROPLET_ID;
	sim->next_image_id = FIRST_IMAGE_ID;
	sim->droplet_limit = 25;
	sim->rate_hour = 5000;
	sim->rate_minute = 250;
	sim->speed = 1;
	sim->oauth_life_ms = INT64_C(30) * 24 * 3600 * 1000;
	sim->team = mem_strdup("Acme");
	sim->email = mem_strdup("ops@acme.example");
	(void)sim_project(sim, "default");
	sim->projects[0].is_default = true;
	return sim;
}

void sim_free_tags(struct sim_droplet *droplet)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		free(droplet->tags[i]);
	}
	free(droplet->tags);
	droplet->tags = NULL;
	droplet->n_tags = 0;
}

void sim_free_droplet(struct sim_droplet *droplet)
{
	sim_free_tags(droplet);
	free(droplet->name);
	free(droplet->actions);
	free(droplet);
}

void sim_free(struct sim *sim)
{
	if (sim == NULL) {
		return;
	}
	for (size_t i = 0; i < sim->n_droplets; i++) {
		sim_free_droplet(sim->droplets[i]);
	}
	for (size_t i = 0; i < sim->n_actions; i++) {
		free((char *)(uintptr_t)sim->actions[i]->args.name);
		free(sim->actions[i]);
	}
	sim_free_around(sim);
	for (size_t i = 0; i < sim->n_images; i++) {
		free((char *)(uintptr_t)sim->images[i]->name);
		free(sim->images[i]);
	}
	free(sim->images);
	for (size_t i = 0; i < sim->n_projects; i++) {
		free(sim->projects[i].name);
	}
	for (size_t i = 0; i < sim->n_tokens; i++) {
		free(sim->tokens[i].text);
		free(sim->tokens[i].window.times);
	}
	free(sim->droplets);
	free(sim->actions);
	free(sim->projects);
	free(sim->tokens);
	sim_oauth_free(sim->oauth);
	free(sim->team);
	free(sim->email);
	free(sim);
}

size_t sim_project(struct sim *sim, const char *name)
{
	struct sim_project *project;

	for (size_t i = 0; i < sim->n_projects; i++) {
		if (strcmp(sim->projects[i].name, name) == 0) {
			return i;
		}
	}
	sim->projects = mem_grow(sim->projects, sim->n_projects + 1, sizeof(*sim->projects));
	project = &sim->projects[sim->n_projects];
	memset(project, 0, sizeof(*project));
	project->name = mem_strdup(name);
	(void)snprintf(project->id, sizeof(project->id), "4e1bfbc3-dc3e-41f2-a18f-%012x",
		       0x1b4d7ba0u + (unsigned)sim->n_projects);
	return sim->n_projects++;
}

struct sim_droplet *sim_droplet_by_id(const struct sim *sim, uint64_t id)
{
	for (size_t i = 0; i < sim->n_droplets; i++) {
		if (sim->droplets[i]->id == id) {
			return sim->droplets[i];
		}
	}
	return NULL;
}

struct sim_droplet *sim_droplet_by_name(const struct sim *sim, const char *name)
{
	for (size_t i = 0; i < sim->n_droplets; i++) {
		if (strcasecmp(sim->droplets[i]->name, name) == 0) {
			return sim->droplets[i];
		}
	}
	return NULL;
}

const struct sim_action *sim_action_by_id(const struct sim *sim, uint64_t id)
{
	if (id < FIRST_ACTION_ID || id - FIRST_ACTION_ID >= sim->n_actions) {
		return NULL;
	}
	return sim->actions[id - FIRST_ACTION_ID];
}

struct sim_action *sim_new_loose_action(struct sim *sim, const char *resource, const char *type,
					const char *region)
{
	struct sim_action *action = mem_alloc(sizeof(*action));

	action->id = FIRST_ACTION_ID + sim->n_actions;
	action->resource = resource;
	action->type = type;
	action->region = region;
	action->started_ms = sim->now_ms;
	sim->actions = mem_grow(sim->actions, sim->n_actions + 1, sizeof(struct sim_action *));
	sim->actions[sim->n_actions++] = action;
	return action;
}

struct sim_action *sim_new_action(struct sim *sim, struct sim_droplet *droplet, const char *type,
				  int64_t started_ms)
{
	struct sim_action *action =
		sim_new_loose_action(sim, "droplet", type, droplet->region->slug);

	action->droplet_id = droplet->id;
	action->started_ms = started_ms;
	droplet->actions =
		mem_grow(droplet->actions, droplet->n_actions + 1, sizeof(struct sim_action *));
	droplet->actions[droplet->n_actions++] = action;
	return action;
}

int64_t sim_scaled(const struct sim *sim, int64_t ms)
{
	return sim->speed > 0 ? (int64_t)((double)ms / sim->speed) : ms;
}

void sim_settle(struct sim *sim, int64_t now_ms)
{
	if (now_ms < sim->now_ms) {
		return;
	}
	sim->now_ms = now_ms;
	for (size_t i = 0; i < sim->n_droplets; i++) {
		struct sim_droplet *droplet = sim->droplets[i];

		if (droplet->event != NULL && droplet->event->due_ms <= now_ms) {
			sim_finish_action(sim, droplet);
		}
		if (droplet->later != DROPLET_UNKNOWN && droplet->later_ms <= now_ms) {
			droplet->status = droplet->later;
			droplet->later = DROPLET_UNKNOWN;
		}
	}
	for (size_t i = sim->n_droplets; i > 0; i--) {
		if (sim->droplets[i - 1]->gone) {
			sim_remove_droplet(sim, sim->droplets[i - 1]->id);
		}
	}
	sim_settle_around(sim);
}

int sim_add_token(struct sim *sim, const char *token, const char *scopes, struct err *err)
{
	struct sim_token *row;
	uint64_t bits;

	if (sim_parse_scopes(scopes, &bits, err) < 0) {
		return -1;
	}
	sim_remove_token(sim, token);
	sim->tokens = mem_grow(sim->tokens, sim->n_tokens + 1, sizeof(*sim->tokens));
	row = &sim->tokens[sim->n_tokens++];
	memset(row, 0, sizeof(*row));
	row->text = mem_strdup(token);
	row->scopes = bits;
	return 0;
}

void sim_remove_token(struct sim *sim, const char *token)
{
	for (size_t i = 0; i < sim->n_tokens; i++) {
		if (strcmp(sim->tokens[i].text, token) == 0) {
			free(sim->tokens[i].text);
			free(sim->tokens[i].window.times);
			sim->tokens[i] = sim->tokens[--sim->n_tokens];
			return;
		}
	}
}

void sim_remove_droplet(struct sim *sim, uint64_t id)
{
	for (size_t i = 0; i < sim->n_droplets; i++) {
		if (sim->droplets[i]->id == id) {
			sim_leave(sim, id);
			sim_free_droplet(sim->droplets[i]);
			sim->n_droplets--;
			memmove(&sim->droplets[i], &sim->droplets[i + 1],
				(sim->n_droplets - i) * sizeof(struct sim_droplet *));
			return;
		}
	}
}
