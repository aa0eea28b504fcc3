// SPDX-License-Identifier: GPL-2.0-only
/* How pageops fuzz looks at an object from outside, and the checks that its model agrees with the kernel. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

/* A path by which any process can open it: its name, else what a worker holds. */
bool probe__path(const struct crew *c, const struct object *o, char *path, size_t size)
{
	if (o->path[0]) {
		snprintf(path, size, "%s", o->path);
		return true;
	}
	for (int i = 0; i < c->count; i++) {
		if (o->fd[i] >= 0)
			snprintf(path, size, "/proc/%d/fd/%d", c->pid[i], o->fd[i]);
		else if (o->addr[i])
			snprintf(path, size, "/proc/%d/map_files/%lx-%lx", c->pid[i], (unsigned long)o->addr[i],
				 (unsigned long)o->addr[i] + (unsigned long)o->map_len);
		else
			continue;
		return true;
	}
	return false;
}

static int probe__segment(const struct object *o, uint8_t *now, size_t pages)
{
	struct shmid_ds ds;

	memset(now, 0, pages);
	if (shmctl(o->shmid, IPC_STAT, &ds))
		return -errno;
	char *map = shmat(o->shmid, NULL, SHM_RDONLY);
	if (map == (char *)-1)
		return -errno;
	int err = truth__mincore(map, now, (ds.shm_segsz + PAGE_BYTES - 1) / PAGE_BYTES);
	shmdt(map);
	return err;
}

int probe__look(const struct crew *c, const struct object *o, uint8_t *now, size_t pages, struct stat *st)
{
	char path[PATH_BYTES];

	memset(st, 0, sizeof(*st));
	if (o->kind == KIND_SYSV)
		return probe__segment(o, now, pages);
	if (!probe__path(c, o, path, sizeof(path)))
		return -ENOENT;
	if (o->kind == KIND_SYMLINK) {
		memset(now, 0, pages);
		if (lstat(path, st))
			return -errno;
		memset(now, 1, (size_t)st->st_blocks / 8);
		return 0;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int err = fstat(fd, st) ? -errno : truth__resident(fd, now, pages);
	close(fd);
	return err;
}

static int check__disk(const struct crew *c, const struct object *o, size_t pages)
{
	char path[PATH_BYTES];
	size_t count = 0;
	int err = 0;

	if (!probe__path(c, o, path, sizeof(path)))
		return -ENOENT;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *present = calloc(1, pages);
	char *map = mmap(NULL, pages * PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || !present || map == MAP_FAILED) {
		err = -errno;
	} else {
		err = truth__mincore(map, present, pages);
		munmap(map, pages * PAGE_BYTES);
		for (size_t i = 0; i < pages; i++)
			count += present[i];
		/* mincore leaves out what is in the cache but not up to date: the end of a hole, written in part */
		if (!err && count > o->resident) {
			fprintf(stderr, "pageops fuzz: %s: mincore %zu, model %zu pages\n", path, count, o->resident);
			err = -EBADMSG;
		}
	}
	free(present);
	if (fd >= 0)
		close(fd);
	return err;
}

/* At rest: the sum of the owners, of the present pages, st_blocks, mincore and statfs all tell the same. */
static int check__object(struct fuzz *f, struct object *o, uint8_t *now, uint64_t *used)
{
	struct result nobody = { .pid = 0 };
	int added, removed, err;
	double sum = 0;
	struct stat st;

	err = probe__look(&f->crew, o, now, f->model.pages, &st);
	if (err)
		return err;
	size_t owners = o->share_count;
	object__account(o, now, f->model.pages, &nobody, &added, &removed);
	/* The kernel may take clean pages at any time. On tmpfs those are clean that only a read touch brought in. */
	if (added || (removed && o->kind != KIND_DISK && f->reclaims == truth__reclaims() && !truth__has_damon())) {
		fprintf(stderr, "pageops fuzz: %s %s: +%d -%d pages at rest\n", kind__name(o->kind), o->path, added,
			removed);
		return -EBADMSG;
	}
	for (size_t i = 0; i < o->share_count; i++)
		sum += o->shares[i].pages;
	if (sum < (double)o->resident - 0.001 || sum > (double)o->resident + 0.001 || o->share_count > owners)
		return -EBADMSG;
	if (o->kind == KIND_DISK)
		return check__disk(&f->crew, o, f->model.pages);
	if (o->kind != KIND_SYSV && (size_t)st.st_blocks != o->resident * 8) {
		fprintf(stderr, "pageops fuzz: %s %s: st_blocks %lld, model %zu pages\n", kind__name(o->kind), o->path,
			(long long)st.st_blocks, o->resident);
		return -EBADMSG;
	}
	if (o->kind == KIND_TMPFS || o->kind == KIND_SYMLINK)
		*used += o->resident * PAGE_BYTES;
	return 0;
}

int probe__check(struct fuzz *f)
{
	uint8_t *now = calloc(1, f->model.pages);
	uint64_t used = f->base_used_bytes;
	int err = now ? 0 : -ENOMEM;

	for (int i = 0; i < f->model.object_count && !err; i++)
		if (f->model.objects[i].kind != KIND_NONE)
			err = check__object(f, &f->model.objects[i], now, &used);
	if (!err && used != truth__used_bytes(f->dir)) {
		fprintf(stderr, "pageops fuzz: %s: statfs %llu, model %llu bytes\n", f->dir,
			(unsigned long long)truth__used_bytes(f->dir), (unsigned long long)used);
		err = -EBADMSG;
	}
	f->reclaims = truth__reclaims();
	free(now);
	return err;
}
