/* SPDX-License-Identifier: GPL-2.0-only */
/* What the collector's files share; nobody else includes it. */
#ifndef PAGETIDE_COLLECTOR_PRIVATE_H
#define PAGETIDE_COLLECTOR_PRIVATE_H

#include <uthash.h>

#include "cgroup.h"
#include "clock.h"
#include "collector.h"
#include "mountns.h"
#include "numbers.h"
#include "overlay.h"
#include "proc.h"
#include "hugetlb.h"
#include "sysmem.h"

#define LOOKED_FOR_MOST 64

/* a command line that was read, and is the model's */
struct cmdline {
	struct owner_key key;
	UT_hash_handle hh;
	char comm[COMM_LENGTH]; /* as it was then; "": it is to be read */
	bool seen;
};

struct collector {
	struct tracer *tracer;
	bool tracing;
	struct proc_root proc;
	bool numbers_differ; /* /proc's from the kernel's */
	struct numbers numbers;
	struct reading reading;
	struct task_row *tasks;
	size_t task_capacity;
	struct task_row *tasks_now; /* between readings, and within one: the reading's own stay */
	size_t task_now_capacity;
	struct pair_row *pairs;
	size_t pair_capacity;
	struct holder_row *holders;
	size_t holder_capacity;
	struct cgroup_row *cgroup_rows;
	size_t cgroup_capacity;
	struct cmdline *cmdlines;
	char **cmdline_of; /* of this reading, ours */
	size_t cmdline_count, cmdline_capacity;
	/* mounts */
	struct mount_view view;
	struct overlay_index overlays;
	struct tmpfs_mount *tmpfs;
	size_t tmpfs_count;
	struct reading_mount *mounts;
	bool has_view;
	int mountinfo_fd; /* tells when our namespace's mounts change */
	uint64_t view_ns, view_generation, view_patience_ns;
	uint32_t looked_for[LOOKED_FOR_MOST]; /* strange when the tables were last read: they may not show it */
	size_t looked_for_count;
	size_t backing_count; /* tmpfs mounts that are seen in a runtime's folder only */
	/* cgroups */
	struct cgroup_where where;
	bool has_cgroups;
	struct cgroup_tree tree;
	bool has_tree;
	uint64_t tree_ns;
	int cgroup_fd;
	int root_fd; /* of the machine, where runtimes keep their files */
	struct container_names *names;
	const struct container_known **known;
	size_t known_capacity;
	struct reading_segment *segments;
	size_t segment_capacity;
	struct sysmem system;
	struct hugetlb_pool pools[HUGETLB_POOLS];
};

/* collector_mounts.c */
int collector__mounts(struct collector *collector, bool fresh);
/* collector_limits.c: gives each tmpfs a slot of its own for as long as it is mounted */
void collector__free_cmdlines(struct collector *collector);
void collector__know_mounts(struct collector *collector);
/* the figures of memory.stat; others are left alone. 0 or -errno */
int collector__stat(struct collector *collector, const char *path, struct cgroup_figures *figures);
void collector__free_mounts(struct collector *collector);
/* collector_maps.c: appends to the holders after `count`; their number or -errno */
int collector__mapped(struct collector *collector, size_t count);
/* collector.c: the numbers of processes anew, where /proc has others than the kernel */
void collector__numbers(struct collector *collector);
/* one for the other, as they were then; 0: it has none */
uint32_t collector__in_proc(const struct collector *collector, uint32_t kernel);
uint32_t collector__in_kernel(const struct collector *collector, uint32_t proc);
/* all holders; their number or -errno */
int collector__holders(struct collector *collector);
/* collector_processes.c */
int collector__processes(struct collector *collector, unsigned wants);
void collector__free_processes(struct collector *collector);
/* collector_cgroups.c */
int collector__open_cgroups(struct collector *collector);
int collector__cgroups(struct collector *collector, bool fresh);
void collector__free_cgroups(struct collector *collector);

#endif
