/* stanza.h - writing XML: everything that goes in is escaped, nothing that XML forbids comes out */
#ifndef ADAPTERS_XMPP_STANZA_H
#define ADAPTERS_XMPP_STANZA_H

#include "base/strbuf.h"

#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_CARBONS "urn:xmpp:carbons:2"
#define NS_CLIENT "jabber:client"
#define NS_CORRECT "urn:xmpp:message-correct:0"
#define NS_DELAY "urn:xmpp:delay"
#define NS_DISCO "http://jabber.org/protocol/disco#info"
#define NS_EME "urn:xmpp:eme:0"
#define NS_FALLBACK "urn:xmpp:fallback:0"
#define NS_FRAMING "urn:ietf:params:xml:ns:xmpp-framing"
#define NS_HINTS "urn:xmpp:hints"
#define NS_MAM "urn:xmpp:mam:2"
#define NS_MUC "http://jabber.org/protocol/muc"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"
#define NS_PING "urn:xmpp:ping"
#define NS_REACTIONS "urn:xmpp:reactions:0"
#define NS_REPLY "urn:xmpp:reply:0"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_SID "urn:xmpp:sid:0"
#define NS_SM "urn:xmpp:sm:3"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STREAMS "http://etherx.jabber.org/streams"

/* Text for between tags or inside '...'. Control characters are left out, broken UTF-8 becomes U+FFFD. */
void stanza_add_text(struct strbuf *out, const char *text);

/* Like strbuf_addf, but what %s puts in is escaped. Understands %s, %u and %%; nothing else may stand in fmt. */
void stanza_addf(struct strbuf *out, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
