/* take.h - one turn on call that somebody takes; for takes.c, takes_ask.c and takes_words.c only */
#ifndef APP_TAKE_H
#define APP_TAKE_H

#include <string.h>

#include "app/takes.h"

enum take_end { TAKE_NOT_OVER = 0, TAKE_OVER, TAKE_RETURNED, TAKE_REVOKED };
enum take_news { TAKE_NEW = 0, TAKE_AGAIN, TAKE_STILL };

/* A row of the store. Its strings are in its arena. */
struct take {
	struct list link;
	struct arena arena;
	struct store_take row;
	enum take_end end; /* NOT: it stands */
	bool flying;       /* its end is on its way to the disk */
};

struct takes {
	struct app *app;
	struct list all;
	struct timer timer;
};

/* One commit on its way. */
struct take_step {
	struct takes *takes;
	struct turn *turn; /* NULL: nobody waits for an answer; not looked at once the app closes */
	struct take *take;
	struct store_take row; /* TAKEN: what the row becomes */
	enum take_news news;   /* TAKEN */
	const struct message *refused;
	void (*done)(struct take_step *step);
	void (*failed)(struct take_step *step); /* NULL: nothing to put back */
};

static inline bool take_is_pending(const struct take *take)
{
	return take->row.from_ms == 0;
}

static inline bool take_is_whose(const struct take *take, const char *person)
{
	return person != NULL && strcmp(take->row.person, person) == 0;
}

struct take *take_add(struct takes *takes, const struct store_take *row);
void take_forget(struct take *take);
void takes_tell_gate(struct takes *takes);
/* A row of the log. why: it was refused; NULL: it was not. */
void take_audit(struct takes *takes, const struct store_take *row, const char *state,
		const char *why, struct store_txn *txn);
/* To the person alone; or announced, and to who did it too, wherever they are. */
void take_tell_directly(struct takes *takes, const struct store_take *row,
			const struct message *message);
void take_announce_to(struct takes *takes, const struct store_take *row, struct turn *turn,
		      const struct message *message);
/* For store_commit: `done` or `failed` is called, the turn is answered when it failed, and ended. */
struct take_step *take_step_new(struct takes *takes, struct turn *turn, struct take *take,
				void (*done)(struct take_step *),
				void (*failed)(struct take_step *));
void take_landed(void *data, const struct err *err);
void take_stay(struct take_step *step); /* failed: it stands as it stood */
/* Refused: said once that is in the log; ends the turn. */
void take_refuse(struct turn *turn, struct store_txn *txn, const struct message *message);
/* From here on it counts for nothing; told when that is written. turn: who gave it back; NULL: nobody. */
void take_finish(struct take *take, enum take_end how, struct turn *turn, struct takes *takes);

/* ---- takes_words.c --------------------------------------------------------------------------- */

/* To be followed by a code; elsewhere: it was asked where others read along. */
const struct message *take_words_ask(struct arena *arena, const struct store_take *row,
				     bool elsewhere);
const struct message *take_words_taken(struct arena *arena, const struct policy *policy,
				       const struct store_take *row, enum take_news news);
const struct message *take_words_end(struct arena *arena, const struct store_take *row,
				     enum take_end how, bool pending);
const struct message *take_words_why(struct arena *arena, const char *rota); /* NULL: not named */
const struct message *take_words_which(struct arena *arena, struct buttons *buttons,
				       const char *const *rotas, size_t n, const char *reason);
const struct message *take_words_no_code(struct arena *arena, const char *person);
const struct message *take_words_wrong(struct arena *arena, const struct job_code *code);
const struct message *take_words_none(struct arena *arena);
const struct message *take_words_not_here(struct arena *arena);
const struct message *take_words_not_written(struct arena *arena, const struct err *err);

#endif
