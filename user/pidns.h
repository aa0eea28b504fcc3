/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pid namespace /proc is of: the initial one, as on every host, or one within. */
#ifndef PAGETIDE_PIDNS_H
#define PAGETIDE_PIDNS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether /proc has other numbers than the kernel. */
bool pidns__differs(void);
/*
 * How many levels above our own the namespace of /proc is, of the line NSpid in /proc/self/status
 * (fs/proc/array.c, task_state()); 0: it is our own.
 */
unsigned pidns__levels_above(const char *status, size_t length);
unsigned pidns__proc_above(void);

#endif
