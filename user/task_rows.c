// SPDX-License-Identifier: GPL-2.0-only
/* Threads of a leader that has ended speak for it, each by itself. It must never add their figures: they are the same. */
#include "task_rows.h"

#include <stdbool.h>
#include <stdlib.h>

static bool has_mm(const struct task_row *row)
{
	return row->process.flags & PROCESS_HAS_MM;
}

/* the row that is to stay comes first */
static int by_process(const void *a, const void *b)
{
	const struct task_row *left = a, *right = b;

	if (left->process.pid != right->process.pid)
		return left->process.pid < right->process.pid ? -1 : 1;
	if (left->process.start_ns != right->process.start_ns)
		return left->process.start_ns < right->process.start_ns ? -1 : 1;
	return has_mm(right) - has_mm(left);
}

size_t task_rows__settle(struct task_row *rows, size_t count)
{
	size_t kept = 1;

	while (kept < count && rows[kept - 1].process.pid < rows[kept].process.pid)
		kept++;
	if (kept >= count) /* most often */
		return count;
	qsort(rows, count, sizeof(*rows), by_process);
	kept = 1;
	for (size_t i = 1; i < count; i++) {
		const struct task_row *last = &rows[kept - 1];

		if (rows[i].process.pid != last->process.pid || rows[i].process.start_ns != last->process.start_ns)
			rows[kept++] = rows[i];
	}
	return kept;
}
