/* tagged.c - sim_handle: tags and projects, and what is in them */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/render.h"
#include "sim/turn.h"

/* Is this the first place where the tag stands? So that each is listed once. */
static bool first_with_tag(const struct sim *sim, size_t droplet, const char *tag)
{
	for (size_t i = 0; i < droplet; i++) {
		if (turn_has_tag(sim->droplets[i], tag)) {
			return false;
		}
	}
	return true;
}

static void render_tag(struct sim_turn *t, const char *tag)
{
	struct strbuf *out = &t->reply->body;
	unsigned long long last = 0;
	size_t n = 0;

	for (size_t i = 0; i < t->sim->n_droplets; i++) {
		if (turn_has_tag(t->sim->droplets[i], tag)) {
			last = t->sim->droplets[i]->id;
			n++;
		}
	}
	(void)strbuf_adds(out, "{\"name\":");
	json_add_string(out, tag);
	(void)strbuf_addf(out,
			  ",\"resources\":{\"count\":%zu,\"last_tagged_uri\":\"" SIM_LINK_BASE
			  "/v2/droplets/%llu\",\"droplets\":{\"count\":%zu,\"last_tagged_uri\":"
			  "\"" SIM_LINK_BASE "/v2/droplets/%llu\"},\"images\":{\"count\":0},"
			  "\"volumes\":{\"count\":0},\"volume_snapshots\":{\"count\":0},"
			  "\"databases\":{\"count\":0}}}",
			  n, last, n, last);
}

static void get_tags(struct sim_turn *t)
{
	size_t n = 0;

	turn_list(t, "tags");
	for (size_t i = 0; i < t->sim->n_droplets; i++) {
		const struct sim_droplet *droplet = t->sim->droplets[i];

		for (size_t k = 0; k < droplet->n_tags; k++) {
			if (first_with_tag(t->sim, i, droplet->tags[k]) && turn_on_page(t, n++)) {
				render_tag(t, droplet->tags[k]);
			}
		}
	}
	for (size_t i = 0; i < t->sim->n_tags; i++) {
		if (!first_with_tag(t->sim, t->sim->n_droplets, t->sim->tags[i])) {
			continue; /* it was listed */
		}
		if (turn_on_page(t, n++)) {
			render_tag(t, t->sim->tags[i]);
		}
	}
	turn_end_list(t, n);
}

static void get_projects(struct sim_turn *t)
{
	turn_list(t, "projects");
	for (size_t i = 0; i < t->sim->n_projects; i++) {
		if (turn_on_page(t, i)) {
			sim_render_project(&t->reply->body, t->sim, i);
		}
	}
	turn_end_list(t, t->sim->n_projects);
}

static void get_project_resources(struct sim_turn *t)
{
	size_t project = 0;
	size_t n = 0;

	while (project < t->sim->n_projects && strcmp(t->sim->projects[project].id, t->word) != 0) {
		project++;
	}
	if (project == t->sim->n_projects) {
		turn_not_found(t);
		return;
	}
	turn_list(t, "resources");
	for (size_t i = 0; i < t->sim->n_droplets; i++) {
		if (t->sim->droplets[i]->project == project && turn_may(t, SIM_DROPLET_READ) &&
		    turn_on_page(t, n++)) {
			sim_render_resource(&t->reply->body, t->sim->droplets[i]);
		}
	}
	turn_end_list(t, n);
}

static bool tag_exists(const struct sim *sim, const char *tag)
{
	for (size_t i = 0; i < sim->n_tags; i++) {
		if (strcasecmp(sim->tags[i], tag) == 0) {
			return true;
		}
	}
	return !first_with_tag(sim, sim->n_droplets, tag);
}

/* It is known from now on, also when nothing has it. */
static void keep_tag(struct sim *sim, const char *tag)
{
	for (size_t i = 0; i < sim->n_tags; i++) {
		if (strcasecmp(sim->tags[i], tag) == 0) {
			return;
		}
	}
	sim->tags = mem_grow(sim->tags, sim->n_tags + 1, sizeof(char *));
	sim->tags[sim->n_tags++] = mem_strdup(tag);
}

static void post_tag(struct sim_turn *t)
{
	struct json *body = turn_body(t);
	const char *name = json_string_or(body, "name", "");

	if (body == NULL) {
		return;
	}
	if (name[0] == '\0' || strlen(name) > 255 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_") !=
		    strlen(name)) {
		turn_unfit(t, "A tag has characters that are not allowed.");
	} else {
		keep_tag(t->sim, name);
		turn_json(t, 201);
		(void)strbuf_adds(&t->reply->body, "{\"tag\":");
		render_tag(t, name);
		(void)strbuf_addch(&t->reply->body, '}');
	}
	json_free(body);
}

