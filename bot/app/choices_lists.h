/* choices_lists.h - the lists of DigitalOcean's that a form offers from, and each thing of them as a word; inside this room only */
#ifndef APP_CHOICES_LISTS_H
#define APP_CHOICES_LISTS_H

#include "base/verbs.h"
#include "chat/form.h"
#include "command/command.h"
#include "ocean/ocean.h"

enum choices_of {
	OF_REGIONS = 0,
	OF_SIZES,
	OF_IMAGES,
	OF_KEYS,
	OF_TAGS,
	OF_VPCS,
	OF_PROJECTS,
	CHOICES_LISTS,
};

struct choices_row {
	enum command_from from;
	enum ocean_verb ocean;
	enum verb verb;  /* who may see the list; VERB_NONE: whoever may fill in the form */
	bool of_account; /* each account has its own: nothing is offered before one is chosen */
	bool open;       /* what is in no list may be said too: a number, a new tag */
	bool early;      /* asked for when the form opens */
	int64_t fresh_ms;
};

extern const struct choices_row choices_rows[CHOICES_LISTS];
/* False: nothing is offered of that. */
bool choices_find(enum command_from from, enum choices_of *ret_of);

/* value and label as in a field; region: where alone it can be had, NULL: anywhere. */
struct choices_one {
	struct field_choice choice;
	const char *region;
};

/* What came, as words that the grammar takes for that argument; what has no such word is left out. In the arena. */
size_t choices_read(const struct ocean_call *call, struct arena *arena,
		    const struct choices_one **ret_all);

#endif
