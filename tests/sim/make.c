/* make.c - sim_handle: droplets are created and destroyed, alone or with what belongs to them */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/catalog.h"
#include "sim/render.h"
#include "sim/turn.h"

#define CREATE_MAX 10
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The i-th name that a body asks for, NULL behind the last one. */
static const char *name_at(const struct json *body, size_t i)
{
	const struct json *names = json_member(body, "names");

	if (names != NULL) {
		return json_text(json_array_at(names, i));
	}
	return i == 0 ? json_string_or(body, "name", NULL) : NULL;
}

static size_t count_names(const struct json *body)
{
	const struct json *names = json_member(body, "names");

	return names != NULL ? json_array_count(names) : 1;
}

static const char *wrong_names(const struct sim *sim, const struct json *body)
{
	size_t n = count_names(body);

	if (n == 0 || n > CREATE_MAX) {
		return "You can create between 1 and 10 Droplets at once.";
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = name_at(body, i);

		if (name == NULL || name[0] == '\0' || strlen(name) > 255 ||
		    strspn(name, LETTERS ".-") != strlen(name)) {
			return "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and "
			       "-)";
		}
	}
	return sim->n_droplets + n > sim->droplet_limit
		       ? "creating this/these droplet(s) will exceed your droplet limit"
		       : NULL;
}

static const char *wrong_lists(const struct sim *sim, const struct json *body)
{
	const struct json *keys = json_member(body, "ssh_keys");
	const struct json *tags = json_member(body, "tags");
	const struct json *volumes = json_member(body, "volumes");

	for (size_t i = 0; i < json_array_count(keys); i++) {
		int64_t id = json_int_of(json_array_at(keys, i), 0);

		if (id != 512189 && id != 512190) {
			return "are invalid key identifiers for Droplet creation.";
		}
	}
	for (size_t i = 0; i < json_array_count(tags); i++) {
		const char *tag = json_text(json_array_at(tags, i));

		if (tag == NULL || tag[0] == '\0' || strspn(tag, LETTERS ":-_") != strlen(tag)) {
			return "A tag has characters that are not allowed.";
		}
	}
	for (size_t i = 0; i < json_array_count(volumes); i++) {
		const char *id = json_text(json_array_at(volumes, i));
		const struct sim_volume *volume = id != NULL ? sim_volume_by_id(sim, id) : NULL;

		if (volume == NULL || volume->droplet_id != 0) {
			return "A volume is not there or is attached already.";
		}
	}
	return NULL;
}

static const char *wrong_create(const struct sim *sim, const struct json *body,
				const struct sim_args *args)
{
	const char *region = json_string_or(body, "region", "ams3");
	const char *why = wrong_names(sim, body);

	if (why != NULL) {
		return why;
	}
	if (args->size == NULL) {
		return "You specified an invalid size for Droplet creation.";
	}
	if (sim_region(region) == NULL) {
		return "You specified an invalid region for Droplet creation.";
	}
	if (args->image == NULL) {
		return "You specified an invalid image for Droplet creation.";
	}
	if (args->image->min_disk_gb > args->size->disk_gb) {
		return "The image needs a larger disk than this size has.";
	}
	if (strlen(json_string_or(body, "user_data", "")) > 65536) {
		return "User data is too long.";
	}
	return wrong_lists(sim, body);
}

