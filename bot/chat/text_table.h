/* text_table.h - how a table fits into so many columns; for text.c only */
#ifndef CHAT_TEXT_TABLE_H
#define CHAT_TEXT_TABLE_H

#include "base/arena.h"
#include "chat/message.h"

#define TEXT_TABLE_GAP 2U /* spaces between two columns */

struct text_table {
	const char *const *heads; /* cleaned, like the cells */
	const char *const *cells;
	const unsigned *widths; /* 0: the column is left out */
	bool has_heads;         /* some head says something */
};

/* Everything lives in the arena. columns 0: no limit. */
void text_table_fit(const struct block *block, unsigned columns, struct arena *arena,
		    struct text_table *ret_table);

#endif
