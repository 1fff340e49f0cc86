/* query.c - rows of the log that are looked for: newest first, a bounded bite at a time, or oldest first, all */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/folder.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

/* ---- how people say a time ----------------------------------------------------------------- */

#define DAY_MS (24 * 3600 * (int64_t)1000)

int audit_time(const char *text, int64_t now_ms, int64_t *ret_ms, struct err *err)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'m', 60000}, {'h', 3600000}, {'d', DAY_MS}};
	size_t digits = strspn(text, "0123456789");
	char day[40];

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (digits > 0 && digits < 7 && text[digits] == units[i].unit &&
		    text[digits + 1] == '\0') {
			*ret_ms = now_ms - strtoll(text, NULL, 10) * units[i].ms;
			return 0;
		}
	}
	if (strcmp(text, "today") == 0) {
		*ret_ms = now_ms - now_ms % DAY_MS;
		return 0;
	}
	if (strlen(text) == 10) {
		(void)snprintf(day, sizeof(day), "%sT00:00:00Z", text);
		text = day;
	}
	if (clock_parse(text, ret_ms) < 0) {
		return err_set(err, ERR_USAGE,
			       "\"%.40s\" must be 2026-01-13, 2026-01-13T03:00:00Z, today or 12h",
			       text);
	}
	return 0;
}

/* ---- does it match ------------------------------------------------------------------------- */

static bool is_or_any(const struct json *row, const char *key, const char *wanted)
{
	return wanted == NULL || strcmp(json_string_or(row, key, ""), wanted) == 0;
}

static bool verb_fits(const struct json *row, const char *wanted)
{
	const char *verb = json_string_or(row, "verb", "");
	size_t len = wanted != NULL ? strlen(wanted) : 0;

	return wanted == NULL ||
	       (strncmp(verb, wanted, len) == 0 && (verb[len] == '\0' || verb[len] == '.'));
}

static bool channel_fits(const struct json *row, const char *wanted)
{
	return is_or_any(row, "channel_name", wanted) || is_or_any(row, "channel", wanted);
}

/* "sre-runs-everything:53", "taken.primary" */
static bool has_rule(const struct json *row, const char *wanted)
{
	const struct json *list = json_member(row, "rules");
	size_t n = list != NULL ? json_array_count(list) : 0;
	size_t len = wanted != NULL ? strlen(wanted) : 0;

	for (size_t i = 0; i < n && wanted != NULL; i++) {
		const char *rule = json_text(json_array_at(list, i));

		if (rule != NULL && strncmp(rule, wanted, len) == 0 &&
		    (rule[len] == '\0' || rule[len] == ':' || rule[len] == '.')) {
			return true;
		}
	}
	return wanted == NULL;
}

static bool has_droplet(const struct json *row, uint64_t wanted)
{
	const struct json *list = json_member(row, "droplets");
	size_t n = list != NULL ? json_array_count(list) : 0;

	for (size_t i = 0; i < n && wanted != 0; i++) {
		if (json_int_of(json_array_at(list, i), 0) == (int64_t)wanted) {
			return true;
		}
	}
	return wanted == 0;
}

static bool time_fits(const struct json *row, const struct audit_filter *filter)
{
	int64_t at_ms = 0;

	if (filter->since_ms == 0 && filter->until_ms == 0) {
		return true;
	}
	if (clock_parse(json_string_or(row, "at", ""), &at_ms) < 0) {
		return false;
	}
	return at_ms >= filter->since_ms && (filter->until_ms == 0 || at_ms < filter->until_ms);
}

static bool fits(const struct json *row, const struct audit_filter *filter)
{
	return is_or_any(row, "person", filter->person) && channel_fits(row, filter->channel) &&
	       verb_fits(row, filter->verb) && is_or_any(row, "kind", filter->kind) &&
	       is_or_any(row, "id", filter->id) && has_rule(row, filter->rule) &&
	       has_droplet(row, filter->droplet) && time_fits(row, filter);
}

/* ---- the search ---------------------------------------------------------------------------- */

struct search {
	const struct audit_filter *filter;
	size_t looked, found;
	int64_t at; /* the row that was looked at last */
	bool enough;
	int (*each)(const struct audit_found *found, void *data);
	void *data;
};

/* A word that must stand in the row's text: most rows are passed over without being parsed. */
static bool may_fit(const char *body, const struct audit_filter *filter)
{
	const char *const words[] = {filter->person, filter->verb, filter->kind, filter->id,
				     filter->rule};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		/* what JSON would escape is left to the parser */
		if (words[i] != NULL && strpbrk(words[i], "\"\\/") == NULL &&
		    strstr(body, words[i]) == NULL) {
			return false;
		}
	}
	return true;
}

static int look_at(const struct store_log *log, struct search *search)
{
	struct json *row;
	int over = 0;

	if (!may_fit(log->body, search->filter)) {
		return 0;
	}
	row = json_parse(log->body, strlen(log->body), NULL);
	if (row != NULL && fits(row, search->filter)) {
		struct audit_found found = {log->seq, log->hash, log->body, row};

		search->found++;
		over = search->each(&found, search->data);
	}
	json_free(row);
	return over;
}

