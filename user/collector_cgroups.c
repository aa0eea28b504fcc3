// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroups of a reading. Their files are read one by one, which is dear where there
 * are many: between full readings the iterator brings usage, peak and limits of
 * all of them up to date, and anon, file and shmem keep the figure of the last one,
 * but where a limit is judged by them: what is reclaimable is told of the usage of then.
 */
#include "collector_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "container_names.h"
#include "file.h"

#define FEW_CGROUPS 32
#define MOVED_PART 64 /* of a limit: far from it, so much more or less use is worth reading memory.stat */
#define TREE_OLD_NS 5000000000ULL
#define MOUNTINFO_MOST (16U << 20)
#define NAMES_MS 1000

static int find_hierarchy(struct cgroup_where *where)
{
	struct mount_table table = {};
	char *text;
	size_t length;
	int err = file__slurp(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MOST, &text, &length);

	if (err)
		return err;
	err = mounts__parse(text, length, &table);
	if (!err)
		err = cgroup__find(&table, where);
	mounts__free(&table);
	free(text);
	return err;
}

struct collector_facts collector__facts(void)
{
	struct collector_facts found = {};
	struct cgroup_where where;

	if (find_hierarchy(&where) == 0) {
		found.has_cgroups = true;
		found.unified = where.version == 2;
	}
	return found;
}

int collector__open_cgroups(struct collector *collector)
{
	if (find_hierarchy(&collector->where))
		return 0; /* no memory cgroups here: their tables stay absent */
	collector->has_cgroups = true;
	/* pid 1's root is the machine's also where we are in a container of our own */
	collector->root_fd = openat(collector->proc.fd, "1/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (collector->root_fd < 0)
		collector->root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (container_names__open(&collector->names, collector->root_fd))
		return -ENOMEM;
	collector->cgroup_fd = open(collector->where.mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

void collector__free_cgroups(struct collector *collector)
{
	if (collector->has_tree)
		cgroup__free_tree(&collector->tree);
	collector->has_tree = false;
	if (collector->cgroup_fd >= 0)
		close(collector->cgroup_fd);
	if (collector->root_fd >= 0)
		close(collector->root_fd);
	container_names__close(collector->names);
	free(collector->known);
	free(collector->cgroup_rows);
}

static void set_limit(struct parse_figure *figure, uint64_t pages, uint64_t page)
{
	/* page_counter's "no limit" is LONG_MAX in pages or thereabouts */
	figure->has = pages < (uint64_t)INT64_MAX / page;
	figure->value = figure->has ? pages * page : 0;
}

static uint64_t least_limit(const struct cgroup_figures *figures)
{
	const struct parse_figure *limits[] = { &figures->limit_bytes, &figures->high_bytes, &figures->soft_bytes };
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i]->has && limits[i]->value < least)
			least = limits[i]->value;
	}
	return least;
}

/* page cache that came since memory.stat was read looks like memory that nobody can take back */
static void renew_stat(struct collector *collector, struct cgroup_node *node)
{
	uint64_t used = node->figures.usage_bytes.value, then = node->stat_usage_bytes;
	uint64_t reclaimable = node->figures.reclaimable_bytes.value, limit = least_limit(&node->figures);
	uint64_t moved = used > then ? used - then : then - used, hard = used > reclaimable ? used - reclaimable : 0;

	if (limit == UINT64_MAX || !moved || (hard < limit / 2 && moved < limit / MOVED_PART))
		return;
	if (collector__stat(collector, node->path, &node->figures) == 0)
		node->stat_usage_bytes = used;
}

/* false: the set of cgroups is another one, read all of it again */
static bool update_counters(struct collector *collector)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int n;

	if (!collector->tracer || collector->cgroup_fd < 0)
		return false;
	n = tracer__cgroups(collector->tracer, collector->cgroup_fd, &collector->cgroup_rows,
			    &collector->cgroup_capacity);
	if (n < 0 || (size_t)n != collector->tree.count)
		return false;
	for (int i = 0; i < n; i++) {
		const struct cgroup_row *row = &collector->cgroup_rows[i];
		uint32_t index = cgroup__by_id(&collector->tree, row->id);
		struct cgroup_figures *figures;

		if (index == CGROUP_NO_NODE)
			return false;
		figures = &collector->tree.nodes[index].figures;
		if (figures->usage_bytes.has)
			figures->usage_bytes.value = row->usage_pages * page;
		if (figures->peak_bytes.has && row->peak_pages * page > figures->peak_bytes.value)
			figures->peak_bytes.value = row->peak_pages * page;
		set_limit(&figures->limit_bytes, row->limit_pages, page);
		if (collector->tree.version == 2)
			set_limit(&figures->high_bytes, row->high_pages, page);
		if (figures->usage_bytes.has)
			renew_stat(collector, &collector->tree.nodes[index]);
	}
	return true;
}

static int name_containers(struct collector *collector)
{
	const struct cgroup_tree *tree = collector->reading.cgroups;

	collector->reading.containers = NULL;
	if (!tree)
		return 0;
	if (collector->known_capacity < tree->count) {
		void *grown = realloc(collector->known, tree->count * sizeof(*collector->known));

		if (!grown)
			return -ENOMEM;
		collector->known = grown;
		collector->known_capacity = tree->count;
	}
	container_names__refresh(collector->names, tree, clock__ns(CLOCK_BOOTTIME));
	if (!collector->tracing) /* `snapshot`: there is no later reading */
		container_names__await(collector->names, NAMES_MS);
	for (size_t i = 0; i < tree->count; i++)
		collector->known[i] = container_names__find(collector->names, tree->nodes[i].path);
	collector->reading.containers = collector->known;
	return 0;
}

static int read_cgroups(struct collector *collector, bool fresh)
{
	uint64_t now = clock__ns(CLOCK_BOOTTIME);
	int err;

	collector->reading.cgroups = NULL;
	if (!collector->has_cgroups)
		return 0;
	if (!fresh && collector->has_tree && collector->tree.count > FEW_CGROUPS &&
	    now - collector->tree_ns < TREE_OLD_NS && update_counters(collector)) {
		collector->reading.cgroups = &collector->tree;
		return 0;
	}
	if (collector->has_tree)
		cgroup__free_tree(&collector->tree);
	memset(&collector->tree, 0, sizeof(collector->tree));
	collector->has_tree = false;
	err = cgroup__read_tree(&collector->where, &collector->tree);
	if (err == -ENOTSUP) {
		collector->has_cgroups = false;
		return 0;
	}
	if (err)
		return err == -ENOMEM ? err : 0;
	for (size_t i = 0; i < collector->tree.count; i++)
		collector->tree.nodes[i].stat_usage_bytes = collector->tree.nodes[i].figures.usage_bytes.value;
	collector->has_tree = true;
	collector->tree_ns = now;
	collector->reading.cgroups = &collector->tree;
	return 0;
}

int collector__cgroups(struct collector *collector, bool fresh)
{
	int err = read_cgroups(collector, fresh);

	return err ? err : name_containers(collector);
}
