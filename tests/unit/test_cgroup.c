// SPDX-License-Identifier: GPL-2.0-only
// needs: parse file mounts cgroupfs
/* Memory cgroups: which hierarchy, text into figures, the tightest limit, trees real and made up. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "cgroup.h"
#include "file.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB (1024ull * 1024)

struct find_case {
	const char *what, *mountinfo;
	int err, version;
	const char *mount_point, *root;
};

#define V1(id, root, at, opts) id " 9 0:1" id " " root " " at " rw - cgroup cgroup rw," opts "\n"
#define V2(id, root, at) id " 9 0:2" id " " root " " at " rw - cgroup2 cgroup2 rw,nsdelegate\n"

static const struct find_case find_cases[] = {
	{ "v2", V2("1", "/", "/sys/fs/cgroup"), 0, 2, "/sys/fs/cgroup", "/" },
	{ "hybrid", V2("1", "/", "/c/unified") V1("2", "/", "/c/cpu", "cpu") V1("3", "/", "/c/mem", "memory"), 0, 1,
	  "/c/mem", "/" },
	{ "several controllers", V1("3", "/", "/c/all", "cpu,memory,pids"), 0, 1, "/c/all", "/" },
	{ "a name is no controller", V1("3", "/", "/c/x", "name=memory") V2("4", "/", "/u"), 0, 2, "/u", "/" },
	{ "memory_x is another", V1("3", "/", "/c/x", "memory_x"), -ENOENT, 0, "", "" },
	{ "the whole one", V1("3", "/docker/a", "/c/part", "memory") V1("4", "/", "/c/all", "memory"), 0, 1, "/c/all",
	  "/" },
	{ "only a part", V1("3", "/docker/a", "/c/part", "memory"), 0, 1, "/c/part", "/docker/a" },
	{ "none", "1 0 8:1 / / rw - ext4 a rw\n", -ENOENT, 0, "", "" },
	{ "empty", "", -ENOENT, 0, "", "" },
};

static void find_table(void **state)
{
	static struct cgroup_where out;

	(void)state;
	for (size_t i = 0; i < COUNT(find_cases); i++) {
		const struct find_case *c = &find_cases[i];
		struct mount_table table;
		int err;

		assert_int_equal(mounts__parse(c->mountinfo, strlen(c->mountinfo), &table), 0);
		err = cgroup__find(&table, &out);
		if (err != c->err || out.version != c->version || strcmp(out.mount_point, c->mount_point) ||
		    strcmp(out.root, c->root))
			fail_msg("%s: %d v%d %s", c->what, err, out.version, out.mount_point);
		mounts__free(&table);
	}
}

static void controllers(void **state)
{
	(void)state;
	assert_true(cgroup__has_memory(BYTES("cpuset cpu io memory pids\n")));
	assert_true(cgroup__has_memory(BYTES("memory")));
	assert_false(cgroup__has_memory(BYTES("cpu memory_x\n")));
	assert_false(cgroup__has_memory(BYTES("\n")));
	assert_false(cgroup__has_memory(BYTES("")));
}

struct number_case {
	const char *what, *bytes;
	size_t len;
	bool is_value, is_limit;
	uint64_t value;
};

static const struct number_case number_cases[] = {
	{ "plain", BYTES("4096\n"), true, true, 4096 },
	{ "zero is not absent", BYTES("0\n"), true, true, 0 },
	{ "no newline", BYTES("4096"), true, true, 4096 },
	{ "no limit, v2", BYTES("max\n"), false, false, 0 },
	{ "no limit, v1, 4 KiB pages", BYTES("9223372036854771712\n"), true, false, 9223372036854771712ull },
	{ "no limit, v1, 64 KiB pages", BYTES("9223372036854710272\n"), true, false, 9223372036854710272ull },
	{ "no limit, very old", BYTES("18446744073709551615\n"), true, false, UINT64_MAX },
	{ "a great limit", BYTES("1152921504606846976\n"), true, true, 1152921504606846976ull },
	{ "2^64", BYTES("18446744073709551616\n"), false, false, 0 },
	{ "negative", BYTES("-1\n"), false, false, 0 },
	{ "empty", BYTES(""), false, false, 0 },
	{ "two numbers", BYTES("1 2\n"), false, false, 0 },
	{ "a NUL behind", BYTES("12\0"), false, false, 0 },
	{ "words", BYTES("12 kB\n"), false, false, 0 },
};

static void number_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(number_cases); i++) {
		const struct number_case *c = &number_cases[i];
		char *bytes = buffer__exact(c->bytes, c->len);
		struct parse_figure value = cgroup__parse_value(bytes, c->len);
		struct parse_figure limit = cgroup__parse_limit(bytes, c->len);

		free(bytes);
		if (value.has != c->is_value || limit.has != c->is_limit || (value.has && value.value != c->value) ||
		    (limit.has && limit.value != c->value))
			fail_msg("%s", c->what);
	}
}

static void check(const struct parse_figure *figure, bool has, uint64_t value)
{
	assert_int_equal(figure->has, has);
	assert_true(figure->value == value);
}

static void stat_of_both_versions(void **state)
{
	static const char *const names[] = { "", "memory_stat_v1.txt", "memory_stat_v2.txt" };

	(void)state;
	for (int version = 1; version <= 2; version++) {
		struct cgroup_figures f = { 0 };
		size_t len;
		char *bytes = buffer__fixture(names[version], &len);

		cgroup__parse_stat(version, bytes, len, &f);
		free(bytes);
		check(&f.anon_bytes, true, 11063296);
		check(&f.shmem_bytes, true, 8998912);
		check(&f.file_bytes, true, 86364160 - 8998912);
		check(&f.reclaimable_bytes, true, 39784448 + 37576704 - 614400 - 4096);
		check(&f.swap_bytes, version == 1, version == 1 ? 12288 : 0);
		check(&f.kernel_bytes, version == 2, version == 2 ? 7340032 : 0);
	}
}

static void stat_lacking_lines(void **state)
{
	struct cgroup_figures f = { 0 };

	(void)state;
	cgroup__parse_stat(2, BYTES("kernel_stack 10\npagetables 20\nslab 30\nvmalloc 99\n"), &f);
	check(&f.kernel_bytes, true, 60); /* before 5.18 */
	check(&f.anon_bytes, false, 0);
	check(&f.reclaimable_bytes, false, 0);
	cgroup__parse_stat(2, BYTES("file 10\nshmem 20\ninactive_file 5\nactive_file 5\nfile_dirty 99\n"), &f);
	check(&f.file_bytes, true, 0); /* races: not below zero */
	check(&f.reclaimable_bytes, true, 0);
	check(&f.kernel_bytes, false, 0);
	cgroup__parse_stat(2, BYTES("file 10\n"), &f);
	check(&f.file_bytes, false, 0); /* with shmem in it it is not our figure */
	cgroup__parse_stat(2, BYTES("anon 1\nanon 2\nanon_thp 3\n"), &f);
	check(&f.anon_bytes, true, 1);
	cgroup__parse_stat(2, BYTES("anon 18446744073709551616\n"), &f);
	check(&f.anon_bytes, false, 0);
	cgroup__parse_stat(2, BYTES("anon 12"), &f); /* cut? */
	check(&f.anon_bytes, false, 0);
	cgroup__parse_stat(1, BYTES("rss 5\ntotal_rss -5\n"), &f);
	check(&f.anon_bytes, false, 0);
	cgroup__parse_stat(1, BYTES("anon 1\0\0\nrss"), &f);
	check(&f.anon_bytes, false, 0);
	cgroup__parse_stat(2, BYTES("inactive_file 18446744073709551615\nactive_file 1\n"), &f);
	check(&f.reclaimable_bytes, true, UINT64_MAX);
}

