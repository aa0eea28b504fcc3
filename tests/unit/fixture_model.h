/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small world by hand: readings and records as the kernel side would give them, a model that is
 * fed with them, and the events that it told. Strings of events are kept as copies.
 */
#ifndef PAGETIDE_TESTS_UNIT_FIXTURE_MODEL_H
#define PAGETIDE_TESTS_UNIT_FIXTURE_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "snapshot_copy.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE 4096U
#define SECOND 1000000000ULL
#define BOOT_OFFSET (1700000000ULL * SECOND)
#define DEV(major, minor) ((uint32_t)(major) << 20 | (minor))
#define TMPFS_DEV DEV(0, 50)
#define DISK_DEV DEV(8, 1)
#define SHM_DEV DEV(0, 1)
#define WORLD_ROWS 2048
#define WORLD_EVENTS 512

struct kept_event {
	struct event event;
	char path[256], comm[COMM_LENGTH], kind[32];
};

struct world {
	struct model *model;
	const struct snapshot *last;
	struct reading reading;
	struct task_row tasks[WORLD_ROWS];
	const char *cmdlines[WORLD_ROWS];
	struct file_slot files[WORLD_ROWS];
	struct owner_slot owners[WORLD_ROWS];
	struct pair_row pairs[WORLD_ROWS];
	struct holder_row holders[WORLD_ROWS];
	struct reading_mount mounts[8];
	struct reading_segment segments[8];
	struct kept_event events[WORLD_EVENTS];
	size_t event_count;
	uint64_t births;
};

static inline void world__keep(void *context, const struct event *event)
{
	struct world *w = context;
	struct kept_event *kept = &w->events[w->event_count];
	const char *path = NULL;

	assert_true(w->event_count < WORLD_EVENTS);
	w->event_count++;
	kept->event = *event;
	if (event->type == EVENT_CACHE || event->type == EVENT_TMPFS)
		path = event->pages.path;
	else if (event->type <= EVENT_MREMAP)
		path = event->map.path;
	else if (event->type == EVENT_EXEC)
		path = event->exec.path;
	if (path)
		strncpy(kept->path, path, sizeof(kept->path) - 1);
	if (event->comm)
		strncpy(kept->comm, event->comm, sizeof(kept->comm) - 1);
	if (event->type == EVENT_LOST)
		strncpy(kept->kind, event->lost.kind, sizeof(kept->kind) - 1);
}

/* free with world__free */
static inline struct world *world__new(bool keep_gone, bool page_events)
{
	struct world *w = calloc(1, sizeof(*w));
	struct model_settings settings = {
		.host = "host",
		.kernel = "6.1.0",
		.tier = "tracepoint",
		.page_bytes = PAGE,
		.boot_offset_ns = BOOT_OFFSET,
		.keep_gone = keep_gone,
		.page_events = page_events,
		.page_event_files = 20,
	};

	assert_non_null(w);
	assert_int_equal(model__open(&w->model, &settings, world__keep, w), 0);
	w->reading = (struct reading){
		.boot_ns = 100 * SECOND,
		.time_ns = 100 * SECOND + BOOT_OFFSET,
		.tracing = true,
		.tasks = w->tasks,
		.files = w->files,
		.file_slots = WORLD_ROWS,
		.owners = w->owners,
		.owner_slots = WORLD_ROWS,
		.pairs = w->pairs,
		.holders = w->holders,
		.mounts = w->mounts,
		.segments = w->segments,
		.view_generation = 1,
	};
	return w;
}

static inline void world__free(struct world *w)
{
	model__close(w->model);
	free(w);
}

/* the next reading, so many nanoseconds after the last one; events are forgotten first */
static inline const struct snapshot *world__read(struct world *w, uint64_t later_ns)
{
	const struct snapshot *snapshot;

	w->event_count = 0;
	w->reading.boot_ns += later_ns;
	w->reading.time_ns += later_ns;
	snapshot = model__update(w->model, &w->reading);
	assert_non_null(snapshot);
	w->last = snapshot;
	return snapshot;
}

static inline uint64_t world__start(uint32_t pid)
{
	return pid * 1000ULL;
}

