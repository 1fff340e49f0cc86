/* render.h - the model's things as DigitalOcean's JSON */
#ifndef SIM_RENDER_H
#define SIM_RENDER_H

#include "sim/model.h"

/* tags: false leaves the list of tags empty, as for a token without tag:read. */
void sim_render_droplet(struct strbuf *out, const struct sim *sim,
			const struct sim_droplet *droplet, bool tags);
void sim_render_image(struct strbuf *out, const struct sim_image *image);
/* ',"next_backup_window":...' */
void sim_render_backup_window(struct strbuf *out, const struct sim_droplet *droplet,
			      int64_t now_ms);
void sim_render_action(struct strbuf *out, const struct sim_action *action);
void sim_render_account(struct strbuf *out, const struct sim *sim);
void sim_render_project(struct strbuf *out, const struct sim *sim, size_t project);
void sim_render_resource(struct strbuf *out, const struct sim_droplet *droplet);

#endif
