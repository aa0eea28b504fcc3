/* SPDX-License-Identifier: GPL-2.0-only */
/* What explain prints, for the command and for a serve that is asked. */
#ifndef PAGETIDE_EXPLAIN_REPORT_H
#define PAGETIDE_EXPLAIN_REPORT_H

#include <stdio.h>

#include "history.h"
#include "options.h"
#include "snapshot.h"
#include "warner.h"

/* how long it watches */
double explain_report__seconds(const struct options *options);
/* as text or JSON, after so many seconds; history and warner may be NULL. 0 or -errno of writing. */
int explain_report__write(FILE *out, const struct options *options, const struct snapshot *snapshot,
			  const struct history *history, const struct warner *warner, double seconds);

#endif
