/* program.c - puts the real parts together and runs them
 *
 * Happy path: policy -> settings -> loop -> store -> accounts -> chats -> app -> listener -> loop_run. Whatever cannot be
 * opened ends the start with one sentence on standard error and exit code 1; a policy that does not check ends it with 2.
 * SIGTERM closes in two phases: chats and accounts first, then the loop.
 */
#include "cli/program.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/templates.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "cli/chats.h"
#include "cli/own.h"
#include "cli/picture.h"
#include "cli/teams.h"
#include "cli/token_seen.h"
#include "loop/httpd.h"
#include "metrics/metrics.h"
#include "policy/decide.h"

#define PARTS_MAX 8
#define IDLE_LOOK_MS 50
#define CLOSE_MS 5000
#define SIGN_IN_MS 45000 /* a refresh ends by its own deadlines before that */

/* From this size on a block has pages of its own, which go back when it is freed. Left alone malloc would raise it. */
#define BLOCK_BYTES (1024 * 1024)

struct program {
	struct config *config;
	struct policy *policy;
	struct loop *loop;
	struct store *store;
	struct app *app;
	struct httpd *httpd;
	struct chat *console;
	struct painter *painter;
	struct own *own;
	struct teams *teams;
	struct task refused;     /* no network is left */
	struct timer end_timer;  /* after the terminal's end: waits until all is done */
	struct timer stop_timer; /* a stop waits for what would lose a sign-in */
	int64_t stop_by_ms;      /* 0: no stop waits */
	char token_trouble[300]; /* of token_account; "": none */
	char token_account[80];
	bool stopping;
	int exit_code;
};

struct policy *program_load_policy(const char *path, char **ret_text)
{
	struct policy_report report = {0};
	struct policy *policy = NULL;
	struct strbuf out;
	char *text = NULL;
	size_t len = 0;

	if (policy_read(path, &text, &len, &report) == 0) {
		policy_report_done(&report);
		policy = policy_compile_here(text, len, &report);
	}
	if (policy == NULL || report.n_findings > 0) {
		strbuf_init(&out, 1 << 20);
		policy_report_print(&report, path, &out);
		(void)fputs(out.buf, stderr);
		strbuf_done(&out);
	}
	policy_report_done(&report);
	if (policy == NULL) {
		free(text);
	} else {
		*ret_text = text;
	}
	return policy;
}

static int complain(const struct err *err)
{
	fprintf(stderr, "sluice: %s\n", err->msg);
	return -1;
}

int program_use_settings(struct config *config, const struct policy *policy)
{
	struct err err = {0};
	const char *key;

	for (size_t i = 0; (key = config_file_key(i)) != NULL; i++) {
		const char *value = policy_setting(policy, key);

		if (value != NULL && config_file(config, key, value, &err) < 0) {
			return complain(&err);
		}
	}
	return 0;
}

static void use_log_settings(const struct config *config)
{
	static const struct name levels[] = {
		{LOG_DEBUG, "debug"}, {LOG_INFO, "info"}, {LOG_WARN, "warn"}, {LOG_ERROR, "error"}};
	int level = LOG_INFO;

	(void)names_value(levels, ARRAY_LEN(levels), config_text(config, CONFIG_LOG), &level);
	log_configure((enum log_level)level, config_flag(config, CONFIG_LOG_JSON));
}

static const char *text_or_null(const struct config *config, enum config_key key)
{
	const char *text = config_text(config, key);

	return *text != '\0' ? text : NULL;
}

