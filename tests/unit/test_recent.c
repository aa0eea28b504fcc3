// SPDX-License-Identifier: GPL-2.0-only
// needs: sink_text_event sink_text_limits warning_text escape out units
/* The last fifty: newest first, the oldest goes, what is refused again and again is one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "recent.h"

/* of columns_event.c, which is not needed here */
const char *const event_names[EVENT_TYPES] = { [EVENT_OOM] = "oom" };

static void kill(struct recent *recent, uint32_t pid)
{
	const struct event event = { .type = EVENT_OOM,
				     .pid = pid,
				     .comm = "victim",
				     .time_ns = pid,
				     .oom = { .anon_bytes = 5 << 20,
					      .file_bytes = ABSENT,
					      .shmem_bytes = ABSENT,
					      .swap_bytes = ABSENT,
					      .available_bytes = ABSENT } };

	recent__take(recent, &event);
}

static void refuse(struct recent *recent, uint32_t pid, const char *mount, uint64_t time_ns)
{
	const struct event event = { .type = EVENT_ENOSPC,
				     .pid = pid,
				     .comm = "writer",
				     .time_ns = time_ns,
				     .container = "box",
				     .refused = { .call = "write",
						  .mount = mount,
						  .path = "/x/y",
						  .wanted_bytes = ABSENT,
						  .written_bytes = ABSENT,
						  .used_bytes = ABSENT,
						  .limit_bytes = ABSENT,
						  .used_inodes = ABSENT,
						  .limit_inodes = ABSENT } };

	recent__take(recent, &event);
}

static void newest_first(void **state)
{
	const struct event other = { .type = EVENT_EXIT };
	struct recent *recent;

	(void)state;
	assert_int_equal(recent__open(&recent), 0);
	assert_null(recent__line(recent, 0));
	recent__take(recent, &other);
	assert_null(recent__line(recent, 0));
	for (uint32_t pid = 1; pid <= 200; pid++)
		kill(recent, pid);
	for (size_t n = 0; n < RECENT_MOST; n++)
		assert_int_equal(recent__line(recent, n)->pid, 200 - n);
	assert_null(recent__line(recent, RECENT_MOST));
	assert_string_equal(recent__line(recent, 0)->comm, "victim");
	assert_ptr_equal(strstr(recent__line(recent, 0)->text, "killed, out of memory: anon 5.00 MiB"),
			 recent__line(recent, 0)->text);
	recent__close(recent);
}

static void again_and_again(void **state)
{
	struct recent *recent;

	(void)state;
	assert_int_equal(recent__open(&recent), 0);
	kill(recent, 7);
	for (uint64_t i = 1; i <= 1000; i++) {
		refuse(recent, 8, "/a", i);
		refuse(recent, 8, "/b", i);
	}
	refuse(recent, 9, "/a", 2000);
	assert_int_equal(recent__line(recent, 0)->pid, 9);
	assert_int_equal(recent__line(recent, 0)->count, 1);
	assert_string_equal(recent__line(recent, 1)->place, "/b");
	assert_int_equal(recent__line(recent, 1)->count, 1000);
	assert_int_equal(recent__line(recent, 2)->time_ns, 1000);
	assert_int_equal(recent__line(recent, 2)->count, 1000);
	assert_int_equal(recent__line(recent, 3)->pid, 7); /* nothing drove it out */
	assert_null(recent__line(recent, 4));
	recent__close(recent);
}

static void long_and_odd_names(void **state)
{
	static char path[5000];
	struct event event = { .type = EVENT_SIGBUS,
			       .pid = 1,
			       .comm = "\xff<b>\n",
			       .refused = { .path = path,
					    .wanted_bytes = ABSENT,
					    .written_bytes = ABSENT,
					    .used_bytes = ABSENT,
					    .limit_bytes = ABSENT,
					    .used_inodes = ABSENT,
					    .limit_inodes = ABSENT } };
	struct recent *recent;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	assert_int_equal(recent__open(&recent), 0);
	recent__take(recent, &event);
	assert_in_range(strlen(recent__line(recent, 0)->text), 1000, sizeof(recent__line(recent, 0)->text) - 1);
	event.comm = NULL;
	event.refused.path = NULL;
	event.pid = 0;
	recent__take(recent, &event);
	assert_string_equal(recent__line(recent, 0)->comm, "");
	recent__close(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_first),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(long_and_odd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
