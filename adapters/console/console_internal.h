/* console_internal.h - what the files of this adapter share */
#ifndef CONSOLE_INTERNAL_H
#define CONSOLE_INTERNAL_H

#include "adapters/console/console.h"
#include "base/arena.h"
#include "base/list.h"
#include "base/strbuf.h"
#include "loop/input.h"

/* What is known of a post that stands in the chat: for its buttons, and to print an edit only when it says more. */
struct record {
	struct list link;
	struct arena arena;
	const char *id, *channel, *thread, *private_to;
	bool direct;
	const char *head; /* its first line */
	enum tone tone;
	bool under_way; /* it will change by itself */
	const char **buttons;
	size_t n_buttons;
};

struct console {
	struct chat chat; /* first: the door's handle is ours */
	struct loop *loop;
	struct console_options options;
	char *user, *channel, *workspace; /* as who and where the next line is said */
	bool direct;
	char *start_id; /* makes ids of two runs differ */
	char event_id[CHAT_ID_MAX + 1];
	bool is_up, starting, closing;

	struct list posts;   /* struct pending: taken, done() comes next turn */
	struct list records; /* newest last */
	size_t n_records;
	struct task turn;
	void (*closed)(void *);
	void *closed_data;

	/* console_type.c */
	struct input *input;
	struct timer pace;
	bool waits;       /* for what the last line started */
	bool input_ended; /* on_end is due */

	/* console_print.c */
	bool out_is_tty, in_is_tty;
	struct record *last; /* the record that ends the screen; NULL: something else does */
	unsigned last_rows;
	char *spoken_of; /* the place that the lines above are about */
};

/* console.c */
const char *console_new_id(struct console *console);
struct record *console_record(struct console *console, const char *id);

/* console_type.c: what the person at the terminal types, and the pace of scripts */
int console_type_open(struct console *console, struct err *err);
void console_type_start(struct console *console);
void console_type_close(struct console *console);
void console_type_rest(struct console *console, bool asks); /* a post was shown */

/* console_print.c: the screen */
void console_print_post(struct console *console, struct record *record, bool is_edit,
			bool says_more, const struct chat_post *post);
void console_print_said(struct console *console, const char *text);
void console_print_note(struct console *console, const char *text); /* as it is */
void console_print_own(struct console *console, const char *text);  /* the terminal's own word */
void console_print_prompt(struct console *console);
unsigned console_columns(const struct console *console);

#endif
