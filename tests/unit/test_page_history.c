// SPDX-License-Identifier: GPL-2.0-only
// needs: page_rows unit
/* The last hour: the points when there are too many, mounts that go and come, who gives way to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "page_history.h"

#define S 1000000000ULL
#define MIB (1ULL << 20)
#define MANY 40

static struct snapshot_mount mounts[MANY];
static struct snapshot_cgroup cgroups[MANY];
static struct system_part parts[] = { { "free", 70, 0 }, { "anon", 30, 0 }, { "unattributed", -2, 0 } };
static struct snapshot snapshot = { .mounts = mounts,
				    .cgroups = cgroups,
				    .system = { .parts = parts, .part_count = 3 } };
static char names[MANY][32];

static void set(size_t i, uint32_t minor, uint64_t used_bytes)
{
	snprintf(names[i], sizeof(names[i]), "/mnt/%u", minor);
	mounts[i] = (struct snapshot_mount){ .path = names[i],
					     .minor = minor,
					     .used_bytes = used_bytes,
					     .limit_bytes = 64 * MIB,
					     .root_namespace = true };
}

static void take(struct page_history *history, double seconds, size_t count)
{
	snapshot.boot_ns = (uint64_t)(seconds * 1e9);
	snapshot.mount_count = count;
	page_history__take(history, &snapshot);
}

static const struct page_line *line_of(const struct page_history *history, enum page_line_kind kind, const char *name)
{
	const struct page_line *line;

	for (size_t n = 0; (line = page_history__line(history, n)); n++)
		if (line->name[0] && line->kind == kind && strcmp(line->name, name) == 0)
			return line;
	return NULL;
}

static double second(const struct page_history *history, size_t point)
{
	return (double)page_history__boot_ns(history, point) / 1e9;
}

static void parts_and_limits(void **state)
{
	struct page_history *history;
	const struct page_line *line;

	(void)state;
	assert_int_equal(page_history__open(&history), 0);
	assert_int_equal(page_history__count(history), 0);
	set(0, 7, 5 * MIB);
	take(history, 100, 1);
	take(history, 100.5, 1); /* too soon */
	mounts[0].limit_bytes = ABSENT;
	take(history, 105, 1);
	assert_int_equal(page_history__count(history), 2);
	assert_int_equal(line_of(history, PAGE_LINE_PART, "unattributed")->used[1], -2);
	assert_int_equal(line_of(history, PAGE_LINE_PART, "free")->used[0], 70);
	line = line_of(history, PAGE_LINE_MOUNT, "/mnt/7");
	assert_int_equal(line->used[1], 5 * MIB);
	assert_int_equal(line->limit[0], 64 * MIB);
	assert_int_equal(line->limit[1], PAGE_HISTORY_NONE);
	page_history__close(history);
}

/* at every pace: never too many, evenly spread, the newest there, and over the hour once it has passed */
static void thinned(void **state)
{
	static const double paces[] = { 0.2, 1, 3, 5, 7, 60 };

	(void)state;
	for (size_t p = 0; p < sizeof(paces) / sizeof(paces[0]); p++) {
		struct page_history *history;
		const struct page_line *line;
		double now = 50, least = 1e9, most = 0;
		size_t count;

		assert_int_equal(page_history__open(&history), 0);
		for (uint64_t i = 0; now < 12000; now += paces[p], i++) {
			set(0, 7, (uint64_t)(now * 1000));
			take(history, now, 1);
			count = page_history__count(history);
			assert_in_range(count, 1, PAGE_HISTORY_POINTS);
			if (now > 3700)
				assert_true(now - second(history, 0) > 3600 * 0.97);
			assert_true(now - second(history, 0) < 3600 + 61);
		}
		count = page_history__count(history);
		line = line_of(history, PAGE_LINE_MOUNT, "/mnt/7");
		for (size_t i = 0; i < count; i++) {
			double step = i ? second(history, i) - second(history, i - 1) : 0;

			assert_true(line->used[i] / 1000 == (int64_t)second(history, i));
			least = i && step < least ? step : least;
			most = step > most ? step : most;
		}
		assert_true(most <= 61 && most < 2.5 * least);
		assert_true(count > 55);
		page_history__close(history);
	}
}

static void a_gap(void **state)
{
	struct page_history *history;

	(void)state;
	assert_int_equal(page_history__open(&history), 0);
	set(0, 7, MIB);
	for (int i = 0; i < 300; i++)
		take(history, 10 + 5 * i, 1);
	take(history, 10 + 1495 + 3000, 1); /* a suspended machine: what is older than an hour goes */
	assert_true(second(history, 0) >= 4505 - 3600);
	assert_int_equal(page_history__count(history), 121 + 1);
	take(history, 90000, 1);
	assert_int_equal(page_history__count(history), 1);
	page_history__close(history);
}

