// SPDX-License-Identifier: GPL-2.0-only
/* The table of families, and the two formats. Names are a contract: never rename one. */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "metrics_rows.h"
#include "out.h"

#ifndef PAGETIDE_VERSION
#define PAGETIDE_VERSION "0.1.0"
#endif
#define PARTS_MOST 8
#define NO_BAG BAGS

struct page {
	FILE *out;
	const struct metrics_input *input;
	enum metrics_format format;
	struct bag bags[BAGS];
	uint64_t series;
	int err;
};

struct part {
	const char *value; /* of the family's part label; NULL without one */
	size_t figure;
};

enum metric_type { GAUGE, COUNTER, INFO };

struct family {
	const char *name; /* as it is asked for: counters end in _total */
	enum metric_type type;
	const char *help;
	enum metrics_bag bag; /* NO_BAG: write is called */
	const char *part_label;
	struct part parts[PARTS_MOST];
	size_t part_count;
	const char *labels; /* of those that are written by a function, for the documentation */
	void (*write)(struct page *page, const struct family *family);
	enum event_type event; /* that is counted */
};

static const char *const type_names[] = { [GAUGE] = "gauge", [COUNTER] = "counter", [INFO] = "info" };

/* ---- samples ---- */

static void put_value(FILE *out, const char *text)
{
	char raw[4096];

	escape__text(raw, sizeof(raw), text); /* valid UTF-8, nothing that a terminal obeys */
	for (const char *p = raw; *p; p++) {
		if (*p == '\\' || *p == '"')
			putc_unlocked('\\', out);
		putc_unlocked(*p, out);
	}
}

static void put_label(struct page *page, bool *first, const char *name, const char *value)
{
	if (!name)
		return;
	fprintf(page->out, "%s%s=\"", *first ? "{" : ",", name);
	put_value(page->out, value ? value : "");
	fputc('"', page->out);
	*first = false;
}

static void put_number(struct page *page, double value)
{
	page->series++;
	if (value == floor(value) && fabs(value) < 9007199254740992.0)
		fprintf(page->out, " %" PRId64 "\n", (int64_t)value);
	else
		fprintf(page->out, " %.13g\n", value);
}

/* a sample with at most one label */
static void put(struct page *page, const struct family *family, const char *label, const char *value, double number)
{
	bool first = true;

	if (isnan(number))
		return;
	fputs(family->name, page->out);
	put_label(page, &first, label, value);
	fputs(first ? "" : "}", page->out);
	put_number(page, number);
}

/* a row has many samples: its labels are made once */
static const char *labels_of(struct page *page, enum metrics_bag bag, struct bag_row *row)
{
	FILE *page_out = page->out;
	bool first = true;
	size_t size;

	if (row->text)
		return row->text;
	page->out = open_memstream(&row->text, &size);
	if (page->out) {
		for (size_t i = 0; i < page->bags[bag].labels; i++)
			put_label(page, &first, bag_labels[bag][i], row->label[i]);
		fclose(page->out);
	}
	page->out = page_out;
	return row->text;
}

static void put_row(struct page *page, const struct family *family, struct bag_row *row, const struct part *part)
{
	const char *labels;
	bool first = false;

	if (isnan(row->figure[part->figure]))
		return;
	labels = labels_of(page, family->bag, row);
	if (!labels) {
		page->err = -ENOMEM;
		return;
	}
	fputs(family->name, page->out);
	fputs(labels, page->out);
	put_label(page, &first, part->value ? family->part_label : NULL, part->value);
	fputs("}", page->out);
	put_number(page, row->figure[part->figure]);
}

static void put_bag(struct page *page, const struct family *family)
{
	for (struct bag_row *row = page->bags[family->bag].rows; row; row = row->hh.next)
		for (size_t i = 0; i < family->part_count; i++)
			put_row(page, family, row, &family->parts[i]);
}

static double number(uint64_t figure)
{
	return is_known(figure) ? (double)figure : NAN;
}

/* ---- families that are no table ---- */

