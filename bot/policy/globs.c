/* globs.c - texts that fit a pattern, or two of them at once */
#include <string.h>

#include "base/names.h"
#include "base/strbuf.h"
#include "policy/world.h"

#define ANY "q7z" /* what a '*' becomes: nobody names a thing so */

const char *pattern_instance(const struct pattern *pattern, struct arena *arena)
{
	struct strbuf text;
	const char *copy;

	strbuf_init(&text, 4096);
	for (const char *p = pattern->text; *p != '\0'; p++) {
		(void)(*p == '*' ? strbuf_adds(&text, ANY) : strbuf_addch(&text, *p));
	}
	copy = arena_strdup(arena, text.buf);
	strbuf_done(&text);
	return copy;
}

/* Neither can begin, or neither can end, as the other does. */
static bool apart(const char *a, const char *b)
{
	size_t fore = strcspn(a, "*") < strcspn(b, "*") ? strcspn(a, "*") : strcspn(b, "*");
	const char *last_a = strrchr(a, '*') + 1;
	const char *last_b = strrchr(b, '*') + 1;
	size_t la = strlen(last_a);
	size_t lb = strlen(last_b);
	size_t tail = la < lb ? la : lb;

	return strncmp(a, b, fore) != 0 || strcmp(last_a + la - tail, last_b + lb - tail) != 0;
}

const char *pattern_overlap(const char *a, const char *b, struct arena *arena, bool *known)
{
	const char *fore = strcspn(a, "*") >= strcspn(b, "*") ? a : b;
	const char *tail_a = strrchr(a, '*') + 1;
	const char *tail_b = strrchr(b, '*') + 1;
	const char *tail = strlen(tail_a) >= strlen(tail_b) ? tail_a : tail_b;
	const char *text;

	if (strcmp(a, b) == 0 || apart(a, b)) {
		return NULL;
	}
	text = arena_printf(arena, "%.*s" ANY "%s", (int)strcspn(fore, "*"), fore, tail);
	if (names_glob(a, text) != 0 && names_glob(b, text) != 0) {
		return text;
	}
	*known = false;
	return NULL;
}
