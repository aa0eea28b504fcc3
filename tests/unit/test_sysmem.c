// SPDX-License-Identifier: GPL-2.0-only
// needs: parse file
/* The ledger of RAM: it adds up, counts nothing twice, and says when counters disagree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "buffer.h"
#include "sysmem.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KIB 1024ull

static void assert_balanced(const struct sysmem *m)
{
	uint64_t sum = 0;

	for (int i = 0; i < SYSMEM_PARTS; i++) {
		assert_non_null(m->parts[i].name);
		if (!m->parts[i].has)
			assert_true(m->parts[i].bytes == 0);
		sum += m->parts[i].bytes;
	}
	assert_true(sum == m->total_bytes + m->excess_bytes);
	assert_true(m->excess_bytes == 0 || m->parts[SYSMEM_UNATTRIBUTED].bytes == 0);
	assert_string_equal(m->parts[SYSMEM_PARTS - 1].name, "unattributed");
	assert_true(m->parts[SYSMEM_PARTS - 1].has);
}

static const struct {
	enum sysmem_part_id part;
	uint64_t kib;
	uint64_t reclaimable_kib;
} swap_rows[] = {
	{ SYSMEM_FREE, 512340, 0 },
	{ SYSMEM_ANON, 6500000, 0 },
	{ SYSMEM_CACHE, 4915200 + 102400 - 1500000, 1800000 + 1100000 - 2048 - 512 },
	{ SYSMEM_TMPFS, 1500000, 0 },
	{ SYSMEM_SWAP_CACHE, 4200000 + 3900000 - 6500000 - 1500000, 0 }, /* of 204800 */
	{ SYSMEM_SLAB_RECLAIMABLE, 580000, 580000 },
	{ SYSMEM_SLAB_UNRECLAIMABLE, 320000, 0 },
	{ SYSMEM_MISC_RECLAIMABLE, 20000, 20000 },
	{ SYSMEM_PAGE_TABLES, 90112 + 2048, 0 },
	{ SYSMEM_KERNEL_STACK, 32768, 0 },
	{ SYSMEM_PERCPU, 16384, 0 },
	{ SYSMEM_VMALLOC, 98304 - 32768, 0 },
	{ SYSMEM_HUGETLB, 2097152, 0 },
	{ SYSMEM_ZSWAP, 131072, 0 },
	{ SYSMEM_BOUNCE, 8, 0 },
	{ SYSMEM_WRITEBACK_TMP, 4, 0 },
	{ SYSMEM_HARDWARE_CORRUPTED, 64, 0 },
};

static void a_machine_that_swaps(void **state)
{
	struct sysmem m;
	size_t len;
	char *bytes = buffer__fixture("meminfo_swap.txt", &len);

	(void)state;
	assert_int_equal(sysmem__parse(bytes, len, &m), 0);
	free(bytes);
	for (size_t i = 0; i < COUNT(swap_rows); i++) {
		const struct sysmem_part *part = &m.parts[swap_rows[i].part];

		if (!part->has || part->bytes != swap_rows[i].kib * KIB ||
		    part->reclaimable_bytes != swap_rows[i].reclaimable_kib * KIB)
			fail_msg("%s: %llu KiB", part->name, (unsigned long long)(part->bytes / KIB));
	}
	assert_false(m.parts[SYSMEM_GPU_ACTIVE].has);
	assert_balanced(&m);
	assert_true(m.available_bytes.value == 4801232 * KIB);
	assert_true(m.swap_total_bytes.value == 8388604 * KIB && m.swap_free_bytes.value == 6291456 * KIB);
	assert_true(m.cma_free_bytes.has && m.balloon_bytes.value == 10240 * KIB);
	assert_true(m.swap_cached_bytes.value == 204800 * KIB);
}

struct part_case {
	const char *what, *text;
	enum sysmem_part_id part;
	bool has;
	uint64_t kib;
};

#define HEAD "MemTotal: 1000 kB\nMemFree: 100 kB\n"

