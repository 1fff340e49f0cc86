/* pictures.c - a picture of a post's charts: to Slack in three steps, and which message shows which
 *
 * Happy path: Slack names an address and an id, the bytes go there, Slack is told that they are complete; the message then shows
 * the file by its id, and an edit that keeps it says the same id again. The file is in no channel of its own: only the message
 * shows it. Failure modes: whatever fails, the charts come as bars; without the scope for files nothing is tried again. Slack may
 * not have the picture ready when the message comes: tried again a few times (send.c).
 * The address gets the bytes and no token, and only when it is below Slack's own host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/posts.h"
#include "base/log.h"
#include "base/mem.h"

#define STEP_MS 5000
#define SHOWN_MAX 512
#define NAME_MAX 80

/* ---- which message shows which ------------------------------------------------------------------- */

static void shown_key(char *buf, size_t size, const char *channel, const char *ts)
{
	(void)snprintf(buf, size, "%.64s/%.64s", channel, ts);
}

void pictures_keep(struct slack_adapter *s, const char *channel, const char *ts,
		   const struct slack_picture *picture)
{
	char key[2 * ID_MAX + 2];
	char *text = NULL;
	struct strbuf out;

	shown_key(key, sizeof(key), channel, ts);
	if (picture != NULL) {
		strbuf_init(&out, 8192);
		(void)strbuf_addf(&out, "%s %s", picture->id, picture->alt);
		text = strbuf_detach(&out);
		strbuf_done(&out);
	}
	if (text == NULL) {
		free(map_remove(&s->pictures, key));
		return;
	}
	if (map_size(&s->pictures) >= SHOWN_MAX && !map_has(&s->pictures, key)) {
		size_t i = 0;
		const char *old;
		char *copy;

		if (map_next(&s->pictures, &i, &old, NULL)) {
			copy = mem_strdup(old);
			free(map_remove(&s->pictures, copy));
			free(copy);
		}
	}
	free(map_put(&s->pictures, key, text));
}

const struct slack_picture *pictures_of(const struct slack_adapter *s, const char *channel,
					const char *ts, struct arena *arena)
{
	char key[2 * ID_MAX + 2];
	const char *text;
	struct slack_picture *picture;
	size_t n;

	shown_key(key, sizeof(key), channel != NULL ? channel : "", ts);
	text = map_get(&s->pictures, key);
	if (text == NULL) {
		return NULL;
	}
	n = strcspn(text, " ");
	picture = arena_alloc(arena, sizeof(*picture));
	picture->id = arena_strndup(arena, text, n);
	picture->alt = arena_strdup(arena, text + n + 1);
	return picture;
}

void pictures_free(struct slack_adapter *s)
{
	map_done(&s->pictures, free);
}

/* ---- three steps --------------------------------------------------------------------------------- */

static void give_up(struct posted *posted, const char *why)
{
	log_line(LOG_WARN, "slack.no-picture", "why", why, NULL);
	posted->opening = false;
	posted->picture = NULL;
	posted_begin(posted);
}

static void failed(struct posted *posted, const struct trouble *trouble)
{
	/* a person has to change something first: until then every chart is bars */
	if (strcmp(trouble->code, "missing_scope") == 0 ||
	    strcmp(trouble->code, "file_uploads_disabled") == 0) {
		posted->s->no_files = true;
	}
	give_up(posted, trouble->err.msg);
}

/* Below the host of Slack's API, and as safely reached. */
bool picture_is_good_url(const struct slack_adapter *s, const char *url)
{
	const char *api = strstr(s->api_url, "://") + 3;
	const char *host = strstr(url, "://");
	size_t n_api = strcspn(api, "/");
	size_t n;

	if (host == NULL || strlen(url) > 2000 ||
	    strncmp(s->api_url, url, (size_t)(host + 3 - url)) != 0) {
		return false;
	}
	host += 3;
	n = strcspn(host, "/?#");
	if (memchr(host, '@', n) != NULL || memchr(host, '\\', n) != NULL) {
		return false;
	}
	return n >= n_api && strncmp(host + n - n_api, api, n_api) == 0 &&
	       (n == n_api || host[n - n_api - 1] == '.');
}

static void on_complete(struct rest_call *call, const struct json *answer,
			const struct trouble *trouble)
{
	struct posted *posted = call->ask.data;

	(void)answer;
	posted->call = NULL;
	if (trouble != NULL) {
		failed(posted, trouble);
		return;
	}
	posted->opening = false;
	posted->pictured = true;
	posted_begin(posted);
}

static void on_sent(struct rest_call *call, const struct json *answer,
		    const struct trouble *trouble)
{
	struct posted *posted = call->ask.data;
	struct rest_ask ask = {.method = "files.completeUploadExternal",
			       .timeout_ms = STEP_MS,
			       .done = on_complete,
			       .data = posted};
	struct strbuf out;

	(void)answer;
	posted->call = NULL;
	if (trouble != NULL) {
		failed(posted, trouble);
		return;
	}
	strbuf_init(&out, 4096);
	(void)strbuf_adds(&out, "{\"files\":[{\"id\":");
	json_add_string(&out, posted->picture->id);
	(void)strbuf_adds(&out, ",\"title\":");
	json_add_string(&out, posted->file_name);
	(void)strbuf_adds(&out, "}]}");
	ask.json = out.buf;
	posted->call = rest_start(posted->s, &ask);
	strbuf_done(&out);
}

static void on_address(struct rest_call *call, const struct json *answer,
		       const struct trouble *trouble)
{
	struct posted *posted = call->ask.data;
	const char *url = json_string_or(answer, "upload_url", "");
	const char *id = json_string_or(answer, "file_id", "");
	struct rest_ask ask = {.method = url,
			       .token = REST_NONE,
			       .bytes = posted->file_bytes,
			       .n_bytes = posted->file_len,
			       .timeout_ms = STEP_MS,
			       .done = on_sent,
			       .data = posted};

	posted->call = NULL;
	if (trouble != NULL) {
		failed(posted, trouble);
	} else if (!slack_is_id(id, "F") || !picture_is_good_url(posted->s, url)) {
		give_up(posted, "Slack named no address of its own for the picture");
	} else {
		posted->picture->id = arena_strdup(&posted->arena, id);
		posted->call = rest_start(posted->s, &ask);
	}
}

void picture_start(struct posted *posted, const struct chat_file *file)
{
	struct rest_ask ask = {.method = "files.getUploadURLExternal",
			       .timeout_ms = STEP_MS,
			       .done = on_address,
			       .data = posted};
	char form[NAME_MAX + 64];
	struct arena *arena = &posted->arena;
	void *bytes = arena_alloc(arena, file->len + 1);

	memcpy(bytes, file->bytes, file->len);
	posted->file_bytes = bytes;
	posted->file_len = file->len;
	posted->file_name = arena_strdup(arena, file->name);
	posted->picture = arena_alloc(arena, sizeof(*posted->picture));
	posted->picture->alt = arena_strdup(arena, file->alt);
	/* its name is of ours: letters and a dot */
	(void)snprintf(form, sizeof(form), "filename=%.*s&length=%zu", NAME_MAX, file->name,
		       file->len);
	ask.form = form;
	posted->opening = true; /* nothing stands there yet */
	posted->call = rest_start(posted->s, &ask);
}
