// SPDX-License-Identifier: GPL-2.0-only
/* The ways to bring the pages of a disk file in without writing them, and to let them go. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* len 0 reads to the end */
static int run_read(struct worker *w, const struct op *op, struct result *r)
{
	int err = 0, to_close, fd = worker__fd(w, op, O_RDONLY, &to_close);
	size_t step = op->chunk > 0 ? (size_t)op->chunk : 65536;
	char *buf = bytes__new(step);

	if (fd < 0 || !buf) {
		err = fd < 0 ? fd : -ENOMEM;
		goto out;
	}
	while (!op->len || r->bytes < op->len) {
		size_t want = op->len && (size_t)(op->len - r->bytes) < step ? (size_t)(op->len - r->bytes) : step;
		ssize_t n = pread(fd, buf, want, op->off + r->bytes);

		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		r->bytes += n;
	}
out:
	free(buf);
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int run_readahead(struct worker *w, const struct op *op, struct result *r)
{
	int to_close, fd = worker__fd(w, op, O_RDONLY, &to_close);

	(void)r;
	if (fd < 0)
		return fd;
	int err = readahead(fd, op->off, (size_t)op->len) ? -errno : 0;
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int advise__by(struct worker *w, const struct op *op, bool sync_first, int advice)
{
	int err = 0, to_close, fd = worker__fd(w, op, O_RDWR, &to_close);

	if (fd < 0)
		return fd;
	if (sync_first && fdatasync(fd)) /* dirty pages do not go */
		err = -errno;
	if (!err)
		err = -posix_fadvise(fd, op->off, op->len, advice);
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int run_willneed(struct worker *w, const struct op *op, struct result *r)
{
	(void)r;
	return advise__by(w, op, false, POSIX_FADV_WILLNEED);
}

static int run_dontneed(struct worker *w, const struct op *op, struct result *r)
{
	(void)r;
	return advise__by(w, op, true, POSIX_FADV_DONTNEED);
}

static int run_fsync(struct worker *w, const struct op *op, struct result *r)
{
	int to_close, fd = worker__fd(w, op, O_RDWR, &to_close);

	(void)r;
	if (fd < 0)
		return fd;
	int err = fsync(fd) ? -errno : 0;
	if (to_close >= 0)
		close(to_close);
	return err;
}

/* O_DIRECT: goes past the cache, and takes out of it what it overwrites */
static int run_direct_write(struct worker *w, const struct op *op, struct result *r)
{
	void *buf = NULL;

	(void)w;
	int fd = open(op->path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600), err = 0;
	if (fd < 0) /* EINVAL: the filesystem knows no O_DIRECT, as tmpfs before Linux 6.6 */
		return errno == EINVAL ? -EOPNOTSUPP : -errno;
	if (posix_memalign(&buf, PAGE_BYTES, (size_t)op->len)) {
		err = -ENOMEM;
	} else {
		for (int64_t i = 0; i < op->len; i++)
			((char *)buf)[i] = 'd';
		ssize_t n = pwrite(fd, buf, (size_t)op->len, op->off);
		err = n < 0 ? -errno : 0;
		r->bytes = n < 0 ? 0 : n;
	}
	free(buf);
	close(fd);
	return err;
}

const struct op_row disk_ops[] = {
	{ "read", run_read },
	{ "readahead", run_readahead },
	{ "willneed", run_willneed },
	{ "dontneed", run_dontneed },
	{ "fsync", run_fsync },
	{ "direct_write", run_direct_write },
	{ NULL, NULL },
};
