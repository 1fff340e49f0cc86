/* test_console.c - the terminal as chat: words, numbers, pace, what is printed, and bad input */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/console/console.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chat/build.h"
#include "chat/post.h"

static struct loop *loop;
static struct chat *chat;
static struct post_queue *queue;
static FILE *in, *out;
static char heard[16384]; /* events, a line each */
static unsigned ends;
static bool closed;
static struct post_card *card; /* of the job that "work" starts */
static struct timer step;
static unsigned steps;

static void ATTR_PRINTF(1, 2) add(const char *fmt, ...)
{
	size_t len = strlen(heard);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(heard + len, sizeof(heard) - len, fmt, ap);
	va_end(ap);
}

static void answer(const struct chat_place *place, const char *private_to, const char *text,
		   bool question)
{
	struct arena arena = {0};
	struct build b;

	build_init(&b, &arena, TONE_PLAIN);
	build_line(&b, "%s", text);
	if (question) {
		build_button(&b, "yes-1", "Yes", BUTTON_MAIN);
		build_button(&b, "no-1", "No", BUTTON_PLAIN);
	}
	post_once(queue, place, private_to, NULL, build_end(&b));
	arena_done(&arena);
}

static void work_on(struct timer *timer)
{
	struct arena arena = {0};
	struct build b;

	build_init(&b, &arena, steps < 4 ? TONE_WAIT : TONE_GOOD);
	build_line(&b, "%s", steps < 4 ? "Rebooting web-1" : "web-1 is back.");
	if (steps < 4) {
		build_progress(&b, steps * 250, "%s", "working");
	}
	post_set(card, build_end(&b));
	arena_done(&arena);
	if (steps++ < 4) {
		timer_start(timer, 2000);
	} else {
		post_close(card);
	}
}

/* A small bot: answers by what was said. */
static void on_event(struct chat *from, const struct event *event, void *data)
{
	const struct chat_place *place = &event->place;

	(void)from;
	(void)data;
	add("%s%s %s %s\n", place->direct ? "direct " : "", place->channel, event->who.user,
	    event->kind == EVENT_PRESS ? event->button : event->text);
	assert_true(event->addressed && !event->by_bot && !event->edited);
	assert_non_null(event->id);
	assert_string_equal(place->network, "console");
	assert_string_equal(place->workspace, "acme");
	if (event->kind == EVENT_PRESS) {
		answer(place, NULL, "pressed", false);
	} else if (strcmp(event->text, "ask") == 0) {
		answer(place, NULL, "Sure?", true);
	} else if (strcmp(event->text, "ask me") == 0) {
		answer(place, event->who.user, "Sure?", true);
	} else if (strcmp(event->text, "tell dev") == 0) {
		const struct chat_place dev = {
			.network = "console", .workspace = "acme", .channel = "dev"};

		answer(&dev, NULL, "Hello, dev.", false);
	} else if (strcmp(event->text, "work") == 0) {
		const struct post_request request = {.place = *place};

		card = post_open(queue, &request);
		steps = 0;
		work_on(&step);
	} else if (strcmp(event->text, "silence") != 0) {
		answer(place, NULL, "Yes.", false);
	}
}

static void on_end(void *data)
{
	(void)data;
	ends++;
}

static void on_closed(void *data)
{
	(void)data;
	closed = true;
}

static void begin(const struct console_options *options)
{
	struct err err = {0};

	heard[0] = '\0';
	ends = 0;
	closed = false;
	chat = console_open(loop, options, &err);
	assert_non_null(chat);
	chat->sink.event = on_event;
	queue = post_queue_new(loop, chat);
	timer_init(&step, loop, work_on, NULL);
	chat->ops->start(chat, NULL, 0);
}

static bool is_closed(void *data)
{
	(void)data;
	return closed;
}

static void end(void)
{
	timer_stop(&step);
	post_queue_free(queue);
	chat->ops->close(chat, on_closed, NULL);
	assert_true(loop_run_until(loop, is_closed, NULL, 5000));
}

