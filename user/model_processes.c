// SPDX-License-Identifier: GPL-2.0-only
/* Processes: from the iterator's rows, and the rows for the views. */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

/* an exited process that owns nothing is shown for so long, then forgotten */
#define EXITED_SHOWN_NS 3000000000ULL

/* NULL: as before. One that has another name by now and none that can be read is within exec: what it had is not its */
static void take_cmdline(struct process *process, const struct task_row *row, const char *cmdline)
{
	bool renamed = memcmp(process->cmdline_comm, row->process.comm, COMM_LENGTH) != 0;

	memcpy(process->cmdline_comm, row->process.comm, COMM_LENGTH);
	if (cmdline && process->cmdline && strcmp(process->cmdline, cmdline) == 0)
		return;
	if (!cmdline && !renamed)
		return;
	free(process->cmdline);
	process->cmdline = cmdline ? strdup(cmdline) : NULL;
}

static void take_row(struct model *model, const struct reading *reading, const struct task_row *row,
		     const char *cmdline)
{
	struct process *process = model__process(model, row->process.start_ns, row->process.pid, true);

	if (!process)
		return;
	if (row->process.flags & PROCESS_FOLLOWED && !(process->flags & PROCESS_FOLLOWED))
		model->followed++;
	memcpy(process->comm, row->process.comm, COMM_LENGTH);
	process->comm[COMM_LENGTH - 1] = '\0';
	process->ppid = row->process.ppid;
	process->uid = row->process.uid;
	process->cgroup = row->process.cgroup;
	process->flags |= row->process.flags;
	process->has_mm = row->process.flags & PROCESS_HAS_MM;
	process->shares_mm = row->process.flags & PROCESS_SHARES_MM;
	process->anon = pages_to_bytes(model, row->anon_pages);
	process->file = pages_to_bytes(model, row->file_pages);
	process->shmem = pages_to_bytes(model, row->shmem_pages);
	process->swap = pages_to_bytes(model, row->swap_pages);
	process->page_tables = row->page_table_bytes;
	process->locked = pages_to_bytes(model, row->locked_pages);
	process->virtual_size = pages_to_bytes(model, row->virtual_pages);
	/* the kernel's own figure: exec starts it again, maybe since the row was read; one without memory has none */
	if (process->has_mm && !process->exit_known && reading->boot_ns >= process->exec_boot_ns)
		process->peak_rss = pages_to_bytes(model, row->peak_rss_pages);
	/* one that an earlier reading missed is back; one that told its exit is not */
	process->exited = process->exit_known;
	process->seen = !process->exited;
	take_cmdline(process, row, cmdline);
}

void model__tasks(struct model *model, const struct reading *reading)
{
	struct process *process;

	for (process = model->processes; process; process = process->hh.next)
		process->seen = false;
	for (size_t i = 0; i < reading->task_count; i++)
		take_row(model, reading, &reading->tasks[i], reading->cmdlines ? reading->cmdlines[i] : NULL);
	for (process = model->processes; process; process = process->hh.next) {
		/* started after the iterator passed: it lives */
		if (process->seen || process->exited || process->key.start_ns >= reading->boot_ns)
			continue;
		process->exited = true; /* its exit record was lost, or nobody traces */
		process->exit_boot_ns = reading->boot_ns;
	}
}

static void fill_row(struct model *model, const struct reading *reading, struct process *process)
{
	struct snapshot_process *row = rows__add(model, &model->process_rows, sizeof(*row));
	const struct cgroup_state *cgroup = model__cgroup(model, process->cgroup);
	bool live = process->has_mm && !process->exited, has_own = live && !process->shares_mm;
	uint64_t resident = live ? process->anon + process->file + process->shmem : 0;
	uint64_t cache = pages_to_bytes(model, process->cache);
	uint64_t tmpfs = pages_to_bytes(model, process->tmpfs);

	if (!row)
		return;
	row->pid = process->key.pid;
	row->ppid = process->ppid;
	row->uid = process->uid;
	row->start_ns = process->key.start_ns;
	row->start_time_ns = model__realtime(model, process->key.start_ns);
	row->comm = process->comm;
	row->cmdline = process->cmdline;
	row->cgroup = cgroup ? cgroup->path : NULL;
	row->in = cgroup ? cgroup->in : NULL;
	row->container = row->in ? row->in->shown : NULL;
	row->exited = process->exited;
	row->exit_code = process->exit_code;
	row->kernel = process->flags & PROCESS_KERNEL;
	row->followed = process->flags & PROCESS_FOLLOWED;
	row->shares_memory = live && process->shares_mm;
	row->anon_bytes = live ? process->anon : ABSENT;
	row->file_bytes = live ? process->file : ABSENT;
	row->shmem_bytes = live ? process->shmem : ABSENT;
	row->swap_bytes = live ? process->swap : ABSENT;
	row->page_table_bytes = live ? process->page_tables : ABSENT;
	row->locked_bytes = live ? process->locked : ABSENT;
	row->virtual_bytes = live ? process->virtual_size : ABSENT;
	row->peak_rss_bytes = process->peak_rss ? process->peak_rss : ABSENT;
	row->cache_bytes = reading->tracing ? cache : ABSENT;
	row->tmpfs_bytes = reading->tracing ? tmpfs : ABSENT;
	row->tmpfs_swap_bytes = reading->tracing ? pages_to_bytes(model, process->tmpfs_swap) : ABSENT;
	row->peak_cache_bytes = reading->tracing ? pages_to_bytes(model, process->peak_cache) : ABSENT;
	row->peak_tmpfs_bytes = reading->tracing ? pages_to_bytes(model, process->peak_tmpfs) : ABSENT;
	row->cache_added_bytes = pages_to_bytes(model, process->cache_added);
	row->tmpfs_added_bytes = pages_to_bytes(model, process->tmpfs_added);
	row->resident_rate =
		model__rate(model, process->has_last && has_own, resident, process->last_resident, reading);
	row->cache_rate =
		model__rate(model, process->has_last && reading->tracing, cache, process->last_cache, reading);
	row->tmpfs_rate =
		model__rate(model, process->has_last && reading->tracing, tmpfs, process->last_tmpfs, reading);
	process->last_resident = has_own ? resident : 0;
	process->last_cache = cache;
	process->last_tmpfs = tmpfs;
	process->has_last = true;
}

static bool is_forgotten(const struct model *model, const struct reading *reading, const struct process *process)
{
	if (!process->exited || process->cache || process->tmpfs || process->tmpfs_swap || process->has_owner)
		return false;
	if (model->settings.keep_gone && process->flags & PROCESS_FOLLOWED)
		return false;
	return reading->boot_ns > process->exit_boot_ns + EXITED_SHOWN_NS;
}

static int by_pid(const void *a, const void *b)
{
	const struct snapshot_process *left = a, *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->start_ns > right->start_ns) - (left->start_ns < right->start_ns);
}

void model__process_rows(struct model *model, const struct reading *reading)
{
	struct process *process, *next;

	HASH_ITER (hh, model->processes, process, next) {
		/* with books that were read after its end, not before it wrote */
		if (process->exit_untold && reading->boot_ns >= process->exit_boot_ns)
			model__tell_exit(model, process);
		if (is_forgotten(model, reading, process)) {
			HASH_DEL(model->processes, process);
			model__free_process(process);
			continue;
		}
		fill_row(model, reading, process);
	}
	if (model->process_rows.count)
		qsort(model->process_rows.data, model->process_rows.count, sizeof(struct snapshot_process), by_pid);
}
