/* event_fake.h - an adapter's event, copied for a test to look at, what it told of its connection, and a post of its with what became of it */
#ifndef TESTS_UNIT_ADAPTERS_EVENT_FAKE_H
#define TESTS_UNIT_ADAPTERS_EVENT_FAKE_H

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "chat/chat.h"

struct fake_event {
	enum event_kind kind;
	bool addressed, edited, by_bot, direct;
	char channel[256], thread[64], user[256], home[64], id[256], text[CHAT_TEXT_MAX + 1];
	char message[256], button[256], opens[256], field[64];
	char values[1200]; /* "id=text id=text" */
	int64_t sent_ms;
};

static ATTR_UNUSED void fake_copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from != NULL ? from : "");
}

static ATTR_UNUSED void fake_event_copy(struct fake_event *copy, const struct event *event)
{
	copy->kind = event->kind;
	copy->addressed = event->addressed;
	copy->edited = event->edited;
	copy->by_bot = event->by_bot;
	copy->direct = event->place.direct;
	copy->sent_ms = event->sent_ms;
	fake_copy(copy->channel, sizeof(copy->channel), event->place.channel);
	fake_copy(copy->thread, sizeof(copy->thread), event->place.thread);
	fake_copy(copy->user, sizeof(copy->user), event->who.user);
	fake_copy(copy->home, sizeof(copy->home), event->who.workspace);
	fake_copy(copy->id, sizeof(copy->id), event->id);
	fake_copy(copy->text, sizeof(copy->text), event->text);
	fake_copy(copy->message, sizeof(copy->message), event->message);
	fake_copy(copy->button, sizeof(copy->button), event->button);
	fake_copy(copy->opens, sizeof(copy->opens), event->opens);
	fake_copy(copy->field, sizeof(copy->field), event->field);
	copy->values[0] = '\0';
	for (size_t i = 0; i < event->n_values; i++) {
		size_t len = strlen(copy->values);

		(void)snprintf(copy->values + len, sizeof(copy->values) - len, "%s%s=%s",
			       i > 0 ? " " : "", event->values[i].id, event->values[i].text);
	}
}

/* What the adapter said of its connection, and of rooms that it lost: the `data` of its sink. */
struct fake_told {
	enum chat_link link;
	int n_links;
	char why[300];
	int n_lost;
	char lost[300];
};

static ATTR_UNUSED void fake_on_link(struct chat *chat, enum chat_link state, const char *why,
				     void *data)
{
	struct fake_told *told = data;

	(void)chat;
	told->link = state;
	told->n_links++;
	fake_copy(told->why, sizeof(told->why), why);
}

static ATTR_UNUSED void fake_on_lost(struct chat *chat, const struct chat_place *place,
				     const char *why, void *data)
{
	struct fake_told *told = data;

	(void)chat;
	(void)place;
	told->n_lost++;
	fake_copy(told->lost, sizeof(told->lost), why);
}

struct fake_post {
	struct chat_post post;
	int n_done;
	enum err_kind kind;
	char msg[240];
	enum tone tone; /* of what is posted next */
};

static ATTR_UNUSED void fake_post_done(struct chat_post *post, const struct err *err)
{
	struct fake_post *posted = post->data;

	posted->n_done++;
	posted->kind = err != NULL ? err->kind : ERR_NONE;
	fake_copy(posted->msg, sizeof(posted->msg), err != NULL ? err->msg : "");
}

#endif
