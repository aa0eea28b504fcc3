/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of each tmpfs mount, and a record at once where they cross a threshold. */
#ifndef PAGETIDE_LIMIT_BPF_H
#define PAGETIDE_LIMIT_BPF_H

#include "compat.bpf.h"

/* the mount's number in `mounts`, of a file that is counted from now on; 0: there is no room for it */
__u32 limit__new_file(__u64 sb, __u32 dev);
int limit__count(__u32 mount, __s32 pages);
/* what this CPU kept back, and `pages` more */
int limit__flush(__s32 pages);
/* this CPU's streak goes on to another mount */
int limit__turn(__u32 mount);

#endif
