/* around.c - what is around a droplet, out of DigitalOcean's JSON: tags, volumes, addresses, firewalls, projects */
#include <stdlib.h>
#include <string.h>

#include "ocean/reader.h"
#include "ocean/value.h"

static const char *region_of(struct arena *arena, const struct json *object)
{
	return read_text(arena, json_member(object, "region"), "slug");
}

static int read_tag(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_tag *tag = to;

	tag->name = read_text(arena, object, "name");
	tag->n_droplets =
		read_small(json_member(json_member(object, "resources"), "droplets"), "count");
	return tag->name != NULL ? 0 : -1;
}

static int read_volume(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_volume *volume = to;

	volume->id = read_text(arena, object, "id");
	volume->name = read_text(arena, object, "name");
	volume->region = region_of(arena, object);
	volume->size_gb = read_small(object, "size_gigabytes");
	read_ids(arena, object, "droplet_ids", &volume->droplets);
	return volume->id != NULL && value_is_uuid(volume->id) ? 0 : -1;
}

static int read_ip(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_ip *ip = to;

	ip->ip = read_text(arena, object, "ip");
	ip->region = region_of(arena, object);
	ip->droplet_id = read_id(json_member(object, "droplet"), "id");
	ip->locked = json_bool_or(object, "locked", false);
	return ip->ip != NULL && value_is_ip4(ip->ip) ? 0 : -1;
}

static int read_firewall(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_firewall *firewall = to;

	firewall->id = read_text(arena, object, "id");
	firewall->name = read_text(arena, object, "name");
	firewall->status = read_text(arena, object, "status");
	firewall->n_inbound = (unsigned)json_array_count(json_member(object, "inbound_rules"));
	firewall->n_outbound = (unsigned)json_array_count(json_member(object, "outbound_rules"));
	firewall->n_pending = (unsigned)json_array_count(json_member(object, "pending_changes"));
	read_ids(arena, object, "droplet_ids", &firewall->droplets);
	read_words(arena, object, "tags", &firewall->tags);
	return firewall->id != NULL && value_is_uuid(firewall->id) ? 0 : -1;
}

static int read_load_balancer(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_load_balancer *lb = to;

	lb->id = read_text(arena, object, "id");
	lb->name = read_text(arena, object, "name");
	lb->ip = read_text(arena, object, "ip");
	lb->status = read_text(arena, object, "status");
	lb->region = region_of(arena, object);
	lb->tag = read_text(arena, object, "tag");
	read_ids(arena, object, "droplet_ids", &lb->droplets);
	return lb->id != NULL && value_is_uuid(lb->id) ? 0 : -1;
}

static int read_domain(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_domain *domain = to;

	domain->name = read_text(arena, object, "name");
	domain->ttl_s = read_small(object, "ttl");
	return domain->name != NULL ? 0 : -1;
}

static int read_project(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_project *project = to;

	project->id = read_text(arena, object, "id");
	project->name = read_text(arena, object, "name");
	project->environment = read_text(arena, object, "environment");
	project->is_default = json_bool_or(object, "is_default", false);
	return project->id != NULL && value_is_uuid(project->id) ? 0 : -1;
}

static int read_resource(struct arena *arena, const struct json *object, void *to)
{
	static const char own[] = "do:droplet:";
	struct ocean_resource *resource = to;

	resource->urn = read_text(arena, object, "urn");
	resource->status = read_text(arena, object, "status");
	if (resource->urn != NULL && strncmp(resource->urn, own, sizeof(own) - 1) == 0) {
		const char *id = resource->urn + sizeof(own) - 1;
		int64_t n = value_whole(id, strlen(id), INT64_MAX);

		resource->droplet_id = n > 0 ? (uint64_t)n : 0;
	}
	return resource->urn != NULL ? 0 : -1;
}

static int read_vpc(struct arena *arena, const struct json *object, void *to)
{
	struct ocean_vpc *vpc = to;

	vpc->id = read_text(arena, object, "id");
	vpc->name = read_text(arena, object, "name");
	vpc->region = read_text(arena, object, "region");
	vpc->ip_range = read_text(arena, object, "ip_range");
	vpc->is_default = json_bool_or(object, "default", false);
	return vpc->id != NULL && value_is_uuid(vpc->id) ? 0 : -1;
}

THING(thing_tag, "tags", "name", ocean_tag, read_tag);
THING(thing_volume, "volumes", "id", ocean_volume, read_volume);
THING(thing_ip, "reserved_ips", "ip", ocean_ip, read_ip);
THING(thing_firewall, "firewalls", "id", ocean_firewall, read_firewall);
THING(thing_load_balancer, "load_balancers", "id", ocean_load_balancer, read_load_balancer);
THING(thing_domain, "domains", "name", ocean_domain, read_domain);
THING(thing_project, "projects", "id", ocean_project, read_project);
THING(thing_resource, "resources", "urn", ocean_resource, read_resource);
THING(thing_vpc, "vpcs", "id", ocean_vpc, read_vpc);
