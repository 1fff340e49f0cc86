/* schema.c - the JSON Schema of the policy file
 *
 * Keys come from the checker's tables, actions and networks from theirs; here stands only the shape of what each key holds. A
 * key that has no shape here may hold anything, so that an editor never refuses what the checker accepts.
 */
#include "policy/schema.h"

#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "policy/tests.h"

#define REF(of) "{\"$ref\":\"#/$defs/" of "\"}"
#define WORDS REF("words")
#define WORD REF("word")
#define NAME REF("name")
#define MAY REF("may")
#define DROPLETS REF("droplets")
#define COUNT REF("count")
#define DURATION REF("duration")
#define TIME REF("time")
#define NAMED(of) \
	"{\"type\":\"object\",\"propertyNames\":" NAME ",\"additionalProperties\":" REF(of) "}"
#define LINES(of) "{\"type\":\"array\",\"items\":" REF(of) "}"

struct shape {
	const char *key, *schema;
};

static const struct shape top_shapes[] = {
	{"version", "{\"enum\":[1,\"1\"]}"},
	{"accounts", NAMED("account")},
	{"workspaces", NAMED("workspace")},
	{"people", NAMED("person")},
	{"groups", NAMED("group")},
	{"roles", NAMED("role")},
	{"channels", NAMED("channel")},
	{"allow", LINES("allow")},
	{"never", LINES("never")},
	{"settings", REF("settings")},
	{"oncall", NAMED("rota")},
	{"hours", NAMED("hours")},
	{"require", LINES("require")},
	{"limits", LINES("limit")},
	{"tests", LINES("test")},
};
static const struct shape account_shapes[] = {
	{"token", WORD}, {"read", WORD}, {"change", WORD}, {"destroy", WORD}};
static const struct shape setting_shapes[] = {
	{"state", WORD}, {"listen", WORD},       {"log", WORD},
	{"ops", NAME},   {"audit_mirror", NAME}, {"private_reads", WORDS},
};
static const struct shape platform_shapes[] = {
	{"slack-group", WORD},
	{"discord-role", WORD},
	{"mattermost-group", WORD},
	{"fresh", DURATION},
};
static const struct shape hours_shapes[] = {
	{"days", REF("days")}, {"from", TIME}, {"to", TIME}, {"zone", WORD}};
static const struct shape rota_shapes[] = {
	{"rota", WORDS},
	{"each", "{\"type\":\"string\",\"pattern\":\"^(day|week|[0-9]+ days)$\"}"},
	{"from", TIME},
	{"zone", WORD},
	{"cover", LINES("cover")},
	{"may_take", WORDS},
};
static const struct shape cover_shapes[] = {{"who", WORD}, {"from", TIME}, {"to", TIME}};
static const struct shape channel_shapes[] = {
	{"at", WORDS},
	{"may", MAY},
	{"droplets", DROPLETS},
	{"show", REF("fields")},
	{"ceiling", LINES("ceiling")},
	{"announce", "{\"anyOf\":[" REF("yes") "," MAY "]}"},
	{"during", WORDS},
};
static const struct shape line_shapes[] = {
	{"name", NAME},
	{"who", WORDS},
	{"unless", WORDS},
	{"may", MAY},
	{"droplets", DROPLETS},
	{"during", WORDS},
	{"confirm", "{\"enum\":[\"self\",\"code\"]}"},
	{"approvals", COUNT},
	{"from", WORD},
	{"within", DURATION},
	{"reason", REF("yes")},
	{"lasts", DURATION},
	{"per", "{\"enum\":[\"person\",\"role\",\"channel\"]}"},
	{"at_most", COUNT},
	{"droplets_at_once", COUNT},
	{"monthly_cost", COUNT},
};
static const struct shape test_shapes[] = {
	{"name", WORD},
	{"as", WORDS},
	{"in", WORDS},
	/* no type: what looks like an instant is one to other readers of YAML, and no string */
	{"at", "{\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}\"}"},
	{"droplet", REF("test_droplet")},
	{"can", MAY},
	{"cannot", MAY},
	{"needs", REF("needs")},
	{"groups", WORDS},
};
static const struct shape test_droplet_shapes[] = {
	{"name", WORD}, {"tags", WORDS},   {"region", WORD},
	{"size", WORD}, {"project", WORD}, {"account", WORD},
};
static const struct shape role_shapes[] = {{"includes", WORDS}, {"may", MAY}};
static const struct shape selector_shapes[] = {
	{"tag", WORDS},  {"name", WORDS},    {"region", WORDS},         {"project", WORDS},
	{"size", WORDS}, {"account", WORDS}, {"except", REF("except")},
};

