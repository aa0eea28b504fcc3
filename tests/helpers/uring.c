// SPDX-License-Identifier: GPL-2.0-only
/* One operation through io_uring with bare system calls. On tmpfs the kernel hands a write to a worker thread of the
 * process; with uring_poll another thread of it takes the submission, too. */
#include "pageops.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct uring {
	int fd;
	struct io_uring_params p;
	char *rings, *sqes;
	size_t rings_len, sqes_len;
};

static int uring__open(struct uring *u, bool poll)
{
	memset(u, 0, sizeof(*u));
	u->p.flags = poll ? IORING_SETUP_SQPOLL : 0;
	u->fd = (int)syscall(SYS_io_uring_setup, 1, &u->p);
	if (u->fd < 0)
		return errno == EPERM ? -EOPNOTSUPP : -errno;
	if (!(u->p.features & IORING_FEAT_SINGLE_MMAP)) {
		close(u->fd);
		return -EOPNOTSUPP;
	}
	size_t sq = u->p.sq_off.array + u->p.sq_entries * sizeof(uint32_t);
	size_t cq = u->p.cq_off.cqes + u->p.cq_entries * sizeof(struct io_uring_cqe);

	u->rings_len = sq > cq ? sq : cq;
	u->sqes_len = u->p.sq_entries * sizeof(struct io_uring_sqe);
	u->rings = mmap(NULL, u->rings_len, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd, IORING_OFF_SQ_RING);
	u->sqes = mmap(NULL, u->sqes_len, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd, IORING_OFF_SQES);
	if (u->rings == MAP_FAILED || u->sqes == MAP_FAILED) {
		int err = -errno;

		close(u->fd);
		return err;
	}
	return 0;
}

static void uring__close(struct uring *u)
{
	munmap(u->rings, u->rings_len);
	munmap(u->sqes, u->sqes_len);
	close(u->fd);
}

static int uring__do(const struct io_uring_sqe *sqe, bool poll)
{
	unsigned int flags = IORING_ENTER_GETEVENTS | (poll ? IORING_ENTER_SQ_WAKEUP : 0);
	struct uring u;
	int err = uring__open(&u, poll);

	if (err)
		return err;
	*(struct io_uring_sqe *)(void *)u.sqes = *sqe;
	*(uint32_t *)(void *)(u.rings + u.p.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(void *)(u.rings + u.p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, u.fd, 1, 1, flags, NULL, 0) < 0)
		err = -errno;
	else
		err = ((struct io_uring_cqe *)(void *)(u.rings + u.p.cq_off.cqes))->res;
	uring__close(&u);
	return err;
}

static int uring__write_by(int fd, const char *buf, size_t len, int64_t off, bool poll)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.fd = fd,
		.off = (uint64_t)off,
		.addr = (uint64_t)(uintptr_t)buf,
		.len = (uint32_t)len,
	};

	return uring__do(&sqe, poll);
}

int uring__write(int fd, const char *buf, size_t len, int64_t off)
{
	return uring__write_by(fd, buf, len, off, false);
}

int uring__poll_write(int fd, const char *buf, size_t len, int64_t off)
{
	return uring__write_by(fd, buf, len, off, true);
}

int uring__fallocate(int fd, int64_t off, int64_t len)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_FALLOCATE, .fd = fd, .off = (uint64_t)off, .addr = (uint64_t)len
	};

	return uring__do(&sqe, false);
}

int uring__register(void *at, size_t len)
{
	struct iovec parts[2] = { { at, len / 2 }, { (char *)at + len / 2, len - len / 2 } };
	struct uring u;
	int err = uring__open(&u, false);

	if (err)
		return err;
	if (syscall(SYS_io_uring_register, u.fd, IORING_REGISTER_BUFFERS, parts, 2) < 0)
		err = -errno;
	uring__close(&u);
	return err;
}
