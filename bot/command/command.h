/* command.h - one row for each thing a person may say: grammar, help, right and meaning together
 *
 * The verb in the row is what the gate is asked about; a handler cannot run without that answer. Handlers are pure: they
 * turn a call and its droplets into a message or a plan, and touch nothing else.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/verbs.h"
#include "chat/build.h"
#include "gate/gate.h"
#include "job/args.h"
#include "job/plan.h"

#define COMMAND_PHRASES_MAX 12
#define COMMAND_ARGS_MAX 13
#define COMMAND_WORDS_MAX 64   /* words in one command */
#define COMMAND_REASON_MAX 200 /* bytes; what is longer is cut */

/* What follows the phrase. */
enum command_takes {
	TAKES_NOTHING = 0,
	TAKES_TARGETS, /* one or more droplets: name, id, #id, tag:NAME */
	TAKES_FILTERS, /* any number of: tag:NAME region:SLUG status:WORD name:GLOB, or a bare glob */
	TAKES_GLOB,    /* nothing, or one glob of names */
	TAKES_ID,      /* nothing, or which request */
	TAKES_TOPIC,   /* at most a few words of another command */
	TAKES_SAVED,   /* a snapshot: its number, or its name, which may have several words */
	TAKES_NEW, /* names of droplets that are to be made, and arguments by their keys (form.h) */
	TAKES_REST, /* anything */
};

/* What changes Sluice's own affairs: carried out by app (own.c), which answers when it is on disk. */
enum command_own {
	OWN_NONE = 0,
	OWN_CONFIRM, /* these six: job_press */
	OWN_APPROVE,
	OWN_REFUSE,
	OWN_CANCEL,
	OWN_CODE,
	OWN_REASON,
	OWN_PENDING,
	OWN_LOCK,
	OWN_UNLOCK,
	OWN_STEAL,
	OWN_AUDIT, /* reads the log, on the worker */
	OWN_TAKE,  /* a turn on call, for a time; and given back */
	OWN_RETURN,
	OWN_RELOAD,
};

/* Where the choices of an argument come from: DigitalOcean's lists, or our own. */
enum command_from {
	FROM_NOTHING = 0, /* it is typed */
	FROM_REGIONS,
	FROM_SIZES,
	FROM_IMAGES,
	FROM_KEYS,
	FROM_TAGS,
	FROM_VPCS,
	FROM_PROJECTS,
	FROM_TEMPLATES,
	FROM_ACCOUNTS,
};

/* A word behind the targets, by the kinds of job/args.h: grammar and usage come from it. */
struct command_arg {
	enum job_arg arg; /* ARG_NONE: no more */
	bool optional;    /* a flag is always */
	/* TAKES_NEW: each is said behind its key, and is a field of a form */
	enum command_from from;
	const char *label, *help; /* "Region"; one line */
};

/* What a change must know of DigitalOcean's before it is decided (app/facts.c). */
enum command_knows {
	KNOWS_NOTHING = 0,
	KNOWS_SIZES, /* is there such a size, there, for that disk, and what does it cost? */
	KNOWS_SAVED, /* is that a backup or a snapshot of this droplet? */
	KNOWS_IMAGE, /* is there that image, whose disk is in it, and may they see that droplet? */
	KNOWS_SNAPSHOT, /* which snapshot is meant, of which droplet, and what else there is of that */
	KNOWS_NEW, /* is there all that a new droplet is to be made of, is there room, what does it cost? */
};

struct command_call;

/* What a read asks DigitalOcean for of each droplet when one call is not enough: all at once, and one answer of what came. Pure. */
#define COMMAND_CALLS_MAX 8
struct command_gather {
	/* Another verb than the row's: where the asker may not, or several droplets are asked for, nothing is gathered and
	 * the row answers without. VERB_NONE: the row is nothing without it. */
	enum verb verb;
	int64_t patience_ms; /* what has not come by then is left out; 0: as long as the calls take */
	/* Sets what each call asks, but for the droplet; returns how many. now_ms: wall */
	size_t (*calls)(const struct command_call *call, int64_t now_ms,
			struct ocean_call calls[COMMAND_CALLS_MAX]);
	/* A call has come: what the answer needs of its results moves into the arena. */
	void (*keep)(struct ocean_call *call, struct arena *arena);
};

struct command {
	/* The phrases that people type, matched by whole words from the start, longest first; [0] is the one shown. */
	const char *phrases[COMMAND_PHRASES_MAX];
	enum verb verb; /* VERB_NONE: always answered (help, whoami) */
	enum command_takes takes;
	const char *
		usage; /* what follows the phrase in help, before its arguments: "NAME ..."; NULL: nothing */
	struct command_arg args[COMMAND_ARGS_MAX]; /* behind the targets, in this order */
	bool one; /* TAKES_TARGETS: exactly one droplet, so that what follows it may be left out */
	const char *help; /* one line, at most 36 columns: lists indent it */
	/* Of a row without a plan, in "You may not ... web-1 here."; NULL: what it is about has no verb. */
	const char *infinitive;
	bool about_staff; /* for listed people, where the channel does not hide who does what */
	/* Exactly one of plan, answer and own. */
	enum command_knows knows; /* of a change */
	const struct plan *plan;  /* a change: done to each droplet by the job engine */
	void (*answer)(const struct command_call *call, struct build *build); /* a read */
	/* A read that asks DigitalOcean for more than the list: of each target, or of each account where the verb is about
	 * none. `answer` is called once for each, with what came. */
	enum ocean_verb fetch;
	enum ocean_images images;            /* with OCEAN_IMAGES */
	const struct command_gather *gather; /* instead of fetch */
	enum command_own own;
};