/* One object: its keys by the checker's table, their shapes, which must stand, and what else is to be said. */
struct object {
	const char *def;
	const struct key_table *keys;
	const struct shape *shapes;
	size_t n_shapes;
	const char *required, *more;
};

#define SHAPES(of) of, ARRAY_LEN(of)

static const struct object objects[] = {
	{"account", &keys_of_account, SHAPES(account_shapes), "", ",\"minProperties\":1"},
	{"role", &keys_of_role, SHAPES(role_shapes), "", ",\"minProperties\":1"},
	{"channel", &keys_of_channel, SHAPES(channel_shapes), "\"at\"",
	 ",\"anyOf\":[{\"required\":[\"may\",\"droplets\"]},{\"required\":[\"ceiling\"]}]"},
	{"ceiling", &keys_of_ceiling, SHAPES(channel_shapes), "\"may\",\"droplets\"", ""},
	{"allow", &keys_of_allow, SHAPES(line_shapes), "\"name\",\"who\",\"may\",\"droplets\"", ""},
	{"never", &keys_of_never, SHAPES(line_shapes), "\"name\",\"who\",\"may\",\"droplets\"", ""},
	{"require", &keys_of_require, SHAPES(line_shapes), "\"name\",\"may\",\"droplets\"",
	 ",\"anyOf\":[{\"required\":[\"confirm\"]},{\"required\":[\"reason\"]},{\"required\":"
	 "[\"approvals\",\"from\",\"within\"]}]"},
	{"limit", &keys_of_limits, SHAPES(line_shapes), "\"name\",\"may\"",
	 ",\"anyOf\":[{\"required\":[\"at_most\",\"per\",\"within\"]},{\"required\":"
	 "[\"droplets_at_once\"]},{\"required\":[\"monthly_cost\"]}]"},
	{"hours", &keys_of_hours, SHAPES(hours_shapes), "\"from\",\"to\",\"zone\"", ""},
	{"rota", &keys_of_rota, SHAPES(rota_shapes), "\"rota\",\"each\",\"from\",\"zone\"", ""},
	{"cover", &keys_of_cover, SHAPES(cover_shapes), "\"who\",\"from\",\"to\"", ""},
	{"platform", &keys_of_platform, SHAPES(platform_shapes), "", ",\"minProperties\":1"},
	{"test", &keys_of_test, SHAPES(test_shapes), "\"name\",\"as\",\"in\"",
	 ",\"anyOf\":[{\"required\":[\"can\"]},{\"required\":[\"cannot\"]}]"},
	{"test_droplet", &keys_of_test_droplet, SHAPES(test_droplet_shapes), "", ""},
	{"selector", &keys_of_selector, SHAPES(selector_shapes), "", ",\"minProperties\":1"},
	{"settings", &keys_of_settings, SHAPES(setting_shapes), "", ""},
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
		if (strcmp(keys->keys[i], left_out) != 0) {
			(void)strbuf_addf(out, "%s\"%s\":%s", comma, keys->keys[i],
					  shape_of(shapes, n_shapes, keys->keys[i]));
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
		/* a word of the file may be a number or a truth to other readers of YAML */
		"\"word\":{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1},\n"
		"\"words\":{\"anyOf\":[" WORD ",{\"type\":\"array\",\"items\":" WORD "}]},\n"
		"\"name\":{\"type\":\"string\",\"pattern\":\"^[^-.*/ ][^.*/ ]{0,63}$\"},\n"
		"\"yes\":{\"enum\":[\"yes\",true]},\n"
		"\"count\":{\"type\":[\"integer\",\"string\"],\"minimum\":1,\"pattern\":"
		"\"^[0-9]+$\"},\n"
		"\"duration\":{\"type\":\"string\",\"pattern\":\"^[0-9]+[smhd]$\"},\n"
		"\"time\":{\"type\":[\"string\",\"integer\"],\"pattern\":\"^([0-9]{4}-[0-9]{2}-"
		"[0-9]{2} )?[0-9]{2}:[0-9]{2}$\"},\n"
		"\"may\":{\"anyOf\":[{\"$ref\":\"#/$defs/action\"},{\"type\":\"array\","
		"\"minItems\":1,\"items\":{\"$ref\":\"#/$defs/action\"}}]},\n"
		"\"droplets\":{\"anyOf\":[{\"const\":\"any\"},{\"$ref\":\"#/$defs/selector\"}]},\n"
		"\"group\":{\"anyOf\":[" WORDS
		"," REF("platform") "]},\n"
				    "\"person\":{\"type\":\"object\",\"minProperties\":1,"
				    "\"propertyNames\":" NAME ",\"additionalProperties\":" WORD
				    "},\n");
}

