// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: address space is mapped and unmapped. One program on sys_exit, which every
 * system call of the machine then pays for: attached only while someone asks for
 * these events. At the exit the arguments are still in the registers.
 */
#include "record.bpf.h"
#include "path.bpf.h"
#include "syscall.bpf.h"

#define MAP_SHARED 1
#define MAP_ANONYMOUS 0x20
#define ERRORS_FROM (-4095L)

#if defined(__TARGET_ARCH_arm64)
enum { SYS_BRK = 214, SYS_MUNMAP = 215 };
#else
enum { SYS_MUNMAP = 11, SYS_BRK = 12 };
#endif

/* a process's heap, and where it ended when it was last told: small steps add up */
struct heap {
	__u64 start; /* another one is another program's */
	__u64 told;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct heap);
} heaps SEC(".maps");

static __always_inline void describe_file(struct record_map *record, int fd)
{
	struct file *file = call_file(fd);
	struct inode *inode;
	__u16 flags;

	if (!file)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	record->ino = BPF_CORE_READ(inode, i_ino);
	record->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	record->kind = BPF_CORE_READ(inode, i_sb, s_magic) == TMPFS_MAGIC ? MAP_KIND_SHMEM : MAP_KIND_FILE;
	record->path_length = leaf_name(BPF_CORE_READ(file, f_path.dentry), record->path, &flags);
}

/* what a call did: filled from the registers by the program, told by say_map() */
struct call {
	__u64 address, length_bytes;
	__s64 change_bytes;
	int fd;
	__u8 op, kind;
};

static __always_inline int say_map(const struct call *call)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct record_map *record;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_MAP, 1);
		return 0;
	}
	fill_head(&record->head, RECORD_MAP, sizeof(*record));
	fill_process(&record->process, task);
	record->address = call->address;
	record->length_bytes = call->length_bytes;
	record->change_bytes = call->change_bytes;
	record->ino = 0;
	record->dev = 0;
	record->op = call->op;
	record->kind = call->kind;
	record->path_length = 0;
	if (call->op == MAP_OP_MMAP && call->kind == MAP_KIND_FILE)
		describe_file(record, call->fd);
	bpf_ringbuf_submit(record, ring_flags());
	return 0;
}

static __always_inline void meet_heap(struct task_struct *task, __u32 pid)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct heap heap = { BPF_CORE_READ(mm, start_brk), BPF_CORE_READ(mm, brk) };

	bpf_map_update_elem(&heaps, &pid, &heap, BPF_ANY);
}

/* at the exit of brk(2) what was before is gone: a program's first call, a query, and a fork tell it */
static __always_inline bool heap_moved(struct task_struct *task, struct call *call)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 start = BPF_CORE_READ(mm, start_brk), end = BPF_CORE_READ(mm, brk);
	struct heap *heap;
	__s64 change;

	heap = bpf_map_lookup_elem(&heaps, &pid);
	if (!heap || heap->start != start) {
		meet_heap(task, pid);
		return false;
	}
	change = end - heap->told;
	if (!change || (change < (__s64)knob_map_bytes && -change < (__s64)knob_map_bytes))
		return false;
	heap->told = end;
	call->address = start;
	call->length_bytes = end - start;
	call->change_bytes = change;
	call->kind = MAP_KIND_HEAP;
	return true;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(map_tracepoint, struct pt_regs *regs, long result)
{
	struct task_struct *task;
	struct call call = {};
	__s32 nr = CALL(regs);
	__u64 before, after;

	if (nr != SYS_MMAP && nr != SYS_MUNMAP && nr != SYS_BRK && nr != SYS_MREMAP)
		return 0;
	if (result >= ERRORS_FROM && result < 0)
		return 0;
	task = (void *)bpf_get_current_task();
	if (call_is_compat(regs) || (knob_follow && !is_followed(bpf_get_current_pid_tgid() >> 32)))
		return 0;
	call.address = result;
	call.length_bytes = ARG2(regs);
	if (nr == SYS_BRK) {
		call.op = MAP_OP_BRK;
		if (!heap_moved(task, &call))
			return 0;
	} else if (nr == SYS_MUNMAP) {
		call.op = MAP_OP_MUNMAP;
		call.address = ARG1(regs);
		call.change_bytes = -(__s64)call.length_bytes;
	} else if (nr == SYS_MREMAP) {
		before = ARG2(regs);
		after = ARG3(regs);
		call.op = MAP_OP_MREMAP;
		call.length_bytes = after;
		call.change_bytes = after - before;
	} else {
		call.op = MAP_OP_MMAP;
		call.change_bytes = call.length_bytes;
		call.fd = ARG5(regs);
		if (!(ARG4(regs) & MAP_ANONYMOUS))
			call.kind = MAP_KIND_FILE;
		else
			call.kind = ARG4(regs) & MAP_SHARED ? MAP_KIND_SHMEM : MAP_KIND_ANON;
	}
	if (call.length_bytes < knob_map_bytes && call.op != MAP_OP_BRK)
		return 0;
	return say_map(&call);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(map_fork_tracepoint, struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = child->tgid;

	if (child->pid == child->tgid && child->mm)
		meet_heap(child, pid);
	return 0;
}

/* the heap that a process told of goes with its last thread, which need not be the leader */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(map_exit_tracepoint, struct task_struct *task)
{
	__u32 pid = task->tgid;

	if (!BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&heaps, &pid);
	return 0;
}
