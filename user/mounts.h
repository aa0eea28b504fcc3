/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mount tables as figures: which filesystem is mounted where, in which mount namespace, and what
 * path a person sees for a path inside a filesystem. Pure: parses buffers, does no I/O.
 * mountns.h reads the live system into these structures; overlay.h looks through overlayfs.
 *
 * Kernel: fs/proc_namespace.c (show_mountinfo: the fields and their escapes), fs/d_path.c.
 * The device of an entry is sb->s_dev. On btrfs stat(2) shows another one (one for each
 * subvolume): compare with the superblock's, as BPF programs see it, never with st_dev.
 */
#ifndef PAGETIDE_USER_MOUNTS_H
#define PAGETIDE_USER_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "parse.h"

/* One line of mountinfo. Strings belong to the table; octal escapes are undone in all but one. */
struct mount_entry {
	int id, parent_id;
	unsigned major, minor;
	char *root;        /* path within the filesystem that is mounted here: "/", "/@home" */
	char *mount_point; /* as seen from the root directory of the process that was read */
	char *fstype, *source;
	char *super_options; /* still escaped: an escaped comma must not look like a separator */
	bool visible;        /* no later mount covers the mount point */
};

struct mount_table {
	struct mount_entry *entries;
	size_t count;
	size_t malformed;    /* lines that were not understood; the rest counts all the same */
	char *text;          /* private: backs the strings */
	uint32_t *by_parent; /* private: order by (parent_id, mount_point) */
	uint32_t *by_id;     /* private */
};

/*
 * Parses /proc/PID/mountinfo. Returns 0 or -ENOMEM; the table owns copies, free it with
 * mounts__free (which takes a zeroed table). A last line without newline counts as malformed.
 */
int mounts__parse(const char *buf, size_t len, struct mount_table *out);
void mounts__free(struct mount_table *table);

/* Next option of super_options; value->p is NULL for one without "=". Both are still escaped. */
bool mounts__next_option(struct parse_span *rest, struct parse_span *key, struct parse_span *value);
/* Undoes octal escapes into dst. 0, -ENAMETOOLONG (nothing is given out), -EINVAL (a NUL). */
int mounts__decode(struct parse_span escaped, char *dst, size_t cap);

#define MOUNT_NS_OTHERS 3

/* A mount namespace and a process in it, through which it can be reached (/proc/PID/root). */
struct mount_ns {
	uint64_t id; /* inode number of /proc/PID/ns/mnt */
	pid_t pid;
	pid_t others[MOUNT_NS_OTHERS]; /* for when that one has ended; 0: no more */
	struct mount_table table;
};

/*
 * All mount namespaces; spaces[0] is "the root namespace": pid 1's, or the reader's own where pid 1
 * cannot be looked at.
 */
struct mount_view {
	struct mount_ns *spaces;
	size_t count;
	bool has_root;     /* false: neither could be read, spaces[0] is some other */
	size_t vanished;   /* namespaces whose last known processes ended while being read */
	size_t unreadable; /* processes whose namespace these rights cannot read */
};

void mounts__free_view(struct mount_view *view);

/* One tmpfs superblock (devtmpfs too: it is shmem). Strings are borrowed from the view. */
struct tmpfs_mount {
	unsigned major, minor;
	const char *path;    /* mount point, in the namespace named below */
	const char *root;    /* what of the filesystem is mounted there; "/" when there is a choice */
	const char *fstype;  /* "tmpfs" or "devtmpfs" */
	const char *options; /* of the superblock, still escaped */
	uint64_t ns_id;
	pid_t ns_pid; /* a process of that namespace */
	bool in_root_ns;
	bool visible;           /* false: covered in every namespace; the path leads elsewhere */
	bool backing;           /* it is seen in a runtime's own folder only, in no container (yet) */
	const char *reach_path; /* reach it as /proc/REACH_PID/root/REACH_PATH, of the first namespace: */
	pid_t reach_pid;        /* what a runtime mounted for a container outlives the container's processes */
	pid_t reach_others[MOUNT_NS_OTHERS];
};

/*
 * The distinct tmpfs superblocks of all namespaces. Of several mounts of one it takes a visible
 * one, of the root namespace if possible, of the whole filesystem if possible; but what a runtime
 * or kubelet keeps in a folder of its own for one container or pod (its /dev/shm, its volumes) is
 * shown as the container sees it.
 * *out is one array for free(); it must not outlive the view. 0 or -ENOMEM.
 */
int mounts__tmpfs(const struct mount_view *view, struct tmpfs_mount **out, size_t *count);

struct mount_path {
	char path[PATH_MAX];
	uint64_t ns_id; /* where that path holds */
	pid_t ns_pid;
	bool in_root_ns;
	bool hidden; /* the path is right, but a later mount covers it */
};

/*
 * The path that people see for `path` (from the filesystem's own root, beginning with '/') on the
 * filesystem of that device: the longest mount root that is a prefix wins, in the root namespace
 * first, then in the others; paths covered by later mounts only when nothing else is left. Of a
 * tmpfs in a runtime's own folder the container's path wins.
 * 0, -ENOENT (mounted nowhere: memfd, System V, a namespace that was not read), -ENAMETOOLONG.
 */
int mounts__path(const struct mount_view *view, unsigned major, unsigned minor, const char *path,
		 struct mount_path *out);

/* Shared with overlay.c: path below a mount point, or 0/-ENAMETOOLONG; `rest` is "" or "/...". */
int mounts__join(const char *mount_point, const char *rest, char *dst, size_t cap);
/* What follows `prefix` in `path` ("" or "/..."), or NULL when it does not lie there. */
const char *mounts__below(const char *path, const char *prefix);
/* Whether a mount on `entry` covers `path`, a path at or below its mount point. */
bool mounts__covered(const struct mount_table *table, const struct mount_entry *entry, const char *path);

#endif
