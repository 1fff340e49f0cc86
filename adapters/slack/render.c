/* render.c - message to rich text, in pages; pure
 *
 * Happy path: a page is one block of rich text, with what is drawn in it; a table or fields of Slack's end that block, stand
 * below it, and another begins behind them. What is native (native.c) is of the first page only: when Slack refuses it nothing
 * was posted yet, and the whole message can be drawn instead.
 */
#include "adapters/slack/render.h"

#include <string.h>

#include "adapters/slack/native.h"
#include "adapters/slack/words.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "chat/text.h"

#define JSON_MAX (512 * 1024)
#define LABEL_MAX 75 /* bytes of a button's label */
#define VALUE_MAX 2000
#define ALT_MAX 1900 /* bytes; Slack takes 2,000 characters */
#define BUTTONS_A_ROW 5
#define BUTTONS_MAX 25
#define NATIVE_MAX 12 /* a page; Slack takes 50 blocks, and each may have rich text before it */

struct writer {
	struct arena *arena;
	struct slack_pages *pages;
	struct strbuf
		blocks; /* of the page, before the rich text at hand; each with a comma behind it */
	struct strbuf elements; /* of the rich text at hand */
	struct strbuf text;     /* for notifications */
	struct strbuf clean;
	size_t used;     /* bytes of words on this page */
	bool section;    /* a section is open */
	bool began;      /* something stands on this page */
	bool full;       /* no page is left */
	bool table;      /* the message's table may be Slack's */
	unsigned native; /* blocks that are Slack's own may still be so many */
};

/* ---- pages ------------------------------------------------------------------------------------ */

static void close_section(struct writer *w)
{
	if (w->section) {
		(void)strbuf_adds(&w->elements, "]}");
		w->section = false;
	}
}

/* What follows in rich text stands in another block of it. */
static void end_rich_text(struct writer *w)
{
	close_section(w);
	if (w->elements.len > 0) {
		(void)strbuf_adds(&w->blocks, "{\"type\":\"rich_text\",\"elements\":[");
		(void)strbuf_adds(&w->blocks, w->elements.buf);
		(void)strbuf_adds(&w->blocks, "]},");
		strbuf_reset(&w->elements);
	}
}

static void end_page(struct writer *w)
{
	struct slack_page *page;

	end_rich_text(w);
	if (w->pages->n >= SLACK_PAGES_MAX || w->blocks.len == 0) {
		return;
	}
	page = &w->pages->page[w->pages->n++];
	page->blocks = arena_strndup(w->arena, w->blocks.buf, w->blocks.len - 1);
	page->text = arena_strdup(w->arena, w->text.len > 0 ? w->text.buf : " ");
	strbuf_reset(&w->blocks);
	strbuf_reset(&w->text);
	w->used = 0;
	w->began = false;
}

static void text_element(struct writer *w, const char *text, const char *style)
{
	(void)strbuf_adds(&w->elements, "{\"type\":\"text\",\"text\":");
	json_add_string(&w->elements, text);
	if (*style != '\0') {
		(void)strbuf_addf(&w->elements, ",\"style\":{\"%s\":true}", style);
	}
	(void)strbuf_adds(&w->elements, "}");
}

/* Room for so many bytes of words, on this page or the next. False: no page is left. */
static bool make_room(struct writer *w, size_t bytes)
{
	if (w->full || w->used == 0 || w->used + bytes <= SLACK_PAGE_BYTES) {
		return !w->full;
	}
	if (w->pages->n + 1 >= SLACK_PAGES_MAX) {
		w->full = true;
		if (!w->section) {
			(void)strbuf_addf(&w->elements,
					  "%s{\"type\":\"rich_text_section\",\"elements\":[",
					  w->elements.len > 0 ? "," : "");
			w->section = true;
		} else {
			(void)strbuf_adds(&w->elements, ",");
		}
		text_element(w, "\nThe rest is too long for Slack and left out.", "bold");
		(void)strbuf_adds(&w->text, "\nThe rest is too long for Slack and left out.");
		return false;
	}
	end_page(w);
	return true;
}

