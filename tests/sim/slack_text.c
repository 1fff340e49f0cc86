/* slack_text.c - whom a message calls, read as Slack reads it
 *
 * In text and in every mrkdwn object <!channel>, <!here>, <!everyone>, <!subteam^S...> and <@U...> call people; what is
 * escaped, or stands in plain_text, calls nobody.
 */
#include <string.h>

#include "sim/slack.h"

static bool calls(const char *word, size_t len)
{
	static const char *const groups[] = {"!channel", "!here", "!everyone"};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		size_t n = strlen(groups[i]);

		if (len >= n && strncmp(word, groups[i], n) == 0 && (len == n || word[n] == '|')) {
			return true;
		}
	}
	return (len > 9 && strncmp(word, "!subteam^", 9) == 0) || (len > 2 && word[0] == '@');
}

static void add_text(json_t *out, const char *text)
{
	const char *open = text;

	while ((open = strchr(open, '<')) != NULL) {
		size_t len = strcspn(open + 1, "<>");

		if (open[1 + len] == '>' && calls(open + 1, len)) {
			json_array_append_new(out, json_stringn(open, len + 2));
		}
		open++;
	}
}

static void add_node(json_t *out, const json_t *node)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_object(node) && (strcmp(slack_str(node, "type"), "mrkdwn") == 0 ||
				     strcmp(slack_str(node, "type"), "markdown") == 0)) {
		add_text(out, slack_str(node, "text"));
	} else if (json_is_object(node)) {
		json_object_foreach((json_t *)node, key, value)
		{
			add_node(out, value);
		}
	} else if (json_is_array(node)) {
		json_array_foreach((json_t *)node, i, value)
		{
			add_node(out, value);
		}
	}
}

json_t *slack_notifies(const json_t *message)
{
	json_t *out = json_array();

	add_text(out, slack_str(message, "text"));
	add_node(out, json_object_get(message, "blocks"));
	return out;
}
