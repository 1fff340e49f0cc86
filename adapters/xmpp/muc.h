/* muc.h - a room, between muc.c (what we do) and muc_hear.c (what the room says) */
#ifndef ADAPTERS_XMPP_MUC_H
#define ADAPTERS_XMPP_MUC_H

#include "adapters/xmpp/internal.h"

#define RETRY_LATE_MS 60000

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
	bool unwanted;        /* not in the list any more; left as soon as there is a connection */
	bool hid;             /* it was left because it hides them */
	unsigned attempts;
	int64_t heard_ms;
	struct timer timer;
	char query[XMPP_ID_SIZE]; /* the question under way; "" for none */
	char why[160];            /* what place_lost said last; "" while in */
};

void muc_join(struct room *room);
void muc_joined(struct room *room);
/* place_lost when the reason is news; another look after retry_ms. */
void muc_lose(struct room *room, int64_t retry_ms, const char *why);
int64_t muc_soon(struct room *room); /* the next back-off */
void muc_leave(struct room *room, int64_t retry_ms, const char *why);
void muc_leave_hiding(struct room *room);
void muc_settle(struct xmpp *x); /* are all rooms joined or lost? */

#endif
