// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/* The events of pages: who brought what in, and lost it, in an interval. */
#include "fixture_model.h"

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
	/* its end tells what the last interval did not, at the next reading */
	w->files[1].added += 2;
	world__gone(w, 1, 2, 0);
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 1);
	assert_int_equal(w->events[0].event.pages.added_bytes, 2 * PAGE);
	assert_int_equal(w->events[0].event.pages.removed_bytes, 9 * PAGE);
	assert_true(w->events[0].event.pages.deleted);
	world__free(w);
}

/* a file with so many pages of the first of two owners, 42 and 43 */
static struct world *world_of_two(uint64_t pages)
{
	struct world *w = world__new(false, true);

	world__task(w, 42, 0, "first");
	world__task(w, 43, 0, "second");
	world__owner(w, 2, 42, "first");
	world__owner(w, 3, 43, "second");
	world__file(w, 1, TMPFS_DEV, 2, pages);
	world__read(w, SECOND);
	return w;
}

/* added_bytes of a process are its own, though another was the first owner */
static void a_further_owner_is_told_of_its_own_pages(void **state)
{
	struct world *w = world_of_two(10);
	const struct kept_event *told;

	(void)state;
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

/* of one process, of all that the last reading told */
static void assert_told(const struct world *w, uint32_t pid, uint64_t added, uint64_t removed)
{
	uint64_t has_added = 0, has_removed = 0;

	for (size_t i = 0; i < w->event_count; i++) {
		if (w->events[i].event.pid != pid)
			continue;
		has_added += w->events[i].event.pages.added_bytes;
		has_removed += w->events[i].event.pages.removed_bytes;
	}
	assert_int_equal(has_added, added * PAGE);
	assert_int_equal(has_removed, removed * PAGE);
}

/* 2 pages of 42's and 6 of 43's, both told */
static struct world *shared_world(void)
{
	struct world *w = world_of_two(2);

	assert_told(w, 42, 2, 0);
	w->files[1].added = w->files[1].nrpages = 8;
	world__pair(w, 1, 3, 6, 6);
	world__share(w, 1, 2);
	world__read(w, SECOND);
	assert_told(w, 42, 0, 0);
	assert_told(w, 43, 6, 0);
	return w;
}

static void what_a_shared_file_loses_is_told_of_each(void **state)
{
	struct world *w = shared_world();

	(void)state;
	w->files[1].removed = w->files[1].nrpages = 4;
	world__read(w, SECOND);
	assert_told(w, 42, 0, 1);
	assert_told(w, 43, 0, 3);
	/* more comes and goes in one interval: of 5 of 43's and the 4 that were left, 6 go */
	w->files[1].added += 5;
	w->files[1].removed += 6;
	w->files[1].nrpages = 3;
	w->pairs[0].pair.added += 5;
	world__read(w, SECOND);
	assert_told(w, 42, 0, 0);
	assert_told(w, 43, 5, 6);
	world__free(w);
}

static void a_shared_file_that_is_gone_is_told_of_each(void **state)
{
	struct world *w = shared_world();

	(void)state;
	w->files[1].added += 4;
	w->pairs[0].pair.added += 3;
	world__gone(w, 1, 2, 0);
	world__read(w, SECOND);
	assert_told(w, 42, 1, 3);
	assert_told(w, 43, 3, 9);
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 0);
	world__free(w);
}

/* the kernel side forgets the pairs of a file as soon as a reading found it gone */
static void its_record_may_come_a_reading_later(void **state)
{
	struct world *w = shared_world();

	(void)state;
	w->files[1].mapping = 0;
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 0);
	w->reading.pair_count = 0;
	world__gone(w, 1, 2, 0);
	world__read(w, SECOND);
	assert_told(w, 42, 0, 2);
	assert_told(w, 43, 0, 6);
	world__free(w);
}

static void a_file_that_was_emptied_and_filled_by_another_is_told_of_both(void **state)
{
	struct world *w = world_of_two(10);

	(void)state;
	/* 42 adds 3, all 13 go, 43 adds 7 and loses 1 */
	w->files[1].owner = 3;
	w->files[1].credited = 13;
	w->files[1].added = 20;
	w->files[1].removed = 14;
	w->files[1].nrpages = 6;
	world__read(w, SECOND);
	assert_told(w, 42, 3, 13);
	assert_told(w, 43, 7, 1);
	world__free(w);
}

static void a_gone_file_is_told_with_its_mount_and_the_name_its_owner_has_now(void **state)
{
	struct world *w = world__new(false, true);
	struct task_row *task = world__task(w, 42, 0, "before");

	(void)state;
	world__mount(w, "/m", TMPFS_DEV, 0, 0);
	world__owner(w, 2, 42, "before");
	world__read(w, SECOND);
	world__file(w, 1, TMPFS_DEV, 2, 4);
	world__name(w, 1, "f", 2);
	world__gone(w, 1, 2, 0);
	memcpy(task->process.comm, "after", sizeof("after"));
	world__read(w, SECOND);
	assert_int_equal(w->event_count, 1);
	assert_string_equal(w->events[0].event.pages.mount, "/m");
	assert_string_equal(w->events[0].path, "/f");
	assert_string_equal(w->events[0].comm, "after");
	world__free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_told_once_an_interval),
		cmocka_unit_test(a_further_owner_is_told_of_its_own_pages),
		cmocka_unit_test(what_a_shared_file_loses_is_told_of_each),
		cmocka_unit_test(a_shared_file_that_is_gone_is_told_of_each),
		cmocka_unit_test(its_record_may_come_a_reading_later),
		cmocka_unit_test(a_file_that_was_emptied_and_filled_by_another_is_told_of_both),
		cmocka_unit_test(a_gone_file_is_told_with_its_mount_and_the_name_its_owner_has_now),
		cmocka_unit_test(many_small_files_do_not_flood),
	};

	return cmocka_run_group_tests_name("model_pages", tests, NULL, NULL);
}
