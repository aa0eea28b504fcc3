// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts of a reading, and the cold start that walks them. The mount tables of all
 * namespaces are kept: read again when ours changed, when pages of an unknown
 * tmpfs turn up, or when they are old (nobody tells of other namespaces' mounts).
 * What a runtime has just mounted for a container that does not run yet is looked
 * for in the container soon, then less and less often.
 */
#include "collector_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define VIEW_OLD_NS 15000000000ULL
#define VIEW_YOUNG_NS 1000000000ULL
#define WALK_DEPTH 64

static bool our_mounts_changed(const struct collector *collector)
{
	struct pollfd poll_fd = { .fd = collector->mountinfo_fd, .events = POLLPRI };

	return collector->mountinfo_fd >= 0 && poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLPRI | POLLERR);
}

static uint32_t dev_of(const struct tmpfs_mount *mount)
{
	return mount->major << 20 | mount->minor;
}

static bool is_known_tmpfs(const struct collector *collector, uint32_t dev)
{
	for (size_t i = 0; i < collector->tmpfs_count; i++) {
		if (dev_of(&collector->tmpfs[i]) == dev)
			return true;
	}
	return false;
}

static bool is_among(const uint32_t *devs, size_t count, uint32_t dev)
{
	size_t i = 0;

	while (i < count && devs[i] != dev)
		i++;
	return i < count;
}

/*
 * Devices of files that are of no tmpfs that the tables show. The kernel's own shmem mount is mounted nowhere; memfds
 * and their like live there.
 */
static size_t find_strange(const struct collector *collector, uint32_t devs[LOOKED_FOR_MOST])
{
	const struct file_slot *files;
	uint32_t slots, last = 0;
	size_t count = 0;

	if (!collector->tracer || !collector->tracing)
		return 0;
	files = tracer__files(collector->tracer, &slots);
	for (uint32_t i = 1; i < slots && count < LOOKED_FOR_MOST; i++) {
		if (!files[i].mapping || !(files[i].flags & FILE_TMPFS) || files[i].dev == last)
			continue;
		last = files[i].dev;
		if (!files[i].mount && last != 1 && !is_known_tmpfs(collector, last) && !is_among(devs, count, last))
			devs[count++] = last;
	}
	return count;
}

/* what was detached while a file is held is in no table: looked for in vain, it is not looked for again */
static bool is_strange_tmpfs(const struct collector *collector)
{
	uint32_t devs[LOOKED_FOR_MOST];
	size_t count = find_strange(collector, devs);

	for (size_t i = 0; i < count; i++) {
		if (!is_among(collector->looked_for, collector->looked_for_count, devs[i]))
			return true;
	}
	return false;
}

void collector__free_mounts(struct collector *collector)
{
	free(collector->mounts);
	free(collector->tmpfs);
	overlay__free(&collector->overlays);
	mounts__free_view(&collector->view);
	collector->mounts = NULL;
	collector->tmpfs = NULL;
	collector->tmpfs_count = 0;
	memset(&collector->overlays, 0, sizeof(collector->overlays));
	memset(&collector->view, 0, sizeof(collector->view));
	collector->has_view = false;
}

/* how soon to look again */
static void pace(struct collector *collector)
{
	size_t backing = 0;

	for (size_t i = 0; i < collector->tmpfs_count; i++)
		backing += collector->tmpfs[i].backing;
	if (!backing)
		collector->view_patience_ns = VIEW_OLD_NS;
	else if (backing != collector->backing_count)
		collector->view_patience_ns = VIEW_YOUNG_NS;
	else if (collector->view_patience_ns < VIEW_OLD_NS)
		collector->view_patience_ns *= 2;
	collector->backing_count = backing;
}

/* through a process of the namespace; a folder that is to be mounted when it is looked at stays as it is */
static int look(void *context, pid_t pid, const char *path, struct stat *status)
{
	const struct collector *collector = context;
	char full[PATH_MAX + 64];

	if ((size_t)snprintf(full, sizeof(full), "%d/root%s", (int)pid, path) >= sizeof(full))
		return -ENAMETOOLONG;
	return fstatat(collector->proc.fd, full, status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) ? -errno : 0;
}

static int read_view(struct collector *collector)
{
	struct reading *reading = &collector->reading;
	int err;

	/* before the tables are read: what comes meanwhile is looked for */
	collector->looked_for_count = find_strange(collector, collector->looked_for);
	collector__free_mounts(collector);
	err = mountns__read(&collector->proc, &collector->view);
	if (!err)
		err = overlay__index(&collector->view, NULL, NULL, &collector->overlays);
	if (!err)
		err = mounts__tmpfs(&collector->view, &collector->tmpfs, &collector->tmpfs_count);
	if (err)
		return err;
	collector->overlays.look = look;
	collector->overlays.look_context = collector;
	collector->mounts = calloc(collector->tmpfs_count + 1, sizeof(*collector->mounts));
	if (!collector->mounts)
		return -ENOMEM;
	pace(collector);
	collector->has_view = true;
	collector->view_ns = clock__ns(CLOCK_BOOTTIME);
	reading->view = &collector->view;
	reading->overlays = &collector->overlays;
	reading->view_generation = ++collector->view_generation;
	if (collector->tracing)
		collector__know_mounts(collector);
	return 0;
}

