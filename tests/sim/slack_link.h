/* slack_link.h - what the two halves of Socket Mode share: links (slack_link.c) and envelopes (slack_envelope.c) */
#ifndef SIM_SLACK_LINK_H
#define SIM_SLACK_LINK_H

#include "sim/slack.h"

struct slack_link {
	struct list link;
	struct slack *slack;
	const struct slack_door *door;
	void *socket; /* NULL: a ghost */
	json_t *quirks;
	int number;
	bool ready;    /* hello was sent */
	bool draining; /* disconnect was sent */
	bool ghost;    /* stays registered when the socket ends */
	int64_t close_at_ms;
};

void slack_link_send(struct slack_link *link, json_t *frame); /* takes frame */
struct slack_link *slack_link_next(struct slack *s);          /* NULL: none */
int64_t slack_envelopes_tick(struct slack *s);
void slack_envelopes_free(struct slack *s);

#endif
