/* words.c - Slack's text to plain words and back; what is shown is what is meant, labels of ids are never believed */
#include "adapters/slack/words.h"

#include <string.h>

static const struct {
	const char *form;
	char plain;
} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};

/* One character of text at `at`, unescaped once. Returns how many bytes it took. */
static size_t add_char(const char *at, struct strbuf *out)
{
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t n = strlen(entities[i].form);

		if (strncmp(at, entities[i].form, n) == 0) {
			(void)strbuf_addch(out, entities[i].plain);
			return n;
		}
	}
	(void)strbuf_addch(out, *at);
	return 1;
}

static void add_text(const char *text, size_t len, struct strbuf *out)
{
	const char *end = text + len;

	while (text < end) {
		text += add_char(text, out);
	}
}

/* "<...>": a mention, a channel, a command of Slack's, or a link. */
static void add_marked(const char *in, size_t len, struct strbuf *out)
{
	const char *bar = memchr(in, '|', len);
	size_t n_id = bar != NULL ? (size_t)(bar - in) : len;
	const char *label = bar != NULL ? bar + 1 : NULL;
	size_t n_label = bar != NULL ? len - n_id - 1 : 0;

	if (*in == '@' || *in == '#') {
		add_text(in, n_id, out);
	} else if (*in == '!' && n_id > 9 && strncmp(in, "!subteam^", 9) == 0) {
		(void)strbuf_addch(out, '@');
		add_text(in + 9, n_id - 9, out);
	} else if (*in == '!' && n_id > 5 && strncmp(in, "!date", 5) == 0) {
		add_text(label != NULL ? label : in, n_label, out);
	} else if (*in == '!') {
		(void)strbuf_addch(out, '@');
		add_text(in + 1, n_id - 1, out);
	} else if (n_label > 0) {
		add_text(label, n_label, out);
	} else {
		add_text(in, n_id, out);
	}
}

static bool is_own(const char *in, size_t len, const char *own)
{
	size_t n = strlen(own);

	return n > 0 && len > n && in[0] == '@' && strncmp(in + 1, own, n) == 0 &&
	       (len == n + 1 || in[n + 1] == '|');
}

static size_t spaces(const char *text)
{
	return strspn(text, " \t\r\n");
}

void words_from_slack(const char *text, const char *own, struct strbuf *out, bool *ret_addressed)
{
	bool began = false;

	*ret_addressed = false;
	text += spaces(text);
	while (*text != '\0') {
		const char *end = *text == '<' ? strchr(text, '>') : NULL;
		size_t len = end != NULL ? (size_t)(end - text - 1) : 0;

		if (end == NULL || len == 0) {
			text += add_char(text, out);
			began = true;
			continue;
		}
		if (!began && is_own(text + 1, len, own)) {
			*ret_addressed = true;
			text = end + 1;
			text += strspn(text, ":, \t\r\n");
			continue;
		}
		add_marked(text + 1, len, out);
		began = true;
		text = end + 1;
	}
	while (out->len > 0 && strchr(" \t\r\n", out->buf[out->len - 1]) != NULL) {
		strbuf_truncate(out, out->len - 1);
	}
}

void words_to_slack(const char *text, struct strbuf *out)
{
	for (; *text != '\0'; text++) {
		size_t i = 0;

		while (i < sizeof(entities) / sizeof(entities[0]) && entities[i].plain != *text) {
			i++;
		}
		if (i < sizeof(entities) / sizeof(entities[0])) {
			(void)strbuf_adds(out, entities[i].form);
		} else {
			(void)strbuf_addch(out, *text);
		}
	}
}
