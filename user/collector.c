// SPDX-License-Identifier: GPL-2.0-only
/* The order of a reading. It must never interpret a figure: the model does. */
#include "collector_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "pidns.h"

#define SYSV_MOST (4U << 20)

int collector__open(struct collector **out, struct tracer *tracer, bool tracing)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int err;

	*out = NULL;
	if (!collector)
		return -ENOMEM;
	collector->tracer = tracer;
	collector->tracing = tracing;
	collector->numbers_differ = tracer && pidns__differs();
	collector->cgroup_fd = -1;
	collector->mountinfo_fd = -1;
	collector->proc.fd = -1;
	collector->root_fd = -1;
	err = proc__open("/proc", &collector->proc);
	if (!err)
		err = collector__open_cgroups(collector);
	if (err) {
		collector__close(collector);
		return err;
	}
	collector->mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	*out = collector;
	return 0;
}

void collector__close(struct collector *collector)
{
	if (!collector)
		return;
	collector__free_processes(collector);
	collector__free_mounts(collector);
	collector__free_cgroups(collector);
	proc__close(&collector->proc);
	if (collector->mountinfo_fd >= 0)
		close(collector->mountinfo_fd);
	numbers__free(&collector->numbers);
	free(collector->pairs);
	free(collector->holders);
	free(collector->segments);
	free(collector);
}

void collector__done(struct collector *collector)
{
	struct reading *reading = &collector->reading;

	collector__free_cmdlines(collector);
	free(collector->tasks);
	free(collector->holders);
	free(collector->pairs);
	collector->tasks = NULL;
	collector->holders = NULL;
	collector->pairs = NULL;
	collector->task_capacity = collector->holder_capacity = collector->pair_capacity = 0;
	reading->tasks = NULL;
	reading->cmdlines = NULL;
	reading->holders = NULL;
	reading->pairs = NULL;
	reading->task_count = reading->holder_count = reading->pair_count = 0;
}

void collector__our_losses(struct collector *collector, uint64_t odd_records, uint64_t dropped_output)
{
	collector->reading.odd_records = odd_records;
	collector->reading.dropped_output = dropped_output;
}

/* what is not to be had stays unknown: a process without a number has no command line, rather than another's */
void collector__numbers(struct collector *collector)
{
	if (collector->numbers_differ)
		numbers__read(&collector->numbers, collector->tracer);
}

uint32_t collector__in_proc(const struct collector *collector, uint32_t kernel)
{
	return collector->numbers_differ ? numbers__in_proc(&collector->numbers, kernel) : kernel;
}

uint32_t collector__in_kernel(const struct collector *collector, uint32_t proc)
{
	return collector->numbers_differ ? numbers__in_kernel(&collector->numbers, proc) : proc;
}

uint32_t collector__proc_pid(struct collector *collector, uint32_t pid)
{
	collector__numbers(collector);
	return collector__in_proc(collector, pid);
}

/* key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap */
static void take_segment(struct collector *collector, struct parse_span line)
{
	uint64_t fields[16] = { 0 };
	struct reading_segment *segment;
	size_t n = 0;

	while (n < 16 && line.len) {
		struct parse_span word;

		if (!parse__until(&line, ' ', &word))
			break;
		if (!word.len)
			continue;
		if (parse__whole_u64(word, &fields[n]))
			fields[n] = 0; /* a negative key; only ids and sizes are used */
		n++;
	}
	if (n < 16)
		return;
	if (collector->reading.segment_count == collector->segment_capacity) {
		size_t more = collector->segment_capacity * 2 + 16;
		void *grown = realloc(collector->segments, more * sizeof(*segment));

		if (!grown)
			return;
		collector->segments = grown;
		collector->segment_capacity = more;
	}
	segment = &collector->segments[collector->reading.segment_count++];
	segment->id = (int)fields[1];
	segment->destroyed = fields[2] / 1000 & 1; /* in octal, SHM_DEST is 01000 */
	segment->size_bytes = fields[3];
	segment->creator_pid = collector__in_kernel(collector, (uint32_t)fields[4]);
	segment->attached = fields[6];
	segment->rss_bytes = fields[14];
	segment->swap_bytes = fields[15];
}

static void read_segments(struct collector *collector)
{
	struct parse_span rest, line;
	char *text;
	size_t length;

	collector->reading.segment_count = 0;
	if (file__slurp(collector->proc.fd, "sysvipc/shm", SYSV_MOST, &text, &length))
		return;
	rest = (struct parse_span){ text, length };
	parse__line(&rest, &line, NULL); /* the header */
	while (parse__line(&rest, &line, NULL))
		take_segment(collector, line);
	free(text);
	collector->reading.segments = collector->segments;
}

int collector__holders(struct collector *collector)
{
	bool mapped = true;
	int n = tracer__holders(collector->tracer, &collector->holders, &collector->holder_capacity, &mapped);

	return n < 0 || mapped ? n : collector__mapped(collector, (size_t)n);
}

static int read_books(struct collector *collector, unsigned wants)
{
	struct reading *reading = &collector->reading;
	int n = 0;

	reading->holders_known = false;
	reading->holder_count = 0;
	if (!collector->tracer)
		return 0;
	if (wants & WANT_HOLDERS) {
		n = collector__holders(collector);
		if (n < 0)
			return n;
		reading->holders = collector->holders;
		reading->holder_count = (size_t)n;
		reading->holders_known = true;
	}
	n = tracer__refresh(collector->tracer, true);
	if (n < 0)
		return n;
	reading->files = tracer__files(collector->tracer, &reading->file_slots);
	reading->charges = tracer__charges(collector->tracer, &reading->charge_slots);
	reading->owners = tracer__owners(collector->tracer, &reading->owner_slots);
	n = tracer__pairs(collector->tracer, &collector->pairs, &collector->pair_capacity);
	if (n < 0)
		return n;
	reading->pairs = collector->pairs;
	reading->pair_count = (size_t)n;
	reading->skipped_events = tracer__skipped(collector->tracer);
	return tracer__losses(collector->tracer, reading->losses);
}

const struct reading *collector__read(struct collector *collector, unsigned wants, int *err)
{
	struct reading *reading = &collector->reading;

	reading->tracing = collector->tracing;
	collector__numbers(collector);
	*err = collector__mounts(collector, wants & WANT_FRESH);
	if (!*err)
		*err = collector__cgroups(collector, wants & WANT_FRESH);
	reading->time_ns = clock__ns(CLOCK_REALTIME);
	reading->boot_ns = clock__ns(CLOCK_BOOTTIME);
	if (!*err)
		*err = read_books(collector, wants);
	if (!*err)
		*err = collector__processes(collector, wants);
	read_segments(collector);
	reading->system = NULL;
	if (sysmem__read(collector->proc.fd, &collector->system) == 0)
		reading->system = &collector->system;
	reading->pools = collector->pools;
	reading->pool_count = hugetlb__read(collector->pools, HUGETLB_POOLS);
	return *err ? NULL : reading;
}
