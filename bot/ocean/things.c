/* things.c - sizes, regions, images, snapshots, keys and money out of DigitalOcean's JSON */
#include "ocean/things.h"

#include <string.h>

#include "base/attr.h"
#include "ocean/reader.h"
#include "ocean/value.h"

static int read_size(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_size *size = to;

	size->slug = read_text(arena, object, "slug");
	size->description = read_text(arena, object, "description");
	size->memory_mb = read_small(object, "memory");
	size->vcpus = read_small(object, "vcpus");
	size->disk_gb = read_small(object, "disk");
	size->price_monthly_cents = read_scaled(object, "price_monthly", 100);
	size->price_hourly_micros = read_scaled(object, "price_hourly", 1e6);
	size->available = json_bool_or(object, "available", false);
	read_words(arena, object, "regions", &size->regions);
	return size->slug != NULL ? 0 : -1;
}

static int read_region(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_region *region = to;

	region->slug = read_text(arena, object, "slug");
	region->name = read_text(arena, object, "name");
	region->available = json_bool_or(object, "available", false);
	read_words(arena, object, "sizes", &region->sizes);
	read_words(arena, object, "features", &region->features);
	return region->slug != NULL ? 0 : -1;
}

static int read_image(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_image *image = to;

	image->id = read_id(object, "id");
	image->slug = read_text(arena, object, "slug");
	image->name = read_text(arena, object, "name");
	image->distribution = read_text(arena, object, "distribution");
	image->type = read_text(arena, object, "type");
	image->status = read_text(arena, object, "status");
	image->created = read_text(arena, object, "created_at");
	image->is_public = json_bool_or(object, "public", false);
	image->min_disk_gb = read_small(object, "min_disk_size");
	image->size_mb = read_scaled(object, "size_gigabytes", 1000);
	read_words(arena, object, "regions", &image->regions);
	return image->id != 0 ? 0 : -1;
}

static int read_saved(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_saved *saved = to;
	const char *id = read_text(arena, object, "id");
	const char *of = json_string_or(object, "resource_id", "");
	bool volume = strcmp(json_string_or(object, "resource_type", "droplet"), "volume") == 0;

	saved->id = read_id(object, "id");
	if (id != NULL && !volume) {
		int64_t n = value_whole(id, strlen(id), INT64_MAX);

		saved->id = n > 0 ? (uint64_t)n : 0;
	}
	saved->id_text = id != NULL ? id
			 : saved->id != 0
				 ? arena_printf(arena, "%llu", (unsigned long long)saved->id)
				 : NULL;
	if (!volume) {
		int64_t n = value_whole(of, strlen(of), INT64_MAX);

		saved->droplet_id = n > 0 ? (uint64_t)n : 0;
	}
	saved->name = read_text(arena, object, "name");
	saved->type = read_text(arena, object, "type");
	saved->created = read_text(arena, object, "created_at");
	saved->min_disk_gb = read_small(object, "min_disk_size");
	saved->size_mb = read_scaled(object, "size_gigabytes", 1000);
	read_words(arena, object, "regions", &saved->regions);
	return saved->id_text != NULL ? 0 : -1;
}

static int read_key(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_key *key = to;

	key->id = read_id(object, "id");
	key->name = read_text(arena, object, "name");
	key->fingerprint = read_text(arena, object, "fingerprint");
	return key->id != 0 ? 0 : -1;
}

static int read_money(const struct json *object, const char *key, int64_t *ret)
{
	const char *text = json_string_or(object, key, NULL);

	return text != NULL ? value_money(text, strlen(text), ret) : -1;
}

static int read_balance(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_balance *balance = to;

	balance->generated = read_text(arena, object, "generated_at");
	return read_money(object, "account_balance", &balance->account_cents) < 0 ||
			       read_money(object, "month_to_date_usage",
					  &balance->month_usage_cents) < 0 ||
			       read_money(object, "month_to_date_balance",
					  &balance->month_balance_cents) < 0
		       ? -1
		       : 0;
}

static void read_policy(const struct json *object, struct ocean_backup_policy *policy)
{
	static const char *const days[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
	const char *plan = json_string_or(object, "plan", "");
	const char *weekday = json_string_or(object, "weekday", "");
	int64_t hour = json_int_or(object, "hour", -1);

	if (hour < 0 || hour > 23) {
		return;
	}
	policy->hour = (unsigned)hour;
	if (strcmp(plan, "daily") == 0) {
		policy->plan = OCEAN_BACKUP_DAILY;
	}
	for (unsigned day = 0; day < ARRAY_LEN(days) && strcmp(plan, "weekly") == 0; day++) {
		if (strcmp(weekday, days[day]) == 0) {
			policy->plan = OCEAN_BACKUP_WEEKLY;
			policy->weekday = day;
		}
	}
}

static int read_backups(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_backups *backups = to;
	const struct json *window = json_member(object, "next_backup_window");

	backups->enabled = json_bool_or(object, "backup_enabled", false);
	read_policy(json_member(object, "backup_policy"), &backups->policy);
	backups->next_start = read_text(arena, window, "start");
	backups->next_end = read_text(arena, window, "end");
	return 0;
}

THING(thing_size, "sizes", "slug", ocean_size, read_size);
THING(thing_region, "regions", "slug", ocean_region, read_region);
THING(thing_image, "images", "id", ocean_image, read_image);
THING(thing_image_one, "image", "id", ocean_image, read_image);
THING(thing_key, "ssh_keys", "id", ocean_key, read_key);
THING(thing_saved, "snapshots", "id", ocean_saved, read_saved);
THING(thing_backup, "backups", "id", ocean_saved, read_saved);
THING(thing_balance, "", "", ocean_balance, read_balance);
THING(thing_backups, "policy", "", ocean_backups, read_backups);
