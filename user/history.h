/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last minute of the largest consumers: a point a second of each, in memory that
 * is taken once. Pure: fed with snapshots. An exited process stays while it owns.
 */
#ifndef PAGETIDE_HISTORY_H
#define PAGETIDE_HISTORY_H

#include "forecast.h"
#include "snapshot.h"

#define HISTORY_POINTS 64
#define HISTORY_PROCESSES 256

struct history;

int history__open(struct history **history);  /* 0 or -ENOMEM */
void history__close(struct history *history); /* takes NULL */
/* at most one point a second is kept: call it with every snapshot */
void history__take(struct history *history, const struct snapshot *snapshot);

enum history_kind { HISTORY_ANON, HISTORY_RESIDENT, HISTORY_TMPFS, HISTORY_CACHE, HISTORY_KINDS };

/*
 * The bytes that a process had at the oldest point within the window, and how long before now_ns
 * that was. False: it is not known (it may be younger than a second, or small).
 */
bool history__before(const struct history *history, uint32_t pid, uint64_t start_ns, enum history_kind kind,
		     uint64_t window_ns, uint64_t now_ns, uint64_t *bytes, double *seconds);
/* its points, oldest first, at most HISTORY_POINTS; returns their number */
size_t history__series(const struct history *history, uint32_t pid, uint64_t start_ns, enum history_kind kind,
		       struct forecast_point *points);

#endif
