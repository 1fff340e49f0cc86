/* audit_ask.c - `audit`: who did what, newest first, a page at a time; only rows about droplets that the asker may see here
 *
 * Happy path: the list of droplets is there -> the gate says that they may audit.show here, which is a row itself -> the words
 * are read as droplets, people and times that the asker may know of -> the store's worker goes back through the log, database
 * and files, until a page is full -> it is said, with a button for the next page.
 *
 * A row about droplets is shown when each of them is there and may be seen; one about no droplet (start, stop, reload, a turn
 * taken) in ops, and to whoever may reload the policy here. Lines of the policy stand in ops alone.
 *
 * Failure modes: a word that means nothing (said, the same for what may not be seen); the log cannot be read (said). The
 * program ends meanwhile: the answer is dropped.
 */
#include "app/audit_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#define PAGE_ROWS 5
#define ID_LEN 8

/* What a row may be about. Sorted by id. */
struct seen {
	uint64_t id;
	const char *name; /* as the channel may know it; NULL: not at all */
};

/* One question. While the worker has it nobody else touches it, but for `turn`. */
struct audit_ask {
	struct list link;
	struct turn *turn; /* NULL: nobody waits any more */
	struct arena arena;
	struct audit_filter filter;
	int64_t before, next;
	struct seen *seen;
	size_t n_seen;
	bool about_none; /* rows about no droplet are shown too */
	bool whole;      /* one decision, with all that it holds */
	struct audit_short how;
	struct strbuf out;
	size_t n;
	struct err err;
	bool failed;
};

/* ---- on the worker --------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct seen *)a)->id;
	uint64_t y = ((const struct seen *)b)->id;

	return x < y ? -1 : x > y;
}

static const struct seen *find_seen(const struct audit_ask *ask, uint64_t id)
{
	struct seen key = {.id = id};

	return ask->n_seen > 0 ? bsearch(&key, ask->seen, ask->n_seen, sizeof(key), by_id) : NULL;
}

static const char *name_of(uint64_t id, void *data)
{
	const struct seen *seen = find_seen(data, id);

	return seen != NULL && seen->name != NULL ? seen->name : "a server";
}

/* All of its droplets must be known to the asker. */
static bool may_see(const struct audit_ask *ask, const struct json *row)
{
	const struct json *list = json_member(row, "droplets");
	size_t n = list != NULL ? json_array_count(list) : 0;

	for (size_t i = 0; i < n; i++) {
		int64_t id = json_int_of(json_array_at(list, i), 0);

		if (id <= 0 || find_seen(ask, (uint64_t)id) == NULL) {
			return false;
		}
	}
	return n > 0 || ask->about_none;
}

static void add_list(struct audit_ask *ask, const struct json *row, const char *key)
{
	const struct json *list = json_member(row, key);
	size_t n = list != NULL ? json_array_count(list) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *text = json_text(json_array_at(list, i));

		(void)strbuf_addf(&ask->out, "  %s\n", text != NULL ? text : "");
	}
}

/* What the short lines leave out. */
static void add_rest(struct audit_ask *ask, const struct json *row)
{
	static const char *const keys[] = {"kind", "id", "channel_name", "policy"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = json_string_or(row, keys[i], "");

		if (*text != '\0') {
			(void)strbuf_addf(&ask->out, "  %s: %s\n", keys[i], text);
		}
	}
	add_list(ask, row, "duties");
	if (!ask->how.hides_who) {
		add_list(ask, row, "approvers");
	}
	if (!ask->how.hides_rules) {
		add_list(ask, row, "rules");
	}
}

static int take_row(const struct audit_found *found, void *data)
{
	struct audit_ask *ask = data;

	if (!may_see(ask, found->row)) {
		return 0;
	}
	audit_print_short(found, &ask->how, &ask->out);
	if (ask->whole) {
		add_rest(ask, found->row);
	}
	return ++ask->n >= PAGE_ROWS;
}

