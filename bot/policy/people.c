/* people.c - sections accounts, workspaces, people, groups */
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/secret.h"
#include "policy/walk.h"

#define ACCOUNTS_MAX 100
#define WORKSPACES_MAX 100
#define PEOPLE_MAX 10000
#define GROUPS_MAX 1000

static const char *const account_keys[] = {"token", "read", "change", "destroy"};
const struct key_table keys_of_account = {account_keys, ARRAY_LEN(account_keys)};

/* sign_in: a place of DigitalOcean's tokens, which may also be the file of a sign-in. */
static const char *secret_place(struct compiler *c, const struct yaml_node *node, const char *what,
				bool sign_in)
{
	const char *text = walk_text(c, node, what);

	if (text != NULL && !secret_spec_valid(text) &&
	    !(sign_in && secret_oauth_path(text) != NULL)) {
		report_error(c->report, "E004", node,
			     "%s: \"file:/path\", \"env:NAME\"%s \"credential:NAME\"%s, found "
			     "\"%.60s\"",
			     what, sign_in ? "," : " or", sign_in ? " or \"oauth:/path\"" : "",
			     text);
		return NULL;
	}
	if (text != NULL && c->look != NULL) {
		c->look(c->report, node);
	}
	return arena_strdup(c->arena, text);
}

static const char *token_place(struct compiler *c, const struct yaml_node *account, const char *key)
{
	const struct yaml_node *node = yaml_get(account, key);

	return node != NULL ? secret_place(c, node, "where a token is", true) : NULL;
}

static void compile_account(struct compiler *c, const struct named *named,
			    const struct yaml_node *node, struct policy_account *account)
{
	account->name = arena_strdup(c->arena, named->name);
	if (!walk_keys(c, node, "an account", account_keys, ARRAY_LEN(account_keys))) {
		return;
	}
	if (node->n == 0) {
		report_error(c->report, "E005", named->at, "account \"%s\" has no token",
			     named->name);
	}
	if (yaml_get(node, "token") != NULL) {
		const char *place = token_place(c, node, "token");

		if (node->n > 1) {
			report_error(c->report, "E003", named->at,
				     "\"token\" stands alone; with read, change and destroy each "
				     "has its own");
		}
		for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
			account->token[tier] = place;
		}
		return;
	}
	account->token[TIER_READ] = token_place(c, node, "read");
	account->token[TIER_CHANGE] = token_place(c, node, "change");
	account->token[TIER_DESTROY] = token_place(c, node, "destroy");
}

void compile_accounts(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "accounts");
	struct policy *p = c->policy;

	walk_names(c, section, "an account", ACCOUNTS_MAX, &c->accounts);
	p->accounts = arena_array(c->arena, c->accounts.n, sizeof(*p->accounts));
	p->n_accounts = c->accounts.n;
	for (unsigned i = 0; i < c->accounts.n; i++) {
		compile_account(c, &c->accounts.list[i], section->items[i], &p->accounts[i]);
	}
}

static bool looks_number(const char *text)
{
	size_t digits = strspn(text, "0123456789_");
	size_t hex =
		strncmp(text, "0x", 2) == 0 ? 2 + strspn(text + 2, "0123456789abcdefABCDEF") : 0;

	if (digits > 0 && (text[digits] == 'e' || text[digits] == 'E')) {
		digits++;
		digits += strspn(text + digits, "0123456789");
	}
	return (digits > 0 && text[digits] == '\0') || (hex > 2 && text[hex] == '\0');
}

bool compile_id(struct compiler *c, const struct yaml_node *node, const char *text,
		const struct network *network, const struct network_id *looks, const char *what,
		const char **ret_id)
{
	char *id;

	if (!node->quoted && looks_number(node->text)) {
		report_error(c->report, "E042", node,
			     "a number is put in quotes (\"%.60s\"), or other programs round it",
			     node->text);
		return false;
	}
	id = arena_strdup(c->arena, text);
	for (char *at = id; network->fold && *at != '\0'; at++) {
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	}
	if (!looks->fits(id)) {
		report_error(c->report, "E040", node,
			     "\"%.60s\" is not the id of a %s %s, which looks like \"%s\"", text,
			     network->name, what, looks->looks);
		return false;
	}
	*ret_id = id;
	return true;
}

static const struct network *network_of(struct compiler *c, const struct yaml_node *key)
{
	const struct network *network = network_by_name(key->text);
	struct guess guess = guess_for(key->text);

	for (size_t i = 0; network == NULL && network_at(i) != NULL; i++) {
		guess_try(&guess, network_at(i)->name);
	}
	if (network == NULL) {
		report_error(c->report, "E003", key, "no chat network \"%.60s\"%s", key->text,
			     guess_text(&guess));
	}
	return network;
}