static struct parse_figure mib(uint64_t value)
{
	return (struct parse_figure){ true, value * MIB };
}

/* 0 / -> 1 /a -> 2 /a/b -> 3 /a/b/c */
static void make_chain(struct cgroup_tree *tree)
{
	static const char *const paths[] = { "/", "/a", "/a/b", "/a/b/c" };

	memset(tree, 0, sizeof(*tree));
	for (uint32_t i = 0; i < COUNT(paths); i++)
		assert_int_equal(cgroup__add(tree, 100 + i, paths[i], i ? i - 1 : CGROUP_NO_NODE), i);
	cgroup__index(tree);
}

static void tightest_limit(void **state)
{
	struct cgroup_tree tree;
	struct cgroup_tightest out;

	(void)state;
	make_chain(&tree);
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX, &out), -ENOENT);
	assert_int_equal(cgroup__tightest(&tree, CGROUP_NO_NODE, CGROUP_LIMIT_MAX, &out), -ENOENT);

	for (uint32_t i = 1; i < 4; i++)
		tree.nodes[i].figures.usage_bytes = mib(60 - 10 * i); /* 50 40 30 */
	tree.nodes[3].figures.limit_bytes = mib(100);                 /* room 70 */
	tree.nodes[1].figures.limit_bytes = mib(80);                  /* room 30: the tightest */
	tree.nodes[1].figures.reclaimable_bytes = mib(7);
	tree.nodes[0].figures.limit_bytes = mib(1); /* without usage: does not count */
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX, &out), 0);
	assert_int_equal(out.node, 1);
	assert_true(out.room_bytes == 30 * MIB && out.limit_bytes == 80 * MIB);
	check(&out.reclaimable_bytes, true, 7 * MIB);

	tree.nodes[2].figures.high_bytes = mib(60); /* room 20 */
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX | CGROUP_LIMIT_HIGH, &out), 0);
	assert_true(out.node == 2 && out.kind == CGROUP_LIMIT_HIGH && out.room_bytes == 20 * MIB);
	check(&out.reclaimable_bytes, false, 0);

	tree.nodes[3].figures.limit_bytes = mib(10); /* above its limit: no room, not a negative one */
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX, &out), 0);
	assert_true(out.node == 3 && out.room_bytes == 0);
	tree.nodes[1].figures.limit_bytes = mib(50); /* equal: the nearest */
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX, &out), 0);
	assert_int_equal(out.node, 3);

	tree.nodes[3].figures.limit_bytes = mib(100);
	tree.nodes[2].charges_parent = false; /* v1 without use_hierarchy */
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX, &out), 0);
	assert_int_equal(out.node, 3);

	tree.nodes[2].charges_parent = true;
	tree.nodes[2].parent = 3; /* a recording may say anything */
	assert_int_equal(cgroup__tightest(&tree, 3, CGROUP_LIMIT_MAX, &out), 0);
	cgroup__free_tree(&tree);
}

