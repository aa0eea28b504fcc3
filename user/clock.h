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

#define CLOCK_STEP_NS 1000000ULL

/*
 * CLOCK_REALTIME - CLOCK_BOOTTIME: changes when the clock is set (both are slewed alike). What it was before stays,
 * to the nanosecond, while it is right: times of processes are made with it, and tell one from another.
 */
static inline uint64_t clock__boot_offset_ns(uint64_t before)
{
	uint64_t boot = clock__ns(CLOCK_BOOTTIME), now = clock__ns(CLOCK_REALTIME) - boot;
	uint64_t late = clock__ns(CLOCK_BOOTTIME) - boot, change = now > before ? now - before : before - now;

	return change < CLOCK_STEP_NS + late ? before : now;
}

#endif
