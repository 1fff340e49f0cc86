/* around.c - what is around droplets: tags, volumes, reserved addresses, firewalls, load balancers, domains, projects, neighbors
 *
 * A list speaks by name only of droplets that the asker may see here; that something hangs on one that they may not see is "in
 * use" and no more.
 */
#include <string.h>

#include "command/answers.h"

#define NAMES_MOST 3 /* in one cell */

static const struct droplet *seen(const struct command_call *call, uint64_t id)
{
	for (size_t i = 0; i < call->fetched->n_seen; i++) {
		if (call->fetched->seen[i]->id == id) {
			return call->fetched->seen[i];
		}
	}
	return NULL;
}

/* By its name as this channel may see it, else by its id where that may be seen. */
static const char *name_of(const struct command_call *call, const struct droplet *droplet)
{
	const struct droplet *shown = gate_redact(call->gate, call->who, droplet, call->arena);

	return shown->name != NULL ? shown->name
	       : shown->id != 0 ? arena_printf(call->arena, "#%llu", (unsigned long long)shown->id)
				: "a droplet";
}

/* "web-1, web-2 +1"; `none` for no droplet at all. Those that may not be seen are not counted. */
static const char *names(const struct command_call *call, const uint64_t *ids, size_t n,
			 const char *none)
{
	const char *text = "";
	size_t n_seen = 0;

	for (size_t i = 0; i < n; i++) {
		const struct droplet *droplet = seen(call, ids[i]);

		if (droplet != NULL && n_seen++ < NAMES_MOST) {
			text = arena_printf(call->arena, "%s%s%s", text, *text != '\0' ? ", " : "",
					    name_of(call, droplet));
		}
	}
	if (n_seen > NAMES_MOST) {
		return arena_printf(call->arena, "%s +%zu", text, n_seen - NAMES_MOST);
	}
	return n == 0 ? none : n_seen == 0 ? "in use" : text;
}

static const char *known(const char *text)
{
	return text != NULL ? text : "?";
}

/* DigitalOcean's own count would speak of droplets that may not be seen. */
void answer_tags(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {{"tag", 0, false}, {"droplets", 0, true}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Tags");
	build_table(build, columns, 2);
	for (size_t i = 0; i < came->n_things; i++) {
		const char *tag = came->tags[i].name;
		size_t n_with = 0;

		for (size_t d = 0; d < call->fetched->n_seen; d++) {
			const struct droplet *droplet = call->fetched->seen[d];

			for (size_t t = 0; t < droplet->n_tags; t++) {
				n_with += strcmp(droplet->tags[t], tag) == 0;
			}
		}
		if (answer_fits(call, tag, NULL) && n++ < ANSWER_ROWS_MOST) {
			const char *cells[2] = {tag, arena_printf(call->arena, "%zu", n_with)};

			build_row(build, cells);
		}
	}
	answer_tail(build, n, "tags web*");
}

void answer_volumes(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"volume", 0, false}, {"size", 1, true}, {"region", 2, false}, {"on", 0, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Volumes");
	build_table(build, columns, 4);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_volume *volume = &came->volumes[i];
		const char *cells[4] = {
			known(volume->name),
			arena_printf(call->arena, "%u GB", volume->size_gb),
			known(volume->region),
			names(call, volume->droplets.ids, volume->droplets.n, "nothing"),
		};

		if (answer_fits(call, volume->name, NULL) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "volumes data*");
}

void answer_ips(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"address", 0, false}, {"region", 1, false}, {"to", 0, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Reserved addresses");
	build_table(build, columns, 3);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_ip *ip = &came->ips[i];
		const char *cells[3] = {
			ip->ip, known(ip->region),
			names(call, &ip->droplet_id, ip->droplet_id != 0 ? 1 : 0, "nothing")};

		if (answer_fits(call, ip->ip, NULL) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "ips 203.0.113.*");
}

void answer_firewalls(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"firewall", 0, false}, {"in", 1, true}, {"out", 1, true}, {"before", 0, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Firewalls");
	build_table(build, columns, 4);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_firewall *wall = &came->firewalls[i];
		const char *before = names(call, wall->droplets.ids, wall->droplets.n,
					   wall->tags.n > 0 ? "" : "nothing");

		for (size_t t = 0; t < wall->tags.n && t < NAMES_MOST; t++) {
			before = arena_printf(call->arena, "%s%stag:%s", before,
					      *before != '\0' ? ", " : "", wall->tags.words[t]);
		}
		if (wall->tags.n > NAMES_MOST) {
			before = arena_printf(call->arena, "%s +%zu tags", before,
					      wall->tags.n - NAMES_MOST);
		}
		if (answer_fits(call, wall->name, NULL) && n++ < ANSWER_ROWS_MOST) {
			const char *cells[4] = {
				known(wall->name), arena_printf(call->arena, "%u", wall->n_inbound),
				arena_printf(call->arena, "%u", wall->n_outbound), before};

			build_row(build, cells);
		}
	}
	answer_tail(build, n, "firewalls web*");
}

