/* answers.h - the handlers of the reads, each in a file of its own; only the table names them */
#ifndef COMMAND_ANSWERS_H
#define COMMAND_ANSWERS_H

#include "command/command.h"

void answer_list(const struct command_call *call, struct build *build);
void answer_show(const struct command_call *call, struct build *build);
void answer_history(const struct command_call *call, struct build *build);
void answer_team(const struct command_call *call, struct build *build);
void answer_balance(const struct command_call *call, struct build *build);
void answer_sizes(const struct command_call *call, struct build *build);
void answer_regions(const struct command_call *call, struct build *build);
void answer_images(const struct command_call *call, struct build *build);
void answer_keys(const struct command_call *call, struct build *build);
void answer_snapshots(const struct command_call *call, struct build *build);
void answer_backups(const struct command_call *call, struct build *build);
void answer_metrics(const struct command_call *call, struct build *build);
void answer_down(const struct command_call *call, struct build *build);
void answer_tags(const struct command_call *call, struct build *build);
void answer_volumes(const struct command_call *call, struct build *build);
void answer_ips(const struct command_call *call, struct build *build);
void answer_firewalls(const struct command_call *call, struct build *build);
void answer_load_balancers(const struct command_call *call, struct build *build);
void answer_domains(const struct command_call *call, struct build *build);
void answer_projects(const struct command_call *call, struct build *build);
void answer_neighbors(const struct command_call *call, struct build *build);
void answer_help(const struct command_call *call, struct build *build);
void answer_why(const struct command_call *call, struct build *build);
void answer_oncall(const struct command_call *call, struct build *build);
void answer_whoami(const struct command_call *call, struct build *build);

/* metrics.c: the figures that were asked for; the few of the last hour that `show` and `down?` carry */
extern const struct command_gather gather_metrics, gather_small;

/* A small chart each of what was measured of the droplet in the last hour; false: there is nothing to show. */
bool answer_charts(const struct command_call *call, struct build *build);
/* "CPU 100 % for 12 min. Memory 91 %."; nothing where nothing was measured. */
void answer_strain(const struct command_call *call, struct build *build);

/* "*web-1* is on at DigitalOcean." */
void answer_state(const struct droplet *droplet, struct build *build);

/* Words for people, shared by list and show. */
const char *answer_status_word(enum droplet_status status);
const char *
answer_region_name(const char *slug); /* "Amsterdam" for "ams3"; the slug when it is not known */

/* What lists of the account's things share: whose they are, does the one word behind the phrase (a glob; none: everything) fit any
 * of these texts (NULL: not known), and the line below a list that was cut or is empty. */
#define ANSWER_ROWS_MOST 30
void answer_head(const struct command_call *call, struct build *build, const char *what);
bool answer_fits(const struct command_call *call, const char *a, const char *b);
void answer_tail(struct build *build, size_t n, const char *example);

/* "$24", "$4.50", "-$3" */
const char *answer_dollars(struct arena *arena, int64_t cents);

#endif