static struct sim_droplet *create(struct sim *sim, const struct json *body, const char *name,
				  const struct sim_args *args)
{
	struct sim_droplet *droplet = sim_new_droplet(sim, name);
	const struct json *tags = json_member(body, "tags");
	const struct json *volumes = json_member(body, "volumes");

	droplet->id = sim->next_droplet_id;
	droplet->region = sim_region(json_string_or(body, "region", "ams3"));
	droplet->size = args->size;
	droplet->disk_gb = args->size->disk_gb;
	droplet->gpu = args->size->gpu;
	droplet->image = args->image;
	droplet->ipv6 = json_bool_or(body, "ipv6", false);
	droplet->agent = json_bool_or(body, "monitoring", false);
	droplet->backups = json_bool_or(body, "backups", false);
	droplet->policy = args->policy;
	droplet->policy.weekly |= !args->has_policy;
	droplet->created_ms = sim->now_ms;
	for (size_t i = 0; i < json_array_count(tags); i++) {
		sim_tag(droplet, json_text(json_array_at(tags, i)));
	}
	sim_admit(sim, droplet);
	for (size_t i = 0; i < json_array_count(volumes); i++) {
		sim_volume_by_id(sim, json_text(json_array_at(volumes, i)))->droplet_id =
			droplet->id;
	}
	sim_begin_create(sim, droplet);
	return droplet;
}

static void put_created(struct sim_turn *t, struct sim_droplet *const *made, size_t n, bool single)
{
	struct strbuf *out = &t->reply->body;

	turn_json(t, 202);
	(void)strbuf_adds(out, single ? "{\"droplet\":" : "{\"droplets\":[");
	for (size_t i = 0; i < n; i++) {
		(void)strbuf_adds(out, i > 0 ? "," : "");
		sim_render_droplet(out, t->sim, made[i], turn_may(t, SIM_TAG_READ));
	}
	(void)strbuf_adds(out, single ? ",\"links\":{\"actions\":[" : "],\"links\":{\"actions\":[");
	for (size_t i = 0; i < n; i++) {
		unsigned long long id = (unsigned long long)made[i]->actions[0]->id;

		(void)strbuf_addf(out,
				  "%s{\"id\":%llu,\"rel\":\"create\",\"href\":\"" SIM_LINK_BASE
				  "/v2/actions/%llu\"}",
				  i > 0 ? "," : "", id, id);
	}
	(void)strbuf_adds(out, "]}}");
}

static void post_droplets(struct sim_turn *t)
{
	struct json *body = turn_body(t);
	struct sim_droplet *made[CREATE_MAX];
	struct sim_args args = {0};
	const char *why = NULL;
	size_t n = 0;

	if (body == NULL) {
		return;
	}
	if (json_array_count(json_member(body, "tags")) > 0 && !turn_may(t, SIM_TAG_CREATE)) {
		turn_forbid(t);
	} else if (sim_read_args(t->sim, body, &args, &why) < 0 ||
		   (why = wrong_create(t->sim, body, &args)) != NULL) {
		turn_unfit(t, why);
	} else {
		struct sim_fate fate = t->sim->fate; /* of each of them */

		for (; n < count_names(body); n++) {
			t->sim->fate = fate;
			made[n] = create(t->sim, body, name_at(body, n), &args);
		}
		put_created(t, made, n, json_member(body, "names") == NULL);
	}
	json_free(body);
}

static void delete_droplet(struct sim_turn *t)
{
	struct sim_droplet *droplet = turn_droplet(t);
	const char *why = NULL;

	if (droplet == NULL) {
		return;
	}
	if (sim_start_destroy(t->sim, droplet, &why) == NULL) {
		turn_unfit(t, why);
	} else {
		turn_nothing(t, 204);
	}
}

static void delete_snapshot(struct sim_turn *t)
{
	for (size_t i = 0; i < t->sim->n_images; i++) {
		struct sim_image *image = t->sim->images[i];

		if (image->id == t->ids[0] && !image->gone) {
			image->gone = true;
			turn_nothing(t, 204);
			return;
		}
	}
	turn_not_found(t);
}

/* purges */

static void add_item(struct sim_purge *purge, const char *kind, const char *id, const char *name)
{
	struct sim_purge_item *item;

	purge->items = mem_grow(purge->items, purge->n + 1, sizeof(*purge->items));
	item = &purge->items[purge->n++];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	(void)snprintf(item->id, sizeof(item->id), "%s", id);
	item->name = mem_strdup(name);
}

