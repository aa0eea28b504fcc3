// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes summed up by container. A figure is unknown only if it is so of every process; the
 * cgroup's own figures are of the container's topmost cgroup, never a sum over nested ones.
 */
#include "select.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_container(const void *a, const void *b)
{
	const struct snapshot_process *x = *(const struct snapshot_process *const *)a;
	const struct snapshot_process *y = *(const struct snapshot_process *const *)b;

	return compare_names(x->container, y->container);
}

static void add(uint64_t *sum, uint64_t bytes)
{
	if (is_known(bytes))
		*sum = is_known(*sum) ? *sum + bytes : bytes;
}

static void add_rate(double *sum, double rate)
{
	if (!isnan(rate))
		*sum = isnan(*sum) ? rate : *sum + rate;
}

static void add_process(struct container_row *row, const struct snapshot_process *p)
{
	row->processes += !p->exited;
	add(&row->rss_bytes, p->anon_bytes);
	add(&row->rss_bytes, p->file_bytes);
	add(&row->rss_bytes, p->shmem_bytes);
	add(&row->anon_bytes, p->anon_bytes);
	add(&row->file_bytes, p->file_bytes);
	add(&row->shmem_bytes, p->shmem_bytes);
	add(&row->swap_bytes, p->swap_bytes);
	add(&row->page_table_bytes, p->page_table_bytes);
	add(&row->cache_bytes, p->cache_bytes);
	add(&row->tmpfs_bytes, p->tmpfs_bytes);
	add_rate(&row->resident_rate, p->resident_rate);
	add_rate(&row->cache_rate, p->cache_rate);
	add_rate(&row->tmpfs_rate, p->tmpfs_rate);
}

static void add_cgroup(struct container_row *row, const struct snapshot *snapshot)
{
	const struct snapshot_cgroup *top = NULL;

	for (size_t i = 0; row->container && i < snapshot->cgroup_count; i++) {
		const struct snapshot_cgroup *c = &snapshot->cgroups[i];

		if (compare_names(c->container, row->container) == 0 && (!top || strlen(c->path) < strlen(top->path)))
			top = c;
	}
	if (!top)
		return;
	row->cgroup = top->path;
	row->usage_bytes = top->usage_bytes;
	row->limit_bytes = top->limit_bytes;
	row->peak_bytes = top->peak_bytes;
}

static struct container_row empty_row(const char *container)
{
	return (struct container_row){
		.container = container,
		.rss_bytes = ABSENT,
		.anon_bytes = ABSENT,
		.file_bytes = ABSENT,
		.shmem_bytes = ABSENT,
		.swap_bytes = ABSENT,
		.page_table_bytes = ABSENT,
		.cache_bytes = ABSENT,
		.tmpfs_bytes = ABSENT,
		.usage_bytes = ABSENT,
		.limit_bytes = ABSENT,
		.peak_bytes = ABSENT,
		.resident_rate = NO_RATE,
		.cache_rate = NO_RATE,
		.tmpfs_rate = NO_RATE,
	};
}

int select__containers(struct rows *rows, const struct snapshot *snapshot)
{
	struct container_row *row = NULL;
	size_t made = 0;

	qsort(rows->row, rows->count, sizeof(*rows->row), by_container);
	for (size_t i = 0; i < rows->count; i++)
		made += i == 0 || by_container(&rows->row[i - 1], &rows->row[i]) != 0;
	rows->made = calloc(made ? made : 1, sizeof(*rows->made));
	if (!rows->made)
		return -ENOMEM;
	for (size_t i = 0; i < rows->count; i++) {
		const struct snapshot_process *p = rows->row[i];

		if (!row || compare_names(row->container, p->container) != 0) {
			row = row ? row + 1 : rows->made;
			*row = empty_row(p->container);
			row->in = p->in;
			add_cgroup(row, snapshot);
		} else if (!row->processes && !p->exited) {
			row->in = p->in; /* those before were of another one of that name, which is gone */
		}
		add_process(row, p);
	}
	for (size_t i = 0; i < made; i++)
		rows->row[i] = &rows->made[i];
	rows->count = rows->matched = made;
	return 0;
}
