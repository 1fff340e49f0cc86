/* answer.h - DigitalOcean's small answers: actions and the account
 *
 * Lists of droplets go through decode.h. Kind of every error: ERR_REMOTE.
 */
#ifndef OCEAN_ANSWER_H
#define OCEAN_ANSWER_H

#include "ocean/ocean.h"

#define OCEAN_ACTIONS_MAX 200

/* {"action":{...}} */
int answer_action(const char *body, size_t len, struct ocean_action *ret, struct err *err);

/* {"actions":[...]}: newest first, at most OCEAN_ACTIONS_MAX; free(*ret). */
int answer_actions(const char *body, size_t len, struct ocean_action **ret, size_t *ret_n,
		   struct err *err);

/* {"links":{"actions":[{"id","rel"}]}} of a creation: id and type only; free(*ret). None is no error. */
int answer_links(const char *body, size_t len, struct ocean_action **ret, size_t *ret_n,
		 struct err *err);

/* {"account":{...}} */
int answer_account(const char *body, size_t len, struct ocean_account *ret, struct err *err);

#endif
