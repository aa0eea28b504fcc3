// SPDX-License-Identifier: GPL-2.0-only
/*
 * read_tasks PASSES: pagetide's own way to read the memory of all processes,
 * tracer__tasks(), PASSES times; prints "CPU-NANOSECONDS PROCESSES" a pass. Linked with
 * pagetide's own objects: what is timed is what runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tracer.h"

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* nothing here waits; others may run */
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct tracer_knobs knobs = { .read_only = true };
	struct kernel *kernel = NULL;
	struct tracer *tracer = NULL;
	struct task_row *rows = NULL;
	size_t capacity = 0;
	const char *why = "";
	struct plan plan;
	int err;

	err = kernel__open(&kernel, false);
	if (!err)
		err = plan__make(&plan, kernel, TIER_AUTO, GROUP_READ, &why);
	if (!err)
		err = tracer__open(&tracer, &plan, &knobs);
	for (int pass = argc > 1 ? atoi(argv[1]) : 1; !err && pass > 0; pass--) {
		long long started = now_ns();
		int n = tracer__tasks(tracer, &rows, &capacity);

		if (n < 0)
			err = n;
		else
			printf("%lld %d\n", now_ns() - started, n);
	}
	if (err)
		fprintf(stderr, "read_tasks: %s %s\n", strerror(-err), why);
	free(rows);
	tracer__close(tracer);
	kernel__close(kernel);
	return err ? 1 : 0;
}
