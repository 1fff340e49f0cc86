/* help.c - `help` and `whoami`: only what the asker may do here, and who they are to Sluice */
#include <string.h>
#include <strings.h>

#include "command/answers.h"
#include "command/form.h"

static bool may_use(const struct command_call *call, const struct command *row)
{
	if (row->about_staff && !command_may_staff(call->gate, call->who)) {
		return false;
	}
	if (row->own == OWN_TAKE || row->own == OWN_RETURN) {
		const char *const *rotas;

		return gate_may_take(call->gate, call->who, call->arena, &rotas) > 0;
	}
	return row->verb == VERB_NONE || gate_could_as_said(call->gate, call->who, row->verb);
}

/* In the list only what one would look for; the acts stand on the cards that ask for them. */
static bool is_listed(const struct command_call *call, const struct command *row)
{
	if (row->own == OWN_NONE || row->own == OWN_TAKE || row->verb != VERB_NONE) {
		return true;
	}
	return row->own == OWN_PENDING && gate_person(call->gate, call->who) != NULL;
}

static void one_line(const struct command *row, struct build *build)
{
	if (row->takes == TAKES_NEW) { /* its words have lines of their own */
		build_line(build, "`%s NAME ...`", row->phrases[0]);
	} else {
		build_line(build, "`%s%s%s`", row->phrases[0],
			   row->takes == TAKES_TARGETS ? " NAME" : "",
			   command_args(row, build->arena));
	}
	build_line(build, "  _%s_", row->help);
}

/* What was asked about, as one text. */
static const char *topic_text(const struct command_call *call)
{
	const char *said = "";

	for (size_t i = 0; i < call->n_words; i++) {
		said = arena_printf(call->arena, "%s%s%s", said, i > 0 ? " " : "", call->words[i]);
	}
	return said;
}

/* The row whose phrase was asked about. */
static const struct command *find_topic(const struct command_call *call, const char *said)
{
	struct command_parse parse;

	(void)command_parse(said, NULL, call->arena, &parse, NULL);
	return parse.row;
}

static bool may_use_row(const struct command *row, void *data)
{
	return may_use(data, row);
}

/* Nothing is called that: what has the word in its phrase, else what is like it. */
static void no_topic(const struct command_call *call, const char *said, struct build *build)
{
	size_t n, n_near = 0;
	const struct command *rows = command_rows(&n);
	const char *nearest;

	for (size_t i = 0; i < n; i++) {
		if (command_has_word(&rows[i], said) && may_use(call, &rows[i])) {
			if (n_near++ == 0) {
				build_line(build, "*Commands with that word*");
			}
			one_line(&rows[i], build);
		}
	}
	if (n_near == 0) {
		build_line(build, "There is no such command for you here.");
	}
	nearest = command_nearest(said, may_use_row, (void *)(uintptr_t)call);
	if (n_near == 0 && nearest != NULL) {
		said = arena_printf(call->arena, "help %s", nearest);
		build_line(build, "Did you mean `%s`?", said);
		build_button(build, call->say_button(said, call->say_data), said, BUTTON_MAIN);
	} else if (n_near == 0) {
		build_line(build, "What you may do: `help`");
	}
}

/* A line a word, the ones that must be there first. */
static void explain_new(const struct command *row, struct build *build)
{
	struct command_field fields[COMMAND_FIELDS_MAX];
	size_t n = command_form(row, fields);

	build_line(build, "`%s NAME ...`, and behind it:", row->phrases[0]);
	for (size_t i = 1; i < n; i++) {
		bool flag = fields[i].kind == FIELD_FLAG;

		build_line(build, "`%s%s%s`%s: %s", fields[i].key, flag ? "" : " ",
			   flag ? "" : job_arg_word(fields[i].arg),
			   fields[i].optional ? "" : " (must)", fields[i].help);
	}
	build_line(build, "Several: `web-{1..3}`, at most %d.", OCEAN_CREATE_MAX);
}

static void explain(const struct command *row, struct build *build)
{
	if (row->takes == TAKES_NEW) {
		explain_new(row, build);
	} else {
		const char *usage = command_usage(row, build->arena);

		usage += strspn(usage, " ");
		build_line(build, "`%s%s%s`", row->phrases[0], *usage != '\0' ? " " : "", usage);
	}
	build_line(build, "%s", row->help);
	if (row->own == OWN_PENDING) {
		build_line(build, "What one says to it: `confirm`,");
		build_line(build, "`approve`, `deny`, `cancel`, each with");
		build_line(build, "the ID when several wait.");
	}
	if (row->phrases[1] != NULL) {
		build_line(build, "Also:");
	}
	for (size_t i = 1; i < COMMAND_PHRASES_MAX && row->phrases[i] != NULL; i++) {
		build_line(build, "  `%s`", row->phrases[i]);
	}
	if (row->takes == TAKES_TARGETS) {
		build_line(build, "NAME is a name, an id, `#id`, or");
		build_line(build, "`tag:TAG`; %s.", row->one ? "one of them" : "several are fine");
	}
	for (size_t i = 0; i < COMMAND_ARGS_MAX && row->args[i].arg != ARG_NONE; i++) {
		if (job_arg_choices(row->args[i].arg) != NULL) {
			build_line(build, "%s: %s", job_arg_word(row->args[i].arg),
				   job_arg_choices(row->args[i].arg));
		}
	}
	if (row->plan != NULL) {
		build_line(build, "A reason goes behind it:");
		build_line(build, "`... because TEXT`");
		if (row->takes == TAKES_TARGETS) {
			build_line(build, "When it may be taken: `... queue`");
		}
	}
}

void answer_help(const struct command_call *call, struct build *build)
{
	size_t n;
	const struct command *rows = command_rows(&n);
	const char *said = topic_text(call);
	const struct command *topic = call->n_words > 0 ? find_topic(call, said) : NULL;
	const struct command *example = NULL;

	if (topic != NULL && may_use(call, topic)) {
		explain(topic, build);
		return;
	}
	if (call->n_words > 0) {
		no_topic(call, said, build);
		return;
	}
	build_line(build, "*You may do this here*");
	for (size_t i = 0; i < n; i++) {
		if (may_use(call, &rows[i]) && is_listed(call, &rows[i])) {
			one_line(&rows[i], build);
			if (example == NULL || strcmp(rows[i].phrases[0], "reboot") == 0 ||
			    (example->takes != TAKES_TARGETS && rows[i].takes == TAKES_TARGETS)) {
				example = &rows[i];
			}
		}
	}
	if (example != NULL) {
		build_line(build, "More on one: `help %s`", example->phrases[0]);
	}
}

void answer_whoami(const struct command_call *call, struct build *build)
{
	const struct gate_who *who = call->who;
	const char *person = gate_person(call->gate, who);
	const char *channel = gate_channel(call->gate, who);
	const char *workspace =
		policy_workspace_name(gate_policy(call->gate), who->network, who->user_workspace);

	if (person != NULL) {
		build_line(build, "You are *%s*.", person);
	} else {
		build_line(build, "I do not know you.");
		build_line(build, "Whoever keeps the policy can add:");
		build_line(build, "`NAME: {%s: \"%s\"}`",
			   workspace != NULL ? workspace : who->user_workspace, who->user);
	}
	build_field(build, "id", "%s", who->user);
	build_field(build, "network", "%s/%s", who->network, who->user_workspace);
	if (channel != NULL) {
		build_field(build, "here", "%s", channel);
	} else {
		build_field(build, "here", "not set up (%s)",
			    who->direct ? "direct" : who->channel);
	}
}