static const struct part_case part_cases[] = {
	{ "a kernel that tells little", HEAD, SYSMEM_UNATTRIBUTED, true, 900 },
	{ "absent is not zero", HEAD, SYSMEM_ANON, false, 0 },
	{ "zero is not absent", HEAD "Percpu: 0 kB\n", SYSMEM_PERCPU, true, 0 },
	{ "cache less than shmem", HEAD "Buffers: 0 kB\nCached: 5 kB\nShmem: 9 kB\n", SYSMEM_CACHE, true, 0 },
	{ "VmallocUsed of 0, before 5.3", HEAD "VmallocUsed: 0 kB\nKernelStack: 16 kB\n", SYSMEM_VMALLOC, true, 0 },
	{ "no KReclaimable, before 4.20", HEAD "SReclaimable: 5 kB\n", SYSMEM_MISC_RECLAIMABLE, false, 0 },
	{ "page tables without secondary", HEAD "PageTables: 5 kB\n", SYSMEM_PAGE_TABLES, true, 5 },
	{ "hugetlb of old kernels", HEAD "HugePages_Total: 3\nHugepagesize: 20 kB\n", SYSMEM_HUGETLB, true, 60 },
	{ "hugetlb, all sizes", HEAD "HugePages_Total: 3\nHugepagesize: 20 kB\nHugetlb: 80 kB\n", SYSMEM_HUGETLB, true,
	  80 },
	{ "no swap cache", HEAD "SwapCached: 0 kB\n", SYSMEM_SWAP_CACHE, true, 0 },
	{ "swap cache, all mapped",
	  HEAD "SwapCached: 9 kB\nActive(anon): 5 kB\nInactive(anon): 5 kB\n"
	       "AnonPages: 10 kB\nShmem: 0 kB\n",
	  SYSMEM_SWAP_CACHE, true, 0 },
	{ "swap cache, none mapped",
	  HEAD "SwapCached: 9 kB\nActive(anon): 50 kB\nInactive(anon): 0 kB\n"
	       "AnonPages: 10 kB\nShmem: 0 kB\n",
	  SYSMEM_SWAP_CACHE, true, 9 },
	{ "swap cache, no lists to tell", HEAD "SwapCached: 9 kB\n", SYSMEM_SWAP_CACHE, false, 0 },
	{ "negative", HEAD "AnonPages: -5 kB\n", SYSMEM_ANON, false, 0 },
	{ "twice: the first", HEAD "AnonPages: 5 kB\nAnonPages: 6 kB\n", SYSMEM_ANON, true, 5 },
	{ "cut off at the end", HEAD "AnonPages: 5 k", SYSMEM_ANON, false, 0 },
	{ "no newline", HEAD "AnonPages: 5 kB", SYSMEM_ANON, false, 0 },
	{ "2^64", HEAD "AnonPages: 18446744073709551616 kB\n", SYSMEM_ANON, false, 0 },
	{ "a key that goes on", HEAD "AnonPagesX: 5 kB\n", SYSMEM_ANON, false, 0 },
};

static void of_cache_what_is_clean_and_listed(void **state)
{
	static const char text[] = HEAD "Buffers: 10 kB\nCached: 590 kB\nShmem: 100 kB\nActive(file): 300 kB\n"
					"Inactive(file): 150 kB\nDirty: 40 kB\nWriteback: 20 kB\nUnevictable: 60 kB\n";
	struct sysmem m;

	(void)state;
	assert_int_equal(sysmem__parse(text, strlen(text), &m), 0);
	assert_int_equal(m.parts[SYSMEM_CACHE].bytes, 500 * KIB);
	assert_int_equal(m.parts[SYSMEM_CACHE].reclaimable_bytes, 390 * KIB);
	/* of a kernel that does not tell the lists: all of it */
	assert_int_equal(sysmem__parse(HEAD "Buffers: 0 kB\nCached: 5 kB\nShmem: 1 kB\n",
				       sizeof(HEAD "Buffers: 0 kB\nCached: 5 kB\nShmem: 1 kB\n") - 1, &m),
			 0);
	assert_int_equal(m.parts[SYSMEM_CACHE].reclaimable_bytes, 4 * KIB);
}

