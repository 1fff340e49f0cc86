/* render.c - the model's things as DigitalOcean's JSON (about 2 KB a droplet, as the real one) */
#include "sim/render.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "sim/catalog.h"

static void add_key(struct strbuf *out, const char *key, const char *text)
{
	(void)strbuf_addf(out, "\"%s\":", key);
	json_add_string(out, text);
}

static void add_time(struct strbuf *out, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms == 0) {
		(void)strbuf_addf(out, "\"%s\":null", key);
	} else {
		(void)strbuf_addf(out, "\"%s\":\"%s\"", key, clock_format(ms, text, sizeof(text)));
	}
}

static void add_networks(struct strbuf *out, const struct sim_droplet *d)
{
	const char *v6 = d->region->ip6_prefix;
	int prefix = (int)(strrchr(d->ip, '.') - d->ip);

	if (d->status == DROPLET_NEW) { /* none yet */
		(void)strbuf_adds(out, ",\"networks\":{\"v4\":[],\"v6\":[]}");
		return;
	}
	(void)strbuf_addf(
		out,
		",\"networks\":{\"v4\":[{\"ip_address\":\"%s\",\"netmask\":\"255.255.240.0\","
		"\"gateway\":\"nil\",\"type\":\"private\"},{\"ip_address\":\"%s\","
		"\"netmask\":\"255.255.240.0\",\"gateway\":\"%.*s.1\",\"type\":\"public\"}],"
		"\"v6\":[",
		d->ip_private, d->ip, prefix, d->ip);
	if (d->ipv6) {
		(void)strbuf_addf(out,
				  "{\"ip_address\":\"%s\",\"netmask\":64,\"gateway\":\"%s::1\","
				  "\"type\":\"public\"}",
				  d->ip6, v6);
	}
	(void)strbuf_adds(out, "]}");
}

void sim_render_image(struct strbuf *out, const struct sim_image *image)
{
	(void)strbuf_addf(out, "{\"id\":%llu,", (unsigned long long)image->id);
	add_key(out, "name", image->name);
	(void)strbuf_addf(out, ",\"distribution\":\"%s\",\"slug\":", image->distribution);
	if (image->slug != NULL) {
		(void)strbuf_addf(out, "\"%s\",\"public\":true,\"regions\":[%s]", image->slug,
				  sim_places);
	} else {
		(void)strbuf_addf(out, "null,\"public\":false,\"regions\":[\"%s\"]", image->region);
	}
	(void)strbuf_addch(out, ',');
	if (image->made != NULL) {
		(void)strbuf_addf(out, "\"created_at\":\"%s\"", image->made);
	} else {
		add_time(out, "created_at", image->created_ms);
	}
	(void)strbuf_addf(out,
			  ",\"type\":\"%s\",\"min_disk_size\":%u,\"size_gigabytes\":%.2f,"
			  "\"description\":\"%s\",\"tags\":[],\"status\":\"available\","
			  "\"error_message\":\"\"}",
			  image->type, image->min_disk_gb, image->gb, image->distribution);
}

/* The next window of the backups; the policy's hour, today or tomorrow, whatever its day. */
void sim_render_backup_window(struct strbuf *out, const struct sim_droplet *d, int64_t now_ms)
{
	const int64_t day = INT64_C(86400000);
	int64_t start = now_ms - now_ms % day + (int64_t)d->policy.hour * 3600000;

	if (!d->backups) {
		(void)strbuf_adds(out, ",\"next_backup_window\":null");
		return;
	}
	start += start <= now_ms ? day : 0;
	(void)strbuf_adds(out, ",\"next_backup_window\":{");
	add_time(out, "start", start);
	(void)strbuf_addch(out, ',');
	add_time(out, "end", start + INT64_C(4) * 3600000);
	(void)strbuf_addch(out, '}');
}

static void add_images(struct strbuf *out, const struct sim *sim, const struct sim_droplet *d,
		       const char *key, const char *type)
{
	const char *comma = "";

	(void)strbuf_addf(out, ",\"%s\":[", key);
	for (size_t i = 0; i < sim->n_images; i++) {
		const struct sim_image *image = sim->images[i];

		if (!image->gone && image->droplet_id == d->id && strcmp(image->type, type) == 0) {
			(void)strbuf_addf(out, "%s%llu", comma, (unsigned long long)image->id);
			comma = ",";
		}
	}
	(void)strbuf_addch(out, ']');
}

static void add_tags(struct strbuf *out, const struct sim_droplet *d)
{
	for (size_t i = 0; i < d->n_tags; i++) {
		if (i > 0) {
			(void)strbuf_addch(out, ',');
		}
		json_add_string(out, d->tags[i]);
	}
}

static void add_volumes(struct strbuf *out, const struct sim *sim, const struct sim_droplet *d)
{
	const char *comma = "";

	(void)strbuf_adds(out, ",\"volume_ids\":[");
	for (size_t i = 0; i < sim->n_volumes; i++) {
		if (sim->volumes[i]->droplet_id == d->id) {
			(void)strbuf_addf(out, "%s\"%s\"", comma, sim->volumes[i]->id);
			comma = ",";
		}
	}
	(void)strbuf_addch(out, ']');
}

