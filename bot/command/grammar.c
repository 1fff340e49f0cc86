/* grammar.c - text as people type it to a row of the table and its words
 *
 * Happy path: clean the text (phones), cut it into words, drop what only addresses the bot, find the longest phrase
 * that fits by whole words, check that what follows is what the row takes. Nothing here knows rights.
 */
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "chat/event.h"
#include "command/form.h"

/* What phones and word processors make of plain characters. */
static const struct {
	const char *from;
	const char *to;
} cleaned[] = {
	{"\xE2\x80\x98", "'"}, /* left single quote */
	{"\xE2\x80\x99", "'"}, /* right single quote */
	{"\xE2\x80\x9A", "'"},
	{"\xE2\x80\xB9", "'"},
	{"\xE2\x80\xBA", "'"},
	{"\xE2\x80\x9C", "\""}, /* left double quote */
	{"\xE2\x80\x9D", "\""}, /* right double quote */
	{"\xE2\x80\x9E", "\""},
	{"\xC2\xAB", "\""},
	{"\xC2\xBB", "\""},
	{"\xE2\x80\x90", "-"}, /* hyphen */
	{"\xE2\x80\x91", "-"}, /* no-break hyphen */
	{"\xE2\x80\x92", "-"}, /* figure dash */
	{"\xE2\x80\x93", "-"}, /* en dash */
	{"\xE2\x80\x94", "-"}, /* em dash */
	{"\xE2\x80\x95", "-"},
	{"\xE2\x88\x92", "-"}, /* minus */
	{"\xC2\xAD", ""},      /* soft hyphen */
	{"\xC2\xA0", " "},     /* no-break space */
	{"\xE2\x80\xAF", " "}, /* narrow no-break space */
	{"\xE2\x80\x87", " "}, /* figure space */
	{"\xE2\x80\x82", " "},
	{"\xE2\x80\x83", " "},
	{"\xE2\x80\x89", " "},
	{"\xE3\x80\x80", " "}, /* ideographic space */
	{"\xE2\x80\x8B", ""},  /* zero width space */
	{"\xE2\x80\x8C", ""},
	{"\xE2\x80\x8D", ""},
	{"\xE2\x81\xA0", ""}, /* word joiner */
	{"\xEF\xBB\xBF", ""}, /* byte order mark */
	{"\xE2\x80\x8E", ""},
	{"\xE2\x80\x8F", ""}, /* direction marks */
	/* what is put around a name that is pasted; the overrides, which turn round what others read, stay and fit nothing */
	{"\xE2\x80\xAA", ""},
	{"\xE2\x80\xAB", ""},
	{"\xE2\x80\xAC", ""}, /* embeddings */
	{"\xE2\x81\xA6", ""},
	{"\xE2\x81\xA7", ""},
	{"\xE2\x81\xA8", ""},
	{"\xE2\x81\xA9", ""}, /* isolates */
};

static void clean(const char *text, struct strbuf *out)
{
	while (*text != '\0') {
		size_t i = 0;

		while (i < ARRAY_LEN(cleaned) &&
		       strncmp(text, cleaned[i].from, strlen(cleaned[i].from)) != 0) {
			i++;
		}
		if (i < ARRAY_LEN(cleaned)) {
			(void)strbuf_adds(out, cleaned[i].to);
			text += strlen(cleaned[i].from);
		} else {
			/* other control characters only separate words */
			(void)strbuf_addch(out, (unsigned char)*text < ' ' ? ' ' : *text);
			text++;
		}
	}
}

/* Quotes and code marks around a word, and the full stop that a keyboard adds, are not part of a name. */
static char *trim_word(char *word)
{
	size_t len;

	while (*word != '\0' && strchr("\"'`(", *word) != NULL) {
		word++;
	}
	len = strlen(word);
	while (len > 0 && strchr("\"'`).,!?;", word[len - 1]) != NULL) {
		word[--len] = '\0';
	}
	return word;
}

static size_t cut_words(char *text, const char **words, size_t max)
{
	size_t n = 0;
	char *save = NULL;

	for (char *word = strtok_r(text, " ,", &save); word != NULL;
	     word = strtok_r(NULL, " ,", &save)) {
		bool question = strcmp(word, "?") == 0;

		word = question ? word : trim_word(word);
		if (*word == '\0') {
			continue;
		}
		if (n == max) {
			return max + 1;
		}
		words[n++] = word;
	}
	return n;
}

