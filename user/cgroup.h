/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory cgroups: where their hierarchy is, what each of them uses, and which limit is tightest.
 * Parsers are pure; cgroup__read_tree is the thin reader below them.
 *
 * Kernel: mm/memcontrol.c (memory_files, memory_stat_format), mm/memcontrol-v1.c
 * (mem_cgroup_legacy_files, memcg1_stat_format), include/linux/page_counter.h (PAGE_COUNTER_MAX:
 * "no limit"), fs/kernfs/inode.c (a directory's link count is its sub-directories + 2),
 * fs/kernfs/dir.c (its inode number is the cgroup's id, unique within one hierarchy).
 */
#ifndef PAGETIDE_USER_CGROUP_H
#define PAGETIDE_USER_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "mounts.h"
#include "parse.h"

#define CGROUP_NO_NODE UINT32_MAX

/* Where the memory controller's hierarchy can be seen. */
struct cgroup_where {
	int version; /* 1 or 2 */
	char mount_point[PATH_MAX];
	char root[PATH_MAX]; /* the cgroup that is mounted there; "/" unless in a container */
};

/*
 * All in bytes, of the cgroup and all below it, so that parents include their children. anon,
 * file, shmem and kernel do not overlap: file is without shmem, which the kernel's own "file" (v2)
 * and "cache" (v1) include. Swap cache is in none of them (it is in usage).
 */
struct cgroup_figures {
	struct parse_figure usage_bytes; /* absent at the root of v2, which is not charged */
	struct parse_figure peak_bytes;
	struct parse_figure limit_bytes; /* memory.max, memory.limit_in_bytes; absent: no limit */
	struct parse_figure high_bytes;  /* v2 memory.high: throttled above */
	struct parse_figure soft_bytes;  /* v1 memory.soft_limit_in_bytes: reclaimed first above */
	struct parse_figure anon_bytes, file_bytes, shmem_bytes, swap_bytes;
	struct parse_figure kernel_bytes;      /* v2 before 5.18: the sum of its known parts */
	struct parse_figure reclaimable_bytes; /* clean file cache: on the file LRU lists, not dirty */
};

struct cgroup_node {
	uint64_t id;         /* inode number of its directory */
	char *path;          /* as /proc/PID/cgroup shows it: "/", "/system.slice/a.service"; owned */
	uint32_t parent;     /* index in the tree, below this node's own; CGROUP_NO_NODE for the top */
	bool charges_parent; /* false: v1 without use_hierarchy; the parent's limit does not bind it */
	struct cgroup_figures figures;
	uint64_t stat_usage_bytes;     /* the caller's: usage when the figures of memory.stat were read */
	UT_hash_handle hh_id, hh_path; /* private */
};

struct cgroup_tree {
	int version;
	struct cgroup_node *nodes; /* parents before children; nodes[0] is the top; owned */
	size_t count;
	size_t vanished;                     /* cgroups removed while they were read */
	size_t too_deep;                     /* cgroups not entered: nested beyond what is followed */
	struct cgroup_node *by_id, *by_path; /* private */
};

/*
 * Finds the hierarchy in a mount table of mounts__parse: a v1 hierarchy with the memory controller,
 * else cgroup2, which the caller must ask with cgroup__has_memory (cgroup__read_tree does). Visible
 * mounts and whole ones first. 0; -ENOENT; -ENAMETOOLONG.
 */
int cgroup__find(const struct mount_table *table, struct cgroup_where *out);

/* Whether the text of cgroup.controllers names memory. */
bool cgroup__has_memory(const char *buf, size_t len);

/* A limit file: "max" and v1's PAGE_COUNTER_MAX (near LONG_MAX) are no limit: absent. */
struct parse_figure cgroup__parse_limit(const char *buf, size_t len);
/* Any other file of one number; absent if it is not one. */
struct parse_figure cgroup__parse_value(const char *buf, size_t len);

/*
 * memory.stat into anon, file, shmem, reclaimable, and of v1 swap, of v2 kernel. v1: the total_
 * lines. Other figures are left alone.
 */
void cgroup__parse_stat(int version, const char *buf, size_t len, struct cgroup_figures *figures);

/*
 * Reads the whole tree: each directory opened once, relative to its parent, each file with one
 * openat and one read. A file that is not there is an absent figure. 0; -ENOTSUP (cgroup2 without
 * memory controller); -ENOMEM; -errno of the top directory. Free with cgroup__free_tree.
 */
int cgroup__read_tree(const struct cgroup_where *where, struct cgroup_tree *out);
void cgroup__free_tree(struct cgroup_tree *tree);

/*
 * Building a tree by hand (tests, recordings): add parents first, then index. add returns the new
 * node's index or -ENOMEM and copies path; index makes the two look-ups work, and nothing may be
 * added after it.
 */
int cgroup__add(struct cgroup_tree *tree, uint64_t id, const char *path, uint32_t parent);
void cgroup__index(struct cgroup_tree *tree);

/* Index, or CGROUP_NO_NODE. */
uint32_t cgroup__by_id(const struct cgroup_tree *tree, uint64_t id);
uint32_t cgroup__by_path(const struct cgroup_tree *tree, const char *path);

enum cgroup_limit {
	CGROUP_LIMIT_MAX = 1,  /* above it: reclaim, then the OOM killer */
	CGROUP_LIMIT_HIGH = 2, /* v2: above it: throttling */
};

struct cgroup_tightest {
	uint32_t node; /* the cgroup whose limit it is */
	enum cgroup_limit kind;
	uint64_t limit_bytes;
	uint64_t room_bytes;                   /* limit - usage of that cgroup; 0 when it is above */
	struct parse_figure reclaimable_bytes; /* of that cgroup: room that reclaim would make */
};

/*
 * Of a node and its ancestors, the limit with the least room; of equals the nearest. `kinds` is an
 * or of cgroup_limit. Nodes without usage or limit do not count. 0, or -ENOENT when none binds.
 */
int cgroup__tightest(const struct cgroup_tree *tree, uint32_t node, unsigned kinds, struct cgroup_tightest *out);

#endif
