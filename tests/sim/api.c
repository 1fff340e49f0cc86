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
#include "sim/inside.h"
#include "sim/render.h"

struct call {
	struct sim *sim;
	struct sim_token *token;
	const struct sim_request *request;
	struct sim_reply *reply;
	char path[1024]; /* without query */
	struct sim_query query;
	uint64_t ids[2]; /* of the path */
	char word[64];   /* a word of the path that is no number */
};

static void begin_json(struct call *c, int status)
{
	c->reply->status = status;
	c->reply->content_type = "application/json; charset=utf-8";
	strbuf_reset(&c->reply->body);
}

static void refuse(struct call *c, int status, const char *id, const char *message)
{
	begin_json(c, status);
	c->reply->refused = status == 400 || status == 422;
	(void)strbuf_addf(&c->reply->body,
			  "{\"id\":\"%s\",\"message\":\"%s\",\"request_id\":\"%s\"}", id, message,
			  c->reply->request_id);
}

static bool may(const struct call *c, enum sim_scope scope)
{
	return (c->token->scopes & sim_scope_bit(scope)) != 0;
}

static void forbid(struct call *c)
{
	refuse(c, 403, "forbidden", "You are not authorized to perform this operation");
}

static void not_found(struct call *c)
{
	refuse(c, 404, "not_found", "The resource you requested could not be found.");
}

/* pages */

/* One link of a list: the query as it was asked, with another page. */
static void add_link(struct call *c, const char *rel, uint64_t page, bool *first)
{
	struct strbuf url;

	strbuf_init(&url, 4096);
	(void)strbuf_addf(&url, SIM_LINK_BASE "%s?page=%llu", c->path, (unsigned long long)page);
	for (const char *raw = c->query.raw; *raw != '\0';) {
		size_t len = strcspn(raw, "&");

		if (strncmp(raw, "page=", 5) != 0 && len > 0) {
			(void)strbuf_addch(&url, '&');
			(void)strbuf_add(&url, raw, len);
		}
		raw += len + (raw[len] == '&');
	}
	(void)strbuf_addf(&c->reply->body, "%s\"%s\":", *first ? "" : ",", rel);
	json_add_string(&c->reply->body, url.buf);
	strbuf_done(&url);
	*first = false;
}

static void end_list(struct call *c, size_t total)
{
	struct strbuf *out = &c->reply->body;
	uint64_t last = total == 0 ? 1 : (total + c->query.per_page - 1) / c->query.per_page;
	bool first = true;

	(void)strbuf_adds(out, "],\"links\":{");
	if (last > 1) {
		(void)strbuf_adds(out, "\"pages\":{");
		if (c->query.page > 1) {
			add_link(c, "first", 1, &first);
			add_link(c, "prev", c->query.page - 1, &first);
		}
		if (c->query.page < last) {
			add_link(c, "next", c->query.page + 1, &first);
			add_link(c, "last", last, &first);
		}
		(void)strbuf_addch(out, '}');
	}
	(void)strbuf_addf(out, "},\"meta\":{\"total\":%zu}}", total);
}

/* Is the i-th item of a list on the page that is asked for? Puts the comma before it. */
static bool on_page(struct call *c, size_t i)
{
	uint64_t from = (c->query.page - 1) * c->query.per_page;

	if (i < from || i >= from + c->query.per_page) {
		return false;
	}
	if (i > from) {
		(void)strbuf_addch(&c->reply->body, ',');
	}
	return true;
}

static void begin_list(struct call *c, const char *key)
{
	begin_json(c, 200);
	(void)strbuf_addf(&c->reply->body, "{\"%s\":[", key);
}

/* endpoints */

static void get_account(struct call *c)
{
	begin_json(c, 200);
	sim_render_account(&c->reply->body, c->sim);
}

static bool has_tag(const struct sim_droplet *droplet, const char *tag)
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
		return has_tag(droplet, q->tag_name);
	}
	if (q->name[0] != '\0' && strcasecmp(q->name, droplet->name) != 0) {
		return false;
	}
	return droplet->gpu == (strcmp(q->type, "gpus") == 0);
}

static void get_droplets(struct call *c)
{
	bool tags = may(c, SIM_TAG_READ);
	size_t n = 0;

	if (c->query.tag_name[0] != '\0' &&
	    (c->query.name[0] != '\0' || c->query.type[0] != '\0')) {
		refuse(c, 422, "unprocessable_entity",
		       "tag_name cannot be combined with name or type.");
		return;
	}
	if (c->query.tag_name[0] != '\0' && !tags) {
		forbid(c);
		return;
	}
	begin_list(c, "droplets");
	for (size_t i = 0; i < c->sim->n_droplets; i++) {
		if (listed(&c->query, c->sim->droplets[i])) {
			if (on_page(c, n++)) {
				sim_render_droplet(&c->reply->body, c->sim, c->sim->droplets[i],
						   tags);
			}
		}
	}
	end_list(c, n);
}

