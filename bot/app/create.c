/* create.c - droplets that are to be made: what they would be, and what must be known before that is decided
 *
 * Happy path: names and arguments become droplets as they would be; DigitalOcean's lists say what each word means (a key's
 * number, a project's UUID) and whether it can be had; sizes say the price, the account how many more there may be. Then the
 * gate decides about these droplets, and what cannot be is refused before anything runs.
 * Failure modes: a list that a word must be found in does not come: nothing runs. One that only helps (sizes, images, the
 * account) does not come: the price is not known, which a limit on cost denies, and DigitalOcean itself judges the rest. No
 * right to make it: nothing but the projects was asked for, where the policy names any.
 */
#include "app/create.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/templates.h"
#include "base/attr.h"
#include "base/log.h"
#include "base/names.h"

#define NEAR_MOST 3           /* letters */
#define BACKUPS_OF_HUNDRED 20 /* of the droplet's price, each week's */

/* ---- what they would be ---------------------------------------------------------------------- */

static struct app_account *account_of(const struct turn *turn)
{
	const char *name = turn->parse.args.account;

	if (*name != '\0') {
		return account_find(turn->app, name);
	}
	return turn->app->n_accounts == 1 ? &turn->app->accounts[0] : NULL;
}

static void set_targets(struct turn *turn)
{
	const struct app_account *account = account_of(turn);
	struct gate_targets *targets = &turn->targets;

	targets->n = turn->parse.n_words;
	targets->droplets = arena_array(&turn->arena, targets->n + 1, sizeof(*targets->droplets));
	for (size_t i = 0; i < targets->n; i++) {
		targets->droplets[i] = job_args_future(&turn->parse.args, account->ocean->name,
						       turn->parse.words[i], &turn->arena);
	}
}

bool create_targets(struct turn *turn)
{
	struct err err = {0};

	if (account_of(turn) == NULL) {
		(void)err_set(&err, ERR_USAGE,
			      turn->parse.args.account[0] != '\0'
				      ? "there is no account \"%s\" here"
				      : "in which account%s? Say also: account ACCOUNT",
			      turn->parse.args.account);
		turn_note(turn, "decision", verb_info(turn->parse.row->verb)->name, "not-clear");
		turn_say(turn, true, words_usage(&turn->arena, &err));
		return false;
	}
	set_targets(turn);
	return true;
}

/* ---- what is near ---------------------------------------------------------------------------- */

/* No word that is typed has a space: "ana-laptop" is the key "ana laptop" too. */
static bool is_called(const char *name, const char *word)
{
	size_t i = 0;

	for (; name != NULL && name[i] != '\0'; i++) {
		char a = name[i] == ' ' ? '-' : (char)tolower((unsigned char)name[i]);
		char b = (char)tolower((unsigned char)word[i]);

		if (a != b) {
			return false;
		}
	}
	return name != NULL && word[i] == '\0';
}

/* A word that is there, in the place of one that is not. */
static void near(struct turn *turn, const char *is, const char *said)
{
	struct create_facts *c = &turn->facts.create;
	char *word = arena_strdup(&turn->arena, is != NULL ? is : "");
	size_t distance;

	for (char *c1 = word; (c1 = strchr(c1, ' ')) != NULL;) {
		*c1 = '-';
	}
	distance = *word != '\0' ? names_distance(word, said, NEAR_MOST) : NEAR_MOST + 1;

	if (distance <= NEAR_MOST && (c->near == NULL || distance < c->near_distance) &&
	    strpbrk(word, ",\"'`") == NULL) {
		c->near = word;
		c->near_distance = distance;
	}
}

static void begin_near(struct turn *turn)
{
	turn->facts.create.near = NULL;
}

/* It cannot be made: why, and what was meant perhaps. */
static void lacks(struct turn *turn, enum job_arg arg, const char *why)
{
	struct facts *facts = &turn->facts;

	facts->lack = why;
	facts->lacking = turn->targets.droplets[0];
	facts->create.meant_arg = arg;
	if (arg == ARG_NONE) {
		facts->create.near = NULL;
	}
}

static bool is_in(const struct ocean_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->words[i], word) == 0) {
			return true;
		}
	}
	return false;
}

/* ---- each list ------------------------------------------------------------------------------- */

