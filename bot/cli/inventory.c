/* inventory.c - droplets from a file
 *
 * Happy path: read the whole file (at most 64 MiB). One value: an array of droplets, or {"droplets": [...]} as DigitalOcean
 * answers (`doctl compute droplet list -o json` too). Otherwise a line each: a droplet, or a question of `sluice can --batch`,
 * whose droplet is taken. An id that was seen before is left out. What cannot be read ends it with a sentence.
 */
#include "cli/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/input.h"
#include "cli/question.h"
#include "policy/intern.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define DROPLETS_MAX 100000U

struct reading {
	struct inventory *inventory;
	struct intern ids;
	size_t cap;
};

static int add(struct reading *r, const struct json *json, struct err *err)
{
	struct inventory *inventory = r->inventory;
	const struct json *inner = json_member(json, "droplet");
	struct droplet droplet = {0};
	uint64_t id;
	bool is_new;

	if (question_json_droplet(inner != NULL ? inner : json, &inventory->arena, &droplet, err) <
	    0) {
		return -1;
	}
	id = droplet.id != 0 ? droplet.id : ~(uint64_t)inventory->n;
	(void)intern_put(&r->ids, &id, &is_new);
	if (!is_new) {
		return 0;
	}
	if (inventory->n == DROPLETS_MAX) {
		return err_set(err, ERR_LIMIT, "more than %u droplets", DROPLETS_MAX);
	}
	if (inventory->n == r->cap) {
		r->cap = r->cap * 2 + 256;
		inventory->droplets = mem_grow(inventory->droplets, r->cap, sizeof(droplet));
	}
	inventory->droplets[inventory->n++] = droplet;
	return 0;
}

static void keep(struct inventory *inventory, struct json *root)
{
	inventory->roots =
		mem_grow(inventory->roots, inventory->n_roots + 1, sizeof(*inventory->roots));
	inventory->roots[inventory->n_roots++] = root;
}

static int read_list(struct reading *r, const struct json *list, struct err *err)
{
	for (size_t i = 0; i < json_array_count(list); i++) {
		if (add(r, json_array_at(list, i), err) < 0) {
			return err_prefix(err, "droplet %zu", i + 1);
		}
	}
	return 0;
}

static int read_lines(struct reading *r, const char *text, struct err *err)
{
	unsigned long number = 1;

	for (const char *at = text; *at != '\0'; number++) {
		size_t len = strcspn(at, "\n");
		struct json *json;

		if (strspn(at, " \t\r") < len) {
			json = json_parse(at, len, err);
			if (json == NULL) {
				return err_prefix(err, "line %lu", number);
			}
			keep(r->inventory, json);
			if (add(r, json, err) < 0) {
				return err_prefix(err, "line %lu", number);
			}
		}
		at += len + (at[len] == '\n');
	}
	return 0;
}

static int read_text(struct reading *r, const char *text, size_t len, struct err *err)
{
	struct json *json = json_parse(text, len, NULL);
	const struct json *list = json;

	if (json == NULL) {
		return read_lines(r, text, err);
	}
	keep(r->inventory, json);
	if (json_is_object(json) && json_member(json, "droplets") != NULL) {
		list = json_member(json, "droplets");
	}
	return json_is_array(list) ? read_list(r, list, err) : add(r, list, err);
}

int inventory_load(const char *path, struct inventory *ret_inventory, struct err *err)
{
	struct reading r = {.inventory = ret_inventory};
	struct strbuf text;
	int rc;

	memset(ret_inventory, 0, sizeof(*ret_inventory));
	strbuf_init(&text, FILE_MAX_BYTES);
	intern_init(&r.ids, 1);
	rc = input_read(path, &text, NULL, err);
	if (rc == 0 && strlen(text.buf) != text.len) {
		rc = err_set(err, ERR_USAGE, "\"%.100s\" is no text file", path);
	} else if (rc == 0 && read_text(&r, text.buf, text.len, err) < 0) {
		rc = err_prefix(err, "\"%.100s\"", path);
	} else if (rc == 0 && ret_inventory->n == 0) {
		rc = err_set(err, ERR_USAGE, "\"%.100s\" holds no droplet", path);
	}
	intern_done(&r.ids);
	strbuf_done(&text);
	if (rc < 0) {
		inventory_done(ret_inventory);
	}
	return rc;
}

void inventory_done(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_roots; i++) {
		json_free(inventory->roots[i]);
	}
	free(inventory->roots);
	free(inventory->droplets);
	arena_done(&inventory->arena);
	memset(inventory, 0, sizeof(*inventory));
}
