/* xmpp_driver.c - the XMPP adapter alone, for test_xmpp_adapter.py: prints what it reports, does what it is told in chat
 *
 *   xmpp_driver URL JID PASSWORD-SPEC CA-FILE ROOM...
 *
 * Standard output, one JSON object a line: {"link":..}, {"lost":..}, {"event":..}, {"post":..}, {"closed":true}.
 * Said to it: "progress" (a post and four corrections of it), "ask" (a post with two buttons), "rooms ROOM..." (be in these
 * from now on), "quit".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/xmpp.h"
#include "base/json.h"
#include "base/mem.h"
#include "chat/build.h"
#include "loop/loop.h"

#define ROOMS_MAX 8
#define STEPS 4

struct driver {
	struct loop *loop;
	struct chat *chat;
};

struct job {
	struct driver *driver;
	struct chat_post post;
	struct arena arena;
	char channel[CHAT_ID_MAX + 1];
	char first[CHAT_ID_MAX + 1];
	unsigned step, steps;
	struct timer timer;
};

static void print_pairs(const char *kind, const char *const *pairs)
{
	struct strbuf out;

	strbuf_init(&out, 1 << 16);
	(void)strbuf_addf(&out, "{\"%s\":{", kind);
	for (size_t i = 0; pairs[i] != NULL; i += 2) {
		(void)strbuf_adds(&out, i > 0 ? "," : "");
		json_add_string(&out, pairs[i]);
		(void)strbuf_addch(&out, ':');
		json_add_string(&out, pairs[i + 1] != NULL ? pairs[i + 1] : "");
	}
	(void)strbuf_adds(&out, "}}\n");
	(void)fputs(out.buf, stdout);
	(void)fflush(stdout);
	strbuf_done(&out);
}

static void post_done(struct chat_post *post, const struct err *err);

static void post_step(struct job *job)
{
	struct build build;

	build_init(&build, &job->arena, TONE_WAIT);
	if (job->steps == 0) {
		build_line(&build, "Reboot *web-1*?");
		build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
		build_button(&build, "no-id", "Cancel", BUTTON_PLAIN);
	} else {
		build_line(&build, "Step %u <&> done", job->step);
		build_progress(&build, job->step * 1000 / job->steps, "of %u", job->steps);
	}
	job->post.message = build_end(&build);
	job->post.replaces = job->step > 0 ? job->first : NULL;
	job->driver->chat->ops->post(job->driver->chat, &job->post);
}

static void on_step(struct timer *timer)
{
	post_step(timer->data);
}

static void post_done(struct chat_post *post, const struct err *err)
{
	struct job *job = post->data;
	const char *pairs[] = {"id",  post->ret_id,
			       "err", err != NULL ? err_kind_name(err->kind) : "",
			       "msg", err != NULL ? err->msg : "",
			       NULL};

	print_pairs("post", pairs);
	(void)snprintf(job->first, sizeof(job->first), "%s", post->ret_id);
	if (err == NULL && job->step < job->steps) {
		job->step++;
		timer_start(&job->timer, 50);
		return;
	}
	arena_done(&job->arena);
	free(job);
}

static void start_job(struct driver *driver, const struct event *event, unsigned steps)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->driver = driver;
	job->steps = steps;
	timer_init(&job->timer, driver->loop, on_step, job);
	(void)snprintf(job->channel, sizeof(job->channel), "%s", event->place.channel);
	job->post.place = event->place;
	job->post.place.workspace = driver->chat->workspace;
	job->post.place.network = driver->chat->ops->name;
	job->post.place.channel = job->channel;
	job->post.done = post_done;
	job->post.data = job;
	post_step(job);
}

static void on_chat_closed(void *data)
{
	static const char *const pairs[] = {"ok", "yes", NULL};
	struct driver *driver = data;

	print_pairs("closed", pairs);
	loop_stop(driver->loop);
}

static void quit(void *data)
{
	struct driver *driver = data;

	if (driver->chat != NULL) {
		driver->chat->ops->close(driver->chat, on_chat_closed, driver);
		driver->chat = NULL;
	}
}

static void rejoin(struct driver *driver, const char *rooms)
{
	char *text = mem_strdup(rooms);
	char *save = NULL;
	struct chat_join joins[ROOMS_MAX];
	size_t n = 0;

	for (char *room = strtok_r(text, " ", &save); room != NULL && n < ROOMS_MAX;
	     room = strtok_r(NULL, " ", &save)) {
		joins[n].workspace = driver->chat->workspace;
		joins[n++].channel = room;
	}
	driver->chat->ops->rejoin(driver->chat, joins, n);
	free(text);
}

static void on_event(struct chat *chat, const struct event *event, void *data)
{
	const char *pairs[] = {"kind",      event->kind == EVENT_PRESS ? "press" : "text",
			       "workspace", event->place.workspace,
			       "channel",   event->place.channel,
			       "direct",    event->place.direct ? "yes" : "no",
			       "who",       event->who.user,
			       "display",   event->who.display,
			       "id",        event->id,
			       "message",   event->message,
			       "addressed", event->addressed ? "yes" : "no",
			       "edited",    event->edited ? "yes" : "no",
			       "text",      event->text,
			       "button",    event->button,
			       NULL};

	(void)chat;
	for (size_t i = 0; i < ARRAY_LEN(pairs) - 1; i++) {
		pairs[i] = pairs[i] != NULL ? pairs[i] : "";
	}
	print_pairs("event", pairs);
	if (event->kind != EVENT_TEXT || event->edited) {
		return;
	}
	if (strcmp(event->text, "progress") == 0) {
		start_job(data, event, STEPS);
	} else if (strcmp(event->text, "ask") == 0) {
		start_job(data, event, 0);
	} else if (strncmp(event->text, "rooms ", 6) == 0) {
		rejoin(data, event->text + 6);
	} else if (strcmp(event->text, "quit") == 0) {
		quit(data);
	}
}

static void on_link(struct chat *chat, enum chat_link state, const char *why, void *data)
{
	static const char *const words[] = {"down", "up", "refused"};
	const char *pairs[] = {"state", words[state], "why", why != NULL ? why : "", NULL};

	(void)chat;
	print_pairs("link", pairs);
	if (state == CHAT_REFUSED) {
		quit(data);
	}
}

static void on_lost(struct chat *chat, const struct chat_place *place, const char *why, void *data)
{
	const char *pairs[] = {"channel", place->channel, "why", why, NULL};

	(void)chat;
	(void)data;
	print_pairs("lost", pairs);
}

int main(int argc, char **argv)
{
	struct driver driver = {0};
	struct xmpp_options options = {0};
	struct chat_join joins[ROOMS_MAX];
	struct err err = {0};
	size_t n = 0;

	if (argc < 5) {
		fprintf(stderr, "usage: %s URL JID PASSWORD-SPEC CA-FILE ROOM...\n", argv[0]);
		return 2;
	}
	options.url = argv[1];
	options.jid = argv[2];
	options.password = secret_load_phrase(argv[3], &err);
	options.ca_file = argv[4];
	driver.loop = options.password != NULL ? loop_new(&err) : NULL;
	driver.chat = driver.loop != NULL ? xmpp_open(driver.loop, &options, &err) : NULL;
	if (driver.chat == NULL) {
		fprintf(stderr, "xmpp_driver: %s\n", err.msg);
		return 1;
	}
	for (int i = 5; i < argc && n < ROOMS_MAX; i++) {
		joins[n].workspace = driver.chat->workspace;
		joins[n++].channel = argv[i];
	}
	driver.chat->sink = (struct chat_sink){
		.event = on_event, .link = on_link, .place_lost = on_lost, .data = &driver};
	driver.chat->ops->start(driver.chat, joins, n);
	loop_on_signals(driver.loop, quit, NULL, &driver);
	loop_run(driver.loop);
	loop_free(driver.loop);
	return 0;
}
