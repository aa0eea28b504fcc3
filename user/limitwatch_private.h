/* SPDX-License-Identifier: GPL-2.0-only */
/* What the limitwatch_*.c share; nobody else includes it. */
#ifndef PAGETIDE_LIMITWATCH_PRIVATE_H
#define PAGETIDE_LIMITWATCH_PRIVATE_H

#include "blame.h"
#include "hook.h"
#include "journal.h"
#include "limitwatch.h"
#include "warner.h"

#define WARNINGS_AT_ONCE 16
#define REFUSALS 64
#define SCOPE_MAX (CGROUP_PATH_BYTES + 8) /* with the mark of a cut */

/* a process that is refused again and again is told once a second */
struct refusal_seen {
	uint32_t pid, dev;
	uint64_t start_ns, told_ns;
	uint16_t what;
};

struct limitwatch {
	const struct options *options;
	struct tracer *tracer;
	struct collector *collector;
	struct model *model;
	struct warner *warner;
	struct history *history;
	struct hook *hook;
	struct journal *journal;
	struct hook_call call; /* under construction */
	struct warning warnings[WARNINGS_AT_ONCE];
	struct warning urgent; /* also carries whom a refusal or a kill names */
	struct blame blame;
	struct limits_counts counts;
	uint64_t page_bytes, boot_offset_ns;
	double first_level;
	/* the next look at the counters of cgroups */
	uint64_t poll_ns, poll_step_ns, poll_cost_ns;
	bool near_cgroup, near_tmpfs, wants_reading;
	/* of the last reading */
	uint64_t available_bytes, swap_free_bytes;
	struct snapshot_system system;
	/* of the kill that is being told */
	char scope[SCOPE_MAX];
	uint64_t oom_usage, oom_limit, oom_swap, oom_swap_limit, oom_tmpfs;
	uint64_t oom_cgroup, oom_ns; /* whose limit it was, 0: the machine's; the last victim of the kill */
	uint32_t oom_tid;
	bool has_oom, has_scope, unified; /* has_scope: it was told whose limit it was */
	struct refusal_seen refusals[REFUSALS];
	char path[WARNING_PATH_MAX * 4];
};

/* limitwatch.c */
uint64_t limitwatch__now_ns(void);
/* looks at what a full tmpfs refuses, or no more */
void limitwatch__watch_refusals(struct limitwatch *limits, bool on);
void limitwatch__tell(struct limitwatch *limits, struct warning *warning);
void limitwatch__arm_tmpfs(struct limitwatch *limits, uint32_t dev, const struct warner_watch *bytes,
			   const struct warner_watch *inodes);
/* limitwatch_urgent.c */
void limitwatch__urgent(struct limitwatch *limits, const struct record_limit *record);
/* those that were removed would fill the table; one newer than the snapshot is armed again at the next poll */
void limitwatch__keep_cgroups(struct limitwatch *limits, const struct snapshot *snapshot);
void limitwatch__poll_cgroups(struct limitwatch *limits, uint64_t now_ns);
/* limitwatch_blame.c: who it is, out of the books and the tasks as they are now */
/* of: BLAME_MOUNT or BLAME_INODES */
void limitwatch__blame_mount(struct limitwatch *limits, uint32_t dev, const char *mount, enum blame_of of);
/* of a cgroup and those below it; path NULL: not known, or of the machine when id is 0 */
void limitwatch__blame_tasks(struct limitwatch *limits, uint64_t id, const char *path);
/* limitwatch_refused.c */
void limitwatch__refused(struct limitwatch *limits, const struct record_refused *record);
/* whether it was told within the last second; else it is from now on */
bool limitwatch__was_told(struct limitwatch *limits, const struct record_process *process, uint32_t dev, uint16_t what,
			  uint64_t time_ns);
void limitwatch__oom(struct limitwatch *limits, const struct record_oom *record);

/* limitwatch_denied.c */
void limitwatch__denied(struct limitwatch *limits, const struct record_denied *record);

static inline bool limitwatch__is_below(const char *path, const char *above)
{
	size_t length = __builtin_strlen(above);

	if (length <= 1)
		return true; /* "/" */
	return __builtin_strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

#endif
