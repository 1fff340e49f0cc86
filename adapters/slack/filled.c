/* filled.c - what was filled into a modal's fields, as Slack tells it */
#include <string.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/view.h"

/* Several are one text, with commas between them; what is too much ends there, and is more than any argument takes. */
static const char *values_in(struct heard *heard, const struct json *options)
{
	struct strbuf out;
	const char *text;

	strbuf_init(&out, FORM_LIST_MAX);
	for (size_t i = 0; i < json_array_count(options); i++) {
		const struct json *option = json_array_at(options, i);
		const char *value =
			json_is_object(option) ? json_string_or(option, "value", "") : "";

		(void)strbuf_adds(&out, out.len > 0 ? "," : "");
		(void)strbuf_adds(&out, value);
	}
	text = arena_strdup(&heard->arena, out.buf);
	strbuf_done(&out);
	return text;
}

const char *filled_value(struct heard *heard, const struct json *element)
{
	const struct json *option = json_member(element, "selected_option");
	const struct json *options = json_member(element, "selected_options");
	const char *text = json_is_object(option) ? json_string_or(option, "value", "")
						  : json_string_or(element, "value", "");

	if (options != NULL) {
		return values_in(heard, options);
	}
	return strlen(text) <= FORM_VALUE_MAX ? text : "";
}

void filled_add(struct heard *heard, const char *id, const char *text)
{
	struct event *event = &heard->event;

	if (*text != '\0' && event->n_values < FORM_FIELDS_MAX) {
		heard->values[event->n_values++] = (struct field_value){id, text};
		event->values = heard->values;
	}
}

void filled_read(struct heard *heard, const struct json *view)
{
	const struct json *state = json_member(view, "state");
	const struct json *values = json_is_object(state) ? json_member(state, "values") : NULL;
	const struct json *blocks = json_member(view, "blocks");

	for (size_t i = 0; i < json_array_count(blocks); i++) {
		const struct json *block = json_array_at(blocks, i);
		const char *id = json_is_object(block) ? json_string_or(block, "block_id", "") : "";
		const struct json *field =
			json_is_object(values) && *id != '\0' ? json_member(values, id) : NULL;
		const struct json *element =
			json_is_object(field) ? json_member(field, VIEW_ACTION) : NULL;

		if (json_is_object(element)) {
			filled_add(heard, id, filled_value(heard, element));
		}
	}
}