/* Everything that belongs to it. */
static void gather(const struct sim *sim, uint64_t droplet, struct sim_purge *purge)
{
	for (size_t i = 0; i < sim->n_ips; i++) {
		if (sim->ips[i]->droplet_id == droplet) {
			add_item(purge, "reserved_ips", sim->ips[i]->ip, sim->ips[i]->ip);
		}
	}
	for (size_t i = 0; i < sim->n_images; i++) {
		const struct sim_image *image = sim->images[i];
		char id[24];

		(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)image->id);
		if (image->droplet_id == droplet && !image->gone &&
		    strcmp(image->type, "snapshot") == 0) {
			add_item(purge, "snapshots", id, image->name);
		}
	}
	for (size_t i = 0; i < sim->n_volumes; i++) {
		if (sim->volumes[i]->droplet_id == droplet) {
			add_item(purge, "volumes", sim->volumes[i]->id, sim->volumes[i]->name);
		}
	}
}

static const char *const kinds[] = {"reserved_ips", "floating_ips", "snapshots", "volumes",
				    "volume_snapshots"};

static void forget(struct sim_purge *purge)
{
	for (size_t k = 0; k < purge->n; k++) {
		free(purge->items[k].name);
	}
	free(purge->items);
}

/* The five lists; with the ending of each when it is over. */
static void render_items(struct strbuf *out, const struct sim_purge *purge, bool cost,
			 const char *ending)
{
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const char *comma = "";

		(void)strbuf_addf(out, "%s\"%s\":[", k > 0 ? "," : "", kinds[k]);
		for (size_t i = 0; i < purge->n; i++) {
			if (strcmp(purge->items[i].kind, kinds[k]) == 0) {
				(void)strbuf_addf(out, "%s{\"id\":\"%s\",\"name\":", comma,
						  purge->items[i].id);
				json_add_string(out, purge->items[i].name);
				(void)strbuf_adds(out, cost ? ",\"cost\":\"4.00\"}" : ending);
				comma = ",";
			}
		}
		(void)strbuf_addch(out, ']');
	}
}

static void get_associated(struct sim_turn *t)
{
	struct sim_purge found = {0};

	if (turn_droplet(t) == NULL) {
		return;
	}
	gather(t->sim, t->ids[0], &found);
	turn_json(t, 200);
	(void)strbuf_addch(&t->reply->body, '{');
	render_items(&t->reply->body, &found, true, NULL);
	(void)strbuf_addch(&t->reply->body, '}');
	forget(&found);
}

static struct sim_purge *purge_of(const struct sim *sim, uint64_t droplet)
{
	for (size_t i = sim->n_purges; i > 0; i--) {
		if (sim->purges[i - 1]->droplet_id == droplet) {
			return sim->purges[i - 1];
		}
	}
	return NULL;
}

/* Takes the items. */
static void start_purge(struct sim_turn *t, struct sim_droplet *droplet, struct sim_purge *what)
{
	const char *why = NULL;
	struct sim_action *action = sim_start_destroy(t->sim, droplet, &why);
	struct sim_purge *purge;

	if (action == NULL) {
		forget(what);
		turn_unfit(t, why);
		return;
	}
	purge = mem_alloc(sizeof(*purge));
	*purge = *what;
	purge->droplet_id = droplet->id;
	purge->name = mem_strdup(droplet->name);
	purge->action = action;
	t->sim->purges = mem_grow(t->sim->purges, t->sim->n_purges + 1, sizeof(struct sim_purge *));
	t->sim->purges[t->sim->n_purges++] = purge;
	turn_nothing(t, 202);
}

static void purge_all(struct sim_turn *t)
{
	struct sim_droplet *droplet = turn_droplet(t);
	struct sim_purge what = {0};

	if (droplet == NULL) {
		return;
	}
	if (!t->request->dangerous) {
		turn_refuse(t, 400, "bad_request", "The X-Dangerous header must be true.");
		return;
	}
	gather(t->sim, droplet->id, &what);
	start_purge(t, droplet, &what);
}

