/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all sinks need of a stream: whether writing worked, how wide it is, and names of any length
 * escaped. errno is what the C library's last failed write left, so ask at once after writing.
 */
#ifndef PAGETIDE_OUT_H
#define PAGETIDE_OUT_H

#include <stddef.h>
#include <stdio.h>

/* 0, or -errno of the write that failed (-EIO where it left none) */
int out__status(FILE *out);

/* the same, all that was buffered written first */
int out__flush(FILE *out);

/* a stream that ends in another file: its width is that file's; one at a time, NULL: none */
void out__stands_for(FILE *out, int fd);

/* COLUMNS if it is set to 20 or more, else the terminal's width, else 80 */
int out__width(FILE *out);

/* src through one of the functions of escape.h; NULL prints "-". 0 or -errno. */
int out__escaped(FILE *out, size_t (*escape)(char *dst, size_t cap, const char *src), const char *src);

/* src through such a function into memory that the caller frees; NULL: no memory */
char *out__escape(size_t (*escape)(char *dst, size_t cap, const char *src), const char *src);

#endif
