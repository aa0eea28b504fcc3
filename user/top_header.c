// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of `top` above its table. They must say the worst first: what does not
 * fit on a small screen is what matters least.
 */
#include "top_paint.h"
#include "top_private.h"

#include "units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define DAY_SECONDS 86400.0
#define SHARE_NEAR 0.75
#define SHARE_ALARM 0.9
#define SECONDS_ALARM 60.0

enum part { PART_ANON, PART_CACHE, PART_TMPFS, PART_OTHER, PART_FREE, PARTS };

static const char glyphs[PARTS + 1] = "#=%+.";
static const enum paint paints[PARTS] = { PAINT_ANON, PAINT_CACHE, PAINT_TMPFS, PAINT_OTHER, PAINT_FREE };
static const char *const names[PARTS] = { "anon", "cache", "tmpfs", "other", "free" };

static void sum_parts(const struct snapshot_system *system, uint64_t bytes[PARTS])
{
	uint64_t known = 0;

	memset(bytes, 0, PARTS * sizeof(*bytes));
	for (size_t i = 0; i < system->part_count; i++)
		for (int p = 0; p < PARTS; p++)
			if (p != PART_OTHER && system->parts[i].bytes > 0 &&
			    strcmp(system->parts[i].name, names[p]) == 0)
				bytes[p] = (uint64_t)system->parts[i].bytes;
	for (int p = 0; p < PARTS; p++)
		known += bytes[p];
	if (is_known(system->total_bytes) && system->total_bytes > known)
		bytes[PART_OTHER] = system->total_bytes - known;
}

static uint64_t lost_records(const struct snapshot *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->loss_count; i++)
		sum += s->lost[i].count;
	return sum;
}

bool top_header__has_notes(const struct snapshot *s)
{
	return (is_known(s->system.swap_total_bytes) && s->system.swap_total_bytes) || s->loss_count || !s->tracing;
}

/* Right to left, so that on a narrow screen the name of the machine gives way. */
static void draw_title(const struct top *top, int line, bool notes)
{
	const struct snapshot *s = top->last;
	char text[LINE_MAX_BYTES], clock[UNITS_MAX];
	int right = paint__columns();

	paint__text(line, 0, right, PAINT_TITLE, "");
	if (top->state.paused) {
		right -= (int)strlen(" PAUSED ");
		paint__text(line, right > 0 ? right : 0, 8, PAINT_NEAR, " PAUSED ");
	}
	if (lost_records(s) && !notes) {
		snprintf(text, sizeof(text), " LOST %llu ", (unsigned long long)lost_records(s));
		right -= (int)strlen(text);
		paint__text(line, right > 0 ? right : 0, (int)strlen(text), PAINT_ALARM, text);
	}
	units__clock(clock, s->time_ns);
	clock[strcspn(clock, ".")] = '\0';
	if (right > 8 + (int)strlen(clock)) {
		right -= (int)strlen(clock) + 1;
		paint__text(line, right, (int)strlen(clock), PAINT_TITLE, clock);
	}
	snprintf(text, sizeof(text), "%s  %s  %s%severy %g s", s->host ? s->host : "", s->kernel ? s->kernel : "",
		 s->tier ? s->tier : "", s->tier ? "  " : "", top->state.interval_seconds);
	if (right > (int)strlen("pagetide  ") + 12) {
		paint__text(line, 0, 8, PAINT_TITLE, "pagetide");
		paint__text(line, 10, right - 11, PAINT_PLAIN, text);
	} else if (right > 0) {
		paint__text(line, 0, right - 1, PAINT_TITLE, "pagetide");
	}
}

static void draw_ram(const struct snapshot_system *system, int line, const uint64_t bytes[PARTS])
{
	char text[LINE_MAX_BYTES] = "", bar[LINE_MAX_BYTES], available[UNITS_MAX], total[UNITS_MAX];
	int cells[PARTS], columns = paint__columns(), width;

	units__bytes(available, system->available_bytes);
	units__bytes(total, system->total_bytes);
	if (columns >= 60)
		snprintf(text, sizeof(text), " %s available of %s", available, total);
	else if (columns >= 36)
		snprintf(text, sizeof(text), " %s of %s", available, total);
	width = columns - (int)strlen("RAM []") - (int)strlen(text);
	if (width > 120)
		width = 120;
	if (width < 1)
		return;
	layout__share(bytes, PARTS, system->total_bytes, width, cells);
	layout__bar(bar, width, cells, glyphs, PARTS);
	paint__text(line, 0, 4, PAINT_TITLE, "RAM");
	paint__bar(line, 4, bar, glyphs, paints, PARTS);
	paint__text(line, 6 + width, columns, PAINT_PLAIN, text);
}

