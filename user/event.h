/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One thing that happened, as `trace` prints it and a recording keeps it. Strings
 * live until the sink that is given the event returns.
 */
#ifndef PAGETIDE_EVENT_H
#define PAGETIDE_EVENT_H

#include "snapshot.h"
#include "warning.h"

enum event_type {
	EVENT_MMAP,
	EVENT_MUNMAP,
	EVENT_BRK,
	EVENT_MREMAP,
	EVENT_CACHE, /* per process and file, per interval */
	EVENT_TMPFS,
	EVENT_FORK,
	EVENT_EXEC,
	EVENT_EXIT,
	EVENT_OOM,
	EVENT_WARNING,
	EVENT_ENOSPC,
	EVENT_SIGBUS,
	EVENT_HUGETLB,
	EVENT_MEMLOCK,
	EVENT_MARK,
	EVENT_LOST,
	EVENT_TYPES,
};
#define EVENT_DENIALS (1U << EVENT_HUGETLB | 1U << EVENT_MEMLOCK) /* the types that have event.denied, as bits */
extern const char *const event_names[EVENT_TYPES];                /* "mmap", "munmap", … as in --events */

struct event {
	enum event_type type;
	uint64_t time_ns; /* realtime */
	uint64_t boot_ns;
	uint32_t pid, ppid, tid, uid;
	uint64_t start_ns;
	const char *comm;
	const char *cgroup;                  /* NULL: not known */
	const char *container;               /* NULL: none */
	const struct snapshot_container *in; /* the same, whole */
	bool followed;                       /* of the command that is traced, or a descendant */
	union {
		struct { /* mmap, munmap, brk, mremap */
			uint64_t address, length_bytes;
			int64_t change_bytes;
			const char *kind; /* "anon", "file", "shmem", "heap"; NULL: not known */
			const char *path; /* NULL: none */
		} map;
		struct { /* cache, tmpfs */
			const char *path, *mount;
			uint64_t added_bytes, removed_bytes, resident_bytes;
			bool deleted;
			uint64_t count; /* files that this event sums up; 1 for one file */
		} pages;
		struct {
			const char *path;
		} exec;
		struct {
			uint64_t peak_rss_bytes;
			uint64_t tmpfs_left_bytes, cache_left_bytes;
			int exit_code; /* as wait(2) encodes it */
		} exit;
		struct {
			uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes, page_table_bytes, virtual_bytes;
			int oom_score_adj;
			uint32_t trigger_pid;
			const char *trigger_comm;
			bool scope_known;  /* false: this kernel does not tell whose limit it was */
			const char *scope; /* path of the cgroup whose limit it was; NULL: the machine's */
			uint64_t usage_bytes, limit_bytes, swap_usage_bytes, swap_limit_bytes; /* of it */
			uint64_t charged_tmpfs_bytes; /* tmpfs pages charged to it or below */
			uint64_t available_bytes;     /* of the machine, at the last reading */
			const struct warning *who;    /* its culprits: the largest consumers; NULL: not known */
		} oom;                                /* pid and comm are the victim's */
		const struct warning *warning;
		struct {                   /* enospc, sigbus */
			const char *call;  /* "write"; NULL: a fault */
			const char *limit; /* "size", "inodes", "cgroup"; NULL: not known */
			const char *path, *mount;
			bool is_short;                                 /* a write that was cut short: it did not fail */
			uint64_t wanted_bytes, written_bytes, address; /* ABSENT: none */
			uint64_t used_bytes, limit_bytes, used_inodes, limit_inodes; /* of the mount */
			const struct warning *who; /* its culprits: whose bytes are on the mount */
		} refused;
		struct {                   /* hugetlb, memlock */
			const char *call;  /* "mmap"; NULL: a fault */
			const char *limit; /* "pool", "RLIMIT_MEMLOCK"; NULL: another one */
			uint64_t wanted_bytes, used_bytes, limit_bytes; /* wanted ABSENT: not known */
			uint64_t reserved_bytes;                        /* hugetlb: of used, promised but not touched */
			uint64_t page_bytes;                            /* hugetlb: of its pages */
			const char *advice;
		} denied;
		struct {
			const char *label;
		} mark;
		struct {
			const char *kind;
			uint64_t count; /* since the last such event */
		} lost;
	};
};

static inline bool event__is_denial(const struct event *event)
{
	return 1U << event->type & EVENT_DENIALS;
}

#endif
