// SPDX-License-Identifier: GPL-2.0-only
/* pidns.c: how far above ours the pid namespace of /proc is, by the line NSpid of our own status. */
// needs: pidns file parse
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pidns.h"

static unsigned above(const char *status)
{
	return pidns__levels_above(status, strlen(status));
}

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(above("Name:\tpagetide\nNSpid:\t812\nNSpgid:\t812\n"), 0);
	assert_int_equal(above("NStgid:\t812\t3\nNSpid:\t812\t3\nNSpgid:\t812\t3\t9\n"), 1);
	assert_int_equal(above("NSpid:\t812\t31\t1\n"), 2);
}

static void test_hostile(void **state)
{
	(void)state;
	assert_int_equal(above(""), 0);
	assert_int_equal(above("Name:\tNSpid:\t1\t2\n"), 0);
	assert_int_equal(above("NSpid:\n"), 0);
	assert_int_equal(above("NSpid:\t812\tx\t-1\n"), 0);
	assert_int_equal(above("NSpid:\t812\t3"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_levels), cmocka_unit_test(test_hostile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
