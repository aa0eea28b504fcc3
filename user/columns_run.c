// SPDX-License-Identifier: GPL-2.0-only
/*
 * What `run` shows people when all is over: the same rows as everywhere, but what counts is the
 * most there was, what was brought in and what is left.
 */
#include "columns_field.h"

static struct value mount_peak_ratio(const void *row)
{
	const struct snapshot_mount *m = row;

	if (!is_known(m->peak_bytes) || !is_known(m->limit_bytes) || m->limit_bytes == 0)
		return (struct value){ .known = false };
	return (struct value){ .known = true, .real = (double)m->peak_bytes / (double)m->limit_bytes };
}

static const struct column process_columns[] = {
	ID(snapshot_process, pid, NULL, "PID", 0),
	BYTES(snapshot_process, peak_rss_bytes, NULL, "PEAK RSS", 0),
	BYTES(snapshot_process, cache_added_bytes, NULL, "CACHE IN", 2),
	BYTES(snapshot_process, tmpfs_added_bytes, NULL, "TMPFS IN", 1),
	BYTES(snapshot_process, cache_bytes, NULL, "CACHE LEFT", 4),
	BYTES(snapshot_process, tmpfs_bytes, NULL, "TMPFS LEFT", 3),
	{ .title = "COMMAND",
	  .kind = COLUMN_STRING,
	  .type = FIELD_STRING,
	  .offset = offsetof(struct snapshot_process, comm),
	  .text = column_text__process },
};
static const struct column process_order = BYTES(snapshot_process, peak_rss_bytes, NULL, NULL, 0);

static const struct column mount_columns[] = {
	BYTES(snapshot_mount, limit_bytes, NULL, "LIMIT", 1),
	BYTES(snapshot_mount, peak_bytes, NULL, "PEAK", 0),
	COMPUTED(COLUMN_RATIO, mount_peak_ratio, NULL, "FULL AT PEAK", 0),
	BYTES(snapshot_mount, used_bytes, NULL, "USED NOW", 2),
	STRING(snapshot_mount, path, NULL, "MOUNT", 0),
};
static const struct column mount_order = BYTES(snapshot_mount, peak_bytes, NULL, NULL, 0);

static const struct column file_columns[] = {
	BYTES(snapshot_file, peak_bytes, NULL, "PEAK", 0),
	BYTES(snapshot_file, bytes, NULL, "LEFT", 0),
	BYTES(snapshot_file, added_bytes, NULL, "BROUGHT IN", 3),
	COMPUTED(COLUMN_COUNT, column_value__file_count, NULL, "FILES", 1),
	BYTES(snapshot_file, bytes_each, NULL, "EACH", 1),
	{ .title = "BY",
	  .kind = COLUMN_STRING,
	  .rank = 2,
	  .type = FIELD_STRING,
	  .offset = offsetof(struct snapshot_file, path),
	  .text = column_text__owner },
	{ .title = "PATH",
	  .kind = COLUMN_STRING,
	  .type = FIELD_STRING,
	  .offset = offsetof(struct snapshot_file, path),
	  .text = column_text__file },
};
static const struct column file_order = BYTES(snapshot_file, peak_bytes, NULL, NULL, 0);

const struct columns columns_run_process = {
	"process",     "processes", "Processes, the biggest first", process_columns, COUNT_OF(process_columns),
	&process_order
};
const struct columns columns_run_mount = {
	"mount", "mounts", "tmpfs mounts it used", mount_columns, COUNT_OF(mount_columns), &mount_order
};
const struct columns columns_run_file = {
	"file", "files", "Files it brought in", file_columns, COUNT_OF(file_columns), &file_order
};
