/* offer.c - sim_handle: what DigitalOcean offers and what the account has saved: sizes, regions, images, keys, money */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "sim/catalog.h"
#include "sim/render.h"
#include "sim/turn.h"

static void get_sizes(struct sim_turn *t)
{
	const struct sim_size *size;
	size_t n = 0;

	turn_list(t, "sizes");
	for (; (size = sim_size_at(n)) != NULL; n++) {
		if (turn_on_page(t, n)) {
			(void)strbuf_adds(&t->reply->body, size->json);
		}
	}
	turn_end_list(t, n);
}

static void get_regions(struct sim_turn *t)
{
	const struct sim_region *region;
	size_t n = 0;

	turn_list(t, "regions");
	for (; (region = sim_region_at(n)) != NULL; n++) {
		if (turn_on_page(t, n)) {
			(void)strbuf_adds(&t->reply->body, region->json);
		}
	}
	turn_end_list(t, n);
}

/* private=true: the account's own only; a type: DigitalOcean's own only (there are no applications). */
static void get_images(struct sim_turn *t)
{
	bool own = strstr(t->query.raw, "private=true") != NULL;
	bool typed = strcmp(t->query.type, "distribution") == 0;
	bool nothing = strcmp(t->query.type, "application") == 0;
	const struct sim_image *image;
	size_t n = 0;

	turn_list(t, "images");
	for (size_t i = 0; !own && !nothing && (image = sim_image_at(i)) != NULL; i++) {
		if (turn_on_page(t, n++)) {
			sim_render_image(&t->reply->body, image);
		}
	}
	for (size_t i = 0; !typed && !nothing && i < t->sim->n_images; i++) {
		if (!t->sim->images[i]->gone && turn_on_page(t, n++)) {
			sim_render_image(&t->reply->body, t->sim->images[i]);
		}
	}
	turn_end_list(t, n);
}

static void get_image(struct sim_turn *t)
{
	const struct sim_image *image = sim_find_image(t->sim, NULL, t->ids[0]);

	if (image == NULL) {
		turn_not_found(t);
		return;
	}
	turn_json(t, 200);
	(void)strbuf_adds(&t->reply->body, "{\"image\":");
	sim_render_image(&t->reply->body, image);
	(void)strbuf_addch(&t->reply->body, '}');
}

static void render_saved(struct strbuf *out, const struct sim_image *image, bool in_account)
{
	char when[CLOCK_TEXT_SIZE];

	(void)strbuf_addf(out, in_account ? "{\"id\":\"%llu\",\"name\":" : "{\"id\":%llu,\"name\":",
			  (unsigned long long)image->id);
	json_add_string(out, image->name);
	(void)strbuf_addf(out,
			  ",\"created_at\":\"%s\",\"regions\":[\"%s\"],\"min_disk_size\":%u,"
			  "\"size_gigabytes\":%.2f,",
			  clock_format(image->created_ms, when, sizeof(when)), image->region,
			  image->min_disk_gb, image->gb);
	if (in_account) {
		(void)strbuf_addf(
			out, "\"resource_id\":\"%llu\",\"resource_type\":\"droplet\",\"tags\":[]}",
			(unsigned long long)image->droplet_id);
	} else {
		(void)strbuf_addf(out, "\"type\":\"%s\"}", image->type);
	}
}

/* droplet 0: of all of them. */
static void list_saved(struct sim_turn *t, const char *key, const char *type, uint64_t droplet)
{
	size_t n = 0;

	turn_list(t, key);
	for (size_t i = 0; i < t->sim->n_images; i++) {
		const struct sim_image *image = t->sim->images[i];

		if (!image->gone && strcmp(image->type, type) == 0 &&
		    (droplet == 0 || image->droplet_id == droplet) && turn_on_page(t, n++)) {
			render_saved(&t->reply->body, image, droplet == 0);
		}
	}
	turn_end_list(t, n);
}