static void look_ups(void **state)
{
	struct cgroup_tree tree = { 0 };
	char path[32];

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), i ? "/c%u" : "/", i);
		assert_int_equal(cgroup__add(&tree, i * 7 + 1, path, i ? 0 : CGROUP_NO_NODE), i);
	}
	cgroup__index(&tree);
	for (uint32_t i = 1; i < 3000; i++) {
		snprintf(path, sizeof(path), "/c%u", i);
		assert_int_equal(cgroup__by_id(&tree, i * 7 + 1), i);
		assert_int_equal(cgroup__by_path(&tree, path), i);
	}
	assert_int_equal(cgroup__by_id(&tree, 2), CGROUP_NO_NODE);
	assert_int_equal(cgroup__by_path(&tree, "/c"), CGROUP_NO_NODE);
	cgroup__free_tree(&tree);
	assert_int_equal(cgroup__by_id(&tree, 1), CGROUP_NO_NODE);
}

static void put_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void a_made_up_tree(void **state)
{
	static struct cgroup_where where = { .version = 2, .root = "/" };
	char path[] = "/tmp/pagetide-cgroup-XXXXXX", command[128];
	struct cgroup_tree tree;
	struct cgroup_node *node;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	strcpy(where.mount_point, path);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(cgroup__read_tree(&where, &tree), -ENOENT);
	put_file(dir, "cgroup.controllers", "cpu pids\n");
	assert_int_equal(cgroup__read_tree(&where, &tree), -ENOTSUP);
	put_file(dir, "cgroup.controllers", "cpu memory\n");
	assert_int_equal(mkdirat(dir, "a", 0700), 0);
	assert_int_equal(mkdirat(dir, "a/b", 0700), 0);
	put_file(dir, "a/memory.current", "5242880\n");
	put_file(dir, "a/memory.max", "max\n");
	put_file(dir, "a/b/memory.current", "1048576\n");
	put_file(dir, "a/b/memory.max", "2097152\n");
	put_file(dir, "a/b/memory.stat", "anon 4096\nfile 8192\nshmem 4096\n");
	assert_int_equal(cgroup__read_tree(&where, &tree), 0);
	assert_int_equal(tree.count, 3);
	assert_string_equal(tree.nodes[0].path, "/");
	check(&tree.nodes[0].figures.usage_bytes, false, 0);
	node = &tree.nodes[cgroup__by_path(&tree, "/a")];
	check(&node->figures.usage_bytes, true, 5 * MIB);
	check(&node->figures.limit_bytes, false, 0);
	check(&node->figures.peak_bytes, false, 0); /* no such file: absent */
	node = &tree.nodes[cgroup__by_path(&tree, "/a/b")];
	check(&node->figures.limit_bytes, true, 2 * MIB);
	check(&node->figures.file_bytes, true, 4096);
	assert_string_equal(tree.nodes[node->parent].path, "/a");
	cgroup__free_tree(&tree);
	strcpy(where.root, "/docker/x"); /* what is mounted is a part: paths say so */
	assert_int_equal(cgroup__read_tree(&where, &tree), 0);
	assert_int_equal(cgroup__by_path(&tree, "/docker/x"), 0);
	assert_true(cgroup__by_path(&tree, "/docker/x/a/b") != CGROUP_NO_NODE);
	cgroup__free_tree(&tree);
	close(dir);
	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
	assert_int_equal(cgroup__read_tree(&where, &tree), -ENOENT);
}

