/* bearer.c - a token, or a sign-in that is kept fresh
 *
 * Happy path: when the pair is due its file is locked and read again, room for the new pair is taken on the disk, the refresh token is
 * sent, the new pair is written durably and only then used.
 *
 * Failure modes: another process has the lock (tried again by a timer) or has refreshed (its pair is taken, nothing is sent);
 * the folder cannot be written (nothing is sent, the pair stays good); the request never left, or DigitalOcean is ill (tried
 * again, later each time); the answer is lost (sent once more, then said: it may be used up); refused (signing in again is the
 * only way, the file is looked at until somebody did); the new pair cannot be written (used from memory, written as soon as it can be, and
 * said loudly, for a restart would lose it).
 */
#include "ocean/bearer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ocean/oauth.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define BEFORE_END_MS (7 * DAY_MS)
#define LOOK_MS (3600 * 1000) /* wall time may jump */
#define LOCK_AGAIN_MS 250
#define LOCK_MS 60000 /* another process has it for longer: something hangs there */
#define RESEND_MS 1000
#define AGAIN_FIRST_MS 30000
#define AGAIN_MOST_MS (3600 * 1000)
#define FILE_LOOK_MS 30000 /* has somebody signed in again? */
#define WAIT_MS 200        /* of requests, while it is refreshed */
#define YOUNG_MS 60000     /* a pair so new that a 401 is no reason for the next one */

enum step {
	STEP_IDLE,
	STEP_LOCK, /* it is due; the lock is tried for */
	STEP_SENT, /* the answer is awaited */
	STEP_RESEND,
};

struct bearer {
	struct loop *loop;
	char *account, *path, *url;
	void (*news)(void *, const struct ocean_news *);
	void *data;
	struct secret *header;
	unsigned turn;

	/* a sign-in; path NULL: none */
	struct http_pool *pool;
	struct secret *client_secret;
	struct timer timer;
	enum step step;
	int lock; /* -1: not held */
	int64_t lock_since_ms;
	int64_t again_ms; /* the latest wait after a failure; 0: none */
	bool resent;      /* the answer was lost once */
	bool refused;     /* a request with this pair got 401 */
	bool over;        /* the refresh token is used up, or refused */
	bool unsaved;     /* this pair is in memory only */
	bool told;        /* the trouble was told once */
	bool closing;
	bool passive;
	struct err why; /* of the latest failure */
	/* the large ones last: a token that is no sign-in touches none of them */
	struct oauth_grant grant;
	struct oauth_ask ask;
	struct oauth_save save;
};

static unsigned n_pending;

unsigned ocean_refreshes_pending(void)
{
	return n_pending;
}

const char *bearer_header(const struct bearer *bearer)
{
	return secret_reveal(bearer->header);
}

bool bearer_refreshes(const struct bearer *bearer)
{
	return bearer->path != NULL;
}

unsigned bearer_turn(const struct bearer *bearer)
{
	return bearer->turn;
}

/* ---- what is so now ----------------------------------------------------------------------- */

static int64_t due_ms(const struct oauth_grant *grant)
{
	int64_t life = grant->expires_ms - grant->issued_ms;

	return life / 2 > life - BEFORE_END_MS ? grant->issued_ms + life / 2
					       : grant->expires_ms - BEFORE_END_MS;
}

static bool is_spent(const struct bearer *b)
{
	return b->path != NULL && (b->refused || clock_wall_ms() >= b->grant.expires_ms);
}

int64_t bearer_wait_ms(const struct bearer *b)
{
	return is_spent(b) && b->step != STEP_IDLE ? WAIT_MS : 0;
}

static void tell(struct bearer *b, enum ocean_news_kind kind, const char *what, const char *more)
{
	const struct ocean_news news = {
		.kind = kind, .account = b->account, .what = what, .more = more};

	b->told = kind != OCEAN_NEWS_FINE;
	if (b->news != NULL) {
		b->news(b->data, &news);
	}
}

