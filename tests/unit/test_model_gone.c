// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/* Files that are gone. */
#include "fixture_model.h"

#include <stdio.h>

static void make(struct world *w, uint32_t index, uint64_t pages, const char *folder)
{
	char components[64];
	int length = snprintf(components, sizeof(components), "f%u%c%s", index, 0, folder);

	world__file(w, index, TMPFS_DEV, 2, pages);
	world__name(w, index, components, (size_t)length + (folder[0] != '\0'));
}

static void make_and_remove(struct world *w, uint32_t index, uint64_t pages, const char *folder)
{
	make(w, index, pages, folder);
	world__gone(w, index, 2, PROCESS_FOLLOWED);
}

/* its pages go, its name stays */
static void make_and_drop(struct world *w, uint32_t index, uint64_t pages, const char *folder)
{
	make(w, index, pages, folder);
	world__gone_as(w, index, 2, PROCESS_FOLLOWED, 0);
}

static void gone_files_stay_listed_one_by_one(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;
	const struct snapshot_file *row;

	(void)state;
	for (uint32_t i = 1; i <= 100; i++)
		make_and_remove(w, i, i, "dir");
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 100);
	row = the_file(s, 7);
	assert_string_equal(row->path, "/dir/f7");
	assert_true(row->gone);
	assert_true(row->deleted);
	assert_int_equal(row->bytes, 0);
	assert_int_equal(row->peak_bytes, 7 * PAGE);
	assert_int_equal(row->added_bytes, 7 * PAGE);
	assert_int_equal(row->count, 1);
	assert_int_equal(row->bytes_each, ABSENT);
	assert_int_equal(row->owner_count, 1);
	assert_int_equal(row->owners[0].pid, 42);
	assert_string_equal(row->owners[0].comm, "job");
	/* and at the next reading */
	assert_int_equal(world__read(w, SECOND)->file_count, 100);
	world__free(w);
}

static void more_of_one_folder_are_one_row(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;

	(void)state;
	for (uint32_t i = 1; i <= 500; i++)
		make_and_remove(w, i, 1024, "joblib_memmapping_folder_1");
	make_and_remove(w, 501, 3, "elsewhere");
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 2);
	for (size_t i = 0; i < s->file_count; i++) {
		const struct snapshot_file *row = &s->files[i];

		if (row->ino)
			continue;
		assert_string_equal(row->path, "/joblib_memmapping_folder_1");
		assert_int_equal(row->count, 500);
		assert_int_equal(row->bytes_each, 1024 * PAGE);
		assert_int_equal(row->peak_bytes, 500 * 1024 * PAGE);
		assert_int_equal(row->owners[0].pid, 42);
		assert_true(row->gone);
	}
	world__free(w);
}

static void the_hundred_and_first_makes_one_row(void **state)
{
	struct world *w = world__running();

	(void)state;
	for (uint32_t i = 1; i <= 101; i++)
		make_and_remove(w, i, 3, "dir");
	assert_int_equal(world__read(w, SECOND)->file_count, 1);
	world__free(w);
}

static void one_odd_file_does_not_hide_the_common_size(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;
	bool found = false;

	(void)state;
	make_and_remove(w, 1, 3, "dir");
	for (uint32_t i = 2; i <= 500; i++)
		make_and_remove(w, i, 1024, "dir");
	s = world__read(w, SECOND);
	for (size_t i = 0; i < s->file_count; i++)
		found |= s->files[i].count == 499 && s->files[i].bytes_each == 1024 * PAGE;
	assert_true(found);
	world__free(w);
}

static void an_odd_one_among_many_has_its_own_name(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;
	const struct snapshot_file *row;

	(void)state;
	for (uint32_t i = 1; i <= 150; i++)
		make_and_remove(w, i, 1024, "dir");
	make_and_drop(w, 151, 3, "dir");
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 2);
	row = the_file(s, 151);
	assert_string_equal(row->path, "/dir/f151");
	assert_int_equal(row->count, 1);
	assert_false(row->deleted);
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].count == 150)
			assert_true(s->files[i].deleted);
	world__free(w);
}

