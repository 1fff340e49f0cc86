/* wholes.c - answers with a shape of their own: what goes with a droplet, how far it is, and metrics */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "ocean/reader.h"
#include "ocean/value.h"

#define POINTS_MAX 5000
#define SERIES_MAX 200
#define PARTS_MAX 1000

static const struct {
	enum ocean_kind kind;
	const char *member;
} kinds[] = {
	{OCEAN_KIND_RESERVED_IP, "reserved_ips"},
	{OCEAN_KIND_FLOATING_IP, "floating_ips"},
	{OCEAN_KIND_SNAPSHOT, "snapshots"},
	{OCEAN_KIND_VOLUME, "volumes"},
	{OCEAN_KIND_VOLUME_SNAPSHOT, "volume_snapshots"},
};

const char *ocean_kind_member(enum ocean_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].kind == kind) {
			return kinds[i].member;
		}
	}
	return NULL;
}

/* An entry without an id: what would go cannot be told whole, so nothing is. */
static int add_associated(struct reader *reader, enum ocean_kind kind, const struct json *object)
{
	struct ocean_associated *to = reader_add(reader, sizeof(*to));
	const char *cost = json_string_or(object, "cost", "");
	int64_t cents = 0;

	if (to == NULL) {
		return -1;
	}
	to->kind = kind;
	to->id = read_text(&reader->arena, object, "id");
	to->name = read_text(&reader->arena, object, "name");
	if (value_money(cost, strlen(cost), &cents) == 0 && cents > 0 && cents < INT32_MAX) {
		to->monthly_cents = (unsigned)cents;
	}
	return to->id != NULL ? 0 : -1;
}

static int whole_associated(struct reader *reader, const struct json *root)
{
	if (!json_is_object(root)) {
		return -1;
	}
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct json *array = json_member(root, kinds[k].member);

		if (array != NULL && !json_is_array(array)) {
			return -1;
		}
		for (size_t i = 0; i < json_array_count(array); i++) {
			if (add_associated(reader, kinds[k].kind, json_array_at(array, i)) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

static void read_part(struct arena *arena, enum ocean_kind kind, const struct json *object,
		      struct ocean_destroyed *to)
{
	to->kind = kind;
	to->id = read_text(arena, object, "id");
	to->name = read_text(arena, object, "name");
	to->destroyed = read_text(arena, object, "destroyed_at");
	to->error = read_text(arena, object, "error_message");
}

static int whole_destruction(struct reader *reader, const struct json *root)
{
	const struct json *droplet = json_member(root, "droplet");
	const struct json *resources = json_member(root, "resources");
	struct ocean_destruction *to = reader_add(reader, sizeof(*to));
	struct ocean_destroyed *parts;
	size_t n = 1;

	if (!json_is_object(droplet)) {
		return -1;
	}
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		n += json_array_count(json_member(resources, kinds[k].member));
	}
	if (n > PARTS_MAX) {
		return -1;
	}
	parts = arena_array(&reader->arena, n, sizeof(*parts));
	n = 0;
	read_part(&reader->arena, OCEAN_KIND_DROPLET, droplet, &parts[n++]);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct json *array = json_member(resources, kinds[k].member);

		for (size_t i = 0; i < json_array_count(array); i++) {
			read_part(&reader->arena, kinds[k].kind, json_array_at(array, i),
				  &parts[n++]);
		}
	}
	to->completed = read_text(&reader->arena, root, "completed_at");
	to->failures = read_small(root, "failures");
	to->parts = parts;
	to->n_parts = n;
	return 0;
}

/* [1635386880, "122901.18"]; what is no finite number (NaN stands for a gap) is left out. */
static bool read_point(const struct json *pair, struct ocean_point *to)
{
	const char *text = json_text(json_array_at(pair, 1));
	char *end = NULL;

	to->at_s = json_int_of(json_array_at(pair, 0), 0);
	to->value = text != NULL ? strtod(text, &end) : 0;
	return text != NULL && end != text && *end == '\0' && isfinite(to->value) && to->at_s > 0;
}

static int add_series(struct reader *reader, const struct json *object)
{
	static const char *const labels[] = {"mode", "mountpoint", "direction"};
	const struct json *values = json_member(object, "values");
	const struct json *metric = json_member(object, "metric");
	size_t n = json_array_count(values);
	struct ocean_series *to = reader_add(reader, sizeof(*to));
	struct ocean_point *points;

	if (to == NULL || !json_is_array(values) || n > POINTS_MAX) {
		return -1;
	}
	points = arena_array(&reader->arena, n, sizeof(*points));
	for (size_t i = 0; i < n; i++) {
		to->n_points += read_point(json_array_at(values, i), &points[to->n_points]);
	}
	to->points = points;
	for (size_t i = 0; i < ARRAY_LEN(labels) && to->name == NULL; i++) {
		to->name = read_text(&reader->arena, metric, labels[i]);
	}
	return 0;
}

static int whole_series(struct reader *reader, const struct json *root)
{
	const struct json *result = json_member(json_member(root, "data"), "result");

	if (strcmp(json_string_or(root, "status", ""), "success") != 0 || !json_is_array(result) ||
	    json_array_count(result) > SERIES_MAX) {
		return -1;
	}
	for (size_t i = 0; i < json_array_count(result); i++) {
		if (add_series(reader, json_array_at(result, i)) < 0) {
			return -1;
		}
	}
	return 0;
}

const struct thing thing_associated = {"", "", sizeof(struct ocean_associated), NULL,
				       whole_associated};
const struct thing thing_destruction = {"", "", sizeof(struct ocean_destruction), NULL,
					whole_destruction};
const struct thing thing_series = {"", "", sizeof(struct ocean_series), NULL, whole_series};
