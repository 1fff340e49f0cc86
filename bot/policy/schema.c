/* schema.c - the JSON Schema of the policy file
 *
 * Keys come from the checker's tables, actions and networks from theirs; here stands only the shape of what each key holds. A
 * key that has no shape here may hold anything, so that an editor never refuses what the checker accepts.
 */
#include "policy/schema.h"

#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "policy/walk.h"

#define WORDS "{\"$ref\":\"#/$defs/words\"}"
#define WORD "{\"$ref\":\"#/$defs/word\"}"
#define MAY "{\"$ref\":\"#/$defs/may\"}"
#define DROPLETS "{\"$ref\":\"#/$defs/droplets\"}"
#define NAMED(of)                                                     \
	"{\"type\":\"object\",\"propertyNames\":{\"$ref\":\"#/$defs/" \
	"name\"},\"additionalProperties\":"                           \
	"{\"$ref\":\"#/$defs/" of "\"}}"
#define LINES(of) "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/" of "\"}}"

struct shape {
	const char *key, *schema;
};

static const struct shape top_shapes[] = {
	{"version", "{\"const\":1}"},
	{"accounts", NAMED("account")},
	{"workspaces", NAMED("workspace")},
	{"people", NAMED("person")},
	{"roles", NAMED("role")},
	{"channels", NAMED("channel")},
	{"allow", LINES("allow")},
	{"never", LINES("never")},
	{"settings", "{\"$ref\":\"#/$defs/settings\"}"},
};
static const struct shape word_shapes[] = {
	{"token", WORD}, {"read", WORD}, {"change", WORD}, {"destroy", WORD},
	{"state", WORD}, {"log", WORD},  {"name", WORD},
};
static const struct shape channel_shapes[] = {
	{"at", WORDS},
	{"may", MAY},
	{"droplets", DROPLETS},
	{"show", "{\"$ref\":\"#/$defs/show\"}"},
	{"ceiling", LINES("ceiling")},
};
static const struct shape line_shapes[] = {
	{"name", "{\"$ref\":\"#/$defs/name\"}"},
	{"who", WORDS},
	{"unless", WORDS},
	{"may", MAY},
	{"droplets", DROPLETS},
};
static const struct shape role_shapes[] = {{"includes", WORDS}, {"may", MAY}};
static const struct shape selector_shapes[] = {
	{"tag", WORDS},
	{"name", WORDS},
	{"region", WORDS},
	{"project", WORDS},
	{"size", WORDS},
	{"account", WORDS},
	{"except", "{\"$ref\":\"#/$defs/except\"}"},
};

/* One object: its keys by the checker's table, their shapes, and which must stand. */
struct object {
	const char *def;
	const struct key_table *keys;
	const struct shape *shapes;
	size_t n_shapes;
	const char *required;
};

static const struct object objects[] = {
	{"account", &keys_of_account, word_shapes, ARRAY_LEN(word_shapes), ""},
	{"role", &keys_of_role, role_shapes, ARRAY_LEN(role_shapes), ""},
	{"channel", &keys_of_channel, channel_shapes, ARRAY_LEN(channel_shapes), "\"at\""},
	{"ceiling", &keys_of_ceiling, channel_shapes, ARRAY_LEN(channel_shapes),
	 "\"may\",\"droplets\""},
	{"allow", &keys_of_allow, line_shapes, ARRAY_LEN(line_shapes),
	 "\"name\",\"who\",\"may\",\"droplets\""},
	{"never", &keys_of_never, line_shapes, ARRAY_LEN(line_shapes),
	 "\"name\",\"who\",\"may\",\"droplets\""},
	{"selector", &keys_of_selector, selector_shapes, ARRAY_LEN(selector_shapes), ""},
	{"settings", &keys_of_settings, word_shapes, ARRAY_LEN(word_shapes), ""},
};

static const char *shape_of(const struct shape *shapes, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(shapes[i].key, key) == 0) {
			return shapes[i].schema;
		}
	}
	return "true";
}

static void add_properties(const struct key_table *keys, const struct shape *shapes,
			   size_t n_shapes, const char *left_out, const char *required,
			   struct strbuf *out)
{
	const char *comma = "";