static void gone_and_back(void **state)
{
	struct page_history *history;
	const struct page_line *line;
	uint64_t id;

	(void)state;
	assert_int_equal(page_history__open(&history), 0);
	set(0, 7, MIB);
	set(1, 8, MIB);
	take(history, 10, 1);
	take(history, 20, 2);
	line = line_of(history, PAGE_LINE_MOUNT, "/mnt/8");
	assert_int_equal(line->used[0], PAGE_HISTORY_NONE); /* not 0: it was not there */
	assert_int_equal(line->used[1], MIB);
	id = line->id;
	take(history, 30, 1);
	line = line_of(history, PAGE_LINE_MOUNT, "/mnt/8");
	assert_int_equal(line->used[2], PAGE_HISTORY_NONE);
	take(history, 40, 2);
	assert_int_equal(line_of(history, PAGE_LINE_MOUNT, "/mnt/8")->id, id);
	for (int i = 0; i < 800; i++)
		take(history, 45 + 5 * i, 1);
	assert_null(line_of(history, PAGE_LINE_MOUNT, "/mnt/8")); /* an hour later nothing of it is left */
	take(history, 4100, 2);
	assert_true(line_of(history, PAGE_LINE_MOUNT, "/mnt/8")->id > id);
	page_history__close(history);
}

static void the_largest_stay(void **state)
{
	struct page_history *history;

	(void)state;
	assert_int_equal(page_history__open(&history), 0);
	for (uint32_t i = 0; i < MANY; i++)
		set(i, 100 + i, (i + 1) * MIB);
	take(history, 10, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(line_of(history, PAGE_LINE_MOUNT, names[i]) != NULL, i >= MANY - 16);
	/* a newcomer that is read first drives out the least of all, not one whose turn comes later */
	set(0, 99, 38 * MIB);
	take(history, 20, MANY);
	assert_non_null(line_of(history, PAGE_LINE_MOUNT, "/mnt/99"));
	assert_null(line_of(history, PAGE_LINE_MOUNT, "/mnt/124"));
	assert_non_null(line_of(history, PAGE_LINE_MOUNT, "/mnt/139"));
	/* one that is gone gives way first, however large it was */
	for (uint32_t i = 0; i < 39; i++)
		set(i, 100 + i, (i + 1) * MIB);
	take(history, 30, 39);
	assert_non_null(line_of(history, PAGE_LINE_MOUNT, "/mnt/138"));
	assert_null(line_of(history, PAGE_LINE_MOUNT, "/mnt/139"));
	page_history__close(history);
}

/* one superblock in two namespaces is one line; a device number that is used again is another */
static void one_superblock(void **state)
{
	struct page_history *history;
	const struct page_line *line;

	(void)state;
	assert_int_equal(page_history__open(&history), 0);
	set(0, 7, MIB);
	mounts[0].root_namespace = false;
	mounts[0].path = "/inside";
	set(1, 7, MIB);
	take(history, 10, 2);
	assert_null(line_of(history, PAGE_LINE_MOUNT, "/inside"));
	line = line_of(history, PAGE_LINE_MOUNT, "/mnt/7");
	assert_int_equal(line->used[0], MIB);
	set(0, 7, 3 * MIB);
	mounts[0].path = "/another";
	take(history, 20, 1);
	assert_int_equal(line_of(history, PAGE_LINE_MOUNT, "/another")->used[0], PAGE_HISTORY_NONE);
	assert_int_equal(line_of(history, PAGE_LINE_MOUNT, "/mnt/7")->used[1], PAGE_HISTORY_NONE);
	page_history__close(history);
}

static void containers_and_units(void **state)
{
	const struct snapshot_container web = { .shown = "web", .kind = "container" },
					pod = { .shown = "p", .kind = "pod" };
	struct page_history *history;

	(void)state;
	assert_int_equal(page_history__open(&history), 0);
	cgroups[0] = (struct snapshot_cgroup){
		.path = "/docker/1", .id = 1, .in = &web, .container = "web", .usage_bytes = 9, .limit_bytes = ABSENT
	};
	cgroups[1] =
		(struct snapshot_cgroup){ .path = "/docker/1/x", .id = 2, .in = &web, .inner = true, .usage_bytes = 8 };
	cgroups[2] = (struct snapshot_cgroup){ .path = "/pod", .id = 3, .in = &pod, .usage_bytes = 7 };
	cgroups[3] = (struct snapshot_cgroup){ .path = "/system.slice/a.service", .id = 4, .usage_bytes = 6 };
	cgroups[4] = (struct snapshot_cgroup){ .path = "/", .id = 5, .usage_bytes = 5 };
	cgroups[5] = (struct snapshot_cgroup){ .path = "/b.service", .id = 6, .usage_bytes = ABSENT };
	snapshot.cgroup_count = 6;
	take(history, 10, 0);
	snapshot.cgroup_count = 0;
	assert_int_equal(line_of(history, PAGE_LINE_CGROUP, "web")->used[0], 9);
	assert_int_equal(line_of(history, PAGE_LINE_CGROUP, "a.service")->used[0], 6);
	assert_null(line_of(history, PAGE_LINE_CGROUP, "p"));
	assert_null(line_of(history, PAGE_LINE_CGROUP, "b.service"));
	for (size_t n = 0, count = 0; page_history__line(history, n); n++) {
		const struct page_line *line = page_history__line(history, n);

		count += line->name[0] && line->kind == PAGE_LINE_CGROUP;
		assert_true(count <= 2);
	}
	page_history__close(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_and_limits),
		cmocka_unit_test(thinned),
		cmocka_unit_test(a_gap),
		cmocka_unit_test(gone_and_back),
		cmocka_unit_test(the_largest_stay),
		cmocka_unit_test(one_superblock),
		cmocka_unit_test(containers_and_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
