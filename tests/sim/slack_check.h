/* slack_check.h - what the checks of blocks (slack_check.c) and of elements (slack_element.c) share
 *
 * Each gives 0, or -1 with the reply filled. `at` is the JSON pointer of the object.
 */
#ifndef SIM_SLACK_CHECK_H
#define SIM_SLACK_CHECK_H

#include "sim/slack.h"

struct check {
	json_t *reply;
	const char *error; /* "invalid_blocks" */
	json_t *action_ids, *block_ids;
	size_t markdown; /* characters of all markdown blocks */
	size_t tables;   /* table blocks so far */
	bool no_tables;  /* none is known */
};

size_t check_characters(const char *text);
int check_too_long(struct check *c, const char *at, size_t max);
/* A string member: at most so long; missing is fine when `needed` is false. */
int check_string(struct check *c, const json_t *object, const char *key, size_t max, bool needed,
		 const char *at);
/* A text object; plain: only plain_text is taken. */
int check_text(struct check *c, const json_t *object, const char *key, size_t max, bool plain,
	       bool needed, const char *at);
int check_keys(struct check *c, const json_t *object, const char *words,
	       const char *at); /* no others */
int check_count(struct check *c, const json_t *object, const char *key, size_t max, const char *at);
int check_id(struct check *c, json_t *seen, const json_t *object, const char *key, bool needed,
	     const char *at);
/* What may stand in an actions block, beside a section, or in an input. */
int check_element(struct check *c, const json_t *element, const char *at);

#endif
