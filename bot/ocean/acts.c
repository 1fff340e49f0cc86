/* acts.c - actions on a droplet */
#include "ocean/acts.h"

#include <inttypes.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "ocean/value.h"

enum {
	ARG_SIZE = 1 << 0,
	ARG_DISK = 1 << 1,
	ARG_IMAGE_ID = 1 << 2,
	ARG_IMAGE_SLUG = 1 << 3,
	ARG_NAME = 1 << 4,
	ARG_BACKUP = 1 << 5,
	ARG_IMAGE = ARG_IMAGE_ID | ARG_IMAGE_SLUG,
};

static const struct act_row rows[] = {
	{"power_on", VERB_DROPLET_POWER_ON, 0, 0},
	{"power_off", VERB_DROPLET_POWER_OFF, 0, 0},
	{"power_cycle", VERB_DROPLET_POWER_CYCLE, 0, 0},
	{"reboot", VERB_DROPLET_POWER_REBOOT, 0, 0},
	{"shutdown", VERB_DROPLET_POWER_SHUTDOWN, 0, 0},
	{"resize", VERB_DROPLET_RESIZE, ARG_SIZE | ARG_DISK, ARG_SIZE},
	{"rename", VERB_DROPLET_RENAME, ARG_NAME, ARG_NAME},
	{"rebuild", VERB_DROPLET_REBUILD, ARG_IMAGE, ARG_IMAGE},
	{"restore", VERB_DROPLET_RESTORE, ARG_IMAGE_ID, ARG_IMAGE_ID},
	{"snapshot", VERB_SNAPSHOT_CREATE, ARG_NAME, ARG_NAME},
	{"enable_backups", VERB_BACKUP_ENABLE, ARG_BACKUP, 0},
	{"change_backup_policy", VERB_BACKUP_POLICY, ARG_BACKUP, ARG_BACKUP},
	{"disable_backups", VERB_BACKUP_DISABLE, 0, 0},
	{"enable_ipv6", VERB_DROPLET_IPV6, 0, 0},
	{"password_reset", VERB_DROPLET_PASSWORD_RESET, 0, 0},
};

const struct act_row *act_row(const char *act)
{
	for (size_t i = 0; act != NULL && i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].act, act) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static unsigned given(const struct ocean_act_args *args)
{
	return (args->size != NULL ? ARG_SIZE : 0U) | (args->disk ? ARG_DISK : 0U) |
	       (args->image_id != 0 ? ARG_IMAGE_ID : 0U) |
	       (args->image_slug != NULL ? ARG_IMAGE_SLUG : 0U) |
	       (args->name != NULL ? ARG_NAME : 0U) |
	       (args->backup.plan != OCEAN_BACKUP_NONE ? ARG_BACKUP : 0U);
}

int ocean_backup_check(const struct ocean_backup_policy *backup, struct err *err)
{
	bool weekly = backup->plan == OCEAN_BACKUP_WEEKLY;

	if (backup->plan > OCEAN_BACKUP_WEEKLY || backup->hour > 20 || backup->hour % 4 != 0 ||
	    backup->weekday > 6 || (!weekly && backup->weekday != 0)) {
		return err_set(err, ERR_USAGE,
			       "backups run daily or weekly, at 0, 4, 8, 12, 16 or 20 o'clock UTC");
	}
	return 0;
}

/* Either fits an act that takes both; two at once fit none. */
static int check(const struct act_row *row, const struct ocean_act_args *args, struct err *err)
{
	unsigned got = given(args);
	bool image = (row->needs & ARG_IMAGE) == ARG_IMAGE;
	unsigned needs = image ? row->needs & ~(unsigned)ARG_IMAGE : row->needs;

	if ((got & ~row->may) != 0 || (got & needs) != needs ||
	    (image && ((got & ARG_IMAGE) == 0 || (got & ARG_IMAGE) == ARG_IMAGE))) {
		return err_set(err, ERR_USAGE, "\"%s\" was asked for with the wrong arguments",
			       row->act);
	}
	if ((got & ARG_SIZE) != 0 && !value_is_slug(args->size)) {
		return err_set(err, ERR_USAGE, "\"%.40s\" is no size", args->size);
	}
	if ((got & ARG_IMAGE_SLUG) != 0 && !value_is_slug(args->image_slug)) {
		return err_set(err, ERR_USAGE, "\"%.40s\" is no image", args->image_slug);
	}
	if (args->image_id > INT64_MAX) {
		return err_set(err, ERR_USAGE, "the image's number is too big");
	}
	if ((got & ARG_NAME) != 0 && row->verb == VERB_DROPLET_RENAME &&
	    !value_is_host_name(args->name)) {
		return err_set(err, ERR_USAGE,
			       "\"%.60s\" is no droplet name: letters, digits, dots and dashes",
			       args->name);
	}
	if ((got & ARG_NAME) != 0 && !value_usable(args->name, strlen(args->name))) {
		return err_set(err, ERR_USAGE, "a name has 1 to 255 characters, all on one line");
	}
	return (got & ARG_BACKUP) != 0 ? ocean_backup_check(&args->backup, err) : 0;
}

void ocean_backup_json(const struct ocean_backup_policy *backup, struct strbuf *out)
{
	static const char *const days[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

	(void)strbuf_addf(out, "{\"plan\":\"%s\"",
			  backup->plan == OCEAN_BACKUP_WEEKLY ? "weekly" : "daily");
	if (backup->plan == OCEAN_BACKUP_WEEKLY) {
		(void)strbuf_addf(out, ",\"weekday\":\"%s\"", days[backup->weekday]);
	}
	(void)strbuf_addf(out, ",\"hour\":%u}", backup->hour);
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
	(void)strbuf_addf(out, ",\"%s\":", key);
	json_add_string(out, text);
}

int act_body(const char *act, const struct ocean_act_args *args, struct strbuf *body,
	     struct err *err)
{
	const struct act_row *row = act_row(act);

	if (row == NULL) {
		return err_set(err, ERR_USAGE, "\"%.40s\" is nothing that a droplet can do",
			       act != NULL ? act : "");
	}
	if (check(row, args, err) < 0) {
		return -1;
	}
	(void)strbuf_addf(body, "{\"type\":\"%s\"", row->act);
	if (args->size != NULL) {
		add_text(body, "size", args->size);
		(void)strbuf_addf(body, ",\"disk\":%s", args->disk ? "true" : "false");
	}
	if (args->image_id != 0) {
		(void)strbuf_addf(body, ",\"image\":%" PRIu64, args->image_id);
	}
	if (args->image_slug != NULL) {
		add_text(body, "image", args->image_slug);
	}
	if (args->name != NULL) {
		add_text(body, "name", args->name);
	}
	if (args->backup.plan != OCEAN_BACKUP_NONE) {
		(void)strbuf_adds(body, ",\"backup_policy\":");
		ocean_backup_json(&args->backup, body);
	}
	return strbuf_addch(body, '}') < 0
		       ? err_set(err, ERR_LIMIT, "the arguments of \"%s\" are too long", row->act)
		       : 0;
}
