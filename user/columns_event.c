// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fields of events, each with the types that have it. The union of struct event is read only
 * through the member of the event's own type.
 */
#include "columns_field.h"
#include "columns_limits.h"

#define BIT(type) (1u << (type))
#define OF_MAPS (BIT(EVENT_MMAP) | BIT(EVENT_MUNMAP) | BIT(EVENT_BRK) | BIT(EVENT_MREMAP))
#define OF_PAGES (BIT(EVENT_CACHE) | BIT(EVENT_TMPFS))
#define OF_ALL (BIT(EVENT_TYPES) - 1)
#define OF_REFUSALS (BIT(EVENT_ENOSPC) | BIT(EVENT_SIGBUS))
#define OF_LIMITS (BIT(EVENT_WARNING) | BIT(EVENT_OOM) | OF_REFUSALS | EVENT_DENIALS)

static struct value event_type(const void *row)
{
	const struct event *e = row;

	return (struct value){ .known = true, .string = event_names[e->type] };
}

static struct value of_string(const char *string)
{
	return (struct value){ .known = string != NULL, .string = string };
}

static struct value event_kind(const void *row)
{
	const struct event *e = row;

	return of_string(e->type == EVENT_LOST ? e->lost.kind : e->map.kind);
}

static struct value event_path(const void *row)
{
	const struct event *e = row;

	if (BIT(e->type) & OF_REFUSALS)
		return of_string(e->refused.path);
	return of_string(BIT(e->type) & OF_MAPS ? e->map.path : e->type == EVENT_EXEC ? e->exec.path : e->pages.path);
}

static struct value event_call(const void *row)
{
	const struct event *e = row;

	return of_string(event__is_denial(e) ? e->denied.call : e->refused.call);
}

static struct value event_wanted(const void *row)
{
	const struct event *e = row;
	uint64_t wanted = event__is_denial(e) ? e->denied.wanted_bytes : e->refused.wanted_bytes;

	return (struct value){ .known = is_known(wanted), .number = wanted };
}

static struct value event_mount(const void *row)
{
	const struct event *e = row;

	return of_string(BIT(e->type) & OF_REFUSALS ? e->refused.mount : e->pages.mount);
}

static struct value event_address(const void *row)
{
	const struct event *e = row;

	return (struct value){ .known = true, .number = e->type == EVENT_SIGBUS ? e->refused.address : e->map.address };
}

static struct value event_count(const void *row)
{
	const struct event *e = row;
	uint64_t count = e->type == EVENT_LOST ? e->lost.count : e->pages.count;

	return (struct value){ .known = e->type == EVENT_LOST || (is_known(count) && count != 1), .number = count };
}

static struct value event_exit_status(const void *row)
{
	const struct event *e = row;

	return (struct value){ .known = true, .number = column_value__exit_status(e->exit.exit_code) };
}

#define OF(types, ...)                       \
	{                                    \
		__VA_ARGS__, .events = types \
	}
#define PLAIN(what, how, member, name) .key = name, .kind = what, .type = how, .offset = offsetof(struct event, member)
#define MADE(what, how, name) .key = name, .kind = what, .type = FIELD_COMPUTED, .compute = how

