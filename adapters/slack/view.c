/* view.c - form to modal; pure */
#include "adapters/slack/view.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "chat/text.h"

#define TITLE_MAX 24  /* Slack takes so many characters, */
#define LABEL_MAX 200 /* 2,000 here, */
#define OPTION_MAX 75 /* and these */
#define WRONG_MAX 300
#define OFFERS_MAX \
	(15 *      \
	 1024) /* bytes: what is too long for an acknowledgement Slack leaves without a word (slack-go issue 1196) */

/* "key":{"type":"plain_text",...} with words of at most so many columns */
static void add_text(struct strbuf *out, const char *key, const char *text, unsigned most)
{
	struct strbuf clean;

	strbuf_init(&clean, 8192);
	text_cut(text, most, &clean);
	(void)strbuf_addf(out, "\"%s\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":", key);
	json_add_string(out, clean.len > 0 ? clean.buf : "-");
	(void)strbuf_addch(out, '}');
	strbuf_done(&clean);
}

static void add_options(struct strbuf *out, const struct field_choice *choices, size_t n,
			size_t most_bytes)
{
	(void)strbuf_adds(out, "\"options\":[");
	for (size_t i = 0; i < n && i < FORM_CHOICES_MAX && out->len < most_bytes; i++) {
		(void)strbuf_adds(out, i > 0 ? ",{" : "{");
		add_text(out, "text", choices[i].label, OPTION_MAX);
		(void)strbuf_adds(out, ",\"value\":");
		json_add_string(out, choices[i].value);
		(void)strbuf_addch(out, '}');
	}
	(void)strbuf_addch(out, ']');
}

static void add_input(struct strbuf *out, const struct field *field)
{
	unsigned most =
		field->most > 0 && field->most < FORM_VALUE_MAX ? field->most : FORM_VALUE_MAX / 4;

	if (field->kind == FORM_SELECT && field->n_choices > 0) {
		(void)strbuf_adds(out, "\"type\":\"static_select\",");
		add_options(out, field->choices, field->n_choices, SIZE_MAX);
		(void)strbuf_addch(out, ',');
	} else if (field->kind == FORM_SEARCH && field->several > 0) {
		(void)strbuf_addf(out,
				  "\"type\":\"multi_external_select\",\"min_query_length\":0,"
				  "\"max_selected_items\":%u,",
				  field->several);
	} else if (field->kind == FORM_SEARCH) {
		(void)strbuf_adds(out, "\"type\":\"external_select\",\"min_query_length\":0,");
	} else {
		(void)strbuf_addf(
			out, "\"type\":\"plain_text_input\",\"min_length\":%u,\"max_length\":%u,",
			field->least, most);
	}
	(void)strbuf_adds(out, "\"action_id\":\"" VIEW_ACTION "\"");
}

static void add_field(struct strbuf *out, const struct field *field, bool first)
{
	(void)strbuf_adds(out, "{\"type\":\"input\",\"block_id\":");
	json_add_string(out, field->id);
	(void)strbuf_addf(out, ",\"optional\":%s,", field->optional ? "true" : "false");
	if (field->steers) { /* what is chosen is told at once: a search does not say it */
		(void)strbuf_adds(out, "\"dispatch_action\":true,");
	}
	add_text(out, "label", field->label, LABEL_MAX);
	if (field->hint != NULL) {
		(void)strbuf_addch(out, ',');
		add_text(out, "hint", field->hint, LABEL_MAX);
	}
	(void)strbuf_adds(out, ",\"element\":{");
	add_input(out, field);
	(void)strbuf_adds(out, first ? ",\"focus_on_load\":true}}" : "}}");
}

void view_render(const struct chat_form *form, const char *mark, struct strbuf *out)
{
	(void)strbuf_adds(out, "{\"type\":\"modal\",\"notify_on_close\":true,"
			       "\"callback_id\":\"form\",\"private_metadata\":");
	json_add_string(out, mark);
	(void)strbuf_addch(out, ',');
	add_text(out, "title", form->title, TITLE_MAX);
	(void)strbuf_addch(out, ',');
	add_text(out, "submit", form->send, TITLE_MAX);
	(void)strbuf_adds(out, ",\"close\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":"
			       "\"Cancel\"},\"blocks\":[");
	for (size_t i = 0; i < form->n_fields && i < FORM_FIELDS_MAX; i++) {
		(void)strbuf_adds(out, i > 0 ? "," : "");
		add_field(out, &form->fields[i], i == 0);
	}
	(void)strbuf_adds(out, "]}");
}

void view_taken(const struct form_answer *answer, const char *first, struct strbuf *out)
{
	struct strbuf clean;

	if (answer->wrong == NULL || (answer->field == NULL && *first == '\0')) {
		(void)strbuf_adds(out, "{\"response_action\":\"clear\"}");
		return;
	}
	strbuf_init(&clean, 8192);
	text_cut(answer->wrong, WRONG_MAX, &clean);
	(void)strbuf_adds(out, "{\"response_action\":\"errors\",\"errors\":{");
	json_add_string(out, answer->field != NULL ? answer->field : first);
	(void)strbuf_addch(out, ':');
	json_add_string(out, clean.buf);
	(void)strbuf_adds(out, "}}");
	strbuf_done(&clean);
}

void view_offers(const struct form_answer *answer, struct strbuf *out)
{
	(void)strbuf_addch(out, '{');
	add_options(out, answer->choices, answer->n_choices, OFFERS_MAX);
	(void)strbuf_addch(out, '}');
}