static void many_are_deleted_only_if_all_are(void **state)
{
	struct world *w = world__running();

	(void)state;
	for (uint32_t i = 1; i <= 150; i++)
		make_and_remove(w, i, 8, "dir");
	assert_true(world__read(w, SECOND)->files[0].deleted);
	make_and_drop(w, 151, 8, "dir");
	assert_int_equal(world__read(w, SECOND)->file_count, 1);
	assert_false(world__read(w, SECOND)->files[0].deleted);
	world__free(w);
}

static void many_files_of_several_name_them_all(void **state)
{
	struct world *w = world__running();
	const struct snapshot_file *row;

	(void)state;
	world__fork(w, 43, "other", PROCESS_FOLLOWED);
	world__owner(w, 3, 43, "other")->flags = PROCESS_FOLLOWED;
	for (uint32_t i = 1; i <= 120; i++) {
		make(w, i, 8, "dir");
		world__gone(w, i, i <= 50 ? 2 : 3, PROCESS_FOLLOWED);
	}
	row = world__read(w, SECOND)->files;
	assert_int_equal(row->owner_count, 2);
	assert_int_equal(row->owners[0].pid, 43); /* who had more of them */
	assert_int_equal(row->owners[1].pid, 42);
	world__free(w);
}

static void a_file_that_came_back_is_listed_once(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;
	const struct snapshot_file *row;

	(void)state;
	make_and_drop(w, 1, 16, "dir");
	assert_int_equal(the_file(world__read(w, SECOND), 1)->bytes, 0);
	make(w, 1, 8, "dir");
	for (int again = 0; again < 2; again++) {
		s = world__read(w, SECOND);
		assert_int_equal(s->file_count, 1);
		row = the_file(s, 1);
		assert_false(row->gone);
		assert_int_equal(row->bytes, 8 * PAGE);
		assert_int_equal(row->peak_bytes, 16 * PAGE);
		assert_int_equal(row->added_bytes, (16 + 8) * PAGE);
		assert_int_equal(row->removed_bytes, 16 * PAGE);
	}
	world__gone(w, 1, 2, PROCESS_FOLLOWED);
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 1);
	row = the_file(s, 1);
	assert_true(row->deleted);
	assert_int_equal(row->peak_bytes, 16 * PAGE);
	assert_int_equal(row->added_bytes, (16 + 8) * PAGE);
	assert_int_equal(row->removed_bytes, (16 + 8) * PAGE);
	world__free(w);
}

static void a_file_that_came_and_went_between_readings_is_listed_once(void **state)
{
	struct world *w = world__running();
	const struct snapshot_file *row;

	(void)state;
	make_and_drop(w, 1, 4, "dir");
	make_and_drop(w, 1, 9, "dir");
	make_and_remove(w, 1, 2, "dir");
	assert_int_equal(world__read(w, SECOND)->file_count, 1);
	row = world__read(w, SECOND)->files;
	assert_int_equal(row->peak_bytes, 9 * PAGE);
	assert_int_equal(row->added_bytes, (4 + 9 + 2) * PAGE);
	assert_true(row->deleted);
	world__free(w);
}

static void another_file_with_its_number_is_another_file(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;

	(void)state;
	make_and_drop(w, 1, 16, "dir");
	make(w, 1, 8, "elsewhere"); /* another path */
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(s->files[i].peak_bytes, (s->files[i].gone ? 16 : 8) * PAGE);
	world__free(w);
}

static void a_deleted_file_does_not_come_back(void **state)
{
	struct world *w = world__running();

	(void)state;
	make_and_remove(w, 1, 16, "dir");
	make(w, 1, 8, "dir");
	assert_int_equal(world__read(w, SECOND)->file_count, 2);
	world__free(w);
}

static void who_reads_it_again_must_be_of_the_run(void **state)
{
	struct world *w = world__running();

	(void)state;
	world__owner(w, 3, 43, "stranger");
	make_and_drop(w, 1, 16, "dir");
	make(w, 1, 8, "dir");
	w->files[1].owner = 3;
	assert_int_equal(world__read(w, SECOND)->file_count, 2);
	world__free(w);
}

static void many_came_back(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;

	(void)state;
	for (uint32_t i = 1; i <= 150; i++)
		make_and_drop(w, i, 8, "dir");
	assert_int_equal(world__read(w, SECOND)->file_count, 1);
	for (uint32_t i = 1; i <= 150; i++)
		make(w, i, 8, "dir");
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 150);
	for (size_t i = 0; i < 150; i++)
		assert_int_equal(s->files[i].added_bytes, 16 * PAGE);
	world__free(w);
}

