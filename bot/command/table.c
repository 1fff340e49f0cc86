/* table.c - the rows: everything a person may say, in the order of help
 *
 * The one list of commands. A verb of base/verbs whose command is not built yet has a row made from its name below, so that
 * it is known and answers "not in this version".
 */
#include <pthread.h>
#include <string.h>

#include "command/acts.h"
#include "command/answers.h"
#include "command/life.h"
#include "command/links.h"

#define MINUTE_MS 60000

/* Power: what DigitalOcean's action does, and what must be true of the droplet afterwards. */
static const struct plan reboot = {
	.verb = VERB_DROPLET_POWER_REBOOT,
	.infinitive = "reboot",
	.doing = "Rebooting",
	.done = "Rebooted",
	.remark = "The site may still be starting.",
	.look = "down?",
	.fallback = VERB_DROPLET_POWER_CYCLE,
	.interrupts = true,
	.steps = {{.act = "reboot",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 20000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
static const struct plan cycle = {
	.verb = VERB_DROPLET_POWER_CYCLE,
	.infinitive = "power-cycle",
	.doing = "Power-cycling",
	.done = "Power-cycled",
	.remark = "The site may still be starting.",
	.look = "down?",
	.interrupts = true,
	.steps = {{.act = "power_cycle",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 20000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
static const struct plan power_on = {
	.verb = VERB_DROPLET_POWER_ON,
	.infinitive = "start",
	.doing = "Starting",
	.done = "Started",
	.remark = "The site may still be starting.",
	.steps = {{.act = "power_on",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 10000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
static const struct plan power_off = {
	.verb = VERB_DROPLET_POWER_OFF,
	.infinitive = "power off",
	.doing = "Powering off",
	.done = "Powered off",
	.remark = "It is still billed while off.",
	.strands = true,
	.steps = {{.act = "power_off",
		   .expect = DROPLET_OFF,
		   .usual_ms = 10000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
static const struct plan shut_down = {
	.verb = VERB_DROPLET_POWER_SHUTDOWN,
	.infinitive = "shut down",
	.doing = "Shutting down",
	.done = "Shut down",
	.remark = "It is still billed while off.",
	.strands = true,
	.steps = {{.act = "shutdown",
		   .expect = DROPLET_OFF,
		   .usual_ms = 15000,
		   .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
/* A failed resize must not leave it dark: the last step is done then too. */
static const struct plan resize = {
	.verb = VERB_DROPLET_RESIZE,
	.infinitive = "resize",
	.doing = "Resizing",
	.done = "Resized",
	.remark = "The site may still be starting.",
	.strands = true,
	.steps = {{.act = "shutdown",
		   .expect = DROPLET_OFF,
		   .usual_ms = 15000,
		   .deadline_ms = 5 * MINUTE_MS,
		   .follow_ms = 3 * MINUTE_MS, /* its system ends its programs first */
		   .label = "Switch off",
		   .past = "switched off",
		   .unless = DROPLET_OFF},
		  {.act = "resize",
		   .expect = DROPLET_OFF,
		   .usual_ms = 2 * MINUTE_MS,
		   .deadline_ms = 60 * MINUTE_MS,
		   .label = "Resize",
		   .past = "resized",
		   .takes_args = true},
		  {.act = "power_on",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 10000,
		   .deadline_ms = 5 * MINUTE_MS,
		   .label = "Switch on",
		   .past = "switched on",
		   .unless = DROPLET_ACTIVE,
		   .way_back = true}},
	.n_steps = 3,
};

static const struct command built[] = {
	{
		.phrases = {"list", "droplet list", "droplets", "ls", "droplet ls", "servers",
			    "status", "droplet status"},
		.verb = VERB_DROPLET_LIST,
		.takes = TAKES_FILTERS,
		.usage = "[tag:T] [region:R] [status:on] [web-*]",
		.help = "the droplets you may see here",
		.answer = answer_list,
	},
	{
		.phrases = {"show", "droplet show", "status", "droplet status", "info"},
		.verb = VERB_DROPLET_SHOW,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "one droplet: state, size, address",
		.answer = answer_show,
		.gather = &gather_small,
	},
	{
		.phrases = {"down?", "down", "is it down", "droplet down"},
		.verb = VERB_DROPLET_SHOW,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "is it on, and what may help",
		.answer = answer_down,
		.gather = &gather_small,
	},
	{
		.phrases = {"metrics", "droplet metrics", "graph"},
		.verb = VERB_DROPLET_METRICS,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_FIGURE, .optional = true},
			 {.arg = ARG_SPAN, .optional = true}},
		.help = "CPU, memory, disk, load, traffic",
		.answer = answer_metrics,
		.gather = &gather_metrics,
	},
	{
		.phrases = {"history", "droplet history", "droplet actions", "actions"},
		.verb = VERB_DROPLET_HISTORY,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "what was done to it of late",
		.answer = answer_history,
		.fetch = OCEAN_DROPLET_ACTIONS,
	},
	{
		.phrases = {"account", "account show", "droplet account", "team"},
		.verb = VERB_ACCOUNT_SHOW,
		.takes = TAKES_NOTHING,
		.help = "whose account, how many droplets",
		.answer = answer_team,
		.fetch = OCEAN_ACCOUNT,
	},
	{
		.phrases = {"balance", "account balance", "droplet balance"},
		.verb = VERB_ACCOUNT_BALANCE,
		.takes = TAKES_NOTHING,
		.help = "what the account owes",
		.answer = answer_balance,
		.fetch = OCEAN_BALANCE,
	},
	{
		.phrases = {"sizes", "size list", "droplet sizes", "prices"},
		.verb = VERB_SIZE_LIST,
		.takes = TAKES_GLOB,
		.usage = "[s-2vcpu*]",
		.help = "sizes of droplets, and what they cost",
		.answer = answer_sizes,
		.fetch = OCEAN_SIZES,
	},
	{
		.phrases = {"regions", "region list", "droplet regions"},
		.verb = VERB_REGION_LIST,
		.takes = TAKES_GLOB,
		.usage = "[ams*]",
		.help = "where droplets can be",
		.answer = answer_regions,
		.fetch = OCEAN_REGIONS,
	},
	{
		.phrases = {"images", "image list", "droplet images"},
		.verb = VERB_IMAGE_LIST,
		.takes = TAKES_GLOB,
		.usage = "[debian*]",
		.help = "systems to make a droplet from",
		.answer = answer_images,
		.fetch = OCEAN_IMAGES,
		.images = OCEAN_IMAGES_DISTRIBUTIONS,
	},
	{
		.phrases = {"images own", "own images", "image list own"},
		.verb = VERB_IMAGE_LIST,
		.takes = TAKES_GLOB,
		.usage = "[web-*]",
		.help = "images of our own",
		.answer = answer_images,
		.fetch = OCEAN_IMAGES,
		.images = OCEAN_IMAGES_OWN,
	},
	{
		.phrases = {"keys", "key list", "droplet keys", "ssh keys"},
		.verb = VERB_KEY_LIST,
		.takes = TAKES_GLOB,
		.usage = "[ana*]",
		.help = "SSH keys of the account",
		.answer = answer_keys,
		.fetch = OCEAN_KEYS,
	},
	{
		.phrases = {"snapshots", "snapshot list", "droplet snapshots"},
		.verb = VERB_SNAPSHOT_LIST,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "its snapshots",
		.answer = answer_snapshots,
		.fetch = OCEAN_DROPLET_SNAPSHOTS,
	},
	{
		.phrases = {"backups", "backup list", "droplet backups"},
		.verb = VERB_BACKUP_LIST,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "its backups",
		.answer = answer_backups,
		.fetch = OCEAN_DROPLET_BACKUPS,
	},
	{
		.phrases = {"tags", "tag list", "droplet tags"},
		.verb = VERB_TAG_LIST,
		.takes = TAKES_GLOB,
		.usage = "[web*]",
		.help = "tags, and how many have each",
		.answer = answer_tags,
		.fetch = OCEAN_TAGS,
	},
	{
		.phrases = {"volumes", "volume list", "droplet volumes"},
		.verb = VERB_VOLUME_LIST,
		.takes = TAKES_GLOB,
		.usage = "[data*]",
		.help = "volumes, and where they are attached",
		.answer = answer_volumes,
		.fetch = OCEAN_VOLUMES,
	},
	{
		.phrases = {"ips", "ip list", "droplet ips", "reserved ips"},
		.verb = VERB_IP_LIST,
		.takes = TAKES_GLOB,
		.usage = "[203.0.113.*]",
		.help = "reserved addresses, and their droplets",
		.answer = answer_ips,
		.fetch = OCEAN_IPS,
	},
	{
		.phrases = {"firewalls", "firewall list", "droplet firewalls"},
		.verb = VERB_FIREWALL_LIST,
		.takes = TAKES_GLOB,
		.usage = "[web*]",
		.help = "firewalls, and what is behind each",
		.answer = answer_firewalls,
		.fetch = OCEAN_FIREWALLS,
	},
	{
		.phrases = {"load balancers", "loadbalancers", "loadbalancer list",
			    "load balancer list", "lbs"},
		.verb = VERB_LOADBALANCER_LIST,
		.takes = TAKES_GLOB,
		.usage = "[web*]",
		.help = "load balancers, and their droplets",
		.answer = answer_load_balancers,
		.fetch = OCEAN_LOAD_BALANCERS,
	},
	{
		.phrases = {"domains", "domain list", "droplet domains"},
		.verb = VERB_DOMAIN_LIST,
		.takes = TAKES_GLOB,
		.usage = "[*.org]",
		.help = "domains that are kept there",
		.answer = answer_domains,
		.fetch = OCEAN_DOMAINS,
	},
	{
		.phrases = {"projects", "project list", "droplet projects"},
		.verb = VERB_PROJECT_LIST,
		.takes = TAKES_GLOB,
		.usage = "[shop*]",
		.help = "projects of the account",
		.answer = answer_projects,
		.fetch = OCEAN_PROJECTS,
	},
	{
		.phrases = {"neighbors", "droplet neighbors", "neighbours", "droplet neighbours"},
		.verb = VERB_DROPLET_NEIGHBORS,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "which droplets share its machine",
		.answer = answer_neighbors,
		.fetch = OCEAN_NEIGHBORS,
	},
	{
		.phrases = {"reboot", "droplet reboot", "droplet power reboot", "restart",
			    "droplet restart", "power reboot"},
		.verb = VERB_DROPLET_POWER_REBOOT,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "restart it, asking its system first",
		.plan = &reboot,
	},
	{
		.phrases = {"power-cycle", "droplet power-cycle", "droplet power cycle",
			    "power cycle", "powercycle", "droplet cycle", "cycle",
			    "droplet powercycle"},
		.verb = VERB_DROPLET_POWER_CYCLE,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "the reset button, when it hangs",
		.plan = &cycle,
	},
	{
		.phrases = {"start", "droplet start", "droplet power on", "power on", "droplet on",
			    "poweron", "power-on", "droplet power-on"},
		.verb = VERB_DROPLET_POWER_ON,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "switch it on",
		.plan = &power_on,
	},
	{
		/* "stop" is the gentle one on purpose: nobody who types it wants the plug pulled */
		.phrases = {"shutdown", "droplet shutdown", "droplet power shutdown", "stop",
			    "droplet stop", "shut down", "power shutdown", "droplet shut down"},
		.verb = VERB_DROPLET_POWER_SHUTDOWN,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "ask its system to switch off",
		.plan = &shut_down,
	},
	{
		.phrases = {"power off", "droplet power off", "poweroff", "power-off",
			    "droplet power-off", "droplet poweroff", "droplet off"},
		.verb = VERB_DROPLET_POWER_OFF,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "pull the plug; may lose data",
		.plan = &power_off,
	},
	{
		.phrases = {"create", "droplet create", "create droplet"},
		.verb = VERB_DROPLET_CREATE,
		.takes = TAKES_NEW,
		.usage = "NAME ...",
		.args = {{ARG_REGION, false, FROM_REGIONS, "Region", "where: `regions`"},
			 {ARG_SIZE, false, FROM_SIZES, "Size", "how large, and its price: `sizes`"},
			 {ARG_IMAGE, false, FROM_IMAGES, "Image", "its system: `images`, or an id"},
			 {ARG_KEYS, true, FROM_KEYS, "SSH keys", "who may log in: `keys`"},
			 {ARG_TAGS, true, FROM_TAGS, "Tags", "what rules know it by"},
			 {ARG_VPC, true, FROM_VPCS, "VPC", "its private network"},
			 {ARG_TEMPLATE, true, FROM_TEMPLATES, "User data", "a template's name"},
			 {ARG_BACKUPS, true, FROM_NOTHING, "Backups",
			  "each week; cost a fifth more"},
			 {ARG_MONITORING, true, FROM_NOTHING, "Monitoring", "memory and load too"},
			 {ARG_IPV6, true, FROM_NOTHING, "IPv6", "an IPv6 address too"},
			 {ARG_PROJECT, true, FROM_PROJECTS, "Project", "not the default one"},
			 {ARG_ACCOUNT, true, FROM_ACCOUNTS, "Account", "where there are several"}},
		.knows = KNOWS_NEW,
		.help = "new ones: help create",
		.plan = &life_create,
	},
	{
		.phrases = {"resize", "droplet resize"},
		.verb = VERB_DROPLET_RESIZE,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_SIZE}, {.arg = ARG_DISK}},
		.knows = KNOWS_SIZES,
		.help = "off, another size, and on again",
		.plan = &resize,
	},
	{
		.phrases = {"rename", "droplet rename"},
		.verb = VERB_DROPLET_RENAME,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_NAME}},
		.help = "another name",
		.plan = &act_rename,
	},
	{
		.phrases = {"snapshot", "droplet snapshot", "snapshot create",
			    "droplet snapshot create", "take snapshot"},
		.verb = VERB_SNAPSHOT_CREATE,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_LABEL, .optional = true}},
		.help = "an image of its disk, to keep",
		.plan = &act_snapshot,
	},
	{
		.phrases = {"backups on", "droplet backups on", "backup enable", "backup on",
			    "backups enable", "enable backups", "droplet backup enable"},
		.verb = VERB_BACKUP_ENABLE,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "a backup by itself, each week",
		.plan = &act_backups_on,
	},
	{
		.phrases = {"backups off", "droplet backups off", "backup disable", "backup off",
			    "backups disable", "disable backups", "droplet backup disable"},
		.verb = VERB_BACKUP_DISABLE,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "no more backups; not to be undone",
		.plan = &act_backups_off,
	},
	{
		.phrases = {"backup policy", "droplet backup policy", "backups policy"},
		.verb = VERB_BACKUP_POLICY,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_PLAN}, {.arg = ARG_DAY, .optional = true}, {.arg = ARG_HOUR}},
		.help = "when its backups are made",
		.plan = &act_backup_policy,
	},
	{
		.phrases = {"ipv6", "droplet ipv6", "ipv6 on", "enable ipv6"},
		.verb = VERB_DROPLET_IPV6,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "an IPv6 address too; for good",
		.plan = &act_ipv6,
	},
	{
		.phrases = {"password reset", "droplet password reset", "reset password"},
		.verb = VERB_DROPLET_PASSWORD_RESET,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.help = "new root password, by mail; restarts",
		.plan = &act_password_reset,
	},
	{
		.phrases = {"rebuild", "droplet rebuild"},
		.verb = VERB_DROPLET_REBUILD,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_IMAGE}},
		.help = "a new disk from an image; all is lost",
		.plan = &act_rebuild,
	},
	{
		.phrases = {"restore", "droplet restore"},
		.verb = VERB_DROPLET_RESTORE,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_BACKUP}},
		.knows = KNOWS_SAVED,
		.help = "its disk as it was in a backup",
		.plan = &act_restore,
	},
	{
		.phrases = {"destroy", "droplet destroy"},
		.verb = VERB_DROPLET_DESTROY,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "for good; what it is is shown before",
		.plan = &life_destroy,
	},
	{
		.phrases = {"purge", "droplet purge"},
		.verb = VERB_DROPLET_PURGE,
		.takes = TAKES_TARGETS,
		.usage = "NAME ...",
		.help = "destroy it with all that belongs to it",
		.plan = &life_purge,
	},
	{
		.phrases = {"tag", "droplet tag", "tag add"},
		.verb = VERB_TAG_ADD,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_TAG}},
		.help = "put a tag on it, one that exists",
		.plan = &link_tag_add,
	},
	{
		.phrases = {"untag", "droplet untag", "tag remove"},
		.verb = VERB_TAG_REMOVE,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_TAG}},
		.help = "take a tag off it",
		.plan = &link_tag_remove,
	},
	{
		.phrases = {"project assign", "droplet project assign"},
		.verb = VERB_PROJECT_ASSIGN,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_PROJECT}},
		.help = "into another project",
		.plan = &link_project_assign,
	},
	{
		.phrases = {"volume attach", "droplet volume attach"},
		.verb = VERB_VOLUME_ATTACH,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_VOLUME}},
		.help = "attach a volume that is free",
		.plan = &link_volume_attach,
	},
	{
		.phrases = {"volume detach", "droplet volume detach"},
		.verb = VERB_VOLUME_DETACH,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_VOLUME}},
		.help = "detach it; unmount it first",
		.plan = &link_volume_detach,
	},
	{
		.phrases = {"ip assign", "droplet ip assign"},
		.verb = VERB_IP_ASSIGN,
		.takes = TAKES_TARGETS,
		.one = true,
		.usage = "NAME",
		.args = {{.arg = ARG_ADDRESS}},
		.help = "point a reserved address to it",
		.plan = &link_ip_assign,
	},
	{
		.phrases = {"ip unassign", "droplet ip unassign"},
		.verb = VERB_IP_UNASSIGN,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_ADDRESS}},
		.help = "take a reserved address from it",
		.plan = &link_ip_unassign,
	},
	{
		.phrases = {"firewall attach", "droplet firewall attach"},
		.verb = VERB_FIREWALL_ATTACH,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_FIREWALL}},
		.help = "put it behind a firewall",
		.plan = &link_firewall_attach,
	},
	{
		.phrases = {"firewall detach", "droplet firewall detach"},
		.verb = VERB_FIREWALL_DETACH,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.args = {{.arg = ARG_FIREWALL}},
		.help = "take it from behind a firewall",
		.plan = &link_firewall_detach,
	},
	{
		.phrases = {"lock", "droplet lock", "lock set"},
		.verb = VERB_LOCK_SET,
		.takes = TAKES_TARGETS,
		.usage = "NAME because WHY",
		.help = "keep others from changing it",
		.own = OWN_LOCK,
	},
	{
		.phrases = {"unlock", "droplet unlock"},
		.verb = VERB_LOCK_SET,
		.takes = TAKES_TARGETS,
		.usage = "NAME",
		.help = "let others change it again",
		.own = OWN_UNLOCK,
	},
	{
		.phrases = {"lock steal", "steal lock", "droplet lock steal"},
		.verb = VERB_LOCK_STEAL,
		.takes = TAKES_TARGETS,
		.usage = "NAME because WHY",
		.help = "take somebody else's lock over",
		.own = OWN_STEAL,
	},
	{
		.phrases = {"policy why", "why"},
		.verb = VERB_POLICY_WHY,
		.takes = TAKES_REST,
		.usage = "COMMAND NAME",
		.help = "which line allows or forbids it",
		.answer = answer_why,
	},
	{
		.phrases = {"audit", "audit show", "droplet audit", "droplet audit show"},
		.verb = VERB_AUDIT_SHOW,
		.takes = TAKES_REST,
		.usage = "[NAME] [PERSON] [since 2h] [ID]",
		.help = "who did what, newest first",
		.own = OWN_AUDIT,
	},
	{
		.phrases = {"oncall", "on call", "on-call", "droplet oncall"},
		.verb = VERB_NONE,
		.takes = TAKES_NOTHING,
		.help = "whose turn it is, and until when",
		.about_staff = true,
		.answer = answer_oncall,
	},
	{
		.phrases = {"oncall take", "on call take", "on-call take", "droplet oncall take",
			    "take oncall"},
		.verb = VERB_NONE,
		.takes = TAKES_REST,
		.usage = "[ROTA] because WHY",
		.help = "take a turn for 2 h, with your code",
		.about_staff = true,
		.own = OWN_TAKE,
	},
	{
		.phrases = {"oncall return", "on call return", "on-call return",
			    "droplet oncall return", "oncall give back"},
		.verb = VERB_NONE,
		.takes = TAKES_REST,
		.usage = "[ROTA]",
		.help = "give the turn back that you took",
		.about_staff = true,
		.own = OWN_RETURN,
	},
	{
		.phrases = {"policy reload", "reload", "reload policy"},
		.verb = VERB_POLICY_RELOAD,
		.takes = TAKES_NOTHING,
		.help = "read the policy file again",
		.own = OWN_RELOAD,
	},
	{
		.phrases = {"pending", "job list", "jobs", "droplet pending", "waiting"},
		.takes = TAKES_NOTHING,
		.help = "what waits for you, or for others",
		.own = OWN_PENDING,
	},
	{
		.phrases = {"confirm", "droplet confirm"},
		.takes = TAKES_ID,
		.usage = "[ID]",
		.help = "yes, do what I asked for",
		.own = OWN_CONFIRM,
	},
	{
		.phrases = {"approve", "droplet approve"},
		.takes = TAKES_ID,
		.usage = "[ID]",
		.help = "let somebody else's request go on",
		.own = OWN_APPROVE,
	},
	{
		.phrases = {"deny", "droplet deny", "reject"},
		.takes = TAKES_ID,
		.usage = "[ID]",
		.help = "stop somebody else's request",
		.own = OWN_REFUSE,
	},
	{
		.phrases = {"cancel", "job cancel", "droplet cancel"},
		.takes = TAKES_ID,
		.usage = "[ID]",
		.help = "call off what was not sent yet",
		.own = OWN_CANCEL,
	},
	{
		.phrases = {"code", "droplet code"},
		.takes = TAKES_REST,
		.usage = "123456",
		.help = "your code, in a direct message only",
		.own = OWN_CODE,
	},
	{
		.phrases = {"because"},
		.takes = TAKES_REST,
		.usage = "TEXT",
		.help = "why you ask, when that is wanted",
		.own = OWN_REASON,
	},
	{
		.phrases = {"help", "droplet help", "?", "commands"},
		.verb = VERB_NONE,
		.takes = TAKES_TOPIC,
		.usage = "[COMMAND]",
		.help = "what you may do here",
		.answer = answer_help,
	},
	{
		.phrases = {"whoami", "who am i", "droplet whoami", "droplet who am i"},
		.verb = VERB_NONE,
		.takes = TAKES_NOTHING,
		.help = "who you are to me, and where",
		.answer = answer_whoami,
	},
};

