/* drive.c - one yardstick for two programs: plays the chat server and DigitalOcean, and measures from outside
 *
 *   drive --page FILE (--xmpp | --slack) [--starts N] [--fetches N] [--loads] -- COMMAND ...
 *
 * With --xmpp it is an XMPP server over WebSocket with one room (for sluice), with --slack the little of Slack's Socket
 * Mode that the floor program needs. DigitalOcean is the same in both: the page of droplets in FILE. The program is started
 * with @PORT@ in its arguments and environment replaced, and stopped with SIGTERM. One line of figures a phase. All on
 * loopback, in one thread, in canned answers, so that what is measured is the program.
 *
 * --starts: N times from spawn to ready (one more before, not counted: it makes the database). --loads: with the last of
 * them, idle memory, lists, memory afterwards. --fetches: N commands that each need a fresh list, a line each, so that the
 * samples of many runs can be put together. A process may send 250 requests in a minute, which Sluice keeps, and a fresh list
 * is two of them: what is asked for beyond that waits, and is called "not answered" here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gsasl.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNS_MAX 256
#define IN_MAX (256 * 1024)
#define IN_FLIGHT_MAX 256
#define SAMPLES_MAX 200000

#define ROOM "ops@rooms.bench.example"
#define BOT "sluice@bench.example"

enum kind { CONN_HTTP = 0, CONN_SLACK, CONN_XMPP };

struct conn {
	int fd;
	enum kind kind;
	char *in;
	size_t len;
	Gsasl_session *sasl;
	int opens; /* XMPP stream starts */
};

static struct conn conns[CONNS_MAX];
static size_t n_conns;
static int listener;
static int port;
static bool slack;
static char *page; /* the droplets page */
static size_t page_len;
static char *one[64]; /* each droplet alone: {"droplet":...} */
static char names[64][64];
static uint64_t ids[64];
static size_t n_one;
static Gsasl *gsasl;
static struct conn *chat; /* the live chat connection, once ready */
static double up_at;
static double peer_s; /* of a login: spent here, in the server */
static double ready_at;
static double started;
static pid_t child;

static double sent_at[IN_FLIGHT_MAX];
static bool open_slot[IN_FLIGHT_MAX];
static size_t in_flight;
static double last_sent;
static bool want_request; /* the next DigitalOcean request answers the newest command */
static double to_request[SAMPLES_MAX];
static double to_reply[SAMPLES_MAX];
static size_t n_request;
static size_t n_reply;
static size_t n_do;
static unsigned counter;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "drive: %s: %s\n", what, strerror(errno));
	if (child > 0) {
		kill(child, SIGKILL);
	}
	exit(1);
}

static void send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			(void)poll(&p, 1, 1000);
			continue;
		}
		if (n <= 0) {
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

/* ---- HTTP and WebSocket framing ------------------------------------------------------- */

static void reply(struct conn *c, int status, const char *type, const char *body, size_t len)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %d OK\r\ncontent-type: %s\r\ncontent-length: "
			 "%zu\r\nratelimit-limit: 5000\r\n"
			 "ratelimit-remaining: 4999\r\nratelimit-reset: 2000000000\r\n\r\n",
			 status, type, len);

	send_all(c->fd, head, (size_t)n);
	send_all(c->fd, body, len);
}

static void reply_json(struct conn *c, int status, const char *body)
{
	reply(c, status, "application/json", body, strlen(body));
}

static void ws_send_text(struct conn *c, const char *text)
{
	size_t len = strlen(text);
	unsigned char head[4] = {0x81, 0, 0, 0};
	size_t n = 2;

	if (len < 126) {
		head[1] = (unsigned char)len;
	} else {
		head[1] = 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		n = 4;
	}
	send_all(c->fd, (char *)head, n);
	send_all(c->fd, text, len);
}

static void upgrade(struct conn *c, const char *request)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	const char *key = strcasestr(request, "\r\nsec-websocket-key:");
	char joined[128] = "";
	unsigned char digest[SHA_DIGEST_LENGTH];
	unsigned char accept[64];
	char answer[512];

	if (key == NULL) {
		reply_json(c, 400, "{}");
		return;
	}
	key += strlen("\r\nsec-websocket-key:");
	key += strspn(key, " ");
	snprintf(joined, sizeof(joined), "%.*s%s", (int)strcspn(key, "\r"), key, guid);
	SHA1((unsigned char *)joined, strlen(joined), digest);
	EVP_EncodeBlock(accept, digest, sizeof(digest));
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
		 "sec-websocket-accept: %s\r\n%s\r\n",
		 accept, slack ? "" : "sec-websocket-protocol: xmpp\r\n");
	send_all(c->fd, answer, strlen(answer));
	c->kind = slack ? CONN_SLACK : CONN_XMPP;
	up_at = now();
	peer_s = 0;
	if (slack) {
		ws_send_text(c, "{\"type\":\"hello\",\"num_connections\":1,\"debug_info\":{"
				"\"approximate_connection_time\":"
				"18060},\"connection_info\":{\"app_id\":\"A1\"}}");
		chat = c;
		ready_at = now();
	}
}

