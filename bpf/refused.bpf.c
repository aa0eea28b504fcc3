// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: a full tmpfs refused. ENOSPC and writes cut short are seen where system
 * calls return, which every call of the machine pays for: attached only while a
 * tmpfs is close to full, or when the user asks. A fault in a mapping of a full
 * tmpfs ends in SIGBUS with BUS_ADRERR: mm/memory.c do_fault(), mm/shmem.c.
 */
#include "books.bpf.h"
#include "path.bpf.h"
#include "shmem.bpf.h"
#include "syscall.bpf.h"

#define ENOSPC 28
#define SIGBUS 7
#define BUS_ADRERR 2
#define SI_ADDRESS 16 /* si_addr in siginfo: include/uapi/asm-generic/siginfo.h */
#define AT_FDCWD (-100)
#define TREE_DEPTH 40 /* a red-black tree of 65,530 mappings is at most 32 deep */

#if defined(__TARGET_ARCH_arm64)
enum {
	SYS_WRITE = 64,
	SYS_WRITEV = 66,
	SYS_PWRITE = 68,
	SYS_PWRITEV = 70,
	SYS_SENDFILE = 71,
	SYS_SPLICE = 76,
	SYS_FALLOCATE = 47,
	SYS_COPY_FILE_RANGE = 285,
	SYS_PWRITEV2 = 287,
	SYS_OPENAT = 56,
	SYS_MKDIRAT = 34,
	SYS_MKNODAT = 33,
	SYS_SYMLINKAT = 36,
	SYS_LINKAT = 37,
};
#else
enum {
	SYS_WRITE = 1,
	SYS_WRITEV = 20,
	SYS_PWRITE = 18,
	SYS_PWRITEV = 296,
	SYS_SENDFILE = 40,
	SYS_SPLICE = 275,
	SYS_FALLOCATE = 285,
	SYS_COPY_FILE_RANGE = 326,
	SYS_PWRITEV2 = 328,
	SYS_OPENAT = 257,
	SYS_MKDIRAT = 258,
	SYS_MKNODAT = 259,
	SYS_SYMLINKAT = 266,
	SYS_LINKAT = 265,
	SYS_OPEN = 2,
	SYS_CREAT = 85,
	SYS_MKDIR = 83,
	SYS_MKNOD = 133,
	SYS_SYMLINK = 88,
	SYS_LINK = 86,
};
#endif

/* what a call wanted: of which descriptor, or under which name */
struct wish {
	__s64 fd;
	__u64 bytes;
	__u64 name; /* user address; 0: none */
};

static __always_inline bool wish_of_write(struct pt_regs *regs, __s32 call, struct wish *wish)
{
	wish->fd = (__s32)ARG1(regs);
	switch (call) {
	case SYS_WRITE:
	case SYS_PWRITE:
		wish->bytes = ARG3(regs);
		return true;
	case SYS_WRITEV:
	case SYS_PWRITEV:
	case SYS_PWRITEV2:
		return true; /* how much is in its vector: not known */
	case SYS_FALLOCATE:
	case SYS_SENDFILE:
		wish->bytes = ARG4(regs);
		return true;
	case SYS_SPLICE:
	case SYS_COPY_FILE_RANGE:
		wish->fd = (__s32)ARG3(regs);
		wish->bytes = ARG5(regs);
		return true;
	}
	return false;
}

static __always_inline bool wish_of_name(struct pt_regs *regs, __s32 call, struct wish *wish)
{
	wish->fd = (__s32)ARG1(regs);
	wish->name = ARG2(regs);
	switch (call) {
	case SYS_OPENAT:
	case SYS_MKDIRAT:
	case SYS_MKNODAT:
		return true;
	case SYS_SYMLINKAT:
		wish->fd = (__s32)ARG2(regs);
		wish->name = ARG3(regs);
		return true;
	case SYS_LINKAT:
		wish->fd = (__s32)ARG3(regs);
		wish->name = ARG4(regs);
		return true;
	}
#if !defined(__TARGET_ARCH_arm64)
	wish->fd = AT_FDCWD;
	if (call == SYS_OPEN || call == SYS_CREAT || call == SYS_MKDIR || call == SYS_MKNOD) {
		wish->name = ARG1(regs);
		return true;
	}
	if (call == SYS_SYMLINK || call == SYS_LINK)
		return true;
#endif
	return false;
}

static __always_inline struct shmem_sb_info *tmpfs_of(struct file *file)
{
	struct super_block *sb = BPF_CORE_READ(file, f_inode, i_sb);

	return BPF_CORE_READ(sb, s_magic) == TMPFS_MAGIC ? BPF_CORE_READ(sb, s_fs_info) : 0;
}

static __always_inline struct record_refused *begin_record(__u16 what, __s32 call)
{
	struct record_refused *record;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_REFUSED, 1);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record) - MAPPED_PATH_BYTES);
	fill_head(&record->head, RECORD_REFUSED, sizeof(*record));
	fill_process(&record->process, (void *)bpf_get_current_task());
	record->what = what;
	record->call = call;
	record->path[0] = 0;
	return record;
}

