// SPDX-License-Identifier: GPL-2.0-only
// needs: explain explain_limits explain_charged explain_hugetlb advice blame forecast history units warner warning_text names
/* Each rule finds its finding, with the figures that show it, and is silent without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "explain.h"
#include "hugetlb.h"

#define S 1000000000ULL
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static struct snapshot_process processes[8];
static struct snapshot_cgroup cgroups[4];
static struct snapshot_mount mounts[2];
static struct snapshot_file files[40];
static struct snapshot_owner owner;
static struct snapshot snapshot;
static struct finding findings[16];
static size_t left_out;

/* a machine with nothing to find */
static int reset(void **state)
{
	(void)state;
	memset(processes, 0, sizeof(processes));
	memset(files, 0, sizeof(files));
	snapshot = (struct snapshot){ .boot_ns = 1000 * S,
				      .tracing = true,
				      .host = "host",
				      .processes = processes,
				      .process_count = 2,
				      .cgroups = cgroups,
				      .cgroup_count = 2,
				      .mounts = mounts,
				      .mount_count = 1,
				      .files = files };
	snapshot.system = (struct snapshot_system){
		.total_bytes = 16 * GIB, .available_bytes = 12 * GIB, .swap_total_bytes = 0, .swap_free_bytes = 0
	};
	processes[0] = (struct snapshot_process){ .pid = 7,
						  .start_ns = 7 * S,
						  .comm = "python3",
						  .cgroup = "/job",
						  .anon_bytes = 20 * MIB,
						  .tmpfs_bytes = 0 };
	processes[1] = (struct snapshot_process){ .pid = 9,
						  .start_ns = 9 * S,
						  .comm = "reader",
						  .cgroup = "/other",
						  .anon_bytes = 20 * MIB,
						  .tmpfs_bytes = 0 };
	for (size_t i = 0; i < 4; i++)
		cgroups[i] = (struct snapshot_cgroup){ .path = i ? "/other" : "/job",
						       .id = 100 + i,
						       .version = 1,
						       .usage_bytes = 30 * MIB,
						       .peak_bytes = 31 * MIB,
						       .limit_bytes = 100 * MIB,
						       .high_bytes = ABSENT,
						       .soft_bytes = ABSENT,
						       .tightest_room_bytes = 70 * MIB,
						       .reclaimable_bytes = 2 * MIB,
						       .usage_rate = NO_RATE };
	mounts[0] = (struct snapshot_mount){ .path = "/dev/shm",
					     .minor = 30,
					     .used_bytes = 10 * MIB,
					     .limit_bytes = 64 * MIB,
					     .used_inodes = 3,
					     .limit_inodes = 1000,
					     .peak_bytes = 10 * MIB,
					     .used_rate = NO_RATE };
	owner = (struct snapshot_owner){ .pid = 7, .start_ns = 7 * S, .comm = "python3" };
	return 0;
}

static void add_file(const char *path, uint64_t bytes)
{
	owner.bytes = bytes;
	files[snapshot.file_count++] = (struct snapshot_file){ .path = path,
							       .mount = "/dev/shm",
							       .minor = 30,
							       .ino = snapshot.file_count,
							       .kind = FILE_KIND_TMPFS,
							       .bytes = bytes,
							       .bytes_each = ABSENT,
							       .count = 1,
							       .rate = NO_RATE,
							       .owners = &owner,
							       .owner_count = 1,
							       .holders_known = true,
							       .charged_id = 100,
							       .charged_path = "/job" };
}

static size_t explain(void)
{
	return explain__findings(&snapshot, NULL, NULL, findings, 16, &left_out);
}

