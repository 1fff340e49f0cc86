/* story.h - a story (*.scn) is read and played on the stage; the first line that did not come true is said
 *
 *   POLICY   policies/team.yaml              relative to tests/scenario; first of all
 *   DROPLET  web-1 id=11 tags=web,prod status=active          (words as in sim/model.h)
 *   DROPLETS 450                             so many more, of the simulator's making: web-0001 db-0002 app-0003 ...
 *   TOKEN    destroy,-image:create           what DigitalOcean lets the token do from now on; refused: it expired
 *   GONE     11                              somebody destroyed it
 *   SAY      ana #ops "reboot web-1" [id=e1] [age=120s] [bot] [edited]     #direct: one-to-one;
 *                                            "audit $DECISION": the newest id that was shown
 *   EXPECT   #ops [edit|new] [to=ana] [buttons] "text" ["text" ...]  a post after the last one expected, within 2 s
 *   NEVER    "text"                          no post so far holds it
 *   SILENCE  [#ops]                          no post since the last one expected, after 2 s
 *   PRESS    ana "label" [#direct]           on the newest post that has such a button; #direct: from a direct message
 *   CODE     ana [#ops] [wrong]              says a code of now, in a direct message; a policy has env:SLUICE_TEST_CODE
 *   FAULT    nth=1 method=POST kind=timeout-after-send      (words as in sim/faults.h)
 *   PASS     20s
 *   FILES    1s                              the network takes pictures, and one is painted in that time
 *   FORMS    [late]                          the network opens forms, also for "/words"; late: what is wrong cannot be said beside a field
 *   FILL     ana "reason=it hangs" ...       sends the newest form; "code=$CODE": a code of now, "code=$WRONG": another
 *   SEARCH   ana "region" "ams"              types that in a field of the newest form
 *   CLOCK    60s                             DigitalOcean's clock is so far ahead of ours
 *   RELOAD   [policies/other.yaml]           the policy file was changed, and a signal says to read it again
 *   POLICYFILE policies/other.yaml           it was changed, and nobody says so
 *   RUNSON   11                              the program runs on that droplet: a new process, as by RESTART
 *   RESTART                                  a new process, the same store
 *   CALLS    POST /v2/droplets/11/actions = 1     requests served so far
 *   ROOM     3                               how many droplets the account may have
 *   TEMPLATE web "#cloud-config"              a file of user data is there from now on, or is another one
 *   DISK     full | free                     commits of the store fail from now on, or no longer
 *   AUDIT    "word" "word" ...               one row of the log holds them all
 *   ROWS     2 "word" "word" ...             so many rows of the log hold them all
 *   VERIFY                                   the log's chain is whole
 *
 * Empty lines and lines that start with # are nothing.
 */
#ifndef SCENARIO_STORY_H
#define SCENARIO_STORY_H

#include "stage.h"

/* For the tests that play a story in a world where more goes wrong than it tells of. All zero: as it is written. */
struct story_options {
	bool only_acts; /* what is expected is not held against what comes; it only lets time pass */
	void (*begun)(struct stage *, void *data); /* the stage is there, nothing was said */
	void (*said)(struct stage *, const char *message,
		     void *data); /* id of what was just said */
	void (*ended)(struct stage *, void *data);
	void *data;
};

/* 0: all came true; *ret_lines is how many lines had something to do. -1: said on standard error. */
int story_play(const char *path, const struct story_options *options, unsigned *ret_lines);

#endif
