// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readings and events as JSON, one object a line; docs/snapshot.schema.json describes them. Rows
 * are written one by one: memory does not grow with the tables.
 */
#include "sink_json.h"

#include "limit_sinks.h"
#include "out.h"
#include "select.h"

#include <errno.h>

static json_t *make_head(const struct snapshot *s)
{
	json_t *head = json_object();
	int err;

	if (!head)
		return NULL;
	err = json_row__set_time(head, "time", s->time_ns);
	if (!err && s->host)
		err = json_row__set(head, "host", json_row__string(s->host));
	if (!err && s->kernel)
		err = json_row__set(head, "kernel", json_row__string(s->kernel));
	if (!err && s->tier)
		err = json_row__set(head, "tier", json_row__string(s->tier));
	if (!err)
		err = json_row__set(head, "tracing", json_boolean(s->tracing));
	if (!err)
		err = json_row__set(head, "interval_seconds", json_real(s->interval_seconds));
	if (err) {
		json_decref(head);
		return NULL;
	}
	return head;
}

static int set_parts(json_t *object, const struct snapshot_system *system)
{
	int64_t reclaimable = 0;
	char key[64];
	int err = 0;

	for (size_t i = 0; i < system->part_count && !err; i++) {
		const struct system_part *part = &system->parts[i];

		snprintf(key, sizeof(key), "%s_bytes", part->name);
		err = json_row__set(object, key, json_integer(part->bytes));
		reclaimable += part->reclaimable_bytes;
	}
	if (!err && system->part_count)
		err = json_row__set(object, "reclaimable_bytes", json_integer(reclaimable));
	return err;
}

static json_t *make_system(const struct snapshot_system *system)
{
	const struct {
		const char *key;
		uint64_t bytes;
	} figures[] = {
		{ "total_bytes", system->total_bytes },
		{ "available_bytes", system->available_bytes },
		{ "swap_total_bytes", system->swap_total_bytes },
		{ "swap_free_bytes", system->swap_free_bytes },
		{ "cache_owned_bytes", system->cache_owned_bytes },
		{ "tmpfs_owned_bytes", system->tmpfs_owned_bytes },
	};
	json_t *object = json_object();
	int err = 0;

	if (!object)
		return NULL;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && !err; i++)
		err = json_row__set_bytes(object, figures[i].key, figures[i].bytes);
	if (!err)
		err = set_parts(object, system);
	if (!err)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *make_owner(const struct snapshot_owner *owner)
{
	static const struct column columns[] = {
		{ .key = "pid", .kind = COLUMN_ID, .type = FIELD_U32, .offset = offsetof(struct snapshot_owner, pid) },
		{ .key = "start_time",
		  .kind = COLUMN_START,
		  .type = FIELD_U64,
		  .offset = offsetof(struct snapshot_owner, start_time_ns) },
		{ .key = "comm",
		  .kind = COLUMN_STRING,
		  .type = FIELD_STRING,
		  .offset = offsetof(struct snapshot_owner, comm) },
		{ .key = "bytes",
		  .kind = COLUMN_BYTES,
		  .type = FIELD_U64,
		  .offset = offsetof(struct snapshot_owner, bytes) },
		{ .key = "exited",
		  .kind = COLUMN_FLAG,
		  .type = FIELD_FLAG,
		  .offset = offsetof(struct snapshot_owner, exited) },
	};
	static const struct columns all = { .columns = columns, .count = sizeof(columns) / sizeof(columns[0]) };

	return json_row__make(&all, owner, 0);
}

/* Owners and holders. A row alone bounds what is in memory. */
static int add_people(json_t *row, const struct snapshot_file *file)
{
	json_t *owners = json_array(), *holders = json_array();
	int err = json_row__set(row, "owners", owners);

	for (size_t i = 0; i < file->owner_count && !err; i++)
		err = json_array_append_new(owners, make_owner(&file->owners[i])) ? -ENOMEM : 0;
	for (size_t i = 0; i < file->holder_count && !err; i++)
		err = json_array_append_new(holders, json_integer(file->holders[i])) ? -ENOMEM : 0;
	if (!err && file->holders_known)
		err = json_row__set(row, "holders", json_incref(holders));
	json_decref(holders);
	return err;
}

static int put_row(FILE *out, enum view view, const void *row)
{
	json_t *json = json_row__make(columns__of(view), row, 0);

	if (json && view == VIEW_FILE && add_people(json, row)) {
		json_decref(json);
		return -ENOMEM;
	}
	return json_row__put(out, json, false);
}

static int put_table(FILE *out, const struct snapshot *snapshot, const struct options *options, enum view view)
{
	struct rows rows;
	int err = select__view(&rows, snapshot, options, view, options->limit_given ? options->limit : 0);

	fprintf(out, ",\"%s\":[", columns__of(view)->table);
	for (size_t i = 0; i < rows.count && !err; i++) {
		if (i)
			fputc(',', out);
		err = put_row(out, view, rows.row[i]);
	}
	fputc(']', out);
	select__free(&rows);
	return err ? err : out__status(out);
}

static int put_system(FILE *out, const struct snapshot_system *system)
{
	fputs(",\"system\":", out);
	return json_row__put(out, make_system(system), false);
}

static int put_lost(FILE *out, const struct snapshot *s)
{
	json_t *lost = json_object();
	int err = lost ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->loss_count && !err; i++)
		err = json_row__set_bytes(lost, s->lost[i].kind, s->lost[i].count);
	if (err) {
		json_decref(lost);
		return err;
	}
	fputs(",\"lost\":", out);
	return json_row__put(out, lost, false);
}

int sink_json__members(FILE *out, const struct snapshot *snapshot, const struct options *options)
{
	static const enum view all[] = { VIEW_PROCESS, VIEW_CGROUP, VIEW_MOUNT, VIEW_FILE };
	int err = json_row__put(out, make_head(snapshot), true);

	if (!err && (options->view == VIEW_ALL || options->view == VIEW_SYSTEM))
		err = put_system(out, &snapshot->system);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && options->view == VIEW_ALL && !err; i++)
		err = put_table(out, snapshot, options, all[i]);
	if (!err && options->view != VIEW_ALL && options->view != VIEW_SYSTEM)
		err = put_table(out, snapshot, options, options->view);
	return err ? err : put_lost(out, snapshot);
}

static int json_snapshot(FILE *out, const struct snapshot *snapshot, const struct options *options)
{
	int err;

	fputc('{', out);
	err = sink_json__members(out, snapshot, options);
	fputs("}\n", out);
	return err ? err : out__flush(out);
}

static int json_event(FILE *out, const struct event *event, const struct options *options)
{
	int err = json_row__put(out, sink_json__make_event(event), false);

	(void)options;
	fputc('\n', out);
	return err ? err : out__status(out);
}

const struct sink sink_json = {
	.name = "json", .snapshot = json_snapshot, .event = json_event, .report = sink_json__report
};