static void part_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(part_cases); i++) {
		const struct part_case *c = &part_cases[i];
		char *bytes = buffer__exact(c->text, strlen(c->text));
		struct sysmem m;

		if (sysmem__parse(bytes, strlen(c->text), &m))
			fail_msg("%s", c->what);
		free(bytes);
		if (m.parts[c->part].has != c->has || m.parts[c->part].bytes != c->kib * KIB)
			fail_msg("%s: %d %llu", c->what, m.parts[c->part].has,
				 (unsigned long long)m.parts[c->part].bytes);
		assert_balanced(&m);
	}
}

static void more_than_there_is(void **state)
{
	struct sysmem m;

	(void)state;
	assert_int_equal(sysmem__parse(BYTES(HEAD "AnonPages: 950 kB\n"), &m), 0);
	assert_true(m.excess_bytes == 50 * KIB);
	assert_true(m.parts[SYSMEM_UNATTRIBUTED].bytes == 0);
	assert_true(m.parts[SYSMEM_ANON].bytes == 950 * KIB); /* nothing is taken off the others */
	assert_balanced(&m);
}

static const struct {
	const char *what, *bytes;
	size_t len;
	int err;
} bad_rows[] = {
	{ "empty", BYTES(""), -EINVAL },
	{ "no total", BYTES("MemFree: 1 kB\n"), -EINVAL },
	{ "no free", BYTES("MemTotal: 1 kB\n"), -EINVAL },
	{ "another unit", BYTES("MemTotal: 1 MB\nMemFree: 1 kB\n"), -EINVAL },
	{ "NULs", BYTES("\0\0\0\0\0\0\0\0"), -EINVAL },
	{ "a NUL before the unit", BYTES("MemTotal: 1\0kB\nMemFree: 1 kB\n"), -EINVAL },
	{ "a sum beyond 64 bits", BYTES(HEAD "AnonPages: 18014398509481983 kB\nPercpu: 18014398509481983 kB\n"),
	  -ERANGE },
};

static void bad_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_rows); i++) {
		char *bytes = buffer__exact(bad_rows[i].bytes, bad_rows[i].len);
		struct sysmem m;
		int err = sysmem__parse(bytes, bad_rows[i].len, &m);

		free(bytes);
		if (err != bad_rows[i].err || m.total_bytes != 0)
			fail_msg("%s: %d", bad_rows[i].what, err);
	}
}

static void cut_anywhere_it_balances(void **state)
{
	struct sysmem m;
	size_t len;
	char *bytes = buffer__fixture("meminfo_swap.txt", &len);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		char *part = buffer__exact(bytes, cut);

		if (sysmem__parse(part, cut, &m) == 0)
			assert_balanced(&m);
		free(part);
	}
	free(bytes);
}

static void this_machine(void **state)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY);
	struct sysmem m;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(sysmem__read(fd, &m), 0);
	close(fd);
	assert_balanced(&m);
	for (int i = 0; i < SYSMEM_PARTS; i++)
		if (m.parts[i].has)
			print_message("# %-20s %10llu KiB\n", m.parts[i].name,
				      (unsigned long long)(m.parts[i].bytes / KIB));
	print_message("# %-20s %10llu KiB, excess %llu\n", "total", (unsigned long long)(m.total_bytes / KIB),
		      (unsigned long long)(m.excess_bytes / KIB));
	assert_int_equal(sysmem__read(-1, &m), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_swaps),
		cmocka_unit_test(of_cache_what_is_clean_and_listed),
		cmocka_unit_test(part_table),
		cmocka_unit_test(more_than_there_is),
		cmocka_unit_test(bad_table),
		cmocka_unit_test(cut_anywhere_it_balances),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests_name("sysmem", tests, NULL, NULL);
}
