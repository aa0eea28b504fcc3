// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: a fault in a mapping of a full tmpfs, or of a pool without a huge page left,
 * which ends in SIGBUS with BUS_ADRERR: mm/memory.c do_fault(), mm/shmem.c,
 * mm/hugetlb.c. Seen where the signal is sent, so no fault pays for it.
 */
#include "denied.bpf.h"
#include "refused.bpf.h"
#include "vma.bpf.h"

#define SIGBUS 7
#define BUS_ADRERR 2
#define SI_ADDRESS 16 /* si_addr in siginfo: include/uapi/asm-generic/siginfo.h */

/* of a node of the tree: the entry for that address; a function of its own, which the verifier walks once */
__noinline __u64 vma__maple_step(__u64 entry, __u64 address)
{
	void *node = (void *)(entry & ~MAPLE_NODE_MASK), *pivots, *slots;
	struct maple_range_64 *range = node;
	struct maple_arange_64 *arange = node;
	__u64 pivot[MAPLE_PIVOTS] = {};
	__u32 end;

	/* verified by itself, also where the program does not come here */
	if (!bpf_core_type_exists(struct maple_range_64))
		return 0;
	if (MAPLE_TYPE(entry) == bpf_core_enum_value(enum maple_type, maple_arange_64)) {
		pivots = node + bpf_core_field_offset(arange->pivot);
		slots = node + bpf_core_field_offset(arange->slot);
		end = BPF_CORE_READ(arange, meta.end);
		bpf_probe_read_kernel(pivot, bpf_core_field_size(arange->pivot), pivots);
	} else {
		pivots = node + bpf_core_field_offset(range->pivot);
		slots = node + bpf_core_field_offset(range->slot);
		bpf_probe_read_kernel(pivot, sizeof(pivot), pivots);
		/* a full node has its last entry where the others say how many there are */
		end = pivot[MAPLE_PIVOTS - 1] ? MAPLE_PIVOTS : BPF_CORE_READ(range, meta.end);
	}
	for (__u32 i = 0; i < MAPLE_PIVOTS; i++) {
		if (i >= end || pivot[i] >= address)
			break;
		slots += sizeof(entry);
	}
	if (bpf_probe_read_kernel(&entry, sizeof(entry), slots))
		return 0;
	return entry;
}

/* the address of a fault that no page could be had for; 0: it is another signal */
static __always_inline __u64 refused_address(int sig, struct kernel_siginfo *info)
{
	__u64 address = 0;
	int code = 0;

	if (sig != SIGBUS || (__u64)as_number(info) < 4096)
		return 0; /* SEND_SIG_NOINFO, SEND_SIG_PRIV: sent by someone */
	bpf_probe_read_kernel(&code, sizeof(code), &info->si_code);
	if (code != BUS_ADRERR)
		return 0;
	bpf_probe_read_kernel(&address, sizeof(address), (void *)as_number(info) + SI_ADDRESS);
	return address;
}

static __always_inline void denied_fault(__u64 page_bytes, __u64 address)
{
	struct record_denied *record = denied__begin(DENIED_HUGETLB, -1);

	if (!record)
		return;
	record->address = address;
	record->length_bytes = record->page_bytes = page_bytes;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/signal_generate")
int BPF_PROG(sigbus_tracepoint, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	__u64 address = refused_address(sig, info);
	struct record_refused *record;
	struct vm_area_struct *vma;
	struct file *file;
	__u64 page_bytes;

	if (!address)
		return 0;
	vma = vma__at(address);
	file = BPF_CORE_READ(vma, vm_file);
	page_bytes = file ? pool_page_bytes(file) : 0;
	if (page_bytes && pool_is_empty(file)) /* else: beyond the end of its file */
		denied_fault(page_bytes, address);
	if (!file || !tmpfs_of(file))
		return 0;
	record = refused__begin(REFUSED_SIGBUS, -1, (void *)bpf_get_current_task());
	if (!record)
		return 0;
	record->address = address;
	record->fd = -1;
	refused__describe(record, file);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
	return 0;
}
