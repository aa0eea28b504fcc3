// SPDX-License-Identifier: GPL-2.0-only
// needs: parse file
/* /proc text of processes, friendly and hostile, and the readers on a made-up and the real /proc. */
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
#include "proc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TAIL(flags, start) " S 7 1 1 0 -1 " flags " 0 0 0 0 1 2 0 0 20 0 1 0 " start " 4096 1\n"

struct stat_case {
	const char *what, *bytes;
	size_t len;
	int err;
	const char *comm;
	pid_t pid, ppid;
	uint64_t start_ticks;
	bool kernel_thread;
};

static const struct stat_case stat_cases[] = {
	{ "plain", BYTES("42 (sh)" TAIL("4194560", "1234")), 0, "sh", 42, 7, 1234, false },
	{ "a name that looks like the rest", BYTES("42 (a) R 1 (x)" TAIL("4194560", "1234")), 0, "a) R 1 (x", 42, 7,
	  1234, false },
	{ "a name of brackets", BYTES("42 ()))" TAIL("0", "5")), 0, "))", 42, 7, 5, false },
	{ "an empty name", BYTES("42 ()" TAIL("0", "5")), 0, "", 42, 7, 5, false },
	{ "a newline in the name", BYTES("42 (a\nb)" TAIL("0", "5")), 0, "a\nb", 42, 7, 5, false },
	{ "a kernel thread", BYTES("2 (kworker/0:1H-kblockd)" TAIL("69238880", "0")), 0, "kworker/0:1H-kblockd", 2, 7,
	  0, true },
	{ "the greatest start", BYTES("1 (x)" TAIL("0", "18446744073709551615")), 0, "x", 1, 7, UINT64_MAX, false },
	{ "start of 2^64", BYTES("1 (x)" TAIL("0", "18446744073709551616")), -ERANGE, "", 0, 0, 0, false },
	{ "negative start", BYTES("1 (x)" TAIL("0", "-1")), -EINVAL, "", 0, 0, 0, false },
	{ "pid beyond int", BYTES("4294967296 (x)" TAIL("0", "1")), -ERANGE, "", 0, 0, 0, false },
	{ "no pid", BYTES("(x)" TAIL("0", "1")), -EINVAL, "", 0, 0, 0, false },
	{ "empty", BYTES(""), -EINVAL, "", 0, 0, 0, false },
	{ "only a pid", BYTES("42"), -EINVAL, "", 0, 0, 0, false },
	{ "an open bracket", BYTES("42 (sh"), -EINVAL, "", 0, 0, 0, false },
	{ "brackets the wrong way", BYTES("42 )sh( R 1"), -EINVAL, "", 0, 0, 0, false },
	{ "ends at the bracket", BYTES("42 (sh)"), -EINVAL, "", 0, 0, 0, false },
	{ "ends after the state", BYTES("42 (sh) S"), -EINVAL, "", 0, 0, 0, false },
	{ "cut within field 22", BYTES("42 (sh) S 7 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 12"), -EINVAL, "", 0, 0, 0,
	  false },
	{ "a NUL in the name", BYTES("42 (s\0h)" TAIL("0", "5")), -EINVAL, "", 0, 0, 0, false },
	{ "NULs only", BYTES("\0\0\0\0"), -EINVAL, "", 0, 0, 0, false },
};

static void stat_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stat_cases); i++) {
		const struct stat_case *c = &stat_cases[i];
		char *bytes = buffer__exact(c->bytes, c->len);
		struct proc_stat out;
		int err = proc__parse_stat(bytes, c->len, &out);

		free(bytes);
		if (err != c->err)
			fail_msg("%s: %d, not %d", c->what, err, c->err);
		assert_string_equal(out.comm, c->comm);
		assert_int_equal(out.pid, c->pid);
		assert_int_equal(out.ppid, c->ppid);
		assert_true(out.start_ticks == c->start_ticks);
		assert_int_equal(out.kernel_thread, c->kernel_thread);
	}
}

static void stat_cut_anywhere_is_safe(void **state)
{
	static const char text[] = "42 (a) b)" TAIL("0", "77");
	struct proc_stat out;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *bytes = buffer__exact(text, len);

		if (proc__parse_stat(bytes, len, &out) == 0)
			assert_int_equal(out.start_ticks, 77);
		else
			assert_int_equal(out.start_ticks, 0);
		free(bytes);
	}
}

