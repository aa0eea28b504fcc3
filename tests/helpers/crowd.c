// SPDX-License-Identifier: GPL-2.0-only
/* A process with many mappings, whose other threads map and unmap all the time: one page that a full tmpfs
 * cannot give is touched in their midst. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS_MAX 16
#define CHURN_BYTES (8L * PAGE_BYTES)

static int ended;

static void *map_and_unmap(void *unused)
{
	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED)) {
		void *at = mmap(NULL, CHURN_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at != MAP_FAILED)
			munmap(at, CHURN_BYTES);
	}
	return unused;
}

/* neighbours of the same kind would be one mapping */
static int map_many(int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		if (mmap(NULL, PAGE_BYTES, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		    MAP_FAILED)
			return -errno;
	}
	return 0;
}

static int touch_in_the_midst(int fd, int64_t mappings, int64_t threads, int64_t bytes, struct result *r)
{
	struct window window = { .len = (size_t)bytes, .fd = fd, .to_close = -1 };
	pthread_t thread[THREADS_MAX];
	int64_t started = 0;
	int err = map_many(mappings / 2);

	if (err)
		return err;
	window.at = mmap(NULL, window.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (window.at == MAP_FAILED)
		return -errno;
	err = map_many(mappings - mappings / 2);
	for (; started < threads && started < THREADS_MAX && !err; started++)
		err = -pthread_create(&thread[started], NULL, map_and_unmap, NULL);
	if (!err)
		window__touch(&window, true, r);
	__atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
	for (int64_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return err;
}

int crowd_main(int argc, char **argv)
{
	const char *path = NULL;
	int64_t mappings = 0, threads = 0, bytes = 0;
	const struct option_row rows[] = { { "path", 's', &path },
					   { "mappings", 'n', &mappings },
					   { "threads", 'n', &threads },
					   { "bytes", 'n', &bytes } };
	struct result r = { 0 };

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || !path || bytes <= 0)
		return 2;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int err = fd < 0 || ftruncate(fd, bytes) ? -errno : touch_in_the_midst(fd, mappings, threads, bytes, &r);

	if (err) {
		fprintf(stderr, "pageops crowd: %s: %s\n", path, strerror(-err));
		return 1;
	}
	printf("{\"pid\":%d,\"sigbus\":%s,\"bytes\":%lld}\n", getpid(), r.sigbus ? "true" : "false",
	       (long long)r.bytes);
	return 0;
}
