/* inbound.c - a <message/> to events: who said what, where, and is it a command at all?
 *
 * Only the server's word for who spoke counts: the from of a direct message, the real address that the room shows for a
 * nick. Left out without a word: history and whatever else comes late, carbons, archives, room subjects, our own words, private
 * messages through a room, headlines, invitations.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/xmpp/internal.h"
#include "base/clock.h"
#include "base/log.h"

#define LATE_MAX_MS 60000
#define SKEW_MS 5000 /* how far the server's clock may be ahead */

struct said {
	struct xmpp *x;
	const struct xml *stanza;
	struct room *room; /* NULL: a direct message */
	const char *nick;  /* in the room */
	const char *who;   /* real bare address */
	const char *id;    /* of the stanza; may be NULL */
	const char *name;  /* how to refer to it; may be NULL */
	int64_t sent_ms;
	struct chat_place place;
	struct event event;
	char key[CHAT_ID_MAX + 1];
};

/* ---- what it is ------------------------------------------------------------------------------ */

/* The id that the room, or our own account's server, gave; nobody else's. */
static const char *stanza_id(const struct xml *stanza, const char *by)
{
	const struct xml *sid = xml_child(stanza, "stanza-id", NS_SID);

	for (; sid != NULL; sid = xml_again(sid)) {
		struct jid jid;

		if (jid_parse(xml_attr_or_empty(sid, "by"), &jid, NULL) == 0 &&
		    strcmp(jid.bare, by) == 0 && jid.resource[0] == '\0') {
			return xml_attr(sid, "id");
		}
	}
	return NULL;
}

/*
 * Is it news? History is not. What our own server kept during a short drop is, when this session was resumed; it
 * says when it was said.
 */
static bool is_news(const struct xmpp *x, const struct xml *stanza, int64_t *ret_sent_ms)
{
	const struct xml *delay = xml_child(stanza, "delay", NS_DELAY);
	int64_t now_ms = clock_wall_ms();
	int64_t then_ms;
	const char *by;

	*ret_sent_ms = now_ms;
	if (xml_child(stanza, "x", "jabber:x:delay") != NULL) {
		return false;
	}
	if (delay == NULL) {
		return true;
	}
	by = xml_attr_or_empty(delay, "from");
	if (!x->sm.resumed || xml_again(delay) != NULL ||
	    (strcmp(by, x->account.domain) != 0 && strcmp(by, x->account.bare) != 0) ||
	    clock_parse(xml_attr_or_empty(delay, "stamp"), &then_ms) != 0 ||
	    then_ms > now_ms + SKEW_MS || now_ms - then_ms > LATE_MAX_MS) {
		return false;
	}
	*ret_sent_ms = then_ms < now_ms ? then_ms : now_ms;
	return true;
}

static bool is_wrapped(const struct xml *stanza)
{
	for (const struct xml *child = stanza->first; child != NULL; child = child->next) {
		if (strncmp(child->ns, "urn:xmpp:carbons:", 17) == 0 ||
		    strncmp(child->ns, "urn:xmpp:mam:", 13) == 0 ||
		    strcmp(child->ns, "urn:xmpp:forward:0") == 0 ||
		    strcmp(child->ns, "jabber:x:conference") == 0) {
			return true;
		}
	}
	return false;
}

/* ---- the key of a delivery -------------------------------------------------------------------- */

static uint64_t fnv(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++) {
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	}
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

/* A sender can only collide with itself: its address is part of the key. */
static void make_key(struct said *said)
{
	const char *where = said->room != NULL ? muc_jid(said->room) : "";
	const char *id = said->name != NULL ? said->name : said->id;
	char random[XMPP_ID_SIZE];
	int n;

	if (id == NULL || *id == '\0') {
		xmpp_random_id(random); /* without an id there is no repeating it either */
		id = random;
	}
	n = snprintf(said->key, sizeof(said->key), "%s|%s|%s", where, said->who, id);
	if (n < 0 || (size_t)n >= sizeof(said->key)) {
		uint64_t a = fnv(0xcbf29ce484222325ULL, where);
		uint64_t b = fnv(0x9ae16a3b2f90404fULL, id);

		a = fnv(fnv(a, said->who), id);
		b = fnv(fnv(b, said->who), where);
		(void)snprintf(said->key, sizeof(said->key), "%016" PRIx64 "%016" PRIx64, a, b);
	}
}

