// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: a limit comes near. The user side arms thresholds; where pages are added
 * they are compared, and the crossing is told at once. One record a threshold: it
 * is disarmed by the crossing, and armed anew by the user side. Two CPUs that
 * cross together may both tell it. Nothing here judges whether it is dangerous.
 */
#include "books.bpf.h"
#include "shmem.bpf.h"

#define RECLAIM_QUIET_NS 200000000ULL
#define WATCH_PAGES 32 /* of a CPU, between two looks at the armed cgroups */

static __always_inline struct record_limit *begin_record(__u32 kind)
{
	struct record_limit *record;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_LIMIT, 1);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	fill_head(&record->head, RECORD_LIMIT, sizeof(*record));
	fill_process(&record->process, (void *)bpf_get_current_task());
	record->kind = kind;
	return record;
}

static __always_inline void say_mount(__u32 mount, __u32 kind, __u32 dev, __s64 pages)
{
	struct record_limit *record = knob_story ? begin_record(kind) : 0;

	if (!record)
		return;
	record->mount = mount;
	record->dev = dev;
	record->used = pages;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void count(__u32 mount, __s32 pages)
{
	struct mount_slot *slot = bpf_map_lookup_elem(&mounts, &mount);

	if (!slot)
		return;
	__sync_fetch_and_add(&slot->pages, pages);
	if (pages <= 0)
		return;
	if (slot->pages > slot->peak)
		slot->peak = slot->pages;
	if (slot->warn_pages && slot->pages >= slot->warn_pages) {
		slot->warn_pages = 0;
		say_mount(mount, LIMIT_TMPFS, slot->dev, slot->pages);
	}
}

int limit__count(__u32 mount, __s32 pages)
{
	count(mount, pages);
	return 0;
}

/* pages of the streak's mount, with what the CPU kept back */
int limit__flush(__s32 pages)
{
	struct streak *streak = streak__mine();
	__s32 kept;

	if (!streak)
		return 0;
	kept = streak->mount_pages;
	streak->mount_pages = 0;
	if (kept > 0 && pages < 0)
		count(streak->mount, kept);
	else
		pages += kept;
	count(streak->mount, pages);
	return 0;
}

/* from now on this CPU keeps back pages of that mount */
int limit__turn(__u32 mount)
{
	struct mount_slot *slot = bpf_map_lookup_elem(&mounts, &mount);
	struct streak *streak = streak__mine();

	if (!streak || !slot)
		return 0;
	if (streak->mount_pages && streak->mount != mount)
		limit__flush(0);
	streak->mount = mount;
	streak->mount_batch = slot->batch;
	return 0;
}

/* a file of a tmpfs is met: its mount's slot, and whether inodes run out */
__u32 limit__new_file(__u64 sb, __u32 dev)
{
	struct shmem_sb_info *info = BPF_CORE_READ((struct super_block *)sb, s_fs_info);
	__u32 *found = bpf_map_lookup_elem(&mount_index, &dev), mount = 0;
	struct mount_slot *slot;
	__u64 warn;

	if (!found) {
		/* device 1 is the kernel's own mount, mounted nowhere */
		if (dev > 1 && !bpf_map_update_elem(&mount_index, &dev, &mount, BPF_NOEXIST))
			say_mount(0, LIMIT_TMPFS_NEW, dev, 0);
		return 0;
	}
	mount = *found;
	slot = bpf_map_lookup_elem(&mounts, &mount);
	if (!mount || !slot)
		return 0;
	warn = slot->warn_free_inodes;
	if (warn && shmem_free_inodes(info) <= warn) {
		slot->warn_free_inodes = 0;
		say_mount(mount, LIMIT_TMPFS_INODES, dev, slot->pages);
	}
	return mount;
}

/* 0: of a kernel thread */
static __always_inline __u64 my_anon_pages(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct rss_sums sums = {};

	if (mm)
		rss_read(mm, &sums);
	return sums.pages[RSS_ANON] > 0 ? sums.pages[RSS_ANON] : 0;
}

static __always_inline void say_cgroup(__u32 kind, struct mem_cgroup *memcg, __u64 usage, __u64 limit)
{
	__u64 anon_pages = my_anon_pages();
	struct record_limit *record = begin_record(kind);

	if (!record)
		return;
	record->anon_pages = anon_pages;
	record->cgroup = memcg_id(memcg);
	record->used = usage;
	record->limit = limit;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

/* when a cgroup was last told to be at its limit: clean cache can keep it there for days */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} reclaims SEC(".maps");

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int reclaim_tracepoint(void *ctx)
{
	struct mem_cgroup *memcg = task_memcg((void *)bpf_get_current_task());
	__u64 now = bpf_ktime_get_boot_ns(), *last, id;
	struct memcg_full full;

	memcg_tightest(memcg, &full);
	if (!full.memcg || full.room > full.limit / 8)
		return 0;
	id = memcg_id((void *)full.memcg);
	last = bpf_map_lookup_elem(&reclaims, &id);
	if (last && now - *last < RECLAIM_QUIET_NS)
		return 0;
	bpf_map_update_elem(&reclaims, &id, &now, BPF_ANY);
	say_cgroup(LIMIT_RECLAIM, (void *)full.memcg, full.usage, full.limit);
	return 0;
}

/* kernfs id -> usage in pages at which it is told */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} armed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} watched_pages SEC(".maps");

__noinline int look_at_armed(__u64 address)
{
	struct mem_cgroup *memcg = (void *)address;
	__u64 id = memcg_id(memcg), usage, *warn;

	warn = bpf_map_lookup_elem(&armed, &id);
	if (!warn)
		return 0;
	usage = BPF_CORE_READ(memcg, memory.usage.counter);
	if (usage >= *warn) {
		bpf_map_delete_elem(&armed, &id);
		say_cgroup(LIMIT_CGROUP, memcg, usage, BPF_CORE_READ(memcg, memory.max));
	}
	return 0;
}

/* attached only while some cgroup is near its limit: it runs for every page */
SEC("tp_btf/mod_memcg_lruvec_state")
int BPF_PROG(cgroup_watch_tracepoint, struct mem_cgroup *memcg, int item, int val)
{
	__u64 *pages, above = as_number(memcg);
	__u32 zero = 0;

	if (val <= 0 || (item != (int)bpf_core_enum_value(enum node_stat_item, NR_ANON_MAPPED) &&
			 item != (int)bpf_core_enum_value(enum node_stat_item, NR_FILE_PAGES)))
		return 0;
	pages = bpf_map_lookup_elem(&watched_pages, &zero);
	if (!pages)
		return 0;
	*pages += val;
	if (*pages < WATCH_PAGES)
		return 0;
	*pages = 0;
	for (int i = 0; above && i < MEMCG_DEPTH; i++) {
		look_at_armed(above);
		above = memcg__above(above);
	}
	return 0;
}
