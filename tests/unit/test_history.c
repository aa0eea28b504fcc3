// SPDX-License-Identifier: GPL-2.0-only
// needs: history forecast
/* The last minute of the largest: a point a second, the ring when it turns, who gives way to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "history.h"

#define S 1000000000ULL
#define MIB (1ULL << 20)
#define MANY (HISTORY_PROCESSES + 40)

static struct snapshot_process processes[MANY];
static struct snapshot snapshot = { .processes = processes };

static void take(struct history *history, uint64_t seconds, size_t count)
{
	snapshot.boot_ns = seconds * S;
	snapshot.process_count = count;
	history__take(history, &snapshot);
}

static void set(size_t i, uint32_t pid, uint64_t anon_bytes)
{
	memset(&processes[i], 0, sizeof(processes[i]));
	processes[i].pid = pid;
	processes[i].start_ns = pid * 7ULL;
	processes[i].anon_bytes = anon_bytes;
	processes[i].tmpfs_bytes = ABSENT;
}

static void a_point_a_second(void **state)
{
	struct forecast_point points[HISTORY_POINTS];
	struct history *history;
	double seconds;
	uint64_t bytes;

	(void)state;
	assert_int_equal(history__open(&history), 0);
	for (uint64_t i = 0; i < 200; i++) {
		set(0, 9, (i + 1) * MIB);
		take(history, 1000 + i, 1);
		snapshot.boot_ns += S / 2; /* between two points: not taken */
		processes[0].anon_bytes = 1;
		history__take(history, &snapshot);
	}
	assert_int_equal(history__series(history, 9, 63, HISTORY_ANON, points), HISTORY_POINTS);
	for (size_t i = 0; i < HISTORY_POINTS; i++) {
		assert_int_equal(points[i].used, (200 - HISTORY_POINTS + i + 1) * MIB);
		assert_int_equal(points[i].time_ns, (1200 - HISTORY_POINTS + i) * S);
	}
	/* the oldest within ten seconds before 1200 s: that of 1190 s */
	assert_true(history__before(history, 9, 63, HISTORY_ANON, 10 * S, 1200 * S, &bytes, &seconds));
	assert_int_equal(bytes, 191 * MIB);
	assert_true(seconds > 9.99 && seconds < 10.01);
	/* another process that has its pid now */
	assert_false(history__before(history, 9, 64, HISTORY_ANON, 10 * S, 1200 * S, &bytes, &seconds));
	history__close(history);
}

static void the_largest_stay(void **state)
{
	struct forecast_point points[HISTORY_POINTS];
	struct history *history;

	(void)state;
	assert_int_equal(history__open(&history), 0);
	for (uint32_t i = 0; i < MANY; i++)
		set(i, 100 + i, (1 + i) * MIB);
	take(history, 10, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(history__series(history, 100 + i, (100 + i) * 7ULL, HISTORY_ANON, points),
				 i >= MANY - HISTORY_PROCESSES);
	history__close(history);
}

static void gone_and_small(void **state)
{
	struct forecast_point points[HISTORY_POINTS];
	struct history *history;

	(void)state;
	assert_int_equal(history__open(&history), 0);
	set(0, 5, MIB);
	set(1, 6, 1000); /* too small to matter */
	take(history, 10, 2);
	assert_int_equal(history__series(history, 5, 35, HISTORY_ANON, points), 1);
	assert_int_equal(history__series(history, 5, 35, HISTORY_TMPFS, points), 1);
	assert_int_equal(points[0].used, 0);
	assert_int_equal(history__series(history, 6, 42, HISTORY_ANON, points), 0);
	take(history, 11, 0);
	assert_int_equal(history__series(history, 5, 35, HISTORY_ANON, points), 0);
	/* it comes back: from anew */
	take(history, 12, 1);
	assert_int_equal(history__series(history, 5, 35, HISTORY_ANON, points), 1);
	history__close(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_a_second),
		cmocka_unit_test(the_largest_stay),
		cmocka_unit_test(gone_and_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
