// SPDX-License-Identifier: GPL-2.0-only
// needs: snapshot_copy sink sink_text sink_text_event sink_text_run sink_json sink_json_run sink_csv json_row table top_layout out select select_container columns columns_tables columns_file columns_run columns_event names units escape columns_limits sink_text_limits warning_text sink_json_limits
/* A copy says the same as what it is of, with nothing of it: that has gone, and the sanitizer watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "fixture_snapshot.h"
#include "golden.h"
#include "hugetlb.h"
#include "sink.h"
#include "snapshot_copy.h"

static void says(const struct snapshot *snapshot, const struct sink *sink, enum view view, const char *name)
{
	struct options options = { .command = COMMAND_SNAPSHOT, .view = view };
	struct memory m = begin(NULL);

	open_memory(&m);
	assert_int_equal(sink->snapshot(m.out, snapshot, &options), 0);
	fflush(m.out);
	finish(&m, name);
}

static void the_same_again(void **state)
{
	struct snapshot from = fixture_snapshot();
	struct snapshot *first = snapshot_copy__make(&from), *second;

	(void)state;
	assert_non_null(first);
	second = snapshot_copy__make(first);
	snapshot_copy__free(first);
	assert_non_null(second);
	says(second, &sink_json, VIEW_ALL, "snapshot.json");
	says(second, &sink_text, VIEW_ALL, "snapshot.txt");
	says(second, &sink_text, VIEW_CONTAINER, "containers.txt");
	snapshot_copy__free(second);
}

static void what_is_one_stays_one(void **state)
{
	static const struct snapshot_container in = { .shown = "web" };
	static const struct snapshot_owner owners[] = { { .pid = 1, .comm = "a", .in = &in },
							{ .pid = 2, .comm = "b" } };
	const struct snapshot_file files[] = { { .path = "/one", .owners = owners, .owner_count = 1 },
					       { .path = "/two", .owners = owners, .owner_count = 2 } };
	const struct snapshot_process processes[] = { { .comm = "a", .container = in.shown, .in = &in } };
	const struct snapshot from = { .files = files, .file_count = 2, .processes = processes, .process_count = 1 };
	struct snapshot *copy = snapshot_copy__make(&from);

	(void)state;
	assert_non_null(copy);
	assert_ptr_not_equal(copy->processes[0].in, &in);
	assert_ptr_equal(copy->files[0].owners[0].in, copy->processes[0].in);
	assert_string_equal(copy->processes[0].in->shown, "web");
	assert_string_equal(copy->files[1].owners[1].comm, "b");
	assert_null(copy->host);
	assert_null(copy->mounts);
	snapshot_copy__free(copy);
	snapshot_copy__free(NULL);
}

static void whose_a_mount_is_and_the_pools(void **state)
{
	static const struct snapshot_container in = { .shown = "web" };
	static const struct hugetlb_pool pools[] = { { .page_bytes = 2 << 20, .total_pages = 4 } };
	const struct snapshot_mount mounts[] = { { .path = "/dev/shm", .container = in.shown, .in = &in } };
	const struct snapshot from = { .mounts = mounts,
				       .mount_count = 1,
				       .system = { .pools = pools, .pool_count = 1 } };
	struct snapshot *copy = snapshot_copy__make(&from);

	(void)state;
	assert_non_null(copy);
	assert_ptr_not_equal(copy->mounts[0].container, in.shown);
	assert_ptr_equal(copy->mounts[0].container, copy->mounts[0].in->shown);
	assert_string_equal(copy->mounts[0].container, "web");
	assert_ptr_not_equal(copy->system.pools, pools);
	assert_int_equal(copy->system.pools[0].total_pages, 4);
	snapshot_copy__free(copy);
}

/* more than one piece of its memory holds, and a text longer than one: the first */
static void large(void **state)
{
	enum { MANY = 20000, LONG = 1 << 20 };
	struct snapshot_file *files = calloc(MANY, sizeof(*files));
	char *path = malloc(LONG + 1);
	struct snapshot from = { .files = files, .file_count = MANY }, *copy;

	(void)state;
	assert_non_null(files);
	assert_non_null(path);
	memset(path, 'x', LONG);
	path[LONG] = '\0';
	for (size_t i = 0; i < MANY; i++)
		files[i] = (struct snapshot_file){ .path = path + (i ? LONG - i % 100 : 0), .ino = i };
	copy = snapshot_copy__make(&from);
	free(files);
	free(path);
	assert_non_null(copy);
	for (size_t i = 0; i < MANY; i += 997) {
		assert_int_equal(copy->files[i].ino, i);
		assert_int_equal(strlen(copy->files[i].path), i ? i % 100 : LONG);
	}
	snapshot_copy__free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_again),
		cmocka_unit_test(what_is_one_stays_one),
		cmocka_unit_test(whose_a_mount_is_and_the_pools),
		cmocka_unit_test(large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
