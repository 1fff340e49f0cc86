/* test_sim_sign_in.c - a sign-in that is kept fresh for months, in virtual time: the real client, real files, the simulated DigitalOcean
 *
 * The pair comes by a code, as in life. What was sent is counted in the simulator, what the keepers hear in `told`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "ocean/oauth.h"
#include "ocean/ocean.h"
#include "sim/ocean.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define START_MS INT64_C(1768273200000)
#define REDIRECT "http://127.0.0.1:8477/callback"
#define URL "https://cloud.digitalocean.com/v1/oauth"

struct rig {
	struct loop *loop;
	struct sim_world *world;
	struct sim_door *door;
	struct ocean *ocean[2];
	char folder[64], file[96], place[120], away[80];
	unsigned fine, trouble, lost;
	char told[400];
	struct err err; /* of the latest list */
	unsigned answers;
	size_t n_droplets;
};

static void on_news(void *data, const struct ocean_news *news)
{
	struct rig *rig = data;

	rig->fine += news->kind == OCEAN_NEWS_FINE;
	rig->trouble += news->kind == OCEAN_NEWS_TROUBLE;
	rig->lost += news->kind == OCEAN_NEWS_LOST;
	(void)snprintf(rig->told, sizeof(rig->told), "%s %s", news->what,
		       news->more != NULL ? news->more : "");
	assert_null(strstr(rig->told, "dor_v1_"));
	assert_null(strstr(rig->told, "doo_v1_"));
}

static void open_ocean(struct rig *rig, unsigned i)
{
	struct ocean_options options = {.name = "main", .news = on_news, .news_data = rig};
	struct err err = {0};

	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		options.tokens[tier] = rig->place;
	}
	rig->ocean[i] = ocean_http_open(rig->loop, &options, &err);
	if (rig->ocean[i] == NULL) {
		fail_msg("%s", err.msg);
	}
}

/* A person agrees; the code of the address to which the browser is sent. */
static void agree(struct rig *rig, char *code, size_t size)
{
	struct sim_request request = {
		.method = "GET",
		.path = "/v1/oauth/authorize?response_type=code&client_id=" SIM_CLIENT_ID
			"&redirect_uri=" REDIRECT "&scope=destroy&state=s"};
	struct sim_answer answer;
	const char *at;

	sim_answer_init(&answer);
	sim_world_serve(rig->world, &request, &answer);
	assert_int_equal(answer.reply.status, 302);
	at = strstr(answer.reply.location, "code=");
	assert_non_null(at);
	(void)snprintf(code, size, "%.*s", (int)strcspn(at + 5, "&"), at + 5);
	sim_answer_done(&answer);
}

static void on_ask(struct oauth_ask *ask, const struct err *err)
{
	err_copy(ask->data, err);
}

static struct err exchange(struct rig *rig, const char *code, struct oauth_grant *ret)
{
	struct http_pool *pool = http_pool_new(rig->loop, &(struct http_options){0}, NULL);
	struct secret *secret = secret_from_text(SIM_CLIENT_SECRET);
	struct err err = {.kind = ERR_UNKNOWN, .msg = "no answer"};
	struct oauth_ask ask = {.verb = OAUTH_EXCHANGE,
				.url = URL,
				.client_id = SIM_CLIENT_ID,
				.client_secret = secret,
				.code = code,
				.redirect = REDIRECT,
				.done = on_ask,
				.data = &err};

	oauth_start(pool, &ask);
	loop_advance(rig->loop, 1000);
	if (err.kind == ERR_NONE) {
		oauth_take(&ask, ret);
	}
	oauth_ask_done(&ask);
	secret_free(secret);
	http_pool_free(pool);
	return err;
}

static void sign_in(struct rig *rig)
{
	struct oauth_grant grant = {.client_id = SIM_CLIENT_ID};
	struct oauth_save save;
	char code[128];

	(void)snprintf(grant.client_secret, sizeof(grant.client_secret), "env:SIM_CLIENT_SECRET");
	agree(rig, code, sizeof(code));
	assert_int_equal(exchange(rig, code, &grant).kind, ERR_NONE);
	assert_string_equal(grant.team, "Acme");
	assert_int_equal(oauth_save_begin(&save, rig->file, NULL), 0);
	assert_int_equal(oauth_save_commit(&save, &grant, NULL), 0);
	oauth_grant_done(&grant);
}

