// SPDX-License-Identifier: GPL-2.0-only
#include "page_json.h"

#include <errno.h>
#include <math.h>

#include "out.h"
#include "page_rows.h"
#include "sink_json.h"

#define LIMITS_MOST 60
#define ROWS_MOST 20

/* an object, and the first error while it was made */
struct made {
	json_t *json;
	int err;
};

static void set(struct made *made, const char *key, json_t *value)
{
	int err = json_row__set(made->json, key, value);

	made->err = made->err ? made->err : err;
}

static void set_seconds(struct made *made, const char *key, double seconds)
{
	if (!isnan(seconds))
		set(made, key, json_real(seconds));
}

/* Writes and frees it. */
static int put(FILE *out, struct made *made, bool is_first)
{
	if (!is_first)
		fputc(',', out);
	if (!made->err)
		return json_row__put(out, made->json, false);
	json_decref(made->json);
	return made->err;
}

/* ---- live ---- */

static int put_limit(FILE *out, const struct page_limit *limit, bool is_first)
{
	const struct snapshot_mount *mount = limit->mount;
	const char *place = mount ? page_rows__place(mount) : limit->cgroup->container;
	struct made made = { .json = json_row__make(columns__of(mount ? VIEW_MOUNT : VIEW_CGROUP),
						    mount ? (const void *)mount : limit->cgroup, 0) };

	set(&made, "kind", json_string(!mount ? "cgroup" : limit->inodes ? "tmpfs_inodes" : "tmpfs"));
	if (place)
		set(&made, "container", json_row__string(place));
	/* the tighter of a cgroup's two limits */
	if (!mount)
		set(&made, "limit_bytes", json_integer((json_int_t)limit->limit));
	set(&made, "share_ratio", json_real(limit->share));
	set_seconds(&made, "full_seconds", limit->seconds);
	return put(out, &made, is_first);
}

static int put_limits(FILE *out, const struct page_json_input *input)
{
	struct page_limit limits[LIMITS_MOST];
	size_t count = page_rows__limits(input->snapshot, input->forecast, limits, LIMITS_MOST);
	int err = 0;

	fputs(",\"limits\":[", out);
	for (size_t i = 0; i < count && !err; i++)
		err = put_limit(out, &limits[i], i == 0);
	fprintf(out, "],\"limits_most\":%d", LIMITS_MOST);
	return err;
}

static int put_processes(FILE *out, const struct snapshot *snapshot)
{
	const struct snapshot_process *rows[ROWS_MOST];
	size_t count = page_rows__processes(snapshot, rows, ROWS_MOST);
	int err = 0;

	fprintf(out, ",\"process_count\":%zu,\"processes\":[", snapshot->process_count);
	for (size_t i = 0; i < count && !err; i++) {
		struct made made = { .json = json_row__make(columns__of(VIEW_PROCESS), rows[i], 0) };

		err = put(out, &made, i == 0);
	}
	fputc(']', out);
	return err;
}

static int put_groups(FILE *out, const struct page_json_input *input)
{
	const struct metrics_forecast *forecast = input->forecast;
	const struct snapshot_cgroup *rows[ROWS_MOST];
	size_t count = page_rows__groups(input->snapshot, rows, ROWS_MOST);
	int err = 0;

	fputs(",\"groups\":[", out);
	for (size_t i = 0; i < count && !err; i++) {
		struct made made = { .json = json_row__make(columns__of(VIEW_CGROUP), rows[i], 0) };

		set(&made, "name", json_row__string(page_rows__group(rows[i])));
		if (forecast->cgroup)
			set_seconds(&made, "full_seconds", forecast->cgroup(forecast->context, rows[i]));
		err = put(out, &made, i == 0);
	}
	fputc(']', out);
	return err;
}

static int put_line(FILE *out, const struct recent_line *line, bool is_first)
{
	struct made made = { .json = json_object() };
	int err;

	set(&made, "type", json_string(event_names[line->type]));
	err = json_row__set_time(made.json, "time", line->time_ns);
	made.err = made.err ? made.err : err;
	set(&made, "count", json_integer((json_int_t)line->count));
	if (line->pid) {
		set(&made, "pid", json_integer(line->pid));
		set(&made, "comm", json_row__string(line->comm));
	}
	if (line->container[0])
		set(&made, "container", json_row__string(line->container));
	set(&made, "text", json_row__string(line->text));
	return put(out, &made, is_first);
}

