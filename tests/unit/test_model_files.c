// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/* Who owns how much of a file, and what the kernel side may forget of it. */
#include "fixture_model.h"

#include <errno.h>

static uint64_t sum_of_owners(const struct snapshot_file *file)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < file->owner_count; i++)
		sum += file->owners[i].bytes;
	return sum;
}

static bool is_garbage_pair(const struct world *w, uint32_t file, uint32_t owner)
{
	struct model_garbage garbage = model__garbage(w->model);

	for (size_t i = 0; i < garbage.pair_count; i++)
		if (garbage.pairs[i].file == file && garbage.pairs[i].owner == owner)
			return true;
	return false;
}

/* ---- owners ---- */

static void one_owner_has_all_of_it(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_file *row;
	const struct snapshot *s;

	(void)state;
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job");
	world__file(w, 1, TMPFS_DEV, 2, 9)->swapped = 3;
	world__file(w, 2, DISK_DEV, 2, 5);
	s = world__read(w, SECOND);
	row = the_file(s, 1);
	assert_int_equal(row->bytes, 9 * PAGE);
	assert_int_equal(row->swap_bytes, 3 * PAGE);
	assert_int_equal(row->kind, FILE_KIND_TMPFS);
	assert_int_equal(row->major, 0);
	assert_int_equal(row->minor, 50);
	assert_int_equal(row->owner_count, 1);
	assert_int_equal(owner_bytes(row, 42), 9 * PAGE);
	assert_string_equal(row->owners[0].comm, "job");
	assert_false(row->shared);
	assert_int_equal(row->count, 1);
	assert_int_equal(row->bytes_each, ABSENT);
	assert_int_equal(the_file(s, 2)->kind, FILE_KIND_FILE);
	assert_int_equal(the_process(s, 42)->tmpfs_bytes, 9 * PAGE);
	assert_int_equal(the_process(s, 42)->tmpfs_swap_bytes, 3 * PAGE);
	assert_int_equal(the_process(s, 42)->cache_bytes, 5 * PAGE);
	world__free(w);
}

/* an owner's slot counts what is credited to it; the rest of what it brought in is told by its files */
static void what_was_brought_in_is_counted_once(void **state)
{
	struct world *w = world__new(false, false);
	struct owner_slot *owner;
	struct file_slot *slot;
	const struct snapshot *s;

	(void)state;
	world__task(w, 42, 0, "job");
	world__task(w, 43, 0, "other");
	owner = world__owner(w, 2, 42, "job");
	owner->tmpfs_added = 100; /* of files that are gone */
	owner->cache_added = 7;
	world__owner(w, 3, 43, "other")->tmpfs_added = 6; /* of file 2, at once: it is not the first owner */
	slot = world__file(w, 1, TMPFS_DEV, 2, 9);
	slot->home_added = 4; /* by the CPU that saw it first */
	slot->removed = 4;
	slot = world__file(w, 2, TMPFS_DEV, 2, 11);
	slot->flags |= FILE_SHARED;
	slot->credited = 6;
	world__pair(w, 2, 3, 6, 6);
	slot->shares = 5;
	slot->total_shares = 11;
	world__file(w, 3, DISK_DEV, 2, 5);
	s = world__read(w, SECOND);
	assert_int_equal(the_file(s, 1)->added_bytes, 13 * PAGE);
	assert_int_equal(the_process(s, 42)->tmpfs_added_bytes, (100 + 13 + 5) * PAGE);
	assert_int_equal(the_process(s, 42)->cache_added_bytes, (7 + 5) * PAGE);
	assert_int_equal(the_process(s, 43)->tmpfs_added_bytes, 6 * PAGE);
	world__free(w);
}

static void unknown_owners_are_left_out(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	w->owners[OWNER_UNKNOWN].tmpfs_added = w->owners[OWNER_OTHER].tmpfs_added = 1;
	world__file(w, 1, TMPFS_DEV, OWNER_UNKNOWN, 9);
	world__file(w, 2, TMPFS_DEV, OWNER_OTHER, 9);
	world__file(w, 3, TMPFS_DEV, 7, 9);          /* a slot that nobody has */
	world__file(w, 4, TMPFS_DEV, UINT32_MAX, 9); /* one that does not exist */
	world__mount(w, "/t", TMPFS_DEV, 36 * PAGE, 1 << 20);
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 4);
	for (size_t i = 0; i < s->file_count; i++) {
		assert_int_equal(s->files[i].owner_count, 0);
		assert_null(s->files[i].owners);
		assert_int_equal(s->files[i].bytes, 9 * PAGE);
	}
	assert_int_equal(s->mounts[0].unattributed_bytes, 36 * PAGE);
	assert_int_equal(s->process_count, 0);
	world__free(w);
}

