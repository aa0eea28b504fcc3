// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of columns: processes, containers, cgroups, mounts and the system's ledger; those of
 * files, events and runs are beside it. Keys are the contract with every program that reads our
 * output: never rename one.
 */
#include "columns_field.h"

#include <inttypes.h>
#include <stdio.h>

static struct value bytes_or_absent(uint64_t bytes)
{
	return (struct value){ .known = is_known(bytes), .number = bytes };
}

static struct value absent(void)
{
	return (struct value){ .known = false };
}

static struct value process_rss(const void *row)
{
	const struct snapshot_process *p = row;

	if (!is_known(p->anon_bytes) || !is_known(p->file_bytes) || !is_known(p->shmem_bytes))
		return absent();
	return bytes_or_absent(p->anon_bytes + p->file_bytes + p->shmem_bytes);
}

/* Who fills a tmpfs or the page cache by write(2) has little of it resident. */
static struct value process_largest(const void *row)
{
	const struct snapshot_process *p = row;
	struct value largest = process_rss(row);
	const uint64_t owned[] = { p->cache_bytes, p->tmpfs_bytes };

	for (size_t i = 0; i < COUNT_OF(owned); i++)
		if (is_known(owned[i]) && (!largest.known || owned[i] > largest.number))
			largest = bytes_or_absent(owned[i]);
	return largest;
}

static struct value process_peak(const void *row)
{
	const struct snapshot_process *p = row;
	const uint64_t peaks[] = { p->peak_rss_bytes, p->peak_cache_bytes, p->peak_tmpfs_bytes };
	struct value peak = absent();

	for (size_t i = 0; i < COUNT_OF(peaks); i++)
		if (is_known(peaks[i]) && (!peak.known || peaks[i] > peak.number))
			peak = bytes_or_absent(peaks[i]);
	return peak;
}

static struct value process_start(const void *row)
{
	const struct snapshot_process *p = row;

	return (struct value){ .known = is_known(p->start_time_ns), .number = p->start_time_ns };
}

uint64_t column_value__exit_status(int wait_code)
{
	uint64_t signal = (uint64_t)wait_code & 0x7f;

	return signal ? 128 + signal : ((uint64_t)wait_code >> 8) & 0xff;
}

static struct value process_exit_status(const void *row)
{
	const struct snapshot_process *p = row;

	return (struct value){ .known = p->exited, .number = column_value__exit_status(p->exit_code) };
}

void column_text__process(const void *row, char *raw, size_t cap)
{
	const struct snapshot_process *p = row;

	snprintf(raw, cap, p->kernel ? "[%s]%s" : "%s%s", p->comm ? p->comm : "?", p->exited ? " (exited)" : "");
}

