/* endpoint.c - one row a verb
 *
 * https://docs.digitalocean.com/reference/api/reference/: droplets, droplet-actions, actions, account, sizes, regions,
 * images, snapshots, ssh-keys, billing, tags, block-storage, reserved-ips, firewalls, load-balancers, domains, projects,
 * vpcs, monitoring.
 *
 * The endpoints that act on all droplets of a tag have no row and never get one: a tag may change between the look and
 * the act, and their answer does not say what went (a unit test goes through the paths).
 */
#include "ocean/endpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/scopes.h"
#include "ocean/acts.h"
#include "ocean/bodies.h"
#include "ocean/value.h"

#define WORD_SIZE 180

static int write_act(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	return act_body(call->act, &call->args, body, err);
}

static const struct endpoint rows[OCEAN_VERB_COUNT] = {
	[OCEAN_LIST] = {.method = "GET",
			.path = "/v2/droplets",
			.what = "listing the droplets",
			.scope = "droplet:read",
			.reply = REPLY_DROPLETS},
	[OCEAN_GET] = {.method = "GET",
		       .path = "/v2/droplets/{droplet}",
		       .what = "reading droplet \"{droplet}\"",
		       .noun = "droplet",
		       .scope = "droplet:read",
		       .needs = NEEDS_DROPLET,
		       .reply = REPLY_DROPLET},
	[OCEAN_ACT] = {.method = "POST",
		       .path = "/v2/droplets/{droplet}/actions",
		       .what = "\"{act}\" of droplet \"{droplet}\"",
		       .noun = "droplet",
		       .needs = NEEDS_DROPLET,
		       .reply = REPLY_ACTION,
		       .write = write_act},
	[OCEAN_ACTION] = {.method = "GET",
			  .path = "/v2/actions/{action}",
			  .what = "looking at action \"{action}\"",
			  .noun = "action",
			  .scope = "actions:read",
			  .needs = NEEDS_ACTION,
			  .reply = REPLY_ACTION},
	[OCEAN_DROPLET_ACTIONS] = {.method = "GET",
				   .path = "/v2/droplets/{droplet}/actions?per_page=50",
				   .what = "looking at the actions of droplet \"{droplet}\"",
				   .noun = "droplet",
				   .scope = "droplet:read",
				   .needs = NEEDS_DROPLET,
				   .reply = REPLY_ACTIONS},
	[OCEAN_ACCOUNT] = {.method = "GET",
			   .path = "/v2/account",
			   .what = "reading the account",
			   .scope = "account:read",
			   .reply = REPLY_ACCOUNT},
	[OCEAN_SIZES] = {.method = "GET",
			 .path = "/v2/sizes",
			 .what = "listing the sizes",
			 .scope = "sizes:read and regions:read",
			 .reply = REPLY_LIST,
			 .thing = &thing_size},
	[OCEAN_REGIONS] = {.method = "GET",
			   .path = "/v2/regions",
			   .what = "listing the regions",
			   .scope = "regions:read",
			   .reply = REPLY_LIST,
			   .thing = &thing_region},
	[OCEAN_IMAGES] = {.method = "GET",
			  .path = "/v2/images{filter}",
			  .what = "listing the images",
			  .scope = "image:read",
			  .reply = REPLY_LIST,
			  .thing = &thing_image},
	[OCEAN_IMAGE] = {.method = "GET",
			 .path = "/v2/images/{image}",
			 .what = "reading image \"{image}\"",
			 .noun = "image",
			 .scope = "image:read",
			 .needs = NEEDS_IMAGE,
			 .reply = REPLY_ONE,
			 .thing = &thing_image_one},
	[OCEAN_KEYS] = {.method = "GET",
			.path = "/v2/account/keys",
			.what = "listing the SSH keys",
			.scope = "ssh_key:read",
			.reply = REPLY_LIST,
			.thing = &thing_key},
	[OCEAN_SNAPSHOTS] = {.method = "GET",
			     .path = "/v2/snapshots?resource_type=droplet",
			     .what = "listing the snapshots",
			     .scope = "snapshot:read",
			     .reply = REPLY_LIST,
			     .thing = &thing_saved},
	[OCEAN_DROPLET_SNAPSHOTS] = {.method = "GET",
				     .path = "/v2/droplets/{droplet}/snapshots",
				     .what = "listing the snapshots of droplet \"{droplet}\"",
				     .noun = "droplet",
				     .scope = "droplet:read",
				     .needs = NEEDS_DROPLET,
				     .reply = REPLY_LIST,
				     .thing = &thing_saved},
	[OCEAN_DROPLET_BACKUPS] = {.method = "GET",
				   .path = "/v2/droplets/{droplet}/backups",
				   .what = "listing the backups of droplet \"{droplet}\"",
				   .noun = "droplet",
				   .scope = "droplet:read",
				   .needs = NEEDS_DROPLET,
				   .reply = REPLY_LIST,
				   .thing = &thing_backup},
	[OCEAN_BACKUP_POLICY] = {.method = "GET",
				 .path = "/v2/droplets/{droplet}/backups/policy",
				 .what = "reading the backup policy of droplet \"{droplet}\"",
				 .noun = "droplet",
				 .scope = "droplet:read",
				 .needs = NEEDS_DROPLET,
				 .reply = REPLY_ONE,
				 .thing = &thing_backups},
	[OCEAN_BALANCE] = {.method = "GET",
			   .path = "/v2/customers/my/balance",
			   .what = "reading the balance",
			   .scope = "billing:read",
			   .reply = REPLY_ONE,
			   .thing = &thing_balance},
	[OCEAN_CREATE] = {.method = "POST",
			  .path = "/v2/droplets",
			  .what = "creating the droplets",
			  .verb = VERB_DROPLET_CREATE,
			  .reply = REPLY_CREATED,
			  .write = body_create},
	[OCEAN_BY_TAG] = {.method = "GET",
			  .path = "/v2/droplets?tag_name={key}",
			  .what = "looking for droplets with tag \"{key}\"",
			  .scope = "droplet:read and tag:read",
			  .needs = NEEDS_TAG,
			  .reply = REPLY_DROPLETS},
	[OCEAN_DESTROY] = {.method = "DELETE",
			   .path = "/v2/droplets/{droplet}",
			   .what = "destroying droplet \"{droplet}\"",
			   .noun = "droplet",
			   .verb = VERB_DROPLET_DESTROY,
			   .needs = NEEDS_DROPLET},
	[OCEAN_ASSOCIATED] = {.method = "GET",
			      .path = "/v2/droplets/{droplet}/destroy_with_associated_resources",
			      .what = "looking for what belongs to droplet \"{droplet}\"",
			      .noun = "droplet",
			      .scope = "droplet:read",
			      .needs = NEEDS_DROPLET,
			      .reply = REPLY_LIST,
			      .one_page = true,
			      .thing = &thing_associated},
	[OCEAN_DESTROY_WITH] =
		{.method = "DELETE",
		 .path = "/v2/droplets/{droplet}/destroy_with_associated_resources/selective",
		 .what = "purging droplet \"{droplet}\"",
		 .noun = "droplet",
		 .verb = VERB_DROPLET_PURGE,
		 .needs = NEEDS_DROPLET,
		 .write = body_destroy_with},
	[OCEAN_DESTROY_ALL] =
		{.method = "DELETE",
		 .path = "/v2/droplets/{droplet}/destroy_with_associated_resources/dangerous",
		 .what = "purging droplet \"{droplet}\"",
		 .noun = "droplet",
		 .verb = VERB_DROPLET_PURGE,
		 .needs = NEEDS_DROPLET,
		 .dangerous = true},
	[OCEAN_DESTROY_RETRY] =
		{.method = "POST",
		 .path = "/v2/droplets/{droplet}/destroy_with_associated_resources/retry",
		 .what = "purging droplet \"{droplet}\" again",
		 .noun = "droplet",
		 .verb = VERB_DROPLET_PURGE,
		 .needs = NEEDS_DROPLET},
	[OCEAN_DESTRUCTION] =
		{.method = "GET",
		 .path = "/v2/droplets/{droplet}/destroy_with_associated_resources/status",
		 .what = "looking at the purge of droplet \"{droplet}\"",
		 .noun = "purge",
		 .scope = "droplet:delete",
		 .verb = VERB_DROPLET_PURGE,
		 .needs = NEEDS_DROPLET,
		 .reply = REPLY_LIST,
		 .one_page = true,
		 .thing = &thing_destruction},
	[OCEAN_SNAPSHOT_DELETE] = {.method = "DELETE",
				   .path = "/v2/snapshots/{image}",
				   .what = "deleting snapshot \"{image}\"",
				   .noun = "snapshot",
				   .verb = VERB_SNAPSHOT_DELETE,
				   .needs = NEEDS_IMAGE},
	[OCEAN_TAGS] = {.method = "GET",
			.path = "/v2/tags",
			.what = "listing the tags",
			.scope = "tag:read",
			.reply = REPLY_LIST,
			.thing = &thing_tag},
	[OCEAN_TAG_CREATE] = {.method = "POST",
			      .path = "/v2/tags",
			      .what = "creating tag \"{key}\"",
			      .verb = VERB_TAG_ADD,
			      .needs = NEEDS_TAG,
			      .write = body_tag_name},
	[OCEAN_TAG_ADD] = {.method = "POST",
			   .path = "/v2/tags/{key}/resources",
			   .what = "adding tag \"{key}\"",
			   .noun = "tag",
			   .verb = VERB_TAG_ADD,
			   .needs = NEEDS_TAG,
			   .write = body_tagged},
	[OCEAN_TAG_REMOVE] = {.method = "DELETE",
			      .path = "/v2/tags/{key}/resources",
			      .what = "removing tag \"{key}\"",
			      .noun = "tag",
			      .verb = VERB_TAG_REMOVE,
			      .needs = NEEDS_TAG,
			      .write = body_tagged},
	[OCEAN_VOLUMES] = {.method = "GET",
			   .path = "/v2/volumes",
			   .what = "listing the volumes",
			   .scope = "block_storage:read",
			   .reply = REPLY_LIST,
			   .thing = &thing_volume},
	[OCEAN_VOLUME_ATTACH] = {.method = "POST",
				 .path = "/v2/volumes/{key}/actions",
				 .what = "attaching volume \"{key}\"",
				 .noun = "volume",
				 .verb = VERB_VOLUME_ATTACH,
				 .needs = NEEDS_UUID | NEEDS_DROPLET,
				 .reply = REPLY_ACTION,
				 .write = body_attach},
	[OCEAN_VOLUME_DETACH] = {.method = "POST",
				 .path = "/v2/volumes/{key}/actions",
				 .what = "detaching volume \"{key}\"",
				 .noun = "volume",
				 .verb = VERB_VOLUME_DETACH,
				 .needs = NEEDS_UUID | NEEDS_DROPLET,
				 .reply = REPLY_ACTION,
				 .write = body_detach},
	[OCEAN_IPS] = {.method = "GET",
		       .path = "/v2/reserved_ips",
		       .what = "listing the reserved addresses",
		       .scope = "reserved_ip:read",
		       .reply = REPLY_LIST,
		       .thing = &thing_ip},
	[OCEAN_IP_ASSIGN] = {.method = "POST",
			     .path = "/v2/reserved_ips/{key}/actions",
			     .what = "assigning address \"{key}\"",
			     .noun = "address",
			     .verb = VERB_IP_ASSIGN,
			     .needs = NEEDS_IP | NEEDS_DROPLET,
			     .reply = REPLY_ACTION,
			     .write = body_assign},
	[OCEAN_IP_UNASSIGN] = {.method = "POST",
			       .path = "/v2/reserved_ips/{key}/actions",
			       .what = "unassigning address \"{key}\"",
			       .noun = "address",
			       .verb = VERB_IP_UNASSIGN,
			       .needs = NEEDS_IP,
			       .reply = REPLY_ACTION,
			       .write = body_unassign},
	[OCEAN_FIREWALLS] = {.method = "GET",
			     .path = "/v2/firewalls",
			     .what = "listing the firewalls",
			     .scope = "firewall:read",
			     .reply = REPLY_LIST,
			     .thing = &thing_firewall},
	[OCEAN_FIREWALL_ATTACH] = {.method = "POST",
				   .path = "/v2/firewalls/{key}/droplets",
				   .what = "adding to firewall \"{key}\"",
				   .noun = "firewall",
				   .verb = VERB_FIREWALL_ATTACH,
				   .needs = NEEDS_UUID,
				   .write = body_members},
	[OCEAN_FIREWALL_DETACH] = {.method = "DELETE",
				   .path = "/v2/firewalls/{key}/droplets",
				   .what = "removing from firewall \"{key}\"",
				   .noun = "firewall",
				   .verb = VERB_FIREWALL_DETACH,
				   .needs = NEEDS_UUID,
				   .write = body_members},
	[OCEAN_LOAD_BALANCERS] = {.method = "GET",
				  .path = "/v2/load_balancers",
				  .what = "listing the load balancers",
				  .scope = "load_balancer:read",
				  .reply = REPLY_LIST,
				  .thing = &thing_load_balancer},
	[OCEAN_DOMAINS] = {.method = "GET",
			   .path = "/v2/domains",
			   .what = "listing the domains",
			   .scope = "domain:read",
			   .reply = REPLY_LIST,
			   .thing = &thing_domain},
	[OCEAN_PROJECTS] = {.method = "GET",
			    .path = "/v2/projects",
			    .what = "listing the projects",
			    .scope = "project:read",
			    .reply = REPLY_LIST,
			    .thing = &thing_project},
	[OCEAN_PROJECT_RESOURCES] = {.method = "GET",
				     .path = "/v2/projects/{key}/resources",
				     .what = "listing what is in project \"{key}\"",
				     .noun = "project",
				     .scope = "project:read",
				     .needs = NEEDS_UUID,
				     .reply = REPLY_LIST,
				     .thing = &thing_resource},
	[OCEAN_PROJECT_ASSIGN] = {.method = "POST",
				  .path = "/v2/projects/{key}/resources",
				  .what = "assigning to project \"{key}\"",
				  .noun = "project",
				  .verb = VERB_PROJECT_ASSIGN,
				  .needs = NEEDS_UUID,
				  .reply = REPLY_LIST,
				  .one_page = true,
				  .thing = &thing_resource,
				  .write = body_urns},
	[OCEAN_NEIGHBORS] = {.method = "GET",
			     .path = "/v2/droplets/{droplet}/neighbors",
			     .what = "looking for the neighbors of droplet \"{droplet}\"",
			     .noun = "droplet",
			     .scope = "droplet:read",
			     .needs = NEEDS_DROPLET,
			     .reply = REPLY_DROPLETS,
			     .one_page = true},
	[OCEAN_VPCS] = {.method = "GET",
			.path = "/v2/vpcs",
			.what = "listing the VPCs",
			.scope = "vpc:read",
			.reply = REPLY_LIST,
			.thing = &thing_vpc},
	[OCEAN_METRIC] = {.method = "GET",
			  .path = "/v2/monitoring/metrics/droplet/{metric}",
			  .what = "measuring droplet \"{droplet}\"",
			  .noun = "droplet",
			  .scope = "monitoring:read",
			  .needs = NEEDS_DROPLET | NEEDS_METRIC,
			  .reply = REPLY_LIST,
			  .one_page = true,
			  .thing = &thing_series},
};

