/* reload.c - the policy file read again, beside the loop, and swapped in at one moment
 *
 * Happy path: a reason (signal, change of the file, `policy reload`) -> the second thread reads, checks, tests and compiles
 * -> on the loop: swap, rooms, audit row -> the thread compares it with the one before -> keepers, who asked, a second row.
 *
 * Failure modes: the file cannot be read, is not safe or wrong: the old policy stays, and that is told once for each content.
 * Another reason comes meanwhile: the file is read once more afterwards, for it may have changed since. The comparison
 * takes too long: told without it. The bot stops meanwhile: the result is dropped.
 */
#include "app/reload.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "loop/watch.h"
#include "metrics/metrics.h"

#define LINES_MAX_BYTES ((size_t)256 << 10)

struct asker {
	struct turn *turn;
	char id[20]; /* of the decision */
};

/* Who wants it, and by what way. */
struct reason {
	struct asker askers[RELOAD_ASKERS_MAX];
	size_t n_askers;
	bool by_signal, by_file;
};

/* One reading. The thread has it alone while work is under way. */
struct load {
	struct work work;
	struct reload *reload;
	struct policy *old;
	struct policy *policy; /* NULL: refused, or the same */
	bool same;
	struct policy_report report;
	char *text;
	char hash[DIGEST_HEX_SIZE]; /* of what was read, or of why it could not be */
	struct policy_diff diff;
	struct strbuf lines;
};

struct reload {
	struct app *app;
	char *path;
	struct policy *policy; /* in force */
	struct watch *watch;
	struct load *load;   /* the one under way; NULL: none */
	bool told;           /* its comparison took too long, and is still under way */
	struct reason now;   /* of it */
	struct reason later; /* what came meanwhile */
	struct timer late;
	char complained[DIGEST_HEX_SIZE]; /* "": the file was right the last time */
	bool stopped;
	void (*ended)(void *data);
	void *ended_data;
};

static bool has_reason(const struct reason *reason)
{
	return reason->n_askers > 0 || reason->by_signal || reason->by_file;
}

/* ---- on the thread ------------------------------------------------------------------------- */

static void hash_report(struct load *load)
{
	struct strbuf out;

	strbuf_init(&out, 1 << 16);
	policy_report_print(&load->report, load->reload->path, &out);
	digest_hex(out.buf, out.len, load->hash);
	strbuf_done(&out);
}

static void run_load(struct work *work)
{
	struct load *load = work->data;
	size_t len = 0;

	if (policy_read(load->reload->path, &load->text, &len, &load->report) < 0) {
		hash_report(load);
		return;
	}
	digest_hex(load->text, len, load->hash);
	policy_report_done(&load->report);
	load->policy = policy_compile(load->reload->path, load->text, len, &load->report);
	load->same =
		load->policy != NULL && strcmp(policy_id(load->policy), policy_id(load->old)) == 0;
}

static void run_compare(struct work *work)
{
	const struct policy_diff_over over = {0};
	struct load *load = work->data;

	policy_diff(load->old, load->policy, &over, &load->lines, &load->diff);
}

/* ---- telling ------------------------------------------------------------------------------- */

static bool texts_differ(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

/* What the program reads at its start only. */
static bool needs_restart(const struct policy *old, const struct policy *new)
{
	const struct policy_account *was;
	const struct policy_account *is;
	size_t n = policy_accounts(old, &was);
	const char *key;

	if (policy_accounts(new, &is) != n) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		bool other = texts_differ(was[i].name, is[i].name);

		for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
			other = other || texts_differ(was[i].token[tier], is[i].token[tier]);
		}
		if (other) {
			return true;
		}
	}
	for (size_t i = 0; (key = config_file_key(i)) != NULL; i++) {
		if (texts_differ(policy_setting(old, key), policy_setting(new, key))) {
			return true;
		}
	}
	return false;
}

static void fill_result(const struct reload *reload, enum reload_compared compared,
			struct reload_result *ret_result)
{
	const struct load *load = reload->load;

	*ret_result = (struct reload_result){
		.path = reload->path,
		.old_id = policy_id(load->old),
		.new_id = load->policy != NULL ? policy_id(load->policy) : NULL,
		.by_file = reload->now.by_file && !reload->now.by_signal,
		.report = &load->report,
		.compared = compared,
		.restart_for_all = load->policy != NULL && needs_restart(load->old, load->policy),
	};
	if (reload->now.n_askers > 0) {
		ret_result->person = reload->now.askers[0].turn->person;
	}
	if (compared == RELOAD_COMPARED) {
		ret_result->diff = load->diff;
		ret_result->lines = load->lines.buf;
	}
}

