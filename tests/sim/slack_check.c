/* slack_check.c - what Slack refuses of a message or a view, and whom a text calls
 *
 * The limits are those of the doc comments in @slack/types and @slack/web-api. A complaint names its place as a JSON pointer,
 * as Slack does: "must be less than 3001 characters [json-pointer:/blocks/0/text/text]".
 */
#include <stdio.h>
#include <string.h>

#include "sim/slack.h"

#define TEXT_MAX 40000
#define MARKDOWN_MAX 12000

struct check {
	json_t *reply;
	const char *error; /* "invalid_blocks" */
	json_t *action_ids, *block_ids;
	size_t markdown; /* characters of all markdown blocks */
};

/* Characters of UTF-8, which is what Slack counts. */
static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		n += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return n;
}

static int too_long(struct check *c, const char *at, size_t max)
{
	return slack_complain(c->reply, c->error,
			      "must be less than %zu characters [json-pointer:%s]", max + 1, at);
}

/* A string member: at most so long; missing is fine when `needed` is false. */
static int check_string(struct check *c, const json_t *object, const char *key, size_t max,
			bool needed, const char *at)
{
	const json_t *node = json_object_get(object, key);
	char where[256];

	(void)snprintf(where, sizeof(where), "%.200s/%s", at, key);
	if (node == NULL) {
		return needed ? slack_complain(c->reply, c->error,
					       "missing required field: %s [json-pointer:%s]", key,
					       at)
			      : 0;
	}
	if (!json_is_string(node)) {
		return slack_complain(c->reply, c->error, "must provide a string [json-pointer:%s]",
				      where);
	}
	if (needed && *json_string_value(node) == '\0') {
		return slack_complain(c->reply, c->error,
				      "must be more than 0 characters [json-pointer:%s]", where);
	}
	return characters(json_string_value(node)) > max ? too_long(c, where, max) : 0;
}

/* A text object; plain: only plain_text is taken. */
static int check_text(struct check *c, const json_t *object, const char *key, size_t max,
		      bool plain, bool needed, const char *at)
{
	const json_t *text = json_object_get(object, key);
	const char *type = slack_str(text, "type");
	char where[256];

	(void)snprintf(where, sizeof(where), "%.200s/%s", at, key);
	if (text == NULL) {
		return needed ? slack_complain(c->reply, c->error,
					       "missing required field: %s [json-pointer:%s]", key,
					       at)
			      : 0;
	}
	if (strcmp(type, "plain_text") != 0 && (plain || strcmp(type, "mrkdwn") != 0)) {
		return slack_complain(c->reply, c->error,
				      "unsupported type: %.40s [json-pointer:%s/type]", type,
				      where);
	}
	if (strcmp(type, "mrkdwn") == 0 && json_object_get(text, "emoji") != NULL) {
		return slack_complain(c->reply, c->error,
				      "invalid additional property: emoji [json-pointer:%s]",
				      where);
	}
	return check_string(c, text, "text", max, true, where);
}

/* Every member must be one of these words. */
static int check_keys(struct check *c, const json_t *object, const char *words, const char *at)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char word[64];

		(void)snprintf(word, sizeof(word), " %.60s ", key);
		if (strstr(words, word) == NULL) {
			return slack_complain(
				c->reply, c->error,
				"invalid additional property: %.60s [json-pointer:%s]", key, at);
		}
	}
	return 0;
}

static int check_count(struct check *c, const json_t *object, const char *key, size_t max,
		       const char *at)
{
	const json_t *list = json_object_get(object, key);
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n == 0) {
		return slack_complain(c->reply, c->error,
				      "missing required field: %s [json-pointer:%s]", key, at);
	}
	return n > max ? slack_complain(c->reply, c->error,
					"no more than %zu items allowed [json-pointer:%s/%s]", max,
					at, key)
		       : 0;
}

static int check_id(struct check *c, json_t *seen, const json_t *object, const char *key,
		    bool needed, const char *at)
{
	const char *id = slack_str(object, key);

	if (check_string(c, object, key, 255, needed, at) < 0) {
		return -1;
	}
	if (*id != '\0' && json_object_get(seen, id) != NULL) {
		return slack_complain(c->reply, c->error, "%s already exists [json-pointer:%s/%s]",
				      key, at, key);
	}
	if (*id != '\0') {
		json_object_set_new(seen, id, json_true());
	}
	return 0;
}

