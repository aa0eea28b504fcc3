// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/* Files that are gone, and that others than the command brought in first. */
#include "fixture_model.h"

/* a file of before, which `owner` appends `pages` to, and somebody else as many */
static void make_before(struct world *w, uint32_t index, uint32_t owner, uint64_t pages)
{
	world__file(w, index, TMPFS_DEV, OWNER_UNKNOWN, 4 + 2 * pages)->added = 2 * pages;
	world__name(w, index, "f", 2);
	world__pair(w, index, 3, pages, pages);
	world__pair(w, index, owner, pages, pages);
	world__share(w, index, 4);
}

/* the command has half of what was added to file 1 */
static struct world *with_anothers_file(void)
{
	struct world *w = world__running();

	world__owner(w, 3, 43, "other");
	make_before(w, 1, 2, 8);
	return w;
}

static void what_the_command_added_to_anothers_file_is_kept(void **state)
{
	struct world *w = with_anothers_file();
	const struct snapshot_file *row;
	const struct snapshot *s;

	(void)state;
	world__gone(w, 1, OWNER_UNKNOWN, 0); /* before any reading */
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 1);
	row = the_file(s, 1);
	assert_string_equal(row->path, "/f");
	assert_true(row->gone);
	assert_true(row->deleted);
	assert_int_equal(row->peak_bytes, 20 * PAGE);
	assert_int_equal(row->added_bytes, 16 * PAGE);
	assert_int_equal(row->owner_count, 1);
	assert_int_equal(row->owners[0].pid, 42);
	assert_string_equal(row->owners[0].comm, "job");
	w->reading.pair_count = 0;
	assert_int_equal(world__read(w, SECOND)->file_count, 1);
	world__free(w);
}

static void of_anothers_file_the_pairs_may_be_read_before_the_record(void **state)
{
	struct world *w = with_anothers_file();

	(void)state;
	world__read(w, SECOND);
	w->reading.pair_count = 0; /* the last reading let them be forgotten */
	world__gone(w, 1, 3, 0);
	assert_int_equal(the_file(world__read(w, SECOND), 1)->owners[0].pid, 42);
	world__free(w);
}

static void of_anothers_file_the_pairs_may_be_read_a_reading_after(void **state)
{
	struct world *w = with_anothers_file();

	(void)state;
	world__gone(w, 1, OWNER_UNKNOWN, 0);
	w->reading.pair_count = 0;
	assert_int_equal(world__read(w, SECOND)->file_count, 0);
	w->reading.pair_count = 2;
	assert_int_equal(the_file(world__read(w, SECOND), 1)->owners[0].pid, 42);
	world__free(w);
}

static void anothers_file_that_came_back_is_listed_once(void **state)
{
	struct world *w = world__running();
	const struct snapshot *s;

	(void)state;
	world__owner(w, 3, 43, "other");
	for (int again = 0; again < 2; again++) {
		make_before(w, 1, 2, 8);
		world__gone_as(w, 1, OWNER_UNKNOWN, 0, 0);
	}
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 1);
	assert_int_equal(s->files[0].added_bytes, 32 * PAGE);
	make_before(w, 1, 2, 8);
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 1);
	assert_false(s->files[0].gone);
	assert_int_equal(s->files[0].added_bytes, 48 * PAGE);
	world__free(w);
}

static void shared_files_of_others_are_not_kept(void **state)
{
	struct world *w = world__running();

	(void)state;
	world__owner(w, 3, 43, "other");
	world__owner(w, 4, 44, "another");
	make_before(w, 1, 4, 8);
	world__gone(w, 1, OWNER_UNKNOWN, 0);
	w->pairs[1].key.birth_ns--; /* the command's, of another use of the slot */
	w->pairs[1].key.owner = 2;
	for (int i = 0; i < 3; i++)
		assert_int_equal(world__read(w, SECOND)->file_count, 0);
	make_before(w, 1, 4, 8);
	world__gone(w, 1, OWNER_UNKNOWN, 0); /* and the model is closed */
	world__free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_command_added_to_anothers_file_is_kept),
		cmocka_unit_test(of_anothers_file_the_pairs_may_be_read_before_the_record),
		cmocka_unit_test(of_anothers_file_the_pairs_may_be_read_a_reading_after),
		cmocka_unit_test(anothers_file_that_came_back_is_listed_once),
		cmocka_unit_test(shared_files_of_others_are_not_kept),
	};

	return cmocka_run_group_tests_name("model_touched", tests, NULL, NULL);
}
