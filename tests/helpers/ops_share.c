// SPDX-License-Identifier: GPL-2.0-only
/* Memory on the kernel's own tmpfs mount: memfd, shared anonymous mappings, System V segments. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

static int slot__free(const struct worker *w, const struct op *op)
{
	if (op->slot < 0)
		return -EINVAL;
	return w->held[op->slot].fd >= 0 || w->held[op->slot].map ? -EBUSY : 0;
}

/* named path, len bytes large (0: empty) */
static int run_memfd(struct worker *w, const struct op *op, struct result *r)
{
	int err = slot__free(w, op);

	(void)r;
	if (err)
		return err;
	int fd = memfd_create(op->path[0] ? op->path : "pageops", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (op->len && ftruncate(fd, op->len)) {
		err = -errno;
		close(fd);
		return err;
	}
	w->held[op->slot].fd = fd;
	return 0;
}

/* len bytes, nothing touched */
static int run_shared_anon(struct worker *w, const struct op *op, struct result *r)
{
	int err = slot__free(w, op);

	(void)r;
	if (err)
		return err;
	char *map = mmap(NULL, (size_t)op->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	w->held[op->slot].map = map;
	w->held[op->slot].map_len = ((size_t)op->len + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;
	return 0;
}

/* a new segment of len bytes, attached nowhere; its id is the result's shmid */
static int run_shmget(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	r->shmid = shmget(IPC_PRIVATE, (size_t)op->len, IPC_CREAT | 0600);
	return r->shmid < 0 ? -errno : 0;
}

/* the segment arg, kept attached in the slot; len is its size */
static int run_shmat(struct worker *w, const struct op *op, struct result *r)
{
	int err = slot__free(w, op);

	if (err)
		return err;
	char *map = shmat((int)op->arg, NULL, 0);
	if (map == (char *)-1)
		return -errno;
	w->held[op->slot].map = map;
	w->held[op->slot].map_len = ((size_t)op->len + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;
	w->held[op->slot].shmid = (int)op->arg;
	r->shmid = (int)op->arg;
	return 0;
}

/* attach the segment arg, touch [off, off+len), detach */
static int run_shmtouch(struct worker *w, const struct op *op, struct result *r)
{
	struct window win = { .len = (size_t)op->len, .to_close = -1 };

	(void)w;
	r->shmid = (int)op->arg;
	char *map = shmat((int)op->arg, NULL, 0);
	if (map == (char *)-1)
		return -errno;
	win.at = map + op->off;
	int err = window__touch(&win, true, r);
	shmdt(map);
	return err;
}

static int run_shmrm(struct worker *w, const struct op *op, struct result *r)
{
	(void)w;
	r->shmid = (int)op->arg;
	return shmctl((int)op->arg, IPC_RMID, NULL) ? -errno : 0;
}

const struct op_row share_ops[] = {
	{ "memfd", run_memfd }, { "shared_anon", run_shared_anon }, { "shmget", run_shmget },
	{ "shmat", run_shmat }, { "shmtouch", run_shmtouch },       { "shmrm", run_shmrm },
	{ NULL, NULL },
};
