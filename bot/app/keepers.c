/* keepers.c - the channel of those who keep the bot: what changed, what failed */
#include <string.h>

#include "app/internal.h"

void keepers_post(struct app *app, const struct policy *policy, const struct message *message)
{
	const char *ops = policy_setting(policy, "ops");

	if (ops != NULL) {
		(void)channel_post(app, policy, ops, message, NULL, NULL);
	}
}

static void post_and_tell(struct post_queue *queue, const struct post_request *request,
			  const struct message *message)
{
	struct post_card *card = post_open(queue, request);

	post_set(card, message);
	post_close(card);
}

unsigned channel_post(struct app *app, const struct policy *policy, const char *name,
		      const struct message *message,
		      void (*delivered)(struct post_card *, const char *id, const struct err *err,
					void *data),
		      void *data)
{
	const struct policy_channel *channels;
	size_t n = policy_channels(policy, &channels);
	unsigned n_posts = 0;

	for (size_t i = 0; i < n; i++) {
		const struct policy_channel *c = &channels[i];
		struct post_queue *queue = app_queue(app, c->network, c->workspace);
		struct post_request request = {
			.place = {.network = c->network,
				  .workspace = c->workspace,
				  .channel = c->channel},
			.delivered = delivered,
			.data = data,
		};

		if (c->channel == NULL || queue == NULL || strcmp(c->name, name) != 0) {
			continue;
		}
		n_posts++;
		if (delivered != NULL) {
			post_and_tell(queue, &request, message);
		} else {
			post_once(queue, &request.place, NULL, NULL, message);
		}
	}
	return n_posts;
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