static void tell_sign_in(struct bearer *b, enum ocean_news_kind kind, const char *what)
{
	char more[400];

	(void)snprintf(more, sizeof(more), "Sign in again: sluice sign-in %.300s", b->path);
	tell(b, kind, what, more);
}

/* ---- a pair is taken ---------------------------------------------------------------------- */

static void schedule(struct bearer *b)
{
	int64_t now = clock_wall_ms();
	int64_t wait = due_ms(&b->grant) - now;

	if (b->passive) {
		return;
	}
	if (b->over) {
		wait = FILE_LOOK_MS;
	} else if (b->unsaved) {
		wait = AGAIN_FIRST_MS;
	}
	timer_start(&b->timer, wait < 0 ? 0 : wait < LOOK_MS ? wait : LOOK_MS);
}

/* The pair of grant is what requests carry from now on. */
static void use(struct bearer *b)
{
	secret_free(b->header);
	b->header = oauth_bearer(b->grant.access);
	b->turn++;
	b->refused = false;
	b->over = false;
	b->again_ms = 0;
	err_clear(&b->why);
}

static bool same(const struct secret *a, const struct secret *b)
{
	return strcmp(secret_reveal(a), secret_reveal(b)) == 0;
}

/* The file again: 1 when it holds another pair, which is taken; 0 when it does not; -1. */
static int look_at_file(struct bearer *b, struct err *err)
{
	struct oauth_grant grant;

	if (oauth_file_load(b->path, &grant, err) < 0) {
		return -1;
	}
	/* a pair in memory that could not be written is newer than the file, unless somebody signed in since */
	if (same(grant.access, b->grant.access) ||
	    (b->unsaved && grant.issued_ms <= b->grant.issued_ms)) {
		oauth_grant_done(&grant);
		return 0;
	}
	oauth_grant_done(&b->grant);
	b->grant = grant;
	explicit_bzero(&grant, sizeof(grant));
	b->unsaved = false;
	use(b);
	log_line(LOG_INFO, "ocean.sign-in", "account", b->account, "took", "the file's new pair",
		 NULL);
	return 1;
}

bool bearer_is_over(struct bearer *b, struct err *err)
{
	if (b->over && look_at_file(b, err) > 0) { /* somebody signed in again */
		timer_stop(&b->timer);
		schedule(b);
	}
	if (!is_spent(b) || b->why.kind == ERR_NONE) {
		return false;
	}
	if (b->over) {
		err_set(err, ERR_DENIED,
			"the sign-in of account \"%.60s\" at DigitalOcean is over: whoever keeps "
			"the bot must "
			"sign in again (sluice sign-in)",
			b->account);
	} else {
		err_set(err, ERR_DENIED,
			"the sign-in of account \"%.60s\" at DigitalOcean ran out: %.120s",
			b->account, b->why.msg);
	}
	return true;
}

/* ---- a refresh ---------------------------------------------------------------------------- */

static void release(struct bearer *b)
{
	oauth_save_abort(&b->save);
	if (b->lock >= 0) {
		oauth_unlock(b->lock);
		b->lock = -1;
	}
	secret_free(b->client_secret);
	b->client_secret = NULL;
	b->step = STEP_IDLE;
}

static void later(struct bearer *b, const struct err *err)
{
	char what[400];
	int64_t left = b->grant.expires_ms - clock_wall_ms();

	release(b);
	b->why = *err;
	b->again_ms = b->again_ms == 0 ? AGAIN_FIRST_MS : b->again_ms * 2;
	b->again_ms = b->again_ms < AGAIN_MOST_MS ? b->again_ms : AGAIN_MOST_MS;
	if (!b->told) {
		(void)snprintf(what, sizeof(what),
			       "The sign-in of account \"%.60s\" could not be refreshed: %s.",
			       b->account, err->msg);
		tell(b, OCEAN_NEWS_TROUBLE, what,
		     left > 0 ? "The one in use still works; I try again."
			      : "It has run out; I try again.");
	}
	timer_start(&b->timer, b->again_ms);
}

