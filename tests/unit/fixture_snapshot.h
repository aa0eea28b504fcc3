/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reading made by hand: a job that fills /dev/shm, a container, a process that has exited and
 * left files behind, names chosen by an enemy, figures that are not known. For test_select and
 * test_sinks.
 */
#ifndef PAGETIDE_TESTS_FIXTURE_SNAPSHOT_H
#define PAGETIDE_TESTS_FIXTURE_SNAPSHOT_H

#include "event.h"
#include "run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KIB 1024ull
#define MIB (KIB << 10)
#define GIB (MIB << 10)
#define T0 1732288041123000000ull /* 2024-11-22T15:07:21.123Z */
#define SECOND 1000000000ull

#define ESC_NAME "\033[31mred\007"
#define BIDI_NAME                 \
	"\xe2\x80\xaegpj\xc2\x9b" \
	"31m"
#define BAD_UTF8 "bad\xff\xc3"
#define ROOT_NS 4026531840u
#define POD_NS 4026532281u

// clang-format off
#define UNKNOWN_OWNED                                                                                   \
	.cache_bytes = ABSENT, .tmpfs_bytes = ABSENT, .tmpfs_swap_bytes = ABSENT,                       \
	.peak_cache_bytes = ABSENT, .peak_tmpfs_bytes = ABSENT, .cache_added_bytes = ABSENT,            \
	.tmpfs_added_bytes = ABSENT, .cache_rate = NO_RATE, .tmpfs_rate = NO_RATE

