/* test_slack_forms.c - modals of the Slack adapter: opened in time, what is sent, and what the acknowledgement says */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "adapters/slack/view.h"
#include "tests/unit/adapters/slack_fake.h"

#define BOB "{\"id\":\"U01BOB000\",\"team_id\":\"T01ACME00\"}"
#define PRESS                                                                                   \
	"{\"type\":\"interactive\",\"envelope_id\":\"p-1\",\"payload\":{\"type\":"              \
	"\"block_actions\",\"api_app_id\":\"A0SIM\",\"user\":" BOB ",\"trigger_id\":\"1.2.x\"," \
	"\"container\":{\"type\":\"message\",\"message_ts\":\"1800000000.000700\","             \
	"\"thread_ts\":\"1800000000.000600\",\"channel_id\":\"C01OPS000\"},\"message\":{},"     \
	"\"actions\":[{\"type\":\"button\",\"action_id\":\"b0\",\"value\":\"q.k.1\","           \
	"\"action_ts\":\"1800000005.000000\"}]}}"

static const struct field_choice places[] = {{"ams3", "Amsterdam 3"}, {"nyc3", "New York 3"}};
static const struct field fields[] = {
	{.kind = FORM_CODE, .id = "code", .label = "Your code", .hint = "h", .least = 6, .most = 7},
	{.kind = FORM_SELECT,
	 .id = "region",
	 .label = "Where",
	 .choices = places,
	 .n_choices = 2,
	 .steers = true},
	{.kind = FORM_SEARCH, .id = "image", .label = "Image", .optional = true},
	{.kind = FORM_SEARCH, .id = "tags", .label = "Tags", .optional = true, .several = 10},
};
static const struct chat_form form = {.id = "q.k.1",
				      .title = "Reboot web-1?",
				      .send = "Confirm",
				      .fields = fields,
				      .n_fields = 4};

static struct fake_event *last_event(void)
{
	assert_true(fake.n_events > 0);
	return &fake.events[(fake.n_events - 1) % FAKE_EVENTS];
}

static void holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fail_msg("\"%s\" does not hold \"%s\"", text, part);
	}
}

/* The word in the modal that was opened last. */
static void mark_of(char mark[40])
{
	const char *at = strstr(fake_call("views.open")->body, "\"private_metadata\":\"");

	assert_non_null(at);
	(void)snprintf(mark, 40, "%.26s", at + strlen("\"private_metadata\":\""));
}

static void opened(char mark[40])
{
	fake_hear(fake_last(), PRESS);
	assert_string_equal(last_event()->opens, "1.2.x");
	fake.chat->ops->open_form(fake.chat, "1.2.x", &form);
	mark_of(mark);
	assert_true(fake_answer("views.open", "{\"ok\":true,\"view\":{\"id\":\"V1\"}}"));
}

static const char *tags = ""; /* chosen: options with commas between them */

static void sends(const char *type, const char *mark, const char *user, const char *app,
		  const char *envelope, const char *more)
{
	char json[8192];

	(void)snprintf(
		json, sizeof(json),
		"{\"type\":\"interactive\",\"envelope_id\":\"%s\",\"accepts_response_payload\":"
		"true,"
		"\"payload\":{\"type\":\"%s\",\"api_app_id\":\"%s\",\"user\":{\"id\":\"%s\","
		"\"team_id\":\"T01ACME00\"},\"trigger_id\":\"t.%s\",\"view\":{\"id\":\"V1\","
		"\"private_metadata\":\"%s\",\"blocks\":[{\"block_id\":\"code\"},{\"block_id\":"
		"\"region\"},{\"block_id\":\"image\"},{\"block_id\":\"tags\"}],\"state\":{"
		"\"values\":{\"code\":{\"v\":{"
		"\"type\":\"plain_text_input\",\"value\":\"123456\"}},\"region\":{\"v\":{"
		"\"selected_option\":{\"value\":\"ams3\"}}},\"image\":{\"v\":{\"selected_option\":"
		"null}},\"tags\":{\"v\":{\"selected_options\":[%s]}}}}}%s}}",
		envelope, type, app, user, envelope, mark, tags, more);
	fake_hear(fake_last(), json);
}

