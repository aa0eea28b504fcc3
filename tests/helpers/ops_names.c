// SPDX-License-Identifier: GPL-2.0-only
/* Files held open, and what happens to their names. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* path, kept open in the slot when there is one */
static int open__by(struct worker *w, const struct op *op, int flags)
{
	if (op->slot >= 0 && w->held[op->slot].fd >= 0)
		return -EBUSY;
	int fd = open(op->path, flags | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (op->slot >= 0)
		w->held[op->slot].fd = fd;
	else
		close(fd);
	return 0;
}

static int run_create(struct worker *w, const struct op *op, struct result *r)
{
	(void)r;
	return open__by(w, op, O_CREAT | O_EXCL);
}

static int run_open(struct worker *w, const struct op *op, struct result *r)
{
	(void)r;
	return open__by(w, op, 0);
}

/* path is the directory */
static int run_tmpfile(struct worker *w, const struct op *op, struct result *r)
{
	(void)r;
	return open__by(w, op, O_TMPFILE);
}

/* everything the slot holds: descriptor, mapping, attached segment */
static int run_close(struct worker *w, const struct op *op, struct result *r)
{
	(void)r;
	if (op->slot < 0)
		return -EINVAL;
	worker__release(w, op->slot);
	return 0;
}

static int run_unlink(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	(void)r;
	return unlink(op->path) ? -errno : 0;
}

static int run_link(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	(void)r;
	return link(op->path, op->path2) ? -errno : 0;
}

/* the file in the slot gets the name path */
static int run_linkat(struct worker *w, const struct op *op, struct result *r)
{
	char self[64];

	(void)r;
	if (op->slot < 0 || w->held[op->slot].fd < 0)
		return -EBADF;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", w->held[op->slot].fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, op->path, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

static int run_rename(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	(void)r;
	return rename(op->path, op->path2) ? -errno : 0;
}

/* to a target of arg bytes, which is nowhere: from 128 on it takes a page on tmpfs */
static int run_symlink(struct worker *w, const struct op *op, struct result *r)
{
	char target[4096];

	(void)w;
	if (op->arg < 1 || op->arg >= (int64_t)sizeof(target))
		return -EINVAL;
	memset(target, 't', (size_t)op->arg);
	target[op->arg] = 0;
	r->bytes = op->arg;
	return symlink(target, op->path) ? -errno : 0;
}

static int run_mkdir(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	(void)r;
	return mkdir(op->path, 0700) ? -errno : 0;
}

static int run_rmdir(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	(void)r;
	return rmdir(op->path) ? -errno : 0;
}

const struct op_row name_ops[] = {
	{ "create", run_create }, { "open", run_open },   { "tmpfile", run_tmpfile }, { "close", run_close },
	{ "unlink", run_unlink }, { "link", run_link },   { "linkat", run_linkat },   { "rename", run_rename },
	{ "mkdir", run_mkdir },   { "rmdir", run_rmdir }, { "symlink", run_symlink }, { NULL, NULL },
};
