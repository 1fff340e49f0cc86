/* test_ocean_decode.c - pages of droplets in one piece, in two, torn, wrong and huge */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ocean/decode.h"

#define DROPLET                                                                                  \
	"{\"id\":11,\"name\":\"web-1\",\"memory\":1024,\"vcpus\":2,\"disk\":25,\"locked\":true," \
	"\"status\":\"active\",\"kernel\":null,\"created_at\":\"2026-01-02T03:04:05Z\","         \
	"\"image\":{\"id\":1,\"name\":\"12 "                                                     \
	"x64\",\"distribution\":\"Debian\",\"tags\":[\"free\"]},"                                \
	"\"size\":{\"slug\":\"x\",\"price_monthly\":12.5},\"size_slug\":\"s-1vcpu-1gb\","        \
	"\"networks\":{\"v4\":[{\"ip_address\":\"10.0.0.2\",\"type\":\"private\"},"              \
	"{\"type\":\"public\",\"ip_address\":\"192.0.2.1\"}],"                                   \
	"\"v6\":[{\"ip_address\":\"2001:db8::1\",\"type\":\"public\"}]},"                        \
	"\"region\":{\"name\":\"Amsterdam 3\",\"slug\":\"ams3\",\"sizes\":[\"a\"]},"             \
	"\"tags\":[\"web\",\"env:prod\"]}"
#define LINKS                                                       \
	"\"links\":{\"pages\":{\"next\":\"https://evil.example/v2/" \
	"droplets?page=3&per_page=200\"}}"
#define PAGE "{\"droplets\":[" DROPLET "]," LINKS ",\"meta\":{\"total\":401}}"

struct result {
	struct ocean_builder builder;
	struct ocean_page page;
	struct err err;
	int rc;
};

/* In pieces of `piece` bytes, each in memory of its own size so that the sanitizer guards its end. */
static struct result decode(const char *text, size_t len, size_t piece, bool single)
{
	struct result r = {0};
	struct ocean_decode *decode = ocean_decode_new(&r.builder, "main", single);

	for (size_t at = 0; at < len && r.rc == 0; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		char *bytes = malloc(n);

		assert_non_null(bytes);
		memcpy(bytes, text + at, n);
		r.rc = ocean_decode_feed(decode, bytes, n, &r.err);
		free(bytes);
	}
	if (r.rc == 0) {
		r.rc = ocean_decode_end(decode, &r.page, &r.err);
	} else {
		assert_int_equal(ocean_decode_end(decode, &r.page, NULL), -1);
		assert_int_equal(ocean_decode_feed(decode, "{}", 2, NULL), -1);
	}
	ocean_decode_free(decode);
	return r;
}

static struct result decode_text(const char *text)
{
	return decode(text, strlen(text), strlen(text) > 0 ? strlen(text) : 1, false);
}

static struct result decode_good(const char *text)
{
	struct result r = decode_text(text);

	if (r.rc != 0) {
		fail_msg("%s: %s", r.err.msg, text);
	}
	return r;
}

static void check_web_1(const struct droplet *d)
{
	assert_int_equal(d->id, 11);
	assert_string_equal(d->account, "main");
	assert_string_equal(d->name, "web-1");
	assert_int_equal(d->n_tags, 2);
	assert_string_equal(d->tags[0], "web");
	assert_string_equal(d->tags[1], "env:prod");
	assert_string_equal(d->region, "ams3");
	assert_string_equal(d->size, "s-1vcpu-1gb");
	assert_string_equal(d->image, "Debian 12 x64");
	assert_string_equal(d->ip, "192.0.2.1");
	assert_string_equal(d->ip6, "2001:db8::1");
	assert_string_equal(d->ip_private, "10.0.0.2");
	assert_string_equal(d->created, "2026-01-02T03:04:05Z");
	assert_int_equal(d->status, DROPLET_ACTIVE);
	assert_true(d->locked);
	assert_int_equal(d->known, DROPLET_KNOWS_ALL & ~DROPLET_KNOWS_PROJECT);
	assert_null(d->project);
	assert_int_equal(d->memory_mb, 1024);
	assert_int_equal(d->vcpus, 2);
	assert_int_equal(d->disk_gb, 25);
	assert_int_equal(d->price_monthly_cents, 1250);
}

/* Every split of the bytes gives the same. */
static void every_piece(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= strlen(PAGE); piece++) {
		struct result r = decode(PAGE, strlen(PAGE), piece, false);

		assert_int_equal(r.rc, 0);
		assert_int_equal(r.builder.n, 1);
		check_web_1(&r.builder.droplets[0]);
		assert_int_equal(r.page.next, 3);
		assert_int_equal(r.page.total, 401);
		ocean_builder_done(&r.builder);
	}
}

