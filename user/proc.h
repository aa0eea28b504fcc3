/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes out of /proc, for kernels and rights that do not allow the BPF iterators.
 * Parsers take buffers and do no I/O; the readers below them are thin and take a root that can be
 * replaced (tests, a /proc mounted elsewhere).
 *
 * Kernel: fs/proc/array.c (do_task_stat, proc_pid_status), fs/proc/task_mmu.c (task_mem),
 * fs/proc/base.c (proc_pid_cmdline_ops), kernel/cgroup/cgroup.c (proc_cgroup_show).
 */
#ifndef PAGETIDE_USER_PROC_H
#define PAGETIDE_USER_PROC_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "parse.h"

#define PROC_COMM_MAX 64 /* proc_task_name(): workqueue workers show more than TASK_COMM_LEN */
#define PROC_CMDLINE_MAX 1024
#define PROC_CGROUP_MAX 4096

struct proc_stat {
	pid_t pid; /* the thread group's, when read from /proc/PID */
	pid_t ppid;
	char comm[PROC_COMM_MAX];
	char state;           /* R S D Z T t X I ... */
	bool kernel_thread;   /* PF_KTHREAD */
	uint64_t start_ticks; /* field 22: since boot, in ticks of sysconf(_SC_CLK_TCK) */
};

/* All in bytes. Kernel threads and zombies have no mm and so none of the figures. */
struct proc_status {
	struct parse_figure tgid, ppid;                                  /* numbers */
	struct parse_figure uid;                                         /* the real user id */
	struct parse_figure virtual_bytes, locked_bytes, peak_rss_bytes; /* VmSize VmLck VmHWM */
	struct parse_figure anon_bytes, file_bytes, shmem_bytes;         /* RssAnon RssFile RssShmem */
	struct parse_figure page_tables_bytes, swap_bytes;               /* VmPTE VmSwap */
};

struct proc_cgroup {
	char path[PROC_CGROUP_MAX]; /* as the kernel shows it to us; may start with /../ */
	int version;                /* 1: the v1 memory hierarchy; 2: the unified one */
	bool deleted;               /* the cgroup has been removed ("(deleted)" is cut off the path) */
};

/* (stat.pid, stat.start_ticks) is the identity: a pid alone is used again. */
struct proc_process {
	struct proc_stat stat;
	uint64_t start_ns; /* since boot, whole ticks: CLOCK_BOOTTIME rounded down to a tick */
	struct proc_status status;
	bool has_cmdline; /* false for kernel threads and zombies */
	char cmdline[PROC_CMDLINE_MAX];
	bool has_cgroup;
	struct proc_cgroup cgroup;
};

/*
 * Parsers. 0, or -EINVAL when the text is not such a file or is cut before what is needed, or
 * -ERANGE when a needed number does not fit; *out is zeroed first and on failure.
 */

/* The command name may hold anything, ") R 1 (" too: it ends at the last ')'. */
int proc__parse_stat(const char *buf, size_t len, struct proc_stat *out);

/* Never fails: each figure says whether it was there. */
void proc__parse_status(const char *buf, size_t len, struct proc_status *out);

/*
 * NULs between arguments become spaces, control characters become '?' (they would act on a
 * terminal), NULs at the end go. Cut at cap - 1 bytes, not within a UTF-8 character.
 * Returns the length of dst; 0 when there is no command line. cap must not be 0.
 */
size_t proc__parse_cmdline(const char *buf, size_t len, char *dst, size_t cap);

/*
 * Chooses the line of the v1 memory controller, else the unified `0::`. -ENOENT when there is
 * neither, -ENAMETOOLONG when the path does not fit (no half path is given out).
 */
int proc__parse_cgroup(const char *buf, size_t len, struct proc_cgroup *out);

/* Saturates at UINT64_MAX. */
uint64_t proc__ns_from_ticks(uint64_t ticks, uint64_t ticks_per_second);
/*
 * The tick that field 22 shows for a start_boottime in nanoseconds: what makes a start time taken
 * by BPF comparable. Kernel: nsec_to_clock_t() in kernel/time/time.c.
 */
uint64_t proc__ticks_from_ns(uint64_t ns, uint64_t ticks_per_second);

/* Readers. */

struct proc_root {
	int fd; /* a directory; owned */
};

/* 0 or -errno. Close with proc__close, which takes a root that failed to open. */
int proc__open(const char *path, struct proc_root *root);
void proc__close(struct proc_root *root);

/*
 * root/PID/name into buf, NUL-terminated. Returns the length (cap - 1: maybe cut) or -errno;
 * -ENOENT and -ESRCH mean that the process is gone.
 */
int proc__read_file(const struct proc_root *root, pid_t pid, const char *name, char *buf, size_t cap);

/*
 * One whole process. All its files are read through one descriptor of its directory, so that
 * they are all of the same process even if the pid is used again meanwhile.
 * Returns 0; -ESRCH when it is gone; another -errno when stat cannot be had. What else cannot be
 * read (rights, or it exits while being read) is absent, not an error.
 */
int proc__read_process(const struct proc_root *root, pid_t pid, struct proc_process *out);

struct proc_iter {
	DIR *dir; /* owned */
};

/*
 * Numeric entries of the root, in the kernel's order.
 * begin: 0 or -errno. next: 1, 0 at the end, -errno. end: takes one that did not begin.
 */
int proc__iter_begin(const struct proc_root *root, struct proc_iter *iter);
int proc__iter_next(struct proc_iter *iter, pid_t *pid);
void proc__iter_end(struct proc_iter *iter);

#endif
