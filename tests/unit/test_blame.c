// SPDX-License-Identifier: GPL-2.0-only
// needs: blame history
/* Whoever has the most is named, however many there are, with what grew and what it is of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "blame.h"

#define S 1000000000ULL
#define MIB (1ULL << 20)
#define NOW (1000 * S)

static struct blame blame;
static struct warning w;

static void add(uint32_t pid, const char *comm, uint64_t bytes, const char *path)
{
	struct share share = { .pid = pid,
			       .start_ns = 10 * S,
			       .comm = comm,
			       .bytes = bytes,
			       .path = path,
			       .file = path != NULL,
			       .files = path != NULL };

	blame__add(&blame, &share);
}

static void finish(void)
{
	memset(&w, 0, sizeof(w));
	blame__finish(&blame, NULL, HISTORY_ANON, NOW, &w);
}

/* pids go up: who came last was the one that the table had no room for */
static void the_largest_of_many(void **state)
{
	char name[16];

	(void)state;
	blame__begin(&blame);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "w%u", i);
		add(100 + i, name, MIB, NULL);
	}
	add(9000, "thehog", 75 * MIB, NULL);
	finish();
	assert_int_equal(w.culprit_count, WARNING_CULPRITS);
	assert_string_equal(w.culprits[0].comm, "thehog");
	assert_int_equal(w.culprits[0].bytes, 75 * MIB);
	assert_string_equal(w.culprits[1].comm, "w0");
}

static void a_process_counts_once(void **state)
{
	(void)state;
	blame__begin(&blame);
	for (uint32_t i = 0; i < 96; i++)
		add(100 + i, "worker", MIB, NULL);
	for (int i = 0; i < 1000; i++)
		add(500, "worker", MIB / 1000, "/t/f");
	finish();
	assert_int_equal(w.culprit_count, 1);
	assert_int_equal(w.culprits[0].processes, 97);
	assert_int_equal(w.culprits[0].files, 1000);
	assert_int_equal(w.culprits[0].bytes, 96 * MIB + 1000 * (MIB / 1000));
}

static void who_stands_out_is_told_alone(void **state)
{
	(void)state;
	blame__begin(&blame);
	for (uint32_t i = 0; i < 10; i++)
		add(100 + i, "worker", MIB, NULL);
	add(200, "worker", 50 * MIB, NULL);
	assert_int_equal(blame__bytes_of(&blame, 200, 10 * S), 50 * MIB);
	assert_int_equal(blame__bytes_of(&blame, 200, 11 * S), 0);
	finish();
	assert_int_equal(w.culprits[0].pid, 200);
	assert_int_equal(w.culprits[0].processes, 1);
	blame__begin(&blame); /* nothing of the one before */
	finish();
	assert_int_equal(w.culprit_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_of_many),
		cmocka_unit_test(a_process_counts_once),
		cmocka_unit_test(who_stands_out_is_told_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
