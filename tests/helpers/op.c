// SPDX-License-Identifier: GPL-2.0-only
/* One operation: from text, run in this process, told as a JSON line. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct op_row *const tables[] = { write_ops, map_ops, space_ops, copy_ops, disk_ops, name_ops, share_ops };

void op__init(struct op *op)
{
	memset(op, 0, sizeof(*op));
	op->slot = op->slot2 = -1;
}

static int op__set(struct op *op, const char *key, const char *value)
{
	const struct {
		const char *key;
		int64_t *number;
		char *text;
	} keys[] = {
		{ "off", &op->off, NULL },    { "len", &op->len, NULL }, { "chunk", &op->chunk, NULL },
		{ "arg", &op->arg, NULL },    { "pid", &op->pid, NULL }, { "path", NULL, op->path },
		{ "path2", NULL, op->path2 },
	};
	int64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(key, keys[i].key))
			continue;
		if (keys[i].number)
			return number__parse(value, keys[i].number);
		if (strlen(value) >= PATH_BYTES)
			return -ENAMETOOLONG;
		strcpy(keys[i].text, value);
		return 0;
	}
	int err = number__parse(value, &n);
	if (err)
		return err;
	if (!strcmp(key, "addr"))
		op->addr = (uint64_t)n;
	else if (!strcmp(key, "slot") && n >= -1 && n < SLOTS)
		op->slot = (int)n;
	else if (!strcmp(key, "slot2") && n >= -1 && n < SLOTS)
		op->slot2 = (int)n;
	else
		return -EINVAL;
	return 0;
}

/* In words, a backslash keeps the next byte as it is; \n is a newline. */
static char *word__next(char **at)
{
	char *from = *at, *to;

	while (*from == ' ')
		from++;
	if (!*from)
		return NULL;
	char *word = to = from;
	while (*from && *from != ' ') {
		if (*from == '\\' && from[1]) {
			from++;
			*to++ = *from == 'n' ? '\n' : *from;
			from++;
			continue;
		}
		*to++ = *from++;
	}
	*at = *from ? from + 1 : from;
	*to = 0;
	return word;
}

int op__parse(struct op *op, const char *text)
{
	char copy[4 * PATH_BYTES], *at = copy, *word;

	op__init(op);
	if (strlen(text) >= sizeof(copy))
		return -ENAMETOOLONG;
	strcpy(copy, text);
	word = word__next(&at);
	if (!word || strlen(word) >= sizeof(op->name))
		return -EINVAL;
	strcpy(op->name, word);
	while ((word = word__next(&at))) {
		char *equals = strchr(word, '=');

		if (!equals)
			return -EINVAL;
		*equals = 0;
		int err = op__set(op, word, equals + 1);
		if (err)
			return err;
	}
	return 0;
}

void worker__init(struct worker *w)
{
	for (int i = 0; i < SLOTS; i++)
		w->held[i] = (struct held){ .fd = -1, .shmid = -1 };
}

void worker__release(struct worker *w, int slot)
{
	struct held *h = &w->held[slot];

	if (h->map && h->shmid >= 0)
		shmdt(h->map);
	else if (h->map)
		munmap(h->map, h->map_len);
	if (h->fd >= 0)
		close(h->fd);
	*h = (struct held){ .fd = -1, .shmid = -1 };
}

static int fd__of(const struct worker *w, int slot, const char *path, int flags, int *to_close)
{
	*to_close = -1;
	if (slot >= 0 && w->held[slot].fd >= 0)
		return w->held[slot].fd;
	if (!path[0])
		return -EBADF;
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return *to_close = fd;
}

/* The file of the operation: what the slot holds, else the path, opened for this once. */
int worker__fd(const struct worker *w, const struct op *op, int flags, int *to_close)
{
	return fd__of(w, op->slot, op->path, flags, to_close);
}

int worker__fd2(const struct worker *w, const struct op *op, int flags, int *to_close)
{
	return fd__of(w, op->slot2, op->path2, flags, to_close);
}

static const struct op_row *op__find(const char *name)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct op_row *row = tables[t]; row->name; row++)
			if (!strcmp(row->name, name))
				return row;
	return NULL;
}

void op__run(struct worker *w, const struct op *op, struct result *r)
{
	const struct op_row *row = op__find(op->name);

	*r = (struct result){ .fd = -1, .shmid = -1, .pid = getpid() };
	r->start_time = truth__start_time(r->pid);
	r->err = row ? -row->run(w, op, r) : ENOSYS;
	if (op->slot >= 0) {
		r->fd = w->held[op->slot].fd;
		r->addr = (uint64_t)(uintptr_t)w->held[op->slot].map;
	}
}

