// SPDX-License-Identifier: GPL-2.0-only
// needs: books
/* Slots that somebody holds stay where they are, whatever is mapped behind them; a file stands for the BPF array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "books.h"

#define SLOT 96 /* pages are no whole number of these */
#define SLOTS 5000U

static int array_of(size_t bytes)
{
	int fd = memfd_create("books", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

static char *slot(const struct books_map *books, uint32_t index)
{
	return (char *)books->address + (size_t)index * books->slot_bytes;
}

static void a_slot_stays(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = array_of((SLOTS * SLOT + page - 1) / page * page);
	struct books_map books, whole;
	char *first;

	(void)state;
	assert_int_equal(books__open(&books, fd, SLOTS, SLOT), 0);
	assert_int_equal(books.mapped, 0);
	assert_int_equal(books__map(&books, 1), 0);
	assert_true(books.mapped >= 1 && books.mapped < SLOTS);
	first = slot(&books, 0);
	*first = 'a';
	for (uint32_t wanted = 1; wanted <= SLOTS; wanted += 300) {
		assert_int_equal(books__map(&books, wanted), 0);
		assert_true(books.mapped >= wanted);
		assert_ptr_equal(slot(&books, 0), first);
		assert_int_equal(*first, 'a');
		*slot(&books, books.mapped - 1) = 'z';
	}
	assert_int_equal(books__map(&books, UINT32_MAX / 2), 0);
	assert_int_equal(books.mapped, SLOTS);
	*slot(&books, SLOTS - 1) = 'e';
	/* and each is the array's */
	assert_int_equal(books__open(&whole, fd, SLOTS, SLOT), 0);
	assert_int_equal(books__map(&whole, SLOTS), 0);
	assert_int_equal(*slot(&whole, 0), 'a');
	assert_int_equal(*slot(&whole, SLOTS - 1), 'e');
	books__close(&whole);
	books__close(&books);
	books__close(&books);
	close(fd);
}

static void what_cannot_be_mapped(void **state)
{
	int fd = array_of(1 << 16);
	struct books_map books;

	(void)state;
	assert_int_equal(books__open(&books, fd, SLOTS, SLOT), 0);
	assert_int_equal(books__map(&books, 1), 0);
	*slot(&books, 0) = 'a';
	books.fd = -1;
	assert_int_equal(books__map(&books, SLOTS), -EBADF);
	assert_int_equal(*slot(&books, books.mapped - 1), 0);
	assert_int_equal(*slot(&books, 0), 'a');
	books__close(&books);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_stays),
		cmocka_unit_test(what_cannot_be_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