/* ---- lines ------------------------------------------------------------------------------------ */

/* A section is open, and what follows stands on a line of its own. */
static void begin_line(struct writer *w)
{
	if (w->began) {
		(void)strbuf_addch(&w->text, '\n');
	}
	if (w->section) {
		(void)strbuf_adds(&w->elements, ",{\"type\":\"text\",\"text\":\"\\n\"}");
		return;
	}
	(void)strbuf_addf(&w->elements, "%s{\"type\":\"rich_text_section\",\"elements\":[",
			  w->elements.len > 0 ? "," : "");
	w->section = true;
	w->began = true;
}

static bool in_line(const struct writer *w)
{
	return w->elements.len > 0 && w->elements.buf[w->elements.len - 1] == '}';
}

static void comma(struct writer *w)
{
	if (in_line(w)) {
		(void)strbuf_addch(&w->elements, ',');
	}
}

static const char *style_of(enum span_kind kind)
{
	switch (kind) {
	case SPAN_TEXT:
	case SPAN_MENTION:
		return "";
	case SPAN_BOLD:
		return "bold";
	case SPAN_CODE:
		return "code";
	case SPAN_FAINT:
		return "italic";
	}
	return "";
}

/* At most so many bytes, whole characters. */
static size_t fitting(const char *text, size_t most)
{
	size_t n = strlen(text);

	if (n <= most) {
		return n;
	}
	n = most;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) {
		n--;
	}
	return n;
}

/* Clean words, on as many pages as they need. */
static void add_words(struct writer *w, const char *text, enum span_kind kind)
{
	while (*text != '\0') {
		size_t n = fitting(text, SLACK_PAGE_BYTES);
		const char *part = arena_strndup(w->arena, text, n);

		if (!make_room(w, n)) {
			return;
		}
		if (!w->section) {
			begin_line(w); /* the line goes on here */
		}
		comma(w);
		text_element(w, part, style_of(kind));
		words_to_slack(part, &w->text);
		w->used += n;
		text += n;
	}
}