/* ---- DigitalOcean ---------------------------------------------------------------------- */

static void load_page(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	json_t *list = json_object_get(root, "droplets");

	if (!json_is_array(list)) {
		fprintf(stderr, "drive: %s is no page of droplets\n", path);
		exit(1);
	}
	n_one = json_array_size(list) < 64 ? json_array_size(list) : 64;
	for (size_t i = 0; i < n_one; i++) {
		json_t *droplet = json_array_get(list, i);
		json_t *wrapped = json_pack("{sO}", "droplet", droplet);

		one[i] = json_dumps(wrapped, JSON_COMPACT);
		ids[i] = (uint64_t)json_integer_value(json_object_get(droplet, "id"));
		snprintf(names[i], sizeof(names[i]), "%s",
			 json_string_value(json_object_get(droplet, "name")));
		json_decref(wrapped);
	}
	page = json_dumps(root, JSON_COMPACT);
	page_len = strlen(page);
	json_decref(root);
}

static size_t by_id(const char *text)
{
	uint64_t id = strtoull(text, NULL, 10);

	for (size_t i = 0; i < n_one; i++) {
		if (ids[i] == id) {
			return i;
		}
	}
	return 0;
}

static void action(struct conn *c, int status, const char *state, size_t which)
{
	char body[512];

	snprintf(body, sizeof(body),
		 "{\"action\":{\"id\":9000001,\"status\":\"%s\",\"type\":\"reboot\",\"started_at\":"
		 "\"2026-01-01T00:00:00Z\",\"completed_at\":null,\"resource_id\":%llu,\"resource_"
		 "type\":\"droplet\"}}",
		 state, (unsigned long long)ids[which]);
	reply_json(c, status, body);
}

static void ocean(struct conn *c, const char *method, const char *path)
{
	const char *name = strstr(path, "name=");

	n_do++;
	if (want_request && strncmp(path, "/v2/droplets", 12) == 0 && n_request < SAMPLES_MAX) {
		to_request[n_request++] = now() - last_sent;
		want_request = false;
	}
	if (strncmp(path, "/v2/tags", 8) == 0) {
		reply_json(c, 200, "{\"tags\":[],\"links\":{},\"meta\":{\"total\":0}}");
	} else if (strncmp(path, "/v2/account", 11) == 0) {
		reply_json(c, 200,
			   "{\"account\":{\"droplet_limit\":100,\"email\":\"a@bench.example\","
			   "\"status\":\"active\"}}");
	} else if (strncmp(path, "/v2/actions/", 12) == 0) {
		action(c, 200, "completed", 0);
	} else if (strcmp(method, "POST") == 0) {
		action(c, 201, "in-progress", by_id(path + strlen("/v2/droplets/")));
	} else if (strstr(path, "type=gpus") != NULL) {
		reply_json(c, 200, "{\"droplets\":[],\"links\":{},\"meta\":{\"total\":0}}");
	} else if (strncmp(path, "/v2/droplets/", 13) == 0) {
		reply_json(c, 200, one[by_id(path + 13)]);
	} else if (name != NULL) {
		char body[8192];

		for (size_t i = 0; i < n_one; i++) {
			if (strcmp(names[i], name + 5) == 0) {
				snprintf(
					body, sizeof(body),
					"{\"droplets\":[%.*s],\"links\":{},\"meta\":{\"total\":1}}",
					(int)strlen(one[i]) - 12, one[i] + 11);
				reply_json(c, 200, body);
				return;
			}
		}
		reply_json(c, 200, "{\"droplets\":[],\"links\":{},\"meta\":{\"total\":0}}");
	} else {
		reply(c, 200, "application/json", page, page_len);
	}
}

static void answered(size_t slot)
{
	if (slot < IN_FLIGHT_MAX && open_slot[slot]) {
		if (n_reply < SAMPLES_MAX) {
			to_reply[n_reply++] = now() - sent_at[slot];
		}
		open_slot[slot] = false;
		in_flight--;
	}
}

