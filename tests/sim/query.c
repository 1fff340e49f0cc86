/* query.c - the query of a request: pages and filters */
#include <stdio.h>
#include <string.h>

#include "sim/inside.h"

static int hex(char ch)
{
	const char *digits = "0123456789abcdef";
	const char *at = ch != '\0' ? strchr(digits, ch | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* %XX and '+' decoded; -1 when it does not fit or is broken. */
int sim_url_decode(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char ch = text[i] == '+' ? ' ' : text[i];

		if (ch == '%') {
			if (i + 2 >= len || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
				return -1;
			}
			ch = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		if (n + 1 >= size || ch == '\0') {
			return -1;
		}
		out[n++] = ch;
	}
	out[n] = '\0';
	return 0;
}

int sim_parse_number(const char *text, uint64_t *ret)
{
	uint64_t n = 0;
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 18 || text[len] != '\0') {
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = n;
	return 0;
}

static int parse_parameter(struct sim_query *q, const char *key, const char *value)
{
	if (strcmp(key, "page") == 0) {
		return sim_parse_number(value, &q->page) < 0 || q->page == 0 ? -1 : 0;
	}
	if (strcmp(key, "per_page") == 0) {
		return sim_parse_number(value, &q->per_page) < 0 || q->per_page == 0 ||
				       q->per_page > SIM_MAX_PAGE
			       ? -1
			       : 0;
	}
	if (strcmp(key, "tag_name") == 0) {
		(void)snprintf(q->tag_name, sizeof(q->tag_name), "%s", value);
	} else if (strcmp(key, "name") == 0) {
		(void)snprintf(q->name, sizeof(q->name), "%s", value);
	} else if (strcmp(key, "type") == 0) {
		(void)snprintf(q->type, sizeof(q->type), "%.31s", value);
		return strcmp(value, "gpus") == 0 || strcmp(value, "droplets") == 0 ||
				       strcmp(value, "distribution") == 0 ||
				       strcmp(value, "application") == 0
			       ? 0
			       : -1;
	}
	return 0; /* the real one ignores what it does not know */
}

int sim_parse_query(struct sim_query *q, const char *raw)
{
	memset(q, 0, sizeof(*q));
	q->page = 1;
	q->per_page = 20;
	q->raw = raw;
	while (*raw != '\0') {
		size_t len = strcspn(raw, "&");
		size_t key_len = strcspn(raw, "=&");
		size_t at = key_len < len ? key_len + 1 : len;
		char key[64];
		char value[300];

		if (sim_url_decode(raw, key_len, key, sizeof(key)) < 0 ||
		    sim_url_decode(raw + at, len - at, value, sizeof(value)) < 0 ||
		    parse_parameter(q, key, value) < 0) {
			return -1;
		}
		raw += len + (raw[len] == '&');
	}
	return 0;
}