static void an_enormous_name_is_cut(void **state)
{
	size_t len = 1 << 20;
	char *bytes = malloc(len);
	struct proc_stat out;
	static const char tail[] = ")" TAIL("0", "9");

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'n', len);
	memcpy(bytes, "42 (", 4);
	memcpy(bytes + len - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	assert_int_equal(proc__parse_stat(bytes, len, &out), 0);
	assert_int_equal(strlen(out.comm), PROC_COMM_MAX - 1);
	free(bytes);
}

static void check(const struct parse_figure *figure, bool has, uint64_t value)
{
	assert_int_equal(figure->has, has);
	assert_true(figure->value == value);
}

static void status_of_a_process(void **state)
{
	static const char text[] =
		"Name:\tVmSize:\t9 kB\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nPid:\t42\n"
		"PPid:\t7\nUid:\t1000\t0\t0\t0\nVmPeak:\t 9999 kB\nVmSize:\t    5060 kB\n"
		"VmLck:\t       0 kB\nVmHWM:\t    4284 kB\nRssAnon:\t     904 kB\n"
		"RssFile:\t    3380 kB\nRssShmem:\t       4 kB\nVmPTE:\t      48 kB\nVmSwap:\t  12 kB\n";
	struct proc_status out;

	(void)state;
	proc__parse_status(text, sizeof(text) - 1, &out);
	check(&out.tgid, true, 42);
	check(&out.ppid, true, 7);
	check(&out.uid, true, 1000);
	check(&out.virtual_bytes, true, 5060 * 1024);
	check(&out.locked_bytes, true, 0);
	check(&out.peak_rss_bytes, true, 4284 * 1024);
	check(&out.anon_bytes, true, 904 * 1024);
	check(&out.file_bytes, true, 3380 * 1024);
	check(&out.shmem_bytes, true, 4 * 1024);
	check(&out.page_tables_bytes, true, 48 * 1024);
	check(&out.swap_bytes, true, 12 * 1024);
}

struct status_case {
	const char *what, *bytes;
	size_t len;
	bool has;
	uint64_t swap_bytes;
};

static const struct status_case status_cases[] = {
	{ "a kernel thread", BYTES("Name:\tkthreadd\nTgid:\t2\nUid:\t0\t0\t0\t0\n"), false, 0 },
	{ "empty", BYTES(""), false, 0 },
	{ "zero is not absent", BYTES("VmSwap:\t0 kB\n"), true, 0 },
	{ "no newline: may be cut", BYTES("VmSwap:\t12 kB"), false, 0 },
	{ "cut before the unit", BYTES("VmSwap:\t12\n"), false, 0 },
	{ "negative", BYTES("VmSwap:\t-12 kB\n"), false, 0 },
	{ "not a number", BYTES("VmSwap:\tmany kB\n"), false, 0 },
	{ "2^64", BYTES("VmSwap:\t18446744073709551616 kB\n"), false, 0 },
	{ "too great in bytes", BYTES("VmSwap:\t18014398509481984 kB\n"), false, 0 },
	{ "the greatest", BYTES("VmSwap:\t18014398509481983 kB\n"), true, 18446744073709550592ull },
	{ "twice: the first", BYTES("VmSwap:\t1 kB\nVmSwap:\t2 kB\n"), true, 1024 },
	{ "a NUL within", BYTES("VmSwap:\t1\0 kB\n"), false, 0 },
	{ "a NUL line before", BYTES("\0\0\nVmSwap:\t1 kB\n"), true, 1024 },
	{ "a key that goes on", BYTES("VmSwapped:\t1 kB\n"), false, 0 },
};

static void status_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(status_cases); i++) {
		const struct status_case *c = &status_cases[i];
		char *bytes = buffer__exact(c->bytes, c->len);
		struct proc_status out;

		proc__parse_status(bytes, c->len, &out);
		free(bytes);
		if (out.swap_bytes.has != c->has || out.swap_bytes.value != c->swap_bytes)
			fail_msg("%s: %d %llu", c->what, out.swap_bytes.has, (unsigned long long)out.swap_bytes.value);
	}
}

struct cmdline_case {
	const char *bytes;
	size_t len, cap;
	const char *want;
};

