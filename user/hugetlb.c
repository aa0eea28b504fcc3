// SPDX-License-Identifier: GPL-2.0-only
#include "hugetlb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "parse.h"

#define POOLS "/sys/kernel/mm/hugepages"

/* 0: it is not to be read, or not there */
static uint64_t figure(int pools_fd, const char *folder, const char *name)
{
	char path[320], text[32];
	uint64_t value = 0;
	int n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	n = file__read_once(pools_fd, path, text, sizeof(text));
	if (n <= 0 || parse__whole_u64((struct parse_span){ text, (size_t)n }, &value))
		return 0;
	return value;
}

static uint64_t page_bytes_of(const char *folder)
{
	struct parse_span rest = { folder, strlen(folder) };
	uint64_t kib;

	if (!parse__starts(rest, "hugepages-"))
		return 0;
	rest.p += strlen("hugepages-");
	rest.len -= strlen("hugepages-");
	return parse__take_u64(&rest, &kib) || !parse__equals(rest, "kB") ? 0 : kib << 10;
}

size_t hugetlb__read(struct hugetlb_pool *pools, size_t cap)
{
	DIR *folder = file__folder(AT_FDCWD, POOLS);
	struct dirent *entry;
	size_t count = 0;

	while (folder && count < cap && (entry = readdir(folder))) {
		struct hugetlb_pool *pool = &pools[count];
		int fd = dirfd(folder);

		pool->page_bytes = page_bytes_of(entry->d_name);
		if (!pool->page_bytes)
			continue;
		pool->total_pages = figure(fd, entry->d_name, "nr_hugepages");
		pool->surplus_most = figure(fd, entry->d_name, "nr_overcommit_hugepages");
		if (!pool->total_pages && !pool->surplus_most)
			continue;
		pool->free_pages = figure(fd, entry->d_name, "free_hugepages");
		pool->reserved_pages = figure(fd, entry->d_name, "resv_hugepages");
		pool->surplus_pages = figure(fd, entry->d_name, "surplus_hugepages");
		count++;
	}
	if (folder)
		closedir(folder);
	return count;
}