static bool is_user(const char *id)
{
	size_t n = strlen(id);

	return n >= 2 && n <= 32 && (id[0] == 'U' || id[0] == 'W') &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

static void add_span(struct writer *w, const struct span *span)
{
	strbuf_reset(&w->clean);
	if (span->kind == SPAN_MENTION && is_user(span->text)) {
		if (make_room(w, strlen(span->text))) {
			if (!w->section) {
				begin_line(w);
			}
			comma(w);
			(void)strbuf_addf(&w->elements, "{\"type\":\"user\",\"user_id\":\"%s\"}",
					  span->text);
			(void)strbuf_addf(&w->text, "<@%s>", span->text);
			w->used += strlen(span->text);
		}
		return;
	}
	if (span->kind == SPAN_MENTION) {
		(void)strbuf_addch(&w->clean, '@');
	}
	text_clean(span->text, &w->clean);
	add_words(w, w->clean.buf, span->kind);
}

static void add_tone(struct writer *w, enum tone tone)
{
	static const char *const names[] = {
		[TONE_PLAIN] = NULL,     [TONE_GOOD] = "white_check_mark",
		[TONE_BAD] = "no_entry", [TONE_WAIT] = "hourglass_flowing_sand",
		[TONE_WARN] = "warning",
	};

	if (names[tone] != NULL) {
		begin_line(w);
		(void)strbuf_addf(&w->elements, "{\"type\":\"emoji\",\"name\":\"%s\"},",
				  names[tone]);
		text_element(w, " ", "");
	}
}

static void add_line(struct writer *w, const struct block *block, bool first)
{
	if (!first || !w->section) { /* behind the tone's sign the first line goes on */
		begin_line(w);
	}
	for (size_t i = 0; i < block->n_spans; i++) {
		add_span(w, &block->spans[i]);
	}
	if (w->section && !in_line(w)) {
		text_element(w, " ", ""); /* Slack takes no empty section */
	}
}

/* ---- what is drawn by columns -------------------------------------------------------------------- */

static void add_drawn_page(struct writer *w, const char *text)
{
	if (!make_room(w, strlen(text))) {
		return;
	}
	close_section(w);
	(void)strbuf_addf(&w->elements, "%s{\"type\":\"rich_text_preformatted\",\"elements\":[",
			  w->elements.len > 0 ? "," : "");
	text_element(w, text, "");
	(void)strbuf_adds(&w->elements, "]}");
	(void)strbuf_adds(&w->text, w->began ? "\n" : "");
	words_to_slack(text, &w->text);
	w->used += strlen(text);
	w->began = true;
}

/* Whole lines stay together. */
static void add_drawn(struct writer *w, const char *text)
{
	while (*text != '\0') {
		size_t n = fitting(text, SLACK_PAGE_BYTES -
						 (w->used < SLACK_PAGE_BYTES / 2 ? w->used : 0));
		size_t whole = n;

		while (text[n] != '\0' && whole > 0 && text[whole - 1] != '\n') {
			whole--;
		}
		n = text[n] != '\0' && whole > 0 ? whole : n;
		if (w->full) {
			return;
		}
		add_drawn_page(
			w, arena_strndup(w->arena, text, n > 0 && text[n - 1] == '\n' ? n - 1 : n));
		text += n;
	}
}

/* As Slack's own, below what stands there; `drawn` are its words for notifications. False: it has to be drawn. */
static bool add_native(struct writer *w, const struct block *block, const char *drawn)
{
	if (w->native == 0 || w->pages->n > 0 || w->used + strlen(drawn) > SLACK_PAGE_BYTES ||
	    (block->kind == BLOCK_TABLE
		     ? !w->table || !native_takes_table(block)
		     : block->kind != BLOCK_FIELDS || !native_takes_fields(block))) {
		return false;
	}
	end_rich_text(w);
	if (block->kind == BLOCK_TABLE) {
		native_table(block, &w->blocks);
	} else {
		native_fields(block, &w->blocks);
	}
	(void)strbuf_addch(&w->blocks, ',');
	(void)strbuf_adds(&w->text, w->began ? "\n" : "");
	words_to_slack(drawn, &w->text);
	w->used += strlen(drawn);
	w->began = true;
	w->native--;
	w->pages->native = true;
	return true;
}

static void add_block(struct writer *w, const struct block *block, bool first)
{
	const struct message alone = {.blocks = block, .n_blocks = 1};
	const struct text_style style = {.columns = SLACK_COLUMNS};
	struct strbuf out;

	if (block->kind == BLOCK_LINE) {
		add_line(w, block, first);
		return;
	}
	strbuf_init(&out, JSON_MAX / 4);
	text_render(&alone, &style, &out);
	if (block->kind == BLOCK_PROGRESS) { /* a bar and its label: lines of words */
		for (const char *line = out.buf; line != NULL && *line != '\0';) {
			const char *end = strchr(line, '\n');

			begin_line(w);
			add_words(w,
				  end != NULL ? arena_strndup(w->arena, line, (size_t)(end - line))
					      : line,
				  SPAN_TEXT);
			line = end != NULL ? end + 1 : NULL;
		}
	} else if (!add_native(w, block, out.buf)) {
		add_drawn(w, out.buf);
	}
	strbuf_done(&out);
}

/* ---- buttons ----------------------------------------------------------------------------------- */

static void add_button(struct strbuf *out, const struct button *button, size_t i)
{
	struct strbuf label;

	strbuf_init(&label, 4096);
	text_cut(button->label, 24, &label);
	(void)strbuf_addf(out, "%s{\"type\":\"button\",\"action_id\":\"b%zu\",\"value\":",
			  i % BUTTONS_A_ROW > 0 ? "," : "", i);
	json_add_string(out, strlen(button->id) <= VALUE_MAX ? button->id : "");
	(void)strbuf_adds(out, ",\"text\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":");
	strbuf_truncate(&label, fitting(label.buf, LABEL_MAX));
	json_add_string(out, label.len > 0 ? label.buf : "-");
	(void)strbuf_adds(out, "}");
	if (button->style != BUTTON_PLAIN) {
		(void)strbuf_addf(out, ",\"style\":\"%s\"",
				  button->style == BUTTON_DANGER ? "danger" : "primary");
	}
	(void)strbuf_adds(out, "}");
	strbuf_done(&label);
}

static void add_buttons(const struct message *message, struct strbuf *out)
{
	size_t n = message->n_buttons < BUTTONS_MAX ? message->n_buttons : BUTTONS_MAX;

	for (size_t i = 0; i < n; i++) {
		if (i % BUTTONS_A_ROW == 0) {
			(void)strbuf_addf(out, "%s,{\"type\":\"actions\",\"elements\":[",
					  i > 0 ? "]}" : "");
		}
		add_button(out, &message->buttons[i], i);
	}
	(void)strbuf_adds(out, n > 0 ? "]}" : "");
}

static void add_picture(const struct slack_picture *picture, struct strbuf *out)
{
	struct strbuf alt;

	strbuf_init(&alt, JSON_MAX);
	text_clean(picture->alt, &alt);
	strbuf_truncate(&alt, fitting(alt.buf, ALT_MAX));
	(void)strbuf_adds(out, ",{\"type\":\"image\",\"slack_file\":{\"id\":");
	json_add_string(out, picture->id);
	(void)strbuf_adds(out, "},\"alt_text\":");
	json_add_string(out, alt.len > 0 ? alt.buf : "charts");
	(void)strbuf_adds(out, "}");
	strbuf_done(&alt);
}

/* The first page says how many follow. */
static void finish(const struct message *message, const struct slack_picture *picture,
		   struct arena *arena, struct slack_pages *pages)
{
	struct strbuf out;

	for (size_t i = 0; i < pages->n; i++) {
		strbuf_init(&out, JSON_MAX);
		(void)strbuf_addch(&out, '[');
		(void)strbuf_adds(&out, pages->page[i].blocks);
		if (i == 0 && pages->n > 1) {
			(void)strbuf_addf(&out,
					  ",{\"type\":\"context\",\"elements\":[{\"type\":\"plain_"
					  "text\",\"text\":\"1 of %zu, the rest is below\"}]}",
					  pages->n);
		}
		if (i == 0 && picture != NULL) {
			add_picture(picture, &out);
		}
		if (i == 0) {
			add_buttons(message, &out);
		}
		(void)strbuf_adds(&out, "]");
		pages->page[i].blocks = arena_strdup(arena, out.buf);
		strbuf_done(&out);
	}
}

/* Slack takes one table in a message. */
static bool has_one_table(const struct message *message)
{
	size_t n = 0;

	for (size_t i = 0; i < message->n_blocks; i++) {
		n += message->blocks[i].kind == BLOCK_TABLE;
	}
	return n == 1;
}

void slack_render(const struct message *message, const struct slack_picture *picture, bool draws,
		  struct arena *arena, struct slack_pages *ret_pages)
{
	struct writer w = {.arena = arena,
			   .pages = ret_pages,
			   .native = draws ? 0 : NATIVE_MAX,
			   .table = has_one_table(message)};

	ret_pages->n = 0;
	ret_pages->native = false;
	strbuf_init(&w.blocks, JSON_MAX);
	strbuf_init(&w.elements, JSON_MAX);
	strbuf_init(&w.text, JSON_MAX);
	strbuf_init(&w.clean, JSON_MAX);
	add_tone(&w, message->tone);
	for (size_t i = 0; i < message->n_blocks; i++) {
		if (picture == NULL || message->blocks[i].kind != BLOCK_CHART) {
			add_block(&w, &message->blocks[i], i == 0);
		}
	}
	if (!w.began && ret_pages->n == 0) {
		begin_line(&w);
		text_element(&w, " ", "");
	}
	if (w.began) {
		end_page(&w);
	}
	finish(message, picture, arena, ret_pages);
	strbuf_done(&w.blocks);
	strbuf_done(&w.elements);
	strbuf_done(&w.text);
	strbuf_done(&w.clean);
}
