/* create_parts.h - what the files create*.c share; nobody else includes it
 *
 *   create.c        the order: what is asked, what is judged          create_lists.c  what each list says
 *   create_words.c  words that are like one that is not there; what is said when it cannot be
 */
#ifndef APP_CREATE_PARTS_H
#define APP_CREATE_PARTS_H

#include "app/create.h"

/* create.c: the account in which they are made; NULL: that is not clear */
struct app_account *create_account(const struct turn *turn);

/* create_words.c. No word that is typed has a space: "ana-laptop" is the key "ana laptop" too. */
bool create_is_called(const char *name, const char *word);
/* `is` is there; if it is like what was said it is offered in its place. begin: nothing is like it yet. */
void create_begin_near(struct turn *turn);
void create_near(struct turn *turn, const char *is, const char *said);
/* It cannot be made: why (in the arena), and in the place of which argument the near word would stand (ARG_NONE: of none). */
void create_lacks(struct turn *turn, enum job_arg arg, const char *why);
void create_no_image(struct turn *turn);
void create_say_account(struct turn *turn); /* which one is not clear */

bool create_is_in(const struct ocean_words *words, const char *word);

/* create_lists.c: each takes what its call brought. */
void create_take_projects(struct turn *turn, const struct ocean_call *call);
void create_take_sizes(struct turn *turn, const struct ocean_call *call);
void create_take_image_one(struct turn *turn, const struct ocean_call *call);
void create_take_images(struct turn *turn, const struct ocean_call *call);
void create_take_source(struct turn *turn, const struct ocean_call *call);
void create_take_keys(struct turn *turn, const struct ocean_call *call);
void create_take_vpcs(struct turn *turn, const struct ocean_call *call);
void create_take_account(struct turn *turn, const struct ocean_call *call);

#endif