static const struct cmdline_case cmdline_cases[] = {
	{ BYTES("sh\0-c\0echo hi\0"), 64, "sh -c echo hi" },
	{ BYTES("sh"), 64, "sh" },
	{ BYTES("sh\0\0\0\0"), 64, "sh" },
	{ BYTES(""), 64, "" },
	{ BYTES("\0\0"), 64, "" },
	{ BYTES("a\0\0b\0"), 64, "a  b" },
	{ BYTES("a\x1b[31m\nb\x7f"), 64, "a?[31m?b?" },
	{ BYTES("abcdef"), 4, "abc" },
	{ BYTES("abcdef"), 1, "" },
	{ BYTES("ab\xc3\xa4z"), 4, "ab" }, /* no half of a two-byte character */
	{ BYTES("ab\xc3\xa4z"), 5, "ab\xc3\xa4" },
	{ BYTES("a\xf0\x9f\x98\x80z"), 5, "a" }, /* nor three quarters of one of four */
	{ BYTES("\xa4\xa4\xa4\xa4\xa4\xa4"), 4, "\xa4\xa4\xa4" },
};

static void cmdline_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cmdline_cases); i++) {
		const struct cmdline_case *c = &cmdline_cases[i];
		char *bytes = buffer__exact(c->bytes, c->len), *dst = malloc(c->cap);

		assert_non_null(dst);
		assert_int_equal(proc__parse_cmdline(bytes, c->len, dst, c->cap), strlen(c->want));
		assert_string_equal(dst, c->want);
		free(bytes);
		free(dst);
	}
}

struct cgroup_case {
	const char *what, *bytes;
	size_t len;
	int err, version;
	const char *path;
	bool deleted;
};

static const struct cgroup_case cgroup_cases[] = {
	{ "unified", BYTES("0::/system.slice/a.service\n"), 0, 2, "/system.slice/a.service", false },
	{ "hybrid prefers memory", BYTES("4:memory:/m\n1:name=systemd:/s\n0::/u\n"), 0, 1, "/m", false },
	{ "memory behind the unified line", BYTES("0::/u\n4:memory:/m\n"), 0, 1, "/m", false },
	{ "several controllers", BYTES("9:cpu,memory:/m\n0::/u\n"), 0, 1, "/m", false },
	{ "memory as the name of a hierarchy", BYTES("3:name=memory:/n\n0::/u\n"), 0, 2, "/u", false },
	{ "memoryx is another", BYTES("3:memoryx:/n\n0::/u\n"), 0, 2, "/u", false },
	{ "colons in the path", BYTES("0::/a:b:/c\n"), 0, 2, "/a:b:/c", false },
	{ "a namespace", BYTES("0::/../../x\n"), 0, 2, "/../../x", false },
	{ "removed", BYTES("0::/a b (deleted)\n"), 0, 2, "/a b", true },
	{ "only other controllers", BYTES("3:cpu:/n\n"), -ENOENT, 0, "", false },
	{ "empty", BYTES(""), -ENOENT, 0, "", false },
	{ "no newline: may be cut", BYTES("0::/system.sl"), -ENOENT, 0, "", false },
	{ "no path", BYTES("0::\n"), -ENOENT, 0, "", false },
	{ "relative", BYTES("0::x\n"), -ENOENT, 0, "", false },
	{ "a NUL in the path", BYTES("0::/a\0b\n"), -EINVAL, 0, "", false },
	{ "two memory lines: the first", BYTES("4:memory:/a\n5:memory:/b\n"), 0, 1, "/a", false },
};

static void cgroup_table(void **state)
{
	static struct proc_cgroup out;

	(void)state;
	for (size_t i = 0; i < COUNT(cgroup_cases); i++) {
		const struct cgroup_case *c = &cgroup_cases[i];
		char *bytes = buffer__exact(c->bytes, c->len);
		int err = proc__parse_cgroup(bytes, c->len, &out);

		free(bytes);
		if (err != c->err || out.version != c->version || strcmp(out.path, c->path) ||
		    out.deleted != c->deleted)
			fail_msg("%s: %d v%d %s", c->what, err, out.version, out.path);
	}
}

static void a_cgroup_path_too_long_is_not_halved(void **state)
{
	static struct proc_cgroup out;
	static char text[2 * PROC_CGROUP_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "0::/", 4);
	text[sizeof(text) - 1] = '\n';
	assert_int_equal(proc__parse_cgroup(text, sizeof(text), &out), -ENAMETOOLONG);
	assert_string_equal(out.path, "");
}