/* What the keepers should hear of a token: in the log, in their channel, and in health as long as it is so. */
static void on_token_news(void *data, const struct ocean_news *news)
{
	struct program *program = data;
	bool fine = news->kind == OCEAN_NEWS_FINE;

	log_line(fine                            ? LOG_INFO
		 : news->kind == OCEAN_NEWS_LOST ? LOG_ERROR
						 : LOG_WARN,
		 "ocean.token", "account", news->account, "what", news->what, "do",
		 news->more != NULL ? news->more : "", NULL);
	if (news->kind == OCEAN_NEWS_LOST) {
		(void)snprintf(program->token_trouble, sizeof(program->token_trouble), "%s",
			       news->what);
		(void)snprintf(program->token_account, sizeof(program->token_account), "%s",
			       news->account);
	} else if (fine && strcmp(program->token_account, news->account) == 0) {
		program->token_trouble[0] = '\0';
	}
	if (!fine && program->app != NULL && !program->stopping) {
		app_tell_keepers(program->app, news->what, news->more);
	}
}

/* Once a day: ends it soon, and may it do what the policy asks of it? */
static void on_token_seen(void *data, const struct ocean_token_seen *seen)
{
	struct program *program = data;
	char tiers[TOKEN_SEEN_SIZE], missing[TOKEN_SEEN_SIZE], what[TOKEN_SEEN_SIZE];
	char days[LOG_NUMBER_SIZE];
	int64_t soon = token_seen_soon(seen);

	(void)token_seen_tiers(seen, tiers);
	(void)token_seen_missing(program->policy, seen, missing);
	if (seen->err != NULL) { /* not documented, so nothing depends on it */
		log_line(LOG_DEBUG, "ocean.token", "account", seen->account, "tiers", tiers, "why",
			 seen->err->msg, NULL);
		return;
	}
	log_line(soon >= 0 || missing[0] != '\0' ? LOG_WARN : LOG_INFO, "ocean.token", "account",
		 seen->account, "tiers", tiers, "days",
		 log_number(seen->left_s >= 0 ? seen->left_s / 86400 : -1, days), "lacks", missing,
		 NULL);
	if (soon >= 0 && program->app != NULL && !program->stopping) {
		(void)snprintf(what, sizeof(what),
			       "The %.60s token of account \"%.60s\" ends in %lld %s.", tiers,
			       seen->account, (long long)soon, soon == 1 ? "day" : "days");
		app_tell_keepers(
			program->app, what,
			"Make a new one (sluice scopes says with what), put it there, restart.");
	}
	if (missing[0] != '\0' && program->app != NULL && !program->stopping) {
		(void)snprintf(what, sizeof(what),
			       "The %.60s token of account \"%.60s\" lacks scopes:", tiers,
			       seen->account);
		app_tell_keepers(program->app, what, missing);
	}
}

static int open_accounts(struct program *program, const struct program_options *options,
			 struct ocean **accounts, size_t *ret_n)
{
	const struct policy_account *rows;
	size_t n = policy_accounts(program->policy, &rows);
	struct err err = {0};

	for (size_t i = 0; i < n && i < PARTS_MAX; i++) {
		struct ocean_options ocean = {
			.name = rows[i].name,
			.url = text_or_null(program->config, CONFIG_OCEAN_URL),
			.oauth_url = text_or_null(program->config, CONFIG_OAUTH_URL),
			.news = on_token_news,
			.seen = on_token_seen,
			.news_data = program,
			.ca_file = text_or_null(program->config, CONFIG_CA_FILE),
			.proxy = text_or_null(program->config, CONFIG_PROXY),
			.per_minute = config_number(program->config, CONFIG_OCEAN_PER_MINUTE),
		};

		for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
			ocean.tokens[tier] = options->only_token != NULL ? options->only_token
									 : rows[i].token[tier];
		}
		accounts[i] = ocean_http_open(program->loop, &ocean, &err);
		if (accounts[i] == NULL) {
			return complain(&err);
		}
		*ret_n = i + 1;
	}
	return 0;
}

/* ---- end of the terminal ----------------------------------------------------------------- */

static void look_if_idle(struct timer *timer)
{
	struct program *program = timer->data;

	if (app_idle(program->app)) {
		program_stop(program);
	} else {
		timer_start(timer, IDLE_LOOK_MS);
	}
}

