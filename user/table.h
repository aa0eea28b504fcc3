/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows as an aligned table for people, as wide as asked: figures at the right of their column, the
 * name of the row last and shortened in the middle, columns of lesser rank left out when it is
 * narrow, and those in which nothing is known.
 */
#ifndef PAGETIDE_TABLE_H
#define PAGETIDE_TABLE_H

#include "columns.h"

#include <stdio.h>

/* Header and rows. 0 or -errno. With no rows it prints nothing. */
int table__print(FILE *out, const struct columns *columns, const void *const *rows, size_t count, int width);

#endif
