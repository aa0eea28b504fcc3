// SPDX-License-Identifier: GPL-2.0-only
// needs: escape out outbox place say thread
/* A file that can be given no name in one way gets it in another: what was written is never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "output.h"

static char folder[] = "/tmp/pagetide-output-XXXXXX";
static bool refuse_proc, refuse_empty;
static unsigned refused;

/* in place of libc's */
int linkat(int old_fd, const char *old, int new_fd, const char *new, int flags)
{
	if (flags & AT_EMPTY_PATH ? refuse_empty : refuse_proc) {
		refused++;
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, old_fd, old, new_fd, new, flags);
}

static unsigned entries(void)
{
	DIR *all = opendir(folder);
	unsigned count = 0;

	assert_non_null(all);
	for (const struct dirent *entry = readdir(all); entry; entry = readdir(all))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(all);
	return count;
}

static void write_out(const char *path, const char *text, int failed)
{
	struct output output;

	assert_int_equal(output__open(&output, path, NULL), 0);
	assert_int_not_equal(fputs(text, output.stream), EOF);
	assert_int_equal(output__close(&output, failed), 0);
}

static void has(const char *path, const char *text, mode_t mode)
{
	char shown[64] = "";
	struct stat status;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(shown, 1, sizeof(shown), file), strlen(text));
	fclose(file);
	assert_string_equal(shown, text);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
	assert_int_equal(entries(), 1);
}

static void ways(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/out", folder);
	umask(027);
	for (unsigned way = 0; way < 4; way++) {
		refuse_proc = way & 1;
		refuse_empty = way & 2;
		refused = 0;
		write_out(path, "nothing of it", 1);
		assert_int_equal(entries(), 0);
		write_out(path, "first", 0);
		has(path, "first", 0640);
		assert_int_equal(chmod(path, 0604), 0);
		write_out(path, "second", 0);
		has(path, "second", 0604);
		write_out(path, "nothing of it", 1);
		has(path, "second", 0604);
		assert_int_equal(refused > 0, refuse_proc);
		unlink(path);
	}
}

/* as a process that was killed would leave it */
static void left_over(void **state)
{
	char path[64], old[128];

	(void)state;
	refuse_proc = refuse_empty = false;
	snprintf(path, sizeof(path), "%s/out", folder);
	snprintf(old, sizeof(old), "%s/.pagetide.%d.0", folder, (int)getpid());
	assert_int_equal(close(open(old, O_CREAT | O_WRONLY, 0600)), 0);
	write_out(path, "new", 0);
	unlink(old);
	has(path, "new", 0640);
	unlink(path);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ways), cmocka_unit_test(left_over) };

	return cmocka_run_group_tests_name("output", tests, set_up, tear_down);
}