static bool is_own_name(const char *word, const char *const *own_names)
{
	size_t len = strlen(word);

	if (*word == '@') {
		word++;
		len--;
	}
	if (len > 0 && word[len - 1] == ':') {
		len--;
	}
	for (; own_names != NULL && *own_names != NULL; own_names++) {
		if (strlen(*own_names) == len && strncasecmp(word, *own_names, len) == 0) {
			return true;
		}
	}
	return false;
}

/* How many words of the phrase stand at the start of words; 0: it does not fit. */
static size_t phrase_fits(const char *phrase, const char *const *words, size_t n_words)
{
	size_t n = 0;

	while (*phrase != '\0') {
		size_t len = strcspn(phrase, " ");

		if (n >= n_words || strlen(words[n]) != len ||
		    strncasecmp(words[n], phrase, len) != 0) {
			return 0;
		}
		n++;
		phrase += len;
		phrase += *phrase == ' ' ? 1 : 0;
	}
	return n;
}

/* "status" alone is the list, "status web-1" is one droplet: a phrase may stand in two rows. */
static bool suits(const struct command *row, const char *const *after, size_t n_after)
{
	bool selector =
		n_after > 0 && (strchr(after[0], ':') != NULL || strchr(after[0], '*') != NULL);

	switch (row->takes) {
	case TAKES_TARGETS:
		return n_after > 0 && !selector;
	case TAKES_FILTERS:
		return n_after == 0 || selector;
	case TAKES_NOTHING:
	case TAKES_GLOB:
	case TAKES_ID:
	case TAKES_TOPIC:
	case TAKES_SAVED:
	case TAKES_NEW:
	case TAKES_REST:
		return true;
	}
	return true;
}

static const struct command *find_row(const char *const *words, size_t n_words, size_t *ret_used)
{
	size_t n_rows;
	const struct command *rows = command_rows(&n_rows);
	const struct command *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < n_rows; i++) {
		for (size_t k = 0; k < COMMAND_PHRASES_MAX && rows[i].phrases[k] != NULL; k++) {
			size_t len = phrase_fits(rows[i].phrases[k], words, n_words);

			if (len > best_len || (len > 0 && len == best_len &&
					       !suits(best, words + len, n_words - len) &&
					       suits(&rows[i], words + len, n_words - len))) {
				best_len = len;
				best = &rows[i];
			}
		}
	}
	*ret_used = best_len;
	return best;
}

/* "web-1 and web-2": the word between two names is none. */
static size_t drop_and(const char **words, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool between = i > 0 && i + 1 < n;

		if (!(between &&
		      (strcasecmp(words[i], "and") == 0 || strcmp(words[i], "&") == 0))) {
			words[kept++] = words[i];
		}
	}
	return kept;
}

/* "reboot web-1 queue": the last word says what to do when it is taken. */
static void take_queue(struct command_parse *parse)
{
	if (parse->row->plan != NULL && parse->n_words > 1 &&
	    strcasecmp(parse->words[parse->n_words - 1], "queue") == 0) {
		parse->queues = true;
		parse->n_words--;
	}
}

const char *command_args(const struct command *row, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < COMMAND_ARGS_MAX && row->args[i].arg != ARG_NONE; i++) {
		enum job_arg arg = row->args[i].arg;
		bool optional = row->args[i].optional || job_arg_is_flag(arg);

		bool keyed = row->takes == TAKES_NEW && !job_arg_is_flag(arg);

		text = arena_printf(arena, "%s %s%s%s%s%s", text, optional ? "[" : "",
				    keyed ? job_arg_key(arg) : "", keyed ? " " : "",
				    job_arg_word(arg), optional ? "]" : "");
	}
	return text;
}

const char *command_usage(const struct command *row, struct arena *arena)
{
	return arena_printf(arena, "%s%s", row->usage != NULL ? row->usage : "",
			    command_args(row, arena));
}

const char *command_infinitive(const struct command *row)
{
	return row->plan != NULL         ? row->plan->infinitive
	       : row->infinitive != NULL ? row->infinitive
					 : row->phrases[0];
}

static size_t count_args(const struct command *row)
{
	size_t n = 0;

	while (n < COMMAND_ARGS_MAX && row->args[n].arg != ARG_NONE) {
		n++;
	}
	return n;
}

bool command_overfull(const struct command_parse *parse)
{
	return parse->row->one && parse->n_words > 1 + count_args(parse->row);
}

/* A droplet or an argument is missing; which of them is not to be known. */
static int too_little(const struct command_parse *parse, struct arena *arena, struct err *err)
{
	return err_set(err, ERR_USAGE, "say: %s %s", parse->row->phrases[0],
		       command_usage(parse->row, arena));
}