static void compile_workspace(struct compiler *c, const struct named *named,
			      const struct yaml_node *node, struct workspace *w)
{
	const struct network *network;
	const char *text;
	const char *id;

	w->name = arena_strdup(c->arena, named->name);
	w->network = network_at(0); /* until it is known, so that others find something */
	w->id = "";
	if (node->kind != YAML_MAP || node->n != 1) {
		report_error(c->report, "E004", node,
			     "a workspace is one network and its id, as {slack: T01ACME00}");
		return;
	}
	network = network_of(c, node->keys[0]);
	text = walk_text(c, node->items[0], "the id of a workspace");
	if (network == NULL || text == NULL) {
		return;
	}
	w->network = network;
	if (!compile_id(c, node->items[0], text, network, &network->workspace, "workspace", &id)) {
		return;
	}
	for (unsigned i = 0; i < named->number; i++) {
		const struct workspace *other = &c->policy->workspaces[i];

		if (other->network == network && strcmp(other->id, id) == 0) {
			report_error(c->report, "E030", node->items[0],
				     "this workspace is already called \"%s\"", other->name);
		}
	}
	w->id = id;
}

void compile_workspaces(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "workspaces");
	struct policy *p = c->policy;

	walk_names(c, section, "a workspace", WORKSPACES_MAX, &c->workspaces);
	p->workspaces = arena_array(c->arena, c->workspaces.n, sizeof(*p->workspaces));
	p->n_workspaces = c->workspaces.n;
	for (unsigned i = 0; i < c->workspaces.n; i++) {
		compile_workspace(c, &c->workspaces.list[i], section->items[i], &p->workspaces[i]);
	}
}

/* One account of a person: `acme: U01ANA000`. */
static void compile_person_id(struct compiler *c, struct person *person, struct map *seen,
			      const struct yaml_node *key, const struct yaml_node *node)
{
	const struct named *named = names_find(&c->workspaces, key->text);
	struct guess guess = guess_for(key->text);
	const struct workspace *w;
	const char *text;
	const char *id;
	const struct person *other;

	if (strcmp(key->text, "code") == 0) {
		person->code = secret_place(c, node, "where the secret of the codes is", false);
		return;
	}
	if (named == NULL) {
		guess_names(c, &guess, &c->workspaces);
		report_error(c->report, "E035", key, "no workspace \"%.60s\"%s", key->text,
			     guess_text(&guess));
		return;
	}
	w = &c->policy->workspaces[named->number];
	text = walk_text(c, node, "the id of a person");
	if (text == NULL ||
	    !compile_id(c, node, text, w->network, &w->network->user, "user", &id)) {
		return;
	}
	other = map_put(seen, arena_printf(c->scratch, "%u/%s", named->number, id), person);
	if (other != NULL) {
		report_error(c->report, "E041", node,
			     "this is already an id of \"%s\"; one id is one person", other->name);
	}
	person->ids[person->n_ids++] = (struct person_id){named->number, id};
}

static void compile_person(struct compiler *c, const struct named *named,
			   const struct yaml_node *node, struct map *seen)
{
	struct person *person = &c->policy->people[named->number + 1];

	person->name = arena_strdup(c->arena, named->name);
	if (node->kind != YAML_MAP) {
		report_error(c->report, "E004", node,
			     "a person is a map of workspaces and ids, as {acme: U01ANA000}");
		return;
	}
	if (node->n == 0) {
		report_error(c->report, "E051", node, "\"%s\" has no id anywhere", named->name);
	}
	person->ids = arena_array(c->arena, node->n, sizeof(*person->ids));
	for (size_t i = 0; i < node->n; i++) {
		compile_person_id(c, person, seen, node->keys[i], node->items[i]);
	}
	if (node->n == 1 && strcmp(node->keys[0]->text, "code") == 0) {
		report_error(c->report, "E051", node, "\"%s\" has no id anywhere", named->name);
	}
}

/* Names and ids of people in one table, for the lookup at each message. */
static void index_people(struct compiler *c)
{
	struct policy *p = c->policy;
	size_t n = p->n_people;

	for (unsigned i = 1; i <= p->n_people; i++) {
		n += p->people[i].n_ids;
	}
	id_table_init(&p->person_ids, c->arena, n);
	for (unsigned i = 1; i <= p->n_people; i++) {
		id_table_put(&p->person_ids, NAMES, p->people[i].name, i);
		for (unsigned k = 0; k < p->people[i].n_ids; k++) {
			id_table_put(&p->person_ids, p->people[i].ids[k].workspace,
				     p->people[i].ids[k].id, i);
		}
	}
}