static void terminal_ended(void *data)
{
	struct program *program = data;

	if (!program->stopping) {
		timer_start(&program->end_timer, IDLE_LOOK_MS);
	}
}

static bool is_known(bool channel, const char *name, void *data)
{
	const struct program *program = data;

	return channel ? policy_channel_number(program->policy, name) > 0
		       : policy_person_number(program->policy, name) > 0;
}

/* Said where it was typed; a stranger on purpose is fine. */
static void warn_of_terminal(const struct program *program)
{
	struct arena arena = {0};
	const char *fix = NULL;
	const char *what = chats_terminal_unknown(program->policy, program->config, &arena, &fix);

	if (what != NULL) {
		fprintf(stderr, "sluice: %s\ndo: %s\n", what, fix);
	}
	arena_done(&arena);
}

static int open_chats(struct program *program, const struct program_options *options,
		      struct chat **chats, size_t *ret_n)
{
	const struct chats_wanted wanted = {
		.loop = program->loop,
		.config = program->config,
		.policy = program->policy,
		.options = options,
		.terminal_ended = terminal_ended,
		.is_known = is_known,
		.data = program,
	};

	if (chats_open(&wanted, chats, ret_n, &program->console) < 0) {
		return -1;
	}
	if (program->console != NULL && !options->free_speech) { /* the demo says it itself */
		warn_of_terminal(program);
	}
	return 0;
}

/* ---- health and metrics ------------------------------------------------------------------ */

/* The table of metrics has no values that are words. */
static void print_policy(struct strbuf *out, const struct program *program)
{
	(void)strbuf_addf(out,
			  "# HELP sluice_policy_info The policy that decides.\n"
			  "# TYPE sluice_policy_info gauge\nsluice_policy_info{id=\"%s\"} 1\n",
			  app_policy_id(program->app));
}

static void handle_http(const char *method, const char *path, const char *query,
			struct httpd_answer *answer, void *data)
{
	struct program *program = data;

	(void)query;
	if (strcmp(method, "GET") != 0) {
		answer->status = 405;
		(void)strbuf_adds(&answer->body, "only GET here\n");
	} else if (strcmp(path, "/metrics") == 0) {
		for (unsigned part = 0; part < LOOP_PARTS; part++) {
			metrics_set(METRIC_LOOP_STALL_TIMERS_US + part,
				    loop_longest_stall_part_us(program->loop, part));
		}
		metrics_set(METRIC_LOOP_STALL_MAX_US, loop_take_longest_stall_us(program->loop));
		metrics_print(&answer->body);
		print_policy(&answer->body, program);
	} else if (strcmp(path, "/healthz") == 0) {
		const char *trouble = app_trouble(program->app);

		if (trouble == NULL && app_chats_up(program->app) == 0) {
			trouble = "no chat is connected";
		}
		if (trouble == NULL && program->token_trouble[0] != '\0') {
			trouble = program->token_trouble;
		}

		answer->status = trouble == NULL ? 200 : 503;
		(void)strbuf_addf(&answer->body, "%s\n", trouble == NULL ? "ok" : trouble);
	} else {
		answer->status = 404;
		(void)strbuf_adds(&answer->body, "there is /healthz and /metrics\n");
	}
}

static int open_listener(struct program *program)
{
	struct err err = {0};
	struct httpd_options options = {
		.listen = config_text(program->config, CONFIG_LISTEN),
		.handle = handle_http,
		.data = program,
	};

	if (*options.listen == '\0') {
		return 0;
	}
	program->httpd = httpd_open(program->loop, &options, &err);
	return program->httpd != NULL ? 0 : complain(&err);
}

/* ---- reload and stop --------------------------------------------------------------------- */

static void reload(void *data)
{
	struct program *program = data;

	if (!program->stopping) { /* else the app may be gone already */
		app_reload(program->app);
	}
}

static void app_closed(void *data)
{
	struct program *program = data;

	program->app = NULL;
	loop_stop(program->loop);
}