static void on_http(struct conn *c, const char *request, const char *body)
{
	char method[8] = "";
	char path[512] = "";

	sscanf(request, "%7s %511s", method, path);
	if (strncmp(path, "/v2/", 4) == 0) {
		ocean(c, method, path);
	} else if (strncmp(path, "/ws", 3) == 0) {
		upgrade(c, request);
	} else if (strcmp(path, "/api/apps.connections.open") == 0) {
		char answer[128];

		snprintf(answer, sizeof(answer), "{\"ok\":true,\"url\":\"ws://127.0.0.1:%d/ws\"}",
			 port);
		reply_json(c, 200, answer);
	} else {
		const char *channel = strstr(body, "C0BENCH");

		if (channel != NULL) {
			answered(strtoul(channel + 7, NULL, 10));
		}
		reply_json(c, 200, "{\"ok\":true,\"ts\":\"1.1\",\"channel\":\"C1\"}");
	}
}

/* ---- XMPP ------------------------------------------------------------------------------ */

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

static void on_xmpp(struct conn *c, char *xml)
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

/* ---- the loop -------------------------------------------------------------------------- */

static void drop(struct conn *c)
{
	close(c->fd);
	free(c->in);
	if (chat == c) {
		chat = NULL;
	}
	c->fd = -1;
	c->in = NULL;
}

/* One whole request or frame at the front of the buffer; its length, 0 when there is none yet. */
static size_t take_one(struct conn *c)
{
	if (c->kind == CONN_HTTP) {
		char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
		char *length;
		size_t body;

		if (end == NULL) {
			return 0;
		}
		c->in[c->len] = '\0';
		*end = '\0';
		length = strcasestr(c->in, "\r\ncontent-length:");
		body = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
		*end = '\r';
		if (c->len < (size_t)(end + 4 - c->in) + body) {
			return 0;
		}
		on_http(c, c->in, end + 4);
		return (size_t)(end + 4 - c->in) + body;
	}
	{
		unsigned char *b = (unsigned char *)c->in;
		size_t head = 2;
		size_t len;
		unsigned char opcode;

		if (c->len < 2) {
			return 0;
		}
		len = b[1] & 0x7f;
		if (len == 126) {
			if (c->len < 4) {
				return 0;
			}
			len = (size_t)b[2] << 8 | b[3];
			head = 4;
		}
		head += (b[1] & 0x80) != 0 ? 4 : 0;
		if (c->len < head + len) {
			return 0;
		}
		opcode = b[0] & 0xf;
		if ((b[1] & 0x80) != 0) {
			for (size_t i = 0; i < len; i++) {
				b[head + i] ^= b[head - 4 + i % 4];
			}
		}
		if (opcode == 1 && c->kind == CONN_XMPP) {
			char *xml = strndup(c->in + head, len);
			double began = now();

			on_xmpp(c, xml);
			free(xml);
			peer_s += now() - began;
		} else if (opcode == 9) {
			char pong[2] = {(char)0x8a, 0};

			send_all(c->fd, pong, 2);
		} else if (opcode == 8) {
			char bye[2] = {(char)0x88, 0};

			send_all(c->fd, bye, 2);
		}
		return head + len;
	}
}

static void read_conn(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->len, IN_MAX - 1 - c->len, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		drop(c);
		return;
	}
	c->len += n > 0 ? (size_t)n : 0;
	for (size_t used; c->fd >= 0 && (used = take_one(c)) > 0;) {
		if (c->fd >= 0) {
			memmove(c->in, c->in + used, c->len - used);
			c->len -= used;
		}
	}
}

static void turn(int timeout_ms)
{
	struct pollfd fds[CONNS_MAX + 1] = {{.fd = listener, .events = POLLIN}};
	size_t n = n_conns;

	for (size_t i = 0; i < n; i++) {
		fds[i + 1] = (struct pollfd){.fd = conns[i].fd, .events = POLLIN};
	}
	if (poll(fds, n + 1, timeout_ms) <= 0) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (conns[i].fd >= 0 && fds[i + 1].revents != 0) {
			read_conn(&conns[i]);
		}
	}
	if (fds[0].revents != 0) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		int yes = 1;
		size_t at = 0;

		while (at < n_conns && conns[at].fd >= 0) {
			at++;
		}
		if (fd < 0 || at == CONNS_MAX) {
			die("accept");
		}
		n_conns = at == n_conns ? n_conns + 1 : n_conns;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		conns[at] = (struct conn){.fd = fd, .in = malloc(IN_MAX)};
	}
}

