// SPDX-License-Identifier: GPL-2.0-only
// needs: warner forecast history blame advice names units warning_text
/* When a limit that comes near is news, and when it is not; whom it names and what it advises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "warner.h"
#include "warning_text.h"

#define S 1000000000ULL
#define START (1000 * S)

static const struct warner_settings usual = { { 80, 90, 95 }, 3, 60, 20 };

static struct warner *open_usual(void)
{
	struct warner *warner;

	assert_int_equal(warner__open(&warner, &usual), 0);
	return warner;
}

/* the level that is news at that percentage; 0: nothing; -1: by time */
static int tell(struct warner *warner, uint64_t time_ns, double percent)
{
	struct gauge gauge = { .limit = WARNING_TMPFS,
			       .id = 7,
			       .used = (uint64_t)(percent * 10000),
			       .limit_value = 1000000,
			       .memory_left = ABSENT };
	struct warning warning;

	if (!warner__gauge(warner, &gauge, time_ns, &warning, NULL))
		return 0;
	return warning.reason == WARNING_BY_ETA ? -1 : (int)warning.level;
}

static void each_level_once(void **state)
{
	struct warner *warner = open_usual();

	(void)state;
	assert_int_equal(tell(warner, START, 79.9), 0);
	assert_int_equal(tell(warner, START + S, 80), 80);
	assert_int_equal(tell(warner, START + 2 * S, 82), 0);
	assert_int_equal(tell(warner, START + 3 * S, 96), 95); /* two levels at once are one warning */
	assert_int_equal(tell(warner, START + 4 * S, 100), 0);
	for (uint64_t i = 5; i < 900; i++)
		assert_int_equal(tell(warner, START + i * S, 100), 0);
	warner__close(warner);
}

static void other_settings(void **state)
{
	static const struct warner_settings others = { { 50, 95 }, 2, 0, 20 };
	struct warner *warner = open_usual();

	(void)state;
	assert_int_equal(tell(warner, START, 85), 80);
	warner__set(warner, &others);
	assert_int_equal(tell(warner, START + S, 85), 50);
	assert_int_equal(tell(warner, START + 2 * S, 85), 0);
	warner__set(warner, &usual);
	assert_int_equal(tell(warner, START + 3 * S, 79), 0);
	assert_int_equal(tell(warner, START + 4 * S, 91), 90);
	warner__close(warner);
}

static void news_again_after_it_fell_back(void **state)
{
	struct warner *warner = open_usual();
	uint64_t now = START;

	(void)state;
	assert_int_equal(tell(warner, now, 81), 80);
	for (int i = 0; i < 100; i++)
		assert_int_equal(tell(warner, now += S, 76), 0);
	assert_int_equal(tell(warner, now += S, 81), 0); /* it was less than 5 points */
	assert_int_equal(tell(warner, now += S, 74), 0);
	assert_int_equal(tell(warner, now += S, 81), 0); /* a tooth */
	assert_int_equal(tell(warner, now += S, 74), 0);
	assert_int_equal(tell(warner, now += 61 * S, 81), 80);
	assert_int_equal(tell(warner, now += S, 10), 0); /* emptied */
	assert_int_equal(tell(warner, now += 6 * S, 83), 80);
	warner__close(warner);
}

static void a_sawtooth_is_told_once(void **state)
{
	struct warner *warner = open_usual();
	int told = 0;

	(void)state;
	for (uint64_t i = 0; i < 600; i++)
		told += tell(warner, START + i * S / 5, 70 + (double)(i % 16)) != 0;
	assert_int_equal(told, 1);
	warner__close(warner);
}

static void by_time(void **state)
{
	struct warner *warner = open_usual();
	int first = 0, count = 0;

	(void)state;
	for (int i = 0; i < 78; i++) { /* a point a second: full after 100 s */
		if (tell(warner, START + S * (unsigned)i, i)) {
			first = first ? first : i;
			count++;
		}
	}
	assert_in_range(first, 40, 45);
	assert_int_equal(count, 1);
	warner__close(warner);
}

static void never_by_time_below_the_floor(void **state)
{
	struct warner *warner = open_usual();

	(void)state;
	for (int i = 0; i < 19; i++)
		assert_int_equal(tell(warner, START + S * (unsigned)i, i), 0);
	warner__close(warner);
}

