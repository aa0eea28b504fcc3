// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes out of /proc. A parser must never trust what a process can choose (its name, its
 * command line), and a reader must never report a process that has exited half as another one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif

#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */
#define NSEC_PER_SEC 1000000000ull
#define STAT_FIRST_AFTER_COMM 3 /* "state" is field 3 of proc_pid_stat(5) */
#define DELETED_SUFFIX " (deleted)"

enum { STAT_PPID = 4, STAT_FLAGS = 9, STAT_START = 22 };

static int pid_from_u64(uint64_t value, pid_t *out)
{
	if (value > INT_MAX)
		return -ERANGE;
	*out = (pid_t)value;
	return 0;
}

/* The fields behind the command name; `rest` starts at "state". */
static int parse_stat_fields(struct parse_span rest, struct proc_stat *out)
{
	struct parse_span word;
	uint64_t value;
	int err;

	for (int field = STAT_FIRST_AFTER_COMM; field <= STAT_START; field++) {
		/* A field that ends the buffer may be cut. */
		if (!parse__until(&rest, ' ', &word) || rest.p == NULL || word.len == 0)
			return -EINVAL;
		if (field == STAT_FIRST_AFTER_COMM) {
			if (word.len != 1)
				return -EINVAL;
			out->state = word.p[0];
			continue;
		}
		if (field != STAT_PPID && field != STAT_FLAGS && field != STAT_START)
			continue; /* some of them are negative */
		err = parse__whole_u64(word, &value);
		if (err)
			return err;
		if (field == STAT_PPID && pid_from_u64(value, &out->ppid))
			return -ERANGE;
		if (field == STAT_FLAGS)
			out->kernel_thread = (value & PF_KTHREAD) != 0;
		if (field == STAT_START)
			out->start_ticks = value;
	}
	return 0;
}

static int parse_stat(struct parse_span text, struct proc_stat *out)
{
	const char *open, *close;
	struct parse_span comm;
	uint64_t pid;
	int err;

	if (text.len == 0)
		return -EINVAL;
	open = memchr(text.p, '(', text.len);
	close = memrchr(text.p, ')', text.len);
	if (open == NULL || close == NULL || close < open)
		return -EINVAL;
	err = parse__whole_u64((struct parse_span){ text.p, (size_t)(open - text.p) }, &pid);
	if (err)
		return err;
	if (pid_from_u64(pid, &out->pid))
		return -ERANGE;
	comm = (struct parse_span){ open + 1, (size_t)(close - open - 1) };
	if (parse__copy(comm, out->comm, sizeof(out->comm)) == -EINVAL)
		return -EINVAL;
	/* ") " and then the state */
	if ((size_t)(text.p + text.len - close) < 2 || close[1] != ' ')
		return -EINVAL;
	return parse_stat_fields((struct parse_span){ close + 2, (size_t)(text.p + text.len - close) - 2 }, out);
}

int proc__parse_stat(const char *buf, size_t len, struct proc_stat *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = parse_stat((struct parse_span){ buf, len }, out);
	if (err)
		memset(out, 0, sizeof(*out));
	return err;
}

#define KEY(text, member, unit)                                  \
	{                                                        \
		text, offsetof(struct proc_status, member), unit \
	}

static const struct parse_key status_keys[] = {
	KEY("Tgid:", tgid, PARSE_PLAIN),
	KEY("PPid:", ppid, PARSE_PLAIN),
	KEY("VmSize:", virtual_bytes, PARSE_KIB),
	KEY("VmLck:", locked_bytes, PARSE_KIB),
	KEY("VmHWM:", peak_rss_bytes, PARSE_KIB),
	KEY("RssAnon:", anon_bytes, PARSE_KIB),
	KEY("RssFile:", file_bytes, PARSE_KIB),
	KEY("RssShmem:", shmem_bytes, PARSE_KIB),
	KEY("VmPTE:", page_tables_bytes, PARSE_KIB),
	KEY("VmSwap:", swap_bytes, PARSE_KIB),
};

/* "Uid:" has four numbers (real, effective, saved, filesystem): no line for parse__keys. */
static void parse_uid(struct parse_span text, struct parse_figure *uid)
{
	struct parse_span line;
	bool ended;

	while (parse__line(&text, &line, &ended)) {
		if (!parse__starts(line, "Uid:"))
			continue;
		line.p += strlen("Uid:");
		line.len -= strlen("Uid:");
		uid->has = ended && parse__take_u64(&line, &uid->value) == 0 && uid->value <= UINT32_MAX;
		return;
	}
}

void proc__parse_status(const char *buf, size_t len, struct proc_status *out)
{
	struct parse_span text = { buf, len };

	memset(out, 0, sizeof(*out));
	parse__keys(text, status_keys, sizeof(status_keys) / sizeof(status_keys[0]), out);
	parse_uid(text, &out->uid);
}

/* Cutting leaves no half UTF-8 character: it would spoil JSON. */
static size_t whole_characters(const char *text, size_t len)
{
	size_t start = len;

	while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0xc0) {
		unsigned char lead = (unsigned char)text[start - 1];
		size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

		if (len - (start - 1) < need)
			return start - 1;
	}
	return len;
}

