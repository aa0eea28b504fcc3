/* SPDX-License-Identifier: GPL-2.0-only */
/* What the page asks for: the rows that it shows, and the points of its plots. */
#ifndef PAGETIDE_PAGE_JSON_H
#define PAGETIDE_PAGE_JSON_H

#include <stdio.h>

#include "metrics.h"
#include "page_history.h"
#include "recent.h"

struct page_json_input {
	const struct snapshot *snapshot;
	const struct metrics_forecast *forecast;
	const struct page_history *history;
	const struct recent *recent;
	double interval_seconds; /* between readings */
	double age_seconds;      /* of the snapshot */
	uint64_t server;         /* differs from one server to the next */
};

/* 0 or -errno */
int page_json__live(FILE *out, const struct page_json_input *input);
/* points after that one alone; 0: all */
int page_json__history(FILE *out, const struct page_json_input *input, double since_boot_seconds);

#endif
