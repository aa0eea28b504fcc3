// SPDX-License-Identifier: GPL-2.0-only
// needs: limitwatch_blame blame history
/* Who it is between readings: out of tables as the kernel side has them, made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limitwatch_private.h"

#define PAGE 4096ULL
#define S 1000000000ULL
#define DEV 50U
#define HEADER (OWNER_FIRST + 0)
#define HOG (OWNER_FIRST + 1)

static struct file_slot files[8];
static struct owner_slot owners[4];
static struct pair_row pairs[4];
static uint32_t file_count, pair_count;
static int pairs_asked, pairs_error;
static const char *model_comm;
static struct limitwatch limits;
static struct warning w;

const struct file_slot *tracer__files(struct tracer *tracer, uint32_t *slots)
{
	(void)tracer;
	*slots = file_count;
	return files;
}

const struct owner_slot *tracer__owners(struct tracer *tracer, uint32_t *slots)
{
	(void)tracer;
	*slots = 4;
	return owners;
}

int tracer__pairs(struct tracer *tracer, struct pair_row **rows, size_t *capacity)
{
	(void)tracer;
	pairs_asked++;
	if (pairs_error)
		return pairs_error;
	*capacity = 4;
	*rows = malloc(sizeof(pairs));
	memcpy(*rows, pairs, sizeof(pairs));
	return (int)pair_count;
}

const char *model__path_of(const struct model *model, uint32_t file, uint64_t birth_ns, bool *whole)
{
	(void)model;
	(void)birth_ns;
	*whole = false;
	return file == 1 ? "/log" : "/other";
}

const char *model__cgroup_of(const struct model *model, uint64_t id, const char **container)
{
	(void)model;
	(void)id;
	*container = NULL;
	return "/job";
}

const char *model__comm_of(const struct model *model, uint32_t pid, uint64_t start_ns)
{
	(void)model;
	(void)start_ns;
	return pid == 11 ? model_comm : NULL;
}

int collector__tasks(struct collector *collector, const struct task_row **rows)
{
	(void)collector;
	*rows = NULL;
	return 0;
}

static void add_file(uint32_t dev, uint16_t owner, uint16_t flags, int64_t pages)
{
	files[file_count] = (struct file_slot){ .mapping = file_count,
						.base = pages,
						.owner = owner,
						.flags = FILE_TMPFS | flags,
						.dev = dev,
						.birth_ns = 100 + file_count };
	file_count++;
}

static int reset(void **state)
{
	(void)state;
	memset(files, 0, sizeof(files));
	memset(pairs, 0, sizeof(pairs));
	memset(owners, 0, sizeof(owners));
	file_count = 1;
	pair_count = 0;
	pairs_asked = pairs_error = 0;
	model_comm = NULL;
	limits.page_bytes = PAGE;
	owners[HEADER] = (struct owner_slot){ .start_ns = 7 * S, .pid = 10, .comm = "header", .exit_ns = 8 * S };
	owners[HOG] = (struct owner_slot){ .start_ns = 9 * S, .pid = 11, .comm = "sh" };
	return 0;
}

static void blame_mount(enum blame_of of)
{
	memset(&w, 0, sizeof(w));
	limitwatch__blame_mount(&limits, DEV, "/mnt", of);
	blame__finish(&limits.blame, NULL, 1000 * S, &w);
}

/* a page of a header, and 1023 that another appended */
static void share_it(void)
{
	add_file(DEV, HEADER, FILE_SHARED, 1024);
	files[1].shares = 1 << 8;
	files[1].total_shares = 1024 << 8;
	files[1].scale = 1;
	pairs[0] = (struct pair_row){ { 2, HOG, 102 }, { 77, 0, 0, 0 } };
	pairs[1] = (struct pair_row){ { 1, HOG, 99 }, { 77, 0, 0, 0 } }; /* of an earlier use of the slot */
	pairs[2] = (struct pair_row){ { 1, HOG, 101 }, { 1023ULL << 16, 1023, 0, 0 } };
	pair_count = 3;
}

