// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_files model_gone model_names model_cgroups model_processes decode mounts mountview overlay container cgroup parse names
/*
 * The model's files: who owns them and how much, names, what is gone, mounts, what the kernel side
 * may forget, and the events of pages.
 */
#include "fixture_model.h"

#include <errno.h>
#include <stdio.h>

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

static void unknown_owners_are_left_out(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	w->owners[OWNER_UNKNOWN].tmpfs_added = w->owners[OWNER_OTHER].tmpfs_added = 1;
	world__file(w, 1, TMPFS_DEV, OWNER_UNKNOWN, 9);
	world__file(w, 2, TMPFS_DEV, OWNER_OTHER, 9);
	world__file(w, 3, TMPFS_DEV, 7, 9);           /* a slot that nobody has */
	world__file(w, 4, TMPFS_DEV, UINT32_MAX, 9);  /* one that does not exist */
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
			if (shown > cases[i].expected[owner] + 1 ||
			    shown + 1 < cases[i].expected[owner])
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
	w->files[5].flags &= ~(uint32_t)FILE_SHARED;
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

/* ---- names ---- */

static void a_name_and_a_rename(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "");
	world__name(w, 1, "f\0dir", 6);
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "/dir/f");
	world__name(w, 1, "a \n\033[2J\0dir", 12);
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "/dir/a \n\033[2J");
	world__free(w);
}

static void a_slot_used_again_forgets_the_name(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__name(w, 1, "old", 4);
	world__read(w, SECOND);
	world__file(w, 1, TMPFS_DEV, 2, 5)->birth_ns += 1;
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "");
	world__name(w, 1, "new", 4);
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "/new");
	world__free(w);
}

static void a_name_without_end_is_none(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__name(w, 1, "abc", 3);
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "");
	world__free(w);
}

static void files_of_the_kernels_own_mount(void **state)
{
	static const struct {
		const char *components;
		size_t length;
		enum file_kind kind;
		const char *path;
	} cases[] = {
		{ "memfd:arrow", 12, FILE_KIND_MEMFD, "memfd:arrow" },
		{ "memfd:", 7, FILE_KIND_MEMFD, "memfd:" },
		{ "SYSV00000000", 13, FILE_KIND_SYSV, "SYSV00000000" },
		{ "zero\0dev", 9, FILE_KIND_SHARED_ANON, "dev/zero" },
	};
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		world__file(w, i + 1, SHM_DEV, 2, 9)->flags |= FILE_DELETED;
		world__name(w, i + 1, cases[i].components, cases[i].length);
	}
	s = world__read(w, SECOND);
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(the_file(s, i + 1)->kind, cases[i].kind);
		assert_string_equal(the_file(s, i + 1)->path, cases[i].path);
		assert_true(the_file(s, i + 1)->deleted);
	}
	world__free(w);
}

static void names_follow_the_mounts(void **state)
{
	static const char first[] = "1 0 8:1 / / rw - ext4 /dev/vda rw\n"
				    "2 1 0:50 / /dev/shm rw - tmpfs tmpfs rw\n";
	static const char second[] = "1 0 8:1 / / rw - ext4 /dev/vda rw\n"
				     "2 1 0:50 / /mnt/moved rw - tmpfs tmpfs rw\n";
	struct mount_ns space = { .id = 4026531840U, .pid = 1 };
	struct mount_view view = { .spaces = &space, .count = 1, .has_root = true };
	struct world *w = world__new(false, false);

	(void)state;
	assert_int_equal(mounts__parse(first, sizeof(first) - 1, &space.table), 0);
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__name(w, 1, "f\0d", 4);
	world__mount(w, "/dev/shm", TMPFS_DEV, 9 * PAGE, 1 << 20);
	w->reading.view = &view;
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "/dev/shm/d/f");
	assert_string_equal(the_file(world__read(w, SECOND), 1)->mount, "/dev/shm");
	mounts__free(&space.table);
	assert_int_equal(mounts__parse(second, sizeof(second) - 1, &space.table), 0);
	w->reading.view_generation++;
	w->mounts[0].path = "/mnt/moved";
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "/mnt/moved/d/f");
	assert_string_equal(the_file(world__read(w, SECOND), 1)->mount, "/mnt/moved");
	mounts__free(&space.table);
	world__free(w);
}