/* The one that was asked for, or the one that everything goes into. */
static void take_projects(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	const struct ocean_project *is = NULL;
	size_t n = 0;

	begin_near(turn);
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_project *one = &call->projects[i];
		bool fits = args->project[0] == '\0' ? one->is_default
						     : strcasecmp(one->id, args->project) == 0 ||
							       is_called(one->name, args->project);

		n += fits;
		is = fits ? one : is;
		near(turn, one->name, args->project);
	}
	if (n == 1 && is->name != NULL && job_args_set_project(args, is->id, is->name) == 0) {
		return;
	}
	if (args->project[0] == '\0') {
		return; /* not known: the worst case */
	}
	lacks(turn, n == 0 ? ARG_PROJECT : ARG_NONE,
	      n == 0  ? arena_printf(&turn->arena, "There is no project %s.", args->project)
	      : n > 1 ? arena_printf(&turn->arena, "%zu projects are called %s: say the UUID.", n,
				     args->project)
		      : "That project cannot be named here.");
}

static void take_sizes(struct turn *turn, const struct ocean_call *call)
{
	prices_keep(&account_of(turn)->prices, call->sizes, call->n_things);
}

/* Of one that keeps a droplet's disk: whose disk that is must be looked up. */
static void note_source(struct turn *turn, const struct ocean_image *image)
{
	turn->facts.create.source_of =
		image->type != NULL && (strcmp(image->type, "snapshot") == 0 ||
					strcmp(image->type, "backup") == 0)
			? image->id
			: 0;
}

static void take_image(struct turn *turn, const struct ocean_image *image)
{
	const struct job_args *args = &turn->parse.args;
	const struct ocean_size *size = prices_find(&account_of(turn)->prices, args->size);

	turn->facts.found = true;
	note_source(turn, image);
	if (turn->facts.create.source_of != 0) {
		return; /* nothing is told of it before it is known who may see it */
	}
	if (image->regions.n > 0 && !is_in(&image->regions, args->region)) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "%s is not to be had in %s.", args->image,
				   args->region));
	} else if (size != NULL && size->disk_gb > 0 && size->disk_gb < image->min_disk_gb) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "%s needs a disk of %u GB, and %s has %u GB.",
				   args->image, image->min_disk_gb, args->size, size->disk_gb));
	}
}

static void no_image(struct turn *turn)
{
	const char *word = turn->facts.create.image_word;

	lacks(turn, ARG_IMAGE,
	      arena_printf(&turn->arena, "There is no image %s.",
			   word != NULL ? word : turn->parse.args.image));
}

static void take_image_one(struct turn *turn, const struct ocean_call *call)
{
	if (call->n_things > 0) {
		take_image(turn, &call->image_list[0]);
	}
}

/* By slug; of our own, which have none, by name. */
static void take_images(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	bool own = call->images == OCEAN_IMAGES_OWN;
	/* names of our own are told to who may list them */
	bool lists = gate_could(turn->app->gate, &turn->who, VERB_IMAGE_LIST);
	const struct ocean_image *is = NULL;
	size_t n = 0;

	if (call->images == OCEAN_IMAGES_DISTRIBUTIONS) {
		begin_near(turn);
	}
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_image *one = &call->image_list[i];
		const char *word = own ? one->name : one->slug;

		if (!own || lists) {
			near(turn, word, args->image);
		}
		if (is_called(word, args->image)) {
			is = one;
			n++;
		}
	}
	if (n > 1 && own && !lists) {
		no_image(turn);
	} else if (n > 1 && own) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "%zu images are called %s: say the id.", n,
				   args->image));
	} else if (is != NULL) {
		take_image(turn, is);
		if (own) {
			turn->facts.create.image_word = arena_strdup(&turn->arena, args->image);
			(void)snprintf(args->image, sizeof(args->image), "%llu",
				       (unsigned long long)is->id);
		}
	} else if (own) {
		no_image(turn);
	}
}

/*
 * Its data would be in the new droplet: only for who may see the one that it was made of. That may be gone, and a backup's is not
 * told: of such a one nothing is known.
 */
