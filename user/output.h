/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command's output: standard output, or a file that appears whole or not at all
 * (written beside its place, renamed when it is complete).
 */
#ifndef PAGETIDE_OUTPUT_H
#define PAGETIDE_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct output {
	FILE *stream;
	char path[PATH_MAX], temporary[PATH_MAX];
	bool nameless; /* temporary is no file yet */
};

/* path NULL: `otherwise` is used, not owned. 0 or -errno. */
int output__open(struct output *output, const char *path, FILE *otherwise);
/* Flushes, and puts the file in its place; with failed set it is removed. 0 or -errno. */
int output__close(struct output *output, int failed);
/* Says in one line what -errno of writing means, and returns the exit status. */
int output__failed(const struct output *output, int err);

#endif
