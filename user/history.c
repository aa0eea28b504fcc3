// SPDX-License-Identifier: GPL-2.0-only
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS 950000000ULL /* an interval of 1 s is never quite that */
#define KIB 1024ULL

struct line {
	uint32_t pid; /* 0: free */
	uint64_t start_ns;
	uint64_t born; /* number of the first point that it has */
	uint64_t size_kib;
	uint32_t kib[HISTORY_KINDS][HISTORY_POINTS];
	bool seen;
};

struct history {
	uint64_t taken; /* points so far; number n stands at n % HISTORY_POINTS */
	uint64_t times_ns[HISTORY_POINTS];
	struct line lines[HISTORY_PROCESSES];
};

int history__open(struct history **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void history__close(struct history *history)
{
	free(history);
}

static uint32_t kib(uint64_t bytes)
{
	if (!is_known(bytes))
		return 0;
	return bytes / KIB > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes / KIB);
}

static struct line *find(const struct history *history, uint32_t pid, uint64_t start_ns)
{
	for (size_t i = 0; i < HISTORY_PROCESSES; i++) {
		const struct line *line = &history->lines[i];

		if (line->pid == pid && line->start_ns == start_ns)
			return (struct line *)line;
	}
	return NULL;
}

/* a free line, or that of the smallest process if it is smaller than this one */
static struct line *make(struct history *history, uint64_t size_kib)
{
	struct line *smallest = NULL;

	for (size_t i = 0; i < HISTORY_PROCESSES; i++) {
		struct line *line = &history->lines[i];

		if (!line->pid)
			return line;
		if (!smallest || line->size_kib < smallest->size_kib)
			smallest = line;
	}
	return smallest->size_kib < size_kib ? smallest : NULL;
}

static void take_process(struct history *history, const struct snapshot_process *process, size_t at)
{
	uint32_t anon = kib(process->anon_bytes), tmpfs = kib(process->tmpfs_bytes);
	uint64_t size_kib = (uint64_t)anon + kib(process->shmem_bytes) + tmpfs;
	struct line *line;

	if (process->kernel || process->shares_memory || size_kib < 256)
		return;
	line = find(history, process->pid, process->start_ns);
	if (!line) {
		line = make(history, size_kib);
		if (!line)
			return;
		memset(line, 0, sizeof(*line));
		line->pid = process->pid;
		line->start_ns = process->start_ns;
		line->born = history->taken;
	}
	line->seen = true;
	line->size_kib = size_kib;
	line->kib[HISTORY_ANON][at] = anon;
	line->kib[HISTORY_RESIDENT][at] = anon + kib(process->file_bytes) + kib(process->shmem_bytes);
	line->kib[HISTORY_TMPFS][at] = tmpfs;
	line->kib[HISTORY_CACHE][at] = kib(process->cache_bytes);
}

void history__take(struct history *history, const struct snapshot *snapshot)
{
	size_t at = history->taken % HISTORY_POINTS;
	size_t last = (history->taken + HISTORY_POINTS - 1) % HISTORY_POINTS;

	if (history->taken && snapshot->boot_ns < history->times_ns[last] + STEP_NS)
		return;
	for (size_t i = 0; i < HISTORY_PROCESSES; i++)
		history->lines[i].seen = false;
	history->times_ns[at] = snapshot->boot_ns;
	for (size_t i = 0; i < snapshot->process_count; i++)
		take_process(history, &snapshot->processes[i], at);
	for (size_t i = 0; i < HISTORY_PROCESSES; i++) {
		if (!history->lines[i].seen)
			history->lines[i].pid = 0;
	}
	history->taken++;
}

static uint64_t oldest(const struct history *history, const struct line *line)
{
	uint64_t first = history->taken > HISTORY_POINTS ? history->taken - HISTORY_POINTS : 0;

	return line->born > first ? line->born : first;
}

bool history__before(const struct history *history, uint32_t pid, uint64_t start_ns, enum history_kind kind,
		     uint64_t window_ns, uint64_t now_ns, uint64_t *bytes, double *seconds)
{
	const struct line *line = find(history, pid, start_ns);

	if (!line)
		return false;
	for (uint64_t n = oldest(history, line); n < history->taken; n++) {
		uint64_t time_ns = history->times_ns[n % HISTORY_POINTS];

		if (time_ns >= now_ns || now_ns - time_ns > window_ns)
			continue;
		*bytes = line->kib[kind][n % HISTORY_POINTS] * KIB;
		*seconds = (double)(now_ns - time_ns) / 1e9;
		return true;
	}
	return false;
}

size_t history__series(const struct history *history, uint32_t pid, uint64_t start_ns, enum history_kind kind,
		       struct forecast_point *points)
{
	const struct line *line = find(history, pid, start_ns);
	size_t count = 0;

	for (uint64_t n = line ? oldest(history, line) : history->taken; n < history->taken; n++) {
		points[count].time_ns = history->times_ns[n % HISTORY_POINTS];
		points[count++].used = line->kib[kind][n % HISTORY_POINTS] * KIB;
	}
	return count;
}
