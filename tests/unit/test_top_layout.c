// SPDX-License-Identifier: GPL-2.0-only
// needs: top_layout top_bars
/*
 * The screen of `top` without a terminal: where parts go at every size, what a bar
 * says, which columns stay, which limits are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curses.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "top_bars.h"
#include "top_layout.h"
#include "top_state.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The parts lie one below the other, none overlaps, and the table has what is left. */
static void check_screen(int lines, int bars, bool notes)
{
	struct layout_screen s = layout__screen(lines, bars, notes);
	int above = s.title + s.ram + s.legend + s.notes;

	assert_int_equal(s.bars_at, above);
	assert_int_equal(s.tabs_at, above + s.bars);
	assert_int_equal(s.head_at, s.tabs_at + s.tabs);
	assert_int_equal(s.table_at, s.head_at + s.head);
	assert_int_equal(s.footer_at, s.table_at + s.table);
	assert_int_equal(s.footer_at + s.footer, lines > 0 ? lines : 0);
	assert_in_range(s.bars, 0, bars);
	if (lines > 0)
		assert_in_range(s.table, (lines + 2) / 3, lines);
}

static void test_every_height_has_a_table(void **state)
{
	(void)state;
	for (int lines = 0; lines < 300; lines++)
		for (int bars = 0; bars < 50; bars += 7) {
			check_screen(lines, bars, false);
			check_screen(lines, bars, true);
		}
}

static void test_usual_height_shows_all_parts(void **state)
{
	struct layout_screen s = layout__screen(24, 9, true);

	(void)state;
	assert_true(s.title && s.ram && s.legend && s.notes && s.tabs && s.head && s.footer);
	assert_int_equal(s.bars, 4);
	assert_int_equal(s.table, 24 - 4 - 4 - 3);
}

static struct layout_column column(int min, int want, int rank, int grow)
{
	return (struct layout_column){ .min = min, .want = want, .rank = rank, .grow = grow };
}

static void test_columns_go_by_rank(void **state)
{
	struct layout_column c[] = {
		column(5, 5, 0, 0), column(8, 8, 2, 0), column(8, 8, 1, 0), column(8, 8, 2, 0), column(10, 40, 0, 1),
	};

	(void)state;
	layout__fit(c, COUNT(c), 80);
	assert_int_equal(c[4].width, 40); /* what it wants, and no more */
	assert_int_equal(c[4].at, 5 + 3 * 8 + 4);
	layout__fit(c, COUNT(c), 70);
	assert_int_equal(c[4].width, 70 - 5 - 3 * 8 - 4);
	layout__fit(c, COUNT(c), 34); /* 5+8+8+10 and 3 gaps */
	assert_int_equal(c[3].width, 0);
	assert_int_equal(c[1].width, 8);
	layout__fit(c, COUNT(c), 33);
	assert_int_equal(c[1].width, 0);
	assert_int_equal(c[2].width, 8);
	layout__fit(c, COUNT(c), 17);
	assert_int_equal(c[2].width, 0);
	assert_int_equal(c[0].width, 5);
	assert_int_equal(c[4].width, 11);
}

/* what went before a wide one, and would have had room without it */
static void test_columns_come_back(void **state)
{
	struct layout_column c[] = {
		column(8, 8, 0, 0),   column(30, 30, 1, 0), column(8, 8, 3, 0),
		column(10, 10, 2, 0), column(10, 20, 0, 1),
	};

	(void)state;
	layout__fit(c, COUNT(c), 49);
	assert_int_equal(c[1].width, 0);
	assert_int_equal(c[3].width, 10);
	assert_int_equal(c[2].width, 8);
	assert_int_equal(c[4].width, 20);
	layout__fit(c, COUNT(c), 45); /* half of what is left over is the name's */
	assert_int_equal(c[2].width, 0);
	assert_int_equal(c[4].width, 20);
}

/* names first, then other texts */
static void test_columns_grow_in_their_order(void **state)
{
	struct layout_column c[] = { column(8, 8, 0, 0), column(10, 40, 1, 2), column(10, 40, 0, 1) };

	(void)state;
	layout__fit(c, COUNT(c), 50);
	assert_int_equal(c[1].width, 10);
	assert_int_equal(c[2].width, 30);
	layout__fit(c, COUNT(c), 70);
	assert_int_equal(c[1].width, 20);
	assert_int_equal(c[2].width, 40);
}

