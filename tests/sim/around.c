/* around.c - sim_handle: what is around droplets: volumes, addresses, firewalls, neighbors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/catalog.h"
#include "sim/render.h"
#include "sim/turn.h"

/* volumes and addresses */

static void get_volumes(struct sim_turn *t)
{
	struct strbuf *out = &t->reply->body;

	turn_list(t, "volumes");
	for (size_t i = 0; i < t->sim->n_volumes; i++) {
		const struct sim_volume *v = t->sim->volumes[i];

		if (!turn_on_page(t, i)) {
			continue;
		}
		(void)strbuf_addf(out, "{\"id\":\"%s\",\"name\":", v->id);
		json_add_string(out, v->name);
		(void)strbuf_addf(
			out,
			",\"region\":%s,\"description\":\"\",\"size_gigabytes\":%u,"
			"\"created_at\":\"2025-06-01T09:00:00Z\",\"filesystem_type\":\"ext4\","
			"\"filesystem_label\":\"\",\"tags\":[],\"droplet_ids\":[",
			v->region->json, v->size_gb);
		if (v->droplet_id != 0) {
			(void)strbuf_addf(out, "%llu", (unsigned long long)v->droplet_id);
		}
		(void)strbuf_adds(out, "]}");
	}
	turn_end_list(t, t->sim->n_volumes);
}

/* Why the volume cannot be attached or detached; NULL: it can. */
static const char *wrong_volume(const struct sim_volume *volume, const struct sim_droplet *droplet,
				bool attach)
{
	if (droplet == NULL) {
		return "The Droplet could not be found.";
	}
	if (volume->event != NULL || droplet->event != NULL || droplet->held) {
		return "Droplet already has a pending event.";
	}
	if (attach && volume->droplet_id != 0) {
		return "The volume is already attached to a Droplet.";
	}
	if (!attach && volume->droplet_id != droplet->id) {
		return "The volume is not attached to this Droplet.";
	}
	return volume->region != droplet->region ? "The volume is in another region." : NULL;
}

static void post_volume_action(struct sim_turn *t)
{
	struct sim_volume *volume = sim_volume_by_id(t->sim, t->word);
	struct json *body = turn_body(t);
	const char *type = json_string_or(body, "type", "");
	int64_t id = json_int_or(body, "droplet_id", 0);
	struct sim_droplet *droplet = sim_droplet_by_id(t->sim, id > 0 ? (uint64_t)id : 0);
	bool attach = strcmp(type, "attach") == 0;
	bool known = attach || strcmp(type, "detach") == 0;
	const char *why = "The type is not known.";

	json_free(body);
	if (body == NULL) {
		return;
	}
	if (volume == NULL) {
		turn_not_found(t);
		return;
	}
	why = known ? wrong_volume(volume, droplet, attach) : why;
	if (why != NULL) {
		turn_unfit(t, why);
		return;
	}
	volume->event = sim_new_loose_action(t->sim, "volume", attach ? "attach" : "detach",
					     volume->region->slug);
	volume->later_id = attach ? droplet->id : 0;
	sim_set_off(t->sim, volume->event, 11000);
	turn_action(t, 202, volume->event);
}

static void get_ips(struct sim_turn *t)
{
	struct strbuf *out = &t->reply->body;

	turn_list(t, "reserved_ips");
	for (size_t i = 0; i < t->sim->n_ips; i++) {
		const struct sim_ip *ip = t->sim->ips[i];
		const struct sim_droplet *droplet = sim_droplet_by_id(t->sim, ip->droplet_id);

		if (!turn_on_page(t, i)) {
			continue;
		}
		(void)strbuf_addf(out, "{\"ip\":\"%s\",\"region\":%s,\"droplet\":", ip->ip,
				  ip->region->json);
		if (droplet != NULL) {
			sim_render_droplet(out, t->sim, droplet, turn_may(t, SIM_TAG_READ));
		} else {
			(void)strbuf_adds(out, "null");
		}
		(void)strbuf_addf(out, ",\"locked\":%s,\"project_id\":\"%s\"}",
				  ip->event != NULL ? "true" : "false", t->sim->projects[0].id);
	}
	turn_end_list(t, t->sim->n_ips);
}

