/* api.c - sim_handle: a request to the simulated DigitalOcean, and its reply
 *
 * Order as the real one: token (401), rate limit (429), path (404), scope (403), parameters and state (422).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/render.h"
#include "sim/turn.h"

void turn_json(struct sim_turn *t, int status)
{
	t->reply->status = status;
	t->reply->content_type = "application/json; charset=utf-8";
	strbuf_reset(&t->reply->body);
}

void turn_nothing(struct sim_turn *t, int status)
{
	t->reply->status = status;
	t->reply->content_type = NULL;
	strbuf_reset(&t->reply->body);
}

void turn_refuse(struct sim_turn *t, int status, const char *id, const char *message)
{
	turn_json(t, status);
	t->reply->refused = status == 400 || status == 422;
	(void)strbuf_addf(&t->reply->body,
			  "{\"id\":\"%s\",\"message\":\"%s\",\"request_id\":\"%s\"}", id, message,
			  t->reply->request_id);
}

bool turn_may(const struct sim_turn *t, enum sim_scope scope)
{
	return (t->token->scopes & sim_scope_bit(scope)) != 0;
}

void turn_forbid(struct sim_turn *t)
{
	turn_refuse(t, 403, "forbidden", "You are not authorized to perform this operation");
}

void turn_unfit(struct sim_turn *t, const char *message)
{
	turn_refuse(t, 422, "unprocessable_entity", message);
}

void turn_not_found(struct sim_turn *t)
{
	turn_refuse(t, 404, "not_found", "The resource you requested could not be found.");
}

/* pages */

/* One link of a list: the query as it was asked, with another page. */
static void add_link(struct sim_turn *t, const char *rel, uint64_t page, bool *first)
{
	struct strbuf url;

	strbuf_init(&url, 4096);
	(void)strbuf_addf(&url, SIM_LINK_BASE "%s?page=%llu", t->path, (unsigned long long)page);
	for (const char *raw = t->query.raw; *raw != '\0';) {
		size_t len = strcspn(raw, "&");

		if (strncmp(raw, "page=", 5) != 0 && len > 0) {
			(void)strbuf_addch(&url, '&');
			(void)strbuf_add(&url, raw, len);
		}
		raw += len + (raw[len] == '&');
	}
	(void)strbuf_addf(&t->reply->body, "%s\"%s\":", *first ? "" : ",", rel);
	json_add_string(&t->reply->body, url.buf);
	strbuf_done(&url);
	*first = false;
}

void turn_end_list(struct sim_turn *t, size_t total)
{
	struct strbuf *out = &t->reply->body;
	uint64_t last = total == 0 ? 1 : (total + t->query.per_page - 1) / t->query.per_page;
	bool first = true;

	(void)strbuf_adds(out, "],\"links\":{");
	if (last > 1) {
		(void)strbuf_adds(out, "\"pages\":{");
		if (t->query.page > 1) {
			add_link(t, "first", 1, &first);
			add_link(t, "prev", t->query.page - 1, &first);
		}
		if (t->query.page < last) {
			add_link(t, "next", t->query.page + 1, &first);
			add_link(t, "last", last, &first);
		}
		(void)strbuf_addch(out, '}');
	}
	(void)strbuf_addf(out, "},\"meta\":{\"total\":%zu}}", total);
}

/* Is the i-th item of a list on the page that is asked for? Puts the comma before it. */
bool turn_on_page(struct sim_turn *t, size_t i)
{
	uint64_t from = (t->query.page - 1) * t->query.per_page;

	from -= from > t->sim->shift ? t->sim->shift : 0;
	if (i < from || i >= from + t->query.per_page) {
		return false;
	}
	if (i > from) {
		(void)strbuf_addch(&t->reply->body, ',');
	}
	return true;
}

void turn_list(struct sim_turn *t, const char *key)
{
	turn_json(t, 200);
	(void)strbuf_addf(&t->reply->body, "{\"%s\":[", key);
}

/* endpoints */

static void get_account(struct sim_turn *t)
{
	turn_json(t, 200);
	sim_render_account(&t->reply->body, t->sim);
}

bool turn_has_tag(const struct sim_droplet *droplet, const char *tag)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		if (strcasecmp(droplet->tags[i], tag) == 0) {
			return true;
		}
	}
	return false;
}

static bool listed(const struct sim_query *q, const struct sim_droplet *droplet)
{
	if (q->tag_name[0] != '\0') {
		return turn_has_tag(droplet, q->tag_name);
	}
	if (q->name[0] != '\0' && strcasecmp(q->name, droplet->name) != 0) {
		return false;
	}
	return droplet->gpu == (strcmp(q->type, "gpus") == 0);
}

