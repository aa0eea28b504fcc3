/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread beside the one that everything runs in. */
#ifndef PAGETIDE_THREAD_H
#define PAGETIDE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * It blocks all signals: they are for the one that reads them, and a thread that does not block them would die of
 * one. 0 or -errno.
 */
int thread__start(pthread_t *thread, size_t stack_bytes, void *(*work)(void *), void *argument);

#endif
