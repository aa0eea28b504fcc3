// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_files model_gone model_names model_cgroups model_processes decode mounts mountview overlay container cgroup parse names
/*
 * The model without its files (see test_model_files.c): who is who, who has ended, what records
 * mean, what is lost, cgroups, rates.
 */
#include "fixture_model.h"

#include <sys/wait.h>

#include "cgroup.h"

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

/* ---- records ---- */

static void followed_ones_are_counted_once(void **state)
{
	struct world *w = world__new(true, false);

	(void)state;
	world__fork(w, 42, "sh", PROCESS_FOLLOWED);
	world__fork(w, 43, "sh", PROCESS_FOLLOWED);
	world__task(w, 42, 0, "sh")->process.flags |= PROCESS_FOLLOWED;
	world__task(w, 44, 0, "other");
	world__read(w, SECOND);
	assert_int_equal(model__followed(w->model), 2);
	world__exit(w, 43, "sh", PROCESS_FOLLOWED, 1, 0);
	world__exit(w, 42, "sh", PROCESS_FOLLOWED, 1, 0);
	assert_int_equal(model__followed(w->model), 2);
	assert_false(model__followed_alive(w->model));
	world__free(w);
}

/* its fork, exec and exit records were lost, but it brought pages in */
static void one_that_only_the_books_know_is_counted(void **state)
{
	struct world *w = world__new(true, false);

	(void)state;
	world__owner(w, 2, 42, "lost")->flags = PROCESS_FOLLOWED;
	w->owners[2].exit_ns = w->reading.boot_ns;
	world__file(w, 1, TMPFS_DEV, 2, 1);
	world__read(w, SECOND);
	assert_int_equal(model__followed(w->model), 1);
	world__free(w);
}

static void what_is_followed_stays_listed(void **state)
{
	struct world *w = world__new(true, false);

	(void)state;
	world__fork(w, 42, "ours", PROCESS_FOLLOWED);
	world__exit(w, 42, "ours", PROCESS_FOLLOWED, 7, 9);
	world__fork(w, 43, "other", 0);
	world__exit(w, 43, "other", 0, 7, 0);
	world__read(w, SECOND);
	assert_null(find_process(world__read(w, 100 * SECOND), 43, 0));
	assert_int_equal(the_process(world__read(w, 100 * SECOND), 42)->exit_code, 9);
	world__free(w);
}

static void exec_is_told_and_forgets_the_command_line(void **state)
{
	struct world *w = world__new(false, false);
	struct record_exec exec = {
		.head = { RECORD_EXEC, sizeof(exec), 42, 5 * SECOND },
		.process = world__process(42, "python3", 0),
		.path = "/usr/bin/python3",
	};
	const struct kept_event *told;

	(void)state;
	world__task(w, 42, 0, "sh");
	w->cmdlines[0] = "sh";
	w->reading.cmdlines = w->cmdlines;
	world__read(w, SECOND);
	w->event_count = 0;
	world__record(w, &exec);
	told = find_event(w, EVENT_EXEC, 42);
	assert_non_null(told);
	assert_string_equal(told->path, "/usr/bin/python3");
	assert_string_equal(told->comm, "python3");
	assert_int_equal(told->event.time_ns, 5 * SECOND + BOOT_OFFSET);
	w->reading.cmdlines = NULL;
	assert_null(the_process(world__read(w, SECOND), 42)->cmdline);
	world__free(w);
}

