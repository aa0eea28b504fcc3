/* SPDX-License-Identifier: GPL-2.0-only */
/* What `run -- CMD` has to say when the command and its descendants have ended. */
#ifndef PAGETIDE_RUN_H
#define PAGETIDE_RUN_H

#include "event.h"

/* one row an interval: the sums over the command and its living descendants */
struct timeline_row {
	double seconds; /* since the start */
	uint64_t time_ns;
	uint64_t rss_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes, page_table_bytes;
	uint64_t cache_bytes, tmpfs_bytes; /* owned by them, exited ones included */
	uint64_t system_available_bytes;
	uint32_t processes;
};

struct run_report {
	const char *command; /* the words joined, escaped as a shell would need them */
	uint32_t pid;
	int exit_status; /* what pagetide exits with: the code, or 128 + the signal */
	int signal;      /* that ended it; 0: none */
	uint64_t start_time_ns;
	double wall_seconds;
	uint64_t peak_rss_bytes; /* of the sums; at least the largest single process' peak */
	uint64_t peak_time_ns;
	double peak_seconds; /* after the start */
	/* growth by kind: what the peak held */
	struct timeline_row at_peak, first, last;
	uint64_t cache_added_bytes, tmpfs_added_bytes; /* brought in, in all */
	uint64_t cache_left_bytes, tmpfs_left_bytes;   /* still there, owned by it */
	/* only rows that the command or a descendant touched; exited ones have .exited */
	const struct snapshot *snapshot;
	uint64_t descendants; /* processes besides the command itself */
	uint64_t oom_kills, enospc, sigbus;
	uint64_t warnings;
	const struct event *warning_events; /* the first of them, in their order */
	size_t warning_event_count;
	const struct event *failures; /* likewise: its kills and refusals, of a kind once a second */
	size_t failure_count;
	const struct timeline_row *timeline;
	size_t timeline_count;
};

#endif
