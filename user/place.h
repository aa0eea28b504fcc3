/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a path for output leads, through its links: to a file that is replaced as a whole, or to something
 * that is written as it is.
 */
#ifndef PAGETIDE_PLACE_H
#define PAGETIDE_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

struct place {
	char path[PATH_MAX]; /* what the last link names */
	bool exists;
	struct stat status; /* of what exists */
	bool as_it_is;      /* a device, a pipe, an open file: it cannot be replaced, or must not be */
	int fd;             /* of ours, which has that file open for writing; -1: there is none */
};

/* 0, or -errno; there may be nothing yet, or not even the folder */
int place__find(struct place *place, const char *path);
/* "." where the path names none; -ENAMETOOLONG */
int place__folder(const struct place *place, char *folder, size_t cap);
/* that two files would overwrite one another; what both go to as they come, such as a pipe, is no such file */
bool place__same_file(const struct place *a, const struct place *b);

#endif