static const struct column process_columns[] = {
	ID(snapshot_process, pid, "pid", "PID", 0),
	ID(snapshot_process, ppid, "ppid", NULL, 0),
	COMPUTED(COLUMN_START, process_start, "start_time", NULL, 0),
	{ .key = "comm",
	  .title = "COMMAND",
	  .kind = COLUMN_STRING,
	  .type = FIELD_STRING,
	  .offset = offsetof(struct snapshot_process, comm),
	  .text = column_text__process },
	STRING(snapshot_process, cmdline, "cmdline", NULL, 0),
	ID(snapshot_process, uid, "uid", NULL, 0),
	STRING(snapshot_process, cgroup, "cgroup", NULL, 0),
	STRING(snapshot_process, container, "container", "CONTAINER", 6),
	COMPUTED(COLUMN_BYTES, process_rss, "rss_bytes", "RSS", 0),
	BYTES(snapshot_process, anon_bytes, "anon_bytes", "ANON", 1),
	BYTES(snapshot_process, file_bytes, "file_bytes", "FILE", 4),
	BYTES(snapshot_process, shmem_bytes, "shmem_bytes", "SHMEM", 3),
	BYTES(snapshot_process, swap_bytes, "swap_bytes", "SWAP", 8),
	BYTES(snapshot_process, page_table_bytes, "page_tables_bytes", "PGTABLES", 10),
	BYTES(snapshot_process, locked_bytes, "locked_bytes", NULL, 0),
	BYTES(snapshot_process, virtual_bytes, "virtual_bytes", NULL, 0),
	BYTES(snapshot_process, peak_rss_bytes, "peak_rss_bytes", "PEAK RSS", 5),
	BYTES(snapshot_process, cache_bytes, "cache_bytes", "CACHE", 2),
	BYTES(snapshot_process, tmpfs_bytes, "tmpfs_bytes", "TMPFS", 1),
	BYTES(snapshot_process, tmpfs_swap_bytes, "tmpfs_swap_bytes", NULL, 0),
	BYTES(snapshot_process, peak_cache_bytes, "peak_cache_bytes", NULL, 0),
	BYTES(snapshot_process, peak_tmpfs_bytes, "peak_tmpfs_bytes", NULL, 0),
	COMPUTED(COLUMN_BYTES, process_peak, "peak_bytes", NULL, 0), /* the greatest of the three */
	BYTES(snapshot_process, cache_added_bytes, "cache_added_bytes", NULL, 0),
	BYTES(snapshot_process, tmpfs_added_bytes, "tmpfs_added_bytes", NULL, 0),
	RATE(snapshot_process, resident_rate, "resident_bytes_per_second", "RSS CHANGE", 7),
	RATE(snapshot_process, cache_rate, "cache_bytes_per_second", NULL, 0),
	RATE(snapshot_process, tmpfs_rate, "tmpfs_bytes_per_second", "TMPFS CHANGE", 9),
	FLAG(snapshot_process, exited, "exited", NULL, 0),
	FLAG(snapshot_process, kernel, "kernel_thread", NULL, 0),
	COMPUTED(COLUMN_COUNT, process_exit_status, "exit_status", NULL, 0),
	FLAG(snapshot_process, shares_memory, "shares_memory", NULL, 0),
};
static const struct column process_order = COMPUTED(COLUMN_BYTES, process_largest, NULL, NULL, 0);

static void container_text(const void *row, char *raw, size_t cap)
{
	const struct container_row *c = row;

	snprintf(raw, cap, "%s", c->container ? c->container : "(in no container)");
}

static struct value text_or_absent(const char *text)
{
	return (struct value){ .known = text != NULL, .string = text };
}

#define OF_CONTAINER(part)                                         \
	static struct value container_##part(const void *row)      \
	{                                                          \
		const struct container_row *c = row;               \
                                                                   \
		return text_or_absent(c->in ? c->in->part : NULL); \
	}
OF_CONTAINER(id)
OF_CONTAINER(runtime)
OF_CONTAINER(pod)
OF_CONTAINER(pod_namespace)
OF_CONTAINER(name)
OF_CONTAINER(image)

static struct value container_ratio(const void *row)
{
	const struct container_row *c = row;

	if (!is_known(c->usage_bytes) || !is_known(c->limit_bytes) || c->limit_bytes == 0)
		return absent();
	return (struct value){ .known = true, .real = (double)c->usage_bytes / (double)c->limit_bytes };
}

static const struct column container_columns[] = {
	{ .key = "container",
	  .title = "CONTAINER",
	  .kind = COLUMN_STRING,
	  .type = FIELD_STRING,
	  .offset = offsetof(struct container_row, container),
	  .text = container_text },
	COMPUTED(COLUMN_STRING, container_id, "container_id", NULL, 0),
	COMPUTED(COLUMN_STRING, container_runtime, "runtime", NULL, 0),
	COMPUTED(COLUMN_STRING, container_pod_namespace, "namespace", NULL, 0),
	COMPUTED(COLUMN_STRING, container_pod, "pod", NULL, 0),
	COMPUTED(COLUMN_STRING, container_name, "name", NULL, 0),
	COMPUTED(COLUMN_STRING, container_image, "image", NULL, 0),
	STRING(container_row, cgroup, "cgroup", NULL, 0),
	COUNT(container_row, processes, "processes", "PROCESSES", 5),
	BYTES(container_row, usage_bytes, "usage_bytes", "USAGE", 1),
	BYTES(container_row, limit_bytes, "limit_bytes", "LIMIT", 1),
	BYTES(container_row, peak_bytes, "peak_bytes", "PEAK", 7),
	COMPUTED(COLUMN_RATIO, container_ratio, "used_ratio", "USED", 2),
	BYTES(container_row, rss_bytes, "rss_bytes", "RSS", 0),
	BYTES(container_row, anon_bytes, "anon_bytes", "ANON", 3),
	BYTES(container_row, file_bytes, "file_bytes", "FILE", 8),
	BYTES(container_row, shmem_bytes, "shmem_bytes", "SHMEM", 9),
	BYTES(container_row, swap_bytes, "swap_bytes", "SWAP", 10),
	BYTES(container_row, page_table_bytes, "page_tables_bytes", NULL, 0),
	BYTES(container_row, cache_bytes, "cache_bytes", "CACHE", 4),
	BYTES(container_row, tmpfs_bytes, "tmpfs_bytes", "TMPFS", 2),
	RATE(container_row, resident_rate, "resident_bytes_per_second", "RSS CHANGE", 6),
	RATE(container_row, cache_rate, "cache_bytes_per_second", NULL, 0),
	RATE(container_row, tmpfs_rate, "tmpfs_bytes_per_second", NULL, 0),
};
static const struct column container_order = BYTES(container_row, rss_bytes, NULL, NULL, 0);

