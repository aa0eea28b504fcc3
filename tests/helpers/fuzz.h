// SPDX-License-Identifier: GPL-2.0-only
/* What the parts of pageops fuzz share: the drawing of operations, the workers, and the look at the kernel. */
#ifndef FUZZ_H
#define FUZZ_H

#include "model.h"

#include <sys/stat.h>

struct crew {
	int count;
	pid_t pid[WORKERS_MAX];
	uint64_t start_time[WORKERS_MAX];
	int to[WORKERS_MAX], from[WORKERS_MAX];
};

struct fuzz {
	int64_t seed, ops, workers, files, max_pages, batch, no_wait;
	const char *dir, *disk, *without;
	uint64_t random;
	int64_t made; /* names are never used twice */
	uint64_t base_used_bytes;
	uint64_t reclaims; /* at the last check */
	struct crew crew;
	struct model model;
};

/* One drawn operation: who does it, to what, from what. */
struct draw {
	struct op op;
	int worker;
	int object;
	int source; /* -1: none */
	int victim; /* the object whose name a rename takes away; -1: none */
	enum kind born;
	bool respawn; /* the worker exits and a new one takes its place */
};

/* crew.c */
int crew__start(struct crew *c, int count);
int crew__spawn(struct crew *c, int i);
void crew__end(struct crew *c, int i);
int crew__do(struct crew *c, int i, const struct op *op, struct result *r);

/* draw.c */
void draw__next(struct fuzz *f, struct draw *d);

/* probe.c */
int probe__look(const struct crew *c, const struct object *o, uint8_t *now, size_t pages, struct stat *st);
bool probe__path(const struct crew *c, const struct object *o, char *path, size_t size);
int probe__check(struct fuzz *f);

#endif