static void say(const char *text)
{
	char out[2048];
	size_t slot = 0;

	while (open_slot[slot]) {
		slot++;
	}
	counter++;
	if (slack) {
		snprintf(out, sizeof(out),
			 "{\"envelope_id\":\"e%u\",\"type\":\"slash_commands\",\"accepts_response_"
			 "payload\":true,\"payload\":"
			 "{\"command\":\"/"
			 "droplet\",\"text\":\"%s\",\"channel_id\":\"C0BENCH%04zu\",\"user_id\":"
			 "\"U1\","
			 "\"team_id\":\"T1\",\"response_url\":\"http://127.0.0.1:%d/api/r\"}}",
			 counter, text, slot, port);
	} else {
		snprintf(out, sizeof(out),
			 "<message xmlns='jabber:client' type='groupchat' from='" ROOM
			 "/bob' to='" BOT "/b' id='m%u'><body>%s</body><stanza-id "
			 "xmlns='urn:xmpp:sid:0' by='" ROOM "' id='s%u'/></message>",
			 counter, text, counter);
	}
	open_slot[slot] = true;
	in_flight++;
	sent_at[slot] = last_sent = now();
	want_request = true;
	ws_send_text(chat, out);
}

/* ---- figures --------------------------------------------------------------------------- */

/* Of all its threads, also of those that are gone; finer than the ticks of /proc. */
static double cpu_seconds(void)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &ts) != 0) {
		die("the clock of its CPU time");
	}
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long status_field(const char *file, const char *key)
{
	char path[64];
	char line[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, file);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0) {
			value = strtol(line + strlen(key), NULL, 10);
			break;
		}
	}
	if (f != NULL) {
		fclose(f);
	}
	return value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double percentile(double *samples, size_t n, double p)
{
	size_t at = (size_t)(p * (double)n);

	if (n == 0) {
		return 0;
	}
	qsort(samples, n, sizeof(*samples), compare);
	return samples[at < n ? at : n - 1] * 1e6;
}

static void reset(void)
{
	n_request = n_reply = n_do = 0;
}

static void run_for(double seconds)
{
	double end = now() + seconds;

	while (now() < end) {
		turn((int)((end - now()) * 1000) + 1);
	}
}

/* For `seconds`, or `most` commands (0: no limit). */
static void load(const char *phase, const char *text, size_t outstanding, double seconds,
		 size_t most)
{
	size_t n_said = 0;
	double began;
	double cpu;
	double wall;
	double end;

	reset();
	cpu = cpu_seconds();
	began = now();
	end = began + seconds;
	while (chat != NULL && (now() < end || in_flight > 0)) {
		while (in_flight < outstanding && now() < end && (most == 0 || n_said < most)) {
			say(text);
			n_said++;
		}
		if (most > 0 && n_said == most && in_flight == 0) {
			break;
		}
		turn(1000);
		if (now() > end + 10) {
			fprintf(stderr,
				"drive: %s: %zu commands were not answered within 10 s, after %zu "
				"requests\n",
				phase, in_flight, n_do);
			memset(open_slot, 0, sizeof(open_slot));
			in_flight = 0;
			break;
		}
	}
	wall = now() - began;
	cpu = cpu_seconds() - cpu;
	printf("%s answered=%zu per_s=%.0f cpu_us=%.1f do_requests=%zu request_p50_us=%.0f "
	       "request_p99_us=%.0f "
	       "reply_p50_us=%.0f reply_p99_us=%.0f\n",
	       phase, n_reply, (double)n_reply / wall,
	       n_reply > 0 ? cpu * 1e6 / (double)n_reply : 0, n_do,
	       percentile(to_request, n_request, 0.5), percentile(to_request, n_request, 0.99),
	       percentile(to_reply, n_reply, 0.5), percentile(to_reply, n_reply, 0.99));
	fflush(stdout);
}

static void idle(const char *phase, double seconds)
{
	double cpu = cpu_seconds();
	long switches = status_field("status", "voluntary_ctxt_switches:");

	run_for(seconds);
	printf("%s rss_kib=%ld pss_kib=%ld wakeups_per_s=%.2f cpu_percent=%.3f threads=%ld\n",
	       phase, status_field("status", "VmRSS:"), status_field("smaps_rollup", "Pss:"),
	       (double)(status_field("status", "voluntary_ctxt_switches:") - switches) / seconds,
	       (cpu_seconds() - cpu) / seconds * 100, status_field("status", "Threads:"));
	fflush(stdout);
}

