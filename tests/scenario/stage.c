/* stage.c - builds the app on seams in memory and keeps what the chat shows */
#include "stage.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define LATENCY_MS 50
#define CLOSE_MS 30000

/* ---- a network that takes pictures ------------------------------------------------------------- */

struct painting {
	struct timer timer;
	char *alt;
	void (*done)(void *done_data, const struct chat_file *file);
	void *done_data;
};

static void painting_free(void *data)
{
	struct painting *painting = data;

	timer_stop(&painting->timer);
	free(painting->alt);
	free(painting);
}

static void painted(struct timer *timer)
{
	struct painting *painting = timer->data;
	const struct chat_file file = {"png", 3, "charts.png", painting->alt};

	painting->done(painting->done_data, &file);
	painting_free(painting);
}

static void *paint(const struct post_painter *painter, const struct message *message,
		   void (*done)(void *done_data, const struct chat_file *file), void *done_data)
{
	struct stage *stage = CONTAINER_OF(painter, struct stage, painter);
	struct painting *painting = mem_alloc(sizeof(*painting));
	struct strbuf alt;

	strbuf_init(&alt, 4096);
	for (size_t i = 0; i < message->n_blocks; i++) {
		const struct chart *chart = message->blocks[i].chart;

		if (message->blocks[i].kind == BLOCK_CHART) {
			(void)strbuf_addf(&alt, "%s%s: %s", alt.len > 0 ? "; " : "", chart->label,
					  chart->caption);
		}
	}
	painting->alt = mem_strdup(alt.buf);
	strbuf_done(&alt);
	painting->done = done;
	painting->done_data = done_data;
	timer_init(&painting->timer, stage->loop, painted, painting);
	timer_start(&painting->timer, stage->paint_ms);
	return painting;
}

void stage_use_ops(struct stage *stage)
{
	const struct chat_ops mine = stage->ops;

	if (!stage->files && !stage->form.on) {
		return;
	}
	stage->ops = *stage->chat->ops;
	stage->ops.caps |= stage->files ? CHAT_FILES : 0;
	stage->ops.caps |= stage->form.on ? CHAT_FORMS : 0;
	stage->ops.open_form = mine.open_form;
	stage->ops.answer = mine.answer;
	stage->chat->ops = &stage->ops;
}

void stage_files(struct stage *stage, int64_t paint_ms)
{
	stage->paint_ms = paint_ms;
	if (!stage->files) {
		stage->files = true;
		stage_use_ops(stage);
	}
}

/* The words as they are shown, and below them the picture. */
static char *with_picture(const struct stage *stage, const char *text)
{
	const struct chat_post *post = stage->posting;
	struct strbuf out;
	char *all;

	strbuf_init(&out, 1 << 20);
	(void)strbuf_adds(&out, text);
	if (post->file != NULL) {
		(void)strbuf_addf(&out, "\n[picture: %s]", post->file->alt);
	} else if (post->keeps_file) {
		(void)strbuf_adds(&out, "\n[picture stays]");
	}
	all = mem_strdup(out.buf);
	strbuf_done(&out);
	return all;
}

static void keep(const struct chat_place *place, const char *private_to, const char *id,
		 const char *replaces, const struct message *message, const char *text, void *data)
{
	struct stage *stage = data;
	struct shown *s;

	stage->shown = mem_grow(stage->shown, stage->n_shown + 1, sizeof(*stage->shown));
	s = &stage->shown[stage->n_shown++];
	memset(s, 0, sizeof(*s));
	s->channel = mem_strdup(place->channel);
	s->direct = place->direct;
	s->private_to = mem_strdup(private_to);
	s->id = mem_strdup(replaces != NULL ? replaces : id);
	s->edit = replaces != NULL;
	s->text = with_picture(stage, text);
	for (size_t i = 0; i < message->n_buttons && i < STAGE_BUTTONS_MAX; i++) {
		s->labels[s->n_buttons] = mem_strdup(message->buttons[i].label);
		s->buttons[s->n_buttons++] = mem_strdup(message->buttons[i].id);
	}
}

void stage_show(struct stage *stage, const char *channel, bool direct, const char *private_to,
		const char *text)
{
	struct shown *s;

	stage->shown = mem_grow(stage->shown, stage->n_shown + 1, sizeof(*stage->shown));
	s = &stage->shown[stage->n_shown++];
	memset(s, 0, sizeof(*s));
	s->channel = mem_strdup(channel);
	s->direct = direct;
	s->private_to = mem_strdup(private_to);
	s->id = mem_strdup("");
	s->text = mem_strdup(text);
}

