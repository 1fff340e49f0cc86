/* random_policy.h - policies at random, section by section, for the laws that hold for every policy
 *
 * The seed is printed; SLUICE_SEED=N runs one again. A draft lies in its own arena.
 */
#ifndef RANDOM_POLICY_H
#define RANDOM_POLICY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "policy/policy.h"
#include "random_words.h"

#define POLICIES 60
#define PEOPLE 6
#define GROUPS 5
#define ROLES 4
#define CHANNELS 4
#define LINES_MAX 12

/* Sections as lists of lines, so that they can be put in another order. */
struct section {
	const char *head;
	const char *lines[LINES_MAX];
	size_t n;
};

struct draft {
	struct arena arena;
	struct section people, groups, roles, channels, allow, never, require, limits;
};

static void add(struct section *section, const char *line)
{
	section->lines[section->n++] = line;
}

static const char *entries(struct draft *d)
{
	const char *key = ONE_OF("tag", "name", "region", "project");
	const char *a = strcmp(key, "tag") == 0      ? ONE_OF("prod", "web", "\"d*\"", "db", "X-*")
			: strcmp(key, "name") == 0   ? ONE_OF("web-1", "\"*-1\"", "\"db-*\"")
			: strcmp(key, "region") == 0 ? ONE_OF("ams3", "fra1")
						     : ONE_OF("shop", "blog");

	return arena_printf(&d->arena, "%s: [%s, %s]", key, a, pick(2) ? a : "zzz");
}

static const char *selector(struct draft *d)
{
	const char *one = entries(d);
	const char *two = entries(d);

	if (pick(3) == 0) {
		return "any";
	}
	if (strncmp(one, two, 3) == 0) {
		two = NULL;
	}
	return arena_printf(&d->arena, "{%s%s%s%s%s%s}", one, two != NULL ? ", " : "",
			    two != NULL ? two : "", pick(2) ? ", except: {" : ", except: {",
			    entries(d), "}");
}

static const char *verbs(struct draft *d)
{
	return arena_printf(&d->arena, "[%s, %s]",
			    ONE_OF("r0", "r1", "r2", "r3", "everything", "\"droplet.power.*\""),
			    ONE_OF("droplet.show", "droplet.destroy", "region.list", "tag.add",
				   "\"snapshot.*\""));
}

/* No hours, no turns, no groups of a network. */
static bool timeless;

static const char *who(struct draft *d)
{
	return arena_printf(&d->arena, "[%s, %s]",
			    timeless
				    ? ONE_OF("g0", "g1", "g2", "g3", "g4")
				    : ONE_OF("g0", "g1", "g2", "g3", "g4", "people", "turn", "net"),
			    ONE_OF("u0", "u1", "u2", "u3", "u4", "u5"));
}

static const char *during(void)
{
	return timeless ? ""
			: ONE_OF("", "", ", during: day", ", during: night",
				 ", during: [day, once]");
}

static const char *step(void)
{
	return ONE_OF("confirm: self", "confirm: code", "reason: yes", "confirm: code, lasts: 5m",
		      "approvals: 1, from: people, within: 5m");
}

static const char *limit(void)
{
	return ONE_OF("droplets_at_once: 2", "per: person, at_most: 3, within: 5m",
		      "per: channel, at_most: 1, within: 1h", "droplets_at_once: 9");
}

static const char *narrowing(struct draft *d, const char *name, const char *what)
{
	return arena_printf(&d->arena, "  - {name: %s, who: %s, may: %s, droplets: %s%s, %s}", name,
			    pick(2) ? "everyone" : who(d), verbs(d), selector(d), during(), what);
}

static void add_rules(struct draft *d)
{
	for (int i = 0; i < 3; i++) {
		add(&d->require, narrowing(d, arena_printf(&d->arena, "q%d", i), step()));
	}
	if (pick(2)) {
		add(&d->limits, narrowing(d, "l0", limit()));
	}
	for (int i = 0; i < 8; i++) {
		add(&d->allow,
		    arena_printf(&d->arena, "  - {name: a%d, who: %s, may: %s, droplets: %s%s}", i,
				 who(d), verbs(d), selector(d), during()));
	}
	for (int i = 0; i < 2; i++) {
		add(&d->allow,
		    arena_printf(&d->arena,
				 "  - {name: z%d, who: anyone in c%u, may: [droplet.show, "
				 "region.list], droplets: %s}",
				 i, pick(CHANNELS), selector(d)));
	}
	for (int i = 0; i < 5; i++) {
		const char *unless = pick(2) ? arena_printf(&d->arena, "unless: %s, ", who(d)) : "";

		add(&d->never,
		    arena_printf(&d->arena, "  - {name: n%d, who: %s, %smay: %s, droplets: %s%s}",
				 i, pick(2) ? "everyone" : who(d), unless, verbs(d), selector(d),
				 during()));
	}
}

