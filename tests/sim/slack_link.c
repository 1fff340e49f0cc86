/* slack_link.c - the WebSockets of Socket Mode: tickets, the cap, hello, disconnect, ghosts, and what a link does wrong
 *
 * A link is a registration: it is there from the upgrade until Slack has noticed that the socket ended. Cut with "ghost" it
 * stays registered without a socket, is counted in num_connections and swallows its share of the payloads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/slack_link.h"

static struct slack_link *link_at(struct list *at)
{
	return LIST_ENTRY(at, struct slack_link, link);
}

size_t slack_links(const struct slack *s, bool ghosts_too)
{
	size_t n = 0;

	LIST_FOREACH(it, &s->links)
	{
		n += ghosts_too || link_at(it)->socket != NULL;
	}
	return n;
}

bool slack_link_is(const struct slack_link *link, const char *quirk)
{
	return json_is_true(json_object_get(link->quirks, quirk));
}

int64_t slack_link_number(const struct slack_link *link, const char *quirk, int64_t otherwise)
{
	const json_t *node = json_object_get(link->quirks, quirk);

	return json_is_integer(node) ? json_integer_value(node) : otherwise;
}

/* The quirks of the next link: a new reference, empty when it does nothing wrong. */
static json_t *next_quirks(struct slack *s)
{
	json_t *first = json_array_get(s->next_link, 0);
	json_t *quirks;
	json_int_t times;

	if (first == NULL) {
		return json_object();
	}
	quirks = json_deep_copy(first);
	times = json_integer_value(json_object_get(first, "times"));
	if (times == 1 || times == 0) {
		json_array_remove(s->next_link, 0);
	} else if (times > 0) {
		json_object_set_new(first, "times", json_integer(times - 1));
	}
	return quirks;
}

static bool spend_ticket(struct slack *s, const char *path)
{
	const char *at = strstr(path, "ticket=");
	char ticket[40];
	const json_t *until;
	bool good;

	if (strncmp(path, "/link", 5) != 0 || at == NULL) {
		return false;
	}
	at += strlen("ticket=");
	(void)snprintf(ticket, sizeof(ticket), "%.*s", (int)strcspn(at, "&"), at);
	until = json_object_get(s->tickets, ticket);
	good = until != NULL && json_integer_value(until) >= s->now_ms;
	json_object_del(s->tickets, ticket);
	return good;
}

static int refuse(struct slack *s, int status, json_t *quirks)
{
	slack_note(s, "refused", json_pack("{s:s,s:i}", "method", "upgrade", "status", status));
	json_decref(quirks);
	return status;
}

int slack_link_open(struct slack *s, const char *path, const struct slack_door *door, void *socket,
		    struct slack_link **ret)
{
	json_t *quirks = next_quirks(s);
	bool good = spend_ticket(s, path);
	struct slack_link *link;

	if (json_is_true(json_object_get(quirks, "silent"))) {
		return refuse(s, -1, quirks);
	}
	if (json_is_true(json_object_get(quirks, "reset"))) {
		return refuse(s, -2, quirks);
	}
	if (json_object_get(quirks, "status") != NULL) {
		return refuse(s, (int)json_integer_value(json_object_get(quirks, "status")),
			      quirks);
	}
	if (!good) {
		return refuse(s, 408, quirks);
	}
	link = mem_alloc(sizeof(*link));
	link->slack = s;
	link->door = door;
	link->socket = socket;
	link->quirks = quirks;
	link->number = (int)s->next++;
	list_append(&s->links, &link->link);
	*ret = link;
	return 101;
}

void slack_link_send(struct slack_link *link, json_t *frame)
{
	char *text = json_dumps(frame, JSON_COMPACT);

	json_decref(frame);
	if (link->socket != NULL && !slack_link_is(link, "black_hole")) {
		link->door->text(link->socket, text, strlen(text));
	}
	free(text);
}

static void send_disconnect(struct slack_link *link, const char *reason, int64_t close_ms)
{
	struct slack *s = link->slack;

	link->draining = true;
	link->close_at_ms = s->now_ms + close_ms;
	slack_link_send(link, json_pack("{s:s,s:s,s:{s:s},s:{s:s}}", "type", "disconnect", "reason",
					reason, "debug_info", "host", "applink-sim",
					"connection_info", "app_id", "A0SIM"));
}