/* a living process in the iterator's rows; start_ns 0: the usual one of this pid */
static inline struct task_row *world__task(struct world *w, uint32_t pid, uint64_t start_ns, const char *comm)
{
	struct task_row *row = &w->tasks[w->reading.task_count++];

	memset(row, 0, sizeof(*row));
	row->process.pid = pid;
	row->process.ppid = 1;
	row->process.start_ns = start_ns ? start_ns : world__start(pid);
	row->process.flags = PROCESS_HAS_MM;
	strncpy(row->process.comm, comm, COMM_LENGTH - 1);
	return row;
}

static inline struct owner_slot *world__owner(struct world *w, uint32_t index, uint32_t pid, const char *comm)
{
	struct owner_slot *slot = &w->owners[index];

	memset(slot, 0, sizeof(*slot));
	slot->pid = pid;
	slot->start_ns = world__start(pid);
	strncpy(slot->comm, comm, COMM_LENGTH - 1);
	return slot;
}

static inline struct file_slot *world__file(struct world *w, uint32_t index, uint32_t dev, uint32_t owner,
					    uint64_t pages)
{
	struct file_slot *slot = &w->files[index];

	memset(slot, 0, sizeof(*slot));
	slot->mapping = 0xffff888000000000ULL + index * 1024ULL;
	slot->ino = 1000 + index;
	slot->birth_ns = 10 * SECOND + ++w->births; /* each use of a slot is another file */
	slot->dev = dev;
	slot->flags = dev == DISK_DEV ? 0 : FILE_TMPFS;
	slot->owner = (uint16_t)owner;
	slot->nrpages = slot->added = pages;
	slot->peak = (uint32_t)pages;
	slot->size_bytes = pages * PAGE;
	return slot;
}

static inline struct pair_row *world__pair(struct world *w, uint32_t file, uint32_t owner, uint64_t shares,
					   uint64_t added)
{
	struct pair_row *row = &w->pairs[w->reading.pair_count++];

	memset(row, 0, sizeof(*row));
	row->key.file = file;
	row->key.owner = owner;
	row->key.birth_ns = w->files[file].birth_ns;
	row->pair.shares = shares;
	row->pair.added = added;
	row->pair.scale = w->files[file].scale;
	return row;
}

/* the first owner's shares and those of the pairs that are there make the total */
static inline void world__share(struct world *w, uint32_t file, uint64_t shares)
{
	struct file_slot *slot = &w->files[file];

	slot->flags |= FILE_SHARED;
	slot->shares = slot->total_shares = shares;
	for (size_t i = 0; i < w->reading.pair_count; i++)
		if (w->pairs[i].key.file == file)
			slot->total_shares += w->pairs[i].pair.shares;
}

static inline struct reading_mount *world__mount(struct world *w, const char *path, uint32_t dev, uint64_t used,
						 uint64_t limit)
{
	struct reading_mount *mount = &w->mounts[w->reading.mount_count++];

	*mount = (struct reading_mount){
		.path = path,
		.major = dev >> 20,
		.minor = dev & 0xfffff,
		.root_namespace = true,
		.used_bytes = { true, used },
		.limit_bytes = { limit != 0, limit },
	};
	return mount;
}

/* the last snapshot is whole after it: all of it is read once */
static inline void world__record(struct world *w, const void *record)
{
	assert_int_equal(model__record(w->model, record), 0);
	if (w->last)
		snapshot_copy__free(snapshot_copy__make(w->last));
}

/* components, leaf first: "f\0dir\0" */
static inline void world__name(struct world *w, uint32_t index, const char *components, size_t length)
{
	struct record_file record = {
		.head = { .type = RECORD_FILE, .time_ns = w->reading.boot_ns },
		.index = index,
		.birth_ns = w->files[index].birth_ns,
		.ino = w->files[index].ino,
		.dev = w->files[index].dev,
		.flags = w->files[index].flags,
	};

	record.head.length = (uint16_t)(sizeof(record) - PATH_BYTES + length);
	record.path_length = (uint16_t)length;
	memcpy(record.path, components, length);
	world__record(w, &record);
}

