// SPDX-License-Identifier: GPL-2.0-only
// needs: select select_container columns columns_tables columns_file columns_run columns_event names units columns_limits
/* Which rows, in which order: filters, sorting with unknown figures, limits, sums by container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture_snapshot.h"
#include "select.h"

static const struct options all;

/* Rows of a view as "a b c", by pid, path or container. */
static const char *rows_of(enum view view, const struct options *options, uint64_t limit)
{
	static char text[2048];
	struct snapshot snapshot = fixture_snapshot();
	const char *key = view == VIEW_PROCESS ? "pid" : view == VIEW_CONTAINER ? "container" : "path";
	struct rows rows;

	assert_int_equal(select__view(&rows, &snapshot, options, view, limit), 0);
	text[0] = '\0';
	for (size_t i = 0; i < rows.count; i++) {
		char plain[512];

		column__plain(columns__find(view, key), rows.row[i], plain, sizeof(plain));
		if (strcmp(plain, "1234") == 0 && ((const struct snapshot_process *)rows.row[i])->exited)
			strcpy(plain, "1234'");
		strcat(strcat(text, i ? " " : ""), plain[0] ? plain : "-");
	}
	select__free(&rows);
	return text;
}

static void own_order(void **state)
{
	(void)state;
	/* the largest of resident, cache and tmpfs; unknown last, though exited ones are 0 resident */
	assert_string_equal(rows_of(VIEW_PROCESS, &all, 0), "1234 1250 1 2000 1240 2001 1234' 55");
	assert_string_equal(rows_of(VIEW_PROCESS, &all, 2), "1234 1250");
	assert_string_equal(rows_of(VIEW_PROCESS, &all, 100), "1234 1250 1 2000 1240 2001 1234' 55");
	assert_string_equal(rows_of(VIEW_MOUNT, &all, 0), "/dev/shm /dev/shm (memfd, System V, shared anonymous) /run");
}

static void sorting(void **state)
{
	struct options o = { .sort = "pid" };

	(void)state;
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "1 55 1234 1234' 1240 1250 2000 2001"); /* ties keep order */
	o.sort = "resident_bytes_per_second"; /* negative before unknown */
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "1234 2000 1 1240 1250 2001 55 1234'");
	o.sort = "peak_rss";
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "1234 2000 1240 1 1250 2001 55 1234'");
	o.sort = "start_time"; /* the latest first */
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 3), "1250 1240 1234");
	o.sort = "comm";
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 3), "2000 1240 1250");
	o.sort = "used_ratio"; /* no column of processes: their own order */
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 1), "1234");
	assert_string_equal(rows_of(VIEW_MOUNT, &o, 0), "/dev/shm /dev/shm /run (memfd, System V, shared anonymous)");
}

/* 64-bit figures whose difference does not fit an int, or a long. */
static void great_figures(void **state)
{
	const struct snapshot_process rows[] = {
		{ .pid = 1, .anon_bytes = 5 },
		{ .pid = 2, .anon_bytes = 5 + (1ull << 32) },
		{ .pid = 3, .anon_bytes = UINT64_MAX - 1 },
		{ .pid = 4, .anon_bytes = ABSENT },
		{ .pid = 5, .anon_bytes = 1ull << 63 },
	};
	struct snapshot snapshot = { .processes = rows, .process_count = COUNT(rows) };
	struct options o = { .sort = "anon" };
	static const uint32_t expected[] = { 3, 5, 2, 1, 4 };
	struct rows got;

	(void)state;
	assert_int_equal(select__view(&got, &snapshot, &o, VIEW_PROCESS, 0), 0);
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_int_equal(((const struct snapshot_process *)got.row[i])->pid, expected[i]);
	select__free(&got);
}