static void files_beyond_the_table_are_their_mounts(void **state)
{
	struct world *w = world__new(false, false);
	struct reading_mount *mount;
	const struct snapshot *s;

	(void)state;
	world__file(w, 1, TMPFS_DEV, OWNER_UNKNOWN, 9);
	mount = world__mount(w, "/t", TMPFS_DEV, 36 * PAGE, 1 << 20);
	mount->other_pages = 27;
	mount->other_owned = 20;
	s = world__read(w, SECOND);
	assert_int_equal(s->mounts[0].unattributed_bytes, 16 * PAGE);
	assert_int_equal(s->mounts[0].file_count, 1);
	mount->used_bytes.has = mount->limit_bytes.has = false; /* no size of its own: its files add up */
	s = world__read(w, 2 * SECOND);
	assert_int_equal(s->mounts[0].used_bytes, 36 * PAGE);
	world__free(w);
}

static void shared_files_are_split_to_the_page(void **state)
{
	static const struct {
		uint64_t pages, shares[3], expected[3];
	} cases[] = {
		{ 10, { 5, 3, 2 }, { 5, 3, 2 } },
		{ 10, { 1, 1, 1 }, { 4, 3, 3 } },
		{ 1, { 5, 3, 2 }, { 1, 0, 0 } },
		{ 0, { 5, 3, 2 }, { 0, 0, 0 } },
		{ 7, { 1ULL << 57, 1ULL << 57, 0 }, { 4, 3, 0 } },
		{ 1000003, { 1, 1, 999 }, { 999, 999, 998005 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = world__new(false, false);
		const struct snapshot_file *row;

		for (uint32_t owner = 0; owner < 3; owner++) {
			world__task(w, 42 + owner, 0, "x");
			world__owner(w, 2 + owner, 42 + owner, "x");
		}
		world__file(w, 1, TMPFS_DEV, 2, cases[i].pages);
		world__pair(w, 1, 3, cases[i].shares[1], 1);
		world__pair(w, 1, 4, cases[i].shares[2], 1);
		world__share(w, 1, cases[i].shares[0]);
		row = the_file(world__read(w, SECOND), 1);
		assert_int_equal(sum_of_owners(row), cases[i].pages * PAGE);
		for (uint32_t owner = 0; owner < 3; owner++) {
			uint64_t shown = owner_bytes(row, 42 + owner) / PAGE;

			/* a page up or down, by who has the larger rest */
			if (shown > cases[i].expected[owner] + 1 || shown + 1 < cases[i].expected[owner])
				fail_msg("case %zu owner %u: %u pages", i, owner, (unsigned)shown);
		}
		assert_true(row->shared);
		for (size_t j = 1; j < row->owner_count; j++)
			assert_true(row->owners[j - 1].bytes >= row->owners[j].bytes);
		world__free(w);
	}
}

static void shares_of_nobody_stay_nobodys(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	world__task(w, 42, 0, "x");
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 100);
	world__share(w, 1, 30);
	w->files[1].total_shares = 100; /* 70 of owners that no pair had room for */
	world__mount(w, "/t", TMPFS_DEV, 100 * PAGE, 1 << 20);
	s = world__read(w, SECOND);
	assert_int_equal(owner_bytes(the_file(s, 1), 42), 30 * PAGE);
	assert_int_equal(s->mounts[0].unattributed_bytes, 70 * PAGE);
	world__free(w);
}

static void shares_of_an_older_scale_count_less(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_file *row;

	(void)state;
	for (uint32_t owner = 2; owner < 5; owner++)
		world__owner(w, owner, 40 + owner, "x");
	world__file(w, 1, TMPFS_DEV, 2, 300);
	w->files[1].scale = 9;
	world__pair(w, 1, 3, 100 << 8, 1)->pair.scale = 8;
	world__pair(w, 1, 4, UINT64_MAX, 1)->pair.scale = 1; /* eight times halved eight times */
	w->files[1].flags |= FILE_SHARED;
	w->files[1].shares = 200;
	w->files[1].total_shares = 300;
	row = the_file(world__read(w, SECOND), 1);
	assert_int_equal(owner_bytes(row, 42), 200 * PAGE);
	assert_int_equal(owner_bytes(row, 43), 100 * PAGE);
	assert_int_equal(owner_bytes(row, 44), 0);
	assert_false(is_garbage_pair(w, 1, 4));
	world__free(w);
}

static void swapped_out_bytes_keep_their_owners(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	world__owner(w, 2, 42, "x");
	world__owner(w, 3, 43, "y");
	world__file(w, 1, TMPFS_DEV, 2, 0)->swapped = 8;
	world__file(w, 2, TMPFS_DEV, 2, 0)->swapped = 100; /* shared, all of it swapped out */
	world__pair(w, 2, 3, 30, 30);
	world__share(w, 2, 70);
	s = world__read(w, SECOND);
	assert_int_equal(owner_bytes(the_file(s, 1), 42), 0);
	assert_int_equal(the_process(s, 42)->tmpfs_swap_bytes, 78 * PAGE);
	assert_int_equal(the_process(s, 43)->tmpfs_swap_bytes, 30 * PAGE);
	world__free(w);
}

/* a tmpfs counts what is swapped out as used: it is not nobody's for that */
static void swapped_out_bytes_are_attributed_in_their_mount(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;
	uint64_t swapped = 0;

	(void)state;
	for (uint32_t owner = 2; owner < 5; owner++)
		world__owner(w, owner, 40 + owner, "x");
	world__file(w, 1, TMPFS_DEV, 2, 9)->swapped = 16;
	world__file(w, 2, TMPFS_DEV, OWNER_UNKNOWN, 3)->swapped = 5;
	world__file(w, 3, TMPFS_DEV, 2, 10)->swapped = 101; /* not to be split in three */
	world__pair(w, 3, 3, 1, 1);
	world__pair(w, 3, 4, 1, 1);
	world__share(w, 3, 1);
	world__file(w, 4, DEV(0, 51), 2, 4)->swapped = 6;
	world__mount(w, "/t", TMPFS_DEV, (9 + 16 + 3 + 5 + 10 + 101) * PAGE, 1 << 20);
	world__mount(w, "/unlimited", DEV(0, 51), 0, 0)->used_bytes.has = false;
	s = world__read(w, SECOND);
	assert_int_equal(s->mounts[0].unattributed_bytes, (3 + 5) * PAGE);
	for (size_t i = 0; i < s->process_count; i++)
		swapped += s->processes[i].tmpfs_swap_bytes;
	assert_int_equal(swapped, (16 + 101 + 6) * PAGE);
	assert_int_equal(s->mounts[1].used_bytes, (4 + 6) * PAGE);
	assert_int_equal(s->mounts[1].unattributed_bytes, 0);
	world__free(w);
}

/* ---- garbage ---- */

static void pairs_that_mean_nothing_are_garbage(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	for (uint32_t owner = 2; owner < 8; owner++)
		world__owner(w, owner, 40 + owner, "x");
	world__file(w, 5, TMPFS_DEV, 2, 10);
	world__pair(w, 5, 3, 4, 4);
	world__pair(w, 5, 4, 4, 4)->key.birth_ns -= 1; /* of the slot's former use */
	world__pair(w, 6, 5, 4, 4)->key.birth_ns = 77; /* of a slot that is free */
	world__pair(w, 2, 6, 4, 4)->key.birth_ns = 77;
	world__pair(w, WORLD_ROWS - 1, 7, 4, 4)->key.birth_ns = 77; /* behind the last file */
	world__share(w, 5, 2);
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).pair_count, 4);
	assert_false(is_garbage_pair(w, 5, 3));
	assert_true(is_garbage_pair(w, 5, 4));
	assert_true(is_garbage_pair(w, 6, 5));
	assert_true(is_garbage_pair(w, 2, 6));
	assert_true(is_garbage_pair(w, WORLD_ROWS - 1, 7));
	/* shared no more: its pairs may go */
	w->files[5].flags &= (uint16_t)~FILE_SHARED;
	w->reading.pair_count = 1;
	w->pairs[0].key = (struct pair_key){ .file = 5, .owner = 3, .birth_ns = w->files[5].birth_ns };
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).pair_count, 1);
	w->reading.pair_count = 0;
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).pair_count, 0);
	world__free(w);
}

