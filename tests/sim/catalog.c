/* catalog.c - what DigitalOcean offers: regions, sizes, images */
#include "sim/catalog.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

#define SIZES                                                                              \
	"\"s-1vcpu-1gb\",\"s-1vcpu-2gb\",\"s-2vcpu-2gb\",\"s-2vcpu-4gb\",\"s-4vcpu-8gb\"," \
	"\"s-8vcpu-16gb\",\"c-2\",\"c-4\",\"g-2vcpu-8gb\",\"m-2vcpu-16gb\""
#define REGION(slug, name)                                                                   \
	"{\"name\":\"" name "\",\"slug\":\"" slug "\",\"features\":[\"backups\",\"ipv6\","   \
	"\"metadata\",\"install_agent\",\"storage\",\"image_transfer\"],\"available\":true," \
	"\"sizes\":[" SIZES "]}"

/* Addresses that are nobody's: RFC 2544 and RFC 3849. They differ by the droplet's id, not by region. */
static const struct sim_region regions[] = {
	{"ams3", "Amsterdam 3", REGION("ams3", "Amsterdam 3"), "198.18", "2001:db8:a3:d0"},
	{"fra1", "Frankfurt 1", REGION("fra1", "Frankfurt 1"), "198.19", "2001:db8:f1:d0"},
	{"nyc3", "New York 3", REGION("nyc3", "New York 3"), "198.18", "2001:db8:93:10"},
};

#define PLACES                                                                              \
	"\"ams3\",\"blr1\",\"fra1\",\"lon1\",\"nyc1\",\"nyc2\",\"nyc3\",\"sfo2\",\"sfo3\"," \
	"\"sgp1\","                                                                         \
	"\"syd1\",\"tor1\""
#define SIZE_JSON(places, slug, mem, cpu, disk, transfer, month, hour, text, more)         \
	"{\"slug\":\"" slug "\",\"memory\":" #mem ",\"vcpus\":" #cpu ",\"disk\":" #disk    \
	",\"transfer\":" #transfer ",\"price_monthly\":" #month ",\"price_hourly\":" #hour \
	",\"regions\":[" places "],\"available\":true,\"description\":\"" text             \
	"\",\"disk_info\":[{\"type\":\"local\",\"size\":{\"amount\":" #disk                \
	",\"unit\":\"gib\"}}]" more "}"
#define SIZE(slug, mem, cpu, disk, transfer, month, hour, text)                                   \
	{                                                                                         \
		slug, mem, cpu, disk,                                                             \
			SIZE_JSON(PLACES, slug, mem, cpu, disk, transfer, month, hour, text, ""), \
			false                                                                     \
	}

static const struct sim_size sizes[] = {
	SIZE("s-1vcpu-1gb", 1024, 1, 25, 1.0, 6.0, 0.00893, "Basic"),
	SIZE("s-1vcpu-2gb", 2048, 1, 50, 2.0, 12.0, 0.01786, "Basic"),
	SIZE("s-2vcpu-2gb", 2048, 2, 60, 3.0, 18.0, 0.02679, "Basic"),
	SIZE("s-2vcpu-4gb", 4096, 2, 80, 4.0, 24.0, 0.03571, "Basic"),
	SIZE("s-4vcpu-8gb", 8192, 4, 160, 5.0, 48.0, 0.07143, "Basic"),
	SIZE("c-2", 4096, 2, 25, 4.0, 42.0, 0.0625, "CPU-Optimized"),
	SIZE("g-2vcpu-8gb", 8192, 2, 25, 4.0, 63.0, 0.09375, "General Purpose"),
	{"gpu-h100x1-80gb", 245760, 20, 720,
	 SIZE_JSON("\"nyc2\",\"tor1\"", "gpu-h100x1-80gb", 245760, 20, 720, 15.0, 2522.16, 3.39,
		   "H100 GPU - 1X",
		   ",\"gpu_info\":{\"count\":1,\"model\":\"nvidia_h100\",\"vram\":{\"amount\":80,"
		   "\"unit\":\"gib\"}}"),
	 true},
};

#define IMAGE(slug, id, name, distribution, made, gb)                                \
	{                                                                            \
		slug, id, name, distribution, made, gb, 7, "base", NULL, 0, 0, false \
	}

const char sim_places[] = PLACES;

static const struct sim_image images[] = {
	IMAGE("debian-12-x64", 182435301, "12 x64", "Debian", "2025-03-21T14:07:02Z", 0.7),
	IMAGE("debian-11-x64", 153119470, "11 x64", "Debian", "2024-03-18T09:31:40Z", 0.69),
	IMAGE("ubuntu-24-04-x64", 181938642, "24.04 (LTS) x64", "Ubuntu", "2025-03-18T10:44:25Z",
	      0.64),
	IMAGE("ubuntu-22-04-x64", 181938641, "22.04 (LTS) x64", "Ubuntu", "2025-03-18T10:41:03Z",
	      0.65),
	IMAGE("gpu-h100x1-base", 166093862, "AI/ML Ready", "Ubuntu", "2024-10-01T15:20:11Z", 9.4),
};

const struct sim_region *sim_region(const char *slug)
{
	for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
		if (strcmp(regions[i].slug, slug) == 0) {
			return &regions[i];
		}
	}
	return NULL;
}

const struct sim_size *sim_size(const char *slug)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		if (strcmp(sizes[i].slug, slug) == 0) {
			return &sizes[i];
		}
	}
	return NULL;
}

const struct sim_image *sim_image(const char *slug)
{
	for (size_t i = 0; i < ARRAY_LEN(images); i++) {
		if (strcmp(images[i].slug, slug) == 0) {
			return &images[i];
		}
	}
	return NULL;
}

const struct sim_image *sim_image_by_id(uint64_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(images); i++) {
		if (images[i].id == id) {
			return &images[i];
		}
	}
	return NULL;
}

const struct sim_region *sim_region_at(size_t i)
{
	return i < ARRAY_LEN(regions) ? &regions[i] : NULL;
}

const struct sim_size *sim_size_at(size_t i)
{
	return i < ARRAY_LEN(sizes) ? &sizes[i] : NULL;
}

const struct sim_image *sim_image_at(size_t i)
{
	return i < ARRAY_LEN(images) ? &images[i] : NULL;
}
