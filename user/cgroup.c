// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pure part of memory cgroups: finding the hierarchy, its files' text into figures, and the
 * tightest limit. It must never take "no limit" for a great number, nor an absent file for 0.
 */
#include "cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NODES_FIRST 64
/* PAGE_COUNTER_MAX is LONG_MAX in whole pages of 4 to 64 KiB; very old kernels show 2^64 - 1. */
#define NO_LIMIT_BYTES ((uint64_t)INT64_MAX - (1u << 20))

static bool has_option(const struct mount_entry *entry, const char *name)
{
	struct parse_span rest = { entry->super_options, strlen(entry->super_options) }, key, value;

	while (mounts__next_option(&rest, &key, &value))
		if (value.p == NULL && parse__equals(key, name))
			return true;
	return false;
}

/* How good a mount is; 0: not one. v1 with memory before v2, visible and whole ones first. */
static int rank(const struct mount_entry *entry)
{
	int points;

	if (strcmp(entry->fstype, "cgroup") == 0 && has_option(entry, "memory"))
		points = 8;
	else if (strcmp(entry->fstype, "cgroup2") == 0)
		points = 4;
	else
		return 0;
	return points + (entry->visible ? 2 : 0) + (strcmp(entry->root, "/") == 0 ? 1 : 0);
}

int cgroup__find(const struct mount_table *table, struct cgroup_where *out)
{
	const struct mount_entry *best = NULL;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < table->count; i++) {
		const struct mount_entry *entry = &table->entries[i];

		if (rank(entry) > (best ? rank(best) : 0))
			best = entry;
	}
	if (best == NULL)
		return -ENOENT;
	if (strlen(best->mount_point) >= sizeof(out->mount_point) || strlen(best->root) >= sizeof(out->root))
		return -ENAMETOOLONG;
	out->version = strcmp(best->fstype, "cgroup2") == 0 ? 2 : 1;
	strcpy(out->mount_point, best->mount_point);
	strcpy(out->root, best->root);
	return 0;
}

bool cgroup__has_memory(const char *buf, size_t len)
{
	struct parse_span rest = { buf, len }, line, word;

	while (parse__line(&rest, &line, NULL))
		while (parse__until(&line, ' ', &word))
			if (parse__equals(word, "memory"))
				return true;
	return false;
}

struct parse_figure cgroup__parse_value(const char *buf, size_t len)
{
	struct parse_figure out = { 0 };

	out.has = parse__whole_u64((struct parse_span){ buf, len }, &out.value) == 0;
	return out;
}

struct parse_figure cgroup__parse_limit(const char *buf, size_t len)
{
	struct parse_figure out = cgroup__parse_value(buf, len);

	if (out.has && out.value >= NO_LIMIT_BYTES)
		return (struct parse_figure){ 0 };
	return out;
}

struct stat_lines {
	struct parse_figure anon, cache, shmem, swap, dirty, writeback, inactive_file, active_file;
	struct parse_figure kernel, kernel_stack, page_tables, sec_page_tables, percpu, slab;
};

#define LINE(text, member)                                             \
	{                                                              \
		text, offsetof(struct stat_lines, member), PARSE_PLAIN \
	}

/* Hierarchical figures: v1's plain lines are of the cgroup without its children. */
static const struct parse_key v1_keys[] = {
	LINE("total_rss ", anon),
	LINE("total_cache ", cache),
	LINE("total_shmem ", shmem),
	LINE("total_swap ", swap),
	LINE("total_dirty ", dirty),
	LINE("total_writeback ", writeback),
	LINE("total_inactive_file ", inactive_file),
	LINE("total_active_file ", active_file),
};

static const struct parse_key v2_keys[] = {
	LINE("anon ", anon),
	LINE("file ", cache),
	LINE("shmem ", shmem),
	LINE("file_dirty ", dirty),
	LINE("file_writeback ", writeback),
	LINE("inactive_file ", inactive_file),
	LINE("active_file ", active_file),
	LINE("kernel ", kernel),
	LINE("kernel_stack ", kernel_stack),
	LINE("pagetables ", page_tables),
	LINE("sec_pagetables ", sec_page_tables),
	LINE("percpu ", percpu),
	LINE("slab ", slab),
};

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t saturating_subtract(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* "kernel" came with 5.18; vmalloc is left out of the sum, since it may hold percpu and stacks. */
static struct parse_figure kernel_of(const struct stat_lines *l)
{
	const struct parse_figure *parts[] = { &l->kernel_stack, &l->page_tables, &l->sec_page_tables, &l->percpu,
					       &l->slab };
	struct parse_figure sum = { 0 };

	if (l->kernel.has)
		return l->kernel;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		sum.has |= parts[i]->has;
		sum.value = saturating_add(sum.value, parts[i]->value);
	}
	return sum;
}

