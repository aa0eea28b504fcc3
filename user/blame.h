/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who it was: what each process has of a limited thing, added up share by share,
 * ordered by growth, into a warning. Pure; memory is the caller's and fixed.
 */
#ifndef PAGETIDE_BLAME_H
#define PAGETIDE_BLAME_H

#include "history.h"
#include "snapshot.h"
#include "warning.h"

#define BLAME_MOST 96
#define BLAME_WINDOW_NS 60000000000ULL

struct blame {
	struct culprit all[BLAME_MOST];
	size_t count;
	uint64_t other_bytes; /* of processes that found no room */
};

struct share {
	uint32_t pid;
	uint64_t start_ns;
	const char *comm, *container, *path; /* container and path may be NULL */
	bool exited, file, deleted;          /* file: bytes are of one file */
	uint64_t bytes, files;               /* files that this share sums up */
};

void blame__begin(struct blame *blame);
void blame__add(struct blame *blame, const struct share *share);
/* Growth from the history, one row for many processes of one name, the largest growth first. */
void blame__finish(struct blame *blame, const struct history *history, enum history_kind kind, uint64_t now_ns,
		   struct warning *warning);

/* All shares of a target, out of a snapshot. */
void blame__mount(struct blame *blame, const struct snapshot *snapshot, unsigned major, unsigned minor);
/* the processes of a cgroup and of those below it; path NULL: of the machine */
void blame__cgroup(struct blame *blame, const struct snapshot *snapshot, const char *path);

#endif
