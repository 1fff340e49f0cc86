/* view.h - a form as Slack's modal, and the words that a modal is answered with; pure */
#ifndef ADAPTERS_SLACK_VIEW_H
#define ADAPTERS_SLACK_VIEW_H

#include "base/strbuf.h"
#include "chat/form.h"

/* What Slack tells of a field: its block is the field, its one element has this name. */
#define VIEW_ACTION "v"

/* A view object; mark: the opaque word by which it is known again. Nothing of it is filled in. */
void view_render(const struct chat_form *form, const char *mark, struct strbuf *out);

/* The payload of an acknowledgement: of what was sent (first: the field for a sentence that names none), and of a search. */
void view_taken(const struct form_answer *answer, const char *first, struct strbuf *out);
void view_offers(const struct form_answer *answer, struct strbuf *out);

#endif