static void get_droplets(struct sim_turn *t)
{
	bool tags = turn_may(t, SIM_TAG_READ);
	size_t n = 0;

	if (t->query.tag_name[0] != '\0' &&
	    (t->query.name[0] != '\0' || t->query.type[0] != '\0')) {
		turn_refuse(t, 422, "unprocessable_entity",
			    "tag_name cannot be combined with name or type.");
		return;
	}
	if (t->query.tag_name[0] != '\0' && !tags) {
		turn_forbid(t);
		return;
	}
	turn_list(t, "droplets");
	for (size_t i = 0; i < t->sim->n_droplets; i++) {
		if (listed(&t->query, t->sim->droplets[i])) {
			if (turn_on_page(t, n++)) {
				sim_render_droplet(&t->reply->body, t->sim, t->sim->droplets[i],
						   tags);
			}
		}
	}
	turn_end_list(t, n);
}

struct json *turn_body(struct sim_turn *t)
{
	struct json *body = json_parse(t->request->body != NULL ? t->request->body : "",
				       t->request->body_len, NULL);

	if (!json_is_object(body)) {
		json_free(body);
		turn_unfit(t, "The request body is not a JSON object.");
		return NULL;
	}
	return body;
}

struct sim_droplet *turn_droplet(struct sim_turn *t)
{
	struct sim_droplet *droplet = sim_droplet_by_id(t->sim, t->ids[0]);

	if (droplet == NULL) {
		turn_not_found(t);
	}
	return droplet;
}

static void get_droplet(struct sim_turn *t)
{
	const struct sim_droplet *droplet = sim_droplet_by_id(t->sim, t->ids[0]);

	if (droplet == NULL) {
		turn_not_found(t);
		return;
	}
	turn_json(t, 200);
	(void)strbuf_adds(&t->reply->body, "{\"droplet\":");
	sim_render_droplet(&t->reply->body, t->sim, droplet, turn_may(t, SIM_TAG_READ));
	(void)strbuf_addch(&t->reply->body, '}');
}

static void get_droplet_actions(struct sim_turn *t)
{
	const struct sim_droplet *droplet = sim_droplet_by_id(t->sim, t->ids[0]);

	if (droplet == NULL) {
		turn_not_found(t);
		return;
	}
	turn_list(t, "actions");
	for (size_t i = 0; i < droplet->n_actions; i++) {
		if (turn_on_page(t, i)) { /* newest first */
			sim_render_action(&t->reply->body,
					  droplet->actions[droplet->n_actions - 1 - i]);
		}
	}
	turn_end_list(t, droplet->n_actions);
}

void turn_action(struct sim_turn *t, int status, const struct sim_action *action)
{
	turn_json(t, status);
	(void)strbuf_adds(&t->reply->body, "{\"action\":");
	sim_render_action(&t->reply->body, action);
	(void)strbuf_addch(&t->reply->body, '}');
}

static void post_droplet_action(struct sim_turn *t)
{
	struct sim_droplet *droplet = sim_droplet_by_id(t->sim, t->ids[0]);
	struct json *body;
	const char *type;
	const struct sim_action *action = NULL;
	const char *reason = "The request body is not a JSON object with a type.";
	struct sim_args args = {0};
	uint64_t scopes;

	if (droplet == NULL) {
		turn_not_found(t);
		return;
	}
	body = json_parse(t->request->body != NULL ? t->request->body : "", t->request->body_len,
			  NULL);
	type = json_string_or(body, "type", NULL);
	if (type != NULL && (strcmp(type, "create") == 0 || strcmp(type, "destroy") == 0)) {
		type = "?"; /* those are no actions to be asked for */
	}
	scopes = type != NULL ? sim_action_scopes(type) : 0;
	if ((t->token->scopes & scopes) != scopes) {
		turn_forbid(t);
	} else if (type != NULL && sim_read_args(t->sim, body, &args, &reason) == 0) {
		action = sim_start_action(t->sim, droplet, type, &args, &reason);
	}
	json_free(body);
	if (action != NULL) {
		turn_action(t, 201, action);
	} else if (t->reply->status != 403) {
		turn_refuse(t, 422, "unprocessable_entity", reason);
	}
}

static void get_droplet_action(struct sim_turn *t)
{
	const struct sim_action *action = sim_action_by_id(t->sim, t->ids[1]);

	if (action == NULL || action->droplet_id != t->ids[0]) {
		turn_not_found(t);
		return;
	}
	turn_action(t, 200, action);
}

static void get_action(struct sim_turn *t)
{
	const struct sim_action *action = sim_action_by_id(t->sim, t->ids[0]);

	if (action == NULL) {
		turn_not_found(t);
		return;
	}
	turn_action(t, 200, action);
}

static void get_actions(struct sim_turn *t)
{
	size_t n = t->sim->n_actions;

	turn_list(t, "actions");
	for (size_t i = 0; i < n; i++) {
		if (turn_on_page(t, i)) { /* newest first */
			sim_render_action(&t->reply->body,
					  t->sim->actions[t->sim->oldest_first ? i : n - 1 - i]);
		}
	}
	turn_end_list(t, n);
}

