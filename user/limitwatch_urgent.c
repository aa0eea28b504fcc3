// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between readings: a crossing that the kernel side told, and the counters of
 * cgroups, polled the faster the nearer one is to its limit.
 */
#include "limitwatch_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"

#define MS 1000000ULL
#define POLL_MOST_NS (250 * MS)
#define POLL_LEAST_NS (5 * MS)
#define POLL_COST_PART 50  /* at most 1/50 of the time goes into polling */
#define REFUSING_POINTS 40 /* below the first level: what grows past it may soon be refused */
#define WATCH_POINTS 25    /* below the first level: from there on pages are watched as they come */

static void judge_tmpfs(struct limitwatch *limits, uint32_t dev, const struct mount_now *now,
			const struct record_limit *record, bool inodes, struct warner_watch *watch)
{
	struct gauge gauge = { .limit = inodes ? WARNING_TMPFS_INODES : WARNING_TMPFS,
			       .id = warner__mount_id(dev, now->path),
			       .used = inodes ? now->used_inodes : now->used_bytes,
			       .limit_value = inodes ? now->limit_inodes : now->limit_bytes,
			       .memory_left = ABSENT };
	struct warning *warning = &limits->urgent;
	const char *container;

	*watch = (struct warner_watch){ 0, 0, NAN };
	if (gauge.limit_value == UINT64_MAX || gauge.used == UINT64_MAX)
		return;
	if (!inodes && is_known(limits->available_bytes))
		gauge.memory_left = limits->available_bytes + limits->swap_free_bytes;
	if (!warner__gauge(limits->warner, &gauge, record->head.time_ns, warning, watch))
		return;
	warning->limit_name = inodes ? "inodes" : "size";
	snprintf(warning->target, sizeof(warning->target), "%s", now->path);
	container = model__mount_container(limits->model, dev);
	snprintf(warning->container, sizeof(warning->container), "%s", container ? container : "");
	limitwatch__blame_mount(limits, dev, now->path, inodes ? BLAME_INODES : BLAME_MOUNT);
	blame__finish(&limits->blame, limits->history, record->head.time_ns, warning);
	advice__write(warning);
	limitwatch__tell(limits, warning);
}

static bool comes_near(const struct limitwatch *limits, uint64_t used, uint64_t limit)
{
	return is_known(used) && is_known(limit) &&
	       (double)used * 100 > (double)limit * (limits->first_level - REFUSING_POINTS);
}

static void urgent_tmpfs(struct limitwatch *limits, const struct record_limit *record)
{
	struct warner_watch bytes, inodes;
	struct mount_now now;

	if (collector__mount_now(limits->collector, record->dev, &now)) {
		limits->wants_reading = true; /* the threshold is used up: a reading arms it anew */
		return;
	}
	/* first of all: it may be full before the rest is done */
	if (comes_near(limits, now.used_bytes, now.limit_bytes) ||
	    comes_near(limits, now.used_inodes, now.limit_inodes))
		limitwatch__watch_refusals(limits, true);
	judge_tmpfs(limits, record->dev, &now, record, false, &bytes);
	judge_tmpfs(limits, record->dev, &now, record, true, &inodes);
	/* armed by what was seen now: a page more that came meanwhile fires at once */
	limitwatch__arm_tmpfs(limits, record->dev, &bytes, &inodes);
}

static void arm_cgroup(struct limitwatch *limits, uint64_t id, const struct warner_watch *watch)
{
	bool near = watch->percent >= limits->first_level - WATCH_POINTS || watch->eta_seconds < 30;

	limits->near_cgroup = limits->near_cgroup || near;
	tracer__arm_cgroup(limits->tracer, id, near && watch->next ? watch->next / limits->page_bytes : 0);
}

static bool is_there(const void *context, uint64_t id)
{
	const struct snapshot *snapshot = context;

	for (size_t i = 0; i < snapshot->cgroup_count; i++) {
		if (snapshot->cgroups[i].id == id)
			return true;
	}
	return false;
}

void limitwatch__keep_cgroups(struct limitwatch *limits, const struct snapshot *snapshot)
{
	if (snapshot->cgroup_count)
		tracer__keep_cgroups(limits->tracer, is_there, snapshot);
}

/* nobody is there any more: the kill came at once, and it is whoever met the limit that is gone */
static void blame_the_gone(struct limitwatch *limits, const struct record_limit *record)
{
	struct share share = { .pid = record->process.pid,
			       .start_ns = record->process.start_ns,
			       .comm = record->process.comm,
			       .bytes = record->anon_pages * limits->page_bytes };

	if (limits->blame.count || !share.bytes)
		return;
	model__cgroup_of(limits->model, record->process.cgroup, &share.container);
	blame__add(&limits->blame, &share);
}

