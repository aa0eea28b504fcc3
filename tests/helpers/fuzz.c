// SPDX-License-Identifier: GPL-2.0-only
/* pageops fuzz: a seeded sequence of operations by several processes, the model of who owns what beside it, and after
 * every batch the truth as one JSON line. Ends with an error where the model and the kernel disagree. */
#include "fuzz.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

/* the line that asks for the truth once more, as it is now */
#define AGAIN 'a'

/* The names and the holders, as they are after the operation. */
static void object__apply(struct object *o, const struct draw *d, const struct result *r)
{
	const struct op *op = &d->op;
	int w = d->worker;

	if (op->slot >= 0) {
		o->fd[w] = r->fd;
		o->addr[w] = r->addr;
	}
	if (r->err)
		return;
	if (!strcmp(op->name, "map") || !strcmp(op->name, "shared_anon") || !strcmp(op->name, "shmget"))
		o->map_len = op->len;
	if (!strcmp(op->name, "create") || !strcmp(op->name, "symlink") || !strcmp(op->name, "linkat"))
		strcpy(o->path, op->path);
	if (!strcmp(op->name, "shmget"))
		o->shmid = r->shmid;
	if (!strcmp(op->name, "shmrm"))
		o->removed = true;
	if (!strcmp(op->name, "link"))
		strcpy(o->path2, op->path2);
	if (!strcmp(op->name, "rename"))
		strcpy(o->path, op->path2);
	if (!strcmp(op->name, "unlink")) {
		strcpy(o->path, o->path2);
		o->path2[0] = 0;
	}
}

static int object__look(struct fuzz *f, int index, const struct result *who, int *added, int *removed)
{
	struct object *o = &f->model.objects[index];
	uint8_t *now;
	struct stat st;

	*added = *removed = 0;
	if (o->kind == KIND_NONE)
		return 0;
	if (!object__alive(o)) {
		*removed = (int)o->resident;
		object__died(&f->model, o);
		return 0;
	}
	now = calloc(1, f->model.pages);
	if (!now)
		return -ENOMEM;
	int err = probe__look(&f->crew, o, now, f->model.pages, &st);
	if (!err)
		object__account(o, now, f->model.pages, who, added, removed);
	if (!err && o->kind != KIND_SYSV) {
		o->dev = st.st_dev;
		o->ino = st.st_ino;
	}
	free(now);
	return err;
}

static void log__print(const struct draw *d, const struct result *r, const struct object *o, int added, int removed,
		       bool first)
{
	char text[3 * PATH_BYTES];

	snprintf(
		text, sizeof(text),
		"w%d %d %s #%d %s slot=%d off=%lld len=%lld chunk=%lld arg=%lld source=%d %s%s%s: %lld errno=%d +%d -%d",
		d->worker, r->pid, d->op.name, d->object, kind__name(o->kind), d->op.slot, (long long)d->op.off,
		(long long)d->op.len, (long long)d->op.chunk, (long long)d->op.arg, d->source, d->op.path,
		d->op.path2[0] ? " <-> " : "", d->op.path2, (long long)r->bytes, r->err, added, removed);
	fputs(first ? "" : ",", stdout);
	json__string(stdout, text);
}

static int fuzz__respawn(struct fuzz *f, int w, bool first)
{
	struct result nobody = { .pid = 0 };
	int added, removed, err = 0;

	printf("%s\"w%d %d exits\"", first ? "" : ",", w, f->crew.pid[w]);
	crew__end(&f->crew, w);
	for (int i = 0; i < f->model.object_count && !err; i++) {
		f->model.objects[i].fd[w] = -1;
		f->model.objects[i].addr[w] = 0;
		if (f->model.objects[i].kind != KIND_NONE)
			err = object__look(f, i, &nobody, &added, &removed);
	}
	return err ? err : crew__spawn(&f->crew, w);
}

static int fuzz__one(struct fuzz *f, bool first)
{
	int added, removed, unused, err;
	struct result r;
	struct draw d;

	draw__next(f, &d);
	if (d.respawn)
		return fuzz__respawn(f, d.worker, first);
	struct object *o = &f->model.objects[d.object];
	err = crew__do(&f->crew, d.worker, &d.op, &r);
	if (err)
		return err;
	if (d.born != KIND_NONE && !r.err)
		object__born(&f->model, o, d.born);
	object__apply(o, &d, &r);
	if (d.born == KIND_SYSV)
		o->ino = (uint64_t)r.shmid; /* on the internal mount, device 0:1 */
	if (d.born == KIND_SYSV)
		o->dev = 1;
	if (d.victim >= 0 && !r.err) {
		struct object *v = &f->model.objects[d.victim];

		strcpy(v->path, v->path2);
		v->path2[0] = 0;
		err = object__look(f, d.victim, &r, &unused, &unused);
	}
	enum kind kind = o->kind;
	if (!err)
		err = object__look(f, d.object, &r, &added, &removed);
	if (!err && d.source >= 0)
		err = object__look(f, d.source, &r, &unused, &unused);
	if (!err)
		log__print(&d, &r, &(struct object){ .kind = kind }, added, removed, first);
	return err;
}

