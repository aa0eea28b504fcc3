// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes summed up by container. A figure is unknown only if it is so of every process; the
 * cgroup's own figures are of the container's topmost cgroup, never a sum over nested ones. It must
 * never make one of two that are only called the same.
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

/* which container: its topmost cgroup, and its id, for there may have been others; else all that is known of it */
static int compare(const char *a_name, const struct snapshot_container *a, const char *b_name,
		   const struct snapshot_container *b)
{
	int order = compare_names(a && a->cgroup ? a->cgroup : a_name, b && b->cgroup ? b->cgroup : b_name);

	return order ? order : compare_names(a ? a->id : NULL, b ? b->id : NULL);
}

static int by_container(const void *a, const void *b)
{
	const struct snapshot_process *x = *(const struct snapshot_process *const *)a;
	const struct snapshot_process *y = *(const struct snapshot_process *const *)b;

	return compare(x->container, x->in, y->container, y->in);
}

static bool is_in_row(const struct snapshot_process *process, const struct container_row *row)
{
	return compare(process->container, process->in, row->container, row->in) == 0;
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

static void add_memory(struct container_row *row, const struct snapshot_process *p)
{
	add(&row->rss_bytes, p->anon_bytes);
	add(&row->rss_bytes, p->file_bytes);
	add(&row->rss_bytes, p->shmem_bytes);
	add(&row->anon_bytes, p->anon_bytes);
	add(&row->file_bytes, p->file_bytes);
	add(&row->shmem_bytes, p->shmem_bytes);
	add(&row->swap_bytes, p->swap_bytes);
	add(&row->page_table_bytes, p->page_table_bytes);
}

static void add_process(struct container_row *row, const struct snapshot_process *p)
{
	row->processes += !p->exited;
	if (!p->shares_memory)
		add_memory(row, p);
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

		if (compare(c->container, c->in, row->container, row->in) == 0 &&
		    (!top || strlen(c->path) < strlen(top->path)))
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

static size_t sum_up(const struct rows *rows, const struct snapshot *snapshot)
{
	struct container_row *row = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		const struct snapshot_process *p = rows->row[i];

		if (!row || !is_in_row(p, row)) {
			row = row ? row + 1 : rows->made;
			*row = empty_row(p->container);
			row->in = p->in;
			add_cgroup(row, snapshot);
		} else if (!row->processes && !p->exited) { /* its name is the latest one */
			row->container = p->container;
			row->in = p->in;
		}
		add_process(row, p);
	}
	return row ? (size_t)(row - rows->made) + 1 : 0;
}

static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* the same name where the same runtime makes them, for the same user: one that was started anew has another id */
static bool is_anew(const struct snapshot_container *now, const struct snapshot_container *gone)
{
	size_t length;

	if (!now || !gone || !now->cgroup || !gone->cgroup || compare_names(now->shown, gone->shown) != 0)
		return false;
	length = folder_length(now->cgroup);
	return length == folder_length(gone->cgroup) && strncmp(now->cgroup, gone->cgroup, length) == 0 &&
	       compare_names(now->runtime, gone->runtime) == 0;
}

static bool is_gone(const struct container_row *row)
{
	return row->container && !row->processes && !row->cgroup;
}

bool select__is_in_row(const struct snapshot_process *process, const struct container_row *row)
{
	return is_in_row(process, row) || (process->exited && !is_gone(row) && is_anew(row->in, process->in));
}

static void add_row(struct container_row *row, const struct container_row *gone)
{
	add(&row->rss_bytes, gone->rss_bytes);
	add(&row->anon_bytes, gone->anon_bytes);
	add(&row->file_bytes, gone->file_bytes);
	add(&row->shmem_bytes, gone->shmem_bytes);
	add(&row->swap_bytes, gone->swap_bytes);
	add(&row->page_table_bytes, gone->page_table_bytes);
	add(&row->cache_bytes, gone->cache_bytes);
	add(&row->tmpfs_bytes, gone->tmpfs_bytes);
	add_rate(&row->resident_rate, gone->resident_rate);
	add_rate(&row->cache_rate, gone->cache_rate);
	add_rate(&row->tmpfs_rate, gone->tmpfs_rate);
}

/* what a container that is gone has left is its successor's */
static size_t hand_over(struct container_row *rows, size_t count)
{
	size_t living = 0, kept;

	for (size_t i = 0; i < count; i++) {
		struct container_row row = rows[i];

		if (is_gone(&row))
			continue;
		rows[i] = rows[living];
		rows[living++] = row;
	}
	kept = living;
	for (size_t i = living; i < count; i++) {
		size_t heir = 0;

		while (heir < living && !is_anew(rows[heir].in, rows[i].in))
			heir++;
		if (heir < living)
			add_row(&rows[heir], &rows[i]);
		else
			rows[kept++] = rows[i];
	}
	return kept;
}

int select__containers(struct rows *rows, const struct snapshot *snapshot)
{
	size_t made = 0;

	qsort(rows->row, rows->count, sizeof(*rows->row), by_container);
	for (size_t i = 0; i < rows->count; i++)
		made += i == 0 || by_container(&rows->row[i - 1], &rows->row[i]) != 0;
	rows->made = calloc(made ? made : 1, sizeof(*rows->made));
	if (!rows->made)
		return -ENOMEM;
	made = hand_over(rows->made, sum_up(rows, snapshot));
	for (size_t i = 0; i < made; i++)
		rows->row[i] = &rows->made[i];
	rows->count = rows->matched = made;
	return 0;
}