/* An answer that ends anywhere before its end is an error, never a shorter list. */
static void torn_at_every_byte(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(PAGE); len++) {
		struct result r = decode(PAGE, len, 7, false);

		assert_int_equal(r.rc, -1);
		assert_int_equal(r.err.kind, ERR_REMOTE);
		ocean_builder_done(&r.builder);
	}
}

/* Any one byte made another: an error or a list, but never a crash; and never a tag that is not there. */
static void broken_at_every_byte(void **state)
{
	static const char others[] = {'"', '{', '}', '[', ']', ',', ':', '\\', 0, (char)0xff, '0'};
	char text[sizeof(PAGE)];

	(void)state;
	for (size_t at = 0; at < strlen(PAGE); at++) {
		for (size_t i = 0; i < sizeof(others); i++) {
			struct result r;

			memcpy(text, PAGE, sizeof(PAGE));
			text[at] = others[i];
			r = decode(text, strlen(PAGE), 64, false);
			if (r.rc == 0 && r.builder.n == 1 && r.builder.droplets[0].n_tags > 0) {
				assert_string_not_equal(r.builder.droplets[0].tags[0], "free");
			}
			ocean_builder_done(&r.builder);
		}
	}
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"",
		"   ",
		"{}",
		"[]",
		"null",
		"7",
		"\"droplets\"",
		"{\"droplets\":null}",
		"{\"droplets\":{}}",
		"{\"droplets\":\"\"}",
		"{\"droplets\":[7]}",
		"{\"droplets\":[null]}",
		"{\"droplets\":[[]]}",
		"{\"droplets\":[\"a\"]}",
		"{\"droplets\":[{}]}",
		"{\"droplet\":" DROPLET "}",
		"{\"droplets\":[{\"id\":0}]}",
		"{\"droplets\":[{\"id\":\"5\"}]}",
		"{\"droplets\":[{\"id\":-5}]}",
		"{\"droplets\":[{\"id\":5.5}]}",
		"{\"droplets\":[{\"id\":1e3}]}",
		"{\"droplets\":[{\"id\":99999999999999999999}]}",
		"{\"droplets\":[{\"id\":1,\"id\":2}]}",
		"{\"droplets\":[{\"id\":1,\"tags\":[],\"tags\":[\"a\"]}]}",
		"{\"droplets\":[],\"droplets\":[]}",
		"{\"droplets\":[]} x",
		"{\"droplets\":[],}",
		"{\"droplets\":[],\"links\":{\"pages\":{\"next\":\"https://a/b\"}}}",
		"{\"droplets\":[],\"links\":{\"pages\":{\"next\":\"/b?page=0\"}}}",
		"{\"droplets\":[],\"links\":{\"pages\":{\"next\":\"/b?page=x\"}}}",
		"<html>502 Bad Gateway</html>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct result r = decode_text(bad[i]);

		if (r.rc == 0) {
			fail_msg("taken: %s", bad[i]);
		}
		assert_int_equal(r.err.kind, ERR_REMOTE);
		assert_null(strchr(r.err.msg, '<'));
		ocean_builder_done(&r.builder);
	}
}

static void empty_lists(void **state)
{
	static const char *const good[] = {
		"{\"droplets\":[]}",
		" {\"droplets\" : [ ] , \"links\":{},\"meta\":{\"total\":0}} \n",
		"{\"links\":null,\"droplets\":[],\"meta\":[]}",
		"{\"droplets\":[],\"links\":{\"pages\":{}}}",
		"{\"droplets\":[],\"links\":{\"pages\":{\"next\":\"\",\"last\":\"x?page=9\"}}}",
		"{\"droplets\":[],\"links\":{\"pages\":{\"next\":null}}}",
		"{\"droplets\":[],\"x\":{\"links\":{\"pages\":{\"next\":\"?page=2\"}}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct result r = decode_good(good[i]);

		assert_int_equal(r.builder.n, 0);
		assert_int_equal(r.page.next, 0);
		ocean_builder_done(&r.builder);
	}
}

static unsigned known_tags(const char *tags, size_t *ret_n)
{
	char text[1000];
	struct result r;
	unsigned known;

	(void)snprintf(text, sizeof(text), "{\"droplets\":[{\"id\":1%s}]}", tags);
	r = decode_good(text);
	known = r.builder.droplets[0].known & DROPLET_KNOWS_TAGS;
	*ret_n = r.builder.droplets[0].n_tags;
	ocean_builder_done(&r.builder);
	return known;
}

