// SPDX-License-Identifier: GPL-2.0-only
/* The ways to bring pages in, or to take them out, through a shared mapping. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static sigjmp_buf refused;

static void on_sigbus(int number)
{
	(void)number;
	siglongjmp(refused, 1);
}

int window__touch(const struct window *win, bool for_write, struct result *r)
{
	struct sigaction action = { .sa_handler = on_sigbus }, before;
	volatile char *volatile at = win->at;
	char *end = win->at + win->len;
	volatile int err = 0;

	sigaction(SIGBUS, &action, &before);
	if (sigsetjmp(refused, 1)) {
		r->sigbus = true;
		err = -EFAULT;
	} else {
		for (; at < end; at += PAGE_BYTES - ((uintptr_t)at & (PAGE_BYTES - 1))) {
			if (for_write)
				*at = 'x';
			else
				(void)*at;
			r->bytes += PAGE_BYTES;
		}
	}
	sigaction(SIGBUS, &before, NULL);
	return err;
}

static int file__grow(int fd, int64_t size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size >= size)
		return 0;
	return ftruncate(fd, size) ? -errno : 0;
}

/* On some filesystems this reads the page in which the file ended: it is his who grows it. */
int window__grow(const struct window *win)
{
	return win->fd < 0 ? 0 : file__grow(win->fd, win->end);
}

int window__open(const struct worker *w, const struct op *op, int how, struct window *out)
{
	const struct held *h = op->slot >= 0 ? &w->held[op->slot] : NULL;
	int64_t first = op->off & -(int64_t)PAGE_BYTES;
	int err = 0;

	*out = (struct window){ .len = (size_t)op->len, .fd = -1, .to_close = -1 };
	if (h && h->map) {
		if (op->off + op->len > (int64_t)h->map_len)
			return -ERANGE;
		out->at = h->map + op->off;
		return 0;
	}
	int fd = worker__fd(w, op, O_RDWR | O_CREAT, &out->to_close);
	if (fd < 0)
		return fd;
	out->fd = fd;
	out->end = op->off + op->len;
	if (how & WINDOW_GROW)
		err = window__grow(out);
	if (!err) {
		out->unmap_len = (size_t)(op->off - first + op->len);
		out->unmap = mmap(NULL, out->unmap_len, PROT_READ | PROT_WRITE,
				  MAP_SHARED | (how & WINDOW_POPULATE ? MAP_POPULATE : 0), fd, first);
		err = out->unmap == MAP_FAILED ? -errno : 0;
	}
	if (err) {
		out->unmap_len = 0;
		window__close(out);
		return err;
	}
	out->at = out->unmap + (op->off - first);
	return 0;
}

void window__close(struct window *win)
{
	if (win->unmap_len)
		munmap(win->unmap, win->unmap_len);
	if (win->to_close >= 0)
		close(win->to_close);
	win->unmap_len = 0;
	win->to_close = -1;
}

static int touch__by(struct worker *w, const struct op *op, struct result *r, int how, bool for_write)
{
	struct window win;
	int err = window__open(w, op, how, &win);

	if (err)
		return err;
	err = window__touch(&win, for_write, r);
	window__close(&win);
	return err;
}

static int run_mmap_write(struct worker *w, const struct op *op, struct result *r)
{
	return touch__by(w, op, r, WINDOW_GROW, true);
}

/* A read of a hole through a shared mapping allocates on tmpfs; read(2) of the same hole does not. */
static int run_mmap_read(struct worker *w, const struct op *op, struct result *r)
{
	return touch__by(w, op, r, WINDOW_GROW, false);
}

static int run_mmap_populate(struct worker *w, const struct op *op, struct result *r)
{
	struct window win;
	int err = window__open(w, op, WINDOW_GROW | WINDOW_POPULATE, &win);

	if (err)
		return err;
	r->bytes = op->len;
	window__close(&win);
	return 0;
}

static int advise__by(struct worker *w, const struct op *op, struct result *r, int advice)
{
	struct window win;
	int err = window__open(w, op, WINDOW_GROW, &win);

	if (err)
		return err;
	uintptr_t from = (uintptr_t)win.at & -(uintptr_t)PAGE_BYTES;
	size_t len = (size_t)((uintptr_t)win.at + win.len - from);

	if (madvise((void *)from, len, advice))
		err = -errno;
	else
		r->bytes = op->len;
	window__close(&win);
	return err;
}

static int run_populate_write(struct worker *w, const struct op *op, struct result *r)
{
	return advise__by(w, op, r, MADV_POPULATE_WRITE);
}

static int run_populate_read(struct worker *w, const struct op *op, struct result *r)
{
	return advise__by(w, op, r, MADV_POPULATE_READ);
}

static int run_madv_remove(struct worker *w, const struct op *op, struct result *r)
{
	return advise__by(w, op, r, MADV_REMOVE);
}

/* mlock brings pages in with no fault that user space takes */
static int run_mlock(struct worker *w, const struct op *op, struct result *r)
{
	struct window win;
	int err = window__open(w, op, WINDOW_GROW, &win);

	if (err)
		return err;
	err = mlock(win.at, win.len) ? -errno : 0;
	munlock(win.at, win.len); /* after a failure too: else the mapping would stay in two parts */
	r->bytes = err ? 0 : op->len;
	window__close(&win);
	return err;
}

/* Keep [0, len) of the file mapped in the slot; the descriptor stays too when the slot already held it. */
static int run_map(struct worker *w, const struct op *op, struct result *r)
{
	int to_close, fd, err = 0;

	(void)r;
	if (op->slot < 0 || w->held[op->slot].map)
		return -EINVAL;
	fd = worker__fd(w, op, O_RDWR | O_CREAT, &to_close);
	if (fd < 0)
		return fd;
	err = file__grow(fd, op->len);
	char *map = err ? MAP_FAILED : mmap(NULL, (size_t)op->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!err && map == MAP_FAILED)
		err = -errno;
	if (!err) {
		w->held[op->slot].map = map;
		w->held[op->slot].map_len = ((size_t)op->len + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;
	}
	if (to_close >= 0)
		close(to_close);
	return err;
}

static int run_unmap(struct worker *w, const struct op *op, struct result *r)
{
	struct held *h = op->slot >= 0 ? &w->held[op->slot] : NULL;

	(void)r;
	if (!h || !h->map || h->shmid >= 0)
		return -EINVAL;
	munmap(h->map, h->map_len);
	h->map = NULL;
	h->map_len = 0;
	return 0;
}

const struct op_row map_ops[] = {
	{ "mmap_write", run_mmap_write },
	{ "mmap_read", run_mmap_read },
	{ "mmap_populate", run_mmap_populate },
	{ "populate_write", run_populate_write },
	{ "populate_read", run_populate_read },
	{ "madv_remove", run_madv_remove },
	{ "mlock", run_mlock },
	{ "map", run_map },
	{ "unmap", run_unmap },
	{ NULL, NULL },
};
