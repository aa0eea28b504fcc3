/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the text sink share; nobody else includes this. */
#ifndef PAGETIDE_SINK_TEXT_H
#define PAGETIDE_SINK_TEXT_H

#include "columns.h"
#include "sink.h"

/* How a table stands in the output. */
struct text_table {
	const char *title;
	const struct columns *columns;
	const struct column *order; /* of the rows, when --sort does not say */
	enum view view;             /* which rows */
	uint64_t limit;             /* when --limit does not say; 0: all */
	bool quiet;                 /* nothing at all when there are no rows */
};

/* Title, header, rows, and how many more there are. 0 or -errno. */
int sink_text__table(FILE *out, const struct text_table *table, const struct snapshot *snapshot,
		     const struct options *options);

/* One line that names what was lost, if anything was. */
int sink_text__losses(FILE *out, const struct snapshot *snapshot);

/* what follows the process in an event's line */
void sink_text__details(FILE *out, const struct event *event);
int sink_text__event(FILE *out, const struct event *event, const struct options *options);
int sink_text__report(FILE *out, const struct run_report *report, const struct options *options);

#endif