/* Behind the one droplet: each in its turn, those that may be left out too. */
static int take_args_of_one(struct command_parse *parse, struct arena *arena, struct err *err)
{
	const struct command *row = parse->row;
	size_t n = count_args(row);
	size_t at = 1;

	for (size_t i = 0; i < n; i++) {
		bool optional = row->args[i].optional || job_arg_is_flag(row->args[i].arg);
		struct err ignored = {0};

		if (at >= parse->n_words && !optional) {
			return too_little(parse, arena, err);
		}
		if (at >= parse->n_words) {
			continue;
		}
		if (job_arg_set(&parse->args, row->args[i].arg, parse->words[at],
				optional ? &ignored : err) == 0) {
			at++;
		} else if (!optional) {
			return -1;
		}
	}
	if (at < parse->n_words) {
		return err_set(err, ERR_USAGE, "\"%.40s\" is too much. Say: %s %s",
			       parse->words[at], row->phrases[0], command_usage(row, arena));
	}
	parse->n_words = parse->n_words > 0 ? 1 : 0;
	return job_args_check(&parse->args, err);
}

/* The arguments stand behind the targets: they are taken from the end. */
static int take_args(struct command_parse *parse, struct err *err)
{
	const struct command *row = parse->row;
	size_t n = count_args(row);

	while (n > 0 && parse->n_words > 0) {
		const struct command_arg *arg = &row->args[--n];
		bool optional = arg->optional || job_arg_is_flag(arg->arg);
		struct err ignored = {0};

		if (job_arg_set(&parse->args, arg->arg, parse->words[parse->n_words - 1],
				optional ? &ignored : err) == 0) {
			parse->n_words--;
		} else if (!optional) {
			return -1;
		}
	}
	return 0;
}

static enum command_fit check_words(struct command_parse *parse, struct arena *arena,
				    struct err *err)
{
	const struct command *row = parse->row;
	struct command_filter filter;
	bool said = parse->n_words > 0;

	switch (row->takes) {
	case TAKES_NOTHING:
		if (parse->n_words > 0) {
			err_set(err, ERR_USAGE, "\"%s\" takes nothing behind it, got \"%.60s\"",
				row->phrases[0], parse->words[0]);
			return FIT_USAGE;
		}
		return FIT_COMMAND;
	case TAKES_GLOB:
		if (parse->n_words > 1) {
			err_set(err, ERR_USAGE, "\"%s\" takes one word behind it, got \"%.60s\"",
				row->phrases[0], parse->words[1]);
			return FIT_USAGE;
		}
		return FIT_COMMAND;
	case TAKES_ID:
		if (parse->n_words > 1) {
			err_set(err, ERR_USAGE, "\"%s\" takes one ID behind it, got \"%.60s\"",
				row->phrases[0], parse->words[1]);
			return FIT_USAGE;
		}
		return FIT_COMMAND;
	case TAKES_TARGETS:
		take_queue(parse);
		if (parse->n_words > 0 &&
		    (row->one ? take_args_of_one(parse, arena, err) : take_args(parse, err)) < 0) {
			return FIT_USAGE;
		}
		parse->n_words = drop_and(parse->words, parse->n_words);
		if (parse->n_words == 0 && said) {
			too_little(parse, arena, err);
			return FIT_USAGE;
		}
		if (parse->n_words == 0) {
			err_set(err, ERR_USAGE, "which droplet? Say: %s %s", row->phrases[0],
				command_usage(row, arena));
			return FIT_USAGE;
		}
		return FIT_COMMAND;
	case TAKES_SAVED:
		take_queue(parse);
		if (parse->n_words == 0) {
			err_set(err, ERR_USAGE, "which snapshot? Say: %s %s", row->phrases[0],
				command_usage(row, arena));
			return FIT_USAGE;
		}
		return FIT_COMMAND;
	case TAKES_NEW:
		return command_take_new(parse, arena, err) < 0 ? FIT_USAGE : FIT_COMMAND;
	case TAKES_FILTERS:
		return command_filter_parse(parse->words, parse->n_words, &filter, err) == 0
			       ? FIT_COMMAND
			       : FIT_USAGE;
	case TAKES_TOPIC:
	case TAKES_REST:
		return FIT_COMMAND;
	}
	return FIT_NONE;
}

static const char *join(const char *const *words, size_t n, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++) {
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", words[i]);
	}
	return text;
}

