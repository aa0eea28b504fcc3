// SPDX-License-Identifier: GPL-2.0-only
/* After it happened: what a full tmpfs refused, and whose limit a kill was for. */
#include "limitwatch_private.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "decode.h"
#include "syscall_name.h"

#define AGAIN_NS 1000000000ULL
#define SAME_KILL_NS 1000000000ULL

static const char *uring_name(int operation)
{
	switch (operation) { /* enum io_uring_op, include/uapi/linux/io_uring.h */
	case 2:
	case 5:
	case 23:
		return "io_uring write";
	case 17:
		return "io_uring fallocate";
	case 30:
		return "io_uring splice";
	default:
		return "an io_uring operation";
	}
}

bool limitwatch__was_told(struct limitwatch *limits, const struct record_process *process, uint32_t dev, uint16_t what,
			  uint64_t time_ns)
{
	struct refusal_seen *oldest = &limits->refusals[0];

	for (size_t i = 0; i < REFUSALS; i++) {
		struct refusal_seen *seen = &limits->refusals[i];

		if (seen->told_ns < oldest->told_ns)
			oldest = seen;
		if (seen->pid != process->pid || seen->start_ns != process->start_ns || seen->dev != dev ||
		    seen->what != what)
			continue;
		if (time_ns - seen->told_ns < AGAIN_NS)
			return true;
		seen->told_ns = time_ns;
		return false;
	}
	*oldest = (struct refusal_seen){ process->pid, dev, process->start_ns, time_ns, what };
	return false;
}

/*
 * The filesystem in which a process wanted to make a name; 0: not to be found any more. Of one that
 * has exited, what an absolute name is in our own namespace: the caller looks whether that is full.
 */
static uint32_t dev_of_name(const struct limitwatch *limits, const struct record_refused *record, bool *guessed)
{
	uint32_t pid;
	char path[PATH_MAX], name[MAPPED_PATH_BYTES + 1];
	struct stat status;

	if (!record->path_length)
		return 0;
	snprintf(name, sizeof(name), "%s", record->path);
	pid = collector__proc_pid(limits->collector, record->process.pid); /* 0 is no folder of /proc */
	if (name[0] == '/')
		snprintf(path, sizeof(path), "/proc/%u/root%s", pid, dirname(name));
	else if (record->fd == AT_FDCWD)
		snprintf(path, sizeof(path), "/proc/%u/cwd/%s", pid, dirname(name));
	else
		snprintf(path, sizeof(path), "/proc/%u/fd/%d/%s", pid, record->fd, dirname(name));
	*guessed = stat(path, &status) != 0;
	if (*guessed && (name[0] != '/' || stat(name, &status)))
		return 0; /* it has exited, and where its name began is not known any more */
	return major(status.st_dev) << 20 | minor(status.st_dev);
}

static bool is_full(const struct mount_now *now)
{
	return (is_known(now->limit_inodes) && is_known(now->used_inodes) && now->used_inodes >= now->limit_inodes) ||
	       (is_known(now->limit_bytes) && now->used_bytes >= now->limit_bytes);
}

/*
 * The kernel side cannot add up the counter's parts on each CPU everywhere: then it shows up to a batch
 * a CPU too little, and statfs, which adds them up but later, knows better.
 */
static uint64_t used_of(const struct limitwatch *limits, const struct record_refused *record,
			const struct mount_now *now)
{
	uint64_t used = record->used_blocks * limits->page_bytes;

	return now->path && is_known(now->used_bytes) && now->used_bytes > used ? now->used_bytes : used;
}

static void fill_limit(struct limitwatch *limits, struct event *event, const struct record_refused *record,
		       const struct mount_now *now)
{
	uint64_t page = limits->page_bytes;
	bool by_name = record->flags & REFUSED_BY_NAME;

	event->refused.mount = now->path;
	event->refused.used_bytes = by_name ? now->used_bytes : used_of(limits, record, now);
	event->refused.limit_bytes = by_name                ? now->limit_bytes
				     : record->limit_blocks ? record->limit_blocks * page
							    : ABSENT;
	event->refused.limit_inodes = by_name ? now->limit_inodes : record->limit_inodes;
	event->refused.used_inodes = by_name ? now->used_inodes : record->limit_inodes - record->free_inodes;
	if (!event->refused.limit_inodes)
		event->refused.limit_inodes = event->refused.used_inodes = ABSENT;
	if (by_name && is_known(event->refused.limit_inodes) &&
	    event->refused.used_inodes >= event->refused.limit_inodes)
		event->refused.limit = "inodes";
	else if (!is_known(event->refused.limit_bytes))
		event->refused.limit = "cgroup"; /* it has no size: its pages were refused */
	else if (event->refused.used_bytes +
			 (is_known(event->refused.wanted_bytes) ? event->refused.wanted_bytes : page) >
		 event->refused.limit_bytes)
		event->refused.limit = "size";
	else
		event->refused.limit = "cgroup";
}

