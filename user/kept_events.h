/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of limits and kills that outlive their moment: a report at the end tells them. */
#ifndef PAGETIDE_KEPT_EVENTS_H
#define PAGETIDE_KEPT_EVENTS_H

#include "event.h"

#define KEPT_EVENTS_MOST 32

struct kept_strings;

struct kept_events {
	struct event events[KEPT_EVENTS_MOST]; /* in their order; whole in themselves, `in` is NULL */
	struct kept_strings *of[KEPT_EVENTS_MOST];
	size_t count;
};

/* A warning, kill, refusal or denial is copied; not kept are the 33rd, and one that there is no memory for. */
void kept_events__add(struct kept_events *kept, const struct event *event);
void kept_events__free(struct kept_events *kept);

#endif
