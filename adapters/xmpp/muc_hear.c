/* muc_hear.c - what a room says: who is in it, what it is, that we are out
 *
 * Whoever has a real address in a presence can be a person; a presence without one takes it away. Limits: so many
 * occupants are remembered, the others cannot speak to us.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/muc.h"
#include "base/mem.h"

#define OCCUPANTS_MAX 10000
#define NICKS_MAX 8

static const char *const codes_gone[][2] = {
	{"301", "I was banned from this room"},
	{"307", "I was kicked from this room"},
	{"321", "I am no member of this room any more"},
	{"322", "this room is for members only now"},
	{"332", "the room service is shutting down"},
	{"333", "the room service dropped me"},
};

static bool has_status(const struct xml *user, const char *code)
{
	const struct xml *status = xml_child(user, "status", NS_MUC_USER);

	for (; status != NULL; status = xml_again(status)) {
		if (strcmp(xml_attr_or_empty(status, "code"), code) == 0) {
			return true;
		}
	}
	return false;
}

static void nick_taken(struct room *room)
{
	char wanted[JID_RESOURCE_MAX + 8];

	room->nicks++;
	if (room->nicks < 3) {
		(void)snprintf(wanted, sizeof(wanted), "%s%s", room->x->nick,
			       room->nicks == 1 ? "_" : "__");
	} else {
		(void)snprintf(wanted, sizeof(wanted), "%s-%04x", room->x->nick,
			       (unsigned)xmpp_random(0x10000));
	}
	if (room->nicks > NICKS_MAX || jid_prepare_nick(wanted, room->nick, NULL) != 0) {
		room->nicks = 0;
		muc_lose(room, muc_soon(room),
			 "every name that I could have in this room is taken");
		return;
	}
	muc_join(room);
}

static void refused(struct room *room, const struct xml *error)
{
	static const char *const sentences[][2] = {
		{"registration-required", "this room is for members only, and I am none"},
		{"forbidden", "I am banned from this room"},
		{"not-authorized", "this room has a password"},
		{"item-not-found", "there is no such room"},
		{"not-allowed", "there is no such room, and I may not make one"},
		{"remote-server-not-found", "the room's server cannot be reached"},
		{"remote-server-timeout", "the room's server cannot be reached"},
		{"service-unavailable", "this room is full, or there is no such room"},
	};
	char word[64];
	char why[160];
	const char *condition =
		error != NULL ? xmpp_condition(error, NS_STANZAS, word, sizeof(word)) : "";

	if (strcmp(condition, "conflict") == 0) {
		nick_taken(room);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		if (strcmp(condition, sentences[i][0]) == 0) {
			muc_lose(room, RETRY_LATE_MS, sentences[i][1]);
			return;
		}
	}
	(void)snprintf(why, sizeof(why), "this room does not let me in: %s",
		       *condition != '\0' ? condition : "no reason given");
	muc_lose(room, muc_soon(room), why);
}

/* ---- presences ----------------------------------------------------------------------------- */

static void own_gone(struct room *room, const struct xml *user, const struct xml *item)
{
	const char *nick = xml_attr(item, "nick");
	char prepared[JID_RESOURCE_MAX + 1];

	if (has_status(user, "303") && nick != NULL &&
	    jid_prepare_nick(nick, prepared, NULL) == 0) {
		memcpy(room->nick, prepared, sizeof(prepared)); /* somebody renamed us */
		return;
	}
	if (xml_child(user, "destroy", NS_MUC_USER) != NULL) {
		muc_lose(room, RETRY_LATE_MS, "this room was destroyed");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(codes_gone); i++) {
		if (has_status(user, codes_gone[i][0])) {
			muc_lose(room, muc_soon(room), codes_gone[i][1]);
			return;
		}
	}
	muc_lose(room, muc_soon(room), "I am not in this room any more");
}

static void own_here(struct room *room, const struct xml *user, const struct xml *item,
		     const char *nick)
{
	(void)snprintf(room->nick, sizeof(room->nick), "%s", nick); /* the room may choose */
	room->moderator = strcmp(xml_attr_or_empty(item, "role"), "moderator") == 0;
	room->open = room->open || has_status(user, "100");
	if (has_status(user, "201")) {
		muc_leave(room, RETRY_LATE_MS, "there is no such room");
	} else if (!room->open && !room->moderator) {
		muc_leave_hiding(room);
	} else if (room->state == ROOM_JOINING) {
		muc_joined(room);
	}
}

