/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of the task iterator, made one a process. */
#ifndef PAGETIDE_TASK_ROWS_H
#define PAGETIDE_TASK_ROWS_H

#include <stddef.h>

#include "wire.h"

/*
 * By pid, one a process, in place; returns their number. Where a leader has ended and its threads live, it and each
 * of them has a row (bpf/tasks.bpf.h): one that has the memory stays.
 */
size_t task_rows__settle(struct task_row *rows, size_t count);

#endif
