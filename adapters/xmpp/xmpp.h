/* xmpp.h - the chat network XMPP over WebSocket (RFC 7395), as an adapter behind chat/chat.h
 *
 * A person is a bare JID that the server vouches for: the sender's in a direct message, the real one that a room
 * shows in a room. A room that hides real JIDs cannot be used. The workspace is the domain of our own account, a
 * channel is a room's bare JID, a direct place has the other person's bare JID as channel.
 *
 * Posts are plain text. Edits are corrections (XEP-0308). Buttons are listed as keycap emoji: a person reacts with
 * one (XEP-0444) or types its number. What was said while we were away never becomes an event.
 */
#ifndef ADAPTERS_XMPP_XMPP_H
#define ADAPTERS_XMPP_XMPP_H

#include "base/secret.h"
#include "chat/chat.h"

struct xmpp_options {
	const char *url; /* wss://host/path; ws:// only to this machine */
	const char *jid; /* our account, without a resource */
	struct secret *password;
	const char *nick;    /* our name in rooms; NULL or "": sluice */
	const char *ca_file; /* NULL or "": the system's */
	int64_t ping_ms;     /* quiet time before a WebSocket ping; 0: the default of loop/ws */
};

/* Strings are copied; the password is taken over, also on failure. NULL: ERR_CONFIG, the sentence names the setting. */
struct chat *xmpp_open(struct loop *loop, const struct xmpp_options *options, struct err *err);

#endif