static void flags_and_sizes(void **state)
{
	struct world *w = world__new(false, false);
	struct file_slot *slot = world__file(w, 1, TMPFS_DEV, 2, 9);
	const struct snapshot_file *row;

	(void)state;
	slot->flags |= FILE_DELETED;
	slot->peak = 20;
	slot->added = 30;
	slot->removed = 21;
	slot->size_bytes = 12345;
	row = the_file(world__read(w, SECOND), 1);
	assert_true(row->deleted);
	assert_false(row->gone);
	assert_int_equal(row->peak_bytes, 20 * PAGE);
	assert_int_equal(row->added_bytes, 30 * PAGE);
	assert_int_equal(row->removed_bytes, 21 * PAGE);
	assert_int_equal(row->size_bytes, 12345);
	slot->nrpages = 25; /* the kernel's own figure is above the peak that was seen */
	assert_int_equal(the_file(world__read(w, SECOND), 1)->peak_bytes, 25 * PAGE);
	world__free(w);
}

static void holders(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__file(w, 3, TMPFS_DEV, 2, 9);
	assert_false(the_file(world__read(w, SECOND), 1)->holders_known);
	w->reading.holders_known = true;
	w->holders[0] = (struct holder_row){ .file = 3, .pid = 50, .way = HOLDER_OPEN };
	w->holders[1] = (struct holder_row){ .file = FILE_NONE, .pid = 51, .way = HOLDER_OPEN };
	w->holders[2] = (struct holder_row){ .file = 2, .pid = 52, .way = HOLDER_OPEN }; /* free */
	w->holders[3] = (struct holder_row){ .file = 3, .pid = 49, .way = HOLDER_MAPPED };
	w->holders[4] = (struct holder_row){ .file = 3, .pid = 50, .way = HOLDER_MAPPED };
	w->holders[5] = (struct holder_row){ .file = UINT32_MAX, .pid = 53, .way = HOLDER_OPEN };
	w->reading.holder_count = 6;
	s = world__read(w, SECOND);
	assert_true(the_file(s, 1)->holders_known);
	assert_int_equal(the_file(s, 1)->holder_count, 0);
	assert_int_equal(the_file(s, 3)->holder_count, 2);
	assert_int_equal(the_file(s, 3)->holders[0], 49);
	assert_int_equal(the_file(s, 3)->holders[1], 50);
	world__free(w);
}

/* ---- files without a slot, System V ---- */

static const struct snapshot_file *other_row(const struct snapshot *s, enum file_kind kind)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].other && s->files[i].kind == kind)
			return &s->files[i];
	return NULL;
}

static void files_without_a_slot_are_exact_by_owner(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	world__owner(w, 2, 42, "a")->other_tmpfs = 10;
	world__owner(w, 3, 43, "b")->other_tmpfs = 20;
	w->owners[3].other_cache = 5;
	w->owners[OWNER_UNKNOWN].other_tmpfs = 7;
	world__owner(w, 4, 44, "c")->other_tmpfs = -3; /* a race: never below nothing */
	w->owners[4].exit_ns = SECOND;
	s = world__read(w, SECOND);
	assert_int_equal(s->file_count, 2);
	assert_int_equal(other_row(s, FILE_KIND_TMPFS)->bytes, 37 * PAGE);
	assert_int_equal(other_row(s, FILE_KIND_TMPFS)->owner_count, 2);
	assert_int_equal(other_row(s, FILE_KIND_TMPFS)->owners[0].pid, 43);
	assert_int_equal(owner_bytes(other_row(s, FILE_KIND_TMPFS), 42), 10 * PAGE);
	assert_int_equal(other_row(s, FILE_KIND_FILE)->bytes, 5 * PAGE);
	assert_int_equal(the_process(s, 43)->tmpfs_bytes, 20 * PAGE);
	assert_int_equal(the_process(s, 43)->cache_bytes, 5 * PAGE);
	assert_int_equal(the_process(s, 44)->tmpfs_bytes, 0);
	/* owners of other files are in use as well */
	assert_int_equal(model__garbage(w->model).owner_count, 1);
	assert_int_equal(model__garbage(w->model).owners[0], 4);
	world__free(w);
}

