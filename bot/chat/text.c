/* text.c - a message as plain text at a given width, for terminals and for networks without markup */
#include "chat/text.h"

#include <string.h>

#include "base/arena.h"
#include "chat/text_chart.h"
#include "chat/text_table.h"

/* One block is never longer than this; what does not fit is left out by strbuf. */
#define LINE_BYTES_MAX 65536U
#define BUTTON_COLUMNS 24U
#define BAR_SHORT 10U
#define BAR_LONG 20U
#define BAR_LONG_FROM 60U
#define CHART_SHORT 12U
#define CHART_LABEL 6U
#define VALUE_COLUMNS_MIN 12U

/* One logical line: its bytes, and for each byte the pen that draws it. */
struct line {
	struct strbuf text;
	struct strbuf pens; /* enum span_kind as bytes */
};

struct render {
	const struct text_style *style;
	struct strbuf *out;
	bool began;       /* a line stands in out already */
	const char *tone; /* SGR numbers for the line at hand, "" for none */
	struct line line;
};

static const char *tone_sgr(enum tone tone)
{
	switch (tone) {
	case TONE_PLAIN:
		return "";
	case TONE_GOOD:
		return ";32";
	case TONE_BAD:
		return ";31";
	case TONE_WAIT:
		return ";36";
	case TONE_WARN:
		return ";33";
	}
	return "";
}

static const char *pen_sgr(int pen)
{
	switch ((enum span_kind)pen) {
	case SPAN_TEXT:
		return "";
	case SPAN_BOLD:
	case SPAN_MENTION:
		return ";1";
	case SPAN_CODE:
		return ";1;34";
	case SPAN_FAINT:
		return ";2";
	}
	return "";
}

static void new_line(struct render *r)
{
	if (r->began) {
		strbuf_addch(r->out, '\n');
	}
	r->began = true;
}

/* The few signs of ours that are beyond ASCII; names of others stay as they are. */
static void add_ascii(struct strbuf *out, const char *text, const char *ellipsis)
{
	const struct {
		const char *sign, *ascii;
	} signs[] = {{"●", "*"}, {"○", "o"}, {"…", ellipsis}};

	while (*text != '\0') {
		size_t len = 1;
		const char *bytes = text;

		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
			size_t n = strlen(signs[i].sign);

			if (strncmp(text, signs[i].sign, n) == 0) {
				bytes = signs[i].ascii;
				len = n;
			}
		}
		strbuf_add(out, bytes, bytes == text ? 1 : strlen(bytes));
		text += len;
	}
}

/* Appends clean text to the line at hand. */
static void put(struct render *r, const char *clean, enum span_kind pen, const char *ellipsis)
{
	if (r->style->ascii) {
		add_ascii(&r->line.text, clean, ellipsis);
	} else {
		strbuf_adds(&r->line.text, clean);
	}
	strbuf_repeat(&r->line.pens, (char)pen, r->line.text.len - r->line.pens.len);
}

static void put_any(struct render *r, const char *text, enum span_kind pen)
{
	struct strbuf clean;

	strbuf_init(&clean, LINE_BYTES_MAX);
	text_clean(text, &clean);
	put(r, clean.buf, pen, "...");
	strbuf_done(&clean);
}

static void put_spaces(struct render *r, unsigned n)
{
	strbuf_repeat(&r->line.text, ' ', n);
	strbuf_repeat(&r->line.pens, SPAN_TEXT, n);
}

/* Columns of a part of the line at hand. */
static unsigned part_columns(struct render *r, size_t from, size_t to)
{
	char *text = r->line.text.buf;
	char kept = text[to];
	unsigned columns;

	text[to] = '\0';
	columns = text_columns(text + from);
	text[to] = kept;
	return columns;
}

/* Writes a part of the line at hand, with its colours. */
static void draw(struct render *r, size_t from, size_t to)
{
	int pen = SPAN_TEXT;
	bool inked = false;

	if (!r->style->colour) {
		strbuf_add(r->out, r->line.text.buf + from, to - from);
		return;
	}
	for (size_t i = from; i < to; i++) {
		if (i == from || r->line.pens.buf[i] != pen) {
			pen = r->line.pens.buf[i];
			if (inked || pen != SPAN_TEXT || r->tone[0] != '\0') {
				strbuf_addf(r->out, "\033[0%s%s%s", r->tone, pen_sgr(pen), "m");
				inked = pen != SPAN_TEXT || r->tone[0] != '\0';
			}
		}
		strbuf_addch(r->out, r->line.text.buf[i]);
	}
	if (inked) {
		strbuf_adds(r->out, "\033[0m");
	}
}