static void stop_again(struct timer *timer)
{
	program_stop(timer->data);
}

/* The answer to a refresh holds the only pair that still works: it is awaited and written. */
static bool stop_waits(struct program *program)
{
	int64_t now = clock_mono_ms();

	if (ocean_refreshes_pending() == 0) {
		return false;
	}
	if (program->stop_by_ms == 0) {
		program->stop_by_ms = now + SIGN_IN_MS;
		timer_init(&program->stop_timer, program->loop, stop_again, program);
	}
	if (now >= program->stop_by_ms) {
		return false;
	}
	timer_start(&program->stop_timer, IDLE_LOOK_MS);
	return true;
}

void program_stop(struct program *program)
{
	if (!program->stopping && !stop_waits(program)) {
		timer_stop(&program->stop_timer);
		program->stopping = true;
		own_free(program->own);
		program->own = NULL;
		teams_stop(program->teams);
		timer_stop(&program->end_timer);
		task_cancel(&program->refused);
		httpd_close(program->httpd);
		program->httpd = NULL;
		app_close(program->app, app_closed, program);
	}
}

static void on_stop_signal(void *data)
{
	program_stop(data);
}

/* ---- no network is left -------------------------------------------------------------------- */

/* Nobody can be heard or told: whoever looks after the machine has to be, and starting again would only ask the same. */
static void on_refused(struct task *task)
{
	struct program *program = task->data;
	bool stay = config_flag(program->config, CONFIG_STAY_REFUSED);

	fprintf(stderr,
		"sluice: no network is left that would have me: %.300s. %s; mend that, then "
		"start me again.\n",
		app_trouble(program->app), stay ? "I stay, and do nothing" : "I stop");
	if (stay) {
		return;
	}
	program->exit_code = PROGRAM_REFUSED;
	program_stop(program);
}

static void on_link(void *data, const char *network, enum chat_link state, const char *why)
{
	struct program *program = data;

	(void)network;
	(void)why;
	if (state == CHAT_REFUSED && !program->stopping && app_chats_refused(program->app)) {
		task_post(&program->refused);
	}
}

/* ---- the whole --------------------------------------------------------------------------- */

static void chat_gone(void *data)
{
	--*(size_t *)data;
}

static bool none_left(void *data)
{
	return *(size_t *)data == 0;
}

/* The start ends before there is an app to own them: the terminal is given back as it was found. */
static void close_parts(struct program *program, struct ocean *const *accounts, size_t n_accounts,
			struct chat *const *chats, size_t n_chats)
{
	size_t n_left = n_chats;

	for (size_t i = 0; i < n_chats; i++) {
		chats[i]->ops->close(chats[i], chat_gone, &n_left);
	}
	(void)loop_run_until(program->loop, none_left, &n_left, CLOSE_MS);
	for (size_t i = 0; i < n_accounts; i++) {
		ocean_close(accounts[i]);
	}
}

/* The folder of templates stands in the folder of the policy; NULL: its name is too long. */
static const char *beside(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int n = snprintf(folder, PATH_MAX, "%.*s" TEMPLATES_FOLDER,
			 slash != NULL ? (int)(slash - path) + 1 : 0, path);

	return n > 0 && n < PATH_MAX ? folder : NULL;
}

