// SPDX-License-Identifier: GPL-2.0-only
/* Processes whose memory is known: large ones, many, and short ones. */
#include "pageops.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *memory__new(int64_t bytes)
{
	char *map = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

static char *memory__touched(int64_t bytes)
{
	char *map = bytes ? memory__new(bytes) : NULL;

	for (int64_t at = 0; map && at < bytes; at += PAGE_BYTES)
		map[at] = 'a';
	return map;
}

int anon_main(int argc, char **argv)
{
	int64_t bytes = 0, locked = 0, virtual = 0, freed = 0, hold = 0;
	const struct option_row rows[] = {
		{ "bytes", 'n', &bytes }, { "locked", 'n', &locked }, { "virtual", 'n', &virtual },
		{ "freed", 'n', &freed }, { "hold", 'f', &hold },
	};

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv))
		return 2;
	char *peak = memory__touched(freed);
	if (peak)
		munmap(peak, (size_t)freed);
	if (bytes && !memory__touched(bytes))
		return 1;
	if (virtual && !memory__new(virtual))
		return 1;
	if (locked) {
		char *map = memory__touched(locked);

		if (!map || mlock(map, (size_t)locked)) {
			fprintf(stderr, "pageops anon: mlock: %s\n", strerror(errno));
			return 1;
		}
	}
	printf("{");
	json__process(stdout, getpid(), truth__start_time(getpid()));
	printf(",\"bytes\":%lld,\"locked\":%lld,\"virtual\":%lld,\"freed\":%lld}\n", (long long)bytes,
	       (long long)locked, (long long)virtual, (long long)freed);
	fflush(stdout);
	if (hold)
		wait_for_line();
	return 0;
}

static const char *const odd_names[] = {
	"a) R 1 (x",   "two\nlines",  "tab\there",  "esc\033[31m", "quote\"back\\",
	"caf\xc3\xa9", "bad\xff\xfe", "  spaces  ", "((()))",      "0",
};

int spawn_main(int argc, char **argv)
{
	int64_t count = 10;
	int told[2]; /* a byte for each child that has printed its line */
	const struct option_row rows[] = { { "count", 'n', &count } };

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || pipe(told))
		return 2;
	for (int64_t i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "sleeper-%d", (int)(i % 1000000));
		if (i < (int64_t)ARRAY_LEN(odd_names))
			snprintf(name, sizeof(name), "%s", odd_names[i]);
		fflush(stdout);
		pid_t pid = fork();
		if (pid < 0) {
			fprintf(stderr, "pageops spawn: fork: %s\n", strerror(errno));
			return 1;
		}
		char c;
		if (pid) {
			if (read(told[0], &c, 1) != 1)
				return 1;
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		printf("{");
		json__process(stdout, getpid(), truth__start_time(getpid()));
		printf(",\"comm\":");
		json__string(stdout, name);
		printf("}\n");
		fflush(stdout);
		if (write(told[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	printf("{");
	json__process(stdout, getpid(), truth__start_time(getpid()));
	printf(",\"count\":%lld}\n", (long long)count);
	wait_for_line();
	return 0; /* and the children with it, by PR_SET_PDEATHSIG */
}

/* A child within vfork(2), in memory that is its parent's, until a line comes. */
int lend_main(int argc, char **argv)
{
	int64_t bytes = 64 << 20;
	const struct option_row rows[] = { { "bytes", 'n', &bytes } };

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || !memory__touched(bytes))
		return 2;
	pid_t pid = vfork();
	if (pid < 0)
		return 1;
	if (!pid) {
		printf("{");
		json__process(stdout, getpid(), truth__start_time(getpid()));
		printf(",\"parent\":%d}\n", getppid());
		wait_for_line(); /* prints it */
		_exit(0);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}

static int short__life(int64_t bytes, int64_t milliseconds, int64_t started_ns, int report)
{
	uint64_t start_time = truth__start_time(getpid());
	struct timespec until = { 0 };

	if (write(report, &start_time, sizeof(start_time)) != sizeof(start_time))
		return 1;
	prctl(PR_SET_NAME, "pageops-short");
	if (bytes && !memory__touched(bytes))
		return 1;
	int64_t end = started_ns + milliseconds * 1000000;
	until.tv_sec = end / 1000000000;
	until.tv_nsec = end % 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	return 0;
}

/* Each child touches bytes, lives about the given time, exits; the parent prints what the kernel says of it. */
int short_main(int argc, char **argv)
{
	int64_t bytes = 4 << 20, count = 1, milliseconds = 5;
	const struct option_row rows[] = { { "bytes", 'n', &bytes },
					   { "count", 'n', &count },
					   { "milliseconds", 'n', &milliseconds } };

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv))
		return 2;
	for (int64_t i = 0; i < count; i++) {
		uint64_t start_time = 0;
		struct rusage usage;
		int status, report[2];

		if (pipe(report))
			return 1;
		int64_t started = clock__ns(CLOCK_MONOTONIC);
		pid_t pid = fork();
		if (pid < 0)
			return 1;
		if (!pid)
			_exit(short__life(bytes, milliseconds, started, report[1]));
		close(report[1]);
		if (read(report[0], &start_time, sizeof(start_time)) != sizeof(start_time))
			start_time = 0;
		close(report[0]);
		wait4(pid, &status, 0, &usage);
		int64_t lived = clock__ns(CLOCK_MONOTONIC) - started;
		printf("{");
		json__process(stdout, pid, start_time);
		printf(",\"peak_rss_bytes\":%lld,\"status\":%d,\"lived_ns\":%lld}\n", (long long)usage.ru_maxrss * 1024,
		       status, (long long)lived);
	}
	fflush(stdout);
	return 0;
}
