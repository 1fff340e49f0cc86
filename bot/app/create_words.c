/* create_words.c - words that are there, in the place of those that are not, and why a droplet cannot be made so */
#include <ctype.h>
#include <string.h>

#include "app/create_parts.h"
#include "base/names.h"

#define NEAR_MOST 3        /* letters */
#define ACCOUNTS_OFFERED 5 /* as buttons */

/* No word that is typed has a space: "ana-laptop" is the key "ana laptop" too. */
bool create_is_called(const char *name, const char *word)
{
	size_t i = 0;

	for (; name != NULL && name[i] != '\0'; i++) {
		char a = name[i] == ' ' ? '-' : (char)tolower((unsigned char)name[i]);
		char b = (char)tolower((unsigned char)word[i]);

		if (a != b) {
			return false;
		}
	}
	return name != NULL && word[i] == '\0';
}

/* A word that is there, in the place of one that is not. */
void create_near(struct turn *turn, const char *is, const char *said)
{
	struct create_facts *c = &turn->facts.create;
	char *word = arena_strdup(&turn->arena, is != NULL ? is : "");
	size_t distance;

	for (char *c1 = word; (c1 = strchr(c1, ' ')) != NULL;) {
		*c1 = '-';
	}
	distance = *word != '\0' ? names_distance(word, said, NEAR_MOST) : NEAR_MOST + 1;

	if (distance <= NEAR_MOST && (c->near == NULL || distance < c->near_distance) &&
	    strpbrk(word, ",\"'`") == NULL) {
		c->near = word;
		c->near_distance = distance;
	}
}

void create_begin_near(struct turn *turn)
{
	turn->facts.create.near = NULL;
}

/* It cannot be made: why, and what was meant perhaps. */
void create_lacks(struct turn *turn, enum job_arg arg, const char *why)
{
	struct facts *facts = &turn->facts;

	facts->lack = why;
	facts->lacking = turn->targets.droplets[0];
	facts->create.meant_arg = arg;
	if (arg == ARG_NONE) {
		facts->create.near = NULL;
	}
}

void create_no_image(struct turn *turn)
{
	const char *word = turn->facts.create.image_word;

	create_lacks(turn, ARG_IMAGE,
		     arena_printf(&turn->arena, "There is no image %s.",
				  word != NULL ? word : turn->parse.args.image));
}

bool create_is_in(const struct ocean_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->words[i], word) == 0) {
			return true;
		}
	}
	return false;
}

/* The command again with the word that is near. */
static const char *said_with(struct turn *turn, enum job_arg arg, const char *word)
{
	const char *list = "";
	size_t n;
	const char *const *words = job_args_list(turn->parse.args.keys, &turn->arena, &n);

	for (size_t i = 0; arg == ARG_KEYS && i < n; i++) {
		const char *one =
			strcmp(words[i], turn->facts.create.meant_for) == 0 ? word : words[i];

		list = arena_printf(&turn->arena, "%s%s%s", list, i > 0 ? "," : "", one);
	}
	return turn_said_with(turn, arg, arg == ARG_KEYS ? list : word);
}

void create_say_account(struct turn *turn)
{
	const char *said = turn->parse.args.account;
	const char *const *names;
	size_t n =
		create_accounts(turn->app, &turn->who, turn->parse.row->verb, &turn->arena, &names);
	struct build build;

	build_init(&build, &turn->arena, TONE_WARN);
	build_line(&build, "%s",
		   *said != '\0'
			   ? arena_printf(&turn->arena, "There is no account \"%.60s\" here.", said)
			   : "In which account?");
	build_line(&build, "Nothing ran. Say also: account ACCOUNT");
	for (size_t i = 0; i < n && i < ACCOUNTS_OFFERED; i++) {
		const char *again = said_with(turn, ARG_ACCOUNT, names[i]);

		if (again != NULL) {
			build_button(&build, buttons_add(turn->app->buttons, again), names[i],
				     BUTTON_PLAIN);
		}
	}
	turn_say(turn, true, build_end(&build));
}

bool create_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn)
{
	const struct facts *facts = &turn->facts;
	const struct create_facts *c = &facts->create;
	const char *said = NULL;

	if (facts->err.kind != ERR_NONE) {
		turn_refused(turn, 0, decision, "nothing ran: what it is made of is not known",
			     txn);
		turn_say(turn, true, words_failed(&turn->arena, true, true, &facts->err, false));
		return true;
	}
	if (facts->lack == NULL) {
		return false;
	}
	if (c->near != NULL && c->meant_arg != ARG_NONE) {
		said = said_with(turn, c->meant_arg, c->near);
	}
	turn_refused(turn, 0, decision, "nothing ran: it cannot be made so", txn);
	turn_say(turn, true,
		 words_impossible(&turn->arena, turn->app->buttons, facts->lack,
				  said != NULL ? c->near : NULL,
				  said != NULL ? said : facts_list(turn, c->meant_arg)));
	return true;
}