static const struct snapshot_process fixture_processes[] = {
	{ .pid = 1, .start_ns = 10, .start_time_ns = T0 - 86400 * SECOND, .comm = "systemd", .cmdline = "/sbin/init",
	  .cgroup = "/init.scope", .anon_bytes = 4 * MIB, .file_bytes = 8 * MIB, .shmem_bytes = 0, .swap_bytes = 0,
	  .page_table_bytes = 96 * KIB, .locked_bytes = 0, .virtual_bytes = 170 * MIB, .peak_rss_bytes = 13 * MIB,
	  .cache_bytes = 300 * MIB, .tmpfs_bytes = 2 * MIB, .tmpfs_swap_bytes = 0, .peak_cache_bytes = 310 * MIB,
	  .peak_tmpfs_bytes = 2 * MIB, .cache_added_bytes = 400 * MIB, .tmpfs_added_bytes = 3 * MIB,
	  .resident_rate = 0, .cache_rate = -1024, .tmpfs_rate = 0 },
	{ .pid = 1234, .ppid = 1, .uid = 1000, .start_ns = 20, .start_time_ns = T0 - 90 * SECOND, .comm = "python3",
	  .cmdline = "python3 joblib_shm.py \"two words\"", .cgroup = "/user.slice/session-3.scope",
	  .anon_bytes = 1433 * MIB, .file_bytes = 60 * MIB, .shmem_bytes = 640 * MIB, .swap_bytes = 12 * MIB,
	  .page_table_bytes = 4 * MIB, .locked_bytes = 0, .virtual_bytes = 5 * GIB, .peak_rss_bytes = 2200 * MIB,
	  .cache_bytes = 90 * MIB, .tmpfs_bytes = 768 * MIB, .tmpfs_swap_bytes = 0, .peak_cache_bytes = 91 * MIB,
	  .peak_tmpfs_bytes = 768 * MIB, .cache_added_bytes = 95 * MIB, .tmpfs_added_bytes = 800 * MIB,
	  .resident_rate = 3.1 * 1048576, .cache_rate = 0, .tmpfs_rate = 64 * 1048576.0, .followed = true },
	{ .pid = 1240, .ppid = 1234, .uid = 1000, .start_ns = 21, .start_time_ns = T0 - 80 * SECOND,
	  .comm = "a) R 1 (x", .cgroup = "/user.slice/session-3.scope", .anon_bytes = 20 * MIB, .file_bytes = 5 * MIB,
	  .shmem_bytes = 100 * MIB, .swap_bytes = 0, .page_table_bytes = 300 * KIB, .locked_bytes = 0,
	  .virtual_bytes = 500 * MIB, .peak_rss_bytes = 130 * MIB, .cache_bytes = 0, .tmpfs_bytes = 0,
	  .tmpfs_swap_bytes = 0, .peak_cache_bytes = 0, .peak_tmpfs_bytes = 0, .cache_added_bytes = 0,
	  .tmpfs_added_bytes = 0, .resident_rate = -2048, .cache_rate = 0, .tmpfs_rate = 0, .followed = true },
	{ .pid = 1250, .ppid = 1234, .uid = 1000, .start_ns = 22, .start_time_ns = T0 - 70 * SECOND, .comm = "dd",
	  .cgroup = "/user.slice/session-3.scope", .peak_rss_bytes = 3 * MIB, .cache_bytes = 1200 * MIB,
	  .tmpfs_bytes = 64 * MIB, .tmpfs_swap_bytes = 0, .peak_cache_bytes = 1200 * MIB, .peak_tmpfs_bytes = 64 * MIB,
	  .cache_added_bytes = 1200 * MIB, .tmpfs_added_bytes = 64 * MIB, .resident_rate = NO_RATE,
	  .cache_rate = 0, .tmpfs_rate = 0, .locked_bytes = ABSENT, .virtual_bytes = ABSENT, .exited = true,
	  .exit_code = 9, .followed = true },
	{ .pid = 2000, .ppid = 1, .start_ns = 30, .start_time_ns = T0 - 3600 * SECOND, .comm = ESC_NAME,
	  .cmdline = "x\ny", .cgroup = "/kubepods/burstable/pod1/0123456789abcdef", .container = "0123456789ab",
	  .anon_bytes = 200 * MIB, .file_bytes = 10 * MIB, .shmem_bytes = 0, .swap_bytes = 0,
	  .page_table_bytes = 600 * KIB, .locked_bytes = 64 * KIB, .virtual_bytes = GIB, .peak_rss_bytes = 250 * MIB,
	  .cache_bytes = 16 * MIB, .tmpfs_bytes = 48 * MIB, .tmpfs_swap_bytes = 0, .peak_cache_bytes = 16 * MIB,
	  .peak_tmpfs_bytes = 48 * MIB, .cache_added_bytes = 16 * MIB, .tmpfs_added_bytes = 48 * MIB,
	  .resident_rate = 1048576, .cache_rate = 0, .tmpfs_rate = 0 },
	{ .pid = 2001, .ppid = 2000, .start_ns = 31, .start_time_ns = T0 - 3599 * SECOND, .comm = BIDI_NAME,
	  .cmdline = BAD_UTF8, .cgroup = "/kubepods/burstable/pod1/0123456789abcdef/child",
	  .container = "0123456789ab", .anon_bytes = 30 * MIB, .file_bytes = 2 * MIB, .shmem_bytes = MIB,
	  .swap_bytes = ABSENT, .page_table_bytes = 80 * KIB, .locked_bytes = ABSENT, .virtual_bytes = 90 * MIB,
	  .peak_rss_bytes = ABSENT, UNKNOWN_OWNED, .resident_rate = NO_RATE },
	{ .pid = 55, .ppid = 2, .start_ns = 11, .start_time_ns = ABSENT, .comm = "kswapd0", .kernel = true,
	  .cgroup = "/", .anon_bytes = ABSENT, .file_bytes = ABSENT, .shmem_bytes = ABSENT, .swap_bytes = ABSENT,
	  .page_table_bytes = ABSENT, .locked_bytes = ABSENT, .virtual_bytes = ABSENT, .peak_rss_bytes = ABSENT,
	  UNKNOWN_OWNED, .resident_rate = NO_RATE },
	{ .pid = 1234, .start_ns = 5, .start_time_ns = T0 - 80000 * SECOND, .comm = "old,\"one\"", .exited = true,
	  .exit_code = 3 << 8, .cgroup = "/old", .cache_bytes = 7 * MIB, .tmpfs_bytes = 0, .tmpfs_swap_bytes = 0,
	  .locked_bytes = ABSENT, .virtual_bytes = ABSENT, .peak_rss_bytes = ABSENT, .peak_cache_bytes = 7 * MIB,
	  .peak_tmpfs_bytes = ABSENT, .cache_added_bytes = 7 * MIB, .tmpfs_added_bytes = 0, .resident_rate = NO_RATE,
	  .cache_rate = NO_RATE, .tmpfs_rate = NO_RATE },
};

