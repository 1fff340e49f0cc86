/* announce.h - a channel hears what was done to its droplets from elsewhere: `announce` on a channel
 *
 * When a change ended well on a droplet, each channel whose `announce` names the verb, and whose ceiling lets that droplet be
 * seen, reads one line of it: what its `show` lets through, and no names of who did it. Not the place where it was asked for.
 * A crash between the end and the post loses the line: an announcement is never made twice.
 */
#ifndef APP_ANNOUNCE_H
#define APP_ANNOUNCE_H

#include "app/internal.h"

void announce_job(struct app *app, const struct store_request *request, const struct store_job *job,
		  const struct plan *plan);
void announce_drop_all(struct app *app); /* at the end: those that wait for a list are forgotten */

#endif