/* Runs a script on the virtual loop; what was printed comes back and is the caller's. */
static char *run(const char *script, size_t len, struct console_options options)
{
	static char printed[65536];
	size_t n;

	loop = loop_new_virtual(1768273200000);
	in = tmpfile();
	out = tmpfile();
	fwrite(script, 1, len, in);
	rewind(in);
	options.workspace = "acme";
	options.user = options.user != NULL ? options.user : "ana";
	options.channel = "ops";
	options.in_fd = fileno(in);
	options.out_fd = fileno(out);
	options.on_end = on_end;
	begin(&options);
	loop_advance(loop, 600000);
	end();
	loop_free(loop);
	rewind(out);
	n = fread(printed, 1, sizeof(printed) - 1, out);
	printed[n] = '\0';
	fclose(in);
	fclose(out);
	assert_int_equal(ends, 1);
	return printed;
}

static char *run_text(const char *script, struct console_options options)
{
	return run(script, strlen(script), options);
}

static void demo_words_work_in_the_demo(void **state)
{
	(void)state;
	run_text("hi\n/as bob\nhi\n/in #dev\nhi\n/in direct\nhi\n/as\n/in a b\n/assign x\n# a "
		 "note\n",
		 (struct console_options){.free_speech = true});
	assert_string_equal(heard, "ops ana hi\nops bob hi\ndev bob hi\ndirect bob bob hi\n"
				   "direct bob bob /assign x\n");
}

static bool knows_bob_and_ops(bool channel, const char *name, void *data)
{
	(void)data;
	return strcmp(name, channel ? "ops" : "bob") == 0;
}

static void a_slip_in_a_name_is_told_in_the_demo(void **state)
{
	struct console_options options = {.free_speech = true, .is_known = knows_bob_and_ops};
	char *printed;

	(void)state;
	printed = run_text("/as bbo\n/in dve\n/as bob\n/in #ops\n/in direct\n", options);
	assert_string_equal(printed,
			    "(The policy has no person bbo: you are a stranger now.)\n"
			    "(The policy has no channel dve: nobody is answered there.)\n");
	assert_string_equal(run_text("/as stranger\n", options),
			    "(Where a stranger may do nothing, nobody answers.)\n");
	assert_string_equal(run_text("quit\n/exit\n", options),
			    "(Ctrl-D ends it.)\n(Ctrl-D ends it.)\n");
	options.paced = true; /* in a script too */
	assert_string_equal(run_text("/as stranger\n/as bbo\n", options),
			    "(The policy has no person bbo: you are a stranger now.)\n");
}

static void demo_words_are_text_elsewhere(void **state)
{
	const char *printed =
		run_text("/as bob\n/in dev\n# a note\nhi\n", (struct console_options){0});

	(void)state;
	assert_string_equal(heard,
			    "ops ana /as bob\nops ana /in dev\nops ana # a note\nops ana hi\n");
	assert_non_null(strstr(printed, "#ops ana> /as bob\n"));
}

static void direct_place_is_the_person(void **state)
{
	(void)state;
	run_text("hi\n", (struct console_options){.direct = true, .user = "dora"});
	assert_string_equal(heard, "direct dora dora hi\n");
}

static void numbers_press_what_one_sees(void **state)
{
	(void)state;
	run_text("1\nask\n2\n3\n/in dev\n1\n/in ops\n/as bob\n1\n/as ana\nask me\n1\n/as "
		 "bob\n1\n12345\n",
		 (struct console_options){.free_speech = true, .paced = true});
	assert_string_equal(heard, "ops ana 1\n" /* nothing asked yet: text */
				   "ops ana ask\n"
				   "ops ana no-1\n"  /* 3 is no button: nobody hears it */
				   "dev ana 1\n"     /* asked elsewhere */
				   "ops bob yes-1\n" /* everybody there may try */
				   "ops ana ask me\n"
				   "ops ana yes-1\n"
				   "ops bob yes-1\n" /* the older question: bob does not see hers */
				   "ops bob 12345\n");
}