static void mappings(void **state)
{
	static const struct {
		uint8_t op, kind;
		enum event_type type;
		const char *name;
	} cases[] = {
		{ MAP_OP_MMAP, MAP_KIND_ANON, EVENT_MMAP, "anon" },
		{ MAP_OP_MMAP, MAP_KIND_FILE, EVENT_MMAP, "file" },
		{ MAP_OP_MUNMAP, MAP_KIND_NONE, EVENT_MUNMAP, NULL },
		{ MAP_OP_BRK, MAP_KIND_HEAP, EVENT_BRK, "heap" },
		{ MAP_OP_MREMAP, MAP_KIND_SHMEM, EVENT_MREMAP, "shmem" },
		{ MAP_OP_MMAP, 200, EVENT_MMAP, NULL },
	};
	struct world *w = world__new(false, false);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct record_map record = {
			.head = { RECORD_MAP, sizeof(record), 43, SECOND },
			.process = world__process(42, "x", 0),
			.address = 0x7f0000000000,
			.length_bytes = 1 << 20,
			.change_bytes = -5,
			.op = cases[i].op,
			.kind = cases[i].kind,
			.path_length = 2,
			.path = "f",
		};
		const struct kept_event *told = &w->events[0];

		w->event_count = 0;
		world__record(w, &record);
		assert_int_equal(w->event_count, 1);
		assert_int_equal(told->event.type, cases[i].type);
		assert_int_equal(told->event.tid, 43);
		assert_int_equal(told->event.map.length_bytes, 1 << 20);
		assert_int_equal(told->event.map.change_bytes, -5);
		assert_string_equal(told->path, "f");
		assert_true(!told->event.map.kind == !cases[i].name);
		if (cases[i].name)
			assert_string_equal(told->event.map.kind, cases[i].name);
	}
	world__free(w);
}

static void hostile_mappings_are_not_told(void **state)
{
	struct world *w = world__new(false, false);
	struct record_map record = {
		.head = { RECORD_MAP, sizeof(record), 43, SECOND },
		.process = world__process(42, "x", 0),
	};

	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		record.op = (uint8_t)op;
		if (op < MAP_OP_MMAP || op > MAP_OP_MREMAP)
			world__record(w, &record);
	}
	assert_int_equal(w->event_count, 0);
	record.op = MAP_OP_MMAP; /* the path has no end: the mapping is told without it */
	record.path_length = MAPPED_PATH_BYTES;
	memset(record.path, 'x', sizeof(record.path));
	world__record(w, &record);
	assert_int_equal(w->event_count, 1);
	assert_null(w->events[0].event.map.path);
	world__free(w);
}

static void an_oom_kill_with_figures(void **state)
{
	struct world *w = world__new(false, false);
	struct record_oom record = {
		.head = { RECORD_OOM, sizeof(record), 9, SECOND },
		.victim = world__process(42, "victim", PROCESS_FOLLOWED),
		.anon_pages = 100,
		.page_table_bytes = 8192,
		.oom_score_adj = -17,
		.flags = OOM_HAS_RSS,
		.trigger_pid = 9,
		.trigger_comm = "greedy",
	};
	const struct kept_event *told = &w->events[0];

	(void)state;
	world__record(w, &record);
	assert_int_equal(told->event.type, EVENT_OOM);
	assert_int_equal(told->event.pid, 42);
	assert_int_equal(told->event.oom.anon_bytes, 100 * PAGE);
	assert_int_equal(told->event.oom.file_bytes, 0);
	assert_int_equal(told->event.oom.page_table_bytes, 8192);
	assert_int_equal(told->event.oom.oom_score_adj, -17);
	assert_int_equal(model__oom_kills(w->model, false), 1);
	assert_int_equal(model__oom_kills(w->model, true), 1);
	world__free(w);
}

/* old kernels tell the pid only: what is known of it is told, the rest is absent */
static void an_oom_kill_with_a_pid_only(void **state)
{
	struct world *w = world__new(false, false);
	struct record_oom record = {
		.head = { RECORD_OOM, sizeof(record), 9, SECOND },
		.victim = { .pid = 42 },
	};
	const struct kept_event *told = &w->events[0];

	(void)state;
	record.victim.pid = 77;
	world__record(w, &record);
	assert_int_equal(told->event.pid, 77);
	assert_int_equal(told->event.oom.anon_bytes, ABSENT);
	world__task(w, 42, 0, "victim")->anon_pages = 5;
	world__read(w, SECOND);
	record.victim.pid = 42;
	w->event_count = 0;
	world__record(w, &record);
	assert_string_equal(told->comm, "victim");
	assert_int_equal(told->event.oom.anon_bytes, 5 * PAGE);
	assert_int_equal(told->event.oom.swap_bytes, ABSENT);
	assert_int_equal(model__oom_kills(w->model, false), 2);
	assert_int_equal(model__oom_kills(w->model, true), 0);
	world__free(w);
}

