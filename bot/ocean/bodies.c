/* bodies.c - what calls send */
#include "ocean/bodies.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "ocean/acts.h"
#include "ocean/reader.h"
#include "ocean/value.h"

#define LIST_MAX 100 /* keys, tags, volumes, resources of one call */

static int wrong(struct err *err, const char *what)
{
	return err_set(err, ERR_USAGE, "nothing was created: %s", what);
}

static const char *wrong_names(const struct ocean_create *c)
{
	if (c->n_names == 0 || c->n_names > OCEAN_CREATE_MAX) {
		return "one to ten droplets at a time";
	}
	for (size_t i = 0; i < c->n_names; i++) {
		if (c->names[i] == NULL || !value_is_host_name(c->names[i])) {
			return "a name has letters, digits, dots and dashes only";
		}
		for (size_t k = 0; k < i; k++) {
			if (strcasecmp(c->names[i], c->names[k]) == 0) {
				return "a name stands twice";
			}
		}
	}
	return NULL;
}

static const char *wrong_lists(const struct ocean_create *c)
{
	if (c->n_tags > LIST_MAX || c->n_key_ids > LIST_MAX || c->n_volumes > LIST_MAX) {
		return "too many tags, keys or volumes";
	}
	for (size_t i = 0; i < c->n_tags; i++) {
		if (c->tags[i] == NULL || !value_is_tag(c->tags[i])) {
			return "a tag has letters, digits, colons, dashes and underscores only";
		}
	}
	for (size_t i = 0; i < c->n_key_ids; i++) {
		if (c->key_ids[i] == 0 || c->key_ids[i] > INT64_MAX) {
			return "an SSH key is named by its number";
		}
	}
	for (size_t i = 0; i < c->n_volumes; i++) {
		if (c->n_names != 1 || c->volumes[i] == NULL || !value_is_uuid(c->volumes[i])) {
			return "volumes go by UUID to a single droplet";
		}
	}
	return NULL;
}

static const char *wrong_create(const struct ocean_create *c)
{
	const char *why = wrong_names(c);

	if (why != NULL) {
		return why;
	}
	if (c->request_tag == NULL || !value_is_tag(c->request_tag)) {
		return "the request has no tag by which it could be found again";
	}
	if (c->size == NULL || !value_is_slug(c->size)) {
		return "that is no size";
	}
	if (c->region != NULL && !value_is_slug(c->region)) {
		return "that is no region";
	}
	if ((c->image_id != 0) == (c->image_slug != NULL) || c->image_id > INT64_MAX ||
	    (c->image_slug != NULL && !value_is_slug(c->image_slug))) {
		return "that is no image";
	}
	if (c->user_data != NULL && strlen(c->user_data) > OCEAN_USER_DATA_MAX) {
		return "the user data is longer than 64 KiB";
	}
	if (c->vpc != NULL && !value_is_uuid(c->vpc)) {
		return "a VPC is named by its UUID";
	}
	if (!c->backups && c->backup.plan != OCEAN_BACKUP_NONE) {
		return "a backup policy without backups";
	}
	return wrong_lists(c);
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
	if (text != NULL) {
		(void)strbuf_addf(out, ",\"%s\":", key);
		json_add_string(out, text);
	}
}

static void add_texts(struct strbuf *out, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)strbuf_adds(out, i > 0 ? "," : "");
		json_add_string(out, texts[i]);
	}
}

static void add_what(struct strbuf *out, const struct ocean_create *c)
{
	if (c->n_names == 1) {
		(void)strbuf_adds(out, "{\"name\":");
		json_add_string(out, c->names[0]);
	} else {
		(void)strbuf_adds(out, "{\"names\":[");
		add_texts(out, c->names, c->n_names);
		(void)strbuf_addch(out, ']');
	}
	add_text(out, "region", c->region);
	add_text(out, "size", c->size);
	add_text(out, "image", c->image_slug);
	if (c->image_id != 0) {
		(void)strbuf_addf(out, ",\"image\":%" PRIu64, c->image_id);
	}
	add_text(out, "vpc_uuid", c->vpc);
	add_text(out, "user_data", c->user_data);
	(void)strbuf_addf(out, ",\"ipv6\":%s,\"monitoring\":%s,\"backups\":%s",
			  c->ipv6 ? "true" : "false", c->monitoring ? "true" : "false",
			  c->backups ? "true" : "false");
	if (c->backup.plan != OCEAN_BACKUP_NONE) {
		(void)strbuf_adds(out, ",\"backup_policy\":");
		ocean_backup_json(&c->backup, out);
	}
}

