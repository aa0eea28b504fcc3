// SPDX-License-Identifier: GPL-2.0-only
/* The ways to change how much a file holds without writing into it. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

static int fallocate__by(struct worker *w, const struct op *op, struct result *r, int mode)
{
	int to_close, fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);

	if (fd < 0)
		return fd;
	int err = fallocate(fd, mode, op->off, op->len) ? -errno : 0;
	r->bytes = err ? 0 : op->len;
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int run_fallocate(struct worker *w, const struct op *op, struct result *r)
{
	return fallocate__by(w, op, r, 0);
}

static int run_uring_fallocate(struct worker *w, const struct op *op, struct result *r)
{
	int to_close, fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);

	if (fd < 0)
		return fd;
	int err = uring__fallocate(fd, op->off, op->len);
	r->bytes = err ? 0 : op->len;
	if (to_close >= 0)
		close(to_close);
	return err;
}

/* Beyond the end of the file too: pages that st_size does not tell of. */
static int run_fallocate_keep(struct worker *w, const struct op *op, struct result *r)
{
	return fallocate__by(w, op, r, FALLOC_FL_KEEP_SIZE);
}

static int run_punch(struct worker *w, const struct op *op, struct result *r)
{
	return fallocate__by(w, op, r, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

/* to the size len, up or down */
static int run_truncate(struct worker *w, const struct op *op, struct result *r)
{
	int to_close, fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);

	(void)r;
	if (fd < 0)
		return fd;
	int err = ftruncate(fd, op->len) ? -errno : 0;
	if (to_close >= 0)
		close(to_close);
	return err;
}

/* open with O_TRUNC */
static int run_retruncate(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	(void)r;
	int fd = open(op->path, O_RDWR | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

const struct op_row space_ops[] = {
	{ "fallocate", run_fallocate },
	{ "fallocate_keep", run_fallocate_keep },
	{ "punch", run_punch },
	{ "truncate", run_truncate },
	{ "open_trunc", run_retruncate },
	{ "uring_fallocate", run_uring_fallocate },
	{ NULL, NULL },
};
