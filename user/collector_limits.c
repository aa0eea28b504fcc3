// SPDX-License-Identifier: GPL-2.0-only
/* Single figures between readings, for limits that come near: each costs microseconds. */
#include "collector_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "task_rows.h"

#define STAT_MOST (64U << 10)
#define FILEID_KERNFS 0xfe /* include/linux/exportfs.h; the handle is the node's id */

static uint32_t dev_of(const struct tmpfs_mount *mount)
{
	return mount->major << 20 | mount->minor;
}

void collector__know_mounts(struct collector *collector)
{
	uint32_t *devs = calloc(collector->tmpfs_count + 1, sizeof(*devs));

	for (size_t i = 0; devs && i < collector->tmpfs_count; i++)
		devs[i] = dev_of(&collector->tmpfs[i]);
	if (devs)
		tracer__forget_mounts(collector->tracer, devs, collector->tmpfs_count);
	/* those that find no slot are watched by polling */
	for (size_t i = 0; i < collector->tmpfs_count; i++)
		tracer__know_mount(collector->tracer, dev_of(&collector->tmpfs[i]));
	free(devs);
}

static uint64_t figure(struct parse_figure figure)
{
	return figure.has ? figure.value : UINT64_MAX;
}

/* use of a mount that no path leads to */
static uint64_t booked_bytes(const struct collector *collector, uint32_t dev, uint32_t slot)
{
	const struct file_slot *files;
	uint64_t pages = slot ? (uint64_t)tracer__mount(collector->tracer, slot).other_pages : 0;
	uint32_t slots;

	files = tracer__files(collector->tracer, &slots);
	for (uint32_t i = 1; i < slots; i++) {
		if (files[i].mapping && files[i].dev == dev && slot__pages(&files[i]) > 0)
			pages += (uint64_t)slot__pages(&files[i]) + files[i].swapped;
	}
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void collector__mounts_are_new(struct collector *collector)
{
	collector->view_ns = 0; /* old enough */
}

int collector__mount_now(struct collector *collector, uint32_t dev, struct mount_now *out)
{
	for (size_t i = 0; i < collector->tmpfs_count; i++) {
		const struct tmpfs_mount *mount = &collector->tmpfs[i];
		struct tmpfs_usage usage;
		int err;

		if (dev_of(mount) != dev)
			continue;
		out->slot = tracer__know_mount(collector->tracer, dev);
		out->slot_pages = out->slot ? tracer__mount(collector->tracer, out->slot).pages : 0;
		err = mountns__usage(&collector->proc, mount, &usage);
		out->path = mount->path;
		if (mount->visible && (err == -ENOENT || err == -ESRCH))
			collector__mounts_are_new(collector); /* whoever it was reached through has ended */
		if (err && (err == -ESTALE || !mount->visible)) {
			usage.used_bytes = (struct parse_figure){ true, booked_bytes(collector, dev, out->slot) };
			err = 0;
		}
		out->used_bytes = figure(usage.used_bytes);
		out->limit_bytes = figure(usage.limit_bytes);
		out->used_inodes = figure(usage.used_inodes);
		out->limit_inodes = figure(usage.limit_inodes);
		return err;
	}
	return -ENOENT;
}

int collector__counters(struct collector *collector, const struct cgroup_row **rows)
{
	int n;

	if (!collector->has_cgroups || collector->cgroup_fd < 0)
		return -EOPNOTSUPP;
	n = tracer__cgroups(collector->tracer, collector->cgroup_fd, &collector->cgroup_rows,
			    &collector->cgroup_capacity);
	*rows = collector->cgroup_rows;
	return n;
}

int collector__stat(struct collector *collector, const char *path, struct cgroup_figures *figures)
{
	const char *below = mounts__below(path, collector->where.root); /* cgroup_fd may be a part of the tree */
	static char text[STAT_MOST];
	char name[PATH_MAX];
	ssize_t n;
	int fd;

	if (collector->cgroup_fd < 0 || !below ||
	    (size_t)snprintf(name, sizeof(name), ".%s/memory.stat", below) >= sizeof(name))
		return -ENOENT;
	fd = openat(collector->cgroup_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return -EIO;
	cgroup__parse_stat(collector->where.version, text, (size_t)n, figures);
	return 0;
}

int collector__reclaimable(struct collector *collector, const char *path, uint64_t *bytes)
{
	struct cgroup_figures figures = {};
	int err = collector__stat(collector, path, &figures);

	if (err)
		return err;
	if (!figures.reclaimable_bytes.has)
		return -ENODATA;
	*bytes = figures.reclaimable_bytes.value;
	return 0;
}

int collector__cgroup_path(struct collector *collector, uint64_t id, char *path, size_t size)
{
	_Alignas(struct file_handle) char room[sizeof(struct file_handle) + sizeof(id)];
	struct file_handle *handle = (void *)room;
	char link[64], full[PATH_MAX];
	const char *below;
	ssize_t n;
	int fd;

	if (collector->cgroup_fd < 0)
		return -ENOENT;
	handle->handle_bytes = sizeof(id);
	handle->handle_type = FILEID_KERNFS;
	memcpy(handle->f_handle, &id, sizeof(id));
	fd = open_by_handle_at(collector->cgroup_fd, handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, full, sizeof(full) - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	full[n] = '\0';
	below = mounts__below(full, collector->where.mount_point);
	if (!below || mounts__join(collector->where.root, below, path, size))
		return -ENOENT;
	return 0;
}

int collector__tasks(struct collector *collector, const struct task_row **rows)
{
	int n = tracer__tasks(collector->tracer, &collector->tasks_now, &collector->task_now_capacity);

	*rows = collector->tasks_now;
	return n > 0 ? (int)task_rows__settle(collector->tasks_now, (size_t)n) : n;
}
