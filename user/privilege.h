/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PAGETIDE_PRIVILEGE_H
#define PAGETIDE_PRIVILEGE_H

/*
 * Gives up, for good, every capability that reading needs no more once all is attached: what is
 * left are CAP_BPF and CAP_PERFMON (maps, iterators), CAP_SYS_PTRACE (other processes' mounts and
 * descriptors), CAP_DAC_READ_SEARCH and CAP_IPC_LOCK (survive.h), as far as they were there. 0 or -errno.
 */
int privilege__drop(void);

#endif
