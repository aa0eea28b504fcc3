// SPDX-License-Identifier: GPL-2.0-only
/* What is missing is named, nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/capability.h>

#include "rights.h"

#define BIT(capability) (1ULL << (capability))

static void says(uint64_t effective, int count, const char *text)
{
	char out[64];

	assert_int_equal(rights__missing(effective, out, sizeof(out)), count);
	assert_string_equal(out, text);
}

static void test_what_is_missing_is_named(void **state)
{
	(void)state;
	says(0, 2, "CAP_BPF and CAP_PERFMON");
	says(BIT(CAP_BPF), 1, "CAP_PERFMON");
	says(BIT(CAP_PERFMON) | BIT(CAP_SYS_PTRACE), 1, "CAP_BPF");
	says(BIT(CAP_BPF) | BIT(CAP_PERFMON), 0, "");
}

static void test_sys_admin_is_both(void **state)
{
	(void)state;
	says(BIT(CAP_SYS_ADMIN), 0, "");
	says(UINT64_MAX, 0, "");
	says(~(BIT(CAP_SYS_ADMIN) | BIT(CAP_BPF)), 1, "CAP_BPF");
}

static void test_short_buffers_are_not_overrun(void **state)
{
	char out[5] = "xxxx";

	(void)state;
	assert_int_equal(rights__missing(0, out, sizeof(out)), 2);
	assert_string_equal(out, "CAP_");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_sys_admin_is_both),
		cmocka_unit_test(test_short_buffers_are_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
