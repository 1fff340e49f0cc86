/* query.c - rows that are looked for, and how they are printed: JSON Lines, or short lines for people */
#include <stdlib.h>
#include <string.h>

#include "audit/folder.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

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

static int look_back(const struct store_log *log, void *data)
{
	struct search *search = data;

	if (look_at(log, search) != 0) {
		return 1;
	}
	return ++search->looked >= AUDIT_LOOKS ||
	       (search->filter->most > 0 && search->found >= search->filter->most);
}

int audit_query(struct store *store, const struct audit_filter *filter,
		int (*each)(const struct audit_found *found, void *data), void *data,
		struct err *err)
{
	struct search search = {.filter = filter, .each = each, .data = data};

	return store_each_log_back(store, 0, look_back, &search, err);
}

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

/* ---- print --------------------------------------------------------------------------------- */

#define SHORT_COLUMNS 40

void audit_print(const struct audit_found *found, struct strbuf *out)
{
	struct store_log log = {found->seq, found->body, "", found->hash};

	audit_print_log(&log, out);
}

/* A line of at most 40 characters; a longer one ends with a sign that says so. */
static void add_line(struct strbuf *out, const char *text)
{
	size_t columns = 0;
	size_t end = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80 && columns++ == SHORT_COLUMNS - 1) {
			end = i;
		}
	}
	if (columns > SHORT_COLUMNS) {
		(void)strbuf_add(out, text, end);
		(void)strbuf_adds(out, "\xe2\x80\xa6");
	} else {
		(void)strbuf_adds(out, text);
	}
	(void)strbuf_addch(out, '\n');
}

/* Control characters would break the line, or more: ids come from outside. */
static void add_word(struct strbuf *out, const char *text)
{
	if (*text != '\0') {
		(void)strbuf_adds(out, out->len > 2 ? " " : "");
		for (; *text != '\0'; text++) {
			(void)strbuf_addch(
				out, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
		}
	}
}

static void add_list(struct strbuf *out, const struct json *row, const char *key, const char *sign)
{
	const struct json *list = json_member(row, key);
	size_t n = list != NULL ? json_array_count(list) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *text = json_text(json_array_at(list, i));

		(void)strbuf_adds(out, i == 0 ? (out->len > 2 ? " " : "") : ",");
		if (text != NULL) {
			(void)strbuf_adds(out, text);
		} else {
			(void)strbuf_addf(out, "%s%lld", sign,
					  (long long)json_int_of(json_array_at(list, i), 0));
		}
	}
}

static const char *first_of(const struct json *row, const char *a, const char *b, const char *c)
{
	const char *text = json_string_or(row, a, "");

	text = *text != '\0' ? text : json_string_or(row, b, "");
	return *text != '\0' ? text : json_string_or(row, c, "");
}

void audit_print_short(const struct audit_found *found, struct strbuf *out)
{
	const struct json *row = found->row;
	const char *at = json_string_or(row, "at", "");
	int64_t count = json_int_or(row, "count", 0);
	struct strbuf line;

	strbuf_init(&line, 4096);
	(void)strbuf_addf(&line, "%.10s %.5s", at, strlen(at) > 16 ? at + 11 : "");
	add_word(&line, first_of(row, "person", "user", "kind"));
	add_word(&line, first_of(row, "state", "verdict", "state"));
	if (count > 1) {
		(void)strbuf_addf(&line, " x%lld", (long long)count);
	}
	add_line(out, line.buf);
	strbuf_reset(&line);
	(void)strbuf_adds(&line, "  ");
	add_word(&line, first_of(row, "verb", "kind", "kind"));
	add_list(&line, row, "droplets", "#");
	add_line(out, line.buf);
	strbuf_reset(&line);
	(void)strbuf_adds(&line, "  ");
	add_word(&line, json_string_or(row, "outcome", ""));
	if (line.len == 2) {
		add_list(&line, row, "rules", "");
	}
	if (line.len > 2) {
		add_line(out, line.buf);
	}
	strbuf_done(&line);
}
