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

/* What is found beside a droplet when it goes. */
enum ocean_kind {
	OCEAN_KIND_NONE = 0,
	OCEAN_KIND_DROPLET, /* in a destruction's state only */
	OCEAN_KIND_RESERVED_IP,
	OCEAN_KIND_FLOATING_IP, /* the old name of the same */
	OCEAN_KIND_SNAPSHOT,
	OCEAN_KIND_VOLUME,
	OCEAN_KIND_VOLUME_SNAPSHOT,
};

struct ocean_associated {
	enum ocean_kind kind;
	const char *id; /* a number, a UUID or an address; always there */
	const char *name;
	unsigned monthly_cents; /* 0: not known */
};

struct ocean_destroyed {
	enum ocean_kind kind;
	const char *id, *name;
	const char *destroyed; /* RFC 3339; NULL: not yet, or it failed */
	const char *error;     /* DigitalOcean's words; NULL: none */
};

/* A destruction with associated resources: it is over when `completed` is there. */
struct ocean_destruction {
	const char *completed; /* RFC 3339; NULL: it runs */
	unsigned failures;
	const struct ocean_destroyed *parts;
	size_t n_parts;
};

struct ocean_ids {
	const uint64_t *ids;
	size_t n;
};

struct ocean_tag {
	const char *name;
	unsigned n_droplets;
};

struct ocean_volume {
	const char *id; /* UUID */
	const char *name, *region;
	unsigned size_gb;
	struct ocean_ids droplets; /* attached to; none: to nothing */
};

struct ocean_ip {
	const char *ip;
	const char *region;
	uint64_t droplet_id; /* 0: assigned to none, which costs money */
	bool locked;         /* an action runs on it */
};

struct ocean_firewall {
	const char *id; /* UUID */
	const char *name;
	const char *status; /* "waiting", "succeeded", "failed" */
	unsigned n_inbound, n_outbound, n_pending;
	struct ocean_ids droplets;
	struct ocean_words tags; /* droplets with one of them are behind it too */
};

struct ocean_load_balancer {
	const char *id; /* UUID */
	const char *name, *ip, *status, *region, *tag;
	struct ocean_ids droplets;
};

struct ocean_domain {
	const char *name;
	unsigned ttl_s;
};

struct ocean_project {
	const char *id; /* UUID */
	const char *name, *environment;
	bool is_default;
};

struct ocean_resource {
	const char *urn;     /* "do:droplet:11" */
	uint64_t droplet_id; /* 0: it is none */
	const char *status; /* of an assignment: "assigned", "already_assigned", "not_found", ... */
};

struct ocean_vpc {
	const char *id; /* UUID */
	const char *name, *region, *ip_range;
	bool is_default;
};

struct ocean_point {
	int64_t at_s; /* wall */
	double value; /* finite */
};

/*
 * One line of a metric. No series at all: the agent is not installed (or nothing was measured), which is not zero.
 * CPU is seconds since boot in each mode: the use between two points is 1 - d(idle) / d(all modes).
 * Bandwidth is Mbit/s, memory and file systems bytes.
 */
struct ocean_series {
	const char *name; /* the mode, mount point or direction; NULL: there is only one */
	const struct ocean_point *points;
	size_t n_points;
};

#endif
