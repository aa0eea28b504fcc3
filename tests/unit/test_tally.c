// SPDX-License-Identifier: GPL-2.0-only
// needs: escape
/* Counts by container that outlive it, of a bounded number of containers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tally.h"

struct sum {
	uint64_t all, of_one, rows;
	const char *one;
};

static void add(void *context, const struct tally_row *row)
{
	struct sum *sum = context;

	sum->all += row->count;
	sum->rows++;
	if (sum->one && strcmp(row->container, sum->one) == 0)
		sum->of_one += row->count;
}

static struct sum sum_of(const struct tally *tally, const char *one)
{
	struct sum sum = { .one = one };

	tally__each(tally, add, &sum);
	return sum;
}

static void kill_in(struct tally *tally, const char *name)
{
	const struct snapshot_container in = { .shown = name, .kind = "container" };
	const struct event event = { .type = EVENT_OOM, .in = name ? &in : NULL };

	tally__take(tally, &event);
}

static void counts_by_container(void **state)
{
	struct tally *tally;

	(void)state;
	assert_int_equal(tally__open(&tally, 1U << EVENT_OOM), 0);
	assert_int_equal(sum_of(tally, NULL).all, 0);
	assert_int_equal(sum_of(tally, NULL).rows, 2); /* there before the first kill: rate() needs it */
	kill_in(tally, NULL);
	kill_in(tally, "web");
	kill_in(tally, "web");
	assert_int_equal(sum_of(tally, "web").of_one, 2);
	assert_int_equal(sum_of(tally, "").of_one, 1);
	tally__close(tally);
}

static void what_is_not_counted(void **state)
{
	const struct event event = { .type = EVENT_EXIT };
	struct tally *tally;

	(void)state;
	assert_int_equal(tally__open(&tally, 1U << EVENT_OOM), 0);
	tally__take(tally, &event);
	assert_int_equal(sum_of(tally, NULL).all, 0);
	tally__close(tally);
	tally__close(NULL);
}

static void many_containers(void **state)
{
	struct tally *tally;
	char name[32];

	(void)state;
	assert_int_equal(tally__open(&tally, 1U << EVENT_OOM), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		kill_in(tally, name);
		kill_in(tally, "always"); /* is never the quietest */
	}
	assert_int_equal(sum_of(tally, NULL).all, 10000);
	assert_int_equal(sum_of(tally, "always").of_one, 5000);
	assert_int_equal(sum_of(tally, "c4999").of_one, 1);
	assert_int_equal(sum_of(tally, "c1").of_one, 0);
	assert_true(sum_of(tally, NULL).rows <= TALLY_MOST);
	tally__close(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_container),
		cmocka_unit_test(what_is_not_counted),
		cmocka_unit_test(many_containers),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
