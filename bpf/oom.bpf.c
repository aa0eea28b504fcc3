// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: the OOM killer chose a victim. mm/oom_kill.c: mark_oom_victim(). The
 * tracepoint's argument is the task from 6.10 on (72ba14deb40a, backported to
 * stable kernels), only its pid before: the user side asks BTF which it is.
 */
#include "record.bpf.h"
#include "rss.bpf.h"

#define NAME_BYTES 256 /* of a component: NAME_MAX, and the NUL */
#define AT_LIMIT_PAGES 1024

__noinline __u64 kernfs_above(__u64 node)
{
	struct kernfs_node___new *fresh = (void *)node;
	struct kernfs_node___old *old = (void *)node;

	if (bpf_core_field_exists(fresh->__parent))
		return (__u64)BPF_CORE_READ(fresh, __parent);
	return (__u64)BPF_CORE_READ(old, parent);
}

/* the cgroup's path under construction; the kernel marks a victim with its task locked, so nobody is preempted here */
struct oom_path {
	char path[CGROUP_PATH_BYTES + NAME_BYTES]; /* the last may begin anywhere, and is read before it is measured */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct oom_path);
} oom_path SEC(".maps");

/* the node's name to the others; its length with the NUL, 0: it does not fit */
__noinline int kernfs_component(__u64 node, __u64 at)
{
	struct oom_path *made;
	__u32 zero = 0;
	long n;

	made = bpf_map_lookup_elem(&oom_path, &zero);
	if (!made || at >= CGROUP_PATH_BYTES)
		return 0;
	BOUNDED(at);
	n = bpf_probe_read_kernel_str(made->path + at, NAME_BYTES, BPF_CORE_READ((struct kernfs_node *)node, name));
	return n > 0 && at + n <= CGROUP_PATH_BYTES ? n : 0;
}

/* made there, since a function of its own takes no pointer to a record */
static __always_inline void say_path(struct record_oom *record, __u64 node)
{
	struct oom_path *made;
	__u64 at = 0, above;
	__u32 zero = 0;
	int n;

	for (int i = 0; i < MEMCG_DEPTH; i++) {
		above = kernfs_above(node);
		if (!above)
			goto done;
		n = kernfs_component(node, at);
		if (!n)
			break;
		at += n;
		node = above;
	}
	record->flags |= OOM_PATH_CUT;
done:
	made = bpf_map_lookup_elem(&oom_path, &zero);
	if (!made)
		return;
	bpf_probe_read_kernel(record->path, CGROUP_PATH_BYTES, made->path);
	record->path_length = at;
}

/*
 * Whose limit it was: the tightest of the victim's cgroup and those above it, if it
 * is all but reached; else the machine's. mm/memcontrol.c: try_charge_memcg().
 */
static __always_inline void say_scope(struct record_oom *record, struct task_struct *victim)
{
	struct mem_cgroup *memcg = task_memcg(victim);
	struct mem_cgroup___swap *swap;
	struct memcg_full full;

	if (!memcg)
		return;
	memcg_tightest(memcg, &full);
	record->flags |= OOM_HAS_SCOPE;
	if (full.memcg && (full.room < AT_LIMIT_PAGES || full.room < full.limit / 32)) {
		memcg = (void *)full.memcg;
		swap = (void *)memcg;
		record->limit_cgroup = memcg_id(memcg);
		record->usage_pages = full.usage;
		record->limit_pages = full.limit;
		record->swap_usage_pages = BPF_CORE_READ(swap, swap.usage.counter);
		record->swap_limit_pages = BPF_CORE_READ(swap, swap.max);
	}
	say_path(record, (__u64)BPF_CORE_READ(memcg, css.cgroup, kn));
}

static __always_inline void say_oom(struct task_struct *victim, __u32 pid)
{
	struct task_struct *current = (void *)bpf_get_current_task();
	struct record_oom *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	struct rss_sums sums = {};
	struct mm_struct *mm;

	if (!record) {
		count_loss(RECORD_OOM, 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record) - CGROUP_PATH_BYTES);
	fill_head(&record->head, RECORD_OOM, sizeof(*record));
	record->victim.pid = pid;
	record->trigger_pid = BPF_CORE_READ(current, tgid);
	BPF_CORE_READ_STR_INTO(&record->trigger_comm, current, comm);
	if (victim) {
		fill_process(&record->victim, victim);
		say_scope(record, victim);
		record->oom_score_adj = BPF_CORE_READ(victim, signal, oom_score_adj);
		mm = BPF_CORE_READ(victim, mm);
		if (mm) {
			rss_read(mm, &sums);
			record->flags |= OOM_HAS_RSS;
			record->anon_pages = sums.pages[RSS_ANON] > 0 ? sums.pages[RSS_ANON] : 0;
			record->file_pages = sums.pages[RSS_FILE] > 0 ? sums.pages[RSS_FILE] : 0;
			record->shmem_pages = sums.pages[RSS_SHMEM] > 0 ? sums.pages[RSS_SHMEM] : 0;
			record->swap_pages = sums.pages[RSS_SWAP] > 0 ? sums.pages[RSS_SWAP] : 0;
			record->page_table_bytes = BPF_CORE_READ(mm, pgtables_bytes.counter);
			record->total_vm_pages = BPF_CORE_READ(mm, total_vm);
		}
	}
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/mark_victim")
int BPF_PROG(oom_task_tracepoint, struct task_struct *victim)
{
	say_oom(victim, 0);
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(oom_pid_tracepoint, int pid)
{
	say_oom(0, pid);
	return 0;
}