static void system_v_segments_that_nobody_has_attached(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;
	size_t rows = 0;

	(void)state;
	w->segments[0] = (struct reading_segment){ .id = 5, .rss_bytes = 8192, .size_bytes = 1 << 20 };
	w->segments[1] = (struct reading_segment){ .id = 6, .size_bytes = 1 << 20 }; /* never touched */
	w->segments[2] = (struct reading_segment){ .id = 7, .swap_bytes = 4096, .destroyed = true };
	w->segments[3] = (struct reading_segment){ .id = 1001, .rss_bytes = 9 * PAGE };
	w->reading.segment_count = 4;
	world__file(w, 1, SHM_DEV, 2, 9); /* of segment 1001: its inode number is its id */
	world__name(w, 1, "SYSV00000000", 13);
	s = world__read(w, SECOND);
	for (size_t i = 0; i < s->file_count; i++) {
		const struct snapshot_file *row = &s->files[i];

		assert_int_equal(row->kind, FILE_KIND_SYSV);
		rows++;
		if (row->ino == 5) {
			assert_int_equal(row->bytes, 8192);
			assert_int_equal(row->size_bytes, 1 << 20);
			assert_false(row->deleted);
		} else if (row->ino == 7) {
			assert_int_equal(row->bytes, 0);
			assert_int_equal(row->swap_bytes, 4096);
			assert_true(row->deleted);
		} else {
			assert_int_equal(row->ino, 1001);
		}
	}
	assert_int_equal(rows, 3);
	world__free(w);
}

/* ---- files that are gone ---- */

static void make_and_remove(struct world *w, uint32_t index, uint64_t pages, const char *folder)
{
	char components[64];
	int length = snprintf(components, sizeof(components), "f%u%c%s", index, 0, folder);

	world__file(w, index, TMPFS_DEV, 2, pages);
	world__name(w, index, components, (size_t)length + (folder[0] != '\0'));
	world__gone(w, index, 2, PROCESS_FOLLOWED);
}

static struct world *running(void)
{
	struct world *w = world__new(true, false);

	world__fork(w, 42, "job", PROCESS_FOLLOWED);
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job")->flags = PROCESS_FOLLOWED;
	return w;
}

