/* format.c - the text of a policy file, tidied line by line; the result is parsed again and compared */
#include "policy/format.h"

#include <string.h>

#include "base/yaml.h"

static size_t tidy_length(const char *line, size_t len)
{
	while (len > 0 &&
	       (line[len - 1] == ' ' || line[len - 1] == '\r' || line[len - 1] == '\t')) {
		len--;
	}
	return len;
}

static void tidy(const char *text, size_t len, struct strbuf *out)
{
	const char *end = text + len;
	bool blank = false;

	for (const char *at = text; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length;

		stop = stop != NULL ? stop : end;
		length = tidy_length(at, (size_t)(stop - at));
		if (length == 0) {
			blank = out->len > 0;
		} else {
			(void)(blank ? strbuf_addch(out, '\n') : 0);
			blank = false;
			(void)strbuf_add(out, at, length);
			(void)strbuf_addch(out, '\n');
		}
		at = stop < end ? stop + 1 : end;
	}
}

static bool same(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->n != b->n || a->quoted != b->quoted) {
		return false;
	}
	if (a->kind == YAML_SCALAR) {
		return strcmp(a->text, b->text) == 0;
	}
	for (size_t i = 0; i < a->n; i++) {
		if ((a->kind == YAML_MAP && strcmp(a->keys[i]->text, b->keys[i]->text) != 0) ||
		    !same(a->items[i], b->items[i])) {
			return false;
		}
	}
	return true;
}

int policy_format(const char *text, size_t len, struct strbuf *out, struct err *err)
{
	struct arena arena = {0};
	struct yaml_problem problem;
	const struct yaml_node *before = yaml_parse(text, len, &arena, &problem);
	const struct yaml_node *after;
	int rc = 0;

	if (before == NULL) {
		rc = err_set(err, ERR_CONFIG, "line %u, column %u: %s: %s", problem.line,
			     problem.column, problem.code, problem.text);
	} else {
		tidy(text, len, out);
		after = yaml_parse(out->buf, out->len, &arena, &problem);
		if (out->full || after == NULL || !same(before, after)) {
			rc = err_set(err, ERR_CONFIG,
				     "a text over several lines would change its meaning; nothing "
				     "was tidied");
		}
	}
	arena_done(&arena);
	return rc;
}