static bool fault(struct chat_post *post, struct err *ret_err, void *data)
{
	struct stage *stage = data;

	stage->posting = post;
	return stage->fault != NULL && stage->fault(post, ret_err, stage->fault_data);
}

static struct policy *load_policy(const char *path)
{
	struct policy_report report = {0};
	struct policy *policy = policy_load(path, false, &report);

	if (policy == NULL) {
		struct strbuf out;

		strbuf_init(&out, 1 << 20);
		policy_report_print(&report, path, &out);
		(void)fputs(out.buf, stderr);
		strbuf_done(&out);
	}
	policy_report_done(&report);
	return policy;
}

static void start_app(struct stage *stage)
{
	struct console_options console = {
		.workspace = "terminal",
		.user = "nobody",
		.channel = "nowhere",
		.in_fd = -1,
		.out_fd = -1,
		.columns = 40,
		.shown = keep,
		.fault = fault,
		.data = stage,
	};
	struct policy *policy = load_policy(stage->policy_path);
	struct app_parts parts = {.loop = stage->loop,
				  .store = stage->store,
				  .policy = policy,
				  .policy_path = stage->policy_path,
				  .user_data = stage->user_data,
				  .painter = &stage->painter,
				  .own_droplet = stage->own_droplet,
				  .own_droplet_awaited = stage->own_droplet_awaited};
	struct ocean *oceans[STAGE_ACCOUNTS_MAX];
	struct err err = {0};

	stage->chat = console_open(stage->loop, &console, &err);
	assert(stage->chat != NULL);
	stage_use_ops(stage);
	for (size_t i = 0; i < stage->n_accounts; i++) {
		oceans[i] = sim_ocean_open(stage->loop, stage->accounts[i].world,
					   stage->accounts[i].name, LATENCY_MS);
		assert(oceans[i] != NULL);
	}
	parts.accounts = oceans;
	parts.n_accounts = stage->n_accounts;
	parts.chats = &stage->chat;
	parts.n_chats = 1;
	stage->app = app_new(&parts);
	if (app_start(stage->app, &err) < 0) {
		fprintf(stderr, "start: %s\n", err.msg);
		abort();
	}
	policy_unref(policy);
	stage_pass(stage, 1);
}

static void make_accounts(struct stage *stage, const struct policy *policy)
{
	const struct policy_account *accounts;
	size_t n = policy_accounts(policy, &accounts);

	assert(n > 0 && n <= STAGE_ACCOUNTS_MAX);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(stage->accounts[i].name, sizeof(stage->accounts[i].name), "%s",
			       accounts[i].name);
		stage->accounts[i].world = sim_world_new(sim_new(STAGE_START_MS));
	}
	stage->n_accounts = n;
	stage->world = stage->accounts[0].world;
}

struct sim_world *stage_account(const struct stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->n_accounts; i++) {
		if (name == NULL || strcmp(stage->accounts[i].name, name) == 0) {
			return stage->accounts[i].world;
		}
	}
	return NULL;
}

struct stage *stage_new(const char *policy_path)
{
	struct stage *stage = mem_alloc(sizeof(*stage));
	struct policy *policy;

	(void)snprintf(stage->policy_path, sizeof(stage->policy_path), "/tmp/sluice-stage-XXXXXX");
	if (close(mkstemp(stage->policy_path)) < 0 || !stage_policy_file(stage, policy_path)) {
		fprintf(stderr, "%s: cannot be copied to %s\n", policy_path, stage->policy_path);
		free(stage);
		return NULL;
	}
	(void)snprintf(stage->user_data, sizeof(stage->user_data), "%s.d", stage->policy_path);
	policy = load_policy(stage->policy_path);
	if (policy == NULL) {
		(void)unlink(stage->policy_path);
		free(stage);
		return NULL;
	}
	make_accounts(stage, policy);
	policy_unref(policy);
	stage->loop = loop_new_virtual(STAGE_START_MS);
	stage->store = store_memory_open(stage->loop);
	stage->painter = (struct post_painter){.start = paint, .cancel = painting_free};
	start_app(stage);
	return stage;
}

static void app_gone(void *data)
{
	struct stage *stage = data;

	stage->app = NULL;
}

static bool is_gone(void *data)
{
	struct stage *stage = data;

	return stage->app == NULL;
}

