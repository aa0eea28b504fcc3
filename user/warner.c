// SPDX-License-Identifier: GPL-2.0-only
#include "warner.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "advice.h"
#include "blame.h"

#define NS 1000000000ULL
#define BACK_POINTS 5 /* fallen back: below the level by so much, for so long */
#define BACK_NS (60 * NS)
#define DEEP_POINTS 20 /* or by so much, for a shorter time */
#define DEEP_NS (5 * NS)
#define EMPTIED_POINTS 50       /* or by so much, at once */
#define ETA_AGAIN_NS (300 * NS) /* without growth for so long, a warning by time is news again */
#define STEP_POINTS 10
#define MEMORY_PART 50 /* a tmpfs is limited by memory when that is nearer and it holds 1/50 of it */

struct target_key {
	uint64_t id;
	uint64_t limit; /* enum warning_limit */
};

struct target {
	struct target_key key;
	UT_hash_handle hh;
	struct forecast forecast;
	bool told[WARNER_LEVELS];
	uint64_t near_ns[WARNER_LEVELS], far_ns[WARNER_LEVELS]; /* last above level - BACK, - DEEP */
	uint64_t told_end[WARNER_LEVELS];                       /* the memory that it was told of; 0: its own limit */
	double told_eta;                                        /* 0: not told by time */
	double eta_seconds;                                     /* at the last look; NaN: not growing */
	uint64_t growing_ns;                                    /* last time that it was soon full */
	bool by_memory;                                         /* at the last look */
	uint64_t grew_ns;                                       /* last time that it grew with memory nearer */
	uint64_t seen_ns;
};

struct warner {
	struct warner_settings settings;
	struct target *targets;
	struct blame blame;
};

int warner__open(struct warner **out, const struct warner_settings *settings)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->settings = *settings;
	return 0;
}

void warner__close(struct warner *warner)
{
	struct target *target, *next;

	if (!warner)
		return;
	HASH_ITER (hh, warner->targets, target, next) {
		HASH_DEL(warner->targets, target);
		free(target);
	}
	free(warner);
}

void warner__set(struct warner *warner, const struct warner_settings *settings)
{
	struct target *target, *next;

	warner->settings = *settings;
	HASH_ITER (hh, warner->targets, target, next) {
		memset(target->told, 0, sizeof(target->told));
		target->told_eta = 0;
	}
}

static struct target *find_target(const struct warner *warner, const struct gauge *gauge)
{
	struct target_key key;
	struct target *target;

	memset(&key, 0, sizeof(key));
	key.id = gauge->id;
	key.limit = gauge->limit;
	HASH_FIND(hh, warner->targets, &key, sizeof(key), target);
	return target;
}

double warner__eta(const struct warner *warner, const struct gauge *gauge)
{
	const struct target *target = find_target(warner, gauge);

	return target ? target->eta_seconds : NAN;
}

struct forecast_rise warner__rise(const struct warner *warner, const struct gauge *gauge)
{
	const struct target *target = find_target(warner, gauge);

	return target ? forecast__rise(&target->forecast, gauge->limit_value) : (struct forecast_rise){ 0 };
}

static struct target *target_of(struct warner *warner, const struct gauge *gauge)
{
	struct target *target = find_target(warner, gauge);

	if (target)
		return target;
	target = calloc(1, sizeof(*target));
	if (!target)
		return NULL;
	target->key.id = gauge->id;
	target->key.limit = gauge->limit;
	target->eta_seconds = NAN;
	HASH_ADD(hh, warner->targets, key, sizeof(target->key), target);
	return target;
}

/* records carry the time of the event, which may be before the last reading's */
static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

/* how full it is, at one look */
struct fullness {
	uint64_t hard, limit_value;
	uint64_t end;        /* of its limit and the memory the one that counts */
	uint64_t nearer_end; /* the same, whoever uses the memory up */
	bool by_memory;      /* end is the memory's */
	double percent;      /* of end */
};

static double percent_of(uint64_t hard, uint64_t end)
{
	return 100.0 * (double)hard / (double)end;
}

/*
 * Whether it has fallen back from a level is judged by what it was told of. What is left of the machine's memory
 * comes and goes with others: by that alone it falls back only when it stays so.
 */
