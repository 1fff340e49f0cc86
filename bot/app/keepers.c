/* keepers.c - the channel of those who keep the bot: what changed, what failed */
#include <string.h>

#include "app/internal.h"

void keepers_post(struct app *app, const struct policy *policy, const struct message *message)
{
	const char *ops = policy_setting(policy, "ops");

	if (ops != NULL) {
		channel_post(app, policy, ops, message);
	}
}

void channel_post(struct app *app, const struct policy *policy, const char *name,
		  const struct message *message)
{
	const struct policy_channel *channels;
	size_t n = policy_channels(policy, &channels);

	for (size_t i = 0; i < n; i++) {
		const struct policy_channel *c = &channels[i];
		struct post_queue *queue = app_queue(app, c->network, c->workspace);
		struct chat_place place = {
			.network = c->network, .workspace = c->workspace, .channel = c->channel};

		if (c->channel != NULL && queue != NULL && strcmp(c->name, name) == 0) {
			post_once(queue, &place, NULL, NULL, message);
		}
	}
}

void app_tell_keepers(struct app *app, const char *what, const char *more)
{
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, TONE_WARN);
	build_line(&build, "%s", what);
	if (more != NULL) {
		build_line(&build, "%s", more);
	}
	keepers_post(app, gate_policy(app->gate), build_end(&build));
	arena_done(&arena);
}
