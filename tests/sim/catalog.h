/* catalog.h - what DigitalOcean offers: regions, sizes, images, as JSON that droplets embed */
#ifndef SIM_CATALOG_H
#define SIM_CATALOG_H

#include <stdbool.h>

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
	const char *slug;
	const char *json;
};

/* By slug, or NULL. */
const struct sim_region *sim_region(const char *slug);
const struct sim_size *sim_size(const char *slug);
const struct sim_image *sim_image(const char *slug);

#endif