/* In "You may not %s web-1 here.", or, of what is about no droplet, "You may not %s here.": "look at", "list the sizes". */
const char *command_infinitive(const struct command *row);

/* The rows, in the order of help. */
const struct command *command_rows(size_t *ret_n);
/* The plan of a verb, for jobs that go on after a restart; NULL when no row has one. */
const struct plan *command_plan(enum verb verb);

/* What came of a row's `fetch`. */
struct command_fetched {
	const struct ocean_call *call; /* its results, borrowed for this call of the handler */
	/* Of a gather: its calls, in their order, with what was kept; those that failed have none. `call` is NULL then. */
	const struct ocean_call *calls;
	const bool *failed;
	size_t n_calls;
	const char *account; /* whose, when there are several; else NULL */
	size_t n_droplets;   /* that the account has */
	/* Of those that the asker may `droplet.show` here, with all that is known: only of these a list may speak. */
	const struct droplet *const *seen;
	size_t n_seen;
	int64_t now_ms; /* wall time, for "2 h ago" */
};

/* What was asked, after the gate said yes. Everything lives in the call's arena or longer. */
struct command_call {
	const struct command *row;
	const char *const *words; /* what follows the phrase, cleaned */
	size_t n_words;
	const struct job_args *args; /* behind the targets */
	struct gate *gate;
	const struct gate_who *who;
	struct arena *arena;
	/* Reads of droplets: what the asker may see here and asked for, redacted for this channel. */
	const struct droplet *const *droplets;
	const struct droplet *const
		*whole; /* the same with all that is known: to judge by, never to show */
	size_t n_droplets;
	const char *const *locks; /* of each droplet, in words for this channel; NULL: it is free */
	size_t n_visible;         /* before filters */
	const struct command_fetched *fetched; /* NULL: the row fetches nothing */
	/* An id for a button that says the text for whoever presses it; borrowed for the call. */
	const char *(*say_button)(const char *text, void *data);
	void *say_data;
};

/* A moment by a rota's own clock, "Mon 12 Jan 09:00"; *ret_zone: its name. */
const char *command_rota_time(struct arena *arena, const struct policy *policy, const char *rota,
			      int64_t at_ms, const char **ret_zone);
/* " SIZE [disk]": what stands behind the row's targets; "NAME SIZE [disk]": all that follows its phrase. */
const char *command_args(const struct command *row, struct arena *arena);
const char *command_usage(const struct command *row, struct arena *arena);

bool command_may_staff(const struct gate *gate, const struct gate_who *who);

/* What a text turned out to be. */
enum command_fit {
	FIT_NONE = 0, /* no command at all */
	FIT_COMMAND,
	FIT_USAGE, /* a command with something missing or too much: err has the sentence */
};

struct command_parse {
	const struct command *row; /* NULL: none, also with FIT_USAGE when the text is too long */
	const char **words;        /* after the phrase */
	size_t n_words;
	const char *reason;   /* what follows "because", as typed; NULL: none */
	struct job_args args; /* that stood behind the targets */
	bool queues;          /* ended with "queue": wait for a droplet that is taken */
	bool prefixed;        /* began with "/", "!", or "droplet": surely meant for a bot */
	const char *said;     /* the cleaned text, for "did you mean" */
};

/*
 * Text as typed -> row and words. Cleans what phones do: curly quotes, dashes, no-break and zero-width spaces, a full stop at
 * the end. `own_names` (NULL-terminated) are names by which the bot may be addressed in text: "@sluice", "sluice:".
 */
enum command_fit command_parse(const char *text, const char *const *own_names, struct arena *arena,
			       struct command_parse *ret_parse, struct err *err);

/* More words behind a row of one droplet than it could mean: somebody talks ("snapshot of the db please"). */
bool command_overfull(const struct command_parse *parse);

/* The nearest phrase to what was said among rows for which `may` is true; NULL when none is near. */
const char *command_nearest(const char *said, bool (*may)(const struct command *, void *),
			    void *data);

/* Does a phrase of the row have that word? "power" is in "power off". */
bool command_has_word(const struct command *row, const char *word);
/* What may have been meant by words that are no command: something that the grammar takes, of a row for which `may` is true; in
 * the arena. NULL: nothing like it. */
const char *command_meant(const char *said, bool (*may)(const struct command *, void *), void *data,
			  struct arena *arena);

/* Filters of a list, from the words of a TAKES_FILTERS row: all must fit, of tags each one. tag:web, tag=web and tag web are
 * the same; a state alone ("list off") is one. */
#define COMMAND_TAGS_MAX 4
struct command_filter {
	const char *tags[COMMAND_TAGS_MAX];
	const char *region, *name, *status;
};
int command_filter_parse(const char *const *words, size_t n_words,
			 struct command_filter *ret_filter, struct err *err);
bool command_filter_fits(const struct command_filter *filter, const struct droplet *droplet);

#endif
