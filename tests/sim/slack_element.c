/* slack_element.c - what Slack refuses of buttons, menus and the texts in them */
#include <stdio.h>
#include <string.h>

#include "sim/slack_check.h"

/* Characters of UTF-8, which is what Slack counts. */
size_t check_characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		n += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return n;
}

int check_too_long(struct check *c, const char *at, size_t max)
{
	return slack_complain(c->reply, c->error,
			      "must be less than %zu characters [json-pointer:%s]", max + 1, at);
}

/* A string member: at most so long; missing is fine when `needed` is false. */
int check_string(struct check *c, const json_t *object, const char *key, size_t max, bool needed,
		 const char *at)
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
	return check_characters(json_string_value(node)) > max ? check_too_long(c, where, max) : 0;
}

/* A text object; plain: only plain_text is taken. */
int check_text(struct check *c, const json_t *object, const char *key, size_t max, bool plain,
	       bool needed, const char *at)
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
int check_keys(struct check *c, const json_t *object, const char *words, const char *at)
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

int check_count(struct check *c, const json_t *object, const char *key, size_t max, const char *at)
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

int check_id(struct check *c, json_t *seen, const json_t *object, const char *key, bool needed,
	     const char *at)
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
int check_element(struct check *c, const json_t *element, const char *at)
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