static const struct endpoint none = {.what = "a call"};

const struct endpoint *endpoint_of(const struct ocean_call *call)
{
	bool known = call->verb > OCEAN_NONE && call->verb < OCEAN_VERB_COUNT &&
		     rows[call->verb].method != NULL;

	return known ? &rows[call->verb] : &none;
}

bool endpoint_changes(const struct ocean_call *call)
{
	const char *method = endpoint_of(call)->method;

	return method != NULL && strcmp(method, "GET") != 0;
}

static bool is_metric(const struct ocean_metric_ask *ask)
{
	return ask->metric > OCEAN_METRIC_NONE && ask->metric < OCEAN_METRIC_COUNT &&
	       ask->from_s > 0 && ask->from_s < ask->to_s;
}

static bool is_given(const struct ocean_call *call, unsigned needs)
{
	const char *key = call->key;

	return ((needs & NEEDS_DROPLET) == 0 || call->droplet_id != 0) &&
	       ((needs & NEEDS_ACTION) == 0 || call->action_id != 0) &&
	       ((needs & NEEDS_IMAGE) == 0 || call->image_id != 0) &&
	       ((needs & NEEDS_METRIC) == 0 || is_metric(&call->metric)) &&
	       ((needs & NEEDS_UUID) == 0 || (key != NULL && value_is_uuid(key))) &&
	       ((needs & NEEDS_TAG) == 0 || (key != NULL && value_is_tag(key))) &&
	       ((needs & NEEDS_IP) == 0 || (key != NULL && value_is_ip4(key)));
}

