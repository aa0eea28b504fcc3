// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_gone_rows model_touched model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy
/*
 * The model: who is who, who has ended, what is the rate and the sum of it.
 */
#include "fixture_model.h"

#include <sys/wait.h>

/* ---- identity ---- */

static void a_row_becomes_a_process(void **state)
{
	struct world *w = world__new(false, false);
	struct task_row *task = world__task(w, 42, 0, "a) R 1 (x");
	const struct snapshot_process *row;

	(void)state;
	task->process.uid = 1000;
	task->process.ppid = 7;
	task->anon_pages = 10;
	task->file_pages = 20;
	task->shmem_pages = 30;
	task->swap_pages = 40;
	task->page_table_bytes = 50;
	task->locked_pages = 60;
	task->virtual_pages = 70;
	task->peak_rss_pages = 80;
	w->cmdlines[0] = "sh -c x";
	w->reading.cmdlines = w->cmdlines;
	row = the_process(world__read(w, SECOND), 42);
	assert_string_equal(row->comm, "a) R 1 (x");
	assert_string_equal(row->cmdline, "sh -c x");
	assert_int_equal(row->ppid, 7);
	assert_int_equal(row->uid, 1000);
	assert_int_equal(row->start_time_ns, world__start(42) + BOOT_OFFSET);
	assert_int_equal(row->anon_bytes, 10 * PAGE);
	assert_int_equal(row->file_bytes, 20 * PAGE);
	assert_int_equal(row->shmem_bytes, 30 * PAGE);
	assert_int_equal(row->swap_bytes, 40 * PAGE);
	assert_int_equal(row->page_table_bytes, 50);
	assert_int_equal(row->locked_bytes, 60 * PAGE);
	assert_int_equal(row->virtual_bytes, 70 * PAGE);
	assert_int_equal(row->peak_rss_bytes, 80 * PAGE);
	assert_false(row->exited);
	assert_false(row->followed);
	world__free(w);
}

/* exec gives the new name first; until the new command line is there, /proc has none */
static void a_command_line_is_not_shown_with_another_name(void **state)
{
	struct world *w = world__new(false, false);
	struct task_row *task = world__task(w, 42, 0, "sh");

	(void)state;
	w->cmdlines[0] = "sh -c x";
	w->reading.cmdlines = w->cmdlines;
	world__read(w, SECOND);
	w->cmdlines[0] = NULL; /* as before */
	assert_string_equal(the_process(world__read(w, SECOND), 42)->cmdline, "sh -c x");
	strcpy(task->process.comm, "x");
	assert_null(the_process(world__read(w, SECOND), 42)->cmdline);
	w->cmdlines[0] = "x";
	assert_string_equal(the_process(world__read(w, SECOND), 42)->cmdline, "x");
	world__free(w);
}

static void a_name_of_sixteen_bytes_is_ended(void **state)
{
	struct world *w = world__new(false, false);
	struct task_row *task = world__task(w, 42, 0, "");

	(void)state;
	memset(task->process.comm, 'x', COMM_LENGTH);
	assert_int_equal(strlen(the_process(world__read(w, SECOND), 42)->comm), COMM_LENGTH - 1);
	world__free(w);
}

static void a_reused_pid_is_another_process(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;
	const struct snapshot_process *old, *new;

	(void)state;
	world__task(w, 42, 1000, "old")->anon_pages = 5;
	world__owner(w, 2, 42, "old")->start_ns = 1000;
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__read(w, SECOND);
	w->reading.task_count = 0;
	world__task(w, 42, 2000, "new")->anon_pages = 6;
	s = world__read(w, SECOND);
	old = find_process(s, 42, 1000);
	new = find_process(s, 42, 2000);
	assert_non_null(old);
	assert_non_null(new);
	assert_true(old->exited);
	assert_false(new->exited);
	assert_int_equal(old->tmpfs_bytes, 9 * PAGE);
	assert_int_equal(new->tmpfs_bytes, 0);
	assert_int_equal(new->anon_bytes, 6 * PAGE);
	assert_int_equal(old->anon_bytes, ABSENT);
	world__free(w);
}

static void kernel_threads_have_no_memory_of_their_own(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_process *row;

	(void)state;
	world__task(w, 2, 0, "kthreadd")->process.flags = PROCESS_KERNEL;
	row = the_process(world__read(w, SECOND), 2);
	assert_true(row->kernel);
	assert_int_equal(row->anon_bytes, ABSENT);
	assert_int_equal(row->peak_rss_bytes, ABSENT);
	world__free(w);
}

