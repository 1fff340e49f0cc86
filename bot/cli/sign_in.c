/* sign_in.c - `sluice sign-in` and `sluice sign-out`: an account at DigitalOcean by OAuth, without a token that is typed anywhere
 *
 * Happy path: print the address where a person agrees, hear the callback on this machine (or read what is pasted), turn the
 * code into a pair of tokens, write them into FILE. Failure modes: refused, a callback that is not ours (another `state`), nothing within
 * ten minutes, DigitalOcean's refusal, a folder that cannot be written - which is tried before anybody is asked for anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "loop/httpd.h"
#include "loop/input.h"
#include "ocean/oauth.h"
#include "ocean/url.h"

#define STATE_BYTES 16
#define STATE_SIZE (2 * STATE_BYTES + 1)
#define WAIT_MS (10 * 60 * 1000)
#define LOCK_MS 60000
#define LOCK_LOOK_MS 200
#define LISTEN "127.0.0.1:8477"
#define LINE_MAX_BYTES 8192
#define CODE_SIZE 2048

struct signing {
	const char *path, *client_id, *place, *scope, *listen;
	const char *ocean_url, *oauth_url, *ca_file, *proxy;
	bool paste;

	struct loop *loop;
	struct http_pool *pool;
	char *url; /* of OAuth */
	struct secret *client_secret;
	struct oauth_grant grant;
	int lock;
	char redirect[300];
	char state[STATE_SIZE];
	char code[CODE_SIZE];
	bool got;      /* a code, or a refusal */
	bool ended;    /* of the input */
	bool answered; /* by DigitalOcean */
	struct err err;
};

