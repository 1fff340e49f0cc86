/* drive_xmpp.c - an XMPP server with one room and one person, as much of it as a bot needs to be ready */
#include <gsasl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"

static Gsasl *gsasl;

static struct { /* base64 */
	char salt[32];
	char server_key[64];
	char stored_key[64];
} stored;

static int sasl_property(Gsasl *ctx, Gsasl_session *session, Gsasl_property property)
{
	(void)ctx;
	switch (property) {
	case GSASL_SCRAM_ITER:
		return gsasl_property_set(session, property, "4096");
	case GSASL_SCRAM_SALT:
		return gsasl_property_set(session, property, stored.salt);
	case GSASL_SCRAM_STOREDKEY:
		return gsasl_property_set(session, property, stored.stored_key);
	case GSASL_SCRAM_SERVERKEY:
		return gsasl_property_set(session, property, stored.server_key);
	default:
		return GSASL_NO_CALLBACK;
	}
}

/* As a server keeps a password: hashed once, long before anybody logs in. */
static void store_password(const char *password)
{
	static const char salt[] = "sixteen bytes ..";
	char salted[GSASL_HASH_MAX_SIZE];
	char client_key[GSASL_HASH_MAX_SIZE];
	char server_key[GSASL_HASH_MAX_SIZE];
	char stored_key[GSASL_HASH_MAX_SIZE];

	gsasl_scram_secrets_from_password(GSASL_HASH_SHA256, password, 4096, salt, 16, salted,
					  client_key, server_key, stored_key);
	EVP_EncodeBlock((unsigned char *)stored.salt, (const unsigned char *)salt, 16);
	EVP_EncodeBlock((unsigned char *)stored.server_key, (const unsigned char *)server_key,
			GSASL_HASH_SHA256_SIZE);
	EVP_EncodeBlock((unsigned char *)stored.stored_key, (const unsigned char *)stored_key,
			GSASL_HASH_SHA256_SIZE);
}

static void sasl_step(struct conn *c, const char *payload, size_t len)
{
	char *text = strndup(payload, len);
	char *out = NULL;
	char xml[4096];
	int rc = gsasl_step64(c->sasl, text, &out);

	free(text);
	if (rc == GSASL_NEEDS_MORE) {
		snprintf(xml, sizeof(xml),
			 "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</challenge>", out);
	} else if (rc == GSASL_OK) {
		snprintf(xml, sizeof(xml),
			 "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</success>",
			 out != NULL ? out : "");
	} else {
		snprintf(xml, sizeof(xml),
			 "<failure "
			 "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
	}
	gsasl_free(out);
	ws_send_text(c, xml);
}

/* The value of an attribute in the first tag of the stanza. */
static void attribute(const char *xml, const char *name, char *out, size_t size)
{
	const char *end = strchr(xml, '>');
	char key[64];
	const char *at;

	*out = '\0';
	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(xml, key);
	if (at != NULL && end != NULL && at < end) {
		char quote = at[strlen(key)];

		at += strlen(key) + 1;
		snprintf(out, size, "%.*s", (int)strcspn(at, quote == '"' ? "\"" : "'"), at);
	}
}

static void xmpp_presence(struct conn *c, const char *xml)
{
	char out[1024];

	if (strstr(xml, ROOM) == NULL || chat == c) {
		return;
	}
	snprintf(out, sizeof(out),
		 "<presence xmlns='jabber:client' from='" ROOM "/bob' to='" BOT
		 "/b'><x xmlns='http://jabber.org/protocol/muc#user'>"
		 "<item affiliation='member' role='participant' "
		 "jid='bob@bench.example/x'/></x></presence>");
	ws_send_text(c, out);
	snprintf(out, sizeof(out),
		 "<presence xmlns='jabber:client' from='" ROOM "/sluice' to='" BOT
		 "/b'><x xmlns='http://jabber.org/protocol/muc#user'>"
		 "<item affiliation='owner' role='moderator' jid='" BOT
		 "/b'/><status code='100'/><status code='110'/></x>"
		 "</presence>");
	ws_send_text(c, out);
	ws_send_text(c, "<message xmlns='jabber:client' type='groupchat' from='" ROOM "' to='" BOT
			"/b'><subject/></message>");
	chat = c;
	ready_at = now();
}

/* The room reflects what the bot said; the first answer to a command names its slot by order. What has no words (the buttons
 * of an answer, which are reactions) is no answer, nor is the newer form of one. */
static void xmpp_message(struct conn *c, char *xml)
{
	char *from;

	if (strstr(xml, "<body>") != NULL && strstr(xml, "urn:xmpp:message-correct:0") == NULL) {
		/* answers come in the order asked: the oldest open one */
		size_t oldest = IN_FLIGHT_MAX;

		for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
			if (open_slot[i] &&
			    (oldest == IN_FLIGHT_MAX || sent_at[i] < sent_at[oldest])) {
				oldest = i;
			}
		}
		answered(oldest);
	}
	if (strstr(xml, "groupchat") != NULL && strlen(xml) < 60000) {
		char *out = malloc(strlen(xml) + 256);

		from = xml + strlen("<message");
		sprintf(out, "<message from='" ROOM "/sluice'%s", from);
		ws_send_text(c, out);
		free(out);
	}
}

void on_xmpp(struct conn *c, char *xml)
{
	static const char stream_open[] =
		"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='bench.example' id='s1' "
		"version='1.0' xml:lang='en'/>";
	char id[256];
	char out[1024];

	attribute(xml, "id", id, sizeof(id));
	if (getenv("DRIVE_TRACE") != NULL) {
		fprintf(stderr, "%.1f < %s\n", (now() - started) * 1000, xml);
	}
	if (strncmp(xml, "<open", 5) == 0) {
		ws_send_text(c, stream_open);
		ws_send_text(
			c,
			c->opens++ == 0
				? "<stream:features "
				  "xmlns:stream='http://etherx.jabber.org/streams'><mechanisms "
				  "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-"
				  "256</mechanism>"
				  "</mechanisms></stream:features>"
				: "<stream:features "
				  "xmlns:stream='http://etherx.jabber.org/streams'><bind "
				  "xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
	} else if (strncmp(xml, "<auth", 5) == 0) {
		char *payload = strchr(xml, '>') + 1;

		gsasl_server_start(gsasl, "SCRAM-SHA-256", &c->sasl);
		sasl_step(c, payload, strcspn(payload, "<"));
	} else if (strncmp(xml, "<response", 9) == 0) {
		char *payload = strchr(xml, '>') + 1;

		sasl_step(c, payload, strcspn(payload, "<"));
	} else if (strncmp(xml, "<iq", 3) == 0 && strstr(xml, "xmpp-bind") != NULL) {
		snprintf(out, sizeof(out),
			 "<iq xmlns='jabber:client' type='result' id='%s'><bind "
			 "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>" BOT
			 "/b</jid></bind></iq>",
			 id);
		ws_send_text(c, out);
	} else if (strncmp(xml, "<iq", 3) == 0) {
		snprintf(out, sizeof(out),
			 "<iq xmlns='jabber:client' type='result' id='%s' from='%s'/>", id,
			 strstr(xml, ROOM) != NULL ? ROOM : "bench.example");
		ws_send_text(c, out);
	} else if (strncmp(xml, "<presence", 9) == 0) {
		xmpp_presence(c, xml);
	} else if (strncmp(xml, "<message", 8) == 0) {
		xmpp_message(c, xml);
	}
}

void xmpp_init(const char *password)
{
	gsasl_init(&gsasl);
	gsasl_callback_set(gsasl, sasl_property);
	store_password(password);
}
