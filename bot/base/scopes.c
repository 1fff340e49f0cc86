/* scopes.c - verb -> scopes of the token
 *
 * All actions on a droplet need droplet:update; a few need more. Reading tags and images off a droplet needs the scope of
 * those, or the fields come empty. What is looked at before and after a change is the read token's part.
 */
#include "base/scopes.h"

/* clang-format off */
static const char *const scopes[VERB_COUNT][SCOPES_MAX] = {
	[VERB_NONE] = {0},
	[VERB_DROPLET_LIST] = {"droplet:read", "tag:read"},
	[VERB_DROPLET_SHOW] = {"droplet:read", "tag:read", "image:read"},
	[VERB_DROPLET_METRICS] = {"droplet:read", "monitoring:read"},
	[VERB_DROPLET_HISTORY] = {"droplet:read", "actions:read"},
	[VERB_DROPLET_NEIGHBORS] = {"droplet:read"},
	[VERB_SNAPSHOT_LIST] = {"droplet:read", "snapshot:read", "image:read"},
	[VERB_BACKUP_LIST] = {"droplet:read", "image:read"},
	[VERB_IMAGE_LIST] = {"image:read"},
	[VERB_SIZE_LIST] = {"sizes:read", "regions:read"},
	[VERB_REGION_LIST] = {"regions:read"},
	[VERB_KEY_LIST] = {"ssh_key:read"},
	[VERB_TAG_LIST] = {"tag:read"},
	[VERB_VOLUME_LIST] = {"block_storage:read"},
	[VERB_IP_LIST] = {"reserved_ip:read"},
	[VERB_FIREWALL_LIST] = {"firewall:read"},
	[VERB_LOADBALANCER_LIST] = {"load_balancer:read"},
	[VERB_DOMAIN_LIST] = {"domain:read"},
	[VERB_PROJECT_LIST] = {"project:read"},
	[VERB_ACCOUNT_SHOW] = {"account:read"},
	[VERB_ACCOUNT_BALANCE] = {"billing:read"},
	[VERB_DROPLET_POWER_ON] = {"droplet:update"},
	[VERB_DROPLET_POWER_OFF] = {"droplet:update"},
	[VERB_DROPLET_POWER_CYCLE] = {"droplet:update"},
	[VERB_DROPLET_POWER_REBOOT] = {"droplet:update"},
	[VERB_DROPLET_POWER_SHUTDOWN] = {"droplet:update"},
	[VERB_DROPLET_CREATE] = {"droplet:create", "image:read", "ssh_key:read", "tag:create", "vpc:read",
				 "droplet:read", "project:assign_resource"},
	[VERB_DROPLET_RESIZE] = {"droplet:update", "droplet:create"},
	[VERB_DROPLET_RENAME] = {"droplet:update"},
	[VERB_DROPLET_IPV6] = {"droplet:update"},
	[VERB_SNAPSHOT_CREATE] = {"droplet:update", "image:create"},
	[VERB_BACKUP_ENABLE] = {"droplet:update"},
	[VERB_BACKUP_DISABLE] = {"droplet:update"},
	[VERB_BACKUP_POLICY] = {"droplet:update"},
	[VERB_TAG_ADD] = {"tag:create", "droplet:update"},
	[VERB_TAG_REMOVE] = {"tag:delete", "droplet:update"},
	[VERB_PROJECT_ASSIGN] = {"project:assign_resource", "droplet:read"},
	[VERB_FIREWALL_ATTACH] = {"firewall:update"},
	[VERB_FIREWALL_DETACH] = {"firewall:update"},
	[VERB_VOLUME_ATTACH] = {"block_storage_action:create"},
	[VERB_VOLUME_DETACH] = {"block_storage_action:create"},
	[VERB_IP_ASSIGN] = {"reserved_ip:update"},
	[VERB_IP_UNASSIGN] = {"reserved_ip:update"},
	[VERB_DROPLET_REBUILD] = {"droplet:update", "droplet:admin"},
	[VERB_DROPLET_RESTORE] = {"droplet:update", "droplet:admin"},
	[VERB_DROPLET_PASSWORD_RESET] = {"droplet:update", "droplet:admin"},
	[VERB_DROPLET_DESTROY] = {"droplet:delete"},
	[VERB_DROPLET_PURGE] = {"droplet:delete", "image:delete", "block_storage:delete",
				"block_storage_snapshot:delete", "reserved_ip:delete"},
	[VERB_SNAPSHOT_DELETE] = {"image:delete", "snapshot:delete"},
};

/* Read before it or after it, beside the droplet and its tags: is it so already, what does it cost, did it come true? */
static const char *const looks[VERB_COUNT][SCOPES_MAX] = {
	[VERB_DROPLET_CREATE] = {"sizes:read", "regions:read", "image:read", "ssh_key:read", "vpc:read",
				 "project:read", "account:read"},
	[VERB_DROPLET_RESIZE] = {"sizes:read", "regions:read"},
	[VERB_DROPLET_REBUILD] = {"image:read"},
	[VERB_PROJECT_ASSIGN] = {"project:read"},
	[VERB_FIREWALL_ATTACH] = {"firewall:read"},
	[VERB_FIREWALL_DETACH] = {"firewall:read"},
	[VERB_VOLUME_ATTACH] = {"block_storage:read"},
	[VERB_VOLUME_DETACH] = {"block_storage:read"},
	[VERB_IP_ASSIGN] = {"reserved_ip:read"},
	[VERB_IP_UNASSIGN] = {"reserved_ip:read"},
	[VERB_SNAPSHOT_DELETE] = {"snapshot:read", "image:read"},
};
/* clang-format on */

const char *const *verb_scopes(enum verb verb)
{
	return scopes[verb > VERB_NONE && verb < VERB_COUNT ? verb : VERB_NONE];
}

const char *const *verb_look_scopes(enum verb verb)
{
	return looks[verb > VERB_NONE && verb < VERB_COUNT ? verb : VERB_NONE];
}
