/* SPDX-License-Identifier: GPL-2.0-only */
/* What cmd_run.c and run_report.c share; nobody else includes it. */
#ifndef PAGETIDE_RUN_PRIVATE_H
#define PAGETIDE_RUN_PRIVATE_H

#include <time.h>

#include "run.h"

struct run_timeline {
	struct timeline_row *rows;
	size_t count, capacity;
	size_t peak; /* index of the row with the most resident memory */
	/* the largest peak of one process, which may lie between two readings */
	uint64_t process_peak_bytes, process_peak_time_ns;
	const struct snapshot *last;
	uint64_t last_boot_ns, start_boot_ns;
};

/* 0 or -ENOMEM */
int run_timeline__add(struct run_timeline *timeline, const struct snapshot *snapshot, uint64_t start_boot_ns);
void run_timeline__report(const struct run_timeline *timeline, struct run_report *report);
void run_timeline__free(struct run_timeline *timeline);

/* Only the rows that the command or a descendant touched. 0 or -ENOMEM. */
int run_select(struct snapshot *out, const struct snapshot *in);
void run_select__free(struct snapshot *snapshot);

/* Marks those of the selected files that are gone and have no name any more. */
void run_deleted(struct snapshot *snapshot);

/* names that rows made here need */
struct run_names {
	char **text;
	size_t count;
};
void run_names__free(struct run_names *names);

/*
 * Makes one row of at least `least_alike` files of one size and owner in a folder that has
 * at least `least_in_folder`. The rows' order is lost. 0 or -ENOMEM.
 */
int run_group(struct snapshot *snapshot, size_t least_alike, size_t least_in_folder, struct run_names *names);

#endif
