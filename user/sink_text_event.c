// SPDX-License-Identifier: GPL-2.0-only
/* One event as one line for people, the time first. No name in it may make it two. */
#include "columns.h"
#include "escape.h"
#include "limit_sinks.h"
#include "out.h"
#include "sink_text.h"
#include "units.h"

#include <inttypes.h>

static void put_name(FILE *out, const char *before, const char *name, const char *after)
{
	fputs(before, out);
	out__escaped(out, escape__text, name);
	fputs(after, out);
}

static void put_path(FILE *out, const char *path)
{
	if (path && path[0])
		put_name(out, " ", path, "");
}

static void put_bytes(FILE *out, const char *before, uint64_t bytes)
{
	char text[UNITS_MAX];

	if (is_known(bytes))
		fprintf(out, "%s%s", before, units__bytes(text, bytes));
}

static void put_map(FILE *out, const struct event *e)
{
	char text[UNITS_MAX];
	int64_t change = e->map.change_bytes;

	if (e->type == EVENT_MUNMAP && change == 0 && e->map.length_bytes <= INT64_MAX)
		change = -(int64_t)e->map.length_bytes;
	else if (e->type == EVENT_MMAP && change == 0 && e->map.length_bytes <= INT64_MAX)
		change = (int64_t)e->map.length_bytes;
	fprintf(out, " %s", units__change(text, change));
	if (e->type == EVENT_MREMAP)
		put_bytes(out, " =", e->map.length_bytes);
	if (e->map.kind)
		fprintf(out, " %s", e->map.kind);
	put_path(out, e->map.path);
}

static void put_pages(FILE *out, const struct event *e)
{
	put_bytes(out, " +", e->pages.added_bytes);
	put_bytes(out, " -", e->pages.removed_bytes);
	put_bytes(out, " =", e->pages.resident_bytes);
	put_path(out, e->pages.path);
	if (is_known(e->pages.count) && e->pages.count > 1)
		fprintf(out, " (%" PRIu64 " files)", e->pages.count);
	if (e->pages.deleted)
		fputs(" (deleted)", out);
}

static void put_exit(FILE *out, const struct event *e)
{
	int signal = e->exit.exit_code & 0x7f;

	if (signal)
		fprintf(out, " killed by signal %d", signal);
	else
		fprintf(out, " status %d", e->exit.exit_code >> 8 & 0xff);
	put_bytes(out, ", peak RSS ", e->exit.peak_rss_bytes);
	if (is_known(e->exit.tmpfs_left_bytes) && e->exit.tmpfs_left_bytes)
		put_bytes(out, ", left in tmpfs ", e->exit.tmpfs_left_bytes);
	if (is_known(e->exit.cache_left_bytes) && e->exit.cache_left_bytes)
		put_bytes(out, ", left in cache ", e->exit.cache_left_bytes);
}

static void put_oom(FILE *out, const struct event *e)
{
	fputs(" killed, out of memory:", out);
	put_bytes(out, " anon ", e->oom.anon_bytes);
	put_bytes(out, ", file ", e->oom.file_bytes);
	put_bytes(out, ", shmem ", e->oom.shmem_bytes);
	put_bytes(out, ", swap ", e->oom.swap_bytes);
	put_bytes(out, ", page tables ", e->oom.page_table_bytes);
	fprintf(out, ", oom_score_adj %d", e->oom.oom_score_adj);
	if (e->oom.trigger_pid) {
		put_name(out, "; the memory was asked for by ", e->oom.trigger_comm, "");
		fprintf(out, "[%u]", e->oom.trigger_pid);
	}
	sink_text__oom_scope(out, e);
}

void sink_text__details(FILE *out, const struct event *e)
{
	switch (e->type) {
	case EVENT_MMAP:
	case EVENT_MUNMAP:
	case EVENT_BRK:
	case EVENT_MREMAP:
		put_map(out, e);
		break;
	case EVENT_CACHE:
	case EVENT_TMPFS:
		put_pages(out, e);
		break;
	case EVENT_FORK:
		fprintf(out, " started by %u", e->ppid);
		break;
	case EVENT_EXEC:
		put_path(out, e->exec.path);
		break;
	case EVENT_EXIT:
		put_exit(out, e);
		break;
	case EVENT_OOM:
		put_oom(out, e);
		break;
	case EVENT_WARNING:
		sink_text__warning(out, e->warning);
		break;
	case EVENT_ENOSPC:
	case EVENT_SIGBUS:
		sink_text__refused(out, e);
		break;
	case EVENT_HUGETLB:
	case EVENT_MEMLOCK:
		sink_text__denied(out, e);
		break;
	case EVENT_MARK:
		put_path(out, e->mark.label);
		break;
	case EVENT_LOST:
		fprintf(out, " %" PRIu64 " records of %s", e->lost.count, e->lost.kind);
		break;
	case EVENT_TYPES:
		break;
	}
}

int sink_text__event(FILE *out, const struct event *event, const struct options *options)
{
	char time[UNITS_MAX];

	(void)options;
	fprintf(out, "%s %-7s", units__clock(time, event->time_ns), event_names[event->type]);
	if (event->pid) {
		put_name(out, " ", event->comm, "");
		fprintf(out, "[%u]", event->pid);
	}
	if (event->container)
		put_name(out, " (in ", event->container, ")");
	sink_text__details(out, event);
	fputc('\n', out);
	return out__status(out);
}