static void take_source(struct turn *turn, const struct ocean_call *call)
{
	const char *account = account_of(turn)->ocean->name;
	struct droplet unknown = {.account = account, .known = DROPLET_KNOWS_ACCOUNT};
	const struct droplet *is = &unknown;
	size_t n;
	const struct droplet *all = ocean_snapshot_all(turn->snapshot, &n);

	for (size_t i = 0; i < call->n_things; i++) {
		if (call->saved[i].id == turn->facts.create.source_of) {
			unknown.id = call->saved[i].droplet_id;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (unknown.id != 0 && all[i].id == unknown.id &&
		    strcmp(all[i].account, account) == 0) {
			is = &all[i];
		}
	}
	if (!gate_allows(turn->app->gate, &turn->who, VERB_DROPLET_SHOW, is)) {
		begin_near(turn);
		no_image(turn);
	}
}

/* One word to one key; 0: none, or it was said why not. */
static uint64_t key_of(struct turn *turn, const struct ocean_call *call, const char *word)
{
	uint64_t id = 0;
	size_t n = 0;

	begin_near(turn);
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_key *key = &call->keys[i];
		char number[24];

		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)key->id);
		if (strcmp(number, word) == 0 || is_called(key->name, word) ||
		    (key->fingerprint != NULL && strcasecmp(key->fingerprint, word) == 0)) {
			id = key->id;
			n++;
		}
		near(turn, key->name, word);
	}
	if (n > 1) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "%zu SSH keys are called %s: say the id.", n,
				   word));
	} else if (n == 0) {
		turn->facts.create.meant_for = word;
		lacks(turn, ARG_KEYS, arena_printf(&turn->arena, "There is no SSH key %s.", word));
	}
	return n == 1 ? id : 0;
}

static void take_keys(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	size_t n;
	const char *const *words = job_args_list(args->keys, &turn->arena, &n);
	const char *ids = "";

	for (size_t i = 0; i < n && turn->facts.lack == NULL; i++) {
		const char *id = arena_printf(&turn->arena, "%llu",
					      (unsigned long long)key_of(turn, call, words[i]));
		bool again = false;

		for (size_t k = 0; k < i && turn->facts.lack == NULL; k++) {
			again = again || strcasecmp(words[k], words[i]) == 0;
		}
		ids = again ? ids
			    : arena_printf(&turn->arena, "%s%s%s", ids, *ids != '\0' ? "," : "",
					   id);
	}
	if (turn->facts.lack == NULL) {
		struct err twice = {0};

		if (job_arg_set(args, ARG_KEY_IDS, ids, &twice) < 0) { /* two words, one key */
			lacks(turn, ARG_NONE, "Two of these SSH keys are one.");
		}
	}
}

static void take_vpcs(struct turn *turn, const struct ocean_call *call)
{
	struct job_args *args = &turn->parse.args;
	const struct ocean_vpc *is = NULL;
	struct err err = {0};
	size_t n = 0;

	begin_near(turn);
	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_vpc *one = &call->vpcs[i];

		if (strcasecmp(one->id, args->vpc) == 0 || is_called(one->name, args->vpc)) {
			is = one;
			n++;
		}
		near(turn, one->name, args->vpc);
	}
	if (n == 0) {
		lacks(turn, ARG_VPC, arena_printf(&turn->arena, "There is no VPC %s.", args->vpc));
	} else if (n > 1) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "%zu VPCs are called %s: say the UUID.", n,
				   args->vpc));
	} else if (is->region != NULL && strcmp(is->region, args->region) != 0) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "VPC %s is in %s, not in %s.", args->vpc,
				   is->region, args->region));
	} else {
		(void)job_arg_set(args, ARG_VPC_ID, is->id, &err);
	}
}

static void take_account(struct turn *turn, const struct ocean_call *call)
{
	size_t n, has = 0;
	const struct droplet *all = ocean_snapshot_all(turn->snapshot, &n);
	const char *name = account_of(turn)->ocean->name;
	unsigned limit = call->account != NULL ? call->account->droplet_limit : 0;

	for (size_t i = 0; i < n; i++) {
		has += all[i].account != NULL && strcmp(all[i].account, name) == 0;
	}
	if (limit > 0 && has + turn->targets.n > limit) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena,
				   "The account has %zu droplets, and may have %u. "
				   "DigitalOcean raises that limit when asked.",
				   has, limit));
	}
}

/* ---- which are asked for --------------------------------------------------------------------- */

static bool wants_projects(const struct turn *turn)
{
	return turn->parse.args.project[0] != '\0' ||
	       policy_names_projects(gate_policy(turn->app->gate));
}

