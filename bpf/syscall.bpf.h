/* SPDX-License-Identifier: GPL-2.0-only */
/* A system call at its exit: its number and arguments are still in the registers. */
#ifndef PAGETIDE_SYSCALL_BPF_H
#define PAGETIDE_SYSCALL_BPF_H

#include "compat.bpf.h"

#define TS_COMPAT 2         /* arch/x86/include/asm/thread_info.h */
#define PSR_MODE32_BIT 0x10 /* arch/arm64/include/uapi/asm/ptrace.h */

#if defined(__TARGET_ARCH_arm64)
#define CALL(regs) ((__s32)(regs)->syscallno)
#define ARG1(regs) ((regs)->orig_x0)
#define ARG2(regs) ((regs)->user_regs.regs[1])
#define ARG3(regs) ((regs)->user_regs.regs[2])
#define ARG4(regs) ((regs)->user_regs.regs[3])
#define ARG5(regs) ((regs)->user_regs.regs[4])
/* numbers that more than one program looks for */
enum { SYS_FALLOCATE = 47, SYS_MREMAP = 216, SYS_MMAP = 222 };
#else
#define CALL(regs) ((__s32)(regs)->orig_ax)
#define ARG1(regs) ((regs)->di)
#define ARG2(regs) ((regs)->si)
#define ARG3(regs) ((regs)->dx)
#define ARG4(regs) ((regs)->r10)
#define ARG5(regs) ((regs)->r8)
enum { SYS_MMAP = 9, SYS_MREMAP = 25, SYS_FALLOCATE = 285 };
#endif

/* a call of a 32-bit program: its numbers and arguments mean something else */
static __always_inline bool call_is_compat(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	return regs->user_regs.pstate & PSR_MODE32_BIT;
#else
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#endif
}

/* the caller's open file; 0: none has that descriptor */
static __always_inline struct file *call_file(__s64 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file **fds = BPF_CORE_READ(task, files, fdt, fd), *file = 0;

	if (fd < 0 || fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

#endif
