/* endpoint.c - what a row of the table says about a call: token, address, sentence, scopes */
#include "ocean/endpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/scopes.h"
#include "ocean/acts.h"
#include "ocean/decode.h"
#include "ocean/value.h"

#define WORD_SIZE 180

static const struct endpoint none = {.what = "a call"};

const struct endpoint *endpoint_of(const struct ocean_call *call)
{
	bool known = call->verb > OCEAN_NONE && call->verb < OCEAN_VERB_COUNT &&
		     endpoint_rows[call->verb].method != NULL;

	return known ? &endpoint_rows[call->verb] : &none;
}

bool endpoint_changes(const struct ocean_call *call)
{
	const char *method = endpoint_of(call)->method;

	return method != NULL && strcmp(method, "GET") != 0;
}

static bool is_metric(const struct ocean_metric_ask *ask)
{
	return ask->metric > OCEAN_METRIC_NONE && ask->metric < OCEAN_METRIC_COUNT &&
	       ask->from_s > 0 && ask->from_s < ask->to_s;
}

static bool is_given(const struct ocean_call *call, unsigned needs)
{
	const char *key = call->key;

	return ((needs & NEEDS_DROPLET) == 0 || call->droplet_id != 0) &&
	       ((needs & NEEDS_ACTION) == 0 || call->action_id != 0) &&
	       ((needs & NEEDS_IMAGE) == 0 || call->image_id != 0) &&
	       ((needs & NEEDS_PAGE) == 0 || (call->page > 0 && call->page <= OCEAN_PAGES_MAX)) &&
	       ((needs & NEEDS_METRIC) == 0 || is_metric(&call->metric)) &&
	       ((needs & NEEDS_UUID) == 0 || (key != NULL && value_is_uuid(key))) &&
	       ((needs & NEEDS_TAG) == 0 || (key != NULL && value_is_tag(key))) &&
	       ((needs & NEEDS_IP) == 0 || (key != NULL && value_is_ip4(key)));
}

/* The row of the policy's verb that the call is a part of. */
static enum verb verb_of(const struct ocean_call *call)
{
	const struct act_row *row = act_row(call->act);

	if (call->verb == OCEAN_ACT) {
		return row != NULL ? row->verb : VERB_NONE;
	}
	return endpoint_of(call)->verb;
}

enum tier endpoint_tier(const struct ocean_call *call)
{
	const struct endpoint *row = endpoint_of(call);
	enum verb verb = verb_of(call);

	if (row->method == NULL || !is_given(call, row->needs)) {
		return TIER_NONE;
	}
	if (verb == VERB_NONE) {
		return endpoint_changes(call) ? TIER_NONE : TIER_READ;
	}
	return verb_info(verb)->tier;
}

static const char *filter_of(const struct ocean_call *call)
{
	switch (call->images) {
	case OCEAN_IMAGES_ALL:
		return "";
	case OCEAN_IMAGES_DISTRIBUTIONS:
		return "?type=distribution";
	case OCEAN_IMAGES_APPLICATIONS:
		return "?type=application";
	case OCEAN_IMAGES_OWN:
		return "?private=true";
	}
	return "";
}

/* The rest of a metric's path. */
static void fill_metric(const struct ocean_call *call, char to[WORD_SIZE])
{
	static const struct {
		const char *path, *more;
	} metrics[OCEAN_METRIC_COUNT] = {
		[OCEAN_CPU] = {"cpu", ""},
		[OCEAN_MEMORY_FREE] = {"memory_free", ""},
		[OCEAN_MEMORY_AVAILABLE] = {"memory_available", ""},
		[OCEAN_MEMORY_TOTAL] = {"memory_total", ""},
		[OCEAN_DISK_FREE] = {"filesystem_free", ""},
		[OCEAN_DISK_SIZE] = {"filesystem_size", ""},
		[OCEAN_LOAD_1] = {"load_1", ""},
		[OCEAN_LOAD_5] = {"load_5", ""},
		[OCEAN_LOAD_15] = {"load_15", ""},
		[OCEAN_PUBLIC_IN] = {"bandwidth", "&interface=public&direction=inbound"},
		[OCEAN_PUBLIC_OUT] = {"bandwidth", "&interface=public&direction=outbound"},
		[OCEAN_PRIVATE_IN] = {"bandwidth", "&interface=private&direction=inbound"},
		[OCEAN_PRIVATE_OUT] = {"bandwidth", "&interface=private&direction=outbound"},
	};
	const struct ocean_metric_ask *ask = &call->metric;

	(void)snprintf(to, WORD_SIZE, "%s?host_id=%" PRIu64 "&start=%" PRId64 "&end=%" PRId64 "%s",
		       metrics[ask->metric].path, call->droplet_id, ask->from_s, ask->to_s,
		       metrics[ask->metric].more);
}

/* One name in braces; `number` holds what is no text yet. */
static const char *word_of(const struct ocean_call *call, const char *name, char number[WORD_SIZE])
{
	uint64_t id = strcmp(name, "droplet") == 0  ? call->droplet_id
		      : strcmp(name, "action") == 0 ? call->action_id
		      : strcmp(name, "page") == 0   ? call->page
						    : call->image_id;

	if (strcmp(name, "key") == 0) {
		return call->key != NULL ? call->key : "";
	}
	if (strcmp(name, "act") == 0) {
		return call->act != NULL ? call->act : "";
	}
	if (strcmp(name, "filter") == 0) {
		return filter_of(call);
	}
	if (strcmp(name, "metric") == 0) {
		fill_metric(call, number);
		return number;
	}
	(void)snprintf(number, WORD_SIZE, "%" PRIu64, id);
	return number;
}

void endpoint_fill(const struct ocean_call *call, const char *template, char *to, size_t size)
{
	size_t n = 0;

	for (const char *at = template; *at != '\0' && n + 1 < size;) {
		char name[16], number[WORD_SIZE];
		size_t len = strcspn(at, "}");

		if (*at != '{' || at[len] == '\0' || len > sizeof(name)) {
			to[n++] = *at++;
			continue;
		}
		(void)snprintf(name, sizeof(name), "%.*s", (int)len - 1, at + 1);
		n += (size_t)snprintf(to + n, size - n, "%s", word_of(call, name, number));
		n = n < size ? n : size - 1;
		at += len + 1;
	}
	to[n] = '\0';
}

void endpoint_scopes(const struct ocean_call *call, char *to, size_t size)
{
	const char *const *list = verb_scopes(verb_of(call));
	size_t at = 0;

	(void)snprintf(to, size, "%s",
		       endpoint_of(call)->scope != NULL ? endpoint_of(call)->scope : "");
	for (size_t i = 0; endpoint_of(call)->scope == NULL && list[i] != NULL && at < size; i++) {
		at += (size_t)snprintf(to + at, size - at, "%s%s", i == 0 ? "" : " and ", list[i]);
	}
}