static void fill_path(struct limitwatch *limits, struct event *event, const struct record_refused *record,
		      const char *mount)
{
	char inside[MAPPED_PATH_BYTES + 8];
	uint32_t slots;
	const struct file_slot *files = tracer__files(limits->tracer, &slots);
	bool whole = false;

	if (record->flags & REFUSED_BY_NAME) {
		event->refused.path = record->path_length ? record->path : NULL;
		return;
	}
	if (record->file && record->file < slots && files[record->file].ino == record->ino) {
		event->refused.path = model__path_of(limits->model, record->file, files[record->file].birth_ns, &whole);
		if (event->refused.path && !whole) {
			snprintf(limits->path, sizeof(limits->path), "%s%s", mount, event->refused.path);
			event->refused.path = limits->path;
		}
		if (event->refused.path)
			return;
	}
	if (decode__path(record->path, record->path_length, record->flags & REFUSED_PATH_CUT ? PATH_CUT : 0, inside,
			 sizeof(inside)) < 0)
		return;
	snprintf(limits->path, sizeof(limits->path), "%s%s", strcmp(mount, "/") == 0 ? "" : mount, inside);
	event->refused.path = limits->path;
}

static void count(struct limitwatch *limits, const struct record_refused *record)
{
	uint64_t followed = record->process.flags & PROCESS_FOLLOWED ? 1 : 0;

	if (record->what == REFUSED_SIGBUS) {
		limits->counts.sigbus++;
		limits->counts.followed_sigbus += followed;
	} else {
		limits->counts.enospc++;
		limits->counts.followed_enospc += followed;
	}
}

void limitwatch__refused(struct limitwatch *limits, const struct record_refused *record)
{
	struct event event = { .type = record->what == REFUSED_SIGBUS ? EVENT_SIGBUS : EVENT_ENOSPC,
			       .boot_ns = record->head.time_ns,
			       .tid = record->head.tid,
			       .pid = record->process.pid,
			       .comm = record->process.comm,
			       .start_ns = record->process.start_ns,
			       .followed = record->process.flags & PROCESS_FOLLOWED };
	struct mount_now now = { .path = NULL };
	bool guessed = false;
	uint32_t dev = record->flags & REFUSED_BY_NAME ? dev_of_name(limits, record, &guessed) : record->dev;

	/* of a name on a disk, or a fault in a file that is no tmpfs' */
	if (collector__mount_now(limits->collector, dev, &now) && !now.path) {
		if (record->flags & REFUSED_BY_NAME || !record->dev)
			return;
	}
	if (guessed && !is_full(&now))
		return;
	/* a mapping may also end before the page that is touched: no limit was hit then */
	if (record->what == REFUSED_SIGBUS &&
	    (!record->limit_blocks || used_of(limits, record, &now) < record->limit_blocks * limits->page_bytes))
		return;
	count(limits, record);
	if (limitwatch__was_told(limits, &record->process, record->dev, record->what, record->head.time_ns))
		return;
	event.refused.call = record->flags & REFUSED_URING ? uring_name(record->call) : syscall_name(record->call);
	event.refused.is_short = record->what == REFUSED_SHORT;
	event.refused.wanted_bytes = record->wanted_bytes ? record->wanted_bytes : ABSENT;
	event.refused.written_bytes = event.refused.is_short ? record->got_bytes : ABSENT;
	event.refused.address = record->address;
	event.refused.used_bytes = event.refused.limit_bytes = event.refused.used_inodes = event.refused.limit_inodes =
		ABSENT;
	fill_limit(limits, &event, record, &now);
	limitwatch__blame_mount(limits, dev, now.path ? now.path : "",
				strcmp(event.refused.limit, "inodes") == 0 ? BLAME_INODES : BLAME_MOUNT);
	limits->urgent.limit = limits->blame.of == BLAME_INODES ? WARNING_TMPFS_INODES : WARNING_TMPFS;
	limits->urgent.used = limits->blame.of == BLAME_INODES ? event.refused.used_inodes : event.refused.used_bytes;
	blame__finish(&limits->blame, limits->history, record->head.time_ns, &limits->urgent);
	event.refused.who = &limits->urgent;
	fill_path(limits, &event, record, now.path ? now.path : "");
	model__tell(limits->model, &event, record->process.pid, record->process.start_ns);
}

/*
 * tmpfs pages that are charged to a cgroup or below it, whoever brought them in. Asked of the files
 * as they are now: the last refresh does not know those of this second.
 */
static uint64_t charged_tmpfs(const struct limitwatch *limits, uint64_t id, const char *path)
{
	const struct file_charge *charges;
	const struct file_slot *files;
	uint32_t slots, charge_slots;
	uint64_t pages = 0;

	if (tracer__refresh(limits->tracer, false)) /* it may be a drain that brought us here */
		return ABSENT;
	files = tracer__files(limits->tracer, &slots);
	charges = tracer__charges(limits->tracer, &charge_slots);
	for (uint32_t i = 1; i < slots && i < charge_slots; i++) {
		const char *of;

		if (!files[i].mapping || !(files[i].flags & FILE_TMPFS) || slot__pages(&files[i]) <= 0 ||
		    charges[i].birth_ns != files[i].birth_ns)
			continue;
		of = charges[i].memcg == id ? path : model__cgroup_of(limits->model, charges[i].memcg, NULL);
		if (charges[i].memcg == id || (of && path[0] && limitwatch__is_below(of, path)))
			pages += (uint64_t)slot__pages(&files[i]);
	}
	return pages * limits->page_bytes;
}

