/* message.h - the neutral model of what Sluice says; each network renders it (chat/text renders it as text)
 *
 * A message is immutable once built and lives in one arena. The first line says what is true now.
 */
#ifndef CHAT_MESSAGE_H
#define CHAT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum tone {
	TONE_PLAIN = 0,
	TONE_GOOD, /* it worked */
	TONE_BAD,  /* it failed, or is refused */
	TONE_WAIT, /* under way */
	TONE_WARN, /* look here: unknown outcome, ambiguous */
};

enum span_kind {
	SPAN_TEXT = 0,
	SPAN_BOLD,
	SPAN_CODE, /* something to type, an id */
	SPAN_FAINT,
	SPAN_MENTION, /* text is the user's id on the place's network, from the policy, never from what somebody typed */
};

struct span {
	enum span_kind kind;
	const char *text;
};

enum block_kind {
	BLOCK_LINE = 0, /* spans */
	BLOCK_FIELDS,   /* pairs: rows of two cells, label and value */
	BLOCK_TABLE,    /* a head and rows; cells are plain text */
	BLOCK_PROGRESS, /* a bar: permille, and a label behind it */
	BLOCK_CHART,    /* how a figure went over a time */
};

/* A figure at even steps of time. A network that takes files may draw it; as text it is a line of small bars. */
struct chart {
	const char *label; /* "CPU" */
	const char *unit;  /* of the points, for a scale: "%", "Mbit/s"; NULL or "": none */
	const char
		*caption; /* what a reader wants in words: "12 % now, 96 % at most"; never NULL */
	const double *points; /* oldest first; NAN: nothing was measured then */
	size_t n_points;
	double low,
		high; /* the ends of the scale: 0 and 100 for percents; high <= low: 0 and the highest point */
	int64_t from_ms, to_ms; /* wall time of the first and the last point */
};

/* How a column behaves when there is little room: the narrowest form drops columns by rank, 0 never. */
struct column {
	const char *head;
	unsigned rank; /* 0: always shown; 3 goes before 2 */
	bool right;    /* numbers */
};

struct block {
	enum block_kind kind;
	const struct span *spans; /* LINE */
	size_t n_spans;
	const struct column *columns; /* TABLE */
	size_t n_columns;
	const char *const *cells; /* TABLE and FIELDS: row by row */
	size_t n_rows;
	unsigned permille; /* PROGRESS; over 1000: no measure, only that it goes on */
	const char *label;
	const struct chart *chart; /* CHART */
};

enum button_style { BUTTON_PLAIN = 0, BUTTON_MAIN, BUTTON_DANGER };

struct button {
	const char *id;    /* opaque, comes back in the press */
	const char *label; /* at most 24 columns */
	enum button_style style;
};

struct message {
	enum tone tone;
	const struct block *blocks;
	size_t n_blocks;
	const struct button *buttons;
	size_t n_buttons;
};

/* A deep copy. */
const struct message *message_copy(struct arena *arena, const struct message *message);

/* A copy that ends, above its buttons, with a faint line. `message` is borrowed for good: it lives at least as long as the arena. */
const struct message *message_with_line(struct arena *arena, const struct message *message,
					const char *line);

/* Are the charts of both the same, one by one? */
bool message_same_charts(const struct message *a, const struct message *b);

/* Would both look the same and ask the same? */
bool message_equal(const struct message *a, const struct message *b);

#endif