static void gone_files_stay_listed_one_by_one(void **state)
{
	struct world *w = running();
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
	struct world *w = running();
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

static void one_odd_file_does_not_hide_the_common_size(void **state)
{
	struct world *w = running();
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

static void many_gone_memfds_are_called_something(void **state)
{
	struct world *w = running();
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

static void gone_files_of_others_are_not_kept(void **state)
{
	struct world *w = running();

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

/* ---- mounts ---- */

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
	w->mounts[0].used_bytes.value = 2 * PAGE; /* it shrank between the two looks */
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

/* ---- events of pages ---- */

static void pages_are_told_once_an_interval(void **state)
{
	struct world *w = world__new(false, true);
	const struct kept_event *told;

	(void)state;
	world__task(w, 42, 0, "x");
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__name(w, 1, "f", 2);
	world__file(w, 2, DISK_DEV, 2, 4);
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 2);
	told = find_event(w, EVENT_TMPFS, 42);
	assert_non_null(told);
	assert_string_equal(told->path, "/f");
	assert_int_equal(told->event.pages.added_bytes, 9 * PAGE);
	assert_int_equal(told->event.pages.removed_bytes, 0);
	assert_int_equal(told->event.pages.resident_bytes, 9 * PAGE);
	assert_int_equal(told->event.pages.count, 1);
	assert_int_equal(find_event(w, EVENT_CACHE, 42)->event.pages.added_bytes, 4 * PAGE);
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 0);
	w->files[1].added += 3;
	w->files[1].removed += 5;
	w->files[1].nrpages = 7;
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 1);
	assert_int_equal(w->events[0].event.pages.added_bytes, 3 * PAGE);
	assert_int_equal(w->events[0].event.pages.removed_bytes, 5 * PAGE);
	assert_int_equal(w->events[0].event.pages.resident_bytes, 7 * PAGE);
	/* its end tells what the last interval did not */
	w->files[1].added += 2;
	w->event_count = 0;
	world__gone(w, 1, 2, 0);
	assert_int_equal(w->event_count, 1);
	assert_int_equal(w->events[0].event.pages.added_bytes, 2 * PAGE);
	assert_int_equal(w->events[0].event.pages.removed_bytes, 9 * PAGE);
	assert_true(w->events[0].event.pages.deleted);
	world__free(w);
}

/* added_bytes of a process are its own, though another was the first owner */
static void a_further_owner_is_told_of_its_own_pages(void **state)
{
	struct world *w = world__new(false, true);
	const struct kept_event *told;

	(void)state;
	world__task(w, 42, 0, "first");
	world__task(w, 43, 0, "second");
	world__owner(w, 2, 42, "first");
	world__owner(w, 3, 43, "second");
	world__file(w, 1, TMPFS_DEV, 2, 10);
	world__read(w, SECOND);
	w->files[1].added = w->files[1].nrpages = 16;
	world__pair(w, 1, 3, 6, 6);
	world__share(w, 1, 10);
	world__read(w, SECOND);
	told = find_event(w, EVENT_TMPFS, 43);
	assert_non_null(told);
	assert_int_equal(told->event.pages.added_bytes, 6 * PAGE);
	told = find_event(w, EVENT_TMPFS, 42);
	assert_true(!told || told->event.pages.added_bytes == 0);
	world__free(w);
}

static void many_small_files_do_not_flood(void **state)
{
	struct world *w = world__new(false, true);
	uint64_t added = 0;

	(void)state;
	world__task(w, 42, 0, "x");
	world__owner(w, 2, 42, "x");
	for (uint32_t i = 1; i <= 100; i++)
		world__file(w, i, TMPFS_DEV, 2, 1);
	world__read(w, SECOND);
	assert_in_range(w->event_count, 20, 22);
	for (size_t i = 0; i < w->event_count; i++)
		added += w->events[i].event.pages.added_bytes;
	assert_int_equal(added, 100 * PAGE); /* the rest is summed up in one: nothing is lost */
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
		cmocka_unit_test(unknown_owners_are_left_out),
		cmocka_unit_test(shared_files_are_split_to_the_page),
		cmocka_unit_test(shares_of_nobody_stay_nobodys),
		cmocka_unit_test(shares_of_an_older_scale_count_less),
		cmocka_unit_test(swapped_out_bytes_keep_their_owners),
		cmocka_unit_test(pairs_that_mean_nothing_are_garbage),
		cmocka_unit_test(a_further_owner_is_no_garbage),
		cmocka_unit_test(none_of_very_many_owners_is_garbage),
		cmocka_unit_test(a_name_and_a_rename),
		cmocka_unit_test(a_slot_used_again_forgets_the_name),
		cmocka_unit_test(a_name_without_end_is_none),
		cmocka_unit_test(files_of_the_kernels_own_mount),
		cmocka_unit_test(names_follow_the_mounts),
		cmocka_unit_test(flags_and_sizes),
		cmocka_unit_test(holders),
		cmocka_unit_test(files_without_a_slot_are_exact_by_owner),
		cmocka_unit_test(system_v_segments_that_nobody_has_attached),
		cmocka_unit_test(gone_files_stay_listed_one_by_one),
		cmocka_unit_test(more_of_one_folder_are_one_row),
		cmocka_unit_test(one_odd_file_does_not_hide_the_common_size),
		cmocka_unit_test(many_gone_memfds_are_called_something),
		cmocka_unit_test(gone_files_of_others_are_not_kept),
		cmocka_unit_test(nothing_is_kept_without_being_asked),
		cmocka_unit_test(mounts),
		cmocka_unit_test(a_device_number_used_again_is_another_mount),
		cmocka_unit_test(pages_are_told_once_an_interval),
		cmocka_unit_test(a_further_owner_is_told_of_its_own_pages),
		cmocka_unit_test(many_small_files_do_not_flood),
		cmocka_unit_test(an_index_beyond_every_table),
	};

	return cmocka_run_group_tests_name("model_files", tests, NULL, NULL);
}
