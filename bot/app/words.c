/* words.c - the sentences of this room: what happened, what did not, what one can do */
#include <string.h>
#include <strings.h>

#include "app/internal.h"

static const char *targets_text(struct arena *arena, const struct droplet *const *droplets,
				size_t n_droplets)
{
	if (n_droplets == 0) {
		return NULL;
	}
	if (n_droplets == 1) {
		return droplets[0]->name != NULL ? droplets[0]->name : "this droplet";
	}
	return arena_printf(arena, "all of these %zu droplets", n_droplets);
}

/* Sentences of errors begin small and end without a full stop; a message does not. */
const char *words_sentence(struct arena *arena, const char *error)
{
	size_t len = strlen(error);
	bool ended = len > 0 && strchr(".?!", error[len - 1]) != NULL;
	char *copy = arena_printf(arena, "%s%s", error, ended ? "" : ".");

	if (copy[0] >= 'a' && copy[0] <= 'z') {
		copy[0] = (char)(copy[0] - 'a' + 'A');
	}
	return copy;
}

/* "Nothing ran. Limit blast:", how many of how many, when the next place is free. */
static void limit_lines(struct build *build, const char *limit)
{
	bool first = true;

	while (*limit != '\0') {
		size_t len = strcspn(limit, "\n");
		const char *line = arena_strndup(build->arena, limit, len);

		if (first) {
			build_line(build, "*Nothing ran.* %s", line);
		} else {
			build_line(build, "%s", line);
		}
		first = false;
		limit += len + (limit[len] == '\n');
	}
}

const struct message *words_denied(struct arena *arena, const struct command *row,
				   const struct gate_decision *decision,
				   const struct droplet *const *droplets, size_t n_droplets)
{
	const char *targets = targets_text(arena, droplets, n_droplets);
	struct build build;

	build_init(&build, arena, TONE_BAD);
	if (decision->limit != NULL) {
		limit_lines(&build, decision->limit);
		build_line(&build, "_Decision %s_", decision->id);
		return build_end(&build);
	}
	if (decision->here_only && decision->max_tier <= TIER_READ) {
		build_line(&build, "*Nothing ran.* This channel only looks.");
	} else if (decision->here_only) {
		build_line(&build, "*Nothing ran.* Not in this channel.");
	} else if (targets != NULL) {
		build_line(&build, "*Nothing ran.* You may not %s %s here.",
			   command_infinitive(row), targets);
	} else if (row->plan == NULL && row->takes != TAKES_TARGETS && row->infinitive != NULL) {
		build_line(&build, "*Nothing ran.* You may not %s here.", row->infinitive);
	} else if (strcmp(command_infinitive(row), row->phrases[0]) == 0) {
		build_line(&build, "*Nothing ran.* You may not `%s` here.", row->phrases[0]);
	} else { /* no droplet to put behind its infinitive: its own words, "backups off" */
		build_line(&build, "*Nothing ran.* You may not use `%s` here.", row->phrases[0]);
	}
	if (decision->elsewhere != NULL) {
		build_line(&build, "You may do it in #%s.", decision->elsewhere);
	} else {
		build_line(&build, "What you may do: `help`");
	}
	build_line(&build, "_Decision %s_", decision->id);
	return build_end(&build);
}

const struct message *words_steps(struct arena *arena, const struct gate_decision *decision)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, "*Nothing ran.* The policy wants steps first,");
	build_line(&build, "and only changes of droplets have them.");
	build_line(&build, "_Decision %s_", decision->id);
	return build_end(&build);
}

const struct message *words_failed(struct arena *arena, bool change, bool listed,
				   const struct err *err, bool by_id)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, change ? "*Nothing ran.* DigitalOcean could not be asked."
				  : "DigitalOcean could not be asked.");
	if (listed) { /* names of accounts and tokens are nothing for a stranger */
		build_line(&build, "%s", words_sentence(arena, err->msg));
	}
	if (by_id && listed) {
		build_line(
			&build,
			"A name might be there too. An #id of\nanother account can still be said.");
	}
	if (err->kind != ERR_DENIED) {
		build_line(&build, "Please try again in a moment.");
	} else if (listed) { /* waiting does not help */
		build_line(&build, "Whoever keeps the token must see to it.");
	}
	return build_end(&build);
}

const struct message *words_not_set_up(struct arena *arena, const struct chat_place *place)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "I am not set up here. Nothing ran.");
	build_line(&build, "Whoever keeps the policy can list it:");
	build_line(&build, "`%s`", place->direct ? "direct" : place->channel);
	return build_end(&build);
}