static void give_up(struct bearer *b, const struct err *err)
{
	char what[400];

	release(b);
	b->why = *err;
	b->over = true;
	(void)snprintf(what, sizeof(what), "The sign-in of account \"%.60s\" is lost: %s.",
		       b->account, err->msg);
	tell_sign_in(b, OCEAN_NEWS_LOST, what);
	schedule(b);
}

static void send(struct bearer *b);

static void on_answer(struct oauth_ask *ask, const struct err *err)
{
	struct bearer *b = ask->data;
	struct err save_err = {0};
	char what[400];

	n_pending--;
	if (b->closing) {
		return;
	}
	if (err != NULL && (err->kind == ERR_UNKNOWN || err->kind == ERR_TIMEOUT) && !b->resent) {
		/* it may be used up; only asking again tells */
		b->resent = true;
		b->step = STEP_RESEND;
		log_line(LOG_WARN, "ocean.sign-in", "account", b->account, "lost", err->msg, NULL);
		timer_start(&b->timer, RESEND_MS);
		return;
	}
	if (err != NULL && strcmp(ask->error, "invalid_grant") == 0) {
		give_up(b, err);
		return;
	}
	if (err != NULL) {
		later(b, err);
		return;
	}
	oauth_take(ask, &b->grant);
	b->unsaved = oauth_save_commit(&b->save, &b->grant, &save_err) < 0;
	use(b); /* not before it is written */
	release(b);
	if (b->unsaved) {
		(void)snprintf(
			what, sizeof(what),
			"The new sign-in of account \"%.60s\" is in memory only: %s. The next "
			"start would lose it.",
			b->account, save_err.msg);
		tell(b, OCEAN_NEWS_LOST, what,
		     "Do not restart; make its folder writable, I try again each 30 s.");
	} else {
		tell(b, OCEAN_NEWS_FINE, "refreshed", NULL);
	}
	schedule(b);
}

static void send(struct bearer *b)
{
	b->step = STEP_SENT;
	b->ask.verb = OAUTH_REFRESH;
	b->ask.url = b->url;
	b->ask.client_id = b->grant.client_id;
	b->ask.client_secret = b->client_secret;
	b->ask.token = b->grant.refresh;
	b->ask.done = on_answer;
	b->ask.data = b;
	n_pending++;
	oauth_start(b->pool, &b->ask);
}

/* A pair that could not be written, again. The lock is held. */
static void save_again(struct bearer *b)
{
	struct err err = {0};

	if (oauth_save_begin(&b->save, b->path, &err) == 0 &&
	    oauth_save_commit(&b->save, &b->grant, &err) == 0) {
		b->unsaved = false;
		tell(b, OCEAN_NEWS_FINE, "written now", NULL);
	}
	release(b);
	schedule(b);
}

/* The lock is held: nobody else refreshes now. */
static void locked(struct bearer *b)
{
	struct err err = {0};
	int looked = look_at_file(b, &err);

	if (looked < 0 && !b->unsaved) {
		later(b, &err);
		return;
	}
	if (looked > 0 && due_ms(&b->grant) > clock_wall_ms()) {
		release(b);
		tell(b, OCEAN_NEWS_FINE, "another process refreshed", NULL);
		schedule(b);
		return;
	}
	if (b->unsaved && due_ms(&b->grant) > clock_wall_ms() && !b->refused) {
		save_again(b);
		return;
	}
	b->client_secret = secret_load(b->grant.client_secret, &err);
	if (b->client_secret == NULL || oauth_save_begin(&b->save, b->path, &err) < 0) {
		later(b, &err);
		return;
	}
	b->resent = false;
	send(b);
}

static void try_lock(struct bearer *b)
{
	struct err err = {0};

	if (oauth_lock(b->path, &b->lock, &err) == 0) {
		locked(b);
	} else if (err.kind == ERR_CONFLICT && clock_mono_ms() - b->lock_since_ms < LOCK_MS) {
		timer_start(&b->timer, LOCK_AGAIN_MS);
	} else {
		b->lock = -1;
		later(b, &err);
	}
}

