// SPDX-License-Identifier: GPL-2.0-only
/*
 * It must never follow a link that the kernel would not (fs.protected_symlinks): each is looked through with
 * stat(2) first.
 */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MOST 40 /* as the kernel */

int place__folder(const struct place *place, char *folder, size_t cap)
{
	const char *slash = strrchr(place->path, '/');
	size_t length = slash ? (size_t)(slash - place->path) : 1;

	if (slash == place->path)
		length = 1; /* the root */
	if (length >= cap)
		return -ENAMETOOLONG;
	memcpy(folder, slash ? place->path : ".", length);
	folder[length] = '\0';
	return 0;
}

static const char *name_of(const struct place *place)
{
	const char *slash = strrchr(place->path, '/');

	return slash ? slash + 1 : place->path;
}

/* its links name open files, in words that are no paths */
static bool is_in_proc(const struct place *place)
{
	char folder[PATH_MAX];
	struct statfs status;

	return !place__folder(place, folder, sizeof(folder)) && !statfs(folder, &status) &&
	       status.f_type == PROC_SUPER_MAGIC;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool has_open(const struct place *place, int fd)
{
	struct stat status;
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH) && !fstat(fd, &status) &&
	       is_same(&status, &place->status);
}

/* to where the link leads */
static int follow(struct place *place)
{
	const char *name = name_of(place);
	char target[PATH_MAX];
	ssize_t length = readlink(place->path, target, sizeof(target) - 1);
	size_t kept;

	if (length < 0)
		return -errno;
	target[length] = '\0';
	kept = target[0] == '/' ? 0 : (size_t)(name - place->path);
	if (kept + (size_t)length >= sizeof(place->path))
		return -ENAMETOOLONG;
	memcpy(place->path + kept, target, (size_t)length + 1);
	return 0;
}

/* a link to an open file; a new open(2) would begin at its start, so one of ours is used itself */
static int take_open_file(struct place *place)
{
	char *end;
	long fd = strtol(name_of(place), &end, 10);

	if (stat(place->path, &place->status))
		return -errno;
	place->exists = place->as_it_is = true;
	if (*end == '\0' && fd >= 0 && fd <= INT_MAX && has_open(place, (int)fd))
		place->fd = (int)fd;
	return 0;
}

static void judge(struct place *place)
{
	place->exists = true;
	place->as_it_is = !S_ISREG(place->status.st_mode);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && !place->as_it_is; fd++)
		if (has_open(place, fd)) {
			place->as_it_is = true;
			place->fd = fd;
		}
}

int place__find(struct place *place, const char *path)
{
	struct stat through;
	int err;

	*place = (struct place){ .fd = -1 };
	if (!path[0] || strlen(path) >= sizeof(place->path))
		return path[0] ? -ENAMETOOLONG : -ENOENT;
	strcpy(place->path, path);
	for (int links = 0; links <= LINKS_MOST; links++) {
		if (lstat(place->path, &place->status))
			return errno == ENOENT ? 0 : -errno;
		if (!S_ISLNK(place->status.st_mode)) {
			judge(place);
			return 0;
		}
		if (is_in_proc(place))
			return take_open_file(place);
		if (stat(place->path, &through) && errno != ENOENT)
			return -errno;
		err = follow(place);
		if (err)
			return err;
	}
	return -ELOOP;
}

static bool in_same_folder(const struct place *a, const struct place *b)
{
	char folder[PATH_MAX];
	struct stat of_a, of_b;

	if (place__folder(a, folder, sizeof(folder)) || stat(folder, &of_a))
		return false;
	return !place__folder(b, folder, sizeof(folder)) && !stat(folder, &of_b) && is_same(&of_a, &of_b);
}

bool place__same_file(const struct place *a, const struct place *b)
{
	if (a->exists != b->exists)
		return false;
	if (a->exists)
		return S_ISREG(a->status.st_mode) && is_same(&a->status, &b->status);
	return strcmp(name_of(a), name_of(b)) == 0 && in_same_folder(a, b);
}