static void cache_is_no_danger(void **state)
{
	struct warner *warner = open_usual();
	struct gauge gauge = { .limit = WARNING_CGROUP,
			       .id = 1,
			       .used = 990,
			       .reclaimable = 900,
			       .limit_value = 1000,
			       .memory_left = ABSENT };
	struct warning warning;
	struct warner_watch watch;

	(void)state;
	assert_false(warner__gauge(warner, &gauge, START, &warning, &watch));
	assert_true(watch.percent < 10);
	gauge.reclaimable = 10;
	assert_true(warner__gauge(warner, &gauge, START + S, &warning, &watch));
	assert_int_equal(warning.level, 95);
	warner__close(warner);
}

static void what_to_look_at_next(void **state)
{
	struct warner *warner = open_usual();
	struct gauge gauge = {
		.limit = WARNING_TMPFS, .id = 1, .used = 7500, .limit_value = 10000, .memory_left = ABSENT
	};
	struct warning warning;
	struct warner_watch watch;

	(void)state;
	warner__gauge(warner, &gauge, START, &warning, &watch);
	assert_int_equal(watch.next, 8000);
	gauge.used = 500;
	warner__gauge(warner, &gauge, START, &warning, &watch);
	assert_int_equal(watch.next, 2000);
	gauge.used = 10000;
	warner__gauge(warner, &gauge, START, &warning, &watch);
	assert_int_equal(watch.next, 0);
	gauge.limit_value = 0;
	assert_false(warner__gauge(warner, &gauge, START, &warning, &watch));
	warner__close(warner);
}

static void a_tmpfs_that_memory_limits(void **state)
{
	struct warner *warner = open_usual();
	struct gauge gauge = {
		.limit = WARNING_TMPFS, .id = 1, .used = 100, .limit_value = 100000, .memory_left = 1000
	};
	struct warning warning;

	(void)state;
	assert_false(warner__gauge(warner, &gauge, START, &warning, NULL));
	gauge.used = 900;
	gauge.memory_left = 100;
	assert_true(warner__gauge(warner, &gauge, START + S, &warning, NULL));
	assert_true(warning.limited_by_memory);
	warner__close(warner);
}

/* MiB that it has, and that the machine can still give */
static bool tell_with_memory(struct warner *warner, uint64_t now_ns, uint64_t used, uint64_t left)
{
	struct gauge gauge = { .limit = WARNING_TMPFS,
			       .id = 1,
			       .used = used << 20,
			       .limit_value = 24000ULL << 20,
			       .memory_left = left << 20 };
	struct warning warning;

	return warner__gauge(warner, &gauge, now_ns, &warning, NULL);
}

static void a_scratch_file_with_little_memory_left(void **state)
{
	struct warner *warner = open_usual();
	int told = 0;

	(void)state;
	for (uint64_t i = 0; i < 240; i++) {
		uint64_t scratch = i % 4 >= 2 ? 100 : 0;

		told += tell_with_memory(warner, START + i * S, 1200 + scratch, 300 - scratch);
	}
	assert_int_equal(told, 1);
	/* it was quiet for long, and near all the time: no news either */
	for (uint64_t i = 240; i < 500; i++)
		told += tell_with_memory(warner, START + i * S, 1200, 300);
	for (uint64_t i = 500; i < 510; i++)
		told += tell_with_memory(warner, START + i * S, 1200 + 10 * (i - 500), 300 - 10 * (i - 500));
	assert_int_equal(told, 1);
	warner__close(warner);
}

static void what_others_take_of_the_memory_and_give_back(void **state)
{
	struct warner *warner = open_usual();
	int told = 0;

	(void)state;
	for (uint64_t i = 0; i < 240; i++) /* it grows slowly, beside one who has 20 GiB for 2 s of 4 */
		told += tell_with_memory(warner, START + i * S, 1200 + i / 10, i % 4 >= 2 ? 200 : 20000);
	assert_int_equal(told, 1);
	told = 0; /* when it has fallen itself, it is news again */
	told += tell_with_memory(warner, START + 240 * S, 20, 1400);
	told += tell_with_memory(warner, START + 241 * S, 1220, 180);
	assert_int_equal(told, 1);
	warner__close(warner);
}

static void a_limit_that_was_raised(void **state)
{
	struct warner *warner = open_usual();
	struct gauge gauge = {
		.limit = WARNING_CGROUP, .id = 1, .used = 90, .limit_value = 100, .memory_left = ABSENT
	};
	struct warning warning;

	(void)state;
	assert_true(warner__gauge(warner, &gauge, START, &warning, NULL));
	gauge.limit_value = 1000;
	assert_false(warner__gauge(warner, &gauge, START + S, &warning, NULL));
	gauge.used = 850;
	assert_true(warner__gauge(warner, &gauge, START + 2 * S, &warning, NULL));
	assert_int_equal(warning.level, 80);
	warner__close(warner);
}