static void a_shared_file_is_its_owners(void **state)
{
	(void)state;
	share_it();
	blame_mount(BLAME_MOUNT);
	assert_int_equal(w.culprit_count, 2);
	assert_int_equal(w.culprits[0].pid, 11);
	assert_int_equal(w.culprits[0].bytes, 1023 * PAGE);
	assert_string_equal(w.culprits[0].path, "/mnt/log");
	assert_int_equal(w.culprits[1].bytes, PAGE);
	limitwatch__blame_tasks(&limits, 5, "/job");
	blame__finish(&limits.blame, NULL, 1000 * S, &w);
	assert_int_equal(w.culprits[0].pid, 11);
	assert_int_equal(w.culprits[0].bytes, 1023 * PAGE);
}

/* what is another's is not made the first owner's */
static void without_the_pairs(void **state)
{
	(void)state;
	share_it();
	pairs_error = -12;
	blame_mount(BLAME_MOUNT);
	assert_int_equal(w.culprit_count, 1);
	assert_int_equal(w.culprits[0].pid, 10);
	assert_int_equal(w.culprits[0].bytes, PAGE);
}

static void pairs_are_asked_for_when_there_are_some(void **state)
{
	(void)state;
	add_file(DEV, HEADER, 0, 3);
	add_file(DEV + 1, HOG, 0, 3);
	blame_mount(BLAME_MOUNT);
	assert_int_equal(pairs_asked, 0);
	assert_int_equal(w.culprit_count, 1);
	assert_int_equal(w.culprits[0].bytes, 3 * PAGE);
}

static void a_name_that_changed(void **state)
{
	(void)state;
	add_file(DEV, HOG, 0, 3);
	model_comm = "worker";
	blame_mount(BLAME_MOUNT);
	assert_string_equal(w.culprits[0].comm, "worker");
	model_comm = NULL;
	blame_mount(BLAME_MOUNT);
	assert_string_equal(w.culprits[0].comm, "sh");
}

static void inodes_are_counted(void **state)
{
	(void)state;
	share_it();
	add_file(DEV, HEADER, 0, 9000);
	add_file(DEV, HOG, 0, 1);
	add_file(DEV, HOG, 0, 1);
	add_file(DEV, HOG, 0, 0);
	add_file(DEV, HOG, FILE_DELETED, 0); /* it is going */
	blame_mount(BLAME_INODES);
	assert_int_equal(w.culprit_count, 2);
	assert_int_equal(w.culprits[0].pid, 11);
	assert_int_equal(w.culprits[0].files, 3);
	assert_int_equal(w.culprits[0].bytes, 1025 * PAGE);
	assert_int_equal(w.culprits[1].files, 2);
	blame_mount(BLAME_MOUNT);
	assert_int_equal(w.culprits[0].pid, 10);
	assert_int_equal(w.culprits[1].files, 3);
}

/* files that found no slot count in its memory; on which mount they are is not known */
static void files_without_a_slot(void **state)
{
	(void)state;
	add_file(DEV, HEADER, 0, 3);
	owners[HOG].other_tmpfs = 500;
	limitwatch__blame_tasks(&limits, 5, "/job");
	blame__finish(&limits.blame, NULL, 1000 * S, &w);
	assert_int_equal(w.culprits[0].pid, 11);
	assert_int_equal(w.culprits[0].bytes, 500 * PAGE);
	w.used = 503 * PAGE;
	limitwatch__blame_mount(&limits, DEV, "/mnt", BLAME_MOUNT);
	blame__finish(&limits.blame, NULL, 1000 * S, &w);
	assert_int_equal(w.culprit_count, 1);
	assert_int_equal(w.unattributed, 500 * PAGE);
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_shared_file_is_its_owners),
		TEST(without_the_pairs),
		TEST(pairs_are_asked_for_when_there_are_some),
		TEST(a_name_that_changed),
		TEST(inodes_are_counted),
		TEST(files_without_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
