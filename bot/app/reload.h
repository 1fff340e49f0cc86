/* reload.h - the policy file read again while the bot runs: by a signal, by its change, by `policy reload`
 *
 * Read, checked, tested and compiled beside the loop, swapped in at one moment, then compared with the policy before it.
 * Whatever is wrong, the old one stays. Told: to whoever asked, to the keepers' channel, in the log, the metrics and the
 * audit log. The same wrong content is complained about once, but whoever asks is always answered.
 */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "app/turn.h"
#include "policy/diff.h"
#include "policy/policy.h"

#define RELOAD_ASKERS_MAX 8
#define RELOAD_COMPARE_MS 3000 /* nobody waits longer than this for the comparison */
#define RELOAD_LINES_MAX 12    /* sentences in the keepers' channel */
#define RELOAD_ERRORS_MAX 5

struct reload;

/* path NULL: the policy is no file, and cannot be read again. The policy is referenced. */
struct reload *reload_new(struct app *app, struct policy *policy, const char *path);
const char *reload_path(const struct reload *reload); /* NULL: it is no file */
void reload_watch(struct reload *reload); /* its change is a reason to read it, from now on */
void reload_now(struct reload *reload);   /* a signal came */
/* `policy reload` in chat: decides, and true when the turn goes on (reload.c ends it). */
bool reload_asked(struct turn *turn);
bool reload_busy(const struct reload *reload);
/* Nothing starts any more; who asked is told. When it was busy, `ended` is called once the thread is back. */
void reload_stop(struct reload *reload, void (*ended)(void *data), void *data);
void reload_free(struct reload *reload); /* NULL is fine; not while it is busy */

/* Who gains and who loses by it is known: not yet, not at all (it took too long), or told with it. */
enum reload_compared { RELOAD_NOT_COMPARED = 0, RELOAD_COMPARING, RELOAD_COMPARED };

/* One reading of the file and what came of it; for reload_words.c. */
struct reload_result {
	const char *path;
	const char *old_id, *new_id; /* new_id NULL: refused */
	const char *person;          /* who asked in chat; NULL: nobody */
	bool by_file;                /* else by a signal */
	const struct policy_report *report;
	enum reload_compared compared;
	struct policy_diff diff;
	const char *lines;    /* of the comparison */
	bool restart_for_all; /* accounts or settings that are read at a start only are others */
};

/* reload_words.c: to the keepers, to the asker, and for the audit row. */
const struct message *reload_words_keepers(struct arena *arena, const struct reload_result *result);
const struct message *reload_words_asker(struct arena *arena, const struct reload_result *result);
const char *reload_words_outcome(struct arena *arena, const struct reload_result *result);
const struct message *reload_words_same(struct arena *arena, const char *id, bool was_wrong);
const struct message *reload_words_no_file(struct arena *arena);
const struct message *reload_words_crowded(struct arena *arena);

#endif
