// SPDX-License-Identifier: GPL-2.0-only
/* The ways in which the kernel itself copies into pages: no write call on the file, or no fault in user space. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

struct pair {
	int to, from, close_to, close_from;
};

static int pair__open(const struct worker *w, const struct op *op, struct pair *p)
{
	*p = (struct pair){ .close_to = -1, .close_from = -1 };
	p->from = worker__fd2(w, op, O_RDONLY, &p->close_from);
	if (p->from < 0)
		return p->from;
	p->to = worker__fd(w, op, O_RDWR | O_CREAT, &p->close_to);
	return p->to < 0 ? p->to : 0;
}

static void pair__close(struct pair *p)
{
	if (p->close_to >= 0)
		close(p->close_to);
	if (p->close_from >= 0)
		close(p->close_from);
}

/* Copies stop quietly at the end of the source: bytes says how far. The source is read from off arg. */
static int pair__copy(struct worker *w, const struct op *op, struct result *r,
		      ssize_t (*copy)(const struct pair *p, off_t *from, off_t to, size_t len))
{
	off_t from = op->arg;
	struct pair p;
	int err = pair__open(w, op, &p);

	while (!err && r->bytes < op->len) {
		ssize_t n = copy(&p, &from, op->off + r->bytes, (size_t)(op->len - r->bytes));

		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		r->bytes += n;
	}
	pair__close(&p);
	return err;
}

static ssize_t copy__sendfile(const struct pair *p, off_t *from, off_t to, size_t len)
{
	return lseek(p->to, to, SEEK_SET) < 0 ? -1 : sendfile(p->to, p->from, from, len);
}

static ssize_t copy__range(const struct pair *p, off_t *from, off_t to, size_t len)
{
	return copy_file_range(p->from, from, p->to, &to, len, 0);
}

static int run_sendfile(struct worker *w, const struct op *op, struct result *r)
{
	return pair__copy(w, op, r, copy__sendfile);
}

static int run_copy_range(struct worker *w, const struct op *op, struct result *r)
{
	return pair__copy(w, op, r, copy__range);
}

static int splice__drain(int pipe_fd, int to, off_t *at, ssize_t left, int64_t *done)
{
	while (left > 0) {
		ssize_t n = splice(pipe_fd, NULL, to, at, (size_t)left, 0);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
		*done += n;
	}
	return 0;
}

static int run_splice(struct worker *w, const struct op *op, struct result *r)
{
	struct pair p;
	off_t from = op->arg, to = op->off;
	int pipe_fds[2], err = pair__open(w, op, &p);

	if (err)
		goto out;
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	while (!err && r->bytes < op->len) {
		ssize_t n = splice(p.from, &from, pipe_fds[1], NULL, (size_t)(op->len - r->bytes), 0);

		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		err = splice__drain(pipe_fds[0], p.to, &to, n, &r->bytes);
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
out:
	pair__close(&p);
	return err;
}

/* read(2) of path2 into a buffer that is the mapping of the object: the kernel faults the pages in */
static int read__into(struct worker *w, const struct op *op, struct result *r, int flags)
{
	struct window win;
	int to_close, from, err = window__open(w, op, WINDOW_GROW, &win);

	if (err)
		return err;
	from = worker__fd2(w, op, O_RDONLY | flags, &to_close);
	if (from < 0) {
		err = from;
		goto out;
	}
	ssize_t n = pread(from, win.at, win.len, op->arg);
	err = n < 0 ? -errno : 0;
	r->bytes = n < 0 ? 0 : n;
	if (to_close >= 0)
		close(to_close);
out:
	window__close(&win);
	return err;
}

static int run_read_into(struct worker *w, const struct op *op, struct result *r)
{
	return read__into(w, op, r, 0);
}

static int run_direct_read_into(struct worker *w, const struct op *op, struct result *r)
{
	return read__into(w, op, r, O_DIRECT);
}

/* into another process's mapping: the writer is the one that brings the pages in */
static int run_vm_writev(struct worker *w, const struct op *op, struct result *r)
{
	struct iovec local = { bytes__new((size_t)op->len), (size_t)op->len };
	struct iovec remote = { (void *)(uintptr_t)(op->addr + (uint64_t)op->off), (size_t)op->len };

	(void)w;
	if (!local.iov_base)
		return -ENOMEM;
	ssize_t n = process_vm_writev((pid_t)op->pid, &local, 1, &remote, 1, 0);
	int err = n < 0 ? -errno : 0;
	r->bytes = n < 0 ? 0 : n;
	free(local.iov_base);
	return err;
}

/* the same through /proc/PID/mem */
static int run_proc_mem(struct worker *w, const struct op *op, struct result *r)
{
	char path[64], *buf = bytes__new((size_t)op->len);

	(void)w;
	if (!buf)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%lld/mem", (long long)op->pid);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pwrite(fd, buf, (size_t)op->len, (off_t)op->addr + op->off);
	int err = n < 0 ? -errno : 0;
	r->bytes = n < 0 ? 0 : n;
	if (fd >= 0)
		close(fd);
	free(buf);
	return err;
}

/* the bytes come out of a pipe or socket straight into the mapping */
static int run_pipe_into(struct worker *w, const struct op *op, struct result *r)
{
	struct window win;
	int pipe_fds[2], err = window__open(w, op, WINDOW_GROW, &win);
	char *buf = bytes__new(PAGE_BYTES);

	if (err || !buf) {
		free(buf);
		return err ? err : -ENOMEM;
	}
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	for (size_t at = 0; at < win.len && !err; at += PAGE_BYTES) {
		size_t step = win.len - at < PAGE_BYTES ? win.len - at : PAGE_BYTES;

		if (write(pipe_fds[1], buf, step) != (ssize_t)step || read(pipe_fds[0], win.at + at, step) < 0)
			err = -errno;
		else
			r->bytes += (int64_t)step;
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
out:
	free(buf);
	window__close(&win);
	return err;
}

const struct op_row copy_ops[] = {
	{ "sendfile", run_sendfile },
	{ "splice", run_splice },
	{ "copy_range", run_copy_range },
	{ "read_into", run_read_into },
	{ "direct_read_into", run_direct_read_into },
	{ "vm_writev", run_vm_writev },
	{ "proc_mem", run_proc_mem },
	{ "pipe_into", run_pipe_into },
	{ NULL, NULL },
};
