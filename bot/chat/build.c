/* build.c - constructors for messages: marks are read in our own format strings and nowhere else
 *
 * What is inserted by an argument passes text_clean, so it can neither end a line nor carry an escape
 * to any network, whichever renderer comes later.
 */
#include "chat/build.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chat/text.h"

/* Longer than anything that a network takes in one message. */
#define TEXT_BYTES_MAX 65536U

/* What is being written: text gathers until the mark changes. */
struct writer {
	struct build *build;
	struct strbuf text;
	enum span_kind kind;
	struct span *spans; /* of the line at hand */
	size_t n_spans, cap_spans;
	bool plain; /* marks and newlines have no meaning here */
};

/* An array in the arena that doubles: the old one stays behind, that is what arenas are for. */
static void *grown(struct arena *arena, const void *old, size_t n, size_t *cap, size_t size)
{
	void *grown_array;

	if (n < *cap) {
		return NULL;
	}
	*cap = *cap > 0 ? *cap * 2 : 4;
	grown_array = arena_array(arena, *cap, size);
	if (n > 0) {
		memcpy(grown_array, old, n * size);
	}
	return grown_array;
}

void build_init(struct build *build, struct arena *arena, enum tone tone)
{
	memset(build, 0, sizeof(*build));
	build->arena = arena;
	build->message.tone = tone;
}

static struct block *add_block(struct build *build, enum block_kind kind)
{
	struct block *more = grown(build->arena, build->blocks, build->message.n_blocks,
				   &build->cap_blocks, sizeof(*more));
	struct block *block;

	build->blocks = more != NULL ? more : build->blocks;
	block = &build->blocks[build->message.n_blocks++];
	memset(block, 0, sizeof(*block));
	block->kind = kind;
	return block;
}

static struct block *last_block(struct build *build, enum block_kind kind)
{
	struct block *block;

	if (build->message.n_blocks == 0) {
		return NULL;
	}
	block = &build->blocks[build->message.n_blocks - 1];
	return block->kind == kind ? block : NULL;
}

static char *clean_copy(struct arena *arena, const char *text)
{
	struct strbuf clean;
	char *copy;

	strbuf_init(&clean, TEXT_BYTES_MAX);
	text_clean(text != NULL ? text : "", &clean);
	copy = arena_strndup(arena, clean.buf, clean.len);
	strbuf_done(&clean);
	return copy;
}

/* The text gathered so far becomes a span. */
static void end_span(struct writer *w)
{
	struct arena *arena = w->build->arena;
	struct span *more;

	if (w->text.len == 0) {
		return;
	}
	more = grown(arena, w->spans, w->n_spans, &w->cap_spans, sizeof(*more));
	w->spans = more != NULL ? more : w->spans;
	w->spans[w->n_spans].kind = w->kind;
	w->spans[w->n_spans].text = arena_strndup(arena, w->text.buf, w->text.len);
	w->n_spans++;
	strbuf_reset(&w->text);
}

static void end_line(struct writer *w)
{
	struct block *block;

	end_span(w);
	block = add_block(w->build, BLOCK_LINE);
	block->spans = w->spans;
	block->n_spans = w->n_spans;
	w->spans = NULL;
	w->n_spans = 0;
	w->cap_spans = 0;
	w->kind = SPAN_TEXT;
}