const struct message *words_usage_form(struct arena *arena, const struct err *err,
				       const char *button)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "%s", words_sentence(arena, err->msg));
	build_line(&build, "Nothing ran.");
	if (button != NULL) {
		build_button(&build, button, "Fill in a form", BUTTON_MAIN);
	}
	return build_end(&build);
}

const struct message *words_usage(struct arena *arena, const struct err *err)
{
	return words_usage_form(arena, err, NULL);
}

/* As far as it is worth quoting. Six digits may be a code, and so may digits with no letter beside them: never said again. */
static const char *quoted(struct arena *arena, const char *said)
{
	char *text = arena_strndup(arena, said, 40);
	bool bare = strpbrk(said, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL;
	size_t digits;

	for (char *at = text; *at != '\0'; at += digits + (digits == 0)) {
		digits = strspn(at, "0123456789");
		if (digits == 6 || bare) {
			memset(at, '*', digits);
		}
	}
	return text;
}

const struct message *words_unknown(struct arena *arena, struct buttons *buttons, const char *said,
				    const char *meant)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	if (*said == '\0') { /* signs alone */
		build_line(&build, "I see no command in that. Nothing ran.");
	} else {
		build_line(&build, "I do not know \"%s\". Nothing ran.", quoted(arena, said));
	}
	if (meant != NULL) {
		build_line(&build, "Did you mean `%s`?", meant);
		build_button(&build, buttons_add(buttons, meant), meant, BUTTON_MAIN);
	} else {
		build_line(&build, "What you may do: `help`");
	}
	return build_end(&build);
}

/* Where a namesake is: its region, and its account where they are of several. What the channel does not show is not said. */
static const char *whereabouts(struct arena *arena, const struct droplet *const *shown, size_t n,
			       size_t i)
{
	const char *region = shown[i]->region != NULL ? shown[i]->region : "";
	const char *account = shown[i]->account;

	for (size_t k = 0; account != NULL && k < n; k++) {
		if (shown[k]->account != NULL && strcmp(shown[k]->account, account) != 0) {
			return arena_printf(arena, "%s%s%s", region, *region != '\0' ? " " : "",
					    account);
		}
	}
	return region;
}

/* Which of the namesakes: by id where the channel shows ids, else by a number of our own. */
static const char *which(struct arena *arena, size_t i, const struct droplet *shown,
			 const char *where)
{
	return shown->id != 0
		       ? arena_printf(arena, "#%llu %s", (unsigned long long)shown->id, where)
		       : arena_printf(arena, "%zu. %s", i + 1, where);
}

/* One that may have been meant, told from a namesake that may have been meant as well. */
static const char *meant_label(struct arena *arena, const struct command *row,
			       const struct droplet *const *shown, size_t n, size_t i)
{
	bool alone = true;

	for (size_t k = 0; k < n; k++) {
		alone = alone && (k == i || strcmp(shown[k]->name, shown[i]->name) != 0);
	}
	return alone ? arena_printf(arena, "%s %s", row->phrases[0], shown[i]->name)
		     : arena_printf(arena, "%s %s %s", row->phrases[0], shown[i]->name,
				    which(arena, i, shown[i], whereabouts(arena, shown, n, i)));
}

/* Behind a droplet that is here: perhaps a word of the row's own was meant. */
static void known_words(const struct command *row, struct build *build)
{
	for (size_t i = 0; i < COMMAND_ARGS_MAX && row->args[i].arg != ARG_NONE; i++) {
		const char *choices = job_arg_choices(row->args[i].arg);

		if (choices != NULL) {
			build_line(build, "%s there is: %s", i == 0 ? "What" : "And", choices);
		}
	}
}

/* What looks like another program's way to say it. */
static void shape_hint(const struct command_parse *parse, size_t n_good, struct build *build)
{
	const char *word = n_good < parse->n_words ? parse->words[n_good] : "";

	if (word[0] == '-') {
		build_line(build, "There are no flags. More: `help %s`", parse->row->phrases[0]);
	} else if (strcasecmp(word, "help") == 0 || strcmp(word, "?") == 0) {
		build_line(build, "How it is said: `help %s`", parse->row->phrases[0]);
	} else if (!parse->row->one &&
		   (strchr(word, '*') != NULL || strcasecmp(word, "all") == 0)) {
		build_line(build, "For several: each name, or `tag:TAG`.");
	}
}