static void judge_fall(struct target *target, size_t i, double level, const struct fullness *now, uint64_t now_ns)
{
	double percent = percent_of(now->hard, target->told_end[i] ? target->told_end[i] : now->limit_value);

	if (target->told[i] && (percent < level - EMPTIED_POINTS || since(target->near_ns[i], now_ns) >= BACK_NS ||
				since(target->far_ns[i], now_ns) >= DEEP_NS))
		target->told[i] = false;
	if (percent_of(now->hard, now->nearer_end) > level - BACK_POINTS)
		target->near_ns[i] = now_ns;
	if (percent > level - DEEP_POINTS || now->percent > level - DEEP_POINTS)
		target->far_ns[i] = now_ns;
}

/* the highest level that is news; 0: none. Levels passed on the way are told with it. */
static unsigned judge_level(struct warner *warner, struct target *target, const struct fullness *now, uint64_t now_ns)
{
	unsigned news = 0;

	for (size_t i = 0; i < warner->settings.level_count; i++) {
		double level = warner->settings.levels[i];

		judge_fall(target, i, level, now, now_ns);
		if (now->percent < level || target->told[i])
			continue;
		target->told[i] = true;
		target->told_end[i] = now->by_memory ? now->end : 0;
		news = warner->settings.levels[i];
	}
	return news;
}

static bool judge_eta(const struct warner *warner, struct target *target, double percent, double eta, bool believed,
		      uint64_t now_ns)
{
	double most = warner->settings.eta_seconds;

	if (target->told_eta > 0 && since(target->growing_ns, now_ns) > ETA_AGAIN_NS)
		target->told_eta = 0;
	/* above the highest level all is said */
	if (!(eta <= most) || !believed || percent < warner->settings.floor_percent ||
	    percent >= warner->settings.levels[warner->settings.level_count - 1])
		return false;
	target->growing_ns = now_ns;
	if (target->told_eta > 0 && eta > target->told_eta / 4)
		return false;
	target->told_eta = eta > 0.001 ? eta : 0.001;
	return true;
}

/* where it really ends: its limit, or the machine's memory before that */
static uint64_t nearer_end(const struct gauge *gauge)
{
	uint64_t end = gauge->limit_value;

	if (is_known(gauge->memory_left) && gauge->used > gauge->memory_left / MEMORY_PART &&
	    gauge->memory_left < end - (gauge->used < end ? gauge->used : end))
		end = gauge->used + gauge->memory_left;
	return end;
}

/* while it does not grow the memory is someone else's trouble; but a scratch file that is written and removed grows */
static struct forecast_rise judge_end(struct target *target, const struct gauge *gauge, uint64_t now_ns,
				      struct fullness *now)
{
	struct forecast_rise rise;

	now->limit_value = gauge->limit_value;
	now->end = now->nearer_end = nearer_end(gauge);
	now->by_memory = now->end != gauge->limit_value;
	rise = forecast__rise(&target->forecast, now->end);
	if (now->by_memory && rise.growth)
		target->grew_ns = now_ns;
	else if (!target->by_memory || since(target->grew_ns, now_ns) >= BACK_NS)
		now->by_memory = false;
	if (!now->by_memory)
		now->end = gauge->limit_value;
	target->by_memory = now->by_memory;
	now->percent = percent_of(now->hard, now->end);
	return rise;
}

/* the next level, or a step on the way there: a rate needs points */
static uint64_t next_look(const struct warner *warner, const struct target *target, double percent, uint64_t end)
{
	unsigned next = percent < 100 ? ((unsigned)percent / STEP_POINTS + 1) * STEP_POINTS : 0;

	if (next && next < warner->settings.floor_percent)
		next = warner->settings.floor_percent;
	for (size_t i = 0; i < warner->settings.level_count; i++) {
		unsigned level = warner->settings.levels[i];

		if (!target->told[i] && level > percent && (!next || level < next))
			next = level;
	}
	return next ? end / 100 * next + end % 100 * next / 100 : 0;
}

bool warner__gauge(struct warner *warner, const struct gauge *gauge, uint64_t now_ns, struct warning *out,
		   struct warner_watch *watch)
{
	struct target *target = target_of(warner, gauge);
	struct warner_watch unused;
	struct forecast_rise rise;
	struct fullness now = { .hard = gauge->used > gauge->reclaimable ? gauge->used - gauge->reclaimable : 0 };
	bool by_eta;
	unsigned level;
	double eta;

