/* code.h - one-time codes of a person (TOTP, RFC 6238: SHA-1, six digits, steps of 30 s): one use a step, five tries, locks
 *
 * What was used and who is locked is kept in the store, as a cursor "code/PERSON", and read once, by codes_new: a try
 * opens the person's secret (a small file) and nothing else. A code of the step before and of the step after fits too.
 *
 * The fifth wrong try locks: 5 min, then 10, 20 ... at most 24 h; a right code ends the row of locks. A clock that goes
 * back makes no lock longer than it was, and gives no used step back.
 */
#ifndef CODE_CODE_H
#define CODE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

#define CODE_TRIES 5

enum code_result {
	CODE_NONE = 0, /* the person has no code file, or it cannot be read: err says which */
	CODE_WRONG,
	CODE_USED,   /* a code of a step that was used, or of one before it; costs no try */
	CODE_LOCKED, /* nothing was looked at; or this was the last try */
	CODE_RIGHT,
};

struct codes;

/* Reads the states of all persons: at start, not while the loop runs. When they cannot be read, every try is CODE_NONE. */
struct codes *codes_new(struct store *store);
void codes_free(struct codes *codes); /* NULL is fine */

/* "123456" or "123 456", as phones type it (no-break and zero-width spaces); nothing beside it. */
bool codes_like(const char *text);

/*
 * One try. Its new state (tries, step, lock) goes into txn, whatever the result is: commit it always, and act on CODE_RIGHT
 * only after that commit. In memory it counts at once, so two tries in one turn cannot both use a step.
 *
 * secret_spec: as policy_person_code gives it; NULL: none. Text that is not codes_like is CODE_WRONG and costs no try.
 * ret_locked_until_ms: wall time, 0 when not locked; ret_tries_left: until the lock, 0 when locked. Both are always written;
 * NULL is fine. err is filled for CODE_NONE: NOTFOUND (no code is set up), CONFIG (cannot be read), STORE.
 *
 * A locked person is let out early by `sluice code unlock`: its marker is looked for, taken, and told in txn's audit.
 */
enum code_result codes_try(struct codes *codes, const char *person, const char *secret_spec,
			   const char *digits, int64_t now_ms, struct store_txn *txn,
			   int64_t *ret_locked_until_ms, unsigned *ret_tries_left, struct err *err);

/* A code that was typed where others read it: its step counts as used, nothing else. */
void codes_burn(struct codes *codes, const char *person, const char *secret_spec,
		const char *digits, int64_t now_ms, struct store_txn *txn);

/* ---- for the terminal ----------------------------------------------------------------------- */

/* Does the code fit now? Touches no state: a used one fits too. -1: as CODE_NONE. */
int codes_fit(const char *secret_spec, const char *digits, int64_t now_ms, bool *ret_fits,
	      struct err *err);

/* Until when is the person locked (0: not)? On a store opened for reading. -1: the store cannot be read. */
int codes_locked(struct store *store, const char *person, int64_t now_ms, int64_t *ret_until_ms,
		 struct err *err);

/*
 * Leaves the marker that lets a locked person out at the next try: a file beside the state file, "STATE.unlock-PERSON",
 * mode 0600. It counts when it belongs to root or to the bot's own user and is not older than the lock. ERR_DENIED: we are
 * neither.
 */
int codes_leave_unlock(const char *state_path, const char *person, struct err *err);

#endif
