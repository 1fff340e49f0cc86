/* drive_net.c - sockets of the yardstick: HTTP and WebSocket, as much as its two doors need */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drive.h"

struct conn conns[CONNS_MAX];
size_t n_conns;
int listener;
int port;
bool slack;

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

void reply(struct conn *c, int status, const char *type, const char *body, size_t len)
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

void reply_json(struct conn *c, int status, const char *body)
{
	reply(c, status, "application/json", body, strlen(body));
}

void ws_send_text(struct conn *c, const char *text)
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

/* ---- the loop -------------------------------------------------------------------------- */

void drop(struct conn *c)
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

void turn(int timeout_ms)
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
