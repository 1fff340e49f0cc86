/* started.h - the app with a terminal that nobody types in, in virtual time */
#ifndef TESTS_UNIT_APP_STARTED_H
#define TESTS_UNIT_APP_STARTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/console/console.h"
#include "app/app.h"

/* Not started yet. path: where the policy is read from again; the app has its text. */
static struct app *new_app(struct loop *loop, struct store *store, const char *path,
			   const char *text)
{
	struct policy_report report = {0};
	struct policy *policy = policy_compile(path, text, strlen(text), &report);
	struct console_options console = {.workspace = "terminal",
					  .user = "ana",
					  .channel = "ops",
					  .in_fd = -1,
					  .out_fd = -1};
	struct err err = {0}; /* of the console */
	struct chat *chat = console_open(loop, &console, &err);
	struct app_parts parts = {.loop = loop,
				  .store = store,
				  .policy = policy,
				  .policy_text = text,
				  .policy_path = path,
				  .chats = &chat,
				  .n_chats = 1};
	struct app *app;

	assert_non_null(policy);
	assert_non_null(chat);
	app = app_new(&parts);
	policy_unref(policy);
	policy_report_done(&report);
	return app;
}

static struct app *open_app(struct loop *loop, struct store *store, const char *path,
			    const char *text)
{
	struct app *app = new_app(loop, store, path, text);
	struct err err = {0};

	assert_int_equal(app_start(app, &err), 0);
	return app;
}

static void app_gone(void *data)
{
	*(bool *)data = true;
}

static void close_app(struct loop *loop, struct app *app)
{
	bool over = false;

	app_close(app, app_gone, &over);
	loop_advance(loop, 1000);
	assert_true(over);
}

#endif