static int check_confirm(struct check *c, const json_t *element, const char *at)
{
	const json_t *confirm = json_object_get(element, "confirm");
	char where[256];

	(void)snprintf(where, sizeof(where), "%.200s/confirm", at);
	if (confirm == NULL) {
		return 0;
	}
	return check_keys(c, confirm, " title text confirm deny style ", where) < 0 ||
			       check_text(c, confirm, "title", 100, true, true, where) < 0 ||
			       check_text(c, confirm, "text", 300, false, true, where) < 0 ||
			       check_text(c, confirm, "confirm", 30, true, true, where) < 0 ||
			       check_text(c, confirm, "deny", 30, true, true, where) < 0
		       ? -1
		       : 0;
}

static int check_options(struct check *c, const json_t *element, const char *at)
{
	const json_t *options = json_object_get(element, "options");
	char where[256];
	size_t i;
	json_t *option;

	if (check_count(c, element, "options", 100, at) < 0) {
		return -1;
	}
	json_array_foreach(options, i, option)
	{
		(void)snprintf(where, sizeof(where), "%.200s/options/%zu", at, i);
		if (check_keys(c, option, " text value description url ", where) < 0 ||
		    check_text(c, option, "text", 75, false, true, where) < 0 ||
		    check_string(c, option, "value", 150, true, where) < 0) {
			return -1;
		}
	}
	return 0;
}

static int check_button(struct check *c, const json_t *element, const char *at)
{
	const char *style = slack_str(element, "style");

	if (check_keys(c, element,
		       " type text action_id url value style confirm accessibility_label ",
		       at) < 0 ||
	    check_text(c, element, "text", 75, true, true, at) < 0 ||
	    check_string(c, element, "value", 2000, false, at) < 0 ||
	    check_string(c, element, "url", 3000, false, at) < 0) {
		return -1;
	}
	if (json_object_get(element, "style") != NULL && strcmp(style, "primary") != 0 &&
	    strcmp(style, "danger") != 0) {
		return slack_complain(c->reply, c->error,
				      "must be a valid enum value [json-pointer:%s/style]", at);
	}
	return 0;
}

/* What may stand in an actions block, beside a section, or in an input. */
static int check_element(struct check *c, const json_t *element, const char *at)
{
	static const char *const known[] = {"button",
					    "static_select",
					    "multi_static_select",
					    "external_select",
					    "multi_external_select",
					    "users_select",
					    "conversations_select",
					    "channels_select",
					    "overflow",
					    "radio_buttons",
					    "checkboxes",
					    "plain_text_input",
					    "number_input",
					    "datepicker",
					    "timepicker"};
	const char *type = slack_str(element, "type");
	bool lists = strstr(type, "static_select") != NULL || strcmp(type, "overflow") == 0 ||
		     strcmp(type, "radio_buttons") == 0 || strcmp(type, "checkboxes") == 0;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(type, known[i]) != 0) {
			continue;
		}
		if (check_id(c, c->action_ids, element, "action_id", false, at) < 0 ||
		    check_confirm(c, element, at) < 0 ||
		    check_text(c, element, "placeholder", 150, true, false, at) < 0) {
			return -1;
		}
		if (i == 0) {
			return check_button(c, element, at);
		}
		return lists && json_object_get(element, "option_groups") == NULL
			       ? check_options(c, element, at)
			       : 0;
	}
	return slack_complain(c->reply, c->error, "unsupported type: %.40s [json-pointer:%s/type]",
			      type, at);
}

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

static int check_table(struct check *c, const json_t *block, const char *at)
{
	const json_t *rows = json_object_get(block, "rows");
	char where[256];

	if (check_count(c, block, "rows", 100, at) < 0) {
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
			const char *type = slack_str(json_array_get(row, k), "type");

			if (strcmp(type, "raw_text") != 0 && strcmp(type, "rich_text") != 0 &&
			    strcmp(type, "raw_number") != 0) {
				return slack_complain(
					c->reply, c->error,
					"unsupported type: %.40s [json-pointer:%s/%zu]", type,
					where, k);
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
	c->markdown += characters(slack_str(block, "text"));
	return c->markdown > MARKDOWN_MAX ? too_long(c, at, MARKDOWN_MAX) : 0;
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
			json_t *reply)
{
	struct check c = {.reply = reply,
			  .error = error,
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

int slack_check_message(const json_t *args, json_t *reply)
{
	const json_t *blocks = json_object_get(args, "blocks");
	const char *text = slack_str(args, "text");

	if (*text == '\0' && json_array_size(blocks) == 0 &&
	    json_array_size(json_object_get(args, "attachments")) == 0) {
		return slack_fail(reply,
				  json_is_string(blocks) ? "invalid_blocks_format" : "no_text");
	}
	if (characters(text) > TEXT_MAX) {
		return slack_fail(reply, "msg_too_long");
	}
	return blocks != NULL ? check_blocks(blocks, "invalid_blocks", "/blocks", 50, reply) : 0;
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
	return check_blocks(json_object_get(view, "blocks"), c.error, "/view/blocks", 100, reply);
}
