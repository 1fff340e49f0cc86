/* question.c - one question to a policy, from the command line or from a line of JSON */
#include "cli/question.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/names.h"
#include "policy/networks.h"

/* NETWORK/WORKSPACE/ID, taken apart in place. */
struct id_parts {
	const char *network, *workspace, *id;
};

static int split(const char *text, struct arena *arena, struct id_parts *ret, struct err *err)
{
	char *copy = arena_strdup(arena, text);
	char *first = strchr(copy, '/');
	char *second = first != NULL ? strchr(first + 1, '/') : NULL;

	if (second == NULL || first == copy || second == first + 1 || second[1] == '\0') {
		return err_set(err, ERR_USAGE, "\"%.80s\" is not NETWORK/WORKSPACE/ID", text);
	}
	*first = '\0';
	*second = '\0';
	*ret = (struct id_parts){copy, first + 1, second + 1};
	return 0;
}

/* "Did you mean": the nearest of the words tried, at most two letters away. */
struct near {
	const char *word, *best;
	size_t distance;
	char text[80];
};

static void near_try(struct near *near, const char *candidate)
{
	size_t distance = names_distance(near->word, candidate, 2);

	if (distance < 3 && (near->best == NULL || distance < near->distance)) {
		near->best = candidate;
		near->distance = distance;
	}
}

static const char *near_text(struct near *near)
{
	near->text[0] = '\0';
	if (near->best != NULL) {
		(void)snprintf(near->text, sizeof(near->text), "; did you mean \"%.40s\"?",
			       near->best);
	}
	return near->text;
}

static int no_person(const struct policy *policy, const char *text, struct err *err)
{
	struct near near = {.word = text};
	const char *name;

	near_try(&near, "stranger");
	for (size_t i = 0; (name = policy_person_at(policy, i)) != NULL; i++) {
		near_try(&near, name);
	}
	return err_set(err, ERR_USAGE, "the policy knows no person \"%.80s\"%s", text,
		       near_text(&near));
}

static int no_channel(const struct policy *policy, const char *text, struct err *err)
{
	struct near near = {.word = text};
	const struct policy_channel *list;
	size_t n = policy_channels(policy, &list);

	for (size_t i = 0; i < n; i++) {
		near_try(&near, list[i].name);
	}
	return err_set(err, ERR_USAGE, "the policy knows no channel \"%.80s\"%s", text,
		       near_text(&near));
}

/* A workspace or a user that is not listed is a stranger; a network that Sluice does not speak is a slip. */
static int check_network(const char *text, struct err *err)
{
	struct near near = {.word = text};
	const struct network *network;

	for (size_t i = 0; (network = network_at(i)) != NULL; i++) {
		near_try(&near, network->name);
	}
	return network_by_name(text) != NULL
		       ? 0
		       : err_set(err, ERR_USAGE, "no chat network \"%.40s\"%s", text,
				 near_text(&near));
}

int question_person(const struct policy *policy, const char *text, struct arena *arena,
		    struct policy_asker *asker, struct err *err)
{
	struct id_parts p;

	asker->policy = policy;
	asker->person = 0;
	if (strcmp(text, "stranger") == 0) {
		return 0;
	}
	if (strchr(text, '/') == NULL) {
		asker->person = policy_person_number(policy, text);
		return asker->person != 0 ? 0 : no_person(policy, text, err);
	}
	if (split(text, arena, &p, err) < 0 || check_network(p.network, err) < 0) {
		return -1;
	}
	asker->person =
		policy_asker(policy, p.network, p.workspace, p.id, NULL, NULL, false).person;
	return 0;
}

int question_channel(const struct policy *policy, const char *text, struct arena *arena,
		     struct policy_asker *asker, struct err *err)
{
	struct id_parts p;

	asker->policy = policy;
	if (strchr(text, '/') == NULL) {
		asker->channel = policy_channel_number(policy, text);
		return asker->channel != 0 ? 0 : no_channel(policy, text, err);
	}
	if (split(text, arena, &p, err) < 0 || check_network(p.network, err) < 0) {
		return -1;
	}
	asker->channel = policy_asker(policy, p.network, NULL, NULL, p.workspace, p.id,
				      strcmp(p.id, "direct") == 0)
				 .channel;
	return 0;
}

static int parse_id(const char *text, uint64_t *ret, struct err *err)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
		return err_set(err, ERR_USAGE, "\"%.80s\" is no droplet id", text);
	}
	return 0;
}

