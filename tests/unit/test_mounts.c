// SPDX-License-Identifier: GPL-2.0-only
// needs: container parse mountview overlay
/* Mount tables: hostile text, hidden mounts, tmpfs of all namespaces, paths, overlays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "buffer.h"
#include "mounts.h"
#include "overlay.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct line_case {
	const char *what, *bytes;
	size_t len, count, malformed;
};

static const struct line_case line_cases[] = {
	{ "plain", BYTES("1 0 8:1 / / rw - ext4 /dev/a rw\n"), 1, 0 },
	{ "optional fields", BYTES("1 0 8:1 / / rw shared:1 master:2 x - ext4 /dev/a rw\n"), 1, 0 },
	{ "no source", BYTES("1 0 8:1 / / rw - tmpfs  rw\n"), 1, 0 },
	{ "no options", BYTES("1 0 8:1 / / rw - tmpfs t \n"), 1, 0 },
	{ "empty", BYTES(""), 0, 0 },
	{ "only a newline", BYTES("\n"), 0, 1 },
	{ "no newline", BYTES("1 0 8:1 / / rw - ext4 /dev/a rw"), 0, 1 },
	{ "no separator", BYTES("1 0 8:1 / / rw shared:1 ext4 /dev/a rw\n"), 0, 1 },
	{ "cut after the separator", BYTES("1 0 8:1 / / rw -\n"), 0, 1 },
	{ "cut after the type", BYTES("1 0 8:1 / / rw - ext4\n"), 0, 1 },
	{ "cut after the source", BYTES("1 0 8:1 / / rw - ext4 a\n"), 0, 1 },
	{ "no minor", BYTES("1 0 8 / / rw - ext4 a rw\n"), 0, 1 },
	{ "minor of 2^64", BYTES("1 0 8:18446744073709551616 / / rw - ext4 a rw\n"), 0, 1 },
	{ "major of 2^32", BYTES("1 0 4294967296:1 / / rw - ext4 a rw\n"), 0, 1 },
	{ "negative id", BYTES("-1 0 8:1 / / rw - ext4 a rw\n"), 0, 1 },
	{ "id of 2^31", BYTES("2147483648 0 8:1 / / rw - ext4 a rw\n"), 0, 1 },
	{ "relative mount point", BYTES("1 0 8:1 / x rw - ext4 a rw\n"), 0, 1 },
	{ "a NUL in the line", BYTES("1 0 8:1 / /\0 rw - ext4 a rw\n"), 0, 1 },
	{ "an escaped NUL", BYTES("1 0 8:1 / /a\\000b rw - ext4 a rw\n"), 0, 1 },
	{ "a bad line does not hide the next", BYTES("garbage\n1 0 8:1 / / rw - ext4 /dev/a rw\n\n"), 1, 2 },
	{ "the same id twice", BYTES("1 1 8:1 / / rw - a b c\n1 1 8:1 / / rw - a b c\n"), 2, 0 },
	{ "parents in a ring", BYTES("1 2 8:1 / /a rw - a b c\n2 1 8:1 / /b rw - a b c\n"), 2, 0 },
};

static void line_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(line_cases); i++) {
		const struct line_case *c = &line_cases[i];
		char *bytes = buffer__exact(c->bytes, c->len);
		struct mount_table table;

		assert_int_equal(mounts__parse(bytes, c->len, &table), 0);
		if (table.count != c->count || table.malformed != c->malformed)
			fail_msg("%s: %zu lines, %zu malformed", c->what, table.count, table.malformed);
		mounts__free(&table);
		free(bytes);
	}
}

struct world {
	struct mount_view view;
	struct mount_ns spaces[2];
};

static void load(const char *name, struct mount_table *table)
{
	size_t len;
	char *bytes = buffer__fixture(name, &len);

	assert_int_equal(mounts__parse(bytes, len, table), 0);
	assert_int_equal(table->malformed, 0);
	free(bytes);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	load("mountinfo_host.txt", &w->spaces[0].table);
	load("mountinfo_container.txt", &w->spaces[1].table);
	w->spaces[0].id = 4026531840;
	w->spaces[0].pid = 1;
	w->spaces[1].id = 4026532999;
	w->spaces[1].pid = 777;
	w->view = (struct mount_view){ .spaces = w->spaces, .count = 2, .has_root = true };
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	mounts__free(&w->spaces[0].table);
	mounts__free(&w->spaces[1].table);
	free(w);
	return 0;
}

static const struct mount_entry *by_id(const struct mount_table *table, int id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->entries[i].id == id)
			return &table->entries[i];
	fail_msg("no mount %d", id);
	return NULL;
}

static void escapes(void **state)
{
	struct world *w = *state;
	const struct mount_entry *entry = by_id(&w->spaces[0].table, 50);

	assert_string_equal(entry->mount_point, "/mnt/tab\tnl\nback\\slash##");
	assert_string_equal(entry->source, "weird source");
	assert_string_equal(by_id(&w->spaces[0].table, 31)->root, "/@/srv/data");
	assert_string_equal(by_id(&w->spaces[0].table, 31)->mount_point, "/export/my data");
	assert_string_equal(by_id(&w->spaces[0].table, 42)->source, "");
	assert_int_equal(by_id(&w->spaces[0].table, 51)->major, 8);
	assert_int_equal(by_id(&w->spaces[0].table, 51)->minor, 3);
}

static const struct {
	int id;
	bool visible;
} visible_rows[] = {
	{ 21, true },  { 24, false },                             /* a second one over it */
	{ 25, true },  { 52, true },  { 53, true }, { 54, true }, /* "cov" is no folder of "cover" */
	{ 60, false },                                            /* /mnt/disk/a came later */
	{ 61, true },  { 41, true },
};