static void write_parts(struct page *page, const struct family *family)
{
	const struct snapshot_system *system = &page->input->snapshot->system;

	for (size_t i = 0; i < system->part_count; i++)
		put(page, family, "part", system->parts[i].name, (double)system->parts[i].bytes);
}

static void write_ram(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, number(page->input->snapshot->system.total_bytes));
}

static void write_available(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, number(page->input->snapshot->system.available_bytes));
}

static void write_swap(struct page *page, const struct family *family)
{
	const struct snapshot_system *system = &page->input->snapshot->system;

	if (!is_known(system->swap_total_bytes) || !is_known(system->swap_free_bytes))
		return;
	put(page, family, "state", "used", (double)system->swap_total_bytes - (double)system->swap_free_bytes);
	put(page, family, "state", "free", (double)system->swap_free_bytes);
}

static void write_owned(struct page *page, const struct family *family)
{
	const struct snapshot *s = page->input->snapshot;

	if (!s->tracing)
		return;
	put(page, family, "kind", "cache", number(s->system.cache_owned_bytes));
	put(page, family, "kind", "tmpfs", number(s->system.tmpfs_owned_bytes));
}

struct counting {
	struct page *page;
	const struct family *family;
	enum event_type type;
};

static void put_count(void *context, const struct tally_row *row)
{
	struct counting *c = context;
	bool first = true;

	if (row->type != c->type)
		return;
	fputs(c->family->name, c->page->out);
	put_label(c->page, &first, "namespace", row->pod_namespace);
	put_label(c->page, &first, "pod", row->pod);
	put_label(c->page, &first, "container", row->container);
	fputs("}", c->page->out);
	put_number(c->page, (double)row->count);
}

static void write_events(struct page *page, const struct family *family)
{
	struct counting counting = { page, family, family->event };

	tally__each(page->input->tally, put_count, &counting);
}

static double count_of(const struct snapshot *s, const char *kind)
{
	for (size_t i = 0; i < s->loss_count; i++)
		if (strcmp(s->lost[i].kind, kind) == 0)
			return (double)s->lost[i].count;
	return 0;
}

/* every kind from 0: of a series that begins with its first loss, increase() does not see that one */
static void write_lost(struct page *page, const struct family *family)
{
	static const char *const kinds[] = {
		"records_file",       "records_file_gone",   "records_fork",
		"records_exec",       "records_exit",        "records_oom",
		"records_mapping",    "records_full",        "records_limit",
		"records_refused",    "records_denied",      "files_without_name",
		"pages_without_file", "pages_without_owner", "pages_without_further_owner",
		"pages_unresolved",   "records_odd",         "output_dropped",
		"events_skipped",
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		put(page, family, "kind", kinds[i], count_of(page->input->snapshot, kinds[i]));
}

static void write_corrected(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, count_of(page->input->snapshot, "pages_corrected"));
}

static void write_ways(struct page *page, const struct family *family)
{
	const struct plan *plan = page->input->plan;

	for (int i = 0; plan && i < FACTS; i++) {
		bool first = true;

		if (!plan->choices[i].wanted || !plan->choices[i].fact)
			continue;
		fprintf(page->out, "%s", family->name);
		put_label(page, &first, "fact", plan->choices[i].fact->name);
		put_label(page, &first, "way", plan->choices[i].way ? plan->choices[i].way->name : "none");
		fputs("}", page->out);
		put_number(page, 1);
	}
}

static void write_build(struct page *page, const struct family *family)
{
	const struct snapshot *s = page->input->snapshot;
	bool first = true;

	fputs(family->name, page->out);
	put_label(page, &first, "version", PAGETIDE_VERSION);
	put_label(page, &first, "kernel", s->kernel);
	put_label(page, &first, "tier", s->tier);
	fputs("}", page->out);
	put_number(page, 1);
}

static void write_files(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, (double)page->input->snapshot->file_count);
}

static void write_maps(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, number(page->input->map_bytes));
}

static void write_reading(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, page->input->reading_seconds);
}

static void write_rendering(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, page->input->render_seconds);
}

static void write_readings(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, (double)page->input->readings);
}