static void test_columns_never_leave_the_screen(void **state)
{
	(void)state;
	for (int width = 0; width < 250; width++) {
		struct layout_column c[] = {
			column(10, 30, 0, 1), column(9, 9, 1, 0), column(9, 9, 0, 0),
			column(4, 60, 3, 1),  column(7, 7, 2, 0),
		};
		int end = 0;

		layout__fit(c, COUNT(c), width);
		for (size_t i = 0; i < COUNT(c); i++) {
			if (!c[i].width)
				continue;
			assert_true(c[i].at >= end);
			end = c[i].at + c[i].width;
		}
		assert_true(end <= width);
	}
}

static void test_ram_bar_adds_up(void **state)
{
	static const uint64_t parts[][5] = {
		{ 400, 300, 200, 50, 50 }, { 0, 0, 0, 0, 1000 }, { 1, 1, 1, 1, 996 },
		{ 333, 333, 334, 0, 0 },   { 998, 1, 1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++)
		for (int width = 1; width < 120; width++) {
			int cells[5], sum = 0, parts_there = 0;

			layout__share(parts[i], 5, 1000, width, cells);
			for (int p = 0; p < 5; p++) {
				assert_true(cells[p] >= 0);
				sum += cells[p];
				parts_there += parts[i][p] > 0;
				if (!parts[i][p])
					assert_int_equal(cells[p], 0);
			}
			assert_int_equal(sum, width);
			for (int p = 0; p < 5; p++)
				if (parts[i][p] && width >= parts_there)
					assert_true(cells[p] > 0);
		}
}

static void test_bar_of_nothing(void **state)
{
	uint64_t parts[2] = { 0, 0 };
	int cells[2] = { 7, 7 };

	(void)state;
	layout__share(parts, 2, 0, 10, cells);
	assert_int_equal(cells[0] + cells[1], 0);
}

static void test_full_is_only_said_when_it_is(void **state)
{
	(void)state;
	assert_int_equal(layout__fill(999999, 1000000, 20), 19);
	assert_int_equal(layout__fill(1000000, 1000000, 20), 20);
	assert_int_equal(layout__fill(1, UINT64_MAX, 20), 1);
	assert_int_equal(layout__fill(0, 10, 20), 0);
	assert_int_equal(layout__fill(5, 0, 20), 20);
	assert_int_equal(layout__fill(5, 10, 0), 0);
}

static void test_bar_text(void **state)
{
	char out[16];
	const int cells[] = { 3, 2 }, too_many[] = { 9, 9 };

	(void)state;
	layout__bar(out, 8, cells, "#=", 2);
	assert_string_equal(out, "[###==   ]");
	layout__bar(out, 8, too_many, "#=", 2);
	assert_string_equal(out, "[########]");
	layout__bar(out, 0, cells, "#=", 2);
	assert_string_equal(out, "[]");
	layout__bar(out, -3, cells, "#=", 2);
	assert_string_equal(out, "[]");
}

static void test_cursor_stays_in_view(void **state)
{
	(void)state;
	assert_int_equal(layout__scroll(0, 9, 10, 100), 0);
	assert_int_equal(layout__scroll(0, 10, 10, 100), 1);
	assert_int_equal(layout__scroll(50, 49, 10, 100), 49);
	assert_int_equal(layout__scroll(95, 99, 10, 100), 90); /* no empty lines at the end */
	assert_int_equal(layout__scroll(7, 3, 10, 4), 0);      /* the list became short */
	assert_int_equal(layout__scroll(3, 5, 0, 9), 5);
	assert_int_equal(layout__scroll(0, 0, 10, 0), 0);
}

static void test_seconds_left(void **state)
{
	(void)state;
	assert_true(layout__seconds_left(100, 10) == 10);
	assert_true(layout__seconds_left(0, 10) == 0);
	assert_true(isnan(layout__seconds_left(100, 0)));
	assert_true(isnan(layout__seconds_left(100, -5)));
	assert_true(isnan(layout__seconds_left(100, NAN)));
}

static struct snapshot_mount mount(const char *path, uint32_t minor, uint64_t used, uint64_t limit, double rate)
{
	return (struct snapshot_mount){ .path = path,
					.minor = minor,
					.root_namespace = true,
					.used_bytes = used,
					.limit_bytes = limit,
					.used_inodes = 1,
					.limit_inodes = ABSENT,
					.used_rate = rate };
}

static struct snapshot_cgroup cgroup(const char *path, uint64_t usage, uint64_t limit, uint64_t reclaimable)
{
	return (struct snapshot_cgroup){ .path = path,
					 .usage_bytes = usage,
					 .limit_bytes = limit,
					 .high_bytes = ABSENT,
					 .reclaimable_bytes = reclaimable,
					 .usage_rate = NO_RATE };
}

static void test_the_nearest_limits_are_shown(void **state)
{
	const struct snapshot_mount mounts[] = {
		mount("/half", 1, 500, 1000, NO_RATE), mount("/soon", 2, 200, 1000, 80), /* full in 10 s */
		mount("/empty", 3, 0, 1000, 0),        mount("/nearly empty", 4, 5, 1000, 0),
		mount("/no limit", 5, 500, ABSENT, 0), mount("/full", 6, 1000, 1000, 0),
	};
	const struct snapshot_cgroup cgroups[] = {
		cgroup("/hard", 800, 1000, 0),       cgroup("/cache", 990, 1000, 900),
		cgroup("/unknown", ABSENT, 1000, 0), cgroup("/beyond the machine", 90000, 100000, ABSENT),
		cgroup("/over", 1100, 1000, ABSENT),
	};
	const struct snapshot s = { .mounts = mounts,
				    .mount_count = COUNT(mounts),
				    .cgroups = cgroups,
				    .cgroup_count = COUNT(cgroups),
				    .system.total_bytes = 10000 };
	static const char *const expected[] = { "/soon", "/over", "/full", "/hard", "/half", "/cache" };
	struct top_bar bars[10];

	(void)state;
	assert_int_equal(top_bars__choose(&s, bars, COUNT(bars)), COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_string_equal(bars[i].path, expected[i]);
	assert_true(bars[0].seconds_left == 10);
	assert_true(bars[5].reclaimable_bytes == 900);
	for (size_t most = 0; most < COUNT(expected); most++) {
		assert_int_equal(top_bars__choose(&s, bars, most), most);
		for (size_t i = 0; i < most; i++)
			assert_string_equal(bars[i].path, expected[i]);
	}
}

static void test_one_mount_in_many_namespaces_is_one(void **state)
{
	struct snapshot_mount mounts[] = {
		mount("/seen/by/a", 7, 500, 1000, 0), mount("/seen/by/root", 7, 500, 1000, 0),
		mount("/seen/by/b", 7, 500, 1000, 0), mount("/a", 8, 400, 1000, 0),
		mount("/b", 8, 400, 1000, 0),
	};
	const struct snapshot s = { .mounts = mounts, .mount_count = COUNT(mounts), .system.total_bytes = 10000 };
	struct top_bar bars[10];

	(void)state;
	mounts[0].root_namespace = mounts[2].root_namespace = false;
	mounts[3].root_namespace = mounts[4].root_namespace = false;
	mounts[3].namespace_id = 42;
	assert_int_equal(top_bars__choose(&s, bars, COUNT(bars)), 2);
	assert_string_equal(bars[0].path, "/seen/by/root");
	assert_int_equal(bars[0].namespace_id, 0);
	assert_string_equal(bars[1].path, "/a");
	assert_int_equal(bars[1].namespace_id, 42);
}

static void test_inodes_can_be_the_limit(void **state)
{
	struct snapshot_mount m = mount("/tmp", 1, 100, 1000, 50);
	const struct snapshot s = { .mounts = &m, .mount_count = 1, .system.total_bytes = 10000 };
	struct top_bar bar;

	(void)state;
	m.used_inodes = 90;
	m.limit_inodes = 100;
	assert_int_equal(top_bars__choose(&s, &bar, 1), 1);
	assert_true(bar.inodes);
	assert_int_equal(bar.used, 90);
	assert_true(isnan(bar.rate)); /* that of bytes is not that of inodes */
	assert_true(isnan(bar.seconds_left));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_height_has_a_table),
		cmocka_unit_test(test_usual_height_shows_all_parts),
		cmocka_unit_test(test_columns_go_by_rank),
		cmocka_unit_test(test_columns_come_back),
		cmocka_unit_test(test_columns_grow_in_their_order),
		cmocka_unit_test(test_columns_never_leave_the_screen),
		cmocka_unit_test(test_ram_bar_adds_up),
		cmocka_unit_test(test_bar_of_nothing),
		cmocka_unit_test(test_full_is_only_said_when_it_is),
		cmocka_unit_test(test_bar_text),
		cmocka_unit_test(test_cursor_stays_in_view),
		cmocka_unit_test(test_seconds_left),
		cmocka_unit_test(test_the_nearest_limits_are_shown),
		cmocka_unit_test(test_one_mount_in_many_namespaces_is_one),
		cmocka_unit_test(test_inodes_can_be_the_limit),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
