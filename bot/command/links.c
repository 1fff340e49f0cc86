/* links.c - what ties a droplet to tags, projects, volumes, addresses and firewalls: the plans of their rows in table.c */
#include "command/links.h"

#define MINUTE_MS 60000
#define LINK_STEP(was)                           \
	.steps = {{.kind = STEP_LINK,            \
		   .usual_ms = 2000,             \
		   .deadline_ms = 5 * MINUTE_MS, \
		   .past = (was)}},              \
	.n_steps = 1

const struct plan link_tag_add = {
	.verb = VERB_TAG_ADD,
	.infinitive = "tag",
	.doing = "Tagging",
	.done = "Tagged",
	.joins = " with ",
	LINK_STEP("tagged"),
};
const struct plan link_tag_remove = {
	.verb = VERB_TAG_REMOVE,
	.infinitive = "untag",
	.doing = "Untagging",
	.done = "Untagged",
	.joins = ": ",
	LINK_STEP("untagged"),
};
const struct plan link_project_assign = {
	.verb = VERB_PROJECT_ASSIGN,
	.infinitive = "move",
	.doing = "Moving",
	.done = "Moved",
	.joins = " to project ",
	LINK_STEP("moved"),
};
const struct plan link_volume_attach = {
	.verb = VERB_VOLUME_ATTACH,
	.infinitive = "attach a volume to",
	.doing = "Attaching to",
	.done = "Attached to",
	.joins = ": ",
	LINK_STEP("given the volume"),
};
const struct plan link_volume_detach = {
	.verb = VERB_VOLUME_DETACH,
	.infinitive = "detach a volume from",
	.doing = "Detaching from",
	.done = "Detached from",
	.joins = ": ",
	LINK_STEP("parted from the volume"),
};
const struct plan link_ip_assign = {
	.verb = VERB_IP_ASSIGN,
	.infinitive = "move an address to",
	.doing = "Pointing to",
	.done = "Pointed to",
	.joins = ": ",
	LINK_STEP("given the address"),
};
const struct plan link_ip_unassign = {
	.verb = VERB_IP_UNASSIGN,
	.infinitive = "take an address from",
	.doing = "Taking from",
	.done = "Taken from",
	.joins = ": ",
	LINK_STEP("parted from the address"),
};
const struct plan link_firewall_attach = {
	.verb = VERB_FIREWALL_ATTACH,
	.infinitive = "put a firewall before",
	.doing = "Adding",
	.done = "Added",
	.joins = " to firewall ",
	LINK_STEP("put behind the firewall"),
};
const struct plan link_firewall_detach = {
	.verb = VERB_FIREWALL_DETACH,
	.infinitive = "take a firewall from",
	.doing = "Removing",
	.done = "Removed",
	.joins = " from firewall ",
	LINK_STEP("taken from the firewall"),
};
