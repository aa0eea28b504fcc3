// SPDX-License-Identifier: GPL-2.0-only
#include "forecast.h"

#include <math.h>
#include <string.h>

#define NS 1000000000ULL
#define CLOSE_NS 1000000ULL /* points nearer than that are one */
#define MEMORY_NS (60 * NS) /* a tooth is remembered for so long */
#define FALL_PART 50        /* a fall of 1/50 of the limit, or of a tenth of the rise, ends it */
#define LARGE_PART 5        /* believed: a fifth of the limit in SHORT_SECONDS … */
#define SMALL_PART 50       /* … or a fiftieth in LONG_SECONDS */
#define SHORT_SECONDS 2.5
#define LONG_SECONDS 12.0

static double seconds_between(uint64_t from_ns, uint64_t to_ns)
{
	return (double)(to_ns - from_ns) / (double)NS;
}

/* room for one more: of the older half every second point goes */
static void thin_out(struct forecast *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (i < f->count / 2 && i % 2)
			continue;
		f->points[kept++] = f->points[i];
	}
	f->count = kept;
}

/* where the present rise began: the index of its lowest point */
static size_t begin_of_rise(const struct forecast *f, uint64_t fall)
{
	size_t lowest = f->count - 1;

	for (size_t i = f->count - 1; i-- > 0;) {
		uint64_t rise = f->points[f->count - 1].used > f->points[lowest].used
					? f->points[f->count - 1].used - f->points[lowest].used
					: 0;
		uint64_t slack = fall > rise / 10 ? fall : rise / 10;

		if (f->points[i].used > f->points[lowest].used + slack)
			break;
		if (f->points[i].used < f->points[lowest].used)
			lowest = i;
	}
	/* a flat time before, with its noise, is not part of the rise */
	for (size_t i = f->count; i-- > lowest;) {
		uint64_t rise = f->points[f->count - 1].used - f->points[lowest].used;

		if (f->points[i].used <= f->points[lowest].used + rise / 20)
			return i;
	}
	return lowest;
}

static void note_fall(struct forecast *f, uint64_t time_ns, uint64_t used)
{
	uint64_t top = f->points[f->count - 1].used, bottom = top;

	if (time_ns - f->fell_ns > MEMORY_NS)
		f->fell_bytes = 0;
	if (used >= top)
		return;
	for (size_t i = f->count; i-- > 0 && f->points[i].used <= top;) {
		if (f->points[i].used < bottom)
			bottom = f->points[i].used;
	}
	if (bottom < used)
		bottom = used; /* what fell back is at most what it fell */
	if (top - bottom >= f->fell_bytes) {
		f->fell_bytes = top - bottom;
		f->fell_ns = time_ns;
	}
}

void forecast__add(struct forecast *f, uint64_t time_ns, uint64_t used)
{
	if (f->count) {
		struct forecast_point *last = &f->points[f->count - 1];

		if (time_ns < last->time_ns)
			return;
		note_fall(f, time_ns, used);
		if (time_ns - last->time_ns < CLOSE_NS && f->count > 1) {
			last->used = used;
			return;
		}
	}
	if (f->count == FORECAST_POINTS)
		thin_out(f);
	f->points[f->count++] = (struct forecast_point){ time_ns, used };
}

/* growth a second since the first point that is not older than from_ns */
static double rate_since(const struct forecast *f, uint64_t from_ns)
{
	const struct forecast_point *last = &f->points[f->count - 1];

	for (size_t i = 0; i + 1 < f->count; i++) {
		const struct forecast_point *first = &f->points[i];

		if (f->points[i + 1].time_ns <= from_ns)
			continue;
		if (last->time_ns == first->time_ns || last->used <= first->used)
			return 0;
		return (double)(last->used - first->used) / seconds_between(first->time_ns, last->time_ns);
	}
	return 0;
}

struct forecast_rise forecast__rise(const struct forecast *f, uint64_t limit)
{
	struct forecast_rise rise = { 0 };
	const struct forecast_point *first, *last;
	double whole, later;

	if (f->count < 2)
		return rise;
	last = &f->points[f->count - 1];
	first = &f->points[begin_of_rise(f, limit / FALL_PART)];
	if (last->used <= first->used || last->time_ns == first->time_ns)
		return rise;
	rise.growth = last->used - first->used;
	rise.seconds = seconds_between(first->time_ns, last->time_ns);
	whole = (double)rise.growth / rise.seconds;
	later = rate_since(f, last->time_ns - (last->time_ns - first->time_ns) / 2);
	rise.rate = later < whole ? later : whole;
	rise.believed = rise.rate > 0 && ((rise.seconds >= SHORT_SECONDS && rise.growth >= limit / LARGE_PART) ||
					  (rise.seconds >= LONG_SECONDS && rise.growth >= limit / SMALL_PART));
	if (f->fell_bytes && last->time_ns - f->fell_ns < MEMORY_NS && rise.growth < f->fell_bytes + f->fell_bytes / 4)
		rise.believed = false;
	return rise;
}

double forecast__eta(uint64_t used, uint64_t limit, double rate)
{
	if (!(rate > 0))
		return NAN;
	return used >= limit ? 0 : (double)(limit - used) / rate;
}

struct forecast_line forecast__line(const struct forecast_point *points, size_t count)
{
	struct forecast_line line = { 0, 0 };
	double time = 0, used = 0, tt = 0, tu = 0, uu = 0;

	if (count < 3)
		return line;
	for (size_t i = 0; i < count; i++) {
		time += seconds_between(points[0].time_ns, points[i].time_ns) / (double)count;
		used += (double)points[i].used / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		double t = seconds_between(points[0].time_ns, points[i].time_ns) - time;
		double u = (double)points[i].used - used;

		tt += t * t;
		tu += t * u;
		uu += u * u;
	}
	if (tt <= 0 || uu <= 0)
		return line;
	line.slope = tu / tt;
	line.fit = tu * tu / (tt * uu);
	return line;
}
