// SPDX-License-Identifier: GPL-2.0-only
#include "snapshot_copy.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "hugetlb.h"

#define CHUNK_BYTES (256U << 10)

struct chunk {
	struct chunk *before;
	size_t used, room;
	_Alignas(16) char data[];
};

/* what was copied already */
struct known {
	const void *from;
	void *to;
	size_t size;
	UT_hash_handle hh;
};

struct copy {
	struct snapshot snapshot; /* first: it is what the caller has */
	struct chunk *chunks;
	struct known *known; /* only while it is made */
	bool failed;
};

static void *take(struct copy *copy, size_t size)
{
	struct chunk *chunk = copy->chunks;
	size_t room;
	void *taken;

	size = (size + 15) & ~(size_t)15;
	room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	if (!chunk || chunk->room - chunk->used < size) {
		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk) {
			copy->failed = true;
			return NULL;
		}
		*chunk = (struct chunk){ .before = copy->chunks, .room = room };
		copy->chunks = chunk;
	}
	taken = chunk->data + chunk->used;
	chunk->used += size;
	return taken;
}

static struct known *add_known(struct copy *copy, const void *from)
{
	struct known *known = take(copy, sizeof(*known));

	if (!known)
		return NULL;
	known->from = from;
	HASH_ADD_PTR(copy->known, from, known);
	return known;
}

/* a copy of its own for each thing, however often it is met; NULL of NULL, and where there is no memory */
static void *copy_of(struct copy *copy, const void *from, size_t size)
{
	struct known *known = NULL;
	void *to;

	if (!from || !size || copy->failed)
		return NULL;
	HASH_FIND_PTR(copy->known, &from, known);
	if (known && known->size >= size)
		return known->to;
	to = take(copy, size);
	if (!to)
		return NULL;
	memcpy(to, from, size);
	known = known ? known : add_known(copy, from);
	if (known) {
		known->to = to;
		known->size = size;
	}
	return to;
}

static void text(struct copy *copy, const char **text)
{
	if (*text)
		*text = copy_of(copy, *text, strlen(*text) + 1);
}

static void container(struct copy *copy, const struct snapshot_container **in)
{
	struct snapshot_container *c = copy_of(copy, *in, sizeof(**in));
	const struct snapshot_container *from = *in;

	*in = c;
	if (!c || c->shown != from->shown)
		return; /* there is none, or its texts were copied before */
	text(copy, &c->shown);
	text(copy, &c->cgroup);
	text(copy, &c->id);
	text(copy, &c->kind);
	text(copy, &c->runtime);
	text(copy, &c->name);
	text(copy, &c->pod);
	text(copy, &c->pod_namespace);
	text(copy, &c->image);
}

static void process(struct copy *copy, struct snapshot_process *p)
{
	text(copy, &p->comm);
	text(copy, &p->cmdline);
	text(copy, &p->cgroup);
	text(copy, &p->container);
	container(copy, &p->in);
}

static void cgroup(struct copy *copy, struct snapshot_cgroup *c)
{
	text(copy, &c->path);
	text(copy, &c->container);
	text(copy, &c->tightest_path);
	container(copy, &c->in);
}

static void mount(struct copy *copy, struct snapshot_mount *m)
{
	text(copy, &m->path);
	text(copy, &m->container);
	text(copy, &m->unit);
	container(copy, &m->in);
}

static void file(struct copy *copy, struct snapshot_file *f)
{
	struct snapshot_owner *owners = copy_of(copy, f->owners, f->owner_count * sizeof(*owners));

	text(copy, &f->path);
	text(copy, &f->mount);
	text(copy, &f->charged_path);
	for (uint32_t i = 0; owners && i < f->owner_count; i++) {
		text(copy, &owners[i].comm);
		container(copy, &owners[i].in);
	}
	f->owners = owners;
	f->holders = copy_of(copy, f->holders, f->holder_count * sizeof(*f->holders));
}

#define EACH(copy, rows, count, visit)                                      \
	do {                                                                \
		void *all = copy_of(copy, rows, (count) * sizeof(*(rows))); \
                                                                            \
		(rows) = all;                                               \
		for (size_t i = 0; all && i < (count); i++)                 \
			visit(copy, (void *)(uintptr_t) & (rows)[i]);       \
	} while (0)

static void part(struct copy *copy, struct system_part *p)
{
	text(copy, &p->name);
}

static void loss(struct copy *copy, struct snapshot_loss *l)
{
	text(copy, &l->kind);
}

struct snapshot *snapshot_copy__make(const struct snapshot *from)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	struct snapshot *s;

	if (!copy)
		return NULL;
	s = &copy->snapshot;
	*s = *from;
	text(copy, &s->host);
	text(copy, &s->kernel);
	text(copy, &s->tier);
	EACH(copy, s->system.parts, s->system.part_count, part);
	s->system.pools = copy_of(copy, s->system.pools, s->system.pool_count * sizeof(*s->system.pools));
	EACH(copy, s->processes, s->process_count, process);
	EACH(copy, s->cgroups, s->cgroup_count, cgroup);
	EACH(copy, s->mounts, s->mount_count, mount);
	EACH(copy, s->files, s->file_count, file);
	EACH(copy, s->lost, s->loss_count, loss);
	HASH_CLEAR(hh, copy->known);
	if (!copy->failed)
		return s;
	snapshot_copy__free(s);
	return NULL;
}

void snapshot_copy__free(struct snapshot *snapshot)
{
	struct copy *copy = (struct copy *)snapshot;

	if (!copy)
		return;
	while (copy->chunks) {
		struct chunk *chunk = copy->chunks;

		copy->chunks = chunk->before;
		free(chunk);
	}
	free(copy);
}
