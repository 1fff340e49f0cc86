/* adapter.c - the adapter's door: options in, the table of operations, the close in two steps, small things shared */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "adapters/xmpp/internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define NICK_DEFAULT "sluice"
#define NOTICE_EVERY_MS 3000

static struct xmpp *of(struct chat *chat)
{
	return CONTAINER_OF(chat, struct xmpp, chat);
}

void xmpp_random_id(char ret[XMPP_ID_SIZE])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char bytes[XMPP_ID_SIZE - 4];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		abort(); /* without randomness there is no login either */
	}
	memcpy(ret, "sl-", 3);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret[3 + i] = letters[bytes[i] % 32];
	}
	ret[3 + sizeof(bytes)] = '\0';
}

uint32_t xmpp_random(uint32_t below)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n)) {
		n = (uint32_t)clock_mono_ms(); /* it only spreads waits */
	}
	return below == 0 ? 0 : n % below;
}

void xmpp_link(struct xmpp *x, enum chat_link link, const char *why)
{
	static const char *const words[] = {
		[CHAT_DOWN] = "down", [CHAT_UP] = "up", [CHAT_REFUSED] = "refused"};

	if (x->link_said && x->link == link && link == CHAT_UP) {
		return;
	}
	x->link_said = true;
	x->link = link;
	log_line(link == CHAT_UP ? LOG_INFO : LOG_WARN, "xmpp.link", "state", words[link],
		 "account", x->account.bare, "why", why != NULL ? why : "", NULL);
	x->chat.sink.link(&x->chat, link, why, x->chat.sink.data);
}

void xmpp_place(const struct xmpp *x, const char *channel, bool direct, struct chat_place *ret)
{
	*ret = (struct chat_place){
		.network = x->chat.ops->name,
		.workspace = x->chat.workspace,
		.channel = channel,
		.direct = direct,
	};
}

bool xmpp_ready(const struct xmpp *x)
{
	return !x->closing && (x->phase == PHASE_JOIN || x->phase == PHASE_LIVE);
}

void xmpp_notice(struct xmpp *x, const char *to, bool groupchat, const char *text)
{
	char id[XMPP_ID_SIZE];
	struct strbuf out;

	if (!xmpp_ready(x) ||
	    (x->notice_ms != 0 && clock_mono_ms() - x->notice_ms < NOTICE_EVERY_MS)) {
		return;
	}
	x->notice_ms = clock_mono_ms();
	xmpp_random_id(id);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out,
		    "<message xmlns='" NS_CLIENT
		    "' to='%s' type='%s' id='%s'><body>%s</body></message>",
		    to, groupchat ? "groupchat" : "chat", id, text);
	(void)sm_send(x, &out, NULL, NULL);
	strbuf_done(&out);
}

const char *xmpp_condition(const struct xml *error, const char *ns, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const struct xml *child = error->first; child != NULL; child = child->next) {
		if (strcmp(child->ns, ns) == 0 && strcmp(child->name, "text") != 0) {
			for (const char *s = child->name; *s != '\0' && n + 1 < size; s++) {
				if ((*s >= 'a' && *s <= 'z') || *s == '-') {
					buf[n++] = *s;
				}
			}
			buf[n] = '\0';
			break;
		}
	}
	return buf;
}

/* ---- operations --------------------------------------------------------------------------- */

static void start(struct chat *chat, const struct chat_join *joins, size_t n_joins)
{
	struct xmpp *x = of(chat);

	for (size_t i = 0; i < n_joins; i++) {
		if (strcmp(joins[i].workspace, chat->workspace) == 0) {
			muc_add(x, joins[i].channel);
		}
	}
	connect_start(x);
}

static void rejoin(struct chat *chat, const struct chat_join *joins, size_t n_joins)
{
	struct xmpp *x = of(chat);

	if (!x->closing) {
		muc_rejoin(x, joins, n_joins);
	}
}

