/* SPDX-License-Identifier: GPL-2.0-only */
/* What explain*.c share; nobody else includes it. */
#ifndef PAGETIDE_EXPLAIN_PRIVATE_H
#define PAGETIDE_EXPLAIN_PRIVATE_H

#include "explain.h"

struct explanation {
	const struct snapshot *snapshot;
	const struct history *history; /* NULL: none */
	const struct warner *warner;   /* NULL: none */
	struct finding *out;
	size_t count, cap, left_out;
};

/* one more, with its kind; NULL: there is no room, and those that are there are more urgent */
struct finding *explain__add(struct explanation *e, const char *kind, unsigned urgency, const char *target);
/* what is NaN is left out */
void explain__figure(struct finding *finding, const char *key, double value);

/* explain_limits.c: rules that share the warner's judgement */
void explain__limits(struct explanation *e);
void explain__many_files(struct explanation *e);
/* explain_hugetlb.c */
void explain__hugetlb(struct explanation *e);
/* explain_charged.c */
void explain__charged(struct explanation *e);

#endif
