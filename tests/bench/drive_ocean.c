/* drive_ocean.c - DigitalOcean of the yardstick: one page of droplets out of a file, in canned answers */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"

static char *page; /* the droplets page */
static size_t page_len;
static char *one[64]; /* each droplet alone: {"droplet":...} */
static char names[64][64];
static uint64_t ids[64];
static size_t n_one;

void load_page(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	json_t *list = json_object_get(root, "droplets");

	if (!json_is_array(list)) {
		fprintf(stderr, "drive: %s is no page of droplets\n", path);
		exit(1);
	}
	n_one = json_array_size(list) < 64 ? json_array_size(list) : 64;
	for (size_t i = 0; i < n_one; i++) {
		json_t *droplet = json_array_get(list, i);
		json_t *wrapped = json_pack("{sO}", "droplet", droplet);

		one[i] = json_dumps(wrapped, JSON_COMPACT);
		ids[i] = (uint64_t)json_integer_value(json_object_get(droplet, "id"));
		snprintf(names[i], sizeof(names[i]), "%s",
			 json_string_value(json_object_get(droplet, "name")));
		json_decref(wrapped);
	}
	page = json_dumps(root, JSON_COMPACT);
	page_len = strlen(page);
	json_decref(root);
}

static size_t by_id(const char *text)
{
	uint64_t id = strtoull(text, NULL, 10);

	for (size_t i = 0; i < n_one; i++) {
		if (ids[i] == id) {
			return i;
		}
	}
	return 0;
}

static void action(struct conn *c, int status, const char *state, size_t which)
{
	char body[512];

	snprintf(body, sizeof(body),
		 "{\"action\":{\"id\":9000001,\"status\":\"%s\",\"type\":\"reboot\",\"started_at\":"
		 "\"2026-01-01T00:00:00Z\",\"completed_at\":null,\"resource_id\":%llu,\"resource_"
		 "type\":\"droplet\"}}",
		 state, (unsigned long long)ids[which]);
	reply_json(c, status, body);
}

void ocean(struct conn *c, const char *method, const char *path)
{
	const char *name = strstr(path, "name=");

	n_do++;
	if (want_request && strncmp(path, "/v2/droplets", 12) == 0 && n_request < SAMPLES_MAX) {
		to_request[n_request++] = now() - last_sent;
		want_request = false;
	}
	if (strncmp(path, "/v2/tags", 8) == 0) {
		reply_json(c, 200, "{\"tags\":[],\"links\":{},\"meta\":{\"total\":0}}");
	} else if (strncmp(path, "/v2/account", 11) == 0) {
		reply_json(c, 200,
			   "{\"account\":{\"droplet_limit\":100,\"email\":\"a@bench.example\","
			   "\"status\":\"active\"}}");
	} else if (strncmp(path, "/v2/actions/", 12) == 0) {
		action(c, 200, "completed", 0);
	} else if (strcmp(method, "POST") == 0) {
		action(c, 201, "in-progress", by_id(path + strlen("/v2/droplets/")));
	} else if (strstr(path, "type=gpus") != NULL) {
		reply_json(c, 200, "{\"droplets\":[],\"links\":{},\"meta\":{\"total\":0}}");
	} else if (strncmp(path, "/v2/droplets/", 13) == 0) {
		reply_json(c, 200, one[by_id(path + 13)]);
	} else if (name != NULL) {
		char body[8192];

		for (size_t i = 0; i < n_one; i++) {
			if (strcmp(names[i], name + 5) == 0) {
				snprintf(
					body, sizeof(body),
					"{\"droplets\":[%.*s],\"links\":{},\"meta\":{\"total\":1}}",
					(int)strlen(one[i]) - 12, one[i] + 11);
				reply_json(c, 200, body);
				return;
			}
		}
		reply_json(c, 200, "{\"droplets\":[],\"links\":{},\"meta\":{\"total\":0}}");
	} else {
		reply(c, 200, "application/json", page, page_len);
	}
}