static const struct snapshot_cgroup fixture_cgroups[] = {
	{ .path = "/", .id = 1, .version = 2, .usage_bytes = 6 * GIB, .peak_bytes = ABSENT, .limit_bytes = ABSENT,
	  .high_bytes = ABSENT, .tightest_limit_bytes = ABSENT, .tightest_room_bytes = ABSENT, .anon_bytes = 2 * GIB,
	  .file_bytes = 3 * GIB, .shmem_bytes = 900 * MIB, .kernel_bytes = 200 * MIB, .swap_bytes = 12 * MIB,
	  .reclaimable_bytes = 2 * GIB, .usage_rate = 70000000 },
	{ .path = "/user.slice/session-3.scope", .id = 77, .version = 2, .usage_bytes = 3900 * MIB,
	  .peak_bytes = 3950 * MIB, .limit_bytes = ABSENT, .high_bytes = 3 * GIB, .tightest_path = "/user.slice",
	  .tightest_limit_bytes = 4 * GIB, .tightest_room_bytes = 20 * MIB, .anon_bytes = 1450 * MIB,
	  .file_bytes = 1300 * MIB, .shmem_bytes = 832 * MIB, .kernel_bytes = 30 * MIB, .swap_bytes = 12 * MIB,
	  .reclaimable_bytes = 1200 * MIB, .usage_rate = 67000000.4 },
	{ .path = "/kubepods/burstable/pod1/0123456789abcdef", .id = 1ull << 63, .version = 1,
	  .container = "0123456789ab", .usage_bytes = 300 * MIB, .peak_bytes = 400 * MIB, .limit_bytes = 512 * MIB,
	  .high_bytes = ABSENT, .tightest_path = "/kubepods/burstable/pod1/0123456789abcdef",
	  .tightest_limit_bytes = 512 * MIB, .tightest_room_bytes = 212 * MIB, .anon_bytes = 230 * MIB,
	  .file_bytes = ABSENT, .shmem_bytes = ABSENT, .kernel_bytes = ABSENT, .swap_bytes = ABSENT,
	  .reclaimable_bytes = ABSENT, .usage_rate = NO_RATE },
	{ .path = "/kubepods/burstable/pod1/0123456789abcdef/child", .id = 79, .version = 1,
	  .container = "0123456789ab", .usage_bytes = 35 * MIB, .peak_bytes = 36 * MIB, .limit_bytes = ABSENT,
	  .high_bytes = ABSENT, .tightest_path = "/kubepods/burstable/pod1/0123456789abcdef",
	  .tightest_limit_bytes = 512 * MIB, .tightest_room_bytes = 212 * MIB, .anon_bytes = 30 * MIB,
	  .file_bytes = 2 * MIB, .shmem_bytes = MIB, .kernel_bytes = ABSENT, .swap_bytes = ABSENT,
	  .reclaimable_bytes = ABSENT, .usage_rate = 0 },
};

