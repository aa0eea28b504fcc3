/* SPDX-License-Identifier: GPL-2.0-only */
/* A slot array of the kernel side in our own memory. It must never move: who reads it may hold a slot. */
#ifndef PAGETIDE_BOOKS_H
#define PAGETIDE_BOOKS_H

#include <stddef.h>
#include <stdint.h>

struct books_map {
	void *address;
	size_t slot_bytes;
	size_t reserved_bytes, mapped_bytes; /* whole pages */
	int fd;
	uint32_t slots, mapped;
};

/* fd stays the caller's; of a map that lets itself be mapped (BPF_F_MMAPABLE). 0 or -errno; unmap in either case. */
int books__open(struct books_map *books, int fd, uint32_t slots, size_t slot_bytes);
void books__close(struct books_map *books);

/* maps more where more is wanted; 0 or -errno, what was mapped stays then */
int books__map(struct books_map *books, uint32_t wanted);

#endif