static enum span_kind mark_kind(char c)
{
	return c == '*' ? SPAN_BOLD : c == '`' ? SPAN_CODE : c == '_' ? SPAN_FAINT : SPAN_TEXT;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* Does the mark at fmt[at] begin something that ends in the same line? snake_case and 2 * 3 do not. */
static bool opens(const char *fmt, size_t at)
{
	char mark = fmt[at];

	if ((at > 0 && is_word(fmt[at - 1])) || fmt[at + 1] == ' ' || fmt[at + 1] == mark) {
		return false;
	}
	for (size_t i = at + 1; fmt[i] != '\0' && fmt[i] != '\n'; i++) {
		if (fmt[i] == mark && !is_word(fmt[i + 1])) {
			return true;
		}
	}
	return false;
}

/* One %-directive; returns its length after the %. Only the forms that build.h names: a programming error otherwise. */
static size_t directive(struct writer *w, const char *spec, va_list *ap)
{
	size_t len = strspn(spec, "lz");
	bool is_long = spec[0] == 'l' && spec[1] != 'l', is_long_long = spec[0] == 'l' && !is_long;
	bool is_size = spec[0] == 'z';

	switch (spec[len]) {
	case '%':
		strbuf_addch(&w->text, '%');
		break;
	case 's': {
		const char *text = va_arg(*ap, const char *);

		text_clean(text != NULL ? text : "", &w->text);
		break;
	}
	case 'd': {
		intmax_t n = is_long_long ? va_arg(*ap, long long)
			     : is_long    ? va_arg(*ap, long)
			     : is_size    ? va_arg(*ap, ssize_t)
					  : va_arg(*ap, int);

		strbuf_addf(&w->text, "%" PRIdMAX, n);
		break;
	}
	case 'u': {
		uintmax_t n = is_long_long ? va_arg(*ap, unsigned long long)
			      : is_long    ? va_arg(*ap, unsigned long)
			      : is_size    ? va_arg(*ap, size_t)
					   : va_arg(*ap, unsigned);

		strbuf_addf(&w->text, "%" PRIuMAX, n);
		break;
	}
	default:
		assert(false && "a directive that build.h does not name");
	}
	return len + 1;
}

static void write_format(struct writer *w, const char *fmt, va_list *ap)
{
	for (size_t i = 0; fmt[i] != '\0'; i++) {
		enum span_kind mark = w->plain ? SPAN_TEXT : mark_kind(fmt[i]);

		if (fmt[i] == '%') {
			i += directive(w, fmt + i + 1, ap);
		} else if (fmt[i] == '\n' && !w->plain) {
			end_line(w);
		} else if (mark != SPAN_TEXT && w->kind == mark && !is_word(fmt[i + 1])) {
			end_span(w);
			w->kind = SPAN_TEXT;
		} else if (mark != SPAN_TEXT && w->kind == SPAN_TEXT && opens(fmt, i)) {
			end_span(w);
			w->kind = mark;
		} else {
			strbuf_addch(&w->text, fmt[i]);
		}
	}
}

void build_line(struct build *build, const char *fmt, ...)
{
	struct writer w = {.build = build};
	va_list ap;

	strbuf_init(&w.text, TEXT_BYTES_MAX);
	va_start(ap, fmt);
	write_format(&w, fmt, &ap);
	va_end(ap);
	end_line(&w);
	strbuf_done(&w.text);
}

void build_mention(struct build *build, const char *user)
{
	struct block *block = last_block(build, BLOCK_LINE);
	struct span *spans;
	size_t n;

	if (block == NULL) {
		block = add_block(build, BLOCK_LINE);
	}
	n = block->n_spans;
	spans = arena_array(build->arena, n + 2, sizeof(*spans));
	spans[0].kind = SPAN_MENTION;
	spans[0].text = arena_strdup(build->arena, user);
	spans[1].text = n > 0 && strchr(":,", block->spans[0].text[0]) != NULL ? "" : " ";
	if (n > 0) {
		memcpy(spans + 2, block->spans, n * sizeof(*spans));
	}
	block->spans = spans;
	block->n_spans = n > 0 ? n + 2 : 1;
}

/* Text without marks, in the arena. */
static const char *plain_text(struct build *build, const char *fmt, va_list *ap)
{
	struct writer w = {.build = build, .plain = true};
	char *text;

	strbuf_init(&w.text, TEXT_BYTES_MAX);
	write_format(&w, fmt, ap);
	text = arena_strndup(build->arena, w.text.buf, w.text.len);
	strbuf_done(&w.text);
	return text;
}

/* Puts a row of n cells behind those of the block: room for 4 rows, then for twice as many each time it is full. */
static const char **add_row(struct build *build, struct block *block, size_t n)
{
	const char *const *cells = block->cells;
	const size_t rows = block->n_rows++;

	if (rows == 0 || (rows >= 4 && (rows & (rows - 1)) == 0)) {
		const char **more =
			arena_array(build->arena, rows == 0 ? 4 : rows * 2, n * sizeof(*more));

		if (rows > 0) {
			memcpy(more, cells, rows * n * sizeof(*more));
		}
		block->cells = more;
	}
	return (const char **)(uintptr_t)(block->cells + rows * n);
}

void build_field(struct build *build, const char *label, const char *fmt, ...)
{
	struct block *block = last_block(build, BLOCK_FIELDS);
	const char *value, **row;
	va_list ap;

	if (block == NULL) {
		block = add_block(build, BLOCK_FIELDS);
	}
	va_start(ap, fmt);
	value = plain_text(build, fmt, &ap);
	va_end(ap);
	row = add_row(build, block, 2);
	row[0] = clean_copy(build->arena, label);
	row[1] = value;
}

void build_progress(struct build *build, unsigned permille, const char *fmt, ...)
{
	struct block *block = add_block(build, BLOCK_PROGRESS);
	va_list ap;

	block->permille = permille;
	va_start(ap, fmt);
	block->label = plain_text(build, fmt, &ap);
	va_end(ap);
}

void build_chart(struct build *build, const struct chart *chart)
{
	struct block *block = add_block(build, BLOCK_CHART);
	struct chart *copy = arena_alloc(build->arena, sizeof(*copy));
	double *points = arena_array(build->arena, chart->n_points, sizeof(*points));

	*copy = *chart;
	copy->label = clean_copy(build->arena, chart->label);
	copy->caption = clean_copy(build->arena, chart->caption);
	copy->unit = chart->unit != NULL ? clean_copy(build->arena, chart->unit) : NULL;
	if (chart->n_points > 0) {
		memcpy(points, chart->points, chart->n_points * sizeof(*points));
	}
	copy->points = points;
	block->chart = copy;
}

void build_table(struct build *build, const struct column *columns, size_t n_columns)
{
	struct block *block = add_block(build, BLOCK_TABLE);
	struct column *copy = arena_array(build->arena, n_columns, sizeof(*copy));

	for (size_t i = 0; i < n_columns; i++) {
		copy[i] = columns[i];
		copy[i].head = clean_copy(build->arena, columns[i].head);
	}
	block->columns = copy;
	block->n_columns = n_columns;
}

void build_row(struct build *build, const char *const *cells)
{
	struct block *block = last_block(build, BLOCK_TABLE);
	const char **row;

	assert(block != NULL);
	row = add_row(build, block, block->n_columns);
	for (size_t i = 0; i < block->n_columns; i++) {
		row[i] = clean_copy(build->arena, cells[i]);
	}
}

void build_button(struct build *build, const char *id, const char *label, enum button_style style)
{
	struct button *more = grown(build->arena, build->buttons, build->message.n_buttons,
				    &build->cap_buttons, sizeof(*more));
	struct button *button;

	build->buttons = more != NULL ? more : build->buttons;
	button = &build->buttons[build->message.n_buttons++];
	button->id = arena_strdup(build->arena, id);
	button->label = clean_copy(build->arena, label);
	button->style = style;
}

const struct message *build_end(struct build *build)
{
	struct message *message = arena_alloc(build->arena, sizeof(*message));
	struct block *blocks = arena_array(build->arena, build->message.n_blocks, sizeof(*blocks));
	struct button *buttons =
		arena_array(build->arena, build->message.n_buttons, sizeof(*buttons));

	*message = build->message;
	if (message->n_blocks > 0) {
		memcpy(blocks, build->blocks, message->n_blocks * sizeof(*blocks));
	}
	if (message->n_buttons > 0) {
		memcpy(buttons, build->buttons, message->n_buttons * sizeof(*buttons));
	}
	message->blocks = blocks;
	message->buttons = buttons;
	return message;
}
