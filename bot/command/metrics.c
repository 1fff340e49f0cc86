/* metrics.c - `metrics NAME`, and the small charts of `show` and `down?`: what DigitalOcean measured of a droplet
 *
 * Where there is nothing measured it says so, and never zero: memory, disk and load are known by the agent on the droplet only.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "command/answers.h"
#include "command/figures.h"

#define HOUR_S INT64_C(3600)
#define FRESH_S 600   /* a sample that old is "now" no more */
#define SMALL_MS 2000 /* how long `show` and `down?` wait for their charts */
#define LONG_MINUTES 2
#define PHONE_COLUMNS 40
/* DigitalOcean's own way: https://docs.digitalocean.com/products/monitoring/how-to/install-metrics-agent/ */
#define AGENT_HOST "repos.insights.digitalocean.com"

enum kind { CPU, MEMORY, DISK, LOAD, TRAFFIC_IN, TRAFFIC_OUT, KINDS };

/* What each figure is made of: `free` alone, or how much of `whole` it leaves. */
static const struct row {
	const char *label, *word; /* on the chart; what is typed */
	const char *unit;
	enum ocean_metric metric, whole;
	double high; /* of the scale; 0: the highest sample */
	bool agent;  /* known by the agent only */
} rows[KINDS] = {
	[CPU] = {"CPU", "cpu", "%", OCEAN_CPU, OCEAN_METRIC_NONE, 100, false},
	[MEMORY] = {"Memory", "memory", "%", OCEAN_MEMORY_AVAILABLE, OCEAN_MEMORY_TOTAL, 100, true},
	[DISK] = {"Disk", "disk", "%", OCEAN_DISK_FREE, OCEAN_DISK_SIZE, 100, true},
	[LOAD] = {"Load", "load", "", OCEAN_LOAD_1, OCEAN_METRIC_NONE, 0, true},
	[TRAFFIC_IN] = {"In", "traffic", "Mbit/s", OCEAN_PUBLIC_IN, OCEAN_METRIC_NONE, 0, false},
	[TRAFFIC_OUT] = {"Out", "traffic", "Mbit/s", OCEAN_PUBLIC_OUT, OCEAN_METRIC_NONE, 0, false},
};

static const struct span_row {
	const char *word, *name;
	int64_t s;
} spans[] = {{"1h", "the last hour", HOUR_S},
	     {"6h", "the last 6 hours", 6 * HOUR_S},
	     {"24h", "the last 24 hours", 24 * HOUR_S},
	     {"7d", "the last 7 days", 7 * 24 * HOUR_S}};

static const struct span_row *span_of(const struct command_call *call)
{
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		if (call->row->verb == VERB_DROPLET_METRICS && call->args != NULL &&
		    strcmp(spans[i].word, call->args->span) == 0) {
			return &spans[i];
		}
	}
	return &spans[0];
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void ask(struct ocean_call *call, enum ocean_metric metric, int64_t to_s, int64_t span_s)
{
	call->verb = OCEAN_METRIC;
	call->metric = (struct ocean_metric_ask){metric, to_s - span_s, to_s};
}

static bool is_wanted(const struct command_call *call, const struct row *row)
{
	const char *figure = call->args != NULL ? call->args->figure : "";

	if (call->row->verb != VERB_DROPLET_METRICS) {
		return row == &rows[CPU] || row == &rows[MEMORY];
	}
	return *figure == '\0' || strcmp(figure, row->word) == 0;
}

static size_t metric_calls(const struct command_call *call, int64_t now_ms,
			   struct ocean_call calls[COMMAND_CALLS_MAX])
{
	const int64_t span_s = span_of(call)->s;
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++) {
		if (is_wanted(call, &rows[i])) {
			ask(&calls[n++], rows[i].metric, now_ms / 1000, span_s);
		}
		if (is_wanted(call, &rows[i]) && rows[i].whole != OCEAN_METRIC_NONE) {
			ask(&calls[n++], rows[i].whole, now_ms / 1000, span_s);
		}
	}
	return n;
}

static void keep_series(struct ocean_call *call, struct arena *arena)
{
	struct ocean_series *series = arena_array(arena, call->n_things + 1, sizeof(*series));

	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_series *from = &call->series[i];
		struct ocean_point *points =
			arena_array(arena, from->n_points + 1, sizeof(*points));

		if (from->n_points > 0) {
			memcpy(points, from->points, from->n_points * sizeof(*points));
		}
		series[i].name = from->name != NULL ? arena_strdup(arena, from->name) : NULL;
		series[i].points = points;
		series[i].n_points = from->n_points;
	}
	call->series = series;
}

