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
/*
 * At a kill, before anything is allocated: gives memory back, which is taken again with a reading a second later. From
 * the last thread's exit of a victim to its first page that comes back the kernel sees no victim any more
 * (select_bad_process(), mm/oom_kill.c), and who asks for memory in the same cgroup is killed, however low its score.
 */
void survive__drop_ballast(void);
/*
 * A child of ours is as likely to be killed as it would be without us. 0: the caller, a child after fork(): where /proc
 * is of another pid namespace than ours only it finds itself there.
 */
void survive__release(pid_t child);

#endif