/* Those that fit, whole: half a figure is a wrong one. */
static void draw_legend(int line, const uint64_t bytes[PARTS])
{
	char text[LINE_MAX_BYTES], figure[UNITS_MAX];
	int at = 0;

	for (int p = 0; p < PARTS; p++) {
		snprintf(text, sizeof(text), "%c%s %s", glyphs[p], names[p], units__bytes(figure, bytes[p]));
		if (at + (int)strlen(text) > paint__columns())
			return;
		at += paint__text(line, at, (int)strlen(text), paints[p], text) + 2;
	}
}

static void draw_notes(const struct snapshot *s, int line)
{
	char text[LINE_MAX_BYTES], used[UNITS_MAX], total[UNITS_MAX];
	int at = 0, length = 0;

	if (is_known(s->system.swap_total_bytes) && s->system.swap_total_bytes && is_known(s->system.swap_free_bytes)) {
		snprintf(text, sizeof(text), "Swap %s of %s",
			 units__bytes(used, s->system.swap_total_bytes - s->system.swap_free_bytes),
			 units__bytes(total, s->system.swap_total_bytes));
		at += paint__text(line, at, paint__columns(), PAINT_PLAIN, text) + 3;
	}
	if (!s->tracing)
		at += paint__text(line, at, paint__columns(), PAINT_NEAR, "not tracing: owners are not known") + 3;
	if (!s->loss_count)
		return;
	length = snprintf(text, sizeof(text), "LOST");
	for (size_t i = 0; i < s->loss_count && length < (int)sizeof(text); i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "%s %s %llu", i ? "," : "",
				   s->lost[i].kind, (unsigned long long)s->lost[i].count);
	paint__text(line, at, paint__columns(), PAINT_ALARM, text);
}

static enum paint urgency(const struct top_bar *bar)
{
	double share = top_bars__share(bar);

	if (share >= SHARE_ALARM || bar->seconds_left <= SECONDS_ALARM)
		return PAINT_ALARM;
	return share >= SHARE_NEAR || bar->seconds_left <= TOP_BARS_SOON_SECONDS ? PAINT_NEAR : PAINT_CALM;
}

/* "40.1/64.0 MiB": the unit is said once where both have the same. */
static void used_of_limit(char *out, size_t size, const struct top_bar *bar)
{
	char used[UNITS_MAX], limit[UNITS_MAX], *unit_used, *unit_limit;

	if (bar->inodes) {
		snprintf(out, size, "%llu/%llu", (unsigned long long)bar->used, (unsigned long long)bar->limit);
		return;
	}
	unit_used = strchr(units__bytes(used, bar->used), ' ');
	unit_limit = strchr(units__bytes(limit, bar->limit), ' ');
	if (unit_used && unit_limit && strcmp(unit_used, unit_limit) == 0)
		*unit_used = '\0';
	snprintf(out, size, "%s/%s", used, limit);
}

/* Which limit it is: two can have the same path. */
static void name_of(char *out, size_t size, const struct top_bar *bar)
{
	if (bar->cgroup)
		snprintf(out, size, "cgroup %s", bar->path);
	else if (bar->place)
		snprintf(out, size, "%s %s%s", bar->place, bar->inodes ? "inodes " : "", bar->path);
	else if (bar->namespace_id)
		snprintf(out, size, "ns %llu %s%s", (unsigned long long)bar->namespace_id, bar->inodes ? "inodes " : "",
			 bar->path);
	else
		snprintf(out, size, "%s%s", bar->inodes ? "inodes " : "", bar->path);
}

/* "full in 12.3 s", "full in 8 min": minutes are not known to the second. */
static void time_left(char *out, size_t size, const struct top_bar *bar)
{
	char duration[UNITS_MAX], *rest;

	out[0] = '\0';
	if (!(bar->seconds_left < DAY_SECONDS)) /* NAN too; and nothing is foreseen for longer */
		return;
	rest = strchr(units__duration(duration, bar->seconds_left), ' ');
	rest = rest ? strchr(rest + 1, ' ') : NULL;
	if (rest)
		*rest = '\0';
	snprintf(out, size, bar->seconds_left > 0 ? "full in %s" : "full", duration);
}

enum { BAR_NAME, BAR_BAR, BAR_PERCENT, BAR_FIGURES, BAR_RATE, BAR_LEFT, BAR_COLUMNS };

