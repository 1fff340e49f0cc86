/* test_chat_post.c - cards on the headless console in virtual time: coalescing, patience, degrading, and the last word */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "adapters/console/console.h"
#include "base/clock.h"
#include "chat/build.h"
#include "chat/post.h"

static struct loop *loop;
static struct chat *chat;
static struct chat_ops ops; /* the console's, with other capabilities */
static struct post_queue *queue;
static struct arena arena;

static char seen[8192]; /* what the network took, a line each */
static char told[8192]; /* what owners were told */
static char last_id[CHAT_ID_MAX + 1];
static int64_t start_ms;

static enum err_kind fault_kind; /* the next n_faults posts fail so */
static unsigned n_faults;
static int64_t fault_retry_ms;
static bool faults_edits_only;
static bool closed;

static int64_t at(void)
{
	return clock_mono_ms() - start_ms;
}

static void ATTR_PRINTF(3, 4) add(char *to, size_t size, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + len, size - len, fmt, ap);
	va_end(ap);
}

static void shown(const struct chat_place *place, const char *private_to, const char *id,
		  const char *replaces, const struct message *message, const char *text, void *data)
{
	(void)message;
	(void)data;
	add(seen, sizeof(seen), "%lld %s%s%s%s %s: %s\n", (long long)at(),
	    place->direct ? "direct " : "", place->channel, private_to != NULL ? " for " : "",
	    private_to != NULL ? private_to : "", replaces != NULL ? "edit" : "new", text);
	snprintf(last_id, sizeof(last_id), "%s", id);
}

static bool fault(struct chat_post *post, struct err *ret_err, void *data)
{
	(void)data;
	if (n_faults == 0 || (faults_edits_only && post->replaces == NULL)) {
		return false;
	}
	n_faults--;
	post->retry_after_ms = fault_retry_ms;
	(void)err_set(ret_err, fault_kind, "fault");
	return true;
}

static void plan_faults(unsigned n, enum err_kind kind, int64_t retry_ms)
{
	n_faults = n;
	fault_kind = kind;
	fault_retry_ms = retry_ms;
}

static int setup(void **state)
{
	const struct console_options options = {
		.in_fd = -1, .out_fd = -1, .columns = 40, .shown = shown, .fault = fault};

	(void)state;
	seen[0] = told[0] = last_id[0] = '\0';
	n_faults = 0;
	faults_edits_only = false;
	closed = false;
	arena_init(&arena);
	loop = loop_new_virtual(1768273200000);
	chat = console_open(loop, &options, NULL);
	ops = *chat->ops;
	chat->ops = &ops;
	queue = post_queue_new(loop, chat);
	ops.start(chat, NULL, 0);
	loop_advance(loop, 0);
	start_ms = clock_mono_ms();
	return 0;
}

static void on_closed(void *data)
{
	(void)data;
	closed = true;
}

static int teardown(void **state)
{
	(void)state;
	post_queue_free(queue);
	ops.close(chat, on_closed, NULL);
	loop_advance(loop, 10);
	assert_true(closed);
	loop_free(loop);
	arena_done(&arena);
	return 0;
}

static void delivered(struct post_card *card, const char *id, const struct err *err, void *data)
{
	(void)card;
	add(told, sizeof(told), "%lld %s %s%s\n", (long long)at(), (const char *)data,
	    id != NULL ? "there" : "nothing", err != NULL ? err_kind_name(err->kind) : "");
}

static struct post_card *open_in(const char *channel, const char *name, const char *replaces)
{
	const struct post_request request = {
		.place = {.network = "console", .workspace = "here", .channel = channel},
		.replaces = replaces,
		.delivered = delivered,
		.data = (void *)(uintptr_t)name};

	return post_open(queue, &request);
}

static const struct message *words(const char *text, const char *button)
{
	struct build b;

	build_init(&b, &arena, TONE_PLAIN);
	build_line(&b, "%s", text);
	if (button != NULL) {
		build_button(&b, button, button, BUTTON_PLAIN);
	}
	return build_end(&b);
}

