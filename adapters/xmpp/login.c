/* login.c - SCRAM with the server: choosing, hashing on the worker thread, and what <failure/> means
 *
 * Happy path: <auth/> -> <challenge/> -> <response/> -> <success/> with the server's proof -> the stream is opened again.
 *
 * Failure modes: no SCRAM offered, words that are no good, a success without proof: this connection ends, another
 * follows. Not let in: a person has to look, nothing follows. The connection ends while the worker hashes: its
 * result is thrown away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "adapters/xmpp/sasl.h"
#include "base/mem.h"

#define MECHANISMS_MAX 32

struct login {
	struct work work;
	struct xmpp *x; /* lives until the work is done */
	struct sasl *sasl;
	char *challenge;
	struct strbuf response;
	struct err err;
	int rc;
	bool working;
	bool hashed;  /* the step with the hashing is behind us */
	bool success; /* the words came with <success/> */
	char mechanism[24];
};

void login_drop(struct xmpp *x)
{
	struct login *login = x->login;

	x->login = NULL;
	if (login != NULL && !login->working) {
		sasl_free(login->sasl);
		free(login->challenge);
		strbuf_done(&login->response);
		free(login);
	}
}

static void login_send(struct xmpp *x, struct login *login, bool first)
{
	struct strbuf out;

	strbuf_init(&out, STANZA_MAX);
	if (first) {
		stanza_addf(&out, "<auth xmlns='" NS_SASL "' mechanism='%s'>%s</auth>",
			    login->mechanism, login->response.buf);
	} else {
		stanza_addf(&out, "<response xmlns='" NS_SASL "'>%s</response>",
			    login->response.buf);
	}
	connect_send(x, &out);
	strbuf_done(&out);
}

static void login_succeeded(struct xmpp *x)
{
	bool complete = sasl_complete(x->login->sasl);

	login_drop(x);
	if (!complete) {
		connect_fail(x, ERR_REMOTE,
			     "the XMPP server did not prove that it knows the password");
		return;
	}
	connect_enter(x, PHASE_REOPEN, PHASE_MS);
	connect_open_stream(x);
}

static void login_run(struct work *work)
{
	struct login *login = work->data;

	login->rc = sasl_step(login->sasl, login->challenge, &login->response, &login->err);
}

static void login_stepped(struct xmpp *x, struct login *login)
{
	bool first = login->challenge == NULL;

	if (login->rc != 0) {
		connect_fail(x, ERR_REMOTE, "cannot log in: %s", login->err.msg);
	} else if (login->success) {
		login_succeeded(x);
	} else {
		login_send(x, login, first);
	}
}

static void login_done(struct work *work)
{
	struct login *login = work->data;
	struct xmpp *x = login->x;

	login->working = false;
	login->hashed = true;
	x->n_works--;
	if (x->login != login) { /* its connection is gone */
		struct login *current = x->login;

		x->login = login;
		login_drop(x);
		x->login = current;
		xmpp_try_finish(x);
		return;
	}
	login_stepped(x, login);
}

/* Hashing takes milliseconds, as many as the server likes: on the worker thread. The steps before and after it do not. */
static void login_step(struct xmpp *x, const char *challenge)
{
	struct login *login = x->login;

	free(login->challenge);
	login->challenge = mem_strdup(challenge);
	strbuf_reset(&login->response);
	if (challenge == NULL || login->hashed) {
		login_run(&login->work);
		login_stepped(x, login);
		return;
	}
	login->working = true;
	x->n_works++;
	work_start(x->loop, &login->work);
}

void login_start(struct xmpp *x, const struct xml *features)
{
	const struct xml *mechanisms = xml_child(features, "mechanisms", NS_SASL);
	const struct xml *one = xml_child(mechanisms, "mechanism", NS_SASL);
	const char *offered[MECHANISMS_MAX];
	const char *mechanism;
	struct err err = {0};
	struct login *login;
	size_t n = 0;

	for (; one != NULL && n < MECHANISMS_MAX; one = xml_again(one)) {
		offered[n++] = one->text;
	}
	mechanism = sasl_choose(offered, n);
	if (mechanism == NULL) {
		connect_fail(x, ERR_REMOTE,
			     "the XMPP server offers no SCRAM login; PLAIN is never used");
		return;
	}
	login = mem_alloc(sizeof(*login));
	strbuf_init(&login->response, STANZA_MAX);
	login->x = x;
	login->work.run = login_run;
	login->work.done = login_done;
	login->work.data = login;
	(void)snprintf(login->mechanism, sizeof(login->mechanism), "%s", mechanism);
	login->sasl = sasl_new(mechanism, x->account.node, x->password, &err);
	x->login = login;
	if (login->sasl == NULL) {
		connect_fail(x, err.kind, "%s", err.msg);
		return;
	}
	connect_enter(x, PHASE_LOGIN, PHASE_MS);
	login_step(x, NULL);
}

static void login_failed(struct xmpp *x, const struct xml *failure)
{
	static const char *const passing[] = {"temporary-auth-failure", "aborted"};
	char word[64];
	char why[200];
	const char *condition = xmpp_condition(failure, NS_SASL, word, sizeof(word));

	(void)snprintf(why, sizeof(why), "the XMPP server does not let '%.100s' in: %s",
		       x->account.bare, *condition != '\0' ? condition : "no reason given");
	for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
		if (strcmp(condition, passing[i]) == 0) {
			connect_fail(x, ERR_REMOTE, "%s", why);
			return;
		}
	}
	connect_refuse(x, why);
}

void login_hear(struct xmpp *x, const struct xml *xml)
{
	if (xml_is(xml, "failure", NS_SASL)) {
		login_failed(x, xml);
	} else if (x->login->working) {
		connect_fail(x, ERR_REMOTE, "the XMPP server speaks out of turn during the login");
	} else if (xml_is(xml, "challenge", NS_SASL)) {
		login_step(x, xml->text);
	} else if (xml_is(xml, "success", NS_SASL) && xml->text[0] == '\0') {
		login_succeeded(x);
	} else if (xml_is(xml, "success", NS_SASL)) {
		x->login->success = true;
		login_step(x, xml->text);
	}
}
