/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What whoever started us had decided about signals. A disposition "ignore" passes
 * through exec (signal(7)): nohup and a shell's & rely on it, a closed pipe and an ended
 * child would be lost on us by it, and the programs that we start are to find it as it was.
 */
#ifndef PAGETIDE_DISPOSITIONS_H
#define PAGETIDE_DISPOSITIONS_H

#include <signal.h>
#include <stdbool.h>

/* Once, before anything is started: a closed pipe and a full file are errors of write(2), and children wait for us. */
void dispositions__take(void);
/* In a child, before exec: as if we had not been there. */
void dispositions__give_back(void);
/* Those that dispositions__take changed: to be the default ones of a program that is our own affair. */
void dispositions__changed(sigset_t *signals);
/* Whether whoever started us has it ignored, and so do we; false for a signal that there is not. */
bool dispositions__ignored(int signal);

#endif
