// SPDX-License-Identifier: GPL-2.0-only
// needs: container file mounts mountview parse proc
/* Mount namespaces of a made-up and the real /proc; how full a tmpfs is, and never another's. */
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
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "buffer.h"
#include "mountns.h"
#include "mounts.h"

static void statfs_figures(void **state)
{
	struct tmpfs_usage u;

	(void)state;
	mountns__figures(4096, 256, 56, 100, 99, &u);
	assert_true(u.limit_bytes.has && u.limit_bytes.value == 256 * 4096);
	assert_true(u.used_bytes.has && u.used_bytes.value == 200 * 4096);
	assert_true(u.limit_inodes.value == 100 && u.used_inodes.value == 1);
	mountns__figures(4096, 0, 0, 0, 0, &u); /* size=0,nr_inodes=0 */
	assert_false(u.limit_bytes.has || u.used_bytes.has);
	assert_false(u.limit_inodes.has || u.used_inodes.has);
	mountns__figures(4096, 10, 11, 10, 11, &u);
	assert_true(u.used_bytes.has && u.used_bytes.value == 0 && u.used_inodes.value == 0);
	mountns__figures(4096, UINT64_MAX, 0, 0, 0, &u);
	assert_false(u.limit_bytes.has || u.used_bytes.has);
}

static const struct {
	const char *options;
	uint64_t limit_bytes, limit_inodes; /* 0: none */
} options_rows[] = {
	{ "rw", 500 * 4096, 500 },
	{ "rw,size=16384k,mode=700", 16 << 20, 500 },
	{ "rw,nr_inodes=7,size=4k,inode64", 4096, 7 },
	{ "rw,size=0k,nr_inodes=0", 0, 0 },
	{ "rw,size=,nr_inodes", 500 * 4096, 0 },
	{ "rw,size=xk", 0, 500 },
	{ "rw,size=18014398509481985k", 0, 500 },
	{ "rw,huge=always,mpol=bind:size=1k", 500 * 4096, 500 },
};

static void limits_in_options(void **state)
{
	struct tmpfs_usage u;

	(void)state;
	for (size_t i = 0; i < sizeof(options_rows) / sizeof(options_rows[0]); i++) {
		mountns__limits(options_rows[i].options, 1001, 4096, &u);
		if (u.limit_bytes.value != options_rows[i].limit_bytes ||
		    u.limit_inodes.value != options_rows[i].limit_inodes ||
		    u.limit_bytes.has != !!u.limit_bytes.value || u.limit_inodes.has != !!u.limit_inodes.value ||
		    u.used_bytes.has || u.used_inodes.has)
			fail_msg("%s: %llu bytes, %llu inodes", options_rows[i].options,
				 (unsigned long long)u.limit_bytes.value, (unsigned long long)u.limit_inodes.value);
	}
}

static void put_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void make_process(int proc, const char *pid, const char *ns, const char *mountinfo)
{
	char path[64];

	assert_int_equal(mkdirat(proc, pid, 0700), 0);
	snprintf(path, sizeof(path), "%s/ns", pid);
	assert_int_equal(mkdirat(proc, path, 0700), 0);
	snprintf(path, sizeof(path), "%s/ns/mnt", pid);
	assert_int_equal(symlinkat(ns, proc, path), 0);
	snprintf(path, sizeof(path), "%s/root", pid);
	assert_int_equal(symlinkat("/", proc, path), 0);
	snprintf(path, sizeof(path), "%s/mountinfo", pid);
	if (mountinfo)
		put_file(proc, path, mountinfo);
}

static void namespaces_of_a_made_up_proc(void **state)
{
	char path[] = "/tmp/pagetide-mounts-XXXXXX", command[128];
	struct proc_root root;
	struct mount_view view;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(proc__open(path, &root), 0);
	make_process(root.fd, "5", "mnt:[200]", NULL); /* exits while it is read */
	make_process(root.fd, "6", "mnt:[200]", "1 0 0:2 / / rw - tmpfs t rw\n");
	make_process(root.fd, "7", "mnt:[300]", NULL);
	make_process(root.fd, "8", "nonsense", "1 0 0:9 / / rw - tmpfs t rw\n");
	make_process(root.fd, "1", "mnt:[100]", "1 0 0:1 / / rw - tmpfs t rw\n");
	assert_int_equal(mkdirat(root.fd, "9", 0700), 0);
	assert_int_equal(mountns__read(&root, &view), 0);
	assert_int_equal(view.count, 2);
	assert_true(view.has_root);
	assert_true(view.spaces[0].id == 100 && view.spaces[0].pid == 1);
	assert_true(view.spaces[1].id == 200 && view.spaces[1].pid == 6);
	assert_int_equal(view.vanished, 1);
	mounts__free_view(&view);

	/* pid 1 out of reach: our own namespace takes its place. */
	assert_int_equal(unlinkat(root.fd, "1/ns/mnt", 0), 0);
	assert_int_equal(symlinkat("6", root.fd, "self"), 0);
	assert_int_equal(mountns__read(&root, &view), 0);
	assert_true(view.count == 1 && view.has_root && view.spaces[0].id == 200);
	mounts__free_view(&view);
	proc__close(&root);
	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
}

