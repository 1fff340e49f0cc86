/* links.h - the plans that tie and untie; only the table names them */
#ifndef COMMAND_LINKS_H
#define COMMAND_LINKS_H

#include "job/plan.h"

extern const struct plan link_tag_add;
extern const struct plan link_tag_remove;
extern const struct plan link_project_assign;
extern const struct plan link_volume_attach;
extern const struct plan link_volume_detach;
extern const struct plan link_ip_assign;
extern const struct plan link_ip_unassign;
extern const struct plan link_firewall_attach;
extern const struct plan link_firewall_detach;

#endif