/* The row of the policy's verb that the call is a part of. */
static enum verb verb_of(const struct ocean_call *call)
{
	const struct act_row *row = act_row(call->act);

	if (call->verb == OCEAN_ACT) {
		return row != NULL ? row->verb : VERB_NONE;
	}
	return endpoint_of(call)->verb;
}

enum tier endpoint_tier(const struct ocean_call *call)
{
	const struct endpoint *row = endpoint_of(call);
	enum verb verb = verb_of(call);

	if (row->method == NULL || !is_given(call, row->needs)) {
		return TIER_NONE;
	}
	if (verb == VERB_NONE) {
		return endpoint_changes(call) ? TIER_NONE : TIER_READ;
	}
	return verb_info(verb)->tier;
}

static const char *filter_of(const struct ocean_call *call)
{
	switch (call->images) {
	case OCEAN_IMAGES_ALL:
		return "";
	case OCEAN_IMAGES_DISTRIBUTIONS:
		return "?type=distribution";
	case OCEAN_IMAGES_APPLICATIONS:
		return "?type=application";
	case OCEAN_IMAGES_OWN:
		return "?private=true";
	}
	return "";
}

/* The rest of a metric's path. */
static void fill_metric(const struct ocean_call *call, char to[WORD_SIZE])
{
	static const struct {
		const char *path, *more;
	} metrics[OCEAN_METRIC_COUNT] = {
		[OCEAN_CPU] = {"cpu", ""},
		[OCEAN_MEMORY_FREE] = {"memory_free", ""},
		[OCEAN_MEMORY_AVAILABLE] = {"memory_available", ""},
		[OCEAN_MEMORY_TOTAL] = {"memory_total", ""},
		[OCEAN_DISK_FREE] = {"filesystem_free", ""},
		[OCEAN_DISK_SIZE] = {"filesystem_size", ""},
		[OCEAN_LOAD_1] = {"load_1", ""},
		[OCEAN_LOAD_5] = {"load_5", ""},
		[OCEAN_LOAD_15] = {"load_15", ""},
		[OCEAN_PUBLIC_IN] = {"bandwidth", "&interface=public&direction=inbound"},
		[OCEAN_PUBLIC_OUT] = {"bandwidth", "&interface=public&direction=outbound"},
		[OCEAN_PRIVATE_IN] = {"bandwidth", "&interface=private&direction=inbound"},
		[OCEAN_PRIVATE_OUT] = {"bandwidth", "&interface=private&direction=outbound"},
	};
	const struct ocean_metric_ask *ask = &call->metric;

	(void)snprintf(to, WORD_SIZE, "%s?host_id=%" PRIu64 "&start=%" PRId64 "&end=%" PRId64 "%s",
		       metrics[ask->metric].path, call->droplet_id, ask->from_s, ask->to_s,
		       metrics[ask->metric].more);
}

