/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot as a page of metrics for Prometheus, from one table of families: docs/metrics.md is
 * checked against it. Pure. A figure that is not known has no sample; the number of series is
 * bounded, and what has no row of its own is in the row "other", so that sum() stays right.
 */
#ifndef PAGETIDE_METRICS_H
#define PAGETIDE_METRICS_H

#include "plan.h"
#include "snapshot.h"
#include "tally.h"

#include <stdio.h>

enum metrics_format {
	METRICS_TEXT,        /* text 0.0.4 */
	METRICS_OPENMETRICS, /* 1.0.0 */
};

/* Seconds until it is full, NaN: it does not fill. NULL functions: nobody forecasts. */
struct metrics_forecast {
	void *context;
	double (*mount)(void *context, const struct snapshot_mount *mount);
	double (*cgroup)(void *context, const struct snapshot_cgroup *cgroup);
};

struct metrics_input {
	const struct snapshot *snapshot; /* NULL: none yet */
	const struct tally *tally;
	const struct plan *plan; /* NULL: nothing is traced */
	struct metrics_forecast forecast;
	uint64_t max_series;
	double reading_seconds; /* that the last reading took */
	double render_seconds;  /* that the last page took; NaN: it is the first */
	uint64_t readings, failed_readings;
	uint64_t map_bytes; /* kernel memory of the maps; ABSENT */
};

/* 0 or -errno */
int metrics__write(FILE *out, const struct metrics_input *input, enum metrics_format format);

/* The table, for the documentation: a Markdown row each. */
void metrics__document(FILE *out);

#endif
