/* muc.c - rooms (XEP-0045): joining them, losing them, coming back (what the room says is in muc_hear.c)
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

#include "adapters/xmpp/muc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define ANSWER_MS 15000
#define RETRY_SOON_MS 5000
#define RETRY_SOON_MAX_MS 300000
#define SELF_PING_MS 600000

static void on_timer(struct timer *timer);

/* ---- small things -------------------------------------------------------------------------- */

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

void muc_settle(struct xmpp *x)
{
	LIST_FOREACH(it, &x->rooms)
	{
		enum room_state state = LIST_ENTRY(it, struct room, link)->state;

		if (state == ROOM_ASKING || state == ROOM_JOINING || state == ROOM_OUT) {
			return;
		}
	}
	session_rooms_settled(x);
}

/* ---- losing -------------------------------------------------------------------------------- */

void muc_lose(struct room *room, int64_t retry_ms, const char *why)
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
	muc_settle(x);
}

int64_t muc_soon(struct room *room)
{
	int64_t most_ms = (int64_t)RETRY_SOON_MS << (room->attempts < 6 ? room->attempts : 6);

	room->attempts++;
	most_ms = most_ms > RETRY_SOON_MAX_MS ? RETRY_SOON_MAX_MS : most_ms;
	return most_ms / 2 + xmpp_random((uint32_t)(most_ms / 2));
}

static void send_leave(struct room *room)
{
	struct strbuf out;

	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<presence xmlns='" NS_CLIENT "' type='unavailable' to='%s/%s'/>",
		    room->jid, room->nick);
	send_stanza(room, &out);
}

void muc_leave(struct room *room, int64_t retry_ms, const char *why)
{
	send_leave(room);
	muc_lose(room, retry_ms, why);
}

void muc_leave_hiding(struct room *room)
{
	room->hid = true;
	muc_leave(room, RETRY_LATE_MS,
		  "this room hides who speaks, so I left it: set it to show real addresses to "
		  "anyone");
}

/* Also one that is not in the list any more. */
static struct room *find_any(struct xmpp *x, const char *bare)
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

/* ---- joining ------------------------------------------------------------------------------- */

void muc_join(struct room *room)
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

void muc_joined(struct room *room)
{
	room->state = ROOM_IN;
	room->attempts = 0;
	room->nicks = 0;
	room->hid = false;
	room->why[0] = '\0';
	room->heard_ms = clock_mono_ms();
	timer_start(&room->timer, SELF_PING_MS);
	log_line(LOG_INFO, "xmpp.room", "state", "in", "room", room->jid, "nick", room->nick, NULL);
	muc_settle(room->x);
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
		muc_lose(room, muc_soon(room), "this room does not answer");
		break;
	case ROOM_IN:
		if (clock_mono_ms() - room->heard_ms >= SELF_PING_MS) {
			send_query(room, room->nick, "ping", NS_PING);
		}
		timer_start(&room->timer, SELF_PING_MS);
		break;
	}
}

/* ---- all of them --------------------------------------------------------------------------- */

static bool parse_room(const char *channel, struct jid *ret_jid)
{
	return jid_parse(channel, ret_jid, NULL) == 0 && ret_jid->node[0] != '\0' &&
	       ret_jid->resource[0] == '\0';
}

static void free_room(struct room *room)
{
	timer_stop(&room->timer);
	list_remove(&room->link);
	map_done(&room->occupants, free);
	free(room);
}

void muc_add(struct xmpp *x, const char *channel)
{
	struct room *room;
	struct jid jid;

	if (!parse_room(channel, &jid) || muc_find(x, jid.bare) != NULL) {
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

void muc_rejoin(struct xmpp *x, const struct chat_join *joins, size_t n_joins)
{
	LIST_FOREACH(it, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		room->unwanted = true;
	}
	for (size_t i = 0; i < n_joins; i++) {
		struct room *room;
		struct jid jid;

		if (strcmp(joins[i].workspace, x->chat.workspace) != 0) {
			continue;
		}
		room = parse_room(joins[i].channel, &jid) ? find_any(x, jid.bare) : NULL;
		if (room != NULL) {
			room->unwanted = false;
		} else {
			muc_add(x, joins[i].channel);
		}
	}
	if (xmpp_ready(x)) {
		muc_catch_up(x);
	}
}

void muc_catch_up(struct xmpp *x)
{
	LIST_FOREACH_SAFE(it, next, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		if (room->unwanted) {
			if (room->state == ROOM_JOINING || room->state == ROOM_IN) {
				send_leave(room);
			}
			log_line(LOG_INFO, "xmpp.room", "state", "left", "room", room->jid, NULL);
			free_room(room);
		} else if (room->state == ROOM_OUT) {
			ask(room);
		}
	}
	muc_settle(x);
}

void muc_join_all(struct xmpp *x)
{
	LIST_FOREACH_SAFE(it, next, &x->rooms)
	{
		struct room *room = LIST_ENTRY(it, struct room, link);

		if (room->unwanted) {
			free_room(room);
			continue;
		}
		memcpy(room->nick, x->nick, sizeof(room->nick));
		room->nicks = 0;
		ask(room);
	}
	muc_settle(x);
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
		free_room(LIST_ENTRY(it, struct room, link));
	}
}

/* ---- what others ask ------------------------------------------------------------------------ */

struct room *muc_find(struct xmpp *x, const char *bare)
{
	struct room *room = find_any(x, bare);

	return room != NULL && !room->unwanted ? room : NULL;
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
