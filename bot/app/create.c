/* create.c - droplets that are to be made: what they would be, and what must be known before that is decided
 *
 * Happy path: names and arguments become droplets as they would be; DigitalOcean's lists say what each word means (a key's
 * number, a project's UUID) and whether it can be had; sizes say the price, the account how many more there may be. Then the
 * gate decides about these droplets, and what cannot be is refused before anything runs.
 * Failure modes: a list that a word must be found in does not come: nothing runs, nor when an image's number cannot be looked up,
 * because whose data is in it is not known. One that only helps (sizes, images by name, the account) does not come: the price is
 * not known, which a limit on cost denies, and DigitalOcean itself judges the rest. No
 * right to make it: nothing but the projects was asked for, where the policy names any.
 */
#include "app/create.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/create_parts.h"
#include "app/templates.h"
#include "base/attr.h"

#define BACKUPS_OF_HUNDRED 20 /* of the droplet's price, each week's */

/* ---- what they would be ---------------------------------------------------------------------- */

struct app_account *create_account(const struct turn *turn)
{
	const char *name = turn->parse.args.account;

	if (*name != '\0') {
		return account_find(turn->app, name);
	}
	return turn->app->n_accounts == 1 ? &turn->app->accounts[0] : NULL;
}

static void set_targets(struct turn *turn)
{
	const struct app_account *account = create_account(turn);
	struct gate_targets *targets = &turn->targets;

	targets->n = turn->parse.n_words;
	targets->droplets = arena_array(&turn->arena, targets->n + 1, sizeof(*targets->droplets));
	for (size_t i = 0; i < targets->n; i++) {
		targets->droplets[i] = job_args_future(&turn->parse.args, account->ocean->name,
						       turn->parse.words[i], &turn->arena);
	}
}

size_t create_accounts(const struct app *app, const struct gate_who *who, enum verb verb,
		       struct arena *arena, const char *const **ret_names)
{
	const char **names = arena_array(arena, app->n_accounts + 1, sizeof(*names));
	size_t n = 0;

	for (size_t all = 0; all < 2 && n == 0; all++) {
		for (size_t i = 0; i < app->n_accounts; i++) {
			const char *name = app->accounts[i].ocean->name;
			const struct droplet any = {.account = name,
						    .known = DROPLET_KNOWS_ACCOUNT};

			if (all > 0 || gate_allows(app->gate, who, verb, &any)) {
				names[n++] = name;
			}
		}
	}
	*ret_names = names;
	return n;
}

bool create_targets(struct turn *turn)
{
	if (create_account(turn) == NULL) {
		turn_note(turn, "decision", verb_info(turn->parse.row->verb)->name, "not-clear");
		create_say_account(turn);
		return false;
	}
	set_targets(turn);
	return true;
}

/* ---- which are asked for --------------------------------------------------------------------- */

static bool wants_projects(const struct turn *turn)
{
	return turn->parse.args.project[0] != '\0' ||
	       policy_names_projects(gate_policy(turn->app->gate));
}

static bool wants_sizes(const struct turn *turn)
{
	return !prices_fresh(&create_account(turn)->prices);
}

static bool is_number(const char *text)
{
	return strspn(text, "0123456789") == strlen(text);
}

static bool wants_image(const struct turn *turn)
{
	return is_number(turn->parse.args.image);
}

static bool wants_images(const struct turn *turn)
{
	return !turn->facts.found && !is_number(turn->parse.args.image);
}

static bool wants_source(const struct turn *turn)
{
	return turn->facts.create.source_of != 0;
}

static bool wants_keys(const struct turn *turn)
{
	return turn->parse.args.keys[0] != '\0';
}

static bool wants_vpcs(const struct turn *turn)
{
	return turn->parse.args.vpc[0] != '\0';
}

static bool always(const struct turn *turn)
{
	(void)turn;
	return true;
}

static const struct look {
	enum ocean_verb verb;
	enum ocean_images images;
	bool helps; /* without it the rest goes on */
	bool (*wanted)(const struct turn *turn);
	void (*take)(struct turn *turn, const struct ocean_call *call);
} looks[] = {
	{OCEAN_PROJECTS, 0, false, wants_projects, create_take_projects}, /* before the rights */
	{OCEAN_SIZES, 0, true, wants_sizes, create_take_sizes},
	{OCEAN_IMAGE, 0, false, wants_image, create_take_image_one},
	{OCEAN_IMAGES, OCEAN_IMAGES_DISTRIBUTIONS, true, wants_images, create_take_images},
	{OCEAN_IMAGES, OCEAN_IMAGES_APPLICATIONS, true, wants_images, create_take_images},
	{OCEAN_IMAGES, OCEAN_IMAGES_OWN, true, wants_images, create_take_images},
	{OCEAN_SNAPSHOTS, 0, false, wants_source, create_take_source},
	{OCEAN_KEYS, 0, false, wants_keys, create_take_keys},
	{OCEAN_VPCS, 0, false, wants_vpcs, create_take_vpcs},
	{OCEAN_ACCOUNT, 0, true, always, create_take_account},
};

