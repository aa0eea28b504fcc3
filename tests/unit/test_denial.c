// SPDX-License-Identifier: GPL-2.0-only
// needs: denial syscall_name units names
/* The kernel's arithmetic at a pool of huge pages and at RLIMIT_MEMLOCK: what was that limit, and what was another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "denial.h"

#define HUGE (2ULL << 20)
#define PAGE 4096ULL

static char advice[DENIAL_ADVICE_MAX];

static bool judge(const struct record_denied *record, const struct hugetlb_pool *pool, struct event *event)
{
	const struct denial_facts facts = {
		.pools = pool, .pool_count = pool ? 1 : 0, .huge_page_bytes = HUGE, .page_bytes = PAGE
	};

	*event = (struct event){ 0 };
	return denial__judge(record, &facts, event, advice);
}

static void pools(void **state)
{
	static const struct {
		struct hugetlb_pool pool;
		uint64_t page_bytes, length, used, limit;
		int call;
		const char *name; /* of the limit; NULL: another one */
		bool told;
	} rows[] = {
		{ { HUGE, 4, 4, 0, 0, 0 }, 0, 5 * HUGE, 0, 4, SYS_mmap, "pool", true },
		{ { HUGE, 4, 1, 1, 0, 0 }, HUGE, 1, 4, 4, SYS_mmap, "pool", true },
		{ { HUGE, 4, 1, 0, 0, 0 }, HUGE, HUGE, 3, 4, SYS_mmap, NULL, true },
		{ { HUGE, 4, 0, 0, 1, 3 }, HUGE, 2 * HUGE, 4, 6, SYS_mmap, NULL, true }, /* it may grow by two */
		{ { HUGE, 4, 0, 0, 1, 3 }, HUGE, 3 * HUGE, 4, 6, SYS_mmap, "pool", true },
		{ { HUGE, 4, 0, 0, 0, 0 }, 1 << 30, 1 << 30, 0, 0, SYS_shmget, "pool", true }, /* no such pool */
		{ { HUGE, 4, 0, 0, 0, 0 }, HUGE, HUGE, 4, 4, -1, "pool", true },
		{ { HUGE, 4, 4, 0, 0, 0 }, HUGE, HUGE, 4, 4, -1, "pool", true }, /* given back since */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_denied record = { .what = DENIED_HUGETLB,
						.call = rows[i].call,
						.error = ENOMEM,
						.length_bytes = rows[i].length,
						.page_bytes = rows[i].page_bytes };
		struct event event;

		assert_int_equal(judge(&record, &rows[i].pool, &event), rows[i].told);
		assert_int_equal(event.type, EVENT_HUGETLB);
		assert_int_equal(event.denied.used_bytes, rows[i].used * HUGE);
		assert_int_equal(event.denied.limit_bytes, rows[i].limit * HUGE);
		assert_int_equal(event.denied.limit != NULL, rows[i].name != NULL);
		if (rows[i].told)
			assert_true(advice[0] != '\0');
	}
}

static void locks(void **state)
{
	static const struct {
		const char *what;
		uint64_t limit, locked, mapped, user, address, length;
		int call, error, kind;
		bool told;
	} rows[] = {
		{ "within", 64 << 10, 0, 0, 0, 0, 64 << 10, SYS_mlock, ENOMEM, DENIED_MEMLOCK, false },
		{ "one byte more", 64 << 10, 0, 0, 0, 0, (64 << 10) + 1, SYS_mlock, ENOMEM, DENIED_MEMLOCK, true },
		{ "across pages", 64 << 10, 0, 0, 0, 1, 64 << 10, SYS_mlock, ENOMEM, DENIED_MEMLOCK, true },
		{ "locked before", 64 << 10, 16, 0, 0, 0, 1, SYS_mlock, ENOMEM, DENIED_MEMLOCK, true },
		{ "half a page", 6000, 0, 0, 0, 0, 4097, SYS_mlock, ENOMEM, DENIED_MEMLOCK, true },
		{ "no limit", UINT64_MAX, 16, 0, 0, 0, 1 << 20, SYS_mlock, ENOMEM, DENIED_MEMLOCK, false },
		{ "no right", 4096, 0, 0, 0, 0, 1 << 20, SYS_mlock, EPERM, DENIED_MEMLOCK, false },
		{ "no lock at all", 0, 0, 0, 0, 0, 1, SYS_mlock, EPERM, DENIED_MEMLOCK, true },
		{ "all", 64 << 10, 4, 17, 0, 0, 0, SYS_mlockall, ENOMEM, DENIED_MEMLOCK, true },
		{ "all, little", 64 << 10, 4, 16, 0, 0, 0, SYS_mlockall, ENOMEM, DENIED_MEMLOCK, false },
		{ "no memory", 4096, 0, 0, 0, 0, 1 << 20, SYS_mmap, ENOMEM, DENIED_MEMLOCK, false },
		{ "locked at once", 4096, 0, 0, 0, 0, 1 << 20, SYS_mmap, EAGAIN, DENIED_MEMLOCK, true },
		{ "segment", 4096, 0, 0, 0, 0, 0, SYS_shmctl, ENOMEM, DENIED_MEMLOCK, true },
		{ "ring", 64 << 10, 0, 0, 10, 0, 28 << 10, SYS_io_uring_register, ENOMEM, DENIED_USER_LOCK, true },
		{ "ring, little", 64 << 10, 99, 0, 10, 0, 24 << 10, SYS_io_uring_register, ENOMEM, DENIED_USER_LOCK,
		  false },
		{ "map", 64 << 10, 0, 0, 15, 0, 0, SYS_bpf, EPERM, DENIED_USER_LOCK, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_denied record = { .what = (uint16_t)rows[i].kind,
						.call = rows[i].call,
						.error = (int16_t)rows[i].error,
						.address = rows[i].address,
						.length_bytes = rows[i].length,
						.limit_bytes = rows[i].limit,
						.locked_pages = rows[i].locked,
						.mapped_pages = rows[i].mapped,
						.user_pages = rows[i].user };
		struct event event;

		if (judge(&record, NULL, &event) != rows[i].told)
			fail_msg("%s", rows[i].what);
		assert_int_equal(event.type, EVENT_MEMLOCK);
		if (rows[i].told)
			assert_non_null(strstr(advice, "ulimit -l"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools),
		cmocka_unit_test(locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
