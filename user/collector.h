/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gathers one reading: the kernel side's tables and iterators, the mounts of every
 * namespace, the cgroups, meminfo. What changes rarely (mounts, command lines) is
 * kept and read again when there is reason to. All I/O of a reading is here.
 */
#ifndef PAGETIDE_COLLECTOR_H
#define PAGETIDE_COLLECTOR_H

#include "reading.h"
#include "tracer.h"

struct collector;

enum want {
	WANT_HOLDERS = 1 << 0, /* who has which file open or mapped: dear with many tasks */
	WANT_CMDLINES = 1 << 1,
	WANT_FRESH = 1 << 2, /* a reading for its own sake: nothing kept is good enough */
};

/* tracer may be NULL: then /proc alone is read. 0 or -errno. Close takes NULL. */
int collector__open(struct collector **collector, struct tracer *tracer, bool tracing);
void collector__close(struct collector *collector);

/* What the kernel side must know before it is loaded. */
struct collector_facts {
	bool has_cgroups, unified;
};
struct collector_facts collector__facts(void);

/*
 * Cold start: puts every tmpfs file of every mount namespace into the books, and
 * what is open or mapped. Call after the tracer is attached.
 */
int collector__seed(struct collector *collector);

/* What /proc calls that process; 0: it is not there. */
uint32_t collector__proc_pid(struct collector *collector, uint32_t pid);

/* NULL at -errno in *err. Lives until the next call. */
const struct reading *collector__read(struct collector *collector, unsigned wants, int *err);

/*
 * Single figures, between readings. A mount's use as statfs tells it, of a covered one the
 * sum of its files, and how many pages its slot had counted then. 0 or -errno.
 */
struct mount_now {
	uint32_t slot;                                               /* 0: it has none */
	const char *path;                                            /* lives until the next reading */
	uint64_t used_bytes, limit_bytes, used_inodes, limit_inodes; /* UINT64_MAX: none */
	int64_t slot_pages;
};
int collector__mount_now(struct collector *collector, uint32_t dev, struct mount_now *out);
/* the next reading looks at the mounts of all namespaces anew */
void collector__mounts_are_new(struct collector *collector);
/* usage and limit of every cgroup. Their number, -EOPNOTSUPP without an iterator, or -errno. */
int collector__counters(struct collector *collector, const struct cgroup_row **rows);
/* bytes of a cgroup that the kernel can take back; path as in a snapshot. 0 or -errno. */
int collector__reclaimable(struct collector *collector, const char *path, uint64_t *bytes);
/* the path of a cgroup by its id, asked of the kernel. 0 or -errno. */
int collector__cgroup_path(struct collector *collector, uint64_t id, char *path, size_t size);
/* every process now. Their number or -errno; lives until the next reading. */
int collector__tasks(struct collector *collector, const struct task_row **rows);

/* a process became another program: its command line is read again */
void collector__forget(struct collector *collector, uint32_t pid);
/* The last reading was taken in: what only it needs is given back. Mounts and cgroups stay. */
void collector__done(struct collector *collector);
/* what was lost on the user side so far, for the reading: odd records, output that nobody took */
void collector__our_losses(struct collector *collector, uint64_t odd_records, uint64_t dropped_output);

#endif
