// SPDX-License-Identifier: GPL-2.0-only
/* It must never believe a length that it did not compare. */
#include "accounts.h"

#include <errno.h>
#include <string.h>

#include "out.h"
#include "tracer.h"

#ifndef PAGETIDE_VERSION
#define PAGETIDE_VERSION "0.1.0"
#endif

struct head {
	char version[32];
	uint32_t head_bytes, owner_bytes, file_bytes, pair_bytes;
	uint64_t owner_count, file_count, pair_count;
};

static struct head empty_head(void)
{
	struct head head = { .version = "pagetide " PAGETIDE_VERSION,
			     .head_bytes = sizeof(head),
			     .owner_bytes = sizeof(struct accounts_owner),
			     .file_bytes = sizeof(struct file_slot),
			     .pair_bytes = sizeof(struct pair_row) };

	return head;
}

static bool is_owner(const struct accounts *accounts, size_t index)
{
	return index >= OWNER_FIRST && accounts->owner_slots[index].start_ns;
}

static bool is_owned(const struct file_slot *slot)
{
	return slot->mapping && slot->nrpages && (slot->owner >= OWNER_FIRST || slot->flags & FILE_SHARED);
}

int accounts__write(FILE *out, const struct accounts *accounts)
{
	struct head head = empty_head();

	for (size_t i = 0; i < accounts->owner_count; i++)
		head.owner_count += is_owner(accounts, i);
	for (size_t i = 0; i < accounts->file_count; i++)
		head.file_count += is_owned(&accounts->files[i]);
	head.pair_count = accounts->pair_count;
	fwrite(&head, sizeof(head), 1, out);
	for (size_t i = 0; i < accounts->owner_count; i++) {
		const struct accounts_owner owner = { .index = (uint32_t)i, .slot = accounts->owner_slots[i] };

		if (is_owner(accounts, i))
			fwrite(&owner, sizeof(owner), 1, out);
	}
	for (size_t i = 0; i < accounts->file_count; i++) {
		if (is_owned(&accounts->files[i]))
			fwrite(&accounts->files[i], sizeof(accounts->files[i]), 1, out);
	}
	if (accounts->pair_count)
		fwrite(accounts->pairs, sizeof(*accounts->pairs), accounts->pair_count, out);
	return out__status(out);
}

/* the next array of what is left; NULL: it is cut */
static const void *take(const char **data, size_t *size, uint64_t count, size_t each)
{
	const void *array = *data;

	if (count > *size / each)
		return NULL;
	*data += count * each;
	*size -= count * each;
	return array;
}

int accounts__parse(const void *data, size_t size, struct accounts *accounts)
{
	const struct head expected = empty_head();
	const char *rest = data;
	struct head head;

	memset(accounts, 0, sizeof(*accounts));
	if (size < sizeof(head))
		return -EINVAL;
	memcpy(&head, data, sizeof(head));
	if (memcmp(&head, &expected, offsetof(struct head, owner_count)) != 0)
		return -EINVAL;
	rest += sizeof(head);
	size -= sizeof(head);
	accounts->owners = take(&rest, &size, head.owner_count, sizeof(*accounts->owners));
	accounts->files = accounts->owners ? take(&rest, &size, head.file_count, sizeof(*accounts->files)) : NULL;
	accounts->pairs = accounts->files ? take(&rest, &size, head.pair_count, sizeof(*accounts->pairs)) : NULL;
	if (!accounts->pairs || size)
		return -EINVAL;
	accounts->owner_count = head.owner_count;
	accounts->file_count = head.file_count;
	accounts->pair_count = head.pair_count;
	return 0;
}