static void add_row(const struct reload *reload, const struct reload_result *result)
{
	struct app *app = reload->app;
	struct store_txn *txn = store_txn_new(app->store);
	struct arena arena = {0};
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "reload",
		.verb = verb_info(VERB_POLICY_RELOAD)->name,
		.policy_id = policy_id(gate_policy(app->gate)),
		.state = result->new_id == NULL                 ? "refused"
			 : result->compared == RELOAD_COMPARING ? "loaded"
								: "compared",
		.outcome = reload_words_outcome(&arena, result),
	};

	if (reload->now.n_askers > 0) {
		const struct asker *first = &reload->now.askers[0];
		const struct turn *turn = first->turn;

		row.id = first->id;
		row.person = turn->person;
		row.network = turn->who.network;
		row.user_workspace = turn->who.user_workspace;
		row.user = turn->who.user;
		row.workspace = turn->who.workspace;
		row.channel = turn->who.direct ? "direct" : turn->who.channel;
		row.channel_name = gate_channel(app->gate, &turn->who);
	}
	if (result->new_id != NULL && result->compared == RELOAD_COMPARING) {
		store_txn_policy(txn, result->new_id, reload->load->text, row.at_ms);
	}
	audit_add(txn, &row);
	store_commit(txn, turn_audited, NULL);
	arena_done(&arena);
}

static void answer_askers(struct reload *reload, const struct message *message, bool privately)
{
	for (size_t i = 0; i < reload->now.n_askers; i++) {
		turn_say(reload->now.askers[i].turn, privately, message);
		turn_end(reload->now.askers[i].turn);
	}
	reload->now.n_askers = 0;
}

/* ---- the ends ------------------------------------------------------------------------------ */

static const struct policy_finding *first_error(const struct policy_report *report)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		if (!report->findings[i].warning) {
			return &report->findings[i];
		}
	}
	return NULL;
}

static void refuse(struct reload *reload)
{
	struct load *load = reload->load;
	bool news = strcmp(reload->complained, load->hash) != 0;
	struct reload_result result;
	struct arena arena = {0};

	fill_result(reload, RELOAD_NOT_COMPARED, &result);
	if (news) {
		const struct policy_finding *f = first_error(&load->report);

		memcpy(reload->complained, load->hash, sizeof(load->hash));
		metrics_add(METRIC_POLICY_REFUSED, 1);
		metrics_set(METRIC_POLICY_STALE, 1);
		log_line(LOG_ERROR, "policy.refused", "kept", result.old_id, "file", reload->path,
			 "code", f != NULL ? f->code : "", "why", f != NULL ? f->text : "", NULL);
		keepers_post(reload->app, reload->policy, reload_words_keepers(&arena, &result));
	}
	if (news || !result.by_file || result.person != NULL) {
		add_row(reload, &result);
	}
	answer_askers(reload, reload_words_asker(&arena, &result), true);
	arena_done(&arena);
}

static void stay(struct reload *reload)
{
	const char *id = policy_id(reload->policy);
	bool was_wrong = reload->complained[0] != '\0';
	struct arena arena = {0};
	const struct message *message = reload_words_same(&arena, id, was_wrong);

	reload->complained[0] = '\0';
	metrics_set(METRIC_POLICY_STALE, 0);
	if (was_wrong) {
		keepers_post(reload->app, reload->policy, message);
	}
	log_line(LOG_INFO, "policy.same", "is", id, NULL);
	answer_askers(reload, message, false);
	arena_done(&arena);
}

/* From here on the new one decides; who gains and who loses by it is told when it is known, for a right that was taken away must
 * not wait for that. Who is told no more is told now: the channel may be gone in the new one. */
static void swap_in(struct reload *reload)
{
	struct app *app = reload->app;
	struct load *load = reload->load;
	struct reload_result result;
	struct arena arena = {0};

	fill_result(reload, RELOAD_COMPARING, &result);
	if (texts_differ(policy_setting(load->old, "ops"), policy_setting(load->policy, "ops"))) {
		keepers_post(app, load->old, reload_words_keepers(&arena, &result));
	}
	policy_unref(reload->policy);
	reload->policy = policy_ref(load->policy);
	app_use_policy(app, load->policy);
	reload->complained[0] = '\0';
	metrics_add(METRIC_POLICY_RELOADS, 1);
	metrics_set(METRIC_POLICY_STALE, 0);
	log_line(LOG_INFO, "policy.loaded", "was", result.old_id, "is", result.new_id, "by",
		 result.person != NULL ? result.person
		 : result.by_file      ? "file change"
				       : "signal",
		 NULL);
	add_row(reload, &result);
	arena_done(&arena);
}