void answer_load_balancers(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"balancer", 0, false}, {"address", 1, false}, {"is", 2, false}, {"to", 0, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Load balancers");
	build_table(build, columns, 4);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_load_balancer *lb = &came->load_balancers[i];
		const char *cells[4] = {
			known(lb->name),
			known(lb->ip),
			known(lb->status),
			lb->tag != NULL && *lb->tag != '\0'
				? arena_printf(call->arena, "tag:%s", lb->tag)
				: names(call, lb->droplets.ids, lb->droplets.n, "nothing"),
		};

		if (answer_fits(call, lb->name, lb->ip) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "lbs web*");
}

void answer_domains(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {{"domain", 0, false}, {"TTL", 0, true}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Domains");
	build_table(build, columns, 2);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_domain *domain = &came->domains[i];
		const char *cells[2] = {
			known(domain->name),
			domain->ttl_s > 0 ? arena_printf(call->arena, "%u s", domain->ttl_s) : "?"};

		if (answer_fits(call, domain->name, NULL) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "domains *.org");
}

void answer_projects(const struct command_call *call, struct build *build)
{
	static const struct column columns[] = {
		{"project", 0, false}, {"what for", 1, false}, {"", 0, false}};
	const struct ocean_call *came = call->fetched->call;
	size_t n = 0;

	answer_head(call, build, "Projects");
	build_table(build, columns, 3);
	for (size_t i = 0; i < came->n_things; i++) {
		const struct ocean_project *project = &came->projects[i];
		const char *cells[3] = {project->name != NULL ? project->name : project->id,
					project->environment != NULL ? project->environment : "",
					project->is_default ? "default" : ""};

		if (answer_fits(call, project->name, project->id) && n++ < ANSWER_ROWS_MOST) {
			build_row(build, cells);
		}
	}
	answer_tail(build, n, "projects shop*");
}

/* Also an empty answer says only what may be seen: others may share the machine. */
void answer_neighbors(const struct command_call *call, struct build *build)
{
	const struct ocean_call *came = call->fetched->call;
	const char *name =
		call->droplets[0]->name != NULL ? call->droplets[0]->name : "This droplet";
	size_t n = 0;

	for (size_t i = 0; i < came->n_droplets; i++) {
		n += seen(call, came->droplets[i].id) != NULL;
	}
	if (n == 0) {
		build_line(build, "*%s* shares its machine", name);
		build_line(build, "with none that you can see here.");
		return;
	}
	build_line(build, "*%s* shares its machine with:", name);
	for (size_t i = 0; i < came->n_droplets; i++) {
		const struct droplet *droplet = seen(call, came->droplets[i].id);

		if (droplet != NULL) {
			build_line(build, "%s", name_of(call, droplet));
		}
	}
}
