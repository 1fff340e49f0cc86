/* test_xmpp_parts.c - addresses, XML, escaping, rendering: the pure parts of the XMPP adapter */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/jid.h"
#include "adapters/xmpp/render.h"
#include "adapters/xmpp/stanza.h"
#include "adapters/xmpp/xml.h"
#include "chat/build.h"

/* ---- addresses --------------------------------------------------------------------------------- */

static void test_jid(void **state)
{
	static const struct {
		const char *text, *bare, *resource; /* bare NULL: refused */
	} rows[] = {
		{"bob@chat.example", "bob@chat.example", ""},
		{"Bob@Chat.Example./Phone", "bob@chat.example", "Phone"},
		{"STRASSE@x", "strasse@x", ""},
		{"stra\xc3\x9f"
		 "e@x",
		 "strasse@x", ""}, /* sharp s folds */
		{"b\xc3\x96"
		 "b@x",
		 "b\xc3\xb6"
		 "b@x",
		 ""}, /* umlaut */
		{"bo\xcc\x88"
		 "b@x",
		 "b\xc3\xb6"
		 "b@x",
		 ""},                              /* composed */
		{"\xef\xbd\x82ob@x", "bob@x", ""}, /* full width b */
		{"b\xc2\xad"
		 "ob@x",
		 "bob@x", ""}, /* soft hyphen is nothing */
		{"room@muc.example/a/b@c", "room@muc.example", "a/b@c"},
		{"chat.example", "chat.example", ""},
		{"room@x/\xf0\x9f\xa4\x96", "room@x", "\xf0\x9f\xa4\x96"}, /* emoji in a nick */
		{"", NULL, NULL},
		{"@x", NULL, NULL},
		{"a@", NULL, NULL},
		{"a@x/", NULL, NULL},
		{"a b@x", NULL, NULL},
		{"a@b@c", NULL, NULL},
		{"a'b@x", NULL, NULL},
		{"a@x y", NULL, NULL},
		{"a@x'y", NULL, NULL},
		{"\xe2\x80\xaeomar@x", NULL, NULL}, /* right-to-left override */
		{"\xe1\xb4\xae"
		 "ob@x",
		 NULL, NULL}, /* modifier B: newer than the tables */
		{"a\xff@x", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jid jid;
		struct err err = {0};
		int rc = jid_parse(rows[i].text, &jid, &err);

		if ((rc == 0) != (rows[i].bare != NULL)) {
			fail_msg("\"%s\": %d", rows[i].text, rc);
		}
		if (rc == 0) {
			assert_string_equal(jid.bare, rows[i].bare);
			assert_string_equal(jid.resource, rows[i].resource);
		} else {
			assert_int_equal(err.kind, ERR_USAGE);
		}
	}
}

static void test_jid_lengths(void **state)
{
	char text[1200];
	struct jid jid;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + 253, "@x", 3);
	assert_int_equal(jid_parse(text, &jid, NULL), 0);
	assert_int_equal(strlen(jid.bare), 255);
	memset(text, 'a', sizeof(text));
	memcpy(text + 254, "@x", 3);
	assert_int_equal(jid_parse(text, &jid, NULL), -1);
	memset(text, 'a', sizeof(text));
	text[1] = '@';
	text[3] = '/';
	text[4 + 255] = '\0';
	assert_int_equal(jid_parse(text, &jid, NULL), 0);
	text[4 + 255] = 'a';
	text[4 + 256] = '\0';
	assert_int_equal(jid_parse(text, &jid, NULL), -1);
}

/* ---- XML ---------------------------------------------------------------------------------------- */