static void whom_a_snapshot_names(void **state)
{
	static const struct snapshot_owner owner = { .pid = 9, .start_ns = START, .comm = "python3", .bytes = 1 << 20 };
	struct snapshot_file files[13];
	struct snapshot_mount mount = { .path = "/dev/shm",
					.container = "web",
					.major = 0,
					.minor = 25,
					.used_bytes = 13 << 20,
					.limit_bytes = 16 << 20,
					.used_inodes = ABSENT,
					.limit_inodes = ABSENT };
	struct snapshot snapshot = { .time_ns = 5,
				     .boot_ns = START + S,
				     .mounts = &mount,
				     .mount_count = 1,
				     .files = files,
				     .file_count = 13,
				     .system = { ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, NULL, 0 } };
	struct warner *warner = open_usual();
	struct warning warnings[4];
	char paths[13][40], line[WARNING_LINE_MAX];

	(void)state;
	memset(files, 0, sizeof(files));
	for (int i = 0; i < 13; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/dev/shm/joblib_1/%d.pkl", i);
		files[i].path = paths[i];
		files[i].minor = 25;
		files[i].owners = &owner;
		files[i].owner_count = 1;
	}
	assert_int_equal(warner__judge(warner, &snapshot, NULL, START + S, warnings, 4), 1);
	assert_int_equal(warnings[0].limit, WARNING_TMPFS);
	assert_string_equal(warnings[0].target, "/dev/shm");
	assert_int_equal(warnings[0].culprit_count, 1);
	assert_int_equal(warnings[0].culprits[0].pid, 9);
	assert_int_equal(warnings[0].culprits[0].files, 13);
	assert_int_equal(warnings[0].culprits[0].bytes_each, 1 << 20);
	assert_string_equal(warnings[0].culprits[0].path, "/dev/shm/joblib_1");
	assert_non_null(strstr(warnings[0].advice, "13 files of 1.00 MiB each under /dev/shm/joblib_1"));
	warning_text__line(&warnings[0], line, sizeof(line));
	assert_non_null(strstr(line, "tmpfs /dev/shm (web) is 81 % full: 13.0 MiB of 16.0 MiB"));
	for (size_t size = 1; size < 300; size++) { /* cut anywhere, it ends */
		memset(line, 'x', sizeof(line));
		warning_text__line(&warnings[0], line, size);
		assert_true(strlen(line) < size);
	}
	assert_int_equal(warner__judge(warner, &snapshot, NULL, START + 2 * S, warnings, 4), 0);
	warner__close(warner);
}

static void beyond_the_room_they_wait(void **state)
{
	struct snapshot_mount mounts[5];
	struct snapshot snapshot = { .boot_ns = START,
				     .mounts = mounts,
				     .mount_count = 5,
				     .system = { ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, NULL, 0 } };
	struct warner *warner = open_usual();
	struct warning warnings[2];
	int told = 0, rounds = 0, n;

	(void)state;
	memset(mounts, 0, sizeof(mounts));
	for (unsigned i = 0; i < 5; i++) {
		mounts[i] = (struct snapshot_mount){ .path = "/t",
						     .minor = i + 30,
						     .used_bytes = 99,
						     .limit_bytes = 100,
						     .used_inodes = ABSENT,
						     .limit_inodes = ABSENT };
	}
	while ((n = warner__judge(warner, &snapshot, NULL, START, warnings, 2)) > 0 && rounds++ < 9)
		told += n;
	assert_int_equal(told, 5);
	warner__close(warner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_once),
		cmocka_unit_test(other_settings),
		cmocka_unit_test(news_again_after_it_fell_back),
		cmocka_unit_test(a_sawtooth_is_told_once),
		cmocka_unit_test(by_time),
		cmocka_unit_test(never_by_time_below_the_floor),
		cmocka_unit_test(cache_is_no_danger),
		cmocka_unit_test(what_to_look_at_next),
		cmocka_unit_test(a_tmpfs_that_memory_limits),
		cmocka_unit_test(a_scratch_file_with_little_memory_left),
		cmocka_unit_test(what_others_take_of_the_memory_and_give_back),
		cmocka_unit_test(a_limit_that_was_raised),
		cmocka_unit_test(whom_a_snapshot_names),
		cmocka_unit_test(beyond_the_room_they_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