static void make(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->people.head = "people:";
	d->groups.head = "groups:";
	d->roles.head = "roles:";
	d->channels.head = "channels:";
	d->allow.head = "allow:";
	d->never.head = "never:";
	d->require.head = "require:";
	d->limits.head = "limits:";
	for (int i = 0; i < PEOPLE; i++) {
		add(&d->people, arena_printf(&d->arena, "  u%d: {t: u%d, code: \"env:C\"}", i, i));
	}
	for (int i = 0; i < GROUPS; i++) {
		add(&d->groups,
		    arena_printf(&d->arena, "  g%d: [u%u%s%s]", i, pick(PEOPLE), i > 0 ? ", g" : "",
				 i > 0 ? arena_printf(&d->arena, "%u", pick((unsigned)i)) : ""));
	}
	add(&d->groups, "  net: {slack-group: s/S01}");
	for (int i = 0; i < ROLES; i++) {
		const char *inner =
			arena_printf(&d->arena, "includes: r%u, ", pick((unsigned)i + 1));

		add(&d->roles,
		    arena_printf(&d->arena, "  r%d: {%smay: [%s, %s]}", i,
				 i > 0 && strstr(inner, arena_printf(&d->arena, "r%d,", i)) == NULL
					 ? inner
					 : "",
				 ONE_OF("droplet.show", "droplet.list", "\"droplet.*\""),
				 ONE_OF("volume.attach", "\"ip.*\"", "region.list")));
	}
	for (int i = 0; i < CHANNELS; i++) {
		add(&d->channels,
		    arena_printf(&d->arena,
				 "  c%d: {at: t/c%d, ceiling: [{may: %s, droplets: %s}, {may: %s, "
				 "droplets: %s}]}",
				 i, i, i == 0 ? "everything" : verbs(d),
				 i == 0 ? "any" : selector(d), verbs(d), selector(d)));
	}
	add_rules(d);
}

static void write_section(struct strbuf *out, const struct section *s)
{
	if (s->n > 0) {
		(void)strbuf_addf(out, "%s\n", s->head);
	}
	for (size_t i = 0; i < s->n; i++) {
		(void)strbuf_addf(out, "%s\n", s->lines[i]);
	}
}

static void write_text(const struct draft *d, bool backwards, struct strbuf *text)
{
	const struct section *all[] = {&d->people, &d->groups, &d->roles,   &d->channels,
				       &d->allow,  &d->never,  &d->require, &d->limits};

	strbuf_init(text, 65536);
	(void)strbuf_adds(
		text, "version: 1\nworkspaces: {t: {console: t}, s: {slack: T01}}\nhours:\n"
		      "  day: {days: mon-fri, from: \"09:00\", to: \"18:00\", zone: UTC}\n"
		      "  night: {days: [fri, sun], from: \"20:00\", to: \"07:30\", zone: UTC}\n"
		      "  once: {from: \"2026-01-10 00:00\", to: \"2026-01-12 00:00\", zone: UTC}\n"
		      "oncall: {turn: {rota: [u0, u1, u2], each: day, from: \"2026-01-05 08:00\", "
		      "zone: UTC}}\n");
	for (size_t i = 0; i < 8; i++) {
		write_section(text, all[backwards ? 7 - i : i]);
	}
}

static struct policy *compile(const struct draft *d, bool backwards)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf text;

	write_text(d, backwards, &text);
	policy = policy_compile("random", text.buf, text.len, &report);
	if (policy == NULL) {
		fail_msg("%s\n%s", report.findings[0].text, text.buf);
	}
	policy_report_done(&report);
	strbuf_done(&text);
	return policy;
}

static void seed(const char *what)
{
	const char *given = getenv("SLUICE_SEED");

	random_state = given != NULL ? strtoull(given, NULL, 10) : 20260113;
	random_state |= 1;
	printf("%s: seed %llu\n", what, (unsigned long long)random_state);
}

#endif