static void hidden_mounts(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(visible_rows); i++)
		if (by_id(&w->spaces[0].table, visible_rows[i].id)->visible != visible_rows[i].visible)
			fail_msg("mount %d", visible_rows[i].id);
}

static const struct {
	unsigned minor;
	const char *path, *root;
	pid_t pid;
	bool visible;
} tmpfs_rows[] = {
	{ 5, "/dev", "/", 1, true },
	{ 22, "/host-shm", "/", 777, true }, /* hidden in the root namespace, not in the container */
	{ 23, "/dev/shm", "/", 1, true },
	{ 24, "/run", "/", 1, true }, /* the container has a part of it */
	{ 25, "/run/user/1000", "/", 1, true },
	{ 26, "/run/lock", "/", 1, true },
	{ 28, "/mnt/disk/cover", "/", 1, true }, /* the container has all of it, and shorter */
	{ 31, "/mnt/disk/a/b", "/", 1, false },
	{ 60, "/dev", "/", 777, true }, /* the whole one, not /null of it */
	{ 61, "/dev/shm", "/", 777, true },
	{ 70, "/run/shm", "/", 777, true }, /* docker's folder for a container's /dev/shm says less */
	{ 71, "/cache", "/sub", 777, true },
	{ 72, "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/" ID "/shm", "/", 1, true },
};

static void tmpfs_of_all_namespaces(void **state)
{
	struct world *w = *state;
	struct tmpfs_mount *list;
	size_t count;

	assert_int_equal(mounts__tmpfs(&w->view, &list, &count), 0);
	assert_int_equal(count, 17);
	for (size_t r = 0; r < COUNT(tmpfs_rows); r++) {
		size_t i = 0;

		while (i < count && list[i].minor != tmpfs_rows[r].minor)
			i++;
		if (i == count)
			fail_msg("0:%u is missing", tmpfs_rows[r].minor);
		assert_string_equal(list[i].path, tmpfs_rows[r].path);
		assert_string_equal(list[i].root, tmpfs_rows[r].root);
		assert_int_equal(list[i].ns_pid, tmpfs_rows[r].pid);
		assert_int_equal(list[i].visible, tmpfs_rows[r].visible);
		assert_int_equal(list[i].in_root_ns, tmpfs_rows[r].pid == 1);
		assert_true(list[i].ns_id == (tmpfs_rows[r].pid == 1 ? 4026531840 : 4026532999));
		assert_int_equal(list[i].backing, list[i].minor == 72);
		if (list[i].minor != 70 && list[i].minor != 71) {
			assert_int_equal(list[i].reach_pid, list[i].ns_pid);
			assert_string_equal(list[i].reach_path, list[i].path);
			continue;
		}
		assert_int_equal(list[i].reach_pid, 1); /* the container's processes may end before the mount does */
		assert_int_equal(strncmp(list[i].reach_path, "/var/lib/", 9), 0);
	}
	free(list);
}

struct path_case {
	const char *what;
	unsigned major, minor;
	const char *path;
	int err;
	const char *want;
	pid_t pid;
	bool hidden;
};

