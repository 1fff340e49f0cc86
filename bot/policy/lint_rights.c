/* lint_rights.c - lints about what people may: powerful actions, channels of clients, lock-out */
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "policy/lint.h"

static bool names_verb(const struct rule *rule, enum verb verb)
{
	return bit_get(rule->verbs.bits, (unsigned)verb);
}

/* What cannot be undone. A resize may, unless it is with the disk, which a policy does not see. */
static bool is_destructive(unsigned verb)
{
	return verb_info((enum verb)verb)->effect == EFFECT_DESTROY || verb == VERB_DROPLET_IPV6 ||
	       verb == VERB_BACKUP_DISABLE;
}

static const char *first_destructive(const struct rule *rule)
{
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(rule->verbs.bits, v) && is_destructive(v)) {
			return verb_info((enum verb)v)->name;
		}
	}
	return NULL;
}

static const struct clause *clause_of(const struct selector *selector, enum attribute attribute)
{
	for (unsigned i = 0; selector->fits != NULL && i < selector->fits->n; i++) {
		if (selector->fits->clause[i].attribute == attribute) {
			return &selector->fits->clause[i];
		}
	}
	return NULL;
}

static bool may_anywhere(struct lint *l, unsigned person, enum verb verb)
{
	return lint_anywhere(l, &l->cells, person, verb, l->set);
}

/* A channel in which nobody may do anything, though it seems to let something through. */
static void lint_channels(struct lint *l)
{
	const struct policy *p = l->policy;
	const struct yaml_node *section = yaml_get(l->c->root, "channels");
	static const struct verb_set none;

	for (unsigned c = 1; c <= p->n_channels; c++) {
		bool any = memcmp(&p->channels[c].verbs, &none, sizeof(none)) == 0;
		const struct yaml_node *at = section->keys[c - 1];

		for (unsigned k = 0; !any && k < l->n_classes; k++) {
			for (unsigned v = VERB_NONE + 1; !any && v < VERB_COUNT; v++) {
				any = cells_allowed(&l->cells, l->one_of[k], c, v, l->set);
			}
		}
		if (!any && l->world.complete) {
			report_add(l->c->report, true, "W103", at->line, at->column,
				   "nobody may do anything in the channel \"%s\"", at->text);
		}
	}
}

static void lint_clients(struct lint *l)
{
	const struct policy *p = l->policy;
	const struct yaml_node *section = yaml_get(l->c->root, "channels");

	for (unsigned c = 1; c <= p->n_channels; c++) {
		const struct yaml_node *at = section->keys[c - 1];

		if (!p->channels[c].has_show &&
		    !bits_empty(&p->allow.of_channel[(size_t)c * p->allow.words], p->allow.words)) {
			report_add(l->c->report, true, "W113", at->line, at->column,
				   "strangers may look in \"%s\", and without \"show\" they see "
				   "every field (as in show: [name, status, region])",
				   at->text);
		}
	}
}

/* Some other selector is about tags. */
static void find_tag(const struct selector *selector, void *data)
{
	const struct clause *clause = clause_of(selector, BY_TAG);
	const char **tag = data;

	if (clause != NULL && *tag == NULL) {
		*tag = clause->patterns[0].text;
	}
}

static void lint_create(struct lint *l, unsigned line, const struct rule *rule)
{
	const struct yaml_node *at = lint_line(l, false, line);
	uint64_t *both = arena_array(&l->arena, l->n_classes / 64 + 1, sizeof(*both));
	const char *tag = NULL;
	bool any = false;
	struct strbuf text;

	each_selector(l->policy, find_tag, &tag);
	strbuf_init(&text, 400);
	if (tag != NULL && clause_of(&rule->droplets, BY_TAG) == NULL) {
		(void)strbuf_addf(&text,
				  "\"%s\" creates droplets with tags of one's choice, so with "
				  "\"%s\" too; name the tags under its \"droplets\"",
				  rule->label.name, tag);
		lint_say(l, "W108", at, &text);
	}
	for (unsigned k = 0; k < l->n_classes; k++) {
		unsigned person = l->one_of[k];

		if (bit_get(&l->cells.allow_lines
				     .of_person[(size_t)person * l->policy->allow.words],
			    line) &&
		    may_anywhere(l, person, VERB_DROPLET_CREATE) &&
		    may_anywhere(l, person, VERB_SNAPSHOT_CREATE)) {
			bit_set(both, k);
			any = true;
		}
	}
	if (any) {
		lint_people(l, both, &text);
		(void)strbuf_adds(&text, " may take a snapshot and create a droplet: together that "
					 "copies data to where other lines protect it");
		lint_say(l, "W109", at, &text);
	}
	strbuf_done(&text);
}

