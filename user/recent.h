/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last warnings, OOM kills and refusals, as lines for people, in memory that is taken once. What is refused
 * again and again is one line that counts, so that it drives nothing else out. It keeps nothing of an event.
 */
#ifndef PAGETIDE_RECENT_H
#define PAGETIDE_RECENT_H

#include "event.h"

#define RECENT_MOST 50

struct recent_line {
	enum event_type type;
	uint64_t time_ns; /* of the last one */
	uint64_t count;
	uint32_t pid; /* 0: of no process */
	uint64_t start_ns;
	char comm[64], container[128];
	char place[512]; /* the mount of a refusal, or the limit */
	char text[2048]; /* raw names are escaped, but it may end within a character */
};

struct recent;

int recent__open(struct recent **recent);  /* 0 or -ENOMEM */
void recent__close(struct recent *recent); /* takes NULL */
/* types other than warnings, OOM kills and refusals by a limit are passed over */
void recent__take(struct recent *recent, const struct event *event);
/* the n-th, newest first; NULL: there are no more */
const struct recent_line *recent__line(const struct recent *recent, size_t n);

#endif
