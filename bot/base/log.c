/* log.c - one structured line an event */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"

#define LINE_MAX_BYTES 8192U
#define VALUE_MAX_BYTES 1024U /* six times that when all of it is escaped: still less than a line */

static enum log_level least_level = LOG_INFO;
static bool as_json;
static void (*sink)(const char *, size_t, void *);
static void *sink_data;

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const secret_marks[] = {"dop_v1_", "doo_v1_", "dor_v1_", "xoxb-",
					   "xoxp-",   "xoxa-",   "xoxe-",   "xoxs-",
					   "xapp-",   "Bearer ", "bearer "};

void log_configure(enum log_level least, bool json)
{
	least_level = least;
	as_json = json;
}

void log_redirect(void (*write_line)(const char *, size_t, void *), void *data)
{
	sink = write_line;
	sink_data = data;
}

bool log_looks_secret(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_marks); i++) {
		const char *at = strstr(text, secret_marks[i]);

		if (at != NULL && strlen(at) > strlen(secret_marks[i]) + 7) {
			return true;
		}
	}
	return false;
}

static bool plain(const char *value)
{
	if (*value == '\0' || strnlen(value, VALUE_MAX_BYTES + 1) > VALUE_MAX_BYTES) {
		return false;
	}
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
			return false;
		}
	}
	return true;
}

/* The start of a value, at most VALUE_MAX_BYTES of it and no torn UTF-8. */
static size_t value_len(const char *value)
{
	size_t len = strnlen(value, VALUE_MAX_BYTES + 1);

	if (len > VALUE_MAX_BYTES) {
		len = VALUE_MAX_BYTES;
		while (len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	return len;
}

static void add_quoted(struct strbuf *line, const char *value)
{
	const char *end = value + value_len(value);

	(void)strbuf_addch(line, '"');
	for (; value < end; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\') {
			(void)strbuf_addf(line, "\\%c", c);
		} else if (c < ' ' || c == 0x7f) {
			(void)strbuf_addf(line, "\\u%04x", c);
		} else {
			(void)strbuf_addch(line, (char)c);
		}
	}
	(void)strbuf_addch(line, '"');
}

/* A pair that does not fit any more is left out whole, so that the line stays well-formed. */
static void add_pair(struct strbuf *line, const char *key, const char *value)
{
	size_t before = line->len;

	if (value == NULL) {
		value = "";
	}
	if (log_looks_secret(value)) {
		value = "[secret]";
	}
	if (as_json) {
		(void)strbuf_addf(line, "%s\"%s\":", line->len > 1 ? "," : "", key);
		add_quoted(line, value);
	} else {
		(void)strbuf_addf(line, "%s%s=", line->len > 0 ? " " : "", key);
		if (plain(value)) {
			(void)strbuf_adds(line, value);
		} else {
			add_quoted(line, value);
		}
	}
	if (line->full) {
		strbuf_truncate(line, before);
		line->full = false;
	}
}

void log_line(enum log_level level, const char *event, ...)
{
	struct strbuf line;
	char when[CLOCK_TEXT_SIZE];
	const char *key;
	va_list ap;

	if (level < least_level) {
		return;
	}
	strbuf_init(&line, LINE_MAX_BYTES);
	if (as_json) {
		(void)strbuf_addch(&line, '{');
	}
	add_pair(&line, "time", clock_format(clock_wall_ms(), when, sizeof(when)));
	add_pair(&line, "level", level_names[level]);
	add_pair(&line, "event", event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		add_pair(&line, key, va_arg(ap, const char *));
	}
	va_end(ap);
	line.max += 2; /* the end always fits */
	(void)strbuf_adds(&line, as_json ? "}\n" : "\n");
	if (sink != NULL) {
		sink(line.buf, line.len, sink_data);
	} else if (write(STDERR_FILENO, line.buf, line.len) < 0) {
		/* nobody is left to be told */
	}
	strbuf_done(&line);
}

const char *log_number(int64_t n, char buf[LOG_NUMBER_SIZE])
{
	(void)snprintf(buf, LOG_NUMBER_SIZE, "%lld", (long long)n);
	return buf;
}
