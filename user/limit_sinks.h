/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sinks say of limits: the parts that are no columns. */
#ifndef PAGETIDE_LIMIT_SINKS_H
#define PAGETIDE_LIMIT_SINKS_H

#include <jansson.h>
#include <stdio.h>

#include "event.h"

/* "culprits" or "consumers" into the event's object. 0 or -ENOMEM. */
int sink_json__who(json_t *object, const struct event *event);
/* an event as `trace --json` has it; the caller owns it. NULL: no memory. */
json_t *sink_json__make_event(const struct event *event);

/* what follows the process in a line: the warning, what was refused, whose limit it was */
void sink_text__warning(FILE *out, const struct warning *warning);
void sink_text__denied(FILE *out, const struct event *event); /* hugetlb, memlock */
void sink_text__refused(FILE *out, const struct event *event);
void sink_text__oom_scope(FILE *out, const struct event *event);

#endif
