/* down.c - `down? NAME`: is it on, how strained is it, and the buttons that may help; for one thumb at night
 *
 * Only what was checked is claimed: that DigitalOcean has it on says nothing of the website.
 */
#include "command/answers.h"

/* A button for those only who may do it to this droplet here; a press says the words and goes their whole way. */
static void offer(const struct command_call *call, enum verb verb, const char *words,
		  const char *label, enum button_style style, struct build *build)
{
	const struct droplet *droplet = call->whole[0];

	if (gate_allows(call->gate, call->who, verb, droplet)) {
		const char *said = arena_printf(call->arena, "%s #%llu", words,
						(unsigned long long)droplet->id);

		build_button(build, call->say_button(said, call->say_data), label, style);
	}
}

void answer_down(const struct command_call *call, struct build *build)
{
	bool off = call->whole[0]->status == DROPLET_OFF;

	for (size_t i = 0; i < call->n_droplets && i < 10; i++) {
		answer_state(call->droplets[i], build);
		if (call->locks != NULL && call->locks[i] != NULL) {
			build_line(build, "It is %s", call->locks[i]);
		}
	}
	answer_strain(call, build);
	build_line(build, "I have not tested the website.");
	(void)answer_charts(call, build);
	if (call->n_droplets > 1) {
		build_line(build, "For more, ask for one at a time.");
	} else if (off) {
		offer(call, VERB_DROPLET_POWER_ON, "start", "Start", BUTTON_MAIN, build);
	} else {
		offer(call, VERB_DROPLET_POWER_REBOOT, "reboot", "Reboot", BUTTON_MAIN, build);
		offer(call, VERB_DROPLET_POWER_CYCLE, "power-cycle", "Power-cycle", BUTTON_PLAIN,
		      build);
	}
}
