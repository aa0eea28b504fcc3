// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: a full tmpfs refused. ENOSPC and writes cut short are seen where system
 * calls return, which every call of the machine pays for: attached only while a
 * tmpfs is close to full, or when the user asks.
 */
#include "refused.bpf.h"
#include "syscall.bpf.h"

#define AT_FDCWD (-100)

#if defined(__TARGET_ARCH_arm64)
enum {
	SYS_WRITE = 64,
	SYS_WRITEV = 66,
	SYS_PWRITE = 68,
	SYS_PWRITEV = 70,
	SYS_SENDFILE = 71,
	SYS_SPLICE = 76,
	SYS_COPY_FILE_RANGE = 285,
	SYS_PWRITEV2 = 287,
	SYS_OPENAT = 56,
	SYS_OPENAT2 = 437,
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
	SYS_COPY_FILE_RANGE = 326,
	SYS_PWRITEV2 = 328,
	SYS_OPENAT = 257,
	SYS_OPENAT2 = 437,
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

/* that it did less than it was asked to says nothing: its source may have ended; what it meets next is -ENOSPC */
static __always_inline bool has_source(__s32 call)
{
	return call == SYS_SENDFILE || call == SYS_SPLICE || call == SYS_COPY_FILE_RANGE;
}

static __always_inline bool wish_of_name(struct pt_regs *regs, __s32 call, struct wish *wish)
{
	wish->fd = (__s32)ARG1(regs);
	wish->name = ARG2(regs);
	switch (call) {
	case SYS_OPENAT:
	case SYS_OPENAT2:
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

static __always_inline void refused_name(const struct wish *wish, __s32 call)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct record_refused *record = refused__begin(REFUSED_ENOSPC, call, task);
	long n;

	if (!record)
		return;
	record->flags = REFUSED_BY_NAME;
	record->fd = wish->fd;
	n = wish->name ? bpf_probe_read_user_str(record->path, MAPPED_PATH_BYTES, (void *)wish->name) : 0;
	record->path_length = n > 0 ? n : 0;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
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
	if (result > 0 && (call == SYS_FALLOCATE || has_source(call) || wish.bytes <= (__u64)result))
		return 0;
	if (call_is_compat(regs))
		return 0;
	file = call_file(wish.fd);
	info = file ? tmpfs_of(file) : 0;
	if (!info || (result > 0 && !is_full(info)))
		return 0;
	record = refused__begin(result > 0 ? REFUSED_SHORT : REFUSED_ENOSPC, call, (void *)bpf_get_current_task());
	if (!record)
		return 0;
	record->fd = wish.fd;
	record->wanted_bytes = wish.bytes;
	record->got_bytes = result > 0 ? result : 0;
	refused__describe(record, file);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
	return 0;
}
