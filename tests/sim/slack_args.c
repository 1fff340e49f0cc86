/* slack_args.c - the arguments of a Web API call: form fields, query or JSON, as one object
 *
 * In a form an argument that is an object or a list stands as JSON text; it is parsed here, so that who reads the arguments
 * need not ask how they came.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sim/slack.h"

static int hex(char ch)
{
	const char *digits = "0123456789abcdef";
	const char *at = ch != '\0' ? strchr(digits, ch | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* %XX and '+' decoded into new memory; NULL when it is broken. */
static char *decode(const char *text, size_t len)
{
	char *out = mem_alloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char ch = text[i] == '+' ? ' ' : text[i];

		if (ch == '%') {
			if (i + 2 >= len || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
				free(out);
				return NULL;
			}
			ch = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		if (ch != '\0') {
			out[n++] = ch;
		}
	}
	return out;
}

static bool is_json(const char *key)
{
	static const char *const keys[] = {"blocks", "attachments", "view", "files", "metadata"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(key, keys[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void add_pair(json_t *args, const char *text, size_t len)
{
	size_t key_len = 0;
	char *key, *value;

	while (key_len < len && text[key_len] != '=') {
		key_len++;
	}
	key = decode(text, key_len);
	value = key_len < len ? decode(text + key_len + 1, len - key_len - 1) : mem_strdup("");
	if (key != NULL && value != NULL) {
		json_t *node = is_json(key) ? json_loads(value, 0, NULL) : NULL;

		json_object_set_new(args, key, node != NULL ? node : json_string(value));
	}
	free(key);
	free(value);
}

static void add_form(json_t *args, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '&', len);
		size_t n = end != NULL ? (size_t)(end - text) : len;

		if (n > 0) {
			add_pair(args, text, n);
		}
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

json_t *slack_args(const struct slack_request *request, const char **ret_error)
{
	const char *query = strchr(request->path, '?');
	json_t *args;

	if (strncasecmp(request->type, "application/json", 16) == 0) {
		args = json_loadb(request->body, request->body_len, 0, NULL);
		if (!json_is_object(args)) {
			json_decref(args);
			*ret_error = "invalid_json";
			return NULL;
		}
	} else if (request->body_len > 0 &&
		   strncasecmp(request->type, "application/x-www-form-urlencoded", 33) != 0) {
		*ret_error = "invalid_post_type";
		return NULL;
	} else {
		args = json_object();
		add_form(args, request->body, request->body_len);
	}
	if (query != NULL) {
		add_form(args, query + 1, strlen(query + 1));
	}
	return args;
}
