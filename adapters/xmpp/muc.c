/* muc.c - rooms (XEP-0045): joining them, who is in them, losing them
 *
 * Happy path: ask what the room is (so that a room that is not there is not made by joining) -> join without history
 * -> the occupants' presences, each with a real address -> our own presence: we are in.
 *
 * Failure modes: no such room, banned, kicked, members only, closed for maintenance, no answer: place_lost once with
 * a sentence, and another look later. A room that hides who speaks is left at once; that it stopped hiding is seen by
 * asking, not by walking in and out. A nick that is taken: another one. A room that forgot us without a word (its
 * server was restarted) is found by a ping to ourselves (XEP-0410).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define ANSWER_MS 15000
#define RETRY_SOON_MS 5000
#define RETRY_SOON_MAX_MS 300000
#define RETRY_LATE_MS 60000
#define SELF_PING_MS 600000
#define OCCUPANTS_MAX 10000
#define NICKS_MAX 8

enum room_state {
	ROOM_OUT = 0,
	ROOM_ASKING,
	ROOM_JOINING,
	ROOM_IN,
	ROOM_LOST, /* until the timer */
};

struct room {
	struct list link;
	struct xmpp *x;
	enum room_state state;
	char jid[CHAT_ID_MAX + 1];
	char nick[JID_RESOURCE_MAX + 1];
	unsigned nicks;       /* how many were taken */
	struct map occupants; /* nick -> real bare address, owned */
	bool open;            /* everybody sees real addresses */
	bool moderator;       /* we see them, whoever else does */
	bool hid;             /* it was left because it hides them */
	unsigned attempts;
	int64_t heard_ms;
	struct timer timer;
	char query[XMPP_ID_SIZE]; /* the question under way; "" for none */
	char why[160];            /* what place_lost said last; "" while in */
};

static const char *const codes_gone[][2] = {
	{"301", "I was banned from this room"},
	{"307", "I was kicked from this room"},
	{"321", "I am no member of this room any more"},
	{"322", "this room is for members only now"},
	{"332", "the room service is shutting down"},
	{"333", "the room service dropped me"},
};

static void ask(struct room *room);
static void on_timer(struct timer *timer);

/* ---- small things -------------------------------------------------------------------------- */

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

static void forget_occupants(struct room *room)
{
	map_done(&room->occupants, free);
	map_init(&room->occupants);
}

static void send_stanza(struct room *room, struct strbuf *out)
{
	struct err err = {0};

	if (sm_send(room->x, out, NULL, &err) != 0 && err.kind != ERR_NETWORK) {
		connect_fail(room->x, err.kind, "%s", err.msg);
	}
	strbuf_done(out);
}

static void send_query(struct room *room, const char *to_nick, const char *name, const char *ns)
{
	struct strbuf out;

	xmpp_random_id(room->query);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out,
		    "<iq xmlns='" NS_CLIENT
		    "' type='get' id='%s' to='%s%s%s'><%s xmlns='%s'/></iq>",
		    room->query, room->jid, to_nick != NULL ? "/" : "",
		    to_nick != NULL ? to_nick : "", name, ns);
	send_stanza(room, &out);
}

static void settle(struct xmpp *x)
{
	LIST_FOREACH(it, &x->rooms)
	{
		enum room_state state = LIST_ENTRY(it, struct room, link)->state;

		if (state == ROOM_ASKING || state == ROOM_JOINING || state == ROOM_OUT) {
			return;
		}
	}
	connect_rooms_settled(x);
}

/* ---- losing -------------------------------------------------------------------------------- */

static void lose(struct room *room, int64_t retry_ms, const char *why)
{
	struct xmpp *x = room->x;
	bool news = strcmp(room->why, why) != 0;
	struct chat_place place;

	room->state = ROOM_LOST;
	room->query[0] = '\0';
	forget_occupants(room);
	timer_start(&room->timer, retry_ms);
	(void)snprintf(room->why, sizeof(room->why), "%s", why);
	if (news) {
		xmpp_place(x, room->jid, false, &place);
		log_line(LOG_WARN, "xmpp.room", "state", "lost", "room", room->jid, "why", why,
			 NULL);
		x->chat.sink.place_lost(&x->chat, &place, room->why, x->chat.sink.data);
	}
	settle(x);
}

static int64_t soon(struct room *room)
{
	int64_t most_ms = (int64_t)RETRY_SOON_MS << (room->attempts < 6 ? room->attempts : 6);

	room->attempts++;
	most_ms = most_ms > RETRY_SOON_MAX_MS ? RETRY_SOON_MAX_MS : most_ms;
	return most_ms / 2 + xmpp_random((uint32_t)(most_ms / 2));
}

static void leave(struct room *room, int64_t retry_ms, const char *why)
{
	struct strbuf out;

	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<presence xmlns='" NS_CLIENT "' type='unavailable' to='%s/%s'/>",
		    room->jid, room->nick);
	send_stanza(room, &out);
	lose(room, retry_ms, why);
}

static void leave_hiding(struct room *room)
{
	room->hid = true;
	leave(room, RETRY_LATE_MS,
	      "this room hides who speaks, so I left it: set it to show real addresses to anyone");
}

/* ---- joining ------------------------------------------------------------------------------- */

static void join(struct room *room)
{
	struct strbuf out;

	room->state = ROOM_JOINING;
	room->query[0] = '\0';
	room->moderator = false;
	room->open = false;
	forget_occupants(room);
	timer_start(&room->timer, ANSWER_MS);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out,
		    "<presence xmlns='" NS_CLIENT "' to='%s/%s'><x xmlns='" NS_MUC
		    "'><history maxstanzas='0'/></x></presence>",
		    room->jid, room->nick);
	send_stanza(room, &out);
}

