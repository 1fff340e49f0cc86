/* acts.c - the plans of what changes a droplet by one action, power aside */
#include "command/acts.h"

#define MINUTE_MS 60000

/* Names are what people and policies know it by: the outcome says both. */
const struct plan act_rename = {
	.verb = VERB_DROPLET_RENAME,
	.infinitive = "rename",
	.doing = "Renaming",
	.done = "Renamed",
	.remark = "Its own system keeps its host name.",
	.steps = {{.act = "rename",
		   .proof = PROOF_NAME,
		   .usual_ms = 2000,
		   .deadline_ms = 5 * MINUTE_MS,
		   .takes_args = true}},
	.n_steps = 1,
};
const struct plan act_snapshot = {
	.verb = VERB_SNAPSHOT_CREATE,
	.infinitive = "take a snapshot of",
	.doing = "Taking a snapshot of",
	.done = "Took a snapshot of",
	.past = "snapshotted",
	.steps = {{.act = "snapshot",
		   .proof = PROOF_SNAPSHOT,
		   .usual_ms = MINUTE_MS,
		   .deadline_ms = 120 * MINUTE_MS, /* about two minutes a GB that is used */
		   .takes_args = true}},
	.n_steps = 1,
};
const struct plan act_backups_on = {
	.verb = VERB_BACKUP_ENABLE,
	.infinitive = "switch on the backups of",
	.doing = "Switching on the backups of",
	.done = "Switched on the backups of",
	.past = "given backups",
	.remark = "Backups are billed with the droplet.",
	.steps = {{.act = "enable_backups",
		   .proof = PROOF_BACKUPS_ON,
		   .usual_ms = 3000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
/* DigitalOcean's pages differ in whether the backups that are there go too: nobody may count on them. */
const struct plan act_backups_off = {
	.verb = VERB_BACKUP_DISABLE,
	.infinitive = "switch off the backups of",
	.doing = "Switching off the backups of",
	.done = "Switched off the backups of",
	.past = "taken off backups",
	.remark = "Do not count on its old backups.",
	.loss = "The backups that it has may go too.\nTo keep one: make it a snapshot first.",
	.steps = {{.act = "disable_backups",
		   .proof = PROOF_BACKUPS_OFF,
		   .usual_ms = 3000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
const struct plan act_backup_policy = {
	.verb = VERB_BACKUP_POLICY,
	.infinitive = "reschedule the backups of",
	.doing = "Rescheduling the backups of",
	.done = "Rescheduled the backups of",
	.past = "rescheduled",
	.steps = {{.act = "change_backup_policy",
		   .proof = PROOF_BACKUPS_ON,
		   .usual_ms = 3000,
		   .deadline_ms = 5 * MINUTE_MS,
		   .takes_args = true}},
	.n_steps = 1,
};
const struct plan act_ipv6 = {
	.verb = VERB_DROPLET_IPV6,
	.infinitive = "give IPv6 to",
	.doing = "Giving IPv6 to",
	.done = "Gave IPv6 to",
	.past = "given IPv6",
	.remark = "Its own system must be told of it.",
	.loss = "IPv6 cannot be taken away again.",
	.steps = {{.act = "enable_ipv6",
		   .proof = PROOF_IPV6,
		   .usual_ms = 8000,
		   .deadline_ms = 10 * MINUTE_MS}},
	.n_steps = 1,
};
const struct plan act_password_reset = {
	.verb = VERB_DROPLET_PASSWORD_RESET,
	.infinitive = "reset the root password of",
	.doing = "Resetting the root password of",
	.done = "Reset the root password of",
	.past = "given a new password",
	.remark =
		"The new one was mailed to the owner\nof the account. Boot may still be\nrunning.",
	.loss = "It restarts. The new root password is\nmailed to the account's owner.",
	.interrupts = true,
	.steps = {{.act = "password_reset",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 15000,
		   .deadline_ms = 10 * MINUTE_MS,
		   .follow_ms = 3 * MINUTE_MS}},
	.n_steps = 1,
};
const struct plan act_rebuild = {
	.verb = VERB_DROPLET_REBUILD,
	.infinitive = "rebuild",
	.doing = "Rebuilding",
	.done = "Rebuilt",
	.remark = "Boot may still be running.",
	.loss = "Its disk is replaced: all that is on\nit is lost. Addresses stay.",
	.strands = true,
	.steps = {{.act = "rebuild",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = MINUTE_MS,
		   .deadline_ms = 60 * MINUTE_MS,
		   .follow_ms = 3 * MINUTE_MS,
		   .takes_args = true}},
	.n_steps = 1,
};
const struct plan act_restore = {
	.verb = VERB_DROPLET_RESTORE,
	.infinitive = "restore",
	.doing = "Restoring",
	.done = "Restored",
	.remark = "Boot may still be running.",
	.loss = "Its disk is replaced: what came after\nthat backup is lost.",
	.strands = true,
	.steps = {{.act = "restore",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = MINUTE_MS,
		   .deadline_ms = 120 * MINUTE_MS,
		   .follow_ms = 3 * MINUTE_MS,
		   .takes_args = true}},
	.n_steps = 1,
};
