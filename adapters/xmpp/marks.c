/* marks.c - our posts that have buttons: which button a reaction or a typed number stands for
 *
 * A ring of the newest posts. A number typed on its own counts only when it is clear which post it answers: the one that
 * is quoted, or the only one with buttons in that place lately. With two questions open, "1" could confirm the wrong one.
 */
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "adapters/xmpp/render.h"
#include "base/clock.h"
#include "base/mem.h"

#define MARKS_MAX 256
#define PRESSERS_MAX 8
#define TYPED_MS 900000 /* how long a question waits for a typed number */

struct presser {
	unsigned long long who;
	unsigned mask; /* bit i: reacts with keycap i */
};

struct mark {
	char *id;
	char *stanza_id; /* NULL: the room gave none */
	char *channel;
	bool direct;
	bool fresh;     /* the number of buttons changed */
	unsigned shown; /* how many reactions of ours stand below it */
	unsigned n;
	char *buttons[RENDER_BUTTONS_MAX];
	int64_t set_ms;
	struct presser pressers[PRESSERS_MAX];
	unsigned next_presser;
};

struct marks {
	unsigned next;
	struct mark ring[MARKS_MAX];
};

struct marks *marks_new(void)
{
	return mem_table(sizeof(struct marks));
}

static void clear_buttons(struct mark *mark)
{
	for (unsigned i = 0; i < mark->n; i++) {
		free(mark->buttons[i]);
	}
	mark->n = 0;
}

static void clear(struct mark *mark)
{
	clear_buttons(mark);
	free(mark->id);
	free(mark->stanza_id);
	free(mark->channel);
	memset(mark, 0, sizeof(*mark));
}

void marks_free(struct marks *marks)
{
	for (unsigned i = 0; i < MARKS_MAX; i++) {
		clear(&marks->ring[i]);
	}
	mem_table_free(marks, sizeof(*marks));
}

static struct mark *find(struct marks *marks, const char *id)
{
	for (unsigned i = 0; i < MARKS_MAX; i++) {
		if (marks->ring[i].id != NULL && strcmp(marks->ring[i].id, id) == 0) {
			return &marks->ring[i];
		}
	}
	return NULL;
}

static bool same_place(const struct mark *mark, const struct chat_place *place)
{
	return mark->direct == place->direct && strcmp(mark->channel, place->channel) == 0;
}

/* By any of its names, but only in its own place. */
static struct mark *find_named(struct marks *marks, const char *id, const struct chat_place *place)
{
	for (unsigned i = 0; i < MARKS_MAX; i++) {
		struct mark *mark = &marks->ring[i];

		if (mark->id != NULL && same_place(mark, place) &&
		    (strcmp(mark->id, id) == 0 ||
		     (mark->stanza_id != NULL && strcmp(mark->stanza_id, id) == 0))) {
			return mark;
		}
	}
	return NULL;
}

static bool same_buttons(const struct mark *mark, const struct message *message)
{
	if (mark->n != message->n_buttons) {
		return false;
	}
	for (unsigned i = 0; i < mark->n; i++) {
		if (strcmp(mark->buttons[i], message->buttons[i].id) != 0) {
			return false;
		}
	}
	return true;
}

void marks_set(struct marks *marks, const char *id, const struct chat_place *place,
	       const struct message *message)
{
	struct mark *mark = find(marks, id);

	if (mark == NULL) {
		if (message->n_buttons == 0) {
			return;
		}
		mark = &marks->ring[marks->next++ % MARKS_MAX];
		clear(mark);
		mark->id = mem_strdup(id);
		mark->channel = mem_strdup(place->channel);
		mark->direct = place->direct;
	} else if (same_buttons(mark, message)) {
		return;
	}
	clear_buttons(mark);
	/* what stood there before was an answer to other buttons */
	memset(mark->pressers, 0, sizeof(mark->pressers));
	for (; mark->n < message->n_buttons && mark->n < RENDER_BUTTONS_MAX; mark->n++) {
		mark->buttons[mark->n] = mem_strdup(message->buttons[mark->n].id);
	}
	mark->set_ms = clock_mono_ms();
	mark->fresh = mark->n != mark->shown;
}

void marks_name(struct marks *marks, const char *id, const char *stanza_id)
{
	struct mark *mark = find(marks, id);

	if (mark != NULL && mark->stanza_id == NULL) {
		mark->stanza_id = mem_strdup(stanza_id);
	}
}

const char *marks_fresh(struct marks *marks, const char *id, unsigned *ret_n)
{
	struct mark *mark = find(marks, id);

	if (mark == NULL || !mark->fresh) {
		return NULL;
	}
	mark->fresh = false;
	mark->shown = mark->n;
	*ret_n = mark->n;
	return mark->stanza_id != NULL ? mark->stanza_id : mark->id;
}

static struct presser *presser_of(struct mark *mark, const char *who)
{
	unsigned long long hash = map_hash(who, strlen(who));
	struct presser *presser;

	for (unsigned i = 0; i < PRESSERS_MAX; i++) {
		if (mark->pressers[i].who == hash) {
			return &mark->pressers[i];
		}
	}
	presser = &mark->pressers[mark->next_presser++ % PRESSERS_MAX];
	presser->who = hash;
	presser->mask = 0;
	return presser;
}

bool marks_react(struct marks *marks, const char *post_id, const struct chat_place *place,
		 const char *who, const struct xml *reactions, const char **ret_id,
		 const char **ret_button)
{
	const struct xml *reaction = xml_child(reactions, "reaction", NS_REACTIONS);
	struct mark *mark = find_named(marks, post_id, place);
	struct presser *presser;
	unsigned mask = 0;
	unsigned added;

	if (mark == NULL) {
		return false;
	}
	for (; reaction != NULL; reaction = xml_again(reaction)) {
		int key = render_key(reaction->text);

		if (key >= 0) {
			mask |= 1U << (unsigned)key;
		}
	}
	presser = presser_of(mark, who);
	added = mask & ~presser->mask;
	presser->mask = mask;
	for (unsigned i = 0; i < mark->n; i++) {
		if (added == 1U << i) { /* two at once: nobody knows which was meant */
			*ret_id = mark->id;
			*ret_button = mark->buttons[i];
			return true;
		}
	}
	return false;
}

enum marks_answer marks_typed(struct marks *marks, const char *text, const char *quoted,
			      const struct chat_place *place, const char **ret_id,
			      const char **ret_button)
{
	int64_t since_ms = clock_mono_ms() - TYPED_MS;
	struct mark *only = NULL;
	int key = render_key(text);

	if (key < 0) {
		return MARKS_NONE;
	}
	if (quoted != NULL) {
		only = find_named(marks, quoted, place);
	}
	for (unsigned i = 0; quoted == NULL && i < MARKS_MAX; i++) {
		struct mark *mark = &marks->ring[i];

		if (mark->id == NULL || mark->n == 0 || mark->set_ms < since_ms ||
		    !same_place(mark, place)) {
			continue;
		}
		if (only != NULL) {
			return MARKS_AMBIGUOUS;
		}
		only = mark;
	}
	if (only == NULL || (unsigned)key >= only->n) {
		return MARKS_NONE;
	}
	*ret_id = only->id;
	*ret_button = only->buttons[key];
	return MARKS_PRESS;
}