static int open_parts(struct program *program, const struct program_options *options)
{
	struct ocean *accounts[PARTS_MAX] = {0};
	struct chat *chats[PARTS_MAX] = {0};
	char folder[PATH_MAX];
	struct app_parts parts = {
		.loop = program->loop, .policy = program->policy, .own_name = "sluice"};
	struct err err = {0};

	program->store =
		store_sqlite_open(program->loop, config_text(program->config, CONFIG_STATE), &err);
	if (program->store == NULL) {
		return complain(&err);
	}
	if (open_accounts(program, options, accounts, &parts.n_accounts) < 0 ||
	    open_chats(program, options, chats, &parts.n_chats) < 0) {
		close_parts(program, accounts, parts.n_accounts, chats, parts.n_chats);
		return -1;
	}
	parts.store = program->store;
	parts.keep = (struct app_keep){
		.days = config_number(program->config, CONFIG_KEEP_DAYS),
		.requests = config_number(program->config, CONFIG_KEEP_REQUESTS),
		.audit_rows = config_number(program->config, CONFIG_AUDIT_ROWS),
		.audit_bytes = config_number(program->config, CONFIG_AUDIT_MIB) << 20,
		.state_bytes = config_number(program->config, CONFIG_STATE_MIB) << 20,
	};
	parts.list_age_ms = config_number(program->config, CONFIG_LIST_AGE);
	if (parts.list_age_ms == 0) {
		parts.list_age_ms = LIST_ANEW;
	}
	program->painter = picture_open(program->loop, program->config);
	parts.painter = program->painter != NULL ? painter_hook(program->painter) : NULL;
	own_parts(program->config, &parts);
	parts.accounts = accounts;
	parts.chats = chats;
	parts.policy_text = options->policy_text;
	parts.policy_path = options->from_file ? config_text(program->config, CONFIG_POLICY) : NULL;
	parts.user_data = parts.policy_path != NULL ? beside(parts.policy_path, folder) : NULL;
	program->app = app_new(&parts);
	program->own = own_ask(program->loop, program->config, program->app);
	program->teams =
		teams_ask(program->loop, accounts, parts.n_accounts, program->store, program->app);
	timer_init(&program->end_timer, program->loop, look_if_idle, program);
	task_init(&program->refused, program->loop, on_refused, program);
	app_on_link(program->app, on_link, program);
	if (open_listener(program) < 0) {
		return -1;
	}
	if (app_start(program->app, &err) < 0) {
		return complain(&err);
	}
	app_watch_policy(program->app);
	return 0;
}

struct program *program_open(const struct program_options *options)
{
	struct program *program = mem_alloc(sizeof(*program));
	struct err err = {0};

	/* A heap for the loop and one for each of its two workers: in one heap they waited for each other's locks, which cost a
	 * seventh of the CPU of a change. */
	(void)mallopt(M_ARENA_MAX, 3);
	(void)mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES);
	program->config = options->config;
	program->policy = policy_ref(options->policy);
	if (program_use_settings(options->config, options->policy) < 0) {
		program_free(program);
		return NULL;
	}
	use_log_settings(options->config);
	program->loop = loop_new(&err);
	if (program->loop == NULL) {
		(void)complain(&err);
		program_free(program);
		return NULL;
	}
	/* heard from here on, acted upon once the loop runs: a stop during the start is a stop like any other */
	loop_on_signals(program->loop, on_stop_signal, reload, program);
	if (open_parts(program, options) < 0) {
		if (program->app != NULL) {
			program->exit_code = 1;
			program_stop(program);
			loop_run(program->loop);
		}
		program_free(program);
		return NULL;
	}
	log_line(LOG_INFO, "start", "policy", policy_id(options->policy), NULL);
	return program;
}

int program_run(struct program *program)
{
	loop_run(program->loop);
	log_line(LOG_INFO, "stop", NULL);
	return program->exit_code;
}

static bool all_written(void *data)
{
	return store_idle(data);
}

void program_free(struct program *program)
{
	if (program->store != NULL) { /* the last rows are not lost for want of a moment */
		(void)loop_run_until(program->loop, all_written, program->store, CLOSE_MS);
	}
	store_close(program->store);
	teams_free(program->teams);
	if (program->loop != NULL) {
		loop_free(program->loop);
	}
	painter_free(program->painter);
	policy_unref(program->policy);
	free(program);
}

struct app *program_app(struct program *program)
{
	return program->app;
}

struct loop *program_loop(struct program *program)
{
	return program->loop;
}

struct chat *program_console(struct program *program)
{
	return program->console;
}
