/* things.h - what DigitalOcean has besides droplets: shapes as the calls of ocean.h give them
 *
 * Read only; everything lives until the call's done returns. A text that is missing, too long or has control characters
 * is NULL, a number that is missing or out of bounds 0: not known, never guessed. A thing without what names it (its slug,
 * id, ...) fails the whole answer.
 */
#ifndef OCEAN_THINGS_H
#define OCEAN_THINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ocean_backup_plan { OCEAN_BACKUP_NONE = 0, OCEAN_BACKUP_DAILY, OCEAN_BACKUP_WEEKLY };

struct ocean_backup_policy {
	enum ocean_backup_plan plan;
	unsigned weekday; /* of WEEKLY: 0 Sunday .. 6 Saturday; else 0 */
	unsigned hour;    /* UTC: 0, 4, 8, 12, 16 or 20 */
};

struct ocean_words {
	const char *const *words;
	size_t n;
};

struct ocean_size {
	const char *slug; /* "s-1vcpu-1gb"; always there */
	const char *description;
	unsigned memory_mb, vcpus, disk_gb;
	unsigned price_monthly_cents; /* 0: not known */
	unsigned price_hourly_micros; /* millionths of a dollar: 8930 is $0.00893 */
	bool available;
	struct ocean_words regions; /* slugs of those that have it */
};

struct ocean_region {
	const char *slug; /* "ams3" */
	const char *name;
	bool available;
	struct ocean_words sizes, features;
};

/* An image that a droplet can be made from. */
struct ocean_image {
	uint64_t id;
	const char *slug; /* NULL: none, ask by id */
	const char *name, *distribution;
	const char *type; /* "base", "snapshot", "backup", "custom", "admin" */
	const char *status;
	const char *created; /* RFC 3339 */
	bool is_public;
	unsigned min_disk_gb, size_mb;
	struct ocean_words regions;
};

/* A snapshot or a backup. */
struct ocean_saved {
	const char *id_text; /* always there */
	uint64_t
		id; /* the image to restore or rebuild from; 0: a volume's snapshot, whose id is a UUID */
	const char *name;    /* a snapshot is found by it after its action */
	const char *type;    /* "snapshot", "backup"; NULL in the account's list */
	uint64_t droplet_id; /* in the account's list; 0: not known, or of a volume */
	const char *created; /* RFC 3339 */
	unsigned min_disk_gb, size_mb;
	struct ocean_words regions;
};

struct ocean_key {
	uint64_t id;
	const char *name, *fingerprint;
};

struct ocean_account {
	char email[128], team[128], status[32];
	unsigned droplet_limit;
};

/* Cents of a dollar; negative: DigitalOcean owes. */
struct ocean_balance {
	int64_t account_cents;       /* what was owed when the month began */
	int64_t month_usage_cents;   /* used since */
	int64_t month_balance_cents; /* both together */
	const char *generated;       /* RFC 3339 */
};

struct ocean_backups {
	bool enabled;
	struct ocean_backup_policy policy; /* plan NONE: DigitalOcean gave none */
	const char *next_start, *next_end; /* RFC 3339; NULL: none */
};

#endif
