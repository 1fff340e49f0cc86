/* own.c - asks on which droplet this program runs
 *
 * Happy path: one answer, told to the app. Failure modes: nobody is there within the time - elsewhere than at DigitalOcean that
 * is how it is, and the app is told "none" at once; the network fails - on a droplet it may not be up yet: asked again every second,
 * and only after the last try the app is told "none", so that what could strand the bot waits until then.
 */
#include "cli/own.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ocean/self.h"

#define FIRST_MS 100
#define AGAIN_MS 1000
#define AGAIN_MAX 5
#define LATE_MS 60000 /* a network that came up late: once more, nobody waits for it */

struct own {
	struct loop *loop;
	struct app *app;
	char *url;
	struct ocean_self *self; /* NULL: it is not being asked */
	unsigned tries;
	struct timer timer;
};

void own_parts(const struct config *config, struct app_parts *parts)
{
	parts->own_droplet = (uint64_t)config_number(config, CONFIG_OWN_DROPLET);
	parts->own_droplet_awaited = config_text(config, CONFIG_OWN_DROPLET)[0] == '\0';
}

static void on_self(void *data, uint64_t id, const struct err *err)
{
	struct own *own = data;
	char number[24];

	ocean_self_free(own->self);
	own->self = NULL;
	if (id == 0 && err->kind == ERR_NETWORK && own->tries <= AGAIN_MAX) {
		timer_start(&own->timer, AGAIN_MS); /* the app goes on waiting */
		return;
	}
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)id);
	if (id != 0) {
		log_line(LOG_INFO, "own-droplet", "id", number, NULL);
	} else {
		log_line(LOG_INFO, "own-droplet", "id", "none", "why", err->msg, NULL);
	}
	app_own_droplet(own->app, id);
	if (id == 0 && err->kind == ERR_NETWORK && own->tries == AGAIN_MAX + 1) {
		timer_start(&own->timer, LATE_MS);
	}
}

static void ask(struct timer *timer)
{
	struct own *own = timer->data;
	const struct ocean_self_options options = {.url = own->url, .done = on_self, .data = own};
	struct err err = {0};

	own->tries++;
	own->self = ocean_self_new(own->loop, &options, &err);
	if (own->self == NULL) {
		log_line(LOG_WARN, "own-droplet", "why", err.msg, NULL);
		app_own_droplet(own->app, 0);
	}
}

struct own *own_ask(struct loop *loop, const struct config *config, struct app *app)
{
	struct app_parts parts = {.loop = loop};
	struct own *own;

	own_parts(config, &parts);
	if (!parts.own_droplet_awaited) {
		return NULL;
	}
	own = mem_alloc(sizeof(*own));
	own->loop = loop;
	own->app = app;
	own->url = mem_strdup(config_text(config, CONFIG_METADATA_URL));
	timer_init(&own->timer, loop, ask, own);
	timer_start(&own->timer, FIRST_MS);
	return own;
}

void own_free(struct own *own)
{
	if (own != NULL) {
		timer_stop(&own->timer);
		ocean_self_free(own->self);
		free(own->url);
		free(own);
	}
}
