/* SPDX-License-Identifier: GPL-2.0-only */
/* --pid names a process as ps does where pagetide runs; what it chooses from is numbered by the kernel. */
#ifndef PAGETIDE_PID_OPTION_H
#define PAGETIDE_PID_OPTION_H

#include "options.h"

struct pid_option {
	char number[16], **words; /* what a serve is told instead */
};

/*
 * Makes options->pid the kernel's where that is another, and options->words so that a serve takes it. Returns an exit
 * status, after saying why when it is not EXIT_OK. pid_option__free is legal in every case.
 */
int pid_option__resolve(struct pid_option *pid, struct options *options);
void pid_option__free(struct pid_option *pid);

/*
 * Whether options->pid is of the numbers that are to be read: the kernel's (traced), or those of /proc. False: another
 * process may have that number there.
 */
bool pid_option__fits(const struct options *options, bool traced);

#endif
