/* answer.c - DigitalOcean's small answers, by a JSON tree */
#include "ocean/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

static struct json *parse(const char *body, size_t len, struct err *err)
{
	struct json *root = json_parse(body, len, NULL);

	if (root == NULL) {
		err_set(err, ERR_REMOTE, "DigitalOcean's answer is not valid JSON");
	}
	return root;
}

/* Empty when the text is missing, does not fit or has control characters. */
static void copy(char *to, size_t size, const char *from)
{
	size_t len = from != NULL ? strlen(from) : 0;

	to[0] = '\0';
	if (len >= size) {
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f) {
			return;
		}
	}
	if (len > 0) {
		memcpy(to, from, len + 1);
	}
}

static int64_t time_or_0(const struct json *object, const char *key)
{
	const char *text = json_string_or(object, key, NULL);
	int64_t ms = 0;

	return text != NULL && clock_parse(text, &ms) == 0 ? ms : 0;
}

static int action_status(const char *word, enum ocean_action_status *ret)
{
	if (word != NULL && strcmp(word, "in-progress") == 0) {
		*ret = OCEAN_IN_PROGRESS;
	} else if (word != NULL && strcmp(word, "completed") == 0) {
		*ret = OCEAN_COMPLETED;
	} else if (word != NULL && strcmp(word, "errored") == 0) {
		*ret = OCEAN_ERRORED;
	} else {
		return -1;
	}
	return 0;
}

static int read_action(const struct json *object, struct ocean_action *ret, struct err *err)
{
	struct ocean_action action = {0};
	int64_t id = json_int_or(object, "id", 0);
	int64_t droplet_id = json_int_or(object, "resource_id", 0);

	if (id <= 0 || action_status(json_string_or(object, "status", NULL), &action.status) < 0) {
		return err_set(err, ERR_REMOTE,
			       "DigitalOcean's answer has no action that makes sense");
	}
	action.id = (uint64_t)id;
	action.droplet_id = droplet_id > 0 ? (uint64_t)droplet_id : 0;
	copy(action.type, sizeof(action.type), json_string_or(object, "type", NULL));
	action.started_ms = time_or_0(object, "started_at");
	action.completed_ms = time_or_0(object, "completed_at");
	*ret = action;
	return 0;
}

int answer_action(const char *body, size_t len, struct ocean_action *ret, struct err *err)
{
	struct json *root = parse(body, len, err);
	int rc = -1;

	if (root != NULL) {
		rc = read_action(json_member(root, "action"), ret, err);
	}
	json_free(root);
	return rc;
}

/* Their ids grow with time. */
static int newest_first(const void *a, const void *b)
{
	uint64_t x = ((const struct ocean_action *)a)->id;
	uint64_t y = ((const struct ocean_action *)b)->id;

	return x < y ? 1 : -(x > y);
}

int answer_actions(const char *body, size_t len, struct ocean_action **ret, size_t *ret_n,
		   struct err *err)
{
	struct json *root = parse(body, len, err);
	const struct json *array = json_member(root, "actions");
	size_t n = json_array_count(array);
	struct ocean_action *actions = NULL;
	int rc = -1;

	if (root == NULL) {
		return -1;
	}
	if (!json_is_array(array)) {
		err_set(err, ERR_REMOTE, "DigitalOcean's answer has no list of actions");
		goto out;
	}
	n = n > OCEAN_ACTIONS_MAX ? OCEAN_ACTIONS_MAX : n;
	actions = mem_array(n, sizeof(*actions));
	for (size_t i = 0; i < n; i++) {
		if (read_action(json_array_at(array, i), &actions[i], err) < 0) {
			goto out;
		}
	}
	qsort(actions, n, sizeof(*actions), newest_first);
	*ret = actions;
	*ret_n = n;
	actions = NULL;
	rc = 0;
out:
	free(actions);
	json_free(root);
	return rc;
}

int answer_links(const char *body, size_t len, struct ocean_action **ret, size_t *ret_n,
		 struct err *err)
{
	struct json *root = parse(body, len, err);
	const struct json *array = json_member(json_member(root, "links"), "actions");
	size_t n = json_array_count(array);
	struct ocean_action *actions;
	size_t got = 0;

	if (root == NULL) {
		return -1;
	}
	n = n > OCEAN_ACTIONS_MAX ? OCEAN_ACTIONS_MAX : n;
	actions = mem_array(n, sizeof(*actions));
	for (size_t i = 0; i < n; i++) {
		const struct json *link = json_array_at(array, i);
		int64_t id = json_int_or(link, "id", 0);

		if (id > 0) {
			actions[got].id = (uint64_t)id;
			copy(actions[got].type, sizeof(actions[got].type),
			     json_string_or(link, "rel", NULL));
			got++;
		}
	}
	json_free(root);
	*ret = actions;
	*ret_n = got;
	return 0;
}

int answer_account(const char *body, size_t len, struct ocean_account *ret, struct err *err)
{
	struct json *root = parse(body, len, err);
	const struct json *object = json_member(root, "account");
	int64_t limit = json_int_or(object, "droplet_limit", 0);
	int rc = -1;

	if (root == NULL) {
		return -1;
	}
	if (!json_is_object(object)) {
		err_set(err, ERR_REMOTE, "DigitalOcean's answer has no account");
	} else {
		memset(ret, 0, sizeof(*ret));
		copy(ret->email, sizeof(ret->email), json_string_or(object, "email", NULL));
		copy(ret->status, sizeof(ret->status), json_string_or(object, "status", NULL));
		copy(ret->team, sizeof(ret->team),
		     json_string_or(json_member(object, "team"), "name", NULL));
		ret->droplet_limit = limit > 0 && limit <= INT32_MAX ? (unsigned)limit : 0;
		rc = 0;
	}
	json_free(root);
	return rc;
}
