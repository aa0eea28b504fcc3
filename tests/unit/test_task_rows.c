// SPDX-License-Identifier: GPL-2.0-only
/* One row a process, whatever the iterator met first. */
// needs: task_rows
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "task_rows.h"

static struct task_row row(uint32_t pid, uint64_t start_ns, uint64_t anon_pages)
{
	return (struct task_row){
		.process = { .pid = pid, .start_ns = start_ns, .flags = anon_pages ? PROCESS_HAS_MM : 0 },
		.anon_pages = anon_pages
	};
}

static void nothing_to_settle(void **state)
{
	struct task_row rows[] = { row(1, 1, 5), row(2, 1, 0), row(9, 3, 7) };

	(void)state;
	assert_int_equal(task_rows__settle(rows, 0), 0);
	assert_int_equal(task_rows__settle(rows, 1), 1);
	assert_int_equal(task_rows__settle(rows, 3), 3);
	assert_int_equal(rows[2].anon_pages, 7);
}

static void a_leader_that_ended_before_its_threads(void **state)
{
	/* threads may have lower numbers than their leader */
	struct task_row rows[] = { row(1, 1, 5),   row(8, 4, 100), row(7, 2, 3),   row(8, 4, 0), row(9, 6, 1),
				   row(8, 4, 100), row(12, 7, 0),  row(8, 4, 100), row(13, 8, 0) };

	(void)state;
	assert_int_equal(task_rows__settle(rows, 9), 6);
	assert_int_equal(rows[1].process.pid, 7);
	assert_int_equal(rows[2].process.pid, 8);
	assert_int_equal(rows[2].anon_pages, 100);
	assert_int_equal(rows[3].process.pid, 9);
	assert_int_equal(rows[5].process.pid, 13);
}

static void a_number_that_is_used_again(void **state)
{
	struct task_row rows[] = { row(8, 9, 2), row(8, 4, 1) };

	(void)state;
	assert_int_equal(task_rows__settle(rows, 2), 2);
	assert_int_equal(rows[0].anon_pages, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_settle),
		cmocka_unit_test(a_leader_that_ended_before_its_threads),
		cmocka_unit_test(a_number_that_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
