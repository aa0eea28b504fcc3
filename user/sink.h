/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a command's output goes. A sink formats and writes; it decides nothing
 * else. Functions return 0 or -errno: -EPIPE and -ENOSPC end a command with one
 * line on standard error, so a sink reports them and never exits.
 */
#ifndef PAGETIDE_SINK_H
#define PAGETIDE_SINK_H

#include "event.h"
#include "options.h"
#include "snapshot.h"
#include <stdio.h>

struct run_report; /* run.h */

struct sink {
	const char *name;
	/* which rows and columns: options are the caller's and outlive the sink */
	int (*snapshot)(FILE *out, const struct snapshot *snapshot, const struct options *options);
	int (*event)(FILE *out, const struct event *event, const struct options *options);
	int (*report)(FILE *out, const struct run_report *report, const struct options *options);
	/* once, before the first snapshot or event (not before a report): a CSV header; NULL: nothing */
	int (*begin)(FILE *out, const struct options *options);
};

extern const struct sink sink_text, sink_json, sink_csv;

/* the one that the options ask for: --json, --csv, else text */
const struct sink *sink__choose(const struct options *options);
/* its begin, if it has one */
int sink__begin(FILE *out, const struct options *options);

#endif