static void a_form_is_a_modal(void **state)
{
	char mark[40];
	const char *body;

	(void)state;
	fake_hear(fake_last(), PRESS);
	fake.chat->ops->open_form(fake.chat, "1.2.x", &form);
	body = fake_call("views.open")->body;
	holds(body, "\"trigger_id\":\"1.2.x\"");
	holds(body,
	      "\"title\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":\"Reboot web-1?\"}");
	holds(body, "\"min_length\":6,\"max_length\":7");
	holds(body, "\"type\":\"external_select\",\"min_query_length\":0");
	holds(body, "\"type\":\"multi_external_select\",\"min_query_length\":0,"
		    "\"max_selected_items\":10");
	holds(body, "\"block_id\":\"region\",\"optional\":false,\"dispatch_action\":true");
	assert_null(strstr(strstr(body, "dispatch_action") + 1, "dispatch_action"));
	holds(body, "\"value\":\"nyc3\"");
	holds(body, "\"notify_on_close\":true");
	assert_null(strstr(body, "q.k.1")); /* an opaque word alone travels */
	assert_null(strstr(body, "C01OPS000"));
	mark_of(mark);
	assert_int_equal(strlen(mark), 26);
}

static void too_late_opens_nothing(void **state)
{
	(void)state;
	fake_hear(fake_last(), PRESS);
	loop_advance(fake.loop, 3100);
	fake.chat->ops->open_form(fake.chat, "1.2.x", &form);
	fake.chat->ops->open_form(fake.chat, "no.such.trigger", &form);
	assert_null(fake_call("views.open"));
	holds(fake_call("chat.postEphemeral")->body, "they were over. Nothing ran.");
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true}"));
	assert_null(fake_call("chat.postEphemeral")); /* once */
}

static void what_cannot_be_opened_is_said(void **state)
{
	(void)state;
	fake_hear(fake_last(), PRESS);
	fake.chat->ops->open_form(fake.chat, "1.2.x", &form);
	assert_true(fake_answer("views.open", "{\"ok\":false,\"error\":\"expired_trigger_id\"}"));
	holds(fake_call("chat.postEphemeral")->body, "could not be opened");
	holds(fake_call("chat.postEphemeral")->body, "Nothing ran");
	holds(fake_call("chat.postEphemeral")->body, "U01BOB000");
}

static void what_is_sent_is_an_event_of_its_place(void **state)
{
	char mark[40];

	(void)state;
	opened(mark);
	fake.hold = true;
	sends("view_submission", mark, "U01BOB000", "A0SIM", "f-1", "");
	assert_int_equal(last_event()->kind, EVENT_FORM);
	assert_string_equal(last_event()->values, "code=123456 region=ams3");
	assert_string_equal(last_event()->button, "q.k.1");
	assert_string_equal(last_event()->channel, "C01OPS000");
	assert_string_equal(last_event()->thread, "1800000000.000600");
	assert_string_equal(last_event()->user, "U01BOB000");
	assert_string_equal(last_event()->home, "T01ACME00");
	assert_null(strstr(last_event()->id, "123456")); /* a code is no part of what is kept */
	assert_null(strstr(fake_last()->out.buf, "f-1"));
	/* the answer waits for the disk, the disk for the answer */
	assert_true(fake.chat->ops->answer(fake.chat, last_event()->id,
					   &(struct form_answer){.wrong = "That code is wrong."}));
	assert_null(strstr(fake_last()->out.buf, "f-1"));
	fake.chat->ops->settled(fake.chat, last_event()->id, true);
	holds(fake_last()->out.buf,
	      "{\"envelope_id\":\"f-1\",\"payload\":{\"response_action\":\"errors\","
	      "\"errors\":{\"code\":\"That code is wrong.\"}}}");
	/* the modal is still open: once more, and now it is taken */
	sends("view_submission", mark, "U01BOB000", "A0SIM", "f-2", "");
	assert_int_equal(fake.n_events, 3);
	fake.chat->ops->settled(fake.chat, last_event()->id, true);
	assert_true(fake.chat->ops->answer(fake.chat, last_event()->id,
					   &(struct form_answer){.wrong = NULL}));
	holds(fake_last()->out.buf,
	      "{\"envelope_id\":\"f-2\",\"payload\":{\"response_action\":\"clear\"}}");
}

