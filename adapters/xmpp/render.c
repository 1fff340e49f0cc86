/* render.c - message to text and stanza; pure */
#include "adapters/xmpp/render.h"

#include <string.h>

#include "adapters/xmpp/stanza.h"
#include "chat/text.h"

#define GAP "  "
#define KEY_COLUMNS 3U /* a keycap takes two, and a space */

static const char *const keycaps[RENDER_BUTTONS_MAX] = {
	"1\xef\xb8\x8f\xe2\x83\xa3", "2\xef\xb8\x8f\xe2\x83\xa3", "3\xef\xb8\x8f\xe2\x83\xa3",
	"4\xef\xb8\x8f\xe2\x83\xa3", "5\xef\xb8\x8f\xe2\x83\xa3", "6\xef\xb8\x8f\xe2\x83\xa3",
	"7\xef\xb8\x8f\xe2\x83\xa3", "8\xef\xb8\x8f\xe2\x83\xa3", "9\xef\xb8\x8f\xe2\x83\xa3",
	"\xf0\x9f\x94\x9f",
};

const char *render_keycap(unsigned i)
{
	return i < RENDER_BUTTONS_MAX ? keycaps[i] : "";
}

int render_key(const char *text)
{
	static const char emoji_form[] = "\xef\xb8\x8f";
	static const char enclosing[] = "\xe2\x83\xa3";

	if (strcmp(text, keycaps[RENDER_BUTTONS_MAX - 1]) == 0 || strcmp(text, "10") == 0) {
		return RENDER_BUTTONS_MAX - 1;
	}
	if (text[0] < '1' || text[0] > '9') {
		return -1;
	}
	/* "1", "1️⃣", and the keycap without its emoji form, as some clients send it */
	if (text[1] == '\0' || strcmp(text + 1, keycaps[0] + 1) == 0 ||
	    strcmp(text + 1, enclosing) == 0 || strcmp(text + 1, emoji_form) == 0) {
		return text[0] - '1';
	}
	return -1;
}

static void add_buttons(const struct message *message, struct strbuf *out)
{
	unsigned column = 0;

	for (unsigned i = 0; i < message->n_buttons && i < RENDER_BUTTONS_MAX; i++) {
		const char *label = message->buttons[i].label;
		unsigned width = KEY_COLUMNS + text_columns(label);

		if (column > 0 && column + (unsigned)strlen(GAP) + width <= RENDER_COLUMNS) {
			(void)strbuf_adds(out, GAP);
			column += (unsigned)strlen(GAP);
		} else {
			(void)strbuf_adds(out, out->len > 0 ? "\n" : "");
			column = 0;
		}
		(void)strbuf_addf(out, "%s %s", keycaps[i], label);
		column += width;
	}
}

void render_body(const struct message *message, const struct render_names *names,
		 struct strbuf *out)
{
	struct text_style style = {
		.columns = RENDER_COLUMNS,
		.mention = names != NULL ? names->mention : NULL,
		.data = names != NULL ? names->data : NULL,
	};

	text_render(message, &style, out);
	while (out->len > 0 && out->buf[out->len - 1] == '\n') {
		strbuf_truncate(out, out->len - 1);
	}
	add_buttons(message, out);
}

static void open_message(const struct render_envelope *envelope, struct strbuf *out)
{
	stanza_addf(out, "<message xmlns='" NS_CLIENT "' to='%s' type='%s' id='%s'>", envelope->to,
		    envelope->groupchat ? "groupchat" : "chat", envelope->id);
}

void render_stanza(const struct render_envelope *envelope, const char *body, struct strbuf *out)
{
	open_message(envelope, out);
	stanza_addf(out, "<body>%s</body><origin-id xmlns='" NS_SID "' id='%s'/>", body,
		    envelope->id);
	if (envelope->replaces != NULL) {
		stanza_addf(out, "<replace xmlns='" NS_CORRECT "' id='%s'/>", envelope->replaces);
	}
	if (envelope->answers != NULL) {
		stanza_addf(out, "<reply xmlns='" NS_REPLY "' id='%s'/>", envelope->answers);
	}
	(void)strbuf_adds(out, "</message>");
}

void render_reactions(const struct render_envelope *envelope, const char *post_id,
		      unsigned n_buttons, struct strbuf *out)
{
	open_message(envelope, out);
	stanza_addf(out, "<reactions xmlns='" NS_REACTIONS "' id='%s'>", post_id);
	for (unsigned i = 0; i < n_buttons && i < RENDER_BUTTONS_MAX; i++) {
		stanza_addf(out, "<reaction>%s</reaction>", keycaps[i]);
	}
	(void)strbuf_adds(out, "</reactions><store xmlns='" NS_HINTS "'/></message>");
}
