/* text.h - a message as plain text, for terminals and for networks without markup */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stdbool.h>

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

void text_render(const struct message *message, const struct text_style *style, struct strbuf *out);

/* Columns that UTF-8 text takes in a terminal: wide characters 2, combining and zero-width 0 (utf8 of libunistring or wcwidth). */
unsigned text_columns(const char *text);

/* Copies `text`, cut to `columns` with "…" at its end where it was longer. */
void text_cut(const char *text, unsigned columns, struct strbuf *out);

#endif