static void check_size(struct turn *turn)
{
	const struct prices *prices = &create_account(turn)->prices;
	const struct job_args *args = &turn->parse.args;
	const struct ocean_size *size = prices_find(prices, args->size);
	bool region = false;

	if (prices->n == 0) {
		return;
	}
	create_begin_near(turn);
	for (size_t i = 0; i < prices->n; i++) {
		region = region || create_is_in(&prices->sizes[i].regions, args->region);
		for (size_t k = 0; k < prices->sizes[i].regions.n; k++) {
			create_near(turn, prices->sizes[i].regions.words[k], args->region);
		}
	}
	if (!region) {
		create_lacks(turn, ARG_REGION,
			     arena_printf(&turn->arena, "There is no region %s.", args->region));
		return;
	}
	turn->facts.create.near = prices_near(prices, args->size);
	if (size == NULL) {
		create_lacks(turn, ARG_SIZE,
			     arena_printf(&turn->arena, "There is no size %s.", args->size));
	} else if (!size->available || !create_is_in(&size->regions, args->region)) {
		create_lacks(turn, ARG_NONE,
			     arena_printf(&turn->arena, "%s is not to be had in %s now.",
					  args->size, args->region));
	}
}

/* By rights alone: who may not learns nothing more, and costs no call. */
static bool may(struct turn *turn)
{
	for (size_t i = 0; i < turn->targets.n; i++) {
		if (!gate_allows(turn->app->gate, &turn->who, turn->parse.row->verb,
				 turn->targets.droplets[i])) {
			return false;
		}
	}
	return true;
}

bool create_ask(struct turn *turn)
{
	struct facts *facts = &turn->facts;

	for (; facts->at < ARRAY_LEN(looks) && facts->lack == NULL && facts->err.kind == ERR_NONE;
	     facts->at++) {
		const struct look *look = &looks[facts->at];
		struct ocean_call call = {.verb = look->verb};

		if (look->verb == OCEAN_IMAGES) {
			call.images = look->images;
		} else if (look->verb == OCEAN_IMAGE) {
			call.image_id = strtoull(turn->parse.args.image, NULL, 10);
		}
		if (look->verb == OCEAN_SIZES) { /* the project is known, if it can be */
			set_targets(turn);
			if (!may(turn)) {
				facts->create.no_right = true;
				return false;
			}
		}
		if (look->verb == OCEAN_IMAGE) { /* a wrong region or size is the better answer */
			check_size(turn);
		}
		if (facts->lack == NULL && look->wanted(turn) &&
		    facts_ask(turn, create_account(turn)->ocean->name, &call)) {
			return true;
		}
	}
	return false;
}

void create_took(struct turn *turn, const struct ocean_call *call, const struct err *err)
{
	struct facts *facts = &turn->facts;
	const struct look *look = &looks[facts->at];

	if (err == NULL) {
		look->take(turn, call);
	} else if (look->verb == OCEAN_IMAGE && err->kind == ERR_NOTFOUND) {
		create_no_image(turn);
	} else if (look->verb == OCEAN_IMAGES) {
		facts->found = true; /* whatever it is, DigitalOcean judges it */
	} else if (!look->helps &&
		   (look->verb != OCEAN_PROJECTS || turn->parse.args.project[0] != '\0')) {
		err_copy(&facts->err, err);
	}
}

/* ---- once all has come ----------------------------------------------------------------------- */

static void check_template(struct turn *turn)
{
	struct job_args *args = &turn->parse.args;
	char *text = NULL;
	struct err err = {0};
	size_t n;
	const char *const *names;

	if (args->template[0] == '\0') {
		return;
	}
	if (templates_read(turn->app->user_data, args->template, &text, args->template_sum, &err) ==
	    0) {
		free(text);
		return;
	}
	create_begin_near(turn);
	names = templates_list(turn->app->user_data, &turn->arena, &n);
	for (size_t i = 0; i < n; i++) {
		create_near(turn, names[i], args->template);
	}
	create_lacks(turn, err.kind == ERR_NOTFOUND ? ARG_TEMPLATE : ARG_NONE,
		     words_sentence(&turn->arena, err.msg));
}

static void check_names(struct turn *turn)
{
	size_t n;
	const struct droplet **seen = gate_filter(turn->app->gate, &turn->who, VERB_DROPLET_SHOW,
						  turn->snapshot, &turn->arena, &n);

	for (size_t i = 0; i < n * turn->targets.n; i++) {
		const struct droplet *is = seen[i % n];
		const char *name = turn->targets.droplets[i / n]->name;

		if (is->name != NULL && strcasecmp(is->name, name) == 0) {
			create_lacks(
				turn, ARG_NONE,
				arena_printf(&turn->arena, "There is a droplet %s already.", name));
			return;
		}
	}
}

static void set_price(struct turn *turn)
{
	struct job_args *args = &turn->parse.args;
	const struct ocean_size *size = prices_find(&create_account(turn)->prices, args->size);
	unsigned cents = size != NULL ? size->price_monthly_cents : 0;

	if (cents > 0) {
		cents += args->backups ? (cents * BACKUPS_OF_HUNDRED + 99) / 100 : 0;
		job_args_set_price(args, 0, cents);
	}
}

void create_known(struct turn *turn)
{
	struct facts *facts = &turn->facts;

	set_targets(turn);
	if (facts->create.no_right) {
		return;
	}
	set_price(turn);
	if (facts->lack == NULL && facts->err.kind == ERR_NONE) {
		check_template(turn);
	}
	if (facts->lack == NULL && facts->err.kind == ERR_NONE) {
		check_names(turn);
	}
}