static void remember(struct room *room, const char *nick, const struct xml *item)
{
	const char *text = xml_attr(item, "jid");
	struct jid real;

	if (text == NULL || jid_parse(text, &real, NULL) != 0 || real.node[0] == '\0') {
		free(map_remove(&room->occupants, nick));
	} else if (map_has(&room->occupants, nick) || map_size(&room->occupants) < OCCUPANTS_MAX) {
		free(map_put(&room->occupants, nick, mem_strdup(real.bare)));
	}
}

void muc_presence(struct xmpp *x, const struct xml *stanza, const struct jid *from)
{
	struct room *room = muc_find(x, from->bare);
	const char *type = xml_attr_or_empty(stanza, "type");
	const struct xml *user = xml_child(stanza, "x", NS_MUC_USER);
	const struct xml *item = xml_child(user, "item", NS_MUC_USER);
	bool own;

	/* Who asks to see our presence gets no answer: a person is who the policy says. */
	if (room == NULL || (room->state != ROOM_JOINING && room->state != ROOM_IN)) {
		return;
	}
	muc_heard(room);
	if (strcmp(type, "error") == 0) {
		if (room->state == ROOM_JOINING) {
			refused(room, xml_child(stanza, "error", NS_CLIENT));
		}
		return;
	}
	if (from->resource[0] == '\0') {
		return;
	}
	own = has_status(user, "110") || strcmp(from->resource, room->nick) == 0;
	if (strcmp(type, "unavailable") == 0) {
		free(map_remove(&room->occupants, from->resource));
		if (own) {
			own_gone(room, user, item);
		}
	} else if (type[0] == '\0') {
		remember(room, from->resource, item);
		if (has_status(user, "110") || (own && room->state == ROOM_IN)) {
			own_here(room, user, item, from->resource);
		}
	}
}

void muc_changed(struct xmpp *x, struct room *room, const struct xml *stanza)
{
	const struct xml *user = xml_child(stanza, "x", NS_MUC_USER);

	(void)x;
	if (user == NULL || room->state != ROOM_IN) {
		return;
	}
	if (has_status(user, "172")) {
		room->open = true;
	}
	if (has_status(user, "173") || has_status(user, "174")) {
		room->open = false;
		if (!room->moderator || has_status(user, "174")) {
			muc_leave_hiding(room);
		}
	}
}

/* ---- answers ------------------------------------------------------------------------------- */

static void asked(struct room *room, const struct xml *stanza, bool ok)
{
	const struct xml *query = xml_child(stanza, "query", NS_DISCO);
	const struct xml *feature = xml_child(query, "feature", NS_DISCO);
	const struct xml *error = xml_child(stanza, "error", NS_CLIENT);
	char word[64];
	bool shows = false;

	for (; feature != NULL; feature = xml_again(feature)) {
		shows = shows || strcmp(xml_attr_or_empty(feature, "var"), "muc_nonanonymous") == 0;
	}
	if (!ok && error != NULL) {
		const char *condition = xmpp_condition(error, NS_STANZAS, word, sizeof(word));

		if (strcmp(condition, "item-not-found") == 0 ||
		    strncmp(condition, "remote-server-", 14) == 0) {
			refused(room, error);
			return;
		}
	}
	if (room->hid && !shows) {
		timer_start(&room->timer, RETRY_LATE_MS);
		room->state = ROOM_LOST;
		muc_settle(room->x);
		return;
	}
	muc_join(room);
}

static void pinged(struct room *room, const struct xml *stanza, bool ok)
{
	const struct xml *error = xml_child(stanza, "error", NS_CLIENT);
	char word[64];

	/* only this one says that we are out; others come from clients that know no ping */
	if (!ok && error != NULL &&
	    strcmp(xmpp_condition(error, NS_STANZAS, word, sizeof(word)), "not-acceptable") == 0) {
		muc_lose(room, 0, "this room has forgotten me; I am joining it again");
	}
}

bool muc_iq(struct xmpp *x, const struct xml *stanza, const char *id, const struct jid *from)
{
	struct room *room = muc_find(x, from->bare);
	bool ok = strcmp(xml_attr_or_empty(stanza, "type"), "result") == 0;

	if (room == NULL || room->query[0] == '\0' || strcmp(room->query, id) != 0) {
		return false;
	}
	room->query[0] = '\0';
	muc_heard(room);
	if (room->state == ROOM_ASKING) {
		asked(room, stanza, ok);
	} else if (room->state == ROOM_IN) {
		pinged(room, stanza, ok);
	}
	return true;
}
