/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who it was: what each process has of a limited thing, added up share by share,
 * ordered by growth, into a warning. Pure. Everyone is added up, however many there are:
 * only then is it known who has the most. What there is no memory for is nobody's.
 */
#ifndef PAGETIDE_BLAME_H
#define PAGETIDE_BLAME_H

#include "history.h"
#include "snapshot.h"
#include "warning.h"

#define BLAME_WINDOW_NS 60000000000ULL

struct blamed;

/* what the bytes are of, which is what their growth is measured by */
enum blame_of {
	BLAME_MOUNT,  /* files of one tmpfs; there is no history of each mount, only of all */
	BLAME_INODES, /* the same, but it is their number that counts: of shared ones the first owner's */
	BLAME_MEMORY, /* anonymous memory and what it owns in tmpfs */
};

/* zeroed, it is empty; blame__begin() and blame__finish() leave nothing allocated */
struct blame {
	struct blamed *all; /* by process */
	size_t count;
	enum blame_of of;
	uint64_t named_bytes, named_files; /* by whomever */
};

struct share {
	uint32_t pid;
	uint64_t start_ns;
	const char *comm, *container, *path; /* container and path may be NULL */
	bool exited, file, deleted;          /* file: bytes are of one file */
	bool elsewhere;                      /* not of this mount: it tells only that it owns on others, too */
	uint64_t bytes, files;               /* files that this share sums up */
	uint64_t swap_bytes;                 /* beside bytes: somebody's, too */
};

void blame__begin(struct blame *blame, enum blame_of of);
void blame__add(struct blame *blame, const struct share *share);
/* what it has so far; 0: nothing */
uint64_t blame__bytes_of(const struct blame *blame, uint32_t pid, uint64_t start_ns);
/* Growth from the history, one row for many processes of one name, the largest growth (of inodes, number) first. */
/* Of a tmpfs, what of warning->used is nobody's is found, too: set that before. */
void blame__finish(struct blame *blame, const struct history *history, uint64_t now_ns, struct warning *warning);

/* All shares of a target, out of a snapshot. */
void blame__mount(struct blame *blame, const struct snapshot *snapshot, unsigned major, unsigned minor);
/* the processes of a cgroup and of those below it; path NULL: of the machine */
void blame__cgroup(struct blame *blame, const struct snapshot *snapshot, const char *path);

#endif
