/* keepers.c - the channel of those who keep the bot: what changed, what failed */
#include <string.h>

#include "app/internal.h"

void app_tell_keepers(struct app *app, const char *what, const char *more)
{
	const struct policy *policy = gate_policy(app->gate);
	const char *ops = policy_setting(policy, "ops");
	const struct policy_channel *channels;
	size_t n = policy_channels(policy, &channels);
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, TONE_WARN);
	build_line(&build, "%s", what);
	if (more != NULL) {
		build_line(&build, "%s", more);
	}
	for (size_t i = 0; ops != NULL && i < n; i++) {
		const struct policy_channel *c = &channels[i];
		struct post_queue *queue = app_queue(app, c->network, c->workspace);
		struct chat_place place = {
			.network = c->network, .workspace = c->workspace, .channel = c->channel};

		if (c->channel != NULL && queue != NULL && strcmp(c->name, ops) == 0) {
			post_once(queue, &place, NULL, NULL, build_end(&build));
		}
	}
	arena_done(&arena);
}