/* What it changed, as far as that is known. */
static void tell(struct reload *reload, enum reload_compared compared)
{
	struct reload_result result;
	struct arena arena = {0};

	reload->told = true;
	fill_result(reload, compared, &result);
	add_row(reload, &result);
	keepers_post(reload->app, reload->load->policy, reload_words_keepers(&arena, &result));
	answer_askers(reload, reload_words_asker(&arena, &result), false);
	arena_done(&arena);
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void start(struct reload *reload);

static void free_load(struct load *load)
{
	policy_unref(load->old);
	policy_unref(load->policy);
	policy_report_done(&load->report);
	strbuf_done(&load->lines);
	free(load->text);
	free(load);
}

static void end_load(struct reload *reload)
{
	timer_stop(&reload->late);
	free_load(reload->load);
	reload->load = NULL;
	reload->told = false;
	memset(&reload->now, 0, sizeof(reload->now));
	if (reload->stopped) {
		if (reload->ended != NULL) {
			reload->ended(reload->ended_data); /* may free it */
		}
	} else if (has_reason(&reload->later)) {
		start(reload);
	}
}

static void compared(struct work *work)
{
	struct load *load = work->data;
	struct reload *reload = load->reload;

	if (!reload->stopped && !reload->told) {
		tell(reload, RELOAD_COMPARED);
	}
	end_load(reload);
}

static void on_late(struct timer *timer)
{
	tell(timer->data, RELOAD_NOT_COMPARED);
}

static void loaded(struct work *work)
{
	struct load *load = work->data;
	struct reload *reload = load->reload;

	if (reload->stopped) {
		end_load(reload);
	} else if (load->policy == NULL) {
		refuse(reload);
		end_load(reload);
	} else if (load->same) {
		stay(reload);
		end_load(reload);
	} else {
		swap_in(reload);
		timer_start(&reload->late, RELOAD_COMPARE_MS);
		work->run = run_compare;
		work->done = compared;
		work_start_aside(reload->app->loop, work);
	}
}

static void start(struct reload *reload)
{
	struct load *load = mem_alloc(sizeof(*load));

	reload->now = reload->later;
	memset(&reload->later, 0, sizeof(reload->later));
	reload->load = load;
	load->reload = reload;
	load->old = policy_ref(reload->policy);
	strbuf_init(&load->lines, LINES_MAX_BYTES);
	load->work.run = run_load;
	load->work.done = loaded;
	load->work.data = load;
	work_start_aside(reload->app->loop, &load->work);
}

static void go(struct reload *reload)
{
	if (reload->load == NULL && !reload->stopped && reload->path != NULL) {
		start(reload);
	}
}

/* ---- reasons ------------------------------------------------------------------------------- */

void reload_now(struct reload *reload)
{
	reload->later.by_signal = true;
	go(reload);
}

static void file_changed(void *data)
{
	struct reload *reload = data;

	reload->later.by_file = true;
	go(reload);
}

void reload_watch(struct reload *reload)
{
	if (reload->path != NULL && reload->watch == NULL) {
		reload->watch = watch_new(reload->app->loop, reload->path, file_changed, reload);
	}
}

bool reload_asked(struct turn *turn)
{
	struct app *app = turn->app;
	struct reload *reload = app->reload;
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;
	struct asker *asker;

	gate_decide(app->gate, &turn->who, turn->parse.row->verb, NULL, 0, NULL, txn, &turn->arena,
		    &decision);
	store_commit(txn, turn_audited, NULL);
	if (decision.verdict != ALLOW) {
		turn_say(turn, true,
			 words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
		return false;
	}
	if (decision.n_duties > 0) {
		turn_say(turn, true, words_steps(&turn->arena, &decision));
		return false;
	}
	if (reload->path == NULL) {
		turn_say(turn, true, reload_words_no_file(&turn->arena));
		return false;
	}
	if (reload->later.n_askers == RELOAD_ASKERS_MAX) {
		turn_say(turn, true, reload_words_crowded(&turn->arena));
		return false;
	}
	asker = &reload->later.askers[reload->later.n_askers++];
	asker->turn = turn;
	memcpy(asker->id, decision.id, sizeof(asker->id));
	go(reload);
	return true;
}

/* ---- life ---------------------------------------------------------------------------------- */

const char *reload_path(const struct reload *reload)
{
	return reload->path;
}

struct reload *reload_new(struct app *app, struct policy *policy, const char *path)
{
	struct reload *reload = mem_alloc(sizeof(*reload));

	reload->app = app;
	reload->path = path != NULL ? mem_strdup(path) : NULL;
	reload->policy = policy_ref(policy);
	timer_init(&reload->late, app->loop, on_late, reload);
	metrics_set(METRIC_POLICY_LOADED_S, clock_wall_ms() / 1000);
	metrics_set(METRIC_POLICY_STALE, 0);
	return reload;
}

bool reload_busy(const struct reload *reload)
{
	return reload->load != NULL;
}

static void tell_stopping(struct reason *reason)
{
	for (size_t i = 0; i < reason->n_askers; i++) {
		struct turn *turn = reason->askers[i].turn;

		turn_say(turn, true, words_stopping(&turn->arena));
		turn_end(turn);
	}
	memset(reason, 0, sizeof(*reason));
}

void reload_stop(struct reload *reload, void (*ended)(void *data), void *data)
{
	reload->stopped = true;
	reload->ended = ended;
	reload->ended_data = data;
	timer_stop(&reload->late);
	watch_free(reload->watch);
	reload->watch = NULL;
	tell_stopping(&reload->now);
	tell_stopping(&reload->later);
}

void reload_free(struct reload *reload)
{
	if (reload == NULL) {
		return;
	}
	policy_unref(reload->policy);
	free(reload->path);
	free(reload);
}
