/* resolve.c - what people type to droplets, among those that the asker may see here
 *
 * Names compare whole and without regard to ASCII case (phones capitalise); never by prefix or likeness. A number may be
 * an id or a name; where both exist it is refused. What cannot be found and what may not be seen get the same words.
 *
 * First what fits the words, then the gate is asked about those few: what is found is the same as the other way round, and a
 * command costs no decision for each droplet of the account.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "gate/gate.h"

#define HINTS_MAX 4
#define HINT_DISTANCE 2
#define TARGETS_MAX 50

struct lookup {
	struct gate *gate;
	const struct gate_who *who;
	const struct ocean_snapshot *snapshot;
	const struct droplet *all; /* of the snapshot, also what they may not see */
	size_t n_all;
	struct gate_targets *found;
	size_t room; /* in found->droplets */
	struct arena *arena;
	bool by_name, by_tag; /* does the channel show them? */
};

static bool has_tag(const struct droplet *droplet, const char *tag)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		if (strcasecmp(droplet->tags[i], tag) == 0) {
			return true;
		}
	}
	return false;
}

static void take(struct lookup *look, const struct droplet *droplet)
{
	for (size_t i = 0; i < look->found->n; i++) {
		if (look->found->droplets[i] == droplet) {
			return;
		}
	}
	if (look->found->n == look->room) {
		const struct droplet **more;

		look->room = look->room > 0 ? look->room * 2 : 8;
		more = arena_array(look->arena, look->room, sizeof(*more));
		if (look->found->n > 0) {
			memcpy(more, look->found->droplets, look->found->n * sizeof(*more));
		}
		look->found->droplets = more;
	}
	look->found->droplets[look->found->n++] = droplet;
}

static bool sees(const struct lookup *look, const struct droplet *droplet)
{
	return gate_allows(look->gate, look->who, VERB_DROPLET_SHOW, droplet);
}

static void hint(struct lookup *look, const struct droplet *droplet)
{
	if (look->found->n_hints < HINTS_MAX) {
		look->found->hints[look->found->n_hints++] = droplet;
	}
}

static void hint_alike(struct lookup *look, const char *word)
{
	size_t n_visible;
	const struct droplet **visible = gate_filter(look->gate, look->who, VERB_DROPLET_SHOW,
						     look->snapshot, look->arena, &n_visible);
	size_t limit = strlen(word) > 4 ? HINT_DISTANCE
					: 1; /* in a short name two letters are half of it */

	for (size_t most = 1; look->by_name && most <= limit && look->found->n_hints == 0; most++) {
		for (size_t i = 0; i < n_visible; i++) {
			if (names_distance(visible[i]->name, word, most) <= most) {
				hint(look, visible[i]);
			}
		}
	}
}

static int not_here(const char *target, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "no droplet \"%.64s\" here", target);
}

static int resolve_tag(struct lookup *look, const char *target, const char *tag, struct err *err)
{
	bool any = false;
	bool hidden = false;

	for (size_t i = 0; look->by_tag && i < look->n_all; i++) {
		bool known = (look->all[i].known & DROPLET_KNOWS_TAGS) != 0;

		if ((!known || has_tag(&look->all[i], tag)) && sees(look, &look->all[i])) {
			hidden = hidden || !known;
			if (known) {
				take(look, &look->all[i]);
				any = true;
			}
		}
	}
	if (hidden) { /* some of it is not all of it */
		return err_set(err, ERR_DENIED,
			       "DigitalOcean does not tell which droplets have the tag \"%.40s\"",
			       tag);
	}
	return any ? 0 : not_here(target, err);
}

/* What a word that is no selector stands for. */
struct word {
	const char *name; /* NULL: only an id can be meant */
	unsigned long long id;
	bool number;
};

static bool is_meant(const struct lookup *look, const struct word *word,
		     const struct droplet *droplet)
{
	bool fits =
		(word->number && droplet->id == word->id) ||
		(word->name != NULL && look->by_name && strcasecmp(droplet->name, word->name) == 0);

	return fits && sees(look, droplet);
}

static int ambiguous(struct lookup *look, const char *target, const struct word *word, size_t n,
		     struct err *err)
{
	err_set(err, ERR_CONFLICT, "%zu droplets fit \"%.64s\"", n, target);
	for (size_t i = 0; i < look->n_all; i++) {
		if (is_meant(look, word, &look->all[i])) {
			hint(look, &look->all[i]);
		}
	}
	return -1;
}

static int resolve_one(struct lookup *look, const char *target, struct err *err)
{
	bool hash = target[0] == '#';
	const char *text = hash ? target + 1 : target;
	char *end = NULL;
	struct word word = {.name = hash ? NULL : text, .id = strtoull(text, &end, 10)};
	const struct droplet *found = NULL;
	size_t n = 0;

	word.number = text[0] >= '0' && text[0] <= '9' && *end == '\0';
	for (size_t i = 0; i < look->n_all; i++) {
		if (is_meant(look, &word, &look->all[i])) {
			found = &look->all[i];
			n++;
		}
	}
	if (n > 1) {
		return ambiguous(look, target, &word, n, err);
	}
	if (n == 0) {
		hint_alike(look, text);
		return not_here(target, err);
	}
	take(look, found);
	return 0;
}

static int too_many(size_t n, struct err *err)
{
	return err_set(err, ERR_LIMIT, "%zu droplets in one command, at most %d", n, TARGETS_MAX);
}

int gate_resolve(struct gate *gate, const struct gate_who *who, const char *const *targets,
		 size_t n_targets, const struct ocean_snapshot *snapshot, struct arena *arena,
		 struct gate_targets *ret_targets, struct err *err)
{
	struct lookup look = {
		.gate = gate,
		.who = who,
		.snapshot = snapshot,
		.found = ret_targets,
		.arena = arena,
		.by_name = gate_shows(gate, who, "name"),
		.by_tag = gate_shows(gate, who, "tags"),
	};

	memset(ret_targets, 0, sizeof(*ret_targets));
	look.all = ocean_snapshot_all(snapshot, &look.n_all);
	ret_targets->hints = arena_array(arena, HINTS_MAX, sizeof(struct droplet *));
	if (n_targets > TARGETS_MAX) {
		return too_many(n_targets, err);
	}
	for (size_t i = 0; i < n_targets; i++) {
		int rc = strncasecmp(targets[i], "tag:", 4) == 0
				 ? resolve_tag(&look, targets[i], targets[i] + 4, err)
				 : resolve_one(&look, targets[i], err);

		if (rc < 0) {
			ret_targets->n = 0;
			ret_targets->n_good = i;
			return -1;
		}
	}
	if (ret_targets->n > TARGETS_MAX) { /* one tag may stand for all there are */
		size_t n = ret_targets->n;

		ret_targets->n = 0;
		return too_many(n, err);
	}
	return 0;
}
