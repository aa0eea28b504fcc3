// SPDX-License-Identifier: GPL-2.0-only
/* The table of rules. Each is one function that knows one finding, and is in no other place. */
#include "explain.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain_private.h"
#include "units.h"

#define MIB (1ULL << 20)
#define WORTH_BYTES (1 * MIB)
#define GROWTH_BYTES (8 * MIB)
#define GROWTH_FIT 0.9
#define GROWTH_POINTS 5

static int by_urgency(const void *a, const void *b)
{
	const struct finding *left = a, *right = b;

	if (left->urgency != right->urgency)
		return left->urgency < right->urgency ? 1 : -1;
	return strcmp(left->target, right->target);
}

/* in the place of the least urgent, if that is less urgent still */
static struct finding *replace_least(struct explanation *e, const struct finding *by)
{
	struct finding *least = e->out;

	e->left_out++;
	for (size_t i = 1; i < e->count; i++) {
		if (by_urgency(&e->out[i], least) > 0)
			least = &e->out[i];
	}
	return e->count && by_urgency(by, least) < 0 ? least : NULL;
}

struct finding *explain__add(struct explanation *e, const char *kind, unsigned urgency, const char *target)
{
	struct finding one = { .kind = kind, .urgency = urgency }, *f;

	snprintf(one.target, sizeof(one.target), "%s", target ? target : "");
	f = e->count < e->cap ? &e->out[e->count++] : replace_least(e, &one);
	if (f)
		*f = one;
	return f;
}

void explain__figure(struct finding *f, const char *key, double value)
{
	if (f->figure_count == FINDING_FIGURES || isnan(value))
		return;
	f->figures[f->figure_count].key = key;
	f->figures[f->figure_count++].value = value;
}

/* holders of files without a name, and the bytes that each keeps */
static void deleted_but_open(struct explanation *e)
{
	for (size_t i = 0; i < e->snapshot->file_count; i++) {
		const struct snapshot_file *file = &e->snapshot->files[i];
		char bytes[UNITS_MAX];
		struct finding *f;

		if (!file->deleted || file->gone || file->bytes < WORTH_BYTES || !file->holder_count ||
		    file->kind != FILE_KIND_TMPFS)
			continue;
		f = explain__add(e, "deleted_but_open", 50, file->path);
		if (!f)
			continue;
		snprintf(f->text, sizeof(f->text), "%s in a removed file, %.300s, which process %u still has open%s",
			 units__bytes(bytes, file->bytes), file->path ? file->path : "", file->holders[0],
			 file->holder_count > 1 ? " (and others)" : "");
		snprintf(f->advice, sizeof(f->advice), "close it or end process %u: nothing else gives them back",
			 file->holders[0]);
		explain__figure(f, "bytes", (double)file->bytes);
		explain__figure(f, "pid", file->holders[0]);
	}
}

static void without_holders(struct explanation *e)
{
	for (size_t i = 0; i < e->snapshot->file_count; i++) {
		const struct snapshot_file *file = &e->snapshot->files[i];
		char bytes[UNITS_MAX];
		struct finding *f;

		if (file->gone || file->bytes < WORTH_BYTES || !file->holders_known || file->holder_count ||
		    (file->kind != FILE_KIND_SYSV && file->kind != FILE_KIND_MEMFD))
			continue;
		f = explain__add(e, "segment_without_holder", 45, file->path);
		if (!f)
			continue;
		snprintf(f->text, sizeof(f->text), "%s in %s %.200s, which no process has open or attached",
			 units__bytes(bytes, file->bytes),
			 file->kind == FILE_KIND_SYSV ? "the System V segment" : "the memfd", file->path);
		if (file->kind == FILE_KIND_SYSV)
			snprintf(f->advice, sizeof(f->advice), "remove it with ipcrm -m %" PRIu64, file->ino);
		else
			snprintf(f->advice, sizeof(f->advice),
				 "something in the kernel keeps it: a message in a socket, "
				 "io_uring or a mount");
		explain__figure(f, "bytes", (double)file->bytes);
	}
}