static void a_further_owner_is_no_garbage(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	for (uint32_t owner = 2; owner < 5; owner++)
		world__owner(w, owner, 40 + owner, "x")->exit_ns = SECOND;
	world__file(w, 1, TMPFS_DEV, 2, 10);
	world__pair(w, 1, 3, 0, 4); /* its shares are worth less than a page by now */
	world__share(w, 1, 2);
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 1);
	assert_int_equal(model__garbage(w->model).owners[0], 4);
	world__free(w);
}

/* however many: an index that a pair still names must not become another process */
static void none_of_very_many_owners_is_garbage(void **state)
{
	struct world *w = world__new(false, false);
	const uint32_t many = 1500;

	(void)state;
	world__file(w, 1, TMPFS_DEV, 2, many);
	for (uint32_t i = 0; i < many; i++) {
		world__owner(w, 2 + i, 5000 + i, "x")->exit_ns = SECOND;
		if (i)
			world__pair(w, 1, 2 + i, 1, 1);
	}
	world__share(w, 1, 1);
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 0);
	assert_int_equal(model__garbage(w->model).pair_count, 0);
	world__free(w);
}

/* process accounting, and files that are closed, come after the exit was told: no more will be */
static void an_owner_made_after_its_exit_is_garbage_once_it_owns_nothing(void **state)
{
	struct world *w = world__new(false, false);
	struct model_garbage garbage;

	(void)state;
	world__task(w, 41, 0, "lives");
	world__owner(w, 2, 41, "lives");
	world__exit(w, 42, "told", 0, 0, 0);
	world__owner(w, 3, 42, "told");
	world__owner(w, 4, 43, "untold"); /* its exit record was lost */
	world__owner(w, 5, 44, "writer");
	world__owner(w, 6, 45, "young")->start_ns = 1000 * SECOND; /* started since the iterator passed */
	world__file(w, 1, DISK_DEV, 5, 3);
	for (int i = 0; i < 4; i++)
		world__read(w, SECOND);
	garbage = model__garbage(w->model);
	assert_int_equal(garbage.owner_count, 2);
	assert_int_equal(garbage.owners[0], 3);
	assert_int_equal(garbage.owner_keys[0].pid, 42);
	assert_int_equal(garbage.owner_keys[0].start_ns, world__start(42));
	assert_int_equal(garbage.owners[1], 4);
	w->owners[3].start_ns = w->owners[4].start_ns = 0; /* given back */
	for (int i = 0; i < 4; i++)
		assert_null(find_process(world__read(w, SECOND), 42, 0));
	assert_null(find_process(world__read(w, SECOND), 43, 0));
	w->files[1].mapping = 0;
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 1);
	assert_int_equal(model__garbage(w->model).owners[0], 5);
	world__free(w);
}