/* Where the screen line that starts at `from` ends: before a space if there is one that fits. */
static size_t screen_line(struct render *r, size_t from, unsigned room)
{
	const char *text = r->line.text.buf;
	size_t best = 0, at = from;

	for (;;) {
		while (text[at] == ' ') {
			at++;
		}
		at += strcspn(text + at, " ");
		if (best != 0 && part_columns(r, from, at) > room) {
			return best;
		}
		best = at;
		if (text[at] == '\0') {
			return best;
		}
	}
}

/* Writes the line at hand, broken where it must be; what follows a break is set in by `hang`. */
static void flush(struct render *r, unsigned hang)
{
	const struct strbuf *text = &r->line.text;
	unsigned columns = r->style->columns;
	size_t from = 0;

	do {
		unsigned in = from > 0 ? hang : 0;
		size_t to = text->len;

		if (columns > 0 && part_columns(r, from, to) > columns - in) {
			to = screen_line(r, from, columns - in);
		}
		new_line(r);
		strbuf_repeat(r->out, ' ', in);
		draw(r, from, to);
		from = to + strspn(text->buf + to, " ");
	} while (from < text->len);
	strbuf_reset(&r->line.text);
	strbuf_reset(&r->line.pens);
}

static void line(struct render *r, const struct block *block)
{
	for (size_t i = 0; i < block->n_spans; i++) {
		const struct span *span = &block->spans[i];
		const char *name = NULL;

		if (span->kind != SPAN_MENTION) {
			put_any(r, span->text, span->kind);
			continue;
		}
		if (r->style->mention != NULL) {
			name = r->style->mention(span->text, r->style->data);
		}
		if (name == NULL) {
			put(r, "@", SPAN_MENTION, "");
		}
		put_any(r, name != NULL ? name : span->text, SPAN_MENTION);
	}
	flush(r, 0);
}

static void fields(struct render *r, const struct block *block)
{
	unsigned wide = 0, hang;

	for (size_t i = 0; i < block->n_rows; i++) {
		unsigned columns = text_columns(block->cells[2 * i]);

		wide = columns > wide ? columns : wide;
	}
	hang = wide + TEXT_TABLE_GAP;
	if (r->style->columns > 0 && hang + VALUE_COLUMNS_MIN > r->style->columns) {
		hang = TEXT_TABLE_GAP < r->style->columns ? TEXT_TABLE_GAP : 0;
	}
	for (size_t i = 0; i < block->n_rows; i++) {
		unsigned used;

		put_any(r, block->cells[2 * i], SPAN_FAINT);
		used = text_columns(r->line.text.buf);
		put_spaces(r, (wide > used ? wide - used : 0) + TEXT_TABLE_GAP);
		put_any(r, block->cells[2 * i + 1], SPAN_TEXT);
		flush(r, hang);
	}
}

static void table_row(struct render *r, const struct block *block, const struct text_table *fit,
		      const char *const *cells, enum span_kind pen)
{
	struct strbuf cell;
	unsigned gap = 0;

	strbuf_init(&cell, LINE_BYTES_MAX);
	for (size_t i = 0; i < block->n_columns; i++) {
		unsigned columns, pad;

		if (fit->widths[i] == 0) {
			continue;
		}
		strbuf_reset(&cell);
		text_cut(cells[i], fit->widths[i], &cell);
		columns = text_columns(cell.buf);
		pad = fit->widths[i] > columns ? fit->widths[i] - columns : 0;
		put_spaces(r, gap + (block->columns[i].right ? pad : 0));
		put(r, cell.buf, pen, "~");
		gap = TEXT_TABLE_GAP + (block->columns[i].right ? 0 : pad);
	}
	strbuf_done(&cell);
	new_line(r);
	draw(r, 0, r->line.text.len);
	strbuf_reset(&r->line.text);
	strbuf_reset(&r->line.pens);
}

static void table(struct render *r, const struct block *block)
{
	struct arena arena;
	struct text_table fit;

	arena_init(&arena);
	text_table_fit(block, r->style->columns, &arena, &fit);
	if (fit.has_heads) {
		table_row(r, block, &fit, fit.heads, SPAN_BOLD);
	}
	for (size_t row = 0; row < block->n_rows; row++) {
		table_row(r, block, &fit, fit.cells + row * block->n_columns, SPAN_TEXT);
	}
	arena_done(&arena);
}

