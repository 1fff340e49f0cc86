/* adapters.h - the static list of chat networks: each has a folder, an open function, and nothing above it knows more */
#ifndef ADAPTERS_ADAPTERS_H
#define ADAPTERS_ADAPTERS_H

#include "adapters/console/console.h" /* struct chat *console_open() */
#include "adapters/slack/slack.h"     /* struct chat *slack_open() */
#include "adapters/xmpp/xmpp.h"       /* struct chat *xmpp_open() */

#endif