/* a cgroup's counter as it is now, or was when a record was sent; NULL: there is none */
static void judge_cgroup(struct limitwatch *limits, uint64_t id, uint64_t used, uint64_t limit, const char *name,
			 uint64_t time_ns, const struct record_limit *record, struct warner_watch *watch)
{
	struct gauge gauge = {
		.limit = WARNING_CGROUP, .id = id, .used = used, .limit_value = limit, .memory_left = ABSENT
	};
	struct warning *warning = &limits->urgent;
	char resolved[WARNING_TARGET_MAX];
	const char *container = NULL, *path;

	id &= ~GENTLE_LIMIT;
	path = model__cgroup_of(limits->model, id, &container);
	if (!path && collector__cgroup_path(limits->collector, id, resolved, sizeof(resolved)) == 0)
		path = resolved;
	if (path && collector__reclaimable(limits->collector, path, &gauge.reclaimable) == 0 &&
	    gauge.reclaimable > used)
		gauge.reclaimable = used;
	if (!warner__gauge(limits->warner, &gauge, time_ns, warning, watch))
		return;
	warning->limit_name = name;
	snprintf(warning->target, sizeof(warning->target), "%s", path ? path : "(removed)");
	snprintf(warning->container, sizeof(warning->container), "%s", container ? container : "");
	limitwatch__blame_tasks(limits, id, path);
	if (record)
		blame_the_gone(limits, record);
	blame__finish(&limits->blame, limits->history, time_ns, warning);
	advice__write(warning);
	limitwatch__tell(limits, warning);
}

void limitwatch__urgent(struct limitwatch *limits, const struct record_limit *record)
{
	struct warner_watch watch;

	switch (record->kind) {
	case LIMIT_TMPFS:
	case LIMIT_TMPFS_INODES:
		urgent_tmpfs(limits, record);
		break;
	case LIMIT_TMPFS_NEW:
		collector__mounts_are_new(limits->collector);
		limits->wants_reading = true;
		break;
	case LIMIT_CGROUP:
	case LIMIT_RECLAIM:
		judge_cgroup(limits, record->cgroup, (uint64_t)record->used * limits->page_bytes,
			     record->limit * limits->page_bytes, "max", record->head.time_ns, record, &watch);
		arm_cgroup(limits, record->cgroup, &watch);
		limits->poll_ns = 0; /* it moves: look at once */
		break;
	default:
		break;
	}
}

/* the sooner the next level, the sooner the next look */
static uint64_t step_for(double percent, double level, double eta)
{
	if (!isnan(eta) && eta < 30)
		return (uint64_t)(eta / 16 * 1000) * MS;
	return percent > level - 40 ? 50 * MS : POLL_MOST_NS;
}

/* one limit of a cgroup: how soon to look again, and in *next what is worth a look */
static uint64_t poll_limit(struct limitwatch *limits, uint64_t id, uint64_t used, uint64_t limit_pages,
			   const char *name, uint64_t now_ns, struct warner_watch *watch)
{
	uint64_t page = limits->page_bytes;

	*watch = (struct warner_watch){ 0, 0, NAN };
	if (limit_pages >= (uint64_t)INT64_MAX / page || !limit_pages)
		return POLL_MOST_NS;
	/* far below: no need to ask how much of it is cache */
	if ((double)used * 100 < limits->first_level * (double)(limit_pages * page) / 2)
		return POLL_MOST_NS;
	judge_cgroup(limits, id, used, limit_pages * page, name, now_ns, NULL, watch);
	return step_for(watch->percent, limits->first_level, watch->eta_seconds);
}

static uint64_t poll_row(struct limitwatch *limits, const struct cgroup_row *row, uint64_t now_ns)
{
	uint64_t used = row->usage_pages * limits->page_bytes, step, step_high = POLL_MOST_NS;
	struct warner_watch watch, high = { 0, 0, NAN };

	step = poll_limit(limits, row->id, used, row->limit_pages, "max", now_ns, &watch);
	if (row->high_pages < row->limit_pages)
		step_high = poll_limit(limits, row->id | GENTLE_LIMIT, used, row->high_pages, "high", now_ns, &high);
	/* one threshold a cgroup: that of the limit that is nearer */
	if (high.percent > watch.percent && high.next)
		watch = high;
	if (watch.percent > 0)
		arm_cgroup(limits, row->id, &watch);
	return step < step_high ? step : step_high;
}

void limitwatch__poll_cgroups(struct limitwatch *limits, uint64_t now_ns)
{
	const struct cgroup_row *rows;
	uint64_t step = POLL_MOST_NS, end_ns;
	int n;

	if (now_ns < limits->poll_ns)
		return;
	n = collector__counters(limits->collector, &rows);
	limits->near_cgroup = false;
	for (int i = 0; i < n; i++) {
		uint64_t wanted = poll_row(limits, &rows[i], now_ns);

		step = wanted < step ? wanted : step;
	}
	tracer__arm(limits->tracer, FACT_CGROUP_WATCH, limits->near_cgroup);
	end_ns = limitwatch__now_ns();
	limits->poll_cost_ns = end_ns - now_ns;
	if (step < POLL_LEAST_NS)
		step = POLL_LEAST_NS;
	if (step < limits->poll_cost_ns * POLL_COST_PART)
		step = limits->poll_cost_ns * POLL_COST_PART;
	limits->poll_step_ns = step;
	limits->poll_ns = end_ns + (n < 0 ? 1000 * MS : step);
}
