/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that pagetide reads, declared by hand: only the fields used.
 * CO-RE moves every access to where the running kernel has the field, so neither
 * order nor size matters here. Shapes that changed between kernels are flavors
 * (name___what) and live in bpf/compat.bpf.h with the commit that changed them.
 *
 * Checked against the BTF of Debian's 5.10, 6.1, 6.12, 6.16, 7.0 and 7.3 cloud
 * kernels, arm64's 6.12 and 7.3, and a 6.18 of our own: tools/check-types compares
 * this file with a BTF.
 */
#ifndef __VMLINUX_H__ /* the name that bpf_tracing.h looks for */
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef _Bool bool;
typedef int pid_t;
typedef unsigned int gfp_t;
typedef unsigned int uid_t;

enum { false = 0, true = 1 };

/* from <uapi/linux/bpf.h>: only what the programs pass to helpers */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1024 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0, BPF_RB_RING_SIZE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;
typedef struct {
	long counter;
} atomic_long_t;
typedef struct {
	uid_t val;
} kuid_t;
typedef struct {
	u64 val;
} kernel_cap_t;

struct hlist_node {
	struct hlist_node *next, **pprev;
};
struct list_head {
	struct list_head *next;
};

struct hlist_head {
	struct hlist_node *first;
};
struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

#if defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0;
	__s32 syscallno;
};
#else
struct pt_regs {
	unsigned long r10, r8, ax, dx, si, di, orig_ax;
};
#endif

/* files and the page cache */
struct qstr {
	u64 hash_len;
	const unsigned char *name;
};
struct inode;
struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	union {
		struct hlist_node d_alias;
	} d_u;
};
struct super_block {
	unsigned int s_dev;
	unsigned long s_blocksize;
	unsigned long s_magic;
	void *s_fs_info;
};
typedef struct spinlock {
	int lock; /* really a struct; only its first four bytes are read */
} spinlock_t;
struct xarray {
	spinlock_t xa_lock;
	void *xa_head;
};
struct xa_node {
	void *slots[64];
};
struct address_space {
	struct inode *host;
	struct xarray i_pages;
	unsigned long nrpages;
};
struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	struct super_block *i_sb;
	struct address_space *i_mapping;
	unsigned long i_ino;
	unsigned int i_nlink;
	long long i_size;
	struct hlist_head i_dentry;
};
struct path {
	struct dentry *dentry;
};
struct file {
	struct inode *f_inode;
	struct path f_path;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
/* io_uring: a request, and what some operations keep at its beginning */
struct io_cqe {
	__s32 res;
};
struct io_kiocb {
	struct file *file;
	unsigned char opcode;
	struct io_cqe cqe;
};
struct io_rw {
	__u32 len;
};
struct io_sync {
	long long len;
};
struct io_splice {
	u64 len;
};
struct hstate {
	unsigned long free_huge_pages, resv_huge_pages;
};
struct hugetlbfs_sb_info {
	struct hstate *hstate;
};
struct shmem_inode_info {
	unsigned long swapped;
	struct inode vfs_inode;
};
struct percpu_counter {
	s64 count;
	__s32 *counters;
};
struct shmem_sb_info {
	unsigned long max_blocks;
	struct percpu_counter used_blocks;
	unsigned long max_inodes;
};
struct page {
	unsigned long flags;
	struct address_space *mapping;
};
struct folio {
	unsigned long flags;
	struct address_space *mapping;
	unsigned long memcg_data;
};

enum pageflags { PG_head = 16 };
enum node_stat_item { NR_ANON_MAPPED = 17, NR_FILE_PAGES = 19, NR_SHMEM = 22 };

/* cgroups */
struct kernfs_node {
	const char *name;
	u64 id;
};
struct cgroup;
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[16];
};
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id { memory_cgrp_id = 4 };
struct page_counter {
	atomic_long_t usage;
	unsigned long max, high, watermark;
	struct page_counter *parent;
};
struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
};
/* a union within mem_cgroup: swap (v2), memsw (v1) */
struct mem_cgroup___swap {
	struct page_counter swap;
};
struct obj_cgroup {
	struct mem_cgroup *memcg;
};

/* tasks */
struct rb_node {
	struct rb_node *rb_right, *rb_left;
};
struct rb_root {
	struct rb_node *rb_node;
};
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct file *vm_file;
};
struct mm_struct {
	unsigned long hiwater_rss, total_vm, locked_vm;
	unsigned long start_brk, brk;
	unsigned long def_flags;
	atomic_long_t pgtables_bytes;
	struct percpu_counter rss_stat[4];
};
struct rlimit {
	unsigned long rlim_cur;
};
struct signal_struct {
	struct rlimit rlim[16];
	unsigned long maxrss;
	int group_exit_code;
	atomic_t live;
	short oom_score_adj;
};
struct user_struct {
	atomic_long_t locked_vm;
};
struct user_namespace {
	int level;
};
struct cred {
	kuid_t uid;
	kernel_cap_t cap_effective;
	struct user_struct *user;
	struct user_namespace *user_ns;
};
struct upid {
	int nr;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
struct thread_info {
	u32 status; /* x86: TS_COMPAT */
};
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid, tgid;
	int exit_code;
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct files_struct *files;
	struct css_set *cgroups;
	const struct cred *cred;
	u64 start_boottime;
	char comm[16];
};
struct kernel_siginfo {
	int si_code;
};
struct linux_binprm {
	const char *filename;
};

/* iterators */
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};
struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};
struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
};
enum bpf_func_id___task_btf { BPF_FUNC_get_current_task_btf = 158 };
enum bpf_func_id___percpu { BPF_FUNC_map_lookup_percpu_elem = 195 };
struct bpf_array {
	void *pptrs[1];
};

#pragma clang attribute pop

/* what bpf_tracing.h asks of a raw tracepoint's context */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

#endif