static void read_log(struct store *store, void *data)
{
	struct audit_ask *ask = data;

	ask->failed = audit_query(store, &ask->filter, ask->before, take_row, ask, &ask->next,
				  &ask->err) < 0;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void ask_free(struct audit_ask *ask)
{
	list_remove(&ask->link);
	strbuf_done(&ask->out);
	arena_done(&ask->arena);
	free(ask);
}

/* "audit web-1 before:1234" */
static const char *said_on(const struct audit_ask *ask)
{
	struct turn *turn = ask->turn;
	const char *said = turn->parse.row->phrases[0];

	for (size_t i = 0; i < turn->parse.n_words; i++) {
		if (strncasecmp(turn->parse.words[i], "before:", 7) != 0) {
			said = arena_printf(&turn->arena, "%s %s", said, turn->parse.words[i]);
		}
	}
	return arena_printf(&turn->arena, "%s before:%lld", said, (long long)ask->next);
}

static const struct message *page(struct audit_ask *ask)
{
	struct turn *turn = ask->turn;
	struct build build;

	build_init(&build, &turn->arena, TONE_PLAIN);
	for (const char *at = ask->out.buf; ask->n > 0 && *at != '\0';) {
		size_t len = strcspn(at, "\n");

		build_line(&build, "%s", arena_strndup(&turn->arena, at, len));
		at += len + (at[len] == '\n' ? 1 : 0);
	}
	if (ask->n == 0) {
		build_line(&build, ask->next > 0     ? "Nothing of it so far; older rows are left."
				   : ask->before > 0 ? "That was all."
						     : "Nothing of it that you may see here.");
	} else {
		build_line(&build, "_Times in UTC_"); /* as `since` takes them */
	}
	if (ask->next > 0) {
		build_button(&build, buttons_add(turn->app->buttons, said_on(ask)), "More",
			     BUTTON_PLAIN);
	}
	return build_end(&build);
}

static const struct message *not_read(struct audit_ask *ask)
{
	struct build build;

	build_init(&build, &ask->turn->arena, TONE_BAD);
	build_line(&build, "The log cannot be read now.");
	build_line(&build, "%s", ask->err.msg);
	return build_end(&build);
}

static void answered(void *data, const struct err *err)
{
	struct audit_ask *ask = data;
	struct turn *turn = ask->turn;

	if (turn != NULL && err == NULL) {
		turn_say(turn, gate_reads_privately(turn->app->gate, &turn->who),
			 ask->failed ? not_read(ask) : page(ask));
	}
	if (turn != NULL) {
		turn_end(turn);
	}
	ask_free(ask);
}

void audit_asks_drop(struct app *app)
{
	LIST_FOREACH_SAFE(it, next, &app->audit_asks)
	{
		list_remove(
			it); /* the turn goes with all the others; the worker may have the rest */
		LIST_ENTRY(it, struct audit_ask, link)->turn = NULL;
	}
}

/* ---- the words ------------------------------------------------------------------------------- */

static const struct message *one_line(struct turn *turn, const char *first, const char *second)
{
	struct build build;

	build_init(&build, &turn->arena, TONE_WARN);
	build_line(&build, "%s", first);
	build_line(&build, "%s", second);
	return build_end(&build);
}

static bool is_person(const struct audit_ask *ask, const char *word)
{
	const struct policy *policy = gate_policy(ask->turn->app->gate);
	const char *person;

	for (size_t i = 0; !ask->how.hides_who && (person = policy_person_at(policy, i)) != NULL;
	     i++) {
		if (strcmp(person, word) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_id(const char *word)
{
	return strlen(word) == ID_LEN && strspn(word, "23456789abcdefghjkmnpqrstvwxyz") == ID_LEN;
}

/* A droplet by its name or "#id", among those that may be seen; two of a name: the first would be a guess. */
static bool take_droplet(struct audit_ask *ask, const char *word)
{
	const struct seen *found = NULL;
	char id[24];

	for (size_t i = 0; i < ask->n_seen; i++) {
		const struct seen *seen = &ask->seen[i];

		(void)snprintf(id, sizeof(id), "#%llu", (unsigned long long)seen->id);
		if (strcmp(word, id) == 0) {
			found = seen;
			break;
		}
		if (seen->name != NULL && strcasecmp(seen->name, word) == 0) {
			if (found != NULL) {
				return false;
			}
			found = seen;
		}
	}
	if (found != NULL) {
		ask->filter.droplet = found->id;
	}
	return found != NULL;
}

/* "verb:droplet.power", "kind:job", "rule:taken", "in:ops", "before:1234" */
static bool take_pair(struct audit_ask *ask, const char *word)
{
	const struct {
		const char *key;
		const char **to;
	} pairs[] = {{"verb:", &ask->filter.verb},
		     {"kind:", &ask->filter.kind},
		     {"in:", &ask->filter.channel},
		     {"rule:", ask->how.hides_rules ? NULL : &ask->filter.rule}};
	char *end = NULL;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		size_t len = strlen(pairs[i].key);

		if (pairs[i].to != NULL && strncasecmp(word, pairs[i].key, len) == 0 &&
		    word[len] != '\0') {
			*pairs[i].to = arena_strdup(&ask->arena, word + len);
			return true;
		}
	}
	if (strncasecmp(word, "before:", 7) != 0) {
		return false;
	}
	ask->before = strtoll(word + 7, &end, 10);
	return ask->before > 0 && *end == '\0';
}

/* NULL: all were understood; else the first that was not. */
static const char *take_words(struct audit_ask *ask, const struct command_parse *parse)
{
	int64_t now_ms = clock_wall_ms();

	for (size_t i = 0; i < parse->n_words; i++) {
		const char *word = parse->words[i];

		if (strcasecmp(word, "today") == 0) {
			(void)audit_time("today", now_ms, &ask->filter.since_ms, NULL);
		} else if (strcasecmp(word, "since") == 0 && i + 1 < parse->n_words) {
			if (audit_time(parse->words[++i], now_ms, &ask->filter.since_ms, NULL) <
			    0) {
				return parse->words[i];
			}
		} else if (take_pair(ask, word) || take_droplet(ask, word)) {
			continue;
		} else if (is_person(ask, word)) {
			ask->filter.person = arena_strdup(&ask->arena, word);
		} else if (is_id(word)) {
			ask->filter.id = arena_strdup(&ask->arena, word);
			ask->whole = true;
		} else {
			return word;
		}
	}
	return NULL;
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool is_ops(const struct turn *turn)
{
	const char *ops = policy_setting(gate_policy(turn->app->gate), "ops");
	const char *here = gate_channel(turn->app->gate, &turn->who);

	return ops != NULL && here != NULL && strcmp(ops, here) == 0;
}

static bool may_reload(struct turn *turn)
{
	struct gate_decision decision;

	gate_decide(turn->app->gate, &turn->who, VERB_POLICY_RELOAD, NULL, 0, NULL, NULL,
		    &turn->arena, &decision);
	return decision.verdict == ALLOW;
}

static struct audit_ask *ask_new(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct gate *gate = turn->app->gate;
	struct audit_ask *ask = mem_alloc(sizeof(*ask));
	const struct droplet **droplets;

	list_append(&turn->app->audit_asks, &ask->link);
	ask->turn = turn;
	strbuf_init(&ask->out, 1 << 16);
	droplets = gate_filter(gate, &turn->who, VERB_DROPLET_SHOW, snapshot, &turn->arena,
			       &ask->n_seen);
	ask->seen = arena_array(&ask->arena, ask->n_seen + 1, sizeof(*ask->seen));
	for (size_t i = 0; i < ask->n_seen; i++) {
		const struct droplet *shown =
			gate_redact(gate, &turn->who, droplets[i], &turn->arena);

		ask->seen[i].id = droplets[i]->id;
		ask->seen[i].name = arena_strdup(&ask->arena, shown->name);
	}
	qsort(ask->seen, ask->n_seen, sizeof(*ask->seen), by_id);
	ask->how = (struct audit_short){.hides_rules = !is_ops(turn),
					.hides_who = !gate_shows(gate, &turn->who, "who"),
					.droplet = name_of,
					.data = ask};
	ask->about_none = is_ops(turn) || may_reload(turn);
	return ask;
}

bool audit_ask_run(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct app *app = turn->app;
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;
	struct audit_ask *ask;
	const char *wrong;

	gate_decide(app->gate, &turn->who, VERB_AUDIT_SHOW, NULL, 0, NULL, txn, &turn->arena,
		    &decision);
	if (decision.verdict != ALLOW) {
		turn_denied(turn, &decision, txn);
		turn_say(turn, true,
			 words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
		return false;
	}
	store_commit(txn, turn_audited, NULL);
	if (decision.n_duties > 0) {
		turn_say(turn, true, words_steps(&turn->arena, &decision));
		return false;
	}
	ask = ask_new(turn, snapshot);
	wrong = take_words(ask, &turn->parse);
	if (wrong != NULL) {
		turn_say(turn, true,
			 one_line(turn,
				  arena_printf(&turn->arena, "Nothing is known of \"%.40s\" here.",
					       wrong),
				  "As in: audit web-1 since 2h"));
		ask_free(ask);
		return false;
	}
	store_ask(app->store, read_log, answered, ask);
	return true;
}