static uint64_t bytes_of(const struct limitwatch *limits, uint64_t pages)
{
	return pages < (uint64_t)INT64_MAX / limits->page_bytes ? pages * limits->page_bytes : ABSENT;
}

/* v1 counts memory and swap together, and limits both together */
static void fill_swap(struct limitwatch *limits, const struct record_oom *record)
{
	uint64_t pages = record->swap_usage_pages;

	if (limits->unified) {
		limits->oom_swap = bytes_of(limits, pages);
		limits->oom_swap_limit = bytes_of(limits, record->swap_limit_pages);
	} else if (pages) { /* 0: it does not count swap at all */
		limits->oom_swap = bytes_of(limits, pages > record->usage_pages ? pages - record->usage_pages : 0);
	}
}

static bool scope_path(const struct record_oom *record, char *path, size_t size)
{
	unsigned cut = record->flags & OOM_PATH_CUT ? PATH_CUT : 0;

	return record->flags & OOM_HAS_SCOPE && decode__path(record->path, record->path_length, cut, path, size) > 0;
}

/*
 * memory.oom.group: the thread that asked for the page kills one after another (mm/oom_kill.c: oom_kill_process()), and
 * what the first gave back is room when the next are told: their limit is the first one's.
 */
static bool is_same_kill(const struct limitwatch *limits, const struct record_oom *record)
{
	char path[SCOPE_MAX];

	return limits->oom_cgroup && !record->limit_cgroup && record->head.tid == limits->oom_tid &&
	       record->head.time_ns - limits->oom_ns < SAME_KILL_NS && scope_path(record, path, sizeof(path)) &&
	       limitwatch__is_below(path, limits->scope);
}

static void find_scope(struct limitwatch *limits, const struct record_oom *record)
{
	limits->oom_cgroup = 0;
	limits->scope[0] = '\0';
	limits->oom_usage = limits->oom_limit = limits->oom_swap = limits->oom_swap_limit = limits->oom_tmpfs = ABSENT;
	limits->has_scope = record->flags & OOM_HAS_SCOPE;
	if (!limits->has_scope || !record->limit_cgroup)
		return;
	limits->oom_cgroup = record->limit_cgroup;
	if (!scope_path(record, limits->scope, sizeof(limits->scope)))
		snprintf(limits->scope, sizeof(limits->scope), "/");
	limits->oom_usage = bytes_of(limits, record->usage_pages);
	limits->oom_limit = bytes_of(limits, record->limit_pages);
	fill_swap(limits, record);
	limits->oom_tmpfs = charged_tmpfs(limits, record->limit_cgroup, limits->scope);
}

void limitwatch__oom(struct limitwatch *limits, const struct record_oom *record)
{
	limits->has_oom = true;
	if (!is_same_kill(limits, record))
		find_scope(limits, record);
	limits->oom_tid = record->head.tid;
	limits->oom_ns = record->head.time_ns;
	limitwatch__blame_tasks(limits, limits->oom_cgroup, limits->scope[0] ? limits->scope : NULL);
	if (record->victim.start_ns) { /* the iterator may have found it without its memory already */
		const char *container;
		uint64_t known;
		struct share share = { .pid = record->victim.pid,
				       .start_ns = record->victim.start_ns,
				       .comm = record->victim.comm,
				       .bytes = record->anon_pages * limits->page_bytes };

		model__cgroup_of(limits->model, record->victim.cgroup, &container);
		share.container = container;
		known = blame__bytes_of(&limits->blame, share.pid, share.start_ns);
		share.bytes = share.bytes > known ? share.bytes - known : 0;
		blame__add(&limits->blame, &share);
	}
	blame__finish(&limits->blame, limits->history, record->head.time_ns, &limits->urgent);
}

void limitwatch__decorate(struct limitwatch *limits, struct event *event)
{
	if (event->type != EVENT_OOM || !limits->has_oom)
		return;
	limits->has_oom = false;
	event->oom.scope_known = limits->has_scope;
	event->oom.scope = limits->scope[0] ? limits->scope : NULL;
	event->oom.usage_bytes = limits->oom_usage;
	event->oom.limit_bytes = limits->oom_limit;
	event->oom.swap_usage_bytes = limits->oom_swap;
	event->oom.swap_limit_bytes = limits->oom_swap_limit;
	event->oom.charged_tmpfs_bytes = limits->oom_tmpfs;
	event->oom.available_bytes = limits->available_bytes;
	event->oom.who = &limits->urgent;
}