void slack_link_ready(struct slack_link *link)
{
	struct slack *s = link->slack;
	int n = (int)slack_links(s, true);

	slack_note(s, "link", json_pack("{s:i,s:i}", "link", link->number, "num_connections", n));
	if (n > slack_setting(s, "max_links") || slack_link_is(link, "too_many")) {
		send_disconnect(link, "too_many_websockets", 100);
		return;
	}
	if (slack_link_is(link, "no_hello")) {
		return;
	}
	link->ready = true;
	slack_link_send(link, json_pack("{s:s,s:i,s:{s:s,s:i,s:I},s:{s:s}}", "type", "hello",
					"num_connections", n, "debug_info", "host", "applink-sim",
					"build_number", 1, "approximate_connection_time",
					(json_int_t)slack_setting(s, "lifetime_s"),
					"connection_info", "app_id", "A0SIM"));
}

static void forget(struct slack_link *link)
{
	list_remove(&link->link);
	json_decref(link->quirks);
	free(link);
}

void slack_link_gone(struct slack_link *link)
{
	slack_note(link->slack, "gone",
		   json_pack("{s:i,s:b}", "link", link->number, "ghost", link->ghost));
	if (link->ghost) {
		link->socket = NULL;
		return;
	}
	forget(link);
}

void slack_links_free(struct slack *s)
{
	slack_envelopes_free(s);
	LIST_FOREACH_SAFE(it, next, &s->links)
	{
		forget(link_at(it));
	}
}

/* Whose turn it is: every link that said hello, ghosts too; one that is told to go only when there is no other. */
struct slack_link *slack_link_next(struct slack *s)
{
	struct slack_link *any[64], *last = NULL;
	size_t n = 0;

	LIST_FOREACH(it, &s->links)
	{
		struct slack_link *link = link_at(it);

		if (link->ready && !link->draining && n < ARRAY_LEN(any)) {
			any[n++] = link;
		} else if (link->ready) {
			last = link;
		}
	}
	return n > 0 ? any[s->turn++ % n] : last;
}

json_t *slack_links_json(const struct slack *s)
{
	json_t *out = json_array();

	LIST_FOREACH(it, &s->links)
	{
		const struct slack_link *link = link_at(it);

		json_array_append_new(out,
				      json_pack("{s:i,s:b,s:b,s:b}", "link", link->number, "ready",
						link->ready, "draining", link->draining, "ghost",
						link->socket == NULL));
	}
	return out;
}

static void act_on(struct slack_link *link, const char *what, const json_t *args)
{
	const json_t *close_ms = json_object_get(args, "close_ms");

	if (strcmp(what, "disconnect") == 0) {
		send_disconnect(link,
				*slack_str(args, "reason") != '\0' ? slack_str(args, "reason")
								   : "refresh_requested",
				close_ms != NULL ? json_integer_value(close_ms) : 10000);
	} else if (strcmp(what, "cut") == 0) {
		link->ghost = json_is_true(json_object_get(args, "ghost"));
		link->door->cut(link->socket);
	} else if (strcmp(what, "frame") == 0) {
		link->door->text(link->socket, slack_str(args, "text"),
				 strlen(slack_str(args, "text")));
	} else {
		json_object_update(link->quirks, (json_t *)args);
	}
}

/* On one link, or on all; how many there were. */
int slack_links_act(struct slack *s, const char *what, const json_t *args)
{
	const json_t *number = json_object_get(args, "link");
	int n = 0;

	LIST_FOREACH_SAFE(it, next, &s->links)
	{
		struct slack_link *link = link_at(it);

		if (strcmp(what, "forget") == 0 && link->socket == NULL) {
			forget(link); /* Slack has noticed */
			n++;
		} else if (link->socket != NULL && strcmp(what, "forget") != 0 &&
			   (number == NULL || json_integer_value(number) == link->number)) {
			act_on(link, what, args);
			n++;
		}
	}
	return n;
}

int64_t slack_links_tick(struct slack *s)
{
	int64_t next = slack_envelopes_tick(s);

	LIST_FOREACH(it, &s->links)
	{
		struct slack_link *link = link_at(it);

		if (link->close_at_ms == 0 || link->socket == NULL) {
			continue;
		}
		if (link->close_at_ms <= s->now_ms) {
			link->close_at_ms = 0;
			if (!slack_link_is(link, "never_fin")) {
				link->door->hang_up(link->socket, 1000);
			}
		} else if (next < 0 || link->close_at_ms < next) {
			next = link->close_at_ms;
		}
	}
	return next;
}
