/* SPDX-License-Identifier: GPL-2.0-only */
/* Which capabilities BPF needs and this process does not have. */
#ifndef PAGETIDE_RIGHTS_H
#define PAGETIDE_RIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* the effective capabilities of this process, a bit each; all of them where the kernel does not say */
uint64_t rights__effective(void);

/*
 * Names what loading and attaching ask for (kernel/bpf/syscall.c, kernel/events/core.c) and `effective` lacks,
 * such as "CAP_BPF and CAP_PERFMON"; CAP_SYS_ADMIN stands for both. Returns how many; out is "" when none.
 */
int rights__missing(uint64_t effective, char *out, size_t size);

#endif