static void begin(struct bearer *b)
{
	b->step = STEP_LOCK;
	b->lock_since_ms = clock_mono_ms();
	try_lock(b);
}

static void on_timer(struct timer *timer)
{
	struct bearer *b = timer->data;
	struct err err = {0};

	if (b->step == STEP_LOCK) {
		try_lock(b);
	} else if (b->step == STEP_RESEND) {
		send(b);
	} else if (b->over) {
		if (look_at_file(b, &err) > 0) {
			tell(b, OCEAN_NEWS_FINE, "somebody signed in again", NULL);
		}
		schedule(b);
	} else if (b->unsaved || b->refused || due_ms(&b->grant) <= clock_wall_ms()) {
		begin(b);
	} else {
		schedule(b);
	}
}

static bool is_young(const struct bearer *b)
{
	int64_t age = clock_wall_ms() - b->grant.issued_ms;

	return age >= 0 && age < YOUNG_MS && clock_wall_ms() < due_ms(&b->grant);
}

bool bearer_refused(struct bearer *b, unsigned turn)
{
	struct err err = {0};

	if (b->path == NULL) {
		return false;
	}
	if (turn != b->turn || b->step != STEP_IDLE) {
		b->refused = b->refused || turn == b->turn;
		return true;
	}
	if (look_at_file(b, &err) > 0) {
		schedule(b);
		return true;
	}
	if (!b->refused && !b->over && !b->passive && !is_young(b)) {
		b->refused = true;
		timer_stop(&b->timer);
		begin(b);
		return true;
	}
	b->refused = true;
	return b->why.kind != ERR_NONE; /* what is wrong is said then, and nothing is sent */
}

/* ---- life --------------------------------------------------------------------------------- */

static int open_sign_in(struct bearer *b, const struct bearer_options *options, struct err *err)
{
	const struct http_options http = {.ca_file = options->ca_file,
					  .proxy = options->proxy,
					  .max_connections = 1,
					  .rare = true};

	b->save.fd = -1;
	if (oauth_file_load(b->path, &b->grant, err) < 0) {
		return -1;
	}
	b->pool = http_pool_new(b->loop, &http, err);
	if (b->pool == NULL) {
		return -1;
	}
	b->url = mem_strdup(options->oauth_url);
	use(b);
	timer_init(&b->timer, b->loop, on_timer, b);
	schedule(b);
	return 0;
}

struct bearer *bearer_open(struct loop *loop, const struct bearer_options *options, struct err *err)
{
	struct bearer *b = mem_table(sizeof(*b));
	struct secret *token;

	b->loop = loop;
	b->lock = -1;
	b->account = mem_strdup(options->account);
	b->news = options->news;
	b->data = options->data;
	b->passive = options->passive;
	b->path = mem_strdup(secret_oauth_path(options->place));
	if (b->path != NULL) {
		if (open_sign_in(b, options, err) < 0) {
			bearer_close(b);
			return NULL;
		}
		return b;
	}
	token = secret_load(options->place, err);
	if (token == NULL) {
		bearer_close(b);
		return NULL;
	}
	b->header = oauth_bearer(token);
	secret_free(token);
	return b;
}

void bearer_close(struct bearer *b)
{
	if (b == NULL) {
		return;
	}
	if (b->step == STEP_SENT || b->step == STEP_RESEND) {
		tell_sign_in(b, OCEAN_NEWS_LOST,
			     "The bot ended while a sign-in was refreshed: it may be lost.");
	}
	b->closing = true;
	http_pool_free(b->pool);
	timer_stop(&b->timer);
	if (b->path != NULL) {
		release(b);
		oauth_ask_done(&b->ask);
		oauth_grant_done(&b->grant);
	}
	secret_free(b->header);
	free(b->account);
	free(b->path);
	free(b->url);
	mem_table_free(b, sizeof(*b));
}
