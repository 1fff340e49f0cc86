/* look.c - an account at DigitalOcean is asked once, and waited for */
#include "cli/look.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MS 120000 /* longer than the call's own deadlines, which end it */

struct asking {
	struct ocean_call call;
	bool over;
	struct err *err;
	struct look *look;
	void (*each)(const struct droplet *, void *);
	void *data;
};

static void answered(struct ocean_call *call, const struct err *err)
{
	struct asking *asking = call->data;
	struct look *look = asking->look;

	asking->over = true;
	err_copy(asking->err, err);
	if (err != NULL) {
		return;
	}
	if (call->account != NULL) {
		const char *team = call->account->team;

		look->ahead_ms = call->ahead_ms;
		(void)snprintf(look->team, sizeof(look->team), "%s",
			       *team != '\0' ? team : call->account->email);
		return;
	}
	look->n_droplets = call->n_droplets;
	look->tags_known = call->tags_known;
	for (size_t i = 0; asking->each != NULL && i < call->n_droplets; i++) {
		asking->each(&call->droplets[i], asking->data);
	}
}

static bool is_over(void *data)
{
	return ((struct asking *)data)->over;
}

static void ask(struct loop *loop, struct ocean *ocean, enum ocean_verb verb, struct asking *asking)
{
	asking->over = false;
	asking->call = (struct ocean_call){.verb = verb,
					   .max_tier = TIER_READ,
					   .interactive = true,
					   .done = answered,
					   .data = asking};
	ocean_start(ocean, &asking->call);
	if (!loop_run_until(loop, is_over, asking, WAIT_MS)) {
		ocean_cancel(ocean, &asking->call);
		(void)loop_run_until(loop, is_over, asking, WAIT_MS);
	}
}

int look_at_account(struct loop *loop, const struct ocean_options *options,
		    void (*each)(const struct droplet *, void *), void *data, struct look *ret_look,
		    struct err *err)
{
	struct asking asking = {.look = ret_look, .each = each, .data = data};
	struct ocean *ocean;

	memset(ret_look, 0, sizeof(*ret_look));
	ocean = ocean_http_open(loop, options, err);
	if (ocean == NULL) {
		return -1;
	}
	asking.err = &ret_look->account_err;
	ask(loop, ocean, OCEAN_ACCOUNT, &asking);
	if (ret_look->account_err.kind == ERR_NONE || ret_look->account_err.remote_status == 403) {
		asking.err = &ret_look->list_err;
		ask(loop, ocean, OCEAN_LIST, &asking);
	} else {
		err_copy(&ret_look->list_err, &ret_look->account_err);
	}
	ocean_close(ocean);
	return 0;
}

struct seeing {
	bool over;
	void (*see)(void *, const struct ocean_token_seen *);
	void *data;
};

static void on_seen(void *data, const struct ocean_token_seen *seen)
{
	struct seeing *seeing = data;

	if (!seeing->over) {
		seeing->over = true;
		seeing->see(seeing->data, seen);
	}
}

static bool is_seen(void *data)
{
	return ((struct seeing *)data)->over;
}

void look_at_token_info(struct loop *loop, const struct ocean_options *options,
			void (*see)(void *, const struct ocean_token_seen *), void *data)
{
	struct ocean_options looking = *options;
	struct seeing seeing = {.see = see, .data = data};
	struct ocean *ocean;

	looking.seen = on_seen;
	looking.news_data = &seeing;
	looking.look_ms = 1;
	looking.passive = true;
	ocean = ocean_http_open(loop, &looking, NULL);
	if (ocean != NULL) {
		(void)loop_run_until(loop, is_seen, &seeing, WAIT_MS);
		ocean_close(ocean);
	}
}
