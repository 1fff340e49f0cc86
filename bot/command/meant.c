/* meant.c - words that are no command: which one was meant?
 *
 * What is proposed is something that the grammar takes, and that the asker may say. In turn: the words without what is no
 * word ("droplet power - reboot") and with the dots of a verb apart; a phrase with a slip in it; a command behind a few
 * words of politeness; help on a word that commands have.
 */
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "base/strbuf.h"
#include "chat/event.h"
#include "command/form.h"

#define POLITE_WORDS_MAX 3
#define PHRASE_WORDS_MAX 4

struct meaning {
	const char *words[COMMAND_WORDS_MAX]; /* of what was said, without lone signs */
	size_t n;
	const char *starts[PHRASE_WORDS_MAX + 1]; /* as one text, so many words */
	bool (*may)(const struct command *row, void *data);
	void *data;
	struct arena *arena;
};

/* ---- words ---------------------------------------------------------------------------------- */

static bool is_sign(const char *word, size_t len)
{
	return strspn(word, "-:/|>=+.,;_~&!") >= len;
}

static const char *join(const char *const *words, size_t n, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++) {
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", words[i]);
	}
	return text;
}

static void cut(struct meaning *meaning, const char *said)
{
	while (*(said += strspn(said, " ")) != '\0') {
		size_t len = strcspn(said, " ");

		if (meaning->n == 0 && strspn(said, "/!-") < len) { /* "--help" */
			size_t lead = strspn(said, "/!-");

			said += lead;
			len -= lead;
		}
		if (!is_sign(said, len) && meaning->n < ARRAY_LEN(meaning->words)) {
			meaning->words[meaning->n++] = arena_strndup(meaning->arena, said, len);
		}
		said += len;
	}
	for (size_t n = 0; n < ARRAY_LEN(meaning->starts); n++) {
		meaning->starts[n] =
			join(meaning->words, n < meaning->n ? n : meaning->n, meaning->arena);
	}
}

static size_t count_words(const char *phrase)
{
	size_t n = 1;

	for (; *phrase != '\0'; phrase++) {
		n += *phrase == ' ' ? 1 : 0;
	}
	return n;
}

bool command_has_word(const struct command *row, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < COMMAND_PHRASES_MAX && row->phrases[i] != NULL; i++) {
		for (const char *at = row->phrases[i]; at != NULL; at = strchr(at, ' ')) {
			at += *at == ' ';
			if (strncasecmp(at, word, len) == 0 &&
			    (at[len] == ' ' || at[len] == '\0')) {
				return true;
			}
		}
	}
	return false;
}

/* One that means something in a command; "droplet" may stand before all of them. */
static bool is_of_commands(const struct meaning *meaning, const char *word)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	for (size_t i = 0; strcasecmp(word, "droplet") != 0 && i < n; i++) {
		if (command_has_word(&rows[i], word) && meaning->may(&rows[i], meaning->data)) {
			return true;
		}
	}
	return false;
}

/* ---- does the grammar take it? --------------------------------------------------------------- */

static enum command_fit try(const struct meaning *meaning, const char *text,
			    struct command_parse *parse)
{
	struct err err = {0};
	enum command_fit fit = command_parse(text, NULL, meaning->arena, parse, &err);

	return parse->row != NULL && meaning->may(parse->row, meaning->data) ? fit : FIT_NONE;
}

/* Only something is missing: a press gets the sentence that says what. */
static bool is_begun(enum command_fit fit, const struct command_parse *parse)
{
	return fit == FIT_COMMAND || (fit == FIT_USAGE && (parse->row->takes == TAKES_TARGETS ||
							   parse->row->takes == TAKES_SAVED ||
							   parse->row->takes == TAKES_NEW));
}

/* ---- one after the other --------------------------------------------------------------------- */

/* "droplet power - reboot", "droplet.power.reboot web-1" as in a policy */
static const char *as_words(const struct meaning *meaning, const char *said)
{
	char *text = arena_strdup(meaning->arena, join(meaning->words, meaning->n, meaning->arena));
	struct command_parse parse;

	for (char *at = text; *at != ' ' && *at != '\0'; at++) {
		*at = *at == '.' ? ' ' : *at;
	}
	return strcmp(text, said) != 0 && is_begun(try(meaning, text, &parse), &parse) ? text
										       : NULL;
}

/*
 * With what stood behind it; without, where the phrase takes nothing. NULL: the phrase was not meant. "droplet power" is no
 * `droplets power`, and "firewall add web web-1" no `firewalls`.
 */
