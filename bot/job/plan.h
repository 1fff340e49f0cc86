/* plan.h - what a command wants done to each of its droplets, as data */
#ifndef JOB_PLAN_H
#define JOB_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/droplet.h"
#include "base/verbs.h"

/* How a step is sent, looked for and watched: a row each in job/kinds.c. */
enum step_kind {
	STEP_ACT = 0, /* a droplet action: `act` */
	STEP_LINK,    /* tags, projects, volumes, addresses, firewalls: by the plan's verb */
	STEP_KIND_COUNT,
};

struct plan_step {
	enum step_kind kind;
	const char *act; /* STEP_ACT: DigitalOcean's action type: "reboot" */
	enum droplet_status
		expect; /* the droplet's own status that must follow; DROPLET_UNKNOWN: whatever it was */
	int64_t usual_ms;    /* for the bar only: how long it takes as a rule */
	int64_t deadline_ms; /* after that the outcome is UNKNOWN */
	int64_t follow_ms; /* how long the droplet may take to follow its ended action; 0: a minute */
	/* of plans with several steps */
	const char *label, *past; /* "Switch off", "switched off" */
	enum droplet_status
		unless; /* left out when the droplet is that already; DROPLET_UNKNOWN: never */
	bool takes_args; /* the request's arguments go with it; a size must be the droplet's afterwards */
	bool way_back; /* undoes the first: left out when that was, done also after a failure in between */
};

#define PLAN_STEPS_MAX 4

/* Static: found again by its verb after a restart. */
struct plan {
	enum verb verb;
	const char *infinitive; /* "reboot" */
	const char *doing;      /* "Rebooting" */
	const char *done;       /* "Rebooted" */
	const char *joins;      /* STEP_LINK: between the droplet and the thing: " with " */
	const char
		*remark; /* a line under a good outcome, NULL: none: "Boot may still be running." */
	bool interrupts; /* what runs on the droplet stops for a while, and comes back with it */
	bool strands;    /* what runs on it stops, and nothing on it could bring it back */
	struct plan_step steps[PLAN_STEPS_MAX];
	size_t n_steps;
};

#endif