/* W112: a destructive action for which no line of `require` asks anything of anybody. */
static void lint_unguarded(struct lint *l, unsigned line, const struct rule *rule)
{
	const struct yaml_node *at = lint_line(l, false, line);
	const struct rule_table *require = &l->policy->require;

	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(rule->verbs.bits, v) && is_destructive(v) &&
		    bits_empty(&require->of_verb[(size_t)v * require->words], require->words)) {
			report_add(
				l->c->report, true, "W112", at->line, at->column,
				"\"%s\" gives %s, and no \"require\" line asks for a second step "
				"(as in confirm: self)",
				rule->label.name, verb_info((enum verb)v)->name);
			return;
		}
	}
}

static void lint_power(struct lint *l, unsigned line, const struct rule *rule)
{
	const struct yaml_node *at = lint_line(l, false, line);
	const struct clause *name = clause_of(&rule->droplets, BY_NAME);
	const char *destructive = first_destructive(rule);

	if (names_verb(rule, VERB_DROPLET_CREATE)) {
		lint_create(l, line, rule);
	}
	if (names_verb(rule, VERB_DROPLET_PASSWORD_RESET)) {
		report_add(l->c->report, true, "W110", at->line, at->column,
			   "\"%s\" gives droplet.password.reset, which makes whoever reads the "
			   "account's mail root on the droplet",
			   rule->label.name);
	}
	for (unsigned i = 0; name != NULL && destructive != NULL && i < name->n; i++) {
		if (name->patterns[i].glob) {
			report_add(l->c->report, true, "W111", at->line, at->column,
				   "\"%s\" gives %s by the name \"%s\"; names may be changed and "
				   "used twice, so name a tag or a project",
				   rule->label.name, destructive, name->patterns[i].text);
			break;
		}
	}
}

static void lint_lock_out(struct lint *l)
{
	const struct yaml_node *allow = yaml_get(l->c->root, "allow");

	for (unsigned k = 0; k < l->n_classes; k++) {
		if (may_anywhere(l, l->one_of[k], VERB_POLICY_RELOAD)) {
			return;
		}
	}
	report_add(l->c->report, true, "W116", allow != NULL ? allow->line : 1,
		   allow != NULL ? allow->column : 1,
		   "nobody may policy.reload, so a mistake here is mended only on the machine "
		   "itself");
}

/* The inventory's tag that is nearly this one: another case, or one letter. */
static const char *near_tag(const struct lint *l, const char *text)
{
	const char *near = NULL;

	for (unsigned i = 0; i < l->world.n; i++) {
		const struct droplet *d = &l->world.droplets[i];

		for (size_t k = 0; k < d->n_tags; k++) {
			if (strcmp(d->tags[k], text) == 0) {
				return NULL;
			}
			if (names_distance(text, d->tags[k], 1) <= 1) {
				near = d->tags[k];
			}
		}
	}
	return near;
}

static void lint_tag(struct lint *l, const struct yaml_node *node)
{
	const char *near = strchr(node->text, '*') == NULL ? near_tag(l, node->text) : NULL;

	if (near == NULL) {
		return;
	}
	report_add(
		l->c->report, true, "W106", node->line, node->column,
		strcasecmp(near, node->text) == 0
			? "no droplet has the tag \"%.60s\", but there is \"%.60s\"; they are one "
			  "tag here, so write it as it is"
			: "no droplet has the tag \"%.60s\", but there is \"%.60s\"",
		node->text, near);
}

/* Every `tag` under `droplets` and `except`, wherever it stands. */
static void lint_tags(struct lint *l, const struct yaml_node *node, bool in_droplets)
{
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *value = node->items[i];
		const char *key = node->kind == YAML_MAP ? node->keys[i]->text : "";
		bool inside = in_droplets || strcmp(key, "droplets") == 0;

		if (!inside || strcmp(key, "tag") != 0) {
			if (value->kind != YAML_SCALAR) {
				lint_tags(l, value, inside);
			}
		} else if (value->kind == YAML_SCALAR) {
			lint_tag(l, value);
		} else {
			for (size_t k = 0; k < value->n; k++) {
				lint_tag(l, value->items[k]);
			}
		}
	}
}

void lint_rights(struct lint *l)
{
	lint_channels(l);
	lint_clients(l);
	for (unsigned i = 0; i < l->policy->allow.n; i++) {
		lint_power(l, i, &l->policy->allow.rules[i]);
		lint_unguarded(l, i, &l->policy->allow.rules[i]);
	}
	lint_lock_out(l);
	if (l->world.inventory) {
		lint_tags(l, l->c->root, false);
	}
}
