// SPDX-License-Identifier: GPL-2.0-only
// needs: out escape
/* Accounts on their way from one pagetide to another: whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "tracer.h"

#define OWNERS 6
#define FILES 5

static struct owner_slot owners[OWNERS];
static struct file_slot files[FILES];
static struct pair_row pairs[2];

static char *written(size_t *size)
{
	const struct accounts from = {
		.owner_slots = owners,
		.owner_count = OWNERS,
		.files = files,
		.file_count = FILES,
		.pairs = pairs,
		.pair_count = 2,
	};
	char *text = NULL;
	FILE *out;

	memset(owners, 0, sizeof(owners));
	memset(files, 0, sizeof(files));
	memset(pairs, 0, sizeof(pairs));
	owners[OWNER_OTHER].start_ns = 1; /* stands for nobody */
	owners[3] = (struct owner_slot){ .start_ns = 30, .pid = 3, .comm = "three" };
	owners[5] = (struct owner_slot){ .start_ns = 50, .pid = 5, .comm = "five", .exit_ns = 60 };
	files[1] = (struct file_slot){ .mapping = 1, .nrpages = 10, .owner = 3 };
	files[2] = (struct file_slot){ .mapping = 2, .nrpages = 10, .owner = OWNER_UNKNOWN }; /* nobody's */
	files[3] = (struct file_slot){ .mapping = 3, .nrpages = 4, .owner = OWNER_UNKNOWN, .flags = FILE_SHARED };
	files[4] = (struct file_slot){ .nrpages = 4, .owner = 3 }; /* a free slot */
	pairs[0].key = (struct pair_key){ .file = 3, .owner = 5, .birth_ns = 9 };
	pairs[1].key = (struct pair_key){ .file = 3, .owner = 3, .birth_ns = 9 };
	out = open_memstream(&text, size);
	assert_non_null(out);
	assert_int_equal(accounts__write(out, &from), 0);
	fclose(out);
	return text;
}

static void only_what_is_somebodys_goes(void **state)
{
	struct accounts accounts;
	size_t size;
	char *text = written(&size);

	(void)state;
	assert_int_equal(accounts__parse(text, size, &accounts), 0);
	assert_int_equal(accounts.owner_count, 2);
	assert_int_equal(accounts.owners[0].index, 3);
	assert_string_equal(accounts.owners[0].slot.comm, "three");
	assert_int_equal(accounts.owners[1].index, 5);
	assert_int_equal(accounts.owners[1].slot.exit_ns, 60);
	assert_int_equal(accounts.file_count, 2);
	assert_int_equal(accounts.files[0].mapping, 1);
	assert_int_equal(accounts.files[1].mapping, 3);
	assert_int_equal(accounts.pair_count, 2);
	assert_int_equal(accounts.pairs[1].key.owner, 3);
	free(text);
}

static void a_part_of_it_is_refused(void **state)
{
	struct accounts accounts;
	size_t size;
	char *text = written(&size);

	(void)state;
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(accounts__parse(text, cut, &accounts), -EINVAL);
	text = realloc(text, size + 8);
	assert_non_null(text);
	assert_int_equal(accounts__parse(text, size + 8, &accounts), -EINVAL); /* more than it says */
	free(text);
}

static void another_build_is_refused(void **state)
{
	struct accounts accounts;
	size_t size;
	char *text = written(&size);

	(void)state;
	for (size_t at = 0; at < 32 + 4 * sizeof(uint32_t); at++) { /* version and sizes */
		text[at] ^= 1;
		assert_int_equal(accounts__parse(text, size, &accounts), -EINVAL);
		text[at] ^= 1;
	}
	for (size_t at = 48; at < 48 + 3 * sizeof(uint64_t); at++) { /* counts that are beyond it */
		text[at] = (char)(text[at] + 64);
		assert_int_equal(accounts__parse(text, size, &accounts), -EINVAL);
		text[at] = (char)(text[at] - 64);
	}
	assert_int_equal(accounts__parse(text, size, &accounts), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_somebodys_goes),
		cmocka_unit_test(a_part_of_it_is_refused),
		cmocka_unit_test(another_build_is_refused),
	};

	return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