static void filters(void **state)
{
	struct options o = { .pid = 1234 };

	(void)state;
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "1234 1234'");
	assert_string_equal(rows_of(VIEW_FILE, &o, 0), "/dev/shm/joblib_memmapping_folder_1234_9f3a");
	assert_string_equal(rows_of(VIEW_MOUNT, &o, 0), "/dev/shm");
	assert_string_equal(rows_of(VIEW_CGROUP, &o, 0), "/user.slice/session-3.scope");

	o = (struct options){ .comm = "d?" };
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "1250");
	o = (struct options){ .comm = "cp" }; /* only its file is left */
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "");
	assert_string_equal(rows_of(VIEW_FILE, &o, 0), "/tmp/gone");

	o = (struct options){ .cgroup = "/kubepods" };
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "2000 2001");
	assert_string_equal(
		rows_of(VIEW_CGROUP, &o, 0),
		"/kubepods/burstable/pod1/0123456789abcdef /kubepods/burstable/pod1/0123456789abcdef/child");
	o = (struct options){ .container = "0123456789abcdef0000", .pid = 2001 };
	assert_string_equal(rows_of(VIEW_PROCESS, &o, 0), "2001");
	assert_string_equal(rows_of(VIEW_CGROUP, &o, 0), "/kubepods/burstable/pod1/0123456789abcdef/child");
	o = (struct options){ .container =
				      "0123456789ab" }; /* its mount, and a file there that a host's process shares */
	assert_string_equal(rows_of(VIEW_MOUNT, &o, 0), "/dev/shm");
	assert_int_equal(strncmp(rows_of(VIEW_FILE, &o, 0), "/dev/shm/shared", 15), 0);
	o = (struct options){ .pid = 1240 }; /* a holder sees what it holds */
	assert_int_equal(strncmp(rows_of(VIEW_FILE, &o, 0), "/dev/shm/shared", 15), 0);
	o = (struct options){ .pid = 77777 };
	assert_string_equal(rows_of(VIEW_FILE, &o, 0), "");
	assert_string_equal(rows_of(VIEW_MOUNT, &o, 0), "");
}

/* nobody is known to have brought in what is there */
static void what_is_in_a_containers_mount(void **state)
{
	static const struct snapshot_mount mounts[] = { { .path = "/dev/shm", .minor = 1 },
							{ .path = "/run/shm", .minor = 2, .container = "web" } };
	static const struct snapshot_file files[] = { { .path = "/dev/shm/a", .minor = 1, .kind = FILE_KIND_TMPFS },
						      { .path = "/run/shm/b", .minor = 2, .kind = FILE_KIND_TMPFS } };
	const struct snapshot snapshot = {
		.mounts = mounts, .mount_count = COUNT(mounts), .files = files, .file_count = COUNT(files)
	};
	struct options o = { .container = "web" };
	struct rows rows;

	(void)state;
	assert_int_equal(select__view(&rows, &snapshot, &o, VIEW_MOUNT, 0), 0);
	assert_int_equal(rows.count, 1);
	assert_ptr_equal(rows.row[0], &mounts[1]);
	select__free(&rows);
	assert_int_equal(select__view(&rows, &snapshot, &o, VIEW_FILE, 0), 0);
	assert_int_equal(rows.count, 1);
	assert_ptr_equal(rows.row[0], &files[1]);
	select__free(&rows);
	o.comm = "dd"; /* not brought in by that, as far as anyone knows */
	assert_int_equal(select__view(&rows, &snapshot, &o, VIEW_FILE, 0), 0);
	assert_int_equal(rows.count, 0);
	select__free(&rows);
}

static void containers(void **state)
{
	struct snapshot snapshot = fixture_snapshot();
	const struct container_row *row;
	struct rows rows;

	(void)state;
	assert_int_equal(select__view(&rows, &snapshot, &all, VIEW_CONTAINER, 0), 0);
	assert_int_equal(rows.count, 2);
	row = rows.row[0];
	assert_null(row->container);
	assert_int_equal(row->processes, 4); /* alive */
	assert_int_equal(row->cache_bytes, (300 + 90 + 1200 + 7) * MIB);
	assert_int_equal(row->usage_bytes, ABSENT);
	row = rows.row[1];
	assert_string_equal(row->container, "0123456789ab");
	assert_int_equal(row->rss_bytes, 243 * MIB);
	assert_int_equal(row->usage_bytes, 300 * MIB); /* of the topmost cgroup, not the sum */
	assert_int_equal(row->limit_bytes, 512 * MIB);
	assert_int_equal(row->tmpfs_bytes, 48 * MIB);
	select__free(&rows);
	snapshot.process_count = 0;
	assert_int_equal(select__view(&rows, &snapshot, &all, VIEW_CONTAINER, 0), 0);
	assert_int_equal(rows.count, 0);
	select__free(&rows);
}

