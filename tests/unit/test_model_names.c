// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/* What a file is called, who holds it, and the files that have no slot. */
#include "fixture_model.h"

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

/* a reading is shown until the next one, while records come */
static void what_is_shown_stays_until_the_next_reading(void **state)
{
	struct world *w = world__new(false, false);
	struct record_exec exec = { .head = { .length = sizeof(exec), .type = RECORD_EXEC } };
	const struct snapshot *shown;

	(void)state;
	world__task(w, 42, 0, "x");
	w->cmdlines[0] = "x --before";
	w->reading.cmdlines = w->cmdlines;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__name(w, 1, "before", 7);
	shown = world__read(w, SECOND);
	world__name(w, 1, "after", 6);
	assert_string_equal(the_file(shown, 1)->path, "/before");
	exec.process = world__process(42, "y", 0);
	world__record(w, &exec);
	assert_string_equal(the_process(shown, 42)->cmdline, "x --before");
	w->cmdlines[0] = "y --after";
	shown = world__read(w, SECOND);
	assert_string_equal(the_file(shown, 1)->path, "/after");
	assert_string_equal(the_process(shown, 42)->cmdline, "y --after");
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

static void a_name_that_was_lost_stays_known(void **state)
{
	struct world *w = world__new(true, false);
	const struct snapshot_file *row;

	(void)state;
	world__owner(w, 2, 42, "job")->flags = PROCESS_FOLLOWED;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__name(w, 1, "f", 2);
	world__name(w, 1, "", 0); /* seen between its unlink and its end */
	assert_string_equal(the_file(world__read(w, SECOND), 1)->path, "/f");
	world__gone(w, 1, 2, PROCESS_FOLLOWED);
	row = the_file(world__read(w, SECOND), 1);
	assert_string_equal(row->path, "/f");
	assert_true(row->deleted);
	world__free(w);
}

/* a container's mount namespace is known by a process in it; its mount is that container's also when nobody is left */
static void whose_a_mount_is(void **state)
{
	struct world *w = world__new(false, false);
	struct cgroup_tree tree = {};
	struct reading_mount *mount = world__mount(w, "/dev/shm", TMPFS_DEV, 4 * PAGE, 9 * PAGE);
	const struct snapshot *snapshot;

	(void)state;
	assert_int_equal(cgroup__add(&tree, 5, "/", CGROUP_NO_NODE), 0);
	assert_int_equal(cgroup__add(&tree, 6, "/lxc.payload.web", 0), 1);
	w->reading.cgroups = &tree;
	world__task(w, 42, 0, "job")->process.cgroup = 6;
	mount->pid = 42;
	snapshot = world__read(w, SECOND);
	assert_null(snapshot->mounts[0].container); /* the root namespace is nobody's */
	mount->root_namespace = false;
	mount->namespace_id = 77;
	snapshot = world__read(w, SECOND);
	assert_string_equal(snapshot->mounts[0].container, "web");
	assert_string_equal(model__mount_container(w->model, TMPFS_DEV), "web");
	w->reading.task_count = 0;
	assert_string_equal(world__read(w, SECOND)->mounts[0].container, "web");
	mount->root_namespace = true;
	assert_null(world__read(w, SECOND)->mounts[0].container);
	assert_null(model__mount_container(w->model, TMPFS_DEV));
	world__free(w);
	cgroup__free_tree(&tree);
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

/* each IPC namespace begins to count anew */
static void a_system_v_segment_with_the_id_of_another_namespace(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;
	size_t rows = 0;

	(void)state;
	w->segments[0] = (struct reading_segment){ .id = 1001, .rss_bytes = 4 * PAGE, .size_bytes = 16 * PAGE };
	w->segments[1] = (struct reading_segment){ .id = 1002, .attached = 1, .rss_bytes = 3 * PAGE };
	w->reading.segment_count = 2;
	world__file(w, 1, SHM_DEV, 2, 9); /* the other's 1001 */
	world__name(w, 1, "SYSV00000000", 13);
	world__file(w, 2, SHM_DEV, 2, 2); /* ours: a page came since */
	world__name(w, 2, "SYSV00000000", 13);
	s = world__read(w, SECOND);
	for (size_t i = 0; i < s->file_count; i++)
		rows += s->files[i].ino != 1001 ? 10U : s->files[i].bytes == 4 * PAGE ? 2U : 1U;
	assert_int_equal(rows, 1 + 2 + 10);
	/* a segment's inode has no name; it is deleted where the segment is */
	w->files[2].flags |= FILE_DELETED;
	w->segments[1].size_bytes = w->files[2].size_bytes;
	s = world__read(w, SECOND);
	assert_false(the_file(s, 2)->deleted);
	w->segments[1].destroyed = true;
	assert_true(the_file(world__read(w, SECOND), 2)->deleted);
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
	w->segments[3] = (struct reading_segment){ .id = 1001, .rss_bytes = 9 * PAGE, .size_bytes = 9 * PAGE };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_and_a_rename),
		cmocka_unit_test(what_is_shown_stays_until_the_next_reading),
		cmocka_unit_test(a_slot_used_again_forgets_the_name),
		cmocka_unit_test(a_name_that_was_lost_stays_known),
		cmocka_unit_test(a_name_without_end_is_none),
		cmocka_unit_test(whose_a_mount_is),
		cmocka_unit_test(files_of_the_kernels_own_mount),
		cmocka_unit_test(names_follow_the_mounts),
		cmocka_unit_test(flags_and_sizes),
		cmocka_unit_test(holders),
		cmocka_unit_test(files_without_a_slot_are_exact_by_owner),
		cmocka_unit_test(system_v_segments_that_nobody_has_attached),
		cmocka_unit_test(a_system_v_segment_with_the_id_of_another_namespace),
	};

	return cmocka_run_group_tests_name("model_names", tests, NULL, NULL);
}
