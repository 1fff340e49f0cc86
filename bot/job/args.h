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
#include "ocean/ocean.h"

/* The kinds of argument; each is a row of args.c. To add one: a row there, a field here. */
enum job_arg {
	ARG_NONE = 0,
	ARG_SIZE,   /* the slug of a size */
	ARG_DISK,   /* a flag: the disk grows too */
	ARG_NAME,   /* a droplet's new name */
	ARG_LABEL,  /* a snapshot's name */
	ARG_IMAGE,  /* the slug or the number of an image */
	ARG_BACKUP, /* the number of a backup or snapshot */
	ARG_PLAN,   /* "daily", "weekly" */
	ARG_DAY,    /* "sun" */
	ARG_HOUR,   /* UTC: "0", "4", ... "20" */
	ARG_PRICE,  /* never typed: job_args_set_price */
	ARG_FIGURE, /* one of its choices: what was measured */
	ARG_SPAN,   /* one of its choices: how long back */
	ARG_TAG,
	ARG_PROJECT, /* these three: the name or the UUID */
	ARG_VOLUME,
	ARG_FIREWALL,
	ARG_ADDRESS, /* a reserved one */
	/* of a droplet that is to be made, with the size, image and project above */
	ARG_REGION,
	ARG_KEYS, /* SSH keys: names, numbers or fingerprints; this and TAGS with commas between them */
	ARG_TAGS,
	ARG_VPC,      /* the name or the UUID */
	ARG_TEMPLATE, /* the name of a file of user data */
	ARG_BACKUPS,  /* flags */
	ARG_MONITORING,
	ARG_IPV6,
	ARG_ACCOUNT,
	/* never typed: what these were found to mean when it was asked for */
	ARG_KEY_IDS,
	ARG_VPC_ID,
	ARG_PROJECT_ID,
	ARG_PROJECT_NAME, /* with %20 for a space; also of the project that it gets without asking */
	ARG_SNAPSHOT,     /* the number of one that is to be deleted */
	ARG_SAVED,        /* and what it is: lines, in the form of ARG_PROJECT_NAME */
	ARG_TEMPLATE_SUM, /* of its bytes: another file under that name is not what was agreed to */
	ARG_GENTLY,       /* a flag: its system is shut down first */
	ARG_COUNT,
};

#define JOB_ARGS_TEXT 2560 /* bytes of the canonical text, with its end */
#define JOB_ARGS_LIST 10   /* keys, or tags */

struct job_args {
	char size[65]; /* "" : not given, here as below */
	bool disk, gently;
	char name[256], label[256];
	char image[65];
	char backup[21];
	char plan[8], day[4], hour[3];
	char price[24];
	char figure[8]; /* "cpu" */
	char span[4];   /* "6h" */
	char tag[129], project[65], volume[65], firewall[129], address[46];
	char region[33], keys[257], tags[513], vpc[65], template[65], account[65];
	bool backups, monitoring, ipv6;
	char snapshot[21], saved[513];
	char key_ids[257], vpc_id[37], project_id[37], project_name[257], template_sum[33];
};

/* How it stands in a usage line: "SIZE", or the flag's own word. */
const char *job_arg_word(enum job_arg arg);
/* The word that it stands behind where it is named: "size"; the flag's own. */
const char *job_arg_key(enum job_arg arg);
bool job_arg_is_flag(enum job_arg arg);
bool job_arg_is_list(enum job_arg arg);
size_t job_arg_size(enum job_arg arg); /* bytes of its text, with the end; of a flag 0 */
/* "1h, 6h, 24h, 7d": all that it can be; NULL: more than can be listed. */
const char *job_arg_choices(enum job_arg arg);

/* One word as it was typed. -1 and ERR_USAGE: it cannot be that argument. */
int job_arg_set(struct job_args *args, enum job_arg arg, const char *word, struct err *err);
/* Do they go together? A week's backups have a day, a day's have none. */
int job_args_check(const struct job_args *args, struct err *err);
/* What is not said and must be known before it is written down: a snapshot's name, "web-1-20260313-0912" (UTC). */
void job_args_fill(struct job_args *args, enum verb verb, const struct droplet *droplet,
		   int64_t now_ms);

/* What the droplet is tied to, or untied from; "": no such argument was given. */
const char *job_args_thing(const struct job_args *args);

void job_args_write(const struct job_args *args, char ret_text[JOB_ARGS_TEXT]);
int job_args_read(const char *text, struct job_args *ret_args, struct err *err);

/*
 * What a droplet costs a month before and afterwards, in cents: known when it is asked for, shown to whoever agrees to it and
 * kept with the rest. Of several droplets the one that it makes dearest.
 */
void job_args_set_price(struct job_args *args, unsigned from_cents, unsigned to_cents);
/* Both; false: they are not known. */
bool job_args_price(const struct job_args *args, unsigned long *ret_from_cents,
		    unsigned long *ret_to_cents);
/* What is added a month to each; -1: not known. What becomes cheaper adds nothing. */
int64_t job_args_cost(const struct job_args *args);

/* As they would be typed again behind the names: " s-2vcpu-2gb disk"; "" for none. */
const char *job_args_words(const struct job_args *args, struct arena *arena);

/* What it is made to: " to s-2vcpu-2gb", " from debian-12-x64"; ""; behind the droplet's name. */
const char *job_args_change(const struct job_args *args, struct arena *arena);
/* What else there is to say of it: "as web-1-20260313-0912", "weekly, Sun at 4:00 UTC", "$6 -> $18 a month"; "" for nothing. */
const char *job_args_detail(const struct job_args *args, size_t n_droplets, struct arena *arena);

/* The words of a list, "a,b"; in the arena. */
const char *const *job_args_list(const char *text, struct arena *arena, size_t *ret_n);

/*
 * A droplet that is to be made, as it would be: what the policy is asked about. All of it is known but, where that is not, its
 * project; it has no id yet. With args from which nothing is made: NULL.
 */
bool job_args_make(const struct job_args *args);
const struct droplet *job_args_future(const struct job_args *args, const char *account,
				      const char *name, struct arena *arena);
/* Texts with spaces, as an argument holds them. -1: it is too long. */
int job_args_set_project(struct job_args *args, const char *id, const char *name);
int job_args_set_saved(struct job_args *args, uint64_t id, const char *lines);

/* As the call takes them. Strings are borrowed from args. */
void job_args_act(const struct job_args *args, struct ocean_act_args *ret);

/* The droplets as they would be: what the policy is asked about. The same array where nothing changes. */
const struct droplet *const *job_args_droplets(const struct job_args *args,
					       const struct droplet *const *droplets, size_t n,
					       struct arena *arena);

#endif