/* What stands behind the word "because", without the spaces around it; NULL: no such word. */
static const char *find_reason(const char *text)
{
	static const char word[] = "because";

	for (const char *at = text; (at = strcasestr(at, word)) != NULL; at++) {
		const char *behind = at + sizeof(word) - 1;

		if ((at == text || at[-1] == ' ' || at[-1] == ',') &&
		    (*behind == ' ' || *behind == ':' || *behind == '\0')) {
			return at;
		}
	}
	return NULL;
}

/* As it was typed, cut at a whole character. */
static const char *reason_of(const char *because, struct arena *arena)
{
	const char *text = because + strlen("because");
	size_t len;

	text += strspn(text, " :");
	len = strlen(text);
	if (len > COMMAND_REASON_MAX) {
		len = COMMAND_REASON_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
			len--;
		}
	}
	while (len > 0 && text[len - 1] == ' ') {
		len--;
	}
	return len > 0 ? arena_strndup(arena, text, len) : NULL;
}

static enum command_fit parse_line(char *line, const char *const *own_names, struct arena *arena,
				   struct command_parse *ret_parse, struct err *err)
{
	const char **words = arena_array(arena, COMMAND_WORDS_MAX + 1, sizeof(*words));
	size_t n = cut_words(line, words, COMMAND_WORDS_MAX);
	bool too_many = n > COMMAND_WORDS_MAX;
	size_t used;

	memset(ret_parse, 0, sizeof(*ret_parse));
	n = too_many ? COMMAND_WORDS_MAX : n;
	while (n > 0 && is_own_name(words[0], own_names)) {
		ret_parse->prefixed = true;
		words++;
		n--;
	}
	if (n > 0 && (words[0][0] == '/' || words[0][0] == '!') && words[0][1] != '\0') {
		ret_parse->prefixed = true;
		words[0]++;
	}
	if (n > 0 && is_own_name(words[0], own_names)) { /* "/sluice reboot web-1" */
		words++;
		n--;
	}
	/* "/droplet", "@sluice" and nothing more: somebody wants to know what there is */
	if (ret_parse->prefixed && (n == 0 || (n == 1 && strcasecmp(words[0], "droplet") == 0))) {
		words[0] = "help";
		n = 1;
	}
	if (n > 0 && strcasecmp(words[0], "droplet") == 0) {
		ret_parse->prefixed = true;
	}
	if (too_many) { /* said only now: who is addressed answers, talk is left alone */
		err_set(err, ERR_LIMIT, "that is too long: at most %d words", COMMAND_WORDS_MAX);
		return FIT_USAGE;
	}
	ret_parse->said = join(words, n, arena);
	ret_parse->row = find_row(words, n, &used);
	ret_parse->words = words + used;
	ret_parse->n_words = n - used;
	return ret_parse->row != NULL ? check_words(ret_parse, arena, err) : FIT_NONE;
}

enum command_fit command_parse(const char *text, const char *const *own_names, struct arena *arena,
			       struct command_parse *ret_parse, struct err *err)
{
	struct strbuf copy;
	const char *line;
	const char *because;
	enum command_fit fit;

	memset(ret_parse, 0, sizeof(*ret_parse));
	strbuf_init(&copy, CHAT_TEXT_MAX);
	clean(text, &copy);
	line = arena_strdup(arena, copy.buf);
	if (copy.full) {
		strbuf_done(&copy);
		err_set(err, ERR_LIMIT, "that is too long: at most %d characters", CHAT_TEXT_MAX);
		return FIT_USAGE;
	}
	strbuf_done(&copy);
	because = find_reason(line);
	if (because != NULL) { /* of a change it is the reason; of anything else only words */
		fit = parse_line(arena_strndup(arena, line, (size_t)(because - line)), own_names,
				 arena, ret_parse, err);
		if (ret_parse->row != NULL &&
		    (ret_parse->row->plan != NULL || ret_parse->row->own == OWN_LOCK ||
		     ret_parse->row->own == OWN_STEAL || ret_parse->row->own == OWN_TAKE)) {
			ret_parse->reason = reason_of(because, arena);
			if (fit == FIT_COMMAND && ret_parse->reason == NULL &&
			    ret_parse->row->own != OWN_TAKE) { /* which asks for it itself */
				err_set(err, ERR_USAGE, "because what? Say: %s ... because TEXT",
					ret_parse->row->phrases[0]);
				return FIT_USAGE;
			}
			return fit;
		}
	}
	fit = parse_line(arena_strdup(arena, line), own_names, arena, ret_parse, err);
	if (because != NULL && ret_parse->row != NULL && ret_parse->row->own == OWN_REASON) {
		ret_parse->reason = reason_of(because, arena);
	}
	return fit;
}
