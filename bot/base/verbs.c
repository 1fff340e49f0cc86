/* verbs.c - the one table of verbs
 *
 * Tiers (policy.md, "accounts"): reads take `read`; power, snapshots, backups, tags, volumes,
 * addresses and firewalls take `change`; create, resize, rebuild, restore, password reset,
 * destroy, purge and deletions take `destroy`.
 */
#include "base/verbs.h"

#include <string.h>

static const struct verb_info rows[VERB_COUNT] = {
	[VERB_NONE] = {VERB_NONE, "", EFFECT_NONE, TIER_NONE, false, 0},
	[VERB_DROPLET_LIST] = {VERB_DROPLET_LIST, "droplet.list", EFFECT_READ, TIER_READ, true, 1},
	[VERB_DROPLET_SHOW] = {VERB_DROPLET_SHOW, "droplet.show", EFFECT_READ, TIER_READ, true, 1},
	[VERB_DROPLET_METRICS] = {VERB_DROPLET_METRICS, "droplet.metrics", EFFECT_READ, TIER_READ,
				  true, 1},
	[VERB_DROPLET_HISTORY] = {VERB_DROPLET_HISTORY, "droplet.history", EFFECT_READ, TIER_READ,
				  true, 1},
	[VERB_DROPLET_NEIGHBORS] = {VERB_DROPLET_NEIGHBORS, "droplet.neighbors", EFFECT_READ,
				    TIER_READ, true, 1},
	[VERB_SNAPSHOT_LIST] = {VERB_SNAPSHOT_LIST, "snapshot.list", EFFECT_READ, TIER_READ, true,
				1},
	[VERB_BACKUP_LIST] = {VERB_BACKUP_LIST, "backup.list", EFFECT_READ, TIER_READ, true, 1},
	[VERB_IMAGE_LIST] = {VERB_IMAGE_LIST, "image.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_SIZE_LIST] = {VERB_SIZE_LIST, "size.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_REGION_LIST] = {VERB_REGION_LIST, "region.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_KEY_LIST] = {VERB_KEY_LIST, "key.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_TAG_LIST] = {VERB_TAG_LIST, "tag.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_VOLUME_LIST] = {VERB_VOLUME_LIST, "volume.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_IP_LIST] = {VERB_IP_LIST, "ip.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_FIREWALL_LIST] = {VERB_FIREWALL_LIST, "firewall.list", EFFECT_READ, TIER_READ, false,
				1},
	[VERB_LOADBALANCER_LIST] = {VERB_LOADBALANCER_LIST, "loadbalancer.list", EFFECT_READ,
				    TIER_READ, false, 1},
	[VERB_DOMAIN_LIST] = {VERB_DOMAIN_LIST, "domain.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_PROJECT_LIST] = {VERB_PROJECT_LIST, "project.list", EFFECT_READ, TIER_READ, false, 1},
	[VERB_ACCOUNT_SHOW] = {VERB_ACCOUNT_SHOW, "account.show", EFFECT_READ, TIER_READ, false, 1},
	[VERB_ACCOUNT_BALANCE] = {VERB_ACCOUNT_BALANCE, "account.balance", EFFECT_READ, TIER_READ,
				  false, 2},
	[VERB_DROPLET_POWER_ON] = {VERB_DROPLET_POWER_ON, "droplet.power.on", EFFECT_INTERRUPT,
				   TIER_CHANGE, true, 1},
	[VERB_DROPLET_POWER_OFF] = {VERB_DROPLET_POWER_OFF, "droplet.power.off", EFFECT_INTERRUPT,
				    TIER_CHANGE, true, 1},
	[VERB_DROPLET_POWER_CYCLE] = {VERB_DROPLET_POWER_CYCLE, "droplet.power.cycle",
				      EFFECT_INTERRUPT, TIER_CHANGE, true, 1},
	[VERB_DROPLET_POWER_REBOOT] = {VERB_DROPLET_POWER_REBOOT, "droplet.power.reboot",
				       EFFECT_INTERRUPT, TIER_CHANGE, true, 1},
	[VERB_DROPLET_POWER_SHUTDOWN] = {VERB_DROPLET_POWER_SHUTDOWN, "droplet.power.shutdown",
					 EFFECT_INTERRUPT, TIER_CHANGE, true, 1},
	[VERB_DROPLET_CREATE] = {VERB_DROPLET_CREATE, "droplet.create", EFFECT_CHANGE, TIER_DESTROY,
				 true, 1},
	[VERB_DROPLET_RESIZE] = {VERB_DROPLET_RESIZE, "droplet.resize", EFFECT_CHANGE, TIER_DESTROY,
				 true, 1},
	[VERB_DROPLET_RENAME] = {VERB_DROPLET_RENAME, "droplet.rename", EFFECT_CHANGE, TIER_CHANGE,
				 true, 1},
	[VERB_DROPLET_IPV6] = {VERB_DROPLET_IPV6, "droplet.ipv6", EFFECT_CHANGE, TIER_CHANGE, true,
			       1},
	[VERB_SNAPSHOT_CREATE] = {VERB_SNAPSHOT_CREATE, "snapshot.create", EFFECT_CHANGE,
				  TIER_CHANGE, true, 1},
	[VERB_BACKUP_ENABLE] = {VERB_BACKUP_ENABLE, "backup.enable", EFFECT_CHANGE, TIER_CHANGE,
				true, 1},
	[VERB_BACKUP_DISABLE] = {VERB_BACKUP_DISABLE, "backup.disable", EFFECT_CHANGE, TIER_CHANGE,
				 true, 1},
	[VERB_BACKUP_POLICY] = {VERB_BACKUP_POLICY, "backup.policy", EFFECT_CHANGE, TIER_CHANGE,
				true, 2},
	[VERB_TAG_ADD] = {VERB_TAG_ADD, "tag.add", EFFECT_CHANGE, TIER_CHANGE, true, 1},
	[VERB_TAG_REMOVE] = {VERB_TAG_REMOVE, "tag.remove", EFFECT_CHANGE, TIER_CHANGE, true, 1},
	[VERB_PROJECT_ASSIGN] = {VERB_PROJECT_ASSIGN, "project.assign", EFFECT_CHANGE, TIER_CHANGE,
				 true, 1},
	[VERB_FIREWALL_ATTACH] = {VERB_FIREWALL_ATTACH, "firewall.attach", EFFECT_CHANGE,
				  TIER_CHANGE, true, 1},
	[VERB_FIREWALL_DETACH] = {VERB_FIREWALL_DETACH, "firewall.detach", EFFECT_CHANGE,
				  TIER_CHANGE, true, 1},
	[VERB_VOLUME_ATTACH] = {VERB_VOLUME_ATTACH, "volume.attach", EFFECT_CHANGE, TIER_CHANGE,
				true, 1},
	[VERB_VOLUME_DETACH] = {VERB_VOLUME_DETACH, "volume.detach", EFFECT_CHANGE, TIER_CHANGE,
				true, 1},
	[VERB_IP_ASSIGN] = {VERB_IP_ASSIGN, "ip.assign", EFFECT_CHANGE, TIER_CHANGE, true, 1},
	[VERB_IP_UNASSIGN] = {VERB_IP_UNASSIGN, "ip.unassign", EFFECT_CHANGE, TIER_CHANGE, true, 1},
	[VERB_DROPLET_REBUILD] = {VERB_DROPLET_REBUILD, "droplet.rebuild", EFFECT_DESTROY,
				  TIER_DESTROY, true, 1},
	[VERB_DROPLET_RESTORE] = {VERB_DROPLET_RESTORE, "droplet.restore", EFFECT_DESTROY,
				  TIER_DESTROY, true, 1},
	[VERB_DROPLET_PASSWORD_RESET] = {VERB_DROPLET_PASSWORD_RESET, "droplet.password.reset",
					 EFFECT_DESTROY, TIER_DESTROY, true, 1},
	[VERB_DROPLET_DESTROY] = {VERB_DROPLET_DESTROY, "droplet.destroy", EFFECT_DESTROY,
				  TIER_DESTROY, true, 1},
	[VERB_DROPLET_PURGE] = {VERB_DROPLET_PURGE, "droplet.purge", EFFECT_DESTROY, TIER_DESTROY,
				true, 1},
	[VERB_SNAPSHOT_DELETE] = {VERB_SNAPSHOT_DELETE, "snapshot.delete", EFFECT_DESTROY,
				  TIER_DESTROY, true, 1},
	[VERB_JOB_LIST] = {VERB_JOB_LIST, "job.list", EFFECT_BOT, TIER_NONE, false, 1},
	[VERB_JOB_CANCEL] = {VERB_JOB_CANCEL, "job.cancel", EFFECT_BOT, TIER_NONE, false, 1},
	[VERB_LOCK_SET] = {VERB_LOCK_SET, "lock.set", EFFECT_BOT, TIER_NONE, true, 1},
	[VERB_LOCK_STEAL] = {VERB_LOCK_STEAL, "lock.steal", EFFECT_BOT, TIER_NONE, true, 1},
	[VERB_AUDIT_SHOW] = {VERB_AUDIT_SHOW, "audit.show", EFFECT_BOT, TIER_NONE, false, 1},
	[VERB_POLICY_WHY] = {VERB_POLICY_WHY, "policy.why", EFFECT_BOT, TIER_NONE, false, 1},
	[VERB_POLICY_RELOAD] = {VERB_POLICY_RELOAD, "policy.reload", EFFECT_BOT, TIER_NONE, false,
				1},
};

const struct verb_info *verb_info(enum verb verb)
{
	return verb > VERB_NONE && verb < VERB_COUNT ? &rows[verb] : &rows[VERB_NONE];
}

enum verb verb_by_name(const char *name)
{
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (strcmp(rows[v].name, name) == 0) {
			return rows[v].verb;
		}
	}
	return VERB_NONE;
}

const char *effect_name(enum effect effect)
{
	switch (effect) {
	case EFFECT_NONE:
		return "none";
	case EFFECT_READ:
		return "read";
	case EFFECT_INTERRUPT:
		return "interrupt";
	case EFFECT_CHANGE:
		return "change";
	case EFFECT_DESTROY:
		return "destroy";
	case EFFECT_BOT:
		return "bot";
	}
	return "none";
}

const char *tier_name(enum tier tier)
{
	switch (tier) {
	case TIER_NONE:
		return "none";
	case TIER_READ:
		return "read";
	case TIER_CHANGE:
		return "change";
	case TIER_DESTROY:
		return "destroy";
	}
	return "none";
}
