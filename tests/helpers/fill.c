// SPDX-License-Identifier: GPL-2.0-only
/* Fill a directory at a known rate by a known way, and say when and how it ended. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_BYTES (256 << 10)
#define SMALL_BYTES (16 << 10)
#define REPORT_NS 100000000

struct fill {
	const char *dir, *rate_text, *how;
	int64_t bytes, rate, hold;
	struct worker worker;
};

static void fill__print(const struct fill *f, const char *event, int64_t done, const struct result *r)
{
	printf("{\"event\":\"%s\",", event);
	json__process(stdout, getpid(), truth__start_time(getpid()));
	printf(",\"realtime_ns\":%lld,\"monotonic_ns\":%lld,\"bytes\":%lld,\"used_bytes\":%llu,\"errno\":%d",
	       (long long)clock__ns(CLOCK_REALTIME), (long long)clock__ns(CLOCK_MONOTONIC), (long long)done,
	       (unsigned long long)truth__used_bytes(f->dir), r ? r->err : 0);
	printf(",\"sigbus\":%s}\n", r && r->sigbus ? "true" : "false");
	fflush(stdout);
}

/* One step of len bytes from off of the one file, by an operation of the table. */
static void step__op(struct fill *f, const char *op_name, int64_t off, int64_t len, struct result *r)
{
	struct op op;

	op__init(&op);
	snprintf(op.name, sizeof(op.name), "%s", op_name);
	snprintf(op.path, sizeof(op.path), "%s/fill", f->dir);
	op.off = off;
	op.len = len;
	op__run(&f->worker, &op, r);
}

static void step__small_files(struct fill *f, int64_t off, int64_t len, struct result *r)
{
	struct op op;

	*r = (struct result){ 0 };
	for (int64_t at = 0; at < len && !r->err; at += SMALL_BYTES) {
		op__init(&op);
		strcpy(op.name, "write");
		snprintf(op.path, sizeof(op.path), "%s/small-%lld", f->dir, (long long)(off + at) / SMALL_BYTES);
		op.len = len - at < SMALL_BYTES ? len - at : SMALL_BYTES;
		op__run(&f->worker, &op, r);
	}
}

/* every step by a process of its own, into a file of its own */
static void step__process(struct fill *f, int64_t off, int64_t len, struct result *r)
{
	struct op op;

	op__init(&op);
	strcpy(op.name, "fork_write");
	snprintf(op.path, sizeof(op.path), "%s/part-%lld", f->dir, (long long)off / STEP_BYTES);
	op.len = len;
	op__run(&f->worker, &op, r);
}

static int fill__step(struct fill *f, int64_t off, int64_t len, struct result *r)
{
	if (!strcmp(f->how, "write"))
		step__op(f, "pwrite", off, len, r);
	else if (!strcmp(f->how, "mmap"))
		step__op(f, "mmap_write", off, len, r);
	else if (!strcmp(f->how, "fallocate"))
		step__op(f, "fallocate", off, len, r);
	else if (!strcmp(f->how, "small-files"))
		step__small_files(f, off, len, r);
	else if (!strcmp(f->how, "many-processes"))
		step__process(f, off, len, r);
	else
		return -EINVAL;
	return 0;
}

static void fill__pace(const struct fill *f, int64_t started, int64_t done)
{
	if (!f->rate)
		return;
	int64_t due = started + (int64_t)((double)done / (double)f->rate * 1e9);
	struct timespec until = { due / 1000000000, due % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Slow rates go in smaller steps, so that a rate is a slope and no staircase. */
static int64_t fill__step_bytes(const struct fill *f)
{
	int64_t step = f->rate ? f->rate / 100 & -(int64_t)SMALL_BYTES : STEP_BYTES;

	if (!strcmp(f->how, "many-processes") || step > STEP_BYTES)
		return STEP_BYTES;
	return step ? step : SMALL_BYTES;
}

static int fill__run(struct fill *f)
{
	struct result r = { 0 };
	int64_t done = 0, started = clock__ns(CLOCK_MONOTONIC), reported = started;
	int64_t step = fill__step_bytes(f);

	fill__print(f, "start", 0, NULL);
	while (done < f->bytes) {
		int64_t len = f->bytes - done < step ? f->bytes - done : step;

		if (fill__step(f, done, len, &r)) {
			fprintf(stderr, "pageops fill: no way is called %s\n", f->how);
			return 2;
		}
		if (r.err)
			break;
		done += len;
		if (clock__ns(CLOCK_MONOTONIC) - reported >= REPORT_NS) {
			reported = clock__ns(CLOCK_MONOTONIC);
			fill__print(f, "progress", done, NULL);
		}
		fill__pace(f, started, done);
	}
	fill__print(f, r.err ? "failed" : "end", done, &r);
	return 0;
}

int fill_main(int argc, char **argv)
{
	static struct fill f = { .rate_text = "max", .how = "write" };
	const struct option_row rows[] = { { "dir", 's', &f.dir },
					   { "rate", 's', &f.rate_text },
					   { "how", 's', &f.how },
					   { "bytes", 'n', &f.bytes },
					   { "hold", 'f', &f.hold } };

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || !f.dir)
		return 2;
	if (strcmp(f.rate_text, "max") && number__parse(f.rate_text, &f.rate))
		return 2;
	worker__init(&f.worker);
	int status = fill__run(&f);
	if (f.hold && !status)
		wait_for_line();
	return status;
}
