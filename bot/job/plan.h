/* plan.h - what a command wants done to each of its droplets, as data */
#ifndef JOB_PLAN_H
#define JOB_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/droplet.h"
#include "base/verbs.h"

/* What is looked at once the step's action has ended: only then it is done. */
enum plan_proof {
	PROOF_STATUS =
		0,      /* the droplet's status is `expect`, its size the one that was asked for */
	PROOF_NAME,     /* it has the name that was asked for */
	PROOF_IPV6,     /* it has an IPv6 address */
	PROOF_SNAPSHOT, /* a snapshot of it has the name that was asked for */
	PROOF_BACKUPS_ON, /* backups are on, at the times that were asked for */
	PROOF_BACKUPS_OFF,
	PROOF_CREATED, /* it is active; its address is told */
};

/* How a step is sent, looked for and watched: a row each in job/kinds.c. */
enum step_kind {
	STEP_ACT = 0, /* a droplet action: `act` */
	STEP_DESTROY, /* the droplet, without what belongs to it */
	STEP_PURGE,   /* the droplet with what was found and shown: needs looks_beside */
	STEP_LINK, /* tags, projects, volumes, addresses, firewalls: by the plan's verb, or `links` */
	STEP_UNSAVE, /* a snapshot of the droplet goes, by its id */
	STEP_CREATE, /* the droplet itself, by its name and the request's arguments */
	STEP_KIND_COUNT,
};

struct plan_step {
	enum step_kind kind;
	const char *act; /* STEP_ACT: DigitalOcean's action type: "reboot" */
	enum droplet_status
		expect; /* the droplet's own status that must follow; DROPLET_UNKNOWN: whatever it was */
	enum plan_proof proof;
	int64_t usual_ms;    /* for the bar only: how long it takes as a rule */
	int64_t deadline_ms; /* after that the outcome is UNKNOWN */
	int64_t follow_ms; /* how long the droplet may take to follow its ended action; 0: a minute */
	enum droplet_status
		unless; /* not sent when the droplet is that already; DROPLET_UNKNOWN: it always is */
	/* of plans with several steps */
	const char *label, *past; /* "Switch off", "switched off" */
	enum verb links; /* STEP_LINK of a plan for another verb; VERB_NONE: the plan's own */
	bool if_project; /* there is no such step where no project was asked for */
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
	const char *noun;       /* "reboot": ... of web-1, behind ...; NULL: as `infinitive` */
	const char *past;       /* "rebooted": web-1 was NOT ...; NULL: as `done` */
	const char *joins;      /* STEP_LINK: between the droplet and the thing: " with " */
	const char
		*remark; /* a line under a good outcome, NULL: none: "Boot may still be running." */
	const char *look;   /* said again to see whether it helped: "down?"; NULL: nothing */
	enum verb fallback; /* what may help when this did not; VERB_NONE: nothing */
	const char *
		loss; /* what cannot be had back, said before it is agreed to: lines; NULL: nothing */
	bool interrupts; /* what runs on the droplet stops for a while, and comes back with it */
	bool strands;    /* what runs on it stops, and nothing on it could bring it back */
	bool confirms; /* the requester is asked once, whatever the policy asks for: there is no way back */
	bool makes; /* its droplets are to be made: they have names, and no ids before the first step */
	bool saved;        /* about what is kept of a droplet, which may be gone itself */
	bool looks_beside; /* what belongs to each droplet is looked at before, and shown (job/beside.h) */
	bool beside_goes;          /* and goes too, by its ids: so all of it must have been shown */
	const struct plan *gently; /* the steps instead, when that was asked for; NULL: the same */
	struct plan_step steps[PLAN_STEPS_MAX];
	size_t n_steps;
};

#endif
