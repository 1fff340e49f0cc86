/* init_slack_look.c - for `sluice init`: whose tokens they are, and which people and channels the workspace has
 *
 * auth.test says the workspace, apps.connections.open that the app token opens connections (its address is left to run out), then the
 * pages of people and channels. Guests, bots, deactivated accounts and people of other organizations are left out.
 */
#include <ctype.h>
#include <string.h>

#include "adapters/slack/look.h"
#include "adapters/slack/scopes.h"
#include "base/strbuf.h"
#include "cli/init.h"

#define NAMED_MAX 2000
#define PAGE "200"

struct place {
	struct slack_look *look;
	struct arena *arena;
};

/* ---- pages ------------------------------------------------------------------------------------ */

static const char *kept(struct place *place, const struct json *object, const char *key)
{
	return arena_strdup(place->arena,
			    json_is_object(object) ? json_string_or(object, key, "") : "");
}

static bool add_person(struct place *place, const struct json *user, const char *team,
		       struct init_named *ret)
{
	static const char *const bad[] = {"deleted", "is_bot", "is_restricted",
					  "is_ultra_restricted", "is_stranger"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (json_bool_or(user, bad[i], false)) {
			return false;
		}
	}
	*ret = (struct init_named){
		.id = kept(place, user, "id"),
		.name = kept(place, user, "name"),
		.also = kept(place, json_member(user, "profile"), "display_name"),
		.real = kept(place, user, "real_name")};
	return strcmp(ret->id, "USLACKBOT") != 0 &&
	       strcmp(json_string_or(user, "team_id", ""), team) == 0;
}

static bool add_channel(struct place *place, const struct json *channel, const char *team,
			struct init_named *ret)
{
	(void)team;
	*ret = (struct init_named){.id = kept(place, channel, "id"),
				   .name = kept(place, channel, "name"),
				   .also = "",
				   .real = "",
				   .member = json_bool_or(channel, "is_member", false)};
	return !json_bool_or(channel, "is_archived", false);
}

static void add_cursor(struct strbuf *form, const char *cursor)
{
	for (; *cursor != '\0'; cursor++) {
		(void)strbuf_addf(form, isalnum((unsigned char)*cursor) ? "%c" : "%%%02X",
				  (unsigned char)*cursor);
	}
}

static int read_pages(struct place *place, const struct secret *token, const char *method,
		      const char *first_form, const char *key, const char *team,
		      bool (*add)(struct place *, const struct json *, const char *,
				  struct init_named *),
		      const struct init_named **ret, size_t *ret_n, struct err *err)
{
	struct init_named *all = arena_array(place->arena, NAMED_MAX, sizeof(*all));
	struct strbuf form;
	size_t n = 0;
	int rc = 0;

	strbuf_init(&form, 4096);
	(void)strbuf_adds(&form, first_form);
	for (bool more = true; more && rc == 0;) {
		struct json *answer = slack_look_ask(place->look, method, token, form.buf, err);
		const struct json *items = answer != NULL ? json_member(answer, key) : NULL;
		const struct json *meta =
			answer != NULL ? json_member(answer, "response_metadata") : NULL;
		const char *cursor =
			json_is_object(meta) ? json_string_or(meta, "next_cursor", "") : "";

		rc = answer != NULL ? 0 : -1;
		for (size_t i = 0; i < json_array_count(items) && n < NAMED_MAX; i++) {
			const struct json *item = json_array_at(items, i);

			n += json_is_object(item) && add(place, item, team, &all[n]);
		}
		more = *cursor != '\0' && strlen(cursor) < 1000 && n < NAMED_MAX;
		strbuf_reset(&form);
		(void)strbuf_addf(&form, "%s&cursor=", first_form);
		add_cursor(&form, cursor);
		json_free(answer);
	}
	strbuf_done(&form);
	*ret = all;
	*ret_n = n;
	return rc;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int look(struct place *place, const struct secret *app, const struct secret *bot,
		struct init_workspace *ret, struct err *err)
{
	struct json *who = slack_look_ask(place->look, "auth.test", bot, "", err);
	struct json *line;
	struct strbuf lacks;

	if (who == NULL) {
		err_prefix(err, "the bot token");
		return -1;
	}
	*ret = (struct init_workspace){.id = kept(place, who, "team_id"),
				       .name = kept(place, who, "team")};
	json_free(who);
	strbuf_init(&lacks, 2048);
	(void)slack_scopes_missing(slack_look_scopes(place->look), &lacks);
	ret->lacks = arena_strdup(place->arena, lacks.len > 0 ? lacks.buf : "");
	strbuf_done(&lacks);
	line = slack_look_ask(place->look, "apps.connections.open", app, "", err);
	if (line == NULL) {
		err_prefix(err, "the app token");
		return -1;
	}
	json_free(line);
	if (read_pages(place, bot, "users.list", "limit=" PAGE, "members", ret->id, add_person,
		       &ret->people, &ret->n_people, err) < 0) {
		return -1;
	}
	return read_pages(
		place, bot, "conversations.list",
		"exclude_archived=true&types=public_channel%2Cprivate_channel&limit=" PAGE,
		"channels", ret->id, add_channel, &ret->channels, &ret->n_channels, err);
}

int init_slack_look(const struct init *init, const char *app_place, const char *bot_place,
		    struct arena *arena, struct init_workspace *ret_workspace, struct err *err)
{
	struct secret *app = slack_look_token(app_place, "xapp-", err);
	struct secret *bot = app != NULL ? slack_look_token(bot_place, "xoxb-", err) : NULL;
	struct place place = {.arena = arena};
	int rc = -1;

	if (bot != NULL) {
		place.look = slack_look_new(init->slack_url, init->ocean->ca_file,
					    init->ocean->proxy, err);
	}
	if (place.look != NULL) {
		rc = look(&place, app, bot, ret_workspace, err);
	}
	slack_look_free(place.look);
	secret_free(app);
	secret_free(bot);
	return rc;
}