static void write_failed(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, (double)page->input->failed_readings);
}

static void write_time(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, (double)page->input->snapshot->time_ns / 1e9);
}

static void write_merged(struct page *page, const struct family *family)
{
	static const char *const names[BAGS] = { "mount", "owner", "cgroup", "container", "container_info", "command" };

	for (int i = 0; i < BAGS; i++)
		put(page, family, "table", names[i], (double)page->bags[i].merged);
}

static void write_series(struct page *page, const struct family *family)
{
	put(page, family, NULL, NULL, (double)page->series + 1);
}

/* ---- the table ---- */

#define ONE(figure) .parts = { { NULL, figure } }, .part_count = 1
#define BY(label, ...)                                 \
	.part_label = label, .parts = { __VA_ARGS__ }, \
	.part_count = sizeof((const struct part[]){ __VA_ARGS__ }) / sizeof(struct part)
#define BY_HAND(names, function) .bag = NO_BAG, .labels = names, .write = function
#define EVENTS(type) BY_HAND("namespace, pod, container", write_events), .event = type

static const struct family families[] = {
	{ "pagetide_system_memory_bytes", GAUGE,
	  "The machine's memory by what it is used for; the parts add up to all of it.", BY_HAND("part", write_parts) },
	{ "pagetide_system_ram_bytes", GAUGE, "All memory of the machine (MemTotal).", BY_HAND("", write_ram) },
	{ "pagetide_system_available_bytes", GAUGE, "What could be given to programs without swapping (MemAvailable).",
	  BY_HAND("", write_available) },
	{ "pagetide_system_swap_bytes", GAUGE, "Swap space, used and free.", BY_HAND("state", write_swap) },
	{ "pagetide_system_owned_bytes", GAUGE, "Page cache and tmpfs pages whose process is known.",
	  BY_HAND("kind", write_owned) },

	{ "pagetide_tmpfs_used_bytes", GAUGE, "Used of a tmpfs mount, by whose mount namespace it is in.",
	  .bag = BAG_MOUNTS, ONE(MOUNT_USED) },
	{ "pagetide_tmpfs_limit_bytes", GAUGE, "Size limit of a tmpfs mount; none where it has no limit.",
	  .bag = BAG_MOUNTS, ONE(MOUNT_LIMIT) },
	{ "pagetide_tmpfs_used_inodes", GAUGE, "Inodes used of a tmpfs mount.", .bag = BAG_MOUNTS,
	  ONE(MOUNT_USED_INODES) },
	{ "pagetide_tmpfs_limit_inodes", GAUGE, "Limit of inodes of a tmpfs mount.", .bag = BAG_MOUNTS,
	  ONE(MOUNT_LIMIT_INODES) },
	{ "pagetide_tmpfs_unattributed_bytes", GAUGE, "Used of a tmpfs mount by nobody who is known.",
	  .bag = BAG_MOUNTS, ONE(MOUNT_UNKNOWN) },
	{ "pagetide_tmpfs_full_seconds", GAUGE, "Until a tmpfs mount is full as it grows now; none where it does not.",
	  .bag = BAG_MOUNTS, ONE(MOUNT_FULL) },
	{ "pagetide_tmpfs_owned_bytes", GAUGE,
	  "tmpfs pages by mount, and by the command and container that brought them in.", .bag = BAG_OWNERS,
	  ONE(OWNER_BYTES) },

	{ "pagetide_cgroup_usage_bytes", GAUGE, "Memory charged to a service, scope or other topmost cgroup.",
	  .bag = BAG_CGROUPS, ONE(CGROUP_USAGE) },
	{ "pagetide_cgroup_limit_bytes", GAUGE, "Its memory limit; none where it has no limit.", .bag = BAG_CGROUPS,
	  ONE(CGROUP_LIMIT) },
	{ "pagetide_cgroup_room_bytes", GAUGE, "Left below the tightest limit of it and the cgroups above it.",
	  .bag = BAG_CGROUPS, ONE(CGROUP_ROOM) },
	{ "pagetide_cgroup_full_seconds", GAUGE, "Until that limit is reached as it grows now.", .bag = BAG_CGROUPS,
	  ONE(CGROUP_FULL) },
	{ "pagetide_cgroup_memory_bytes", GAUGE, "What is charged, by kind; file is without shmem.", .bag = BAG_CGROUPS,
	  BY("kind", { "anon", CGROUP_ANON }, { "file", CGROUP_FILE }, { "shmem", CGROUP_SHMEM },
	     { "kernel", CGROUP_KERNEL }, { "swap", CGROUP_SWAP }) },

	{ "pagetide_container_usage_bytes", GAUGE, "Memory charged to a container.", .bag = BAG_CONTAINERS,
	  ONE(CGROUP_USAGE) },
	{ "pagetide_container_limit_bytes", GAUGE, "Its memory limit; none where it has no limit.",
	  .bag = BAG_CONTAINERS, ONE(CGROUP_LIMIT) },
	{ "pagetide_container_room_bytes", GAUGE, "Left below the tightest limit of it and the cgroups above it.",
	  .bag = BAG_CONTAINERS, ONE(CGROUP_ROOM) },
	{ "pagetide_container_full_seconds", GAUGE, "Until that limit is reached as it grows now.",
	  .bag = BAG_CONTAINERS, ONE(CGROUP_FULL) },
	{ "pagetide_container_memory_bytes", GAUGE, "What is charged to a container, by kind; file is without shmem.",
	  .bag = BAG_CONTAINERS,
	  BY("kind", { "anon", CGROUP_ANON }, { "file", CGROUP_FILE }, { "shmem", CGROUP_SHMEM },
	     { "kernel", CGROUP_KERNEL }, { "swap", CGROUP_SWAP }) },
	{ "pagetide_container_owned_bytes", GAUGE,
	  "Page cache and tmpfs pages that its processes brought in, wherever they are charged.", .bag = BAG_CONTAINERS,
	  BY("kind", { "cache", CGROUP_CACHE }, { "tmpfs", CGROUP_TMPFS }) },
	{ "pagetide_container_processes", GAUGE, "Living processes of a container.", .bag = BAG_CONTAINERS,
	  ONE(CGROUP_PROCESSES) },
	{ "pagetide_container_info", INFO, "What a container runs in and from; always 1.", .bag = BAG_INFO, ONE(0) },

	{ "pagetide_process_memory_bytes", GAUGE,
	  "Memory of all processes of a command, by kind; shared pages count in each process.", .bag = BAG_COMMANDS,
	  BY("kind", { "anon", COMMAND_ANON }, { "file", COMMAND_FILE }, { "shmem", COMMAND_SHMEM },
	     { "swap", COMMAND_SWAP }, { "page_tables", COMMAND_TABLES }) },
	{ "pagetide_process_owned_bytes", GAUGE,
	  "Page cache and tmpfs pages that processes of a command brought in, those that have exited included.",
	  .bag = BAG_COMMANDS, BY("kind", { "cache", COMMAND_CACHE }, { "tmpfs", COMMAND_TMPFS }) },
	{ "pagetide_process_peak_bytes", GAUGE, "The most resident memory that any living process of a command had.",
	  .bag = BAG_COMMANDS, ONE(COMMAND_PEAK) },
	{ "pagetide_processes", GAUGE, "Living processes of a command.", .bag = BAG_COMMANDS, ONE(COMMAND_PROCESSES) },

	{ "pagetide_oom_kills_total", COUNTER, "Processes that the OOM killer killed, by the victim's container.",
	  EVENTS(EVENT_OOM) },
	{ "pagetide_enospc_total", COUNTER, "Writes and allocations that a full tmpfs or cgroup refused.",
	  EVENTS(EVENT_ENOSPC) },
	{ "pagetide_sigbus_total", COUNTER, "Faults on a full tmpfs.", EVENTS(EVENT_SIGBUS) },
	{ "pagetide_hugetlb_refused_total", COUNTER, "Calls and faults that a pool of huge pages refused.",
	  EVENTS(EVENT_HUGETLB) },
	{ "pagetide_memlock_refused_total", COUNTER, "Calls that RLIMIT_MEMLOCK refused.", EVENTS(EVENT_MEMLOCK) },
	{ "pagetide_warnings_total", COUNTER, "Warnings that a limit comes near.", EVENTS(EVENT_WARNING) },

	{ "pagetide_events_lost_total", COUNTER, "What the kernel side could not tell or keep, by kind.",
	  BY_HAND("kind", write_lost) },
	{ "pagetide_pages_corrected_total", COUNTER, "Pages that the inode's own count set right.",
	  BY_HAND("", write_corrected) },
	{ "pagetide_files", GAUGE, "Files that have a row in the books.", BY_HAND("", write_files) },
	{ "pagetide_map_bytes", GAUGE, "Kernel memory of the BPF maps.", BY_HAND("", write_maps) },
	{ "pagetide_readings_total", COUNTER, "Readings of the system.", BY_HAND("", write_readings) },
	{ "pagetide_failed_readings_total", COUNTER, "Readings that failed.", BY_HAND("", write_failed) },
	{ "pagetide_reading_seconds", GAUGE, "How long the last reading took.", BY_HAND("", write_reading) },
	{ "pagetide_page_seconds", GAUGE, "How long the page before this one took.", BY_HAND("", write_rendering) },
	{ "pagetide_reading_timestamp_seconds", GAUGE, "When the figures of this page were read.",
	  BY_HAND("", write_time) },
	{ "pagetide_merged_rows", GAUGE, "Rows that the row named other holds, to keep the page small.",
	  BY_HAND("table", write_merged) },
	{ "pagetide_probe_info", INFO, "Which way each fact is taken on this kernel; always 1.",
	  BY_HAND("fact, way", write_ways) },
	{ "pagetide_build_info", INFO, "This pagetide, the kernel, and the tier in use; always 1.",
	  BY_HAND("version, kernel, tier", write_build) },
	{ "pagetide_series", GAUGE, "Samples of this page.", BY_HAND("", write_series) },
};

