/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast a figure grows, net, and when it will reach its limit. A fixed ring of
 * points; no allocation, no clock. Growth counts from where the present rise began:
 * a fall ends a rise, and a rise is believed only when it is more than what fell
 * back before (a sawtooth), and still goes on (a burst does not).
 */
#ifndef PAGETIDE_FORECAST_H
#define PAGETIDE_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORECAST_POINTS 64

struct forecast {
	struct forecast_point {
		uint64_t time_ns, used;
	} points[FORECAST_POINTS];
	size_t count;
	uint64_t fell_bytes; /* the largest rise that fell back within the memory of a minute */
	uint64_t fell_ns;
};

struct forecast_rise {
	uint64_t growth; /* since the rise began */
	double seconds;  /* how long ago that was */
	double rate;     /* a second: the lower of the whole rise and its later half; 0: none */
	bool believed;   /* long or large enough to predict from */
};

/* time must not go back; an earlier one is ignored */
void forecast__add(struct forecast *forecast, uint64_t time_ns, uint64_t used);
/* limit: what the thresholds of "large enough" are parts of */
struct forecast_rise forecast__rise(const struct forecast *forecast, uint64_t limit);
/* seconds until used reaches limit at that rate; NaN when it does not */
double forecast__eta(uint64_t used, uint64_t limit, double rate);

/* A straight line through points: slope a second, and how well it fits (r², 0 to 1). */
struct forecast_line {
	double slope, fit;
};
struct forecast_line forecast__line(const struct forecast_point *points, size_t count);

#endif
