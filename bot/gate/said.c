/* said.c - what chat networks said of people and their groups just now */
#include "gate/said.h"

#include <stdlib.h>
#include <string.h>

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

bool gate_asks(const struct gate_who *who, const struct policy_group *group)
{
	return strcmp(group->network, who->network) == 0 &&
	       strcmp(group->workspace, who->workspace) == 0;
}

static void add(const struct said *said, const struct gate_who *who, const char *group,
		struct said_groups *groups)
{
	struct strbuf key = key_of(who, group);
	const struct said_answer *answer = map_get(&said->answers, key.buf);

	strbuf_done(&key);
	if (answer == NULL || answer->at_ms < clock_mono_ms() - SAID_MS) {
		groups->known = false;
	} else if (answer->member && groups->n < SAID_GROUPS_MAX) {
		groups->names[groups->n++] = group;
	} else if (answer->member) {
		groups->known = false;
	}
}

void said_of(const struct said *said, const struct policy *policy, const struct gate_who *who,
	     struct said_groups *ret_groups)
{
	const struct policy_group *groups;
	size_t n = policy_groups(policy, &groups);

	ret_groups->n = 0;
	ret_groups->known = true;
	for (size_t i = 0; i < n; i++) {
		add(said, who, groups[i].name, ret_groups);
	}
}

void said_could(const struct said *said, const struct policy *policy, const struct gate_who *who,
		bool as_said, struct said_groups *ret_groups)
{
	const struct policy_group *groups;
	size_t n = policy_groups(policy, &groups);

	ret_groups->n = 0;
	ret_groups->known = true;
	for (size_t i = 0; i < n; i++) {
		if (!gate_asks(who, &groups[i])) {
			continue;
		}
		if (as_said) {
			add(said, who, groups[i].name, ret_groups);
		} else {
			ret_groups->known = false;
		}
	}
}
