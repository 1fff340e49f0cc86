/* jid.h - XMPP addresses, prepared for byte comparison (RFC 6122: nodeprep, nameprep, resourceprep) */
#ifndef ADAPTERS_XMPP_JID_H
#define ADAPTERS_XMPP_JID_H

#include <stdbool.h>

#include "base/err.h"
#include "chat/event.h"

#define JID_RESOURCE_MAX 255

struct jid {
	char bare[CHAT_ID_MAX + 1]; /* node@domain, or domain alone */
	char node[CHAT_ID_MAX + 1]; /* "" when there is none */
	char domain[CHAT_ID_MAX + 1];
	char resource[JID_RESOURCE_MAX + 1]; /* "" when there is none */
};

/*
 * -1 (ERR_USAGE) when the text is no address, is longer than the limits above, or has letters in node or domain whose
 * preparation is not settled: such an address could be written in two ways, so it names nobody.
 */
int jid_parse(const char *text, struct jid *ret, struct err *err);

/* A name for use in rooms, prepared like a resource. */
int jid_prepare_nick(const char *text, char ret[JID_RESOURCE_MAX + 1], struct err *err);

#endif
