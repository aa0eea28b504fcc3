/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of options: strings that are right as a whole or not at all. Pure, in every locale. */
#ifndef PAGETIDE_OPTIONS_VALUE_H
#define PAGETIDE_OPTIONS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* decimal digits, nothing else; 0, -EINVAL or -ERANGE */
int value__number(const char *text, uint64_t *number);

/* "2", "0.25", ".5", "1.", each with or without "s"; 0, -EINVAL or -ERANGE */
int value__seconds(const char *text, double *seconds);

/* "80,90,95": percentages that grow, at most cap; their number or -EINVAL */
int value__levels(const char *text, unsigned int *levels, size_t cap);

/*
 * A cgroup's path without the mount of v1's memory controller before it, if there is one: with v2 that is a cgroup
 * called "memory".
 */
#define VALUE_CGROUP_V1 "/sys/fs/cgroup/memory"
const char *value__cgroup(const char *path, bool has_v1);

/* adds a word to a list, after ", " unless it is the first; cut if it does not fit */
void value__append(char *list, size_t size, const char *word);

/* edits (a letter more, less, another, two swapped) from a to b; both are cut at 31 letters */
size_t value__distance(const char *a, const char *b);

#endif
