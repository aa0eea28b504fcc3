// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads mount namespaces through the processes in them. It must never keep a descriptor of
 * somebody's mount, and never report one filesystem's figures under another's name.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_PATH */
#endif

#include "mountns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <uthash.h>

#include "file.h"

#define PIDS_A_SPACE (MOUNT_NS_OTHERS + 1)
#define MOUNTINFO_MAX_BYTES (64u << 20)
#define TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h */

struct space_found {
	uint64_t id;
	pid_t pids[PIDS_A_SPACE];
	size_t pid_count;
	UT_hash_handle hh;
};

/* The link reads "mnt:[4026531840]". Returns 0, -EINVAL, or the -errno of readlink. */
static int namespace_id(const struct proc_root *root, pid_t pid, uint64_t *id)
{
	char path[64], text[64];
	struct parse_span link = { text, 0 }, number;
	ssize_t len;

	*id = 0;
	snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	len = readlinkat(root->fd, path, text, sizeof(text));
	if (len < 0)
		return -errno;
	link.len = (size_t)len;
	if (!parse__until(&link, '[', &number) || !parse__equals(number, "mnt:") ||
	    !parse__until(&link, ']', &number) || link.p == NULL)
		return -EINVAL;
	return parse__whole_u64(number, id);
}

static int note_pid(struct space_found **found, uint64_t id, pid_t pid)
{
	struct space_found *space;

	HASH_FIND(hh, *found, &id, sizeof(id), space);
	if (space == NULL) {
		space = calloc(1, sizeof(*space));
		if (space == NULL)
			return -ENOMEM;
		space->id = id;
		HASH_ADD(hh, *found, id, sizeof(space->id), space);
	}
	if (space->pid_count < PIDS_A_SPACE)
		space->pids[space->pid_count++] = pid;
	return 0;
}

static bool is_gone(int err)
{
	/* EINVAL: mountinfo of a process that has left its namespace while it exits. */
	return err == -ENOENT || err == -ESRCH || err == -EINVAL;
}

/* pid 1's namespace, or ours where rights or a hardened /proc do not allow that. */
static int note_root_space(const struct proc_root *root, struct mount_view *view, struct space_found **found)
{
	char text[16];
	ssize_t len = readlinkat(root->fd, "self", text, sizeof(text));
	uint64_t self, id;
	int err;

	if (namespace_id(root, 1, &id) == 0) {
		view->has_root = true;
		return note_pid(found, id, 1);
	}
	if (len <= 0 || parse__whole_u64((struct parse_span){ text, (size_t)len }, &self) || self > INT_MAX ||
	    namespace_id(root, (pid_t)self, &id))
		return 0;
	err = note_pid(found, id, (pid_t)self);
	view->has_root = err == 0;
	return err;
}

/* uthash keeps the order of insertion: the root namespace, noted first, stays first. */
static int find_spaces(const struct proc_root *root, struct mount_view *view, struct space_found **found)
{
	struct proc_iter iter;
	uint64_t id;
	pid_t pid;
	int err, got;

	err = note_root_space(root, view, found);
	if (err)
		return err;
	err = proc__iter_begin(root, &iter);
	if (err)
		return err;
	while ((got = proc__iter_next(&iter, &pid)) > 0) {
		err = namespace_id(root, pid, &id);
		if (err) {
			view->unreadable += is_gone(err) ? 0 : 1;
			continue;
		}
		got = pid == 1 ? 0 : note_pid(found, id, pid);
		if (got)
			break;
	}
	proc__iter_end(&iter);
	return got < 0 ? got : 0;
}

static int read_table(const struct proc_root *root, pid_t pid, struct mount_table *table)
{
	char path[64], *text;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "%d/mountinfo", pid);
	err = file__slurp(root->fd, path, MOUNTINFO_MAX_BYTES, &text, &len);
	if (err)
		return err;
	err = mounts__parse(text, len, table);
	free(text);
	return err;
}

/* 1: read; 0: not to be had (counted); -ENOMEM. */
static int read_space(const struct proc_root *root, const struct space_found *found, struct mount_view *view)
{
	int err = -ENOENT;

	for (size_t i = 0; i < found->pid_count; i++) {
		struct mount_ns space = { .id = found->id, .pid = found->pids[i] };
		uint64_t id;

		err = read_table(root, space.pid, &space.table);
		if (err == -ENOMEM)
			return err;
		if (err)
			continue;
		/* It may have moved, or the pid be another process's, since the first look. */
		if (namespace_id(root, space.pid, &id) == 0 && id == found->id) {
			memcpy(space.others, found->pids + i + 1, (found->pid_count - i - 1) * sizeof(pid_t));
			view->spaces[view->count++] = space;
			return 1;
		}
		mounts__free(&space.table);
		err = -ENOENT;
	}
	if (is_gone(err))
		view->vanished++;
	else
		view->unreadable++;
	return 0;
}

