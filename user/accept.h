/* SPDX-License-Identifier: GPL-2.0-only */
/* What the Accept header of a scrape asks for. Pure. */
#ifndef PAGETIDE_ACCEPT_H
#define PAGETIDE_ACCEPT_H

#include <stdbool.h>

/* OpenMetrics rather than plain text; NULL: no header, no */
bool accept__openmetrics(const char *accept);

#endif
