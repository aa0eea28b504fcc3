/* SPDX-License-Identifier: GPL-2.0-only */
/* What model_gone.c keeps of files that are gone, and model_gone_rows.c shows; nobody else includes it. */
#ifndef PAGETIDE_MODEL_GONE_H
#define PAGETIDE_MODEL_GONE_H

#include "model_private.h"

#define GONE_ONE_BY_ONE 100
#define GONE_GROUPS 4096                                /* and one for what is in other folders */
#define GONE_SIZES 8                                    /* sizes of a folder's files that are told apart */
#define GONE_OWNERS 4                                   /* of the files of one size */
#define GONE_LISTED_MOST (GONE_ONE_BY_ONE + GONE_SIZES) /* and the first of each size */
#define GONE_KNOWN_MOST 16384                           /* with a name, beyond the hundred: more are not known again */

#define GONE_OTHER "other" /* no device has that number */

struct gone_owner {
	struct owner_key key;
	char comm[COMM_LENGTH];
	uint64_t pages; /* that its files had at their peak */
};

/* as people see it, and the mount, which may be gone when it is told */
struct gone_name {
	struct seen_name seen;
	char *mount;
};

struct gone_file {
	struct gone_key {
		uint64_t ino, dev;
	} key;
	UT_hash_handle hh; /* of those that may come back */
	struct gone_group *group;
	char *path;            /* within the filesystem */
	struct gone_name name; /* made at the first reading after */
	uint32_t flags;
	uint64_t peak_pages, added, removed;
	struct gone_owner owner;
};

/* the files of one size in a folder */
struct gone_size {
	uint64_t each_pages;                               /* at their peak; ABSENT: of other sizes than those */
	uint64_t count, named, peak_pages, added, removed; /* named: not deleted */
	struct gone_owner owners[GONE_OWNERS];
	size_t owner_count;
};

struct gone_group {
	char *folder;          /* the key: device and path within the filesystem; GONE_OTHER */
	char *sample;          /* path of one of its files */
	char *seen;            /* the folder as people see it */
	struct gone_name name; /* of the sample */
	UT_hash_handle hh;
	uint32_t dev, flags;
	bool other; /* of folders that found no group: sums only */
	struct gone_file *files[GONE_LISTED_MOST];
	size_t listed;
	uint64_t count; /* listed or not */
	struct gone_size sizes[GONE_SIZES];
	size_t size_count;
};

/* the place of files of that many pages: the last one is for all that found none */
static inline size_t gone_group__size(const struct gone_group *group, uint64_t pages)
{
	size_t i = 0;

	if (group->other)
		return 0;
	while (i < group->size_count && group->sizes[i].each_pages != pages)
		i++;
	return i < GONE_SIZES ? i : GONE_SIZES - 1;
}

#endif