static void get_droplet(struct call *c)
{
	const struct sim_droplet *droplet = sim_droplet_by_id(c->sim, c->ids[0]);

	if (droplet == NULL) {
		not_found(c);
		return;
	}
	begin_json(c, 200);
	(void)strbuf_adds(&c->reply->body, "{\"droplet\":");
	sim_render_droplet(&c->reply->body, c->sim, droplet, may(c, SIM_TAG_READ));
	(void)strbuf_addch(&c->reply->body, '}');
}

static void get_droplet_actions(struct call *c)
{
	const struct sim_droplet *droplet = sim_droplet_by_id(c->sim, c->ids[0]);

	if (droplet == NULL) {
		not_found(c);
		return;
	}
	begin_list(c, "actions");
	for (size_t i = 0; i < droplet->n_actions; i++) {
		if (on_page(c, i)) { /* newest first */
			sim_render_action(&c->reply->body,
					  droplet->actions[droplet->n_actions - 1 - i]);
		}
	}
	end_list(c, droplet->n_actions);
}

static void put_action(struct call *c, int status, const struct sim_action *action)
{
	begin_json(c, status);
	(void)strbuf_adds(&c->reply->body, "{\"action\":");
	sim_render_action(&c->reply->body, action);
	(void)strbuf_addch(&c->reply->body, '}');
}

static void post_droplet_action(struct call *c)
{
	struct sim_droplet *droplet = sim_droplet_by_id(c->sim, c->ids[0]);
	struct json *body;
	const char *type;
	const struct sim_action *action = NULL;
	const char *reason = "The request body is not a JSON object with a type.";
	struct sim_args args = {0};
	uint64_t scopes;

	if (droplet == NULL) {
		not_found(c);
		return;
	}
	body = json_parse(c->request->body != NULL ? c->request->body : "", c->request->body_len,
			  NULL);
	type = json_string_or(body, "type", NULL);
	scopes = type != NULL ? sim_action_scopes(type) : 0;
	if ((c->token->scopes & scopes) != scopes) {
		forbid(c);
	} else if (type != NULL && sim_read_args(c->sim, body, &args, &reason) == 0) {
		action = sim_start_action(c->sim, droplet, type, &args, &reason);
	}
	json_free(body);
	if (action != NULL) {
		put_action(c, 201, action);
	} else if (c->reply->status != 403) {
		refuse(c, 422, "unprocessable_entity", reason);
	}
}

static void get_droplet_action(struct call *c)
{
	const struct sim_action *action = sim_action_by_id(c->sim, c->ids[1]);

	if (action == NULL || action->droplet_id != c->ids[0]) {
		not_found(c);
		return;
	}
	put_action(c, 200, action);
}

static void get_action(struct call *c)
{
	const struct sim_action *action = sim_action_by_id(c->sim, c->ids[0]);

	if (action == NULL) {
		not_found(c);
		return;
	}
	put_action(c, 200, action);
}

/* Is this the first place where the tag stands? So that each is listed once. */
static bool first_with_tag(const struct sim *sim, size_t droplet, const char *tag)
{
	for (size_t i = 0; i < droplet; i++) {
		if (has_tag(sim->droplets[i], tag)) {
			return false;
		}
	}
	return true;
}

static void render_tag(struct call *c, const char *tag)
{
	struct strbuf *out = &c->reply->body;
	unsigned long long last = 0;
	size_t n = 0;

	for (size_t i = 0; i < c->sim->n_droplets; i++) {
		if (has_tag(c->sim->droplets[i], tag)) {
			last = c->sim->droplets[i]->id;
			n++;
		}
	}
	(void)strbuf_adds(out, "{\"name\":");
	json_add_string(out, tag);
	(void)strbuf_addf(out,
			  ",\"resources\":{\"count\":%zu,\"last_tagged_uri\":\"" SIM_LINK_BASE
			  "/v2/droplets/%llu\",\"droplets\":{\"count\":%zu,\"last_tagged_uri\":"
			  "\"" SIM_LINK_BASE "/v2/droplets/%llu\"},\"images\":{\"count\":0},"
			  "\"volumes\":{\"count\":0},\"volume_snapshots\":{\"count\":0},"
			  "\"databases\":{\"count\":0}}}",
			  n, last, n, last);
}

static void get_tags(struct call *c)
{
	size_t n = 0;

	begin_list(c, "tags");
	for (size_t i = 0; i < c->sim->n_droplets; i++) {
		const struct sim_droplet *droplet = c->sim->droplets[i];

		for (size_t k = 0; k < droplet->n_tags; k++) {
			if (first_with_tag(c->sim, i, droplet->tags[k]) && on_page(c, n++)) {
				render_tag(c, droplet->tags[k]);
			}
		}
	}
	end_list(c, n);
}

