/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a limit that comes near is news. Pure: the clock, the figures and the place
 * for warnings are arguments. Told once a level and target until it has fallen back
 * by 5 points for good (a sawtooth has not); by time when it will be full soon at a
 * rate that can be believed, and again when that time has halved twice.
 */
#ifndef PAGETIDE_WARNER_H
#define PAGETIDE_WARNER_H

#include "forecast.h"
#include "history.h"
#include "snapshot.h"
#include "warning.h"

#define WARNER_LEVELS 8

struct warner_settings {
	unsigned levels[WARNER_LEVELS]; /* percent, ascending */
	size_t level_count;
	double eta_seconds;     /* 0: never by time */
	unsigned floor_percent; /* below it never by time */
};

/* one limited thing, as it stands at a moment */
struct gauge {
	enum warning_limit limit;
	uint64_t id; /* with limit: the identity; a mount's device, a cgroup's id, 0 */
	uint64_t used;
	uint64_t reclaimable; /* of used; 0 where nothing is */
	uint64_t limit_value; /* 0: no limit */
	uint64_t memory_left; /* of a tmpfs: what the machine can still give; ABSENT: enough */
};

/* what is to be watched more closely than once a reading */
struct warner_watch {
	uint64_t next;      /* value of used that is worth a look: a level, or a step before it; 0: none */
	double percent;     /* of the limit, without what is reclaimable */
	double eta_seconds; /* at the present rate, believed or not; NaN: not growing */
};

struct warner;

int warner__open(struct warner **warner, const struct warner_settings *settings); /* 0 or -ENOMEM */
void warner__close(struct warner *warner);                                        /* takes NULL */
/* From now on by these; what was told is told again where it is still so. */
void warner__set(struct warner *warner, const struct warner_settings *settings);

/*
 * One gauge now. True: it is news, and *out has all but target, culprits and advice.
 * watch (may be NULL) is filled in either case.
 */
bool warner__gauge(struct warner *warner, const struct gauge *gauge, uint64_t now_ns, struct warning *out,
		   struct warner_watch *watch);
/* Seconds until it is full, as it was last judged; NaN: it does not grow, or was never judged. */
double warner__eta(const struct warner *warner, const struct gauge *gauge);
/* How it has risen up to the last look, against its own limit. All 0: it was never judged. */
struct forecast_rise warner__rise(const struct warner *warner, const struct gauge *gauge);
/*
 * Every limit of a snapshot, with who it was and what to do. Returns how many warnings there
 * are; those beyond cap are left for the next snapshot. history may be NULL.
 */
int warner__judge(struct warner *warner, const struct snapshot *snapshot, const struct history *history,
		  uint64_t now_ns, struct warning *out, int cap);

/* A device number comes back for the next tmpfs: its path tells them apart. */
uint64_t warner__mount_id(uint32_t dev, const char *path);
/* The gauges of a row. False: it has no limit. */
bool warner__mount_gauge(const struct snapshot_mount *mount, const struct snapshot_system *system, bool inodes,
			 struct gauge *gauge);
/* gentle: not the limit that kills but the one before it, of v2 high, of v1 the soft limit */
bool warner__cgroup_gauge(const struct snapshot_cgroup *cgroup, bool gentle, struct gauge *gauge, const char **name);
#define GENTLE_LIMIT (1ULL << 63) /* in a cgroup's id: told apart from its other limit */

#endif
