// SPDX-License-Identifier: GPL-2.0-only
/* The table of facts and their ways, and the choice. It must never ask for a version. */
#include "plan.h"

#include <errno.h>
#include <string.h>

#define SHMEM_ADD "shmem_add_to_page_cache"
#define SKIPPED "what comes in on a CPU while a task is preempted in the program (events_skipped)"

static int offers_fexit(struct kernel *kernel, int arguments)
{
	if (kernel__function_arguments(kernel, SHMEM_ADD) != arguments)
		return -ENOENT;
	return kernel__try_fexit(kernel, SHMEM_ADD);
}

/*
 * Where no task is preempted within the program: on its CPU nobody else would enter it meanwhile. Tried before that
 * is asked: a kernel that refuses it would write into its log that we may not read debugfs.
 */
static int offers_fexit_unskipped(struct kernel *kernel, int arguments)
{
	int err = offers_fexit(kernel, arguments);

	if (err)
		return err;
	return kernel__is_preemptible() ? -EBUSY : 0;
}

static int offers_fexit5_unskipped(struct kernel *kernel)
{
	return offers_fexit_unskipped(kernel, 5);
}

static int offers_fexit6_unskipped(struct kernel *kernel)
{
	return offers_fexit_unskipped(kernel, 6);
}

static int offers_fexit5(struct kernel *kernel)
{
	return offers_fexit(kernel, 5);
}

static int offers_fexit6(struct kernel *kernel)
{
	return offers_fexit(kernel, 6);
}

static int offers_kprobe(struct kernel *kernel)
{
	return kernel__try_kprobe(kernel, SHMEM_ADD);
}

static int offers_memcg(struct kernel *kernel)
{
	if (!kernel__has_function(kernel, "bpf_rdonly_cast"))
		return -ENOENT;
	return kernel__try_tracepoint(kernel, "mod_memcg_lruvec_state");
}

static int offers_lru(struct kernel *kernel)
{
	return kernel__try_tracepoint(kernel, "mm_lru_insertion");
}

static int offers_filemap(struct kernel *kernel)
{
	return kernel__try_tracepoint(kernel, "mm_filemap_add_to_page_cache");
}

static int offers_iterator(struct kernel *kernel, const char *name)
{
	return kernel__has_iterator(kernel, name) ? 0 : -ENOENT;
}

static int offers_task(struct kernel *kernel)
{
	return offers_iterator(kernel, "task");
}

static int offers_cgroup(struct kernel *kernel)
{
	return offers_iterator(kernel, "cgroup");
}

static int offers_task_file(struct kernel *kernel)
{
	return offers_iterator(kernel, "task_file");
}

static int offers_task_vma(struct kernel *kernel)
{
	return offers_iterator(kernel, "task_vma");
}