static void test_xml_tree(void **state)
{
	static const char text[] =
		"<message xmlns='jabber:client' from='a@b/c' xml:lang='en'>"
		"<body>x &lt;y&gt; <b xmlns='urn:z'/>&amp;&#x263a;</body>"
		"<p:thing xmlns:p='urn:p' p:no='1' yes='2'/><body>second</body></message>";
	struct arena arena = {0};
	struct err err = {0};
	const struct xml *xml = xml_parse(text, strlen(text), &arena, &err);
	const struct xml *body;

	(void)state;
	assert_non_null(xml);
	assert_true(xml_is(xml, "message", "jabber:client"));
	assert_string_equal(xml_attr(xml, "from"), "a@b/c");
	assert_null(xml_attr(xml, "lang"));
	body = xml_child(xml, "body", "jabber:client");
	assert_string_equal(body->text, "x <y> &\xe2\x98\xba");
	assert_non_null(xml_child(body, "b", "urn:z"));
	assert_null(xml_child(xml, "thing", "jabber:client"));
	assert_string_equal(xml_attr(xml_child(xml, "thing", "urn:p"), "yes"), "2");
	assert_null(xml_attr(xml_child(xml, "thing", "urn:p"), "no"));
	assert_string_equal(xml_again(body)->text, "second");
	assert_null(xml_again(xml_again(body)));
	assert_null(xml_child(NULL, "x", ""));
	arena_done(&arena);
}