static void newest_edit_wins(void **state)
{
	struct post_card *card = open_in("ops", "a", NULL);

	(void)state;
	post_set(card, words("one", NULL));
	post_set(card, words("two", NULL)); /* the first is under way */
	assert_string_equal(told, "");      /* never before post_set returns */
	loop_advance(loop, 300);
	post_set(card, words("three", NULL));
	loop_advance(loop, 300);
	post_set(card, words("four", NULL));
	loop_advance(loop, 5000);
	post_set(card, words("five", NULL));
	post_close(card);
	loop_advance(loop, 5000);
	assert_string_equal(seen, "0 ops new: one\n1000 ops edit: four\n5600 ops edit: five\n");
	assert_string_equal(told, "0 a there\n1000 a there\n5600 a there\n");
}

static void one_last_word(void **state)
{
	struct post_card *card = open_in("ops", "a", NULL);

	(void)state;
	post_close(card); /* nothing was ever set */
	assert_string_equal(told, "");
	loop_advance(loop, 0);
	card = open_in("ops", "b", NULL);
	post_set(card, words("x", NULL));
	loop_advance(loop, 10);
	post_close(card); /* it stands there already */
	loop_advance(loop, 10);
	card = open_in("ops", "c", NULL);
	post_set(card, words("y", NULL));
	post_set(card, words("z", NULL));
	post_close(card); /* with one under way and one waiting: one word, for the newest */
	loop_advance(loop, 5000);
	assert_string_equal(told, "0 a nothing\n0 b there\n10 b there\n20 c there\n");
}

static void the_same_form_is_not_sent_again(void **state)
{
	struct post_card *card = open_in("ops", "a", NULL);

	(void)state;
	post_set(card, words("x", NULL));
	loop_advance(loop, 10);
	post_set(card, words("x", NULL));
	post_set(card, words("y", NULL));
	loop_advance(loop, 5000);
	post_close(card);
	loop_advance(loop, 0);
	assert_string_equal(seen, "0 ops new: x\n1000 ops edit: y\n");
	assert_string_equal(told, "0 a there\n10 a there\n1000 a there\n5010 a there\n");
}

static void places_do_not_wait_for_each_other(void **state)
{
	const struct chat_place ops_place = {
		.network = "console", .workspace = "here", .channel = "ops"};
	const struct chat_place dev_place = {
		.network = "console", .workspace = "here", .channel = "dev"};

	(void)state;
	plan_faults(1, ERR_NETWORK, 0);
	post_once(queue, &ops_place, NULL, NULL, words("1", NULL));
	post_once(queue, &ops_place, NULL, NULL, words("2", NULL));
	post_once(queue, &dev_place, NULL, NULL, words("3", NULL));
	post_once(queue, &ops_place, NULL, NULL, words("4", NULL));
	loop_advance(loop, 5000);
	assert_string_equal(seen,
			    "0 dev new: 3\n1000 ops new: 1\n1000 ops new: 2\n1000 ops new: 4\n");
}

/* What waits for the network only goes when it is back; what the network asked to wait for does not. */
static void goes_when_it_is_up(void **state)
{
	const struct chat_place ops_place = {
		.network = "console", .workspace = "here", .channel = "ops"};
	const struct chat_place dev_place = {
		.network = "console", .workspace = "here", .channel = "dev"};

	(void)state;
	plan_faults(1, ERR_NETWORK, 0);
	post_once(queue, &ops_place, NULL, NULL, words("1", NULL));
	loop_advance(loop, 100);
	plan_faults(1, ERR_LIMIT, 700);
	post_once(queue, &dev_place, NULL, NULL, words("2", NULL));
	loop_advance(loop, 100);
	assert_string_equal(seen, "");
	post_queue_up(queue);
	loop_advance(loop, 5000);
	assert_string_equal(seen, "200 ops new: 1\n800 dev new: 2\n");
}

