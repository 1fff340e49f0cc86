/* message.c - copies messages and compares them */
#include "chat/message.h"

#include <math.h>
#include <string.h>

static const char **copy_cells(struct arena *arena, const char *const *cells, size_t n)
{
	const char **copy = arena_array(arena, n, sizeof(*copy));

	for (size_t i = 0; i < n; i++) {
		copy[i] = arena_strdup(arena, cells[i]);
	}
	return copy;
}

/* Rows of a table have a cell a column, fields have two. */
static size_t cells_of(const struct block *block)
{
	return block->n_rows * (block->kind == BLOCK_FIELDS ? 2 : block->n_columns);
}

static const struct chart *copy_chart(struct arena *arena, const struct chart *from)
{
	struct chart *copy;
	double *points;

	if (from == NULL) {
		return NULL;
	}
	copy = arena_alloc(arena, sizeof(*copy));
	points = arena_array(arena, from->n_points, sizeof(*points));
	*copy = *from;
	copy->label = arena_strdup(arena, from->label);
	copy->caption = arena_strdup(arena, from->caption);
	copy->unit = arena_strdup(arena, from->unit);
	if (from->n_points > 0) {
		memcpy(points, from->points, from->n_points * sizeof(*points));
	}
	copy->points = points;
	return copy;
}

static void copy_block(struct arena *arena, const struct block *from, struct block *to)
{
	struct span *spans = arena_array(arena, from->n_spans, sizeof(*spans));
	struct column *columns = arena_array(arena, from->n_columns, sizeof(*columns));

	*to = *from;
	for (size_t i = 0; i < from->n_spans; i++) {
		spans[i].kind = from->spans[i].kind;
		spans[i].text = arena_strdup(arena, from->spans[i].text);
	}
	for (size_t i = 0; i < from->n_columns; i++) {
		columns[i] = from->columns[i];
		columns[i].head = arena_strdup(arena, from->columns[i].head);
	}
	to->spans = spans;
	to->columns = columns;
	to->cells = copy_cells(arena, from->cells, cells_of(from));
	to->label = arena_strdup(arena, from->label);
	to->chart = copy_chart(arena, from->chart);
}

const struct message *message_copy(struct arena *arena, const struct message *message)
{
	struct message *copy = arena_alloc(arena, sizeof(*copy));
	struct block *blocks = arena_array(arena, message->n_blocks, sizeof(*blocks));
	struct button *buttons = arena_array(arena, message->n_buttons, sizeof(*buttons));

	*copy = *message;
	for (size_t i = 0; i < message->n_blocks; i++) {
		copy_block(arena, &message->blocks[i], &blocks[i]);
	}
	for (size_t i = 0; i < message->n_buttons; i++) {
		buttons[i] = message->buttons[i];
		buttons[i].id = arena_strdup(arena, message->buttons[i].id);
		buttons[i].label = arena_strdup(arena, message->buttons[i].label);
	}
	copy->blocks = blocks;
	copy->buttons = buttons;
	return copy;
}

const struct message *message_with_line(struct arena *arena, const struct message *message,
					const char *line)
{
	struct message *longer = arena_alloc(arena, sizeof(*longer));
	struct block *blocks = arena_array(arena, message->n_blocks + 1, sizeof(*blocks));
	struct span *span = arena_alloc(arena, sizeof(*span));

	*span = (struct span){.kind = SPAN_FAINT, .text = arena_strdup(arena, line)};
	if (message->n_blocks > 0) {
		memcpy(blocks, message->blocks, message->n_blocks * sizeof(*blocks));
	}
	blocks[message->n_blocks] = (struct block){.kind = BLOCK_LINE, .spans = span, .n_spans = 1};
	*longer = *message;
	longer->blocks = blocks;
	longer->n_blocks++;
	return longer;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A gap is like a gap. */
static bool same_value(double a, double b)
{
	return isnan(a) ? isnan(b) : a <= b && a >= b;
}

static bool same_points(const struct chart *a, const struct chart *b)
{
	for (size_t i = 0; i < a->n_points; i++) {
		if (!same_value(a->points[i], b->points[i])) {
			return false;
		}
	}
	return true;
}

static bool equal_chart(const struct chart *a, const struct chart *b)
{
	if (a == NULL || b == NULL) {
		return a == b;
	}
	return a->n_points == b->n_points && same(a->label, b->label) &&
	       same(a->caption, b->caption) && same(a->unit, b->unit) && a->from_ms == b->from_ms &&
	       a->to_ms == b->to_ms && same_value(a->low, b->low) && same_value(a->high, b->high) &&
	       same_points(a, b);
}

/* From i on; NULL: no more. */
static const struct chart *next_chart(const struct message *message, size_t *i)
{
	while (*i < message->n_blocks) {
		const struct block *block = &message->blocks[(*i)++];

		if (block->kind == BLOCK_CHART) {
			return block->chart;
		}
	}
	return NULL;
}

bool message_same_charts(const struct message *a, const struct message *b)
{
	size_t at_a = 0, at_b = 0;
	const struct chart *of_a, *of_b;

	do {
		of_a = next_chart(a, &at_a);
		of_b = next_chart(b, &at_b);
	} while (of_a != NULL && equal_chart(of_a, of_b));
	return of_a == NULL && of_b == NULL;
}

static bool equal_block(const struct block *a, const struct block *b)
{
	if (a->kind != b->kind || a->n_spans != b->n_spans || a->n_columns != b->n_columns ||
	    a->n_rows != b->n_rows || a->permille != b->permille || !same(a->label, b->label) ||
	    !equal_chart(a->chart, b->chart)) {
		return false;
	}
	for (size_t i = 0; i < a->n_spans; i++) {
		if (a->spans[i].kind != b->spans[i].kind ||
		    !same(a->spans[i].text, b->spans[i].text)) {
			return false;
		}
	}
	for (size_t i = 0; i < a->n_columns; i++) {
		if (a->columns[i].rank != b->columns[i].rank ||
		    a->columns[i].right != b->columns[i].right ||
		    !same(a->columns[i].head, b->columns[i].head)) {
			return false;
		}
	}
	for (size_t i = 0; i < cells_of(a); i++) {
		if (!same(a->cells[i], b->cells[i])) {
			return false;
		}
	}
	return true;
}

bool message_equal(const struct message *a, const struct message *b)
{
	if (a->tone != b->tone || a->n_blocks != b->n_blocks || a->n_buttons != b->n_buttons) {
		return false;
	}
	for (size_t i = 0; i < a->n_blocks; i++) {
		if (!equal_block(&a->blocks[i], &b->blocks[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < a->n_buttons; i++) {
		if (a->buttons[i].style != b->buttons[i].style ||
		    !same(a->buttons[i].id, b->buttons[i].id) ||
		    !same(a->buttons[i].label, b->buttons[i].label)) {
			return false;
		}
	}
	return true;
}
