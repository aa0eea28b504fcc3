/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mapping of a process at an address, found by reading its tree as it stands. There is bpf_find_vma(),
 * but of two programs that ask on one CPU with interrupts off it refuses the second, and each while another
 * thread of the process changes its mappings: kernel/bpf/mmap_unlock_work.h.
 */
#ifndef PAGETIDE_VMA_BPF_H
#define PAGETIDE_VMA_BPF_H

#include "compat.bpf.h"

#define RB_DEPTH 40    /* a red-black tree of 65,530 mappings is at most 32 deep */
#define MAPLE_DEPTH 12 /* a node has four entries at least, a leaf six: enough for a million mappings */
#define MAPLE_PIVOTS 15
/* lib/maple_tree.c: a node's address has its type in bits 3 to 6; the root's has bit 1 set where it is a node */
#define MAPLE_NODE_MASK 255ULL
#define MAPLE_TYPE(entry) ((entry) >> 3 & 15)
#define MAPLE_ROOT_IS_NODE(entry) (((entry)&3) == 2 && (entry) > 4096)

__u64 vma__maple_step(__u64 entry, __u64 address);

static __always_inline bool vma__holds(struct vm_area_struct *vma, __u64 address)
{
	return address >= BPF_CORE_READ(vma, vm_start) && address < BPF_CORE_READ(vma, vm_end);
}

static __always_inline struct vm_area_struct *vma__in_rb_tree(struct mm_struct___tree *mm, __u64 address)
{
	struct rb_node *node = BPF_CORE_READ(mm, mm_rb.rb_node);

	for (int i = 0; node && i < RB_DEPTH; i++) {
		struct vm_area_struct *vma = (void *)node - bpf_core_field_offset(struct vm_area_struct___tree, vm_rb);

		if (address >= BPF_CORE_READ(vma, vm_end))
			node = BPF_CORE_READ(node, rb_right);
		else if (address >= BPF_CORE_READ(vma, vm_start))
			return vma;
		else
			node = BPF_CORE_READ(node, rb_left);
	}
	return 0;
}

/*
 * A node that is replaced meanwhile still is as it was: it is freed after an RCU grace period, and a
 * tracepoint's program is within one.
 */
static __always_inline struct vm_area_struct *vma__in_maple_tree(struct mm_struct___maple *mm, __u64 address)
{
	__u64 entry = (__u64)BPF_CORE_READ(mm, mm_mt.ma_root);
	bool below = MAPLE_ROOT_IS_NODE(entry);

	for (int i = 0; i < MAPLE_DEPTH && entry && below; i++) {
		below = MAPLE_TYPE(entry) != bpf_core_enum_value(enum maple_type, maple_leaf_64);
		entry = vma__maple_step(entry, address);
	}
	return entry && !below && vma__holds((void *)entry, address) ? (void *)entry : 0;
}

/* of current; 0: none is there, or it is being changed at this moment */
static __always_inline struct vm_area_struct *vma__at(__u64 address)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	void *mm = BPF_CORE_READ(task, mm);
	struct vm_area_struct *vma;

	if (!bpf_core_field_exists(((struct mm_struct___maple *)0)->mm_mt))
		return vma__in_rb_tree(mm, address);
	vma = vma__in_maple_tree(mm, address);
	/* one that was split a moment ago is found by the new root */
	return vma ? vma : vma__in_maple_tree(mm, address);
}

#endif