static void waits_grow_and_end(void **state)
{
	struct post_card *card = open_in("ops", "a", NULL);

	(void)state;
	plan_faults(5, ERR_NETWORK, 0);
	post_set(card, words("x", NULL));
	loop_advance(loop, 120000);
	assert_string_equal(seen, "31000 ops new: x\n"); /* 1 + 2 + 4 + 8 + 16 */
	plan_faults(1000000, ERR_NETWORK, 0);
	post_set(card, words("y", NULL));
	post_close(card);
	loop_advance(loop, 2 * POST_GIVE_UP_MS);
	assert_true(n_faults > 1000000 - 200); /* the pace has a least */
	assert_non_null(strstr(told, "a therenetwork\n"));
}

static void patience_is_kept(void **state)
{
	struct post_card *card = open_in("ops", "a", NULL);

	(void)state;
	plan_faults(1, ERR_LIMIT, 7000);
	post_set(card, words("x", NULL));
	loop_advance(loop, 3000);
	post_set(card, words("y", NULL)); /* takes the place of the first, does not jump the wait */
	loop_advance(loop, 10000);
	assert_string_equal(seen, "7000 ops new: y\n");
	plan_faults(1, ERR_LIMIT, 0); /* too long: never */
	post_set(card, words("z", NULL));
	post_close(card);
	loop_advance(loop, 10000);
	assert_string_equal(told, "7000 a there\n13000 a therelimit\n");
}

static void a_lost_post_is_made_anew(void **state)
{
	struct post_card *card = open_in("ops", "a", "gone-1");

	(void)state;
	faults_edits_only = true;
	plan_faults(1, ERR_NOTFOUND, 0);
	post_set(card, words("x", NULL));
	loop_advance(loop, 10);
	assert_string_equal(seen, "0 ops new: x\nThe message before this one is gone.\n");
	assert_string_not_equal(last_id, "gone-1");
	seen[0] = '\0';
	post_set(card, words("x", NULL)); /* as it stands there: nothing to send */
	loop_advance(loop, 2000);
	assert_string_equal(seen, "");
	post_set(card, words("y", NULL));
	loop_advance(loop, 10);
	assert_string_equal(seen, "2010 ops edit: y\nThe message before this one is gone.\n");
	post_close(card);
	loop_advance(loop, 10);
	/* a channel in which we are not */
	faults_edits_only = false;
	plan_faults(1, ERR_NOTFOUND, 0);
	card = open_in("nowhere", "b", NULL);
	post_set(card, words("x", NULL));
	post_close(card);
	loop_advance(loop, 10);
	assert_string_equal(told, "0 a there\n10 a there\n2010 a there\n2020 a there\n"
				  "2030 b nothingnotfound\n");
}

static void unknown_is_told_twice_rather_than_never(void **state)
{
	struct post_card *card = open_in("ops", "a", NULL);

	(void)state;
	plan_faults(1, ERR_UNKNOWN, 0);
	post_set(card, words("x", NULL));
	loop_advance(loop, 60000);
	assert_string_equal(seen, "0 ops new: x\n1000 ops new: x\n");
	plan_faults(100, ERR_UNKNOWN, 0);
	seen[0] = '\0';
	post_close(card);
	card = open_in("ops", "b", NULL);
	post_set(card, words("y", NULL));
	post_close(card);
	loop_advance(loop, 600000);
	assert_int_equal(n_faults, 100 - POST_UNKNOWN_TRIES);
	assert_non_null(strstr(told, "b nothingunknown"));
}

static void without_edits_only_what_matters(void **state)
{
	struct post_card *card;

	(void)state;
	ops.caps &= ~(unsigned)CHAT_EDIT;
	card = open_in("ops", "a", NULL);
	post_set(card, words("queued", NULL));
	post_set(card, words("10 %", NULL));
	loop_advance(loop, 2000);
	post_set(card, words("50 %", NULL));
	loop_advance(loop, 2000);
	post_set(card, words("sure?", "yes"));
	loop_advance(loop, 2000);
	post_set(card, words("90 %", NULL));
	loop_advance(loop, 2000);
	post_set(card, words("done", NULL));
	post_close(card);
	loop_advance(loop, 2000);
	assert_string_equal(
		seen, "0 ops new: queued\n4000 ops new: sure?\n[1 yes]\n8000 ops new: done\n");
	assert_string_equal(told, "0 a there\n4000 a there\n8000 a there\n");
}