	watch = watch ? watch : &unused;
	*watch = (struct warner_watch){ 0, 0, NAN };
	if (!target || !gauge->limit_value)
		return false;
	target->seen_ns = now_ns;
	forecast__add(&target->forecast, now_ns, now.hard);
	rise = judge_end(target, gauge, now_ns, &now);
	eta = forecast__eta(now.hard, now.end, rise.rate);
	watch->percent = now.percent;
	watch->eta_seconds = target->eta_seconds = eta;
	level = judge_level(warner, target, &now, now_ns);
	watch->next = next_look(warner, target, now.percent, now.end);
	if (watch->next)
		watch->next += gauge->reclaimable;
	by_eta = judge_eta(warner, target, now.percent, eta, rise.believed, now_ns);
	if (!level && !by_eta)
		return false;
	if (level && eta <= warner->settings.eta_seconds) { /* told with it: the time is in the line */
		target->growing_ns = now_ns;
		if (!(target->told_eta > 0) || eta < target->told_eta)
			target->told_eta = eta > 0.001 ? eta : 0.001;
	}
	memset(out, 0, offsetof(struct warning, culprits));
	out->culprit_count = 0;
	out->advice[0] = '\0';
	out->boot_ns = now_ns;
	out->limit = gauge->limit;
	out->reason = level ? WARNING_BY_LEVEL : WARNING_BY_ETA;
	out->level = level;
	out->used = gauge->used;
	out->limit_value = gauge->limit_value;
	out->limited_by_memory = now.by_memory;
	out->reclaimable_bytes = gauge->limit == WARNING_CGROUP ? gauge->reclaimable : ABSENT;
	out->rate = rise.rate > 0 ? rise.rate : NAN;
	out->eta_seconds = eta;
	return true;
}

uint64_t warner__mount_id(uint32_t dev, const char *path)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619U;
	return (uint64_t)hash << 32 | dev;
}

bool warner__mount_gauge(const struct snapshot_mount *mount, const struct snapshot_system *system, bool inodes,
			 struct gauge *gauge)
{
	uint64_t used = inodes ? mount->used_inodes : mount->used_bytes;
	uint64_t limit = inodes ? mount->limit_inodes : mount->limit_bytes;

	*gauge = (struct gauge){ .limit = inodes ? WARNING_TMPFS_INODES : WARNING_TMPFS,
				 .id = warner__mount_id(mount->major << 20 | mount->minor, mount->path),
				 .used = used,
				 .limit_value = limit,
				 .memory_left = ABSENT };
	if (!inodes && system && is_known(system->available_bytes)) {
		gauge->memory_left = system->available_bytes;
		if (is_known(system->swap_free_bytes))
			gauge->memory_left += system->swap_free_bytes;
	}
	return !mount->internal && is_known(used) && is_known(limit) && limit;
}

bool warner__cgroup_gauge(const struct snapshot_cgroup *cgroup, bool gentle, struct gauge *gauge, const char **name)
{
	uint64_t limit = cgroup->limit_bytes;

	*name = "max";
	if (gentle) {
		*name = cgroup->version == 2 ? "high" : "soft";
		limit = cgroup->version == 2 ? cgroup->high_bytes : cgroup->soft_bytes;
		if (is_known(cgroup->limit_bytes) && limit >= cgroup->limit_bytes)
			return false; /* the other one comes first */
	}
	*gauge = (struct gauge){ .limit = WARNING_CGROUP,
				 .id = cgroup->id | (gentle ? GENTLE_LIMIT : 0),
				 .used = cgroup->usage_bytes,
				 .limit_value = limit,
				 .memory_left = ABSENT };
	if (is_known(cgroup->reclaimable_bytes))
		gauge->reclaimable = cgroup->reclaimable_bytes < gauge->used ? cgroup->reclaimable_bytes : gauge->used;
	return is_known(limit) && limit && is_known(cgroup->usage_bytes);
}

struct judging {
	struct warner *warner;
	const struct snapshot *snapshot;
	const struct history *history;
	uint64_t now_ns;
	struct warning *out;
	int count, cap;
};

