/* oncall.c - `oncall`: whose turn it is in each rota, who took it, and until when by the rota's own clock
 *
 * It needs no verb, but it names staff: only for people whom the policy lists, and only where the channel shows such names.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/answers.h"

#define TURNS_MAX 16
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* "Mon 12 Jan 09:00" */
static const char *wall_text(struct arena *arena, int64_t wall_ms)
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	char text[CLOCK_TEXT_SIZE];
	unsigned long month;

	(void)clock_format(wall_ms, text, sizeof(text)); /* "2026-01-12T09:00:00Z" */
	month = strlen(text) >= 16 ? strtoul(text + 5, NULL, 10) : 0;
	if (month < 1 || month > 12) {
		return arena_strdup(arena, text);
	}
	return arena_printf(arena, "%s %lu %s %.5s", days[wall_ms / DAY_MS % 7],
			    strtoul(text + 8, NULL, 10), months[month - 1], text + 11);
}

const char *command_rota_time(struct arena *arena, const struct policy *policy, const char *rota,
			      int64_t at_ms, const char **ret_zone)
{
	int64_t ahead_ms = 0;
	const char *name;

	*ret_zone = "UTC";
	for (size_t i = 0; (name = policy_rota(policy, i)) != NULL; i++) {
		if (strcmp(name, rota) == 0) {
			*ret_zone = policy_rota_zone(policy, i, at_ms, &ahead_ms);
			break;
		}
	}
	return wall_text(arena, at_ms + ahead_ms);
}

static void say_turn(struct arena *arena, struct build *build, const struct policy *policy,
		     size_t rota, const struct policy_turn *turn)
{
	const char *name = policy_rota(policy, rota);
	const char *zone;
	const char *until = command_rota_time(arena, policy, name, turn->until_ms, &zone);

	build_line(build, "*%s*: %s%s", name, turn->person, turn->taken ? ", who took it" : "");
	build_line(build, "  until %s", until);
	build_line(build, "  _%s_", zone);
}

bool command_may_staff(const struct gate *gate, const struct gate_who *who)
{
	return gate_person(gate, who) != NULL && gate_shows(gate, who, "who");
}

void answer_oncall(const struct command_call *call, struct build *build)
{
	const struct policy *policy = gate_policy(call->gate);
	int64_t now_ms = clock_wall_ms();
	size_t n_taken;
	const struct policy_taken *taken = gate_taken(call->gate, &n_taken);
	const char *name;

	if (!command_may_staff(call->gate, call->who)) {
		build_line(build, "Who is on call is not told here.");
		return;
	}
	if (policy_rota(policy, 0) == NULL) {
		build_line(build, "The policy has no rota.");
		return;
	}
	for (size_t i = 0; (name = policy_rota(policy, i)) != NULL; i++) {
		struct policy_turn turns[TURNS_MAX];
		size_t n = policy_on_call(policy, i, now_ms, taken, n_taken, turns, TURNS_MAX);

		if (n == 0) {
			build_line(build, "*%s*: nobody now", name);
		}
		for (size_t k = 0; k < n && k < TURNS_MAX; k++) {
			say_turn(call->arena, build, policy, i, &turns[k]);
		}
	}
}