static void ticks(void **state)
{
	(void)state;
	assert_true(proc__ns_from_ticks(3, 100) == 30000000);
	assert_true(proc__ns_from_ticks(UINT64_MAX, 100) == UINT64_MAX);
	assert_true(proc__ticks_from_ns(39999999, 100) == 3);
	assert_true(proc__ticks_from_ns(proc__ns_from_ticks(12345, 100), 100) == 12345);
}

static void write_at(int dir, const char *name, const char *bytes, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void a_made_up_proc(void **state)
{
	char path[] = "/tmp/pagetide-proc-XXXXXX", command[128];
	static struct proc_process out;
	struct proc_root root;
	struct proc_iter iter;
	int sum = 0, got, dir;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(proc__open(path, &root), 0);
	assert_int_equal(mkdirat(root.fd, "42", 0700), 0);
	assert_int_equal(mkdirat(root.fd, "43", 0700), 0);
	assert_int_equal(mkdirat(root.fd, "self", 0700), 0);
	assert_int_equal(mkdirat(root.fd, "4x", 0700), 0);
	assert_int_equal(mkdirat(root.fd, "99999999999", 0700), 0);
	dir = openat(root.fd, "42", O_RDONLY | O_DIRECTORY);
	write_at(dir, "stat", BYTES("42 (a) b)" TAIL("0", "500")));
	write_at(dir, "cmdline", BYTES("a\0b\0"));
	close(dir);

	assert_int_equal(proc__read_process(&root, 42, &out), 0);
	assert_string_equal(out.stat.comm, "a) b");
	assert_true(out.start_ns == proc__ns_from_ticks(500, (uint64_t)sysconf(_SC_CLK_TCK)));
	assert_true(out.has_cmdline);
	assert_string_equal(out.cmdline, "a b");
	assert_false(out.has_cgroup);
	assert_false(out.status.anon_bytes.has);
	assert_int_equal(proc__read_process(&root, 43, &out), -ESRCH); /* gone half-way */
	assert_int_equal(proc__read_process(&root, 44, &out), -ESRCH);

	assert_int_equal(proc__iter_begin(&root, &iter), 0);
	while ((got = proc__iter_next(&iter, &pid)) > 0)
		sum += pid;
	proc__iter_end(&iter);
	assert_int_equal(got, 0);
	assert_int_equal(sum, 85);
	proc__close(&root);
	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
}

static void this_process(void **state)
{
	static struct proc_process me;
	struct proc_root root;
	struct proc_iter iter;
	bool seen = false;
	char buf[4096];
	pid_t pid;

	(void)state;
	assert_int_equal(proc__open("/proc", &root), 0);
	assert_int_equal(proc__read_process(&root, getpid(), &me), 0);
	assert_int_equal(me.stat.pid, getpid());
	assert_int_equal(me.stat.ppid, getppid());
	assert_string_equal(me.stat.comm, program_invocation_short_name);
	assert_true(me.status.tgid.has && me.status.tgid.value == (uint64_t)getpid());
	assert_true(me.status.uid.has && me.status.uid.value == getuid());
	assert_true(me.status.anon_bytes.has && me.status.anon_bytes.value > 0);
	assert_true(me.status.peak_rss_bytes.has && me.status.virtual_bytes.has);
	assert_true(me.has_cmdline && strstr(me.cmdline, program_invocation_short_name));
	assert_true(me.has_cgroup && me.cgroup.path[0] == '/');
	assert_true(me.start_ns > 0 && !me.stat.kernel_thread);
	assert_true(proc__read_file(&root, getpid(), "comm", buf, sizeof(buf)) > 0);
	assert_int_equal(proc__read_file(&root, getpid(), "no-such-file", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(proc__iter_begin(&root, &iter), 0);
	while (proc__iter_next(&iter, &pid) > 0)
		seen |= pid == getpid();
	proc__iter_end(&iter);
	assert_true(seen);
	proc__close(&root);
	proc__close(&root);
	assert_int_equal(proc__open("/no/such/proc", &root), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_table),
		cmocka_unit_test(stat_cut_anywhere_is_safe),
		cmocka_unit_test(an_enormous_name_is_cut),
		cmocka_unit_test(status_of_a_process),
		cmocka_unit_test(status_table),
		cmocka_unit_test(cmdline_table),
		cmocka_unit_test(cgroup_table),
		cmocka_unit_test(a_cgroup_path_too_long_is_not_halved),
		cmocka_unit_test(ticks),
		cmocka_unit_test(a_made_up_proc),
		cmocka_unit_test(this_process),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