/*
 * One row more for each verb that nothing above implements: its name with spaces is its phrase ("droplet resize"), and what
 * people type without the first word ("resize").
 */
static struct command rows[ARRAY_LEN(built) + VERB_COUNT];
static char phrases[VERB_COUNT][40];
static size_t n_rows;

static bool is_built(enum verb verb)
{
	if (verb == VERB_JOB_LIST || verb == VERB_JOB_CANCEL) {
		return true; /* "pending" and "cancel": of one's own they need no right */
	}
	for (size_t i = 0; i < ARRAY_LEN(built); i++) {
		if (built[i].verb == verb) {
			return true;
		}
	}
	return false;
}

static void make_rows(void)
{
	memcpy(rows, built, sizeof(built));
	n_rows = ARRAY_LEN(built);
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const struct verb_info *info = verb_info((enum verb)v);
		char *phrase = phrases[v];

		if (is_built(info->verb)) {
			continue;
		}
		(void)strncat(phrase, info->name, sizeof(phrases[v]) - 1);
		for (char *dot = phrase; (dot = strchr(dot, '.')) != NULL;) {
			*dot = ' ';
		}
		rows[n_rows].phrases[0] = phrase;
		if (strncmp(phrase, "droplet ", 8) == 0) {
			rows[n_rows].phrases[1] = phrase + 8;
		}
		rows[n_rows].verb = info->verb;
		rows[n_rows].takes = TAKES_REST;
		n_rows++;
	}
}

const struct command *command_rows(size_t *ret_n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, make_rows);
	*ret_n = n_rows;
	return rows;
}

const struct plan *command_plan(enum verb verb)
{
	for (size_t i = 0; i < ARRAY_LEN(built); i++) {
		if (built[i].plan != NULL && built[i].verb == verb) {
			return built[i].plan;
		}
	}
	return NULL;
}
