// SPDX-License-Identifier: GPL-2.0-only
/* Limits that are near or reached: judged as warnings are, and said in their words. */
#include "explain_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "blame.h"
#include "units.h"
#include "warner.h"
#include "warning_text.h"

#define NEAR_PERCENT 80
#define NEAR_SECONDS 600
#define MANY_FILES 8
#define MANY_BYTES (8ULL << 20)

/* fills the rest of a warning from who it was, and makes it a finding */
static void add(struct explanation *e, struct warning *w, struct blame *blame, const char *name)
{
	double hard = (double)w->used - (is_known(w->reclaimable_bytes) ? (double)w->reclaimable_bytes : 0);
	double percent = 100 * hard / (double)w->limit_value;
	struct finding *f;

	blame__finish(blame, e->history, e->snapshot->boot_ns, w);
	advice__write(w);
	f = explain__add(e, name,
			 percent >= 99         ? 100
			 : w->eta_seconds < 60 ? 95
					       : 60 + (unsigned)percent / 4,
			 w->target);
	if (!f)
		return;
	memcpy(f->advice, w->advice, sizeof(w->advice));
	w->advice[0] = '\0';
	warning_text__line(w, f->text, sizeof(f->text));
	explain__figure(f, w->limit == WARNING_TMPFS_INODES ? "used_inodes" : "used_bytes", (double)w->used);
	explain__figure(f, w->limit == WARNING_TMPFS_INODES ? "limit_inodes" : "limit_bytes", (double)w->limit_value);
	explain__figure(f, "rate_bytes_per_second", w->limit == WARNING_TMPFS_INODES ? (double)NAN : w->rate);
	explain__figure(f, "eta_seconds", w->eta_seconds);
	explain__figure(f, "percent", percent);
	if (w->culprit_count)
		explain__figure(f, "pid", w->culprits[0].pid);
}

/* a second, as the warner believes it: what lies between two readings may be a tooth; 0: it does not fill */
static double rate_of(const struct explanation *e, const struct gauge *gauge)
{
	struct forecast_rise rise = { 0 };

	if (e->warner)
		rise = warner__rise(e->warner, gauge);
	return rise.believed ? rise.rate : 0;
}

static bool judge(const struct gauge *gauge, double rate, const char *target, const char *container, struct warning *w)
{
	uint64_t hard = gauge->used - gauge->reclaimable;

	memset(w, 0, sizeof(*w));
	w->limit = gauge->limit;
	w->used = gauge->used;
	w->limit_value = gauge->limit_value;
	w->reclaimable_bytes = gauge->limit == WARNING_CGROUP ? gauge->reclaimable : ABSENT;
	w->rate = rate > 0 ? rate : NAN;
	w->eta_seconds = forecast__eta(hard, gauge->limit_value, rate);
	snprintf(w->target, sizeof(w->target), "%s", target ? target : "");
	snprintf(w->container, sizeof(w->container), "%s", container ? container : "");
	return (double)hard * 100 >= (double)gauge->limit_value * NEAR_PERCENT ||
	       (w->eta_seconds < NEAR_SECONDS && (double)hard * 5 > (double)gauge->limit_value);
}

void explain__limits(struct explanation *e)
{
	const struct snapshot *s = e->snapshot;
	static struct blame blame;
	struct warning w;
	struct gauge gauge;
	const char *name;

	for (size_t i = 0; i < s->mount_count; i++) {
		const struct snapshot_mount *mount = &s->mounts[i];

		for (int inodes = 0; inodes < 2; inodes++) {
			if (!warner__mount_gauge(mount, NULL, inodes, &gauge) ||
			    !judge(&gauge, rate_of(e, &gauge), mount->path, mount->container, &w))
				continue;
			blame__begin(&blame, inodes ? BLAME_INODES : BLAME_MOUNT);
			blame__mount(&blame, s, mount->major, mount->minor);
			add(e, &w, &blame, inodes ? "tmpfs_inodes_full" : "tmpfs_full");
		}
	}
	for (size_t i = 0; i < 2 * s->cgroup_count; i++) {
		const struct snapshot_cgroup *cgroup = &s->cgroups[i / 2];

		if (!warner__cgroup_gauge(cgroup, i % 2, &gauge, &name) ||
		    !judge(&gauge, rate_of(e, &gauge), cgroup->path, cgroup->container, &w))
			continue;
		w.limit_name = name;
		blame__begin(&blame, BLAME_MEMORY);
		blame__cgroup(&blame, s, cgroup->path);
		add(e, &w, &blame, i % 2 ? "cgroup_at_its_gentle_limit" : "cgroup_full");
	}
	if (!is_known(s->system.total_bytes) || !is_known(s->system.available_bytes))
		return;
	gauge = (struct gauge){ .limit = WARNING_SYSTEM,
				.limit_value = s->system.total_bytes,
				.used = s->system.total_bytes - s->system.available_bytes };
	if (!judge(&gauge, 0, s->host, NULL, &w))
		return;
	blame__begin(&blame, BLAME_MEMORY);
	blame__cgroup(&blame, s, NULL);
	add(e, &w, &blame, "machine_full");
}

/* files of one size by one process under one folder, wherever they are */
void explain__many_files(struct explanation *e)
{
	static struct blame blame;
	struct warning w;

	for (size_t i = 0; i < e->snapshot->mount_count; i++) {
		const struct snapshot_mount *mount = &e->snapshot->mounts[i];

		memset(&w, 0, sizeof(w));
		blame__begin(&blame, BLAME_MOUNT);
		blame__mount(&blame, e->snapshot, mount->major, mount->minor);
		blame__finish(&blame, e->history, e->snapshot->boot_ns, &w);
		for (size_t j = 0; j < w.culprit_count; j++) {
			const struct culprit *c = &w.culprits[j];
			char each[UNITS_MAX], all[UNITS_MAX];
			struct finding *f;

			if (c->files < MANY_FILES || !is_known(c->bytes_each) || c->bytes < MANY_BYTES)
				continue;
			f = explain__add(e, "many_files_of_one_size", 55, c->path);
			if (!f)
				continue;
			snprintf(f->text, sizeof(f->text),
				 "%s[%u]%s left %" PRIu64 " files of %s each under %s: %s in all", c->comm, c->pid,
				 c->exited ? ", which has exited," : "", c->files, units__bytes(each, c->bytes_each),
				 c->path[0] ? c->path : mount->path, units__bytes(all, c->bytes));
			snprintf(f->advice, sizeof(f->advice),
				 "one more for each piece of work (joblib does this with every array it is "
				 "handed anew): reuse or remove them, or put them on a disk");
			explain__figure(f, "pid", c->pid);
			explain__figure(f, "files", (double)c->files);
			explain__figure(f, "bytes_each", (double)c->bytes_each);
			explain__figure(f, "bytes", (double)c->bytes);
		}
	}
}
