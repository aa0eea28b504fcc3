// SPDX-License-Identifier: GPL-2.0-only
/*
 * mountinfo text into tables, and which mount hides which. Paths here are chosen by whoever may
 * mount, so none may be taken for a format, and no line may break the ones after it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* qsort_r */
#endif

#include "mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_FIRST 64

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Decodes one character at p (escaped or not); returns how many bytes it took. */
static size_t decode_one(const char *p, size_t len, char *out)
{
	if (len >= 4 && p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && is_octal(p[2]) && is_octal(p[3])) {
		*out = (char)(((p[1] - '0') << 6) | ((p[2] - '0') << 3) | (p[3] - '0'));
		return 4;
	}
	*out = p[0];
	return 1;
}

int mounts__decode(struct parse_span escaped, char *dst, size_t cap)
{
	size_t used = 0;

	/* Nothing is written ahead of what is read: dst may be the escaped text itself. */
	while (escaped.len) {
		size_t took;
		char c;

		took = decode_one(escaped.p, escaped.len, &c);
		escaped.p += took;
		escaped.len -= took;
		if (used + 1 >= cap || c == '\0') {
			dst[0] = '\0';
			return c == '\0' ? -EINVAL : -ENAMETOOLONG;
		}
		dst[used++] = c;
	}
	dst[used] = '\0';
	return 0;
}

bool mounts__next_option(struct parse_span *rest, struct parse_span *key, struct parse_span *value)
{
	struct parse_span option;

	if (!parse__until(rest, ',', &option))
		return false;
	parse__until(&option, '=', key);
	*value = option; /* p is NULL when there was no '=' */
	return true;
}

/* Ends the piece with a NUL within the table's own copy of the text. */
static char *own(struct parse_span piece)
{
	char *text = (char *)(uintptr_t)piece.p;

	text[piece.len] = '\0';
	return text;
}

/* Undoes escapes in place, which only shrinks; NULL if a NUL would come out. */
static char *own_decoded(struct parse_span piece)
{
	char *text = own(piece);

	return mounts__decode(piece, text, piece.len + 1) ? NULL : text;
}

static int take_int(struct parse_span *rest, int *out)
{
	struct parse_span word;
	uint64_t value;

	if (!parse__until(rest, ' ', &word) || parse__whole_u64(word, &value) || value > INT_MAX)
		return -EINVAL;
	*out = (int)value;
	return 0;
}