static void report(struct said *said)
{
	struct xmpp *x = said->x;

	make_key(said);
	said->event.place = said->place;
	said->event.who = (struct chat_who){
		.workspace = x->chat.workspace,
		.user = said->who,
		.display = said->nick,
	};
	said->event.id = said->key;
	said->event.sent_ms = said->sent_ms;
	x->chat.sink.event(&x->chat, &said->event, x->chat.sink.data);
}

static void press(struct said *said, const char *post_id, const char *button)
{
	said->event.kind = EVENT_PRESS;
	said->event.message = post_id;
	said->event.button = button;
	said->event.addressed = true;
	report(said);
}

/* ---- the text ---------------------------------------------------------------------------------- */

/* Clients put what is quoted in front of a reply, and say where it ends (XEP-0461, XEP-0428), in characters. */
static const char *after_quote(const struct xml *stanza, const char *text)
{
	const struct xml *fallback = xml_child(stanza, "fallback", NS_FALLBACK);
	unsigned long end = 0;

	for (; fallback != NULL; fallback = xml_again(fallback)) {
		const struct xml *body = xml_child(fallback, "body", NS_FALLBACK);

		if (strcmp(xml_attr_or_empty(fallback, "for"), NS_REPLY) == 0 && body != NULL &&
		    strcmp(xml_attr_or_empty(body, "start"), "0") == 0) {
			end = strtoul(xml_attr_or_empty(body, "end"), NULL, 10);
		}
	}
	while (end > 0 && *text != '\0') {
		text++;
		while (((unsigned char)*text & 0xc0) == 0x80) {
			text++;
		}
		end--;
	}
	return text;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text behind "sluice:", "sluice," or "@sluice"; NULL when it begins otherwise. */
static const char *after_nick(const char *text, const char *nick)
{
	size_t n = strlen(nick);
	bool at = *text == '@';

	text += at ? 1 : 0;
	if (strncasecmp(text, nick, n) != 0) {
		return NULL;
	}
	text += n;
	if (*text == ':' || *text == ',') {
		text++;
	} else if (!at || (*text != '\0' && !is_space(*text))) {
		return NULL;
	}
	return text;
}

static const char *skip_space(const char *text)
{
	while (is_space(*text)) {
		text++;
	}
	return text;
}

static void say_too_long(const struct said *said)
{
	char text[120];

	(void)snprintf(text, sizeof(text),
		       "Too long: I read at most %d bytes in one message. Nothing ran.",
		       CHAT_TEXT_MAX);
	xmpp_notice(said->x, said->place.channel, said->room != NULL, text);
}

/* A number alone, where a post of ours has buttons. True when that is what it was. */
static bool typed(struct said *said, const char *text)
{
	const struct xml *reply = xml_child(said->stanza, "reply", NS_REPLY);
	const char *quoted = xml_attr(reply, "id");
	const char *post_id, *button;
	char word[24];
	size_t n = strlen(text);

	while (n > 0 && is_space(text[n - 1])) {
		n--;
	}
	if (n == 0 || n >= sizeof(word)) {
		return false;
	}
	memcpy(word, text, n);
	word[n] = '\0';
	switch (marks_typed(said->x->marks, word, quoted, &said->place, &post_id, &button)) {
	case MARKS_NONE:
		return false;
	case MARKS_PRESS:
		press(said, post_id, button);
		return true;
	case MARKS_AMBIGUOUS:
		xmpp_notice(said->x, said->place.channel, said->room != NULL,
			    "More than one question is open here. Nothing ran. React to one of "
			    "them, or reply to it.");
		return true;
	}
	return false;
}

static void on_text(struct said *said, const char *body)
{
	const char *nick = said->room != NULL ? muc_nick(said->room) : said->x->nick;
	const char *text = skip_space(after_quote(said->stanza, body));
	const char *rest = after_nick(text, nick);
	bool edited = xml_child(said->stanza, "replace", NS_CORRECT) != NULL;
	bool addressed = said->room == NULL || rest != NULL;

	text = skip_space(rest != NULL ? rest : text);
	if (strlen(text) > CHAT_TEXT_MAX) {
		if (addressed || *text == '/' || *text == '!') {
			say_too_long(said);
		}
		return;
	}
	if (!edited && typed(said, text)) {
		return;
	}
	said->event.kind = EVENT_TEXT;
	said->event.text = text;
	said->event.message =
		said->name != NULL && strlen(said->name) <= CHAT_ID_MAX ? said->name : NULL;
	said->event.addressed = addressed;
	said->event.edited = edited;
	report(said);
}

/* ---- from the stanza --------------------------------------------------------------------------- */

static void on_said(struct said *said)
{
	const struct xml *reactions = xml_child(said->stanza, "reactions", NS_REACTIONS);
	const struct xml *body = xml_child(said->stanza, "body", NS_CLIENT);
	const char *post_id, *button;

	if (reactions != NULL) {
		if (marks_react(said->x->marks, xml_attr_or_empty(reactions, "id"), &said->place,
				said->who, reactions, &post_id, &button)) {
			press(said, post_id, button);
		}
		return;
	}
	if (body == NULL || body->text[0] == '\0') {
		return;
	}
	if (xml_child(said->stanza, "encryption", NS_EME) != NULL) {
		if (said->room == NULL) {
			xmpp_notice(said->x, said->place.channel, false,
				    "I cannot read encrypted messages. Nothing ran. Turn "
				    "encryption off in this chat.");
		}
		return;
	}
	on_text(said, body->text);
}

static void on_room(struct said *said, const struct jid *from)
{
	struct xmpp *x = said->x;
	const struct xml *origin = xml_child(said->stanza, "origin-id", NS_SID);

	muc_heard(said->room);
	if (from->resource[0] == '\0') {
		muc_changed(x, said->room, said->stanza);
		return;
	}
	said->name = stanza_id(said->stanza, from->bare);
	if (strcmp(from->resource, muc_nick(said->room)) == 0) {
		posts_reflected(x, from->bare, said->id, xml_attr(origin, "id"), said->name);
		return;
	}
	if (said->name == NULL) {
		said->name = said->id;
	}
	said->nick = from->resource;
	said->who = muc_real(said->room, from->resource);
	if (said->who == NULL) {
		log_line(LOG_DEBUG, "xmpp.ignored", "why", "no real address", "room", from->bare,
			 NULL);
	} else if (muc_is_in(said->room) && strcmp(said->who, x->account.bare) != 0 &&
		   is_news(x, said->stanza, &said->sent_ms)) {
		xmpp_place(x, muc_jid(said->room), false, &said->place);
		on_said(said);
	}
}

static void on_direct(struct said *said, const struct jid *from, const char *type)
{
	struct xmpp *x = said->x;
	const struct xml *origin = xml_child(said->stanza, "origin-id", NS_SID);
	bool chat = strcmp(type, "chat") == 0 || strcmp(type, "normal") == 0 || *type == '\0';

	if (!chat || from->node[0] == '\0' || strcmp(from->bare, x->account.bare) == 0 ||
	    muc_find(x, from->bare) != NULL || xml_child(said->stanza, "x", NS_MUC_USER) != NULL ||
	    !is_news(x, said->stanza, &said->sent_ms)) {
		return;
	}
	said->who = from->bare;
	said->nick = from->node;
	said->name = xml_attr(origin, "id") != NULL ? xml_attr(origin, "id") : said->id;
	xmpp_place(x, from->bare, true, &said->place);
	on_said(said);
}

void inbound_message(struct xmpp *x, const struct xml *stanza, const struct jid *from)
{
	const char *type = xml_attr_or_empty(stanza, "type");
	struct said said = {
		.x = x,
		.stanza = stanza,
		.id = xml_attr(stanza, "id"),
	};

	if (strcmp(type, "error") == 0) {
		posts_refused(x, from->bare, said.id, stanza);
		return;
	}
	if (is_wrapped(stanza)) {
		return;
	}
	if (strcmp(type, "groupchat") == 0) {
		said.room = muc_find(x, from->bare);
		if (said.room != NULL) {
			on_room(&said, from);
		}
		return;
	}
	on_direct(&said, from, type);
}
