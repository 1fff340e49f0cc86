/* unsave.c - which snapshot is meant, among those of droplets that the asker may see here, and what it is
 *
 * Happy path: the snapshots of each account are listed; the word is the number or the name of one of a droplet that may be seen
 * here; that droplet is what the policy is asked about. A droplet that is gone has nothing that is known, which is the worst case.
 * Failure modes: a list does not come: nothing runs. None is called so, or none that may be seen: the same words. Several are:
 * refused with their numbers.
 */
#include "app/unsave.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/names.h"

#define FOUND_MOST 5
#define NEAR_MOST 3 /* letters */

struct found_snapshot {
	const char *account, *name, *created, *id;
	uint64_t number;
	unsigned size_mb;
	const struct droplet *droplet; /* as it is, or with nothing known */
	size_t n_others;               /* of the same droplet */
};

static const char *word_of(struct turn *turn)
{
	const char *word = "";

	for (size_t i = 0; i < turn->parse.n_words; i++) {
		word = arena_printf(&turn->arena, "%s%s%s", word, i > 0 ? " " : "",
				    turn->parse.words[i]);
	}
	return *word == '#' ? word + 1 : word;
}

bool unsave_ask(struct turn *turn)
{
	const struct ocean_call call = {.verb = OCEAN_SNAPSHOTS};
	struct facts *facts = &turn->facts;

	if (facts->err.kind != ERR_NONE || facts->at >= turn->app->n_accounts) {
		return false;
	}
	return facts_ask(turn, turn->app->accounts[facts->at].ocean->name, &call);
}

/* The droplet of a snapshot, where the asker may see it here; NULL: to them there is no such snapshot. */
static const struct droplet *seen(struct turn *turn, const char *account, uint64_t id)
{
	size_t n;
	const struct droplet *all = ocean_snapshot_all(turn->snapshot, &n);
	const struct droplet *is = NULL;
	struct droplet *gone;

	for (size_t i = 0; i < n; i++) {
		if (all[i].id == id && strcmp(all[i].account, account) == 0) {
			is = &all[i];
		}
	}
	if (is == NULL) {
		gone = arena_alloc(&turn->arena, sizeof(*gone));
		*gone = (struct droplet){
			.id = id, .account = account, .known = DROPLET_KNOWS_ACCOUNT};
		is = gone;
	}
	return gate_allows(turn->app->gate, &turn->who, VERB_DROPLET_SHOW, is) ? is : NULL;
}

static void keep(struct turn *turn, const char *account, const struct ocean_saved *saved,
		 const struct droplet *droplet, const struct ocean_call *call)
{
	struct unsave_facts *u = &turn->facts.unsave;
	struct found_snapshot *to = &u->found[u->n_found];

	if (u->n_found == FOUND_MOST) {
		return;
	}
	u->n_found++;
	*to = (struct found_snapshot){
		.account = account,
		.name = arena_strdup(&turn->arena, saved->name != NULL ? saved->name : ""),
		.created = arena_strdup(&turn->arena, saved->created),
		.id = arena_strdup(&turn->arena, saved->id_text),
		.number = saved->id,
		.size_mb = saved->size_mb,
		.droplet = droplet,
	};
	for (size_t i = 0; i < call->n_things; i++) {
		to->n_others += call->saved[i].droplet_id == saved->droplet_id &&
				call->saved[i].id != saved->id;
	}
}

void unsave_took(struct turn *turn, const struct ocean_call *call, const struct err *err)
{
	struct unsave_facts *u = &turn->facts.unsave;
	const char *account = turn->app->accounts[turn->facts.at].ocean->name;
	const char *word = word_of(turn);

	if (err != NULL) {
		err_copy(&turn->facts.err, err);
		return;
	}
	if (u->found == NULL) {
		u->found = arena_array(&turn->arena, FOUND_MOST, sizeof(*u->found));
	}
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_saved *one = &call->saved[i];
		const struct droplet *droplet =
			one->id != 0 ? seen(turn, account, one->droplet_id) : NULL;
		size_t distance;

		if (droplet == NULL) {
			continue;
		}
		if (strcmp(one->id_text, word) == 0 ||
		    (one->name != NULL && strcasecmp(one->name, word) == 0)) {
			keep(turn, account, one, droplet, call);
		} else if (one->name != NULL) {
			distance = names_distance(one->name, word, NEAR_MOST);
			if (distance <= NEAR_MOST &&
			    (u->near == NULL || distance < u->near_distance)) {
				u->near = arena_strdup(&turn->arena, one->name);
				u->near_distance = distance;
			}
		}
	}
}

