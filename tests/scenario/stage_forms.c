/* stage_forms.c - a network that opens forms: what a person sees of them stands in the transcript, for that person alone */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "stage.h"

static struct stage *stage_of(const struct chat *chat)
{
	/* the ops are the stage's own copy */
	return CONTAINER_OF((struct chat_ops *)(uintptr_t)chat->ops, struct stage, ops);
}

static void show(struct stage *stage, const char *text)
{
	stage_show(stage, stage->form.channel, stage->form.direct, stage->form.user, text);
}

/* The ticket names the place: "ops ana", "direct ana". */
static void open_form(struct chat *chat, const char *opens, const struct chat_form *form)
{
	struct stage *stage = stage_of(chat);
	struct strbuf out;

	(void)snprintf(stage->form.id, sizeof(stage->form.id), "%s", form->id);
	stage->form.direct = strncmp(opens, "direct ", 7) == 0;
	(void)snprintf(stage->form.user, sizeof(stage->form.user), "%s", strchr(opens, ' ') + 1);
	(void)snprintf(stage->form.channel, sizeof(stage->form.channel), "%.*s",
		       (int)strcspn(opens, " "), opens);
	if (stage->form.direct) {
		(void)snprintf(stage->form.channel, sizeof(stage->form.channel), "%s",
			       stage->form.user);
	}
	strbuf_init(&out, 4096);
	(void)strbuf_addf(&out, "[form] %s\n", form->title);
	for (size_t i = 0; i < form->n_fields; i++) {
		const struct field *field = &form->fields[i];

		(void)strbuf_addf(&out, "%s: %s", field->id, field->label);
		for (size_t k = 0; field->kind == FORM_SELECT && k < field->n_choices; k++) {
			(void)strbuf_addf(&out, "%s%s", k > 0 ? "|" : ": ",
					  field->choices[k].value);
		}
		(void)strbuf_adds(&out, field->kind == FORM_SEARCH ? " (search)" : "");
		(void)strbuf_adds(&out, field->several > 0 ? " (several)" : "");
		(void)strbuf_adds(&out, field->steers ? " (steers)\n" : "\n");
	}
	(void)strbuf_addf(&out, "[%s]", form->send);
	show(stage, out.buf);
	strbuf_done(&out);
}

static bool answer(struct chat *chat, const char *event_id, const struct form_answer *word)
{
	struct stage *stage = stage_of(chat);
	struct strbuf out;

	if (stage->form.late) {
		return false;
	}
	strbuf_init(&out, 1 << 16);
	if (strncmp(event_id, "search", 6) == 0) {
		(void)strbuf_adds(&out, "[offered]");
		for (size_t i = 0; i < word->n_choices; i++) {
			(void)strbuf_addf(&out, " %s", word->choices[i].value);
		}
		show(stage, out.buf);
		strbuf_done(&out);
		return true;
	}
	if (word->wrong != NULL && word->field != NULL) {
		(void)strbuf_addf(&out, "[field %s] %s", word->field, word->wrong);
		show(stage, out.buf);
		strbuf_done(&out);
		return true;
	}
	(void)strbuf_addf(&out, "%s%s", word->wrong != NULL ? "[field] " : "[form closed]",
			  word->wrong != NULL ? word->wrong : "");
	show(stage, out.buf);
	strbuf_done(&out);
	return true;
}

void stage_forms(struct stage *stage, bool late)
{
	stage->form.on = true;
	stage->form.late = late;
	stage_use_ops(stage);
	stage->ops.open_form = open_form;
	stage->ops.answer = answer;
}

void stage_fill(struct stage *stage, const char *user, const struct field_value *values, size_t n)
{
	struct event event = {
		.kind = EVENT_FORM,
		.place = {.channel = stage->form.channel, .direct = stage->form.direct},
		.who = {.user = user},
		.button = stage->form.id,
		.values = values,
		.n_values = n,
		.addressed = true,
	};

	(void)console_event(stage->chat, &event);
	stage_pass(stage, 1);
}

void stage_search(struct stage *stage, const char *user, const char *field, const char *typed,
		  const struct field_value *values, size_t n)
{
	char id[40];
	struct event event = {
		.kind = EVENT_SEARCH,
		.place = {.channel = stage->form.channel, .direct = stage->form.direct},
		.who = {.user = user},
		.id = id,
		.button = stage->form.id,
		.field = field,
		.text = typed,
		.values = values,
		.n_values = n,
		.addressed = true,
	};

	(void)snprintf(id, sizeof(id), "search-%u", ++stage->form.n_searches);
	(void)console_event(stage->chat, &event);
	stage_pass(stage, 1);
}