static void get_projects(struct call *c)
{
	begin_list(c, "projects");
	for (size_t i = 0; i < c->sim->n_projects; i++) {
		if (on_page(c, i)) {
			sim_render_project(&c->reply->body, c->sim, i);
		}
	}
	end_list(c, c->sim->n_projects);
}

static void get_project_resources(struct call *c)
{
	size_t project = 0;
	size_t n = 0;

	while (project < c->sim->n_projects && strcmp(c->sim->projects[project].id, c->word) != 0) {
		project++;
	}
	if (project == c->sim->n_projects) {
		not_found(c);
		return;
	}
	begin_list(c, "resources");
	for (size_t i = 0; i < c->sim->n_droplets; i++) {
		if (c->sim->droplets[i]->project == project && may(c, SIM_DROPLET_READ) &&
		    on_page(c, n++)) {
			sim_render_resource(&c->reply->body, c->sim->droplets[i]);
		}
	}
	end_list(c, n);
}

/* the table: '#' a number, '@' a word */
static const struct route {
	const char *method, *path;
	enum sim_scope scope;
	void (*serve)(struct call *);
} routes[] = {
	{"GET", "/v2/account", SIM_ACCOUNT_READ, get_account},
	{"GET", "/v2/droplets", SIM_DROPLET_READ, get_droplets},
	{"GET", "/v2/droplets/#", SIM_DROPLET_READ, get_droplet},
	{"GET", "/v2/droplets/#/actions", SIM_DROPLET_READ, get_droplet_actions},
	{"POST", "/v2/droplets/#/actions", SIM_DROPLET_UPDATE, post_droplet_action},
	{"GET", "/v2/droplets/#/actions/#", SIM_DROPLET_READ, get_droplet_action},
	{"GET", "/v2/actions/#", SIM_ACTIONS_READ, get_action},
	{"GET", "/v2/tags", SIM_TAG_READ, get_tags},
	{"GET", "/v2/projects", SIM_PROJECT_READ, get_projects},
	{"GET", "/v2/projects/@/resources", SIM_PROJECT_READ, get_project_resources},
};

/* One segment of a path into *number or word; -1 when it is neither. */
static int take_segment(struct call *c, char kind, const char *at, size_t len, size_t n_ids)
{
	char text[64];

	if (len == 0 || len >= sizeof(text)) {
		return -1;
	}
	memcpy(text, at, len);
	text[len] = '\0';
	if (kind == '#') {
		return sim_parse_number(text, &c->ids[n_ids]);
	}
	memcpy(c->word, text, len + 1);
	return 0;
}

static bool fits(struct call *c, const char *pattern)
{
	const char *at = c->path;
	size_t n_ids = 0;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '#' || *pattern == '@') {
			size_t len = strcspn(at, "/");

			if (take_segment(c, *pattern, at, len, n_ids) < 0) {
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

static const struct route *find_route(struct call *c)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (strcmp(routes[i].method, c->request->method) == 0 && fits(c, routes[i].path)) {
			return &routes[i];
		}
	}
	return NULL;
}

static struct sim_token *find_token(struct sim *sim, const char *text)
{
	for (size_t i = 0; text != NULL && i < sim->n_tokens; i++) {
		if (strcmp(sim->tokens[i].text, text) == 0) {
			return &sim->tokens[i];
		}
	}
	return NULL;
}

static void answer(struct call *c)
{
	const char *path = c->request->path;
	size_t len = strcspn(path, "?");
	const struct route *route;

	c->token = find_token(c->sim, c->request->token);
	if (c->token == NULL) {
		refuse(c, 401, "unauthorized", "Unable to authenticate you");
		return;
	}
	if (!sim_within_rate(c->sim, c->token, c->reply)) {
		refuse(c, 429, "too_many_requests", "API rate limit exceeded.");
		return;
	}
	(void)snprintf(c->path, sizeof(c->path), "%.*s", (int)(len < 1000 ? len : 1000), path);
	route = find_route(c);
	if (route == NULL) {
		not_found(c);
		return;
	}
	if (!may(c, route->scope)) {
		forbid(c);
		return;
	}
	if (sim_parse_query(&c->query, path[len] == '?' ? path + len + 1 : "") < 0) {
		refuse(c, 422, "unprocessable_entity", "A parameter of the request is not valid.");
		return;
	}
	route->serve(c);
}

void sim_handle(struct sim *sim, int64_t now_ms, const struct sim_request *request,
		struct sim_reply *reply)
{
	struct call call = {.sim = sim, .request = request, .reply = reply};
	unsigned long long n = (unsigned long long)++sim->n_requests;

	sim_settle(sim, now_ms);
	reply->refused = false;
	reply->rate_limit = reply->rate_remaining = reply->rate_reset = -1;
	reply->retry_after_s = -1;
	(void)snprintf(reply->request_id, sizeof(reply->request_id),
		       "51c0ffee-0000-4000-8000-%012llx", n & 0xffffffffffffULL);
	answer(&call);
	memset(&sim->fate, 0, sizeof(sim->fate)); /* a fate that was not used is over */
}
