/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot that lives on while the model builds the next ones: all that can be reached
 * from it is copied; what was one thing to several rows is one thing in the copy.
 */
#ifndef PAGETIDE_SNAPSHOT_COPY_H
#define PAGETIDE_SNAPSHOT_COPY_H

#include "snapshot.h"

/* NULL: no memory */
struct snapshot *snapshot_copy__make(const struct snapshot *snapshot);
void snapshot_copy__free(struct snapshot *copy); /* takes NULL */

#endif
