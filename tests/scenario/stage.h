/* stage.h - the real app over four seams in memory: virtual clock, simulated DigitalOcean, headless terminal, memory store
 *
 * What the chat shows is kept as a transcript of posts, each with its text as a phone would show it.
 */
#ifndef SCENARIO_STAGE_H
#define SCENARIO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "adapters/console/console.h"
#include "app/app.h"
#include "sim/ocean.h"
#include "sim/world.h"

#define STAGE_START_MS 1767603600000 /* 2026-01-05T09:00:00Z, a Monday */
#define STAGE_BUTTONS_MAX 12
#define STAGE_ACCOUNTS_MAX 4

struct shown {
	char *channel; /* "ops", or the person's id for a direct one */
	bool direct;
	char *private_to; /* NULL: everybody there */
	char *id;
	bool edit;
	char *text;
	size_t n_buttons;
	char *labels[STAGE_BUTTONS_MAX];
	char *buttons[STAGE_BUTTONS_MAX];
};

struct stage {
	struct loop *loop;
	struct sim_world *world; /* the first account's */
	struct {
		char name[40];
		struct sim_world *world;
	} accounts
		[STAGE_ACCOUNTS_MAX]; /* of the policy with which the stage was built, in its order */
	size_t n_accounts;
	struct store *store;
	char user_data[72];   /* the folder of templates, once there is one */
	char policy_path[64]; /* a copy of the story's, which the app reads */
	struct app *app;
	struct chat *chat;
	struct shown *shown;
	size_t n_shown;
	/* As console_options': asked before a post is taken. NULL: all are. Set any time. */
	bool (*fault)(struct chat_post *post, struct err *ret_err, void *data);
	void *fault_data;
	char said[CHAT_ID_MAX + 1]; /* id of what was said last */
	/* A network that takes pictures, which take so long to be painted; one is shown as a line "[picture: ALT]". */
	bool files;
	int64_t paint_ms;
	struct post_painter painter;
	struct chat_ops ops;
	/* A network that opens forms: the newest one. late: its word about what was sent always comes too late. */
	struct {
		bool on, late, direct;
		unsigned n_searches;
		char id[CHAT_ID_MAX + 1], channel[80], user[80];
	} form;
	const struct chat_post *posting;
	uint64_t own_droplet;     /* on which the app runs, from its next start on */
	bool own_droplet_awaited; /* from its next start on that is not known yet */
};

/* A stage with that policy file and an empty DigitalOcean account for each of its accounts. NULL and a sentence on stderr when it cannot be. */
struct stage *stage_new(const char *policy_path);
void stage_free(
	struct stage *stage); /* also asserts that the loop closes and nothing is under way */

/* The app's policy file becomes this one; false: it cannot be read. Nobody tells the app. */
bool stage_policy_file(struct stage *stage, const char *policy_path);
/* The account of that name; name NULL: the first. NULL: there is none. */
struct sim_world *stage_account(const struct stage *stage, const char *name);
/* What a person sees besides posts, as one. */
void stage_show(struct stage *stage, const char *channel, bool direct, const char *private_to,
		const char *text);
void stage_use_ops(struct stage *stage); /* the chat's operations, with what was switched on */
void stage_forms(struct stage *stage, bool late); /* stage_forms.c */
void stage_fill(struct stage *stage, const char *user, const struct field_value *values,
		size_t n); /* sends the newest form */
/* A template of user data is there from now on, or is another one. */
bool stage_template(struct stage *stage, const char *name, const char *text);
void stage_search(struct stage *stage, const char *user, const char *field, const char *typed,
		  const struct field_value *values, size_t n);
void stage_files(struct stage *stage, int64_t paint_ms);
void stage_reload(struct stage *stage);  /* the app is told to read it again, as by a signal */
void stage_restart(struct stage *stage); /* the same store, a new program */
void stage_pass(struct stage *stage, int64_t ms);

/* id NULL: a new delivery. flags: by_bot, edited, age. */
struct stage_said {
	const char *user, *channel; /* channel "direct": one-to-one */
	const char *text;
	const char *id;
	int64_t age_ms;
	bool by_bot, edited;
};
/* Returns the id of what was said, valid until the next. */
const char *stage_say(struct stage *stage, const struct stage_said *said);
void stage_press(struct stage *stage, const char *user, const struct shown *shown, size_t button);
/* The button of that id, wherever one likes. */
void stage_press_id(struct stage *stage, const char *user, const char *channel, bool direct,
		    const char *message, const char *button);

#endif
