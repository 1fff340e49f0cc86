/* render.h - what Sluice says, as Slack's rich text; pure
 *
 * Words stand in elements of rich text, which Slack shows as they are: nothing in them can mention, link or mark up. What is
 * too long for one message becomes pages; nothing is cut without a word.
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
};

/* A file that Slack has. */
struct slack_picture {
	const char *id;
	const char *alt; /* what it says, in words */
};

/*
 * The buttons are on the first page, which stays and is edited. Everything lives in the arena. picture: stands for the charts;
 * NULL: they are bars.
 */
void slack_render(const struct message *message, const struct slack_picture *picture,
		  struct arena *arena, struct slack_pages *ret_pages);

#endif
