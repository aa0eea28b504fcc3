// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workloads that the bench times: a command a line on standard input, an answer
 * "NANOSECONDS UNITS" a line on standard output, or "error: WHY". Only the part that
 * brings pages in or takes them out is inside the clock, never the preparation. The clock
 * is the processor's time of this process and its children, kernel included: whoever else
 * runs on this machine is not in it, and nothing here waits for a disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

static char page[PAGE];
static int64_t started, ended;

static int64_t now_ns(void)
{
	struct rusage children;
	struct timespec t;

	getrusage(RUSAGE_CHILDREN, &children);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (t.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000LL + t.tv_nsec +
	       (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000LL;
}

static int failed(int fd)
{
	int err = errno ? -errno : -EIO;

	if (fd >= 0)
		close(fd);
	return err;
}

static int write_file(const char *path, long pages)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	started = now_ns();
	for (long i = 0; i < pages; i++) {
		if (pwrite(fd, page, PAGE, i * PAGE) != PAGE)
			return failed(fd);
	}
	ended = now_ns();
	close(fd);
	return 0;
}

/* shared mapping of a new sparse file (or private anonymous memory), a page at a time */
static int touch(const char *path, long pages)
{
	int fd = -1;
	char *map;

	if (path) {
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, pages * PAGE))
			return failed(fd);
	}
	map = mmap(NULL, (size_t)(pages * PAGE), PROT_READ | PROT_WRITE,
		   path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (map == MAP_FAILED)
		return failed(fd);
	madvise(map, (size_t)(pages * PAGE), MADV_NOHUGEPAGE);
	started = now_ns();
	for (long i = 0; i < pages; i++)
		map[i * PAGE] = 1;
	ended = now_ns();
	munmap(map, (size_t)(pages * PAGE));
	if (fd >= 0)
		close(fd);
	return 0;
}

/* a sparse file: its pages come into the cache without a disk in the way */
static int read_file(const char *path, long pages, int advice)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, pages * PAGE))
		return failed(fd);
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (!errno)
		errno = posix_fadvise(fd, 0, 0, advice);
	if (errno)
		return failed(fd);
	started = now_ns();
	for (long i = 0; i < pages; i++) {
		if (pread(fd, page, PAGE, i * PAGE) != PAGE)
			return failed(fd);
	}
	ended = now_ns();
	close(fd);
	return 0;
}

static int remove_file(const char *path)
{
	started = now_ns();
	if (unlink(path))
		return -errno;
	ended = now_ns();
	return 0;
}

/* many files of one page each; `make` false: unlinks them */
static int small_files(const char *folder, long count, int make)
{
	char path[512];

	started = now_ns();
	for (long i = 0; i < count; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/small-%ld", folder, i);
		if (!make && unlink(path))
			return -errno;
		if (!make)
			continue;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, page, PAGE) != PAGE)
			return failed(fd);
		close(fd);
	}
	ended = now_ns();
	return 0;
}

static int run_processes(long count)
{
	char *const arguments[] = { "work", "exit", NULL };
	char *const nothing[] = { NULL };
	int status;

	started = now_ns();
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid) {
			execve("/proc/self/exe", arguments, nothing);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return -ECHILD;
	}
	ended = now_ns();
	return 0;
}

/* processes as they are everywhere: dynamically linked, asleep; they end with this one */
static int start_sleepers(long count)
{
	started = now_ns();
	for (long i = 0; i < count; i++) {
		pid_t pid = vfork();

		if (pid < 0)
			return -errno;
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			execl("/bin/sleep", "sleep", "infinity", (char *)NULL);
			_exit(127);
		}
	}
	ended = now_ns();
	return 0;
}

static int system_calls(long count)
{
	started = now_ns();
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
	ended = now_ns();
	return 0;
}

/* nothing but arithmetic: how fast this processor is now, that others share */
static int spin(long count)
{
	volatile unsigned long x = 1;

	started = now_ns();
	for (long i = 0; i < count; i++)
		x = x * 6364136223846793005UL + 1;
	ended = now_ns();
	return 0;
}

static int run(const char *verb, const char *path, long n)
{
	if (strcmp(verb, "write") == 0)
		return write_file(path, n);
	if (strcmp(verb, "touch") == 0)
		return touch(path, n);
	if (strcmp(verb, "anon") == 0)
		return touch(NULL, n);
	if (strcmp(verb, "read") == 0)
		return read_file(path, n, POSIX_FADV_NORMAL);
	if (strcmp(verb, "read-random") == 0)
		return read_file(path, n, POSIX_FADV_RANDOM);
	if (strcmp(verb, "unlink") == 0)
		return remove_file(path);
	if (strcmp(verb, "make-files") == 0)
		return small_files(path, n, 1);
	if (strcmp(verb, "remove-files") == 0)
		return small_files(path, n, 0);
	if (strcmp(verb, "processes") == 0)
		return run_processes(n);
	if (strcmp(verb, "sleepers") == 0)
		return start_sleepers(n);
	if (strcmp(verb, "spin") == 0)
		return spin(n);
	if (strcmp(verb, "syscalls") == 0)
		return system_calls(n);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	char line[1024], verb[32], path[512];
	long n;

	if (argc > 1 && strcmp(argv[1], "exit") == 0)
		return 0;
	memset(page, 'p', sizeof(page));
	while (fgets(line, sizeof(line), stdin)) {
		int err = -EINVAL;

		if (sscanf(line, "%31s %511s %ld", verb, path, &n) == 3)
			err = run(verb, path, n);
		if (err)
			printf("error: %s: %s\n", verb, strerror(-err));
		else
			printf("%lld %ld\n", (long long)(ended - started), n);
		fflush(stdout);
	}
	return 0;
}
