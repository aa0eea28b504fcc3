/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel offers, asked of the thing itself: of its BTF, or by a
 * trial. Never of its version. Answers are cached where they cost something.
 */
#ifndef PAGETIDE_KERNEL_H
#define PAGETIDE_KERNEL_H

#include <stdbool.h>

struct kernel;

/*
 * Loads the kernel's BTF. 0; -ENOENT: the kernel has none (CONFIG_DEBUG_INFO_BTF);
 * another -errno. Close with kernel__close, which takes NULL. libbpf's own words
 * are shown only when verbose.
 */
int kernel__open(struct kernel **kernel, bool verbose);
void kernel__close(struct kernel *kernel);

const char *kernel__release(void); /* "6.18.44", as uname -r has it */

bool kernel__has_function(struct kernel *kernel, const char *name);
/* the number of its parameters, or -ENOENT */
int kernel__function_arguments(struct kernel *kernel, const char *name);
bool kernel__has_tracepoint(struct kernel *kernel, const char *name);
/* the number of its arguments, or -ENOENT */
int kernel__tracepoint_arguments(struct kernel *kernel, const char *name);
/* whether argument `index` (from 0) of the tracepoint is a pointer, or one to a struct */
bool kernel__tracepoint_takes_pointer(struct kernel *kernel, const char *name, int index);
bool kernel__tracepoint_takes_struct(struct kernel *kernel, const char *name, int index);
/* a BPF iterator: "task", "task_vma", "cgroup", … */
bool kernel__has_iterator(struct kernel *kernel, const char *name);
/* a struct's own field, not one of a struct within */
bool kernel__has_field(struct kernel *kernel, const char *type, const char *field);

/* Trials: load and attach an empty program, detach it. 0 or -errno (-EPERM: lockdown). */
int kernel__try_fexit(struct kernel *kernel, const char *function);
int kernel__try_kprobe(struct kernel *kernel, const char *function);
int kernel__try_tracepoint(struct kernel *kernel, const char *name);

/*
 * Whether a task may be preempted within the kernel (CONFIG_PREEMPT, PREEMPT_LAZY or PREEMPT_RT, or preempt=full or
 * lazy where that is chosen at the start; sched_dynamic_show(), kernel/sched/debug.c); true too where it does not tell.
 * Then a program that a BPF trampoline runs (fentry, fexit) can be skipped: while a task is off its CPU within the
 * program, others on that CPU do not enter it (bpf_prog_get_recursion_context(), recursion_misses).
 */
bool kernel__is_preemptible(void);

/* the lockdown mode in force, "none" when that is off or not built in */
const char *kernel__lockdown(void);

#endif
