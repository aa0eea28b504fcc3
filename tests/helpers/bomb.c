// SPDX-License-Identifier: GPL-2.0-only
/* Many short processes that make and remove many small files: nothing may be left in anyone's books. */
#include "pageops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC_EVERY 16 /* one child in so many execs itself */

struct bomb {
	int64_t processes, files, keep, alive;
	const char *dir;
};

static int64_t file__pages(int64_t file)
{
	return 1 + file % 5;
}

static int file__make_and_remove(const struct bomb *b, int64_t file)
{
	char path[PATH_BYTES], *buf = bytes__new(8 * PAGE_BYTES);
	size_t len = (size_t)file__pages(file) * PAGE_BYTES;
	int err = 0;

	if (!buf)
		return ENOMEM;
	snprintf(path, sizeof(path), "%s/bomb-%lld", b->dir, (long long)file);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = errno;
	} else {
		if (write(fd, buf, len) != (ssize_t)len)
			err = errno ? errno : EIO;
		if (file >= b->keep && unlink(path))
			err = errno;
		close(fd);
	}
	free(buf);
	return err;
}

/* the share of child number i of the files; those below keep stay */
static int child__work(const struct bomb *b, int64_t i)
{
	int64_t from = b->files * i / b->processes, to = b->files * (i + 1) / b->processes;
	int err = 0;

	for (int64_t file = from; file < to && !err; file++)
		err = file__make_and_remove(b, file);
	return err;
}

static void child__exec(const struct bomb *b, int64_t i)
{
	char text[5][32];

	snprintf(text[0], 32, "%lld", (long long)b->processes);
	snprintf(text[1], 32, "%lld", (long long)b->files);
	snprintf(text[2], 32, "%lld", (long long)b->keep);
	snprintf(text[3], 32, "%lld", (long long)i + 1);
	execl("/proc/self/exe", "pageops", "bomb", "--processes", text[0], "--files", text[1], "--keep", text[2],
	      "--child", text[3], "--dir", b->dir, NULL);
	_exit(127);
}

static int bomb__reap(int64_t *running, int64_t *failed)
{
	int status;
	pid_t pid = wait(&status);

	if (pid < 0)
		return -errno;
	*running -= 1;
	*failed += status != 0;
	return 0;
}

static void bomb__print(const struct bomb *b, int64_t failed)
{
	int64_t pages = 0, left = 0;
	const char *comma = "";

	for (int64_t file = 0; file < b->files; file++)
		pages += file__pages(file);
	printf("{\"processes\":%lld,\"files\":%lld,\"failed\":%lld,\"pages_added\":%lld,\"left\":[",
	       (long long)b->processes, (long long)b->files, (long long)failed, (long long)pages);
	for (int64_t file = 0; file < b->keep && file < b->files; file++) {
		char path[PATH_BYTES];
		struct stat st;

		snprintf(path, sizeof(path), "%s/bomb-%lld", b->dir, (long long)file);
		if (stat(path, &st))
			continue;
		left += st.st_blocks / 8;
		printf("%s{\"path\":", comma);
		json__string(stdout, path);
		printf(",\"dev\":");
		json__dev(stdout, st.st_dev);
		printf(",\"ino\":%llu,\"st_blocks\":%lld}", (unsigned long long)st.st_ino, (long long)st.st_blocks);
		comma = ",";
	}
	printf("],\"pages_left\":%lld,\"used_bytes\":%llu}\n", (long long)left,
	       (unsigned long long)truth__used_bytes(b->dir));
	fflush(stdout);
}

int bomb_main(int argc, char **argv)
{
	struct bomb b = { .processes = 100, .files = 1000, .alive = 32 };
	int64_t child = 0, running = 0, failed = 0;
	const struct option_row rows[] = {
		{ "processes", 'n', &b.processes }, { "files", 'n', &b.files }, { "keep", 'n', &b.keep },
		{ "alive", 'n', &b.alive },         { "dir", 's', &b.dir },     { "child", 'n', &child }
	};

	if (options__parse(rows, ARRAY_LEN(rows), argc, argv) || !b.dir || b.processes < 1)
		return 2;
	if (child)
		return child__work(&b, child - 1) != 0;
	for (int64_t i = 0; i < b.processes; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (i % EXEC_EVERY == EXEC_EVERY - 1)
				child__exec(&b, i);
			_exit(child__work(&b, i) != 0);
		}
		failed += pid < 0;
		running += pid > 0;
		while (running >= b.alive && !bomb__reap(&running, &failed))
			;
	}
	while (running && !bomb__reap(&running, &failed))
		;
	bomb__print(&b, failed);
	return failed != 0;
}