/* "prod+web" -> two tags; "" -> none, and that is known. */
static void split_tags(char *text, struct arena *arena, struct droplet *d)
{
	const char **tags = arena_array(arena, strlen(text) + 1, sizeof(*tags));
	char *rest = text;

	while (rest != NULL && *rest != '\0') {
		tags[d->n_tags++] = strsep(&rest, "+");
	}
	d->tags = tags;
}

/* The attributes that are one word; a project is named by its name or its UUID. */
static const struct {
	const char *key;
	unsigned known;
	size_t place;
} words[] = {
	{"name", DROPLET_KNOWS_NAME, offsetof(struct droplet, name)},
	{"region", DROPLET_KNOWS_REGION, offsetof(struct droplet, region)},
	{"size", DROPLET_KNOWS_SIZE, offsetof(struct droplet, size)},
	{"project", DROPLET_KNOWS_PROJECT, offsetof(struct droplet, project)},
	{"project_id", DROPLET_KNOWS_PROJECT, offsetof(struct droplet, project_id)},
	{"account", DROPLET_KNOWS_ACCOUNT, offsetof(struct droplet, account)},
};

static void set_word(struct droplet *d, size_t i, const char *text)
{
	memcpy((char *)d + words[i].place, &text, sizeof(text));
	d->known |= words[i].known;
}

static int no_attribute(const char *key, struct err *err)
{
	struct near near = {.word = key};

	near_try(&near, "id");
	near_try(&near, "tags");
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		near_try(&near, words[i].key);
	}
	return err_set(err, ERR_USAGE,
		       "a droplet is described by id, name, tags, region, size, project, "
		       "project_id, account, not by \"%.40s\"%s",
		       key, near_text(&near));
}

/*
 * What no value can hold: a space or "=" shows that a comma is missing. A project's name may have spaces; of it
 * only what looks like another KEY= is refused. "tags=" is "it has none", every other value must be there.
 */
static int check_value(const char *key, const char *value, struct err *err)
{
	bool project = strcmp(key, "project") == 0;
	bool tags = strcmp(key, "tags") == 0;
	size_t len = strlen(value);

	if (strchr(value, '=') != NULL || (!project && strpbrk(value, " \t") != NULL) ||
	    (tags && len > 0 &&
	     (*value == '+' || value[len - 1] == '+' || strstr(value, "++") != NULL))) {
		return err_set(
			err, ERR_USAGE,
			"\"%.80s\" is no %s: commas go between the parts, \"+\" between tags, "
			"as in name=web-1,tags=prod+web",
			value, tags ? "list of tags" : key);
	}
	if (len == 0 && !tags) {
		return err_set(err, ERR_USAGE,
			       "nothing stands after \"%s=\"; leave out what is not known", key);
	}
	return 0;
}

static int set_pair(struct droplet *d, const char *key, char *value, struct arena *arena,
		    struct err *err)
{
	bool tags = strcmp(key, "tags") == 0;
	size_t i = 0;

	while (i < ARRAY_LEN(words) && strcmp(words[i].key, key) != 0) {
		i++;
	}
	if (i == ARRAY_LEN(words) && !tags && strcmp(key, "id") != 0) {
		return no_attribute(key, err);
	}
	if (check_value(key, value, err) < 0) {
		return -1;
	}
	if (tags) {
		d->known |= DROPLET_KNOWS_TAGS;
		split_tags(value, arena, d);
		return 0;
	}
	if (i == ARRAY_LEN(words)) {
		return parse_id(value, &d->id, err);
	}
	set_word(d, i, value);
	return 0;
}

/* Is the key among those that stand before this pair? */
static bool seen_before(const char *text, const char *key, size_t pairs)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < pairs; i++) {
		if (strncmp(text, key, len) == 0 && text[len] == '=') {
			return true;
		}
		text += strcspn(text, ",") + 1;
	}
	return false;
}

int question_droplet(const char *text, struct arena *arena, struct droplet *ret_droplet,
		     struct err *err)
{
	char *rest = arena_strdup(arena, text);
	struct droplet d = {0};

