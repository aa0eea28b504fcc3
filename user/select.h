/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which rows of a reading the user asked for, and in which order. Pure: the rows stay the
 * snapshot's; only the array of pointers (and rows of containers, which are sums) is made here.
 *
 * A process is taken if it fits --pid, --comm, --cgroup and --container together. A file is taken
 * if such a process owns or holds it, a mount if it has such a file, a cgroup if it fits --cgroup
 * and --container and, with --pid or --comm, has such a process in it. With --container alone the
 * tmpfs mounts of its mount namespace are taken, too, with all that is on them.
 */
#ifndef PAGETIDE_SELECT_H
#define PAGETIDE_SELECT_H

#include "columns.h"

struct rows {
	const void **row; /* struct snapshot_process, …, by view; container_row for VIEW_CONTAINER */
	size_t count;     /* rows after the limit */
	size_t matched;   /* before it */
	struct container_row *made;
};

/*
 * The rows of one view, filtered, sorted by --sort (where this view has that column; else by its
 * own order) and cut to `limit` (0: all). Returns 0 or -ENOMEM; free with select__free always.
 */
int select__view(struct rows *rows, const struct snapshot *snapshot, const struct options *options, enum view view,
		 uint64_t limit);

/* The steps of it: rows in the snapshot's order; then ties keep that order. */
int select__rows(struct rows *rows, const struct snapshot *snapshot, const struct options *options, enum view view);
/* turns rows of processes into rows of containers; 0 or -ENOMEM */
int select__containers(struct rows *rows, const struct snapshot *snapshot);
void select__sort(struct rows *rows, const struct column *column);
void select__cut(struct rows *rows, uint64_t limit);
void select__free(struct rows *rows);

/* --pid, --comm, --cgroup, --container; --events if given. Losses and marks are everybody's. */
bool select__event(const struct event *event, const struct options *options);

/* path is `cgroup` or below it; a missing leading "/" and a "/sys/fs/cgroup" before it are forgiven */
bool select__in_cgroup(const char *path, const char *cgroup);

/* whether it is one of the row's container, or was of the one that this is started anew of */
bool select__is_in_row(const struct snapshot_process *process, const struct container_row *row);

/* shown is `wanted`, or both begin the same container id */
bool select__is_container(const char *shown, const char *wanted);
/* the same, or wanted is its name, its pod, NAMESPACE/POD, or begins its whole id; in may be NULL */
bool select__in_container(const struct snapshot_container *in, const char *shown, const char *wanted);

#endif