void sim_render_droplet(struct strbuf *out, const struct sim *sim, const struct sim_droplet *d,
			bool tags)
{
	(void)strbuf_addf(out, "{\"id\":%llu,", (unsigned long long)d->id);
	add_key(out, "name", d->name);
	(void)strbuf_addf(
		out,
		",\"memory\":%u,\"vcpus\":%u,\"disk\":%u,\"disk_info\":[{\"type\":\"local\","
		"\"size\":{\"amount\":%u,\"unit\":\"gib\"}}],\"locked\":%s,\"status\":\"%s\","
		"\"kernel\":null,",
		d->size->memory_mb, d->size->vcpus, d->disk_gb, d->disk_gb,
		d->event != NULL || d->held ? "true" : "false", sim_status_word(d->status));
	add_time(out, "created_at", d->created_ms);
	(void)strbuf_addf(out,
			  ",\"features\":[%s\"droplet_agent\",%s%s"
			  "\"private_networking\"]",
			  d->agent ? "\"monitoring\"," : "", d->ipv6 ? "\"ipv6\"," : "",
			  d->backups ? "\"backups\"," : "");
	add_images(out, sim, d, "backup_ids", "backup");
	sim_render_backup_window(out, d, sim->now_ms);
	add_images(out, sim, d, "snapshot_ids", "snapshot");
	(void)strbuf_adds(out, ",\"image\":");
	sim_render_image(out, d->image);
	add_volumes(out, sim, d);
	(void)strbuf_addf(out, ",\"size\":%s,\"size_slug\":\"%s\"", d->size->json, d->size->slug);
	add_networks(out, d);
	(void)strbuf_addf(out, ",\"region\":%s,\"tags\":[", d->region->json);
	if (tags) {
		add_tags(out, d);
	}
	(void)strbuf_adds(out, "],\"vpc_uuid\":\"760e09ef-dc84-11e8-981e-3cfdfeaae000\"");
	if (d->gpu) {
		(void)strbuf_adds(out, ",\"gpu_info\":{\"count\":1,\"model\":\"nvidia_h100\","
				       "\"vram\":{\"amount\":80,\"unit\":\"gib\"}}");
	}
	(void)strbuf_addch(out, '}');
}

void sim_render_action(struct strbuf *out, const struct sim_action *a)
{
	static const char *const words[] = {"in-progress", "completed", "errored"};

	(void)strbuf_addf(out, "{\"id\":%llu,\"status\":\"%s\",\"type\":\"%s\",",
			  (unsigned long long)a->id, words[a->status], a->type);
	add_time(out, "started_at", a->started_ms);
	(void)strbuf_addch(out, ',');
	add_time(out, "completed_at", a->fate.no_end_time ? 0 : a->completed_ms);
	if (a->droplet_id != 0) {
		(void)strbuf_addf(out, ",\"resource_id\":%llu", (unsigned long long)a->droplet_id);
	} else {
		(void)strbuf_adds(out, ",\"resource_id\":null");
	}
	(void)strbuf_addf(out, ",\"resource_type\":\"%s\",\"region\":%s,\"region_slug\":\"%s\"}",
			  a->resource, sim_region(a->region)->json, a->region);
}

void sim_render_account(struct strbuf *out, const struct sim *sim)
{
	(void)strbuf_addf(out,
			  "{\"account\":{\"droplet_limit\":%u,\"floating_ip_limit\":5,"
			  "\"volume_limit\":100,",
			  sim->droplet_limit);
	add_key(out, "email", sim->email);
	(void)strbuf_adds(out,
			  ",\"name\":\"Operations\","
			  "\"uuid\":\"b6f8a9dbf6d9156cace5f3c78dc9851d957381ef\","
			  "\"email_verified\":true,\"status\":\"active\",\"status_message\":\"\","
			  "\"team\":{\"uuid\":\"5df3e3004a17e242b7c20ca6c9fc25b701a47ece\",");
	add_key(out, "name", sim->team);
	(void)strbuf_adds(out, "}}}");
}

void sim_render_project(struct strbuf *out, const struct sim *sim, size_t project)
{
	const struct sim_project *p = &sim->projects[project];

	(void)strbuf_addf(
		out,
		"{\"id\":\"%s\",\"owner_uuid\":\"99525febec065ca37b2ffe4f852fd2b2581895e7\","
		"\"owner_id\":258992,",
		p->id);
	add_key(out, "name", p->name);
	(void)strbuf_addf(out,
			  ",\"description\":\"\",\"purpose\":\"Web Application\","
			  "\"environment\":\"Production\",\"is_default\":%s,"
			  "\"created_at\":\"2024-02-01T09:00:00Z\","
			  "\"updated_at\":\"2024-02-01T09:00:00Z\"}",
			  p->is_default ? "true" : "false");
}

void sim_render_resource(struct strbuf *out, const struct sim_droplet *d)
{
	unsigned long long id = (unsigned long long)d->id;

	(void)strbuf_addf(out, "{\"urn\":\"do:droplet:%llu\",", id);
	add_time(out, "assigned_at", d->created_ms);
	(void)strbuf_addf(out,
			  ",\"links\":{\"self\":\"" SIM_LINK_BASE
			  "/v2/droplets/%llu\"},\"status\":\"ok\"}",
			  id);
}
