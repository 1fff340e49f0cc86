/* report.c - findings: sorted, bounded, and never a secret in them */
#include "policy/report.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/script.h"

#define SOURCE_MAX 100 /* characters of a line that are printed */
#define TEXT_SIZE 512

struct internal {
	const char *text;
	size_t len;
	bool closed; /* later findings have no source line */
	struct policy_finding findings[REPORT_FINDINGS_MAX];
};

void report_open(struct policy_report *report, const char *text, size_t len)
{
	struct internal *in = mem_alloc(sizeof(*in));

	memset(report, 0, sizeof(*report));
	in->text = text;
	in->len = len;
	report->internal = in;
	report->findings = in->findings;
}

/* Texts and source lines are the report's own; in the door they are const. */
static void drop(const char *text)
{
	free((void *)(uintptr_t)text);
}

void policy_report_done(struct policy_report *report)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		drop(report->findings[i].text);
		drop(report->findings[i].source);
	}
	free(report->internal);
	memset(report, 0, sizeof(*report));
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static size_t run(const char *text, size_t len, bool (*fits)(char))
{
	size_t n = 0;

	while (n < len && fits(text[n])) {
		n++;
	}
	return n;
}

static bool base32_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
}

static bool starts(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* How many bytes at the start of a text are a secret: a token of DigitalOcean or Slack, or a TOTP key. */
static size_t secret_length(const char *text, size_t len, bool at_word_start)
{
	size_t base32;

	if (starts(text, len, "dop_v1_") || starts(text, len, "doo_v1_") ||
	    starts(text, len, "dor_v1_") || starts(text, len, "xapp-") ||
	    (len >= 5 && memcmp(text, "xox", 3) == 0 && word_char(text[3]) && text[4] == '-')) {
		return run(text, len, word_char);
	}
	if (!at_word_start) {
		return 0;
	}
	base32 = run(text, len, base32_char);
	return base32 >= 32 && (base32 == len || !word_char(text[base32])) ? base32 : 0;
}

/* The next secret at or after *at: its length, 0 when there is none. */
static size_t next_secret(const char *text, size_t len, size_t *at)
{
	for (; *at < len; (*at)++) {
		size_t n =
			secret_length(text + *at, len - *at, *at == 0 || !word_char(text[*at - 1]));

		if (n > 0) {
			return n;
		}
	}
	return 0;
}

/* In place: secrets become stars, what a terminal could obey or a reader could mistake becomes '?'. */
static void clean(char *text)
{
	size_t len = strlen(text);
	size_t bad;
	size_t n;

	for (size_t at = 0; (n = next_secret(text, len, &at)) > 0; at += n) {
		memset(text + at, '*', n);
	}
	for (size_t at = 0; at < len && script_check(text + at, len - at, &bad) != SCRIPT_FINE;
	     at += bad + 1) {
		uint32_t c;

		n = script_next(text + at + bad, len - at - bad, &c);
		memset(text + at + bad, '?', n > 0 ? n : 1);
	}
}

/* A copy of a line of the source; "" when there is none. */
static char *source_line(const struct internal *in, unsigned line)
{
	const char *at = in->text;
	const char *end = in->text + in->len;
	const char *stop;
	char *copy;

	for (; line > 1 && at != NULL; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL || at >= end || line == 0) {
		return mem_strdup("");
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	stop = stop != NULL ? stop : end;
	if (stop > at && stop[-1] == '\r') {
		stop--;
	}
	copy = mem_strndup(at, (size_t)(stop - at));
	clean(copy);
	return copy;
}

static bool before(const struct policy_finding *a, unsigned line, unsigned column)
{
	return a->line < line || (a->line == line && a->column <= column);
}

ATTR_PRINTF(6, 0)
static void add(struct policy_report *report, bool warning, const char *code, unsigned line,
		unsigned column, const char *fmt, va_list ap)
{
	struct internal *in = report->internal;
	size_t place = report->n_findings;
	char text[TEXT_SIZE];

	assert(report_knows(code));
	*(warning ? &report->n_warnings : &report->n_errors) += 1;
	while (place > 0 && !before(&in->findings[place - 1], line, column)) {
		place--;
	}
	if (place == REPORT_FINDINGS_MAX) {
		return;
	}
	if (report->n_findings < REPORT_FINDINGS_MAX) {
		report->n_findings++;
	} else {
		drop(in->findings[REPORT_FINDINGS_MAX - 1].text);
		drop(in->findings[REPORT_FINDINGS_MAX - 1].source);
	}
	memmove(&in->findings[place + 1], &in->findings[place],
		(report->n_findings - place - 1) * sizeof(in->findings[0]));
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	clean(text);
	in->findings[place] = (struct policy_finding){
		.warning = warning,
		.code = code,
		.line = line,
		.column = column,
		.text = mem_strdup(text),
		.source = in->closed ? mem_strdup("") : NULL,
	};
}

void report_close(struct policy_report *report)
{
	struct internal *in = report->internal;

	for (size_t i = 0; i < report->n_findings; i++) {
		in->findings[i].source = source_line(in, in->findings[i].line);
	}
	in->closed = true;
}

void report_add(struct policy_report *report, bool warning, const char *code, unsigned line,
		unsigned column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(report, warning, code, line, column, fmt, ap);
	va_end(ap);
}

void report_error(struct policy_report *report, const char *code, const struct yaml_node *at,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(report, false, code, at->line, at->column, fmt, ap);
	va_end(ap);
}

void report_secrets(struct policy_report *report)
{
	struct internal *in = report->internal;
	unsigned line = 1;
	size_t line_start = 0;
	size_t seen = 0;
	size_t n;

	for (size_t at = 0; (n = next_secret(in->text, in->len, &at)) > 0; at += n) {
		unsigned column = 1;

		for (; seen < at; seen++) {
			if (in->text[seen] == '\n') {
				line++;
				line_start = seen + 1;
			}
		}
		for (size_t i = line_start; i < at; i++) {
			column += ((unsigned char)in->text[i] & 0xc0) != 0x80;
		}
		report_add(report, false, "E020", line, column,
			   "this looks like a secret; write where it is (\"file:/path\" or "
			   "\"env:NAME\"), and replace it: it has been seen");
	}
}

/* `count` characters further; stops at the end. */
static const char *skip(const char *text, unsigned count)
{
	while (count > 0 && *text != '\0') {
		text++;
		while (((unsigned char)*text & 0xc0) == 0x80) {
			text++;
		}
		count--;
	}
	return text;
}

/* The line and the caret under the column; of a long line the part around it. */
static void print_source(const struct policy_finding *f, struct strbuf *out)
{
	unsigned column = f->column > 0 ? f->column - 1 : 0;
	unsigned cut = column > SOURCE_MAX * 3 / 4 ? column - SOURCE_MAX / 2 : 0;
	const char *from = skip(f->source, cut);
	const char *to = skip(from, SOURCE_MAX);

	if (f->source[0] == '\0') {
		return;
	}
	(void)strbuf_addf(out, "%s%.*s%s\n", cut > 0 ? "..." : "", (int)(to - from), from,
			  *to != '\0' ? "..." : "");
	(void)strbuf_repeat(out, ' ', column - cut + (cut > 0 ? 3 : 0));
	(void)strbuf_adds(out, "^\n");
}

static void print_count(struct strbuf *out, size_t n, const char *what)
{
	if (n > 0) {
		(void)strbuf_addf(out, "%s%zu %s%s",
				  out->len > 0 && out->buf[out->len - 1] != '\n' ? ", " : "", n,
				  what, n == 1 ? "" : "s");
	}
}

void policy_report_print(const struct policy_report *report, const char *file_name,
			 struct strbuf *out)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		const struct policy_finding *f = &report->findings[i];

		(void)strbuf_addf(out, "%s:%u:%u: %s %s: %s\n", file_name, f->line, f->column,
				  f->warning ? "warning" : "error", f->code, f->text);
		print_source(f, out);
	}
	if (report->n_errors + report->n_warnings == 0) {
		(void)strbuf_adds(out, "ok\n");
		return;
	}
	print_count(out, report->n_errors, "error");
	print_count(out, report->n_warnings, "warning");
	(void)strbuf_adds(out, "\n");
}

void policy_report_json(const struct policy_report *report, const char *file_name,
			struct strbuf *out)
{
	(void)strbuf_adds(out, "{\"file\":");
	json_add_string(out, file_name);
	(void)strbuf_addf(out, ",\"errors\":%zu,\"warnings\":%zu,\"findings\":[", report->n_errors,
			  report->n_warnings);
	for (size_t i = 0; i < report->n_findings; i++) {
		const struct policy_finding *f = &report->findings[i];

		(void)strbuf_addf(
			out, "%s{\"severity\":\"%s\",\"code\":\"%s\",\"line\":%u,\"column\":%u",
			i > 0 ? "," : "", f->warning ? "warning" : "error", f->code, f->line,
			f->column);
		(void)strbuf_adds(out, ",\"text\":");
		json_add_string(out, f->text);
		(void)strbuf_adds(out, ",\"source\":");
		json_add_string(out, f->source);
		(void)strbuf_adds(out, "}");
	}
	(void)strbuf_adds(out, "]}\n");
}
