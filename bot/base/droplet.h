/* droplet.h - what is known of a droplet: the one shape that ocean fills, policy judges and commands show */
#ifndef BASE_DROPLET_H
#define BASE_DROPLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum droplet_status {
	DROPLET_UNKNOWN = 0,
	DROPLET_NEW,
	DROPLET_ACTIVE,
	DROPLET_OFF,
	DROPLET_ARCHIVE,
};

/* Which attributes are known. An attribute that is not known is the worst case for policy. */
enum droplet_known {
	DROPLET_KNOWS_NAME = 1 << 0,
	DROPLET_KNOWS_TAGS = 1 << 1,
	DROPLET_KNOWS_REGION = 1 << 2,
	DROPLET_KNOWS_SIZE = 1 << 3,
	DROPLET_KNOWS_PROJECT = 1 << 4,
	DROPLET_KNOWS_ACCOUNT = 1 << 5,
	DROPLET_KNOWS_ALL = (1 << 6) - 1,
};

/* Strings are borrowed from whoever made it; NULL or "" where not known. */
struct droplet {
	uint64_t id;
	const char *account; /* the name under `accounts` */
	const char *name;
	const char *const *tags;
	size_t n_tags;
	const char *region;     /* "ams3" */
	const char *size;       /* "s-1vcpu-1gb" */
	const char *project;    /* name */
	const char *project_id; /* UUID */
	const char *image;      /* "Debian 12 x64" */
	const char *ip;         /* public v4; NULL: none */
	const char *ip6;        /* public v6 */
	const char *ip_private;
	const char *created; /* RFC 3339 */
	enum droplet_status status;
	bool locked;    /* an event is running on it */
	unsigned known; /* enum droplet_known */
	unsigned memory_mb, vcpus, disk_gb;
	unsigned price_monthly_cents; /* of its size; 0: not known */
};

#endif