static void rows_are_sorted_by_pid_and_start(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		world__task(w, 1 + i * 7919 % 500, 0, "x");
	s = world__read(w, SECOND);
	assert_int_equal(s->process_count, 500);
	for (size_t i = 1; i < s->process_count; i++)
		assert_true(s->processes[i - 1].pid < s->processes[i].pid);
	world__free(w);
}

/* ---- ends ---- */

static void an_exit_record_ends_a_process(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_process *row;
	const struct kept_event *told;

	(void)state;
	world__task(w, 42, 0, "job")->anon_pages = 5;
	world__read(w, SECOND);
	world__exit(w, 42, "job", 0, 900, 3 << 8);
	told = find_event(w, EVENT_EXIT, 42);
	assert_non_null(told);
	assert_int_equal(told->event.exit.peak_rss_bytes, 900 * PAGE);
	assert_int_equal(WEXITSTATUS(told->event.exit.exit_code), 3);
	world__exit(w, 42, "job", 0, 900, 3 << 8); /* another thread says it too */
	assert_int_equal(count_events(w, EVENT_EXIT), 1);
	/* the iterator still had it: it was on its way out */
	row = the_process(world__read(w, SECOND), 42);
	assert_true(row->exited);
	assert_int_equal(row->peak_rss_bytes, 900 * PAGE);
	assert_int_equal(row->anon_bytes, ABSENT);
	assert_int_equal(row->exit_code, 3 << 8);
	world__free(w);
}

static void an_exit_waits_for_books_read_after_it(void **state)
{
	struct world *w = world__new(false, false);
	const struct kept_event *told;

	(void)state;
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job");
	world__file(w, 1, TMPFS_DEV, 2, 4);
	world__read(w, SECOND);
	w->reading.task_count = 0;
	w->owners[2].exit_ns = w->reading.boot_ns + SECOND;
	w->reading.boot_ns += SECOND; /* it ended while the books were read */
	world__exit(w, 42, "job", 0, 300, 0);
	w->reading.boot_ns -= SECOND;
	world__read(w, SECOND - 1);
	assert_null(find_event(w, EVENT_EXIT, 42));
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__read(w, 1);
	told = find_event(w, EVENT_EXIT, 42);
	assert_non_null(told);
	assert_int_equal(told->event.exit.tmpfs_left_bytes, 9 * PAGE);
	world__free(w);
}

/* it ended between the records and the books of one reading: its record comes with the next */
static void an_exit_that_the_books_knew_first_is_told(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job")->exit_ns = SECOND;
	world__file(w, 1, TMPFS_DEV, 2, 4);
	world__read(w, SECOND);
	w->reading.task_count = 0;
	world__exit(w, 42, "job", 0, 300, 3 << 8);
	world__read(w, SECOND);
	assert_non_null(find_event(w, EVENT_EXIT, 42));
	world__free(w);
}

static void a_short_one_is_known_from_its_records(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_process *row;

	(void)state;
	world__read(w, SECOND);
	world__fork(w, 42, "sh", 0);
	world__exit(w, 42, "true", 0, 300, 0);
	row = the_process(world__read(w, SECOND), 42);
	assert_true(row->exited);
	assert_string_equal(row->comm, "true");
	assert_int_equal(row->peak_rss_bytes, 300 * PAGE);
	world__free(w);
}

static void a_lost_exit_is_seen_by_absence(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__task(w, 42, 0, "job");
	world__read(w, SECOND);
	w->reading.task_count = 0;
	assert_true(the_process(world__read(w, SECOND), 42)->exited);
	/* owning nothing, it is forgotten after a while */
	assert_null(find_process(world__read(w, 10 * SECOND), 42, 0));
	world__free(w);
}

static void one_that_a_reading_missed_lives(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__task(w, 42, 0, "job")->anon_pages = 5;
	world__read(w, SECOND);
	w->reading.task_count = 0; /* /proc/42 could not be read, say */
	world__read(w, SECOND);
	w->reading.task_count = 1;
	assert_false(the_process(world__read(w, SECOND), 42)->exited);
	assert_int_equal(the_process(world__read(w, SECOND), 42)->anon_bytes, 5 * PAGE);
	world__free(w);
}

static void one_that_started_after_the_iterator_lives(void **state)
{
	struct world *w = world__new(false, false);
	struct record_fork fork = {
		.head = { RECORD_FORK, sizeof(fork), 1, 0 },
		.child = world__process(42, "sh", PROCESS_FOLLOWED),
	};

	(void)state;
	fork.child.start_ns = w->reading.boot_ns + SECOND + 5;
	world__record(w, &fork);
	assert_false(the_process(world__read(w, SECOND), 42)->exited);
	assert_true(model__followed_alive(w->model));
	assert_true(the_process(world__read(w, SECOND), 42)->exited);
	assert_false(model__followed_alive(w->model));
	world__free(w);
}

