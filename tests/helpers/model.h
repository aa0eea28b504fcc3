// SPDX-License-Identifier: GPL-2.0-only
/* The model that pageops fuzz keeps: which objects there are, and whose each page is by the contract. */
#ifndef MODEL_H
#define MODEL_H

#include "pageops.h"

#define WORKERS_MAX 16
#define OBJECTS_MAX 64 /* an object's number is the slot in which workers hold it */
#define SHARES_MAX 256

enum kind { KIND_NONE, KIND_TMPFS, KIND_DISK, KIND_MEMFD, KIND_ANON, KIND_SYSV, KIND_SYMLINK };

/* What a process is owed of one object. */
struct share {
	pid_t pid;
	uint64_t start_time;
	double pages;
};

struct object {
	enum kind kind; /* KIND_NONE: free for a new one */
	uint64_t dev, ino;
	char path[PATH_BYTES];  /* empty when it has no name (any more) */
	char path2[PATH_BYTES]; /* a second hard link */
	int shmid;
	bool removed;               /* System V: marked for removal */
	int fd[WORKERS_MAX];        /* in the worker's slot, or -1 */
	uint64_t addr[WORKERS_MAX]; /* mapped there */
	int64_t map_len;
	uint8_t *present;
	size_t resident;
	struct share shares[SHARES_MAX];
	size_t share_count;
	bool exact; /* no page has gone while there were several owners */
};

struct gone {
	uint64_t dev, ino;
	enum kind kind;
};

struct model {
	struct object objects[OBJECTS_MAX];
	int object_count;
	size_t pages;           /* looked at in each object */
	size_t max_pages;       /* drawn */
	struct gone gone[4096]; /* in this batch */
	size_t gone_count;
};

int model__init(struct model *m, int objects, int64_t max_pages);
void model__free(struct model *m);
bool object__alive(const struct object *o);
bool object__is_held(const struct object *o);
void object__born(struct model *m, struct object *o, enum kind kind);
void object__died(struct model *m, struct object *o);
void object__account(struct object *o, const uint8_t *now, size_t pages, const struct result *who, int *added,
		     int *removed);
const char *kind__name(enum kind kind);
void model__print(const struct model *m, FILE *out);

#endif