static const struct snapshot_mount fixture_mounts[] = {
	{ .path = "/dev/shm", .minor = 25, .namespace_id = ROOT_NS, .root_namespace = true, .used_bytes = 832 * MIB,
	  .limit_bytes = 834 * MIB, .used_inodes = 1003, .limit_inodes = 100000, .unattributed_bytes = 0,
	  .peak_bytes = 834 * MIB, .file_count = 1002, .used_rate = 64 * 1048576.0 },
	{ .path = "/run", .minor = 24, .namespace_id = ROOT_NS, .root_namespace = true, .used_bytes = 5 * MIB,
	  .limit_bytes = 800 * MIB, .used_inodes = 900, .limit_inodes = 819200, .unattributed_bytes = 3 * MIB,
	  .peak_bytes = 5 * MIB, .file_count = 700, .used_rate = 0 },
	{ .path = "/dev/shm", .minor = 60, .namespace_id = POD_NS, .container = "0123456789ab", .used_bytes = 48 * MIB, .limit_bytes = 64 * MIB,
	  .used_inodes = 3, .limit_inodes = 8192, .unattributed_bytes = 0, .peak_bytes = 50 * MIB, .file_count = 2,
	  .used_rate = NO_RATE },
	{ .path = "(memfd, System V, shared anonymous)", .minor = 1, .namespace_id = 0, .internal = true,
	  .used_bytes = 22 * MIB, .limit_bytes = ABSENT, .used_inodes = ABSENT, .limit_inodes = ABSENT,
	  .unattributed_bytes = 10 * MIB, .peak_bytes = 22 * MIB, .file_count = 4, .used_rate = 0 },
};

static const struct snapshot_owner owner_python[] = {
	{ .pid = 1234, .start_ns = 20, .start_time_ns = T0 - 90 * SECOND, .comm = "python3", .bytes = 704 * MIB },
};
static const struct snapshot_owner owner_dd[] = {
	{ .pid = 1250, .start_ns = 22, .start_time_ns = T0 - 70 * SECOND, .comm = "dd", .bytes = 1200 * MIB,
	  .exited = true },
};
static const struct snapshot_owner owners_shared[] = {
	{ .pid = 2000, .start_ns = 30, .start_time_ns = T0 - 3600 * SECOND, .comm = ESC_NAME, .bytes = 40 * MIB },
	{ .pid = 1250, .start_ns = 22, .start_time_ns = T0 - 70 * SECOND, .comm = "dd", .bytes = 8 * MIB,
	  .exited = true },
};
static const struct snapshot_owner owner_forgotten[] = { /* no longer among the processes */
	{ .pid = 999, .start_ns = 3, .start_time_ns = ABSENT, .comm = "cp", .bytes = 2 * MIB, .exited = true },
};
static const uint32_t holders[] = { 1, 1240 };

