// SPDX-License-Identifier: GPL-2.0-only
/* The ways to write into a file by a system call. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 16

char *bytes__new(size_t len)
{
	char *buf = malloc(len ? len : 1);

	if (buf)
		memset(buf, 'x', len);
	return buf;
}

typedef ssize_t (*write_call)(int fd, const char *buf, size_t len, off_t off);

static ssize_t call_pwrite(int fd, const char *buf, size_t len, off_t off)
{
	return pwrite(fd, buf, len, off);
}

static ssize_t call_write(int fd, const char *buf, size_t len, off_t off)
{
	if (lseek(fd, off, SEEK_SET) < 0)
		return -1;
	return write(fd, buf, len);
}

static ssize_t call_writev(int fd, const char *buf, size_t len, off_t off)
{
	struct iovec parts[2] = { { (void *)(uintptr_t)buf, len / 3 },
				  { (void *)(uintptr_t)(buf + len / 3), len - len / 3 } };

	if (lseek(fd, off, SEEK_SET) < 0)
		return -1;
	return writev(fd, parts, 2);
}

static ssize_t call_pwritev2(int fd, const char *buf, size_t len, off_t off)
{
	struct iovec parts[2] = { { (void *)(uintptr_t)buf, len / 2 },
				  { (void *)(uintptr_t)(buf + len / 2), len - len / 2 } };

	return pwritev2(fd, parts, 2, off, 0);
}

static ssize_t as_call(int n)
{
	if (n < 0)
		errno = -n;
	return n < 0 ? -1 : n;
}

static ssize_t call_uring(int fd, const char *buf, size_t len, off_t off)
{
	return as_call(uring__write(fd, buf, len, off));
}

static ssize_t call_uring_poll(int fd, const char *buf, size_t len, off_t off)
{
	return as_call(uring__poll_write(fd, buf, len, off));
}

static int write__all(int fd, int64_t off, int64_t len, int64_t chunk, write_call call, int64_t *done)
{
	int64_t step = chunk > 0 ? chunk : len;
	char *buf = bytes__new((size_t)step);
	int err = buf ? 0 : -ENOMEM;

	for (int64_t at = 0; at < len && !err;) {
		int64_t want = len - at < step ? len - at : step;
		ssize_t n = call(fd, buf, (size_t)want, off + at);

		if (n <= 0)
			err = n < 0 ? -errno : -EIO;
		else
			at += n, *done += n;
	}
	free(buf);
	return err;
}

static int write__by(struct worker *w, const struct op *op, struct result *r, write_call call)
{
	int to_close, fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);

	if (fd < 0)
		return fd;
	int err = write__all(fd, op->off, op->len, op->chunk, call, &r->bytes);
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int run_write(struct worker *w, const struct op *op, struct result *r)
{
	return write__by(w, op, r, call_write);
}

static int run_pwrite(struct worker *w, const struct op *op, struct result *r)
{
	return write__by(w, op, r, call_pwrite);
}

static int run_writev(struct worker *w, const struct op *op, struct result *r)
{
	return write__by(w, op, r, call_writev);
}

static int run_pwritev2(struct worker *w, const struct op *op, struct result *r)
{
	return write__by(w, op, r, call_pwritev2);
}

static int run_uring(struct worker *w, const struct op *op, struct result *r)
{
	return write__by(w, op, r, call_uring);
}

static int run_uring_poll(struct worker *w, const struct op *op, struct result *r)
{
	return write__by(w, op, r, call_uring_poll);
}

struct part {
	pthread_t thread;
	int fd, err;
	int64_t off, len, chunk, done;
};

static void *part__write(void *arg)
{
	struct part *p = arg;

	p->err = write__all(p->fd, p->off, p->len, p->chunk, call_pwrite, &p->done);
	return NULL;
}

/* arg threads (default 4), each its own part of the range */
static int run_threads_write(struct worker *w, const struct op *op, struct result *r)
{
	struct part parts[THREADS_MAX];
	int count = op->arg > 0 && op->arg <= THREADS_MAX ? (int)op->arg : 4;
	int started = 0, err = 0, to_close, fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);

	if (fd < 0)
		return fd;
	for (; started < count && !err; started++) {
		int64_t from = op->len * started / count, to = op->len * (started + 1) / count;

		parts[started] = (struct part){ .fd = fd, .off = op->off + from, .len = to - from, .chunk = op->chunk };
		err = -pthread_create(&parts[started].thread, NULL, part__write, &parts[started]);
		if (err)
			break;
	}
	for (int i = 0; i < started; i++) {
		pthread_join(parts[i].thread, NULL);
		r->bytes += parts[i].done;
		err = err ? err : parts[i].err;
	}
	if (to_close >= 0)
		close(to_close);
	return err;
}

struct child_report {
	uint64_t start_time;
	int64_t bytes;
	int err;
};

static int window__fill(const struct window *win, struct result *r)
{
	int err = window__grow(win);

	return err ? err : window__touch(win, true, r);
}

/* A child does it through what it inherited, and exits. It is the owner. */
static int fork__do(int fd, const struct window *win, const struct op *op, struct result *r)
{
	struct child_report report = { .err = -EPIPE };
	int pipe_fds[2], status;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	pid_t pid = fork();
	if (pid < 0) {
		report.err = -errno;
	} else if (!pid) {
		report.start_time = truth__start_time(getpid());
		report.err = win ? window__fill(win, r)
				 : write__all(fd, op->off, op->len, op->chunk, call_pwrite, &report.bytes);
		_exit(write(pipe_fds[1], &report, sizeof(report)) != sizeof(report));
	}
	close(pipe_fds[1]);
	if (pid > 0) {
		if (read(pipe_fds[0], &report, sizeof(report)) != sizeof(report))
			report.err = -EPIPE;
		waitpid(pid, &status, 0);
		r->pid = pid;
		r->start_time = report.start_time;
		r->bytes = report.bytes;
	}
	close(pipe_fds[0]);
	return report.err;
}

static int run_fork_write(struct worker *w, const struct op *op, struct result *r)
{
	int to_close, fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);

	if (fd < 0)
		return fd;
	int err = fork__do(fd, NULL, op, r);
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int run_fork_touch(struct worker *w, const struct op *op, struct result *r)
{
	struct window win;
	int err = window__open(w, op, 0, &win);

	if (err)
		return err;
	err = fork__do(-1, &win, op, r);
	window__close(&win);
	return err;
}

const struct op_row write_ops[] = {
	{ "write", run_write },
	{ "pwrite", run_pwrite },
	{ "writev", run_writev },
	{ "pwritev2", run_pwritev2 },
	{ "uring_write", run_uring },
	{ "threads_write", run_threads_write },
	{ "fork_write", run_fork_write },
	{ "fork_touch", run_fork_touch },
	{ "uring_poll_write", run_uring_poll },
	{ NULL, NULL },
};
