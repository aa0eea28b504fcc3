// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the memory cgroups of the running system. Thousands of them each interval: it must never
 * open by absolute path, nor list a directory that has no sub-directories.
 */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define STAT_MAX_BYTES 16384
#define VALUE_MAX_BYTES 64
#define DEPTH_MAX 256 /* one descriptor a level */

struct file_row {
	const char *name;
	size_t offset; /* of the figure in struct cgroup_figures */
	bool limit;
};

#define FIGURE(name, member, limit)                                  \
	{                                                            \
		name, offsetof(struct cgroup_figures, member), limit \
	}

static const struct file_row v1_files[] = {
	FIGURE("memory.usage_in_bytes", usage_bytes, false),
	FIGURE("memory.max_usage_in_bytes", peak_bytes, false),
	FIGURE("memory.limit_in_bytes", limit_bytes, true),
	FIGURE("memory.soft_limit_in_bytes", soft_bytes, true),
	FIGURE("memory.kmem.usage_in_bytes", kernel_bytes, false),
	{ 0 },
};

static const struct file_row v2_files[] = {
	FIGURE("memory.current", usage_bytes, false),     FIGURE("memory.peak", peak_bytes, false), /* since 5.19 */
	FIGURE("memory.max", limit_bytes, true),          FIGURE("memory.high", high_bytes, true),
	FIGURE("memory.swap.current", swap_bytes, false), { 0 },
};

struct walk {
	struct cgroup_tree *tree;
	char path[PATH_MAX];
	char stat[STAT_MAX_BYTES];
};

static void read_figures(struct walk *walk, int dir, struct cgroup_figures *figures)
{
	const struct file_row *row = walk->tree->version == 1 ? v1_files : v2_files;
	char buf[VALUE_MAX_BYTES];
	int len;

	for (; row->name; row++) {
		struct parse_figure *figure = (struct parse_figure *)((char *)figures + row->offset);

		len = file__read_once(dir, row->name, buf, sizeof(buf));
		if (len < 0)
			continue;
		*figure = row->limit ? cgroup__parse_limit(buf, (size_t)len) : cgroup__parse_value(buf, (size_t)len);
	}
	len = file__read_once(dir, "memory.stat", walk->stat, sizeof(walk->stat));
	if (len > 0)
		cgroup__parse_stat(walk->tree->version, walk->stat, (size_t)len, figures);
}

/* Whether what the children of this cgroup use is charged to it too. */
static bool charges_up(const struct cgroup_tree *tree, const struct cgroup_node *node, int dir)
{
	char buf[VALUE_MAX_BYTES];
	int len;

	if (tree->version == 2)
		return true;
	/* Below a hierarchical cgroup all are: kernels since 5.11 answer at the top. */
	if (node->charges_parent)
		return true;
	len = file__read_once(dir, "memory.use_hierarchy", buf, sizeof(buf));
	return len <= 0 || buf[0] != '0';
}

static int read_node(struct walk *walk, int dir, uint32_t parent, bool charges_parent, int depth);

/* A sub-directory that is gone, or not ours to open, is no error of the tree. */
static int read_child(struct walk *walk, int dir, const char *name, uint32_t parent, bool charges, int depth)
{
	size_t len = strlen(walk->path);
	int child, err;

	if (depth >= DEPTH_MAX) {
		walk->tree->too_deep++;
		return 0;
	}
	err = snprintf(walk->path + len, sizeof(walk->path) - len, "%s%s", len && walk->path[len - 1] == '/' ? "" : "/",
		       name);
	if (err < 0 || (size_t)err >= sizeof(walk->path) - len) {
		walk->path[len] = '\0';
		walk->tree->too_deep++;
		return 0;
	}
	child = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (child < 0) {
		walk->tree->vanished++;
		err = 0;
	} else {
		err = read_node(walk, child, parent, charges, depth);
	}
	walk->path[len] = '\0';
	return err;
}

/* Takes ownership of `fd`. */
static int read_children(struct walk *walk, int fd, uint32_t parent, bool charges, int depth)
{
	struct dirent *entry;
	DIR *dir = fdopendir(fd);
	int err = 0;

	if (dir == NULL) {
		err = -errno;
		close(fd);
		return err;
	}
	while (!err && (entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		err = read_child(walk, dirfd(dir), entry->d_name, parent, charges, depth + 1);
	}
	closedir(dir);
	return err;
}

/* Takes ownership of `dir`. */
static int read_node(struct walk *walk, int dir, uint32_t parent, bool charges_parent, int depth)
{
	struct cgroup_node *node;
	struct stat st;
	bool charges;
	int index;

	if (fstat(dir, &st)) {
		walk->tree->vanished++;
		close(dir);
		return 0;
	}
	index = cgroup__add(walk->tree, st.st_ino, walk->path, parent);
	if (index < 0) {
		close(dir);
		return index;
	}
	node = &walk->tree->nodes[index];
	node->charges_parent = charges_parent;
	read_figures(walk, dir, &node->figures);
	if (st.st_nlink == 2) { /* a leaf: listing its fifty files would be most of the work */
		close(dir);
		return 0;
	}
	charges = charges_up(walk->tree, node, dir);
	return read_children(walk, dir, (uint32_t)index, charges, depth);
}

static int check_controllers(int dir)
{
	char buf[512];
	int len = file__read_once(dir, "cgroup.controllers", buf, sizeof(buf));

	if (len < 0)
		return len;
	return cgroup__has_memory(buf, (size_t)len) ? 0 : -ENOTSUP;
}

int cgroup__read_tree(const struct cgroup_where *where, struct cgroup_tree *out)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int dir, err = 0;

	memset(out, 0, sizeof(*out));
	if (walk == NULL)
		return -ENOMEM;
	out->version = where->version;
	walk->tree = out;
	snprintf(walk->path, sizeof(walk->path), "%s", where->root);
	dir = open(where->mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		err = -errno;
		goto done;
	}
	if (where->version == 2)
		err = check_controllers(dir);
	if (err)
		close(dir);
	else
		err = read_node(walk, dir, CGROUP_NO_NODE, false, 0);
done:
	free(walk);
	if (err)
		cgroup__free_tree(out);
	else
		cgroup__index(out);
	return err;
}