static void untag(struct sim_droplet *droplet, const char *tag)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		if (strcasecmp(droplet->tags[i], tag) == 0) {
			free(droplet->tags[i]);
			droplet->n_tags--;
			memmove(&droplet->tags[i], &droplet->tags[i + 1],
				(droplet->n_tags - i) * sizeof(char *));
			return;
		}
	}
}

/* All of them or none. */
static void change_tagged(struct sim_turn *t, bool add)
{
	struct json *body = turn_body(t);
	const struct json *list = json_member(body, "resources");
	size_t n = json_array_count(list);
	bool fits = n > 0;

	if (body == NULL) {
		return;
	}
	for (int pass = 0; pass < 2 && fits; pass++) {
		for (size_t i = 0; i < n; i++) {
			const struct json *item = json_array_at(list, i);
			const char *type = json_string_or(item, "resource_type", "");
			uint64_t id = strtoull(json_string_or(item, "resource_id", ""), NULL, 10);
			struct sim_droplet *droplet = sim_droplet_by_id(t->sim, id);

			fits = fits && droplet != NULL && strcmp(type, "droplet") == 0;
			if (pass == 1 && fits) {
				(add ? sim_tag : untag)(droplet, t->word);
			}
		}
	}
	json_free(body);
	if (!tag_exists(t->sim, t->word) || !fits) {
		turn_not_found(t);
	} else {
		turn_nothing(t, 204);
	}
}

static void post_tagged(struct sim_turn *t)
{
	if (!tag_exists(t->sim, t->word)) {
		turn_not_found(t);
	} else if (!turn_may(t, SIM_DROPLET_UPDATE)) {
		turn_forbid(t);
	} else {
		change_tagged(t, true);
	}
}

/* The tag stays, also when nothing has it any more. */
static void delete_tagged(struct sim_turn *t)
{
	if (!tag_exists(t->sim, t->word)) {
		turn_not_found(t);
	} else if (!turn_may(t, SIM_DROPLET_UPDATE)) {
		turn_forbid(t);
	} else {
		keep_tag(t->sim, t->word);
		change_tagged(t, false);
	}
}

static void post_project_resources(struct sim_turn *t)
{
	struct json *body = turn_body(t);
	const struct json *list = json_member(body, "resources");
	struct strbuf *out = &t->reply->body;
	size_t project = 0;

	while (project < t->sim->n_projects && strcmp(t->sim->projects[project].id, t->word) != 0) {
		project++;
	}
	if (body != NULL && project == t->sim->n_projects) {
		turn_not_found(t);
	} else if (body != NULL) {
		turn_json(t, 200);
		(void)strbuf_adds(out, "{\"resources\":[");
		for (size_t i = 0; i < json_array_count(list); i++) {
			const char *urn = json_text(json_array_at(list, i));
			uint64_t id = urn != NULL && strncmp(urn, "do:droplet:", 11) == 0
					      ? strtoull(urn + 11, NULL, 10)
					      : 0;
			struct sim_droplet *droplet = sim_droplet_by_id(t->sim, id);

			(void)strbuf_addf(
				out,
				"%s{\"urn\":\"do:droplet:%llu\",\"assigned_at\":"
				"\"2026-01-13T03:00:00Z\",\"links\":{\"self\":\"" SIM_LINK_BASE
				"/v2/droplets/%llu\"},\"status\":\"%s\"}",
				i > 0 ? "," : "", (unsigned long long)id, (unsigned long long)id,
				droplet == NULL               ? "not_found"
				: droplet->project == project ? "already_assigned"
							      : "assigned");
			if (droplet != NULL) {
				droplet->project = project;
			}
		}
		(void)strbuf_adds(out, "]}");
	}
	json_free(body);
}

const struct sim_route sim_routes_tagged[] = {
	{"GET", "/v2/tags", SIM_TAG_READ, get_tags},
	{"POST", "/v2/tags", SIM_TAG_CREATE, post_tag},
	{"POST", "/v2/tags/@/resources", SIM_TAG_CREATE, post_tagged},
	{"DELETE", "/v2/tags/@/resources", SIM_TAG_DELETE, delete_tagged},
	{"GET", "/v2/projects", SIM_PROJECT_READ, get_projects},
	{"GET", "/v2/projects/@/resources", SIM_PROJECT_READ, get_project_resources},
	{"POST", "/v2/projects/@/resources", SIM_PROJECT_ASSIGN, post_project_resources},
	{0},
};
