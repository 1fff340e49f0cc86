/* acts.c - what can be done to a simulated droplet, how long it takes and what it changes
 *
 * An action is checked when it is asked for and has its effect at its end: one that errors, or completes without effect,
 * leaves everything as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/catalog.h"
#include "sim/inside.h"

enum needs_arg { ARG_NONE, ARG_SIZE, ARG_IMAGE, ARG_OWN_IMAGE, ARG_NAME, ARG_POLICY };

static const struct type_row {
	const char *type;
	int64_t takes_ms;
	enum droplet_status needs; /* the droplet must have this status; UNKNOWN: any */
	enum droplet_status gives; /* and has this one afterwards; UNKNOWN: the same */
	enum needs_arg arg;
} types[] = {
	{"reboot", 20000, DROPLET_ACTIVE, DROPLET_ACTIVE, ARG_NONE},
	{"power_on", 8000, DROPLET_OFF, DROPLET_ACTIVE, ARG_NONE},
	{"shutdown", 6000, DROPLET_ACTIVE, DROPLET_OFF, ARG_NONE},
	{"power_off", 5000, DROPLET_ACTIVE, DROPLET_OFF, ARG_NONE},
	{"power_cycle", 15000, DROPLET_ACTIVE, DROPLET_ACTIVE, ARG_NONE},
	{"resize", 60000, DROPLET_OFF, DROPLET_OFF, ARG_SIZE},
	{"rename", 2000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_NAME},
	{"rebuild", 45000, DROPLET_UNKNOWN, DROPLET_ACTIVE, ARG_IMAGE},
	{"restore", 60000, DROPLET_UNKNOWN, DROPLET_ACTIVE, ARG_OWN_IMAGE},
	{"snapshot", 42000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_NONE},
	{"enable_backups", 3000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_NONE},
	{"disable_backups", 3000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_NONE},
	{"change_backup_policy", 3000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_POLICY},
	{"enable_ipv6", 8000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_NONE},
	{"password_reset", 15000, DROPLET_UNKNOWN, DROPLET_ACTIVE, ARG_NONE},
	/* not by POST of an action */
	{"create", 31000, DROPLET_NEW, DROPLET_ACTIVE, ARG_NONE},
	{"destroy", 5000, DROPLET_UNKNOWN, DROPLET_UNKNOWN, ARG_NONE},
};

static const struct type_row *type_by_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].type, word) == 0) {
			return &types[i];
		}
	}
	return NULL;
}

uint64_t sim_action_scopes(const char *type)
{
	if (strcmp(type, "snapshot") == 0) {
		return sim_scope_bit(SIM_IMAGE_CREATE);
	}
	if (strcmp(type, "resize") == 0) {
		return sim_scope_bit(SIM_DROPLET_CREATE);
	}
	return strcmp(type, "rebuild") == 0 || strcmp(type, "restore") == 0 ||
			       strcmp(type, "password_reset") == 0
		       ? sim_scope_bit(SIM_DROPLET_ADMIN)
		       : 0;
}

const struct sim_image *sim_find_image(const struct sim *sim, const char *slug, uint64_t id)
{
	if (slug != NULL) {
		return sim_image(slug);
	}
	for (size_t i = 0; i < sim->n_images; i++) {
		if (sim->images[i]->id == id) {
			return sim->images[i]->gone ? NULL : sim->images[i];
		}
	}
	return sim_image_by_id(id);
}

struct sim_image *sim_add_image(struct sim *sim, const struct sim_droplet *droplet,
				const char *type, const char *name)
{
	struct sim_image *image = mem_alloc(sizeof(*image));

	image->id = sim->next_image_id++;
	image->name = mem_strdup(name);
	image->distribution = droplet->image->distribution;
	image->gb = 2.34;
	image->min_disk_gb = droplet->disk_gb;
	image->type = type;
	image->region = droplet->region->slug;
	image->droplet_id = droplet->id;
	image->created_ms = sim->now_ms;
	sim->images = mem_grow(sim->images, sim->n_images + 1, sizeof(struct sim_image *));
	sim->images[sim->n_images++] = image;
	return image;
}