static void draw_bar(const struct top_bar *bar, const struct layout_column *at, int line)
{
	char text[LINE_MAX_BYTES], figure[UNITS_MAX];
	enum paint bar_paints[2] = { urgency(bar), PAINT_CACHE };
	int width = at[BAR_BAR].width - 2, cells[2];

	name_of(text, sizeof(text), bar);
	paint__text(line, at[BAR_NAME].at, at[BAR_NAME].width, PAINT_PLAIN, text);
	if (width > 0) {
		cells[0] = layout__fill(bar->used - bar->reclaimable_bytes, bar->limit, width);
		cells[1] = layout__fill(bar->used, bar->limit, width) - cells[0];
		layout__bar(text, width, cells, "#=", 2);
		paint__bar(line, at[BAR_BAR].at, text, "#=", bar_paints, 2);
	}
	units__percent(figure, bar->limit ? (double)bar->used / (double)bar->limit : NAN);
	paint__right(line, at[BAR_PERCENT].at, at[BAR_PERCENT].width, bar_paints[0], figure);
	used_of_limit(text, sizeof(text), bar);
	paint__right(line, at[BAR_FIGURES].at, at[BAR_FIGURES].width, PAINT_PLAIN, text);
	if (!isnan(bar->rate) && fabs(bar->rate) >= 0.5)
		paint__right(line, at[BAR_RATE].at, at[BAR_RATE].width, PAINT_PLAIN, units__rate(figure, bar->rate));
	time_left(text, sizeof(text), bar);
	paint__text(line, at[BAR_LEFT].at, at[BAR_LEFT].width, bar_paints[0], text);
}

static void widen(struct layout_column *column, const char *text)
{
	int width = paint__width(text);

	if (width > column->want)
		column->want = width;
	if (!column->grow)
		column->min = column->want;
}

static void draw_bars(const struct top_bar *bars, size_t count, int line)
{
	/* mostly fixed: bars that change their length with every figure cannot be read */
	struct layout_column at[BAR_COLUMNS] = {
		[BAR_NAME] = { .min = 8, .rank = 0, .grow = 1 },
		[BAR_BAR] = { .min = 12, .want = 42, .rank = 4, .grow = 1 },
		[BAR_PERCENT] = { .min = 5, .want = 5, .rank = 0 },
		[BAR_FIGURES] = { .min = 13, .want = 13, .rank = 3 },
		[BAR_RATE] = { .min = 11, .want = 11, .rank = 2 },
		[BAR_LEFT] = { .min = 14, .want = 14, .rank = 1 },
	};
	char text[LINE_MAX_BYTES];

	for (size_t i = 0; i < count; i++) {
		name_of(text, sizeof(text), &bars[i]);
		widen(&at[BAR_NAME], text);
		used_of_limit(text, sizeof(text), &bars[i]);
		widen(&at[BAR_FIGURES], text);
	}
	layout__fit(at, BAR_COLUMNS, paint__columns());
	for (size_t i = 0; i < count; i++)
		draw_bar(&bars[i], at, line + (int)i);
}

/* Which views there are, which one this is, and how much of it. */
static void draw_tabs(const struct top *top, int line)
{
	static const char *const tabs[TOP_VIEWS] = { "", "system", "process", "container", "cgroup", "mount", "file" };
	const struct top_state *state = &top->state;
	const struct top_view *view = &state->views[state->view];
	char text[LINE_MAX_BYTES], rows[32];
	int at = 0, length;

	for (size_t i = 0; i < top_view_count; i++) {
		bool shown = top_views[i] == state->view;

		snprintf(text, sizeof(text), " %zu %s ", i + 1, tabs[top_views[i]]);
		if (paint__columns() < 70 && !shown) /* the digits of the others still say that they are there */
			snprintf(text, sizeof(text), " %zu ", i + 1);
		at += paint__text(line, at, (int)strlen(text), shown ? PAINT_TAB : PAINT_PLAIN, text);
	}
	length = snprintf(rows, sizeof(rows), " %zu rows", top->rows.matched);
	if (state->filter[0]) {
		snprintf(text, sizeof(text), " /%s", state->filter);
		at += paint__text(line, at, paint__columns() - at - length, PAINT_NEAR, text);
	}
	snprintf(text, sizeof(text), "%s by %s", rows, top_table__order_name(&top->tables[state->view], view));
	if (view->sort < top->tables[state->view].count || at + (int)strlen(text) > paint__columns())
		strcpy(text, rows);
	if (at + length <= paint__columns())
		paint__text(line, at, paint__columns() - at, PAINT_PLAIN, text);
}

void top_header__draw(const struct top *top, const struct layout_screen *screen, const struct top_bar *bars,
		      size_t bar_count)
{
	uint64_t bytes[PARTS];
	int line = 0;

	sum_parts(&top->last->system, bytes);
	if (screen->title)
		draw_title(top, line++, screen->notes);
	if (screen->ram)
		draw_ram(&top->last->system, line++, bytes);
	if (screen->legend)
		draw_legend(line++, bytes);
	if (screen->notes)
		draw_notes(top->last, line++);
	if ((size_t)screen->bars < bar_count)
		bar_count = (size_t)screen->bars;
	draw_bars(bars, bar_count, screen->bars_at);
	if (screen->tabs && top->state.mode != TOP_DETAILS)
		draw_tabs(top, screen->tabs_at);
}
