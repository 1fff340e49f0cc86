/* faults.h - what goes wrong, and when: rules as text, one line each
 *
 *   nth=2 method=POST path=*actions kind=timeout-after-send
 *
 * A line is words "key=value" in any order; `kind` must be there:
 *   method=WORD    only this method; absent: every
 *   path=GLOB      '*' fits any run of characters; held against the path, and against path?query when it has a '?'
 *   nth=N          from the N-th fitting call on (absent or "every": every call); with nth one call, unless
 *   times=N        says how many
 *   commit=yes|no  does the request reach the model? (reset yes, reset-mid-body yes, torn-json yes, html-502, 503, 404,
 *                  429 and failed-page no; timeout-before never, timeout-after-send always)
 *   ms=N  page=N  retry-after=N  host=NAME   what a kind needs
 *
 *   kind                 what the asker sees
 *   timeout-before       no answer ever; the request never reached the model
 *   timeout-after-send   no answer ever; the request was carried out
 *   refused              no connection: it never left (on a socket: reset with commit=no)
 *   reset                the connection is reset before the first byte of the answer
 *   reset-mid-body       the connection is reset after half of the body
 *   html-502             502 with a page of HTML, as from DigitalOcean's front
 *   503                  503 as JSON (commit=yes: after it was carried out)
 *   slow                 the answer comes ms later (default 2000)
 *   torn-json            a whole HTTP answer whose JSON ends in the middle
 *   429                  429, with retry-after when the line has it
 *   404                  404 "The resource you requested could not be found."
 *   failed-page          500 for page=N of a list (default 2)
 *   list-shifts          something came on top of the list since the page before: its last entry comes again (page=N,
 *                        default 2)
 *   other-host-link      the page links lead to another host (default evil.example)
 *   action-errors        the action that the call starts ends as errored
 *   action-never-ends    ... stays in progress for ever
 *   completed-unchanged  ... is completed, the droplet as before
 *   action-lags          ... is completed, the droplet's status follows ms later (default 5000)
 *   action-takes         ... takes ms
 *   action-no-end-time   ... ends as it should, and its completed_at stays null
 *
 * The first rule that is due wins; every rule that fits counts the call.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

enum fault_kind {
	FAULT_NONE = 0,
	FAULT_TIMEOUT_BEFORE,
	FAULT_TIMEOUT_AFTER_SEND,
	FAULT_REFUSED,
	FAULT_RESET,
	FAULT_RESET_MID_BODY,
	FAULT_HTML_502,
	FAULT_503,
	FAULT_SLOW,
	FAULT_TORN_JSON,
	FAULT_429,
	FAULT_404,
	FAULT_422, /* "please try again" */
	FAULT_FAILED_PAGE,
	FAULT_LIST_SHIFTS,
	FAULT_OTHER_HOST_LINK,
	FAULT_ACTION_ERRORS,
	FAULT_ACTION_NEVER_ENDS,
	FAULT_COMPLETED_UNCHANGED,
	FAULT_ACTION_LAGS,
	FAULT_ACTION_TAKES,
	FAULT_ACTION_NO_END_TIME,
};

struct fault {
	enum fault_kind kind;
	char method[16];     /* "": every */
	char path[256];      /* "*" when the line has none */
	uint64_t nth, times; /* calls nth .. nth + times - 1; times 0: no end */
	bool commit;
	int64_t ms, page, retry_after_s; /* -1: not given */
	char host[128];
	uint64_t seen; /* fitting calls so far */
	uint64_t hits;
};

struct faults {
	struct fault *rules;
	size_t n;
};

void faults_init(struct faults *faults);
void faults_done(struct faults *faults);
void faults_clear(struct faults *faults);

int faults_add(struct faults *faults, const char *line, struct err *err);

/* Counts the call; the rule that is due for it, or NULL. Borrowed until the next faults_add or faults_clear. */
struct fault *faults_due(struct faults *faults, const char *method, const char *path);

const char *fault_word(enum fault_kind kind); /* "timeout-before" */

/* One JSON array of the rules and their counts. */
void faults_print(const struct faults *faults, struct strbuf *out);

#endif
