/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes have a number in each pid namespace around them. Everything here counts in the kernel's, those of the
 * initial namespace; /proc, and with it ps and --pid, in those of the namespace that it was mounted in. Where the two
 * are the same (pidns__differs()), as on every host, nothing here is used.
 */
#ifndef PAGETIDE_NUMBERS_H
#define PAGETIDE_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "tracer.h"

struct numbers {
	struct number_row *by_kernel, *by_proc; /* the same rows */
	size_t count, capacity;
};

/* Reads them anew. 0 or -errno; the old ones are gone then. */
int numbers__read(struct numbers *numbers, struct tracer *tracer);
void numbers__free(struct numbers *numbers);
/* 0: it has none, since it is not in our namespace, or gone */
uint32_t numbers__in_proc(const struct numbers *numbers, uint32_t kernel);
uint32_t numbers__in_kernel(const struct numbers *numbers, uint32_t proc);

/* The kernel's number of a process, by that of /proc; 0: there is none. 0, or -errno: the kernel does not tell. */
int numbers__translate(uint32_t proc, uint32_t *kernel);

#endif