/* usage near the limit, but of what the kernel takes back by itself */
static void only_cache(struct explanation *e)
{
	for (size_t i = 0; i < e->snapshot->cgroup_count; i++) {
		const struct snapshot_cgroup *c = &e->snapshot->cgroups[i];
		char cache[UNITS_MAX], limit[UNITS_MAX];
		struct finding *f;

		if (!is_known(c->usage_bytes) || !is_known(c->limit_bytes) || !is_known(c->reclaimable_bytes) ||
		    !c->limit_bytes || (double)c->usage_bytes < 0.9 * (double)c->limit_bytes ||
		    (double)c->usage_bytes - (double)c->reclaimable_bytes > 0.7 * (double)c->limit_bytes)
			continue;
		f = explain__add(e, "cache_looks_full", 10, c->path);
		if (!f)
			continue;
		snprintf(f->text, sizeof(f->text),
			 "cgroup %.500s looks full, but %s of its limit of %s is clean page cache", c->path,
			 units__bytes(cache, c->reclaimable_bytes), units__bytes(limit, c->limit_bytes));
		snprintf(f->advice, sizeof(f->advice), "nothing: the kernel takes it back when it is needed");
		explain__figure(f, "used_bytes", (double)c->usage_bytes);
		explain__figure(f, "reclaimable_bytes", (double)c->reclaimable_bytes);
		explain__figure(f, "limit_bytes", (double)c->limit_bytes);
	}
}

static void limit_below_peak(struct explanation *e)
{
	for (size_t i = 0; i < e->snapshot->cgroup_count; i++) {
		const struct snapshot_cgroup *c = &e->snapshot->cgroups[i];
		char peak[UNITS_MAX], limit[UNITS_MAX];
		struct finding *f;

		if (!is_known(c->peak_bytes) || !is_known(c->limit_bytes) || !is_known(c->usage_bytes) ||
		    !c->limit_bytes || (double)c->peak_bytes < 0.98 * (double)c->limit_bytes ||
		    c->peak_bytes > c->limit_bytes || /* the limit was lowered since */
		    (double)c->usage_bytes > 0.8 * (double)c->limit_bytes)
			continue;
		f = explain__add(e, "limit_below_peak", 30, c->path);
		if (!f)
			continue;
		snprintf(f->text, sizeof(f->text), "cgroup %.500s has reached its limit before: its peak was %s of %s",
			 c->path, units__bytes(peak, c->peak_bytes), units__bytes(limit, c->limit_bytes));
		snprintf(f->advice, sizeof(f->advice),
			 "what it did then will meet the limit again: raise it, or find what grew "
			 "with pagetide run or trace");
		explain__figure(f, "peak_bytes", (double)c->peak_bytes);
		explain__figure(f, "limit_bytes", (double)c->limit_bytes);
	}
}

static void no_swap(struct explanation *e)
{
	const struct snapshot_system *s = &e->snapshot->system;
	char used_text[UNITS_MAX];
	uint64_t used = 0;
	struct finding *f;

	for (size_t i = 0; i < e->snapshot->mount_count; i++) {
		if (is_known(e->snapshot->mounts[i].used_bytes))
			used += e->snapshot->mounts[i].used_bytes;
	}
	if (!is_known(s->swap_total_bytes) || s->swap_total_bytes || !is_known(s->total_bytes) ||
	    used < s->total_bytes / 5)
		return;
	f = explain__add(e, "no_swap_under_tmpfs", 40, NULL);
	if (!f)
		return;
	snprintf(f->text, sizeof(f->text),
		 "%s are in tmpfs files and there is no swap: this memory cannot be taken back",
		 units__bytes(used_text, used));
	snprintf(f->advice, sizeof(f->advice), "remove files, or add swap so that idle ones can leave memory");
	explain__figure(f, "tmpfs_bytes", (double)used);
	explain__figure(f, "total_bytes", (double)s->total_bytes);
}

