/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands. Each returns an exit status and has said why when it is not EXIT_OK. */
#ifndef PAGETIDE_COMMANDS_H
#define PAGETIDE_COMMANDS_H

#include <stdio.h>

#include "options.h"

int command__snapshot(const struct options *options);
int command__top(const struct options *options);
int command__trace(const struct options *options);
int command__run(const struct options *options);
int command__explain(const struct options *options);
int command__serve(const struct options *options);
int command__probes(const struct options *options);

#endif