static struct value cgroup_ratio(const void *row)
{
	const struct snapshot_cgroup *c = row;

	if (!is_known(c->tightest_limit_bytes) || !is_known(c->tightest_room_bytes) || c->tightest_limit_bytes == 0)
		return absent();
	return (struct value){ .known = true,
			       .real = 1 - (double)c->tightest_room_bytes / (double)c->tightest_limit_bytes };
}

#define TIGHTEST(what, how, member, name, above, order)                                  \
	{                                                                                \
		.key = name, .title = above, .kind = what, .rank = order, .type = how,   \
		.offset = offsetof(struct snapshot_cgroup, member), .object = "tightest" \
	}

static const struct column cgroup_columns[] = {
	STRING(snapshot_cgroup, path, "path", "CGROUP", 0),
	ID64(snapshot_cgroup, id, "id", NULL, 0),
	FIELD(COLUMN_ID, FIELD_INT, snapshot_cgroup, version, "version", NULL, 0),
	STRING(snapshot_cgroup, container, "container", NULL, 0),
	BYTES(snapshot_cgroup, usage_bytes, "usage_bytes", "USAGE", 0),
	BYTES(snapshot_cgroup, peak_bytes, "peak_bytes", "PEAK", 5),
	BYTES(snapshot_cgroup, limit_bytes, "limit_bytes", "LIMIT", 3),
	BYTES(snapshot_cgroup, high_bytes, "high_bytes", NULL, 0),
	TIGHTEST(COLUMN_STRING, FIELD_STRING, tightest_path, "tightest_path", NULL, 0),
	TIGHTEST(COLUMN_BYTES, FIELD_U64, tightest_limit_bytes, "tightest_limit_bytes", NULL, 0),
	TIGHTEST(COLUMN_BYTES, FIELD_U64, tightest_room_bytes, "tightest_room_bytes", "ROOM", 0),
	COMPUTED(COLUMN_RATIO, cgroup_ratio, "used_ratio", "USED", 1),
	BYTES(snapshot_cgroup, anon_bytes, "anon_bytes", "ANON", 2),
	BYTES(snapshot_cgroup, file_bytes, "file_bytes", "FILE", 4),
	BYTES(snapshot_cgroup, shmem_bytes, "shmem_bytes", "SHMEM", 3),
	BYTES(snapshot_cgroup, kernel_bytes, "kernel_bytes", "KERNEL", 7),
	BYTES(snapshot_cgroup, swap_bytes, "swap_bytes", "SWAP", 8),
	BYTES(snapshot_cgroup, reclaimable_bytes, "reclaimable_bytes", NULL, 0),
	RATE(snapshot_cgroup, usage_rate, "usage_bytes_per_second", "CHANGE", 6),
};
static const struct column cgroup_order = BYTES(snapshot_cgroup, usage_bytes, NULL, NULL, 0);

static struct value mount_device(const void *row)
{
	const struct snapshot_mount *m = row;

	return (struct value){ .known = true, .number = (uint64_t)m->major << 32 | m->minor };
}