const struct message *words_unresolved(struct arena *arena, struct buttons *buttons,
				       const struct command_parse *parse,
				       const struct gate_targets *targets,
				       const struct droplet *const *shown, const struct err *err)
{
	const struct command *row = parse->row;
	bool ambiguous = err->kind == ERR_CONFLICT;
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "%s", words_sentence(arena, err->msg));
	build_line(&build, ambiguous ? "Nothing ran. Which one?" : "Nothing ran.");
	if (targets->n_good > 0 && err->kind == ERR_NOTFOUND) {
		known_words(row, &build);
	}
	if (!ambiguous) {
		shape_hint(parse, targets->n_good, &build);
	}
	for (size_t i = 0; i < targets->n_hints; i++) {
		const char *text = arena_printf(arena, "%s #%llu%s", row->phrases[0],
						(unsigned long long)targets->hints[i]->id,
						job_args_words(&parse->args, arena));
		const char *where = whereabouts(arena, shown, targets->n_hints, i);
		const char *label = ambiguous ? which(arena, i, shown[i], where)
					      : meant_label(arena, row, shown, targets->n_hints, i);

		if (i == 0 && !ambiguous) {
			build_line(&build, "Did you mean `%s`?", shown[i]->name);
		}
		if (ambiguous && shown[i]->id != 0) {
			build_line(&build, "`#%llu`  %s", (unsigned long long)shown[i]->id, where);
		} else if (ambiguous) {
			build_line(&build, "%s", label);
		}
		build_button(&build, buttons_add(buttons, text), label, BUTTON_PLAIN);
	}
	return build_end(&build);
}

const struct message *words_impossible(struct arena *arena, struct buttons *buttons,
				       const char *why, const char *meant, const char *said)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, "*Nothing ran.* %s", why);
	if (meant != NULL) {
		build_line(&build, "Did you mean `%s`?", meant);
		build_button(&build, buttons_add(buttons, said), meant, BUTTON_MAIN);
	} else if (said != NULL) {
		build_line(&build, "What there is: `%s`", said);
		build_button(&build, buttons_add(buttons, said), said, BUTTON_PLAIN);
	}
	return build_end(&build);
}

const struct message *words_only_one(struct arena *arena, const struct command *row, size_t n)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "That is %zu droplets. Nothing ran.", n);
	build_line(&build, "`%s` is for one at a time.", row->phrases[0]);
	return build_end(&build);
}

const struct message *words_stale(struct arena *arena, struct buttons *buttons,
				  const struct gate_who *who, const char *said, int64_t age_ms)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "*Still wanted?* Nothing ran yet.");
	build_line(&build, "You said it %lld min ago:", (long long)(age_ms / 60000));
	build_line(&build, "`%s`", said);
	build_button(&build, buttons_add_for(buttons, who, said), "Yes, now", BUTTON_MAIN);
	return build_end(&build);
}

const struct message *words_others_button(struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, "Only who said it can do that.");
	build_line(&build, "Nothing ran.");
	return build_end(&build);
}

const struct message *words_expired_button(struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "That button has expired. Nothing ran.");
	build_line(&build, "Please type the command again.");
	return build_end(&build);
}

const struct message *words_stopping(struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "I am being restarted. Nothing ran.");
	build_line(&build, "Please ask again in a moment.");
	return build_end(&build);
}

const struct message *words_restarted(struct arena *arena, struct buttons *buttons,
				      const struct gate_who *who, const char *said)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	if (said != NULL && *said != '\0') {
		build_line(&build, "I was restarted. Nothing ran of:");
		build_line(&build, "`%s`", said);
		build_button(&build, buttons_add_for(buttons, who, said), "Yes, now", BUTTON_MAIN);
	} else {
		build_line(&build, "I was restarted just then.");
		build_line(&build, "Your answer may not have counted.");
		build_line(&build, "What waits: `pending`");
	}
	return build_end(&build);
}

const struct message *words_limited(struct arena *arena, bool change, int64_t wait_ms)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "Waiting for DigitalOcean's rate limit.");
	build_line(&build,
		   change ? "About %lld s. Nothing ran yet." : "The answer comes in about %lld s.",
		   (long long)((wait_ms + 999) / 1000));
	return build_end(&build);
}

const struct message *words_crowded(struct arena *arena, size_t n_waiting)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "*Nothing ran.* %zu commands wait for DigitalOcean.", n_waiting);
	build_line(&build, "Please try again in a moment.");
	return build_end(&build);
}
