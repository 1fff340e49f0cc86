/* verbs.h - the one table of verbs: what a policy can name and a command can need
 *
 * Policy needs it below, commands implement it above; the list is closed. A row says what the
 * verb does to the world, so nobody else has to guess. No verb is a prefix of another (a unit
 * test says so).
 */
#ifndef BASE_VERBS_H
#define BASE_VERBS_H

#include <stdbool.h>
#include <stddef.h>

enum verb {
	VERB_NONE = 0, /* no verb: nothing fits it, everything about it is denied */

	VERB_DROPLET_LIST,
	VERB_DROPLET_SHOW,
	VERB_DROPLET_METRICS,
	VERB_DROPLET_HISTORY,
	VERB_DROPLET_NEIGHBORS,
	VERB_SNAPSHOT_LIST,
	VERB_BACKUP_LIST,
	VERB_IMAGE_LIST,
	VERB_SIZE_LIST,
	VERB_REGION_LIST,
	VERB_KEY_LIST,
	VERB_TAG_LIST,
	VERB_VOLUME_LIST,
	VERB_IP_LIST,
	VERB_FIREWALL_LIST,
	VERB_LOADBALANCER_LIST,
	VERB_DOMAIN_LIST,
	VERB_PROJECT_LIST,
	VERB_ACCOUNT_SHOW,
	VERB_ACCOUNT_BALANCE,

	VERB_DROPLET_POWER_ON,
	VERB_DROPLET_POWER_OFF,
	VERB_DROPLET_POWER_CYCLE,
	VERB_DROPLET_POWER_REBOOT,
	VERB_DROPLET_POWER_SHUTDOWN,

	VERB_DROPLET_CREATE,
	VERB_DROPLET_RESIZE,
	VERB_DROPLET_RENAME,
	VERB_DROPLET_IPV6,
	VERB_SNAPSHOT_CREATE,
	VERB_BACKUP_ENABLE,
	VERB_BACKUP_DISABLE,
	VERB_BACKUP_POLICY,
	VERB_TAG_ADD,
	VERB_TAG_REMOVE,
	VERB_PROJECT_ASSIGN,
	VERB_FIREWALL_ATTACH,
	VERB_FIREWALL_DETACH,
	VERB_VOLUME_ATTACH,
	VERB_VOLUME_DETACH,
	VERB_IP_ASSIGN,
	VERB_IP_UNASSIGN,

	VERB_DROPLET_REBUILD,
	VERB_DROPLET_RESTORE,
	VERB_DROPLET_PASSWORD_RESET,
	VERB_DROPLET_DESTROY,
	VERB_DROPLET_PURGE,
	VERB_SNAPSHOT_DELETE,

	VERB_JOB_LIST,
	VERB_JOB_CANCEL,
	VERB_LOCK_SET,
	VERB_LOCK_STEAL,
	VERB_AUDIT_SHOW,
	VERB_POLICY_WHY,
	VERB_POLICY_RELOAD,

	VERB_COUNT,
};

/* What a verb does to the world. 0 is no effect at all: a row with it is broken. */
enum effect {
	EFFECT_NONE = 0,
	EFFECT_READ,
	EFFECT_INTERRUPT, /* power: can lose what is in memory */
	EFFECT_CHANGE,
	EFFECT_DESTROY, /* data, money or identity; no way back */
	EFFECT_BOT,     /* Sluice's own affairs */
};

/* The token a verb needs; a greater one covers a smaller one. */
enum tier {
	TIER_NONE = 0, /* DigitalOcean is not asked */
	TIER_READ,
	TIER_CHANGE,
	TIER_DESTROY,
};

struct verb_info {
	enum verb verb;
	const char *name; /* "droplet.power.reboot" */
	enum effect effect;
	enum tier tier;
	bool about_droplet; /* false: fits `droplets: any` only */
	int since; /* the policy file's version that knows it in patterns; before, it must be named */
};

/* The row; for VERB_NONE or a number out of range a row that has name "" and no effect. */
const struct verb_info *verb_info(enum verb verb);

/* By whole name, byte for byte; VERB_NONE when there is none. */
enum verb verb_by_name(const char *name);

const char *effect_name(enum effect effect);
const char *tier_name(enum tier tier);

#endif