static void only(const char *kind, const char *key, double value, const char *text)
{
	size_t count = explain();

	assert_int_equal(count, 1);
	assert_string_equal(findings[0].kind, kind);
	if (!strstr(findings[0].text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, findings[0].text);
	assert_true(findings[0].advice[0] != '\0');
	for (size_t i = 0; i < findings[0].figure_count; i++) {
		if (strcmp(findings[0].figures[i].key, key) == 0) {
			assert_true(findings[0].figures[i].value == value);
			return;
		}
	}
	fail_msg("no figure %s", key);
}

static void nothing(void **state)
{
	(void)state;
	add_file("/dev/shm/a", 10 * MIB);
	assert_int_equal(explain(), 0);
}

static void a_full_mount(void **state)
{
	(void)state;
	mounts[0].used_bytes = 60 * MIB;
	add_file("/dev/shm/a", 60 * MIB);
	only("tmpfs_full", "used_bytes", 60.0 * MIB, "/dev/shm");
	mounts[0].used_inodes = 1000;
	assert_int_equal(explain(), 2);
	assert_string_equal(findings[0].kind, "tmpfs_inodes_full"); /* the fuller comes first */
}

static void cgroups_and_their_limits(void **state)
{
	(void)state;
	cgroups[0].usage_bytes = cgroups[0].peak_bytes = 95 * MIB;
	only("cgroup_full", "limit_bytes", 100.0 * MIB, "/job");
	cgroups[0].reclaimable_bytes = 90 * MIB;
	only("cache_looks_full", "reclaimable_bytes", 90.0 * MIB, "clean page cache");
	cgroups[0].usage_bytes = 30 * MIB;
	cgroups[0].peak_bytes = 100 * MIB;
	only("limit_below_peak", "peak_bytes", 100.0 * MIB, "has reached its limit before");
	cgroups[0].peak_bytes = 30 * MIB;
	cgroups[0].reclaimable_bytes = 0;
	cgroups[0].soft_bytes = 32 * MIB;
	only("cgroup_at_its_gentle_limit", "limit_bytes", 32.0 * MIB, "soft limit");
}

static void a_limit_that_was_lowered_since(void **state)
{
	(void)state;
	cgroups[0].peak_bytes = 150 * MIB; /* it reached no limit then */
	assert_int_equal(explain(), 0);
}

static const struct warner_settings usual = { { 80, 90, 95 }, 3, 60, 20 };

/* what a watch of some seconds shows: a reading every tenth of a second */
static struct warner *watched(uint64_t step, uint64_t tooth)
{
	struct warning warning;
	struct warner *warner;
	struct gauge gauge;
	const char *name;

	assert_int_equal(warner__open(&warner, &usual), 0);
	for (uint64_t i = 0; i < 60; i++) {
		cgroups[0].usage_bytes = 20 * MIB + i * step + i % 2 * tooth;
		snapshot.boot_ns += S / 10;
		assert_true(warner__cgroup_gauge(&cgroups[0], false, &gauge, &name));
		warner__gauge(warner, &gauge, snapshot.boot_ns, &warning, NULL);
	}
	return warner;
}

/* the last two readings are milliseconds apart: what lies between them is no rate */
static void rates_that_are_believed(void **state)
{
	struct warner *warner = watched(0, 4 * MIB);

	(void)state;
	cgroups[0].reclaimable_bytes = 0;
	cgroups[0].usage_rate = 400.0 * MIB;
	assert_int_equal(explain__findings(&snapshot, NULL, warner, findings, 16, &left_out), 0);
	assert_int_equal(explain(), 0);
	warner__close(warner);
	warner = watched(MIB / 2, 0);
	cgroups[0].usage_rate = 0;
	assert_int_equal(explain__findings(&snapshot, NULL, warner, findings, 16, &left_out), 1);
	assert_string_equal(findings[0].kind, "cgroup_full");
	assert_non_null(strstr(findings[0].text, "full in 1"));
	warner__close(warner);
}

static void files_of_one_size(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++)
		add_file("/dev/shm/joblib/a", MIB);
	only("many_files_of_one_size", "files", 30, "30 files of 1.00 MiB each under /dev/shm/joblib");
}

static void removed_and_held(void **state)
{
	static const uint32_t holder = 9;

	(void)state;
	add_file("/dev/shm/a", 8 * MIB);
	files[0].deleted = true;
	assert_int_equal(explain(), 0); /* nobody holds it: it is going */
	files[0].holders = &holder;
	files[0].holder_count = 1;
	only("deleted_but_open", "pid", 9, "/dev/shm/a");
}

static void segments(void **state)
{
	(void)state;
	add_file("SYSV", 8 * MIB);
	files[0].kind = FILE_KIND_SYSV;
	only("segment_without_holder", "bytes", 8.0 * MIB, "no process has open or attached");
	files[0].holders_known = false; /* not asked: then nothing is said */
	assert_int_equal(explain(), 0);
}

static void charged_elsewhere(void **state)
{
	static const uint32_t holder = 7;

	(void)state;
	add_file("/dev/shm/a", 8 * MIB);
	files[0].charged_id = 999;
	files[0].charged_path = NULL;
	only("tmpfs_of_removed_cgroup", "bytes", 8.0 * MIB, "removed");
	files[0].charged_id = 0; /* not known: then nothing is said */
	assert_int_equal(explain(), 0);
	files[0].charged_id = 101;
	files[0].charged_path = "/other";
	only("tmpfs_of_foreign_cgroup", "files", 1, "/other");
	files[0].charged_path = "/jo"; /* no folder of /job */
	only("tmpfs_of_foreign_cgroup", "files", 1, "/jo");
	files[0].charged_path = "/job";
	files[0].holders = &holder;
	files[0].holder_count = 1;
	assert_int_equal(explain(), 0);
	files[0].owner_count = files[0].holder_count = 0; /* nobody is known */
	files[0].charged_path = "/other";
	assert_int_equal(explain(), 0);
}

