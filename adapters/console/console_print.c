/* console_print.c - the screen: a terminal where the last message is redrawn in place, or a log to read afterwards
 *
 * Happy path: answers are set in below the line that asked. On a terminal an edit of what stands last redraws it;
 * elsewhere an edit is printed with "~" before it, and only when it says more than a bar that moved.
 * Failure modes: the reader is gone or does not read (after a second the rest of that text is dropped).
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "adapters/console/console_internal.h"
#include "base/mem.h"
#include "chat/text.h"

#define INDENT 2U
#define COLUMNS_DEFAULT 80U
#define COLUMNS_LEAST 20U
#define SCREEN_BYTES_MAX (1U << 21)
#define WRITE_WAIT_MS 1000

static void write_all(struct console *console, const struct strbuf *text)
{
	struct pollfd ready = {.fd = console->options.out_fd, .events = POLLOUT};
	size_t at = 0;

	while (console->options.out_fd >= 0 && at < text->len) {
		ssize_t n = write(console->options.out_fd, text->buf + at, text->len - at);

		if (n > 0) {
			at += (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK) ||
			   poll(&ready, 1, WRITE_WAIT_MS) <= 0) {
			return;
		}
	}
}

static unsigned screen_columns(const struct console *console)
{
	struct winsize size;

	if (console->options.columns > 0) {
		return console->options.columns;
	}
	if (console->out_is_tty && ioctl(console->options.out_fd, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= COLUMNS_LEAST) {
		return size.ws_col;
	}
	return COLUMNS_DEFAULT;
}

/* Tests ask for a width and get it; on a screen it is what is left beside the indent. */
unsigned console_columns(const struct console *console)
{
	unsigned columns = screen_columns(console);

	return console->options.out_fd < 0 ? columns : columns - INDENT;
}

static bool has_prompt(const struct console *console)
{
	return console->in_is_tty && console->out_is_tty;
}

static void add_place(struct strbuf *out, const char *channel, bool direct, const char *user)
{
	if (direct) {
		strbuf_adds(out, "direct");
	} else {
		strbuf_addch(out, '#');
		text_clean(channel, out);
	}
	if (user != NULL) {
		strbuf_addch(out, ' ');
		text_clean(user, out);
	}
}

void console_print_prompt(struct console *console)
{
	struct strbuf out;

	if (!has_prompt(console)) {
		return;
	}
	strbuf_init(&out, SCREEN_BYTES_MAX);
	strbuf_adds(&out, "\r\033[K");
	add_place(&out, console->channel, console->direct, console->user);
	strbuf_adds(&out, "> ");
	write_all(console, &out);
	strbuf_done(&out);
}

/* A line of ours on the left; a prompt that stood there goes, and comes again below. */
static void print_left(struct console *console, struct strbuf *out)
{
	struct strbuf whole;

	strbuf_init(&whole, SCREEN_BYTES_MAX);
	if (has_prompt(console)) {
		strbuf_adds(&whole, "\r\033[K");
	}
	strbuf_add(&whole, out->buf, out->len);
	strbuf_addch(&whole, '\n');
	write_all(console, &whole);
	strbuf_done(&whole);
	console->last = NULL;
	console_print_prompt(console);
}

void console_print_note(struct console *console, const char *text)
{
	struct strbuf out;

	strbuf_init(&out, SCREEN_BYTES_MAX);
	if (!has_prompt(console)) {
		strbuf_addch(&out, '\n');
	}
	text_clean(text, &out);
	print_left(console, &out);
	strbuf_done(&out);
}

void console_print_own(struct console *console, const char *text)
{
	struct strbuf out;

	strbuf_init(&out, SCREEN_BYTES_MAX);
	strbuf_addf(&out, "(%s)", text);
	print_left(console, &out);
	strbuf_done(&out);
}

/* A terminal showed it while it was typed; a log gets who said it, and where. */
void console_print_said(struct console *console, const char *text)
{
	struct strbuf out;

	free(console->spoken_of);
	strbuf_init(&out, SCREEN_BYTES_MAX);
	add_place(&out, console->channel, console->direct, console->user);
	console->spoken_of = mem_strdup(out.buf);
	if (!console->in_is_tty) {
		strbuf_adds(&out, "> ");
		text_clean(text, &out);
		print_left(console, &out);
	}
	strbuf_done(&out);
}