static void stop_app(struct stage *stage)
{
	app_close(stage->app, app_gone, stage);
	if (!loop_run_until(stage->loop, is_gone, stage, CLOSE_MS)) {
		fputs("the app does not close\n", stderr);
		abort();
	}
}

bool stage_policy_file(struct stage *stage, const char *policy_path)
{
	FILE *from = fopen(policy_path, "r");
	FILE *to = fopen(stage->policy_path, "w");
	char buf[4096];
	size_t n;
	bool good = from != NULL && to != NULL;

	while (good && (n = fread(buf, 1, sizeof(buf), from)) > 0) {
		good = fwrite(buf, 1, n, to) == n;
	}
	if (from != NULL) {
		(void)fclose(from);
	}
	return (to == NULL || fclose(to) == 0) && good;
}

bool stage_template(struct stage *stage, const char *name, const char *text)
{
	char path[128];
	FILE *to;

	(void)mkdir(stage->user_data, 0700);
	(void)snprintf(path, sizeof(path), "%s/%s", stage->user_data, name);
	to = fopen(path, "w");
	if (to == NULL) {
		return false;
	}
	(void)fputs(text, to);
	return fchmod(fileno(to), 0600) == 0 && fclose(to) == 0;
}

static void forget_templates(struct stage *stage)
{
	DIR *dir = opendir(stage->user_data);
	const struct dirent *entry;
	char path[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", stage->user_data, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL) {
		(void)closedir(dir);
		(void)rmdir(stage->user_data);
	}
}

void stage_reload(struct stage *stage)
{
	app_reload(stage->app);
	stage_pass(stage, 1);
}

void stage_restart(struct stage *stage)
{
	struct store *old = stage->store;

	stop_app(stage);
	stage->store = store_memory_reopen(stage->loop, old);
	start_app(stage);
}

void stage_free(struct stage *stage)
{
	stop_app(stage);
	store_close(stage->store);
	for (size_t i = 0; i < stage->n_accounts; i++) {
		sim_world_free(stage->accounts[i].world);
	}
	(void)unlink(stage->policy_path);
	forget_templates(stage);
	loop_free(stage->loop);
	for (size_t i = 0; i < stage->n_shown; i++) {
		struct shown *s = &stage->shown[i];

		free(s->channel);
		free(s->private_to);
		free(s->id);
		free(s->text);
		for (size_t k = 0; k < s->n_buttons; k++) {
			free(s->labels[k]);
			free(s->buttons[k]);
		}
	}
	free(stage->shown);
	free(stage);
}

void stage_pass(struct stage *stage, int64_t ms)
{
	loop_advance(stage->loop, ms);
}

const char *stage_say(struct stage *stage, const struct stage_said *said)
{
	bool direct = strcmp(said->channel, "direct") == 0;
	char ticket[200];
	struct event event = {
		.kind = EVENT_TEXT,
		.place = {.channel = direct ? said->user : said->channel, .direct = direct},
		.who = {.user = said->user},
		.id = said->id,
		.sent_ms = clock_wall_ms() - said->age_ms,
		.text = said->text,
		.addressed = direct || (stage->form.on && said->text[0] == '/'),
		.by_bot = said->by_bot,
		.edited = said->edited,
	};

	(void)snprintf(ticket, sizeof(ticket), "%s %s", said->channel, said->user);
	event.opens = stage->form.on && said->text[0] == '/' ? ticket : NULL;
	(void)snprintf(stage->said, sizeof(stage->said), "%s", console_event(stage->chat, &event));
	stage_pass(stage, 1);
	return stage->said;
}

void stage_press_id(struct stage *stage, const char *user, const char *channel, bool direct,
		    const char *message, const char *button)
{
	struct chat_place place = {
		.network = "console",
		.workspace = "terminal",
		.channel = channel,
		.direct = direct,
	};

	char ticket[200];
	struct event event = {.kind = EVENT_PRESS,
			      .place = place,
			      .who = {.user = user},
			      .message = message,
			      .button = button,
			      .addressed = true};

	(void)snprintf(ticket, sizeof(ticket), "%s %s", direct ? "direct" : channel, user);
	event.opens = stage->form.on ? ticket : NULL;
	(void)console_event(stage->chat, &event);
	stage_pass(stage, 1);
}

void stage_press(struct stage *stage, const char *user, const struct shown *shown, size_t button)
{
	stage_press_id(stage, user, shown->channel, shown->direct, shown->id,
		       shown->buttons[button]);
}