/* true: *warning is to be filled further and then given to finish() */
static struct warning *judge(struct judging *j, const struct gauge *gauge, const char *target, const char *container,
			     const char *name)
{
	struct warning *warning = &j->out[j->count];

	if (j->count == j->cap || !warner__gauge(j->warner, gauge, j->now_ns, warning, NULL))
		return NULL;
	snprintf(warning->target, sizeof(warning->target), "%s", target ? target : "");
	snprintf(warning->container, sizeof(warning->container), "%s", container ? container : "");
	warning->limit_name = name;
	warning->time_ns = j->snapshot->time_ns;
	return warning;
}

static void finish(struct judging *j, struct warning *warning)
{
	blame__finish(&j->warner->blame, j->history, j->now_ns, warning);
	advice__write(warning);
	j->count++;
}

static void judge_mount(struct judging *j, const struct snapshot_mount *mount, bool inodes)
{
	struct gauge gauge;
	struct warning *warning;

	if (!warner__mount_gauge(mount, &j->snapshot->system, inodes, &gauge))
		return;
	warning = judge(j, &gauge, mount->path, mount->container, inodes ? "inodes" : "size");
	if (!warning)
		return;
	blame__begin(&j->warner->blame, inodes ? BLAME_INODES : BLAME_MOUNT);
	blame__mount(&j->warner->blame, j->snapshot, mount->major, mount->minor);
	finish(j, warning);
}

static void judge_cgroup(struct judging *j, const struct snapshot_cgroup *cgroup, bool gentle)
{
	struct gauge gauge;
	struct warning *warning;
	const char *name;

	if (!warner__cgroup_gauge(cgroup, gentle, &gauge, &name))
		return;
	warning = judge(j, &gauge, cgroup->path, cgroup->container, name);
	if (!warning)
		return;
	blame__begin(&j->warner->blame, BLAME_MEMORY);
	blame__cgroup(&j->warner->blame, j->snapshot, cgroup->path);
	finish(j, warning);
}

static void judge_system(struct judging *j)
{
	const struct snapshot_system *system = &j->snapshot->system;
	struct gauge gauge = { .limit = WARNING_SYSTEM, .limit_value = system->total_bytes, .memory_left = ABSENT };
	struct warning *warning;

	if (!is_known(system->total_bytes) || !is_known(system->available_bytes) ||
	    system->available_bytes > system->total_bytes)
		return;
	gauge.used = system->total_bytes - system->available_bytes;
	/* with swap left it is slow before it is full */
	if (is_known(system->swap_total_bytes) && is_known(system->swap_free_bytes)) {
		gauge.limit_value += system->swap_total_bytes;
		gauge.used += system->swap_total_bytes - system->swap_free_bytes;
	}
	warning = judge(j, &gauge, j->snapshot->host, NULL, "available");
	if (!warning)
		return;
	blame__begin(&j->warner->blame, BLAME_MEMORY);
	blame__cgroup(&j->warner->blame, j->snapshot, NULL);
	finish(j, warning);
}

/* what was in no snapshot for a minute is no more */
static void forget_gone(struct warner *warner, uint64_t now_ns)
{
	struct target *target, *next;

	HASH_ITER (hh, warner->targets, target, next) {
		if (since(target->seen_ns, now_ns) < BACK_NS)
			continue;
		HASH_DEL(warner->targets, target);
		free(target);
	}
}

int warner__judge(struct warner *warner, const struct snapshot *snapshot, const struct history *history,
		  uint64_t now_ns, struct warning *out, int cap)
{
	struct judging j = {
		.warner = warner, .snapshot = snapshot, .history = history, .now_ns = now_ns, .out = out, .cap = cap
	};

	for (size_t i = 0; i < snapshot->mount_count && j.count < cap; i++) {
		judge_mount(&j, &snapshot->mounts[i], false);
		judge_mount(&j, &snapshot->mounts[i], true);
	}
	for (size_t i = 0; i < snapshot->cgroup_count && j.count < cap; i++) {
		judge_cgroup(&j, &snapshot->cgroups[i], false);
		judge_cgroup(&j, &snapshot->cgroups[i], true);
	}
	if (j.count < cap)
		judge_system(&j);
	forget_gone(warner, now_ns);
	return j.count;
}