static int offers_always(struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

/* the same by the programs of bpf/cast.bpf.c, which load sooner and cost less */
static int by_cast(struct kernel *kernel, int (*offered)(struct kernel *kernel))
{
	return kernel__has_function(kernel, "bpf_rdonly_cast") ? offered(kernel) : -ENOENT;
}

static int offers_filemap_cast(struct kernel *kernel)
{
	return by_cast(kernel, offers_filemap);
}

static int offers_task_cast(struct kernel *kernel)
{
	return by_cast(kernel, offers_task);
}

static int offers_always_cast(struct kernel *kernel)
{
	return by_cast(kernel, offers_always);
}

static int offers_life(struct kernel *kernel)
{
	return kernel__has_tracepoint(kernel, "sched_process_exit") ? 0 : -ENOENT;
}

/* 3e816361e94a (6.16): it is told while the memory is still there, and got a second argument with that */
static int offers_exit(struct kernel *kernel)
{
	return kernel__tracepoint_arguments(kernel, "sched_process_exit") > 1 ? 0 : -ENOENT;
}

static int offers_oom_task(struct kernel *kernel)
{
	return kernel__tracepoint_takes_struct(kernel, "mark_victim", 0) ? 0 : -ENOENT;
}

static int offers_oom_pid(struct kernel *kernel)
{
	return kernel__has_tracepoint(kernel, "mark_victim") ? 0 : -ENOENT;
}

static int offers_sys_exit(struct kernel *kernel)
{
	return kernel__has_tracepoint(kernel, "sys_exit") ? 0 : -ENOENT;
}

/* what completes, and its result within: 5.18 and 5.19 */
static int offers_uring(struct kernel *kernel)
{
	if (!kernel__tracepoint_takes_pointer(kernel, "io_uring_complete", 1) ||
	    !kernel__has_field(kernel, "io_kiocb", "cqe"))
		return -ENOENT;
	return kernel__try_tracepoint(kernel, "io_uring_complete");
}

static int offers_reclaim(struct kernel *kernel)
{
	return kernel__has_tracepoint(kernel, "mm_vmscan_memcg_reclaim_begin") ? 0 : -ENOENT;
}

static int offers_signal(struct kernel *kernel)
{
	return kernel__try_tracepoint(kernel, "signal_generate");
}

#define WAYS(...) ((const struct way[]){ __VA_ARGS__, { .name = NULL } })

// clang-format off
const struct fact facts[FACTS] = {
	[FACT_TMPFS_ADD] = {FACT_TMPFS_ADD, "tmpfs pages in", "who brings a tmpfs page in", GROUP_TRACE,
	    WAYS({"fexit " SHMEM_ADD, TIER_FENTRY, {"tmpfs_add_fexit5"}, offers_fexit5_unskipped, NULL},
		 {"fexit " SHMEM_ADD " (6 arguments)", TIER_FENTRY, {"tmpfs_add_fexit6"},
		  offers_fexit6_unskipped, NULL},
		 {"tracepoint mod_memcg_lruvec_state, folio in the caller's frame", TIER_TRACEPOINT,
		  {"tmpfs_add_memcg"}, offers_memcg, NULL},
		 {"kretprobe " SHMEM_ADD, TIER_KPROBE, {"tmpfs_add_kprobe", "tmpfs_add_kretprobe"},
		  offers_kprobe, NULL},
		 {"fexit " SHMEM_ADD, TIER_FENTRY, {"tmpfs_add_fexit5"}, offers_fexit5, SKIPPED},
		 {"fexit " SHMEM_ADD " (6 arguments)", TIER_FENTRY, {"tmpfs_add_fexit6"}, offers_fexit6, SKIPPED},
		 {"tracepoint mm_lru_insertion", TIER_TRACEPOINT, {"tmpfs_add_lru"}, offers_lru,
		  "the owner is exact to one LRU batch (15 or 31 pages) a CPU"})},
	[FACT_CACHE_ADD] = {FACT_CACHE_ADD, "page cache in", "who brings a page-cache page in",
	    GROUP_TRACE,
	    WAYS({"tracepoint mm_filemap_add_to_page_cache", TIER_AUTO, {"cache_add_cast"},
		  offers_filemap_cast, NULL},
		 {"tracepoint mm_filemap_add_to_page_cache", TIER_AUTO, {"cache_add_tracepoint"},
		  offers_filemap, NULL})},
	[FACT_REMOVE] = {FACT_REMOVE, "pages out", "pages that leave a file", GROUP_TRACE,
	    WAYS({"tracepoint mm_filemap_delete_from_page_cache", TIER_AUTO,
		  {"page_remove_cast"}, offers_filemap_cast, NULL},
		 {"tracepoint mm_filemap_delete_from_page_cache", TIER_AUTO,
		  {"page_remove_tracepoint"}, offers_filemap, NULL})},
	[FACT_REFRESH] = {FACT_REFRESH, "file totals", "what each file really holds",
	    GROUP_READ | GROUP_TRACE,
	    WAYS({"program run by pagetide", TIER_AUTO, {"files_refresh_cast"}, offers_always_cast, NULL},
		 {"program run by pagetide", TIER_AUTO, {"files_refresh"}, offers_always, NULL})},
	[FACT_SEED] = {FACT_SEED, "cold start", "tmpfs files from before", GROUP_READ | GROUP_TRACE,
	    WAYS({"walk of every tmpfs mount", TIER_AUTO, {"seed_files", "prepare_slots", "learn_cpu", "tell_caller"},
		  offers_always, NULL})},
	[FACT_PROCESSES] = {FACT_PROCESSES, "process memory", "resident memory of every process",
	    GROUP_READ | GROUP_TRACE,
	    WAYS({"iterator task", TIER_AUTO, {"tasks_iter_cast"}, offers_task_cast, NULL},
		 {"iterator task", TIER_AUTO, {"tasks_iter"}, offers_task, NULL},
		 {"/proc/PID/status", TIER_AUTO, {NULL}, offers_always, "slower"})},
	[FACT_CGROUPS] = {FACT_CGROUPS, "cgroup counters", "usage, peak and limit of every cgroup",
	    GROUP_READ | GROUP_TRACE,
	    WAYS({"iterator cgroup", TIER_AUTO, {"cgroups_iter"}, offers_cgroup, NULL},
		 {"cgroup files", TIER_AUTO, {NULL}, offers_always,
		  "slower; no peak on cgroup v2 before 5.19"})},
	[FACT_HOLDERS_OPEN] = {FACT_HOLDERS_OPEN, "open files", "who has a file open",
	    GROUP_READ | GROUP_TRACE,
	    WAYS({"iterator task_file", TIER_AUTO, {"holders_open_iter"}, offers_task_file, NULL})},
	[FACT_HOLDERS_MAPPED] = {FACT_HOLDERS_MAPPED, "mapped files", "who has a file mapped",
	    GROUP_READ | GROUP_TRACE,
	    WAYS({"iterator task_vma", TIER_AUTO, {"holders_mapped_iter"}, offers_task_vma, NULL},
		 {"/proc/PID/maps", TIER_AUTO, {NULL}, offers_always,
		  "slower; holders of tmpfs files only"})},
	[FACT_FORK] = {FACT_FORK, "forks", "processes that begin", GROUP_TRACE,
	    WAYS({"tracepoint sched_process_fork", TIER_AUTO, {"fork_tracepoint"}, offers_life, NULL})},
	[FACT_EXEC] = {FACT_EXEC, "execs", "processes that change program", GROUP_TRACE,
	    WAYS({"tracepoint sched_process_exec", TIER_AUTO, {"exec_tracepoint"}, offers_life, NULL})},
	[FACT_EXIT] = {FACT_EXIT, "exits", "processes that end, with their peak", GROUP_TRACE,
	    WAYS({"tracepoint sched_process_exit", TIER_AUTO, {"exit_tracepoint"}, offers_exit, NULL},
		 {"tracepoint sched_process_exit, when the memory is gone", TIER_AUTO,
		  {"exit_late_tracepoint"}, offers_life, "a peak below that of what the process was before exec"})},
	[FACT_OOM] = {FACT_OOM, "OOM kills", "victims of the OOM killer", GROUP_TRACE,
	    WAYS({"tracepoint mark_victim (task)", TIER_AUTO, {"oom_task_tracepoint"},
		  offers_oom_task, NULL},
		 {"tracepoint mark_victim (pid)", TIER_AUTO, {"oom_pid_tracepoint"}, offers_oom_pid,
		  "the victim's memory at the kill; its name is the last one seen"})},
	[FACT_RECLAIM] = {FACT_RECLAIM, "limits met", "a cgroup at its limit", GROUP_TRACE,
	    WAYS({"tracepoint mm_vmscan_memcg_reclaim_begin", TIER_AUTO, {"reclaim_tracepoint"},
		  offers_reclaim, NULL})},
	[FACT_CGROUP_WATCH] = {FACT_CGROUP_WATCH, "cgroup levels", "a cgroup that comes near its limit",
	    GROUP_TRACE,
	    WAYS({"tracepoint mod_memcg_lruvec_state, attached near a limit", TIER_AUTO,
		  {"cgroup_watch_tracepoint"}, offers_memcg, NULL},
		 {"polling, faster near a limit", TIER_AUTO, {NULL}, offers_always,
		  "a level is told up to a poll late; at the limit at once"}), true},
	[FACT_ENOSPC] = {FACT_ENOSPC, "ENOSPC", "what a full tmpfs refuses", GROUP_TRACE,
	    WAYS({"tracepoint sys_exit, attached when a tmpfs is close to full", TIER_AUTO,
		  {"enospc_tracepoint"}, offers_sys_exit, NULL}), true},
	[FACT_URING] = {FACT_URING, "io_uring", "what a full tmpfs refuses io_uring", GROUP_TRACE,
	    WAYS({"tracepoint io_uring_complete, attached as that of ENOSPC", TIER_AUTO,
		  {"uring_tracepoint"}, offers_uring, "names that it cannot make, results beyond its queue"},
		 {"not seen", TIER_AUTO, {NULL}, offers_always, "its writes that a full tmpfs refuses"}), true},
	[FACT_DENIED] = {FACT_DENIED, "hugetlb, memlock", "what a hugetlb pool or RLIMIT_MEMLOCK refuses", GROUP_TRACE,
	    WAYS({"tracepoint sys_exit, attached where a pool is configured", TIER_AUTO,
		  {"denied_tracepoint"}, offers_sys_exit, "io_uring's long lists of buffers, drivers' locked memory"}), true},
	[FACT_SIGBUS] = {FACT_SIGBUS, "SIGBUS", "faults that a full tmpfs refuses", GROUP_TRACE,
	    WAYS({"tracepoint signal_generate", TIER_AUTO, {"sigbus_tracepoint"}, offers_signal, NULL})},
	[FACT_MAPPINGS] = {FACT_MAPPINGS, "mappings", "mmap, munmap, brk, mremap", GROUP_MAPPINGS,
	    WAYS({"tracepoint sys_exit", TIER_AUTO, {"map_tracepoint", "map_fork_tracepoint", "map_exit_tracepoint"},
		  offers_sys_exit, NULL})},
};
// clang-format on

const char *plan__tier_name(enum tier tier)
{
	static const char *const names[] = { "auto", "tracepoint", "fentry", "kprobe" };

	return names[tier];
}

static bool allowed(const struct way *way, enum tier forced)
{
	return forced == TIER_AUTO || way->tier == TIER_AUTO || way->tier == forced;
}

/* the first way from `way` on that is allowed and offered */
static void take(struct choice *choice, const struct way *way, struct kernel *kernel, enum tier forced)
{
	choice->way = NULL;
	for (; way->name; way++) {
		int err;

		if (!allowed(way, forced))
			continue;
		err = way->offered(kernel);
		if (!err) {
			choice->way = way;
			return;
		}
		if (!choice->refused || err == -EPERM)
			choice->refused = err;
	}
}

static void find_tier(struct plan *plan)
{
	const struct way *way = plan->choices[FACT_TMPFS_ADD].way;

	plan->tier = way && way->tier != TIER_AUTO ? way->tier : TIER_TRACEPOINT;
}

int plan__make(struct plan *plan, struct kernel *kernel, enum tier forced, unsigned groups, const char **why)
{
	memset(plan, 0, sizeof(*plan));
	for (int i = 0; i < FACTS; i++) {
		struct choice *choice = &plan->choices[i];

		choice->fact = &facts[i];
		choice->wanted = (unsigned)facts[i].group & groups;
		if (choice->wanted)
			take(choice, facts[i].ways, kernel, forced);
	}
	find_tier(plan);
	if (plan->choices[FACT_TMPFS_ADD].wanted && !plan->choices[FACT_TMPFS_ADD].way) {
		*why = forced == TIER_FENTRY   ? "this kernel refuses fentry programs; use --tier auto"
		       : forced == TIER_KPROBE ? "this kernel refuses kprobes; use --tier auto"
					       : "this kernel allows no BPF tracepoint programs";
		return -ENOTSUP;
	}
	return 0;
}

int plan__next_way(struct plan *plan, struct kernel *kernel, enum fact_id fact, enum tier forced)
{
	struct choice *choice = &plan->choices[fact];

	if (!choice->way)
		return -ENOENT;
	take(choice, choice->way + 1, kernel, forced);
	find_tier(plan);
	return choice->way ? 0 : -ENOENT;
}