static const struct column event_columns[] = {
	OF(OF_ALL, MADE(COLUMN_STRING, event_type, "type")),
	OF(OF_ALL, PLAIN(COLUMN_TIME, FIELD_U64, time_ns, "time")),
	OF(OF_ALL, PLAIN(COLUMN_ID, FIELD_U64, time_ns, "time_ns")),
	OF(OF_ALL, PLAIN(COLUMN_ID, FIELD_U32, pid, "pid")),
	OF(OF_ALL, PLAIN(COLUMN_ID, FIELD_U32, tid, "tid")),
	OF(OF_ALL, PLAIN(COLUMN_STRING, FIELD_STRING, comm, "comm")),
	OF(OF_ALL, PLAIN(COLUMN_STRING, FIELD_STRING, cgroup, "cgroup")),
	OF(OF_ALL, PLAIN(COLUMN_STRING, FIELD_STRING, container, "container")),
	OF(BIT(EVENT_FORK) | BIT(EVENT_EXEC) | BIT(EVENT_EXIT), PLAIN(COLUMN_ID, FIELD_U32, ppid, "ppid")),
	OF(BIT(EVENT_FORK) | BIT(EVENT_EXEC) | BIT(EVENT_EXIT) | BIT(EVENT_OOM),
	   PLAIN(COLUMN_ID, FIELD_U32, uid, "uid")),
	OF(BIT(EVENT_WARNING) | OF_REFUSALS | EVENT_DENIALS, MADE(COLUMN_STRING, column_limit__name, "limit")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_STRING, column_limit__which, "limit_name")),
	OF(BIT(EVENT_WARNING) | BIT(EVENT_OOM), MADE(COLUMN_STRING, column_limit__target, "target")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_STRING, column_limit__whose, "target_container")),
	OF(OF_LIMITS, MADE(COLUMN_BYTES, column_limit__used, "used_bytes")),
	OF(OF_LIMITS, MADE(COLUMN_BYTES, column_limit__limit, "limit_bytes")),
	OF(BIT(EVENT_WARNING) | OF_REFUSALS, MADE(COLUMN_COUNT, column_limit__used_inodes, "used_inodes")),
	OF(BIT(EVENT_WARNING) | OF_REFUSALS, MADE(COLUMN_COUNT, column_limit__limit_inodes, "limit_inodes")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_BYTES, column_limit__reclaimable, "reclaimable_bytes")),
	OF(BIT(EVENT_WARNING) | OF_REFUSALS, MADE(COLUMN_BYTES, column_limit__unattributed, "unattributed_bytes")),
	OF(BIT(EVENT_WARNING) | OF_REFUSALS,
	   MADE(COLUMN_COUNT, column_limit__unattributed_inodes, "unattributed_inodes")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_STRING, column_limit__reason, "reason")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_COUNT, column_limit__level, "level_percent")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_RATE, column_limit__rate, "rate_bytes_per_second")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_SECONDS, column_limit__eta, "eta_seconds")),
	OF(BIT(EVENT_WARNING), MADE(COLUMN_FLAG, column_limit__by_memory, "limited_by_memory")),
	OF(BIT(EVENT_WARNING) | EVENT_DENIALS, MADE(COLUMN_STRING, column_limit__advice, "advice")),
	OF(BIT(EVENT_HUGETLB), PLAIN(COLUMN_BYTES, FIELD_U64, denied.reserved_bytes, "reserved_bytes")),
	OF(BIT(EVENT_HUGETLB), PLAIN(COLUMN_BYTES, FIELD_U64, denied.page_bytes, "page_bytes")),
	OF(OF_REFUSALS | EVENT_DENIALS, MADE(COLUMN_STRING, event_call, "call")),
	OF(OF_REFUSALS | EVENT_DENIALS, MADE(COLUMN_BYTES, event_wanted, "wanted_bytes")),
	OF(OF_REFUSALS, PLAIN(COLUMN_BYTES, FIELD_U64, refused.written_bytes, "written_bytes")),
	OF(BIT(EVENT_ENOSPC), PLAIN(COLUMN_FLAG, FIELD_FLAG, refused.is_short, "short")),
	OF(OF_MAPS | BIT(EVENT_SIGBUS), MADE(COLUMN_ID, event_address, "address")),
	OF(OF_MAPS, PLAIN(COLUMN_BYTES, FIELD_U64, map.length_bytes, "length_bytes")),
	OF(OF_MAPS, PLAIN(COLUMN_CHANGE, FIELD_I64, map.change_bytes, "change_bytes")),
	OF(OF_MAPS | BIT(EVENT_LOST), MADE(COLUMN_STRING, event_kind, "kind")),
	OF(OF_PAGES, PLAIN(COLUMN_BYTES, FIELD_U64, pages.added_bytes, "added_bytes")),
	OF(OF_PAGES, PLAIN(COLUMN_BYTES, FIELD_U64, pages.removed_bytes, "removed_bytes")),
	OF(OF_PAGES, PLAIN(COLUMN_BYTES, FIELD_U64, pages.resident_bytes, "resident_bytes")),
	OF(OF_MAPS | OF_PAGES | OF_REFUSALS | BIT(EVENT_EXEC), MADE(COLUMN_STRING, event_path, "path")),
	OF(OF_PAGES | OF_REFUSALS, MADE(COLUMN_STRING, event_mount, "mount")),
	OF(OF_PAGES, PLAIN(COLUMN_FLAG, FIELD_FLAG, pages.deleted, "deleted")),
	OF(OF_PAGES | BIT(EVENT_LOST), MADE(COLUMN_COUNT, event_count, "count")),
	OF(BIT(EVENT_EXIT), MADE(COLUMN_COUNT, event_exit_status, "exit_status")),
	OF(BIT(EVENT_EXIT), PLAIN(COLUMN_BYTES, FIELD_U64, exit.peak_rss_bytes, "peak_rss_bytes")),
	OF(BIT(EVENT_EXIT), PLAIN(COLUMN_BYTES, FIELD_U64, exit.tmpfs_left_bytes, "tmpfs_bytes")),
	OF(BIT(EVENT_EXIT), PLAIN(COLUMN_BYTES, FIELD_U64, exit.cache_left_bytes, "cache_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.anon_bytes, "anon_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.file_bytes, "file_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.shmem_bytes, "shmem_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.swap_bytes, "swap_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.page_table_bytes, "page_tables_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.virtual_bytes, "virtual_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_CHANGE, FIELD_INT, oom.oom_score_adj, "oom_score_adj")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_ID, FIELD_U32, oom.trigger_pid, "trigger_pid")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_STRING, FIELD_STRING, oom.trigger_comm, "trigger_comm")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.swap_usage_bytes, "target_swap_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.swap_limit_bytes, "target_swap_limit_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.charged_tmpfs_bytes, "charged_tmpfs_bytes")),
	OF(BIT(EVENT_OOM), PLAIN(COLUMN_BYTES, FIELD_U64, oom.available_bytes, "available_bytes")),
	OF(BIT(EVENT_MARK), PLAIN(COLUMN_STRING, FIELD_STRING, mark.label, "label")),
};

const struct columns columns_event = { "event", "events", "Events", event_columns, COUNT_OF(event_columns), NULL };
