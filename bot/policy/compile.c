/* compile.c - the text of a policy file to a snapshot, or to findings */
#include <string.h>

#include "base/attr.h"
#include "base/digest.h"
#include "base/mem.h"
#include "policy/walk.h"

static const char *const top_keys[] = {
	"version", "accounts", "workspaces", "people", "groups",  "roles",  "channels", "allow",
	"never",   "settings", "oncall",     "hours",  "require", "limits", "tests",
};
const struct key_table keys_of_top = {top_keys, ARRAY_LEN(top_keys)};

static const char *const setting_keys[] = {
	"state", "listen", "log", "ops", "audit_mirror", "private_reads",
};
const struct key_table keys_of_settings = {setting_keys, ARRAY_LEN(setting_keys)};

/* A file of another version means other things by the same words: nothing else in it is judged. */
static bool version_fits(struct compiler *c)
{
	const struct yaml_node *version = yaml_get(c->root, "version");

	if (c->root->kind != YAML_MAP) {
		report_error(c->report, "E004", c->root,
			     "a policy is a map that begins with \"version: 1\"");
		return false;
	}
	if (version == NULL) {
		report_add(c->report, false, "E005", 1, 1, "\"version: 1\" is missing");
		return true;
	}
	if (version->kind != YAML_SCALAR || strcmp(version->text, "1") != 0) {
		report_error(c->report, "E009", version,
			     "this Sluice reads \"version: 1\" of the policy and no other");
		return false;
	}
	return true;
}

/* A setting that names channels: one, or with `many` a list. Their names, with spaces between them. */
static const char *setting_channels(struct compiler *c, const struct yaml_node *node, bool many)
{
	const char *text = NULL;
	struct items items;

	if (!walk_items(c, node, "channels", false, &items)) {
		return NULL;
	}
	if (!many && items.one == NULL) {
		report_error(c->report, "E004", node, "one channel is wanted here, not a list");
		return NULL;
	}
	for (size_t i = 0; i < items.n; i++) {
		const char *name = walk_text(c, item(&items, i), "a channel");
		struct guess guess = guess_for(name != NULL ? name : "");

		if (name == NULL) {
			return NULL;
		}
		if (names_find(&c->channels, name) == NULL) {
			guess_names(c, &guess, &c->channels);
			report_error(c->report, "E037", item(&items, i), "no channel \"%.60s\"%s",
				     name, guess_text(&guess));
		}
		text = text != NULL ? arena_printf(c->arena, "%s %s", text, name)
				    : arena_strdup(c->arena, name);
	}
	return text;
}

static const char *compile_setting(struct compiler *c, const char *key,
				   const struct yaml_node *node)
{
	if (strcmp(key, "ops") == 0 || strcmp(key, "audit_mirror") == 0) {
		return setting_channels(c, node, false);
	}
	if (strcmp(key, "private_reads") == 0) {
		return setting_channels(c, node, true);
	}
	return arena_strdup(c->arena, walk_text(c, node, "a setting"));
}

static void compile_settings(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "settings");
	struct policy *p = c->policy;

	if (section == NULL ||
	    !walk_keys(c, section, "\"settings\"", setting_keys, ARRAY_LEN(setting_keys))) {
		return;
	}
	p->settings = arena_array(c->arena, section->n, sizeof(*p->settings));
	for (size_t i = 0; i < section->n; i++) {
		const char *key = section->keys[i]->text;

		p->settings[p->n_settings++] = (struct setting){
			arena_strdup(c->arena, key), compile_setting(c, key, section->items[i])};
	}
}

static bool is_empty(const uint64_t *bits, unsigned words)
{
	for (unsigned w = 0; w < words; w++) {
		if (bits[w] != 0) {
			return false;
		}
	}
	return true;
}

static void lint_unused(struct compiler *c, const struct names *names, const char *what)
{
	for (unsigned i = 0; i < names->n; i++) {
		const struct named *named = &names->list[i];

		if (!named->used) {
			report_add(c->report, true, "W103", named->at->line, named->at->column,
				   "nothing uses the %s \"%s\"", what, named->name);
		}
	}
}

static void lint(struct compiler *c)
{
	for (unsigned i = 0; i < c->groups.n; i++) {
		const struct named *group = &c->groups.list[i];

		if (is_empty(&c->group_people[(size_t)i * c->people_words], c->people_words) &&
		    is_empty(c->group_terms[i].bits, TERM_WORDS)) {
			report_add(c->report, true, "W118", group->at->line, group->at->column,
				   "nobody is in the group \"%s\"", group->name);
		}
	}
	lint_unused(c, &c->groups, "group");
	lint_unused(c, &c->hours, "hours");
	lint_unused(c, &c->rotas, "rota");
	lint_unused(c, &c->roles, "role");
}