static const struct snapshot_file fixture_files[] = {
	{ .path = "/dev/shm/joblib_memmapping_folder_1234_9f3a", .mount = "/dev/shm", .minor = 25,
	  .kind = FILE_KIND_TMPFS, .bytes = 704 * MIB, .swap_bytes = 0, .peak_bytes = 704 * MIB,
	  .size_bytes = 704 * MIB, .added_bytes = 704 * MIB, .removed_bytes = 0, .count = 11, .bytes_each = 64 * MIB,
	  .rate = 64 * 1048576.0, .owners = owner_python, .owner_count = 1, .holders_known = true },
	{ .path = "/var/lib/data/big, \"quoted\" file.bin", .mount = "/", .major = 8, .minor = 1, .ino = 4711,
	  .kind = FILE_KIND_FILE, .bytes = 1200 * MIB, .swap_bytes = ABSENT, .peak_bytes = 1200 * MIB,
	  .size_bytes = 2 * GIB, .added_bytes = 1200 * MIB, .removed_bytes = 0, .count = 1, .bytes_each = ABSENT,
	  .rate = 0, .owners = owner_dd, .owner_count = 1, .holders_known = true },
	{ .path = "/dev/shm/shared\nname\033[2J" BAD_UTF8, .mount = "/dev/shm", .namespace_id = POD_NS, .minor = 60,
	  .ino = 3, .kind = FILE_KIND_TMPFS, .bytes = 48 * MIB, .swap_bytes = 0, .peak_bytes = 48 * MIB,
	  .size_bytes = 48 * MIB, .added_bytes = 48 * MIB, .removed_bytes = 0, .count = 1, .bytes_each = ABSENT,
	  .rate = NO_RATE, .shared = true, .owners = owners_shared, .owner_count = 2, .holders = holders,
	  .holder_count = 2, .holders_known = true },
	{ .path = "memfd:" BIDI_NAME, .mount = NULL, .minor = 1, .ino = 9, .kind = FILE_KIND_MEMFD,
	  .bytes = 10 * MIB, .swap_bytes = 0, .peak_bytes = ABSENT, .size_bytes = ABSENT, .added_bytes = 0,
	  .removed_bytes = 0, .count = 1, .bytes_each = ABSENT, .rate = 0, .deleted = true, .holders = holders + 1,
	  .holder_count = 1, .holders_known = true },
	{ .path = "/tmp/gone", .mount = "/", .major = 8, .minor = 1, .ino = 12, .kind = FILE_KIND_FILE, .bytes = 0,
	  .swap_bytes = ABSENT, .peak_bytes = 2 * MIB, .size_bytes = 0, .added_bytes = 2 * MIB,
	  .removed_bytes = 2 * MIB, .count = 1, .bytes_each = ABSENT, .rate = -1.6, .deleted = true, .gone = true,
	  .owners = owner_forgotten, .owner_count = 1 },
	{ .path = "SYSV0000abcd", .minor = 1, .ino = 32768, .kind = FILE_KIND_SYSV, .bytes = 12 * MIB,
	  .swap_bytes = 0, .peak_bytes = 12 * MIB, .size_bytes = 12 * MIB, .added_bytes = 0, .removed_bytes = 0,
	  .count = 1, .bytes_each = ABSENT, .rate = 0, .holders_known = true },
	{ .path = NULL, .kind = FILE_KIND_FILE, .bytes = 33 * MIB, .swap_bytes = ABSENT, .peak_bytes = ABSENT,
	  .size_bytes = ABSENT, .added_bytes = 50 * MIB, .removed_bytes = 17 * MIB, .count = 123456,
	  .bytes_each = ABSENT, .rate = 0, .other = true },
};

static const struct system_part fixture_parts[] = {
	{ "free", 2 * (int64_t)GIB, 0 },	  { "anon", 1700 * (int64_t)MIB, 0 },
	{ "cache", 3000 * (int64_t)MIB, 3000 * (int64_t)MIB },	  { "tmpfs", 900 * (int64_t)MIB, 0 },
	{ "slab_reclaimable", 120 * (int64_t)MIB, 120 * (int64_t)MIB }, { "slab", 80 * (int64_t)MIB, 0 },
	{ "page_tables", 12 * (int64_t)MIB, 0 }, { "kernel_stack", 6 * (int64_t)MIB, 0 },
	{ "percpu", 4 * (int64_t)MIB, 0 },	  { "hugetlb", 0, 0 },
	{ "unattributed", -(int64_t)(3 * MIB), 0 },
};

static const struct snapshot_loss fixture_losses[] = { { "mmap", 12 }, { "exec", 3 } };

static inline struct snapshot fixture_snapshot(void)
{
	return (struct snapshot){
		.time_ns = T0,
		.boot_ns = 86400 * SECOND,
		.interval_seconds = 1.000123,
		.host = "web-1",
		.kernel = "6.1.0-18-amd64",
		.tier = "fentry",
		.tracing = true,
		.system = { .total_bytes = 7867 * MIB, .available_bytes = 4900 * MIB, .swap_total_bytes = 2 * GIB,
			    .swap_free_bytes = 2036 * MIB, .cache_owned_bytes = 1613 * MIB,
			    .tmpfs_owned_bytes = 882 * MIB, .parts = fixture_parts, .part_count = COUNT(fixture_parts) },
		.processes = fixture_processes,
		.process_count = COUNT(fixture_processes),
		.cgroups = fixture_cgroups,
		.cgroup_count = COUNT(fixture_cgroups),
		.mounts = fixture_mounts,
		.mount_count = COUNT(fixture_mounts),
		.files = fixture_files,
		.file_count = COUNT(fixture_files),
		.lost = fixture_losses,
		.loss_count = COUNT(fixture_losses),
	};
}

// clang-format on

#endif
