/* lws.c - the libwebsockets contexts of a loop: one with TLS, one without, which starts no OpenSSL
 *
 * Made by the first ws_open that wants it, taken down by loop_free: lws_context_destroy needs a first call, some turns of the loop in
 * which its handles close, and a second call.
 *
 * Failure modes: libwebsockets' plugin for libuv (libwebsockets-evlib-uv) is not installed, then there is no
 * context and the error says so; a CA file that cannot be read.
 */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/internal.h"
#include "loop/ws_internal.h"

/* Turns that lws needs to close its handles, with room to spare. */
#define CLOSE_TURNS 16

/* Without it lws sizes its tables by RLIMIT_NOFILE, which is megabytes on some machines. */
#define DESCRIPTORS_MAX 64

/* We have deadlines of our own for every phase; lws' default of 5 s would win over them, without a word. */
#define TIMEOUT_S 120

#define RX_BYTES 65536

struct vhost {
	struct list link;
	char *ca_file;
	struct lws_vhost *lws;
};

struct lws_room {
	struct lws_context *context;
	struct list vhosts;
};

static const struct lws_protocols protocols[] = {
	{"sluice", ws_callback, 0, RX_BYTES, 0, NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0},
};

static void emit(int level, const char *line)
{
	char text[200];
	size_t len = strcspn(line, "\n");

	(void)level;
	len = len < sizeof(text) ? len : sizeof(text) - 1;
	memcpy(text, line, len);
	text[len] = '\0';
	log_line(LOG_DEBUG, "loop.lws", "says", text, NULL);
}

static void lws_room_free(struct loop *loop, struct lws_room *room)
{
	lws_context_destroy(room->context);
	for (int i = 0; i < CLOSE_TURNS; i++) {
		(void)uv_run(&loop->uv, UV_RUN_NOWAIT);
	}
	lws_context_destroy(room->context);
	LIST_FOREACH_SAFE(it, next, &room->vhosts)
	{
		struct vhost *vhost = LIST_ENTRY(it, struct vhost, link);

		free(vhost->ca_file);
		free(vhost);
	}
	free(room);
}

static void lws_rooms_free(struct loop *loop)
{
	for (size_t i = 0; i < ARRAY_LEN(loop->lws); i++) {
		if (loop->lws[i] != NULL) {
			lws_room_free(loop, loop->lws[i]);
			loop->lws[i] = NULL;
		}
	}
}

/* lws reads http_proxy from the environment when it makes a vhost, for wss too; we have no such setting. */
static struct lws_vhost *create_vhost(struct lws_context *context,
				      const struct lws_context_creation_info *info)
{
	char *proxy = mem_strdup(getenv("http_proxy"));
	struct lws_vhost *vhost;

	(void)unsetenv("http_proxy");
	vhost = lws_create_vhost(context, info);
	if (proxy != NULL) {
		(void)setenv("http_proxy", proxy, 1);
		free(proxy);
	}
	return vhost;
}

struct lws_context *lws_context_of(struct loop *loop, bool tls, struct err *err)
{
	struct lws_room **room = &loop->lws[tls];
	struct lws_context_creation_info info = {0};
	void *loops[1] = {&loop->uv};
	struct lws_context *context;

	if (*room != NULL) {
		return (*room)->context;
	}
	lws_set_log_level(LLL_ERR | LLL_WARN, emit);
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
		       (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0);
	info.foreign_loops = loops;
	info.fd_limit_per_thread = DESCRIPTORS_MAX;
	info.timeout_secs = TIMEOUT_S;
	info.connect_timeout_secs = TIMEOUT_S;
	info.gid = -1;
	info.uid = -1;
	context = lws_create_context(&info);
	if (context == NULL) {
		err_set(err, ERR_CONFIG,
			"cannot start libwebsockets: is its libuv plugin (libwebsockets-evlib-uv) "
			"installed?");
		return NULL;
	}
	*room = mem_alloc(sizeof(**room));
	(*room)->context = context;
	list_init(&(*room)->vhosts);
	loop->lws_free = lws_rooms_free;
	return context;
}

static bool fits(const struct vhost *vhost, const char *ca_file)
{
	if ((vhost->ca_file == NULL) != (ca_file == NULL)) {
		return false;
	}
	return ca_file == NULL || strcmp(vhost->ca_file, ca_file) == 0;
}

struct lws_vhost *lws_vhost_of(struct loop *loop, bool tls, const char *ca_file, struct err *err)
{
	struct lws_context *context = lws_context_of(loop, tls, err);
	struct lws_room *room = loop->lws[tls];
	struct lws_context_creation_info info = {0};
	struct vhost *vhost;
	struct lws_vhost *made;
	char name[32];

	if (context == NULL) {
		return NULL;
	}
	ca_file = tls ? ca_file : NULL;
	LIST_FOREACH(it, &room->vhosts)
	{
		vhost = LIST_ENTRY(it, struct vhost, link);
		if (fits(vhost, ca_file)) {
			return vhost->lws;
		}
	}
	if (ca_file != NULL && access(ca_file, R_OK) != 0) {
		err_set(err, ERR_CONFIG, "cannot read the CA file '%.150s'", ca_file);
		return NULL;
	}
	(void)snprintf(name, sizeof(name), "client-%s-%p", tls ? "tls" : "plain",
		       (const void *)&room->vhosts);
	info.vhost_name = name;
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = protocols;
	info.timeout_secs = TIMEOUT_S;
	info.connect_timeout_secs = TIMEOUT_S;
	if (tls) {
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		if (ca_file != NULL) {
			info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
			info.client_ssl_ca_filepath = ca_file;
		}
	}
	made = create_vhost(context, &info);
	if (made == NULL) {
		err_set(err, ERR_CONFIG, "cannot start libwebsockets: no vhost");
		return NULL;
	}
	vhost = mem_alloc(sizeof(*vhost));
	vhost->ca_file = mem_strdup(ca_file);
	vhost->lws = made;
	list_append(&room->vhosts, &vhost->link);
	return made;
}
