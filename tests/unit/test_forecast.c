// SPDX-License-Identifier: GPL-2.0-only
// needs: forecast
/* Net growth: linear, after a flat time, sawtooth, burst, noise; and the ring when it is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "forecast.h"

#define S 1000000000ULL
#define LIMIT 1000000ULL

static void linear(void **state)
{
	struct forecast f = { 0 };
	struct forecast_rise rise;

	(void)state;
	for (uint64_t i = 0; i <= 40; i++)
		forecast__add(&f, i * S / 2, 1000 * i * 10);
	rise = forecast__rise(&f, LIMIT);
	assert_true(rise.believed);
	assert_true(fabs(rise.rate - 20000) < 400);
	assert_true(fabs(forecast__eta(400000, LIMIT, rise.rate) - 30) < 1);
}

static void a_flat_time_before_does_not_slow_it(void **state)
{
	struct forecast f = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 60; i++)
		forecast__add(&f, i * S, 100000 + i % 2 * 40);
	for (uint64_t i = 0; i <= 5; i++)
		forecast__add(&f, (60 + i) * S, 100000 + i * 80000);
	assert_true(forecast__rise(&f, LIMIT).believed);
	assert_true(fabs(forecast__rise(&f, LIMIT).rate - 80000) < 8000);
}

static void a_sawtooth_is_not_believed(void **state)
{
	struct forecast f = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		forecast__add(&f, i * S / 5, 700000 + i % 15 * 10000);
		assert_false(forecast__rise(&f, LIMIT).believed);
	}
}

static void a_burst_that_is_over_is_no_growth(void **state)
{
	struct forecast f = { 0 };

	(void)state;
	forecast__add(&f, 0, 0);
	forecast__add(&f, S / 10, 500000);
	for (uint64_t i = 1; i < 20; i++)
		forecast__add(&f, S / 10 + i * S / 2, 500000);
	assert_false(forecast__rise(&f, LIMIT).believed);
	assert_true(forecast__rise(&f, LIMIT).rate < 1);
}

static void a_slow_leak_takes_longer_to_believe(void **state)
{
	struct forecast f = { 0 };

	(void)state;
	for (uint64_t i = 0; i <= 5; i++)
		forecast__add(&f, i * S, 300000 + i * 3000);
	assert_false(forecast__rise(&f, LIMIT).believed);
	for (uint64_t i = 6; i <= 20; i++)
		forecast__add(&f, i * S, 300000 + i * 3000);
	assert_true(forecast__rise(&f, LIMIT).believed);
}

static void the_ring_is_never_left(void **state)
{
	struct forecast f = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		forecast__add(&f, i * S / 100, i);
	assert_true(f.count <= FORECAST_POINTS);
	assert_true(fabs(forecast__rise(&f, LIMIT).rate - 100) < 5);
	forecast__add(&f, 0, 5); /* a time that goes back */
	assert_int_equal(f.points[f.count - 1].used, 99999);
}

static void empty(void **state)
{
	struct forecast f = { 0 };

	(void)state;
	assert_false(forecast__rise(&f, LIMIT).believed);
	forecast__add(&f, 5, 7);
	assert_int_equal(forecast__rise(&f, LIMIT).growth, 0);
	assert_true(isnan(forecast__eta(5, 10, 0)));
	assert_true(isnan(forecast__eta(5, 10, -3)));
	assert_true(forecast__eta(11, 10, 1) == 0);
}

static void a_line(void **state)
{
	struct forecast_point points[10];

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		points[i] = (struct forecast_point){ i * S, 1000 + 50 * i };
	assert_true(fabs(forecast__line(points, 10).slope - 50) < 1e-6);
	assert_true(forecast__line(points, 10).fit > 0.999);
	assert_true(forecast__line(points, 2).fit == 0);
	for (uint64_t i = 0; i < 10; i++)
		points[i].used = i % 2 * 1000;
	assert_true(forecast__line(points, 10).fit < 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear),
		cmocka_unit_test(a_flat_time_before_does_not_slow_it),
		cmocka_unit_test(a_sawtooth_is_not_believed),
		cmocka_unit_test(a_burst_that_is_over_is_no_growth),
		cmocka_unit_test(a_slow_leak_takes_longer_to_believe),
		cmocka_unit_test(the_ring_is_never_left),
		cmocka_unit_test(empty),
		cmocka_unit_test(a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