/* Tags that cannot be read whole are not known; they are never cut and never taken from elsewhere. */
static void tags(void **state)
{
	static const char *const unknown[] = {
		"",
		",\"tags\":null",
		",\"tags\":{}",
		",\"tags\":\"a\"",
		",\"tags\":{\"tags\":[\"a\"]}",
		",\"tags\":[\"a\",7]",
		",\"tags\":[\"a\",null]",
		",\"tags\":[\"a\",true]",
		",\"tags\":[\"a\",[\"b\"]]",
		",\"tags\":[\"a\",{\"b\":\"c\"}]",
		",\"tags\":[\"\"]",
		",\"tags\":[\"web\\u0000x\"]",
		",\"tags\":[\"a\\nb\"]",
		",\"image\":{\"tags\":[\"a\"]}",
		",\"x\":[{\"tags\":[\"a\"]}]",
	};
	size_t n = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (known_tags(unknown[i], &n) != 0 || n != 0) {
			fail_msg("known: %s", unknown[i]);
		}
	}
	assert_int_not_equal(known_tags(",\"tags\":[]", &n), 0);
	assert_int_equal(n, 0);
	assert_int_not_equal(known_tags(",\"tags\":[\"a\"],\"image\":{\"tags\":[\"b\"]}", &n), 0);
	assert_int_equal(n, 1);
}

static void many_tags(void **state)
{
	struct strbuf sb;

	(void)state;
	strbuf_init(&sb, 1 << 20);
	for (int extra = 0; extra < 2; extra++) {
		struct result r;

		strbuf_reset(&sb);
		(void)strbuf_adds(&sb, "{\"droplets\":[{\"id\":1,\"tags\":[\"t\"");
		for (int i = 1; i < OCEAN_TAGS_MAX + extra; i++) {
			(void)strbuf_addf(&sb, ",\"t%d\"", i);
		}
		(void)strbuf_adds(&sb, "]}]}");
		r = decode_good(sb.buf);
		assert_int_equal(r.builder.droplets[0].n_tags, extra == 0 ? OCEAN_TAGS_MAX : 0);
		assert_int_equal((r.builder.droplets[0].known & DROPLET_KNOWS_TAGS) != 0,
				 extra == 0);
		ocean_builder_done(&r.builder);
	}
	strbuf_done(&sb);
}

static void long_texts(void **state)
{
	char name[OCEAN_TEXT_MAX + 2];
	char text[600];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[OCEAN_TEXT_MAX + 1] = '\0';
	for (int cut = 0; cut < 2; cut++) {
		struct result r;

		name[OCEAN_TEXT_MAX + 1 - cut] = '\0';
		(void)snprintf(text, sizeof(text), "{\"droplets\":[{\"id\":1,\"name\":\"%s\"}]}",
			       name);
		r = decode_good(text);
		assert_int_equal((r.builder.droplets[0].known & DROPLET_KNOWS_NAME) != 0, cut);
		assert_int_equal(r.builder.droplets[0].name != NULL, cut);
		ocean_builder_done(&r.builder);
	}
}

static void wrong_types(void **state)
{
	struct result r = decode_good(
		"{\"droplets\":[{\"id\":1,\"name\":7,\"memory\":\"x\",\"vcpus\":-1,\"disk\":1e9,"
		"\"status\":\"melting\",\"locked\":\"yes\",\"region\":\"ams3\",\"size_slug\":{},"
		"\"size\":{\"price_monthly\":1e2},\"image\":[{\"name\":\"x\"}],\"networks\":"
		"{\"v4\":{\"ip_address\":\"1.2.3.4\",\"type\":\"public\"},\"v6\":[7,\"x\",[]]},"
		"\"created_at\":5}]}");
	const struct droplet *d = &r.builder.droplets[0];

	(void)state;
	assert_int_equal(d->known, DROPLET_KNOWS_ACCOUNT);
	assert_null(d->name);
	assert_null(d->region);
	assert_null(d->size);
	assert_null(d->image);
	assert_null(d->ip);
	assert_null(d->created);
	assert_int_equal(d->status, DROPLET_UNKNOWN);
	assert_false(d->locked);
	assert_int_equal(d->memory_mb + d->vcpus + d->disk_gb + d->price_monthly_cents, 0);
	ocean_builder_done(&r.builder);
}

