/* own.c - asks on which droplet this program runs
 *
 * Happy path: one answer, told to the app. Failure modes: nobody answers - elsewhere than at DigitalOcean that is how it is, and
 * the app is told "none"; on a droplet whose network is not up yet it is asked twice more, and told when it is known.
 */
#include "cli/own.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ocean/self.h"

#define FIRST_MS 100

struct own {
	struct loop *loop;
	struct app *app;
	char *url;
	struct ocean_self *self; /* NULL: it is not being asked */
	unsigned tries;
	struct timer timer;
};

static const int64_t again_ms[] = {10000, 60000};

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
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)id);
	if (id != 0) {
		log_line(LOG_INFO, "own-droplet", "id", number, NULL);
	} else {
		log_line(LOG_INFO, "own-droplet", "id", "none", "why", err->msg, NULL);
	}
	app_own_droplet(own->app, id);
	if (id == 0 && (err->kind == ERR_NETWORK || err->kind == ERR_TIMEOUT) &&
	    own->tries <= ARRAY_LEN(again_ms)) {
		timer_start(&own->timer, again_ms[own->tries - 1]);
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
