// SPDX-License-Identifier: GPL-2.0-only
#include "warning_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "snapshot.h"
#include "units.h"

#define SHOWN_CULPRITS 3
#define WORTH_PART 10 /* a tenth of it by nobody is worth a word */

struct line {
	char *text;
	size_t size, at;
};

static void put(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line->text + line->at, line->size - line->at, format, arguments);
	va_end(arguments);
	if (n > 0)
		line->at += (size_t)n < line->size - line->at ? (size_t)n : line->size - line->at - 1;
}

void warning_text__culprit(const struct culprit *c, char *text, size_t size)
{
	struct line line = { text, size, 0 };
	char bytes[UNITS_MAX], growth[UNITS_MAX], time[UNITS_MAX];

	if (c->processes > 1)
		put(&line, "%" PRIu64 " processes named %s", c->processes, c->comm);
	else
		put(&line, "%s[%u]", c->comm, c->pid);
	if (c->exited)
		put(&line, " (exited)");
	if (c->container[0])
		put(&line, " in %s", c->container);
	if (c->growth_bytes > 0 && c->seconds > 0)
		put(&line, " %s in %s,", units__change(growth, c->growth_bytes), units__duration(time, c->seconds));
	put(&line, " holds %s", units__bytes(bytes, c->bytes));
	if (c->files > 1)
		put(&line, " in %" PRIu64 " files%s%s", c->files, c->path[0] ? " under " : "", c->path);
	else if (c->path[0])
		put(&line, " in %s", c->path);
}

bool warning_text__unattributed(const struct warning *w, char *text, size_t size)
{
	struct line line = { text, size, 0 };
	char bytes[UNITS_MAX];

	if (!is_known(w->unattributed) || w->unattributed <= w->used / WORTH_PART)
		return false;
	put(&line, "nobody is known for ");
	if (w->limit == WARNING_TMPFS_INODES)
		put(&line, "%" PRIu64 " of them", w->unattributed);
	else
		put(&line, "%s of it", units__bytes(bytes, w->unattributed));
	return true;
}

static void put_figures(struct line *line, const struct warning *w)
{
	char used[UNITS_MAX], limit[UNITS_MAX], rate[UNITS_MAX], eta[UNITS_MAX];

	if (w->limit == WARNING_TMPFS_INODES)
		put(line, ": %" PRIu64 " of %" PRIu64 " inodes", w->used, w->limit_value);
	else
		put(line, ": %s of %s", units__bytes(used, w->used), units__bytes(limit, w->limit_value));
	if (is_known(w->reclaimable_bytes) && w->reclaimable_bytes)
		put(line, " (%s of it reclaimable cache)", units__bytes(used, w->reclaimable_bytes));
	if (!isnan(w->rate) && w->limit == WARNING_TMPFS_INODES)
		put(line, ", +%.0f/s", w->rate);
	else if (!isnan(w->rate))
		put(line, ", %s", units__rate(rate, w->rate));
	if (!isnan(w->eta_seconds))
		put(line, ", full in %s", units__duration(eta, w->eta_seconds));
	if (w->limited_by_memory)
		put(line, ", limited by the machine's memory, not by its size");
}

void warning_text__line(const struct warning *w, char *text, size_t size)
{
	static const char *const what[] = { "tmpfs", "tmpfs", "cgroup", "memory of" };
	struct line line = { text, size, 0 };
	double hard = (double)w->used - (double)(is_known(w->reclaimable_bytes) ? w->reclaimable_bytes : 0);
	char percent[UNITS_MAX], culprit[512];

	if (w->reason == WARNING_SAMPLE)
		put(&line, "sample of a warning: ");
	put(&line, "%s %s", what[w->limit], w->target);
	if (w->container[0])
		put(&line, " (%s)", w->container);
	put(&line, " is %s full", units__percent(percent, w->limit_value ? hard / (double)w->limit_value : 0));
	if (w->limit == WARNING_CGROUP && w->limit_name && strcmp(w->limit_name, "max") != 0)
		put(&line, " (its %s limit)", w->limit_name);
	put_figures(&line, w);
	for (size_t i = 0; i < w->culprit_count && i < SHOWN_CULPRITS; i++) {
		warning_text__culprit(&w->culprits[i], culprit, sizeof(culprit));
		put(&line, "; %s", culprit);
	}
	if (warning_text__unattributed(w, culprit, sizeof(culprit)))
		put(&line, "; %s", culprit);
	if (w->advice[0])
		put(&line, "; %s", w->advice);
}
