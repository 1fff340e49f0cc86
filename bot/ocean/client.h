/* client.h - what http.c and walk.c share; nobody outside this room includes it
 *
 * A call is a flight of one to three walks. A walk is a row of requests one after the other: the pages of a list, or
 * one request and its repeats. LIST walks through the droplets and through the GPU droplets at once; LIST and GET
 * have the tags probe beside them when it is due. The pages of a long list of droplets are shared among more walks (pages.c).
 */
#ifndef OCEAN_CLIENT_H
#define OCEAN_CLIENT_H

#include "loop/http.h"
#include "ocean/again.h"
#include "ocean/answer.h"
#include "ocean/bearer.h"
#include "ocean/decode.h"
#include "ocean/endpoint.h"
#include "ocean/ocean.h"
#include "ocean/pace.h"

struct token {
	const char *spec;      /* of the options, only while opening */
	struct bearer *bearer; /* what its requests carry */
	struct ocean_pace pace;
	int64_t tags_until_ms; /* proven to see tags up to then */
	int64_t tags_ask_ms;   /* when the proof is due again */
};

/* Looks at actions that wait for a page of the account's list (polls.c). */
struct polls {
	struct client *client;
	struct list waiting; /* flights, by poll_link */
	struct timer timer;
	bool gathering, asking;
	unsigned pages_most;               /* of this round */
	unsigned pages_taken, alone_taken; /* by the last one: pages, and looks by number */
	uint64_t newest;                   /* on the page before */
	int64_t no_order_until_ms;         /* the list was not newest first: no pages up to then */
	int64_t asked_ms[8];               /* ring: when the latest came */
	size_t n_asked, next;
	struct ocean_call call;
};

enum { LISTS = 2 }; /* of droplets and of GPU droplets */

/* The two lists of a change come within seconds of each other; a bot that is idle need not hold the page. */
#define LISTS_KEPT_MS 3000

struct client {
	struct ocean ocean; /* first */
	struct loop *loop;
	struct http_pool *pool; /* NULL while closing */
	char *name, *url, *oauth_url;
	int64_t connect_ms, timeout_ms;
	struct token tokens[TIER_DESTROY];       /* one spec in several tiers is one token */
	struct token *by_tier[TIER_DESTROY + 1]; /* NULL: none */
	struct list flights;
	struct token_look *look; /* NULL: nobody wants to know */
	struct polls polls;
	struct again *lists[LISTS]; /* what LIST's pages were the last time; NULL: not kept */
	struct timer lists_timer;   /* forgets them */
	uint64_t list_turn;         /* counts the lists that said something new */
	bool list_tags_known;       /* in the last one */
};

enum walk_kind {
	WALK_MAIN,
	WALK_GPUS,
	WALK_TAGS,
	WALK_COUNT,
	WALK_SIDE = WALK_COUNT, /* takes pages off WALK_MAIN */
};

#define PER_PAGE 200 /* the most that DigitalOcean gives */

struct flight;

struct walk {
	struct flight *flight;
	enum walk_kind kind;
	bool running;
	bool in_http;
	unsigned attempt; /* of this page */
	unsigned page;
	struct http_request request;
	struct http_header headers[4];
	char url[900];
	int64_t sent_ms;
	unsigned bearer_turn; /* which pair it carried */
	bool refused;         /* 401 once */
	struct timer timer;
	struct ocean_builder builder;
	size_t mark; /* droplets of the pages that are whole */
	struct ocean_decode *decode;
	struct again_read again; /* of a page that may be as it was */
	struct again *page_now;  /* that page; the builder's strings may be its */
	bool page_same;          /* it was */
	struct err decode_err;   /* why on_body refused */
};

/* The pages of WALK_MAIN's list of droplets, and who read which. */
struct pages {
	struct walk *sides;
	size_t n_sides;
	unsigned last;   /* page, as the first one said; 0: they are read one after the other */
	unsigned stride; /* each walk takes every so manieth */
	unsigned round;  /* how often it was read in vain */
	int64_t first_total, least_total, most_total; /* -1: not given */
	struct part {
		struct walk *walk; /* NULL: nobody */
		size_t from, to;   /* in its builder */
	} * parts;                 /* by the page's number */
	size_t n_parts;
	struct ocean_builder all; /* its strings are the walks' */
};

struct flight {
	struct list link;
	struct client *client;
	struct ocean_call *call;
	struct token *token;
	struct strbuf body;  /* of the request; empty: none */
	size_t n_made;       /* CREATE: how many droplets the answer is about */
	int64_t begin_by_ms; /* no request begins later */
	struct walk walks[WALK_COUNT];
	struct pages pages;
	unsigned n_running;
	bool canceled;
	bool failed;
	struct err err;
	struct task turn;
	struct list poll_link; /* polls.c */
	bool in_round, polled; /* polled: action is there, no walk is needed */
	bool alone;            /* it was on no page: asked about by its number */
	struct ocean_action action;
	struct ocean_action *actions;
	size_t n_actions;
	struct ocean_account account;
	struct reader reader; /* lists and things */
};

/* http.c: no walk runs any more; calls back and frees the flight. */
void flight_finish(struct flight *flight);

/* walk.c: sends the next request, at once or as soon as the rate allows. May finish the flight. */
void walk_go(struct walk *walk);

/* Ends what can end at once and asks http for the rest, whose done comes later. */
void walks_stop(struct flight *flight);

void walk_done(struct walk *walk); /* frees what it holds */

void walk_on_wait(struct timer *timer); /* of a walk */

/* ---- polls.c --------------------------------------------------------------------------------- */

void polls_init(struct client *client);
void polls_stop(struct client *client); /* nobody is asked for any more */
/* Instead of beginning at once: its turn is posted when it is answered, has failed, or is to ask for itself. */
void polls_add(struct flight *flight);

/* ---- pages.c --------------------------------------------------------------------------------- */

/* A page of droplets is there: the first one of all (more walks may begin); any. */
void ocean_pages_spread(struct walk *walk, const struct ocean_page *page);
void ocean_pages_note(struct walk *walk, const struct ocean_page *page);
/* Which the walk takes next; 0: none. */
unsigned ocean_pages_next(const struct walk *walk, const struct ocean_page *page);

enum ocean_pages_end { PAGES_WHOLE, PAGES_AGAIN, PAGES_FAILED };
/* No walk runs any more. WHOLE: flight->pages.all; AGAIN: it moved, and is being read once more. */
enum ocean_pages_end ocean_pages_join(struct flight *flight, struct err *err);
void ocean_pages_done(struct flight *flight);

#endif
