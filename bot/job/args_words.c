/* args_words.c - what the arguments of a verb come to, in words for people, and the droplets that they make
 *
 * A text that no argument may hold as it is (a project's name, the lines about a snapshot) stands coded in them.
 */
#include "job/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/money.h"
#include "ocean/value.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* ---- coded texts ---------------------------------------------------------------------------- */

static const char *decoded(const char *text, struct arena *arena)
{
	char *out = arena_strdup(arena, text);
	size_t n = 0;

	for (; *text != '\0'; text++) {
		char digits[3] = {text[0] == '%' ? text[1] : '\0', '\0', '\0'};

		if (digits[0] == '\0' || text[2] == '\0') {
			out[n++] = *text;
			continue;
		}
		digits[1] = text[2];
		out[n++] = (char)strtoul(digits, NULL, 16);
		text += 2;
	}
	out[n] = '\0';
	return out;
}

/* What no argument may hold as it is becomes %XX. -1: it does not fit. */
static int code(const char *text, char *to, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		bool plain = strchr(PLAIN, *c) != NULL;

		if (n + (plain ? 1 : 3) >= size) {
			return -1;
		}
		if (plain) {
			to[n++] = (char)*c;
		} else {
			to[n++] = '%';
			to[n++] = hex[*c >> 4];
			to[n++] = hex[*c & 15];
		}
	}
	to[n] = '\0';
	return n > 0 ? 0 : -1;
}

int job_args_set_project(struct job_args *args, const char *id, const char *name)
{
	char coded[sizeof(args->project_name)];

	if (!value_is_uuid(id) || code(name, coded, sizeof(coded)) < 0) {
		return -1;
	}
	memcpy(args->project_name, coded, sizeof(coded));
	for (size_t n = 0; n < sizeof(args->project_id); n++) {
		args->project_id[n] =
			id[n] >= 'A' && id[n] <= 'F' ? (char)(id[n] - 'A' + 'a') : id[n];
	}
	return 0;
}

int job_args_set_saved(struct job_args *args, uint64_t id, const char *lines)
{
	char coded[sizeof(args->saved)];

	if (code(lines, coded, sizeof(coded)) < 0) {
		return -1;
	}
	memcpy(args->saved, coded, sizeof(coded));
	(void)snprintf(args->snapshot, sizeof(args->snapshot), "%llu", (unsigned long long)id);
	return 0;
}

/* ---- for people ----------------------------------------------------------------------------- */

const char *job_args_change(const struct job_args *args, struct arena *arena)
{
	const char *to = args->size[0] != '\0' ? args->size : args->name;
	const char *from = args->image[0] != '\0' ? args->image : args->backup;

	if (job_args_make(args)) {
		return "";
	}

	return *to != '\0'     ? arena_printf(arena, " to %s", to)
	       : *from != '\0' ? arena_printf(arena, " from %s", from)
			       : "";
}

static const char *price_words(const struct job_args *args, size_t n_droplets, struct arena *arena)
{
	unsigned long from, to;

	return job_args_price(args, &from, &to)
		       ? arena_printf(arena, "%s -> %s a month%s",
				      money_words(arena, (int64_t)from),
				      money_words(arena, (int64_t)to),
				      n_droplets > 1 ? " each, at most" : "")
		       : "";
}

/* "$6 a month", "3 times $6 = $18 a month" */
static const char *cost_words(const struct job_args *args, size_t n_droplets, struct arena *arena)
{
	int64_t cents = job_args_cost(args);

	if (cents < 0) {
		return "";
	}
	return n_droplets > 1 ? arena_printf(arena, "\n%zu times %s = %s a month", n_droplets,
					     money_words(arena, cents),
					     money_words(arena, cents * (int64_t)n_droplets))
			      : arena_printf(arena, "\n%s a month", money_words(arena, cents));
}