const struct command_gather gather_metrics = {.calls = metric_calls, .keep = keep_series};
const struct command_gather gather_small = {.verb = VERB_DROPLET_METRICS,
					    .patience_ms = SMALL_MS,
					    .calls = metric_calls,
					    .keep = keep_series};

/* ---- what came ------------------------------------------------------------------------------- */

enum came { CAME_NOT = 0, CAME_FAILED, CAME_EMPTY, CAME_FIGURE };

/* The call about that metric; NULL: none was made, or it failed. */
static const struct ocean_call *find(const struct command_fetched *fetched,
				     enum ocean_metric metric, bool *ret_failed)
{
	for (size_t i = 0; i < fetched->n_calls; i++) {
		if (fetched->calls[i].metric.metric == metric) {
			*ret_failed = fetched->failed[i];
			return fetched->failed[i] ? NULL : &fetched->calls[i];
		}
	}
	*ret_failed = false;
	return NULL;
}

static enum came work_out(const struct command_call *call, const struct row *row,
			  struct figure *ret_figure, const char **ret_name)
{
	bool part_failed, whole_failed = false;
	const struct ocean_call *part = find(call->fetched, row->metric, &part_failed);
	const struct ocean_call *whole = row->whole != OCEAN_METRIC_NONE
						 ? find(call->fetched, row->whole, &whole_failed)
						 : NULL;
	struct figure_samples samples;

	if (part_failed || whole_failed) {
		return CAME_FAILED;
	}
	if (part == NULL) {
		return CAME_NOT;
	}
	if (row->metric == OCEAN_CPU) {
		samples = figure_cpu(part->series, part->n_things, call->arena);
	} else if (whole != NULL) {
		samples = figure_share(part->series, part->n_things, whole->series, whole->n_things,
				       call->arena);
	} else {
		samples = figure_plain(part->series, part->n_things);
	}
	*ret_figure = figure_steps(&samples, part->metric.from_s, part->metric.to_s);
	*ret_name = samples.name;
	return ret_figure->n > 0 ? CAME_FIGURE : CAME_EMPTY;
}

static bool is_percent(const struct row *row)
{
	return row->high > 0;
}

/* "12 %", "0.42", "3.1" */
static const char *value_words(double value, const struct row *row, struct arena *arena)
{
	int digits = is_percent(row) || value >= 10 ? 0 : row->unit[0] == '\0' ? 2 : 1;

	return arena_printf(arena, "%.*f%s", digits, value, is_percent(row) ? " %" : "");
}

static const char *when_words(const struct figure *figure, int64_t now_ms, struct arena *arena)
{
	int64_t age_ms = now_ms - figure->last_s * 1000;
	char buf[CLOCK_AGO_SIZE];

	return age_ms <= FRESH_S * 1000 ? "now"
					: arena_strdup(arena, clock_ago(age_ms, buf, sizeof(buf)));
}

/* "12 % now, 96 % at most"; "/data: 40 % now, ..." where it is not the root; "1.2 Mbit/s now, 3.1 at most" */
static const char *caption(const struct command_call *call, const struct row *row,
			   const struct figure *figure, const char *name)
{
	struct arena *arena = call->arena;
	bool named = name != NULL && strcmp(name, "/") != 0;
	bool unit = !is_percent(row) && row->unit[0] != '\0';

	return arena_printf(arena, "%.24s%s%s%s%s %s, %s at most", named ? name : "",
			    named ? ": " : "", value_words(figure->last, row, arena),
			    unit ? " " : "", unit ? row->unit : "",
			    when_words(figure, call->fetched->now_ms, arena),
			    value_words(figure->most, row, arena));
}

static void add_chart(const struct command_call *call, const struct row *row,
		      const struct figure *figure, const char *name, struct build *build)
{
	const struct ocean_metric_ask *asked = &call->fetched->calls[0].metric;
	struct chart chart = {
		.label = row->label,
		.unit = row->unit,
		.caption = caption(call, row, figure, name),
		.points = figure->steps,
		.n_points = figure->n_steps,
		.high = row->high,
		.from_ms = asked->from_s * 1000,
		.to_ms = asked->to_s * 1000,
	};

	build_chart(build, &chart);
}

