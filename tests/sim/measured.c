/* measured.c - sim_handle: what the simulated DigitalOcean measured of a droplet
 *
 * A droplet that `lives` has a day with its hours, jobs that come round, and peaks. All follow from its id and from how long before the
 * end of the time that is asked for a sample was, so that a chart looks the same in every run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "sim/catalog.h"
#include "sim/turn.h"

#define EVERY_S 300
#define DAY (86400 / EVERY_S) /* samples */
#define POINTS_MOST 400

static uint64_t parameter(const struct sim_turn *t, const char *name)
{
	const char *at = strstr(t->query.raw, name);

	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* 0 to 1, as if by chance. */
static double chance(uint64_t id, uint64_t n)
{
	uint64_t x = (id * UINT64_C(0x9e3779b97f4a7c15)) ^ (n * UINT64_C(0xbf58476d1ce4e5b9));

	x ^= x >> 31;
	x *= UINT64_C(0x94d049bb133111eb);
	return (double)(x >> 40) / (double)(1 << 24);
}

/* How busy it was, around 1, `ago` samples before the end. */
static double busy(const struct sim_droplet *droplet, uint64_t ago)
{
	const double turn = 2 * 3.14159265358979;
	double at = (double)ago, phase = (double)(droplet->id % 97);

	if (!droplet->lives) {
		return 1;
	}
	return 0.85 + 0.3 * sin(turn * at / DAY + phase) + 0.2 * sin(turn * at / 37 + phase) +
	       0.3 * chance(droplet->id, ago) + (chance(droplet->id + 1, ago) > 0.96 ? 0.7 : 0);
}

static double share(double percent)
{
	return (percent < 1 ? 1 : percent > 100 ? 100 : percent) / 100;
}

enum shape {
	COUNTS_IDLE, /* seconds, added up */
	COUNTS_USED,
	LEAVES_MEMORY, /* of `size` what is not used */
	LEAVES_DISK,   /* ... which fills slowly */
	GOES,          /* up and down around `size` */
	STANDS,
};

static double sample(const struct sim_droplet *droplet, enum shape shape, double size, uint64_t ago,
		     double before)
{
	double now = busy(droplet, ago);
	double used = share(droplet->cpu * now);

	switch (shape) {
	case COUNTS_IDLE:
		return before + EVERY_S * (1 - used);
	case COUNTS_USED:
		return before + EVERY_S * used;
	case LEAVES_MEMORY:
		return size * (1 - share(droplet->memory * (0.9 + 0.1 * now)));
	case LEAVES_DISK:
		return droplet->lives ? size + 400000.0 * (double)ago : size;
	case GOES:
		return size * now;
	case STANDS:
		break;
	}
	return size;
}

/* Every five minutes; of long times fewer. */
static void add_points(struct sim_turn *t, const struct sim_droplet *droplet, enum shape shape,
		       double size)
{
	uint64_t start = parameter(t, "start="), end = parameter(t, "end=");
	uint64_t n_all = end > start ? (end - start) / EVERY_S : 0;
	uint64_t every = 1;
	double value = size;
	const char *comma = "";

	while (n_all > every * POINTS_MOST) {
		every *= 2;
	}
	(void)strbuf_adds(&t->reply->body, "\"values\":[");
	for (uint64_t n = 0; n <= n_all && n / every <= POINTS_MOST; n++) {
		if (n > 0 || (shape != COUNTS_IDLE && shape != COUNTS_USED)) {
			value = sample(droplet, shape, size, n_all - n, value);
		}
		if (n % every == 0) {
			(void)strbuf_addf(&t->reply->body, "%s[%llu,\"%.2f\"]", comma,
					  (unsigned long long)(start + n * EVERY_S), value);
			comma = ",";
		}
	}
	(void)strbuf_adds(&t->reply->body, "]}");
}

static void add_metric(struct sim_turn *t, const struct sim_droplet *droplet)
{
	const double memory = (double)droplet->size->memory_mb * 1048576;
	const double disk = (double)droplet->disk_gb * 1073741824;
	const bool out = strstr(t->query.raw, "direction=outbound") != NULL;
	const struct {
		const char *metric, *label;
		enum shape shape;
		double size;
		bool agent; /* known only by the agent */
	} rows[] = {
		{"cpu", "\"mode\":\"idle\"", COUNTS_IDLE, 100000, false},
		{"cpu", "\"mode\":\"user\"", COUNTS_USED, 8000, false},
		{"bandwidth", out ? "\"direction\":\"outbound\"" : "\"direction\":\"inbound\"",
		 GOES, out ? 1.9 : 0.6, false},
		{"memory_free", "", STANDS, 209715200, true},
		{"memory_available", "", LEAVES_MEMORY, memory, true},
		{"memory_total", "", STANDS, memory, true},
		{"filesystem_free", "\"mountpoint\":\"/\"", LEAVES_DISK, 0.6 * disk, true},
		{"filesystem_size", "\"mountpoint\":\"/\"", STANDS, disk, true},
		{"load_1", "", GOES, 0.42, true},
		{"load_5", "", GOES, 0.37, true},
		{"load_15", "", GOES, 0.31, true},
	};
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].metric, t->word) == 0 && (!rows[i].agent || droplet->agent)) {
			(void)strbuf_addf(&t->reply->body,
					  "%s{\"metric\":{\"host_id\":\"%llu\"%s%s},", comma,
					  (unsigned long long)droplet->id,
					  rows[i].label[0] != '\0' ? "," : "", rows[i].label);
			add_points(t, droplet, rows[i].shape, rows[i].size);
			comma = ",";
		}
	}
}

void sim_get_metric(struct sim_turn *t)
{
	const struct sim_droplet *droplet = sim_droplet_by_id(t->sim, parameter(t, "host_id="));

	if (droplet == NULL) {
		turn_not_found(t);
		return;
	}
	turn_json(t, 200);
	(void)strbuf_adds(
		&t->reply->body,
		"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
	add_metric(t, droplet);
	(void)strbuf_adds(&t->reply->body, "]}}");
}
