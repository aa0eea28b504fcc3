/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One reading of everything, as the views see it: plain rows, ready to print.
 * The model builds it; the sinks, the recorder and the warner read it and change
 * nothing. Bytes are bytes, rates bytes per second, times nanoseconds since the
 * Unix epoch. A figure that is not known is ABSENT, never 0; so is a rate at the
 * first reading (NO_RATE).
 *
 * Ownership: everything reachable from a snapshot belongs to the model that built
 * it and lives until that model builds the next one.
 */
#ifndef PAGETIDE_SNAPSHOT_H
#define PAGETIDE_SNAPSHOT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ABSENT UINT64_MAX
#define NO_RATE NAN

static inline bool is_known(uint64_t figure)
{
	return figure != ABSENT;
}

/* a part of MemTotal; the parts add up to it, "unattributed" is the last */
struct system_part {
	const char *name;          /* as in the JSON, without _bytes: "free", "anon", "cache", … */
	int64_t bytes;             /* only "unattributed" can be negative, by a race of the reading */
	int64_t reclaimable_bytes; /* of bytes, without swap and without writing first */
};

struct snapshot_system {
	uint64_t total_bytes, available_bytes;
	uint64_t swap_total_bytes, swap_free_bytes;
	uint64_t cache_owned_bytes; /* of "cache": brought in by a known process */
	uint64_t tmpfs_owned_bytes;
	const struct system_part *parts;
	size_t part_count;
	const struct hugetlb_pool *pools; /* those that are configured */
	size_t pool_count;
	uint64_t huge_page_bytes; /* of the default pool */
};

/* what is known of a container, pod or machine; strings are NULL where nobody told */
struct snapshot_container {
	const char *shown;   /* what people read and type: NAMESPACE/POD/CONTAINER, a name, a short id */
	const char *cgroup;  /* its topmost: another one is another container, whatever its name and id */
	const char *id;      /* whole; of a pod its uid */
	const char *kind;    /* "container", "pod", "machine" */
	const char *runtime; /* "docker", "containerd", … */
	const char *name, *pod, *pod_namespace, *image; /* as kubelet spells them */
};

struct snapshot_process {
	uint32_t pid, ppid, uid;
	uint64_t start_ns; /* CLOCK_BOOTTIME: with pid the identity */
	uint64_t start_time_ns;
	const char *comm;
	const char *cmdline;                 /* NULL: not known */
	const char *cgroup;                  /* path in the memory hierarchy; NULL: not known */
	const char *container;               /* in->shown; NULL: none */
	const struct snapshot_container *in; /* NULL: none */
	uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes, page_table_bytes, locked_bytes, virtual_bytes,
		peak_rss_bytes;
	uint64_t cache_bytes, tmpfs_bytes, tmpfs_swap_bytes; /* owned; ABSENT when nothing traces */
	uint64_t peak_cache_bytes, peak_tmpfs_bytes;         /* the most that was seen owned; ABSENT likewise */
	uint64_t cache_added_bytes, tmpfs_added_bytes;       /* brought in while watched, ever */
	double resident_rate, cache_rate, tmpfs_rate;        /* net change of anon+file+shmem, cache, tmpfs */
	bool exited, kernel, followed;
	bool shares_memory; /* its resident figures are its parent's too: a sum of processes passes over them */
	int exit_code;      /* as wait(2) encodes it, when exited */
};

struct snapshot_cgroup {
	const char *path;
	uint64_t id;
	int version; /* 1 or 2 */
	const char *container;
	const struct snapshot_container *in; /* NULL: none */
	bool inner;                          /* the cgroup above it is of the same container */
	uint64_t usage_bytes, peak_bytes, limit_bytes, high_bytes;
	uint64_t soft_bytes;       /* v1 */
	const char *tightest_path; /* NULL: no limit up the tree */
	uint64_t tightest_limit_bytes, tightest_room_bytes;
	uint64_t anon_bytes, file_bytes, shmem_bytes, kernel_bytes, swap_bytes, reclaimable_bytes;
	double usage_rate;
};

struct snapshot_mount {
	const char *path;      /* as the namespace sees it */
	uint32_t major, minor; /* dev */
	uint64_t namespace_id; /* inode of the mount namespace */
	bool root_namespace;
	const char *container;               /* in->shown; NULL: none */
	const struct snapshot_container *in; /* whose mount namespace it is; NULL: none */
	const char *unit;                    /* the systemd unit whose namespace it is; NULL: none, or the root one */
	bool internal; /* the kernel's own: memfd, System V, shared anonymous; no limit, no statfs */
	uint64_t used_bytes, limit_bytes, used_inodes, limit_inodes;
	uint64_t unattributed_bytes; /* of used: no known process brought it in */
	uint64_t peak_bytes;
	uint64_t file_count; /* files of this mount in the books */
	double used_rate;
};

enum file_kind { FILE_KIND_FILE, FILE_KIND_TMPFS, FILE_KIND_MEMFD, FILE_KIND_SYSV, FILE_KIND_SHARED_ANON };
extern const char *const file_kind_names[]; /* "file", "tmpfs", "memfd", "sysv", "shared_anon" */

struct snapshot_owner {
	uint32_t pid;
	bool exited;
	uint64_t start_ns, start_time_ns;
	const char *comm;
	uint64_t bytes;
	const struct snapshot_container *in; /* NULL: none */
};

/* there are many: ordered to be small */
struct snapshot_file {
	const char *path;      /* raw bytes as the kernel has them: a sink escapes */
	const char *mount;     /* path of its mount; NULL: not known */
	uint64_t namespace_id; /* 0: the root mount namespace sees this path */
	uint64_t ino;
	uint32_t major, minor;
	enum file_kind kind;
	bool deleted, shared, gone, other; /* gone: nothing left; other: files without a slot */
	uint64_t bytes, swap_bytes, peak_bytes, size_bytes;
	uint64_t added_bytes, removed_bytes; /* while watched */
	uint64_t count, bytes_each;          /* a row that stands for many files; else 1, ABSENT */
	double rate;
	const struct snapshot_owner *owners; /* largest first; unknown ones left out */
	const uint32_t *holders;             /* pids; NULL with 0: nobody, or not asked */
	uint32_t owner_count, holder_count;
	uint64_t charged_id;      /* memory cgroup that its last page was charged to; 0: not known, or none */
	const char *charged_path; /* NULL: it is removed, or not known */
	bool holders_known;
};

struct snapshot_loss {
	const char *kind;
	uint64_t count;
};

struct snapshot {
	uint64_t time_ns;        /* realtime */
	uint64_t boot_ns;        /* CLOCK_BOOTTIME */
	double interval_seconds; /* since the last reading; 0 at the first */
	const char *host, *kernel, *tier;
	bool tracing; /* owners are known from the start of the tracing on */
	struct snapshot_system system;
	const struct snapshot_process *processes;
	size_t process_count;
	const struct snapshot_cgroup *cgroups;
	size_t cgroup_count;
	const struct snapshot_mount *mounts;
	size_t mount_count;
	const struct snapshot_file *files;
	size_t file_count;
	const struct snapshot_loss *lost; /* kinds with a count of 0 are left out */
	size_t loss_count;
};

#endif
