// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command did to memory, told to whoever ran it: how it ended, its peak and what that was
 * made of, what it brought in and left behind, and who of its descendants, mounts and files it was.
 */
#include "escape.h"
#include "limit_sinks.h"
#include "out.h"
#include "sink_text.h"
#include "units.h"

#include <inttypes.h>
#include <string.h>

#define ROWS 10
#define COMMAND_WIDTH_MAX 400
#define OF(type) (1U << (type))

static void print_command(FILE *out, const struct run_report *r)
{
	char safe[COMMAND_WIDTH_MAX * 8], shown[COMMAND_WIDTH_MAX * 4 + 8];

	escape__text(safe, sizeof(safe), r->command);
	escape__shorten(shown, sizeof(shown), safe, COMMAND_WIDTH_MAX);
	fprintf(out, "pagetide run: %s\n", shown);
}

static void print_end(FILE *out, const struct run_report *r)
{
	char wall[UNITS_MAX];

	print_command(out, r);
	if (r->signal)
		fprintf(out, "  killed by signal %d (%s)", r->signal, strsignal(r->signal));
	else if (r->exit_status)
		fprintf(out, "  failed with status %d", r->exit_status);
	else
		fputs("  succeeded", out);
	fprintf(out, " after %s", units__duration(wall, r->wall_seconds));
	if (r->descendants)
		fprintf(out, "; %" PRIu64 " %s", r->descendants, r->descendants == 1 ? "descendant" : "descendants");
	fputc('\n', out);
}

static void print_count(FILE *out, uint64_t count, const char *one, const char *many)
{
	if (is_known(count) && count)
		fprintf(out, "  %" PRIu64 " %s\n", count, count == 1 ? one : many);
}

#define FULL_RATIO 0.95

/* the largest row of files on that mount; NULL: none */
static const struct snapshot_file *largest_on(const struct snapshot *s, const struct snapshot_mount *m)
{
	const struct snapshot_file *best = NULL;

	for (size_t i = 0; i < s->file_count; i++) {
		const struct snapshot_file *f = &s->files[i];

		if (f->major == m->major && f->minor == m->minor && is_known(f->peak_bytes) &&
		    (!best || f->peak_bytes > best->peak_bytes))
			best = f;
	}
	return best;
}

static void print_filler(FILE *out, const struct snapshot_file *f)
{
	char held[UNITS_MAX], each[UNITS_MAX], comm[256];
	static char path[4 * 4096]; /* too large for a small stack */

	fprintf(out, "    %s of it ", units__bytes(held, f->peak_bytes));
	if (is_known(f->count) && f->count > 1 && is_known(f->bytes_each))
		fprintf(out, "in %" PRIu64 " files of %s each ", f->count, units__bytes(each, f->bytes_each));
	else if (is_known(f->count) && f->count > 1)
		fprintf(out, "in %" PRIu64 " files ", f->count);
	if (f->owner_count) {
		escape__text(comm, sizeof(comm), f->owners[0].comm);
		fprintf(out, "came from %s[%u]%s", comm, f->owners[0].pid, f->owner_count > 1 ? " and others" : "");
	} else {
		fputs("was there before, or nobody knows whose", out);
	}
	escape__text(path, sizeof(path), f->path);
	fprintf(out, ",\n    %s %s\n", is_known(f->count) && f->count > 1 ? "in" : "as", path);
}

/* a mount that was full at its peak: what a failed write would not say */
static void print_full(FILE *out, const struct run_report *r)
{
	char used[UNITS_MAX], limit[UNITS_MAX];
	static char path[4 * 4096];

	for (size_t i = 0; i < r->snapshot->mount_count; i++) {
		const struct snapshot_mount *m = &r->snapshot->mounts[i];
		const struct snapshot_file *f = largest_on(r->snapshot, m);

		if (!is_known(m->limit_bytes) || !m->limit_bytes || !is_known(m->peak_bytes) ||
		    (double)m->peak_bytes < FULL_RATIO * (double)m->limit_bytes)
			continue;
		escape__text(path, sizeof(path), m->path);
		fprintf(out, "  %s was full: %s at its peak, and the mount's limit is %s\n", path,
			units__bytes(used, m->peak_bytes), units__bytes(limit, m->limit_bytes));
		if (f)
			print_filler(out, f);
	}
}

static void print_failures(FILE *out, const struct run_report *r, uint32_t types)
{
	char comm[256];

	for (size_t i = 0; i < r->failure_count; i++) {
		const struct event *e = &r->failures[i];

		if (!(types & OF(e->type)))
			continue;
		escape__text(comm, sizeof(comm), e->comm ? e->comm : "?");
		fprintf(out, "    %s[%" PRIu32 "]", comm, e->pid);
		sink_text__details(out, e);
		fputc('\n', out);
	}
}

