/* SPDX-License-Identifier: GPL-2.0-only */
/* Fields of the events about limits; for columns_event.c only. */
#ifndef PAGETIDE_COLUMNS_LIMITS_H
#define PAGETIDE_COLUMNS_LIMITS_H

#include "columns.h"

struct value column_limit__name(const void *row);  /* "tmpfs", "cgroup", … */
struct value column_limit__which(const void *row); /* "size", "inodes", "max", … */
struct value column_limit__reason(const void *row);
struct value column_limit__target(const void *row);
struct value column_limit__whose(const void *row); /* the container whose limit it is */
struct value column_limit__used(const void *row);
struct value column_limit__limit(const void *row);
struct value column_limit__used_inodes(const void *row);
struct value column_limit__limit_inodes(const void *row);
struct value column_limit__reclaimable(const void *row);
struct value column_limit__unattributed(const void *row);
struct value column_limit__unattributed_inodes(const void *row);
struct value column_limit__level(const void *row);
struct value column_limit__rate(const void *row);
struct value column_limit__eta(const void *row);
struct value column_limit__by_memory(const void *row);
struct value column_limit__advice(const void *row);

/* whom a warning, a refusal or a kill names; NULL: nobody */
const struct warning *event__who(const struct event *event);

#endif
