/* iq.c - the few questions that we answer: ping (XEP-0199) and what we are (XEP-0030) */
#include <string.h>

#include "adapters/xmpp/internal.h"

void iq_answer(struct xmpp *x, const struct xml *stanza, const char *type)
{
	const char *from = xml_attr(stanza, "from");
	const char *id = xml_attr(stanza, "id");
	const struct xml *disco = xml_child(stanza, "query", NS_DISCO);
	bool get = strcmp(type, "get") == 0;
	bool ping = get && xml_child(stanza, "ping", NS_PING) != NULL;
	bool info = get && disco != NULL && xml_attr(disco, "node") == NULL;
	struct strbuf out;

	if (id == NULL) {
		return; /* not allowed, and nothing could be answered */
	}
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<iq xmlns='" NS_CLIENT "' type='%s' id='%s'",
		    ping || info ? "result" : "error", id);
	if (from != NULL) {
		stanza_addf(&out, " to='%s'", from);
	}
	(void)strbuf_adds(&out, ">");
	if (info) {
		stanza_addf(&out, "<query xmlns='" NS_DISCO
				  "'><identity category='client' type='bot' name='Sluice'/>"
				  "<feature var='" NS_DISCO "'/><feature var='" NS_PING
				  "'/><feature var='" NS_CORRECT "'/><feature var='" NS_REACTIONS
				  "'/></query>");
	} else if (!ping) {
		stanza_addf(&out, "<error type='cancel'><service-unavailable xmlns='" NS_STANZAS
				  "'/></error>");
	}
	(void)strbuf_adds(&out, "</iq>");
	(void)sm_send(x, &out, NULL, NULL);
	strbuf_done(&out);
}
