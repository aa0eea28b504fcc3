// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that lost their last page before their name: no event tells that the name went
 * too. Asked once, when all is over; never reads a file, never waits for a server.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_private.h"

/* where the paths of the root mount namespace begin: as in mountns.c, ours if pid 1's is closed */
static int open_root(void)
{
	int root = open("/proc/1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : root;
}

static int look(int root, const char *path, struct statx *now)
{
	const int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;

	return statx(root, path + 1, flags, STATX_INO, now) ? -errno : 0;
}

/* an unmounted filesystem hides names, it does not remove them */
static bool is_mounted(int root, const struct snapshot_file *file)
{
	struct statx now;

	return file->mount && file->mount[0] == '/' && look(root, file->mount, &now) == 0 &&
	       now.stx_dev_major == file->major && now.stx_dev_minor == file->minor;
}

static bool has_no_name(int root, const struct snapshot_file *file)
{
	struct statx now;
	int err;

	if (!is_mounted(root, file))
		return false;
	err = look(root, file->path, &now);
	return err == -ENOENT || err == -ENOTDIR;
}

void run_deleted(struct snapshot *snapshot)
{
	struct snapshot_file *files = (struct snapshot_file *)snapshot->files;
	int root = open_root();

	if (root < 0)
		return;
	for (size_t i = 0; i < snapshot->file_count; i++) {
		struct snapshot_file *file = &files[i];

		if (file->gone && !file->deleted && !file->namespace_id && file->path[0] == '/' && file->path[1] &&
		    has_no_name(root, file))
			file->deleted = true;
	}
	close(root);
}