static void slack_has_its_word_in_time(void **state)
{
	char mark[40];

	(void)state;
	opened(mark);
	fake.hold = true;
	sends("view_submission", mark, "U01BOB000", "A0SIM", "f-3", "");
	fake.chat->ops->settled(fake.chat, last_event()->id, true);
	loop_advance(fake.loop, 2400);
	assert_null(strstr(fake_last()->out.buf, "f-3"));
	loop_advance(fake.loop, 200);
	holds(fake_last()->out.buf,
	      "{\"envelope_id\":\"f-3\",\"payload\":{\"response_action\":\"clear\"}}");
	/* what comes now has to be a message */
	assert_false(fake.chat->ops->answer(fake.chat, last_event()->id,
					    &(struct form_answer){.wrong = "Too late."}));
}

static void what_is_not_kept_is_not_taken(void **state)
{
	char mark[40];

	(void)state;
	opened(mark);
	fake.hold = true;
	sends("view_submission", mark, "U01BOB000", "A0SIM", "f-4", "");
	fake.chat->ops->settled(fake.chat, last_event()->id, false);
	loop_advance(fake.loop, 3000);
	assert_null(strstr(fake_last()->out.buf, "f-4"));
}

static void a_form_of_others_is_no_event(void **state)
{
	char mark[40];
	size_t n;

	(void)state;
	opened(mark);
	n = fake.n_events;
	sends("view_submission", mark, "U01EVE000", "A0SIM", "f-5", "");
	sends("view_submission", mark, "U01BOB000", "A0EVIL", "f-6", "");
	sends("view_submission", "no-such-mark", "U01BOB000", "A0SIM", "f-7", "");
	sends("view_submission", "", "U01BOB000", "A0SIM", "f-8", "");
	assert_int_equal(fake.n_events, n);
	holds(fake_last()->out.buf,
	      "{\"envelope_id\":\"f-7\",\"payload\":{\"response_action\":\"errors\","
	      "\"errors\":{\"code\":\"This form has expired. Nothing ran.");
	/* closed: it is forgotten */
	sends("view_closed", mark, "U01BOB000", "A0SIM", "f-9", "");
	holds(fake_last()->out.buf, "{\"envelope_id\":\"f-9\"}");
	sends("view_submission", mark, "U01BOB000", "A0SIM", "f-10", "");
	assert_int_equal(fake.n_events, n);
}

static void a_search_is_answered_at_once(void **state)
{
	const struct field_choice choices[] = {{"ubuntu-24-04-x64", "Ubuntu 24.04 <LTS>"}};
	char mark[40];

	(void)state;
	opened(mark);
	fake.hold = true;
	sends("block_suggestion", mark, "U01BOB000", "A0SIM", "o-1",
	      ",\"block_id\":\"image\",\"action_id\":\"v\",\"value\":\"ubu\"");
	assert_int_equal(last_event()->kind, EVENT_SEARCH);
	assert_string_equal(last_event()->field, "image");
	assert_string_equal(last_event()->text, "ubu");
	fake.chat->ops->settled(fake.chat, last_event()->id, true);
	assert_true(
		fake.chat->ops->answer(fake.chat, last_event()->id,
				       &(struct form_answer){.choices = choices, .n_choices = 1}));
	holds(fake_last()->out.buf,
	      "{\"envelope_id\":\"o-1\",\"payload\":{\"options\":[{\"text\":{\"type\":\"plain_"
	      "text\",\"emoji\":false,\"text\":\"Ubuntu 24.04 <LTS>\"},\"value\":"
	      "\"ubuntu-24-04-x64\"}]}}");
	/* nobody answers: nothing is offered, in time */
	sends("block_suggestion", mark, "U01BOB000", "A0SIM", "o-2",
	      ",\"block_id\":\"image\",\"action_id\":\"v\",\"value\":\"deb\"");
	fake.chat->ops->settled(fake.chat, last_event()->id, true);
	loop_advance(fake.loop, 2600);
	holds(fake_last()->out.buf, "{\"envelope_id\":\"o-2\",\"payload\":{\"options\":[]}}");
	sends("block_suggestion", "no-such-mark", "U01BOB000", "A0SIM", "o-3", ",\"value\":\"x\"");
	holds(fake_last()->out.buf, "{\"envelope_id\":\"o-3\",\"payload\":{\"options\":[]}}");
}

