/* catalog.h - what DigitalOcean offers: regions, sizes, images, as JSON that droplets embed */
#ifndef SIM_CATALOG_H
#define SIM_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_region {
	const char *slug, *name;
	const char *json;
	const char *ip_prefix, *ip6_prefix;
};

struct sim_size {
	const char *slug;
	unsigned memory_mb, vcpus, disk_gb;
	const char *json;
	bool gpu;
};

struct sim_image {
	const char *slug; /* NULL: one of the account's own */
	uint64_t id;
	const char *name, *distribution;
	const char *made; /* RFC 3339; NULL: created_ms */
	double gb;
	unsigned min_disk_gb;
	/* of the account's own ones */
	const char *type; /* "snapshot", "backup" */
	const char *region;
	uint64_t droplet_id;
	int64_t created_ms;
	bool gone; /* deleted; kept for the droplets that were made from it */
};

/* By slug, or NULL. */
const struct sim_region *sim_region(const char *slug);
const struct sim_size *sim_size(const char *slug);
const struct sim_image *sim_image(const char *slug);
const struct sim_image *sim_image_by_id(uint64_t id);

/* The i-th, NULL behind the last one. */
const struct sim_region *sim_region_at(size_t i);
const struct sim_size *sim_size_at(size_t i);
const struct sim_image *sim_image_at(size_t i);

extern const char sim_places[]; /* every region, as the inside of a JSON array */

#endif