void compile_people(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "people");
	struct policy *p = c->policy;
	struct map seen;

	map_init(&seen);
	walk_names(c, section, "a person", PEOPLE_MAX, &c->people);
	p->n_people = c->people.n;
	p->people = arena_array(c->arena, p->n_people + 1, sizeof(*p->people));
	c->people_words = (p->n_people + 1 + 63) / 64;
	for (unsigned i = 0; i < c->people.n; i++) {
		compile_person(c, &c->people.list[i], section->items[i], &seen);
	}
	index_people(c);
	map_done(&seen, NULL);
}

static void compile_member(struct compiler *c, unsigned group, const struct yaml_node *node,
			   struct linked *linked)
{
	const char *text = walk_text(c, node, "a member of a group");
	const struct named *person = text != NULL ? names_find(&c->people, text) : NULL;
	struct named *inner = text != NULL ? names_find(&c->groups, text) : NULL;
	struct named *rota = text != NULL ? names_find(&c->rotas, text) : NULL;

	if (rota != NULL) {
		rota->used = true;
		bit_set(c->group_terms[group].bits, rota->number);
	} else if (person != NULL) {
		bit_set(&c->group_people[(size_t)group * c->people_words], person->number + 1);
	} else if (inner != NULL) {
		inner->used = true;
		linked->links[linked->n++] = (struct link){inner->number, node};
	} else if (text != NULL) {
		struct guess guess = guess_for(text);

		guess_names(c, &guess, &c->people);
		guess_names(c, &guess, &c->groups);
		guess_names(c, &guess, &c->rotas);
		report_error(c->report, "E031", node, "no person or group \"%.60s\"%s", text,
			     guess_text(&guess));
	}
}

static void compile_group(struct compiler *c, const struct named *named,
			  const struct yaml_node *node, struct linked *linked)
{
	const struct named *person = names_find(&c->people, named->name);
	const struct named *rota = names_find(&c->rotas, named->name);
	struct items items;

	if (person != NULL) {
		report_error(c->report, "E030", named->at,
			     "\"%s\" is already a person, in line %u; people and groups share "
			     "their names",
			     named->name, person->at->line);
	}
	if (rota != NULL) {
		report_error(c->report, "E030", named->at,
			     "\"%s\" is already a rota, in line %u; people, groups and rotas share "
			     "their names",
			     named->name, rota->at->line);
	}
	if (node->kind == YAML_MAP) {
		compile_platform_group(c, named, node);
		return;
	}
	if (!walk_items(c, node, "members", true, &items)) {
		return;
	}
	linked->links = arena_array(c->scratch, items.n, sizeof(*linked->links));
	for (size_t i = 0; i < items.n; i++) {
		compile_member(c, named->number, item(&items, i), linked);
	}
}

/* What stays of the groups: who is asked for an approval later. */
static void keep_groups(struct compiler *c)
{
	struct policy *p = c->policy;

	p->group_sets = arena_array(c->arena, c->groups.n, sizeof(*p->group_sets));
	p->n_group_sets = c->groups.n;
	for (unsigned i = 0; i < c->groups.n; i++) {
		p->group_sets[i] = (struct group_set){
			.name = arena_strdup(c->arena, c->groups.list[i].name),
			.people = &c->group_people[(size_t)i * c->people_words],
			.terms = c->group_terms[i],
		};
	}
}

void compile_groups(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "groups");
	struct linked *linked;
	unsigned *order;

	walk_names(c, section, "a group", GROUPS_MAX, &c->groups);
	c->group_people = arena_array(c->arena, (size_t)c->groups.n * c->people_words,
				      sizeof(*c->group_people));
	c->group_terms = arena_array(c->scratch, c->groups.n, sizeof(*c->group_terms));
	c->policy->groups = arena_array(c->arena, TERMS_MAX / 2, sizeof(*c->policy->groups));
	linked = arena_array(c->scratch, c->groups.n, sizeof(*linked));
	order = arena_array(c->scratch, c->groups.n, sizeof(*order));
	for (unsigned i = 0; i < c->groups.n; i++) {
		compile_group(c, &c->groups.list[i], section->items[i], &linked[i]);
	}
	walk_order(c, &c->groups, linked, "group", order);
	for (unsigned i = 0; i < c->groups.n; i++) {
		uint64_t *to = &c->group_people[(size_t)order[i] * c->people_words];

		for (unsigned k = 0; k < linked[order[i]].n; k++) {
			const uint64_t *from =
				&c->group_people[(size_t)linked[order[i]].links[k].to *
						 c->people_words];

			for (unsigned w = 0; w < c->people_words; w++) {
				to[w] |= from[w];
			}
			for (unsigned w = 0; w < TERM_WORDS; w++) {
				c->group_terms[order[i]].bits[w] |=
					c->group_terms[linked[order[i]].links[k].to].bits[w];
			}
		}
	}
	keep_groups(c);
}