static const struct path_case path_cases[] = {
	{ "a subvolume", 0, 20, "/@home/u/f", 0, "/home/u/f", 1, false },
	{ "its very root", 0, 20, "/@home", 0, "/home", 1, false },
	{ "a bind mount is longer", 0, 20, "/@/srv/data/f", 0, "/export/my data/f", 1, false },
	{ "a name that begins alike", 0, 20, "/@homework/f", 0, "/@homework/f", 1, false },
	{ "tmpfs", 0, 24, "/systemd/x", 0, "/run/systemd/x", 1, false },
	{ "tmpfs, its root", 0, 24, "/", 0, "/run", 1, false },
	{ "covered, but another namespace shows it", 0, 24, "/lock/x", 0, "/var/run/x", 777, false },
	{ "covered everywhere", 0, 24, "/user/1000/x", 0, "/run/user/1000/x", 1, true },
	{ "hidden mount, seen in the container", 0, 22, "/x", 0, "/host-shm/x", 777, false },
	{ "hidden everywhere", 0, 31, "/x", 0, "/mnt/disk/a/b/x", 1, true },
	{ "a container's own", 0, 61, "/seg", 0, "/dev/shm/seg", 777, false },
	{ "beside a covering mount", 8, 3, "/covers/x", 0, "/mnt/disk/covers/x", 1, false },
	{ "below a covering mount", 8, 3, "/cover/x", 0, "/mnt/disk/cover/x", 1, true },
	{ "at a covering mount", 8, 3, "/a", 0, "/mnt/disk/a", 1, true },
	{ "mounted by docker for a container", 0, 70, "/seg", 0, "/run/shm/seg", 777, false },
	{ "a part of a pod's volume", 0, 71, "/sub/x", 0, "/cache/x", 777, false },
	{ "the other part of it", 0, 71, "/x", 0,
	  "/var/lib/kubelet/pods/6a845aba-7ad2-4ae3-b0a6-4b01b7ac3da5/volumes/kubernetes.io~empty-dir/cache/x", 1,
	  false },
	{ "no tmpfs: the root namespace's path", 8, 4, "/x", 0, "/mnt/" ID "/x", 1, false },
	{ "mounted nowhere", 0, 99, "/memfd:x", -ENOENT, "", 0, false },
};

static void path_table(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(path_cases); i++) {
		const struct path_case *c = &path_cases[i];
		struct mount_path out = { 0 };
		int err = mounts__path(&w->view, c->major, c->minor, c->path, &out);

		if (err != c->err || strcmp(out.path, c->want) || out.ns_pid != c->pid || out.hidden != c->hidden)
			fail_msg("%s: %d %s pid %d%s", c->what, err, out.path, out.ns_pid, out.hidden ? " hidden" : "");
		if (!err)
			assert_int_equal(out.in_root_ns, c->pid == 1);
	}
}

static void a_path_too_long(void **state)
{
	struct world *w = *state;
	static char path[PATH_MAX];
	struct mount_path out;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	assert_int_equal(mounts__path(&w->view, 0, 24, path, &out), -ENAMETOOLONG);
}

static int resolve(void *context, const char *path, char *dst, size_t cap)
{
	(void)context;
	if (strcmp(path, "/var/lib/docker/overlay2/l/AAA") != 0)
		return -ENOENT;
	snprintf(dst, cap, "/var/lib/docker/overlay2/aaa/diff");
	return 0;
}

struct overlay_case {
	const char *what, *path;
	int err;
	const char *want;
};

static const struct overlay_case overlay_cases[] = {
	{ "upper", "/var/lib/docker/overlay2/abc/diff/tmp/f", 0, "/var/lib/docker/overlay2/abc/merged/tmp/f" },
	{ "the layer itself", "/var/lib/docker/overlay2/abc/diff", 0, "/var/lib/docker/overlay2/abc/merged" },
	{ "lower", "/var/lib/docker/overlay2/base/diff/bin/sh", 0, "/var/lib/docker/overlay2/abc/merged/bin/sh" },
	{ "lower, through a link", "/var/lib/docker/overlay2/aaa/diff/x", 0, "/var/lib/docker/overlay2/abc/merged/x" },
	{ "beside a layer", "/var/lib/docker/overlay2/abc/different/x", -ENOENT, "" },
	{ "the work directory", "/var/lib/docker/overlay2/abc/work/x", -ENOENT, "" },
	{ "escaped colons", "/low:with:colons/f", 0, "/merged2/f" },
	{ "an escaped comma", "/low,comma/f", 0, "/merged2/f" },
	{ "behind an empty piece", "/data/only/f", 0, "/merged2/f" },
	{ "an escaped space", "/up space/f", 0, "/merged2/f" },
	{ "new API: colons are plain", "/new/a:b/f", 0, "/merged3/f" },
	{ "new API: data", "/new/d/f", 0, "/merged3/f" },
	{ "half of a name with colons", "/new/a/f", -ENOENT, "" },
	{ "nothing", "", -ENOENT, "" },
	{ "the root", "/", -ENOENT, "" },
};

static void overlay_table(void **state)
{
	struct world *w = *state;
	struct overlay_index index;

	assert_int_equal(overlay__index(&w->view, resolve, NULL, &index), 0);
	for (size_t i = 0; i < COUNT(overlay_cases); i++) {
		const struct overlay_case *c = &overlay_cases[i];
		struct mount_path out = { 0 };
		int err = overlay__path(&w->view, &index, c->path, &out);

		if (err != c->err || strcmp(out.path, c->want))
			fail_msg("%s: %d %s", c->what, err, out.path);
		if (!err)
			assert_true(out.in_root_ns && out.ns_pid == 1);
	}
	overlay__free(&index);
	overlay__free(&index);
}

