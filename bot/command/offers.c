/* offers.c - what DigitalOcean has on offer: sizes with their prices, regions, images; and the keys of the account */
#include <string.h>

#include "base/money.h"
#include "base/names.h"
#include "command/answers.h"

bool answer_fits(const struct command_call *call, const char *a, const char *b)
{
	const char *glob = call->n_words > 0 ? call->words[0] : NULL;

	return glob == NULL || (a != NULL && names_glob(glob, a)) ||
	       (b != NULL && names_glob(glob, b));
}

void answer_tail(struct build *build, size_t n, const char *example)
{
	if (n == 0) {
		build_line(build, "None that fits.");
	} else if (n > ANSWER_ROWS_MOST) {
		build_line(build, "and %zu more: narrow it, as in `%s`", n - ANSWER_ROWS_MOST,
			   example);
	}
}

void answer_head(const struct command_call *call, struct build *build, const char *what)
{
	if (call->fetched->account != NULL) {
		build_line(build, "*%s* of %s", what, call->fetched->account);
	} else {
		build_line(build, "*%s*", what);
	}
}

const char *answer_dollars(struct arena *arena, int64_t cents)
{
	return money_words(arena, cents);
}

static const char *memory(struct arena *arena, unsigned mb)
{
	return mb % 1024 == 0 ? arena_printf(arena, "%u GB", mb / 1024)
			      : arena_printf(arena, "%u MB", mb);
}

void answer_sizes(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {{"size", 0, false},
						{"CPU", 1, true},
						{"memory", 1, true},
						{"disk", 2, true},
						{"a month", 0, true}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Sizes");
	build_table(build, columns, 5);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_size *size = &came->sizes[i];
		const char *cells[5] = {
			size->slug,
			arena_printf(call->arena, "%u", size->vcpus),
			memory(call->arena, size->memory_mb),
			arena_printf(call->arena, "%u GB", size->disk_gb),
			size->price_monthly_cents > 0
				? answer_dollars(call->arena, size->price_monthly_cents)
				: "?",
		};

		if (size->available && answer_fits(call, size->slug, NULL) &&
		    n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "sizes s-2vcpu*");
}

void answer_regions(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"region", 0, false}, {"where", 0, false}, {"", 1, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Regions");
	build_table(build, columns, 3);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_region *region = &came->regions[i];
		const char *cells[3] = {region->slug, region->name != NULL ? region->name : "",
					region->available ? "" : "full"};

		if (answer_fits(call, region->slug, region->name) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "regions ams*");
}

void answer_images(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"image", 0, false}, {"what", 0, false}, {"needs", 1, true}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build,
		    call->row->images == OCEAN_IMAGES_OWN ? "Our own images" : "Images");
	build_table(build, columns, 3);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_image *image = &came->image_list[i];
		const char *name = image->name != NULL ? image->name : "";
		const char *cells[3] = {
			image->slug != NULL
				? image->slug
				: arena_printf(call->arena, "%llu", (unsigned long long)image->id),
			image->is_public && image->distribution != NULL
				? arena_printf(call->arena, "%s %s", image->distribution, name)
				: name,
			arena_printf(call->arena, "%u GB", image->min_disk_gb),
		};

		if (answer_fits(call, image->slug, image->name) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "images debian*");
}

void answer_keys(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"key", 0, false}, {"id", 0, true}, {"fingerprint", 1, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "SSH keys");
	build_table(build, columns, 3);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_key *key = &came->keys[i];
		const char *cells[3] = {
			key->name != NULL ? key->name : "",
			arena_printf(call->arena, "%llu", (unsigned long long)key->id),
			key->fingerprint != NULL ? key->fingerprint : ""};

		if (answer_fits(call, key->name, key->fingerprint) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "keys ana*");
}