static const size_t family_count = sizeof(families) / sizeof(families[0]);

/* OpenMetrics calls a family by its name without the suffix; text 0.0.4 knows no info */
static void put_head(struct page *page, const struct family *family)
{
	bool open = page->format == METRICS_OPENMETRICS;
	size_t len = strlen(family->name);

	if (open && family->type == COUNTER)
		len -= strlen("_total");
	if (open && family->type == INFO)
		len -= strlen("_info");
	fprintf(page->out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)len, family->name, family->help, (int)len,
		family->name, !open && family->type == INFO ? "gauge" : type_names[family->type]);
}

int metrics__write(FILE *out, const struct metrics_input *input, enum metrics_format format)
{
	struct page page = { .out = out, .input = input, .format = format };
	int err = metrics_rows__make(page.bags, input);

	for (size_t i = 0; !err && !page.err && i < family_count; i++) {
		put_head(&page, &families[i]);
		if (families[i].write)
			families[i].write(&page, &families[i]);
		else
			put_bag(&page, &families[i]);
	}
	for (int i = 0; i < BAGS; i++)
		bag__free(&page.bags[i]);
	if (!err)
		err = page.err;
	if (!err && format == METRICS_OPENMETRICS)
		fputs("# EOF\n", out);
	return err ? err : out__status(out);
}

static void document_labels(FILE *out, const struct family *family)
{
	const char *between = "";

	fputs(family->labels ? family->labels : "", out);
	for (size_t i = 0; family->bag != NO_BAG && i < BAG_LABELS && bag_labels[family->bag][i]; i++) {
		fprintf(out, "%s%s", between, bag_labels[family->bag][i]);
		between = ", ";
	}
	if (family->part_label)
		fprintf(out, ", %s", family->part_label);
}

void metrics__document(FILE *out)
{
	for (size_t i = 0; i < family_count; i++) {
		fprintf(out, "| `%s` | %s | ", families[i].name, type_names[families[i].type]);
		document_labels(out, &families[i]);
		fprintf(out, " | %s |\n", families[i].help);
	}
}