/* Of everything that asks about a droplet: rules of each kind, and what channels reach. */
static bool names_projects(const struct policy *p)
{
	const struct rule_table *tables[] = {&p->allow, &p->never, &p->require, &p->limits};

	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (unsigned r = 0; r < tables[t]->n; r++) {
			if (selector_names(&tables[t]->rules[r].droplets, BY_PROJECT)) {
				return true;
			}
		}
	}
	for (unsigned c = 1; c <= p->n_channels; c++) {
		for (unsigned k = 0; k < p->channels[c].n_ceilings; k++) {
			if (selector_names(&p->channels[c].ceilings[k].droplets, BY_PROJECT)) {
				return true;
			}
		}
	}
	return false;
}

bool policy_names_projects(const struct policy *policy)
{
	return policy->names_projects;
}

static void compile_sections(struct compiler *c)
{
	struct names *const all[] = {&c->accounts, &c->workspaces, &c->people, &c->groups,
				     &c->roles,    &c->channels,   &c->rotas,  &c->hours};

	(void)walk_keys(c, c->root, "a policy", top_keys, ARRAY_LEN(top_keys));
	compile_accounts(c);
	compile_workspaces(c);
	compile_people(c);
	compile_hours(c);
	compile_oncall(c);
	compile_groups(c);
	compile_takers(c);
	compile_roles(c);
	compile_channels(c);
	compile_rules(c);
	compile_settings(c);
	compile_tests(c);
	if (c->report->n_errors == 0) {
		c->policy->names_projects = names_projects(c->policy);
		lint(c);
		if (c->lint != NULL) {
			lint_policy(c);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		names_done(all[i]);
	}
}

static struct policy *policy_new(const char *text, size_t len)
{
	char hex[DIGEST_HEX_SIZE];
	struct arena arena;
	struct policy *p;

	arena_init(&arena);
	p = arena_alloc(&arena, sizeof(*p));
	p->arena = arena;
	atomic_init(&p->refs, 1);
	digest_hex(text, len, hex);
	memcpy(p->id, hex, sizeof(p->id) - 1);
	p->source = arena_strndup(&p->arena, text, len);
	p->source_len = strlen(p->source);
	return p;
}

/* YAML takes `who: anyone in [a, b]` between braces apart. */
static const char *hint(const char *text, size_t len, unsigned line)
{
	const char *end = text + len;

	for (; line > 1 && text != NULL; line--) {
		text = memchr(text, '\n', (size_t)(end - text));
		text = text != NULL ? text + 1 : NULL;
	}
	end = text != NULL ? memchr(text, '\n', (size_t)(end - text)) : NULL;
	return end != NULL && memmem(text, (size_t)(end - text), "anyone in [", 11) != NULL
		       ? " (between braces it needs quotes: \"anyone in [a, b]\")"
		       : "";
}

static void compile_tree(struct policy *policy, const char *text, size_t len,
			 const struct policy_lint_over *lint_over,
			 void (*look)(struct policy_report *, const struct yaml_node *),
			 struct policy_report *report)
{
	struct yaml_problem problem;
	struct arena scratch;
	struct compiler c = {.policy = policy,
			     .arena = &policy->arena,
			     .scratch = &scratch,
			     .report = report,
			     .lint = lint_over,
			     .look = look};

	arena_init(&scratch);
	c.root = yaml_parse(text, len, &scratch, &problem);
	if (c.root == NULL) {
		report_add(report, false, problem.code, problem.line, problem.column, "%s%s",
			   problem.text, hint(text, len, problem.line));
	} else if (version_fits(&c)) {
		compile_sections(&c);
	}
	arena_done(&scratch);
}

struct policy *compile_text(const char *text, size_t len, const struct policy_lint_over *over,
			    void (*look)(struct policy_report *, const struct yaml_node *),
			    struct policy_report *ret_report)
{
	struct policy *policy = policy_new(text, len);

	report_open(ret_report, text, len);
	report_secrets(ret_report);
	compile_tree(policy, text, len, over, look, ret_report);
	report_close(ret_report);
	if (ret_report->n_errors > 0) {
		policy_unref(policy);
		return NULL;
	}
	return policy;
}

struct policy *policy_check(const char *text, size_t len, const struct policy_lint_over *over,
			    struct policy_report *ret_report)
{
	return compile_text(text, len, over, NULL, ret_report);
}

struct policy *policy_compile(const char *file_name, const char *text, size_t len,
			      struct policy_report *ret_report)
{
	(void)file_name; /* findings are printed with it; rules are called by name and line */
	return policy_check(text, len, NULL, ret_report);
}
