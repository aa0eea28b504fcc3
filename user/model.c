// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's frame: processes by identity, records, the order of an update. It
 * must never read a clock or a file.
 */
#include "model_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int model__open(struct model **out, const struct model_settings *settings, model_event_fn emit, void *context)
{
	struct model *model = calloc(1, sizeof(*model));

	*out = model;
	if (!model)
		return -ENOMEM;
	model->settings = *settings;
	model->emit = emit;
	model->context = context;
	return 0;
}

void model__free_process(struct process *process)
{
	free(process->rest[0]);
	free(process->rest[1]);
	free(process->cmdline);
	free(process);
}

static void free_rows(struct model *model)
{
	struct rows *all[] = {
		&model->process_rows,  &model->cgroup_rows,  &model->mount_rows,     &model->file_rows,
		&model->owner_rows,    &model->holder_pids,  &model->part_rows,      &model->loss_rows,
		&model->garbage_pairs, &model->garbage_keys, &model->garbage_owners, &model->other_owners
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		free(all[i]->data);
}

void model__retire(struct model *model, void *memory)
{
	void **slot = memory ? rows__add(model, &model->retired, sizeof(*slot)) : NULL;

	if (slot)
		*slot = memory; /* else it is never freed: without memory that is better than to show what is not there */
}

static void release_retired(struct model *model)
{
	void **list = model->retired.data;

	for (size_t i = 0; i < model->retired.count; i++)
		free(list[i]);
	model->retired.count = 0;
}

void model__close(struct model *model)
{
	struct process *process, *next;

	if (!model)
		return;
	HASH_ITER (hh, model->processes, process, next) {
		HASH_DEL(model->processes, process);
		model__free_process(process);
	}
	model__free_cgroups(model);
	model__free_mounts(model);
	for (uint32_t i = 0; i < model->file_slots; i++) {
		model__free_names(model, &model->files[i]);
		model__forget_past(model, model__past(model, &model->files[i]));
	}
	model__free_gone(model);
	model__free_doubts(model);
	model__free_pages(model);
	release_retired(model);
	free(model->retired.data);
	free_rows(model);
	free(model->files);
	free(model->pasts);
	free(model->owners);
	free(model->owner_used);
	free(model);
}

/* one more element, zeroed; NULL without memory. Growing moves the others. */
void *rows__add(struct model *model, struct rows *rows, size_t size)
{
	void *row;

	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? rows->capacity * 2 : 64;
		void *grown = realloc(rows->data, capacity * size);

		if (!grown) {
			model->failed = true;
			return NULL;
		}
		rows->data = grown;
		rows->capacity = capacity;
	}
	row = (char *)rows->data + rows->count++ * size;
	memset(row, 0, size);
	return row;
}

struct process *model__process(struct model *model, uint64_t start_ns, uint32_t pid, bool make)
{
	struct owner_key key;
	struct process *process;

	memset(&key, 0, sizeof(key));
	key.start_ns = start_ns;
	key.pid = pid;
	HASH_FIND(hh, model->processes, &key, sizeof(key), process);
	if (process || !make)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process) {
		model->failed = true;
		return NULL;
	}
	process->key = key;
	HASH_ADD(hh, model->processes, key, sizeof(key), process);
	return process;
}

void model__set_boot_offset(struct model *model, uint64_t offset_ns)
{
	model->settings.boot_offset_ns = offset_ns;
}

uint64_t model__realtime(const struct model *model, uint64_t boot_ns)
{
	return boot_ns + model->settings.boot_offset_ns;
}

/* change a second of a figure in bytes since the last reading */
double model__rate(const struct model *model, bool known, uint64_t now, uint64_t last, const struct reading *reading)
{
	double seconds;

	if (!known || !model->last_boot_ns || reading->boot_ns <= model->last_boot_ns)
		return NO_RATE;
	seconds = (double)(reading->boot_ns - model->last_boot_ns) / 1e9;
	return ((double)now - (double)last) / seconds;
}

void model__emit(struct model *model, struct event *event, const struct process *process)
{
	const struct cgroup_state *cgroup;

	if (!model->emit)
		return;
	if (process) {
		event->pid = process->key.pid;
		event->ppid = process->ppid;
		event->uid = process->uid;
		event->start_ns = process->key.start_ns;
		event->comm = process->comm;
		event->followed = process->flags & PROCESS_FOLLOWED;
		cgroup = model__cgroup(model, process->cgroup);
		event->cgroup = cgroup ? cgroup->path : NULL;
		event->in = cgroup ? cgroup->in : NULL;
		event->container = event->in ? event->in->shown : NULL;
	}
	if (!event->tid)
		event->tid = event->pid;
	event->time_ns = model__realtime(model, event->boot_ns);
	model->emit(model->context, event);
}

static const char *const loss_names[LOSS_KINDS] = {
	[RECORD_FILE] = "records_file",
	[RECORD_FILE_GONE] = "records_file_gone",
	[RECORD_FORK] = "records_fork",
	[RECORD_EXEC] = "records_exec",
	[RECORD_EXIT] = "records_exit",
	[RECORD_OOM] = "records_oom",
	[RECORD_MAP] = "records_mapping",
	[RECORD_FULL] = "records_full",
	[RECORD_LIMIT] = "records_limit",
	[RECORD_REFUSED] = "records_refused",
	[RECORD_DENIED] = "records_denied",
	[LOSS_FILE_SLOT] = "files_without_name",
	[LOSS_LEAN] = "pages_without_file",
	[LOSS_OWNER_SLOT] = "pages_without_owner",
	[LOSS_PAIR] = "pages_without_further_owner",
	[LOSS_UNRESOLVED] = "pages_unresolved",
	[LOSS_DRIFT] = "pages_corrected",
	[LOSS_ODD] = "records_odd",
	[LOSS_OUTPUT] = "output_dropped",
	[LOSS_SKIPPED] = "events_skipped",
};