/* an iterator that missed it once does not end it */
static void an_owner_that_a_reading_missed_is_no_garbage(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__task(w, 42, 0, "x");
	world__owner(w, 2, 42, "x");
	world__read(w, SECOND);
	w->reading.task_count = 0;
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 0);
	w->reading.task_count = 1;
	for (int i = 0; i < 4; i++) {
		world__read(w, SECOND);
		assert_int_equal(model__garbage(w->model).owner_count, 0);
	}
	world__free(w);
}

/* ---- hostile ---- */

/* an absurd size is NULL, as without the sanitizer, and not the end of all tests */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void an_index_beyond_every_table(void **state)
{
	static const uint32_t indexes[] = { 1U << 31, UINT32_MAX / 2 + 1, UINT32_MAX - 1, UINT32_MAX };
	struct world *w = world__new(true, true);

	(void)state;
	for (size_t i = 0; i < COUNT(indexes); i++) {
		struct record_file_gone gone = {
			.head = { RECORD_FILE_GONE, sizeof(gone), 1, SECOND },
			.index = indexes[i],
			.birth_ns = 1,
			.owner_flags = PROCESS_FOLLOWED,
		};
		struct record_file file = {
			.head = { RECORD_FILE, sizeof(file), 1, SECOND },
			.index = indexes[i],
			.birth_ns = 1,
			.path_length = 2,
			.path = "f",
		};

		/* an odd record may be refused, but must not end the tracing */
		assert_int_not_equal(model__record(w->model, &file.head), -ENOMEM);
		assert_int_not_equal(model__record(w->model, &gone.head), -ENOMEM);
	}
	world__read(w, SECOND);
	world__free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_owner_has_all_of_it),
		cmocka_unit_test(what_was_brought_in_is_counted_once),
		cmocka_unit_test(unknown_owners_are_left_out),
		cmocka_unit_test(files_beyond_the_table_are_their_mounts),
		cmocka_unit_test(shared_files_are_split_to_the_page),
		cmocka_unit_test(shares_of_nobody_stay_nobodys),
		cmocka_unit_test(shares_of_an_older_scale_count_less),
		cmocka_unit_test(swapped_out_bytes_keep_their_owners),
		cmocka_unit_test(swapped_out_bytes_are_attributed_in_their_mount),
		cmocka_unit_test(pairs_that_mean_nothing_are_garbage),
		cmocka_unit_test(a_further_owner_is_no_garbage),
		cmocka_unit_test(none_of_very_many_owners_is_garbage),
		cmocka_unit_test(an_owner_made_after_its_exit_is_garbage_once_it_owns_nothing),
		cmocka_unit_test(an_owner_that_a_reading_missed_is_no_garbage),
		cmocka_unit_test(an_index_beyond_every_table),
	};

	return cmocka_run_group_tests_name("model_files", tests, NULL, NULL);
}