	if (*text == '\0') {
		return err_set(err, ERR_USAGE,
			       "an empty --droplet describes none; leave it out, or say what is "
			       "known, as name=web-1,tags=prod+web");
	}
	for (size_t pairs = 0; rest != NULL; pairs++) {
		char *value = strsep(&rest, ",");
		char *key = strsep(&value, "=");

		if (value == NULL) {
			return err_set(err, ERR_USAGE,
				       "\"%.80s\" is not KEY=VALUE, as name=web-1,tags=prod+web",
				       key);
		}
		if (seen_before(text, key, pairs)) {
			return err_set(err, ERR_USAGE, "\"%.40s\" stands twice%s", key,
				       strcmp(key, "tags") == 0
					       ? "; several tags are written tags=prod+web"
					       : "");
		}
		if (set_pair(&d, key, value, arena, err) < 0) {
			return -1;
		}
	}
	*ret_droplet = d;
	return 0;
}

static int json_tags(const struct json *json, struct arena *arena, struct droplet *d,
		     struct err *err)
{
	const struct json *list = json_member(json, "tags");
	const char **tags;

	if (list == NULL) {
		return 0;
	}
	if (!json_is_array(list)) {
		return err_set(err, ERR_USAGE,
			       "\"tags\" must be a list; leave it out when the "
			       "tags are not known");
	}
	d->n_tags = json_array_count(list);
	tags = arena_array(arena, d->n_tags, sizeof(*tags));
	for (size_t i = 0; i < d->n_tags; i++) {
		tags[i] = json_text(json_array_at(list, i));
		if (tags[i] == NULL) {
			return err_set(err, ERR_USAGE, "\"tags\" must be a list of words");
		}
	}
	d->tags = tags;
	d->known |= DROPLET_KNOWS_TAGS;
	return 0;
}

/* DigitalOcean's own answer has the region as an object, and the size beside it as size_slug. */
static const struct json *word_member(const struct json *json, const char *key)
{
	const struct json *member = json_member(json, key);

	if (strcmp(key, "region") == 0 && json_is_object(member)) {
		return json_member(member, "slug");
	}
	if (strcmp(key, "size") == 0 && json_member(json, "size_slug") != NULL) {
		return json_member(json, "size_slug");
	}
	return member;
}

int question_json_droplet(const struct json *json, struct arena *arena, struct droplet *d,
			  struct err *err)
{
	if (!json_is_object(json)) {
		return err_set(err, ERR_USAGE, "\"droplet\" must be an object");
	}
	d->id = (uint64_t)json_int_or(json, "id", 0);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct json *member = word_member(json, words[i].key);

		if (member == NULL) {
			continue;
		}
		if (json_text(member) == NULL) {
			return err_set(err, ERR_USAGE,
				       "\"%s\" must be a word; leave it out when it is not known",
				       words[i].key);
		}
		set_word(d, i, json_text(member));
	}
	return json_tags(json, arena, d, err);
}

static int json_id(const struct json *json, struct question *q, struct err *err)
{
	const struct json *id = json_member(json, "id");

	q->id_text = id != NULL ? json_text(id) : NULL;
	return q->id_text != NULL ? 0 : json_get_int(json, "id", &q->id_number, err);
}

int question_json(const struct policy *policy, const struct json *json, struct arena *arena,
		  struct question *ret_question, struct err *err)
{
	const struct json *droplet = json_member(json, "droplet");
	const struct json *at = json_member(json, "at");
	struct question q = {
		.policy = {.at_ms = clock_wall_ms(), .counts_known = true, .cost_known = true}};
	const char *as;
	const char *in;
	const char *action;

	if (!json_is_object(json)) {
		return err_set(err, ERR_USAGE, "a question is an object, {...}");
	}
	if (json_id(json, &q, err) < 0 || json_get_string(json, "as", &as, err) < 0 ||
	    json_get_string(json, "in", &in, err) < 0 ||
	    json_get_string(json, "action", &action, err) < 0 ||
	    question_person(policy, as, arena, &q.policy.asker, err) < 0 ||
	    question_channel(policy, in, arena, &q.policy.asker, err) < 0) {
		return -1;
	}
	if (droplet != NULL && question_json_droplet(droplet, arena, &q.droplet, err) < 0) {
		return -1;
	}
	if (at != NULL &&
	    (json_text(at) == NULL || clock_parse(json_text(at), &q.policy.at_ms) < 0)) {
		return err_set(err, ERR_USAGE, "\"at\" must be a time like 2026-01-13T03:00:00Z");
	}
	q.policy.verb = verb_by_name(action);
	*ret_question = q;
	ret_question->policy.droplet = droplet != NULL ? &ret_question->droplet : NULL;
	return 0;
}