/* of more cgroups than are told those with most are, however late their files come */
static void charged_to_many(void **state)
{
	const size_t count = sizeof(files) / sizeof(files[0]), removed = count / 2, told = 16;
	double least = INFINITY;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		add_file("/dev/shm/a", (i + 1) * MIB);
		files[i].owner_count = 0;
		files[i].charged_id = 1000 + i % removed; /* two of each */
		files[i].charged_path = NULL;
	}
	assert_int_equal(explain(), told);
	assert_int_equal(left_out, removed - told);
	for (size_t i = 0; i < told; i++) {
		assert_string_equal(findings[i].kind, "tmpfs_of_removed_cgroup");
		assert_string_equal(findings[i].figures[1].key, "files");
		assert_true(findings[i].figures[1].value == 2);
		least = fmin(least, findings[i].figures[0].value);
	}
	/* the n-th of them has files n and n + removed, counted from one */
	assert_true(least == (double)((removed - told + 1) * 2 + removed) * (double)MIB);
}

static void no_swap(void **state)
{
	(void)state;
	mounts[0].limit_bytes = 8 * GIB;
	mounts[0].used_bytes = 4 * GIB;
	only("no_swap_under_tmpfs", "tmpfs_bytes", 4.0 * GIB, "there is no swap");
	snapshot.system.swap_total_bytes = GIB;
	assert_int_equal(explain(), 0);
}

static void grow(struct history *history, uint64_t step, uint64_t odd)
{
	for (uint64_t i = 0; i < 12; i++) {
		snapshot.boot_ns += S;
		processes[0].anon_bytes += i % 2 ? step : odd;
		history__take(history, &snapshot);
	}
}

static void only_grows(void **state)
{
	struct history *history;

	(void)state;
	assert_int_equal(history__open(&history), 0);
	grow(history, 2 * MIB, 2 * MIB);
	assert_int_equal(explain__findings(&snapshot, history, NULL, findings, 16, &left_out), 1);
	assert_string_equal(findings[0].kind, "process_only_grows");
	assert_int_equal(findings[0].urgency, 80);
	/* page cache is room, too: of the cgroup whose limit is met first */
	cgroups[1].reclaimable_bytes = 3 * GIB;
	cgroups[0].tightest_path = "/other";
	assert_int_equal(explain__findings(&snapshot, history, NULL, findings, 16, &left_out), 1);
	assert_int_equal(findings[0].urgency, 35);
	assert_true(findings[0].figures[3].value > 1000);
	history__close(history);
	assert_int_equal(history__open(&history), 0);
	grow(history, 20 * MIB, (uint64_t)-18 * MIB); /* up and down, more up: that is no leak */
	assert_int_equal(explain__findings(&snapshot, history, NULL, findings, 16, &left_out), 0);
	history__close(history);
}

static void pools_of_huge_pages(void **state)
{
	static struct hugetlb_pool pool;

	(void)state;
	snapshot.system.pools = &pool;
	snapshot.system.pool_count = 1;
	pool = (struct hugetlb_pool){ .page_bytes = 2 * MIB, .total_pages = 8, .free_pages = 3, .reserved_pages = 3 };
	only("hugetlb_exhausted", "reserved_bytes", 6.0 * MIB, "6.00 MiB of it promised");
	pool.surplus_most = 1; /* it may grow */
	assert_int_equal(explain(), 0);
	pool.free_pages = 7;
	only("hugetlb_unused", "unused_bytes", 8.0 * MIB, "8.00 MiB of its 16.0 MiB for nobody");
	pool.free_pages = 6; /* less than the half */
	assert_int_equal(explain(), 0);
	pool.total_pages = pool.free_pages = pool.reserved_pages = 0;
	assert_int_equal(explain(), 0);
}

/* whichever rule they are of, the most urgent stay */
static void no_room_for_more(void **state)
{
	(void)state;
	mounts[0].used_bytes = 52 * MIB;
	cgroups[0].usage_bytes = cgroups[0].peak_bytes = 99 * MIB;
	cgroups[0].reclaimable_bytes = 0;
	add_file("/dev/shm/a", 8 * MIB);
	files[0].charged_path = NULL;
	assert_int_equal(explain(), 3);
	assert_int_equal(left_out, 0);
	assert_int_equal(explain__findings(&snapshot, NULL, NULL, findings, 1, &left_out), 1);
	assert_string_equal(findings[0].kind, "cgroup_full");
	assert_int_equal(left_out, 2);
	assert_int_equal(explain__findings(&snapshot, NULL, NULL, findings, 2, &left_out), 2);
	assert_string_equal(findings[0].kind, "cgroup_full");
	assert_string_equal(findings[1].kind, "tmpfs_full");
	assert_int_equal(left_out, 1);
	assert_int_equal(explain__findings(&snapshot, NULL, NULL, findings, 0, &left_out), 0);
	assert_int_equal(left_out, 3);
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(a_full_mount),
		TEST(cgroups_and_their_limits),
		TEST(files_of_one_size),
		TEST(removed_and_held),
		TEST(segments),
		TEST(charged_elsewhere),
		TEST(charged_to_many),
		TEST(no_swap),
		TEST(only_grows),
		TEST(no_room_for_more),
		TEST(pools_of_huge_pages),
		TEST(a_limit_that_was_lowered_since),
		TEST(rates_that_are_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
