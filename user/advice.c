// SPDX-License-Identifier: GPL-2.0-only
/* The rules, most telling first: each looks at one finding and writes one sentence. */
#include "advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "snapshot.h"
#include "units.h"

#define MANY_FILES 4
#define BASE_PATH_BYTES 100

/* "python[123]", or "12 processes named python" */
static const char *who(const struct culprit *c, char *text, size_t size)
{
	if (c->processes > 1)
		snprintf(text, size, "%" PRIu64 " processes named %s", c->processes, c->comm);
	else
		snprintf(text, size, "%s[%u]%s", c->comm, c->pid, c->exited ? ", which has exited" : "");
	return text;
}

/* whom it names has the smaller part of it */
static bool is_mostly_nobodys(const struct warning *w)
{
	return is_known(w->unattributed) && w->unattributed > w->used / 2;
}

static bool mostly_nobodys(struct warning *w)
{
	char bytes[UNITS_MAX];

	if (w->limit != WARNING_TMPFS || !w->culprit_count || w->limited_by_memory || !is_mostly_nobodys(w))
		return false;
	snprintf(w->advice, sizeof(w->advice),
		 "the limit is the mount's own size, not the machine's memory, and who brought in most of it (%s) is "
		 "not known: look for its largest files and remove some, or remount it with a larger size",
		 units__bytes(bytes, w->unattributed));
	return true;
}

static bool deleted_but_open(struct warning *w)
{
	const struct culprit *c = &w->culprits[0];
	char bytes[UNITS_MAX], name[64];

	if (!w->culprit_count || c->deleted_bytes < c->bytes / 2 || !c->deleted_bytes)
		return false;
	snprintf(w->advice, sizeof(w->advice),
		 "%s are files without a name that something still has open: removing files gives nothing "
		 "back, whoever holds them must close them or end (brought in by %s)",
		 units__bytes(bytes, c->deleted_bytes), who(c, name, sizeof(name)));
	return true;
}

static bool many_of_one_size(struct warning *w)
{
	const struct culprit *c = &w->culprits[0];
	char bytes[UNITS_MAX], name[64];

	if (!w->culprit_count || c->files < MANY_FILES || c->bytes_each == ABSENT || w->limit != WARNING_TMPFS)
		return false;
	snprintf(w->advice, sizeof(w->advice),
		 "%" PRIu64 " files of %s each under %.*s come from %s: one more for each piece of work; reuse "
		 "or remove them, or put them on a disk",
		 c->files, units__bytes(bytes, c->bytes_each), BASE_PATH_BYTES, c->path[0] ? c->path : w->target,
		 who(c, name, sizeof(name)));
	return true;
}

static bool inodes(struct warning *w)
{
	const struct culprit *c = &w->culprits[0];
	char name[64];

	if (w->limit != WARNING_TMPFS_INODES)
		return false;
	if (w->culprit_count && !is_mostly_nobodys(w))
		snprintf(w->advice, sizeof(w->advice),
			 "it is the number of files that ends, not the bytes: remove small files under %.*s (%" PRIu64
			 " by %s), or remount with a larger nr_inodes",
			 BASE_PATH_BYTES, c->path[0] ? c->path : w->target, c->files, who(c, name, sizeof(name)));
	else
		snprintf(w->advice, sizeof(w->advice),
			 "it is the number of files that ends, not the bytes: "
			 "remove small files, or remount with a larger nr_inodes");
	return true;
}

static bool memory_before_size(struct warning *w)
{
	if (w->limit != WARNING_TMPFS || !w->limited_by_memory)
		return false;
	snprintf(w->advice, sizeof(w->advice),
		 "the machine's memory ends before this tmpfs does: its size is no protection here; remove "
		 "files, or give the memory limits to what else grows");
	return true;
}

static bool full_tmpfs(struct warning *w)
{
	const struct culprit *c = &w->culprits[0];
	char name[64];

	if (w->limit != WARNING_TMPFS)
		return false;
	if (!w->culprit_count)
		snprintf(w->advice, sizeof(w->advice),
			 "the limit is the mount's own size, not the machine's "
			 "memory: remove files, or remount it with a larger size");
	else
		snprintf(w->advice, sizeof(w->advice),
			 "the limit is the mount's own size, not the machine's memory: remove %.*s (by %s), or "
			 "remount it with a larger size",
			 BASE_PATH_BYTES, c->path[0] ? c->path : "files", who(c, name, sizeof(name)));
	return true;
}

static bool full_cgroup(struct warning *w)
{
	const struct culprit *c = &w->culprits[0];
	char bytes[UNITS_MAX], name[64];

	if (w->limit != WARNING_CGROUP)
		return false;
	if (w->limit_name && strcmp(w->limit_name, "max") != 0) {
		snprintf(w->advice, sizeof(w->advice), "%s; its %s limit kills nothing: %s",
			 w->culprit_count ? who(c, name, sizeof(name)) : "nobody stands out", w->limit_name,
			 strcmp(w->limit_name, "high") == 0
				 ? "above it the kernel slows down whoever asks for memory"
				 : "above it the cgroup gives back first when memory is short");
		return true;
	}
	if (!w->culprit_count)
		snprintf(w->advice, sizeof(w->advice),
			 "raise the cgroup's limit or stop something in it: at the "
			 "limit the kernel kills, however much memory the machine has free");
	else
		snprintf(w->advice, sizeof(w->advice),
			 "%s holds %s of it: stop or shrink it, or raise the limit; at the limit the kernel kills, "
			 "however much memory the machine has free",
			 who(c, name, sizeof(name)), units__bytes(bytes, c->bytes));
	return true;
}

static bool full_machine(struct warning *w)
{
	const struct culprit *c = &w->culprits[0];
	char bytes[UNITS_MAX], name[64];

	if (!w->culprit_count)
		snprintf(w->advice, sizeof(w->advice), "stop something, or remove files from tmpfs mounts");
	else
		snprintf(w->advice, sizeof(w->advice),
			 "%s holds %s: stop or limit it before the kernel chooses whom to kill",
			 who(c, name, sizeof(name)), units__bytes(bytes, c->bytes));
	return true;
}

void advice__write(struct warning *warning)
{
	static bool (*const rules[])(struct warning *) = {
		inodes,     mostly_nobodys, deleted_but_open, many_of_one_size, memory_before_size,
		full_tmpfs, full_cgroup,    full_machine,
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i](warning))
			return;
	}
}
