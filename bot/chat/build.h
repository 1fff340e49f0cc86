/* build.h - constructors for messages, in an arena
 *
 *   struct build b;
 *   build_init(&b, arena, TONE_GOOD);
 *   build_line(&b, "Rebooted *web-1* in 20 s");      *bold* and `code` are marks of ours in OUR text only
 *   build_linef(&b, "No droplet %s here.", name)     arguments are never read for marks
 *   message = build_end(&b);
 */
#ifndef CHAT_BUILD_H
#define CHAT_BUILD_H

#include "base/attr.h"
#include "chat/message.h"

struct build {
	struct arena *arena;
	struct message message;
	struct block *blocks;
	size_t cap_blocks;
	struct button *buttons;
	size_t cap_buttons;
};

void build_init(struct build *build, struct arena *arena, enum tone tone);

/* One line. In fmt, *...* is bold, `...` is code, _..._ is faint; only %s, %d, %u, %zu, %ld, %lu, %lld, %llu
 * and %% without widths are understood (others are an assert), and what they insert is taken literally whatever it
 * holds. A newline in fmt starts a new line. */
void build_line(struct build *build, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Adds a mention of a user id at the front of the last line, and a space unless that line begins with ":" or ",". */
void build_mention(struct build *build, const char *user);

void build_field(struct build *build, const char *label, const char *fmt, ...) ATTR_PRINTF(3, 4);
void build_progress(struct build *build, unsigned permille, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* Copied, points too. */
void build_chart(struct build *build, const struct chart *chart);

/* columns and their heads are copied; then build_row with exactly n_columns strings (copied). */
void build_table(struct build *build, const struct column *columns, size_t n_columns);
void build_row(struct build *build, const char *const *cells);

void build_button(struct build *build, const char *id, const char *label, enum button_style style);

/* The message, in the arena. The build may go on and be ended again. */
const struct message *build_end(struct build *build);

#endif
