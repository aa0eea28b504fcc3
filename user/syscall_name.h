/* SPDX-License-Identifier: GPL-2.0-only */
/* The system calls that can meet a limit, by the numbers of the machine that this is built for. */
#ifndef PAGETIDE_SYSCALL_NAME_H
#define PAGETIDE_SYSCALL_NAME_H

/* "a system call" for one that is not among them; NULL for a negative number, which is none. Static. */
const char *syscall_name(int number);

#endif
