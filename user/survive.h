/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Staying alive in the emergency that is reported: memory locked as it is touched,
 * room in the heap taken beforehand, last in line for the OOM killer, ahead of others
 * for the processor. Children are given back what we had.
 */
#ifndef PAGETIDE_SURVIVE_H
#define PAGETIDE_SURVIVE_H

#include <stdbool.h>
#include <sys/types.h>

/* What cannot be had is left; true: all of it worked. */
bool survive__prepare(void);
/* After each reading: what has come since took of the room. */
void survive__keep_room(void);
/* A child of ours is as likely to be killed as it would be without us. */
void survive__release(pid_t child);

#endif
