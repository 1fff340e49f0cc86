/* show.c - `show NAME`: what is known of a droplet, as far as this channel may see it */
#include "command/answers.h"

static void sizes(const struct droplet *droplet, struct build *build)
{
	if (droplet->size == NULL) {
		return;
	}
	if (droplet->memory_mb >= 1024 && droplet->vcpus > 0) {
		build_field(build, "size", "%u CPU, %u GB, %u GB disk", droplet->vcpus,
			    droplet->memory_mb / 1024, droplet->disk_gb);
	} else {
		build_field(build, "size", "%s", droplet->size);
	}
}

void answer_state(const struct droplet *droplet, struct build *build)
{
	const char *name = droplet->name != NULL ? droplet->name : "This droplet";

	if (droplet->status == DROPLET_UNKNOWN) {
		build_line(build, "*%s*", name);
	} else {
		build_line(build, "*%s* is %s at DigitalOcean.", name,
			   droplet->status == DROPLET_NEW ? "being made"
							  : answer_status_word(droplet->status));
	}
	if (droplet->locked) {
		build_line(build, "Something is running on it right now.");
	}
}

static void show_one(const struct droplet *droplet, const char *lock, struct build *build)
{
	answer_state(droplet, build);
	if (lock != NULL) {
		build_line(build, "It is %s", lock);
	}
	if (droplet->region != NULL) {
		build_field(build, "region", "%s (%s)", answer_region_name(droplet->region),
			    droplet->region);
	}
	sizes(droplet, build);
	if (droplet->image != NULL) {
		build_field(build, "image", "%s", droplet->image);
	}
	if (droplet->ip != NULL) {
		build_field(build, "address", "%s", droplet->ip);
	}
	if (droplet->ip_private != NULL) {
		build_field(build, "private", "%s", droplet->ip_private);
	}
	if (droplet->price_monthly_cents > 0) {
		build_field(build, "cost", "$%u.%s%u a month", droplet->price_monthly_cents / 100,
			    droplet->price_monthly_cents % 100 < 10 ? "0" : "",
			    droplet->price_monthly_cents % 100);
	}
	for (size_t i = 0; i < droplet->n_tags && i < 12; i++) {
		build_field(build, i == 0 ? "tags" : "", "%s", droplet->tags[i]);
	}
	if (droplet->id != 0) {
		build_field(build, "id", "%llu", (unsigned long long)droplet->id);
	}
}

void answer_show(const struct command_call *call, struct build *build)
{
	for (size_t i = 0; i < call->n_droplets && i < 10; i++) {
		show_one(call->droplets[i], call->locks != NULL ? call->locks[i] : NULL, build);
	}
	if (call->n_droplets == 1) {
		(void)answer_charts(call, build);
	}
	if (call->n_droplets > 10) {
		build_line(build, "and %zu more: ask for fewer at once", call->n_droplets - 10);
	}
}
