/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which way each fact is taken on this kernel. A fact has ways in order of
 * preference; the first that the kernel offers (and the forced tier allows) is
 * taken, the programs of the others are not loaded.
 */
#ifndef PAGETIDE_PLAN_H
#define PAGETIDE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"
#include "options.h"

enum fact_id {
	FACT_TMPFS_ADD,
	FACT_CACHE_ADD,
	FACT_REMOVE,
	FACT_REFRESH,
	FACT_SEED,
	FACT_PROCESSES,
	FACT_CGROUPS,
	FACT_HOLDERS_OPEN,
	FACT_HOLDERS_MAPPED,
	FACT_FORK,
	FACT_EXEC,
	FACT_EXIT,
	FACT_OOM,
	FACT_RECLAIM,
	FACT_CGROUP_WATCH,
	FACT_ENOSPC,
	FACT_URING,
	FACT_DENIED,
	FACT_SIGBUS,
	FACT_MAPPINGS,
	FACTS,
};

/* what a command needs: facts of a group are planned together */
enum fact_group {
	GROUP_READ = 1 << 0,     /* one reading: iterators only, nothing is attached */
	GROUP_TRACE = 1 << 1,    /* the books and the story: attached while pagetide runs */
	GROUP_MAPPINGS = 1 << 2, /* taxes every system call: only when asked for */
};

#define WAY_PROGRAMS 4

struct way {
	const char *name;
	enum tier tier;                     /* TIER_AUTO: belongs to none, every tier may use it */
	const char *programs[WAY_PROGRAMS]; /* none: the user side reads /proc or files */
	/* 0: this kernel offers it; else why not: -ENOENT it has no such thing, -EPERM it refuses */
	int (*offered)(struct kernel *kernel);
	const char *lost; /* with this way; NULL: nothing */
};

struct fact {
	enum fact_id id;
	const char *name, *what;
	enum fact_group group;
	const struct way *ways; /* ended by a way without a name */
	bool late;              /* taxes everything: attached by tracer__arm() only */
};

struct choice {
	const struct fact *fact;
	const struct way *way; /* NULL: not wanted, or cannot be had */
	bool wanted;
	int refused; /* why the preferred way was not taken: -errno of its offer; 0: it was taken */
};

struct plan {
	struct choice choices[FACTS];
	enum tier tier; /* the best that a way in use belongs to */
};

/*
 * Chooses. 0; -ENOTSUP: the forced tier cannot take tmpfs pages on this kernel, *why
 * says so in one line (static).
 */
int plan__make(struct plan *plan, struct kernel *kernel, enum tier forced, unsigned groups, const char **why);

/* Takes the next way of a fact whose present one failed. 0, or -ENOENT when none is left. */
int plan__next_way(struct plan *plan, struct kernel *kernel, enum fact_id fact, enum tier forced);

const char *plan__tier_name(enum tier tier);
extern const struct fact facts[FACTS];

#endif
