/* reload_words.c - what is said of a policy that was read again */
#include <string.h>

#include "app/reload.h"

static const char *by_whom(struct arena *arena, const struct reload_result *result)
{
	if (result->person != NULL) {
		return arena_printf(arena, "by %s", result->person);
	}
	return result->by_file ? "because the file changed" : "by a signal";
}

static const char *sum(struct arena *arena, const struct reload_result *result)
{
	const struct policy_diff *diff = &result->diff;

	if (result->compared == RELOAD_COMPARING) {
		return "Who gains and who loses is told there.";
	}
	if (result->compared == RELOAD_NOT_COMPARED) {
		return "The comparison takes too long.";
	}
	if (diff->gains + diff->losses == 0) {
		return diff->proven ? "No right changes." : "No change of rights was found.";
	}
	return arena_printf(arena, "%u gain%s, %u loss%s.", diff->gains,
			    diff->gains == 1 ? "" : "s", diff->losses,
			    diff->losses == 1 ? "" : "es");
}

/* ---- wrong --------------------------------------------------------------------------------- */

static void say_errors(struct build *build, const struct reload_result *result)
{
	const struct policy_report *report = result->report;
	size_t shown = 0;

	for (size_t i = 0; i < report->n_findings && shown < RELOAD_ERRORS_MAX; i++) {
		const struct policy_finding *f = &report->findings[i];

		if (!f->warning) {
			build_line(build, "`%u:%u:` %s", f->line, f->column, f->text);
			shown++;
		}
	}
	if (report->n_errors > shown) {
		build_line(build, "and %zu more: `sluice check`", report->n_errors - shown);
	}
}

static const struct message *refused(struct arena *arena, const struct reload_result *result)
{
	struct build build;

	build_init(&build, arena, TONE_BAD);
	build_line(&build, "*Nothing changed. The old policy stays.*");
	build_line(&build, "The file is wrong (read %s):", by_whom(arena, result));
	say_errors(&build, result);
	return build_end(&build);
}

/* ---- right --------------------------------------------------------------------------------- */

static void say_lines(struct build *build, const struct reload_result *result)
{
	const char *line = result->lines;
	unsigned n = 0;
	unsigned more = 0;

	while (line != NULL && *line != '\0') {
		size_t len = strcspn(line, "\n");

		if (n < RELOAD_LINES_MAX) {
			build_line(build, "%s", arena_strndup(build->arena, line, len));
			n++;
		} else {
			more++;
		}
		line += len + (line[len] == '\n' ? 1 : 0);
	}
	if (more > 0) {
		build_line(build, "and %u more: `sluice diff OLD NEW`", more);
	} else if (result->compared != RELOAD_COMPARED || !result->diff.proven) {
		build_line(build, "Not proven. More: `sluice diff OLD NEW`");
	}
}

const struct message *reload_words_keepers(struct arena *arena, const struct reload_result *result)
{
	struct build build;

	if (result->new_id == NULL) {
		return refused(arena, result);
	}
	build_init(&build, arena, TONE_WARN);
	build_line(&build, "*The policy was read again* %s.", by_whom(arena, result));
	build_line(&build, "It is `%s` now.", result->new_id);
	build_line(&build, "%s", sum(arena, result));
	say_lines(&build, result);
	if (result->restart_for_all) {
		build_line(&build, "Accounts and settings: after a restart.");
	}
	return build_end(&build);
}

const struct message *reload_words_asker(struct arena *arena, const struct reload_result *result)
{
	struct build build;

	if (result->new_id == NULL) {
		return refused(arena, result);
	}
	build_init(&build, arena, TONE_GOOD);
	build_line(&build, "*The policy was read again.*");
	build_line(&build, "%s", sum(arena, result));
	build_line(&build, "It is `%s` now.", result->new_id);
	if (result->restart_for_all) {
		build_line(&build, "Accounts and settings: after a restart.");
	}
	return build_end(&build);
}

const char *reload_words_outcome(struct arena *arena, const struct reload_result *result)
{
	const struct policy_report *report = result->report;
	const char *way = result->by_file && result->person == NULL ? "file change"
			  : result->person == NULL                  ? "signal"
								    : "chat";

	if (result->new_id == NULL) {
		return arena_printf(arena, "%s: refused, %zu error%s, %s stays", way,
				    report->n_errors, report->n_errors == 1 ? "" : "s",
				    result->old_id);
	}
	switch (result->compared) {
	case RELOAD_COMPARING:
		return arena_printf(arena, "%s: from %s to %s", way, result->old_id,
				    result->new_id);
	case RELOAD_NOT_COMPARED:
		return arena_printf(arena, "%s with %s: takes too long", result->new_id,
				    result->old_id);
	case RELOAD_COMPARED:
		break;
	}
	return arena_printf(arena, "%s with %s: gains %u, losses %u%s", result->new_id,
			    result->old_id, result->diff.gains, result->diff.losses,
			    result->diff.proven ? "" : ", not proven");
}

/* ---- neither ------------------------------------------------------------------------------- */

const struct message *reload_words_same(struct arena *arena, const char *id, bool was_wrong)
{
	struct build build;

	build_init(&build, arena, TONE_PLAIN);
	build_line(&build, was_wrong ? "*The policy file is right again.*"
				     : "*The policy file is what it was.*");
	build_line(&build, "Nothing changed. It is `%s`.", id);
	return build_end(&build);
}

const struct message *reload_words_no_file(struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "*Nothing changed.* My policy is no file.");
	return build_end(&build);
}

const struct message *reload_words_crowded(struct arena *arena)
{
	struct build build;

	build_init(&build, arena, TONE_WARN);
	build_line(&build, "The policy is being read already.");
	build_line(&build, "The keepers' channel will tell.");
	return build_end(&build);
}
