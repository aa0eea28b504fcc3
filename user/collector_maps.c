// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has a tmpfs file mapped, from /proc/PID/maps, for kernels without the task_vma
 * iterator (before 5.12). The file is reached through /proc/PID/map_files and put
 * into the books, so memfds and shared anonymous mappings are found as well.
 */
#include "collector_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define MAPS_MOST (64U << 20)

struct maps_walk {
	struct collector *collector;
	size_t count; /* holder rows so far */
	int fds[SEED_FDS];
	uint32_t pids[SEED_FDS];
	uint32_t pending;
	int err;
};

static void add_row(struct maps_walk *walk, uint32_t file, uint32_t pid)
{
	struct collector *collector = walk->collector;
	struct holder_row *row;

	if (walk->count == collector->holder_capacity) {
		size_t more = collector->holder_capacity * 2 + 256;
		void *grown = realloc(collector->holders, more * sizeof(*row));

		if (!grown) {
			walk->err = -ENOMEM;
			return;
		}
		collector->holders = grown;
		collector->holder_capacity = more;
	}
	row = &collector->holders[walk->count++];
	memset(row, 0, sizeof(*row));
	row->file = file;
	row->pid = pid;
	row->way = HOLDER_MAPPED;
}

static void flush(struct maps_walk *walk)
{
	uint32_t found[SEED_FDS];
	int err = tracer__seed(walk->collector->tracer, walk->fds, walk->pending, found);

	for (uint32_t i = 0; i < walk->pending; i++) {
		close(walk->fds[i]);
		if (!err && found[i] != FILE_NONE && walk->pids[i])
			add_row(walk, found[i], walk->pids[i]);
	}
	if (err && !walk->err)
		walk->err = err;
	walk->pending = 0;
}

static bool is_tmpfs(const struct collector *collector, unsigned major, unsigned minor)
{
	if (major == 0 && minor == 1)
		return true; /* the kernel's own mount: memfd, System V, shared anonymous */
	for (size_t i = 0; i < collector->tmpfs_count; i++) {
		if (collector->tmpfs[i].major == major && collector->tmpfs[i].minor == minor)
			return true;
	}
	return false;
}

/* start-end perms offset major:minor inode path */
static void take_line(struct maps_walk *walk, pid_t pid, const char *line)
{
	uint64_t start, end, inode;
	unsigned major, minor;
	uint32_t kernel;
	char path[64];
	int fd;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %x:%x %" SCNu64, &start, &end, &major, &minor, &inode) != 5 ||
	    !inode || !is_tmpfs(walk->collector, major, minor))
		return;
	kernel = collector__in_kernel(walk->collector, (uint32_t)pid);
	snprintf(path, sizeof(path), "%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, start, end);
	fd = openat(walk->collector->proc.fd, path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return; /* unmapped meanwhile */
	walk->fds[walk->pending] = fd;
	walk->pids[walk->pending++] = kernel;
	if (walk->pending == SEED_FDS)
		flush(walk);
}

static void walk_process(struct maps_walk *walk, pid_t pid)
{
	char name[32], *text, *rest, *line;
	size_t length;

	snprintf(name, sizeof(name), "%d/maps", (int)pid);
	if (file__slurp(walk->collector->proc.fd, name, MAPS_MOST, &text, &length))
		return;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		take_line(walk, pid, line);
	free(text);
}

int collector__mapped(struct collector *collector, size_t count)
{
	struct maps_walk walk = { .collector = collector, .count = count };
	struct proc_iter iter;
	pid_t pid;
	int err = proc__iter_begin(&collector->proc, &iter);

	if (err)
		return err;
	collector__numbers(collector);
	while (!walk.err && (err = proc__iter_next(&iter, &pid)) > 0)
		walk_process(&walk, pid);
	proc__iter_end(&iter);
	flush(&walk);
	if (walk.err)
		return walk.err;
	return err < 0 ? err : (int)walk.count;
}
