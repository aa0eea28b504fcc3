// SPDX-License-Identifier: GPL-2.0-only
/* Records: what the kernel side tells as it happens, and the events that follow. */
#include "model_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* what a record says of a process is as good as a row of the iterator */
static struct process *note_process(struct model *model, const struct record_process *record)
{
	struct process *process = model__process(model, record->start_ns, record->pid, true);

	if (!process)
		return NULL;
	if (record->flags & PROCESS_FOLLOWED && !(process->flags & PROCESS_FOLLOWED))
		model->followed++;
	memcpy(process->comm, record->comm, COMM_LENGTH);
	process->comm[COMM_LENGTH - 1] = '\0';
	process->ppid = record->ppid;
	process->uid = record->uid;
	process->cgroup = record->cgroup;
	process->flags |= record->flags;
	return process;
}

static void take_exec(struct model *model, const struct record_exec *record)
{
	struct event event = { .type = EVENT_EXEC, .boot_ns = record->head.time_ns };
	struct process *process = note_process(model, &record->process);

	if (!process)
		return;
	model__retire(model, process->cmdline); /* it is another program's now */
	process->cmdline = NULL;
	process->peak_rss = 0;
	process->exec_boot_ns = record->head.time_ns;
	event.exec.path = record->path;
	event.tid = record->head.tid;
	model__emit(model, &event, process);
}

/* what it left is known once the files are read */
void model__tell_exit(struct model *model, struct process *process)
{
	struct event event = { .type = EVENT_EXIT, .boot_ns = process->exit_boot_ns };

	process->exit_untold = false;
	event.exit.peak_rss_bytes = process->peak_rss ? process->peak_rss : ABSENT;
	event.exit.exit_code = process->exit_code;
	event.exit.tmpfs_left_bytes = pages_to_bytes(model, process->tmpfs);
	event.exit.cache_left_bytes = pages_to_bytes(model, process->cache);
	model__emit(model, &event, process);
}

static void take_exit(struct model *model, const struct record_exit *record)
{
	struct process *process = note_process(model, &record->process);
	uint64_t peak;

	if (!process || process->exit_recorded)
		return; /* two threads that end together both say it */
	peak = pages_to_bytes(model, record->peak_rss_pages);
	process->exited = process->exit_known = process->exit_recorded = true;
	process->exit_code = record->exit_code;
	process->exit_boot_ns = record->head.time_ns;
	if (peak > process->peak_rss)
		process->peak_rss = peak;
	if (record->cache_added > process->cache_added)
		process->cache_added = record->cache_added;
	if (record->tmpfs_added > process->tmpfs_added)
		process->tmpfs_added = record->tmpfs_added;
	/* one that brought pages in is told of at the next reading, with what is left of them */
	process->exit_untold = true;
	if (!record->owner && !process->cache && !process->tmpfs)
		model__tell_exit(model, process);
}

static void take_oom(struct model *model, const struct record_oom *record)
{
	struct event event = { .type = EVENT_OOM, .boot_ns = record->head.time_ns };
	const struct process *victim = NULL, *next;

	model->oom_kills++;
	if (record->victim.start_ns)
		victim = note_process(model, &record->victim);
	for (next = model->processes; !victim && next; next = next->hh.next) {
		if (next->key.pid == record->victim.pid && !next->exited)
			victim = next;
	}
	if (victim && victim->flags & PROCESS_FOLLOWED)
		model->followed_oom_kills++;
	event.pid = record->victim.pid;
	event.comm = record->victim.comm;
	event.oom.anon_bytes = event.oom.file_bytes = event.oom.shmem_bytes = event.oom.swap_bytes =
		event.oom.page_table_bytes = event.oom.virtual_bytes = ABSENT;
	if (record->flags & OOM_HAS_RSS) {
		event.oom.anon_bytes = pages_to_bytes(model, record->anon_pages);
		event.oom.file_bytes = pages_to_bytes(model, record->file_pages);
		event.oom.shmem_bytes = pages_to_bytes(model, record->shmem_pages);
		event.oom.swap_bytes = pages_to_bytes(model, record->swap_pages);
		event.oom.page_table_bytes = record->page_table_bytes;
		event.oom.virtual_bytes = pages_to_bytes(model, record->total_vm_pages);
	} else if (victim) {
		event.oom.anon_bytes = victim->anon;
		event.oom.file_bytes = victim->file;
		event.oom.shmem_bytes = victim->shmem;
	}
	event.oom.oom_score_adj = record->oom_score_adj;
	event.oom.trigger_pid = record->trigger_pid;
	event.oom.trigger_comm = record->trigger_comm;
	event.oom.usage_bytes = event.oom.limit_bytes = event.oom.swap_usage_bytes = event.oom.swap_limit_bytes =
		event.oom.charged_tmpfs_bytes = event.oom.available_bytes = ABSENT;
	model__emit(model, &event, victim);
}

static void take_map(struct model *model, const struct record_map *record)
{
	static const enum event_type types[] = { [MAP_OP_MMAP] = EVENT_MMAP,
						 [MAP_OP_MUNMAP] = EVENT_MUNMAP,
						 [MAP_OP_BRK] = EVENT_BRK,
						 [MAP_OP_MREMAP] = EVENT_MREMAP };
	static const char *const kinds[] = { NULL, "anon", "file", "shmem", "heap" };
	struct process *process = note_process(model, &record->process);
	struct event event = { .boot_ns = record->head.time_ns, .tid = record->head.tid };
	char path[MAPPED_PATH_BYTES + 8];

	if (!process || record->op < MAP_OP_MMAP || record->op > MAP_OP_MREMAP)
		return;
	event.type = types[record->op];
	event.map.address = record->address;
	event.map.length_bytes = record->length_bytes;
	event.map.change_bytes = record->change_bytes;
	event.map.kind = record->kind <= MAP_KIND_HEAP ? kinds[record->kind] : NULL;
	if (record->path_length && record->path[0])
		event.map.path = model__mapped_path(record, path, sizeof(path));
	model__emit(model, &event, process);
}

static void take_fork(struct model *model, const struct record_fork *record)
{
	struct event event = { .type = EVENT_FORK, .boot_ns = record->head.time_ns };
	struct process *process = note_process(model, &record->child);

	if (process)
		model__emit(model, &event, process);
}

int model__record(struct model *model, const struct record *record)
{
	const struct record_file_gone *gone;
	int err = 0;

	switch (record->type) {
	case RECORD_FILE:
		err = model__name_file(model, (const void *)record);
		break;
	case RECORD_FILE_GONE:
		gone = (const void *)record;
		model__file_gone(model, gone);
		break;
	case RECORD_FORK:
		take_fork(model, (const void *)record);
		break;
	case RECORD_EXEC:
		take_exec(model, (const void *)record);
		break;
	case RECORD_EXIT:
		take_exit(model, (const void *)record);
		break;
	case RECORD_OOM:
		take_oom(model, (const void *)record);
		break;
	case RECORD_MAP:
		take_map(model, (const void *)record);
		break;
	default:
		break;
	}
	if (model->failed)
		err = -ENOMEM;
	model->failed = false;
	return err;
}
