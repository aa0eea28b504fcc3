// SPDX-License-Identifier: GPL-2.0-only
/*
 * One table as CSV (RFC 4180, lines end in LF): the view of --by, processes unless told; events; or
 * the timeline of a run. A line is a row, whatever the names in it: line breaks become \n.
 */
#include "escape.h"
#include "out.h"
#include "select.h"
#include "sink.h"
#include "units.h"

static enum view view_of(const struct options *options)
{
	return options->view == VIEW_ALL ? VIEW_PROCESS : options->view;
}

/* A stream has many readings: each row says of which time it is. */
static bool has_time(const struct options *options)
{
	return options->command == COMMAND_TOP;
}

static int put_header(FILE *out, const struct columns *columns, bool time)
{
	const char *comma = "";

	if (time) {
		fputs("time", out);
		comma = ",";
	}
	for (size_t i = 0; i < columns->count; i++) {
		if (!columns->columns[i].key)
			continue;
		fprintf(out, "%s%s", comma, columns->columns[i].key);
		comma = ",";
	}
	fputc('\n', out);
	return out__status(out);
}

static int put_value(FILE *out, const struct column *column, const void *row)
{
	struct value value = column__value(column, row);
	char plain[UNITS_MAX * 2];

	if (!value.known)
		return 0;
	if (column->kind == COLUMN_STRING)
		return out__escaped(out, escape__csv, value.string);
	column__plain(column, row, plain, sizeof(plain));
	fputs(plain, out);
	return out__status(out);
}

/* type: bit of an event's type; a column of other types is empty */
static int put_row(FILE *out, const struct columns *columns, const void *row, uint32_t type, const char *comma)
{
	int err = 0;

	for (size_t i = 0; i < columns->count && !err; i++) {
		const struct column *column = &columns->columns[i];

		if (!column->key)
			continue;
		fputs(comma, out);
		comma = ",";
		if (!type || column->events & type)
			err = put_value(out, column, row);
	}
	fputc('\n', out);
	return err ? err : out__status(out);
}

static int csv_begin(FILE *out, const struct options *options)
{
	if (options->command == COMMAND_TRACE)
		return put_header(out, &columns_event, false);
	if (options->command == COMMAND_TOP || options->command == COMMAND_SNAPSHOT)
		return put_header(out, columns__of(view_of(options)), has_time(options));
	return 0;
}

static int csv_snapshot(FILE *out, const struct snapshot *snapshot, const struct options *options)
{
	enum view view = view_of(options);
	char time[UNITS_MAX];
	struct rows rows;
	int err = select__view(&rows, snapshot, options, view, options->limit_given ? options->limit : 0);

	units__time(time, snapshot->time_ns);
	for (size_t i = 0; i < rows.count && !err; i++) {
		if (has_time(options))
			fputs(time, out);
		err = put_row(out, columns__of(view), rows.row[i], 0, has_time(options) ? "," : "");
	}
	select__free(&rows);
	return err ? err : out__flush(out);
}

static int csv_event(FILE *out, const struct event *event, const struct options *options)
{
	(void)options;
	return put_row(out, &columns_event, event, 1u << event->type, "");
}

/* the timeline, to plot */
static int csv_report(FILE *out, const struct run_report *report, const struct options *options)
{
	int err = put_header(out, &columns_timeline, false);

	(void)options;
	for (size_t i = 0; i < report->timeline_count && !err; i++)
		err = put_row(out, &columns_timeline, &report->timeline[i], 0, "");
	return err ? err : out__flush(out);
}

const struct sink sink_csv = {
	.name = "csv", .snapshot = csv_snapshot, .event = csv_event, .report = csv_report, .begin = csv_begin
};
