// SPDX-License-Identifier: GPL-2.0-only
// needs: sink sink_text sink_text_event sink_text_run sink_json sink_json_run sink_csv json_row table top_layout out select select_container columns columns_tables columns_file columns_run columns_event names units escape columns_limits sink_text_limits warning_text sink_json_limits
/*
 * Events and the reports of runs, against tests/golden; and that a full disk is noticed. The names
 * are hostile: besides, no output may have a control character in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "fixture_snapshot.h"
#include "golden.h"
#include "sink.h"

static struct options reading(enum command command, enum view view)
{
	return (struct options){ .command = command, .view = view };
}

static const struct warning fixture_warning = {
	.limit = WARNING_TMPFS,
	.reason = WARNING_BY_LEVEL,
	.limit_name = "size",
	.target = "/dev/shm",
	.used = 60 * MIB,
	.limit_value = 64 * MIB,
	.reclaimable_bytes = ABSENT,
	.unattributed = 8 * MIB,
	.level = 90,
	.rate = 1 << 20,
	.eta_seconds = 4,
	.culprit_count = 1,
	.advice = "remove files",
	.culprits = { { .pid = 1234,
			.processes = 1,
			.comm = "python3",
			.bytes = 60 * MIB,
			.growth_bytes = 30 * MIB,
			.seconds = 30,
			.files = 10,
			.bytes_each = 6 * MIB,
			.path = "/dev/shm/x\n" } },
};

static const struct event fixture_events[] = {
	{ .type = EVENT_MMAP,
	  .pid = 1234,
	  .tid = 1235,
	  .comm = "python3",
	  .cgroup = "/a",
	  .map = { .address = 0x7f0000000000,
		   .length_bytes = 64 * MIB,
		   .change_bytes = 64 * MIB,
		   .kind = "shmem",
		   .path = "/dev/shm/x\n\033[2J" } },
	{ .type = EVENT_MUNMAP,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3",
	  .container = "0123456789ab",
	  .map = { .address = 4096, .length_bytes = 4 * MIB, .change_bytes = -(int64_t)(4 * MIB) } },
	{ .type = EVENT_BRK,
	  .pid = 7,
	  .tid = 7,
	  .comm = "a) R 1 (x",
	  .map = { .address = 4096, .length_bytes = 2 * MIB, .change_bytes = -(int64_t)MIB, .kind = "heap" } },
	{ .type = EVENT_MREMAP,
	  .pid = 7,
	  .tid = 7,
	  .comm = ESC_NAME,
	  .map = { .address = 4096, .length_bytes = 3 * MIB, .change_bytes = MIB, .kind = "anon" } },
	{ .type = EVENT_CACHE,
	  .pid = 1250,
	  .tid = 1250,
	  .comm = "dd",
	  .pages = { .path = "/var/a,b \"c\"",
		     .mount = "/",
		     .added_bytes = MIB,
		     .removed_bytes = 4096,
		     .resident_bytes = GIB,
		     .deleted = true,
		     .count = 1 } },
	{ .type = EVENT_TMPFS,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3",
	  .pages = { .path = "/dev/shm/x",
		     .mount = "/dev/shm",
		     .added_bytes = 64 * MIB,
		     .removed_bytes = 0,
		     .resident_bytes = 128 * MIB,
		     .count = 1 } },
	{ .type = EVENT_TMPFS,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3",
	  .pages = { .path = "other files",
		     .mount = "/dev/shm",
		     .added_bytes = 64 * MIB,
		     .removed_bytes = 0,
		     .resident_bytes = ABSENT,
		     .count = 500 } },
	{ .type = EVENT_FORK, .pid = 8, .ppid = 7, .tid = 8, .uid = 1000, .comm = "sh" },
	{ .type = EVENT_EXEC,
	  .pid = 8,
	  .ppid = 7,
	  .tid = 8,
	  .uid = 1000,
	  .comm = BAD_UTF8,
	  .exec = { "/bin/" BAD_UTF8 } },
	{ .type = EVENT_EXIT,
	  .pid = 8,
	  .ppid = 7,
	  .tid = 8,
	  .comm = "sh",
	  .exit = { .peak_rss_bytes = 3 * MIB,
		    .tmpfs_left_bytes = 64 * MIB,
		    .cache_left_bytes = 0,
		    .exit_code = 3 << 8 } },
	{ .type = EVENT_EXIT,
	  .pid = 9,
	  .ppid = 7,
	  .tid = 9,
	  .comm = "sh",
	  .exit = { .peak_rss_bytes = 3 * MIB,
		    .tmpfs_left_bytes = ABSENT,
		    .cache_left_bytes = ABSENT,
		    .exit_code = 9 } },
	{ .type = EVENT_OOM,
	  .pid = 1234,
	  .tid = 1234,
	  .uid = 1000,
	  .comm = "python3",
	  .oom = { .anon_bytes = GIB,
		   .file_bytes = 4096,
		   .shmem_bytes = 0,
		   .swap_bytes = ABSENT,
		   .page_table_bytes = 2 * MIB,
		   .virtual_bytes = 4 * GIB,
		   .oom_score_adj = -17,
		   .trigger_pid = 5,
		   .trigger_comm = "x\ny",
		   .scope_known = true,
		   .scope = "/app",
		   .usage_bytes = GIB,
		   .limit_bytes = GIB,
		   .swap_usage_bytes = 0,
		   .swap_limit_bytes = ABSENT,
		   .charged_tmpfs_bytes = 5 * MIB,
		   .available_bytes = ABSENT,
		   .who = &fixture_warning } },
	{ .type = EVENT_ENOSPC,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3",
	  .refused = { .call = "write",
		       .limit = "size",
		       .path = "/dev/shm/x\n",
		       .mount = "/dev/shm",
		       .is_short = true,
		       .wanted_bytes = 65536,
		       .written_bytes = 4096,
		       .address = ABSENT,
		       .used_bytes = 64 * MIB,
		       .limit_bytes = 64 * MIB,
		       .used_inodes = 3,
		       .limit_inodes = 1000,
		       .who = &fixture_warning } },
	{ .type = EVENT_SIGBUS,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "python3",
	  .refused = { .limit = "size",
		       .mount = "/dev/shm",
		       .wanted_bytes = ABSENT,
		       .written_bytes = ABSENT,
		       .address = 4096,
		       .used_bytes = 64 * MIB,
		       .limit_bytes = 64 * MIB,
		       .used_inodes = ABSENT,
		       .limit_inodes = ABSENT } },
	{ .type = EVENT_HUGETLB,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "postgres",
	  .denied = { .call = "mmap",
		      .limit = "pool",
		      .wanted_bytes = 8 * MIB,
		      .used_bytes = 2 * MIB,
		      .limit_bytes = 4 * MIB,
		      .reserved_bytes = 2 * MIB,
		      .page_bytes = 2 * MIB,
		      .advice = "raise\nit" } },
	{ .type = EVENT_MEMLOCK,
	  .pid = 1234,
	  .tid = 1234,
	  .comm = "x",
	  .denied = { .call = "shmctl",
		      .limit = "RLIMIT_MEMLOCK",
		      .wanted_bytes = ABSENT,
		      .used_bytes = ABSENT,
		      .limit_bytes = 64 * KIB,
		      .reserved_bytes = ABSENT,
		      .page_bytes = ABSENT,
		      .advice = "raise it" } },
	{ .type = EVENT_WARNING, .pid = 1234, .tid = 1234, .comm = "python3", .warning = &fixture_warning },
	{ .type = EVENT_MARK, .pid = 40, .tid = 40, .comm = "pagetide", .mark = { "phase\n2" } },
	{ .type = EVENT_LOST, .lost = { "mmap", 12 } },
};

static void events_golden(const struct sink *sink, const char *name)
{
	struct options o = reading(COMMAND_TRACE, VIEW_ALL);
	struct memory m = begin(NULL);

	open_memory(&m);
	if (sink->begin)
		assert_int_equal(sink->begin(m.out, &o), 0);
	for (size_t i = 0; i < COUNT(fixture_events); i++) {
		struct event event = fixture_events[i];

		event.time_ns = T0 + i * SECOND;
		assert_int_equal(sink->event(m.out, &event, &o), 0);
	}
	fflush(m.out);
	if (sink == &sink_json)
		assert_json_lines(m.text);
	finish(&m, name);
}

static void events(void **state)
{
	(void)state;
	events_golden(&sink_text, "events.txt");
	events_golden(&sink_json, "events.json");
	events_golden(&sink_csv, "events.csv");
}

static const struct timeline_row fixture_timeline[] = {
	{ .seconds = 0.001,
	  .time_ns = T0,
	  .rss_bytes = 4 * MIB,
	  .anon_bytes = 2 * MIB,
	  .file_bytes = 2 * MIB,
	  .page_table_bytes = 64 * KIB,
	  .cache_bytes = 0,
	  .tmpfs_bytes = 0,
	  .system_available_bytes = 5 * GIB,
	  .processes = 1 },
	{ .seconds = 1.0012,
	  .time_ns = T0 + SECOND,
	  .rss_bytes = 2200 * MIB,
	  .anon_bytes = 1500 * MIB,
	  .file_bytes = 60 * MIB,
	  .shmem_bytes = 640 * MIB,
	  .swap_bytes = ABSENT,
	  .page_table_bytes = 5 * MIB,
	  .cache_bytes = 1290 * MIB,
	  .tmpfs_bytes = 832 * MIB,
	  .system_available_bytes = ABSENT,
	  .processes = 3 },
	{ .seconds = 12.3,
	  .time_ns = T0 + 12 * SECOND,
	  .cache_bytes = 1290 * MIB,
	  .tmpfs_bytes = 64 * MIB,
	  .system_available_bytes = 5 * GIB,
	  .processes = 0 },
};

static struct run_report fixture_report(const struct snapshot *snapshot)
{
	return (struct run_report){
		.command = "python3 joblib_shm.py 'two words'",
		.pid = 1234,
		.exit_status = 1,
		.start_time_ns = T0,
		.wall_seconds = 12.345,
		.peak_rss_bytes = 2210 * MIB,
		.peak_time_ns = T0 + SECOND,
		.peak_seconds = 1.0012,
		.first = fixture_timeline[0],
		.at_peak = fixture_timeline[1],
		.last = fixture_timeline[2],
		.cache_added_bytes = 1295 * MIB,
		.tmpfs_added_bytes = 864 * MIB,
		.cache_left_bytes = 1290 * MIB,
		.tmpfs_left_bytes = 64 * MIB,
		.snapshot = snapshot,
		.descendants = 2,
		.oom_kills = 0,
		.enospc = 1,
		.sigbus = ABSENT,
		.warnings = 2,
		.timeline = fixture_timeline,
		.timeline_count = COUNT(fixture_timeline),
	};
}

static void report_golden(const struct sink *sink, const struct run_report *report, const char *name)
{
	struct options o = reading(COMMAND_RUN, VIEW_ALL);
	struct memory m = begin(NULL);

	open_memory(&m);
	assert_int_equal(sink->report(m.out, report, &o), 0);
	fflush(m.out);
	if (sink == &sink_json)
		assert_json_lines(m.text);
	finish(&m, name);
}

static const struct event *first_failure(void)
{
	const struct event *event = fixture_events;

	while (event->type != EVENT_OOM)
		event++;
	return event;
}

static void reports(void **state)
{
	struct snapshot s = fixture_snapshot();
	struct run_report r;

	(void)state;
	s.processes = fixture_processes + 1; /* what the job touched */
	s.process_count = 3;
	s.cgroup_count = 2;
	s.mount_count = 1;
	s.file_count = 2;
	r = fixture_report(&s);
	report_golden(&sink_text, &r, "run.txt");
	report_golden(&sink_json, &r, "run.json");
	report_golden(&sink_csv, &r, "run.csv");
	s = (struct snapshot){ .host = "web-1" };
	r = (struct run_report){ .command = "true \033",
				 .exit_status = 137,
				 .signal = 9,
				 .peak_rss_bytes = ABSENT,
				 .peak_time_ns = ABSENT,
				 .cache_added_bytes = ABSENT,
				 .tmpfs_added_bytes = ABSENT,
				 .cache_left_bytes = ABSENT,
				 .tmpfs_left_bytes = ABSENT,
				 .oom_kills = 1,
				 .enospc = ABSENT,
				 .sigbus = ABSENT,
				 .warnings = ABSENT,
				 .failures = first_failure(),
				 .failure_count = EVENT_MEMLOCK - EVENT_OOM, /* all from the kill on but a warning */
				 .snapshot = &s };
	report_golden(&sink_text, &r, "run-killed.txt");
	report_golden(&sink_json, &r, "run-killed.json");
}

