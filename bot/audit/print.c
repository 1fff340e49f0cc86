/* print.c - rows of the log as they are printed: JSON Lines, or short lines for people */
#include <string.h>

#include "audit/folder.h"
#include "base/json.h"

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

/* "web-1,web-2", or "#101" for what has no name there. */
static void add_droplets(struct strbuf *out, const struct json *row, const struct audit_short *how)
{
	const struct json *list = json_member(row, "droplets");
	size_t n = list != NULL ? json_array_count(list) : 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t id = (uint64_t)json_int_of(json_array_at(list, i), 0);
		const char *name =
			how != NULL && how->droplet != NULL ? how->droplet(id, how->data) : NULL;

		(void)strbuf_adds(out, i == 0 ? (out->len > 2 ? " " : "") : ",");
		if (name != NULL) {
			(void)strbuf_adds(out, name);
		} else {
			(void)strbuf_addf(out, "#%llu", (unsigned long long)id);
		}
	}
}

void audit_print_short(const struct audit_found *found, const struct audit_short *how,
		       struct strbuf *out)
{
	const struct json *row = found->row;
	const char *at = json_string_or(row, "at", "");
	int64_t count = json_int_or(row, "count", 0);
	bool nameless = how != NULL && how->hides_who;
	struct strbuf line;

	strbuf_init(&line, 4096);
	(void)strbuf_addf(&line, "%.10s %.5s", at, strlen(at) > 16 ? at + 11 : "");
	add_word(&line, nameless ? json_string_or(row, "kind", "")
				 : first_of(row, "person", "user", "kind"));
	add_word(&line, first_of(row, "state", "verdict", "state"));
	if (count > 1) {
		(void)strbuf_addf(&line, " x%lld", (long long)count);
	}
	add_line(out, line.buf);
	strbuf_reset(&line);
	(void)strbuf_adds(&line, "  ");
	add_word(&line, first_of(row, "verb", "kind", "kind"));
	add_droplets(&line, row, how);
	add_line(out, line.buf);
	strbuf_reset(&line);
	(void)strbuf_adds(&line, "  ");
	add_word(&line, nameless ? "" : json_string_or(row, "outcome", ""));
	if (line.len == 2 && (how == NULL || !how->hides_rules)) {
		add_list(&line, row, "rules", "");
	}
	if (line.len > 2) {
		add_line(out, line.buf);
	}
	strbuf_done(&line);
}
