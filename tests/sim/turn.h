/* turn.h - one request while it is answered: what the files of the API share; nobody else includes it */
#ifndef SIM_TURN_H
#define SIM_TURN_H

#include "sim/inside.h"

struct sim_turn {
	struct sim *sim;
	struct sim_token *token;
	const struct sim_request *request;
	struct sim_reply *reply;
	char path[1024]; /* without query */
	struct sim_query query;
	uint64_t ids[2]; /* of the path */
	char word[300];  /* a word of the path that is no number */
};

/* the table: '#' a number, '@' a word */
struct sim_route {
	const char *method, *path;
	enum sim_scope scope;
	void (*serve)(struct sim_turn *);
};

/* Each ends with a row without a method. */
extern const struct sim_route sim_routes_offer[];  /* offer.c */
extern const struct sim_route sim_routes_make[];   /* make.c */
extern const struct sim_route sim_routes_tagged[]; /* tagged.c */
extern const struct sim_route sim_routes_around[]; /* around.c */

void sim_get_metric(struct sim_turn *t); /* measured.c */

void turn_json(struct sim_turn *t, int status);
void turn_nothing(struct sim_turn *t, int status); /* no body */
void turn_refuse(struct sim_turn *t, int status, const char *id, const char *message);
void turn_unfit(struct sim_turn *t, const char *message); /* 422 */
void turn_not_found(struct sim_turn *t);
void turn_forbid(struct sim_turn *t);
bool turn_may(const struct sim_turn *t, enum sim_scope scope);

/* A list, a page of it: begin, then for each item `if (turn_on_page(t, n++))` append it, then end. */
void turn_list(struct sim_turn *t, const char *key);
bool turn_on_page(struct sim_turn *t, size_t i);
void turn_end_list(struct sim_turn *t, size_t total);

/* oauth.c: answers what is under /v1/oauth/; false: it is not. */
bool sim_oauth_answer(struct sim_turn *t);

void turn_action(struct sim_turn *t, int status, const struct sim_action *action);

bool turn_has_tag(const struct sim_droplet *droplet, const char *tag);

/* The body as an object; NULL: 422 was said. json_free it. */
struct json *turn_body(struct sim_turn *t);

/* The droplet of the path's first number; NULL: 404 was said. */
struct sim_droplet *turn_droplet(struct sim_turn *t);

#endif
