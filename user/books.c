// SPDX-License-Identifier: GPL-2.0-only
#include "books.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPED_STEP 512U /* slots */

static size_t whole_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

int books__open(struct books_map *books, int fd, uint32_t slots, size_t slot_bytes)
{
	size_t bytes = whole_pages(slots * slot_bytes);
	void *address = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*books = (struct books_map){ .slot_bytes = slot_bytes, .fd = fd, .slots = slots };
	if (address == MAP_FAILED)
		return -errno;
	books->address = address;
	books->reserved_bytes = bytes;
	return 0;
}

void books__close(struct books_map *books)
{
	if (books->address)
		munmap(books->address, books->reserved_bytes);
	*books = (struct books_map){ .fd = -1 };
}

/*
 * A mapping of a BPF array counts as resident in whole, so only the slots that were ever used are
 * mapped, more when there are more. kernel/bpf/arraymap.c: array_map_mmap() takes an offset.
 */
int books__map(struct books_map *books, uint32_t wanted)
{
	size_t end = whole_pages((size_t)(wanted + MAPPED_STEP - 1) / MAPPED_STEP * MAPPED_STEP * books->slot_bytes);
	size_t mapped;

	if (end > books->reserved_bytes)
		end = books->reserved_bytes;
	if (wanted <= books->mapped || end <= books->mapped_bytes)
		return 0;
	if (mmap((char *)books->address + books->mapped_bytes, end - books->mapped_bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, books->fd, (off_t)books->mapped_bytes) == MAP_FAILED) {
		int err = -errno;

		/* the kernel may have taken the reservation away before it failed: its place may be another's */
		books->reserved_bytes = books->mapped_bytes;
		return err;
	}
	books->mapped_bytes = end;
	mapped = end / books->slot_bytes;
	books->mapped = mapped < books->slots ? (uint32_t)mapped : books->slots;
	return 0;
}
