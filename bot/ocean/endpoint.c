/* endpoint.c - one row a verb
 *
 * https://docs.digitalocean.com/reference/api/reference/: droplets, droplet-actions, actions, account, sizes, regions,
 * images, snapshots, ssh-keys, billing.
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
#include "ocean/value.h"

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

static bool is_given(const struct ocean_call *call, unsigned needs)
{
	const char *key = call->key;

	return ((needs & NEEDS_DROPLET) == 0 || call->droplet_id != 0) &&
	       ((needs & NEEDS_ACTION) == 0 || call->action_id != 0) &&
	       ((needs & NEEDS_IMAGE) == 0 || call->image_id != 0) &&
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

/* One name in braces; `number` holds what is no text yet. */
static const char *word_of(const struct ocean_call *call, const char *name, char number[24])
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
	(void)snprintf(number, 24, "%" PRIu64, id);
	return number;
}

void endpoint_fill(const struct ocean_call *call, const char *template, char *to, size_t size)
{
	size_t n = 0;

	for (const char *at = template; *at != '\0' && n + 1 < size;) {
		char name[16], number[24];
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