static const char *whole(const struct meaning *meaning, const char *phrase)
{
	size_t n_phrase = count_words(phrase);
	size_t used = n_phrase < meaning->n ? n_phrase : meaning->n;
	const char *text =
		arena_printf(meaning->arena, "%s%s%s", phrase, used < meaning->n ? " " : "",
			     join(meaning->words + used, meaning->n - used, meaning->arena));
	struct command_parse parse;
	enum command_fit fit = try(meaning, text, &parse);

	if (fit == FIT_NONE || (parse.row->takes == TAKES_FILTERS && fit == FIT_USAGE)) {
		return NULL;
	}
	for (size_t i = used; parse.row->takes == TAKES_FILTERS && i < meaning->n; i++) {
		if (is_of_commands(meaning, meaning->words[i])) {
			return NULL;
		}
	}
	/* a code is not said again */
	return is_begun(fit, &parse) && parse.row->own != OWN_CODE ? text : phrase;
}

/* Letters between the phrase and as many words of what was said; of a short word one may be wrong, not all. */
static size_t distance_to(const struct meaning *meaning, const char *phrase, size_t most)
{
	size_t n = count_words(phrase);
	const char *at = phrase;

	if (strlen(phrase) < 3 || n > PHRASE_WORDS_MAX) { /* anything is near to "?" */
		return most + 1;
	}
	for (size_t i = 0; i < n && n <= meaning->n; i++) {
		size_t len = strcspn(at, " ");
		size_t few = len > 4 ? 2 : 1;
		char word[32] = "";

		(void)strncat(word, at, len < sizeof(word) ? len : 0);
		if (names_distance(meaning->words[i], word, few) > few) {
			return most + 1;
		}
		at += len + (at[len] == ' ');
	}
	return names_distance(meaning->starts[n], phrase, most);
}

/* Of two that are as near the longer says more ("droplet rebot" is no "droplets"), and then the one that was not typed to its end. */
static bool is_better(const struct meaning *meaning, const char *phrase, const char *best)
{
	size_t n = count_words(phrase);
	const char *start = meaning->starts[n];

	return best == NULL || n > count_words(best) ||
	       (n == count_words(best) && strncasecmp(phrase, start, strlen(start)) == 0 &&
		strncasecmp(best, start, strlen(start)) != 0);
}

/* The nearest phrase. ret_text: of those that `whole` takes, with its text; NULL: of all. */
static const char *nearest(const struct meaning *meaning, const char **ret_text)
{
	size_t n_rows;
	const struct command *rows = command_rows(&n_rows);
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < n_rows; i++) {
		bool may = meaning->may(&rows[i], meaning->data);

		for (size_t k = 0; may && k < COMMAND_PHRASES_MAX && rows[i].phrases[k] != NULL;
		     k++) {
			const char *phrase = rows[i].phrases[k];
			size_t most = strlen(phrase) > 4 ? 2 : 1;
			size_t distance = distance_to(meaning, phrase, most);
			const char *text = "";

			if (distance > most || distance > least ||
			    (distance == least && !is_better(meaning, phrase, best)) ||
			    (ret_text != NULL && (text = whole(meaning, phrase)) == NULL)) {
				continue;
			}
			least = distance;
			best = phrase;
			if (ret_text != NULL) {
				*ret_text = text;
			}
		}
	}
	return best;
}

/* "please reboot web-1"; but never what somebody says not to do. */
static const char *behind_politeness(const struct meaning *meaning)
{
	static const char *const noes[] = {"not",    "don't",  "dont",  "never",  "no",
					   "nobody", "cannot", "can't", "without"};

	for (size_t from = 1; from <= POLITE_WORDS_MAX && from < meaning->n; from++) {
		const char *text = join(meaning->words + from, meaning->n - from, meaning->arena);
		struct command_parse parse;

		for (size_t i = 0; i < ARRAY_LEN(noes); i++) {
			if (strcasecmp(meaning->words[from - 1], noes[i]) == 0) {
				return NULL;
			}
		}
		if (try(meaning, text, &parse) == FIT_COMMAND &&
		    (parse.row->plan != NULL || parse.row->answer != NULL)) {
			return text;
		}
	}
	return NULL;
}

static const char *help_on(const struct meaning *meaning)
{
	for (size_t i = 0; i < meaning->n; i++) {
		if (strlen(meaning->words[i]) > 2 && is_of_commands(meaning, meaning->words[i])) {
			return arena_printf(meaning->arena, "help %s", meaning->words[i]);
		}
	}
	return NULL;
}

const char *command_nearest(const char *said, bool (*may)(const struct command *, void *),
			    void *data)
{
	struct arena arena = {0};
	struct meaning meaning = {.may = may, .data = data, .arena = &arena};
	const char *phrase;

	cut(&meaning, said);
	phrase = nearest(&meaning, NULL);
	arena_done(&arena);
	return phrase;
}

const char *command_meant(const char *said, bool (*may)(const struct command *, void *), void *data,
			  struct arena *arena)
{
	struct meaning meaning = {.may = may, .data = data, .arena = arena};
	const char *text;

	cut(&meaning, said);
	text = as_words(&meaning, said);
	if (text == NULL && nearest(&meaning, &text) == NULL) {
		text = NULL;
	}
	if (text == NULL) {
		text = behind_politeness(&meaning);
	}
	return text != NULL ? text : help_on(&meaning);
}