static void open_rig(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	(void)snprintf(rig->folder, sizeof(rig->folder), "/tmp/sluice-sign-in-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	(void)snprintf(rig->file, sizeof(rig->file), "%s/main.json", rig->folder);
	(void)snprintf(rig->away, sizeof(rig->away), "%s-away", rig->folder);
	(void)snprintf(rig->place, sizeof(rig->place), "oauth:%s", rig->file);
	assert_int_equal(setenv("SIM_CLIENT_SECRET", SIM_CLIENT_SECRET, 1), 0);
	rig->loop = loop_new_virtual(START_MS);
	rig->world = sim_world_new(sim_new(START_MS));
	assert_int_equal(sim_droplet_line(rig->world->model, "web-1", NULL), 0);
	rig->door = sim_door_open(rig->loop, rig->world, SIM_LATENCY_MS);
	sign_in(rig);
	open_ocean(rig, 0);
}

static void remove_file(const struct rig *rig, const char *end)
{
	char path[120];

	(void)snprintf(path, sizeof(path), "%s%s", rig->file, end);
	(void)unlink(path);
}

static void close_rig(struct rig *rig)
{
	ocean_close(rig->ocean[0]);
	ocean_close(rig->ocean[1]);
	assert_int_equal(ocean_refreshes_pending(), 0);
	sim_door_close(rig->door);
	sim_world_free(rig->world);
	loop_free(rig->loop);
	remove_file(rig, "");
	remove_file(rig, ".lock");
	assert_int_equal(rmdir(rig->folder), 0); /* no FILE.new is left behind */
}

static void fault(struct rig *rig, const char *line)
{
	assert_int_equal(faults_add(&rig->world->faults, line, NULL), 0);
}

/* POST /token after the one of the sign-in. */
static size_t refreshes(const struct rig *rig)
{
	return sim_world_count(rig->world, 0, "POST", "/v1/oauth/token") - 1;
}

static void on_list(struct ocean_call *call, const struct err *err)
{
	struct rig *rig = call->data;

	rig->answers++;
	rig->n_droplets = call->n_droplets;
	err_copy(&rig->err, err);
}

static enum err_kind list(struct rig *rig, unsigned i)
{
	struct ocean_call call = {.verb = OCEAN_LIST,
				  .max_tier = TIER_READ,
				  .interactive = true,
				  .done = on_list,
				  .data = rig};

	rig->answers = 0;
	ocean_start(rig->ocean[i], &call);
	loop_advance(rig->loop, 100000);
	assert_int_equal(rig->answers, 1);
	return rig->err.kind;
}

static void assert_listed(struct rig *rig, unsigned i)
{
	if (list(rig, i) != ERR_NONE) {
		fail_msg("%s", rig->err.msg);
	}
	assert_int_equal(rig->n_droplets, 1);
}

/* Is the pair in the file the one that the simulator takes? */
static bool file_works(const struct rig *rig)
{
	struct sim_request request = {.method = "GET", .path = "/v2/account"};
	struct oauth_grant grant;
	struct sim_answer answer;
	struct err err = {0};
	int status;

	if (oauth_file_load(rig->file, &grant, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	request.token = secret_reveal(grant.access);
	sim_answer_init(&answer);
	sim_world_serve(rig->world, &request, &answer);
	status = answer.reply.status;
	sim_answer_done(&answer);
	oauth_grant_done(&grant);
	return status == 200;
}

static void a_year(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	assert_listed(&rig, 0);
	loop_advance(rig.loop, 22 * DAY_MS);
	assert_int_equal(refreshes(&rig), 0); /* seven days before the end, not sooner */
	loop_advance(rig.loop, 2 * DAY_MS);
	assert_int_equal(refreshes(&rig), 1);
	assert_true(file_works(&rig));
	assert_listed(&rig, 0);
	for (unsigned month = 2; month <= 12; month++) {
		loop_advance(rig.loop, 30 * DAY_MS);
		assert_true(file_works(&rig));
		assert_listed(&rig, 0);
	}
	assert_in_range(refreshes(&rig), 14, 16);
	assert_int_equal(rig.lost + rig.trouble, 0);
	close_rig(&rig);
}

/* A pair that was due, even over, while the bot was down. */
static void due_at_start(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	ocean_close(rig.ocean[0]);
	loop_advance(rig.loop, 40 * DAY_MS);
	open_ocean(&rig, 0);
	assert_listed(&rig, 0);
	assert_int_equal(refreshes(&rig), 1);
	assert_true(file_works(&rig));
	close_rig(&rig);
}

static void two_at_once(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	open_ocean(&rig, 1);
	fault(&rig, "method=POST path=/v1/oauth/token kind=slow ms=3000");
	loop_advance(rig.loop, 24 * DAY_MS);
	assert_int_equal(refreshes(&rig), 1);
	assert_listed(&rig, 0);
	assert_listed(&rig, 1);
	assert_int_equal(rig.lost + rig.trouble, 0);
	close_rig(&rig);
}

static void answer_lost_and_not_carried_out(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	fault(&rig, "nth=1 method=POST path=/v1/oauth/token kind=timeout-before");
	loop_advance(rig.loop, 24 * DAY_MS);
	assert_int_equal(refreshes(&rig), 2); /* once more */
	assert_int_equal(rig.lost, 0);
	assert_true(file_works(&rig));
	assert_listed(&rig, 0);
	close_rig(&rig);
}

static void answer_lost(void **state)
{
	static const char *const kinds[] = {"timeout-after-send", "reset", "reset-mid-body",
					    "torn-json", "503 commit=yes"};
	struct rig rig;
	char line[120];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		open_rig(&rig);
		(void)snprintf(line, sizeof(line), "nth=1 method=POST path=/v1/oauth/token kind=%s",
			       kinds[i]);
		fault(&rig, line);
		loop_advance(rig.loop, 24 * DAY_MS);
		assert_int_equal(refreshes(&rig), 2);
		assert_int_equal(rig.lost, 1);
		assert_non_null(strstr(rig.told, "Sign in again: sluice sign-in /tmp/"));
		assert_int_equal(list(&rig, 0), ERR_DENIED);
		assert_non_null(strstr(rig.err.msg, "sign in again (sluice sign-in)"));
		assert_int_equal(refreshes(&rig), 2); /* and it is not tried for ever */
		sign_in(&rig);
		assert_listed(&rig, 0); /* at once, without a restart */
		close_rig(&rig);
	}
}

/* The folder goes while the answer is under way: the pair is used, and written as soon as that can be. */
static void cannot_be_written(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	fault(&rig, "nth=1 method=POST path=/v1/oauth/token kind=slow ms=5000");
	loop_advance(rig.loop, 23 * DAY_MS - 1500);
	while (refreshes(&rig) == 0) {
		loop_advance(rig.loop, 100);
	}
	assert_int_equal(rename(rig.folder, rig.away), 0);
	loop_advance(rig.loop, 10000);
	assert_int_equal(rig.lost, 1);
	assert_non_null(strstr(rig.told, "is in memory only"));
	assert_non_null(strstr(rig.told, "Do not restart"));
	assert_listed(&rig, 0);
	assert_int_equal(rename(rig.away, rig.folder), 0);
	assert_false(file_works(&rig));
	loop_advance(rig.loop, 2 * 3600 * 1000);
	assert_true(file_works(&rig));
	assert_int_equal(rig.fine, 1);
	assert_int_equal(refreshes(&rig), 1);
	close_rig(&rig);
}

/* It is gone before: nothing is sent, so nothing is lost. */
static void folder_gone_before(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	assert_int_equal(rename(rig.folder, rig.away), 0);
	loop_advance(rig.loop, 24 * DAY_MS);
	assert_int_equal(refreshes(&rig), 0);
	assert_int_equal(rig.trouble, 1); /* said once, not at each try */
	assert_listed(&rig, 0);
	assert_int_equal(rename(rig.away, rig.folder), 0);
	loop_advance(rig.loop, 2 * 3600 * 1000);
	assert_int_equal(refreshes(&rig), 1);
	assert_true(file_works(&rig));
	close_rig(&rig);
}

static void digitalocean_is_ill(void **state)
{
	struct rig rig;

	(void)state;
	open_rig(&rig);
	fault(&rig, "times=3 nth=1 method=POST path=/v1/oauth/token kind=html-502");
	fault(&rig, "times=3 nth=1 method=POST path=/v1/oauth/token kind=refused");
	fault(&rig, "times=3 nth=1 method=POST path=/v1/oauth/token kind=429");
	loop_advance(rig.loop, 25 * DAY_MS);
	assert_int_equal(rig.trouble, 1);
	assert_int_equal(rig.lost, 0);
	assert_int_equal(rig.fine, 1);
	assert_true(file_works(&rig));
	close_rig(&rig);
}

/* The access token is refused before its time: the pair is refreshed, and the person's question answered. */
static void refused_early(void **state)
{
	struct oauth_grant grant;
	struct rig rig;

	(void)state;
	open_rig(&rig);
	loop_advance(rig.loop, DAY_MS);
	assert_int_equal(oauth_file_load(rig.file, &grant, NULL), 0);
	sim_remove_token(rig.world->model, secret_reveal(grant.access));
	oauth_grant_done(&grant);
	assert_listed(&rig, 0);
	assert_int_equal(refreshes(&rig), 1);
	close_rig(&rig);
}

static void a_code_works_once(void **state)
{
	struct oauth_grant grant = {0};
	struct rig rig;
	struct err err;
	char code[128];

	(void)state;
	open_rig(&rig);
	agree(&rig, code, sizeof(code));
	assert_int_equal(exchange(&rig, code, &grant).kind, ERR_NONE);
	err = exchange(&rig, code, &grant);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_non_null(strstr(err.msg, "(invalid_grant)"));
	agree(&rig, code, sizeof(code));
	loop_advance(rig.loop, 11 * 60 * 1000);
	assert_int_equal(exchange(&rig, code, &grant).kind, ERR_DENIED);
	oauth_grant_done(&grant);
	close_rig(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_year),
		cmocka_unit_test(due_at_start),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(answer_lost_and_not_carried_out),
		cmocka_unit_test(answer_lost),
		cmocka_unit_test(cannot_be_written),
		cmocka_unit_test(folder_gone_before),
		cmocka_unit_test(digitalocean_is_ill),
		cmocka_unit_test(refused_early),
		cmocka_unit_test(a_code_works_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
