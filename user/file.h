/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whole small kernel files into memory: one openat, reads until the end, close. Nothing else.
 * No function but file__folder keeps a descriptor.
 */
#ifndef PAGETIDE_USER_FILE_H
#define PAGETIDE_USER_FILE_H

#include <dirent.h>
#include <stddef.h>

/*
 * Reads dirfd/name into buf, at most cap - 1 bytes, and ends it with a NUL. Returns the length,
 * or -errno (-ENOENT or -ESRCH: gone). A length of cap - 1 means that it may have been cut.
 */
int file__read(int dirfd, const char *name, char *buf, size_t cap);

/* As file__read, but one read(2): for files whose whole content the kernel gives at once. */
int file__read_once(int dirfd, const char *name, char *buf, size_t cap);

/*
 * Reads all of dirfd/name into a buffer of its own, NUL-terminated; the caller frees *out.
 * Returns 0, -ENOMEM, -EFBIG (more than max_bytes) or the -errno of open or read, with *out NULL.
 */
int file__slurp(int dirfd, const char *name, size_t max_bytes, char **out, size_t *len);

/* As file__slurp, of a regular file; -ENOTSUP: it is another, which is not waited for. */
int file__slurp_regular(int dirfd, const char *name, size_t max_bytes, char **out, size_t *len);

/* The folder dirfd/name, for readdir(3); NULL when it cannot be opened. The caller closes it. */
DIR *file__folder(int dirfd, const char *name);

#endif