static bool wants_sizes(const struct turn *turn)
{
	return !prices_fresh(&account_of(turn)->prices);
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
	{OCEAN_PROJECTS, 0, false, wants_projects, take_projects}, /* before the rights */
	{OCEAN_SIZES, 0, true, wants_sizes, take_sizes},
	{OCEAN_IMAGE, 0, true, wants_image, take_image_one},
	{OCEAN_IMAGES, OCEAN_IMAGES_DISTRIBUTIONS, true, wants_images, take_images},
	{OCEAN_IMAGES, OCEAN_IMAGES_APPLICATIONS, true, wants_images, take_images},
	{OCEAN_IMAGES, OCEAN_IMAGES_OWN, true, wants_images, take_images},
	{OCEAN_SNAPSHOTS, 0, false, wants_source, take_source},
	{OCEAN_KEYS, 0, false, wants_keys, take_keys},
	{OCEAN_VPCS, 0, false, wants_vpcs, take_vpcs},
	{OCEAN_ACCOUNT, 0, true, always, take_account},
};

static void check_size(struct turn *turn)
{
	const struct prices *prices = &account_of(turn)->prices;
	const struct job_args *args = &turn->parse.args;
	const struct ocean_size *size = prices_find(prices, args->size);
	bool region = false;

	if (prices->n == 0) {
		return;
	}
	begin_near(turn);
	for (size_t i = 0; i < prices->n; i++) {
		region = region || is_in(&prices->sizes[i].regions, args->region);
		for (size_t k = 0; k < prices->sizes[i].regions.n; k++) {
			near(turn, prices->sizes[i].regions.words[k], args->region);
		}
	}
	if (!region) {
		lacks(turn, ARG_REGION,
		      arena_printf(&turn->arena, "There is no region %s.", args->region));
		return;
	}
	turn->facts.create.near = prices_near(prices, args->size);
	if (size == NULL) {
		lacks(turn, ARG_SIZE,
		      arena_printf(&turn->arena, "There is no size %s.", args->size));
	} else if (!size->available || !is_in(&size->regions, args->region)) {
		lacks(turn, ARG_NONE,
		      arena_printf(&turn->arena, "%s is not to be had in %s now.", args->size,
				   args->region));
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
		    facts_ask(turn, account_of(turn)->ocean->name, &call)) {
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
		no_image(turn);
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
	begin_near(turn);
	names = templates_list(turn->app->user_data, &turn->arena, &n);
	for (size_t i = 0; i < n; i++) {
		near(turn, names[i], args->template);
	}
	lacks(turn, err.kind == ERR_NOTFOUND ? ARG_TEMPLATE : ARG_NONE,
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
			lacks(turn, ARG_NONE,
			      arena_printf(&turn->arena, "There is a droplet %s already.", name));
			return;
		}
	}
}

static void set_price(struct turn *turn)
{
	struct job_args *args = &turn->parse.args;
	const struct ocean_size *size = prices_find(&account_of(turn)->prices, args->size);
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

/* ---- and it cannot be ------------------------------------------------------------------------ */

/* The command again with the word that is near. */
static const char *said_with(struct turn *turn, enum job_arg arg, const char *word)
{
	struct job_args as_said = turn->parse.args;
	struct err err = {0};
	const char *said = NULL;
	const char *list = "";
	size_t n;
	const char *const *words = job_args_list(as_said.keys, &turn->arena, &n);

	for (size_t i = 0; arg == ARG_KEYS && i < n; i++) {
		const char *one =
			strcmp(words[i], turn->facts.create.meant_for) == 0 ? word : words[i];

		list = arena_printf(&turn->arena, "%s%s%s", list, i > 0 ? "," : "", one);
	}
	if (job_arg_set(&turn->parse.args, arg, arg == ARG_KEYS ? list : word, &err) == 0) {
		said = turn_said_again(turn);
	}
	turn->parse.args = as_said;
	return said;
}

bool create_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn)
{
	const struct facts *facts = &turn->facts;
	const struct create_facts *c = &facts->create;
	const char *said = NULL;

	if (facts->err.kind != ERR_NONE) {
		turn_refused(turn, 0, decision, "nothing ran: what it is made of is not known",
			     txn);
		turn_say(turn, true, words_failed(&turn->arena, true, true, &facts->err, false));
		return true;
	}
	if (facts->lack == NULL) {
		return false;
	}
	if (c->near != NULL && c->meant_arg != ARG_NONE) {
		said = said_with(turn, c->meant_arg, c->near);
	}
	turn_refused(turn, 0, decision, "nothing ran: it cannot be made so", txn);
	turn_say(turn, true,
		 words_impossible(&turn->arena, turn->app->buttons, facts->lack,
				  said != NULL ? c->near : NULL, said));
	return true;
}