static void private_becomes_direct(void **state)
{
	const struct chat_place place = {
		.network = "console", .workspace = "here", .channel = "ops"};

	(void)state;
	post_once(queue, &place, "ana", NULL, words("x", NULL));
	loop_advance(loop, 10);
	ops.caps &= ~(unsigned)CHAT_PRIVATE;
	post_once(queue, &place, "ana", NULL, words("y", NULL));
	loop_advance(loop, 10);
	assert_string_equal(seen, "0 ops for ana new: x\n10 direct ana new: y\n");
}

static void free_calls_everybody_back(void **state)
{
	struct post_card *a = open_in("ops", "a", NULL), *b = open_in("ops", "b", NULL);

	(void)state;
	post_set(a, words("x", NULL)); /* under way */
	post_set(b, words("y", NULL)); /* behind it */
	post_close(b);
	post_queue_free(queue);
	queue = NULL;
	assert_string_equal(told, "0 a nothingcanceled\n0 b nothingcanceled\n");
	loop_advance(loop, 5000);
	assert_string_equal(seen, "0 ops new: x\n");
}

static void close_in_the_callback(struct post_card *card, const char *id, const struct err *err,
				  void *data)
{
	int *calls = data;

	(void)id;
	(void)err;
	if ((*calls)++ == 0) {
		post_set(card, words("more", NULL));
		post_close(card);
	}
}

static void owners_may_act_in_the_callback(void **state)
{
	int calls = 0;
	const struct post_request request = {
		.place = {.network = "console", .workspace = "here", .channel = "ops"},
		.delivered = close_in_the_callback,
		.data = &calls};
	struct post_card *card = post_open(queue, &request);

	(void)state;
	post_set(card, words("x", NULL));
	loop_advance(loop, 5000);
	assert_int_equal(calls, 2);
	assert_string_equal(seen, "0 ops new: x\n0 ops edit: more\n");
}

static void too_many_are_refused(void **state)
{
	const struct chat_place place = {
		.network = "console", .workspace = "here", .channel = "ops"};
	struct post_card *card;

	(void)state;
	console_link(chat, CHAT_DOWN, "down");
	for (unsigned i = 0; i <= POST_WAITING_MAX; i++) {
		post_once(queue, &place, NULL, NULL, words("x", NULL));
	}
	card = open_in("ops", "a", NULL);
	post_set(card, words("y", NULL));
	post_close(card);
	loop_advance(loop, 10);
	assert_string_equal(told, "0 a nothinglimit\n");
}

/* ---- pictures ------------------------------------------------------------------------------- */

/* A painter that paints when the test says so. */
static unsigned n_paints, n_unwanted;
static void (*paint_done)(void *, const struct chat_file *);
static void *paint_data;
static void (*under_post)(struct chat *, struct chat_post *);

static void *paint(const struct post_painter *painter, const struct message *message,
		   void (*done)(void *done_data, const struct chat_file *file), void *done_data)
{
	(void)painter;
	(void)message;
	n_paints++;
	paint_done = done;
	paint_data = done_data;
	return &n_paints;
}

static void paint_cancel(void *painting)
{
	assert_ptr_equal(painting, &n_paints);
	n_unwanted++;
	paint_done = NULL;
}

static void hand_over(bool good)
{
	const struct chat_file file = {"abc", 3, "charts.png", "CPU"};
	void (*done)(void *, const struct chat_file *) = paint_done;

	assert_non_null(done);
	paint_done = NULL;
	done(paint_data, good ? &file : NULL);
}

