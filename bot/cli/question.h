/* question.h - one question to a policy, from the command line or from a line of JSON */
#ifndef CLI_QUESTION_H
#define CLI_QUESTION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "policy/decide.h"

/* Strings lie in the arena or are borrowed. What was not given is not known. */
struct question {
	struct policy_question policy;
	struct droplet droplet;
	const char *id_text; /* JSON: the id as it is written back; NULL: id_number */
	int64_t id_number;
};

/* "ana", "stranger" or NETWORK/WORKSPACE/USER; "ops", NETWORK/WORKSPACE/CHANNEL or NETWORK/WORKSPACE/direct. */
int question_person(const struct policy *policy, const char *text, struct arena *arena,
		    struct policy_asker *asker, struct err *err);
int question_channel(const struct policy *policy, const char *text, struct arena *arena,
		     struct policy_asker *asker, struct err *err);

/* "name=web-1,tags=prod+web,region=ams3" */
int question_droplet(const char *text, struct arena *arena, struct droplet *ret_droplet,
		     struct err *err);

/* {"id":..,"name":..,"tags":[..]}, or a droplet as DigitalOcean's API has it; *droplet is zeroed before. */
int question_json_droplet(const struct json *json, struct arena *arena, struct droplet *droplet,
			  struct err *err);

/* {"id":1,"as":..,"in":..,"action":..,"droplet":{..},"at":..}; `json` is borrowed and must live as long as the question. */
int question_json(const struct policy *policy, const struct json *json, struct arena *arena,
		  struct question *ret_question, struct err *err);

#endif
