// SPDX-License-Identifier: GPL-2.0-only
/* What pageops fuzz does next: a pure function of the seed and of the model. */
#include "fuzz.h"

#include <string.h>

#define T (1u << KIND_TMPFS)
#define D (1u << KIND_DISK)
#define M (1u << KIND_MEMFD)
#define A (1u << KIND_ANON)
#define S (1u << KIND_SYSV)
#define L (1u << KIND_SYMLINK)
#define FILES (T | D | M)

enum shape {
	SHAPE_NONE,
	SHAPE_RANGE,   /* any range below max_pages */
	SHAPE_ALIGNED, /* the same in whole pages */
	SHAPE_SIZE,    /* len is a size */
	SHAPE_COPY,    /* a range, and a source */
	SHAPE_COPY_ALIGNED,
	SHAPE_HOLD, /* takes the worker's slot */
	SHAPE_LETGO,
	SHAPE_NAME,    /* acts on the name */
	SHAPE_NEWNAME, /* and makes another */
	SHAPE_REMOTE,  /* into the mapping of another worker */
	SHAPE_SEGMENT, /* attach, touch, detach */
	SHAPE_REMOVE,
};

static const struct choice {
	const char *op;
	unsigned int kinds;
	enum shape shape;
	int weight;
} choices[] = {
	{ "write", FILES, SHAPE_RANGE, 8 },
	{ "pwrite", FILES, SHAPE_RANGE, 4 },
	{ "writev", FILES, SHAPE_RANGE, 3 },
	{ "pwritev2", FILES, SHAPE_RANGE, 3 },
	{ "uring_write", FILES, SHAPE_RANGE, 3 },
	{ "threads_write", FILES, SHAPE_RANGE, 3 },
	{ "fork_write", FILES, SHAPE_RANGE, 3 },
	{ "fork_touch", FILES | A, SHAPE_RANGE, 3 },
	{ "mmap_write", FILES | A | S, SHAPE_RANGE, 8 },
	{ "mmap_read", FILES | A | S, SHAPE_RANGE, 5 },
	{ "mmap_populate", FILES, SHAPE_RANGE, 3 },
	{ "populate_write", FILES | A | S, SHAPE_RANGE, 3 },
	{ "populate_read", FILES | A | S, SHAPE_RANGE, 2 },
	{ "mlock", FILES | A | S, SHAPE_RANGE, 2 },
	{ "madv_remove", FILES | A | S, SHAPE_RANGE, 3 },
	{ "fallocate", FILES, SHAPE_RANGE, 4 },
	{ "fallocate_keep", FILES, SHAPE_RANGE, 2 },
	{ "punch", FILES, SHAPE_RANGE, 6 },
	{ "truncate", FILES, SHAPE_SIZE, 6 },
	{ "open_trunc", T | D, SHAPE_NAME, 2 },
	{ "sendfile", FILES, SHAPE_COPY, 4 },
	{ "splice", FILES, SHAPE_COPY, 4 },
	{ "copy_range", FILES, SHAPE_COPY, 4 },
	{ "read_into", FILES | A | S, SHAPE_COPY, 4 },
	{ "direct_read_into", FILES | A | S, SHAPE_COPY_ALIGNED, 3 },
	{ "pipe_into", FILES | A | S, SHAPE_RANGE, 3 },
	{ "vm_writev", FILES | A | S, SHAPE_REMOTE, 6 },
	{ "proc_mem", FILES | A | S, SHAPE_REMOTE, 3 },
	{ "read", FILES, SHAPE_RANGE, 5 },
	{ "readahead", D, SHAPE_RANGE, 3 },
	{ "willneed", D, SHAPE_RANGE, 3 },
	{ "dontneed", D, SHAPE_RANGE, 6 },
	{ "fsync", D, SHAPE_NONE, 2 },
	{ "direct_write", D, SHAPE_ALIGNED, 2 },
	{ "open", FILES, SHAPE_HOLD, 5 },
	{ "map", FILES, SHAPE_HOLD, 5 },
	{ "shmat", S, SHAPE_HOLD, 6 },
	{ "close", FILES | A | S, SHAPE_LETGO, 5 },
	{ "unlink", T | D | L, SHAPE_NAME, 6 },
	{ "link", T | D, SHAPE_NEWNAME, 2 },
	{ "linkat", T | D, SHAPE_NEWNAME, 4 },
	{ "rename", T | D, SHAPE_NEWNAME, 3 },
	{ "shmtouch", S, SHAPE_SEGMENT, 10 },
	{ "shmrm", S, SHAPE_REMOVE, 2 },
};

