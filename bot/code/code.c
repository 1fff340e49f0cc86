/* code.c - tries, used steps and locks of each person: decided in memory, kept in the store
 *
 * Happy path: the states are read at start; a try opens the secret, finds the step, counts in memory and puts the new state
 * into the caller's transaction.
 * Failure modes: the states cannot be read (every try is CODE_NONE); one of them is no text of ours (that person is locked
 * for the longest time, until the terminal says otherwise); the secret cannot be read (CODE_NONE, no try is counted); the
 * transaction fails (memory keeps what it counted: a step once used stays used).
 */
#include "code/code.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"
#include "code/totp.h"
#include "code/unlock.h"

#define PREFIX "code/"
#define FORM 1 /* of the text in the store */
#define LOCK_FIRST_MS (5 * 60 * 1000LL)
#define LOCK_MOST_MS (24 * 60 * 60 * 1000LL)
#define LOCKS_MOST 10 /* more double nothing */

struct state {
	int64_t used_step; /* this one and all before it */
	unsigned tries;    /* wrong ones since the last lock or right one */
	unsigned locks;    /* in a row */
	int64_t locked_until_ms;
};

struct codes {
	struct store *store;
	struct map states; /* by person */
	struct err broken; /* the states could not be read */
};

/* ---- what was typed ------------------------------------------------------------------------- */