/* index 0: not watched. `before`: its count as it was before its use was read */
static void read_count(const struct collector *collector, uint32_t index, int64_t before, struct reading_mount *mount)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct mount_count count;

	mount->peak_bytes = mount->other_pages = mount->other_owned = 0;
	if (!index)
		return;
	if (mount->used_bytes.has)
		tracer__mount_is(collector->tracer, index, mount->superblock);
	count = tracer__mount(collector->tracer, index);
	mount->other_pages = (uint64_t)count.other_pages;
	mount->other_owned = (uint64_t)count.other_owned;
	if (!mount->used_bytes.has)
		return;
	mount->peak_bytes =
		tracer__mount_peak(collector->tracer, index, before, mount->used_bytes.value / page, &count) * page;
}

static void read_usage(struct collector *collector)
{
	struct reading *reading = &collector->reading;
	size_t count = 0;

	for (size_t i = 0; i < collector->tmpfs_count; i++) {
		const struct tmpfs_mount *in = &collector->tmpfs[i];
		struct reading_mount *mount = &collector->mounts[count];
		struct tmpfs_usage usage = {};
		uint32_t index = collector->tracing ? tracer__know_mount(collector->tracer, dev_of(in)) : 0;
		int64_t before = index ? tracer__mount(collector->tracer, index).pages : 0;
		int err = mountns__usage(&collector->proc, in, &usage);

		/* gone since; a covered one keeps its row, its files add up to its use, the mount table has its limits */
		if (err && err != -ESTALE && in->visible)
			continue;
		mount->path = in->path;
		mount->major = in->major;
		mount->minor = in->minor;
		mount->namespace_id = in->ns_id;
		mount->root_namespace = in->in_root_ns;
		mount->pid = collector__in_kernel(collector, (uint32_t)in->ns_pid);
		mount->used_bytes = usage.used_bytes;
		mount->limit_bytes = usage.limit_bytes;
		mount->used_inodes = usage.used_inodes;
		mount->limit_inodes = usage.limit_inodes;
		mount->superblock = usage.superblock;
		read_count(collector, index, before, mount);
		if (usage.limit_bytes.has && mount->peak_bytes > usage.limit_bytes.value)
			mount->peak_bytes = usage.limit_bytes.value;
		count++;
	}
	reading->mounts = collector->mounts;
	reading->mount_count = count;
}

int collector__mounts(struct collector *collector, bool fresh)
{
	uint64_t age = clock__ns(CLOCK_BOOTTIME) - collector->view_ns;
	bool changed = our_mounts_changed(collector);

	if (fresh || changed || !collector->has_view || age > collector->view_patience_ns ||
	    (age > VIEW_YOUNG_NS && is_strange_tmpfs(collector))) {
		int err = read_view(collector);

		if (err)
			return err;
	}
	read_usage(collector);
	return 0;
}

/* ---- the cold start ---- */

struct walk {
	struct collector *collector;
	int fds[SEED_FDS];
	uint32_t count;
	dev_t dev;
	int err;
};

static void flush(struct walk *walk)
{
	int err = 0;

	if (walk->count)
		err = tracer__seed(walk->collector->tracer, walk->fds, walk->count, NULL);
	if (err && !walk->err)
		walk->err = err;
	for (uint32_t i = 0; i < walk->count; i++)
		close(walk->fds[i]);
	walk->count = 0;
}

/* without a trace of it, where we may: that takes ownership or CAP_FOWNER */
static int open_folder(int at, const char *path, int flags)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME | flags);

	if (fd < 0 && errno == EPERM)
		fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	return fd;
}

/* regular files, and symbolic links whose target needs a page; other filesystems are left alone */
static void walk_folder(struct walk *walk, int folder, int depth)
{
	struct dirent *entry;
	struct stat status;
	DIR *dir = fdopendir(folder);

	if (!dir) {
		close(folder);
		return;
	}
	while ((entry = readdir(dir))) {
		int fd;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) || status.st_dev != walk->dev)
			continue;
		if (S_ISDIR(status.st_mode)) {
			fd = open_folder(dirfd(dir), entry->d_name, O_NOFOLLOW);
			if (fd >= 0 && depth < WALK_DEPTH)
				walk_folder(walk, fd, depth + 1);
			else if (fd >= 0)
				close(fd);
			continue;
		}
		if (!status.st_blocks)
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		walk->fds[walk->count++] = fd;
		if (walk->count == SEED_FDS)
			flush(walk);
	}
	closedir(dir);
}

static void walk_mount(struct walk *walk, const struct tmpfs_mount *mount)
{
	char path[PATH_MAX + 64];
	struct stat status;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%d/root%s", (int)mount->reach_pid, mount->reach_path) >= sizeof(path))
		return;
	fd = open_folder(walk->collector->proc.fd, path, 0);
	if (fd < 0)
		return;
	if (fstat(fd, &status)) {
		close(fd);
		return;
	}
	walk->dev = status.st_dev;
	if (major(status.st_dev) == mount->major && minor(status.st_dev) == mount->minor)
		walk_folder(walk, fd, 0);
	else
		close(fd);
	flush(walk);
}

int collector__seed(struct collector *collector)
{
	struct walk walk = { .collector = collector };
	int n;

	if (!collector->tracer)
		return 0;
	if (!collector->has_view) {
		n = read_view(collector);
		if (n)
			return n;
	}
	for (size_t i = 0; i < collector->tmpfs_count; i++)
		walk_mount(&walk, &collector->tmpfs[i]);
	if (walk.err)
		return walk.err;
	n = collector__holders(collector);
	return n < 0 ? n : 0;
}