static void post_ip_action(struct sim_turn *t)
{
	struct sim_ip *ip = sim_ip_by_text(t->sim, t->word);
	struct json *body = turn_body(t);
	const char *type = json_string_or(body, "type", "");
	int64_t id = json_int_or(body, "droplet_id", 0);
	const struct sim_droplet *droplet = sim_droplet_by_id(t->sim, id > 0 ? (uint64_t)id : 0);
	bool assign = strcmp(type, "assign") == 0;
	bool known = assign || strcmp(type, "unassign") == 0;

	json_free(body);
	if (body == NULL) {
		return;
	}
	if (ip == NULL) {
		turn_not_found(t);
	} else if (!known || (assign && (droplet == NULL || droplet->region != ip->region))) {
		turn_unfit(t, "The Droplet could not be found in the region of the reserved IP.");
	} else if (ip->event != NULL || (assign && droplet->event != NULL)) {
		turn_unfit(t, "The reserved IP already has a pending event.");
	} else if (!assign && ip->droplet_id == 0) {
		turn_unfit(t, "The reserved IP is not assigned to a Droplet.");
	} else {
		ip->event = sim_new_loose_action(t->sim, "reserved_ip",
						 assign ? "assign_ip" : "unassign_ip",
						 ip->region->slug);
		ip->later_id = assign ? droplet->id : 0;
		sim_set_off(t->sim, ip->event, 5000);
		turn_action(t, 201, ip->event);
	}
}

/* firewalls */

static void get_firewalls(struct sim_turn *t)
{
	struct strbuf *out = &t->reply->body;

	turn_list(t, "firewalls");
	for (size_t i = 0; i < t->sim->n_firewalls; i++) {
		const struct sim_firewall *row = t->sim->firewalls[i];

		if (!turn_on_page(t, i)) {
			continue;
		}
		(void)strbuf_addf(out, "{\"id\":\"%s\",\"name\":", row->id);
		json_add_string(out, row->name);
		(void)strbuf_adds(
			out,
			",\"status\":\"succeeded\",\"created_at\":\"2025-06-01T09:00:00Z\","
			"\"pending_changes\":[],\"tags\":[],\"inbound_rules\":[{\"protocol\":"
			"\"tcp\",\"ports\":\"443\",\"sources\":{\"addresses\":[\"0.0.0.0/0\"]}}],"
			"\"outbound_rules\":[{\"protocol\":\"tcp\",\"ports\":\"0\","
			"\"destinations\":{\"addresses\":[\"0.0.0.0/0\"]}}],\"droplet_ids\":[");
		for (size_t k = 0; k < row->n; k++) {
			(void)strbuf_addf(out, "%s%llu", k > 0 ? "," : "",
					  (unsigned long long)row->droplet_ids[k]);
		}
		(void)strbuf_adds(out, "]}");
	}
	turn_end_list(t, t->sim->n_firewalls);
}

static void set_member(struct sim_firewall *row, uint64_t id, bool add)
{
	size_t kept = 0;

	for (size_t i = 0; i < row->n; i++) {
		if (row->droplet_ids[i] != id) {
			row->droplet_ids[kept++] = row->droplet_ids[i];
		}
	}
	row->n = kept;
	if (add) {
		row->droplet_ids = mem_grow(row->droplet_ids, row->n + 1, sizeof(uint64_t));
		row->droplet_ids[row->n++] = id;
	}
}

static void change_firewall(struct sim_turn *t, bool add)
{
	struct json *body = turn_body(t);
	const struct json *ids = json_member(body, "droplet_ids");
	struct sim_firewall *row = NULL;
	bool fits = json_array_count(ids) > 0;

	if (body == NULL) {
		return;
	}
	for (size_t i = 0; i < t->sim->n_firewalls; i++) {
		row = strcmp(t->sim->firewalls[i]->id, t->word) == 0 ? t->sim->firewalls[i] : row;
	}
	for (int pass = 0; pass < 2 && row != NULL && fits; pass++) {
		for (size_t i = 0; i < json_array_count(ids); i++) {
			uint64_t id = (uint64_t)json_int_of(json_array_at(ids, i), 0);

			fits = fits && sim_droplet_by_id(t->sim, id) != NULL;
			if (pass == 1 && fits) {
				set_member(row, id, add);
			}
		}
	}
	json_free(body);
	if (row == NULL) {
		turn_not_found(t);
	} else if (!fits) {
		turn_unfit(t, "A Droplet could not be found.");
	} else {
		turn_nothing(t, 204);
	}
}

static void post_firewall(struct sim_turn *t)
{
	change_firewall(t, true);
}