/* ---- start ----------------------------------------------------------------------------- */

static char *with_port(const char *text)
{
	const char *at = strstr(text, "@PORT@");
	char *out;

	if (at == NULL) {
		return strdup(text);
	}
	out = malloc(strlen(text) + 16);
	sprintf(out, "%.*s%d%s", (int)(at - text), text, port, at + 6);
	return out;
}

static void start_listener(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(listener, 256) < 0 || getsockname(listener, (struct sockaddr *)&a, &len) < 0) {
		die("listen");
	}
	port = ntohs(a.sin_port);
}

static void start_child(char **argv)
{
	char *args[64] = {0};
	char url[64];
	double began;

	for (int i = 0; argv[i] != NULL && i < 63; i++) {
		args[i] = with_port(argv[i]);
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	setenv("DO_API_URL", url, 1);
	setenv("DO_TOKEN", "bench", 1);
	strcat(url, "/api/");
	setenv("SLACK_API_URL", url, 1);
	setenv("SLACK_APP_TOKEN", "app-bench", 1);
	setenv("SLACK_BOT_TOKEN", "bot-bench", 1);
	began = now();
	started = began;
	child = fork();
	if (child == 0) {
		execvp(args[0], args);
		_exit(127);
	}
	while (chat == NULL && now() < began + 20) {
		turn(100);
	}
	if (chat == NULL) {
		die("the program never became ready");
	}
}

static void stop_child(void)
{
	double began = now();

	kill(child, SIGTERM);
	while (waitpid(child, NULL, WNOHANG) == 0 && now() < began + 5) {
		turn(5);
	}
	kill(child, SIGKILL);
	child = 0;
	for (size_t i = 0; i < n_conns; i++) {
		if (conns[i].fd >= 0) {
			drop(&conns[i]);
		}
	}
	chat = NULL;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	double seconds = 3;
	long starts = 1;
	long fetches = 0;
	bool loads = false;
	int at = 1;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (strcmp(argv[at], "--page") == 0 && at + 1 < argc) {
			file = argv[++at];
		} else if (strcmp(argv[at], "--slack") == 0) {
			slack = true;
		} else if (strcmp(argv[at], "--seconds") == 0 && at + 1 < argc) {
			seconds = strtod(argv[++at], NULL);
		} else if (strcmp(argv[at], "--starts") == 0 && at + 1 < argc) {
			starts = strtol(argv[++at], NULL, 10);
		} else if (strcmp(argv[at], "--fetches") == 0 && at + 1 < argc) {
			fetches = strtol(argv[++at], NULL, 10);
		} else if (strcmp(argv[at], "--loads") == 0) {
			loads = true;
		}
	}
	if (file == NULL || at + 1 >= argc) {
		fprintf(stderr,
			"usage: drive --page FILE (--xmpp|--slack) [--seconds N] [--starts N] "
			"[--fetches N] [--loads] -- COMMAND ...\n");
		return 2;
	}
	load_page(file);
	gsasl_init(&gsasl);
	gsasl_callback_set(gsasl, sasl_property);
	store_password("bench");
	start_listener();
	for (long i = 0; i <= starts; i++) {
		start_child(argv + at + 1);
		run_for(0.05);
		if (i > 0) {
			printf("start up_ms=%.2f ready_ms=%.2f peer_ms=%.2f cpu_ms=%.2f\n",
			       (up_at - started) * 1e3, (ready_at - started) * 1e3, peer_s * 1e3,
			       cpu_seconds() * 1e3);
		}
		if (i < starts) {
			stop_child();
		}
	}
	if (loads) {
		run_for(3);
		idle("idle", 4 * seconds);
		load("warm", "list", 1, 0.5, 0);
		load("list-1", "list", 1, seconds, 0);
		load("list-64", "list", 64, seconds, 0);
		run_for(3);
		idle("after", seconds);
	}
	if (fetches > 0) {
		/* a droplet that is there and a name that is not: a fresh list is fetched and read for each, nothing
		 * is changed */
		load("warm", "list", 1, 0.2, 0);
		load("fetch", slack ? "list" : "reboot web-0", 1, 30, (size_t)fetches);
		for (size_t i = 0; i < n_request; i++) {
			printf("sample request_us=%.1f\n", to_request[i] * 1e6);
		}
	}
	run_for(0.5); /* what it wants to write down */
	stop_child();
	return 0;
}