static int help_in(FILE *to)
{
	fputs("usage: sluice sign-in FILE --client-id ID --client-secret PLACE [--scope WORDS]\n"
	      "                      [--listen 127.0.0.1:PORT | --paste]\n\n"
	      "Signs in to DigitalOcean by OAuth and keeps the two tokens in FILE, which the "
	      "policy "
	      "then names\nas \"oauth:FILE\". The bot refreshes them by itself.\n\n"
	      "  --client-id ID        of the app that the team registered at DigitalOcean\n"
	      "  --client-secret PLACE where its secret is: file:/PATH, env:NAME or "
	      "credential:NAME; the bot needs it too\n"
	      "  --scope WORDS         what the tokens may do, as sluice scopes prints it (read)\n"
	      "  --listen ADDR:PORT    where the callback comes (" LISTEN
	      "); register http://ADDR:PORT/callback\n"
	      "  --paste               no callback: paste the address that the browser ends at\n"
	      "  --ocean-url, --oauth-url, --ca-file, --proxy   as for sluice run\n\n"
	      "exit: 0 signed in, 1 not, 2 wrong use\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int help_out(FILE *to)
{
	fputs("usage: sluice sign-out FILE [--ocean-url URL] [--oauth-url URL] [--ca-file FILE] "
	      "[--proxy URL]\n\n"
	      "Revokes the tokens of a sign-in at DigitalOcean, and removes FILE.\n\n"
	      "exit: 0 signed out, 1 not (FILE stays), 2 wrong use\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int complain(const char *command, const struct err *err)
{
	fprintf(stderr, "sluice %s: %s\n", command, err->msg);
	return 1;
}

/* ---- the code ----------------------------------------------------------------------------- */

/* Every byte is looked at, so the time says nothing about how much was right. */
static bool same_state(const char *a, const char *b)
{
	unsigned char differs = strlen(a) != strlen(b);

	for (size_t i = 0; a[i] != '\0' && b[i] != '\0'; i++) {
		differs |= (unsigned char)(a[i] ^ b[i]);
	}
	return differs == 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* One value of a query, decoded; "" when it is absent, too long or broken. */
static void value_of(const char *query, const char *key, char *buf, size_t size)
{
	size_t key_len = strlen(key);
	size_t n = 0;

	buf[0] = '\0';
	while (strncmp(query, key, key_len) != 0 || query[key_len] != '=') {
		query = strchr(query, '&');
		if (query == NULL) {
			return;
		}
		query++;
	}
	for (query += key_len + 1; *query != '\0' && *query != '&' && *query != '#'; query++) {
		int c = *query == '+' ? ' ' : (unsigned char)*query;

		if (*query == '%') {
			int high = hex(query[1]);
			int low = high >= 0 ? hex(query[2]) : -1;

			if (low < 0) {
				n = 0;
				break;
			}
			c = high * 16 + low;
			query += 2;
		}
		if (n + 1 >= size || c < 0x20 || c == 0x7f) {
			n = 0;
			break;
		}
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
}

static bool code_valid(const char *code)
{
	size_t n =
		strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

	return n > 0 && n < CODE_SIZE && code[n] == '\0';
}

static void refuse(struct signing *s, const char *error)
{
	s->got = true;
	err_set(&s->err, ERR_DENIED, "%s",
		strcmp(error, "access_denied") == 0
			? "signing in was refused at DigitalOcean (access_denied)"
		: strcmp(error, "invalid_scope") == 0
			? "DigitalOcean does not know one of the scopes (invalid_scope)"
		: strcmp(error, "consent_required") == 0
			? "somebody of the team must agree first (consent_required)"
		: strcmp(error, "login_required") == 0
			? "somebody must log in at DigitalOcean first (login_required)"
			: "DigitalOcean refused to sign in");
}

/* What the browser brought: true when it is an answer to our question. */
static bool take_query(struct signing *s, const char *query)
{
	char state[STATE_SIZE + 1];
	char error[64];

	value_of(query, "state", state, sizeof(state));
	if (s->got || !same_state(state, s->state)) {
		return false;
	}
	value_of(query, "error", error, sizeof(error));
	value_of(query, "code", s->code, sizeof(s->code));
	if (error[0] != '\0') {
		refuse(s, error);
	} else if (code_valid(s->code)) {
		s->got = true;
	}
	return s->got;
}

static void on_callback(const char *method, const char *path, const char *query,
			struct httpd_answer *answer, void *data)
{
	struct signing *s = data;

	if (strcmp(method, "GET") != 0 || strcmp(path, "/callback") != 0) {
		answer->status = 404;
		(void)strbuf_adds(&answer->body, "there is /callback\n");
	} else if (!take_query(s, query)) {
		answer->status = 400;
		(void)strbuf_adds(&answer->body, "This is not the sign-in that was asked for. "
						 "Open the address in the terminal.\n");
	} else {
		(void)strbuf_adds(&answer->body,
				  s->err.kind == ERR_NONE
					  ? "Thank you. The terminal says how it went.\n"
					  : "Nothing was signed in. The terminal says why.\n");
	}
}

static void on_line(const char *line, size_t len, void *data)
{
	struct signing *s = data;
	const char *query = strchr(line, '?');

	while (len > 0 && *line == ' ') {
		line++;
		len--;
	}
	if (s->got || len == 0) {
		return;
	}
	if (query != NULL) {
		if (!take_query(s, query + 1)) {
			puts("That address is of another sign-in, or holds no code. Once more:");
		}
	} else if (code_valid(line)) {
		(void)snprintf(s->code, sizeof(s->code), "%s", line);
		s->got = true;
	} else {
		puts("That is neither a code nor an address. Once more:");
	}
	(void)fflush(stdout);
}

static void on_long(size_t len, void *data)
{
	(void)len;
	(void)data;
	puts("That is too long for a code. Once more:");
	(void)fflush(stdout);
}

static void on_end(void *data)
{
	((struct signing *)data)->ended = true;
}

static bool has_code(void *data)
{
	const struct signing *s = data;

	return s->got || (s->paste && s->ended);
}

static void print_address(const struct signing *s)
{
	struct strbuf url;

	strbuf_init(&url, 8192);
	(void)strbuf_addf(&url, "%s/authorize?response_type=code&client_id=", s->url);
	ocean_url_add(&url, s->client_id);
	(void)strbuf_adds(&url, "&redirect_uri=");
	ocean_url_add(&url, s->redirect);
	(void)strbuf_adds(&url, "&scope=");
	ocean_url_add(&url, s->scope);
	(void)strbuf_addf(&url, "&state=%s", s->state);
	printf("Open this address, choose the team, and agree:\n\n%s\n\n", url.buf);
	puts(s->paste
		     ? "Then paste the address that the browser ends at (it shows no page), or the "
		       "code in it:"
		     : "Waiting for the browser to come back, ten minutes at most.");
	(void)fflush(stdout);
	strbuf_done(&url);
}

static int wait_for_code(struct signing *s)
{
	const struct httpd_options http = {.listen = s->listen, .handle = on_callback, .data = s};
	const struct input_options keys = {.fd = STDIN_FILENO,
					   .line_max = LINE_MAX_BYTES,
					   .on_line = on_line,
					   .on_long = on_long,
					   .on_end = on_end,
					   .data = s};
	struct httpd *httpd = s->paste ? NULL : httpd_open(s->loop, &http, &s->err);
	struct input *input = s->paste ? input_open(s->loop, &keys, &s->err) : NULL;

	if (httpd == NULL && input == NULL) {
		return -1;
	}
	if (httpd != NULL) { /* port 0: any */
		(void)snprintf(s->redirect, sizeof(s->redirect), "http://%.*s:%d/callback",
			       (int)(strrchr(s->listen, ':') - s->listen), s->listen,
			       httpd_port(httpd));
	} else {
		(void)snprintf(s->redirect, sizeof(s->redirect), "http://%.200s/callback",
			       s->listen);
		input_resume(input);
	}
	print_address(s);
	(void)loop_run_until(s->loop, has_code, s, WAIT_MS);
	input_close(input);
	httpd_close(httpd);
	if (!s->got) {
		return err_set(
			&s->err, ERR_TIMEOUT,
			s->ended ? "the input ended without a code; nothing was signed in"
				 : "nobody came back within ten minutes; nothing was signed in");
	}
	return s->err.kind == ERR_NONE ? 0 : -1;
}

/* ---- DigitalOcean ------------------------------------------------------------------------- */

static void on_answer(struct oauth_ask *ask, const struct err *err)
{
	struct signing *s = ask->data;

	s->answered = true;
	err_copy(&s->err, err);
}

static bool is_answered(void *data)
{
	return ((struct signing *)data)->answered;
}

static int ask_and_wait(struct signing *s, struct oauth_ask *ask)
{
	ask->url = s->url;
	ask->client_secret = s->client_secret;
	ask->done = on_answer;
	ask->data = s;
	s->answered = false;
	oauth_start(s->pool, ask);
	(void)loop_run_until(s->loop, is_answered, s, WAIT_MS); /* it has deadlines of its own */
	return s->answered && s->err.kind == ERR_NONE ? 0 : -1;
}

static bool try_lock(void *data)
{
	struct signing *s = data;

	err_clear(&s->err);
	return oauth_lock(s->path, &s->lock, &s->err) == 0 || s->err.kind != ERR_CONFLICT;
}

static void nothing(struct timer *timer)
{
	timer_start(timer, LOCK_LOOK_MS);
}

/* A bot may be refreshing just now. */
static int take_lock(struct signing *s)
{
	struct timer turn;

	timer_init(&turn, s->loop, nothing, s);
	timer_start(&turn, LOCK_LOOK_MS); /* the loop's turns, in which it is tried */
	(void)loop_run_until(s->loop, try_lock, s, LOCK_MS);
	timer_stop(&turn);
	return s->lock >= 0 ? 0 : -1;
}

static int open_parts(struct signing *s)
{
	const struct http_options http = {
		.ca_file = s->ca_file, .proxy = s->proxy, .max_connections = 1};

	s->lock = -1;
	s->loop = loop_new(&s->err);
	s->url = ocean_oauth_url(s->oauth_url, s->ocean_url, &s->err);
	s->pool = s->loop != NULL && s->url != NULL ? http_pool_new(s->loop, &http, &s->err) : NULL;
	return s->pool != NULL ? 0 : -1;
}

static void close_parts(struct signing *s)
{
	if (s->lock >= 0) {
		oauth_unlock(s->lock);
	}
	http_pool_free(s->pool);
	if (s->loop != NULL) {
		loop_free(s->loop);
	}
	secret_free(s->client_secret);
	oauth_grant_done(&s->grant);
	explicit_bzero(s->code, sizeof(s->code));
	free(s->url);
}

/* ---- sign-in ------------------------------------------------------------------------------ */

static int make_state(struct signing *s)
{
	unsigned char bytes[STATE_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		return err_set(&s->err, ERR_STORE, "the system gives no random bytes");
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		(void)snprintf(s->state + 2 * i, 3, "%02x", bytes[i]);
	}
	return 0;
}

/* Can the pair be kept? Asked before a person does anything. */
static int try_folder(struct signing *s)
{
	struct oauth_save save;

	if (take_lock(s) < 0 || oauth_save_begin(&save, s->path, &s->err) < 0) {
		return -1;
	}
	oauth_save_abort(&save);
	oauth_unlock(s->lock);
	s->lock = -1;
	return 0;
}

static int keep(struct signing *s, struct oauth_ask *ask)
{
	struct oauth_save save;

	(void)snprintf(s->grant.client_id, sizeof(s->grant.client_id), "%s", s->client_id);
	(void)snprintf(s->grant.client_secret, sizeof(s->grant.client_secret), "%s", s->place);
	(void)snprintf(s->grant.scope, sizeof(s->grant.scope), "%s", s->scope);
	oauth_take(ask, &s->grant);
	return oauth_save_begin(&save, s->path, &s->err) < 0 ||
			       oauth_save_commit(&save, &s->grant, &s->err) < 0
		       ? -1
		       : 0;
}

static void print_result(const struct signing *s)
{
	char until[CLOCK_TEXT_SIZE];

	printf("Signed in%s%s%s, until %s.\n", s->grant.team[0] != '\0' ? " to team \"" : "",
	       s->grant.team, s->grant.team[0] != '\0' ? "\"" : "",
	       clock_format(s->grant.expires_ms, until, sizeof(until)));
	printf("The bot refreshes it before that. In the policy file:\n\n"
	       "accounts:\n  main: {token: \"oauth:%s\"}\n",
	       s->path);
}

static int sign_in(struct signing *s)
{
	struct oauth_ask ask = {.verb = OAUTH_EXCHANGE};
	int rc = -1;

	if (open_parts(s) < 0 || make_state(s) < 0) {
		return -1;
	}
	s->client_secret = secret_load(s->place, &s->err);
	if (s->client_secret == NULL || try_folder(s) < 0 || wait_for_code(s) < 0 ||
	    take_lock(s) < 0) {
		return -1;
	}
	ask.client_id = s->client_id;
	ask.code = s->code;
	ask.redirect = s->redirect;
	if (ask_and_wait(s, &ask) == 0 && keep(s, &ask) == 0) {
		print_result(s);
		rc = 0;
	}
	oauth_ask_done(&ask);
	return rc;
}

/* ---- sign-out ----------------------------------------------------------------------------- */

static int sign_out(struct signing *s)
{
	struct oauth_ask ask = {.verb = OAUTH_REVOKE};
	char beside[OAUTH_PATH_SIZE + 8];
	int rc;

	if (open_parts(s) < 0 || take_lock(s) < 0 ||
	    oauth_file_load(s->path, &s->grant, &s->err) < 0) {
		return -1;
	}
	s->client_secret = secret_load(s->grant.client_secret, &s->err);
	if (s->client_secret == NULL) {
		return -1;
	}
	ask.client_id = s->grant.client_id;
	ask.token = s->grant.access;
	rc = ask_and_wait(s, &ask);
	oauth_ask_done(&ask);
	if (rc < 0) {
		return -1;
	}
	if (unlink(s->path) < 0) {
		return err_set(&s->err, ERR_STORE,
			       "the tokens are revoked, but \"%.100s\" could not be removed",
			       s->path);
	}
	(void)snprintf(beside, sizeof(beside), "%s.new", s->path);
	(void)unlink(beside);
	printf("Signed out%s%s%s; %s is gone.\n", s->grant.team[0] != '\0' ? " of team \"" : "",
	       s->grant.team, s->grant.team[0] != '\0' ? "\"" : "", s->path);
	return 0;
}

/* ---- the words ---------------------------------------------------------------------------- */

/* 0; -1: said on standard error. */
static int read_words(struct signing *s, int argc, char **argv, bool in)
{
	const struct {
		const char *flag;
		const char **to;
		bool in_only;
	} flags[] = {{"--client-id", &s->client_id, true},  {"--client-secret", &s->place, true},
		     {"--scope", &s->scope, true},          {"--listen", &s->listen, true},
		     {"--ocean-url", &s->ocean_url, false}, {"--oauth-url", &s->oauth_url, false},
		     {"--ca-file", &s->ca_file, false},     {"--proxy", &s->proxy, false}};

	for (int i = 1; i < argc; i++) {
		size_t row = 0;

		if (in && strcmp(argv[i], "--paste") == 0) {
			s->paste = true;
			continue;
		}
		if (argv[i][0] != '-' && s->path == NULL) {
			s->path = argv[i];
			continue;
		}
		while (row < ARRAY_LEN(flags) &&
		       (strcmp(argv[i], flags[row].flag) != 0 || (flags[row].in_only && !in))) {
			row++;
		}
		if (row == ARRAY_LEN(flags) || i + 1 == argc) {
			fprintf(stderr, "sluice %s: \"%s\" is no option, or has no value\n\n",
				argv[0], log_looks_secret(argv[i]) ? "..." : argv[i]);
			return -1;
		}
		*flags[row].to = argv[++i];
	}
	return 0;
}

static const char *wrong_words(const struct signing *s, bool in)
{
	if (s->path == NULL || s->path[0] != '/' || strlen(s->path) > 4000) {
		return "name the FILE by its whole path, as the policy will";
	}
	if (!in) {
		return NULL;
	}
	if (s->client_id == NULL || !oauth_id_valid(s->client_id)) {
		return "--client-id is missing: the app's, from DigitalOcean's page of OAuth "
		       "applications";
	}
	if (s->place == NULL || !secret_spec_valid(s->place)) {
		return "--client-secret must say where the secret is: file:/PATH, env:NAME or "
		       "credential:NAME";
	}
	if (strlen(s->scope) >= OAUTH_SCOPE_SIZE / 2 ||
	    strspn(s->scope, "abcdefghijklmnopqrstuvwxyz0123456789_: ") != strlen(s->scope)) {
		return "--scope is words such as \"droplet:read tag:read\"";
	}
	if (strncmp(s->listen, "127.0.0.1:", 10) != 0 && strncmp(s->listen, "[::1]:", 6) != 0) {
		return "--listen must be an address of this machine itself: 127.0.0.1:PORT or "
		       "[::1]:PORT";
	}
	return NULL;
}

static int run(int argc, char **argv, bool in)
{
	struct signing s = {.scope = "read", .listen = LISTEN, .lock = -1};
	const char *wrong;
	int rc;

	if (cli_wants_help(argc, argv) || read_words(&s, argc, argv, in) < 0) {
		return (in ? help_in : help_out)(cli_wants_help(argc, argv) ? stdout : stderr);
	}
	wrong = wrong_words(&s, in);
	if (wrong != NULL) {
		fprintf(stderr, "sluice %s: %s\n\n", argv[0], wrong);
		return (in ? help_in : help_out)(stderr);
	}
	log_configure(LOG_ERROR, false);
	rc = in ? sign_in(&s) : sign_out(&s);
	close_parts(&s);
	return rc == 0 ? 0 : complain(argv[0], &s.err);
}

int sign_in_main(int argc, char **argv)
{
	return run(argc, argv, true);
}

int sign_out_main(int argc, char **argv)
{
	return run(argc, argv, false);
}