static int take_dev(struct parse_span *rest, unsigned *major, unsigned *minor)
{
	struct parse_span word, part;
	uint64_t value;

	if (!parse__until(rest, ' ', &word) || !parse__until(&word, ':', &part) || parse__whole_u64(part, &value) ||
	    value > UINT_MAX)
		return -EINVAL;
	*major = (unsigned)value;
	if (word.p == NULL || parse__whole_u64(word, &value) || value > UINT_MAX)
		return -EINVAL;
	*minor = (unsigned)value;
	return 0;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static int parse_line(struct parse_span line, struct mount_entry *out)
{
	struct parse_span root, point, word, fstype, source;

	if (line.len && memchr(line.p, '\0', line.len))
		return -EINVAL;
	if (take_int(&line, &out->id) || take_int(&line, &out->parent_id) ||
	    take_dev(&line, &out->major, &out->minor) || !parse__until(&line, ' ', &root) ||
	    !parse__until(&line, ' ', &point) || !parse__until(&line, ' ', &word))
		return -EINVAL;
	do { /* optional fields: any number, the separator ends them */
		if (!parse__until(&line, ' ', &word))
			return -EINVAL;
	} while (!parse__equals(word, "-"));
	if (!parse__until(&line, ' ', &fstype) || !parse__until(&line, ' ', &source) || line.p == NULL)
		return -EINVAL;
	out->super_options = own(line);
	out->root = own_decoded(root);
	out->mount_point = own_decoded(point);
	out->fstype = own_decoded(fstype);
	out->source = own_decoded(source);
	if (!out->root || !out->mount_point || !out->fstype || !out->source || out->mount_point[0] != '/')
		return -EINVAL;
	return 0;
}

static int grow(struct mount_table *table, size_t *cap)
{
	size_t wanted = *cap ? *cap * 2 : ENTRIES_FIRST;
	struct mount_entry *entries;

	if (table->count < *cap)
		return 0;
	if (wanted > UINT32_MAX)
		return -ENOMEM;
	entries = reallocarray(table->entries, wanted, sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	table->entries = entries;
	*cap = wanted;
	return 0;
}

static int order_by_id(const void *a, const void *b, void *arg)
{
	const struct mount_table *table = arg;
	const struct mount_entry *x = &table->entries[*(const uint32_t *)a];
	const struct mount_entry *y = &table->entries[*(const uint32_t *)b];

	return (x->id > y->id) - (x->id < y->id);
}

static int order_by_parent(const void *a, const void *b, void *arg)
{
	const struct mount_table *table = arg;
	const struct mount_entry *x = &table->entries[*(const uint32_t *)a];
	const struct mount_entry *y = &table->entries[*(const uint32_t *)b];

	if (x->parent_id != y->parent_id)
		return (x->parent_id > y->parent_id) - (x->parent_id < y->parent_id);
	return strcmp(x->mount_point, y->mount_point);
}

static const struct mount_entry *find_id(const struct mount_table *table, int id)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mount_entry *entry = &table->entries[table->by_id[middle]];

		if (entry->id == id)
			return entry;
		if (entry->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* strcmp of the first len bytes of a path with a string. */
static int compare_prefix(const char *path, size_t len, const char *other)
{
	int order = strncmp(path, other, len);

	return order ? order : (other[len] ? -1 : 0);
}

/* A mount on parent_id at exactly the first len bytes of path. */
static const struct mount_entry *find_child(const struct mount_table *table, int parent_id, const char *path,
					    size_t len)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mount_entry *entry = &table->entries[table->by_parent[middle]];
		int order = (parent_id > entry->parent_id) - (parent_id < entry->parent_id);

		if (order == 0)
			order = compare_prefix(path, len, entry->mount_point);
		if (order == 0)
			return entry;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Length of the next longer prefix of path that ends at a component, after `len`; 0 at the end. */
static size_t next_prefix(const char *path, size_t len)
{
	const char *slash;

	if (len == 0)
		return path[0] == '/' ? 1 : 0;
	if (path[len] == '\0')
		return 0;
	slash = strchr(path + len + 1, '/');
	return slash ? (size_t)(slash - path) : strlen(path);
}

bool mounts__covered(const struct mount_table *table, const struct mount_entry *entry, const char *path)
{
	/* At the mount point itself as well as below it. */
	for (size_t len = strlen(entry->mount_point); len; len = next_prefix(path, len)) {
		const struct mount_entry *child = find_child(table, entry->id, path, len);

		if (child && child != entry)
			return true;
	}
	return false;
}

/*
 * A sibling higher up in the tree was mounted later (else this one would be its child) and hides
 * this one: the walk to our mount point enters it first.
 */
static bool hidden_by_sibling(const struct mount_table *table, const struct mount_entry *entry)
{
	const char *point = entry->mount_point;

	for (size_t len = next_prefix(point, 0); len && point[len]; len = next_prefix(point, len)) {
		const struct mount_entry *other = find_child(table, entry->parent_id, point, len);

		if (other && other != entry)
			return true;
	}
	return false;
}

static bool is_visible(const struct mount_table *table, const struct mount_entry *entry)
{
	size_t hops = 0;

	if (mounts__covered(table, entry, entry->mount_point))
		return false;
	/* Bounded: made-up text may have parents in a ring. */
	for (; entry && hops <= table->count; hops++) {
		if (hidden_by_sibling(table, entry))
			return false;
		if (entry->parent_id == entry->id)
			break;
		entry = find_id(table, entry->parent_id);
	}
	return true;
}

static int index_table(struct mount_table *table)
{
	size_t count = table->count;

	if (count == 0)
		return 0;
	table->by_id = calloc(count, sizeof(*table->by_id));
	table->by_parent = calloc(count, sizeof(*table->by_parent));
	if (!table->by_id || !table->by_parent)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		table->by_id[i] = table->by_parent[i] = (uint32_t)i;
	qsort_r(table->by_id, count, sizeof(*table->by_id), order_by_id, table);
	qsort_r(table->by_parent, count, sizeof(*table->by_parent), order_by_parent, table);
	for (size_t i = 0; i < count; i++)
		table->entries[i].visible = is_visible(table, &table->entries[i]);
	return 0;
}

int mounts__parse(const char *buf, size_t len, struct mount_table *out)
{
	struct parse_span rest, line;
	size_t cap = 0;
	bool ended;
	int err = -ENOMEM;

	memset(out, 0, sizeof(*out));
	out->text = malloc(len + 1);
	if (out->text == NULL)
		goto fail;
	if (len)
		memcpy(out->text, buf, len);
	out->text[len] = '\0';
	rest = (struct parse_span){ out->text, len };
	while (parse__line(&rest, &line, &ended)) {
		struct mount_entry entry = { 0 };

		if (!ended || parse_line(line, &entry)) {
			out->malformed++;
			continue;
		}
		err = grow(out, &cap);
		if (err)
			goto fail;
		out->entries[out->count++] = entry;
	}
	err = index_table(out);
	if (err)
		goto fail;
	return 0;
fail:
	mounts__free(out);
	return err;
}

void mounts__free(struct mount_table *table)
{
	free(table->entries);
	free(table->text);
	free(table->by_parent);
	free(table->by_id);
	memset(table, 0, sizeof(*table));
}