static void owners_outlive_their_exit(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_process *row;

	(void)state;
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job");
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__read(w, SECOND);
	w->reading.task_count = 0;
	w->owners[2].exit_ns = w->reading.boot_ns;
	world__exit(w, 42, "job", 0, 300, 0);
	row = the_process(world__read(w, 1000 * SECOND), 42);
	assert_true(row->exited);
	assert_int_equal(row->tmpfs_bytes, 9 * PAGE);
	assert_int_equal(model__garbage(w->model).owner_count, 0);
	/* the file goes: so does, in time, the owner */
	w->files[1].mapping = 0;
	world__read(w, SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 1);
	assert_int_equal(model__garbage(w->model).owners[0], 2);
	assert_int_equal(model__garbage(w->model).owner_keys[0].pid, 42);
	assert_int_equal(model__garbage(w->model).owner_keys[0].start_ns, world__start(42));
	memset(&w->owners[2], 0, sizeof(w->owners[2]));
	assert_null(find_process(world__read(w, 10 * SECOND), 42, 0));
	world__free(w);
}

static void a_living_owner_is_no_garbage(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	world__task(w, 42, 0, "job");
	world__owner(w, 2, 42, "job");
	world__read(w, 1000 * SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 0);
	/* one that ended just now may still bring pages in: writeback of what it began */
	w->owners[2].exit_ns = w->reading.boot_ns;
	world__read(w, SECOND / 10);
	assert_int_equal(model__garbage(w->model).owner_count, 0);
	world__read(w, 10 * SECOND);
	assert_int_equal(model__garbage(w->model).owner_count, 1);
	world__free(w);
}

/* vfork: the figures are those of /proc, the parent's; what it has after exec came then */
static void a_child_in_its_parents_memory(void **state)
{
	struct world *w = world__new(false, false);
	struct task_row *child = world__task(w, 43, 0, "x");
	const struct snapshot_process *row;

	(void)state;
	child->anon_pages = 1000;
	child->process.flags |= PROCESS_SHARES_MM;
	row = the_process(world__read(w, SECOND), 43);
	assert_true(row->shares_memory);
	assert_int_equal(row->anon_bytes, 1000 * PAGE);
	row = the_process(world__read(w, SECOND), 43);
	assert_true(isnan(row->resident_rate));
	child->anon_pages = 10;
	child->process.flags ^= PROCESS_SHARES_MM;
	row = the_process(world__read(w, SECOND), 43);
	assert_false(row->shares_memory);
	assert_int_equal(row->anon_bytes, 10 * PAGE);
	assert_true(row->resident_rate == 10.0 * PAGE);
	world__free(w);
}

/* ---- rates, the system ---- */

static void rates(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	world__task(w, 42, 0, "x")->anon_pages = 100;
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 10);
	world__file(w, 2, DISK_DEV, 2, 10);
	world__mount(w, "/t", TMPFS_DEV, 40960, 1 << 20);
	s = world__read(w, SECOND);
	assert_true(isnan(the_process(s, 42)->resident_rate));
	assert_true(isnan(the_process(s, 42)->tmpfs_rate));
	assert_true(isnan(the_file(s, 1)->rate));
	assert_true(isnan(s->mounts[0].used_rate));
	assert_true(s->interval_seconds == 0);
	w->tasks[0].anon_pages = 300;
	w->files[1].nrpages = 20;
	w->files[2].nrpages = 5;
	w->mounts[0].used_bytes.value = 81920;
	s = world__read(w, SECOND / 2);
	assert_true(s->interval_seconds == 0.5);
	assert_true(the_process(s, 42)->resident_rate == 400.0 * PAGE);
	assert_true(the_process(s, 42)->tmpfs_rate == 20.0 * PAGE);
	assert_true(the_process(s, 42)->cache_rate == -10.0 * PAGE);
	assert_true(the_file(s, 1)->rate == 20.0 * PAGE);
	assert_true(the_file(s, 2)->rate == -10.0 * PAGE);
	assert_true(s->mounts[0].used_rate == 81920.0);
	/* twice at one moment: no rate, and no division by nothing */
	s = world__read(w, 0);
	assert_true(isnan(the_process(s, 42)->resident_rate));
	world__free(w);
}

static void peaks_of_what_is_owned(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot_process *row;

	(void)state;
	world__task(w, 42, 0, "x");
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 10);
	world__file(w, 2, DISK_DEV, 2, 30);
	world__read(w, SECOND);
	w->files[1].nrpages = 4;
	w->files[2].nrpages = 50;
	row = the_process(world__read(w, SECOND), 42);
	assert_int_equal(row->tmpfs_bytes, 4 * PAGE);
	assert_int_equal(row->peak_tmpfs_bytes, 10 * PAGE);
	assert_int_equal(row->peak_cache_bytes, 50 * PAGE);
	world__free(w);
}