/* what lstat() finds: a path, with an inode number */
static const struct {
	const char *path;
	struct stat status;
} there[] = {
	{ "/l1/shown", { .st_ino = 7 } },
	{ "/m/shown", { .st_ino = 1ULL << 60 | 7 } },
	{ "/l1/removed", { .st_ino = 8 } },
	{ "/u/removed", { .st_ino = 9, .st_mode = S_IFCHR } },
	{ "/l1/copied", { .st_ino = 10 } },
	{ "/m/copied", { .st_ino = 10 } },
	{ "/u/copied", { .st_ino = 11, .st_mode = S_IFREG, .st_size = 5, .st_blocks = 8 } },
	{ "/l1/owned", { .st_ino = 12 } },
	{ "/m/owned", { .st_ino = 12 } },
	{ "/u/owned", { .st_ino = 13, .st_mode = S_IFREG, .st_size = 5 } },
	{ "/l2/both", { .st_ino = 14 } },
	{ "/l1/both", { .st_ino = 15 } },
	{ "/m/both", { .st_ino = 15 } },
	{ "/l2/elsewhere", { .st_ino = 16 } },
	{ "/m2/elsewhere", { .st_ino = 16 } },
};

static int look(void *context, pid_t pid, const char *path, struct stat *status)
{
	assert_ptr_equal(context, there);
	assert_int_equal(pid, 1);
	for (size_t i = 0; i < COUNT(there); i++)
		if (strcmp(there[i].path, path) == 0) {
			*status = there[i].status;
			return 0;
		}
	return strcmp(path, "/m/refused") == 0 ? -EACCES : -ENOENT;
}

static const struct overlay_case hidden_cases[] = {
	{ "shown", "/l1/shown", 0, "/m/shown" },
	{ "upper", "/u/copied", 0, "/m/copied" },
	{ "removed", "/l1/removed", -ENOENT, "" },
	{ "its folder was removed", "/l1/gone/f", -ENOENT, "" },
	{ "copied up: it keeps the inode number", "/l1/copied", -ENOENT, "" },
	{ "only its owner was copied up", "/l1/owned", 0, "/m/owned" },
	{ "a lower layer is above", "/l2/both", -ENOENT, "" },
	{ "another overlay shows it", "/l2/elsewhere", 0, "/m2/elsewhere" },
	{ "who may not look does not know", "/l1/refused", 0, "/m/refused" },
};

static void hidden_in_an_overlay(void **state)
{
	static const char text[] = "20 1 0:40 / /m rw - overlay o rw,lowerdir=/l1:/l2,upperdir=/u,workdir=/w\n"
				   "21 1 0:41 / /m2 rw - overlay o rw,lowerdir=/l2\n";
	struct mount_ns space = { .id = 1, .pid = 1 };
	struct mount_view view = { .spaces = &space, .count = 1, .has_root = true };
	struct overlay_index index;

	(void)state;
	assert_int_equal(mounts__parse(BYTES(text), &space.table), 0);
	assert_int_equal(overlay__index(&view, NULL, NULL, &index), 0);
	index.look = look;
	index.look_context = (void *)(uintptr_t)there;
	for (size_t i = 0; i < COUNT(hidden_cases); i++) {
		const struct overlay_case *c = &hidden_cases[i];
		struct mount_path out;
		int err = overlay__path(&view, &index, c->path, &out);

		if (err != c->err || strcmp(out.path, c->want))
			fail_msg("%s: %d %s", c->what, err, out.path);
	}
	overlay__free(&index);
	mounts__free(&space.table);
}

static void overlay_of_a_container_only(void **state)
{
	struct world *w = *state;
	struct mount_view view = { .spaces = &w->spaces[1], .count = 1 };
	struct overlay_index index;
	struct mount_path out;

	assert_int_equal(overlay__index(&view, NULL, NULL, &index), 0);
	assert_int_equal(overlay__path(&view, &index, "/var/lib/docker/overlay2/abc/diff/tmp/f", &out), 0);
	assert_string_equal(out.path, "/tmp/f");
	assert_int_equal(out.ns_pid, 777);
	assert_false(out.in_root_ns);
	overlay__free(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_table),
		cmocka_unit_test_setup_teardown(escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hidden_mounts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tmpfs_of_all_namespaces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(path_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_path_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(overlay_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(overlay_of_a_container_only, set_up, tear_down),
		cmocka_unit_test(hidden_in_an_overlay),
	};

	return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
