/* text_table.c - how a table fits into so many columns: whole columns go first, by rank, then the widest is cut */
#include "chat/text_table.h"

#include "base/strbuf.h"
#include "chat/text.h"

/* Narrower than this a cell says nothing; a table that still does not fit is wider than the screen. */
#define CELL_MIN 6U
#define CELL_BYTES_MAX 4096U

static const char *cleaned(const char *text, struct arena *arena)
{
	struct strbuf clean;
	const char *copy;

	if (text == NULL) {
		return "";
	}
	strbuf_init(&clean, CELL_BYTES_MAX);
	text_clean(text, &clean);
	copy = arena_strndup(arena, clean.buf, clean.len);
	strbuf_done(&clean);
	return copy;
}

static unsigned widest(const struct block *block, const struct text_table *table, size_t column)
{
	unsigned most = text_columns(table->heads[column]);

	for (size_t row = 0; row < block->n_rows; row++) {
		unsigned width = text_columns(table->cells[row * block->n_columns + column]);

		most = width > most ? width : most;
	}
	return most > 0 ? most : 1;
}

static unsigned total(const unsigned *widths, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (widths[i] > 0) {
			sum += widths[i] + (sum > 0 ? TEXT_TABLE_GAP : 0);
		}
	}
	return sum;
}

/* Leaves out the column that matters least; the last of equals. False when all that are left must stay. */
static bool drop_one(const struct block *block, unsigned *widths)
{
	size_t least = block->n_columns;

	for (size_t i = 0; i < block->n_columns; i++) {
		if (widths[i] > 0 && block->columns[i].rank > 0 &&
		    (least == block->n_columns ||
		     block->columns[i].rank >= block->columns[least].rank)) {
			least = i;
		}
	}
	if (least == block->n_columns) {
		return false;
	}
	widths[least] = 0;
	return true;
}

/* Takes what is too much from the widest columns, one step after the other. */
static void squeeze(unsigned *widths, size_t n, unsigned columns)
{
	for (unsigned sum = total(widths, n); sum > columns; sum--) {
		size_t wide = 0;

		for (size_t i = 1; i < n; i++) {
			wide = widths[i] > widths[wide] ? i : wide;
		}
		if (widths[wide] <= CELL_MIN) {
			return;
		}
		widths[wide]--;
	}
}

void text_table_fit(const struct block *block, unsigned columns, struct arena *arena,
		    struct text_table *ret_table)
{
	const size_t n = block->n_columns;
	const char **heads = arena_array(arena, n, sizeof(*heads));
	const char **cells = arena_array(arena, n * block->n_rows, sizeof(*cells));
	unsigned *widths = arena_array(arena, n, sizeof(*widths));

	ret_table->has_heads = false;
	for (size_t i = 0; i < n; i++) {
		heads[i] = cleaned(block->columns[i].head, arena);
		ret_table->has_heads = ret_table->has_heads || heads[i][0] != '\0';
	}
	for (size_t i = 0; i < n * block->n_rows; i++) {
		cells[i] = cleaned(block->cells[i], arena);
	}
	ret_table->heads = heads;
	ret_table->cells = cells;
	ret_table->widths = widths;
	for (size_t i = 0; i < n; i++) {
		widths[i] = widest(block, ret_table, i);
	}
	if (columns == 0) {
		return;
	}
	while (total(widths, n) > columns && drop_one(block, widths)) {
	}
	squeeze(widths, n, columns);
}
