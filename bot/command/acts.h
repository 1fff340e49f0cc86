/* acts.h - plans of what changes a droplet by one action, power aside, and of its end; only the table names them */
#ifndef COMMAND_ACTS_H
#define COMMAND_ACTS_H

#include "job/plan.h"

extern const struct plan act_rename;
extern const struct plan act_snapshot;
extern const struct plan act_backups_on, act_backups_off, act_backup_policy;
extern const struct plan act_ipv6;
extern const struct plan act_password_reset;
extern const struct plan act_rebuild, act_restore;
extern const struct plan act_destroy, act_purge;

#endif
