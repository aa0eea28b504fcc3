/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong with memory now, as findings with evidence and advice, the most
 * urgent first. Pure: from a snapshot and the history that led to it.
 */
#ifndef PAGETIDE_EXPLAIN_H
#define PAGETIDE_EXPLAIN_H

#include "history.h"
#include "snapshot.h"
#include "warner.h"
#include "warning.h"

#define FINDING_FIGURES 8
#define FINDING_TEXT_MAX 768

struct finding {
	const char *kind; /* "tmpfs_full", "deleted_but_open", …; static */
	unsigned urgency; /* 0 to 100 */
	char text[FINDING_TEXT_MAX], advice[FINDING_TEXT_MAX];
	char target[WARNING_TARGET_MAX];
	struct {
		const char *key; /* as in JSON: bytes in names that end in _bytes */
		double value;
	} figures[FINDING_FIGURES];
	size_t figure_count;
};

/*
 * Returns how many there are, at most cap: the most urgent, and in *left_out how many were less so. history may
 * be NULL; so may the warner, whose beliefs are the rates: then nothing fills.
 */
size_t explain__findings(const struct snapshot *snapshot, const struct history *history, const struct warner *warner,
			 struct finding *out, size_t cap, size_t *left_out);
/* What could not be seen, line by line; NULL ends them. */
const char *explain__unseen(const struct snapshot *snapshot, double watched_seconds, size_t index);

#endif