static void kill_says(struct event *event, const char *text, const char *target)
{
	struct options o = reading(COMMAND_TRACE, VIEW_ALL);
	struct memory m = begin(NULL);
	const char *found;
	json_t *row;

	open_memory(&m);
	assert_int_equal(sink_text.event(m.out, event, &o), 0);
	fclose(m.out);
	if (!strstr(m.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, m.text);
	free(m.text);
	open_memory(&m);
	assert_int_equal(sink_json.event(m.out, event, &o), 0);
	fclose(m.out);
	row = json_loads(m.text, 0, NULL);
	assert_non_null(row);
	found = json_string_value(json_object_get(row, "target"));
	if (target)
		assert_string_equal(found, target);
	else
		assert_null(found);
	json_decref(row);
	free(m.text);
}

/* a cgroup's, the machine's, or nobody told: three answers */
static void whose_limit_a_kill_was_of(void **state)
{
	struct event event = { .type = EVENT_OOM, .pid = 7, .comm = "victim", .time_ns = T0 };

	(void)state;
	event.oom.usage_bytes = event.oom.limit_bytes = event.oom.available_bytes = ABSENT;
	event.oom.swap_usage_bytes = event.oom.charged_tmpfs_bytes = ABSENT;
	kill_says(&event, "does not tell whether a cgroup or the machine was full", NULL);
	event.oom.scope_known = true;
	kill_says(&event, "the machine was out of memory", "machine");
	event.oom.scope = "/job";
	event.oom.usage_bytes = 5 * MIB;
	kill_says(&event, "cgroup /job was at its limit", "/job");
}

/* A full disk is an error at once, whatever is written to it. */
static void full_disk(void **state)
{
	static const struct sink *const sinks[] = { &sink_text, &sink_json, &sink_csv };
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_ALL);
	struct run_report r = fixture_report(&s);

	(void)state;
	for (size_t i = 0; i < COUNT(sinks); i++) {
		FILE *full = fopen("/dev/full", "we");

		assert_non_null(full);
		assert_int_equal(sinks[i]->snapshot(full, &s, &o), -ENOSPC);
		fclose(full);
		full = fopen("/dev/full", "we");
		assert_non_null(full);
		assert_int_equal(sinks[i]->report(full, &r, &o), -ENOSPC);
		fclose(full);
		full = fopen("/dev/full", "we");
		assert_non_null(full);
		setvbuf(full, NULL, _IONBF, 0);
		assert_int_equal(sinks[i]->event(full, &fixture_events[0], &o), -ENOSPC);
		fclose(full);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(reports),
		cmocka_unit_test(whose_limit_a_kill_was_of),
		cmocka_unit_test(full_disk),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests_name("sinks_run", tests, NULL, NULL);
}