static struct value mount_ratio(const void *row)
{
	const struct snapshot_mount *m = row;

	if (!is_known(m->used_bytes) || !is_known(m->limit_bytes) || m->limit_bytes == 0)
		return absent();
	return (struct value){ .known = true, .real = (double)m->used_bytes / (double)m->limit_bytes };
}

static struct value mount_namespace(const void *row)
{
	const struct snapshot_mount *m = row;

	return (struct value){ .known = m->namespace_id != 0, .number = m->namespace_id };
}

/* For people only where it is not the one that they are in. */
static void mount_namespace_text(const void *row, char *raw, size_t cap)
{
	const struct snapshot_mount *m = row;

	if (m->internal || m->root_namespace)
		snprintf(raw, cap, "-");
	else if (m->container || m->unit)
		snprintf(raw, cap, "%s", m->container ? m->container : m->unit);
	else
		snprintf(raw, cap, "%" PRIu64, m->namespace_id);
}

static const struct column mount_columns[] = {
	STRING(snapshot_mount, path, "path", "MOUNT", 0),
	COMPUTED(COLUMN_DEVICE, mount_device, "dev", NULL, 0),
	{ .key = "namespace",
	  .title = "NAMESPACE",
	  .kind = COLUMN_ID,
	  .rank = 1,
	  .type = FIELD_COMPUTED,
	  .compute = mount_namespace,
	  .text = mount_namespace_text },
	FLAG(snapshot_mount, root_namespace, "root_namespace", NULL, 0),
	STRING(snapshot_mount, container, "container", NULL, 0),
	STRING(snapshot_mount, unit, "unit", NULL, 0),
	FLAG(snapshot_mount, internal, "internal", NULL, 0),
	BYTES(snapshot_mount, used_bytes, "used_bytes", "USED", 0),
	BYTES(snapshot_mount, limit_bytes, "limit_bytes", "LIMIT", 1),
	COMPUTED(COLUMN_RATIO, mount_ratio, "used_ratio", "FULL", 0),
	COUNT(snapshot_mount, used_inodes, "used_inodes", "INODES", 5),
	COUNT(snapshot_mount, limit_inodes, "limit_inodes", "OF", 6),
	BYTES(snapshot_mount, unattributed_bytes, "unattributed_bytes", "UNATTRIBUTED", 4),
	BYTES(snapshot_mount, peak_bytes, "peak_bytes", "PEAK", 3),
	COUNT(snapshot_mount, file_count, "file_count", "FILES", 7),
	RATE(snapshot_mount, used_rate, "used_bytes_per_second", "CHANGE", 3),
};
static const struct column mount_order = BYTES(snapshot_mount, used_bytes, NULL, NULL, 0);

static const struct column system_columns[] = {
	STRING(system_part, name, "part", "PART", 0),
	CHANGE(system_part, bytes, "bytes", "BYTES", 0),
	CHANGE(system_part, reclaimable_bytes, "reclaimable_bytes", "RECLAIMABLE", 0),
};

static const struct columns process_view = {
	"process", "processes", "Processes", process_columns, COUNT_OF(process_columns), &process_order
};
static const struct columns container_view = {
	"container", "containers", "Containers", container_columns, COUNT_OF(container_columns), &container_order
};
static const struct columns cgroup_view = {
	"cgroup", "cgroups", "Memory cgroups", cgroup_columns, COUNT_OF(cgroup_columns), &cgroup_order
};
static const struct columns mount_view = {
	"mount", "mounts", "tmpfs mounts", mount_columns, COUNT_OF(mount_columns), &mount_order
};
static const struct columns system_view = {
	"system", "system", "Memory of this machine", system_columns, COUNT_OF(system_columns), NULL
};

const struct columns *columns__of(enum view view)
{
	static const struct columns *const views[] = {
		[VIEW_ALL] = NULL,
		[VIEW_SYSTEM] = &system_view,
		[VIEW_PROCESS] = &process_view,
		[VIEW_CONTAINER] = &container_view,
		[VIEW_CGROUP] = &cgroup_view,
		[VIEW_MOUNT] = &mount_view,
		[VIEW_FILE] = &columns_file,
	};

	return views[view];
}