static void many_gone_memfds_are_called_something(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;

	(void)state;
	for (uint32_t i = 1; i <= 150; i++) {
		world__file(w, i, SHM_DEV, 2, 4);
		world__name(w, i, "memfd:arena", 12);
		world__gone(w, i, 2, PROCESS_FOLLOWED);
	}
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 1);
	assert_int_equal(s->files[0].count, 150);
	assert_string_not_equal(s->files[0].path, "");
	world__free(w);
}

/* the table of folders is full: what is in others is not left out */
static void files_of_very_many_folders_are_all_counted(void **state)
{
	const struct snapshot_file *other = NULL;
	struct world *w = world__running();
	const struct snapshot *s;
	uint64_t count = 0, peak = 0, added = 0;
	char folder[16];

	(void)state;
	for (uint32_t i = 0; i < 6000; i++) {
		snprintf(folder, sizeof(folder), "d%u", i);
		if (i == 5999)
			make_and_drop(w, 1, 5, folder);
		else
			make_and_remove(w, 1, 1 + i % 2, folder);
	}
	s = world__read(w, SECOND);
	for (size_t i = 0; i < s->file_count; i++) {
		const struct snapshot_file *row = &s->files[i];

		count += row->count;
		peak += row->peak_bytes;
		added += row->added_bytes;
		if (row->other)
			other = row;
	}
	assert_int_equal(count, 6000);
	assert_int_equal(peak, (3000 + 2 * 2999 + 5) * PAGE);
	assert_int_equal(added, peak);
	assert_int_equal(s->file_count, 4096 + 1);
	assert_non_null(other);
	assert_string_equal(other->path, "other files");
	assert_null(other->mount);
	assert_true(other->gone);
	assert_false(other->deleted);
	assert_int_equal(other->count, 6000 - 4096);
	assert_int_equal(other->bytes_each, ABSENT);
	assert_int_equal(other->owner_count, 1);
	assert_int_equal(other->owners[0].pid, 42);
	make(w, 1, 5, "d5999"); /* it comes back, and is a row of its own again */
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 4096 + 2);
	assert_int_equal(the_file(s, 1)->added_bytes, 2 * 5 * PAGE);
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].other)
			assert_int_equal(s->files[i].count, 6000 - 4096 - 1);
	world__free(w);
}

static void gone_files_of_others_are_not_kept(void **state)
{
	struct world *w = world__running();

	(void)state;
	world__owner(w, 3, 43, "other");
	world__file(w, 1, TMPFS_DEV, 3, 9);
	world__name(w, 1, "f", 2);
	world__gone(w, 1, 3, 0);
	assert_int_equal(world__read(w, SECOND)->file_count, 0);
	world__free(w);
}

static void nothing_is_kept_without_being_asked(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__owner(w, 2, 42, "job")->flags = PROCESS_FOLLOWED;
	make_and_remove(w, 1, 9, "dir");
	assert_int_equal(world__read(w, SECOND)->file_count, 0);
	world__free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gone_files_stay_listed_one_by_one),
		cmocka_unit_test(more_of_one_folder_are_one_row),
		cmocka_unit_test(the_hundred_and_first_makes_one_row),
		cmocka_unit_test(one_odd_file_does_not_hide_the_common_size),
		cmocka_unit_test(an_odd_one_among_many_has_its_own_name),
		cmocka_unit_test(many_are_deleted_only_if_all_are),
		cmocka_unit_test(many_files_of_several_name_them_all),
		cmocka_unit_test(a_file_that_came_back_is_listed_once),
		cmocka_unit_test(a_file_that_came_and_went_between_readings_is_listed_once),
		cmocka_unit_test(another_file_with_its_number_is_another_file),
		cmocka_unit_test(a_deleted_file_does_not_come_back),
		cmocka_unit_test(who_reads_it_again_must_be_of_the_run),
		cmocka_unit_test(many_came_back),
		cmocka_unit_test(many_gone_memfds_are_called_something),
		cmocka_unit_test(files_of_very_many_folders_are_all_counted),
		cmocka_unit_test(gone_files_of_others_are_not_kept),
		cmocka_unit_test(nothing_is_kept_without_being_asked),
	};

	return cmocka_run_group_tests_name("model_gone", tests, NULL, NULL);
}
