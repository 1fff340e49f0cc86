/* compile.c - the text of a policy file to a snapshot, or to findings */
#include <string.h>

#include "base/attr.h"
#include "base/digest.h"
#include "base/mem.h"
#include "policy/walk.h"

static const struct key top_keys[] = {
	{"version", KEY_NOW},   {"accounts", KEY_NOW}, {"workspaces", KEY_NOW},
	{"people", KEY_NOW},    {"groups", KEY_NOW},   {"roles", KEY_NOW},
	{"channels", KEY_NOW},  {"allow", KEY_NOW},    {"never", KEY_NOW},
	{"settings", KEY_NOW},  {"oncall", KEY_LATER}, {"hours", KEY_LATER},
	{"require", KEY_LATER}, {"limits", KEY_LATER}, {"tests", KEY_LATER},
};

static const struct key setting_keys[] = {
	{"state", KEY_NOW}, {"listen", KEY_NOW},         {"log", KEY_NOW},
	{"ops", KEY_LATER}, {"audit_mirror", KEY_LATER}, {"private_reads", KEY_LATER},
};

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
		const char *text = walk_text(c, section->items[i], "a setting");

		p->settings[p->n_settings++] =
			(struct setting){arena_strdup(c->arena, section->keys[i]->text),
					 arena_strdup(c->arena, text)};
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

static void lint(struct compiler *c)
{
	for (unsigned i = 0; i < c->groups.n; i++) {
		const struct named *group = &c->groups.list[i];

		if (is_empty(&c->group_people[(size_t)i * c->people_words], c->people_words)) {
			report_add(c->report, true, "W118", group->at->line, group->at->column,
				   "nobody is in the group \"%s\"", group->name);
		}
		if (!group->used) {
			report_add(c->report, true, "W103", group->at->line, group->at->column,
				   "nothing uses the group \"%s\"", group->name);
		}
	}
	for (unsigned i = 0; i < c->roles.n; i++) {
		const struct named *role = &c->roles.list[i];

		if (!role->used) {
			report_add(c->report, true, "W103", role->at->line, role->at->column,
				   "nothing uses the role \"%s\"", role->name);
		}
	}
}

static void compile_sections(struct compiler *c)
{
	struct names *const all[] = {&c->accounts, &c->workspaces, &c->people,
				     &c->groups,   &c->roles,      &c->channels};

	(void)walk_keys(c, c->root, "a policy", top_keys, ARRAY_LEN(top_keys));
	compile_accounts(c);
	compile_workspaces(c);
	compile_people(c);
	compile_groups(c);
	compile_roles(c);
	compile_channels(c);
	compile_rules(c);
	compile_settings(c);
	if (c->report->n_errors == 0) {
		lint(c);
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

static void compile_tree(struct policy *policy, const char *text, size_t len,
			 struct policy_report *report)
{
	struct yaml_problem problem;
	struct arena scratch;
	struct compiler c = {
		.policy = policy, .arena = &policy->arena, .scratch = &scratch, .report = report};

	arena_init(&scratch);
	c.root = yaml_parse(text, len, &scratch, &problem);
	if (c.root == NULL) {
		report_add(report, false, problem.code, problem.line, problem.column, "%s",
			   problem.text);
	} else if (version_fits(&c)) {
		compile_sections(&c);
	}
	arena_done(&scratch);
}

struct policy *policy_compile(const char *file_name, const char *text, size_t len,
			      struct policy_report *ret_report)
{
	struct policy *policy = policy_new(text, len);

	(void)file_name; /* findings are printed with it; rules are called by name and line */
	report_open(ret_report, text, len);
	report_secrets(ret_report);
	compile_tree(policy, text, len, ret_report);
	report_close(ret_report);
	if (ret_report->n_errors > 0) {
		policy_unref(policy);
		return NULL;
	}
	return policy;
}
