// SPDX-License-Identifier: GPL-2.0-only
#include "survive.h"

#include <cap-ng.h>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "pidns.h"

#define ROOM_PIECES 2 /* what a warning, its JSON and its hook may need */
#define ROOM_PIECE (64U << 10)
#define LARGE (128 << 10)
#define BALLAST (256U << 10) /* more than a CPU keeps back of what is unmapped: 31 pages */
#define BALLAST_AGAIN_NS 1000000000ULL
#define OOM_SCORE_ADJ "-900"
#define OUR_SCORE_ADJ "/proc/self/oom_score_adj"

#define NICE (-10) /* an emergency is when everything else wants the processor too */

static bool proc_is_ours; /* its numbers are those of our pid namespace: others may be strangers' */
static char before[16];   /* "": not changed */
static bool hurried;
static int nice_before;
static struct rlimit lock_limit_before;
static bool lock_limit_raised;
static void *ballast;       /* NULL: dropped, or not to be had */
static uint64_t dropped_ns; /* on CLOCK_MONOTONIC */

static bool write_adj(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return done;
}

static bool avoid_the_killer(void)
{
	int fd = open(OUR_SCORE_ADJ, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, before, sizeof(before) - 1);
	close(fd);
	before[n > 0 ? n : 0] = '\0';
	if (before[0] && atoi(before) > atoi(OOM_SCORE_ADJ) && write_adj(OUR_SCORE_ADJ, OOM_SCORE_ADJ))
		return true;
	before[0] = '\0';
	return false;
}

/* each thread has its own */
static void hurry(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;

	nice_before = getpriority(PRIO_PROCESS, 0);
	if (!proc_is_ours)
		hurried = nice_before > NICE && setpriority(PRIO_PROCESS, 0, NICE) == 0;
	while (proc_is_ours && tasks && (task = readdir(tasks))) {
		id_t tid = (id_t)atoi(task->d_name);

		if (tid && nice_before > NICE && setpriority(PRIO_PROCESS, tid, NICE) == 0)
			hurried = true;
	}
	if (tasks)
		closedir(tasks);
}

static void set_heap(void)
{
	mallopt(M_TRIM_THRESHOLD, (int)(4 * ROOM_PIECES * ROOM_PIECE));
	/* tables are mappings of their own, which grow in place: in the heap each growth leaves a hole */
	mallopt(M_MMAP_THRESHOLD, LARGE);
}

/* a mapping of its own, which its flag keeps apart from its neighbours: to unmap it the kernel allocates nothing */
static void take_ballast(void)
{
	void *address;

	if (dropped_ns && clock__ns(CLOCK_MONOTONIC) < dropped_ns + BALLAST_AGAIN_NS)
		return;
	address = mmap(NULL, BALLAST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (address == MAP_FAILED)
		return;
	madvise(address, BALLAST, MADV_DONTDUMP);
	memset(address, 1, BALLAST);
	ballast = address;
}

void survive__drop_ballast(void)
{
	if (!ballast)
		return;
	munmap(ballast, BALLAST);
	ballast = NULL;
	dropped_ns = clock__ns(CLOCK_MONOTONIC);
}

void survive__keep_room(void)
{
	void *pieces[ROOM_PIECES];

	for (size_t i = 0; i < ROOM_PIECES; i++) {
		pieces[i] = malloc(ROOM_PIECE);
		if (pieces[i])
			memset(pieces[i], 1, ROOM_PIECE);
		__asm__ volatile("" : : "r"(pieces[i]) : "memory"); /* or the compiler takes all of it away */
	}
	for (size_t i = 0; i < ROOM_PIECES; i++)
		free(pieces[i]);
	if (!ballast)
		take_ballast();
}

/*
 * Only what is touched: locking all would bring in what is never used. All that comes later is locked too, so a limit
 * that holds for us would make large allocations fail: then nothing is locked.
 */
static bool lock_memory(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	if (getrlimit(RLIMIT_MEMLOCK, &lock_limit_before))
		return false;
	if (lock_limit_before.rlim_cur != RLIM_INFINITY) {
		lock_limit_raised = setrlimit(RLIMIT_MEMLOCK, &none) == 0;
		if (!lock_limit_raised && !capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK))
			return false;
	}
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

bool survive__prepare(void)
{
	bool locked = lock_memory();

	proc_is_ours = !pidns__proc_above();
	set_heap();
	survive__keep_room();
	hurry();
	return avoid_the_killer() && locked;
}

void survive__release(pid_t child)
{
	char path[48];

	if (hurried)
		setpriority(PRIO_PROCESS, (id_t)child, nice_before);
	if (lock_limit_raised)
		prlimit(child, RLIMIT_MEMLOCK, &lock_limit_before, NULL);
	if (!before[0] || (child && !proc_is_ours))
		return;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", child);
	write_adj(child ? path : OUR_SCORE_ADJ, before);
}
