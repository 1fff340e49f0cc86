/* figures.h - what DigitalOcean measured of a droplet, worked out: shares in percent, and a figure on even steps (pure)
 *
 * Nothing measured is never zero: a figure without samples has n 0, and a step without one is NAN.
 */
#ifndef COMMAND_FIGURES_H
#define COMMAND_FIGURES_H

#include "base/arena.h"
#include "ocean/things.h"

#define FIGURE_STEPS_MAX 60
#define FIGURE_HIGH 90.0   /* percent, from which on it is worth a word how long */
#define FIGURE_BREAK_S 600 /* without a sample for longer, nobody knows how it was in between */

/* Samples in order of time. */
struct figure_samples {
	const struct ocean_point *points;
	size_t n;
	const char *name; /* of the file system; NULL: there is only one */
};

struct figure {
	size_t n;                       /* samples within the time; 0: nothing was measured */
	double steps[FIGURE_STEPS_MAX]; /* the highest sample of each; NAN: none */
	size_t n_steps;
	double last, most;
	int64_t last_s; /* wall, of the last sample */
	/* of the unbroken run at its end with FIGURE_HIGH and more */
	size_t n_high; /* samples; 0: the last one is lower */
	int64_t high_since_s;
	double high_least;
	bool high_always; /* it began with the first sample */
};

/*
 * CPU: percent used between one sample and the next, out of the seconds of each mode. A counter that goes back (it was restarted),
 * or a time at which a mode is missing, makes a gap. Without the mode "idle" there is nothing to work it out from.
 */
struct figure_samples figure_cpu(const struct ocean_series *modes, size_t n, struct arena *arena);

/*
 * Percent of `whole` that is not `free`, at the times that both have. Of several (file systems) the one that is fullest at its last
 * sample, whose name is given.
 */
struct figure_samples figure_share(const struct ocean_series *free_, size_t n_free,
				   const struct ocean_series *whole, size_t n_whole,
				   struct arena *arena);

/* As measured. */
struct figure_samples figure_plain(const struct ocean_series *series, size_t n);

/* On even steps from from_s to to_s: no more steps than there are samples for. */
struct figure figure_steps(const struct figure_samples *samples, int64_t from_s, int64_t to_s);

#endif