/* Does the line that was said last, by whoever said it, name the place of this post already? */
static bool place_is_known(const struct console *console, const char *place, bool direct)
{
	size_t len = strlen(place);
	const char *known = console->spoken_of;

	if (known == NULL || strncmp(known, place, len) != 0) {
		return false;
	}
	return known[len] == '\0' || (!direct && known[len] == ' ');
}

/* Where the post stands, if the lines above do not say it, and who alone sees it. */
static void add_heading(struct console *console, const struct record *record, struct strbuf *out)
{
	struct strbuf place;

	strbuf_init(&place, SCREEN_BYTES_MAX);
	add_place(&place, record->channel, record->direct, record->direct ? record->channel : NULL);
	if (!place_is_known(console, place.buf, record->direct)) {
		strbuf_add(out, place.buf, place.len);
		strbuf_adds(out, ":\n");
		free(console->spoken_of);
		console->spoken_of = mem_strdup(place.buf);
	}
	strbuf_done(&place);
	if (record->private_to != NULL && !record->direct) {
		strbuf_repeat(out, ' ', INDENT);
		strbuf_adds(out, "(only ");
		text_clean(record->private_to, out);
		strbuf_adds(out, " sees this)\n");
	}
}

/* Sets the text in, with the mark of an edit before its first line. */
static void add_body(struct strbuf *out, const char *text, bool is_edit)
{
	const char *before = is_edit ? "~ " : "  ";

	do {
		size_t len = strcspn(text, "\n");

		strbuf_adds(out, len > 0 || before[0] == '~' ? before : "");
		strbuf_add(out, text, len);
		strbuf_addch(out, '\n');
		text += len + (text[len] != '\0');
		before = "  ";
	} while (*text != '\0');
}

/* How many lines of the screen the text takes, seen without its colours. */
static unsigned rows(const struct console *console, const char *plain)
{
	const unsigned columns = screen_columns(console);
	struct strbuf line;
	unsigned n = 0;

	strbuf_init(&line, SCREEN_BYTES_MAX);
	while (*plain != '\0') {
		size_t len = strcspn(plain, "\n");
		unsigned used;

		strbuf_reset(&line);
		strbuf_add(&line, plain, len);
		used = text_columns(line.buf);
		n += used > columns ? (used + columns - 1) / columns : 1;
		plain += len + (plain[len] != '\0');
	}
	strbuf_done(&line);
	return n;
}

static void compose(struct console *console, const struct record *record,
		    const struct message *message, bool colour, bool is_edit, struct strbuf *out)
{
	const struct text_style style = {.columns = console_columns(console),
					 .colour = colour,
					 .ascii = console->options.ascii,
					 .buttons = true};
	struct strbuf text;

	strbuf_init(&text, SCREEN_BYTES_MAX);
	text_render(message, &style, &text);
	add_heading(console, record, out);
	add_body(out, text.buf, is_edit);
	strbuf_done(&text);
}

void console_print_post(struct console *console, struct record *record, bool is_edit,
			bool says_more, const struct chat_post *post)
{
	const bool redraws = has_prompt(console) && is_edit && console->last == record;
	const bool colour = console->options.colour && console->out_is_tty;
	struct strbuf out, plain;

	if (console->options.out_fd < 0 || (is_edit && !redraws && !says_more)) {
		return;
	}
	strbuf_init(&out, SCREEN_BYTES_MAX);
	strbuf_init(&plain, SCREEN_BYTES_MAX);
	if (redraws) {
		strbuf_addf(&out, "\r\033[%uA\033[J", console->last_rows);
	} else if (has_prompt(console)) {
		strbuf_adds(&out, "\r\033[K");
	}
	compose(console, record, post->message, colour, is_edit && !redraws, &out);
	compose(console, record, post->message, false, is_edit && !redraws, &plain);
	write_all(console, &out);
	console->last = record;
	console->last_rows = rows(console, plain.buf);
	strbuf_done(&out);
	strbuf_done(&plain);
	console_print_prompt(console);
}
