/* client.h - what http.c and walk.c share; nobody outside this room includes it
 *
 * A call is a flight of one to three walks. A walk is a row of requests one after the other: the pages of a list, or
 * one request and its repeats. LIST walks through the droplets and through the GPU droplets at once; LIST and GET
 * have the tags probe beside them when it is due.
 */
#ifndef OCEAN_CLIENT_H
#define OCEAN_CLIENT_H

#include "loop/http.h"
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
};

enum walk_kind { WALK_MAIN, WALK_GPUS, WALK_TAGS, WALK_COUNT };

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
	struct err decode_err; /* why on_body refused */
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
	unsigned n_running;
	bool canceled;
	bool failed;
	struct err err;
	struct task turn;
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

#endif