static void unknown_records_are_nothing(void **state)
{
	struct world *w = world__new(false, false);
	struct record record = { .type = 200, .length = sizeof(record) };

	(void)state;
	world__record(w, &record);
	record.type = RECORD_FULL;
	world__record(w, &record);
	assert_int_equal(w->event_count, 0);
	world__free(w);
}

/* ---- losses ---- */

static void losses_are_told_once_and_stay_listed(void **state)
{
	struct world *w = world__new(false, false);
	const struct snapshot *s;

	(void)state;
	s = world__read(w, SECOND);
	assert_int_equal(s->loss_count, 0);
	assert_int_equal(w->event_count, 0);
	w->reading.losses[RECORD_MAP] = 5;
	w->reading.losses[LOSS_PAIR] = 2;
	w->reading.odd_records = 1;
	s = world__read(w, SECOND);
	assert_int_equal(s->loss_count, 3);
	assert_string_equal(s->lost[0].kind, "records_mapping");
	assert_int_equal(s->lost[0].count, 5);
	assert_string_equal(s->lost[1].kind, "pages_without_further_owner");
	assert_string_equal(s->lost[2].kind, "records_odd");
	assert_int_equal(count_events(w, EVENT_LOST), 3);
	s = world__read(w, SECOND);
	assert_int_equal(s->loss_count, 3);
	assert_int_equal(w->event_count, 0);
	w->reading.losses[RECORD_MAP] = 12;
	s = world__read(w, SECOND);
	assert_int_equal(s->lost[0].count, 12);
	assert_int_equal(w->event_count, 1);
	assert_string_equal(w->events[0].kind, "records_mapping");
	assert_int_equal(w->events[0].event.lost.count, 7);
	world__free(w);
}

static void every_loss_has_a_name(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	for (size_t kind = 1; kind < LOSSES; kind++)
		w->reading.losses[kind] = kind;
	w->reading.odd_records = 1;
	assert_int_equal(world__read(w, SECOND)->loss_count, LOSSES);
	world__free(w);
}

/* ---- cgroups ---- */

static void set(struct parse_figure *figure, uint64_t value)
{
	*figure = (struct parse_figure){ true, value };
}

static const struct snapshot_cgroup *the_cgroup(const struct snapshot *s, uint64_t id)
{
	for (size_t i = 0; i < s->cgroup_count; i++)
		if (s->cgroups[i].id == id)
			return &s->cgroups[i];
	fail_msg("cgroup %u is not in the snapshot", (unsigned)id);
	return NULL;
}

#define POD "/kubepods/burstable/pod8a7b1c2d-1111-2222-3333-444455556666/" \
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void cgroups_and_their_tightest_limit(void **state)
{
	struct world *w = world__new(false, false);
	struct cgroup_tree tree = { .version = 2 };
	const struct snapshot_cgroup *row;
	const struct snapshot *s;

	(void)state;
	assert_int_equal(cgroup__add(&tree, 1, "/", CGROUP_NO_NODE), 0);
	assert_int_equal(cgroup__add(&tree, 2, "/a", 0), 1);
	assert_int_equal(cgroup__add(&tree, 3, "/a/b", 1), 2);
	assert_int_equal(cgroup__add(&tree, 4, POD, 0), 3);
	cgroup__index(&tree);
	for (size_t i = 1; i < tree.count; i++)
		tree.nodes[i].charges_parent = true;
	set(&tree.nodes[1].figures.usage_bytes, 900);
	set(&tree.nodes[1].figures.limit_bytes, 1000);
	set(&tree.nodes[2].figures.usage_bytes, 100);
	set(&tree.nodes[2].figures.limit_bytes, 500);
	set(&tree.nodes[2].figures.peak_bytes, 300);
	set(&tree.nodes[3].figures.usage_bytes, 7);
	w->reading.cgroups = &tree;
	world__task(w, 42, 0, "x")->process.cgroup = 4;
	s = world__read(w, SECOND);
	assert_int_equal(s->cgroup_count, 4);
	row = the_cgroup(s, 3);
	assert_string_equal(row->path, "/a/b");
	assert_int_equal(row->version, 2);
	assert_int_equal(row->usage_bytes, 100);
	assert_int_equal(row->peak_bytes, 300);
	assert_int_equal(row->high_bytes, ABSENT);
	assert_string_equal(row->tightest_path, "/a"); /* 100 left there, 400 in its own */
	assert_int_equal(row->tightest_limit_bytes, 1000);
	assert_int_equal(row->tightest_room_bytes, 100);
	row = the_cgroup(s, 4);
	assert_null(row->tightest_path);
	assert_int_equal(row->tightest_room_bytes, ABSENT);
	assert_string_equal(row->container, "0123456789ab");
	assert_string_equal(the_process(s, 42)->cgroup, POD);
	assert_string_equal(the_process(s, 42)->container, "0123456789ab");
	assert_true(isnan(row->usage_rate));
	set(&tree.nodes[3].figures.usage_bytes, 27);
	assert_true(the_cgroup(world__read(w, 2 * SECOND), 4)->usage_rate == 10.0);
	cgroup__free_tree(&tree);
	world__free(w);
}