static void post_with_file(struct chat *to, struct chat_post *post)
{
	add(seen, sizeof(seen), "%s ",
	    post->file != NULL ? (const char *)post->file->bytes
	    : post->keeps_file ? "same"
			       : "-");
	under_post(to, post);
}

static const struct message *charted(const char *text, double last)
{
	const double points[] = {1, 2, last};
	struct build build;

	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "%s", text);
	build_chart(&build, &(struct chart){.label = "CPU",
					    .caption = "",
					    .points = points,
					    .n_points = 3,
					    .high = 100});
	return build_end(&build);
}

static void a_picture_is_waited_for_and_redrawn_when_the_chart_changed(void **state)
{
	static const struct post_painter painter = {.start = paint, .cancel = paint_cancel};
	struct post_card *card, *other;

	(void)state;
	n_paints = n_unwanted = 0;
	under_post = ops.post;
	ops.post = post_with_file;
	post_queue_paint(queue, &painter);
	card = open_in("#ops", "a", NULL);
	post_set(card, charted("one", 3)); /* a network without pictures */
	loop_advance(loop, 10);
	assert_int_equal(n_paints, 0);

	ops.caps |= CHAT_FILES;
	loop_advance(loop, 2000);
	post_set(card, charted("two", 3));
	other = open_in("#ops", "b", NULL);
	post_set(other, words("behind", NULL));
	loop_advance(loop, 1000);
	assert_int_equal(n_paints, 1);
	assert_null(strstr(seen, "behind")); /* order is kept */
	hand_over(true);
	loop_advance(loop, 10);
	assert_non_null(strstr(seen, "abc "));
	assert_non_null(strstr(strstr(seen, "two"), "behind"));

	loop_advance(loop, 2000);
	post_set(card, charted("three", 3)); /* the same chart */
	loop_advance(loop, 10);
	assert_int_equal(n_paints, 1);
	assert_non_null(strstr(seen, "same "));

	loop_advance(loop, 2000);
	post_set(card, charted("four", 4));
	loop_advance(loop, 10);
	assert_int_equal(n_paints, 2);
	plan_faults(1, ERR_NETWORK, 0); /* tried again with the picture that was painted */
	hand_over(true);
	loop_advance(loop, 5000);
	assert_int_equal(n_paints, 2);

	post_set(card, charted("five", 5)); /* never painted: it goes without */
	loop_advance(loop, POST_PICTURE_MS - 100);
	assert_null(strstr(seen, "five"));
	loop_advance(loop, 200);
	assert_non_null(strstr(seen, "five"));
	assert_int_equal(n_unwanted, 1);

	loop_advance(loop, 2000);
	post_set(card, charted("six", 5)); /* nothing stands there to be kept */
	loop_advance(loop, 10);
	assert_int_equal(n_paints, 4);
	hand_over(false);
	loop_advance(loop, 10);
	assert_non_null(strstr(seen, "six"));

	loop_advance(loop, 2000);
	post_set(card, charted("seven", 7)); /* and the queue ends meanwhile */
	loop_advance(loop, 10);
	assert_int_equal(n_paints, 5);
	post_queue_free(queue);
	queue = NULL;
	assert_int_equal(n_unwanted, 2);
	assert_null(strstr(seen, "seven"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_picture_is_waited_for_and_redrawn_when_the_chart_changed, setup,
			teardown),
		cmocka_unit_test_setup_teardown(newest_edit_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(one_last_word, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_form_is_not_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(places_do_not_wait_for_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_when_it_is_up, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_grow_and_end, setup, teardown),
		cmocka_unit_test_setup_teardown(patience_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_post_is_made_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_is_told_twice_rather_than_never, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_edits_only_what_matters, setup, teardown),
		cmocka_unit_test_setup_teardown(private_becomes_direct, setup, teardown),
		cmocka_unit_test_setup_teardown(free_calls_everybody_back, setup, teardown),
		cmocka_unit_test_setup_teardown(owners_may_act_in_the_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