/* The second droplet takes nothing from the first. */
static void neighbours(void **state)
{
	struct result r = decode_good("{\"droplets\":[" DROPLET ",{\"id\":12},{\"id\":13,"
				      "\"tags\":[\"web\"],\"region\":{\"slug\":\"ams3\"}},"
				      "{\"id\":14,\"tags\":[\"web\",\"x\"]}]}");
	const struct droplet *d = r.builder.droplets;

	(void)state;
	assert_int_equal(r.builder.n, 4);
	check_web_1(&d[0]);
	assert_int_equal(d[1].known, DROPLET_KNOWS_ACCOUNT);
	assert_int_equal(d[1].n_tags, 0);
	assert_null(d[1].image);
	assert_null(d[1].ip);
	assert_false(d[1].locked);
	assert_int_equal(d[2].n_tags, 1);
	assert_string_equal(d[2].tags[0], "web");
	assert_string_equal(d[3].tags[1], "x");
	ocean_builder_done(&r.builder);
}

static void each_id_once(void **state)
{
	struct result r = decode_good("{\"droplets\":[{\"id\":5,\"name\":\"first\"},{\"id\":6},"
				      "{\"id\":5,\"name\":\"second\"}]}");
	struct ocean_builder more = {0};
	struct droplet seven = {.id = 7};
	struct droplet six = {.id = 6};

	(void)state;
	assert_int_equal(r.builder.n, 2);
	assert_string_equal(r.builder.droplets[0].name, "first");
	assert_int_equal(ocean_builder_append(&more, &six), 0);
	assert_int_equal(ocean_builder_append(&more, &seven), 0);
	assert_int_equal(ocean_builder_append(&more, &seven), 1);
	assert_int_equal(ocean_builder_merge(&r.builder, &more, NULL), 0);
	assert_int_equal(r.builder.n, 3);
	assert_int_equal(r.builder.droplets[2].id, 7);
	ocean_builder_truncate(&r.builder, 1);
	assert_int_equal(r.builder.n, 1);
	assert_int_equal(ocean_builder_append(&r.builder, &six), 0);
	assert_int_equal(ocean_builder_append(&r.builder, &six), 1);
	ocean_builder_done(&more);
	ocean_builder_done(&r.builder);
}

static void huge(void **state)
{
	struct strbuf sb;
	struct result r;

	(void)state;
	strbuf_init(&sb, 16 << 20);
	(void)strbuf_adds(&sb, "{\"droplets\":[{\"id\":1}");
	for (int i = 2; i <= OCEAN_DROPLETS_MAX; i++) {
		(void)strbuf_addf(&sb, ",{\"id\":%d}", i);
	}
	(void)strbuf_adds(&sb, "]}");
	r = decode_good(sb.buf);
	assert_int_equal(r.builder.n, OCEAN_DROPLETS_MAX);
	ocean_builder_done(&r.builder);
	strbuf_truncate(&sb, sb.len - 2);
	(void)strbuf_adds(&sb, ",{\"id\":999999}]}");
	r = decode_text(sb.buf);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.err.msg, "more droplets"));
	ocean_builder_done(&r.builder);

	/* one endless string ends at the maximum, whatever the pieces */
	strbuf_reset(&sb);
	(void)strbuf_adds(&sb, "{\"x\":\"");
	(void)strbuf_repeat(&sb, 'a', OCEAN_PAGE_BYTES_MAX);
	r = decode(sb.buf, sb.len, 65536, false);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.err.msg, "too long"));
	ocean_builder_done(&r.builder);

	strbuf_reset(&sb);
	(void)strbuf_adds(&sb, "{\"x\":");
	(void)strbuf_repeat(&sb, '[', OCEAN_DEPTH_MAX);
	r = decode_text(sb.buf);
	assert_non_null(strstr(r.err.msg, "deep"));
	ocean_builder_done(&r.builder);
	strbuf_done(&sb);
}

static void check_link(const char *url, unsigned page)
{
	unsigned got = 0;

	assert_int_equal(ocean_decode_link(url, strlen(url), &got), page > 0 ? 0 : -1);
	assert_int_equal(got, page);
}

static void links(void **state)
{
	(void)state;
	check_link("https://api.digitalocean.com/v2/droplets?page=2", 2);
	check_link("?per_page=200&page=12&type=gpus", 12);
	check_link("?per_page=9", 0);
	check_link("?xpage=9", 0);
	check_link("?page=", 0);
	check_link("?page=-1", 0);
	check_link("?page=1001", 0);
	check_link("?page=99999999999999999999", 0);
	check_link("?page=2x", 0);
	check_link("", 0);
	check_link("?", 0);
	check_link("?&", 0);
	check_link("/droplets#?page=2", 0);
	check_link("?a=b#&page=2", 0);
}

