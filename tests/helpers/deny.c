// SPDX-License-Identifier: GPL-2.0-only
/* One call that a pool of huge pages or RLIMIT_MEMLOCK may refuse, by a process without CAP_IPC_LOCK. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HUGE (MAP_ANONYMOUS | MAP_PRIVATE | MAP_HUGETLB)

static int map(size_t bytes, int flags, int fd)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED ? -errno : 0;
}

static int map_file(const char *path, size_t bytes)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	int err = fd < 0 ? -EBADF : map(bytes, MAP_SHARED, fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int touch(size_t bytes)
{
	struct window window = { .len = bytes, .fd = -1, .to_close = -1 };
	struct result r = { 0 };

	window.at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, HUGE | MAP_NORESERVE, -1, 0);
	return window.at == MAP_FAILED ? -errno : window__touch(&window, true, &r);
}

static int get_segment(size_t bytes)
{
	int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | SHM_HUGETLB | 0600);

	if (id < 0)
		return -errno;
	shmctl(id, IPC_RMID, NULL);
	return 0;
}

static int lock(const char *how, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	if (at == MAP_FAILED)
		return -errno;
	if (!strcmp(how, "uring"))
		return uring__register(at, bytes);
	return mlock(at, bytes) ? -errno : 0;
}

static int deny(const char *how, const char *path, size_t bytes)
{
	if (!strcmp(how, "mmap"))
		return map(bytes, HUGE, -1);
	if (!strcmp(how, "file"))
		return map_file(path, bytes);
	if (!strcmp(how, "touch"))
		return touch(bytes);
	if (!strcmp(how, "shmget"))
		return get_segment(bytes);
	if (!strcmp(how, "mmap-locked"))
		return map(bytes, MAP_ANONYMOUS | MAP_PRIVATE | MAP_LOCKED, -1);
	if (!strcmp(how, "mlockall"))
		return mlockall(MCL_CURRENT) ? -errno : 0;
	return lock(how, bytes);
}

static int limit_locks(int64_t bytes)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	const struct rlimit limit = { (rlim_t)bytes, (rlim_t)bytes };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || syscall(SYS_capget, &head, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

int deny_main(int argc, char **argv)
{
	const char *how = NULL, *path = NULL;
	int64_t bytes = 0, most = -1;
	const struct option_row rows[] = {
		{ "how", 's', &how }, { "path", 's', &path }, { "bytes", 'n', &bytes }, { "memlock", 'n', &most }
	};

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || !how || bytes <= 0)
		return 2;
	int err = most >= 0 ? limit_locks(most) : 0;

	if (err) {
		fprintf(stderr, "pageops deny: cannot limit what it locks: %s\n", strerror(-err));
		return 1;
	}
	err = deny(how, path, (size_t)bytes);
	printf("{\"pid\":%d,\"errno\":%d}\n", getpid(), -err);
	return 0;
}
