// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/* Mounts: what is used, whose it is, and when one is another one. */
#include "fixture_model.h"

static void mounts(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_mount *row;

	(void)state;
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__file(w, 2, TMPFS_DEV, OWNER_UNKNOWN, 5);
	world__file(w, 3, DISK_DEV, 2, 100);
	world__mount(w, "/dev/shm", TMPFS_DEV, 15 * PAGE, 1 << 20); /* a directory's page besides */
	world__mount(w, "/empty", DEV(0, 51), 0, 1 << 20);
	world__mount(w, "/run", DEV(0, 52), 0, 0)->used_bytes.has = false;
	world__file(w, 4, DEV(0, 52), 2, 3);
	row = world__read(w, SECOND)->mounts;
	assert_string_equal(row[0].path, "/dev/shm");
	assert_int_equal(row[0].used_bytes, 15 * PAGE);
	assert_int_equal(row[0].unattributed_bytes, 6 * PAGE);
	assert_int_equal(row[0].file_count, 2);
	assert_int_equal(row[0].limit_bytes, 1 << 20);
	assert_int_equal(row[0].used_inodes, ABSENT);
	assert_int_equal(row[1].unattributed_bytes, 0);
	assert_int_equal(row[2].limit_bytes, ABSENT);
	assert_int_equal(row[2].used_bytes, 3 * PAGE); /* what its files have */
	w->mounts[0].used_bytes.value = 2 * PAGE;      /* it shrank between the two looks */
	w->files[1].nrpages = 9;
	row = world__read(w, SECOND)->mounts;
	assert_int_equal(row[0].unattributed_bytes, 0);
	assert_int_equal(row[0].peak_bytes, 15 * PAGE);
	world__free(w);
}

static void a_device_number_used_again_is_another_mount(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_mount *row;

	(void)state;
	world__mount(w, "/old", TMPFS_DEV, 100 * PAGE, 1 << 20);
	world__read(w, SECOND);
	w->reading.mount_count = 0; /* umounted: the number is free */
	world__read(w, SECOND);
	world__mount(w, "/new", TMPFS_DEV, 1 * PAGE, 1 << 20);
	row = world__read(w, SECOND)->mounts;
	assert_int_equal(row[0].peak_bytes, 1 * PAGE);
	assert_true(isnan(row[0].used_rate));
	world__free(w);
}

static void a_device_number_used_again_between_two_readings_is_another_mount(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_mount *row;
	struct reading_mount *mount;

	(void)state;
	mount = world__mount(w, "/old", TMPFS_DEV, 100 * PAGE, 1 << 20);
	mount->superblock = 7;
	mount->peak_bytes = 200 * PAGE;
	world__read(w, SECOND);
	mount->superblock = 0; /* covered: its path leads elsewhere */
	world__read(w, SECOND);
	mount->superblock = 7;
	mount->peak_bytes = 0;
	row = world__read(w, SECOND)->mounts;
	assert_int_equal(row[0].peak_bytes, 200 * PAGE);
	assert_true(!isnan(row[0].used_rate));
	mount->superblock = 8;
	mount->used_bytes.value = PAGE;
	row = world__read(w, SECOND)->mounts;
	assert_int_equal(row[0].peak_bytes, PAGE);
	assert_true(isnan(row[0].used_rate));
	world__free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts),
		cmocka_unit_test(a_device_number_used_again_is_another_mount),
		cmocka_unit_test(a_device_number_used_again_between_two_readings_is_another_mount),
	};

	return cmocka_run_group_tests_name("model_mounts", tests, NULL, NULL);
}
