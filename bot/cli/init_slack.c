/* init_slack.c - the questions of `sluice init` about Slack: where the tokens are, who one is, where the team speaks
 *
 * Names are for finding only; the ids that Slack gives go into the policy. A name that several have is not taken.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "cli/init.h"

#define NEAR_MAX 5

static bool is_called(const struct init_named *one, const char *word)
{
	return strcmp(one->id, word) == 0 ||
	       (one->name[0] != '\0' && strcasecmp(one->name, word) == 0) ||
	       (one->also[0] != '\0' && strcasecmp(one->also, word) == 0) ||
	       (one->real[0] != '\0' && strcasecmp(one->real, word) == 0);
}

static void say_near(const struct init_named *all, size_t n, const char *word, size_t found)
{
	size_t shown = 0;

	printf(found == 0 ? "  Nothing there is called \"%s\"."
			  : "  Several are called \"%s\"; give the id.",
	       word);
	for (size_t i = 0; i < n && shown < NEAR_MAX; i++) {
		if (found == 0 || is_called(&all[i], word)) {
			printf("%s%s (%s)", shown++ == 0 ? " There are: " : ", ", all[i].name,
			       all[i].id);
		}
	}
	puts(shown < NEAR_MAX ? "" : ", ...");
}

/* NULL: none, or not one alone; that was said. */
static const struct init_named *find(const struct init_named *all, size_t n, const char *word)
{
	const struct init_named *one = NULL;
	size_t found = 0;

	word += *word == '#' || *word == '@';
	for (size_t i = 0; i < n; i++) {
		if (is_called(&all[i], word)) {
			one = &all[i];
			found++;
		}
	}
	if (found != 1) {
		say_near(all, n, word, found);
		return NULL;
	}
	return one;
}

static const struct init_named *ask_one(struct init *init, const char *question,
					const struct init_named *all, size_t n)
{
	for (int i = 0; i < INIT_TRIES; i++) {
		const char *answer = init_ask(init, question, NULL);
		const struct init_named *one;

		if (answer == NULL) {
			puts("");
			return NULL;
		}
		one = find(all, n, answer);
		if (one != NULL) {
			return one;
		}
	}
	return NULL;
}

static void say_invite(const struct init_named *channel)
{
	if (!channel->member) {
		printf("  The bot is not in #%s yet: write \"/invite @sluice\" there.\n",
		       channel->name);
	}
}

const char *init_slack_channel(struct init *init, const char *answer)
{
	const struct init_named *channel =
		find(init->slack->channels, init->slack->n_channels, answer);

	if (channel == NULL) {
		puts("  Left out.");
		return NULL;
	}
	say_invite(channel);
	return channel->id;
}

/* A word for the policy out of a name; NULL: none can be made. */
static const char *word_of(struct init *init, const struct init_named *one)
{
	char *word = arena_strdup(&init->arena, one->name);

	for (char *at = word; *at != '\0'; at++) {
		*at = *at == '.' || *at == ' ' ? '-' : *at;
	}
	return init_is_name(word) ? word : NULL;
}

static bool is_taken(const struct init *init, const char *word, const char *id)
{
	bool taken = strcmp(init->person, word) == 0 || strcmp(init->user, id) == 0;

	for (size_t i = 0; i < init->n_others; i++) {
		taken = taken || strcmp(init->others[i].name, word) == 0;
	}
	return taken;
}

/* Those who may look. */
static int ask_others(struct init *init)
{
	const char *answer = init_ask(
		init, "Who else may look at droplets? (names, with commas; empty: nobody yet)", "");
	char *words, *rest = NULL;

	if (answer == NULL) {
		puts("");
		return -1;
	}
	words = arena_strdup(&init->arena, answer);
	for (char *word = strtok_r(words, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		const struct init_named *one;
		const char *name;

		word += strspn(word, " ");
		for (size_t n = strlen(word); n > 0 && word[n - 1] == ' '; n--) {
			word[n - 1] = '\0';
		}
		one = *word != '\0' ? find(init->slack->people, init->slack->n_people, word) : NULL;
		name = one != NULL ? word_of(init, one) : NULL;
		if (name != NULL && !is_taken(init, name, one->id) &&
		    init->n_others < INIT_OTHERS_MAX) {
			init->others[init->n_others++] = (struct init_person){name, one->id};
		} else if (*word != '\0') {
			printf("  Left out: %s.\n", word);
		}
	}
	return 0;
}

static int ask_tokens(struct init *init, struct init_workspace *workspace)
{
	for (int i = 0; i < INIT_TRIES; i++) {
		struct err err = {0};
		const char *app =
			init_ask_fit(init, "Where is Slack's app token, xapp-...? (a place)",
				     "file:/etc/sluice/slack-app", secret_spec_valid,
				     "file:/PATH, env:NAME or credential:NAME");
		const char *bot =
			app == NULL
				? NULL
				: init_ask_fit(init,
					       "Where is Slack's bot token, xoxb-...? (a place)",
					       "file:/etc/sluice/slack-bot", secret_spec_valid,
					       "file:/PATH, env:NAME or credential:NAME");

		if (bot == NULL) {
			return -1;
		}
		if (init_slack_look(init, app, bot, &init->arena, workspace, &err) == 0) {
			printf("  %s: %zu %s, %zu channel%s.\n", workspace->name,
			       workspace->n_people, workspace->n_people == 1 ? "person" : "people",
			       workspace->n_channels, workspace->n_channels == 1 ? "" : "s");
			if (workspace->lacks[0] != '\0') {
				printf("  %s\n", workspace->lacks);
			}
			init->settings =
				arena_printf(&init->arena,
					     "--slack-app-token %s --slack-bot-token %s", app, bot);
			return 0;
		}
		printf("  %s\n", err.msg);
	}
	return -1;
}

int init_slack_ids(struct init *init)
{
	struct init_workspace *workspace = arena_alloc(&init->arena, sizeof(*workspace));
	const struct init_named *one;

	init->slack = workspace;
	if (ask_tokens(init, workspace) < 0) {
		return -1;
	}
	init->workspace = workspace->id;
	one = ask_one(init, "Who are you in Slack? (a name, or an id)", workspace->people,
		      workspace->n_people);
	if (one == NULL) {
		return -1;
	}
	init->user = one->id;
	init->person = init_ask_fit(init, "Your name in the policy, a word", word_of(init, one),
				    init_is_name, "ana: small letters, digits, - and _");
	one = init->person == NULL ? NULL
				   : ask_one(init, "The team's channel (a name, or an id)",
					     workspace->channels, workspace->n_channels);
	if (one == NULL) {
		return -1;
	}
	init->channel = one->id;
	say_invite(one);
	return ask_others(init);
}
