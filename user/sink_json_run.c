// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report of a run as one JSON object: what the command was and did, the tables as they are when
 * all is over, and the timeline, row by row.
 */
#include "limit_sinks.h"
#include "out.h"
#include "sink_json.h"

#include <errno.h>

static int set_figures(json_t *head, const struct run_report *r)
{
	const struct {
		const char *key;
		uint64_t figure;
	} figures[] = {
		{ "peak_rss_bytes", r->peak_rss_bytes },
		{ "cache_added_bytes", r->cache_added_bytes },
		{ "tmpfs_added_bytes", r->tmpfs_added_bytes },
		{ "cache_left_bytes", r->cache_left_bytes },
		{ "tmpfs_left_bytes", r->tmpfs_left_bytes },
		{ "descendants", r->descendants },
		{ "warnings", r->warnings },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && !err; i++)
		err = json_row__set_bytes(head, figures[i].key, figures[i].figure);
	return err;
}

static int set_moments(json_t *head, const struct run_report *r)
{
	int err = json_row__set_time(head, "peak_time", r->peak_time_ns);

	if (!err)
		err = json_row__set(head, "peak_seconds", json_real(r->peak_seconds));
	if (!err && r->timeline_count == 0)
		return 0;
	if (!err)
		err = json_row__set(head, "at_start", json_row__make(&columns_timeline, &r->first, 0));
	if (!err)
		err = json_row__set(head, "at_peak", json_row__make(&columns_timeline, &r->at_peak, 0));
	if (!err)
		err = json_row__set(head, "at_end", json_row__make(&columns_timeline, &r->last, 0));
	return err;
}

static int set_events(json_t *head, const struct run_report *r)
{
	json_t *events = json_object();
	int err = json_row__set(head, "events", events);

	if (!err)
		err = json_row__set_bytes(events, "oom", r->oom_kills);
	if (!err)
		err = json_row__set_bytes(events, "enospc", r->enospc);
	if (!err)
		err = json_row__set_bytes(events, "sigbus", r->sigbus);
	return err;
}

static json_t *make_head(const struct run_report *r)
{
	json_t *head = json_object();
	int err;

	if (!head)
		return NULL;
	err = json_row__set(head, "command", json_row__string(r->command));
	if (!err)
		err = json_row__set(head, "pid", json_integer(r->pid));
	if (!err)
		err = json_row__set(head, "exit_status", json_integer(r->exit_status));
	if (!err && r->signal)
		err = json_row__set(head, "signal", json_integer(r->signal));
	if (!err)
		err = json_row__set_time(head, "start_time", r->start_time_ns);
	if (!err)
		err = json_row__set(head, "wall_seconds", json_real(r->wall_seconds));
	if (!err)
		err = set_figures(head, r);
	if (!err)
		err = set_moments(head, r);
	if (!err)
		err = set_events(head, r);
	if (!err)
		return head;
	json_decref(head);
	return NULL;
}

static int put_events(FILE *out, const char *key, const struct event *events, size_t count)
{
	int err = 0;

	if (!events)
		return 0;
	fprintf(out, ",\"%s\":[", key);
	for (size_t i = 0; i < count && !err; i++) {
		if (i)
			fputc(',', out);
		err = json_row__put(out, sink_json__make_event(&events[i]), false);
	}
	fputc(']', out);
	return err ? err : out__status(out);
}

static int put_timeline(FILE *out, const struct run_report *r)
{
	int err = 0;

	fputs(",\"timeline\":[", out);
	for (size_t i = 0; i < r->timeline_count && !err; i++) {
		if (i)
			fputc(',', out);
		err = json_row__put(out, json_row__make(&columns_timeline, &r->timeline[i], 0), false);
	}
	fputc(']', out);
	return err ? err : out__status(out);
}

int sink_json__report(FILE *out, const struct run_report *report, const struct options *options)
{
	int err;

	fputc('{', out);
	err = json_row__put(out, make_head(report), true);
	fputc(',', out);
	if (!err)
		err = sink_json__members(out, report->snapshot, options);
	if (!err)
		err = put_events(out, "failures", report->failures, report->failure_count);
	if (!err)
		err = put_events(out, "warning_events", report->warning_events, report->warning_event_count);
	if (!err)
		err = put_timeline(out, report);
	fputs("}\n", out);
	return err ? err : out__flush(out);
}
