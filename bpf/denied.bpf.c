// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: a call failed that wanted huge pages of the hugetlb pool, or to lock memory.
 * Whether that limit was why, the user side judges. Seen where system calls return,
 * which every call of the machine pays for: attached only where a pool is configured,
 * or when the user asks.
 */
#include "denied.bpf.h"
#include "syscall.bpf.h"

#define EPERM 1
#define EAGAIN 11
#define ENOMEM 12
#define ENOSPC 28

#define MAP_ANONYMOUS 0x20
#define MAP_LOCKED 0x2000
#define MAP_HUGETLB 0x40000
#define SHM_HUGETLB 04000
#define HUGE_SHIFT 26 /* of the page size's logarithm in the flags of mmap and shmget */
#define HUGE_MASK 0x3f
#define MCL_CURRENT 1
#define SHM_LOCK 11
#define VM_LOCKED 0x2000

#define URING_REGISTER_BUFFERS 0
#define BUFFERS_MOST 16
enum { BPF_MAP_CREATE = 0, BPF_PROG_LOAD = 5 };

#if defined(__TARGET_ARCH_arm64)
enum {
	SYS_SHMGET = 194,
	SYS_SHMCTL = 195,
	SYS_MLOCK = 228,
	SYS_MLOCK2 = 284,
	SYS_MLOCKALL = 230,
	SYS_BPF = 280,
};
#else
enum {
	SYS_SHMGET = 29,
	SYS_SHMCTL = 31,
	SYS_MLOCK = 149,
	SYS_MLOCK2 = 325,
	SYS_MLOCKALL = 151,
	SYS_BPF = 321,
};
#endif
enum { SYS_IO_URING_REGISTER = 427 };

struct wish {
	__u64 address, bytes, page_bytes;
};

static __always_inline __u64 page_bytes_of(__u64 flags)
{
	__u64 shift = (flags >> HUGE_SHIFT) & HUGE_MASK;

	return shift ? 1ULL << shift : 0;
}

/* huge pages that a call asked for */
static __always_inline bool wish_of_pool(struct pt_regs *regs, __s32 call, long error, struct wish *wish)
{
	struct file *file = 0;

	wish->bytes = ARG2(regs);
	if (call == SYS_SHMGET) {
		wish->page_bytes = page_bytes_of(ARG3(regs));
		return error == -ENOMEM && ARG3(regs) & SHM_HUGETLB;
	}
	if (call == SYS_FALLOCATE) {
		wish->bytes = ARG4(regs);
		file = call_file((__s32)ARG1(regs));
	} else if (call != SYS_MMAP || error != -ENOMEM) {
		return false;
	} else if (ARG4(regs) & MAP_ANONYMOUS) {
		wish->page_bytes = page_bytes_of(ARG4(regs));
		return ARG4(regs) & MAP_HUGETLB;
	} else {
		file = call_file((__s32)ARG5(regs));
	}
	wish->page_bytes = file ? pool_page_bytes(file) : 0;
	return wish->page_bytes;
}

/* of an array of iovec; of a long one what is at its beginning */
static __always_inline __u64 buffers_bytes(__u64 array, __u64 count)
{
	struct {
		__u64 address, bytes;
	} buffer;
	__u64 bytes = 0;

	for (__u32 i = 0; i < BUFFERS_MOST; i++) {
		if (i >= count || bpf_probe_read_user(&buffer, sizeof(buffer), (void *)(array + i * sizeof(buffer))))
			break;
		bytes += buffer.bytes;
	}
	return bytes;
}

/* memory that a call wanted to lock */
static __always_inline bool wish_of_lock(struct pt_regs *regs, __s32 call, long error, struct wish *wish)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	wish->address = ARG1(regs);
	wish->bytes = ARG2(regs);
	switch (call) {
	case SYS_MLOCK:
	case SYS_MLOCK2:
		return true;
	case SYS_MLOCKALL:
		wish->address = wish->bytes = 0;
		return ARG1(regs) & MCL_CURRENT || error == -EPERM;
	case SYS_SHMCTL:
		wish->address = wish->bytes = 0;
		return (__s32)ARG2(regs) == SHM_LOCK;
	case SYS_MMAP:
		wish->address = 0;
		return ARG4(regs) & MAP_LOCKED || (error == -EAGAIN && BPF_CORE_READ(task, mm, def_flags) & VM_LOCKED);
	case SYS_MREMAP:
		wish->bytes = ARG3(regs) - ARG2(regs);
		wish->address = 0;
		return error == -EAGAIN && ARG3(regs) > ARG2(regs);
	case SYS_IO_URING_REGISTER:
		wish->address = 0;
		wish->bytes = ARG2(regs) == URING_REGISTER_BUFFERS ? buffers_bytes(ARG3(regs), ARG4(regs)) : 0;
		return error == -ENOMEM && wish->bytes;
	}
	return false;
}

/* up to 5.10 a map or program counts as locked memory, of root too: bpf_charge_memlock(); who has the right to make
 * one is refused by nothing else */
static __always_inline bool is_bpf_limited(struct pt_regs *regs, __s32 call, long error)
{
	return call == SYS_BPF && error == -EPERM && bpf_core_field_exists(((struct bpf_map___charged *)0)->memory) &&
	       capabilities() & (1ULL << CAP_SYS_ADMIN | 1ULL << CAP_BPF) &&
	       (ARG1(regs) == BPF_MAP_CREATE || ARG1(regs) == BPF_PROG_LOAD);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(denied_tracepoint, struct pt_regs *regs, long result)
{
	struct record_denied *record;
	struct wish wish = {};
	__u16 what = 0;
	__s32 call;

	if (result != -ENOMEM && result != -EAGAIN && result != -EPERM && result != -ENOSPC)
		return 0;
	call = CALL(regs);
	if ((result == -ENOMEM || result == -ENOSPC) && wish_of_pool(regs, call, result, &wish)) {
		what = DENIED_HUGETLB;
	} else if (is_bpf_limited(regs, call, result)) {
		wish = (struct wish){};
		what = DENIED_USER_LOCK;
	} else if (result != -ENOSPC && wish_of_lock(regs, call, result, &wish) &&
		   !(capabilities() >> CAP_IPC_LOCK & 1)) {
		wish.page_bytes = 0;
		what = call == SYS_IO_URING_REGISTER ? DENIED_USER_LOCK : DENIED_MEMLOCK;
	}
	if (!what || call_is_compat(regs))
		return 0;
	record = denied__begin(what, call);
	if (!record)
		return 0;
	record->error = -result;
	record->address = wish.address;
	record->length_bytes = wish.bytes;
	record->page_bytes = wish.page_bytes;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
	return 0;
}
