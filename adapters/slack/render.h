/* render.h - what Sluice says, as Slack's rich text, tables and fields; pure
 *
 * Words stand in elements of rich text, in raw_text and in plain_text, which Slack shows as they are: nothing in them can mention,
 * link or mark up. What is too long for one message becomes pages; nothing is cut without a word.
 *
 * A table and fields are Slack's own where it takes them: on the first page, within its bounds, and only where the whole table
 * stands on that page. All else is drawn by columns.
 */
#ifndef ADAPTERS_SLACK_RENDER_H
#define ADAPTERS_SLACK_RENDER_H

#include "base/arena.h"
#include "chat/message.h"

#define SLACK_COLUMNS 40
#define SLACK_PAGE_BYTES 3000 /* of words in one message; Slack takes 3,000 characters in a block */
#define SLACK_PAGES_MAX 16

struct slack_page {
	const char *blocks; /* a JSON array */
	const char *text;   /* the same words for notifications and screen readers, escaped */
};

struct slack_pages {
	struct slack_page page[SLACK_PAGES_MAX];
	size_t n; /* at least 1 */
	bool native; /* the first has a table or fields of Slack's, which it may refuse; no other page has */
};

/* A file that Slack has. */
struct slack_picture {
	const char *id;
	const char *alt; /* what it says, in words */
};

/*
 * The buttons are on the first page, which stays and is edited. Everything lives in the arena. picture: stands for the charts;
 * NULL: they are bars. draws: tables and fields are drawn, whatever Slack takes.
 */
void slack_render(const struct message *message, const struct slack_picture *picture, bool draws,
		  struct arena *arena, struct slack_pages *ret_pages);

#endif
