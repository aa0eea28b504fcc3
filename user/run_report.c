// SPDX-License-Identifier: GPL-2.0-only
/* The figures of a run: its timeline, and the part of a snapshot that it touched. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run_private.h"

#define ROWS_MOST 100000U /* then every second one goes: a day at one second fits */

static void thin_out(struct run_timeline *timeline)
{
	size_t kept = 0;

	for (size_t i = 0; i < timeline->count; i++) {
		if (i % 2 && i != timeline->peak)
			continue;
		if (i == timeline->peak)
			timeline->peak = kept;
		timeline->rows[kept++] = timeline->rows[i];
	}
	timeline->count = kept;
}

static struct timeline_row *new_row(struct run_timeline *timeline)
{
	if (timeline->count >= ROWS_MOST)
		thin_out(timeline);
	if (timeline->count == timeline->capacity) {
		size_t more = timeline->capacity ? timeline->capacity * 2 : 64;
		void *grown = realloc(timeline->rows, more * sizeof(*timeline->rows));

		if (!grown)
			return NULL;
		timeline->rows = grown;
		timeline->capacity = more;
	}
	memset(&timeline->rows[timeline->count], 0, sizeof(*timeline->rows));
	return &timeline->rows[timeline->count++];
}

static void add_figure(uint64_t *sum, uint64_t figure)
{
	if (is_known(figure))
		*sum += figure;
}

static void note_process(struct run_timeline *timeline, const struct snapshot *snapshot,
			 const struct snapshot_process *process)
{
	if (!is_known(process->peak_rss_bytes) || process->peak_rss_bytes <= timeline->process_peak_bytes)
		return;
	timeline->process_peak_bytes = process->peak_rss_bytes;
	timeline->process_peak_time_ns = snapshot->time_ns;
}

int run_timeline__add(struct run_timeline *timeline, const struct snapshot *snapshot, uint64_t start_boot_ns)
{
	struct timeline_row *row = new_row(timeline);

	if (!row)
		return -ENOMEM;
	row->seconds = (double)(snapshot->boot_ns - start_boot_ns) / 1e9;
	row->time_ns = snapshot->time_ns;
	row->system_available_bytes = snapshot->system.available_bytes;
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct snapshot_process *process = &snapshot->processes[i];

		if (!process->followed)
			continue;
		note_process(timeline, snapshot, process);
		add_figure(&row->cache_bytes, process->cache_bytes);
		add_figure(&row->tmpfs_bytes, process->tmpfs_bytes);
		if (process->exited)
			continue;
		row->processes++;
		if (process->shares_memory)
			continue;
		add_figure(&row->anon_bytes, process->anon_bytes);
		add_figure(&row->file_bytes, process->file_bytes);
		add_figure(&row->shmem_bytes, process->shmem_bytes);
		add_figure(&row->swap_bytes, process->swap_bytes);
		add_figure(&row->page_table_bytes, process->page_table_bytes);
	}
	row->rss_bytes = row->anon_bytes + row->file_bytes + row->shmem_bytes;
	if (row->rss_bytes > timeline->rows[timeline->peak].rss_bytes)
		timeline->peak = timeline->count - 1;
	timeline->last = snapshot;
	timeline->last_boot_ns = snapshot->boot_ns;
	timeline->start_boot_ns = start_boot_ns;
	return 0;
}

void run_timeline__report(const struct run_timeline *timeline, struct run_report *report)
{
	const struct snapshot *last = timeline->last;

	report->wall_seconds = (double)(timeline->last_boot_ns - timeline->start_boot_ns) / 1e9;
	report->timeline = timeline->rows;
	report->timeline_count = timeline->count;
	report->first = timeline->rows[0];
	report->last = timeline->rows[timeline->count - 1];
	report->at_peak = timeline->rows[timeline->peak];
	report->peak_rss_bytes = report->at_peak.rss_bytes;
	report->peak_time_ns = report->at_peak.time_ns;
	if (timeline->process_peak_bytes > report->peak_rss_bytes) {
		report->peak_rss_bytes = timeline->process_peak_bytes;
		report->peak_time_ns = timeline->process_peak_time_ns;
	}
	report->peak_seconds = report->peak_time_ns > report->start_time_ns
				       ? (double)(report->peak_time_ns - report->start_time_ns) / 1e9
				       : 0;
	for (size_t i = 0; i < last->process_count; i++) {
		const struct snapshot_process *process = &last->processes[i];

		if (!process->followed)
			continue;
		add_figure(&report->cache_added_bytes, process->cache_added_bytes);
		add_figure(&report->tmpfs_added_bytes, process->tmpfs_added_bytes);
		add_figure(&report->cache_left_bytes, process->cache_bytes);
		add_figure(&report->tmpfs_left_bytes, process->tmpfs_bytes);
	}
}