/* One name in braces; `number` holds what is no text yet. */
static const char *word_of(const struct ocean_call *call, const char *name, char number[WORD_SIZE])
{
	uint64_t id = strcmp(name, "droplet") == 0  ? call->droplet_id
		      : strcmp(name, "action") == 0 ? call->action_id
						    : call->image_id;

	if (strcmp(name, "key") == 0) {
		return call->key != NULL ? call->key : "";
	}
	if (strcmp(name, "act") == 0) {
		return call->act != NULL ? call->act : "";
	}
	if (strcmp(name, "filter") == 0) {
		return filter_of(call);
	}
	if (strcmp(name, "metric") == 0) {
		fill_metric(call, number);
		return number;
	}
	(void)snprintf(number, WORD_SIZE, "%" PRIu64, id);
	return number;
}

void endpoint_fill(const struct ocean_call *call, const char *template, char *to, size_t size)
{
	size_t n = 0;

	for (const char *at = template; *at != '\0' && n + 1 < size;) {
		char name[16], number[WORD_SIZE];
		size_t len = strcspn(at, "}");

		if (*at != '{' || at[len] == '\0' || len > sizeof(name)) {
			to[n++] = *at++;
			continue;
		}
		(void)snprintf(name, sizeof(name), "%.*s", (int)len - 1, at + 1);
		n += (size_t)snprintf(to + n, size - n, "%s", word_of(call, name, number));
		n = n < size ? n : size - 1;
		at += len + 1;
	}
	to[n] = '\0';
}

void endpoint_scopes(const struct ocean_call *call, char *to, size_t size)
{
	const char *const *list = verb_scopes(verb_of(call));
	size_t at = 0;

	(void)snprintf(to, size, "%s",
		       endpoint_of(call)->scope != NULL ? endpoint_of(call)->scope : "");
	for (size_t i = 0; endpoint_of(call)->scope == NULL && list[i] != NULL && at < size; i++) {
		at += (size_t)snprintf(to + at, size - at, "%s%s", i == 0 ? "" : " and ", list[i]);
	}
}