static void without_tracing_nothing_is_said_of_owners(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	w->reading.tracing = false;
	w->reading.file_slots = w->reading.owner_slots = 0;
	w->reading.files = NULL;
	w->reading.owners = NULL;
	world__task(w, 42, 0, "x");
	world__mount(w, "/t", TMPFS_DEV, 40960, 1 << 20);
	s = world__read(w, SECOND);
	assert_int_equal(the_process(s, 42)->tmpfs_bytes, ABSENT);
	assert_int_equal(the_process(s, 42)->cache_bytes, ABSENT);
	assert_int_equal(s->mounts[0].unattributed_bytes, ABSENT);
	assert_false(s->tracing);
	world__free(w);
}

static void the_system(void **state)
{
	struct world *w = world__new(false, false);
	struct sysmem system = { .total_bytes = 1000, .excess_bytes = 0 };
	const struct snapshot_system *out;

	(void)state;
	for (size_t i = 0; i < SYSMEM_PARTS; i++)
		system.parts[i] = (struct sysmem_part){ .name = "part", .has = i % 2 == 1, .bytes = i };
	system.excess_bytes = 100;
	system.available_bytes = (struct parse_figure){ true, 500 };
	w->reading.system = &system;
	world__task(w, 42, 0, "x");
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 10);
	world__file(w, 2, DISK_DEV, 2, 30);
	world__file(w, 3, DISK_DEV, OWNER_UNKNOWN, 5);
	out = &world__read(w, SECOND)->system;
	assert_int_equal(out->total_bytes, 1000);
	assert_int_equal(out->available_bytes, 500);
	assert_int_equal(out->swap_free_bytes, ABSENT);
	assert_int_equal(out->part_count, SYSMEM_PARTS / 2);
	assert_int_equal(out->parts[out->part_count - 1].bytes, (int64_t)SYSMEM_UNATTRIBUTED - 100);
	assert_int_equal(out->cache_owned_bytes, 30 * PAGE);
	assert_int_equal(out->tmpfs_owned_bytes, 10 * PAGE);
	world__free(w);
}

static void the_same_input_gives_the_same_output(void **state)
{
	struct world *w[2] = { world__new(true, true), world__new(true, true) };
	const struct snapshot *s[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		world__task(w[i], 42, 0, "x")->anon_pages = 3;
		world__owner(w[i], 2, 42, "x");
		world__owner(w[i], 3, 43, "y");
		world__file(w[i], 1, TMPFS_DEV, 2, 7);
		world__pair(w[i], 1, 3, 5, 3);
		world__share(w[i], 1, 4);
		s[i] = world__read(w[i], SECOND);
	}
	assert_int_equal(s[0]->process_count, s[1]->process_count);
	assert_int_equal(the_process(s[0], 42)->tmpfs_bytes, the_process(s[1], 42)->tmpfs_bytes);
	assert_int_equal(the_process(s[0], 43)->tmpfs_bytes, the_process(s[1], 43)->tmpfs_bytes);
	assert_int_equal(w[0]->event_count, w[1]->event_count);
	world__free(w[0]);
	world__free(w[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_a_process),
		cmocka_unit_test(a_name_of_sixteen_bytes_is_ended),
		cmocka_unit_test(a_command_line_is_not_shown_with_another_name),
		cmocka_unit_test(a_reused_pid_is_another_process),
		cmocka_unit_test(kernel_threads_have_no_memory_of_their_own),
		cmocka_unit_test(rows_are_sorted_by_pid_and_start),
		cmocka_unit_test(an_exit_record_ends_a_process),
		cmocka_unit_test(an_exit_waits_for_books_read_after_it),
		cmocka_unit_test(an_exit_that_the_books_knew_first_is_told),
		cmocka_unit_test(a_short_one_is_known_from_its_records),
		cmocka_unit_test(a_lost_exit_is_seen_by_absence),
		cmocka_unit_test(one_that_a_reading_missed_lives),
		cmocka_unit_test(one_that_started_after_the_iterator_lives),
		cmocka_unit_test(owners_outlive_their_exit),
		cmocka_unit_test(a_living_owner_is_no_garbage),
		cmocka_unit_test(a_child_in_its_parents_memory),
		cmocka_unit_test(rates),
		cmocka_unit_test(peaks_of_what_is_owned),
		cmocka_unit_test(without_tracing_nothing_is_said_of_owners),
		cmocka_unit_test(the_system),
		cmocka_unit_test(the_same_input_gives_the_same_output),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