static void test_xml_refused(void **state)
{
	static const char *const rows[][2] = {
		{"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"},
		{"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "DOCTYPE"},
		{"<?xml version='1.0'?><a/>", "declaration"},
		{"<a><?php x?></a>", "processing instruction"},
		{"<a><!-- x --></a>", "comment"},
		{"<a>&nbsp;</a>", "broken"},
		{"<a>&#0;</a>", "broken"},
		{"<a>&#x1f;</a>", "broken"},
		{"<a>\xff</a>", "broken"},
		{"<a>\xed\xa0\x80</a>", "broken"},
		{"<a><b></a>", "broken"},
		{"<a/><b/>", "broken"},
		{"<a", "broken"},
		{"", "broken"},
		{"   ", "broken"},
		{"<p:a/>", "broken"},
		{"<a b='1' b='2'/>", "broken"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = {0};
		struct err err = {0};

		if (xml_parse(rows[i][0], strlen(rows[i][0]), &arena, &err) != NULL ||
		    strstr(err.msg, rows[i][1]) == NULL) {
			fail_msg("%s: %s", rows[i][0], err.msg);
		}
		arena_done(&arena);
	}
}

static enum err_kind parse_repeated(const char *open, const char *shut, unsigned n)
{
	struct strbuf text;
	struct arena arena = {0};
	struct err err = {0};

	strbuf_init(&text, 1 << 22);
	(void)strbuf_adds(&text, "<a>");
	for (unsigned i = 1; i < n; i++) {
		(void)strbuf_adds(&text, open);
	}
	for (unsigned i = 1; i < n; i++) {
		(void)strbuf_adds(&text, shut);
	}
	(void)strbuf_adds(&text, "</a>");
	(void)xml_parse(text.buf, text.len, &arena, &err);
	arena_done(&arena);
	strbuf_done(&text);
	return err.kind;
}

static void test_xml_limits(void **state)
{
	(void)state;
	assert_int_equal(parse_repeated("<a>", "</a>", XML_DEPTH_MAX), ERR_NONE);
	assert_int_equal(parse_repeated("<a>", "</a>", XML_DEPTH_MAX + 1), ERR_LIMIT);
	assert_int_equal(parse_repeated("<b/>", "", XML_NODES_MAX), ERR_NONE);
	assert_int_equal(parse_repeated("<b/>", "", XML_NODES_MAX + 1), ERR_LIMIT);
	assert_int_equal(parse_repeated("<b c=''/>", "", XML_NODES_MAX / 2 + 2), ERR_LIMIT);
	assert_int_equal(parse_repeated("x", "", XML_BYTES_MAX), ERR_LIMIT);
}

/* ---- escaping ----------------------------------------------------------------------------------- */

static void test_escape(void **state)
{
	static const char *const rows[][2] = {
		{"<a href='x'>&amp;\"", "&lt;a href=&apos;x&apos;&gt;&amp;amp;&quot;"},
		{"]]>", "]]&gt;"},
		{"a\x01"
		 "b\x1b[0mc\x7f",
		 "ab[0mc\x7f"},
		{"line\n\ttab", "line\n\ttab"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xff", "\xef\xbf\xbd"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strbuf out;
		struct strbuf whole;
		struct arena arena = {0};
		struct err err = {0};

		strbuf_init(&out, 1 << 12);
		stanza_addf(&out, "%s", rows[i][0]);
		assert_string_equal(out.buf, rows[i][1]);
		/* and a parser reads it, in text and in an attribute */
		strbuf_init(&whole, 1 << 12);
		stanza_addf(&whole, "<a n='%u' b='%s'>%s%%</a>", 7U, rows[i][0], rows[i][0]);
		assert_non_null(xml_parse(whole.buf, whole.len, &arena, &err));
		strbuf_done(&out);
		strbuf_done(&whole);
		arena_done(&arena);
	}
}

/* ---- rendering ---------------------------------------------------------------------------------- */

/* tests/golden/xmpp/NAME holds what is expected; SLUICE_GOLDEN=write writes it. */
static void check_golden(const char *name, const char *text)
{
	char path[512];
	struct strbuf want;
	char bytes[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/xmpp/%s", SOURCE_DIR, name);
	if (getenv("SLUICE_GOLDEN") != NULL) {
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
		assert_int_equal(fclose(file), 0);
		return;
	}
	file = fopen(path, "rb");
	assert_non_null(file);
	strbuf_init(&want, 1 << 16);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0) {
		(void)strbuf_add(&want, bytes, n);
	}
	(void)fclose(file);
	assert_string_equal(text, want.buf);
	strbuf_done(&want);
}

static const char *mention(const char *user, void *data)
{
	(void)data;
	return strcmp(user, "bob@chat.example") == 0 ? "bob" : NULL;
}

static void test_render_golden(void **state)
{
	static const struct column columns[] = {
		{"name", 0, false}, {"status", 1, false}, {"size", 3, true}};
	static const char *const row[] = {"shop-web-1", "on", "2 GB"};
	struct render_names names = {.mention = mention};
	struct arena arena = {0};
	struct build build;
	struct strbuf out;
	struct strbuf stanza;
	struct render_envelope envelope = {.to = "ops@rooms.example",
					   .id = "sl-2",
					   .replaces = "sl-1",
					   .answers = "m<1>",
					   .groupchat = true};

	(void)state;
	strbuf_init(&out, 1 << 14);
	build_init(&build, &arena, TONE_WARN);
	build_line(&build, " *Unknown*: was web-1 rebooted?");
	build_mention(&build, "bob@chat.example");
	build_line(&build, "DigitalOcean did not answer.");
	build_progress(&build, 400, "%s", "starting");
	build_table(&build, columns, ARRAY_LEN(columns));
	build_row(&build, row);
	build_button(&build, "a", "Check again", BUTTON_MAIN);
	build_button(&build, "b", "Power-cycle", BUTTON_DANGER);
	build_button(&build, "c", "Do nothing at all", BUTTON_PLAIN);
	render_body(build_end(&build), &names, &out);
	(void)strbuf_addch(&out, '\n');
	check_golden("unknown.txt", out.buf);
	strbuf_truncate(&out, out.len - 1);
	strbuf_init(&stanza, 1 << 14);
	render_stanza(&envelope, out.buf, &stanza);
	render_reactions(&envelope, "room-1", 3, &stanza);
	(void)strbuf_addch(&stanza, '\n');
	check_golden("unknown.xml", stanza.buf);
	strbuf_done(&stanza);
	strbuf_done(&out);
	arena_done(&arena);
}

static void test_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RENDER_BUTTONS_MAX; i++) {
		assert_int_equal(render_key(render_keycap(i)), i);
	}
	assert_string_equal(render_keycap(RENDER_BUTTONS_MAX), "");
	assert_int_equal(render_key("1"), 0);
	assert_int_equal(render_key("9"), 8);
	assert_int_equal(render_key("10"), 9);
	assert_int_equal(render_key("3\xe2\x83\xa3"), 2); /* without its emoji form */
	assert_int_equal(render_key("0"), -1);
	assert_int_equal(render_key("11"), -1);
	assert_int_equal(render_key("1 "), -1);
	assert_int_equal(render_key(""), -1);
	assert_int_equal(render_key("\xf0\x9f\x91\x8d"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jid),           cmocka_unit_test(test_jid_lengths),
		cmocka_unit_test(test_xml_tree),      cmocka_unit_test(test_xml_refused),
		cmocka_unit_test(test_xml_limits),    cmocka_unit_test(test_escape),
		cmocka_unit_test(test_render_golden), cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
