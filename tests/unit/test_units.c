// SPDX-License-Identifier: GPL-2.0-only
// needs: units
/* Figures for people: three digits, never more than eight characters, the same in every locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snapshot.h"
#include "units.h"

#define KIB 1024ull
#define MIB (KIB << 10)
#define GIB (MIB << 10)

static char buf[UNITS_MAX];

static void bytes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.00 KiB" },
		{ 1536, "1.50 KiB" },
		{ 10 * KIB - 1, "10.0 KiB" },
		{ 100 * KIB - 1, "100 KiB" },
		{ 1000 * KIB, "1000 KiB" },
		{ MIB - 1, "1.00 MiB" },
		{ MIB, "1.00 MiB" },
		{ 64 * MIB, "64.0 MiB" },
		{ 128 * MIB, "128 MiB" },
		{ GIB + 410 * MIB, "1.40 GiB" },
		{ 1023 * GIB, "1023 GiB" },
		{ 5ull << 50, "5.00 PiB" },
		{ UINT64_MAX - 1, "16.0 EiB" },
		{ ABSENT, "-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(units__bytes(buf, cases[i].bytes), cases[i].text);
}

/* At each power of two and near it: a stable width, and never a figure that grows as bytes shrink. */
static void bytes_are_narrow(void **state)
{
	(void)state;
	for (int shift = 0; shift < 64; shift++)
		for (int off = -3; off <= 3; off++) {
			uint64_t value = (1ull << shift) + (unsigned long long)off;

			if (value != ABSENT)
				assert_true(strlen(units__bytes(buf, value)) <= 8);
		}
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		uint64_t value = ((uint64_t)random() << 31 | (uint64_t)random()) >> (random() % 62);
		char *unit;
		double shown, factor = 1;

		units__bytes(buf, value);
		assert_true(strlen(buf) <= 8);
		shown = strtod(buf, &unit);
		for (const char *u = "BKMGTPE"; *u != unit[1]; u++)
			factor *= 1024;
		assert_true(fabs(shown * factor - (double)value) <= (double)value * 0.0051);
	}
}

static void changes(void **state)
{
	(void)state;
	assert_string_equal(units__change(buf, 0), "0 B");
	assert_string_equal(units__change(buf, 64 * (int64_t)MIB), "+64.0 MiB");
	assert_string_equal(units__change(buf, -4096), "-4.00 KiB");
	assert_string_equal(units__change(buf, INT64_MIN), "-8.00 EiB");
	assert_string_equal(units__rate(buf, 3.1 * (double)MIB), "+3.10 MiB/s");
	assert_string_equal(units__rate(buf, -1), "-1 B/s");
	assert_string_equal(units__rate(buf, 0), "0 B/s");
	assert_string_equal(units__rate(buf, -0.2), "0 B/s");
	assert_string_equal(units__rate(buf, NO_RATE), "-");
	assert_true(strlen(units__rate(buf, INFINITY)) < UNITS_MAX);
}

static void durations(void **state)
{
	(void)state;
	assert_string_equal(units__duration(buf, 0), "0 ms");
	assert_string_equal(units__duration(buf, 0.0204), "20 ms");
	assert_string_equal(units__duration(buf, 0.9996), "1.00 s");
	assert_string_equal(units__duration(buf, 9.996), "10.0 s");
	assert_string_equal(units__duration(buf, 59.94), "59.9 s");
	assert_string_equal(units__duration(buf, 59.96), "1 min 00 s");
	assert_string_equal(units__duration(buf, 200), "3 min 20 s");
	assert_string_equal(units__duration(buf, 7500), "2 h 05 min");
	assert_string_equal(units__duration(buf, 273600), "3 d 04 h");
	assert_string_equal(units__duration(buf, -1), "-");
	assert_string_equal(units__duration(buf, NAN), "-");
	assert_true(strlen(units__duration(buf, 1e300)) < UNITS_MAX);
}

static void percentages(void **state)
{
	(void)state;
	assert_string_equal(units__percent(buf, 0), "0 %");
	assert_string_equal(units__percent(buf, 0.004), "0.4 %");
	assert_string_equal(units__percent(buf, 0.125), "13 %");
	assert_string_equal(units__percent(buf, 0.9999), "99 %");
	assert_string_equal(units__percent(buf, 1), "100 %");
	assert_string_equal(units__percent(buf, 1.2), "120 %");
	assert_string_equal(units__percent(buf, -0.02), "-2.0 %");
	assert_string_equal(units__percent(buf, NAN), "-");
}

static void decimals(void **state)
{
	(void)state;
	assert_string_equal(units__decimal(buf, 1.5, 0), "2");
	assert_string_equal(units__decimal(buf, -0.04, 1), "0.0");
	assert_string_equal(units__decimal(buf, -0.06, 1), "-0.1");
	assert_string_equal(units__decimal(buf, 12.000001, 6), "12.000001");
	assert_string_equal(units__decimal(buf, NAN, 3), "-");
	assert_true(strlen(units__decimal(buf, 1e300, 6)) < UNITS_MAX);
	assert_true(strlen(units__decimal(buf, -INFINITY, 6)) < UNITS_MAX);
}

static void times(void **state)
{
	uint64_t ns = 1732288041123987654ull;

	(void)state;
	setenv("TZ", "CET-1", 1);
	tzset();
	assert_string_equal(units__time(buf, ns), "2024-11-22T15:07:21.123Z");
	assert_string_equal(units__start_time(buf, ns), "2024-11-22T15:07:21.12Z");
	assert_string_equal(units__clock(buf, ns), "16:07:21.123");
	assert_string_equal(units__local_time(buf, ns), "2024-11-22 16:07:21 +0100");
	assert_string_equal(units__time(buf, 0), "1970-01-01T00:00:00.000Z");
	assert_true(strlen(units__time(buf, UINT64_MAX)) < UNITS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),     cmocka_unit_test(bytes_are_narrow), cmocka_unit_test(changes),
		cmocka_unit_test(durations), cmocka_unit_test(percentages),      cmocka_unit_test(decimals),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