size_t proc__parse_cmdline(const char *buf, size_t len, char *dst, size_t cap)
{
	size_t used;

	while (len && buf[len - 1] == '\0')
		len--;
	used = len < cap ? len : cap - 1;
	for (size_t i = 0; i < used; i++) {
		unsigned char c = (unsigned char)buf[i];

		if (c == '\0')
			dst[i] = ' ';
		else
			dst[i] = (c < 0x20 || c == 0x7f) ? '?' : buf[i];
	}
	if (used < len)
		used = whole_characters(dst, used);
	dst[used] = '\0';
	return used;
}

static bool lists_memory(struct parse_span controllers)
{
	struct parse_span one;

	while (parse__until(&controllers, ',', &one))
		if (parse__equals(one, "memory"))
			return true;
	return false;
}

/* "N:controllers:PATH" of the wanted hierarchy; 1, 2, or 0 for another line. */
static int cgroup_line(struct parse_span line, struct parse_span *path)
{
	struct parse_span id, controllers;

	if (!parse__until(&line, ':', &id) || !parse__until(&line, ':', &controllers) || line.p == NULL ||
	    line.len == 0 || line.p[0] != '/')
		return 0;
	*path = line;
	if (lists_memory(controllers))
		return 1;
	return parse__equals(id, "0") && controllers.len == 0 ? 2 : 0;
}

int proc__parse_cgroup(const char *buf, size_t len, struct proc_cgroup *out)
{
	struct parse_span rest = { buf, len }, line, path, found = { NULL, 0 };
	size_t suffix = strlen(DELETED_SUFFIX);
	bool ended;
	int err;

	memset(out, 0, sizeof(*out));
	while (out->version != 1 && parse__line(&rest, &line, &ended)) {
		int version = ended ? cgroup_line(line, &path) : 0;

		if (version == 0)
			continue;
		out->version = version;
		found = path;
	}
	if (out->version == 0)
		return -ENOENT;
	if (found.len > suffix && memcmp(found.p + found.len - suffix, DELETED_SUFFIX, suffix) == 0) {
		out->deleted = true;
		found.len -= suffix;
	}
	err = parse__copy(found, out->path, sizeof(out->path));
	if (err)
		memset(out, 0, sizeof(*out));
	return err;
}

uint64_t proc__ns_from_ticks(uint64_t ticks, uint64_t ticks_per_second)
{
	uint64_t ns;

	if (__builtin_mul_overflow(ticks, NSEC_PER_SEC / ticks_per_second, &ns))
		return UINT64_MAX;
	return ns;
}

uint64_t proc__ticks_from_ns(uint64_t ns, uint64_t ticks_per_second)
{
	return ns / (NSEC_PER_SEC / ticks_per_second);
}

int proc__open(const char *path, struct proc_root *root)
{
	root->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root->fd < 0 ? -errno : 0;
}

void proc__close(struct proc_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

int proc__read_file(const struct proc_root *root, pid_t pid, const char *name, char *buf, size_t cap)
{
	char path[128];
	int len = snprintf(path, sizeof(path), "%d/%s", pid, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	return file__read(root->fd, path, buf, cap);
}

static int read_process_at(int dir, struct proc_process *out)
{
	char buf[8192];
	long ticks = sysconf(_SC_CLK_TCK);
	int len, err;

	len = file__read(dir, "stat", buf, sizeof(buf));
	if (len < 0)
		return len == -ENOENT ? -ESRCH : len;
	err = proc__parse_stat(buf, (size_t)len, &out->stat);
	if (err)
		return err;
	out->start_ns = proc__ns_from_ticks(out->stat.start_ticks, ticks > 0 ? (uint64_t)ticks : 100);

	len = file__read(dir, "status", buf, sizeof(buf));
	if (len > 0)
		proc__parse_status(buf, (size_t)len, &out->status);

	/* One more byte than is kept, so that the parser knows of the cut. */
	len = file__read(dir, "cmdline", buf, PROC_CMDLINE_MAX + 2);
	if (len > 0)
		out->has_cmdline = proc__parse_cmdline(buf, (size_t)len, out->cmdline, sizeof(out->cmdline)) > 0;

	len = file__read(dir, "cgroup", buf, sizeof(buf));
	if (len > 0)
		out->has_cgroup = proc__parse_cgroup(buf, (size_t)len, &out->cgroup) == 0;
	return 0;
}

int proc__read_process(const struct proc_root *root, pid_t pid, struct proc_process *out)
{
	char name[16];
	int dir, err;

	memset(out, 0, sizeof(*out));
	snprintf(name, sizeof(name), "%d", pid);
	dir = openat(root->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	err = read_process_at(dir, out);
	close(dir);
	return err;
}

int proc__iter_begin(const struct proc_root *root, struct proc_iter *iter)
{
	/* A descriptor of its own: the directory offset belongs to the iteration. */
	int err, fd = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	iter->dir = NULL;
	if (fd < 0)
		return -errno;
	iter->dir = fdopendir(fd);
	if (iter->dir == NULL) {
		err = -errno;
		close(fd);
		return err;
	}
	return 0;
}

int proc__iter_next(struct proc_iter *iter, pid_t *pid)
{
	struct dirent *entry;
	uint64_t value;

	for (;;) {
		errno = 0;
		entry = readdir(iter->dir);
		if (entry == NULL)
			return -errno;
		if (parse__whole_u64((struct parse_span){ entry->d_name, strlen(entry->d_name) }, &value) == 0 &&
		    value > 0 && pid_from_u64(value, pid) == 0)
			return 1;
	}
}

void proc__iter_end(struct proc_iter *iter)
{
	if (iter->dir)
		closedir(iter->dir);
	iter->dir = NULL;
}
