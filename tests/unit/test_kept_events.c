// SPDX-License-Identifier: GPL-2.0-only
// needs: kept_events
/* What is kept of an event is whole when nothing that it pointed to is there any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kept_events.h"

/* strings that go, and the sanitizer watches */
struct gone {
	char *text[8];
	size_t count;
	struct warning *warning;
};

static const char *passing(struct gone *gone, const char *text)
{
	return gone->text[gone->count++] = strdup(text);
}

static const struct warning *passing_warning(struct gone *gone)
{
	gone->warning = calloc(1, sizeof(*gone->warning));
	assert_non_null(gone->warning);
	snprintf(gone->warning->advice, sizeof(gone->warning->advice), "make room");
	return gone->warning;
}

static void go(struct gone *gone)
{
	while (gone->count)
		free(gone->text[--gone->count]);
	free(gone->warning);
	gone->warning = NULL;
}

static void a_kill(void **state)
{
	static struct kept_events kept;
	struct gone gone = {};
	struct snapshot_container *in = calloc(1, sizeof(*in));
	struct event event = { .type = EVENT_OOM, .pid = 7, .comm = passing(&gone, "web"), .in = in };

	(void)state;
	event.cgroup = passing(&gone, "/pod/web");
	event.container = passing(&gone, "web-1");
	event.oom.scope = passing(&gone, "/pod");
	event.oom.trigger_comm = passing(&gone, "gc");
	event.oom.who = passing_warning(&gone);
	event.oom.limit_bytes = 64;
	kept_events__add(&kept, &event);
	go(&gone);
	free(in);
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.events[0].pid, 7);
	assert_string_equal(kept.events[0].comm, "web");
	assert_string_equal(kept.events[0].cgroup, "/pod/web");
	assert_string_equal(kept.events[0].container, "web-1");
	assert_string_equal(kept.events[0].oom.scope, "/pod");
	assert_string_equal(kept.events[0].oom.trigger_comm, "gc");
	assert_string_equal(kept.events[0].oom.who->advice, "make room");
	assert_int_equal(kept.events[0].oom.limit_bytes, 64);
	assert_null(kept.events[0].in);
	kept_events__free(&kept);
}

static void refusals_and_a_warning(void **state)
{
	static struct kept_events kept;
	struct gone gone = {};
	struct event refused = { .type = EVENT_ENOSPC, .comm = passing(&gone, "job") },
		     denied = { .type = EVENT_MEMLOCK };
	struct event warning = { .type = EVENT_WARNING, .warning = passing_warning(&gone) };

	(void)state;
	refused.refused.path = passing(&gone, "/dev/shm/x");
	refused.refused.mount = passing(&gone, "/dev/shm");
	denied.denied.advice = passing(&gone, "raise it");
	kept_events__add(&kept, &refused);
	kept_events__add(&kept, &denied);
	kept_events__add(&kept, &warning);
	go(&gone);
	assert_int_equal(kept.count, 3);
	assert_string_equal(kept.events[0].refused.path, "/dev/shm/x");
	assert_string_equal(kept.events[0].refused.mount, "/dev/shm");
	assert_null(kept.events[0].refused.who);
	assert_string_equal(kept.events[1].denied.advice, "raise it");
	assert_null(kept.events[1].comm);
	assert_string_equal(kept.events[2].warning->advice, "make room");
	kept_events__free(&kept);
	assert_int_equal(kept.count, 0);
}

static void no_more_than_the_first(void **state)
{
	static struct kept_events kept;
	struct event event = { .type = EVENT_OOM, .comm = "x" };

	(void)state;
	for (event.pid = 1; event.pid <= 2 * KEPT_EVENTS_MOST; event.pid++)
		kept_events__add(&kept, &event);
	assert_int_equal(kept.count, KEPT_EVENTS_MOST);
	assert_int_equal(kept.events[KEPT_EVENTS_MOST - 1].pid, KEPT_EVENTS_MOST);
	event.type = EVENT_MMAP;
	kept_events__free(&kept);
	kept_events__add(&kept, &event);
	assert_int_equal(kept.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill),
		cmocka_unit_test(refusals_and_a_warning),
		cmocka_unit_test(no_more_than_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
