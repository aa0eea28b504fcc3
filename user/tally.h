/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often something happened, by container, since the start. A count outlives its container; of
 * too many containers the one that was quiet longest goes into "other". Pure.
 */
#ifndef PAGETIDE_TALLY_H
#define PAGETIDE_TALLY_H

#include "event.h"

#define TALLY_MOST 256 /* containers a type */

struct tally;

struct tally_row {
	enum event_type type;
	const char *pod_namespace, *pod, *container; /* "": in none, or nobody told */
	uint64_t count;
};

/* types: bits of the events that are to be counted; each has a row from the start. 0 or -ENOMEM. */
int tally__open(struct tally **tally, uint32_t types);
void tally__close(struct tally *tally); /* takes NULL */
void tally__take(struct tally *tally, const struct event *event);
void tally__each(const struct tally *tally, void (*take)(void *context, const struct tally_row *row), void *context);

#endif