static void a_made_up_v1_tree(void **state)
{
	static struct cgroup_where where = { .version = 1, .root = "/" };
	char path[] = "/tmp/pagetide-cgroup-XXXXXX", command[128];
	const struct cgroup_node *node;
	struct cgroup_tree tree;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	strcpy(where.mount_point, path);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	put_file(dir, "memory.use_hierarchy", "0\n");
	put_file(dir, "memory.usage_in_bytes", "9223372036854771712\n"); /* absurd, yet no limit */
	put_file(dir, "memory.limit_in_bytes", "9223372036854771712\n");
	put_file(dir, "memory.soft_limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(mkdirat(dir, "a", 0700), 0);
	put_file(dir, "a/memory.use_hierarchy", "1\n");
	put_file(dir, "a/memory.limit_in_bytes", "4096\n");
	put_file(dir, "a/memory.soft_limit_in_bytes", "2048\n");
	put_file(dir, "a/memory.max_usage_in_bytes", "77\n");
	put_file(dir, "a/memory.kmem.usage_in_bytes", "88\n");
	put_file(dir, "a/memory.stat", "total_swap 99\n");
	assert_int_equal(mkdirat(dir, "a/b", 0700), 0);
	put_file(dir, "a/b/memory.use_hierarchy", "0\n"); /* not asked: below a hierarchical one */
	assert_int_equal(mkdirat(dir, "a/b/c", 0700), 0);
	assert_int_equal(cgroup__read_tree(&where, &tree), 0);
	check(&tree.nodes[0].figures.usage_bytes, true, 9223372036854771712ull);
	check(&tree.nodes[0].figures.limit_bytes, false, 0);
	check(&tree.nodes[0].figures.soft_bytes, false, 0);
	node = &tree.nodes[cgroup__by_path(&tree, "/a")];
	check(&node->figures.limit_bytes, true, 4096);
	check(&node->figures.soft_bytes, true, 2048);
	check(&node->figures.peak_bytes, true, 77);
	check(&node->figures.kernel_bytes, true, 88);
	check(&node->figures.swap_bytes, true, 99);
	assert_false(node->charges_parent);
	assert_true(tree.nodes[cgroup__by_path(&tree, "/a/b")].charges_parent);
	assert_true(tree.nodes[cgroup__by_path(&tree, "/a/b/c")].charges_parent);
	cgroup__free_tree(&tree);
	close(dir);
	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
}

static void this_machine(void **state)
{
	static struct cgroup_where where;
	struct mount_table table;
	struct cgroup_tree tree;
	struct stat st;
	char *text;
	size_t len;
	int err;

	(void)state;
	assert_int_equal(file__slurp(AT_FDCWD, "/proc/self/mountinfo", 1 << 24, &text, &len), 0);
	assert_int_equal(mounts__parse(text, len, &table), 0);
	free(text);
	err = cgroup__find(&table, &where);
	mounts__free(&table);
	if (err || cgroup__read_tree(&where, &tree))
		skip();
	assert_int_equal(stat(where.mount_point, &st), 0);
	assert_int_equal(cgroup__by_id(&tree, st.st_ino), 0);
	for (size_t i = 1; i < tree.count; i++) {
		assert_true(tree.nodes[i].parent < i);
		assert_true(tree.nodes[i].id != 0);
	}
	print_message("# v%d %s: %zu cgroups, %zu vanished\n", tree.version, where.mount_point, tree.count,
		      tree.vanished);
	cgroup__free_tree(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_table),         cmocka_unit_test(controllers),
		cmocka_unit_test(number_table),       cmocka_unit_test(stat_of_both_versions),
		cmocka_unit_test(stat_lacking_lines), cmocka_unit_test(tightest_limit),
		cmocka_unit_test(look_ups),           cmocka_unit_test(a_made_up_tree),
		cmocka_unit_test(a_made_up_v1_tree),  cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