static void print_trouble(FILE *out, const struct run_report *r)
{
	print_count(out, r->oom_kills, "process was killed: out of memory", "processes were killed: out of memory");
	print_failures(out, r, OF(EVENT_OOM));
	print_count(out, r->enospc, "call failed: No space left on device (ENOSPC)",
		    "calls failed: No space left on device (ENOSPC)");
	print_failures(out, r, OF(EVENT_ENOSPC));
	print_count(out, r->sigbus, "bus error (SIGBUS)", "bus errors (SIGBUS)");
	print_failures(out, r, OF(EVENT_SIGBUS) | EVENT_DENIALS);
	print_count(out, r->warnings, "warning was given", "warnings were given");
	for (size_t i = 0; i < r->warning_event_count; i++) {
		fputs("   ", out);
		sink_text__warning(out, r->warning_events[i].warning);
		fputc('\n', out);
	}
}

/* Bytes for people behind a label, "not known" where they are not. */
static void print_figure(FILE *out, const char *label, uint64_t bytes, const char *remark)
{
	char text[UNITS_MAX];

	fprintf(out, "  %-22s %s%s\n", label, is_known(bytes) ? units__bytes(text, bytes) : "not known",
		is_known(bytes) ? remark : "");
}

static void print_totals(FILE *out, const struct run_report *r)
{
	char reached[UNITS_MAX], remark[UNITS_MAX + 32];

	fputc('\n', out);
	snprintf(remark, sizeof(remark), ", reached after %s", units__duration(reached, r->peak_seconds));
	print_figure(out, "Peak resident memory", r->peak_rss_bytes, remark);
	print_figure(out, "Brought into cache", r->cache_added_bytes, " of file pages");
	print_figure(out, "  of it left behind", r->cache_left_bytes, "");
	print_figure(out, "Brought into tmpfs", r->tmpfs_added_bytes, "");
	print_figure(out, "  of it left behind", r->tmpfs_left_bytes,
		     r->tmpfs_left_bytes ? ", which stays in memory until it is deleted" : "");
}

/* Growth by kind: at the start, at the peak, at the end. */
static int print_growth(FILE *out, const struct run_report *r)
{
	const struct timeline_row *at[] = { &r->first, &r->at_peak, &r->last };
	char text[UNITS_MAX];

	fprintf(out, "\nMemory by kind\n  %-22s %10s %10s %10s %11s\n", "", "AT START", "AT PEAK", "AT END", "GROWTH");
	for (size_t i = 0; i < columns_timeline.count; i++) {
		const struct column *column = &columns_timeline.columns[i];
		struct value first = column__value(column, at[0]), peak = column__value(column, at[1]);

		if (!column->title || column->kind != COLUMN_BYTES)
			continue;
		fprintf(out, "  %-22s", column->title);
		for (size_t j = 0; j < sizeof(at) / sizeof(at[0]); j++) {
			struct value value = column__value(column, at[j]);

			fprintf(out, " %10s", units__bytes(text, value.known ? value.number : ABSENT));
		}
		if (first.known && peak.known)
			fprintf(out, " %11s", units__change(text, (int64_t)(peak.number - first.number)));
		fputc('\n', out);
	}
	if (is_known(r->peak_rss_bytes) && r->peak_rss_bytes > r->at_peak.rss_bytes)
		fputs("  AT PEAK is the highest reading; the peak itself was between two readings\n", out);
	return out__status(out);
}

/* A view that a run has no table of its own for. */
static int print_other_view(FILE *out, const struct run_report *report, const struct options *options)
{
	const struct columns *columns = columns__of(options->view);
	struct text_table table = { .view = options->view, .limit = ROWS, .columns = columns };

	if (options->view != VIEW_CGROUP && options->view != VIEW_CONTAINER)
		return 0;
	table.title = columns->title;
	table.order = columns->order;
	return sink_text__table(out, &table, report->snapshot, options);
}

int sink_text__report(FILE *out, const struct run_report *report, const struct options *options)
{
	const struct text_table tables[] = {
		{ columns_run_process.title, &columns_run_process, columns_run_process.order, VIEW_PROCESS, ROWS,
		  true },
		{ columns_run_mount.title, &columns_run_mount, columns_run_mount.order, VIEW_MOUNT, ROWS, true },
		{ columns_run_file.title, &columns_run_file, columns_run_file.order, VIEW_FILE, ROWS, true },
	};
	int err;

	print_end(out, report);
	print_trouble(out, report);
	print_full(out, report);
	err = sink_text__losses(out, report->snapshot);
	print_totals(out, report);
	if (!err && report->timeline_count)
		err = print_growth(out, report);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !err; i++)
		if (options->view == VIEW_ALL || options->view == tables[i].view)
			err = sink_text__table(out, &tables[i], report->snapshot, options);
	if (!err)
		err = print_other_view(out, report, options);
	return err ? err : out__flush(out);
}
