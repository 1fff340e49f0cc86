/* text.h - a message as plain text, for terminals and for networks without markup */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "chat/message.h"

struct text_style {
	unsigned columns; /* 40 for a phone; tables drop columns and cut names to fit */
	bool colour;      /* ANSI */
	bool ascii;       /* no bars and dots beyond ASCII */
	bool buttons;     /* "[1 Reboot] [2 Cancel]" as a last line */
	/* the person's name for a mention; NULL: "@id" */
	const char *(*mention)(const char *user, void *data);
	void *data;
};

/*
 * Appends lines with "\n" between them and none at the end. Lines longer than `columns` (0: no limit) are
 * broken at spaces, a longer word stays whole. Nothing that is not ours can steer a terminal or change the order of
 * letters: every text passes text_clean. Without colour the tone is not drawn: the words of the first line say it.
 */
void text_render(const struct message *message, const struct text_style *style, struct strbuf *out);

/*
 * Appends `text` as one line of safe UTF-8, fit to be shown anywhere (also legal in XML): white space becomes a space;
 * broken bytes, controls, escapes, bidi marks and other invisible characters become U+FFFD.
 * Cleaning twice changes nothing.
 */
void text_clean(const char *text, struct strbuf *out);

/* Columns that UTF-8 text takes in a terminal: wide characters 2, combining and zero-width 0. */
unsigned text_columns(const char *text);

/* Appends `text`, cleaned and cut to `columns` with "…" at its end where it was longer. `columns` at least 1. */
void text_cut(const char *text, unsigned columns, struct strbuf *out);

/* Is it well-formed UTF-8 as a whole? */
bool text_is_utf8(const char *bytes, size_t len);

#endif