static uint64_t loss_count(const struct reading *reading, int kind)
{
	switch (kind) {
	case LOSS_ODD:
		return reading->odd_records;
	case LOSS_OUTPUT:
		return reading->dropped_output;
	case LOSS_SKIPPED:
		return reading->skipped_events;
	default:
		return reading->losses[kind];
	}
}

/* a corrected page is no loss to tell, only to count */
static void take_losses(struct model *model, const struct reading *reading)
{
	for (int kind = 1; kind < LOSS_KINDS; kind++) {
		uint64_t count = loss_count(reading, kind);
		struct snapshot_loss *row;
		struct event event = { .type = EVENT_LOST, .boot_ns = reading->boot_ns };

		if (!count || !loss_names[kind])
			continue;
		row = rows__add(model, &model->loss_rows, sizeof(*row));
		if (!row)
			return;
		row->kind = loss_names[kind];
		row->count = count;
		if (count > model->told_losses[kind]) {
			event.lost.kind = loss_names[kind];
			event.lost.count = count - model->told_losses[kind];
			model->told_losses[kind] = count;
			model__emit(model, &event, NULL);
		}
	}
}

static void take_system(struct model *model, const struct reading *reading)
{
	struct snapshot_system *system = &model->snapshot.system;
	const struct sysmem *in = reading->system;

	*system = (struct snapshot_system){ ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, NULL, 0, NULL, 0, ABSENT };
	system->pools = reading->pools;
	system->pool_count = reading->pool_count;
	if (!in)
		return;
	system->total_bytes = in->total_bytes;
	system->available_bytes = in->available_bytes.has ? in->available_bytes.value : ABSENT;
	system->swap_total_bytes = in->swap_total_bytes.has ? in->swap_total_bytes.value : ABSENT;
	system->swap_free_bytes = in->swap_free_bytes.has ? in->swap_free_bytes.value : ABSENT;
	if (in->huge_page_bytes.has)
		system->huge_page_bytes = in->huge_page_bytes.value;
	for (int i = 0; i < SYSMEM_PARTS; i++) {
		struct system_part *part;

		if (!in->parts[i].has)
			continue;
		part = rows__add(model, &model->part_rows, sizeof(*part));
		if (!part)
			return;
		part->name = in->parts[i].name;
		part->bytes = (int64_t)in->parts[i].bytes;
		part->reclaimable_bytes = (int64_t)in->parts[i].reclaimable_bytes;
		if (i == SYSMEM_UNATTRIBUTED)
			part->bytes -= (int64_t)in->excess_bytes;
	}
}

static void begin(struct model *model)
{
	struct rows *all[] = {
		&model->process_rows,  &model->cgroup_rows,  &model->mount_rows,     &model->file_rows,
		&model->owner_rows,    &model->holder_pids,  &model->part_rows,      &model->loss_rows,
		&model->garbage_pairs, &model->garbage_keys, &model->garbage_owners, &model->other_owners
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		all[i]->count = 0;
	release_retired(model);
	model->snapshot = (struct snapshot){ 0 };
	model->failed = false;
}

const struct snapshot *model__update(struct model *model, const struct reading *reading)
{
	struct snapshot *snapshot = &model->snapshot;

	begin(model);
	take_system(model, reading);
	model__cgroups(model, reading);
	model__tasks(model, reading);
	model__files(model, reading);
	model__process_rows(model, reading);
	take_losses(model, reading);
	if (model->failed)
		return NULL;
	snapshot->time_ns = reading->time_ns;
	snapshot->boot_ns = reading->boot_ns;
	snapshot->interval_seconds = model->last_boot_ns ? (double)(reading->boot_ns - model->last_boot_ns) / 1e9 : 0;
	snapshot->host = model->settings.host;
	snapshot->kernel = model->settings.kernel;
	snapshot->tier = model->settings.tier;
	snapshot->tracing = reading->tracing;
	snapshot->system.parts = model->part_rows.data;
	snapshot->system.part_count = model->part_rows.count;
	snapshot->processes = model->process_rows.data;
	snapshot->process_count = model->process_rows.count;
	snapshot->cgroups = model->cgroup_rows.data;
	snapshot->cgroup_count = model->cgroup_rows.count;
	snapshot->mounts = model->mount_rows.data;
	snapshot->mount_count = model->mount_rows.count;
	snapshot->files = model->file_rows.data;
	snapshot->file_count = model->file_rows.count;
	snapshot->lost = model->loss_rows.data;
	snapshot->loss_count = model->loss_rows.count;
	model->last_boot_ns = reading->boot_ns;
	return snapshot;
}

struct model_garbage model__garbage(const struct model *model)
{
	return (struct model_garbage){
		.pairs = model->garbage_pairs.data,
		.pair_count = model->garbage_pairs.count,
		.owners = model->garbage_owners.data,
		.owner_keys = model->garbage_keys.data,
		.owner_count = model->garbage_owners.count,
	};
}

uint64_t model__oom_kills(const struct model *model, bool followed_only)
{
	return followed_only ? model->followed_oom_kills : model->oom_kills;
}

uint64_t model__followed(const struct model *model)
{
	return model->followed;
}

bool model__followed_alive(const struct model *model)
{
	const struct process *process;

	for (process = model->processes; process; process = process->hh.next) {
		if (process->flags & PROCESS_FOLLOWED && !process->exited)
			return true;
	}
	return false;
}