/* One word of the list, or several: "days" and "needs". */
static void add_one_or_more(const char *def, const char *one, struct strbuf *out)
{
	(void)strbuf_addf(out, "\"%s\":{\"anyOf\":[{%s},{\"type\":\"array\",\"items\":{%s}}]},\n",
			  def, one, one);
}

static void add_lists(struct strbuf *out)
{
	struct strbuf steps;

	strbuf_init(&steps, 400);
	(void)strbuf_adds(&steps, "\"enum\":[");
	for (unsigned kind = DUTY_CONFIRM; kind <= DUTY_APPROVALS; kind++) {
		(void)strbuf_addf(&steps, "%s\"%s\"", kind > DUTY_CONFIRM ? "," : "",
				  trial_step(kind));
	}
	(void)strbuf_adds(&steps, "]");
	add_one_or_more("needs", steps.buf, out);
	strbuf_reset(&steps);
	for (unsigned k = 0; k < 2; k++) {
		(void)strbuf_adds(&steps, k == 0 ? "\"type\":\"string\",\"pattern\":\"^(" : ")(-(");
		for (unsigned d = 0; d < 7; d++) {
			(void)strbuf_addf(&steps, "%s%s", d > 0 ? "|" : "", hours_day(d));
		}
	}
	(void)strbuf_adds(&steps, "))?$\"");
	add_one_or_more("days", steps.buf, out);
	strbuf_done(&steps);
}

static void add_networks(struct strbuf *out)
{
	(void)strbuf_adds(out,
			  "\"workspace\":{\"type\":\"object\",\"minProperties\":1,"
			  "\"maxProperties\":1,\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; network_at(i) != NULL; i++) {
		(void)strbuf_addf(out, "%s\"%s\":" WORD, i > 0 ? "," : "", network_at(i)->name);
	}
	(void)strbuf_adds(out, "}},\n\"field\":{\"enum\":[");
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
	add_lists(out);
	add_verbs(out);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		const struct object *o = &objects[i];

		(void)strbuf_addf(out, "\"%s\":{", o->def);
		add_properties(o->keys, o->shapes, o->n_shapes, "", o->required, out);
		(void)strbuf_addf(out, "%s},\n", o->more);
	}
	(void)strbuf_adds(out, "\"except\":{");
	add_properties(&keys_of_selector, selector_shapes, ARRAY_LEN(selector_shapes), "except", "",
		       out);
	(void)strbuf_adds(out, "},\n");
	add_networks(out);
	(void)strbuf_adds(out, "\n}}\n");
}