static void delete_firewall(struct sim_turn *t)
{
	change_firewall(t, false);
}

/* the rest */

static void get_load_balancers(struct sim_turn *t)
{
	turn_list(t, "load_balancers");
	if (turn_on_page(t, 0)) {
		(void)strbuf_addf(
			&t->reply->body,
			"{\"id\":\"4de7ac8b-495b-4884-9a69-1050c6793cd6\",\"name\":\"shop-lb\","
			"\"ip\":\"203.0.113.80\",\"ipv6\":\"\",\"size_unit\":1,\"algorithm\":"
			"\"round_robin\",\"status\":\"active\",\"created_at\":"
			"\"2025-06-01T09:00:00Z\",\"forwarding_rules\":[{\"entry_protocol\":"
			"\"https\","
			"\"entry_port\":443,\"target_protocol\":\"http\",\"target_port\":80}],"
			"\"region\":%s,\"tag\":\"web\",\"droplet_ids\":[]}",
			sim_region("ams3")->json);
	}
	turn_end_list(t, 1);
}

static void get_domains(struct sim_turn *t)
{
	turn_list(t, "domains");
	if (turn_on_page(t, 0)) {
		(void)strbuf_adds(&t->reply->body,
				  "{\"name\":\"acme.example\",\"ttl\":1800,\"zone_file\":\"\"}");
	}
	turn_end_list(t, 1);
}

static void get_vpcs(struct sim_turn *t)
{
	turn_list(t, "vpcs");
	if (turn_on_page(t, 0)) {
		(void)strbuf_adds(
			&t->reply->body,
			"{\"id\":\"760e09ef-dc84-11e8-981e-3cfdfeaae000\",\"urn\":"
			"\"do:vpc:760e09ef-dc84-11e8-981e-3cfdfeaae000\",\"name\":\"default-ams3\","
			"\"description\":\"\",\"region\":\"ams3\",\"ip_range\":\"10.110.0.0/20\","
			"\"default\":true,\"created_at\":\"2024-02-01T09:00:00Z\"}");
	}
	turn_end_list(t, 1);
}

/* Those whose number ends in the same digit and who are in the same region share a machine. */
static void get_neighbors(struct sim_turn *t)
{
	const struct sim_droplet *droplet = turn_droplet(t);
	const char *comma = "";

	if (droplet == NULL) {
		return;
	}
	turn_json(t, 200);
	(void)strbuf_adds(&t->reply->body, "{\"droplets\":[");
	for (size_t i = 0; i < t->sim->n_droplets; i++) {
		const struct sim_droplet *other = t->sim->droplets[i];

		if (other != droplet && other->region == droplet->region &&
		    other->id % 10 == droplet->id % 10) {
			(void)strbuf_adds(&t->reply->body, comma);
			sim_render_droplet(&t->reply->body, t->sim, other,
					   turn_may(t, SIM_TAG_READ));
			comma = ",";
		}
	}
	(void)strbuf_adds(&t->reply->body, "]}");
}

const struct sim_route sim_routes_around[] = {
	{"GET", "/v2/volumes", SIM_BLOCK_STORAGE_READ, get_volumes},
	{"POST", "/v2/volumes/@/actions", SIM_BLOCK_STORAGE_ACTION_CREATE, post_volume_action},
	{"GET", "/v2/reserved_ips", SIM_RESERVED_IP_READ, get_ips},
	{"POST", "/v2/reserved_ips/@/actions", SIM_RESERVED_IP_UPDATE, post_ip_action},
	{"GET", "/v2/firewalls", SIM_FIREWALL_READ, get_firewalls},
	{"POST", "/v2/firewalls/@/droplets", SIM_FIREWALL_UPDATE, post_firewall},
	{"DELETE", "/v2/firewalls/@/droplets", SIM_FIREWALL_UPDATE, delete_firewall},
	{"GET", "/v2/load_balancers", SIM_LOAD_BALANCER_READ, get_load_balancers},
	{"GET", "/v2/domains", SIM_DOMAIN_READ, get_domains},
	{"GET", "/v2/vpcs", SIM_VPC_READ, get_vpcs},
	{"GET", "/v2/droplets/#/neighbors", SIM_DROPLET_READ, get_neighbors},
	{"GET", "/v2/monitoring/metrics/droplet/@", SIM_MONITORING_READ, sim_get_metric},
	{0},
};
