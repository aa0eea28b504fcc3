// SPDX-License-Identifier: GPL-2.0-only
// needs: model model_records model_files model_owners model_mounts model_pages model_gone model_names model_cgroups model_containers model_processes decode mounts mountview overlay container cgroup parse names snapshot_copy metrics metrics_rows unit bag tally escape out model_gone_rows model_touched
/* What the model makes of records, of losses, and of cgroups. */
#include "fixture_model.h"

#include "cgroup.h"
#include "metrics.h"

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

static const struct kept_event *exec_then_exit(struct world *w, uint64_t exec_ns, uint64_t peak_pages)
{
	struct record_exec exec = {
		.head = { RECORD_EXEC, sizeof(exec), 42, exec_ns },
		.process = world__process(42, "true", 0),
		.path = "/bin/true",
	};

	world__record(w, &exec);
	world__read(w, SECOND);
	world__exit(w, 42, "true", 0, peak_pages, 0);
	return find_event(w, EVENT_EXIT, 42);
}

/* what it was before, and what its row said that was read before the exec, is another program's */
static void exec_starts_the_peak_again(void **state)
{
	struct world *w;

	(void)state;
	for (uint64_t known = 0; known < 2; known++) {
		w = world__new(false, false);
		world__task(w, 42, 0, "python3")->peak_rss_pages = 900;
		world__read(w, SECOND);
		assert_int_equal(
			exec_then_exit(w, w->reading.boot_ns + 2 * SECOND, known * 3)->event.exit.peak_rss_bytes,
			known ? 3 * PAGE : ABSENT);
		assert_int_equal(the_process(world__read(w, SECOND), 42)->peak_rss_bytes, known ? 3 * PAGE : ABSENT);
		world__free(w);
	}
	/* read after it: that is known, also where the exit cannot tell */
	w = world__new(false, false);
	world__task(w, 42, 0, "true")->peak_rss_pages = 4;
	assert_int_equal(exec_then_exit(w, w->reading.boot_ns, 0)->event.exit.peak_rss_bytes, 4 * PAGE);
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
	w->reading.dropped_output = 3;
	w->reading.skipped_events = 4;
	s = world__read(w, SECOND);
	assert_int_equal(s->loss_count, 5);
	assert_string_equal(s->lost[0].kind, "records_mapping");
	assert_int_equal(s->lost[0].count, 5);
	assert_string_equal(s->lost[1].kind, "pages_without_further_owner");
	assert_string_equal(s->lost[2].kind, "records_odd");
	assert_string_equal(s->lost[3].kind, "output_dropped");
	assert_int_equal(s->lost[3].count, 3);
	assert_string_equal(s->lost[4].kind, "events_skipped");
	assert_int_equal(s->lost[4].count, 4);
	assert_int_equal(count_events(w, EVENT_LOST), 5);
	s = world__read(w, SECOND);
	assert_int_equal(s->loss_count, 5);
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
	w->reading.odd_records = w->reading.dropped_output = w->reading.skipped_events = 1;
	assert_int_equal(world__read(w, SECOND)->loss_count, LOSS_KINDS - 1);
	world__free(w);
}

static size_t series_of_losses(const struct snapshot *snapshot, const char *sample)
{
	struct metrics_input input = { .snapshot = snapshot, .max_series = 1000 };
	struct tally *tally;
	char *text = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(tally__open(&tally, 0), 0);
	input.tally = tally;
	assert_int_equal(metrics__write(out, &input, METRICS_TEXT), 0);
	fclose(out);
	tally__close(tally);
	for (const char *at = text; (at = strstr(at, "pagetide_events_lost_total{")); at++)
		count++;
	if (!strstr(text, sample))
		fail_msg("no %s in\n%s", sample, text);
	free(text);
	return count;
}

/* a corrected page has a metric of its own */
static void every_loss_has_a_series_before_the_first(void **state)
{
	struct world *w = world__new(false, false);

	(void)state;
	assert_int_equal(series_of_losses(world__read(w, SECOND), "{kind=\"records_odd\"} 0\n"), LOSS_KINDS - 2);
	for (size_t kind = 1; kind < LOSSES; kind++)
		w->reading.losses[kind] = kind;
	w->reading.odd_records = w->reading.dropped_output = w->reading.skipped_events = 1;
	assert_int_equal(series_of_losses(world__read(w, SECOND), "{kind=\"records_odd\"} 1\n"), LOSS_KINDS - 2);
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

#define POD                                                            \
	"/kubepods/burstable/pod8a7b1c2d-1111-2222-3333-444455556666/" \
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
	assert_string_equal(row->in->cgroup, POD);
	assert_true(isnan(row->usage_rate));
	set(&tree.nodes[3].figures.usage_bytes, 27);
	assert_true(the_cgroup(world__read(w, 2 * SECOND), 4)->usage_rate == 10.0);
	cgroup__free_tree(&tree);
	world__free(w);
}

/* one within another of the same name is another one; a cgroup within it is not */
static void containers_in_containers(void **state)
{
	struct world *w = world__new(false, false);
	struct cgroup_tree tree = { .version = 2 };
	const struct snapshot *s;

	(void)state;
	assert_int_equal(cgroup__add(&tree, 1, "/", CGROUP_NO_NODE), 0);
	assert_int_equal(cgroup__add(&tree, 2, "/lxc/db", 0), 1);
	assert_int_equal(cgroup__add(&tree, 3, "/lxc/db/lxc", 1), 2);
	assert_int_equal(cgroup__add(&tree, 4, "/lxc/db/lxc/db", 2), 3);
	cgroup__index(&tree);
	w->reading.cgroups = &tree;
	s = world__read(w, SECOND);
	assert_false(the_cgroup(s, 2)->inner);
	assert_true(the_cgroup(s, 3)->inner);
	assert_false(the_cgroup(s, 4)->inner);
	assert_string_equal(the_cgroup(s, 4)->container, "db");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(followed_ones_are_counted_once),
		cmocka_unit_test(one_that_only_the_books_know_is_counted),
		cmocka_unit_test(what_is_followed_stays_listed),
		cmocka_unit_test(exec_is_told_and_forgets_the_command_line),
		cmocka_unit_test(exec_starts_the_peak_again),
		cmocka_unit_test(mappings),
		cmocka_unit_test(hostile_mappings_are_not_told),
		cmocka_unit_test(an_oom_kill_with_figures),
		cmocka_unit_test(an_oom_kill_with_a_pid_only),
		cmocka_unit_test(unknown_records_are_nothing),
		cmocka_unit_test(losses_are_told_once_and_stay_listed),
		cmocka_unit_test(every_loss_has_a_name),
		cmocka_unit_test(every_loss_has_a_series_before_the_first),
		cmocka_unit_test(cgroups_and_their_tightest_limit),
		cmocka_unit_test(containers_in_containers),
		cmocka_unit_test(a_removed_cgroup_keeps_its_name_for_those_who_were_in_it),
	};

	return cmocka_run_group_tests_name("model_records", tests, NULL, NULL);
}
