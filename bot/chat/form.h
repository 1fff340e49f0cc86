/* form.h - a form that a network opens for one person; data, the same for every network
 *
 * An adapter with CHAT_FORMS opens it on the ticket of an event (event.h: `opens`); it comes back as EVENT_FORM with what was
 * filled in. It is seen by nobody but who opened it, and nothing of it is kept anywhere.
 */
#ifndef CHAT_FORM_H
#define CHAT_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS_MAX 20
#define FORM_VALUE_MAX 400   /* bytes that a field may bring; what has more is no value */
#define FORM_LIST_MAX 1000   /* the same of one that takes several: they are cut there */
#define FORM_CHOICES_MAX 100 /* of a field, and in one answer to a search */

enum field_kind {
	FORM_TEXT = 0,
	FORM_CODE, /* a secret that is good once: shown to nobody, kept nowhere, never filled in beforehand */
	FORM_SELECT, /* one of its choices */
	FORM_SEARCH, /* one of those that are offered while a person types (EVENT_SEARCH) */
};

struct field_choice {
	const char *value; /* at most 75 bytes */
	const char *label;
};

struct field {
	enum field_kind kind;
	const char *id; /* letters and digits, unlike the others of its form */
	const char *label;
	const char *hint; /* a line below it; NULL: none */
	bool optional;
	unsigned least, most; /* characters of a TEXT or CODE; most 0: FORM_VALUE_MAX */
	const struct field_choice *choices; /* SELECT */
	size_t n_choices;
	unsigned
		several; /* SEARCH: so many may be chosen, and come with commas between them; 0: one */
	bool steers; /* what others offer hangs on it: an EVENT_SEARCH brings what was chosen here */
};

struct chat_form {
	const char *id;    /* opaque, as a button's; comes back with what was filled in */
	const char *title; /* at most 24 columns, as `send` */
	const char *send;
	const struct field *fields;
	size_t n_fields; /* at least 1 */
};

/* What stands in a field. */
struct field_value {
	const char *id, *text;
};

/* To an EVENT_FORM: is it taken? To an EVENT_SEARCH: what is offered. */
struct form_answer {
	const char *
		wrong; /* a sentence beside the field; the form stays open. NULL: taken, it closes */
	const char *field; /* which one; NULL: the first */
	const struct field_choice *choices;
	size_t n_choices;
};

#endif