static uint64_t draw__random(struct fuzz *f)
{
	uint64_t z = f->random += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int64_t draw__below(struct fuzz *f, int64_t limit)
{
	return limit > 0 ? (int64_t)(draw__random(f) % (uint64_t)limit) : 0;
}

static bool draw__left_out(const struct fuzz *f, const char *name)
{
	const char *at = f->without;
	size_t n = strlen(name);

	while (at && (at = strstr(at, name))) {
		if ((at == f->without || at[-1] == ',') && (!at[n] || at[n] == ','))
			return true;
		at += n;
	}
	return false;
}

static void draw__new_name(struct fuzz *f, const struct object *o, enum kind kind, char *path)
{
	const char *dir = kind == KIND_DISK ? f->disk : f->dir;
	const char *odd[] = { "f", "f", "f", "a b", "\xc3\xa9", "x\ny" };
	int object = (int)(o - f->model.objects);

	snprintf(path, PATH_BYTES, "%s/%s%d-%lld", dir, odd[draw__below(f, 6)], object, (long long)f->made++);
}

static void draw__range(struct fuzz *f, struct op *op, bool aligned)
{
	int64_t max = (int64_t)f->model.max_pages * PAGE_BYTES;

	op->off = draw__below(f, max);
	op->len = 1 + draw__below(f, max / 4);
	if (aligned) {
		op->off &= -(int64_t)PAGE_BYTES;
		op->len = (op->len + PAGE_BYTES - 1) & -(int64_t)PAGE_BYTES;
	}
	if (op->len > max - op->off)
		op->len = max - op->off;
	if (draw__below(f, 4) == 0)
		op->chunk = 1 + draw__below(f, 3 * PAGE_BYTES);
}

static void draw__clamp(struct op *op, int64_t len)
{
	op->off %= len;
	if (op->len > len - op->off)
		op->len = len - op->off;
}

static bool draw__source(struct fuzz *f, struct draw *d)
{
	for (int tries = 0; tries < 8; tries++) {
		int i = (int)draw__below(f, f->model.object_count);
		const struct object *o = &f->model.objects[i];

		if (i == d->object || !(FILES & 1u << o->kind))
			continue;
		d->source = i;
		return probe__path(&f->crew, o, d->op.path2, PATH_BYTES);
	}
	return false;
}

static bool draw__remote(struct fuzz *f, const struct object *o, struct draw *d)
{
	for (int i = 0; i < f->crew.count; i++) {
		if (i == d->worker || !o->addr[i])
			continue;
		d->op.addr = o->addr[i];
		d->op.pid = f->crew.pid[i];
		draw__range(f, &d->op, false);
		draw__clamp(&d->op, o->map_len);
		return true;
	}
	return false;
}

static bool draw__names(struct fuzz *f, const struct object *o, struct draw *d)
{
	struct op *op = &d->op;

	if (!strcmp(op->name, "linkat")) {
		op->slot = d->object;
		if (o->path[0] || o->fd[d->worker] < 0)
			return false;
		draw__new_name(f, o, o->kind, op->path);
		return true;
	}
	if (!o->path[0] || (!strcmp(op->name, "link") && o->path2[0]))
		return false;
	strcpy(op->path, o->path);
	draw__new_name(f, o, o->kind, op->path2);
	if (!strcmp(op->name, "rename") && draw__below(f, 2)) {
		int i = (int)draw__below(f, f->model.object_count);

		if (i != d->object && f->model.objects[i].kind == o->kind && f->model.objects[i].path[0]) {
			strcpy(op->path2, f->model.objects[i].path);
			d->victim = i;
		}
	}
	return true;
}

/* Where in the object, for an operation that goes through what the worker holds. */
static void draw__place(struct fuzz *f, const struct object *o, struct draw *d, bool aligned, bool mapped)
{
	draw__range(f, &d->op, aligned);
	if (mapped)
		draw__clamp(&d->op, o->map_len);
	if (!strcmp(d->op.name, "threads_write"))
		d->op.arg = 2 + draw__below(f, 6);
}

/* The numbers of the operation: false when the object is not in the state for it. */
static bool draw__numbers(struct fuzz *f, const struct choice *choice, const struct object *o, struct draw *d)
{
	struct op *op = &d->op;
	bool mapped = o->addr[d->worker], here = mapped || o->fd[d->worker] >= 0;

	switch (choice->shape) {
	case SHAPE_RANGE:
	case SHAPE_ALIGNED:
		draw__place(f, o, d, choice->shape == SHAPE_ALIGNED, mapped);
		return true;
	case SHAPE_SEGMENT:
		draw__place(f, o, d, false, true);
		return true;
	case SHAPE_COPY:
	case SHAPE_COPY_ALIGNED:
		draw__place(f, o, d, choice->shape == SHAPE_COPY_ALIGNED, mapped);
		op->arg = o->kind == KIND_SYSV ? 0 : draw__below(f, 4) * PAGE_BYTES;
		return draw__source(f, d);
	case SHAPE_SIZE:
		op->len = draw__below(f, (int64_t)f->model.max_pages * PAGE_BYTES);
		return true;
	case SHAPE_HOLD:
		op->slot = d->object;
		op->len = o->map_len ? o->map_len : (1 + draw__below(f, (int64_t)f->model.max_pages)) * PAGE_BYTES;
		return !here && (choice->kinds == S || o->path[0] || draw__below(f, 2));
	case SHAPE_LETGO:
		return here;
	case SHAPE_NAME:
		return o->path[0];
	case SHAPE_NEWNAME:
		return draw__names(f, o, d);
	case SHAPE_REMOTE:
		op->slot = -1;
		return draw__remote(f, o, d);
	case SHAPE_REMOVE:
		return !o->removed;
	case SHAPE_NONE:
		break;
	}
	return true;
}

/* By what the worker reaches the object, and then the numbers. */
static bool draw__shape(struct fuzz *f, const struct choice *choice, struct draw *d)
{
	const struct object *o = &f->model.objects[d->object];
	bool nameless = o->kind == KIND_SYSV || o->kind == KIND_ANON; /* reached through a mapping alone */

	if (o->kind == KIND_SYSV)
		d->op.arg = o->shmid;
	if (o->fd[d->worker] >= 0 || o->addr[d->worker])
		d->op.slot = d->object;
	if (nameless && choice->shape < SHAPE_HOLD && !o->addr[d->worker])
		return false;
	if (!nameless && choice->shape != SHAPE_NEWNAME && !probe__path(&f->crew, o, d->op.path, PATH_BYTES))
		return false;
	return draw__numbers(f, choice, o, d);
}

/* A new object where there was none. Every kind has its way in. */
static void draw__birth(struct fuzz *f, struct draw *d)
{
	static const enum kind kinds[] = { KIND_TMPFS, KIND_TMPFS, KIND_TMPFS, KIND_TMPFS, KIND_TMPFS, KIND_DISK,
					   KIND_DISK,  KIND_DISK,  KIND_MEMFD, KIND_ANON,  KIND_SYSV,  KIND_SYMLINK };
	struct op *op = &d->op;

	d->born = kinds[draw__below(f, ARRAY_LEN(kinds))];
	if ((d->born == KIND_DISK && !f->disk) || draw__left_out(f, kind__name(d->born)))
		d->born = KIND_TMPFS;
	op__init(op);
	op->slot = d->object;
	op->len = (1 + draw__below(f, (int64_t)f->model.max_pages)) * PAGE_BYTES;
	switch (d->born) {
	case KIND_MEMFD:
		strcpy(op->name, "memfd");
		strcpy(op->path, "fuzz");
		return;
	case KIND_ANON:
		strcpy(op->name, "shared_anon");
		return;
	case KIND_SYSV:
		strcpy(op->name, "shmget");
		op->slot = -1;
		return;
	default:
		break;
	}
	draw__new_name(f, &f->model.objects[d->object], d->born, op->path);
	if (d->born == KIND_SYMLINK) {
		strcpy(op->name, "symlink");
		op->arg = 64 + draw__below(f, 128);
		op->slot = -1;
	} else if (draw__below(f, 6) == 0) {
		strcpy(op->name, "tmpfile");
		strcpy(op->path, d->born == KIND_DISK ? f->disk : f->dir);
	} else {
		strcpy(op->name, "create");
		if (draw__below(f, 2))
			op->slot = -1;
	}
}

void draw__next(struct fuzz *f, struct draw *d)
{
	int total = 0;

	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		total += choices[i].weight;
	for (;;) {
		const struct choice *choice = choices;

		memset(d, 0, sizeof(*d));
		op__init(&d->op);
		d->source = d->victim = -1;
		d->worker = (int)draw__below(f, f->crew.count);
		d->object = (int)draw__below(f, f->model.object_count);
		d->respawn = draw__below(f, 100) == 0 && !draw__left_out(f, "respawn");
		if (d->respawn)
			return;
		if (f->model.objects[d->object].kind == KIND_NONE) {
			draw__birth(f, d);
			return;
		}
		for (int64_t at = draw__below(f, total); at >= choice->weight; choice++)
			at -= choice->weight;
		if (!(choice->kinds & 1u << f->model.objects[d->object].kind) || draw__left_out(f, choice->op))
			continue;
		strcpy(d->op.name, choice->op);
		if (draw__shape(f, choice, d))
			return;
	}
}
