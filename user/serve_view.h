/* SPDX-License-Identifier: GPL-2.0-only */
/* What our own commands ask a serve for: the words of a command line, and what that command prints. */
#ifndef PAGETIDE_SERVE_VIEW_H
#define PAGETIDE_SERVE_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "history.h"
#include "options.h"
#include "snapshot.h"
#include "warner.h"

/* Words as ask.c sends them, cut in place; the options keep them. 0, -E2BIG or -EINVAL. */
int serve_view__parse(char *words, struct options *options);
/* It is a command that serve answers, and it has watched for as long as that one would. */
bool serve_view__is_due(const struct options *options, uint64_t readings, double watched_seconds);
/* 0 or -errno of writing */
int serve_view__write(FILE *out, const struct options *options, unsigned columns, const struct snapshot *snapshot,
		      const struct history *history, const struct warner *warner, double watched_seconds);

#endif