void cgroup__parse_stat(int version, const char *buf, size_t len, struct cgroup_figures *figures)
{
	struct stat_lines l = { 0 };
	struct parse_span text = { buf, len };

	if (version == 1) {
		parse__keys(text, v1_keys, sizeof(v1_keys) / sizeof(v1_keys[0]), &l);
		figures->swap_bytes = l.swap;
	} else {
		parse__keys(text, v2_keys, sizeof(v2_keys) / sizeof(v2_keys[0]), &l);
		figures->kernel_bytes = kernel_of(&l);
	}
	figures->anon_bytes = l.anon;
	figures->shmem_bytes = l.shmem;
	figures->file_bytes = (struct parse_figure){ 0 };
	if (l.cache.has && l.shmem.has)
		figures->file_bytes = (struct parse_figure){ true, saturating_subtract(l.cache.value, l.shmem.value) };
	figures->reclaimable_bytes = (struct parse_figure){ 0 };
	if (l.inactive_file.has && l.active_file.has) {
		uint64_t lru = saturating_add(l.inactive_file.value, l.active_file.value);
		uint64_t busy = saturating_add(l.dirty.value, l.writeback.value);

		figures->reclaimable_bytes = (struct parse_figure){ true, saturating_subtract(lru, busy) };
	}
}

int cgroup__add(struct cgroup_tree *tree, uint64_t id, const char *path, uint32_t parent)
{
	struct cgroup_node *grown, node = { .id = id, .parent = parent, .charges_parent = true };
	size_t count = tree->count;

	/* Capacity is the next power of two: nothing to keep beside the count. */
	if (count == 0 || (count >= NODES_FIRST && (count & (count - 1)) == 0)) {
		size_t cap = count ? count * 2 : NODES_FIRST;

		if (cap > INT_MAX)
			return -ENOMEM;
		grown = reallocarray(tree->nodes, cap, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		tree->nodes = grown;
	}
	node.path = strdup(path);
	if (node.path == NULL)
		return -ENOMEM;
	tree->nodes[tree->count++] = node;
	return (int)count;
}

void cgroup__index(struct cgroup_tree *tree)
{
	tree->by_id = tree->by_path = NULL;
	for (size_t i = 0; i < tree->count; i++) {
		struct cgroup_node *node = &tree->nodes[i];

		HASH_ADD(hh_id, tree->by_id, id, sizeof(node->id), node);
		HASH_ADD_KEYPTR(hh_path, tree->by_path, node->path, strlen(node->path), node);
	}
}

uint32_t cgroup__by_id(const struct cgroup_tree *tree, uint64_t id)
{
	struct cgroup_node *node;

	HASH_FIND(hh_id, tree->by_id, &id, sizeof(id), node);
	return node ? (uint32_t)(node - tree->nodes) : CGROUP_NO_NODE;
}

uint32_t cgroup__by_path(const struct cgroup_tree *tree, const char *path)
{
	struct cgroup_node *node;

	HASH_FIND(hh_path, tree->by_path, path, strlen(path), node);
	return node ? (uint32_t)(node - tree->nodes) : CGROUP_NO_NODE;
}

void cgroup__free_tree(struct cgroup_tree *tree)
{
	HASH_CLEAR(hh_id, tree->by_id);
	HASH_CLEAR(hh_path, tree->by_path);
	for (size_t i = 0; i < tree->count; i++)
		free(tree->nodes[i].path);
	free(tree->nodes);
	memset(tree, 0, sizeof(*tree));
}

/* Takes the limit if it is the first or has less room than what is in *best. */
static bool consider(const struct cgroup_tree *tree, uint32_t node, enum cgroup_limit kind, bool has_best,
		     struct cgroup_tightest *best)
{
	const struct cgroup_figures *f = &tree->nodes[node].figures;
	const struct parse_figure *limit = kind == CGROUP_LIMIT_MAX ? &f->limit_bytes : &f->high_bytes;
	uint64_t room;

	if (!limit->has || !f->usage_bytes.has)
		return false;
	room = saturating_subtract(limit->value, f->usage_bytes.value);
	if (has_best && room >= best->room_bytes)
		return false;
	*best = (struct cgroup_tightest){
		.node = node,
		.kind = kind,
		.limit_bytes = limit->value,
		.room_bytes = room,
		.reclaimable_bytes = f->reclaimable_bytes,
	};
	return true;
}

int cgroup__tightest(const struct cgroup_tree *tree, uint32_t node, unsigned kinds, struct cgroup_tightest *out)
{
	bool found = false;

	memset(out, 0, sizeof(*out));
	out->node = CGROUP_NO_NODE;
	while (node < tree->count) {
		const struct cgroup_node *here = &tree->nodes[node];

		if (kinds & CGROUP_LIMIT_MAX)
			found |= consider(tree, node, CGROUP_LIMIT_MAX, found, out);
		if (kinds & CGROUP_LIMIT_HIGH)
			found |= consider(tree, node, CGROUP_LIMIT_HIGH, found, out);
		/* Parents come first in the array: the walk ends whatever a recording says. */
		if (!here->charges_parent || here->parent >= node)
			break;
		node = here->parent;
	}
	return found ? 0 : -ENOENT;
}
