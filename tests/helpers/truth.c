// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own word on what is resident. Reads only: nothing here may bring a page in. */
#include "pageops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* cachestat(2), Linux 6.5: unlike mincore and SEEK_DATA it sees pages that fallocate made and nobody wrote. */
#define CACHESTAT_CALL 451

/* until 5.11 a read that meets the end of the file leaves an empty page there */
#define PAGES_BEYOND_END 16

struct cachestat_range {
	uint64_t off, len;
};

struct cachestat_counts {
	uint64_t cache, dirty, writeback, evicted, recently_evicted;
};

static int64_t cachestat__count(int fd, uint64_t off, uint64_t len)
{
	struct cachestat_range range = { off, len };
	struct cachestat_counts counts;

	if (syscall(CACHESTAT_CALL, fd, &range, &counts, 0))
		return -errno;
	return (int64_t)counts.cache;
}

bool truth__has_cachestat(void)
{
	static int known = -1;

	if (known < 0)
		known = cachestat__count(-1, 0, 0) != -ENOSYS;
	return known;
}

static int cachestat__pages(int fd, uint8_t *present, size_t first, size_t pages)
{
	int64_t n = cachestat__count(fd, first * PAGE_BYTES, pages * PAGE_BYTES);

	if (n < 0)
		return (int)n;
	if (n == 0 || (size_t)n == pages) {
		memset(present + first, n != 0, pages);
		return 0;
	}
	int err = cachestat__pages(fd, present, first, pages / 2);
	return err ? err : cachestat__pages(fd, present, first + pages / 2, pages - pages / 2);
}

int truth__mincore(const char *map, uint8_t *present, size_t pages)
{
	if (mincore((void *)(uintptr_t)map, pages * PAGE_BYTES, present))
		return -errno;
	for (size_t i = 0; i < pages; i++)
		present[i] &= 1;
	return 0;
}

int truth__resident(int fd, uint8_t *present, size_t pages)
{
	if (!pages)
		return 0;
	if (truth__has_cachestat())
		return cachestat__pages(fd, present, 0, pages);

	char *map = mmap(NULL, pages * PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	int err = truth__mincore(map, present, pages);
	munmap(map, pages * PAGE_BYTES);
	return err;
}

int64_t truth__count(int fd, int64_t size)
{
	size_t pages = (size_t)(size + PAGE_BYTES - 1) / PAGE_BYTES + PAGES_BEYOND_END;
	int64_t count = 0;
	struct statfs fs;
	struct stat st;

	if (truth__has_cachestat())
		return cachestat__count(fd, 0, 0);
	if (!fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC && !fstat(fd, &st))
		return st.st_blocks / (PAGE_BYTES / 512);
	uint8_t *present = calloc(1, pages + 1);
	if (!present)
		return -ENOMEM;
	int err = truth__resident(fd, present, pages);
	for (size_t i = 0; i < pages; i++)
		count += present[i];
	free(present);
	return err ? err : count;
}

uint64_t truth__start_time(pid_t pid)
{
	char path[64], buf[1024];
	unsigned long long ticks = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	char *at = strrchr(buf, ')'); /* the name may hold anything, a parenthesis too */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	return ticks;
}

uint64_t truth__used_bytes(const char *dir)
{
	struct statfs fs;

	if (statfs(dir, &fs))
		return 0;
	return (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
}

/* How often the machine's page cache was dropped, and how many pages were reclaimed, ever. */
uint64_t truth__reclaims(void)
{
	char line[128], name[64];
	unsigned long long n;
	uint64_t sum = 0;
	FILE *f = fopen("/proc/vmstat", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %llu", name, &n) == 2 &&
		    (!strcmp(name, "drop_pagecache") || !strncmp(name, "pgsteal_", 8)))
			sum += n;
	if (f)
		fclose(f);
	return sum;
}

/* Does DAMON run? What it takes is counted nowhere. */
bool truth__has_damon(void)
{
	char path[PATH_BYTES], comm[32];
	bool found = false;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && !found && (entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		FILE *f = fopen(path, "re");
		found = f && fgets(comm, sizeof(comm), f) && !strncmp(comm, "kdamond", 7);
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return found;
}

int64_t clock__ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void json__string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < 0x20)
			fprintf(out, "\\u%04x", *c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
}

void json__dev(FILE *out, uint64_t dev)
{
	fprintf(out, "\"%u:%u\"", major(dev), minor(dev));
}

void json__process(FILE *out, pid_t pid, uint64_t start_time)
{
	fprintf(out, "\"pid\":%d,\"start_time\":%llu", pid, (unsigned long long)start_time);
}