int mountns__read(const struct proc_root *root, struct mount_view *out)
{
	struct space_found *found = NULL, *space, *next;
	bool first = true;
	int err;

	memset(out, 0, sizeof(*out));
	err = find_spaces(root, out, &found);
	if (!err && found) {
		out->spaces = calloc(HASH_COUNT(found), sizeof(*out->spaces));
		if (out->spaces == NULL)
			err = -ENOMEM;
	}
	HASH_ITER (hh, found, space, next) {
		if (!err) {
			int got = read_space(root, space, out);

			if (got < 0)
				err = got;
			if (first && got == 0)
				out->has_root = false;
			first = false;
		}
		HASH_DEL(found, space);
		free(space);
	}
	if (err)
		mounts__free_view(out);
	return err;
}

static void set(struct parse_figure *figure, uint64_t value)
{
	*figure = (struct parse_figure){ .has = true, .value = value };
}

void mountns__figures(uint64_t block_bytes, uint64_t blocks, uint64_t free_blocks, uint64_t inodes,
		      uint64_t free_inodes, struct tmpfs_usage *out)
{
	uint64_t bytes;

	memset(out, 0, sizeof(*out));
	/* A remount may shrink it below what is used by races of per-cpu counters: not below 0. */
	if (blocks && !__builtin_mul_overflow(blocks, block_bytes, &bytes)) {
		set(&out->limit_bytes, bytes);
		set(&out->used_bytes, free_blocks < blocks ? (blocks - free_blocks) * block_bytes : 0);
	}
	if (inodes) {
		set(&out->limit_inodes, inodes);
		set(&out->used_inodes, free_inodes < inodes ? inodes - free_inodes : 0);
	}
}

static void set_limit(struct parse_figure *limit, struct parse_span number, uint64_t unit)
{
	uint64_t value;

	*limit = (struct parse_figure){ 0 };
	if (parse__whole_u64(number, &value) == 0 && value && !__builtin_mul_overflow(value, unit, &value))
		set(limit, value); /* 0 is none */
}

void mountns__limits(const char *options, uint64_t memory_pages, uint64_t page_bytes, struct tmpfs_usage *out)
{
	struct parse_span rest = { options, strlen(options) }, key, value;

	memset(out, 0, sizeof(*out));
	set(&out->limit_bytes, memory_pages / 2 * page_bytes);
	set(&out->limit_inodes, memory_pages / 2);
	while (mounts__next_option(&rest, &key, &value)) {
		if (parse__equals(key, "size") && value.len && value.p[value.len - 1] == 'k')
			set_limit(&out->limit_bytes, (struct parse_span){ value.p, value.len - 1 }, 1024);
		else if (parse__equals(key, "nr_inodes"))
			set_limit(&out->limit_inodes, value, 1);
	}
}

/* a root has the first number of its superblock (e809d5f0b5c9, 5.9); the generation is in the file handle */
static uint64_t generation_of_root(int fd, const struct stat *st)
{
	uint32_t generation = 0;
	_Alignas(struct file_handle) char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (void *)room;
	int mount_id;

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (st->st_ino != 1 || name_to_handle_at(fd, "", handle, &mount_id, AT_EMPTY_PATH) ||
	    handle->handle_bytes < sizeof(generation))
		return 0;
	memcpy(&generation, handle->f_handle, sizeof(generation));
	return generation;
}

static int usage_of(int fd, const struct tmpfs_mount *mount, struct tmpfs_usage *out)
{
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (major(st.st_dev) != mount->major || minor(st.st_dev) != mount->minor)
		return -ESTALE;
	if (fstatfs(fd, &fs))
		return -errno;
	if (fs.f_type != TMPFS_MAGIC)
		return -ENOTSUP;
	mountns__figures((uint64_t)fs.f_bsize, fs.f_blocks, fs.f_bfree, fs.f_files, fs.f_ffree, out);
	memcpy(&out->superblock, &fs.f_fsid, sizeof(out->superblock));
	if (!out->superblock)
		out->superblock = generation_of_root(fd, &st);
	return 0;
}

static int usage_through(const struct proc_root *root, pid_t pid, const struct tmpfs_mount *mount,
			 struct tmpfs_usage *out)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%d/root%s", pid, mount->reach_path), fd, err;

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(root->fd, path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	err = usage_of(fd, mount, out);
	if (fd >= 0)
		close(fd);
	return err;
}

int mountns__usage(const struct proc_root *root, const struct tmpfs_mount *mount, struct tmpfs_usage *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = usage_through(root, mount->reach_pid, mount, out);
	/* that of another may lead elsewhere: it may have a root of its own */
	for (size_t i = 0; is_gone(err) && i < MOUNT_NS_OTHERS && mount->reach_others[i]; i++)
		err = usage_through(root, mount->reach_others[i], mount, out) ? err : 0;
	if (err && mount->options)
		mountns__limits(mount->options, (uint64_t)sysconf(_SC_PHYS_PAGES), (uint64_t)sysconf(_SC_PAGESIZE),
				out);
	return err;
}
