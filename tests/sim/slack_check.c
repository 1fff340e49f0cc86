/* slack_check.c - what Slack refuses of a message or a view, and whom a text calls
 *
 * The limits are those of the doc comments in @slack/types and @slack/web-api. A complaint names its place as a JSON pointer,
 * as Slack does: "must be less than 3001 characters [json-pointer:/blocks/0/text/text]".
 */
#include <stdio.h>
#include <string.h>

#include "sim/slack_check.h"

#define TEXT_MAX 40000
#define MARKDOWN_MAX 12000
#define TABLE_MAX 10000 /* characters of all cells */

static int check_section(struct check *c, const json_t *block, const char *at)
{
	const json_t *fields = json_object_get(block, "fields");
	char where[256];

	if (check_keys(c, block, " type block_id text fields accessory expand ", at) < 0 ||
	    check_text(c, block, "text", 3000, false, fields == NULL, at) < 0 ||
	    (fields != NULL && check_count(c, block, "fields", 10, at) < 0)) {
		return -1;
	}
	for (size_t i = 0; i < json_array_size(fields); i++) {
		json_t *held = json_pack("{s:O}", "text", json_array_get(fields, i));
		int rc;

		(void)snprintf(where, sizeof(where), "%.200s/fields/%zu", at, i);
		rc = check_text(c, held, "text", 2000, false, true, where);
		json_decref(held);
		if (rc < 0) {
			return -1;
		}
	}
	(void)snprintf(where, sizeof(where), "%.200s/accessory", at);
	return json_object_get(block, "accessory") != NULL
		       ? check_element(c, json_object_get(block, "accessory"), where)
		       : 0;
}

static int check_actions(struct check *c, const json_t *block, const char *at)
{
	const json_t *elements = json_object_get(block, "elements");
	char where[256];

	if (check_keys(c, block, " type block_id elements ", at) < 0 ||
	    check_count(c, block, "elements", 25, at) < 0) {
		return -1;
	}
	for (size_t i = 0; i < json_array_size(elements); i++) {
		(void)snprintf(where, sizeof(where), "%.200s/elements/%zu", at, i);
		if (check_element(c, json_array_get(elements, i), where) < 0) {
			return -1;
		}
	}
	return 0;
}

static int check_columns(struct check *c, const json_t *block, const char *at)
{
	const json_t *columns = json_object_get(block, "column_settings");
	char where[256];

	if (columns != NULL && check_count(c, block, "column_settings", 20, at) < 0) {
		return -1;
	}
	for (size_t i = 0; i < json_array_size(columns); i++) {
		const json_t *column = json_array_get(columns, i);
		const char *align = slack_str(column, "align");

		(void)snprintf(where, sizeof(where), "%.200s/column_settings/%zu", at, i);
		if (check_keys(c, column, " align is_wrapped ", where) < 0) {
			return -1;
		}
		if (strcmp(align, "") != 0 && strcmp(align, "left") != 0 &&
		    strcmp(align, "center") != 0 && strcmp(align, "right") != 0) {
			return slack_complain(c->reply, c->error,
					      "must be a valid enum value [json-pointer:%s/align]",
					      where);
		}
	}
	return 0;
}

static int check_cell(struct check *c, const json_t *cell, size_t *characters, const char *at)
{
	const char *type = slack_str(cell, "type");

	if (strcmp(type, "rich_text") == 0 || strcmp(type, "raw_number") == 0) {
		return 0;
	}
	if (strcmp(type, "raw_text") != 0) {
		return slack_complain(c->reply, c->error,
				      "unsupported type: %.40s [json-pointer:%s]", type, at);
	}
	if (check_keys(c, cell, " type text ", at) < 0 ||
	    check_string(c, cell, "text", TABLE_MAX, true, at) < 0) {
		return -1;
	}
	if (strspn(slack_str(cell, "text"), " \t\n") == strlen(slack_str(cell, "text"))) {
		return slack_complain(c->reply, c->error,
				      "must be more than 0 characters [json-pointer:%s/text]", at);
	}
	*characters += check_characters(slack_str(cell, "text"));
	return *characters > TABLE_MAX ? check_too_long(c, at, TABLE_MAX) : 0;
}