int body_create(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	const struct ocean_create *c = call->create;
	const char *why = c != NULL ? wrong_create(c) : "it was not said what";

	if (why != NULL) {
		return wrong(err, why);
	}
	if (c->backup.plan != OCEAN_BACKUP_NONE && ocean_backup_check(&c->backup, err) < 0) {
		return -1;
	}
	add_what(body, c);
	(void)strbuf_adds(body, ",\"ssh_keys\":[");
	for (size_t i = 0; i < c->n_key_ids; i++) {
		(void)strbuf_addf(body, "%s%" PRIu64, i > 0 ? "," : "", c->key_ids[i]);
	}
	(void)strbuf_adds(body, "],\"volumes\":[");
	add_texts(body, c->volumes, c->n_volumes);
	(void)strbuf_adds(body, "],\"tags\":[");
	json_add_string(body, c->request_tag);
	(void)strbuf_adds(body, c->n_tags > 0 ? "," : "");
	add_texts(body, c->tags, c->n_tags);
	return strbuf_adds(body, "]}") < 0 ? wrong(err, "it is too much for one request") : 0;
}

int body_destroy_with(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	bool any = false;

	if (call->with.n > LIST_MAX) {
		return err_set(err, ERR_USAGE, "nothing was destroyed: too many resources at once");
	}
	for (size_t i = 0; i < call->with.n; i++) {
		const struct ocean_associated *it = &call->with.list[i];

		if (ocean_kind_member(it->kind) == NULL || it->id == NULL ||
		    !value_is_slug(it->id)) {
			return err_set(err, ERR_USAGE,
				       "nothing was destroyed: a resource makes no sense");
		}
	}
	(void)strbuf_addch(body, '{');
	for (enum ocean_kind kind = OCEAN_KIND_RESERVED_IP; kind <= OCEAN_KIND_VOLUME_SNAPSHOT;
	     kind++) {
		size_t n = 0;

		for (size_t i = 0; i < call->with.n; i++) {
			if (call->with.list[i].kind == kind) {
				if (n++ == 0) {
					(void)strbuf_addf(body, "%s\"%s\":[", any ? "," : "",
							  ocean_kind_member(kind));
				} else {
					(void)strbuf_addch(body, ',');
				}
				json_add_string(body, call->with.list[i].id);
			}
		}
		(void)strbuf_adds(body, n > 0 ? "]" : "");
		any = any || n > 0;
	}
	return strbuf_addch(body, '}');
}

int body_tag_name(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	(void)err;
	(void)strbuf_adds(body, "{\"name\":");
	json_add_string(body, call->key);
	return strbuf_addch(body, '}');
}

static int check_members(const struct ocean_call *call, struct err *err)
{
	const struct ocean_ids *members = &call->members;

	if (members->n == 0 || members->n > OCEAN_MEMBERS_MAX) {
		return err_set(err, ERR_USAGE, "one to %d droplets at a time", OCEAN_MEMBERS_MAX);
	}
	for (size_t i = 0; i < members->n; i++) {
		if (members->ids[i] == 0 || members->ids[i] > INT64_MAX) {
			return err_set(err, ERR_USAGE, "a droplet is named by its number");
		}
	}
	return 0;
}

/* head, then each id between before and after, then tail. */
static int add_members(const struct ocean_call *call, struct strbuf *body,
		       const char *const parts[4], struct err *err)
{
	if (check_members(call, err) < 0) {
		return -1;
	}
	(void)strbuf_adds(body, parts[0]);
	for (size_t i = 0; i < call->members.n; i++) {
		(void)strbuf_addf(body, "%s%s%" PRIu64 "%s", i > 0 ? "," : "", parts[1],
				  call->members.ids[i], parts[2]);
	}
	return strbuf_adds(body, parts[3]);
}

int body_tagged(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	static const char *const parts[] = {"{\"resources\":[", "{\"resource_id\":\"",
					    "\",\"resource_type\":\"droplet\"}", "]}"};

	return add_members(call, body, parts, err);
}

int body_members(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	static const char *const parts[] = {"{\"droplet_ids\":[", "", "", "]}"};

	return add_members(call, body, parts, err);
}

int body_urns(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	static const char *const parts[] = {"{\"resources\":[", "\"do:droplet:", "\"", "]}"};

	return add_members(call, body, parts, err);
}

static int add_typed(const struct ocean_call *call, struct strbuf *body, const char *type)
{
	return strbuf_addf(body, "{\"type\":\"%s\",\"droplet_id\":%" PRIu64 "}", type,
			   call->droplet_id);
}

int body_attach(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	(void)err;
	return add_typed(call, body, "attach");
}

int body_detach(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	(void)err;
	return add_typed(call, body, "detach");
}

int body_assign(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	(void)err;
	return add_typed(call, body, "assign");
}

int body_unassign(const struct ocean_call *call, struct strbuf *body, struct err *err)
{
	(void)call;
	(void)err;
	return strbuf_adds(body, "{\"type\":\"unassign\"}");
}
