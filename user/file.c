// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one place that reads whole kernel files. It must never keep a descriptor open: one held on
 * a mount would make its umount fail.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLURP_FIRST_BYTES 16384

/* Reads until the end, or once; returns the bytes read or -errno. */
static ssize_t read_fully(int fd, char *buf, size_t room, bool once)
{
	size_t len = 0;

	while (len < room) {
		ssize_t got = read(fd, buf + len, room - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		len += (size_t)got;
		if (got == 0 || once)
			break;
	}
	return (ssize_t)len;
}

static int read_at(int dirfd, const char *name, char *buf, size_t cap, bool once)
{
	ssize_t len;
	int fd;

	if (cap == 0 || cap > INT_MAX)
		return -EINVAL;
	buf[0] = '\0';
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read_fully(fd, buf, cap - 1, once);
	close(fd);
	if (len < 0)
		return (int)len;
	buf[len] = '\0';
	return (int)len;
}

int file__read(int dirfd, const char *name, char *buf, size_t cap)
{
	return read_at(dirfd, name, buf, cap, false);
}

int file__read_once(int dirfd, const char *name, char *buf, size_t cap)
{
	return read_at(dirfd, name, buf, cap, true);
}

static int slurp_fd(int fd, size_t max_bytes, char **out, size_t *len)
{
	size_t cap = SLURP_FIRST_BYTES, used = 0;
	char *buf = malloc(cap), *grown;
	int err = -ENOMEM;

	if (buf == NULL)
		goto fail;
	for (;;) {
		ssize_t got = read_fully(fd, buf + used, cap - used - 1, false);

		if (got < 0) {
			err = (int)got;
			goto fail;
		}
		used += (size_t)got;
		if (used > max_bytes) {
			err = -EFBIG;
			goto fail;
		}
		if (used < cap - 1)
			break;
		cap *= 2;
		grown = realloc(buf, cap);
		if (grown == NULL) {
			err = -ENOMEM;
			goto fail;
		}
		buf = grown;
	}
	buf[used] = '\0';
	*out = buf;
	*len = used;
	return 0;
fail:
	free(buf);
	return err;
}

static int slurp(int dirfd, const char *name, bool regular, size_t max_bytes, char **out, size_t *len)
{
	struct stat status;
	int fd, err = 0;

	*out = NULL;
	*len = 0;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
	if (fd < 0)
		return -errno;
	if (regular && fstat(fd, &status))
		err = -errno;
	else if (regular && !S_ISREG(status.st_mode))
		err = -ENOTSUP;
	if (!err)
		err = slurp_fd(fd, max_bytes, out, len);
	close(fd);
	return err;
}

int file__slurp(int dirfd, const char *name, size_t max_bytes, char **out, size_t *len)
{
	return slurp(dirfd, name, false, max_bytes, out, len);
}

int file__slurp_regular(int dirfd, const char *name, size_t max_bytes, char **out, size_t *len)
{
	return slurp(dirfd, name, true, max_bytes, out, len);
}

DIR *file__folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}
