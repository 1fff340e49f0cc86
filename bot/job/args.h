/* args.h - what a verb was given beside its droplets: typed values, and the one text that stands for them
 *
 * The canonical text is what the request's row, the digest of consents and the audit log hold: "key=value" for each argument
 * that was given, in the order of enum job_arg, with one space between; "" for none. A flag's value is "yes". No value has a
 * space. It is written by job_args_write and read by job_args_read, nowhere else; what one writes the other reads back.
 */
#ifndef JOB_ARGS_H
#define JOB_ARGS_H

#include "base/arena.h"
#include "base/droplet.h"
#include "base/err.h"

/* The kinds of argument; each is a row of args.c. To add one: a row there, a field here. */
enum job_arg {
	ARG_NONE = 0,
	ARG_SIZE, /* the slug of a size */
	ARG_DISK, /* a flag: the disk grows too */
	ARG_TAG,
	ARG_PROJECT, /* these three: the name or the UUID */
	ARG_VOLUME,
	ARG_FIREWALL,
	ARG_ADDRESS, /* a reserved one */
	ARG_COUNT,
};

#define JOB_ARGS_TEXT 256 /* bytes of the canonical text, with its end */

struct job_args {
	char size[65]; /* "" : not given */
	bool disk;
	char tag[129], project[65], volume[65], firewall[129], address[46];
};

/* How it stands in a usage line: "SIZE", or the flag's own word. */
const char *job_arg_word(enum job_arg arg);
bool job_arg_is_flag(enum job_arg arg);

/* One word as it was typed. -1 and ERR_USAGE: it cannot be that argument. */
int job_arg_set(struct job_args *args, enum job_arg arg, const char *word, struct err *err);

/* What the droplet is tied to, or untied from; "": no such argument was given. */
const char *job_args_thing(const struct job_args *args);

void job_args_write(const struct job_args *args, char ret_text[JOB_ARGS_TEXT]);
int job_args_read(const char *text, struct job_args *ret_args, struct err *err);

/* As they would be typed again behind the names: " s-2vcpu-2gb disk"; "" for none. */
const char *job_args_words(const struct job_args *args, struct arena *arena);

/* The droplets as they would be: what the policy is asked about. The same array where nothing changes. */
const struct droplet *const *job_args_droplets(const struct job_args *args,
					       const struct droplet *const *droplets, size_t n,
					       struct arena *arena);

#endif
