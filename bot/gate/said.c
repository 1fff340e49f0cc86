/* said.c - what chat networks said of people and their groups just now */
#include "gate/said.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define ANSWERS_MAX 8192

struct said_answer {
	int64_t at_ms;
	bool member;
};

void said_init(struct said *said)
{
	map_init(&said->answers);
}

void said_done(struct said *said)
{
	map_done(&said->answers, free);
}

static struct strbuf key_of(const struct gate_who *who, const char *group)
{
	struct strbuf key;

	strbuf_init(&key, 2048);
	(void)strbuf_addf(&key, "%s\n%s\n%s\n%s", who->network, who->user_workspace, who->user,
			  group);
	return key;
}

void said_note(struct said *said, const struct gate_who *who, const char *group, bool member)
{
	struct said_answer *answer = mem_alloc(sizeof(*answer));
	struct strbuf key = key_of(who, group);

	if (map_size(&said->answers) >= ANSWERS_MAX) { /* a minute's worth is asked again */
		said_done(said);
		said_init(said);
	}
	answer->at_ms = clock_mono_ms();
	answer->member = member;
	if (key.full) { /* no account has such an id */
		free(answer);
	} else {
		free(map_put(&said->answers, key.buf, answer));
	}
	strbuf_done(&key);
}

void said_of(const struct said *said, const struct policy *policy, const struct gate_who *who,
	     struct said_groups *ret_groups)
{
	const struct policy_group *groups;
	size_t n = policy_groups(policy, &groups);
	int64_t since_ms = clock_mono_ms() - SAID_MS;

	ret_groups->n = 0;
	ret_groups->known = true;
	for (size_t i = 0; i < n; i++) {
		struct strbuf key = key_of(who, groups[i].name);
		const struct said_answer *answer = map_get(&said->answers, key.buf);

		strbuf_done(&key);
		if (answer == NULL || answer->at_ms < since_ms) {
			ret_groups->known = false;
		} else if (answer->member && ret_groups->n < SAID_GROUPS_MAX) {
			ret_groups->names[ret_groups->n++] = groups[i].name;
		} else if (answer->member) {
			ret_groups->known = false;
		}
	}
}
