// SPDX-License-Identifier: GPL-2.0-only
/*
 * The columns of files, where one row may stand for many, and of the timeline of a run. A row that
 * stands for many has no device, inode or kind of its own and must not show one.
 */
#include "columns_field.h"

#include <stdio.h>
#include <string.h>

static bool is_many(const struct snapshot_file *f)
{
	return f->other || (is_known(f->count) && f->count > 1);
}

static struct value file_path(const void *row)
{
	const struct snapshot_file *f = row;

	if (f->other)
		return (struct value){ .known = true, .string = "other files" };
	return (struct value){ .known = f->path != NULL, .string = f->path };
}

static struct value file_namespace(const void *row)
{
	const struct snapshot_file *f = row;

	return (struct value){ .known = f->namespace_id != 0, .number = f->namespace_id };
}

static struct value file_device(const void *row)
{
	const struct snapshot_file *f = row;

	return (struct value){ .known = !f->other, .number = (uint64_t)f->major << 32 | f->minor };
}

static struct value file_inode(const void *row)
{
	const struct snapshot_file *f = row;

	return (struct value){ .known = !is_many(f) && (f->ino || !f->gone), .number = f->ino };
}

static struct value file_kind(const void *row)
{
	const struct snapshot_file *f = row;

	return (struct value){ .known = !f->other, .string = file_kind_names[f->kind] };
}

struct value column_value__file_count(const void *row)
{
	const struct snapshot_file *f = row;

	return (struct value){ .known = is_many(f) && is_known(f->count), .number = f->count };
}

void column_text__file(const void *row, char *raw, size_t cap)
{
	const struct snapshot_file *f = row;
	const char *path = f->path ? f->path : "?";
	bool folder = !f->other && is_many(f) && (path[0] == '/' || !path[0]);

	snprintf(raw, cap, "%s%s%s", f->other ? "other files" : path, folder ? "/*" : "",
		 f->deleted ? " (deleted)" : "");
}

/* Who brought it in; else, of what was there before, who holds it. */
void column_text__owner(const void *row, char *raw, size_t cap)
{
	const struct snapshot_file *f = row;
	size_t more;

	if (f->owner_count) {
		snprintf(raw, cap, "%s[%u]", f->owners[0].comm ? f->owners[0].comm : "?", f->owners[0].pid);
		more = f->owner_count - 1;
	} else if (f->holder_count) {
		snprintf(raw, cap, "held by %u", f->holders[0]);
		more = f->holder_count - 1;
	} else {
		snprintf(raw, cap, "-");
		return;
	}
	if (more && strlen(raw) < cap)
		snprintf(raw + strlen(raw), cap - strlen(raw), " +%zu", more);
}

static struct value file_owner(const void *row)
{
	const struct snapshot_file *f = row;

	if (f->owner_count == 0)
		return (struct value){ .known = false };
	return (struct value){ .known = f->owners[0].comm != NULL, .string = f->owners[0].comm };
}

static struct value file_owner_pid(const void *row)
{
	const struct snapshot_file *f = row;

	if (f->owner_count == 0)
		return (struct value){ .known = false };
	return (struct value){ .known = true, .number = f->owners[0].pid };
}

static const struct column file_columns[] = {
	{ .key = "path",
	  .title = "PATH",
	  .kind = COLUMN_STRING,
	  .type = FIELD_COMPUTED,
	  .compute = file_path,
	  .text = column_text__file },
	STRING(snapshot_file, mount, "mount", NULL, 0),
	COMPUTED(COLUMN_ID, file_namespace, "namespace", "NAMESPACE", 1),
	COMPUTED(COLUMN_DEVICE, file_device, "dev", NULL, 0),
	COMPUTED(COLUMN_ID, file_inode, "ino", NULL, 0),
	COMPUTED(COLUMN_STRING, file_kind, "kind", "KIND", 5),
	BYTES(snapshot_file, bytes, "bytes", "BYTES", 0),
	BYTES(snapshot_file, peak_bytes, "peak_bytes", "PEAK", 6),
	BYTES(snapshot_file, swap_bytes, "swap_bytes", "SWAP", 8),
	BYTES(snapshot_file, size_bytes, "size_bytes", "SIZE", 7),
	BYTES(snapshot_file, added_bytes, "added_bytes", NULL, 0),
	BYTES(snapshot_file, removed_bytes, "removed_bytes", NULL, 0),
	COMPUTED(COLUMN_COUNT, column_value__file_count, "count", "FILES", 2),
	BYTES(snapshot_file, bytes_each, "bytes_each", "EACH", 2),
	RATE(snapshot_file, rate, "bytes_per_second", "CHANGE", 3),
	FLAG(snapshot_file, deleted, "deleted", NULL, 0),
	FLAG(snapshot_file, shared, "shared", NULL, 0),
	FLAG(snapshot_file, gone, "gone", NULL, 0),
	{ .key = "owner",
	  .title = "OWNER",
	  .kind = COLUMN_STRING,
	  .rank = 1,
	  .type = FIELD_COMPUTED,
	  .compute = file_owner,
	  .text = column_text__owner,
	  .flat = true },
	{ .key = "owner_pid", .kind = COLUMN_ID, .type = FIELD_COMPUTED, .compute = file_owner_pid, .flat = true },
};
static const struct column file_order = BYTES(snapshot_file, bytes, NULL, NULL, 0);

const struct columns columns_file = { "file",     "files", "Files in memory", file_columns, COUNT_OF(file_columns),
				      &file_order };

static const struct column timeline_columns[] = {
	TIME(timeline_row, time_ns, "time", NULL, 0),
	SECONDS(timeline_row, seconds, "seconds", NULL, 0),
	BYTES(timeline_row, rss_bytes, "rss_bytes", "resident", 0),
	BYTES(timeline_row, anon_bytes, "anon_bytes", "  anon", 0),
	BYTES(timeline_row, file_bytes, "file_bytes", "  file", 0),
	BYTES(timeline_row, shmem_bytes, "shmem_bytes", "  shmem", 0),
	BYTES(timeline_row, swap_bytes, "swap_bytes", "swap", 0),
	BYTES(timeline_row, page_table_bytes, "page_tables_bytes", "page tables", 0),
	BYTES(timeline_row, cache_bytes, "cache_bytes", "cache it owns", 0),
	BYTES(timeline_row, tmpfs_bytes, "tmpfs_bytes", "tmpfs it owns", 0),
	BYTES(timeline_row, system_available_bytes, "system_available_bytes", "machine available", 0),
	COUNT32(timeline_row, processes, "processes", "processes", 0),
};

const struct columns columns_timeline = {
	"timeline", "timeline", "Timeline", timeline_columns, COUNT_OF(timeline_columns), NULL
};