/* The real /dev/shm through a made-up /proc/1: right device, wrong device, no tmpfs. */
static void usage_of_a_real_tmpfs(void **state)
{
	char path[] = "/tmp/pagetide-usage-XXXXXX", command[128];
	struct tmpfs_mount mount = { .reach_path = "/dev/shm", .reach_pid = 1 };
	struct tmpfs_usage usage;
	struct proc_root root;
	struct statfs fs;
	struct stat st;

	(void)state;
	if (stat("/dev/shm", &st) || statfs("/dev/shm", &fs) || fs.f_type != 0x01021994)
		skip();
	assert_non_null(mkdtemp(path));
	assert_int_equal(proc__open(path, &root), 0);
	make_process(root.fd, "1", "mnt:[1]", NULL);
	mount.major = major(st.st_dev);
	mount.minor = minor(st.st_dev);
	assert_int_equal(mountns__usage(&root, &mount, &usage), 0);
	assert_int_equal(usage.limit_bytes.has, fs.f_blocks > 0);
	assert_true(usage.limit_bytes.value == fs.f_blocks * (uint64_t)fs.f_bsize);
	mount.reach_pid = 2; /* it has ended */
	assert_int_equal(mountns__usage(&root, &mount, &usage), -ENOENT);
	mount.reach_others[0] = 3;
	mount.reach_others[1] = 1;
	assert_int_equal(mountns__usage(&root, &mount, &usage), 0);
	assert_true(usage.limit_bytes.value == fs.f_blocks * (uint64_t)fs.f_bsize);
	mount.reach_pid = 1;
	mount.minor++;
	assert_int_equal(mountns__usage(&root, &mount, &usage), -ESTALE);
	assert_false(usage.limit_bytes.has);
	mount.options = "rw,size=16k";
	assert_int_equal(mountns__usage(&root, &mount, &usage), -ESTALE);
	assert_true(usage.limit_bytes.value == 16384 && !usage.used_bytes.has);
	mount.reach_path = "/dev/shm/no-such-folder";
	assert_int_equal(mountns__usage(&root, &mount, &usage), -ENOENT);
	assert_int_equal(stat("/proc", &st), 0);
	mount = (struct tmpfs_mount){
		.reach_path = "/proc", .reach_pid = 1, .major = major(st.st_dev), .minor = minor(st.st_dev)
	};
	assert_int_equal(mountns__usage(&root, &mount, &usage), -ENOTSUP);
	proc__close(&root);
	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
}

static void this_machine(void **state)
{
	struct proc_root root;
	struct mount_view view;
	struct tmpfs_mount *list;
	struct tmpfs_usage usage;
	struct mount_path seen;
	struct stat st;
	size_t count;

	(void)state;
	assert_int_equal(proc__open("/proc", &root), 0);
	assert_int_equal(mountns__read(&root, &view), 0);
	assert_true(view.count > 0);
	for (size_t s = 0; s < view.count; s++)
		assert_int_equal(view.spaces[s].table.malformed, 0);
	assert_int_equal(mounts__tmpfs(&view, &list, &count), 0);
	for (size_t i = 0; i < count; i++) {
		int err = mountns__usage(&root, &list[i], &usage);

		print_message("# %u:%u %s %s ns %llu pid %d%s: %d, used %llu of %llu\n", list[i].major, list[i].minor,
			      list[i].fstype, list[i].path, (unsigned long long)list[i].ns_id, list[i].ns_pid,
			      list[i].visible ? "" : " (hidden)", err, (unsigned long long)usage.used_bytes.value,
			      (unsigned long long)usage.limit_bytes.value);
		if (err == 0)
			assert_true(list[i].visible);
	}
	assert_int_equal(stat("/proc/version", &st), 0);
	assert_int_equal(mounts__path(&view, major(st.st_dev), minor(st.st_dev), "/version", &seen), 0);
	assert_string_equal(seen.path, "/proc/version");
	free(list);
	mounts__free_view(&view);
	proc__close(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statfs_figures),
		cmocka_unit_test(limits_in_options),
		cmocka_unit_test(namespaces_of_a_made_up_proc),
		cmocka_unit_test(usage_of_a_real_tmpfs),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests_name("mountns", tests, NULL, NULL);
}
