/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's clocks as nanoseconds. */
#ifndef PAGETIDE_CLOCK_H
#define PAGETIDE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock__ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

#endif