static __always_inline void describe_file(struct record_refused *record, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct shmem_sb_info *info = tmpfs_of(file);
	__u64 mapping = (__u64)BPF_CORE_READ(inode, i_mapping);
	__u32 *index = bpf_map_lookup_elem(&file_index, &mapping);
	__u16 flags = 0;

	record->ino = BPF_CORE_READ(inode, i_ino);
	record->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	record->file = index ? *index : FILE_NONE;
	record->limit_blocks = BPF_CORE_READ(info, max_blocks);
	record->used_blocks = shmem_used_blocks(info);
	record->limit_inodes = BPF_CORE_READ(info, max_inodes);
	record->free_inodes = shmem_free_inodes(info);
	record->path_length = leaf_name(BPF_CORE_READ(file, f_path.dentry), record->path, &flags);
	if (flags & PATH_CUT)
		record->flags |= REFUSED_PATH_CUT;
}

static __always_inline void refused_name(const struct wish *wish, __s32 call)
{
	struct record_refused *record = begin_record(REFUSED_ENOSPC, call);
	long n;

	if (!record)
		return;
	record->flags = REFUSED_BY_NAME;
	record->fd = wish->fd;
	n = wish->name ? bpf_probe_read_user_str(record->path, MAPPED_PATH_BYTES, (void *)wish->name) : 0;
	record->path_length = n > 0 ? n : 0;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

static __always_inline bool is_full(struct shmem_sb_info *info)
{
	__u64 limit = BPF_CORE_READ(info, max_blocks);

	return limit && shmem_used_blocks(info) >= limit;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(enospc_tracepoint, struct pt_regs *regs, long result)
{
	struct record_refused *record;
	struct shmem_sb_info *info;
	struct wish wish = {};
	struct file *file;
	__s32 call;

	if (result != -ENOSPC && result <= 0)
		return 0;
	call = CALL(regs);
	if (!wish_of_write(regs, call, &wish)) {
		if (result == -ENOSPC && !call_is_compat(regs) && wish_of_name(regs, call, &wish))
			refused_name(&wish, call);
		return 0;
	}
	if (result > 0 && (call == SYS_FALLOCATE || wish.bytes <= (__u64)result))
		return 0;
	if (call_is_compat(regs))
		return 0;
	file = call_file(wish.fd);
	info = file ? tmpfs_of(file) : 0;
	if (!info || (result > 0 && !is_full(info)))
		return 0;
	record = begin_record(result > 0 ? REFUSED_SHORT : REFUSED_ENOSPC, call);
	if (!record)
		return 0;
	record->fd = wish.fd;
	record->wanted_bytes = wish.bytes;
	record->got_bytes = result > 0 ? result : 0;
	describe_file(record, file);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
	return 0;
}

struct fault {
	struct file *file;
};

static long vma_found(struct task_struct *task, struct vm_area_struct *vma, struct fault *fault)
{
	fault->file = BPF_CORE_READ(vma, vm_file);
	return 0;
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

static __always_inline int refused_fault(__u64 address, struct file *file)
{
	struct record_refused *record;

	if (!file || !tmpfs_of(file))
		return 0;
	record = begin_record(REFUSED_SIGBUS, -1);
	if (!record)
		return 0;
	record->address = address;
	record->fd = -1;
	describe_file(record, file);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(sigbus_tracepoint, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	static long (*const find_vma)(struct task_struct *, __u64, void *, void *, __u64) = (void *)BPF_FUNC_find_vma;
	__u64 address = refused_address(sig, info);
	struct fault fault = {};

	if (!address)
		return 0;
	find_vma(bpf_get_current_task_btf(), address, vma_found, &fault, 0);
	return refused_fault(address, fault.file);
}

/* where there is no find_vma() yet, mappings are still in a tree that can be walked */
SEC("tp_btf/signal_generate")
int BPF_PROG(sigbus_tree_tracepoint, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct task_struct *current = (void *)bpf_get_current_task();
	__u64 address = refused_address(sig, info);
	struct mm_struct___tree *mm;
	struct rb_node *node;

	if (!address)
		return 0;
	mm = (void *)BPF_CORE_READ(current, mm);
	node = BPF_CORE_READ(mm, mm_rb.rb_node);
	for (int i = 0; node && i < TREE_DEPTH; i++) {
		struct vm_area_struct *vma = (void *)node - bpf_core_field_offset(struct vm_area_struct___tree, vm_rb);

		if (address >= BPF_CORE_READ(vma, vm_end))
			node = BPF_CORE_READ(node, rb_right);
		else if (address >= BPF_CORE_READ(vma, vm_start))
			return refused_fault(address, BPF_CORE_READ(vma, vm_file));
		else
			node = BPF_CORE_READ(node, rb_left);
	}
	return 0;
}