/* Bytes of a space that has no width, or that stands between groups; 0: none here. */
static size_t space_at(const char *text, bool *ret_wide)
{
	static const struct {
		const char *bytes;
		bool wide;
	} spaces[] = {
		{" ", true},
		{"\xc2\xa0", true},      /* no-break */
		{"\xe2\x80\x82", true},  /* en */
		{"\xe2\x80\x83", true},  /* em */
		{"\xe2\x80\x87", true},  /* figure */
		{"\xe2\x80\x89", true},  /* thin */
		{"\xe2\x80\xaf", true},  /* narrow no-break */
		{"\xe2\x80\x8b", false}, /* zero-width */
		{"\xe2\x80\x8c", false},
		{"\xe2\x80\x8d", false},
		{"\xe2\x80\x8e", false}, /* left-to-right mark */
		{"\xe2\x81\xa0", false},
		{"\xef\xbb\xbf", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
		size_t n = strlen(spaces[i].bytes);

		if (strncmp(text, spaces[i].bytes, n) == 0) {
			*ret_wide = spaces[i].wide;
			return n;
		}
	}
	return 0;
}

static bool read_digits(const char *text, char ret_digits[TOTP_DIGITS + 1])
{
	size_t n = 0;
	size_t n_inside = 0;
	bool wide = false;

	for (size_t space; *text != '\0'; text += space > 0 ? space : 1) {
		space = space_at(text, &wide);
		if (space > 0) {
			if (wide && n != 0 && n != TOTP_DIGITS && (n != 3 || n_inside++ > 0)) {
				return false;
			}
			continue;
		}
		if (*text < '0' || *text > '9' || n == TOTP_DIGITS) {
			return false;
		}
		ret_digits[n++] = *text;
	}
	ret_digits[n] = '\0';
	return n == TOTP_DIGITS;
}

bool codes_like(const char *text)
{
	char digits[TOTP_DIGITS + 1];
	bool like = read_digits(text, digits);

	explicit_bzero(digits, sizeof(digits));
	return like;
}

/* ---- states in the store -------------------------------------------------------------------- */

static void save(const char *person, const struct state *state, struct store_txn *txn)
{
	char name[128];
	char value[96];

	(void)snprintf(name, sizeof(name), PREFIX "%s", person);
	(void)snprintf(value, sizeof(value), "%d %" PRId64 " %u %u %" PRId64, FORM,
		       state->used_step, state->tries, state->locks, state->locked_until_ms);
	store_txn_cursor(txn, name, value);
}

static bool parse(const char *value, struct state *ret_state)
{
	static const int64_t most[] = {FORM, INT64_MAX, CODE_TRIES, LOCKS_MOST, INT64_MAX};
	int64_t numbers[ARRAY_LEN(most)];

	for (size_t i = 0; i < ARRAY_LEN(most); i++) {
		char *end = NULL;

		if (*value < '0' || *value > '9') {
			return false;
		}
		errno = 0;
		numbers[i] = strtoll(value, &end, 10);
		if (errno != 0 || numbers[i] > most[i] ||
		    *end != (i + 1 < ARRAY_LEN(most) ? ' ' : '\0')) {
			return false;
		}
		value = end + 1;
	}
	if (numbers[0] != FORM || (numbers[4] > 0 && numbers[3] == 0)) {
		return false;
	}
	*ret_state = (struct state){.used_step = numbers[1],
				    .tries = (unsigned)numbers[2],
				    .locks = (unsigned)numbers[3],
				    .locked_until_ms = numbers[4]};
	return true;
}

static struct state *state_of(struct codes *codes, const char *person)
{
	struct state *state = map_get(&codes->states, person);

	if (state == NULL) {
		state = mem_alloc(sizeof(*state));
		(void)map_put(&codes->states, person, state);
	}
	return state;
}

static int take_state(const char *person, const char *value, void *data)
{
	struct state *state = state_of(data, person);

	if (!parse(value, state)) {
		/* not known what was used: nothing counts until the longest lock is over */
		*state = (struct state){.locks = LOCKS_MOST, .locked_until_ms = INT64_MAX};
	}
	return 0;
}

struct codes *codes_new(struct store *store)
{
	struct codes *codes = mem_alloc(sizeof(*codes));

	codes->store = store;
	map_init(&codes->states);
	if (store_each_cursor(store, PREFIX, take_state, codes, &codes->broken) < 0) {
		(void)err_prefix(&codes->broken, "cannot read which codes were used");
	}
	return codes;
}

void codes_free(struct codes *codes)
{
	if (codes != NULL) {
		map_done(&codes->states, free);
		free(codes);
	}
}

/* ---- locks ---------------------------------------------------------------------------------- */

static int64_t lock_ms(unsigned locks)
{
	int64_t ms = LOCK_FIRST_MS;

	for (unsigned i = 1; i < locks && ms < LOCK_MOST_MS; i++) {
		ms *= 2;
	}
	return ms < LOCK_MOST_MS ? ms : LOCK_MOST_MS;
}

static bool is_locked(struct state *state, int64_t now_ms)
{
	if (state->locked_until_ms > now_ms) {
		int64_t most = now_ms + lock_ms(state->locks);

		if (state->locked_until_ms > most) {
			state->locked_until_ms = most; /* the clock went back */
		}
		return true;
	}
	state->locked_until_ms = 0;
	return false;
}

/* True: the terminal has let the person out. */
static bool let_out(struct codes *codes, const char *person, struct state *state, int64_t now_ms,
		    struct store_txn *txn)
{
	int64_t locked_at_ms = state->locked_until_ms - lock_ms(state->locks);
	char outcome[64];
	struct audit_row row = {
		.at_ms = now_ms, .kind = "code-unlock", .person = person, .outcome = outcome};
	uid_t by;

	if (!unlock_take(store_path(codes->store), person, locked_at_ms, &by)) {
		return false;
	}
	state->tries = 0;
	state->locks = 0;
	state->locked_until_ms = 0;
	(void)snprintf(outcome, sizeof(outcome), "unlocked from the terminal by user id %lld",
		       (long long)by);
	audit_add(txn, &row);
	return true;
}

static enum code_result count_wrong(struct state *state, int64_t now_ms)
{
	if (++state->tries < CODE_TRIES) {
		return CODE_WRONG;
	}
	state->tries = 0;
	if (state->locks < LOCKS_MOST) {
		state->locks++;
	}
	state->locked_until_ms = now_ms + lock_ms(state->locks);
	return CODE_LOCKED;
}

/* ---- a try ---------------------------------------------------------------------------------- */

/* *ret_step: -1 when the code fits no step of now. */
static int find_step(const char *person, const char *secret_spec,
		     const char digits[TOTP_DIGITS + 1], int64_t now_ms, int64_t *ret_step,
		     struct err *err)
{
	struct totp_key key;

	if (secret_spec == NULL) {
		return err_set(err, ERR_NOTFOUND, "no code is set up for \"%.64s\"", person);
	}
	if (totp_load(secret_spec, &key, err) < 0) {
		return -1;
	}
	*ret_step = totp_match(&key, digits, now_ms);
	totp_wipe(&key);
	return 0;
}

static enum code_result judge(struct state *state, const char *person, const char *secret_spec,
			      const char *typed, int64_t now_ms, struct err *err)
{
	char digits[TOTP_DIGITS + 1];
	int64_t step = -1;
	bool like = read_digits(typed, digits);
	/* of text that is no code only this is asked: is there a secret at all? */
	int rc = find_step(person, secret_spec, like ? digits : "......", now_ms, &step, err);

	explicit_bzero(digits, sizeof(digits));
	if (rc < 0) {
		return CODE_NONE;
	}
	if (!like) {
		return CODE_WRONG;
	}
	if (step < 0) {
		return count_wrong(state, now_ms);
	}
	if (step <= state->used_step) {
		return CODE_USED;
	}
	*state = (struct state){.used_step = step};
	return CODE_RIGHT;
}

enum code_result codes_try(struct codes *codes, const char *person, const char *secret_spec,
			   const char *digits, int64_t now_ms, struct store_txn *txn,
			   int64_t *ret_locked_until_ms, unsigned *ret_tries_left, struct err *err)
{
	struct state none = {0};
	struct state *state = &none;
	struct state before;
	enum code_result result = CODE_NONE;

	if (codes->broken.kind != ERR_NONE) {
		err_copy(err, &codes->broken);
		goto out;
	}
	state = state_of(codes, person);
	before = *state;
	if (is_locked(state, now_ms) && !let_out(codes, person, state, now_ms, txn)) {
		result = CODE_LOCKED;
	} else {
		result = judge(state, person, secret_spec, digits, now_ms, err);
	}
	if (memcmp(&before, state, sizeof(before)) != 0) {
		save(person, state, txn);
	}
out:
	if (ret_locked_until_ms != NULL) {
		*ret_locked_until_ms = state->locked_until_ms;
	}
	if (ret_tries_left != NULL) {
		*ret_tries_left = state->locked_until_ms > 0 ? 0 : CODE_TRIES - state->tries;
	}
	return result;
}

void codes_burn(struct codes *codes, const char *person, const char *secret_spec, const char *typed,
		int64_t now_ms, struct store_txn *txn)
{
	char digits[TOTP_DIGITS + 1];
	int64_t step = -1;
	struct state *state;

	if (codes->broken.kind != ERR_NONE || !read_digits(typed, digits)) {
		return;
	}
	if (find_step(person, secret_spec, digits, now_ms, &step, NULL) == 0 && step >= 0) {
		state = state_of(codes, person);
		if (step > state->used_step) {
			state->used_step = step;
			save(person, state, txn);
		}
	}
	explicit_bzero(digits, sizeof(digits));
}

/* ---- for the terminal ----------------------------------------------------------------------- */

int codes_fit(const char *secret_spec, const char *typed, int64_t now_ms, bool *ret_fits,
	      struct err *err)
{
	char digits[TOTP_DIGITS + 1];
	int64_t step = -1;
	bool like = read_digits(typed, digits);
	int rc =
		find_step("this person", secret_spec, like ? digits : "......", now_ms, &step, err);

	explicit_bzero(digits, sizeof(digits));
	if (rc == 0) {
		*ret_fits = like && step >= 0;
	}
	return rc;
}

int codes_locked(struct store *store, const char *person, int64_t now_ms, int64_t *ret_until_ms,
		 struct err *err)
{
	struct codes *codes = codes_new(store);
	struct state *state = state_of(codes, person);
	int rc = -1;

	if (codes->broken.kind != ERR_NONE) {
		err_copy(err, &codes->broken);
	} else {
		*ret_until_ms = is_locked(state, now_ms) ? state->locked_until_ms : 0;
		rc = 0;
	}
	codes_free(codes);
	return rc;
}
