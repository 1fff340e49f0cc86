/* figures.c - counters to percents, samples to even steps (pure) */
#include "command/figures.h"

#include <math.h>
#include <string.h>

#define MODES_MAX 32

/* The value at exactly that time; `at` goes forward only. */
static bool value_at(const struct ocean_series *series, size_t *at, int64_t time_s, double *ret)
{
	while (*at < series->n_points && series->points[*at].at_s < time_s) {
		(*at)++;
	}
	if (*at == series->n_points || series->points[*at].at_s != time_s) {
		return false;
	}
	*ret = series->points[*at].value;
	return true;
}

static double percent(double part)
{
	return part <= 0 ? 0 : part >= 1 ? 100 : part * 100;
}

/* The counters of all modes at one time. */
struct counters {
	double modes[MODES_MAX];
	bool whole; /* none is missing */
};

/* The use between two times; false: one of them is not whole, a counter went back, or no time went by. */
static bool use_between(const struct counters *before, const struct counters *now, size_t n,
			size_t idle, double *ret)
{
	double all = 0;

	if (!before->whole || !now->whole) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (now->modes[i] < before->modes[i]) {
			return false;
		}
		all += now->modes[i] - before->modes[i];
	}
	if (!(all > 0) || !isfinite(all)) {
		return false;
	}
	*ret = percent(1 - (now->modes[idle] - before->modes[idle]) / all);
	return true;
}

struct figure_samples figure_cpu(const struct ocean_series *modes, size_t n, struct arena *arena)
{
	struct figure_samples samples = {0};
	struct counters before = {.whole = false};
	size_t at[MODES_MAX] = {0};
	struct ocean_point *points;
	size_t idle = 0;

	while (idle < n && (modes[idle].name == NULL || strcmp(modes[idle].name, "idle") != 0)) {
		idle++;
	}
	if (idle == n || n > MODES_MAX) {
		return samples;
	}
	points = arena_array(arena, modes[idle].n_points + 1, sizeof(*points));
	for (size_t k = 0; k < modes[idle].n_points; k++) {
		struct counters now = {.whole = true};
		int64_t time_s = modes[idle].points[k].at_s;

		for (size_t i = 0; i < n; i++) {
			now.whole = value_at(&modes[i], &at[i], time_s, &now.modes[i]) && now.whole;
		}
		points[samples.n].at_s = time_s;
		samples.n += use_between(&before, &now, n, idle, &points[samples.n].value);
		before = now;
	}
	samples.points = points;
	return samples;
}

static const struct ocean_series *series_of(const struct ocean_series *series, size_t n,
					    const char *name)
{
	for (size_t i = 0; i < n; i++) {
		bool same = name == NULL || series[i].name == NULL
				    ? name == series[i].name
				    : strcmp(name, series[i].name) == 0;

		if (same) {
			return &series[i];
		}
	}
	return NULL;
}

static struct figure_samples share_of(const struct ocean_series *free_,
				      const struct ocean_series *whole, struct arena *arena)
{
	struct ocean_point *points = arena_array(arena, free_->n_points + 1, sizeof(*points));
	struct figure_samples samples = {.points = points, .name = free_->name};
	size_t at = 0;

	for (size_t k = 0; k < free_->n_points; k++) {
		const struct ocean_point *left = &free_->points[k];
		double all;

		if (value_at(whole, &at, left->at_s, &all) && all > 0) {
			points[samples.n].at_s = left->at_s;
			points[samples.n++].value = percent(1 - left->value / all);
		}
	}
	return samples;
}

struct figure_samples figure_share(const struct ocean_series *free_, size_t n_free,
				   const struct ocean_series *whole, size_t n_whole,
				   struct arena *arena)
{
	struct figure_samples fullest = {0};

	for (size_t i = 0; i < n_free; i++) {
		const struct ocean_series *all = series_of(whole, n_whole, free_[i].name);
		struct figure_samples one;

		if (all == NULL) {
			continue;
		}
		one = share_of(&free_[i], all, arena);
		if (one.n > 0 && (fullest.n == 0 || one.points[one.n - 1].value >
							    fullest.points[fullest.n - 1].value)) {
			fullest = one;
		}
	}
	return fullest;
}

struct figure_samples figure_plain(const struct ocean_series *series, size_t n)
{
	struct figure_samples samples = {0};

	if (n > 0) {
		samples.points = series[0].points;
		samples.n = series[0].n_points;
	}
	return samples;
}

static void add_sample(struct figure *figure, const struct ocean_point *point)
{
	if (point->value < FIGURE_HIGH || point->at_s - figure->last_s > FIGURE_BREAK_S) {
		figure->n_high = 0;
	}
	if (point->value >= FIGURE_HIGH) {
		if (figure->n_high++ == 0) {
			figure->high_since_s = point->at_s;
			figure->high_least = point->value;
			figure->high_always = figure->n == 0;
		}
		figure->high_least =
			point->value < figure->high_least ? point->value : figure->high_least;
	}
	figure->most = figure->n == 0 || point->value > figure->most ? point->value : figure->most;
	figure->last = point->value;
	figure->last_s = point->at_s;
	figure->n++;
}

/* The next within the time; what goes back in time would stand twice and is passed over. NULL: no more. */
static const struct ocean_point *next_sample(const struct figure_samples *samples, size_t *at,
					     int64_t from_s, int64_t to_s)
{
	while (*at < samples->n) {
		const struct ocean_point *point = &samples->points[(*at)++];

		if (point->at_s >= from_s && point->at_s <= to_s &&
		    (*at == 1 || point->at_s > samples->points[*at - 2].at_s)) {
			return point;
		}
	}
	return NULL;
}

static size_t steps_for(size_t n_samples)
{
	/* one less: so a step is never shorter than their distance, and none is empty for that alone */
	size_t n = n_samples > 1 ? n_samples - 1 : 1;

	return n < FIGURE_STEPS_MAX ? n : FIGURE_STEPS_MAX;
}

struct figure figure_steps(const struct figure_samples *samples, int64_t from_s, int64_t to_s)
{
	struct figure figure = {0};
	const struct ocean_point *point;
	size_t at = 0;

	if (to_s <= from_s) {
		return figure;
	}
	while ((point = next_sample(samples, &at, from_s, to_s)) != NULL) {
		add_sample(&figure, point);
	}
	figure.n_steps = figure.n > 0 ? steps_for(figure.n) : 0;
	for (size_t i = 0; i < figure.n_steps; i++) {
		figure.steps[i] = (double)NAN;
	}
	at = 0;
	while ((point = next_sample(samples, &at, from_s, to_s)) != NULL) {
		int64_t past_s = point->at_s > from_s ? point->at_s - from_s - 1 : 0;
		double *step = &figure.steps[past_s * (int64_t)figure.n_steps / (to_s - from_s)];

		*step = *step >= point->value ? *step : point->value; /* NAN is not */
	}
	return figure;
}
