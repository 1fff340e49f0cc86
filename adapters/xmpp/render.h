/* render.h - what Sluice says, as the plain text of an XMPP message; pure */
#ifndef ADAPTERS_XMPP_RENDER_H
#define ADAPTERS_XMPP_RENDER_H

#include "base/strbuf.h"
#include "chat/message.h"

#define RENDER_COLUMNS 40
#define RENDER_BUTTONS_MAX 10

struct render_names {
	/* what to write for a person: a nick, or part of the address; NULL: the address */
	const char *(*mention)(const char *user, void *data);
	void *data;
};

/* The emoji of button i (from 0), "1️⃣" to "🔟". */
const char *render_keycap(unsigned i);

/* Which button (from 0) an emoji or a typed number stands for; -1: none. */
int render_key(const char *text);

/* Text of at most 40 columns where it can be; buttons are listed as the last line. */
void render_body(const struct message *message, const struct render_names *names,
		 struct strbuf *out);

struct render_envelope {
	const char *to;
	const char *id;
	const char
		*replaces;   /* the first id of the post that this one corrects; NULL: a new post */
	const char *answers; /* the message that this one answers; NULL: none */
	bool groupchat;
};

/* The whole <message/>. */
void render_stanza(const struct render_envelope *envelope, const char *body, struct strbuf *out);

/* Our own reactions to a post: the buttons to tap on. None of them: takes them away. */
void render_reactions(const struct render_envelope *envelope, const char *post_id,
		      unsigned n_buttons, struct strbuf *out);

#endif