	(void)strbuf_adds(out, "\"type\":\"object\",\"additionalProperties\":false,\"required\":[");
	(void)strbuf_addf(out, "%s],\n  \"properties\":{", required);
	for (size_t i = 0; i < keys->n; i++) {
		if (keys->keys[i].state == KEY_NOW && strcmp(keys->keys[i].name, left_out) != 0) {
			(void)strbuf_addf(out, "%s\"%s\":%s", comma, keys->keys[i].name,
					  shape_of(shapes, n_shapes, keys->keys[i].name));
			comma = ",";
		}
	}
	(void)strbuf_adds(out, "}");
}

static void add_verbs(struct strbuf *out)
{
	(void)strbuf_adds(out, "\"action\":{\"anyOf\":[\n  {\"enum\":[\"everything\",\"nothing\"");
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		(void)strbuf_adds(out, ",");
		json_add_string(out, verb_info((enum verb)v)->name);
	}
	(void)strbuf_adds(out, "]},\n  {\"enum\":[");
	/* "droplet.power.*": every beginning of an action up to a dot, each once */
	for (int v = VERB_NONE + 1, n = 0; v < VERB_COUNT; v++) {
		const char *name = verb_info((enum verb)v)->name;

		for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
			size_t len = (size_t)(dot - name) + 1;
			bool seen = false;

			for (int before = VERB_NONE + 1; before < v; before++) {
				seen = seen ||
				       strncmp(verb_info((enum verb)before)->name, name, len) == 0;
			}
			if (!seen) {
				(void)strbuf_addf(out, "%s\"%.*s*\"", n++ > 0 ? "," : "", (int)len,
						  name);
			}
		}
	}
	(void)strbuf_adds(out, "]},\n  {\"$ref\":\"#/$defs/name\"}]},\n");
}

static void add_words(struct strbuf *out)
{
	(void)strbuf_adds(
		out,
		"\"word\":{\"type\":\"string\",\"minLength\":1},\n"
		"\"words\":{\"anyOf\":[" WORD ",{\"type\":\"array\",\"items\":" WORD "}]},\n"
		"\"name\":{\"type\":\"string\",\"pattern\":\"^[^-.*/ ][^.*/ ]{0,63}$\"},\n"
		"\"may\":{\"anyOf\":[{\"$ref\":\"#/$defs/action\"},{\"type\":\"array\","
		"\"minItems\":1,\"items\":{\"$ref\":\"#/$defs/action\"}}]},\n"
		"\"droplets\":{\"anyOf\":[{\"const\":\"any\"},{\"$ref\":\"#/$defs/selector\"}]},\n"
		"\"person\":{\"type\":\"object\",\"minProperties\":1},\n");
}

static void add_networks(struct strbuf *out)
{
	(void)strbuf_adds(out,
			  "\"workspace\":{\"type\":\"object\",\"minProperties\":1,"
			  "\"maxProperties\":1,\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; network_at(i) != NULL; i++) {
		(void)strbuf_addf(out, "%s\"%s\":" WORD, i > 0 ? "," : "", network_at(i)->name);
	}
	(void)strbuf_adds(out,
			  "}},\n\"show\":{\"$ref\":\"#/$defs/fields\"},\n\"field\":{\"enum\":[");
	for (size_t i = 0; show_field(i) != NULL; i++) {
		(void)strbuf_addf(out, "%s\"%s\"", i > 0 ? "," : "", show_field(i));
	}
	(void)strbuf_adds(out, "]},\n\"fields\":{\"anyOf\":[{\"$ref\":\"#/$defs/field\"},{\"type\":"
			       "\"array\",\"items\":{\"$ref\":\"#/$defs/field\"}}]}");
}

void policy_schema(struct strbuf *out)
{
	(void)strbuf_adds(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\n"
			       "\"title\":\"Sluice policy\",\n");
	add_properties(&keys_of_top, top_shapes, ARRAY_LEN(top_shapes), "", "\"version\"", out);
	(void)strbuf_adds(out, ",\n\"$defs\":{\n");
	add_words(out);
	add_verbs(out);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		const struct object *o = &objects[i];

		(void)strbuf_addf(out, "\"%s\":{", o->def);
		add_properties(o->keys, o->shapes, o->n_shapes, "", o->required, out);
		(void)strbuf_adds(out, "},\n");
	}
	(void)strbuf_adds(out, "\"except\":{");
	add_properties(&keys_of_selector, selector_shapes, ARRAY_LEN(selector_shapes), "except", "",
		       out);
	(void)strbuf_adds(out, "},\n");
	add_networks(out);
	(void)strbuf_adds(out, "\n}}\n");
}