static void prices(void **state)
{
	static const struct {
		const char *json;
		unsigned cents;
	} rows[] = {{"5", 500},   {"5.5", 550},     {"7.14", 714},     {"0.00743", 1},
		    {"0.004", 0}, {"2520", 252000}, {"0.999", 100},    {"-5", 0},
		    {"5e3", 0},   {"1.5e3", 0},     {"99999999999", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct result r;

		(void)snprintf(text, sizeof(text),
			       "{\"droplets\":[{\"id\":1,\"size\":{\"price_monthly\":%s}}]}",
			       rows[i].json);
		r = decode_good(text);
		assert_int_equal(r.builder.droplets[0].price_monthly_cents, rows[i].cents);
		ocean_builder_done(&r.builder);
	}
}

static void single(void **state)
{
	struct result r =
		decode("{\"droplet\":" DROPLET "}", strlen("{\"droplet\":" DROPLET "}"), 50, true);

	(void)state;
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.builder.n, 1);
	check_web_1(&r.builder.droplets[0]);
	ocean_builder_done(&r.builder);
	r = decode(PAGE, strlen(PAGE), 50, true);
	assert_int_equal(r.rc, -1);
	ocean_builder_done(&r.builder);
}

/* The examples of DigitalOcean's own description. */
static char *read_description(size_t *ret_len)
{
	const char *shared = getenv("SLUICE_SHARED");
	char path[4096];
	char *text;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/digitalocean/openapi-droplets.json",
		       shared != NULL ? shared : SOURCE_DIR "/../shared");
	file = fopen(path, "rb");
	if (file == NULL) {
		return NULL;
	}
	text = malloc(8 << 20);
	assert_non_null(text);
	*ret_len = fread(text, 1, 8 << 20, file);
	(void)fclose(file);
	return text;
}

/* Where the value that begins at `from` ends: brackets outside of strings. */
static size_t value_length(const char *from)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0;; i++) {
		if (in_string) {
			i += from[i] == '\\';
			in_string = from[i] != '"' || from[i - 1] == '\\';
		} else if (from[i] == '"') {
			in_string = true;
		} else if (from[i] == '{') {
			depth++;
		} else if (from[i] == '}' && --depth == 0) {
			return i + 1;
		}
	}
}

static size_t check_examples(const char *text, const char *mark, bool one)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, mark)) != NULL; at++) {
		const char *from = at;
		struct result r;
		size_t len;

		while (*from != '{') {
			from--;
		}
		len = value_length(from);
		if (memmem(from, len, "\"type\":", 7) == NULL ||
		    memmem(from, len, "size_slug", 9) == NULL ||
		    memmem(from, len, "properties", 10) != NULL) {
			continue; /* a schema, or a reply of another kind */
		}
		r = decode(from, len, 1000, one);
		if (r.rc != 0) {
			fail_msg("%s: %.200s", r.err.msg, from);
		}
		assert_true(r.builder.n > 0);
		for (size_t i = 0; i < r.builder.n; i++) {
			assert_int_equal(r.builder.droplets[i].known &
						 ~(unsigned)DROPLET_KNOWS_PROJECT,
					 DROPLET_KNOWS_ALL & ~DROPLET_KNOWS_PROJECT);
		}
		n += r.builder.n;
		ocean_builder_done(&r.builder);
	}
	return n;
}

static void description(void **state)
{
	size_t len = 0;
	char *text = read_description(&len);

	(void)state;
	if (text == NULL) {
		print_message("not checked: the API's description is not here\n");
		return;
	}
	text = realloc(text, len + 1);
	assert_non_null(text);
	text[len] = '\0';
	assert_true(check_examples(text, "\"droplets\": [", false) +
			    check_examples(text, "\"droplets\":[", false) >=
		    3);
	assert_true(check_examples(text, "\"droplet\": {", true) +
			    check_examples(text, "\"droplet\":{", true) >=
		    1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_piece),
		cmocka_unit_test(torn_at_every_byte),
		cmocka_unit_test(broken_at_every_byte),
		cmocka_unit_test(refused),
		cmocka_unit_test(empty_lists),
		cmocka_unit_test(tags),
		cmocka_unit_test(many_tags),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(each_id_once),
		cmocka_unit_test(huge),
		cmocka_unit_test(links),
		cmocka_unit_test(prices),
		cmocka_unit_test(single),
		cmocka_unit_test(description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
