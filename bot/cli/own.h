/* own.h - on which droplet this program runs: by the setting, else by asking DigitalOcean's metadata service */
#ifndef CLI_OWN_H
#define CLI_OWN_H

#include "app/app.h"
#include "config/config.h"
#include "loop/loop.h"

struct own;

/* Fills in own_droplet and own_droplet_awaited. */
void own_parts(const struct config *config, struct app_parts *parts);

/*
 * Asks where own_droplet_awaited was set, and tells the app; NULL: there is nothing to ask. Begins a moment later, so that no start
 * waits for it. The app outlives it.
 */
struct own *own_ask(struct loop *loop, const struct config *config, struct app *app);
void own_free(struct own *own); /* NULL is fine */

#endif
