/* input.c - lines from a descriptor
 *
 * Happy path: libuv says that there is something to read, one read takes a piece, whole lines are handed over.
 * Files, which cannot be polled, are read a piece a turn.
 * Failure modes: a line without end (counted, not kept), a read error (taken as the end), bytes after a pause
 * (kept, at most one piece), a close inside a callback (the memory goes when the callback has returned).
 */
#include "loop/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "loop/internal.h"

#define PIECE_BYTES 16384U

struct input {
	struct input_options options;
	struct strbuf bytes;
	size_t at;      /* bytes before this one were handed over */
	size_t dropped; /* bytes of a line that is too long */
	bool polls, paused, ended, told, closed, busy;
	uv_poll_t poll;
	struct task more; /* hands over what is left, reads a file on */
};

static void serve(struct input *input, bool may_read);

static void release(struct input *input)
{
	strbuf_done(&input->bytes);
	free(input);
}

static void on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status; /* an error shows again in the read */
	(void)events;
	serve(poll->data, true);
}

static void on_more(struct task *task)
{
	struct input *input = task->data;

	serve(input, !input->polls);
}

/* Polling does not need a descriptor that never blocks, and the terminal's flags are shared with others. */
static int poll_without_flags(struct loop *loop, struct input *input)
{
	int flags = fcntl(input->options.fd, F_GETFL);
	int rc = uv_poll_init(&loop->uv, &input->poll, input->options.fd);

	if (flags >= 0) {
		(void)fcntl(input->options.fd, F_SETFL, flags);
	}
	return rc;
}

struct input *input_open(struct loop *loop, const struct input_options *options, struct err *err)
{
	struct input *input = mem_alloc(sizeof(*input));
	int rc = UV_EPERM;

	input->options = *options;
	input->paused = true;
	strbuf_init(&input->bytes, options->line_max + PIECE_BYTES);
	task_init(&input->more, loop, on_more, input);
	if (!loop->is_virtual) {
		rc = poll_without_flags(loop, input);
	}
	if (rc == 0) {
		input->polls = true;
		input->poll.data = input;
	} else if (rc != UV_EPERM || (loop->is_virtual && lseek(options->fd, 0, SEEK_CUR) < 0)) {
		err_set(err, ERR_CONFIG, "cannot read from descriptor %d: %s", options->fd,
			rc == UV_EPERM ? "not a file" : uv_strerror(rc));
		release(input);
		return NULL;
	}
	return input;
}

void input_pause(struct input *input)
{
	input->paused = true;
	task_cancel(&input->more);
	if (input->polls) {
		(void)uv_poll_stop(&input->poll);
	}
}

static const char *next_end(const struct input *input)
{
	return memchr(input->bytes.buf + input->at, '\n', input->bytes.len - input->at);
}

/* Goes on: with what is left at the next turn, else when something comes. */
static void go_on(struct input *input)
{
	if (input->closed || input->paused || input->told) {
		return;
	}
	if (!input->polls || input->ended || next_end(input) != NULL) {
		task_post(&input->more);
	}
	if (input->polls && !input->ended) {
		(void)uv_poll_start(&input->poll, UV_READABLE, on_readable);
	}
}

void input_resume(struct input *input)
{
	input->paused = false;
	if (!input->busy) {
		go_on(input);
	}
}

void input_close(struct input *input)
{
	if (input == NULL || input->closed) {
		return;
	}
	input->closed = true;
	task_cancel(&input->more);
	if (input->polls) {
		uv_close((uv_handle_t *)&input->poll, on_closed);
	} else if (!input->busy) {
		release(input);
	}
}

static void take(struct input *input)
{
	char piece[PIECE_BYTES];
	ssize_t n;

	memmove(input->bytes.buf, input->bytes.buf + input->at, input->bytes.len - input->at);
	strbuf_truncate(&input->bytes, input->bytes.len - input->at);
	input->at = 0;
	n = read(input->options.fd, piece, sizeof(piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) {
		return;
	}
	if (n <= 0) {
		input->ended = true;
		if (input->polls) {
			(void)uv_poll_stop(&input->poll);
		}
		return;
	}
	strbuf_add(&input->bytes, piece, (size_t)n);
}

/* One line, which has `len` bytes, counted without those that were dropped before. */
static void hand_over(struct input *input, size_t len)
{
	char *line = input->bytes.buf + input->at;
	size_t whole = input->dropped + len;

	input->dropped = 0;
	if (whole > input->options.line_max) {
		input->options.on_long(whole, input->options.data);
		return;
	}
	if (len > 0 && line[len - 1] == '\r') {
		len--;
	}
	line[len] = '\0';
	input->options.on_line(line, len, input->options.data);
}

static void hand_over_lines(struct input *input)
{
	while (!input->closed && !input->paused && input->bytes.len > input->at) {
		const char *end = next_end(input);
		size_t left = input->bytes.len - input->at;
		size_t len = end != NULL ? (size_t)(end - input->bytes.buf) - input->at : left;

		if (end == NULL && !input->ended) {
			if (left > input->options.line_max) {
				input->dropped += left;
				input->at = input->bytes.len;
			}
			return;
		}
		hand_over(input, len);
		input->at += end != NULL ? len + 1 : len;
	}
	if (input->closed || input->paused || !input->ended || input->told) {
		return;
	}
	if (input->dropped > 0) { /* the end came inside a line that is too long */
		hand_over(input, 0);
	}
	if (!input->closed && !input->paused) {
		input->told = true;
		input->options.on_end(input->options.data);
	}
}

static void serve(struct input *input, bool may_read)
{
	input->busy = true;
	if (may_read && !input->ended && next_end(input) == NULL) {
		take(input);
	}
	hand_over_lines(input);
	input->busy = false;
	if (!input->closed) {
		go_on(input);
	} else if (!input->polls) {
		release(input);
	}
}