/* pid 2001 between vfork and exec: it is a process, and the memory is that of 2000 */
static void memory_that_two_share_counts_once(void **state)
{
	struct snapshot snapshot = fixture_snapshot();
	const struct container_row *row;
	struct snapshot_process processes[16];
	struct rows rows;

	(void)state;
	assert_true(snapshot.process_count <= 16);
	memcpy(processes, snapshot.processes, snapshot.process_count * sizeof(*processes));
	for (size_t i = 0; i < snapshot.process_count; i++)
		processes[i].shares_memory = processes[i].pid == 2001;
	snapshot.processes = processes;
	assert_int_equal(select__view(&rows, &snapshot, &all, VIEW_CONTAINER, 0), 0);
	row = rows.row[1];
	assert_string_equal(row->container, "0123456789ab");
	assert_int_equal(row->processes, 2);
	assert_int_equal(row->rss_bytes, 210 * MIB);
	assert_int_equal(row->anon_bytes, 200 * MIB);
	select__free(&rows);
}

/* the only figures that these have */
#define TMPFS(name, whose) .comm = "dd", .container = name, .in = whose, .tmpfs_bytes = MIB

static void containers_of_one_name(void **state)
{
	static const struct snapshot_container ours = { .shown = "web", .cgroup = "/docker/1", .id = "1" };
	static const struct snapshot_container users = { .shown = "web", .cgroup = "/user/docker-1.scope", .id = "1" };
	static const struct snapshot_process processes[] = {
		{ .pid = 1, TMPFS("web", &ours) },
		{ .pid = 2, TMPFS("web", &users) },
		{ .pid = 3, TMPFS("web", &ours) },
		{ .pid = 4, TMPFS("web", &users), .exited = true },
	};
	static const struct snapshot_cgroup cgroups[] = {
		{ .path = "/docker/1/deeper", .container = "web", .in = &ours, .usage_bytes = MIB },
		{ .path = "/docker/1", .container = "web", .in = &ours, .usage_bytes = 20 * MIB },
		{ .path = "/user/docker-1.scope", .container = "web", .in = &users, .usage_bytes = 300 * MIB },
	};
	const struct snapshot snapshot = { .processes = processes,
					   .process_count = COUNT(processes),
					   .cgroups = cgroups,
					   .cgroup_count = COUNT(cgroups) };
	const struct container_row *row;
	struct rows rows;

	(void)state;
	assert_int_equal(select__view(&rows, &snapshot, &all, VIEW_CONTAINER, 0), 0);
	assert_int_equal(rows.count, 2);
	for (size_t i = 0; i < rows.count; i++) {
		row = rows.row[i];
		assert_string_equal(row->container, "web");
		assert_int_equal(row->usage_bytes, (row->in == &ours ? 20 : 300) * MIB);
		assert_int_equal(row->processes, row->in == &ours ? 2 : 1);
		assert_int_equal(row->tmpfs_bytes, 2 * MIB);
		assert_int_equal(select__is_in_row(&processes[0], row), row->in == &ours);
		assert_int_equal(select__is_in_row(&processes[3], row), row->in == &users);
	}
	select__free(&rows);
}

/* two containers of one name, one after the other, are one row: of the one that lives */
static void a_name_used_again(void **state)
{
	static const struct snapshot_container before = { .shown = "web", .cgroup = "/docker/1", .id = "1" };
	static const struct snapshot_container now = { .shown = "web", .cgroup = "/docker/2", .id = "2" };
	static const struct snapshot_container users = { .shown = "web", .cgroup = "/user/3", .id = "3" };
	static const struct snapshot_process processes[] = {
		{ .pid = 1, TMPFS("web", &before), .exited = true }, { .pid = 2, TMPFS("web", &now) },
		{ .pid = 3, TMPFS("web", &before), .exited = true }, { .pid = 4, TMPFS("web", &users), .exited = true },
		{ .pid = 5, TMPFS(NULL, NULL), .exited = true },
	};
	const struct snapshot snapshot = { .processes = processes, .process_count = COUNT(processes) };
	const struct options o = { .sort = "tmpfs" };
	const struct container_row *row;
	struct rows rows;

	(void)state;
	assert_int_equal(select__view(&rows, &snapshot, &o, VIEW_CONTAINER, 0), 0);
	assert_int_equal(rows.count, 3); /* another user's is not its, nor what is of none */
	row = rows.row[0];
	assert_ptr_equal(row->in, &now);
	assert_int_equal(row->processes, 1);
	assert_int_equal(row->tmpfs_bytes, 3 * MIB);
	assert_true(select__is_in_row(&processes[0], row));
	assert_false(select__is_in_row(&processes[3], row));
	assert_false(select__is_in_row(&processes[4], row));
	select__free(&rows);
}

