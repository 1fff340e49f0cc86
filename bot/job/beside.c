/* beside.c - what belongs to a droplet that goes: as text of its job's row, and in words (pure) */
#include "job/beside.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

#define LINES_MAX 6 /* things that are named one by one */
#define LINE_ROOM 24

struct kind_row {
	const char *word;       /* in the text */
	const char *one, *many; /* for people */
};

static const struct kind_row kinds[] = {
	[OCEAN_KIND_RESERVED_IP] = {"ip", "reserved IP", "reserved IPs"},
	[OCEAN_KIND_FLOATING_IP] = {"floating-ip", "reserved IP", "reserved IPs"},
	[OCEAN_KIND_SNAPSHOT] = {"snapshot", "snapshot", "snapshots"},
	[OCEAN_KIND_VOLUME] = {"volume", "volume", "volumes"},
	[OCEAN_KIND_VOLUME_SNAPSHOT] = {"volume-snapshot", "volume snapshot", "volume snapshots"},
};

static const char *money(unsigned cents, struct arena *arena)
{
	return cents % 100 == 0 ? arena_printf(arena, "$%u", cents / 100)
				: arena_printf(arena, "$%u.%02u", cents / 100, cents % 100);
}

/* ---- the text ------------------------------------------------------------------------------ */

static const char *or_dash(const char *text)
{
	return text != NULL && *text != '\0' ? text : "-";
}

static const char *joined(const struct droplet *droplet, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < droplet->n_tags; i++) {
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "", droplet->tags[i]);
	}
	return text;
}

static const char *line_of(const struct ocean_associated *thing, struct arena *arena)
{
	return arena_printf(arena, "has %s %s %u %s\n", kinds[thing->kind].word, thing->id,
			    thing->monthly_cents, thing->name != NULL ? thing->name : "");
}

static bool is_kept(const struct ocean_associated *thing)
{
	return (size_t)thing->kind < sizeof(kinds) / sizeof(kinds[0]) &&
	       kinds[thing->kind].word != NULL;
}

const char *beside_write(const struct droplet *droplet, const struct ocean_associated *list,
			 size_t n, struct arena *arena)
{
	struct strbuf out;
	unsigned n_more = 0;
	const char *text;

	strbuf_init(&out, BESIDE_TEXT);
	/* a droplet has few tags; what is longer than the room is not shown at all rather than in part */
	if (strbuf_addf(&out, "is %s %u %s\n", or_dash(droplet->region),
			droplet->price_monthly_cents, or_dash(joined(droplet, arena))) < 0) {
		strbuf_done(&out);
		strbuf_init(&out, BESIDE_TEXT);
		(void)strbuf_addf(&out, "is - %u -\n", droplet->price_monthly_cents);
	}
	for (size_t i = 0; i < n; i++) {
		const char *line = is_kept(&list[i]) ? line_of(&list[i], arena) : "";

		if (n_more > 0 || out.len + strlen(line) + LINE_ROOM > BESIDE_TEXT) {
			n_more++;
		} else {
			(void)strbuf_adds(&out, line);
		}
	}
	if (n_more > 0) {
		(void)strbuf_addf(&out, "more %u\n", n_more);
	}
	text = arena_strdup(arena, out.buf);
	strbuf_done(&out);
	return text;
}

/* The next word of a line; "" at its end. */
static const char *word(const char **at, struct arena *arena)
{
	size_t n = strcspn(*at, " \n");
	const char *is = arena_strndup(arena, *at, n);

	*at += n;
	*at += **at == ' ' ? 1 : 0;
	return is;
}

static const char *no_dash(const char *text)
{
	return strcmp(text, "-") == 0 ? "" : text;
}

static bool read_thing(const char **at, struct arena *arena, struct ocean_associated *thing)
{
	const char *kind = word(at, arena);
	size_t n;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].word != NULL && strcmp(kinds[i].word, kind) == 0) {
			thing->kind = (enum ocean_kind)i;
		}
	}
	thing->id = word(at, arena);
	thing->monthly_cents = (unsigned)strtoul(word(at, arena), NULL, 10);
	n = strcspn(*at, "\n");
	thing->name = n > 0 ? arena_strndup(arena, *at, n) : NULL;
	*at += n;
	return thing->kind != OCEAN_KIND_NONE && *thing->id != '\0';
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		n += *text == '\n';
	}
	return n;
}

bool beside_read(const char *text, struct arena *arena, struct beside *ret_beside)
{
	struct beside beside = {.region = "", .tags = ""};
	struct ocean_associated *list;

	if (text == NULL || *text == '\0') {
		return false;
	}
	list = arena_array(arena, lines_of(text) + 1, sizeof(*list));
	while (*text != '\0') {
		const char *what = word(&text, arena);

		if (strcmp(what, "is") == 0) {
			beside.region = no_dash(word(&text, arena));
			beside.monthly_cents = (unsigned)strtoul(word(&text, arena), NULL, 10);
			beside.tags = no_dash(word(&text, arena));
		} else if (strcmp(what, "more") == 0) {
			beside.n_more = (unsigned)strtoul(word(&text, arena), NULL, 10);
		} else if (strcmp(what, "has") != 0 ||
			   !read_thing(&text, arena, &list[beside.n++])) {
			return false;
		}
		if (*text++ != '\n') {
			return false;
		}
	}
	beside.list = list;
	*ret_beside = beside;
	return true;
}