static void get_snapshots(struct sim_turn *t)
{
	list_saved(t, "snapshots", "snapshot", 0);
}

static void get_droplet_snapshots(struct sim_turn *t)
{
	if (turn_droplet(t) != NULL) {
		list_saved(t, "snapshots", "snapshot", t->ids[0]);
	}
}

static void get_droplet_backups(struct sim_turn *t)
{
	if (turn_droplet(t) != NULL) {
		list_saved(t, "backups", "backup", t->ids[0]);
	}
}

static void get_backup_policy(struct sim_turn *t)
{
	static const char *const days[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
	const struct sim_droplet *droplet = turn_droplet(t);
	struct strbuf *out = &t->reply->body;

	if (droplet == NULL) {
		return;
	}
	turn_json(t, 200);
	(void)strbuf_addf(out, "{\"policy\":{\"droplet_id\":%llu,\"backup_enabled\":%s",
			  (unsigned long long)droplet->id, droplet->backups ? "true" : "false");
	if (droplet->backups) {
		(void)strbuf_addf(out, ",\"backup_policy\":{\"plan\":\"%s\"",
				  droplet->policy.weekly ? "weekly" : "daily");
		if (droplet->policy.weekly) {
			(void)strbuf_addf(out, ",\"weekday\":\"%s\"",
					  days[droplet->policy.weekday]);
		}
		(void)strbuf_addf(out,
				  ",\"hour\":%u,\"window_length_hours\":4,"
				  "\"retention_period_days\":%d}",
				  droplet->policy.hour, droplet->policy.weekly ? 28 : 7);
	}
	sim_render_backup_window(out, droplet, t->sim->now_ms);
	(void)strbuf_adds(out, "}}");
}

/* Two keys, as many as the demo's people have. */
static void get_keys(struct sim_turn *t)
{
	static const char *const names[] = {"ana laptop", "bob laptop"};

	turn_list(t, "ssh_keys");
	for (unsigned i = 0; i < 2; i++) {
		if (turn_on_page(t, i)) {
			(void)strbuf_addf(&t->reply->body,
					  "{\"id\":%u,\"name\":\"%s\",\"fingerprint\":"
					  "\"3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:%02x\","
					  "\"public_key\":\"ssh-ed25519 AAAAC3Nza%u\"}",
					  512189 + i, names[i], 0x45 + i, i);
		}
	}
	turn_end_list(t, 2);
}

static void get_balance(struct sim_turn *t)
{
	char when[CLOCK_TEXT_SIZE];

	turn_json(t, 200);
	(void)strbuf_addf(&t->reply->body,
			  "{\"month_to_date_balance\":\"123.44\",\"account_balance\":\"-1.06\","
			  "\"month_to_date_usage\":\"124.50\",\"generated_at\":\"%s\"}",
			  clock_format(t->sim->now_ms, when, sizeof(when)));
}

const struct sim_route sim_routes_offer[] = {
	{"GET", "/v2/sizes", SIM_SIZES_READ, get_sizes},
	{"GET", "/v2/regions", SIM_REGIONS_READ, get_regions},
	{"GET", "/v2/images", SIM_IMAGE_READ, get_images},
	{"GET", "/v2/images/#", SIM_IMAGE_READ, get_image},
	{"GET", "/v2/snapshots", SIM_SNAPSHOT_READ, get_snapshots},
	{"GET", "/v2/droplets/#/snapshots", SIM_DROPLET_READ, get_droplet_snapshots},
	{"GET", "/v2/droplets/#/backups", SIM_DROPLET_READ, get_droplet_backups},
	{"GET", "/v2/droplets/#/backups/policy", SIM_DROPLET_READ, get_backup_policy},
	{"GET", "/v2/account/keys", SIM_SSH_KEY_READ, get_keys},
	{"GET", "/v2/customers/my/balance", SIM_BILLING_READ, get_balance},
	{0},
};