static inline struct record_process world__process(uint32_t pid, const char *comm, uint32_t flags)
{
	struct record_process process = { .start_ns = world__start(pid), .pid = pid, .ppid = 1, .flags = flags };

	strncpy(process.comm, comm, COMM_LENGTH - 1);
	return process;
}

static inline void world__fork(struct world *w, uint32_t pid, const char *comm, uint32_t flags)
{
	struct record_fork record = {
		.head = { RECORD_FORK, sizeof(record), 1, w->reading.boot_ns },
		.child = world__process(pid, comm, flags),
	};

	world__record(w, &record);
}

static inline void world__exit(struct world *w, uint32_t pid, const char *comm, uint32_t flags, uint64_t peak_pages,
			       int code)
{
	struct record_exit record = {
		.head = { RECORD_EXIT, sizeof(record), pid, w->reading.boot_ns },
		.process = world__process(pid, comm, flags),
		.peak_rss_pages = peak_pages,
		.exit_code = code,
	};

	world__record(w, &record);
}

/* the file's last page went: its record, and its slot is free; flags: FILE_DELETED or 0 */
static inline void world__gone_as(struct world *w, uint32_t index, uint32_t owner, uint32_t owner_flags, uint32_t flags)
{
	struct file_slot *slot = &w->files[index];
	struct record_file_gone record = {
		.head = { RECORD_FILE_GONE, sizeof(record), 1, w->reading.boot_ns },
		.birth_ns = slot->birth_ns,
		.ino = slot->ino,
		.added = slot->added,
		.removed = slot->added,
		.peak = slot->peak,
		.index = index,
		.dev = slot->dev,
		.flags = slot->flags | flags,
		.owner = owner,
		.owner_start_ns = w->owners[owner].start_ns,
		.owner_pid = w->owners[owner].pid,
		.owner_flags = owner_flags,
	};

	memcpy(record.owner_comm, w->owners[owner].comm, COMM_LENGTH);
	world__record(w, &record);
	slot->mapping = 0;
}

static inline void world__gone(struct world *w, uint32_t index, uint32_t owner, uint32_t owner_flags)
{
	world__gone_as(w, index, owner, owner_flags, FILE_DELETED);
}

/* ---- looking at what came out ---- */

/* as `run` asks: what is gone is kept, process 42 is the command, its owner index is 2 */
static inline struct world *world__running(void)
{
	struct world *w = world__new(true, false);

	world__fork(w, 42, "job", PROCESS_FOLLOWED);
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job")->flags = PROCESS_FOLLOWED;
	return w;
}

static inline const struct snapshot_process *find_process(const struct snapshot *s, uint32_t pid, uint64_t start_ns)
{
	for (size_t i = 0; i < s->process_count; i++)
		if (s->processes[i].pid == pid && (!start_ns || s->processes[i].start_ns == start_ns))
			return &s->processes[i];
	return NULL;
}

static inline const struct snapshot_process *the_process(const struct snapshot *s, uint32_t pid)
{
	const struct snapshot_process *row = find_process(s, pid, 0);

	if (!row)
		fail_msg("process %u is not in the snapshot", pid);
	return row;
}

static inline const struct snapshot_file *find_file(const struct snapshot *s, uint64_t ino)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].ino == ino && !s->files[i].other)
			return &s->files[i];
	return NULL;
}

static inline const struct snapshot_file *the_file(const struct snapshot *s, uint32_t index)
{
	const struct snapshot_file *row = find_file(s, 1000 + index);

	if (!row)
		fail_msg("file %u is not in the snapshot", index);
	return row;
}

static inline uint64_t owner_bytes(const struct snapshot_file *file, uint32_t pid)
{
	for (size_t i = 0; i < file->owner_count; i++)
		if (file->owners[i].pid == pid)
			return file->owners[i].bytes;
	return 0;
}

static inline const struct kept_event *find_event(const struct world *w, enum event_type type, uint32_t pid)
{
	for (size_t i = 0; i < w->event_count; i++)
		if (w->events[i].event.type == type && w->events[i].event.pid == pid)
			return &w->events[i];
	return NULL;
}

static inline size_t count_events(const struct world *w, enum event_type type)
{
	size_t count = 0;

	for (size_t i = 0; i < w->event_count; i++)
		count += w->events[i].event.type == type;
	return count;
}

#endif