/* ---- once all have come ---------------------------------------------------------------------- */

static void say_none(struct turn *turn, const char *word)
{
	const struct unsave_facts *u = &turn->facts.unsave;

	turn_note(turn, "decision", verb_info(turn->parse.row->verb)->name, "no-such-snapshot");
	turn_say(turn, true,
		 words_impossible(
			 &turn->arena, turn->app->buttons,
			 arena_printf(&turn->arena, "No snapshot %.80s here.", word), u->near,
			 u->near != NULL ? arena_printf(&turn->arena, "%s %s",
							turn->parse.row->phrases[0], u->near)
					 : NULL));
}

static void say_several(struct turn *turn, const char *word)
{
	const struct unsave_facts *u = &turn->facts.unsave;
	struct build build;

	turn_note(turn, "decision", verb_info(turn->parse.row->verb)->name, "not-clear");
	build_init(&build, &turn->arena, TONE_WARN);
	build_line(&build, "Several snapshots are called %s.", word);
	build_line(&build, "Nothing ran. Which one?");
	for (size_t i = 0; i < u->n_found; i++) {
		const char *label = arena_printf(
			&turn->arena, "%s of %s", u->found[i].id,
			u->found[i].droplet->name != NULL ? u->found[i].droplet->name : "one gone");

		build_line(&build, "%s", label);
		build_button(&build,
			     buttons_add(turn->app->buttons,
					 arena_printf(&turn->arena, "%s %s",
						      turn->parse.row->phrases[0], u->found[i].id)),
			     label, BUTTON_PLAIN);
	}
	turn_say(turn, true, build_end(&build));
}

/* What is shown before, and bound by the answer. */
static const char *lines_of(struct turn *turn, const struct found_snapshot *is)
{
	bool id = gate_shows(turn->app->gate, &turn->who, "id");
	struct arena *arena = &turn->arena;
	const char *text = arena_printf(arena, "%.160s", is->name);

	if (id) {
		text = arena_printf(arena, "%s\nid %s", text, is->id);
	}
	text = arena_printf(arena, "%s%s%u.%u GB", text, id ? ", " : "\n", is->size_mb / 1000,
			    is->size_mb % 1000 / 100);
	if (is->created != NULL) {
		text = arena_printf(arena, "%s, of %.10s", text, is->created);
	}
	return is->n_others > 0
		       ? arena_printf(arena, "%s\n%zu other%s of it stay%s", text, is->n_others,
				      is->n_others == 1 ? "" : "s", is->n_others == 1 ? "s" : "")
		       : arena_printf(arena, "%s\nIt is the only one of it.", text);
}

bool unsave_targets(struct turn *turn)
{
	struct unsave_facts *u = &turn->facts.unsave;
	struct gate_targets *targets = &turn->targets;
	const char *word = word_of(turn);
	struct droplet *named;

	if (turn->facts.err.kind != ERR_NONE) {
		turn_say(turn, true,
			 words_failed(&turn->arena, true, turn->person != NULL, &turn->facts.err,
				      false));
		return false;
	}
	if (u->n_found != 1) {
		if (u->n_found == 0) {
			say_none(turn, word);
		} else {
			say_several(turn, word);
		}
		return false;
	}
	named = arena_alloc(&turn->arena, sizeof(*named));
	*named = *u->found[0].droplet;
	if (named->name == NULL) { /* for words; to the policy it stays unknown */
		named->name = arena_printf(&turn->arena, "droplet %llu (gone)",
					   (unsigned long long)named->id);
	}
	targets->droplets = arena_array(&turn->arena, 1, sizeof(*targets->droplets));
	targets->droplets[0] = named;
	targets->n = 1;
	(void)job_args_set_saved(&turn->parse.args, u->found[0].number,
				 lines_of(turn, &u->found[0]));
	return true;
}
