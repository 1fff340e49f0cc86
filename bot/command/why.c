/* why.c - `policy why reboot web-1`: the lines that decide, and what would be enough */
#include <stdio.h>
#include <string.h>

#include "command/answers.h"

#define DROPLETS_MAX 3

static bool is_it(const struct droplet *droplet, const char *word)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)droplet->id);
	return (droplet->name != NULL && strcmp(droplet->name, word) == 0) ||
	       strcmp(id, word[0] == '#' ? word + 1 : word) == 0;
}

static const char *joined(const struct command_call *call)
{
	const char *text = "";

	for (size_t i = 0; i < call->n_words; i++) {
		text = arena_printf(call->arena, "%s%s%s", text, i > 0 ? " " : "", call->words[i]);
	}
	return text;
}

/* "reboot web-1" as people say it, or "droplet.power.reboot web-1" as the policy does. */
static enum verb asked_verb(const struct command_call *call, const char **ret_target)
{
	enum verb verb = call->n_words > 0 ? verb_by_name(call->words[0]) : VERB_NONE;
	struct command_parse parse = {.row = NULL};
	struct err err;

	*ret_target = NULL;
	if (verb != VERB_NONE) {
		*ret_target = call->n_words > 1 ? call->words[1] : NULL;
		return verb;
	}
	if (call->n_words == 0 ||
	    command_parse(joined(call), NULL, call->arena, &parse, &err) == FIT_NONE) {
		return VERB_NONE;
	}
	*ret_target = parse.n_words > 0 ? parse.words[0] : NULL;
	return parse.row->verb;
}

static void say_lines(struct build *build, const char *text)
{
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");

		build_line(build, "%s", arena_strndup(build->arena, at, len));
		at += len + (at[len] == '\n');
	}
}

void answer_why(const struct command_call *call, struct build *build)
{
	const char *target;
	enum verb verb = asked_verb(call, &target);
	unsigned n = 0;

	if (verb == VERB_NONE) {
		build_line(build, "Why what? As in `policy why reboot web-1`");
		return;
	}
	if (!verb_info(verb)->about_droplet) {
		say_lines(build, gate_why(call->gate, call->who, verb, NULL, call->arena));
		return;
	}
	if (target == NULL) {
		build_line(build, "For which droplet? As in `policy why reboot web-1`");
		return;
	}
	for (size_t i = 0; i < call->n_droplets && n < DROPLETS_MAX; i++) {
		if (is_it(call->whole[i], target)) {
			say_lines(build, gate_why(call->gate, call->who, verb, call->whole[i],
						  call->arena));
			n++;
		}
	}
	if (n == 0) {
		build_line(build, "No droplet \"%s\" here.", target);
	}
}
