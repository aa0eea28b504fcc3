// SPDX-License-Identifier: GPL-2.0-only
/*
 * read_proc FILE PASSES: reads /proc/PID/FILE of every process, PASSES times, and prints
 * a line "CPU-NANOSECONDS PROCESSES BYTES" a pass. Nothing is parsed: only the kernel's price.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* nothing here waits; others may run */
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static ssize_t read_one(int proc, const char *pid, const char *name)
{
	static char text[65536];
	ssize_t n, total = 0;
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((n = read(fd, text, sizeof(text))) > 0)
		total += n;
	close(fd);
	return n < 0 ? -1 : total;
}

int main(int argc, char **argv)
{
	DIR *proc = argc == 3 ? opendir("/proc") : NULL;

	if (!proc)
		return 2;
	for (int pass = atoi(argv[2]); pass > 0; pass--) {
		long long started = now_ns(), processes = 0, bytes = 0;
		struct dirent *entry;

		rewinddir(proc);
		while ((entry = readdir(proc))) {
			ssize_t n;

			if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
				continue;
			n = read_one(dirfd(proc), entry->d_name, argv[1]);
			processes += n >= 0;
			bytes += n > 0 ? n : 0;
		}
		printf("%lld %lld %lld\n", now_ns() - started, processes, bytes);
	}
	return 0;
}