static bool chosen(const struct json *body, const struct sim_purge_item *item)
{
	const struct json *list = json_member(body, item->kind);

	for (size_t i = 0; i < json_array_count(list); i++) {
		const char *id = json_text(json_array_at(list, i));

		if (id != NULL && strcmp(id, item->id) == 0) {
			return true;
		}
	}
	return false;
}

static void purge_some(struct sim_turn *t)
{
	struct sim_droplet *droplet = turn_droplet(t);
	struct json *body = droplet != NULL ? turn_body(t) : NULL;
	struct sim_purge all = {0}, what = {0};

	if (body == NULL) {
		return;
	}
	gather(t->sim, droplet->id, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (chosen(body, &all.items[i])) {
			add_item(&what, all.items[i].kind, all.items[i].id, all.items[i].name);
		}
	}
	forget(&all);
	json_free(body);
	start_purge(t, droplet, &what);
}

static void get_purge(struct sim_turn *t)
{
	const struct sim_purge *purge = purge_of(t->sim, t->ids[0]);
	struct strbuf *out = &t->reply->body;
	char when[CLOCK_TEXT_SIZE], ending[120] = "}";
	bool failed;

	if (purge == NULL) {
		turn_not_found(t);
		return;
	}
	failed = purge->action->status == SIM_ERRORED;
	if (purge->action->status == SIM_COMPLETED) {
		(void)snprintf(ending, sizeof(ending), ",\"destroyed_at\":\"%s\"}",
			       clock_format(purge->action->completed_ms, when, sizeof(when)));
	} else if (failed) {
		(void)snprintf(ending, sizeof(ending),
			       ",\"error_message\":\"the resource could not be destroyed\"}");
	}
	turn_json(t, 200);
	(void)strbuf_addf(out, "{\"droplet\":{\"id\":\"%llu\",\"name\":",
			  (unsigned long long)purge->droplet_id);
	json_add_string(out, purge->name);
	(void)strbuf_addf(out, "%s,\"resources\":{", ending);
	render_items(out, purge, false, ending);
	(void)strbuf_adds(out, "}");
	if (purge->action->status != SIM_IN_PROGRESS) {
		(void)strbuf_addf(out, ",\"completed_at\":\"%s\"",
				  clock_format(purge->action->completed_ms, when, sizeof(when)));
	}
	(void)strbuf_addf(out, ",\"failures\":%zu}", failed ? purge->n + 1 : 0);
}

static void retry_purge(struct sim_turn *t)
{
	struct sim_purge *purge = purge_of(t->sim, t->ids[0]);
	struct sim_droplet *droplet = sim_droplet_by_id(t->sim, t->ids[0]);
	const char *why = NULL;

	if (purge == NULL || droplet == NULL) {
		turn_not_found(t);
	} else if (purge->action->status == SIM_IN_PROGRESS) {
		turn_refuse(t, 409, "conflict", "A destroy request is running already.");
	} else {
		struct sim_action *action = sim_start_destroy(t->sim, droplet, &why);

		if (action == NULL) {
			turn_unfit(t, why);
			return;
		}
		purge->action = action;
		turn_nothing(t, 202);
	}
}

#define WITH "/v2/droplets/#/destroy_with_associated_resources"

const struct sim_route sim_routes_make[] = {
	{"POST", "/v2/droplets", SIM_DROPLET_CREATE, post_droplets},
	{"DELETE", "/v2/droplets/#", SIM_DROPLET_DELETE, delete_droplet},
	{"DELETE", "/v2/snapshots/#", SIM_SNAPSHOT_DELETE, delete_snapshot},
	{"GET", WITH, SIM_DROPLET_READ, get_associated},
	{"DELETE", WITH "/selective", SIM_DROPLET_DELETE, purge_some},
	{"DELETE", WITH "/dangerous", SIM_DROPLET_DELETE, purge_all},
	{"GET", WITH "/status", SIM_DROPLET_DELETE, get_purge},
	{"POST", WITH "/retry", SIM_DROPLET_DELETE, retry_purge},
	{0},
};