static const struct snapshot_cgroup *cgroup_of(const struct snapshot *s, const char *path)
{
	for (size_t i = 0; path && i < s->cgroup_count; i++) {
		if (strcmp(s->cgroups[i].path, path) == 0)
			return &s->cgroups[i];
	}
	return NULL;
}

/* until the kernel kills: it takes page cache back before */
static double room_of(const struct explanation *e, const struct snapshot_process *p)
{
	const struct snapshot_cgroup *c = cgroup_of(e->snapshot, p->cgroup), *tightest;

	if (c && is_known(c->tightest_room_bytes)) {
		tightest = cgroup_of(e->snapshot, c->tightest_path);
		tightest = tightest ? tightest : c;
		return (double)c->tightest_room_bytes +
		       (is_known(tightest->reclaimable_bytes) ? (double)tightest->reclaimable_bytes : 0);
	}
	return is_known(e->snapshot->system.available_bytes) ? (double)e->snapshot->system.available_bytes : NAN;
}

/* anonymous memory that rose at nearly every point and never fell */
static void only_grows(struct explanation *e)
{
	struct forecast_point points[HISTORY_POINTS];

	for (size_t i = 0; e->history && i < e->snapshot->process_count; i++) {
		const struct snapshot_process *p = &e->snapshot->processes[i];
		size_t n = history__series(e->history, p->pid, p->start_ns, HISTORY_ANON, points);
		struct forecast_line line = forecast__line(points, n);
		char rate[UNITS_MAX], seconds[UNITS_MAX], grown[UNITS_MAX];
		double left = room_of(e, p) / line.slope;
		struct finding *f;

		if (n < GROWTH_POINTS || line.fit < GROWTH_FIT || line.slope <= 0 ||
		    points[n - 1].used < points[0].used + GROWTH_BYTES)
			continue;
		f = explain__add(e, "process_only_grows", left < 600 ? 80 : 35, p->comm);
		if (!f)
			continue;
		snprintf(f->text, sizeof(f->text),
			 "%s[%u] only grows: %s of anonymous memory more, %s (fit %.2f); at its limit in %s", p->comm,
			 p->pid, units__bytes(grown, points[n - 1].used - points[0].used),
			 units__rate(rate, line.slope), line.fit, units__duration(seconds, left));
		snprintf(f->advice, sizeof(f->advice),
			 "a cache without a bound or a leak: watch it with pagetide run, mark its steps, "
			 "and limit its cgroup");
		explain__figure(f, "pid", p->pid);
		explain__figure(f, "bytes_per_hour", line.slope * 3600);
		explain__figure(f, "fit", line.fit);
		explain__figure(f, "seconds_to_limit", left);
	}
}

size_t explain__findings(const struct snapshot *snapshot, const struct history *history, const struct warner *warner,
			 struct finding *out, size_t cap, size_t *left_out)
{
	static void (*const rules[])(struct explanation *) = {
		explain__limits, only_grows, explain__many_files, explain__charged, deleted_but_open,
		without_holders, no_swap,    limit_below_peak,    only_cache,       explain__hugetlb,
	};
	struct explanation e = { .snapshot = snapshot, .history = history, .warner = warner, .out = out, .cap = cap };

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](&e);
	qsort(out, e.count, sizeof(*out), by_urgency);
	*left_out = e.left_out;
	return e.count;
}

const char *explain__unseen(const struct snapshot *snapshot, double watched_seconds, size_t index)
{
	const char *const unseen[] = {
		snapshot->tracing ? NULL : "who brought pages in: nothing traces here",
		snapshot->cgroup_count ? NULL : "memory cgroups: there are none to be read",
		watched_seconds >= GROWTH_POINTS ? NULL : "growth: it was not watched for long enough (--duration 10)",
		"who brought in what was there before pagetide started",
		"who holds huge pages of hugetlb pools, and memory that drivers took for themselves",
	};

	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		if (unseen[i] && index-- == 0)
			return unseen[i];
	}
	return NULL;
}