void run_timeline__free(struct run_timeline *timeline)
{
	free(timeline->rows);
	memset(timeline, 0, sizeof(*timeline));
}

/* ---- the part of a snapshot that a run touched ---- */

static bool is_followed(const struct snapshot *in, const struct snapshot_owner *owner)
{
	/* processes are sorted by pid and start */
	size_t low = 0, high = in->process_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct snapshot_process *process = &in->processes[middle];

		if (process->pid < owner->pid || (process->pid == owner->pid && process->start_ns < owner->start_ns))
			low = middle + 1;
		else
			high = middle;
	}
	return low < in->process_count && in->processes[low].pid == owner->pid &&
	       in->processes[low].start_ns == owner->start_ns && in->processes[low].followed;
}

static bool is_touched(const struct snapshot *in, const struct snapshot_file *file)
{
	if (file->gone)
		return true; /* only those of the command are kept */
	for (size_t i = 0; i < file->owner_count; i++) {
		if (is_followed(in, &file->owners[i]))
			return true;
	}
	return false;
}

static int select_files(struct snapshot *out, const struct snapshot *in)
{
	struct snapshot_file *files = calloc(in->file_count + 1, sizeof(*files));
	size_t count = 0;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < in->file_count; i++) {
		if (is_touched(in, &in->files[i]))
			files[count++] = in->files[i];
	}
	out->files = files;
	out->file_count = count;
	return 0;
}

static int select_mounts(struct snapshot *out, const struct snapshot *in)
{
	struct snapshot_mount *mounts = calloc(in->mount_count + 1, sizeof(*mounts));
	size_t count = 0;

	if (!mounts)
		return -ENOMEM;
	for (size_t i = 0; i < in->mount_count; i++) {
		bool touched = false;

		for (size_t j = 0; !touched && j < out->file_count; j++)
			touched = out->files[j].major == in->mounts[i].major &&
				  out->files[j].minor == in->mounts[i].minor;
		if (touched)
			mounts[count++] = in->mounts[i];
	}
	out->mounts = mounts;
	out->mount_count = count;
	return 0;
}

static int select_processes(struct snapshot *out, const struct snapshot *in)
{
	struct snapshot_process *processes = calloc(in->process_count + 1, sizeof(*processes));
	size_t count = 0;

	if (!processes)
		return -ENOMEM;
	for (size_t i = 0; i < in->process_count; i++) {
		if (in->processes[i].followed)
			processes[count++] = in->processes[i];
	}
	out->processes = processes;
	out->process_count = count;
	return 0;
}

static int select_cgroups(struct snapshot *out, const struct snapshot *in)
{
	struct snapshot_cgroup *cgroups = calloc(in->cgroup_count + 1, sizeof(*cgroups));
	size_t count = 0;

	if (!cgroups)
		return -ENOMEM;
	for (size_t i = 0; i < in->cgroup_count; i++) {
		bool touched = false;

		for (size_t j = 0; !touched && j < out->process_count; j++)
			touched =
				out->processes[j].cgroup && strcmp(out->processes[j].cgroup, in->cgroups[i].path) == 0;
		if (touched)
			cgroups[count++] = in->cgroups[i];
	}
	out->cgroups = cgroups;
	out->cgroup_count = count;
	return 0;
}

int run_select(struct snapshot *out, const struct snapshot *in)
{
	int err;

	*out = *in;
	out->files = NULL;
	out->mounts = NULL;
	out->processes = NULL;
	out->cgroups = NULL;
	err = select_processes(out, in);
	if (!err)
		err = select_files(out, in);
	if (!err)
		err = select_mounts(out, in);
	if (!err)
		err = select_cgroups(out, in);
	return err;
}

void run_names__free(struct run_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->text[i]);
	free(names->text);
	memset(names, 0, sizeof(*names));
}

void run_select__free(struct snapshot *snapshot)
{
	free((void *)snapshot->processes);
	free((void *)snapshot->files);
	free((void *)snapshot->mounts);
	free((void *)snapshot->cgroups);
	memset(snapshot, 0, sizeof(*snapshot));
}