/* Slack leaves an acknowledgement that is too long without a word: then nothing would be offered. */
static void an_offer_fits_into_an_acknowledgement(void **state)
{
	struct field_choice choices[FORM_CHOICES_MAX];
	char word[76];
	char mark[40];
	size_t len;

	(void)state;
	memset(word, 'x', 75);
	word[75] = '\0';
	for (size_t i = 0; i < FORM_CHOICES_MAX; i++) {
		choices[i] = (struct field_choice){word, word};
	}
	opened(mark);
	sends("block_suggestion", mark, "U01BOB000", "A0SIM", "o-9",
	      ",\"block_id\":\"tags\",\"action_id\":\"v\",\"value\":\"x\"");
	len = fake_last()->out.len;
	assert_true(fake.chat->ops->answer(
		fake.chat, last_event()->id,
		&(struct form_answer){.choices = choices, .n_choices = FORM_CHOICES_MAX}));
	len = fake_last()->out.len - len;
	assert_in_range(len, 10000, 16000);
	holds(fake_last()->out.buf + fake_last()->out.len - 5, "}]}}\n");
}

/* The same user id at home elsewhere is somebody else, also in a form. */
static void an_outsider_with_our_id_keeps_their_home(void **state)
{
	static const char *const types[] = {"view_submission", "block_suggestion"};
	char json[1024], mark[40];

	(void)state;
	opened(mark);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		for (int known = 0; known < 2; known++) {
			(void)snprintf(json, sizeof(json),
				       "{\"type\":\"interactive\",\"envelope_id\":\"x-%zu-%d\","
				       "\"payload\":{\"type\":\"%s\",\"api_app_id\":\"A0SIM\","
				       "\"user\":{\"id\":\"U01BOB000\"%s},\"trigger_id\":\"x%d\","
				       "\"value\":\"\",\"view\":{\"private_metadata\":\"%s\","
				       "\"blocks\":[{\"block_id\":\"code\"}]}}}",
				       i, known, types[i], known ? ",\"team_id\":\"T0EVIL\"" : "",
				       known, mark);
			fake_hear(fake_last(), json);
			assert_string_equal(last_event()->home, known ? "T0EVIL" : "?");
		}
	}
}

#define OPTION(value) "{\"text\":{\"type\":\"plain_text\",\"text\":\"x\"},\"value\":\"" value "\"}"

static void several_are_one_list(void **state)
{
	char mark[40];

	(void)state;
	opened(mark);
	tags = OPTION("web") "," OPTION("prod");
	sends("view_submission", mark, "U01BOB000", "A0SIM", "m-1", "");
	assert_string_equal(last_event()->values, "code=123456 region=ams3 tags=web,prod");
	tags = "";
}

/* More than Slack lets anybody choose: longer than any argument, so that it is refused and never cut to less. */
static void too_many_are_not_cut_to_less(void **state)
{
	char many[4000] = "";
	char mark[40];
	const char *list;

	(void)state;
	opened(mark);
	for (size_t i = 0; i < 30; i++) {
		(void)strcat(many, i > 0 ? "," OPTION("a-tag-of-some-forty-bytes-aaaaaaaaaaaaaaa")
					 : OPTION("a-tag-of-some-forty-bytes-aaaaaaaaaaaaaaa"));
	}
	tags = many;
	sends("view_submission", mark, "U01BOB000", "A0SIM", "m-2", "");
	tags = "";
	list = strstr(last_event()->values, "tags=");
	assert_non_null(list);
	assert_in_range(strlen(list), 600, FORM_LIST_MAX + 5);
}

static void picks(const char *mark, const char *user, const char *envelope, const char *option)
{
	char more[400];

	(void)snprintf(
		more, sizeof(more),
		",\"container\":{\"type\":\"view\",\"view_id\":\"V1\"},\"actions\":[{\"type\":"
		"\"static_select\",\"block_id\":\"region\",\"action_id\":\"v\","
		"\"selected_option\":%s}]",
		option);
	sends("block_actions", mark, user, "A0SIM", envelope, more);
}