static int read_policy(const struct json *policy, struct sim_args *args)
{
	static const char *const days[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
	const char *plan = json_string_or(policy, "plan", "");
	const char *weekday = json_string_or(policy, "weekday", "SUN");
	int64_t hour = json_int_or(policy, "hour", 0);

	args->has_policy = true;
	args->policy.weekly = strcmp(plan, "weekly") == 0;
	args->policy.hour = (unsigned)hour;
	for (unsigned day = 0; day < ARRAY_LEN(days); day++) {
		if (strcmp(weekday, days[day]) == 0) {
			args->policy.weekday = day;
			return hour >= 0 && hour <= 20 && hour % 4 == 0 &&
					       (args->policy.weekly || strcmp(plan, "daily") == 0)
				       ? 0
				       : -1;
		}
	}
	return -1;
}

int sim_read_args(const struct sim *sim, const struct json *body, struct sim_args *ret,
		  const char **ret_reason)
{
	struct sim_args args = {0};
	const char *size = json_string_or(body, "size", NULL);
	const char *slug = json_string_or(body, "image", NULL);
	int64_t id = json_int_or(body, "image", 0);
	const struct json *policy = json_member(body, "backup_policy");

	if (policy != NULL && read_policy(policy, &args) < 0) {
		*ret_reason = "The backup policy is not valid.";
		return -1;
	}
	args.size = size != NULL ? sim_size(size) : NULL;
	args.disk = json_bool_or(body, "disk", false);
	if (slug != NULL || id > 0) {
		args.image = sim_find_image(sim, slug, id > 0 ? (uint64_t)id : 0);
	}
	args.name = json_string_or(body, "name", NULL);
	*ret = args;
	return 0;
}

static const char *wrong_arg(const struct type_row *row, const struct sim_droplet *droplet,
			     const struct sim_args *args)
{
	bool own = args->image != NULL && args->image->slug == NULL;

	switch (row->arg) {
	case ARG_NONE:
		return NULL;
	case ARG_SIZE:
		if (args->size == NULL) {
			return "The size is not known or not available in this region.";
		}
		return args->size->disk_gb < droplet->disk_gb
			       ? "Size can not decrease size of Droplet's disk image"
			       : NULL;
	case ARG_IMAGE:
	case ARG_OWN_IMAGE:
		if (args->image == NULL || (row->arg == ARG_OWN_IMAGE && !own)) {
			return "You specified an invalid image.";
		}
		return args->image->min_disk_gb > droplet->disk_gb
			       ? "The image needs a larger disk than this Droplet has."
			       : NULL;
	case ARG_NAME:
		return args->name == NULL || args->name[0] == '\0' ||
				       strspn(args->name,
					      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789.-") != strlen(args->name)
			       ? "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . "
				 "and -)"
			       : NULL;
	case ARG_POLICY:
		if (!droplet->backups) {
			return "Backups are not enabled for this Droplet.";
		}
		return args->has_policy ? NULL : "The backup policy is missing.";
	}
	return NULL;
}

/* Why it cannot be done now; NULL: it can. */
static const char *refusal(const struct type_row *row, const struct sim_droplet *droplet,
			   const struct sim_args *args)
{
	if (row == NULL) {
		return "The action type is not known or not available for this Droplet.";
	}
	if (droplet->event != NULL || droplet->held) {
		return "Droplet already has a pending event.";
	}
	if (row->needs != DROPLET_UNKNOWN && droplet->status != row->needs) {
		return row->needs == DROPLET_OFF
			       ? "Droplet is currently on. Please power it off to run this event."
			       : "Droplet is currently off. Please power it on to run this event.";
	}
	if (strcmp(row->type, "enable_ipv6") == 0 && droplet->ipv6) {
		return "IPv6 is already enabled for this Droplet.";
	}
	if (strcmp(row->type, "enable_backups") == 0 && droplet->backups) {
		return "Backups are already enabled for this Droplet.";
	}
	if (strcmp(row->type, "disable_backups") == 0 && !droplet->backups) {
		return "Backups are not enabled for this Droplet.";
	}
	return wrong_arg(row, droplet, args);
}

void sim_set_off(struct sim *sim, struct sim_action *action, int64_t takes_ms)
{
	action->fate = sim->fate;
	memset(&sim->fate, 0, sizeof(sim->fate));
	takes_ms = action->fate.takes_ms > 0 ? action->fate.takes_ms : takes_ms;
	action->due_ms =
		action->fate.never_ends ? INT64_MAX : sim->now_ms + sim_scaled(sim, takes_ms);
}

struct sim_action *sim_start_destroy(struct sim *sim, struct sim_droplet *droplet,
				     const char **ret_reason)
{
	return sim_start_action(sim, droplet, "destroy", NULL, ret_reason);
}

/* The action `create` of a droplet that was just admitted runs only now. */
void sim_begin_create(struct sim *sim, struct sim_droplet *droplet)
{
	struct sim_action *action = droplet->actions[0];

	action->status = SIM_IN_PROGRESS;
	action->completed_ms = 0;
	action->started_ms = sim->now_ms;
	droplet->status = DROPLET_NEW;
	droplet->event = action;
	sim_set_off(sim, action, type_by_word("create")->takes_ms);
}

struct sim_action *sim_start_action(struct sim *sim, struct sim_droplet *droplet, const char *type,
				    const struct sim_args *args, const char **ret_reason)
{
	static const struct sim_args none;
	const struct type_row *row = type_by_word(type);
	const char *reason = refusal(row, droplet, args != NULL ? args : &none);
	struct sim_action *action;

	if (reason != NULL) {
		*ret_reason = reason;
		return NULL;
	}
	action = sim_new_action(sim, droplet, row->type, sim->now_ms);
	sim_set_off(sim, action, row->takes_ms);
	if (args != NULL) {
		action->args = *args;
		action->args.name = args->name != NULL ? mem_strdup(args->name) : NULL;
	}
	droplet->event = action;
	return action;
}

static void snapshot(struct sim *sim, const struct sim_droplet *droplet,
		     const struct sim_action *action)
{
	char name[300];

	(void)snprintf(name, sizeof(name), "%s-%lld", droplet->name,
		       (long long)(action->started_ms / 1000));
	(void)sim_add_image(sim, droplet, "snapshot",
			    action->args.name != NULL ? action->args.name : name);
	sim->images[sim->n_images - 1]->created_ms = action->due_ms;
}

/* What the action changes besides the status. */
static void change(struct sim *sim, struct sim_droplet *droplet, const struct sim_action *action)
{
	const struct sim_args *args = &action->args;
	bool enables = strcmp(action->type, "enable_backups") == 0;

	if (strcmp(action->type, "resize") == 0) {
		droplet->size = args->size;
		droplet->disk_gb = args->disk ? args->size->disk_gb : droplet->disk_gb;
	} else if (strcmp(action->type, "rename") == 0) {
		free(droplet->name);
		droplet->name = mem_strdup(args->name);
	} else if (strcmp(action->type, "rebuild") == 0 || strcmp(action->type, "restore") == 0) {
		droplet->image = args->image;
	} else if (strcmp(action->type, "snapshot") == 0) {
		snapshot(sim, droplet, action);
	} else if (strcmp(action->type, "enable_ipv6") == 0) {
		droplet->ipv6 = true;
	} else if (strcmp(action->type, "disable_backups") == 0) {
		droplet->backups = false;
	} else if (enables || strcmp(action->type, "change_backup_policy") == 0) {
		droplet->backups = true;
		droplet->policy = args->policy;
		droplet->policy.weekly |= !args->has_policy; /* DigitalOcean's own choice */
	}
}

void sim_finish_action(struct sim *sim, struct sim_droplet *droplet)
{
	struct sim_action *action = droplet->event;
	const struct type_row *row = type_by_word(action->type);
	enum droplet_status gives;

	droplet->event = NULL;
	action->completed_ms = action->due_ms;
	action->status = action->fate.errors ? SIM_ERRORED : SIM_COMPLETED;
	if (strcmp(action->type, "create") == 0 && action->fate.errors) {
		droplet->gone = true; /* no place for it */
	}
	if (strcmp(action->type, "destroy") == 0) {
		droplet->gone = !action->fate.errors && !action->fate.unchanged;
		sim_purge_over(sim, action);
	}
	if (row == NULL || action->fate.errors || action->fate.unchanged) {
		return;
	}
	change(sim, droplet, action);
	gives = row->gives != DROPLET_UNKNOWN ? row->gives : droplet->status;
	if (action->fate.lag_ms > 0) {
		droplet->later = gives;
		droplet->later_ms = action->due_ms + sim_scaled(sim, action->fate.lag_ms);
	} else {
		droplet->status = gives;
		droplet->later = DROPLET_UNKNOWN;
	}
}