static void xmpp_free(struct xmpp *x)
{
	timer_stop(&x->timer);
	sm_reset(x);
	muc_free(x);
	marks_free(x->marks);
	task_cancel(&x->early_task);
	task_cancel(&x->close_task);
	secret_free(x->password);
	free(x->url);
	free(x->ca_file);
	free(x);
}

void xmpp_try_finish(struct xmpp *x)
{
	if (x->closing && x->ws == NULL && x->n_works == 0) {
		task_post(&x->close_task);
	}
}

static void on_close_task(struct task *task)
{
	struct xmpp *x = task->data;
	void (*closed)(void *) = x->closed;
	void *data = x->closed_data;

	posts_cancel(x);
	if (x->ws != NULL || x->n_works > 0) {
		return; /* their end comes back here */
	}
	xmpp_free(x);
	closed(data);
}

static void close_chat(struct chat *chat, void (*closed)(void *), void *data)
{
	struct xmpp *x = of(chat);

	assert(!x->closing);
	x->closing = true;
	x->closed = closed;
	x->closed_data = data;
	connect_stop(x);
	task_post(&x->close_task);
}

static const struct chat_ops ops = {
	.name = "xmpp",
	.caps = CHAT_EDIT | CHAT_REACTIONS,
	.start = start,
	.rejoin = rejoin,
	.post = posts_post,
	.close = close_chat,
};

/* ---- opening ------------------------------------------------------------------------------ */

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Without TLS anybody on the way could speak as anybody: only inside this machine. */
static int check_url(const char *url, struct err *err)
{
	static const char *const local[] = {"ws://127.0.0.1", "ws://localhost", "ws://[::1]"};

	if (url != NULL && starts_with(url, "wss://")) {
		return 0;
	}
	for (size_t i = 0; url != NULL && i < ARRAY_LEN(local); i++) {
		if (starts_with(url, local[i]) && strchr(":/", url[strlen(local[i])]) != NULL) {
			return 0;
		}
	}
	return err_set(err, ERR_CONFIG,
		       "the XMPP address \"%.100s\" is refused: it must begin with wss:// (ws:// "
		       "only to this machine)",
		       url != NULL ? url : "");
}

static bool given(const char *text)
{
	return text != NULL && *text != '\0';
}

struct chat *xmpp_new(struct loop *loop, const struct xmpp_options *options,
		      const struct xmpp_wire *wire, struct err *err)
{
	struct xmpp *x = mem_alloc(sizeof(*x));

	x->password = options->password;
	if (check_url(options->url, err) != 0) {
		goto bad;
	}
	if (!given(options->jid) || jid_parse(options->jid, &x->account, err) != 0 ||
	    x->account.node[0] == '\0' || x->account.resource[0] != '\0') {
		(void)err_set(err, ERR_CONFIG,
			      "the XMPP account \"%.80s\" is no address like sluice@chat.example",
			      given(options->jid) ? options->jid : "");
		goto bad;
	}
	if (x->password == NULL) {
		(void)err_set(err, ERR_CONFIG, "the XMPP account \"%.80s\" has no password",
			      x->account.bare);
		goto bad;
	}
	if (jid_prepare_nick(given(options->nick) ? options->nick : NICK_DEFAULT, x->nick, err) !=
	    0) {
		if (err != NULL) {
			err->kind = ERR_CONFIG;
		}
		goto bad;
	}
	x->chat.ops = &ops;
	x->chat.workspace = x->account.domain;
	x->loop = loop;
	x->wire = wire;
	x->url = mem_strdup(options->url);
	x->ca_file = given(options->ca_file) ? mem_strdup(options->ca_file) : NULL;
	x->ping_ms = options->ping_ms;
	xmpp_random_id(x->resource);
	list_init(&x->rooms);
	list_init(&x->sent);
	list_init(&x->early);
	task_init(&x->early_task, loop, posts_early, x);
	task_init(&x->close_task, loop, on_close_task, x);
	sm_init(x);
	x->marks = marks_new();
	return &x->chat;
bad:
	secret_free(x->password);
	free(x);
	return NULL;
}