static void fuzz__print(const struct fuzz *f, int64_t done)
{
	printf("],\"ops_done\":%lld,\"workers\":[", (long long)done);
	for (int i = 0; i < f->crew.count; i++) {
		printf("%s{", i ? "," : "");
		json__process(stdout, f->crew.pid[i], f->crew.start_time[i]);
		printf("}");
	}
	printf("],");
	model__print(&f->model, stdout);
	struct stat st;
	stat(f->dir, &st);
	printf(",\"mounts\":[{\"path\":");
	json__string(stdout, f->dir);
	printf(",\"dev\":");
	json__dev(stdout, st.st_dev);
	printf(",\"used_bytes\":%llu}]}\n", (unsigned long long)truth__used_bytes(f->dir));
	fflush(stdout);
}

static int fuzz__tell(struct fuzz *f, int64_t done, int err)
{
	if (!err)
		err = probe__check(f);
	fuzz__print(f, done);
	return err;
}

static int fuzz__run(struct fuzz *f)
{
	int err = 0, asked = 0;
	int64_t done = 0;

	for (int64_t batch = 0; done < f->ops && !err; batch++) {
		bool first = true;

		printf("{\"seed\":%lld,\"batch\":%lld,\"log\":[", (long long)f->seed, (long long)batch);
		f->model.gone_count = 0;
		for (int64_t i = 0; i < f->batch && done < f->ops && !err; i++, done++, first = false)
			err = fuzz__one(f, first);
		err = fuzz__tell(f, done, err);
		while (!err && !f->no_wait && (asked = wait_for_line()) == AGAIN) {
			printf("{\"seed\":%lld,\"batch\":%lld,\"log\":[", (long long)f->seed, (long long)batch);
			err = fuzz__tell(f, done, 0);
		}
		if (asked < 0)
			break;
	}
	return err;
}

static void fuzz__end(struct fuzz *f)
{
	for (int i = 0; i < f->crew.count; i++)
		crew__end(&f->crew, i);
	for (int i = 0; i < f->model.object_count; i++) {
		const struct object *o = &f->model.objects[i];

		if (o->path[0])
			unlink(o->path);
		if (o->path2[0])
			unlink(o->path2);
		if (o->kind == KIND_SYSV && !o->removed)
			shmctl(o->shmid, IPC_RMID, NULL);
	}
	model__free(&f->model);
}

int fuzz_main(int argc, char **argv)
{
	static char without[1024];
	static struct fuzz f = { .seed = 1, .ops = 100, .workers = 3, .files = 12, .max_pages = 64, .batch = 20 };
	const struct option_row rows[] = {
		{ "seed", 'n', &f.seed },       { "ops", 'n', &f.ops },         { "workers", 'n', &f.workers },
		{ "dir", 's', &f.dir },         { "disk", 's', &f.disk },       { "files", 'n', &f.files },
		{ "batch", 'n', &f.batch },     { "without", 's', &f.without }, { "max-pages", 'n', &f.max_pages },
		{ "no-wait", 'f', &f.no_wait },
	};

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || !f.dir || f.workers < 1 || f.workers > WORKERS_MAX ||
	    f.files < 2 || f.files > OBJECTS_MAX || f.max_pages < 4 || f.batch < 1)
		return 2;
	snprintf(without, sizeof(without), "%s%s", f.without ? f.without : "",
		 truth__has_cachestat() ? "" : ",fallocate,fallocate_keep"); /* mincore cannot see their pages */
	f.without = without;
	signal(SIGPIPE, SIG_IGN);
	f.random = (uint64_t)f.seed;
	f.reclaims = truth__reclaims();
	f.base_used_bytes = truth__used_bytes(f.dir);
	int err = model__init(&f.model, (int)f.files, f.max_pages);
	if (!err)
		err = crew__start(&f.crew, (int)f.workers);
	if (!err)
		err = fuzz__run(&f);
	if (err)
		fprintf(stderr, "pageops fuzz: seed %lld: %s\n", (long long)f.seed, strerror(-err));
	fuzz__end(&f);
	return err != 0;
}