static void names(void **state)
{
	(void)state;
	assert_true(select__in_cgroup("/a/b", "/a"));
	assert_true(select__in_cgroup("/a/b", "a/b/"));
	assert_true(select__in_cgroup("/a/b", "/"));
	assert_true(select__in_cgroup("/a/b", "/sys/fs/cgroup/a"));
	assert_false(select__in_cgroup("/ab", "/a"));
	assert_false(select__in_cgroup("/a", "/a/b"));
	assert_false(select__in_cgroup(NULL, "/"));
	assert_true(select__is_container("web", "web"));
	assert_false(select__is_container("web", "we")); /* a name is not an id */
	assert_true(select__is_container("0123456789ab", "0123"));
	assert_true(select__is_container("0123456789ab", "0123456789abcdef"));
	assert_false(select__is_container("0123456789ab", "0124"));
	assert_false(select__is_container("0123456789ab", ""));
	assert_false(select__is_container(NULL, "web"));
}

static void events(void **state)
{
	struct event e = { .type = EVENT_MMAP, .pid = 7, .comm = "python3", .cgroup = "/a/b" };
	struct options o = { .pid = 7, .comm = "py*", .cgroup = "/a" };

	(void)state;
	assert_true(select__event(&e, &o));
	o.events_given = true;
	o.events = 1u << EVENT_EXIT;
	assert_false(select__event(&e, &o));
	o.events |= 1u << EVENT_MMAP;
	assert_true(select__event(&e, &o));
	o.pid = 8;
	assert_false(select__event(&e, &o));
	e.type = EVENT_LOST; /* everybody's */
	assert_true(select__event(&e, &o));
	e.type = EVENT_MARK;
	assert_false(select__event(&e, &o));
	o.events_given = false;
	assert_true(select__event(&e, &o));
}

/* Each key once in its table, and each found by its name. */
static void columns_are_sound(void **state)
{
	(void)state;
	for (enum view view = VIEW_SYSTEM; view <= VIEW_FILE; view++) {
		const struct columns *columns = columns__of(view);

		for (size_t i = 0; i < columns->count; i++) {
			const struct column *column = &columns->columns[i];

			assert_true(column->key || column->title);
			assert_ptr_equal(columns__find(view, column->key), column);
			if (column->object)
				assert_int_equal(strncmp(column->key, column->object, strlen(column->object)), 0);
		}
	}
	assert_null(columns__of(VIEW_ALL));
	assert_null(columns__find(VIEW_FILE, ""));
	assert_null(columns__find(VIEW_FILE, "byte"));
	assert_string_equal(columns__find(VIEW_ALL, "used_inodes")->key, "used_inodes");
}

static void containers_by_any_of_their_names(void **state)
{
	static const struct snapshot_container in = { .shown = "shop/web-0/app",
						      .kind = "container",
						      .name = "app",
						      .pod = "web-0",
						      .pod_namespace = "shop",
						      .id = "0123456789abcdef0123456789abcdef" };
	static const char *const yes[] = { "shop/web-0/app", "shop/web-0",      "shop", "web-0", "app",
					   "0123",           "0123456789abcdef" };
	static const char *const no[] = { "sho", "shop/web", "web", "web-0/app", "ap", "0123x", "123", "other" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		if (!select__in_container(&in, in.shown, yes[i]))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < COUNT(no); i++)
		if (select__in_container(&in, in.shown, no[i]))
			fail_msg("%s", no[i]);
	assert_true(select__in_container(NULL, "web", "web"));
	assert_false(select__in_container(NULL, NULL, "web"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_by_any_of_their_names),
		cmocka_unit_test(own_order),
		cmocka_unit_test(sorting),
		cmocka_unit_test(great_figures),
		cmocka_unit_test(filters),
		cmocka_unit_test(what_is_in_a_containers_mount),
		cmocka_unit_test(containers),
		cmocka_unit_test(memory_that_two_share_counts_once),
		cmocka_unit_test(containers_of_one_name),
		cmocka_unit_test(a_name_used_again),
		cmocka_unit_test(names),
		cmocka_unit_test(events),
		cmocka_unit_test(columns_are_sound),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
