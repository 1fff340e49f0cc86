/* inside.h - what the model's own files share; nobody else includes it */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include "sim/model.h"

/* model.c */
int sim_status_value(const char *word, enum droplet_status *ret_status);
struct sim_action *sim_new_action(struct sim *sim, struct sim_droplet *droplet, const char *type,
				  int64_t started_ms);
void sim_free_tags(struct sim_droplet *droplet);
void sim_free_droplet(struct sim_droplet *droplet);

int64_t sim_scaled(const struct sim *sim, int64_t ms); /* by the speed */

/* acts.c: the running event of a droplet is over */
void sim_finish_action(struct sim *sim, struct sim_droplet *droplet);

/* What the body of an action asks for. -1 and a reason when it makes no sense. Its strings are the body's. */
struct json;
int sim_read_args(const struct sim *sim, const struct json *body, struct sim_args *ret,
		  const char **ret_reason);
/* The scopes that an action needs besides droplet:update. */
uint64_t sim_action_scopes(const char *type);

/* scopes.c: bits of one comma-separated list of scope words */
int sim_parse_scopes(const char *text, uint64_t *ret_scopes, struct err *err);

struct sim_action *sim_new_loose_action(struct sim *sim, const char *resource, const char *type,
					const char *region);

/* line.c: a droplet with defaults, and its place in the account with a `create` that is over */
struct sim_droplet *sim_new_droplet(struct sim *sim, const char *name);
void sim_admit(struct sim *sim, struct sim_droplet *droplet);
void sim_tag(struct sim_droplet *droplet, const char *tag);

/* things.c: what is around droplets */
void sim_settle_around(struct sim *sim);
void sim_free_around(struct sim *sim);
void sim_leave(struct sim *sim, uint64_t droplet_id); /* it is gone: detached everywhere */
struct sim_volume *sim_volume_by_id(const struct sim *sim, const char *id);
struct sim_ip *sim_ip_by_text(const struct sim *sim, const char *ip);
void sim_remove_volume(struct sim *sim, const char *id);
void sim_remove_ip(struct sim *sim, const char *ip);

/* acts.c: 204 for a DELETE; NULL and a reason when it is refused */
struct sim_action *sim_start_destroy(struct sim *sim, struct sim_droplet *droplet,
				     const char **ret_reason);
void sim_set_off(struct sim *sim, struct sim_action *action, int64_t takes_ms);
void sim_begin_create(struct sim *sim, struct sim_droplet *droplet);

/* purge.c: the action that destroyed the droplet is over */
void sim_purge_over(struct sim *sim, const struct sim_action *action);
void sim_free_purges(struct sim *sim);

/* query.c */
struct sim_query {
	uint64_t page, per_page;
	char tag_name[300]; /* decoded; "" when absent */
	char name[300];
	char type[32];
	const char *raw; /* behind the '?', "" when there is none */
};

/* -1: a value is out of its bounds. `raw` must live as long as the query. */
int sim_parse_query(struct sim_query *query, const char *raw);
int sim_parse_number(const char *text, uint64_t *ret); /* digits only, at most 18 */

int sim_url_decode(const char *text, size_t len, char *out, size_t size); /* -1: broken, too long */

/* api.c: one that is good now; NULL: none. */
struct sim_token *sim_find_token(struct sim *sim, const char *text);

/* oauth.c */
void sim_oauth_free(struct sim_oauth *oauth);

/* scopes.c: "\"droplet:read\",..." */
void sim_print_scopes(uint64_t scopes, struct strbuf *out);

/* rate.c: counts the request; false when a limit is reached. Fills the headers. */
bool sim_within_rate(const struct sim *sim, struct sim_token *token, struct sim_reply *reply);

#endif