static void progress(struct render *r, const struct block *block)
{
	const unsigned columns = r->style->columns;
	const unsigned length = columns == 0 || columns >= BAR_LONG_FROM ? BAR_LONG : BAR_SHORT;
	const unsigned full = block->permille > 1000 ? 0 : block->permille * length / 1000;
	char percent[16];
	struct strbuf text;
	size_t at;

	if (block->permille > 1000) {
		put(r, "… ", SPAN_FAINT, "...");
		put_any(r, block->label != NULL ? block->label : "", SPAN_TEXT);
		flush(r, 2);
		return;
	}
	strbuf_init(&text, sizeof(percent) - 1);
	for (unsigned i = 0; i < length; i++) {
		const char *on = r->style->ascii ? "#" : "█", *off = r->style->ascii ? "-" : "░";

		put(r, i < full ? on : off, SPAN_TEXT, "");
	}
	strbuf_addf(&text, " %3u %%", block->permille / 10);
	put(r, text.buf, SPAN_TEXT, "");
	strbuf_done(&text);
	if (block->label == NULL || block->label[0] == '\0') {
		flush(r, 0);
		return;
	}
	at = r->line.text.len;
	put_spaces(r, TEXT_TABLE_GAP);
	put_any(r, block->label, SPAN_TEXT);
	if (columns > 0 && part_columns(r, 0, r->line.text.len) > columns) { /* on its own line */
		strbuf_truncate(&r->line.text, at);
		strbuf_truncate(&r->line.pens, at);
		flush(r, 0);
		put_any(r, block->label, SPAN_TEXT);
	}
	flush(r, 0);
}

/* "CPU     ▁▂▇▃▁  12 % now"; what does not fit behind the bars goes below them. */
static void chart(struct render *r, const struct block *block)
{
	const unsigned columns = r->style->columns;
	unsigned used, bars = columns == 0 || columns >= BAR_LONG_FROM ? BAR_LONG : CHART_SHORT;
	struct strbuf text;
	size_t at;

	put_any(r, block->chart->label, SPAN_FAINT);
	used = text_columns(r->line.text.buf);
	put_spaces(r, (used < CHART_LABEL ? CHART_LABEL - used : 0) + 1);
	strbuf_init(&text, LINE_BYTES_MAX);
	text_chart(block->chart, bars, r->style->ascii, &text);
	put(r, text.buf, SPAN_TEXT, "");
	strbuf_done(&text);
	at = r->line.text.len;
	put_spaces(r, block->chart->caption[0] != '\0' ? 1 : 0);
	put_any(r, block->chart->caption, SPAN_TEXT);
	if (columns > 0 && part_columns(r, 0, r->line.text.len) > columns) {
		strbuf_truncate(&r->line.text, at);
		strbuf_truncate(&r->line.pens, at);
		flush(r, 0);
		put_spaces(r, CHART_LABEL + 1);
		put_any(r, block->chart->caption, SPAN_TEXT);
	}
	flush(r, CHART_LABEL + 1);
}

/* "[1 Reboot] [2 Cancel]"; a button is never broken in two. */
static void buttons(struct render *r, const struct message *message)
{
	unsigned used = 0;
	struct strbuf label;

	strbuf_init(&label, LINE_BYTES_MAX);
	for (size_t i = 0; i < message->n_buttons; i++) {
		unsigned columns;

		strbuf_reset(&label);
		strbuf_addf(&label, "[%zu ", i + 1);
		text_cut(message->buttons[i].label, BUTTON_COLUMNS, &label);
		strbuf_addch(&label, ']');
		columns = text_columns(label.buf);
		if (used > 0 && r->style->columns > 0 && used + 1 + columns > r->style->columns) {
			new_line(r);
			draw(r, 0, r->line.text.len);
			strbuf_reset(&r->line.text);
			strbuf_reset(&r->line.pens);
			used = 0;
		}
		put_spaces(r, used > 0 ? 1 : 0);
		put(r, label.buf, SPAN_BOLD, "~");
		used += columns + (used > 0 ? 1 : 0);
	}
	strbuf_done(&label);
	new_line(r);
	draw(r, 0, r->line.text.len);
}

void text_render(const struct message *message, const struct text_style *style, struct strbuf *out)
{
	struct render r = {.style = style, .out = out};

	strbuf_init(&r.line.text, LINE_BYTES_MAX);
	strbuf_init(&r.line.pens, LINE_BYTES_MAX);
	for (size_t i = 0; i < message->n_blocks; i++) {
		const struct block *block = &message->blocks[i];

		r.tone = i == 0 ? tone_sgr(message->tone) : "";
		switch (block->kind) {
		case BLOCK_LINE:
			line(&r, block);
			break;
		case BLOCK_FIELDS:
			fields(&r, block);
			break;
		case BLOCK_TABLE:
			table(&r, block);
			break;
		case BLOCK_PROGRESS:
			progress(&r, block);
			break;
		case BLOCK_CHART:
			chart(&r, block);
			break;
		}
	}
	r.tone = "";
	if (style->buttons && message->n_buttons > 0) {
		strbuf_reset(&r.line.text);
		strbuf_reset(&r.line.pens);
		buttons(&r, message);
	}
	strbuf_done(&r.line.text);
	strbuf_done(&r.line.pens);
}