/* ---- the words ----------------------------------------------------------------------------- */

/* "1 volume, 2 snapshots" */
static const char *counts(const struct beside *beside, struct arena *arena)
{
	const char *text = "";

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		unsigned n = 0;

		for (size_t i = 0; kinds[k].word != NULL && i < beside->n; i++) {
			n += beside->list[i].kind == (enum ocean_kind)k;
		}
		if (n > 0) {
			text = arena_printf(arena, "%s%s%u %s", text, *text != '\0' ? ", " : "", n,
					    n == 1 ? kinds[k].one : kinds[k].many);
		}
	}
	return beside->n_more > 0
		       ? arena_printf(arena, "%s and %u more things", text, beside->n_more)
		       : text;
}

/* "snapshot 5001, before, $1 a month" */
static const char *thing_line(const struct ocean_associated *thing, struct arena *arena)
{
	bool is_uuid = strlen(thing->id) > 20; /* too long for a line, and no help to people */
	const char *line = arena_printf(arena, "%s %.60s", kinds[thing->kind].one,
					is_uuid && thing->name != NULL ? thing->name : thing->id);

	if (!is_uuid && thing->name != NULL && strcmp(thing->name, thing->id) != 0) {
		line = arena_printf(arena, "%s, %.60s", line, thing->name);
	}
	return thing->monthly_cents > 0 ? arena_printf(arena, "%s, %s a month", line,
						       money(thing->monthly_cents, arena))
					: line;
}

const char *beside_thing(enum ocean_kind kind, const char *id, const char *name,
			 struct arena *arena)
{
	const struct ocean_associated thing = {.kind = kind, .id = id, .name = name};

	return is_kept(&thing) ? thing_line(&thing, arena)
			       : arena_printf(arena, "droplet %.60s", name != NULL ? name : id);
}

/* "web, old" */
static const char *spaced(const char *tags, struct arena *arena)
{
	const char *text = "";

	for (size_t n; *tags != '\0'; tags += n + (tags[n] == ',' ? 1 : 0)) {
		n = strcspn(tags, ",");
		text = arena_printf(arena, "%s%s%.*s", text, *text != '\0' ? ", " : "", (int)n,
				    tags);
	}
	return text;
}

static const char *things(const struct beside *beside, size_t most, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < beside->n && i < most; i++) {
		text = arena_printf(arena, "%s\n%s", text, thing_line(&beside->list[i], arena));
	}
	return beside->n > most ? arena_printf(arena, "%s\nand %zu more", text, beside->n - most)
				: text;
}

void beside_ask(struct build *build, const struct beside *beside, uint64_t droplet_id, bool goes,
		struct arena *arena)
{
	const char *line = arena_printf(arena, "id %llu%s%s", (unsigned long long)droplet_id,
					*beside->region != '\0' ? ", " : "", beside->region);

	if (beside->monthly_cents > 0) {
		line = arena_printf(arena, "%s, saves %s a month", line,
				    money(beside->monthly_cents, arena));
	}
	build_line(build, "%s", line);
	if (*beside->tags != '\0') {
		build_line(build, "tags %s", spaced(beside->tags, arena));
	}
	if (beside->n + beside->n_more == 0) {
		build_line(build, "Nothing of it stays.");
		return;
	}
	if (goes) {
		build_line(build, "*Goes too:*");
	} else {
		build_line(build, "Stays, billed: %s", counts(beside, arena));
	}
	for (size_t i = 0; i < beside->n && (goes || i < LINES_MAX); i++) {
		build_line(build, "%s", thing_line(&beside->list[i], arena));
	}
	if (!goes && beside->n > LINES_MAX) {
		build_line(build, "and %zu more", beside->n - LINES_MAX);
	}
}

static bool has(const struct beside *beside, enum ocean_kind kind)
{
	for (size_t i = 0; i < beside->n; i++) {
		if (beside->list[i].kind == kind) {
			return true;
		}
	}
	return false;
}

const char *beside_left(const struct beside *beside, bool goes, struct arena *arena)
{
	const char *text;

	if (beside->n + beside->n_more == 0) {
		return "";
	}
	if (goes) {
		return arena_printf(arena, "Gone with it: %s", counts(beside, arena));
	}
	text = arena_printf(arena, "Stays, billed: %s%s", counts(beside, arena),
			    things(beside, LINES_MAX, arena));
	if (has(beside, OCEAN_KIND_VOLUME)) {
		text = arena_printf(arena, "%s\nList volumes: volume list", text);
	}
	if (has(beside, OCEAN_KIND_RESERVED_IP) || has(beside, OCEAN_KIND_FLOATING_IP)) {
		text = arena_printf(arena, "%s\nList addresses: ip list", text);
	}
	if (has(beside, OCEAN_KIND_SNAPSHOT)) {
		text = arena_printf(arena, "%s\nList snapshots: images own", text);
	}
	return text;
}