/* The object of an operation, wherever it is now: in the slot, at the path, or at the name that it got. */
static int op__look(const struct worker *w, const struct op *op, struct stat *st, int *to_close)
{
	int fd = -1;

	*to_close = -1;
	memset(st, 0, sizeof(*st));
	if (op->slot >= 0 && w->held[op->slot].fd >= 0)
		fd = w->held[op->slot].fd;
	if (fd < 0 && op->slot >= 0 && w->held[op->slot].map) {
		const struct held *h = &w->held[op->slot];
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)h->map,
			 (unsigned long)(h->map + h->map_len));
		fd = *to_close = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0 && op->path[0]) {
		bool moved = !strcmp(op->name, "rename") && access(op->path, F_OK);
		const char *path = moved ? op->path2 : op->path;

		if (!lstat(path, st) && S_ISREG(st->st_mode))
			fd = *to_close = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd >= 0)
		fstat(fd, st);
	return fd;
}

static const char *skip__reason(const struct op *op, const struct result *r)
{
	bool old_madvise = r->err == EINVAL && !strncmp(op->name, "populate_", 9); /* MADV_POPULATE_*: Linux 5.14 */

	if (r->err == ENOSYS || r->err == EOPNOTSUPP || old_madvise)
		return "this kernel or filesystem does not have it";
	return NULL;
}

static void result__print(const struct worker *w, const struct op *op, struct result *r, int64_t before)
{
	char path[PATH_BYTES] = "", link[64];
	struct stat st;
	int to_close, fd = op__look(w, op, &st, &to_close);
	int64_t after = fd >= 0 ? truth__count(fd, st.st_size) : -1;

	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = 0;
	} else if (op->path[0] && !realpath(op->path, path)) {
		snprintf(path, sizeof(path), "%s", op->path);
	}
	printf("{\"op\":\"%s\",", op->name);
	json__process(stdout, getpid(), truth__start_time(getpid()));
	printf(",\"actor_pid\":%d,\"actor_start_time\":%llu,\"path\":", r->pid, (unsigned long long)r->start_time);
	json__string(stdout, path);
	if (st.st_mode) { /* the segment 0 has the inode number 0 */
		printf(",\"dev\":");
		json__dev(stdout, st.st_dev);
		printf(",\"ino\":%llu,\"size\":%lld,\"st_blocks\":%lld", (unsigned long long)st.st_ino,
		       (long long)st.st_size, (long long)st.st_blocks);
	}
	if (after >= 0)
		printf(",\"pages_added\":%lld,\"resident_pages\":%lld,\"sees_all\":%s", (long long)(after - before),
		       (long long)after, truth__has_cachestat() ? "true" : "false");
	printf(",\"bytes\":%lld,\"errno\":%d,\"sigbus\":%s,\"fd\":%d,\"shmid\":%d,\"addr\":%llu", (long long)r->bytes,
	       r->err, r->sigbus ? "true" : "false", r->fd, r->shmid, (unsigned long long)r->addr);
	if (r->err)
		printf(",\"error\":\"%s\"", strerror(r->err));
	if (skip__reason(op, r))
		printf(",\"skip\":\"%s\"", skip__reason(op, r));
	printf("}\n");
	fflush(stdout);
	if (to_close >= 0)
		close(to_close);
}

static int do_one(struct worker *w, const char *text)
{
	struct op op;
	struct result r;
	struct stat st;
	int to_close, err = op__parse(&op, text);

	if (err) {
		fprintf(stderr, "pageops: cannot read \"%s\": %s\n", text, strerror(-err));
		return 2;
	}
	int fd = op__look(w, &op, &st, &to_close);
	int64_t before = fd >= 0 ? truth__count(fd, st.st_size) : 0;

	if (to_close >= 0)
		close(to_close); /* before the operation: an unlink must be the last to let go */
	op__run(w, &op, &r);
	result__print(w, &op, &r, before < 0 ? 0 : before);
	return 0;
}

int do_main(int argc, char **argv)
{
	static struct worker w;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int status = 0;

	if (argc < 1 || chdir(argv[0])) {
		fprintf(stderr, "pageops do: %s: %s\n", argc ? argv[0] : "no directory", strerror(errno));
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	worker__init(&w);
	printf("{\"ready\":true}\n"); /* it is in its folder, whatever is mounted on that from now on */
	fflush(stdout);
	for (int i = 1; i < argc && !status; i++)
		status = do_one(&w, argv[i]);
	while (!status && (n = getline(&line, &size, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (line[0])
			status = do_one(&w, line);
	}
	free(line);
	return status;
}