/* ---- newest first ---------------------------------------------------------------------------- */

/* Non-zero: that is enough, and `at` is the row to go on below. */
static int look_back(const struct store_log *log, void *data)
{
	struct search *search = data;
	bool over = look_at(log, search) != 0;

	search->at = log->seq;
	search->enough = over || ++search->looked >= AUDIT_LOOKS ||
			 (search->filter->most > 0 && search->found >= search->filter->most);
	return search->enough;
}

/* The rows of one file can only be read forwards: they are kept, and looked at from the end. */
struct pile {
	int64_t before;
	struct store_log *rows;
	size_t n, cap;
	size_t bytes;
};

#define PILE_BYTES \
	((size_t)32 << 20) /* of a file that somebody else made so long: its newest part */

static void pile_clear(struct pile *pile)
{
	for (size_t i = 0; i < pile->n; i++) {
		free((char *)pile->rows[i].body);
		free((char *)pile->rows[i].hash);
	}
	pile->n = 0;
	pile->bytes = 0;
}

static int pile_up(const struct store_log *row, const struct audit_place *place, void *data)
{
	struct pile *pile = data;

	(void)place;
	if (row->seq >= pile->before) {
		return 1;
	}
	if (pile->bytes > PILE_BYTES) {
		pile_clear(pile);
	}
	if (pile->n == pile->cap) {
		pile->cap = pile->cap > 0 ? 2 * pile->cap : 1024;
		pile->rows = mem_grow(pile->rows, pile->cap, sizeof(*pile->rows));
	}
	pile->rows[pile->n++] =
		(struct store_log){row->seq, mem_strdup(row->body), "", mem_strdup(row->hash)};
	pile->bytes += strlen(row->body);
	return 0;
}

/* From the newest file that has rows below `at` on. */
static int look_into_files(struct store *store, struct search *search, struct err *err)
{
	struct audit_folder folder = {0};
	struct pile pile = {.before = search->at};
	int rc = audit_folder_read(store, &folder, err);

	for (size_t i = folder.n; rc == 0 && i > 0 && !search->enough; i--) {
		const struct audit_file *file = &folder.files[i - 1];

		if (file->first >= pile.before) {
			continue;
		}
		rc = audit_file_each(&folder, file, pile_up, &pile, err);
		for (size_t k = pile.n;
		     rc == 0 && k > 0 && look_back(&pile.rows[k - 1], search) == 0; k--) {
		}
		pile_clear(&pile);
		pile.before = file->first;
	}
	free(pile.rows);
	audit_folder_done(&folder);
	return rc;
}

int audit_query(struct store *store, const struct audit_filter *filter, int64_t before,
		int (*each)(const struct audit_found *found, void *data), void *data,
		int64_t *ret_next, struct err *err)
{
	struct search search = {.filter = filter, .each = each, .data = data, .at = before};

	if (store_each_log_back(store, before, look_back, &search, err) < 0) {
		return -1;
	}
	/* nothing in the database below `before`: what is older is in the files */
	if (!search.enough && search.at == 0) {
		search.at = INT64_MAX;
	}
	if (!search.enough && look_into_files(store, &search, err) < 0) {
		return -1;
	}
	*ret_next = search.enough && search.at > 1 ? search.at : 0;
	return 0;
}

/* ---- oldest first ---------------------------------------------------------------------------- */

static int look_on(const struct store_log *log, const struct audit_place *place, void *data)
{
	(void)place;
	return log != NULL ? look_at(log, data) : 0;
}

int audit_search(struct store *store, const struct audit_filter *filter,
		 int (*each)(const struct audit_found *found, void *data), void *data,
		 struct err *err)
{
	struct search search = {.filter = filter, .each = each, .data = data};

	return audit_walk(store, 0, look_on, &search, err);
}

/* ---- export -------------------------------------------------------------------------------- */

struct export
{
	int64_t from;
	struct strbuf *out;
};

static int export_row(const struct store_log *log, const struct audit_place *place, void *data)
{
	struct export *export = data;

	(void)place;
	if (log != NULL && log->seq >= export->from) {
		audit_print_log(log, export->out);
	}
	return export->out->full ? 1 : 0;
}

int audit_export(struct store *store, size_t most, struct strbuf *out, struct err *err)
{
	struct export export = {.out = out};
	struct store_usage usage;

	if (store_get_usage(store, NULL, &usage, err) < 0) {
		return -1;
	}
	if (most > 0 && (uint64_t)usage.last_seq > most) {
		export.from = usage.last_seq - (int64_t)most + 1;
	}
	if (audit_walk(store, export.from > 0 ? export.from - 1 : 0, export_row, &export, err) <
	    0) {
		return -1;
	}
	return out->full
		       ? err_set(err, ERR_LIMIT, "the audit log is longer than %zu bytes", out->max)
		       : 0;
}