static void ask(struct room *room)
{
	room->state = ROOM_ASKING;
	timer_start(&room->timer, ANSWER_MS);
	send_query(room, NULL, "query", NS_DISCO);
}

static void joined(struct room *room)
{
	room->state = ROOM_IN;
	room->attempts = 0;
	room->nicks = 0;
	room->hid = false;
	room->why[0] = '\0';
	room->heard_ms = clock_mono_ms();
	timer_start(&room->timer, SELF_PING_MS);
	log_line(LOG_INFO, "xmpp.room", "state", "in", "room", room->jid, "nick", room->nick, NULL);
	settle(room->x);
}

static void on_timer(struct timer *timer)
{
	struct room *room = timer->data;

	if (!xmpp_ready(room->x)) {
		return; /* the next session joins again */
	}
	switch (room->state) {
	case ROOM_OUT:
	case ROOM_LOST:
		ask(room);
		break;
	case ROOM_ASKING:
	case ROOM_JOINING:
		lose(room, soon(room), "this room does not answer");
		break;
	case ROOM_IN:
		if (clock_mono_ms() - room->heard_ms >= SELF_PING_MS) {
			send_query(room, room->nick, "ping", NS_PING);
		}
		timer_start(&room->timer, SELF_PING_MS);
		break;
	}
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
		lose(room, soon(room), "every name that I could have in this room is taken");
		return;
	}
	join(room);
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
			lose(room, RETRY_LATE_MS, sentences[i][1]);
			return;
		}
	}
	(void)snprintf(why, sizeof(why), "this room does not let me in: %s",
		       *condition != '\0' ? condition : "no reason given");
	lose(room, soon(room), why);
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
		lose(room, RETRY_LATE_MS, "this room was destroyed");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(codes_gone); i++) {
		if (has_status(user, codes_gone[i][0])) {
			lose(room, soon(room), codes_gone[i][1]);
			return;
		}
	}
	lose(room, soon(room), "I am not in this room any more");
}

static void own_here(struct room *room, const struct xml *user, const struct xml *item,
		     const char *nick)
{
	(void)snprintf(room->nick, sizeof(room->nick), "%s", nick); /* the room may choose */
	room->moderator = strcmp(xml_attr_or_empty(item, "role"), "moderator") == 0;
	room->open = room->open || has_status(user, "100");
	if (has_status(user, "201")) {
		leave(room, RETRY_LATE_MS, "there is no such room");
	} else if (!room->open && !room->moderator) {
		leave_hiding(room);
	} else if (room->state == ROOM_JOINING) {
		joined(room);
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
			leave_hiding(room);
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
		settle(room->x);
		return;
	}
	join(room);
}

static void pinged(struct room *room, const struct xml *stanza, bool ok)
{
	const struct xml *error = xml_child(stanza, "error", NS_CLIENT);
	char word[64];

	/* only this one says that we are out; others come from clients that know no ping */
	if (!ok && error != NULL &&
	    strcmp(xmpp_condition(error, NS_STANZAS, word, sizeof(word)), "not-acceptable") == 0) {
		lose(room, 0, "this room has forgotten me; I am joining it again");
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

/* ---- all of them --------------------------------------------------------------------------- */

void muc_add(struct xmpp *x, const char *channel)
{
	struct room *room;
	struct jid jid;

	if (jid_parse(channel, &jid, NULL) != 0 || jid.node[0] == '\0' || jid.resource[0] != '\0' ||
	    muc_find(x, jid.bare) != NULL) {
		log_line(LOG_WARN, "xmpp.room", "state", "ignored", "room", channel, NULL);
		return;
	}
	room = mem_alloc(sizeof(*room));
	room->x = x;
	memcpy(room->jid, jid.bare, sizeof(room->jid));
	memcpy(room->nick, x->nick, sizeof(room->nick));
	map_init(&room->occupants);
	timer_init(&room->timer, x->loop, on_timer, room);
	list_append(&x->rooms, &room->link);
}

void muc_join_all(struct xmpp *x)
{
	LIST_FOREACH(it, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		memcpy(room->nick, x->nick, sizeof(room->nick));
		room->nicks = 0;
		ask(room);
	}
	settle(x);
}

void muc_forget_all(struct xmpp *x)
{
	LIST_FOREACH(it, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		room->state = ROOM_OUT;
		room->query[0] = '\0';
		timer_stop(&room->timer);
		forget_occupants(room);
	}
}

void muc_free(struct xmpp *x)
{
	LIST_FOREACH_SAFE(it, next, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		timer_stop(&room->timer);
		list_remove(&room->link);
		map_done(&room->occupants, free);
		free(room);
	}
}

/* ---- what others ask ------------------------------------------------------------------------ */

struct room *muc_find(struct xmpp *x, const char *bare)
{
	LIST_FOREACH(it, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		if (strcmp(room->jid, bare) == 0) {
			return room;
		}
	}
	return NULL;
}

bool muc_is_in(const struct room *room)
{
	return room->state == ROOM_IN;
}

const char *muc_nick(const struct room *room)
{
	return room->nick;
}

const char *muc_jid(const struct room *room)
{
	return room->jid;
}

void muc_heard(struct room *room)
{
	room->heard_ms = clock_mono_ms();
}

const char *muc_real(const struct room *room, const char *nick)
{
	return map_get(&room->occupants, nick);
}

const char *muc_nick_of(const struct room *room, const char *bare)
{
	const char *nick;
	void *real;

	for (size_t i = 0; map_next(&room->occupants, &i, &nick, &real);) {
		if (strcmp(real, bare) == 0) {
			return nick;
		}
	}
	return NULL;
}