/* A line for each that was said, and for what comes of it that one might not expect. */
static const char *future_words(const struct job_args *args, size_t n_droplets, struct arena *arena)
{
	const struct {
		const char *label, *text;
	} said[] = {
		{"tags", args->tags},
		{"keys", args->keys},
		{"vpc", args->vpc},
		{"project", args->project},
		{"user data", args->template},
		{"account", args->account},
	};
	const char *text =
		arena_printf(arena, "%s in %s\nfrom %s", args->size, args->region, args->image);
	const char *comma = "\nwith ";

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		if (said[i].text[0] != '\0') {
			text = arena_printf(arena, "%s\n%s %s", text, said[i].label, said[i].text);
		}
	}
	if (args->backups) {
		text = arena_printf(arena, "%s%sbackups", text, comma);
		comma = ", ";
	}
	if (args->monitoring) {
		text = arena_printf(arena, "%s%smonitoring", text, comma);
		comma = ", ";
	}
	if (args->ipv6) {
		text = arena_printf(arena, "%s%sIPv6", text, comma);
	}
	if (args->keys[0] == '\0') {
		text = arena_printf(arena,
				    "%s\nno SSH key: a root password is\nmailed to the account's "
				    "owner",
				    text);
	}
	return arena_printf(arena, "%s%s", text, cost_words(args, n_droplets, arena));
}

const char *job_args_detail(const struct job_args *args, size_t n_droplets, struct arena *arena)
{
	if (job_args_make(args)) {
		return future_words(args, n_droplets, arena);
	}
	if (args->saved[0] != '\0') {
		return decoded(args->saved, arena);
	}
	if (args->label[0] != '\0') {
		return arena_printf(arena, "as %s", args->label);
	}
	if (args->gently) {
		return n_droplets > 1 ? "Their systems are shut down first."
				      : "Its system is shut down first.";
	}
	if (args->day[0] != '\0') {
		return arena_printf(arena, "%s, %c%s at %s:00 UTC", args->plan,
				    args->day[0] - 'a' + 'A', args->day + 1, args->hour);
	}
	return args->plan[0] != '\0'
		       ? arena_printf(arena, "%s at %s:00 UTC", args->plan, args->hour)
		       : price_words(args, n_droplets, arena);
}

/* ---- for the policy ------------------------------------------------------------------------- */

const struct droplet *job_args_future(const struct job_args *args, const char *account,
				      const char *name, struct arena *arena)
{
	struct droplet *droplet;

	if (!job_args_make(args)) {
		return NULL;
	}
	droplet = arena_alloc(arena, sizeof(*droplet));
	*droplet = (struct droplet){
		.account = account,
		.name = name,
		.region = arena_strdup(arena, args->region),
		.size = arena_strdup(arena, args->size),
		.known = DROPLET_KNOWS_ALL & ~(unsigned)DROPLET_KNOWS_PROJECT,
	};
	droplet->tags = job_args_list(args->tags, arena, &droplet->n_tags);
	if (args->project_id[0] != '\0' && args->project_name[0] != '\0') {
		droplet->project = decoded(args->project_name, arena);
		droplet->project_id = arena_strdup(arena, args->project_id);
		droplet->known |= DROPLET_KNOWS_PROJECT;
	}
	return droplet;
}

const struct droplet *const *job_args_droplets(const struct job_args *args,
					       const struct droplet *const *droplets, size_t n,
					       struct arena *arena)
{
	struct droplet *copies;
	const struct droplet **array;

	if (args->size[0] == '\0') {
		return droplets;
	}
	copies = arena_array(arena, n + 1, sizeof(*copies));
	array = arena_array(arena, n + 1, sizeof(*array));
	for (size_t i = 0; i < n; i++) {
		copies[i] = *droplets[i];
		copies[i].size = arena_strdup(arena, args->size);
		copies[i].known |= DROPLET_KNOWS_SIZE;
		array[i] = &copies[i];
	}
	return array;
}
