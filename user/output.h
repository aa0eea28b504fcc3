/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command's output: standard output, or a file that appears whole or not at all
 * (written beside its place, renamed when it is complete); one that is there already
 * keeps its mode, and the links to it. In the background, one that blocks makes nobody
 * wait: what finds no room is dropped and counted.
 */
#ifndef PAGETIDE_OUTPUT_H
#define PAGETIDE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "outbox.h"
#include "place.h"

struct output {
	FILE *stream;
	FILE *target;       /* in the background: where the stream ends */
	struct outbox *box; /* NULL: written at once */
	uint64_t dropped;   /* items */
	bool hurried;       /* the user wants to leave: at the end nobody is waited for */
	const char *path;   /* the caller's; NULL: standard output, or error */
	struct place place;
	mode_t mode;              /* of a new file; 0: as the umask says */
	bool replaces;            /* the place, when it is complete */
	char temporary[PATH_MAX]; /* a file beside it; "": that has no name yet */
};

/* path NULL: `otherwise` is used, not owned; else it stays until the output is closed. 0 or -errno. */
int output__open(struct output *output, const char *path, FILE *otherwise);
/*
 * As output__open(), of a file only: nothing is waited for. A new one has that mode, whatever the umask (0: as
 * it says). -ENOTSUP: what is there is no regular file.
 */
int output__open_file(struct output *output, const char *path, mode_t mode);
/* that one would overwrite what the other writes */
bool output__same_file(const struct output *a, const struct output *b);
/* From now on writing does not wait; where that cannot be had it is as before. */
void output__in_background(struct output *output);
/*
 * What was written since the last flush goes out, so many items (lines, tables): whole, or it is
 * dropped and counted. 0, or -errno of writing, which may be of what was flushed before.
 */
int output__flush(struct output *output, uint64_t items);
/* Flushes, waits until it is written, and puts the file in its place; with failed set it is removed. 0 or -errno. */
int output__close(struct output *output, int failed);
/* Says in one line what -errno of writing means, and returns the exit status. */
int output__failed(const struct output *output, int err);
/* Closes it at a command's end: status as it was, or EXIT_FAILED after that line when err or closing says so. */
int output__finish(struct output *output, int status, int err);

#endif