static void a_log_reads_well(void **state)
{
	const char *printed = run_text(
		"# The tour\nwork\n/as bob\ntell dev\nsilence\nask me\n1\n/in direct\nhi\x1b[31m\n",
		(struct console_options){
			.free_speech = true, .paced = true, .colour = true, .columns = 40});

	(void)state;
	assert_string_equal(printed, "\n# The tour\n"
				     "#ops ana> work\n"
				     "  Rebooting web-1\n"
				     "  ░░░░░░░░░░   0 %  working\n"
				     "~ web-1 is back.\n"
				     "#ops bob> tell dev\n"
				     "#dev:\n"
				     "  Hello, dev.\n"
				     "#ops bob> silence\n"
				     "#ops bob> ask me\n"
				     "  (only bob sees this)\n"
				     "  Sure?\n"
				     "  [1 Yes] [2 No]\n"
				     "#ops bob> 1\n"
				     "  pressed\n"
				     "direct bob> hi\xef\xbf\xbd[31m\n"
				     "  Yes.\n");
}

static void bad_lines_are_refused_with_a_sentence(void **state)
{
	const size_t huge = 10U * 1024 * 1024;
	char *script = mem_alloc(huge + 8192);
	const char *printed;
	size_t len = 0;

	(void)state;
	memset(script, 'a', huge);
	len = huge;
	memcpy(script + len, "\nhi\n", 4);
	len += 4;
	memset(script + len, 'b', CHAT_TEXT_MAX + 1); /* one more than an event may have */
	len += CHAT_TEXT_MAX + 1;
	memcpy(script + len, "\nbad \xff\nnul \0 x\n\n   \nend", 23);
	len += 23;
	printed = run(script, len, (struct console_options){0});
	assert_string_equal(heard, "ops ana hi\nops ana end\n");
	assert_string_equal(printed, "(That line is too long. Nothing was done.)\n"
				     "#ops ana> hi\n  Yes.\n"
				     "(That line is too long. Nothing was done.)\n"
				     "(That line is not text (UTF-8). Nothing was done.)\n"
				     "(That line is not text (UTF-8). Nothing was done.)\n"
				     "#ops ana> end\n  Yes.\n");
	free(script);
}

static bool has_ended(void *data)
{
	(void)data;
	return ends > 0;
}

static void a_pipe_ends_when_the_other_side_goes(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	loop = loop_new(NULL);
	begin(&(struct console_options){.workspace = "acme",
					.user = "ana",
					.channel = "ops",
					.in_fd = fds[0],
					.out_fd = -1,
					.on_end = on_end});
	assert_int_equal(write(fds[1], "hi\r\nlast", 8), 8);
	assert_false(loop_run_until(loop, has_ended, NULL, 100));
	assert_string_equal(heard, "ops ana hi\n"); /* a piece of a line waits, and blocks nobody */
	close(fds[1]);
	assert_true(loop_run_until(loop, has_ended, NULL, 5000));
	assert_string_equal(heard, "ops ana hi\nops ana last\n");
	end();
	loop_free(loop);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0); /* as it was */
	close(fds[0]);
}

static char screen[65536];
static size_t screen_len;
static int master;

static bool screen_shows(void *data)
{
	ssize_t n = read(master, screen + screen_len, sizeof(screen) - 1 - screen_len);

	if (n > 0) {
		screen_len += (size_t)n;
		screen[screen_len] = '\0';
	}
	return strstr(screen, data) != NULL;
}

