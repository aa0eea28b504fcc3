/* SPDX-License-Identifier: GPL-2.0-only */
/* What the halves of the JSON sink and the page of serve share. */
#ifndef PAGETIDE_SINK_JSON_H
#define PAGETIDE_SINK_JSON_H

#include "json_row.h"
#include "sink.h"

/* The members of a reading without the braces around them. 0 or -errno. */
int sink_json__members(FILE *out, const struct snapshot *snapshot, const struct options *options);

int sink_json__report(FILE *out, const struct run_report *report, const struct options *options);

#endif