/* "Memory, disk, load: nothing measured." The names of those that came so. */
static const char *names(const enum came came[KINDS], enum came which, bool agent_only,
			 struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < KINDS; i++) {
		if (came[i] == which && (rows[i].agent || !agent_only)) {
			text = arena_printf(arena, "%s%s%s", text, *text != '\0' ? ", " : "",
					    rows[i].label);
		}
	}
	return text;
}

static void explain_gaps(const enum came came[KINDS], struct arena *arena, struct build *build)
{
	const char *failed = names(came, CAME_FAILED, false, arena);
	const char *empty = names(came, CAME_EMPTY, false, arena);
	bool agent = *names(came, CAME_EMPTY, true, arena) != '\0';

	if (*failed != '\0') {
		build_line(build, "%s: DigitalOcean gave no answer.", failed);
	}
	if (*empty != '\0') {
		build_line(build, "%s: nothing was measured.", empty);
	}
	for (size_t i = 0; i < KINDS; i++) { /* one figure of its own shows that it is there */
		agent = agent && !(rows[i].agent && came[i] == CAME_FIGURE);
	}
	if (agent) {
		build_line(build, "Its monitoring agent is not installed,");
		build_line(build, "or silent. On the droplet, as root:");
		build_line(build, "`u=%s`",
			   AGENT_HOST); /* two lines, so that a phone breaks none */
		build_line(build, "`curl -sSL https://$u/install.sh | bash`");
	}
}

/* The charts of all that came; *ret_came: what came of each. */
static bool charts(const struct command_call *call, enum came ret_came[KINDS], struct build *build)
{
	bool any = false;

	for (size_t i = 0; i < KINDS; i++) {
		struct figure figure;
		const char *name;

		ret_came[i] = work_out(call, &rows[i], &figure, &name);
		if (ret_came[i] == CAME_FIGURE) {
			add_chart(call, &rows[i], &figure, name, build);
			any = true;
		}
	}
	return any;
}

void answer_metrics(const struct command_call *call, struct build *build)
{
	const char *name = call->droplets[0]->name;
	enum came came[KINDS];

	build_line(build, "*%s*, %s", name != NULL ? name : "This droplet", span_of(call)->name);
	(void)charts(call, came, build);
	explain_gaps(came, call->arena, build);
}

bool answer_charts(const struct command_call *call, struct build *build)
{
	enum came came[KINDS];

	return call->fetched != NULL && charts(call, came, build);
}

/* "CPU 100 % for 12 min.", "CPU 12 %.", "CPU over 92 % for 55+ min." */
static const char *strain_of(const struct command_call *call, const struct row *row)
{
	struct arena *arena = call->arena;
	struct figure figure;
	const char *name, *when;
	long long minutes;
	bool steady;

	if (work_out(call, row, &figure, &name) != CAME_FIGURE) {
		return "";
	}
	minutes = (long long)(figure.last_s - figure.high_since_s) / 60;
	when = when_words(&figure, call->fetched->now_ms, arena);
	if (strcmp(when, "now") != 0) {
		return arena_printf(arena, "%s %.0f %% %s.", row->label, figure.last, when);
	}
	if (row->agent || figure.n_high < 2 || minutes < LONG_MINUTES) {
		return arena_printf(arena, "%s %.0f %%.", row->label, figure.last);
	}
	steady = lround(figure.high_least) == lround(figure.last);
	return arena_printf(arena, "%s %s%.0f %% for %lld%s min.", row->label,
			    steady ? "" : "over ",
			    steady ? figure.last : ceil(figure.high_least) - 1, minutes,
			    figure.high_always ? "+" : "");
}

void answer_strain(const struct command_call *call, struct build *build)
{
	const char *cpu, *memory;

	if (call->fetched == NULL) {
		return;
	}
	cpu = strain_of(call, &rows[CPU]);
	memory = strain_of(call, &rows[MEMORY]);
	if (*cpu != '\0' && *memory != '\0' && strlen(cpu) + strlen(memory) < PHONE_COLUMNS) {
		build_line(build, "%s %s", cpu, memory);
		return;
	}
	if (*cpu != '\0') {
		build_line(build, "%s", cpu);
	}
	if (*memory != '\0') {
		build_line(build, "%s", memory);
	}
}
