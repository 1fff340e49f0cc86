/* xmpp_said.h - what the tests of XMPP say and hear over xmpp_fake.h */
#ifndef TESTS_ADAPTERS_XMPP_SAID_H
#define TESTS_ADAPTERS_XMPP_SAID_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/clock.h"
#include "chat/build.h"
#include "tests/unit/adapters/xmpp_fake.h"

#define SAID_BY(nick, id, inner)                                                                \
	"<message xmlns='jabber:client' type='groupchat' from='" FAKE_ROOM "/" nick "' id='" id \
	"'>" inner "</message>"
#define TOLD_BY(who, id, inner)                                                              \
	"<message xmlns='jabber:client' type='chat' from='" who "/phone' id='" id "'>" inner \
	"</message>"

ATTR_UNUSED static struct fake_event *last_event(void)
{
	assert_true(fake.n_events > 0);
	return &fake.events[(fake.n_events - 1) % FAKE_EVENTS];
}

ATTR_UNUSED static bool sent(const char *what)
{
	return strstr(fake.out.buf, what) != NULL;
}

ATTR_UNUSED static void post(struct fake_post *posted, const char *channel, bool direct,
			     const char *text, const char *replaces, bool buttons)
{
	struct arena arena = {0};
	struct build build;
	const char *key = posted->post.key;
	bool again = posted->post.again;

	memset(posted, 0, sizeof(*posted));
	posted->post.key = key;
	posted->post.again = again;
	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "%s", text);
	if (buttons) {
		build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
		build_button(&build, "no-id", "Cancel", BUTTON_PLAIN);
	}
	posted->post.place = (struct chat_place){.network = "xmpp",
						 .workspace = "chat.example",
						 .channel = channel,
						 .direct = direct};
	posted->post.message = build_end(&build);
	posted->post.replaces = replaces;
	posted->post.done = fake_post_done;
	posted->post.data = posted;
	fake.chat->ops->post(fake.chat, &posted->post);
	assert_int_equal(posted->n_done, 0); /* never before post returns */
	arena_done(&arena);
}

ATTR_UNUSED static void reflect(const char *id, const char *stanza_id)
{
	char xml[512];

	(void)snprintf(xml, sizeof(xml),
		       SAID_BY("sluice", "%s",
			       "<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='" FAKE_ROOM
			       "' id='%s'/>"),
		       id, stanza_id);
	fake_hear(xml);
}

#endif
