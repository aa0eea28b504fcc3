/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The raw figures of one moment, as the collector gathered them (or a recording
 * kept them) and as the model takes them in. Nothing here is interpreted.
 * Everything is borrowed: it lives until the collector's next reading.
 */
#ifndef PAGETIDE_READING_H
#define PAGETIDE_READING_H

#include "cgroup.h"
#include "container_names.h"
#include "mounts.h"
#include "overlay.h"
#include "sysmem.h"
#include "tracer.h"
#include "wire.h"

/* after the kernel side's */
enum our_loss {
	LOSS_ODD = LOSSES, /* records that were none */
	LOSS_OUTPUT,       /* lines or tables that nobody took */
	LOSS_SKIPPED,      /* runs of our programs that the kernel left out */
	LOSS_KINDS,
};

struct reading_mount {
	const char *path;
	unsigned major, minor;
	uint64_t namespace_id;
	bool root_namespace;
	uint32_t pid; /* a process of that namespace; 0: not known */
	struct parse_figure used_bytes, limit_bytes, used_inodes, limit_inodes;
	uint64_t peak_bytes;               /* since it is watched, between readings too; 0: not watched */
	uint64_t other_pages, other_owned; /* of files beyond the table, and of those with an owner */
	uint64_t superblock;               /* 0: not known. The device number may be another one's meanwhile */
};

/* a line of /proc/sysvipc/shm */
struct reading_segment {
	int id;
	uint64_t rss_bytes, swap_bytes, size_bytes;
	uint32_t creator_pid;
	uint64_t attached;
	bool destroyed;
};

struct reading {
	uint64_t time_ns, boot_ns; /* CLOCK_REALTIME, CLOCK_BOOTTIME, of one moment */
	bool tracing;
	const struct task_row *tasks;
	const char *const *cmdlines; /* parallel to tasks; NULL entries: not known, or as before */
	size_t task_count;
	const struct file_slot *files;
	uint32_t file_slots;
	const struct file_charge *charges; /* parallel to files as far as they go; NULL: not known */
	uint32_t charge_slots;
	const struct owner_slot *owners;
	uint32_t owner_slots;
	struct pair_row *pairs; /* the model sorts them */
	size_t pair_count;
	const struct holder_row *holders;
	size_t holder_count;
	bool holders_known;
	const struct cgroup_tree *cgroups; /* NULL: not to be had */
	/* parallel to the nodes of cgroups; NULL: each tells by its path alone */
	const struct container_known *const *containers;
	const struct reading_mount *mounts;
	size_t mount_count;
	const struct mount_view *view;        /* NULL: paths cannot be completed */
	const struct overlay_index *overlays; /* NULL likewise */
	uint64_t view_generation;             /* changes when the mounts did */
	const struct reading_segment *segments;
	size_t segment_count;
	const struct sysmem *system;
	const struct hugetlb_pool *pools; /* of huge pages; only the configured ones */
	size_t pool_count;
	uint64_t losses[LOSSES];
	uint64_t odd_records;
	uint64_t dropped_output;
	uint64_t skipped_events;
};

#endif