static const char *searched_with(const char *mark, const char *envelope)
{
	sends("block_suggestion", mark, "U01BOB000", "A0SIM", envelope,
	      ",\"block_id\":\"image\",\"action_id\":\"v\",\"value\":\"ubu\"");
	return last_event()->values;
}

/* Slack's search brings no values of other fields: what was chosen there was told when it was chosen. */
static void a_search_knows_what_steers_it(void **state)
{
	char mark[40];
	size_t n;

	(void)state;
	opened(mark);
	assert_string_equal(searched_with(mark, "k-0"), "");
	n = fake.n_events;
	picks(mark, "U01BOB000", "k-1", OPTION("nyc3"));
	assert_int_equal(fake.n_events, n); /* no press of anything */
	holds(fake_last()->out.buf, "{\"envelope_id\":\"k-1\"}");
	assert_string_equal(searched_with(mark, "k-2"), "region=nyc3");
	picks(mark, "U01EVE000", "k-3", OPTION("ams3"));
	picks("no-such-mark", "U01BOB000", "k-4", OPTION("ams3"));
	assert_string_equal(searched_with(mark, "k-5"), "region=nyc3");
	picks(mark, "U01BOB000", "k-6", OPTION("ams3"));
	assert_string_equal(searched_with(mark, "k-7"), "region=ams3");
	picks(mark, "U01BOB000", "k-8", "null"); /* and it was emptied again */
	assert_string_equal(searched_with(mark, "k-9"), "");
}

#define SHORTCUT(id, words)                                                             \
	"{\"type\":\"interactive\",\"envelope_id\":\"" id "\",\"payload\":{\"type\":"   \
	"\"shortcut\",\"user\":" BOB ",\"team\":{\"id\":\"T01ACME00\"},\"trigger_id\":" \
	"\"9.8." id "\",\"action_ts\":\"1800000009.000000\",\"callback_id\":\"" words "\"}}"

static void a_shortcut_says_its_words(void **state)
{
	(void)state;
	fake_hear(fake_last(), SHORTCUT("g-1", "say:create"));
	assert_int_equal(last_event()->kind, EVENT_TEXT);
	assert_string_equal(last_event()->text, "create");
	assert_true(last_event()->direct && last_event()->addressed);
	assert_string_equal(last_event()->channel, "U01BOB000");
	assert_string_equal(last_event()->home, "T01ACME00");
	assert_string_equal(last_event()->opens, "9.8.g-1");
	fake_hear(fake_last(), SHORTCUT("g-2", "somebody_elses"));
	assert_int_equal(fake.n_events, 1);
	holds(fake_last()->out.buf, "{\"envelope_id\":\"g-2\"}");
}

/* Whoever never wrote to us has no conversation that we know: Slack finds it by their id. */
static void a_shortcut_that_fails_is_said(void **state)
{
	(void)state;
	fake_hear(fake_last(), SHORTCUT("g-3", "say:create"));
	fake.chat->ops->open_form(fake.chat, "9.8.g-3", &form);
	assert_true(fake_status("views.open", 429, 5));
	holds(fake_call("chat.postMessage")->body, "\"channel\":\"U01BOB000\"");
	holds(fake_call("chat.postMessage")->body, "Nothing ran");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(a_form_is_a_modal),
		WITH_FAKE(too_late_opens_nothing),
		WITH_FAKE(what_cannot_be_opened_is_said),
		WITH_FAKE(what_is_sent_is_an_event_of_its_place),
		WITH_FAKE(slack_has_its_word_in_time),
		WITH_FAKE(what_is_not_kept_is_not_taken),
		WITH_FAKE(a_form_of_others_is_no_event),
		WITH_FAKE(a_search_is_answered_at_once),
		WITH_FAKE(an_offer_fits_into_an_acknowledgement),
		WITH_FAKE(an_outsider_with_our_id_keeps_their_home),
		WITH_FAKE(a_shortcut_says_its_words),
		WITH_FAKE(a_shortcut_that_fails_is_said),
		WITH_FAKE(several_are_one_list),
		WITH_FAKE(too_many_are_not_cut_to_less),
		WITH_FAKE(a_search_knows_what_steers_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
