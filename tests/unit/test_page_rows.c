// SPDX-License-Identifier: GPL-2.0-only
// needs: unit
/* Which rows the page shows: soonest full first, then the fullest; the largest processes and cgroups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "page_rows.h"

#define MIB (1ULL << 20)

static struct snapshot_mount mounts[50];
static struct snapshot_cgroup cgroups[4];
static struct snapshot_process processes[50];
static struct snapshot snapshot = {
	.mounts = mounts, .cgroups = cgroups, .processes = processes, .system = { .total_bytes = 1000 * MIB }
};

/* a mount whose path is a number is full in so many seconds */
static double mount_full(void *context, const struct snapshot_mount *mount)
{
	(void)context;
	return mount->peak_bytes ? (double)mount->peak_bytes : NAN;
}

static const struct metrics_forecast forecast = { NULL, mount_full, NULL };

static void set(size_t i, const char *path, uint64_t used_mib, uint64_t limit_mib, uint64_t full_seconds)
{
	mounts[i] = (struct snapshot_mount){ .path = path,
					     .minor = (uint32_t)i + 1,
					     .used_bytes = used_mib * MIB,
					     .limit_bytes = limit_mib ? limit_mib * MIB : ABSENT,
					     .peak_bytes = full_seconds,
					     .used_inodes = 1,
					     .limit_inodes = 1000 };
}

static void most_pressing_first(void **state)
{
	struct page_limit rows[10];

	(void)state;
	set(0, "half", 50, 100, 0);
	set(1, "later", 1, 100, 300);
	set(2, "soon", 1, 100, 30);
	set(3, "empty", 0, 100, 0);
	set(4, "nearly", 95, 100, 0);
	set(5, "unlimited", 600, 0, 0);
	set(6, "internal", 60, 0, 0);
	mounts[6].internal = true;
	cgroups[0] = (struct snapshot_cgroup){ .path = "/box",
					       .usage_bytes = 90 * MIB,
					       .limit_bytes = 100 * MIB,
					       .high_bytes = ABSENT,
					       .reclaimable_bytes = 20 * MIB };
	cgroups[1] = (struct snapshot_cgroup){
		.path = "/none", .usage_bytes = 90 * MIB, .limit_bytes = ABSENT, .high_bytes = ABSENT
	};
	cgroups[2] = (struct snapshot_cgroup){
		.path = "/above", .usage_bytes = 90 * MIB, .limit_bytes = 2000 * MIB, .high_bytes = ABSENT
	};
	snapshot.mount_count = 7;
	snapshot.cgroup_count = 3;
	assert_int_equal(page_rows__limits(&snapshot, &forecast, rows, 10), 6);
	assert_string_equal(rows[0].mount->path, "soon");
	assert_string_equal(rows[1].mount->path, "later");
	assert_string_equal(rows[2].mount->path, "nearly");
	assert_string_equal(rows[3].cgroup->path, "/box"); /* 70 of 100: what can be taken back does not count */
	assert_string_equal(rows[4].mount->path, "unlimited");
	assert_false(is_known(rows[4].limit));
	assert_string_equal(rows[5].mount->path, "half");
	assert_int_equal(page_rows__limits(&snapshot, &forecast, rows, 2), 2);
	assert_string_equal(rows[1].mount->path, "later");
}

static void inodes_end_first(void **state)
{
	struct page_limit rows[2];

	(void)state;
	set(0, "many", 0, 100, 0);
	mounts[0].used_inodes = 900;
	snapshot.mount_count = 1;
	snapshot.cgroup_count = 0;
	assert_int_equal(page_rows__limits(&snapshot, &forecast, rows, 2), 1);
	assert_true(rows[0].inodes);
	assert_int_equal(rows[0].used, 900);
	assert_int_equal(rows[0].limit, 1000);
}

static void a_superblock_once(void **state)
{
	struct page_limit rows[10];

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		set(i, "a namespace's", 50, 100, 0);
		mounts[i].minor = 7;
	}
	mounts[33].path = "the root's";
	mounts[33].root_namespace = true;
	snapshot.mount_count = 40;
	assert_int_equal(page_rows__limits(&snapshot, &forecast, rows, 10), 1);
	assert_string_equal(rows[0].mount->path, "the root's");
}

static void largest_processes(void **state)
{
	const struct snapshot_process *rows[5];

	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		processes[i] = (struct snapshot_process){ .pid = i,
							  .anon_bytes = (i * 7 % 50) * MIB,
							  .swap_bytes = ABSENT,
							  .tmpfs_bytes = i == 3 ? 500 * MIB : ABSENT };
	processes[9].anon_bytes = ABSENT;
	snapshot.process_count = 50;
	assert_int_equal(page_rows__processes(&snapshot, rows, 5), 5);
	assert_int_equal(rows[0]->pid, 3);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(rows[i]->anon_bytes, (50 - i) * MIB);
	snapshot.process_count = 1; /* pid 0 has nothing */
	assert_int_equal(page_rows__processes(&snapshot, rows, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_pressing_first),
		cmocka_unit_test(inodes_end_first),
		cmocka_unit_test(a_superblock_once),
		cmocka_unit_test(largest_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