static int put_recent(FILE *out, const struct recent *recent)
{
	const struct recent_line *line;
	int err = 0;

	fputs(",\"recent\":[", out);
	for (size_t n = 0; !err && (line = recent__line(recent, n)); n++)
		err = put_line(out, line, n == 0);
	fputc(']', out);
	return err;
}

int page_json__live(FILE *out, const struct page_json_input *input)
{
	static const struct options head = { .view = VIEW_SYSTEM };
	struct made made = { .json = json_object() };
	int err;

	set(&made, "server", json_integer((json_int_t)input->server));
	set(&made, "age_seconds", json_real(input->age_seconds));
	set(&made, "reading_seconds", json_real(input->interval_seconds));
	fputc('{', out);
	err = sink_json__members(out, input->snapshot, &head);
	if (!err)
		err = put_limits(out, input);
	if (!err)
		err = put_processes(out, input->snapshot);
	if (!err)
		err = put_groups(out, input);
	if (!err)
		err = put_recent(out, input->recent);
	fputs(",\"page\":", out);
	if (!err)
		err = put(out, &made, true);
	else
		json_decref(made.json);
	fputs("}\n", out);
	return err ? err : out__status(out);
}

/* ---- history ---- */

static double to_seconds(uint64_t ns)
{
	return round((double)ns / 1e6) / 1e3;
}

static double seconds_of(const struct page_history *history, size_t point)
{
	return to_seconds(page_history__boot_ns(history, point));
}

static json_t *make_figures(const int64_t *figures, size_t from, size_t to)
{
	json_t *list = json_array();

	for (size_t i = from; i < to; i++)
		if (json_array_append_new(list,
					  figures[i] == PAGE_HISTORY_NONE ? json_null() : json_integer(figures[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static bool has_any(const int64_t *figures, size_t from, size_t to)
{
	while (from < to && figures[from] == PAGE_HISTORY_NONE)
		from++;
	return from < to;
}

static int put_points(FILE *out, const struct page_line *line, size_t from, size_t to, bool is_first)
{
	struct made made = { .json = json_object() };

	set(&made, "id", json_integer((json_int_t)line->id));
	set(&made, "kind", json_string(page_line_kind_names[line->kind]));
	set(&made, "name", json_row__string(line->name));
	if (line->container[0])
		set(&made, "container", json_row__string(line->container));
	set(&made, "used_bytes", make_figures(line->used, from, to));
	if (has_any(line->limit, from, to))
		set(&made, "limit_bytes", make_figures(line->limit, from, to));
	return put(out, &made, is_first);
}

static int put_times(FILE *out, const struct page_json_input *input, size_t from, size_t to)
{
	const struct snapshot *now = input->snapshot;
	struct made made = { .json = json_object() };
	json_t *times = json_array();
	int err;

	for (size_t i = from; i < to && !made.err; i++)
		made.err = json_array_append_new(times, json_real(seconds_of(input->history, i))) ? -ENOMEM : 0;
	set(&made, "boot_seconds", times);
	set(&made, "server", json_integer((json_int_t)input->server));
	set(&made, "window_seconds", json_integer(PAGE_HISTORY_SECONDS));
	/* when a time since boot was: both, of the last reading */
	err = json_row__set_time(made.json, "time", now->time_ns);
	made.err = made.err ? made.err : err;
	set(&made, "time_boot_seconds", json_real(to_seconds(now->boot_ns)));
	fputs("{\"points\":", out);
	return put(out, &made, true);
}

int page_json__history(FILE *out, const struct page_json_input *input, double since_boot_seconds)
{
	const struct page_history *history = input->history;
	size_t to = page_history__count(history), from = to, lines = 0;
	const struct page_line *line;
	int err;

	while (from > 0 && seconds_of(history, from - 1) > since_boot_seconds + 0.0005)
		from--;
	err = put_times(out, input, from, to);
	fputs(",\"lines\":[", out);
	for (size_t n = 0; !err && (line = page_history__line(history, n)); n++)
		if (line->name[0] && has_any(line->used, from, to))
			err = put_points(out, line, from, to, !lines++);
	fputs("]}\n", out);
	return err ? err : out__status(out);
}