static void a_removed_cgroup_keeps_its_name_for_those_who_were_in_it(void **state)
{
	struct world *w = world__new(false, false);
	struct cgroup_tree tree = { .version = 2 }, without = { .version = 2 };
	const struct snapshot *s;

	(void)state;
	assert_int_equal(cgroup__add(&tree, 1, "/", CGROUP_NO_NODE), 0);
	assert_int_equal(cgroup__add(&tree, 2, "/gone", 0), 1);
	cgroup__index(&tree);
	assert_int_equal(cgroup__add(&without, 1, "/", CGROUP_NO_NODE), 0);
	cgroup__index(&without);
	w->reading.cgroups = &tree;
	world__task(w, 42, 0, "x")->process.cgroup = 2;
	world__owner(w, 2, 42, "x");
	world__file(w, 1, TMPFS_DEV, 2, 9);
	world__read(w, SECOND);
	w->reading.cgroups = &without;
	w->reading.task_count = 0;
	s = world__read(w, SECOND);
	assert_int_equal(s->cgroup_count, 1);
	assert_string_equal(the_process(s, 42)->cgroup, "/gone");
	assert_string_equal(the_process(world__read(w, 60 * SECOND), 42)->cgroup, "/gone");
	cgroup__free_tree(&tree);
	cgroup__free_tree(&without);
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
	set(&system.available_bytes, 500);
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
		cmocka_unit_test(a_reused_pid_is_another_process),
		cmocka_unit_test(kernel_threads_have_no_memory_of_their_own),
		cmocka_unit_test(rows_are_sorted_by_pid_and_start),
		cmocka_unit_test(an_exit_record_ends_a_process),
		cmocka_unit_test(a_short_one_is_known_from_its_records),
		cmocka_unit_test(a_lost_exit_is_seen_by_absence),
		cmocka_unit_test(one_that_a_reading_missed_lives),
		cmocka_unit_test(one_that_started_after_the_iterator_lives),
		cmocka_unit_test(owners_outlive_their_exit),
		cmocka_unit_test(a_living_owner_is_no_garbage),
		cmocka_unit_test(followed_ones_are_counted_once),
		cmocka_unit_test(one_that_only_the_books_know_is_counted),
		cmocka_unit_test(what_is_followed_stays_listed),
		cmocka_unit_test(exec_is_told_and_forgets_the_command_line),
		cmocka_unit_test(mappings),
		cmocka_unit_test(hostile_mappings_are_not_told),
		cmocka_unit_test(an_oom_kill_with_figures),
		cmocka_unit_test(an_oom_kill_with_a_pid_only),
		cmocka_unit_test(unknown_records_are_nothing),
		cmocka_unit_test(losses_are_told_once_and_stay_listed),
		cmocka_unit_test(every_loss_has_a_name),
		cmocka_unit_test(cgroups_and_their_tightest_limit),
		cmocka_unit_test(a_removed_cgroup_keeps_its_name_for_those_who_were_in_it),
		cmocka_unit_test(rates),
		cmocka_unit_test(peaks_of_what_is_owned),
		cmocka_unit_test(without_tracing_nothing_is_said_of_owners),
		cmocka_unit_test(the_system),
		cmocka_unit_test(the_same_input_gives_the_same_output),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
