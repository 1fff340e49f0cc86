/* token_scopes.c - what scopes the tokens have, from a file
 *
 * Happy path: read the file (at most 256 KiB) and take it apart word by word. A file that cannot be read, or a word that is
 * neither an account, a tier nor a scope in its place, ends it with a sentence that names the line.
 */
#include "cli/token_scopes.h"

#include <string.h>

#include "base/strbuf.h"
#include "cli/input.h"

#define FILE_MAX_BYTES ((size_t)256 << 10)
#define SCOPES_MAX_N 4096

/* Whose scopes come next. */
struct reading {
	struct token_scopes *to;
	const char *account;
	enum tier tier;
	bool has_tier;
};

/* "token" is the one token of an account: TIER_NONE. */
static bool read_tier(const char *word, enum tier *ret_tier)
{
	if (strcmp(word, "token") == 0) {
		*ret_tier = TIER_NONE;
		return true;
	}
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		if (strcmp(word, tier_name((enum tier)tier)) == 0) {
			*ret_tier = (enum tier)tier;
			return true;
		}
	}
	return false;
}

static int read_word(struct reading *r, char *word, bool first, struct err *err)
{
	char *colon = strchr(word, ':');
	char *copy;

	if (colon != NULL && colon[1] == '\0') {
		*colon = '\0';
		colon = NULL;
	}
	copy = arena_strdup(&r->to->arena, word);
	if (colon != NULL) {
		if (!r->has_tier) {
			return err_set(err, ERR_USAGE,
				       "of which token is \"%.60s\"? Read, change, "
				       "destroy or token stands before its scopes",
				       word);
		}
		if (r->to->n == SCOPES_MAX_N) {
			return err_set(err, ERR_LIMIT, "more than %d scopes", SCOPES_MAX_N);
		}
		r->to->list[r->to->n++] = (struct policy_token_scope){r->account, r->tier, copy};
		return 0;
	}
	if (read_tier(copy, &r->tier)) {
		r->account = first ? NULL : r->account;
		r->has_tier = true;
		return 0;
	}
	if (!first) {
		return err_set(err, ERR_USAGE, "\"%.60s\" is no scope (as droplet:read)", word);
	}
	r->account = copy;
	r->has_tier = false;
	return 0;
}

static int read_line(struct reading *r, char *line, struct err *err)
{
	bool first = true;

	line[strcspn(line, "#\r")] = '\0';
	while (line != NULL) {
		char *bracket = line + strspn(line, " \t,");
		char *word;

		if (*bracket == '(') {
			line = strchr(bracket, ')');
			line = line != NULL ? line + 1 : NULL;
			continue;
		}
		word = strsep(&line, " \t,");
		if (*word == '\0') {
			continue;
		}
		if (read_word(r, word, first, err) < 0) {
			return -1;
		}
		first = false;
	}
	return 0;
}

int token_scopes_load(const char *path, struct token_scopes *ret, struct err *err)
{
	struct reading r = {.to = ret};
	struct strbuf text;
	unsigned number = 0;
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->list = arena_array(&ret->arena, SCOPES_MAX_N, sizeof(*ret->list));
	strbuf_init(&text, FILE_MAX_BYTES);
	rc = input_read(path, &text, NULL, err);
	for (char *rest = text.buf; rc == 0 && rest != NULL;) {
		char *line = strsep(&rest, "\n");

		number++;
		rc = read_line(&r, line, err);
		if (rc < 0) {
			rc = err_prefix(err, "\"%.100s\", line %u", path, number);
		}
	}
	if (rc == 0 && ret->n == 0) {
		rc = err_set(err, ERR_USAGE, "\"%.100s\" holds no scope (as droplet:read)", path);
	}
	strbuf_done(&text);
	if (rc < 0) {
		token_scopes_done(ret);
	}
	return rc;
}

void token_scopes_done(struct token_scopes *scopes)
{
	arena_done(&scopes->arena);
	memset(scopes, 0, sizeof(*scopes));
}
