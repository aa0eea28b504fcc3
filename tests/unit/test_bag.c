// SPDX-License-Identifier: GPL-2.0-only
// needs: escape
/* Rows summed by labels, the small ones merged: nothing may get lost on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "bag.h"

static void put(struct bag *bag, const char *a, const char *b, size_t figure, double value)
{
	const char *const labels[BAG_LABELS] = { a, b };
	struct bag_row *row = bag__row(bag, labels);

	assert_non_null(row);
	bag__add(bag, row, figure, value);
}

static const struct bag_row *find(struct bag *bag, const char *b)
{
	for (const struct bag_row *row = bag->rows; row; row = row->hh.next)
		if (strcmp(row->label[1], b) == 0)
			return row;
	return NULL;
}

static void same_labels_are_one_row(void **state)
{
	struct bag bag = { .labels = 2, .figures = 2 };

	(void)state;
	put(&bag, "a", "bc", 0, 1);
	put(&bag, "a", "bc", 0, 2);
	put(&bag, "ab", "c", 0, 4); /* other labels, the same letters */
	put(&bag, NULL, "c", 0, 8);
	assert_int_equal(HASH_COUNT(bag.rows), 3);
	assert_true(find(&bag, "bc")->figure[0] == 3);
	assert_true(isnan(find(&bag, "bc")->figure[1]));
	bag__free(&bag);
}

static void what_is_not_known_adds_nothing(void **state)
{
	struct bag bag = { .labels = 2, .figures = 1 };

	(void)state;
	put(&bag, "a", "b", 0, NAN);
	assert_true(isnan(find(&bag, "b")->figure[0]));
	put(&bag, "a", "b", 0, 5);
	put(&bag, "a", "b", 0, NAN);
	assert_true(find(&bag, "b")->figure[0] == 5);
	bag__free(&bag);
}

static void cut_keeps_the_largest_and_the_sum(void **state)
{
	struct bag bag = { .labels = 2, .figures = 4, .rule = { BAG_SUM, BAG_ALONE, BAG_LEAST, BAG_MOST } };
	double sum = 0;
	char name[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		for (size_t figure = 0; figure < 4; figure++)
			put(&bag, "x", name, figure, i);
	}
	bag__cut(&bag, 0, 10);
	assert_int_equal(HASH_COUNT(bag.rows), 10);
	assert_int_equal(bag.merged, 91);
	assert_string_equal(bag.rows->label[1], "n99");
	for (const struct bag_row *row = bag.rows; row; row = row->hh.next)
		sum += row->figure[0];
	assert_true(sum == 99 * 100 / 2);
	assert_true(isnan(find(&bag, BAG_OTHER)->figure[1]));
	assert_true(isnan(find(&bag, BAG_OTHER)->figure[2]));
	assert_true(find(&bag, BAG_OTHER)->figure[3] == 90);
	bag__free(&bag);
}

static void few_rows_are_not_merged(void **state)
{
	struct bag bag = { .labels = 2, .figures = 1 };

	(void)state;
	put(&bag, "a", "b", 0, 1);
	put(&bag, "a", "c", 0, NAN);
	bag__cut(&bag, 0, 2);
	assert_int_equal(HASH_COUNT(bag.rows), 2);
	assert_null(find(&bag, BAG_OTHER));
	bag__free(&bag);
}

static void one_that_is_called_other(void **state)
{
	struct bag bag = { .labels = 2, .figures = 1 };

	(void)state;
	put(&bag, "", BAG_OTHER, 0, 7);
	put(&bag, "", "a", 0, 3);
	put(&bag, "", "b", 0, 2);
	put(&bag, "", "c", 0, 1);
	bag__cut(&bag, 0, 2);
	assert_true(find(&bag, BAG_OTHER)->figure[0] == 10);
	assert_true(find(&bag, "a")->figure[0] == 3);
	bag__free(&bag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_labels_are_one_row),           cmocka_unit_test(what_is_not_known_adds_nothing),
		cmocka_unit_test(cut_keeps_the_largest_and_the_sum), cmocka_unit_test(few_rows_are_not_merged),
		cmocka_unit_test(one_that_is_called_other),
	};

	return cmocka_run_group_tests_name("bag", tests, NULL, NULL);
}