static int check_table(struct check *c, const json_t *block, const char *at)
{
	const json_t *rows = json_object_get(block, "rows");
	size_t characters = 0;
	char where[256];

	if (c->no_tables) {
		return slack_complain(c->reply, c->error,
				      "unsupported type: table [json-pointer:%s/type]", at);
	}
	if (c->tables++ > 0) {
		return slack_fail(c->reply, "only_one_table_allowed");
	}
	if (check_keys(c, block, " type block_id rows column_settings ", at) < 0 ||
	    check_count(c, block, "rows", 100, at) < 0 || check_columns(c, block, at) < 0) {
		return -1;
	}
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		(void)snprintf(where, sizeof(where), "%.200s/rows/%zu", at, i);
		if (!json_is_array(row) || json_array_size(row) == 0 || json_array_size(row) > 20) {
			return slack_complain(c->reply, c->error,
					      "must have 1 to 20 cells [json-pointer:%s]", where);
		}
		for (size_t k = 0; k < json_array_size(row); k++) {
			char cell[300];

			(void)snprintf(cell, sizeof(cell), "%.240s/%zu", where, k);
			if (check_cell(c, json_array_get(row, k), &characters, cell) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

static int check_markdown(struct check *c, const json_t *block, const char *at)
{
	if (check_string(c, block, "text", MARKDOWN_MAX, true, at) < 0) {
		return -1;
	}
	c->markdown += check_characters(slack_str(block, "text"));
	return c->markdown > MARKDOWN_MAX ? check_too_long(c, at, MARKDOWN_MAX) : 0;
}

static int check_context(struct check *c, const json_t *block, const char *at)
{
	return check_keys(c, block, " type block_id elements ", at) < 0
		       ? -1
		       : check_count(c, block, "elements", 10, at);
}

static int check_input(struct check *c, const json_t *block, const char *at)
{
	char where[256];

	(void)snprintf(where, sizeof(where), "%.200s/element", at);
	return check_text(c, block, "label", 2000, true, true, at) < 0 ||
			       check_text(c, block, "hint", 2000, true, false, at) < 0
		       ? -1
		       : check_element(c, json_object_get(block, "element"), where);
}

static int check_header(struct check *c, const json_t *block, const char *at)
{
	return check_keys(c, block, " type block_id text ", at) < 0
		       ? -1
		       : check_text(c, block, "text", 150, true, true, at);
}

static int check_nothing(struct check *c, const json_t *block, const char *at)
{
	(void)c, (void)block, (void)at;
	return 0;
}

static const struct {
	const char *type;
	int (*check)(struct check *c, const json_t *block, const char *at);
} blocks_known[] = {
	{"section", check_section},   {"actions", check_actions}, {"header", check_header},
	{"context", check_context},   {"table", check_table},     {"markdown", check_markdown},
	{"input", check_input},       {"divider", check_nothing}, {"image", check_nothing},
	{"rich_text", check_nothing},
};

static int check_block(struct check *c, const json_t *block, const char *at)
{
	const char *type = slack_str(block, "type");

	for (size_t i = 0; i < ARRAY_LEN(blocks_known); i++) {
		if (strcmp(type, blocks_known[i].type) == 0) {
			return check_id(c, c->block_ids, block, "block_id", false, at) < 0
				       ? -1
				       : blocks_known[i].check(c, block, at);
		}
	}
	return slack_complain(c->reply, c->error, "unsupported type: %.40s [json-pointer:%s/type]",
			      type, at);
}

static int check_blocks(const json_t *blocks, const char *error, const char *base, size_t max,
			bool no_tables, json_t *reply)
{
	struct check c = {.reply = reply,
			  .error = error,
			  .no_tables = no_tables,
			  .action_ids = json_object(),
			  .block_ids = json_object()};
	int rc = 0;

	if (!json_is_array(blocks)) {
		rc = slack_complain(reply, error, "must be an array [json-pointer:%s]", base);
	} else if (json_array_size(blocks) > max) {
		rc = slack_complain(reply, error,
				    "no more than %zu items allowed [json-pointer:%s]", max, base);
	}
	for (size_t i = 0; rc == 0 && i < json_array_size(blocks); i++) {
		char at[64];

		(void)snprintf(at, sizeof(at), "%s/%zu", base, i);
		json_object_clear(c.action_ids); /* unique within its block */
		rc = check_block(&c, json_array_get(blocks, i), at);
	}
	json_decref(c.action_ids);
	json_decref(c.block_ids);
	return rc;
}

int slack_check_message(const struct slack *s, const json_t *args, json_t *reply)
{
	const json_t *blocks = json_object_get(args, "blocks");
	const char *text = slack_str(args, "text");

	if (*text == '\0' && json_array_size(blocks) == 0 &&
	    json_array_size(json_object_get(args, "attachments")) == 0) {
		return slack_fail(reply,
				  json_is_string(blocks) ? "invalid_blocks_format" : "no_text");
	}
	if (check_characters(text) > TEXT_MAX) {
		return slack_fail(reply, "msg_too_long");
	}
	return blocks != NULL ? check_blocks(blocks, "invalid_blocks", "/blocks", 50,
					     slack_setting(s, "tables") == 0, reply)
			      : 0;
}

int slack_check_view(const json_t *view, json_t *reply)
{
	struct check c = {.reply = reply, .error = "invalid_arguments"};
	bool modal = strcmp(slack_str(view, "type"), "modal") == 0;

	if (!modal && strcmp(slack_str(view, "type"), "home") != 0) {
		return slack_complain(reply, c.error, "unsupported type [json-pointer:/view/type]");
	}
	if (check_text(&c, view, "title", 24, true, modal, "/view") < 0 ||
	    check_text(&c, view, "submit", 24, true, false, "/view") < 0 ||
	    check_text(&c, view, "close", 24, true, false, "/view") < 0 ||
	    check_string(&c, view, "private_metadata", 3000, false, "/view") < 0 ||
	    check_string(&c, view, "callback_id", 255, false, "/view") < 0 ||
	    check_string(&c, view, "external_id", 255, false, "/view") < 0) {
		return -1;
	}
	return check_blocks(json_object_get(view, "blocks"), c.error, "/view/blocks", 100, true,
			    reply); /* a modal has no table */
}
