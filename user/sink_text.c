// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reading as tables for people. It must be understood without a manual: a figure that is not
 * known is "-", what is cut off is said, and what could not be attributed has its own row.
 */
#include "sink_text.h"

#include "escape.h"
#include "out.h"
#include "select.h"
#include "table.h"
#include "units.h"

#include <inttypes.h>
#include <string.h>

#define ROWS_OF_ONE 20  /* when one table was asked for */
#define ROWS_OF_MANY 10 /* each, when all were */

int sink_text__table(FILE *out, const struct text_table *table, const struct snapshot *snapshot,
		     const struct options *options)
{
	const struct column *sort = options->sort ? columns__find(table->view, options->sort) : NULL;
	struct rows rows;
	int err = select__rows(&rows, snapshot, options, table->view);

	if (err || (table->quiet && rows.count == 0))
		goto out;
	select__sort(&rows, sort ? sort : table->order);
	select__cut(&rows, options->limit_given ? options->limit : table->limit);
	fprintf(out, "\n%s%s\n", table->title, rows.count ? "" : ": none");
	err = table__print(out, table->columns, rows.row, rows.count, out__width(out));
	if (!err && rows.matched > rows.count)
		fprintf(out, "… %zu more %s (--limit 0 shows all)\n", rows.matched - rows.count,
			rows.matched - rows.count == 1 ? "row" : "rows");
	if (!err)
		err = out__status(out);
out:
	select__free(&rows);
	return err;
}

static void print_part(FILE *out, const struct system_part *part, uint64_t total_bytes)
{
	char name[64], bytes[UNITS_MAX], share[UNITS_MAX] = "-", part_of[UNITS_MAX];
	const char *reclaimable = "no";

	snprintf(name, sizeof(name), "%s", part->name);
	for (char *c = name; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	units__bytes(bytes, part->bytes < 0 ? 0 : (uint64_t)part->bytes);
	if (part->bytes < 0)
		units__change(bytes, part->bytes);
	if (is_known(total_bytes) && total_bytes)
		units__percent(share, (double)part->bytes / (double)total_bytes);
	if (strcmp(part->name, "free") == 0 || !part->bytes)
		reclaimable = "-";
	else if (part->reclaimable_bytes)
		reclaimable = part->reclaimable_bytes == part->bytes
				      ? "yes"
				      : units__bytes(part_of, (uint64_t)part->reclaimable_bytes);
	fprintf(out, "  %-20s %10s %9s   %s\n", name, bytes, share, reclaimable);
}

/* Of the cache and tmpfs, how much has a known owner. */
static void print_owned(FILE *out, const struct snapshot *snapshot)
{
	const struct snapshot_system *system = &snapshot->system;
	char cache[UNITS_MAX], tmpfs[UNITS_MAX];

	if (!snapshot->tracing || !is_known(system->cache_owned_bytes) || !is_known(system->tmpfs_owned_bytes))
		return;
	fprintf(out, "  known owners brought in %s of the cache and %s of tmpfs\n",
		units__bytes(cache, system->cache_owned_bytes), units__bytes(tmpfs, system->tmpfs_owned_bytes));
}

static int print_system(FILE *out, const struct snapshot *snapshot)
{
	const struct snapshot_system *system = &snapshot->system;
	char total[UNITS_MAX], other[UNITS_MAX], used[UNITS_MAX];

	fprintf(out, "\nMemory of this machine: %s", units__bytes(total, system->total_bytes));
	if (is_known(system->available_bytes))
		fprintf(out, ", %s available", units__bytes(other, system->available_bytes));
	fputc('\n', out);
	if (system->part_count) {
		fprintf(out, "  %-20s %10s %9s   %s\n", "PART", "BYTES", "OF TOTAL", "RECLAIMABLE");
		for (size_t i = 0; i < system->part_count; i++)
			print_part(out, &system->parts[i], system->total_bytes);
		fprintf(out, "  %-20s %10s %9s\n", "total", total, "100 %");
	}
	print_owned(out, snapshot);
	if (is_known(system->swap_total_bytes) && is_known(system->swap_free_bytes) && system->swap_total_bytes)
		fprintf(out, "  swap: %s of %s in use\n",
			units__bytes(used, system->swap_total_bytes - system->swap_free_bytes),
			units__bytes(other, system->swap_total_bytes));
	else if (is_known(system->swap_total_bytes))
		fputs("  swap: none\n", out);
	return out__status(out);
}

static int print_head(FILE *out, const struct snapshot *s)
{
	char time[UNITS_MAX];

	fputs(units__local_time(time, s->time_ns), out);
	if (s->host) {
		fputs("  ", out);
		out__escaped(out, escape__text, s->host);
	}
	if (s->kernel) {
		fputs("  Linux ", out);
		out__escaped(out, escape__text, s->kernel);
	}
	if (s->tier)
		fprintf(out, "  tier %s", s->tier);
	fputc('\n', out);
	if (!s->tracing)
		fputs("Not tracing: owners of cache and tmpfs are known only under top, trace or run.\n", out);
	return sink_text__losses(out, s);
}

int sink_text__losses(FILE *out, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->loss_count; i++)
		fprintf(out, "%s%s %" PRIu64, i ? ", " : "Records lost: ", snapshot->lost[i].kind,
			snapshot->lost[i].count);
	if (snapshot->loss_count)
		fputc('\n', out);
	return out__status(out);
}

static int print_view(FILE *out, const struct snapshot *snapshot, const struct options *options, enum view view)
{
	const struct columns *columns = columns__of(view);
	const struct text_table table = {
		.title = columns->title,
		.columns = columns,
		.order = columns->order,
		.view = view,
		.limit = options->view == VIEW_ALL ? ROWS_OF_MANY : ROWS_OF_ONE,
	};

	if (view == VIEW_SYSTEM)
		return print_system(out, snapshot);
	return sink_text__table(out, &table, snapshot, options);
}

static int text_snapshot(FILE *out, const struct snapshot *snapshot, const struct options *options)
{
	static const enum view all[] = { VIEW_SYSTEM, VIEW_PROCESS, VIEW_CGROUP, VIEW_MOUNT, VIEW_FILE };
	int err = print_head(out, snapshot);

	if (!err && options->view != VIEW_ALL)
		err = print_view(out, snapshot, options, options->view);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && options->view == VIEW_ALL && !err; i++)
		err = print_view(out, snapshot, options, all[i]);
	if (!err && options->command == COMMAND_TOP)
		fputc('\n', out); /* between this reading and the next */
	return err ? err : out__flush(out);
}

const struct sink sink_text = {
	.name = "text", .snapshot = text_snapshot, .event = sink_text__event, .report = sink_text__report
};
