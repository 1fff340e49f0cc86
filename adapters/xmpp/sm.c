/* sm.c - stream management (XEP-0198): counting stanzas both ways, so that a drop loses nothing and repeats nothing
 *
 * Happy path: <enable/> -> <enabled/>; each stanza of ours is kept until an <a h/> covers it; the server's <r/> is
 * answered at once. After a drop <resume/> -> <resumed h/>: what the server has not handled is sent again.
 *
 * Failure modes: the server does not answer <r/> in time: the connection is dead. An <a/> for more than was sent: the
 * server counts wrongly, a new session. The queue grows too large: acknowledgements go on, but no resuming.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "base/mem.h"

#define UNACKED_MAX_BYTES (512 * 1024)
#define ANSWER_MS 20000

struct unacked {
	struct list link;
	size_t len;
	char bytes[];
};

static void drop_oldest(struct sm *sm)
{
	struct unacked *unacked = LIST_ENTRY(sm->unacked.next, struct unacked, link);

	list_remove(&unacked->link);
	sm->unacked_bytes -= unacked->len;
	free(unacked);
}

static void on_no_answer(struct timer *timer)
{
	connect_fail(timer->data, ERR_TIMEOUT, "the XMPP server does not acknowledge what we send");
}

void sm_init(struct xmpp *x)
{
	list_init(&x->sm.unacked);
	timer_init(&x->sm.answer, x->loop, on_no_answer, x);
}

void sm_reset(struct xmpp *x)
{
	struct sm *sm = &x->sm;

	timer_stop(&sm->answer);
	while (!list_empty(&sm->unacked)) {
		drop_oldest(sm);
	}
	sm->enabled = false;
	sm->resumable = false;
	sm->resumed = false;
	sm->id[0] = '\0';
	sm->in = 0;
	sm->out = 0;
	sm->acked = 0;
}

static void keep(struct sm *sm, const struct strbuf *out)
{
	struct unacked *unacked;

	if (!sm->resumable) {
		return;
	}
	if (sm->unacked_bytes + out->len > UNACKED_MAX_BYTES) {
		sm->resumable = false;
		while (!list_empty(&sm->unacked)) {
			drop_oldest(sm);
		}
		return;
	}
	unacked = mem_alloc(sizeof(*unacked) + out->len);
	unacked->len = out->len;
	memcpy(unacked->bytes, out->buf, out->len);
	list_append(&sm->unacked, &unacked->link);
	sm->unacked_bytes += out->len;
}

int sm_send(struct xmpp *x, const struct strbuf *out, uint32_t *ret_seq, struct err *err)
{
	if (x->ws == NULL || x->phase == PHASE_CLOSING) {
		return err_set(err, ERR_NETWORK,
			       "not connected to the XMPP server, nothing was sent");
	}
	if (out->full) {
		return err_set(err, ERR_LIMIT, "too long for XMPP, nothing was sent");
	}
	if (x->wire->send(x->ws, out->buf, out->len, err) != 0) {
		if (err != NULL && err->kind == ERR_CONFLICT) {
			err->kind = ERR_NETWORK;
		}
		return -1;
	}
	if (x->sm.enabled) {
		x->sm.out++;
		keep(&x->sm, out);
	}
	if (ret_seq != NULL) {
		*ret_seq = x->sm.enabled ? x->sm.out : 0;
	}
	return 0;
}

void sm_request(struct xmpp *x)
{
	struct strbuf out;

	if (!x->sm.enabled || x->ws == NULL) {
		return;
	}
	strbuf_init(&out, STANZA_MAX);
	(void)strbuf_adds(&out, "<r xmlns='" NS_SM "'/>");
	connect_send(x, &out);
	strbuf_done(&out);
	if (!timer_running(&x->sm.answer)) {
		timer_start(&x->sm.answer, ANSWER_MS);
	}
}

void sm_down(struct xmpp *x)
{
	timer_stop(&x->sm.answer);
	x->sm.enabled = false;
	x->sm.resumed = false;
}

int sm_ack(struct xmpp *x, const char *h)
{
	struct sm *sm = &x->sm;
	char *end;
	unsigned long count;
	uint32_t n;

	if (h == NULL || *h < '0' || *h > '9') {
		return -1;
	}
	count = strtoul(h, &end, 10);
	n = (uint32_t)count - sm->acked; /* wraps at 2^32, as the XEP says */
	if (*end != '\0' || count > UINT32_MAX || n > sm->out - sm->acked) {
		return -1;
	}
	sm->acked = (uint32_t)count;
	for (; n > 0 && !list_empty(&sm->unacked); n--) {
		drop_oldest(sm);
	}
	timer_stop(&sm->answer);
	posts_acked(x);
	return 0;
}

void sm_resend(struct xmpp *x)
{
	LIST_FOREACH(it, &x->sm.unacked)
	{
		struct unacked *unacked = LIST_ENTRY(it, struct unacked, link);
		struct err err = {0};

		if (x->wire->send(x->ws, unacked->bytes, unacked->len, &err) != 0) {
			connect_fail(x, ERR_NETWORK, "%s", err.msg);
			return;
		}
	}
	if (!list_empty(&x->sm.unacked)) {
		sm_request(x);
	}
}

bool sm_handle(struct xmpp *x, const struct xml *xml)
{
	if (!x->sm.enabled) {
		return false;
	}
	if (xml_is(xml, "r", NS_SM)) {
		struct strbuf out;

		strbuf_init(&out, STANZA_MAX);
		stanza_addf(&out, "<a xmlns='" NS_SM "' h='%u'/>", x->sm.in);
		connect_send(x, &out);
		strbuf_done(&out);
		return true;
	}
	if (xml_is(xml, "a", NS_SM)) {
		if (sm_ack(x, xml_attr(xml, "h")) != 0) {
			x->sm.resumable = false;
			connect_fail(x, ERR_REMOTE,
				     "the XMPP server acknowledged what was never sent");
		}
		return true;
	}
	return false;
}
