/* input.h - lines from a descriptor: a terminal, a pipe, a socket, a file
 *
 * A line is at most line_max bytes; a longer one is not kept, its length is reported instead. On a virtual loop
 * only files can be read.
 */
#ifndef LOOP_INPUT_H
#define LOOP_INPUT_H

#include <stddef.h>

#include "loop/loop.h"

struct input;

/* All callbacks come from the loop and may pause or close the input. */
struct input_options {
	int fd; /* stays the caller's: not closed, its flags stay */
	size_t line_max;
	/* without its end ("\n" or "\r\n"), NUL-terminated; a NUL inside shows in len. Borrowed for the call. */
	void (*on_line)(const char *line, size_t len, void *data);
	void (*on_long)(size_t len, void *data); /* a line of so many bytes was dropped */
	void (*on_end)(void *data); /* once: end of the file, or the other side is gone */
	void *data;
};

/* It begins paused. */
struct input *input_open(struct loop *loop, const struct input_options *options, struct err *err);
void input_pause(struct input *input); /* no line comes after this */
void input_resume(struct input *input);
void input_close(struct input *input); /* no callback comes after this; NULL is fine */

#endif