static const struct sim_route own[] = {
	{"GET", "/v2/account", SIM_ACCOUNT_READ, get_account},
	{"GET", "/v2/droplets", SIM_DROPLET_READ, get_droplets},
	{"GET", "/v2/droplets/#", SIM_DROPLET_READ, get_droplet},
	{"GET", "/v2/droplets/#/actions", SIM_DROPLET_READ, get_droplet_actions},
	{"POST", "/v2/droplets/#/actions", SIM_DROPLET_UPDATE, post_droplet_action},
	{"GET", "/v2/droplets/#/actions/#", SIM_DROPLET_READ, get_droplet_action},
	{"GET", "/v2/actions", SIM_ACTIONS_READ, get_actions},
	{"GET", "/v2/actions/#", SIM_ACTIONS_READ, get_action},
	{0},
};

/* One segment of a path into *number or word; -1 when it is neither. */
static int take_segment(struct sim_turn *t, char kind, const char *at, size_t len, size_t n_ids)
{
	char text[sizeof(t->word)];

	if (len == 0 || len >= sizeof(text)) {
		return -1;
	}
	memcpy(text, at, len);
	text[len] = '\0';
	if (kind == '#') {
		return sim_parse_number(text, &t->ids[n_ids]);
	}
	memcpy(t->word, text, len + 1);
	return 0;
}

static bool fits(struct sim_turn *t, const char *pattern)
{
	const char *at = t->path;
	size_t n_ids = 0;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '#' || *pattern == '@') {
			size_t len = strcspn(at, "/");

			if (take_segment(t, *pattern, at, len, n_ids) < 0) {
				return false;
			}
			n_ids += *pattern == '#';
			at += len;
		} else if (*at++ != *pattern) {
			return false;
		}
	}
	return *at == '\0';
}

static const struct sim_route *find_route(struct sim_turn *t)
{
	const struct sim_route *const tables[] = {own, sim_routes_offer, sim_routes_make,
						  sim_routes_tagged, sim_routes_around};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct sim_route *row = tables[i]; row->method != NULL; row++) {
			if (strcmp(row->method, t->request->method) == 0 && fits(t, row->path)) {
				return row;
			}
		}
	}
	return NULL;
}

struct sim_token *sim_find_token(struct sim *sim, const char *text)
{
	for (size_t i = 0; text != NULL && i < sim->n_tokens; i++) {
		if (strcmp(sim->tokens[i].text, text) == 0 &&
		    (sim->tokens[i].expires_ms == 0 || sim->now_ms < sim->tokens[i].expires_ms)) {
			return &sim->tokens[i];
		}
	}
	return NULL;
}

static void metadata(struct sim_turn *t)
{
	t->reply->status = t->sim->self_id != 0 ? 200 : 404;
	t->reply->content_type = "text/plain";
	strbuf_reset(&t->reply->body);
	if (t->sim->self_id != 0) {
		(void)strbuf_addf(&t->reply->body, "%llu", (unsigned long long)t->sim->self_id);
	}
}

static void answer(struct sim_turn *t)
{
	const char *path = t->request->path;
	size_t len = strcspn(path, "?");
	const struct sim_route *route;

	if (strcmp(path, "/metadata/v1/id") == 0) { /* another host, without a token */
		metadata(t);
		return;
	}
	if (sim_oauth_answer(t)) { /* another host too */
		return;
	}
	t->token = sim_find_token(t->sim, t->request->token);
	if (t->token == NULL) {
		turn_refuse(t, 401, "unauthorized", "Unable to authenticate you");
		return;
	}
	if (!sim_within_rate(t->sim, t->token, t->reply)) {
		turn_refuse(t, 429, "too_many_requests", "API rate limit exceeded.");
		return;
	}
	(void)snprintf(t->path, sizeof(t->path), "%.*s", (int)(len < 1000 ? len : 1000), path);
	route = find_route(t);
	if (route == NULL) {
		turn_not_found(t);
		return;
	}
	if (!turn_may(t, route->scope)) {
		turn_forbid(t);
		return;
	}
	if (sim_parse_query(&t->query, path[len] == '?' ? path + len + 1 : "") < 0) {
		turn_refuse(t, 422, "unprocessable_entity",
			    "A parameter of the request is not valid.");
		return;
	}
	route->serve(t);
}

void sim_handle(struct sim *sim, int64_t now_ms, const struct sim_request *request,
		struct sim_reply *reply)
{
	struct sim_turn call = {.sim = sim, .request = request, .reply = reply};
	unsigned long long n = (unsigned long long)++sim->n_requests;

	sim_settle(sim, now_ms);
	reply->refused = false;
	reply->location[0] = '\0';
	reply->rate_limit = reply->rate_remaining = reply->rate_reset = -1;
	reply->retry_after_s = -1;
	(void)snprintf(reply->request_id, sizeof(reply->request_id),
		       "51c0ffee-0000-4000-8000-%012llx", n & 0xffffffffffffULL);
	answer(&call);
	sim->shift = 0;
	memset(&sim->fate, 0, sizeof(sim->fate)); /* a fate that was not used is over */
}