static void a_terminal_is_redrawn(void **state)
{
	struct winsize size = {.ws_row = 24, .ws_col = 60};
	int slave;

	(void)state;
	if (openpty(&master, &slave, NULL, NULL, &size) != 0) {
		print_message("skipped: no pseudo terminal here\n");
		skip();
	}
	fcntl(master, F_SETFL, O_NONBLOCK);
	screen_len = 0;
	loop = loop_new(NULL);
	begin(&(struct console_options){.workspace = "acme",
					.user = "ana",
					.channel = "ops",
					.in_fd = slave,
					.out_fd = slave,
					.colour = true,
					.on_end = on_end});
	assert_int_equal(write(master, "work\n", 5), 5);
	assert_true(loop_run_until(loop, screen_shows, (void *)(uintptr_t) "working", 5000));
	assert_non_null(strstr(screen, "\033[0;36mRebooting "));
	assert_non_null(strstr(screen, "#ops ana> "));
	/* the bar moves in place: two lines up, and no "~" */
	assert_true(loop_run_until(loop, screen_shows, (void *)(uintptr_t) "25 %", 10000));
	assert_non_null(strstr(screen, "\r\033[2A\033[J"));
	assert_null(strstr(screen, "~ "));
	end();
	loop_free(loop);
	close(master);
	close(slave);
}

static void done(struct chat_post *post, const struct err *err)
{
	enum err_kind *kind = post->data;

	*kind = err != NULL ? err->kind : ERR_NONE;
}

static void posts_end_once_whatever_comes(void **state)
{
	const struct message empty = {0};
	enum err_kind kinds[3] = {ERR_USAGE, ERR_USAGE, ERR_USAGE};
	struct chat_post posts[3];

	(void)state;
	loop = loop_new_virtual(1768273200000);
	begin(&(struct console_options){.workspace = "acme", .in_fd = -1, .out_fd = -1});
	for (size_t i = 0; i < 3; i++) {
		posts[i] = (struct chat_post){.place = {.channel = "ops"},
					      .message = &empty,
					      .done = done,
					      .data = &kinds[i]};
	}
	chat->ops->post(chat, &posts[0]); /* not up yet */
	loop_advance(loop, 0);
	assert_int_equal(kinds[0], ERR_NETWORK);
	chat->ops->post(chat, &posts[1]);
	assert_int_equal(kinds[1], ERR_USAGE); /* never before it returns */
	loop_advance(loop, 0);
	assert_int_equal(kinds[1], ERR_NONE);
	assert_string_not_equal(posts[1].ret_id, "");
	chat->ops->post(chat, &posts[2]);
	end();
	assert_int_equal(kinds[2], ERR_CANCELED);
	loop_free(loop);
}

static void events_can_be_injected(void **state)
{
	const struct chat_place place = {.channel = "ops"};
	char first[CHAT_ID_MAX + 1];

	(void)state;
	loop = loop_new_virtual(1768273200000);
	begin(&(struct console_options){.workspace = "acme", .in_fd = -1, .out_fd = -1});
	loop_advance(loop, 0);
	snprintf(first, sizeof(first), "%s", console_say(chat, &place, "bob", "hi", NULL));
	assert_string_not_equal(console_say(chat, &place, "bob", "hi", NULL), first);
	assert_string_equal(console_say(chat, &place, "bob", "again", "e-1"), "e-1");
	console_press(chat, &place, "bob", "m-1", "yes", NULL);
	assert_string_equal(heard, "ops bob hi\nops bob hi\nops bob again\nops bob yes\n");
	end();
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demo_words_work_in_the_demo),
		cmocka_unit_test(a_slip_in_a_name_is_told_in_the_demo),
		cmocka_unit_test(demo_words_are_text_elsewhere),
		cmocka_unit_test(direct_place_is_the_person),
		cmocka_unit_test(numbers_press_what_one_sees),
		cmocka_unit_test(a_log_reads_well),
		cmocka_unit_test(bad_lines_are_refused_with_a_sentence),
		cmocka_unit_test(a_pipe_ends_when_the_other_side_goes),
		cmocka_unit_test(a_terminal_is_redrawn),
		cmocka_unit_test(posts_end_once_whatever_comes),
		cmocka_unit_test(events_can_be_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
