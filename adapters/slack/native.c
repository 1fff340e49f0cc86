/* native.c - tables and fields as blocks of Slack's own, within what it takes; pure */
#include "adapters/slack/native.h"

#include "base/json.h"
#include "chat/text.h"

#define TABLE_ROWS_MAX 100 /* with the heads */
#define TABLE_COLUMNS_MAX 20
#define TABLE_BYTES_MAX 9000 /* of all cells; Slack takes 10,000 characters */
#define FIELDS_MAX 10
#define FIELD_COLUMNS_MAX 60 /* a longer one is hard to read in half of a phone's width */
#define CELL_MAX 4096

static const char no_cell[] = "-";
static const char no_head[] =
	"\xc2\xa0"; /* Slack takes no empty one, and an ordinary space for none */

/* The text, cleaned as it is when it is drawn, or what stands for none. */
static const char *cleaned(const char *text, const char *none, struct strbuf *clean)
{
	strbuf_reset(clean);
	text_clean(text != NULL ? text : "", clean);
	for (const char *c = clean->buf; clean->len > 0 && *c != '\0'; c++) {
		if (*c != ' ') {
			return clean->buf;
		}
	}
	return none;
}

static size_t bytes_of(const char *text, struct strbuf *clean)
{
	(void)cleaned(text, no_cell, clean);
	return clean->len > 0 ? clean->len : 1;
}

bool native_takes_table(const struct block *block)
{
	struct strbuf clean;
	size_t bytes = 0;
	bool heads = false;

	if (block->n_rows == 0 || block->n_rows + 1 > TABLE_ROWS_MAX || block->n_columns == 0 ||
	    block->n_columns > TABLE_COLUMNS_MAX) {
		return false;
	}
	strbuf_init(&clean, CELL_MAX);
	for (size_t i = 0; i < block->n_columns; i++) {
		bytes += bytes_of(block->columns[i].head, &clean);
		heads = heads || cleaned(block->columns[i].head, no_head, &clean) != no_head;
	}
	for (size_t i = 0; i < block->n_rows * block->n_columns && bytes < TABLE_BYTES_MAX; i++) {
		bytes += bytes_of(block->cells[i], &clean);
	}
	strbuf_done(&clean);
	return heads && bytes < TABLE_BYTES_MAX;
}

bool native_takes_fields(const struct block *block)
{
	struct strbuf clean;
	bool fits = block->n_rows > 0 && block->n_rows <= FIELDS_MAX;

	strbuf_init(&clean, CELL_MAX);
	for (size_t i = 0; fits && i < 2 * block->n_rows; i++) {
		fits = text_columns(cleaned(block->cells[i], no_cell, &clean)) <= FIELD_COLUMNS_MAX;
	}
	strbuf_done(&clean);
	return fits;
}

static void add_cell(const char *text, const char *none, size_t i, struct strbuf *clean,
		     struct strbuf *out)
{
	(void)strbuf_adds(out, i > 0 ? ",{\"type\":\"raw_text\",\"text\":"
				     : "{\"type\":\"raw_text\",\"text\":");
	json_add_string(out, cleaned(text, none, clean));
	(void)strbuf_addch(out, '}');
}

void native_table(const struct block *block, struct strbuf *out)
{
	struct strbuf clean;

	strbuf_init(&clean, CELL_MAX);
	(void)strbuf_adds(out, "{\"type\":\"table\",\"column_settings\":[");
	for (size_t i = 0; i < block->n_columns; i++) {
		(void)strbuf_addf(out, "%s{\"align\":\"%s\",\"is_wrapped\":false}",
				  i > 0 ? "," : "", block->columns[i].right ? "right" : "left");
	}
	(void)strbuf_adds(out, "],\"rows\":[[");
	for (size_t i = 0; i < block->n_columns; i++) {
		add_cell(block->columns[i].head, no_head, i, &clean, out);
	}
	for (size_t row = 0; row < block->n_rows; row++) {
		(void)strbuf_adds(out, "],[");
		for (size_t i = 0; i < block->n_columns; i++) {
			add_cell(block->cells[row * block->n_columns + i], no_cell, i, &clean, out);
		}
	}
	(void)strbuf_adds(out, "]]}");
	strbuf_done(&clean);
}

void native_fields(const struct block *block, struct strbuf *out)
{
	struct strbuf clean, both;

	strbuf_init(&clean, CELL_MAX);
	strbuf_init(&both, 2 * CELL_MAX);
	(void)strbuf_adds(out, "{\"type\":\"section\",\"fields\":[");
	for (size_t i = 0; i < block->n_rows; i++) {
		strbuf_reset(&both);
		(void)strbuf_adds(&both, cleaned(block->cells[2 * i], no_head, &clean));
		(void)strbuf_addch(&both, '\n');
		(void)strbuf_adds(&both, cleaned(block->cells[2 * i + 1], no_cell, &clean));
		(void)strbuf_addf(out, "%s{\"type\":\"plain_text\",\"emoji\":false,\"text\":",
				  i > 0 ? "," : "");
		json_add_string(out, both.buf);
		(void)strbuf_addch(out, '}');
	}
	(void)strbuf_adds(out, "]}");
	strbuf_done(&clean);
	strbuf_done(&both);
}
