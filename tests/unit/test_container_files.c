// SPDX-License-Identifier: GPL-2.0-only
// needs: container_files container_config file parse
/* Which files are read, how large ones, and which are not even opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_files.h"

#define USERS_MOST (256 << 10)
#define MACHINES_MOST (1 << 20)

static int set_up(void **state)
{
	static char folder[64];

	strcpy(folder, "/tmp/container-files-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", (const char *)*state);
	return system(command);
}

static void make_file(const char *name, off_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static bool is_read(const char *name, uid_t owner, size_t size)
{
	size_t len = 0;
	char *text = container_files__read(AT_FDCWD, name, owner, &len);
	bool found = text && len == size;

	free(text);
	return found;
}

static void of_that_user(void **state)
{
	(void)state;
	make_file("file", 5);
	assert_true(is_read("file", getuid(), 5));
	assert_true(is_read("file", ANY_OWNER, 5));
	assert_false(is_read("file", getuid() + 1, 5));
	assert_false(is_read("none", ANY_OWNER, 0));
}

/* parsed as JSON it takes many times its size, and whose it is may not be our friend */
static void large_ones(void **state)
{
	(void)state;
	make_file("file", USERS_MOST);
	assert_true(is_read("file", getuid(), USERS_MOST));
	make_file("file", USERS_MOST + 1);
	assert_false(is_read("file", getuid(), USERS_MOST + 1));
	make_file("file", MACHINES_MOST);
	assert_true(is_read("file", ANY_OWNER, MACHINES_MOST));
	make_file("file", MACHINES_MOST + 1);
	assert_false(is_read("file", ANY_OWNER, MACHINES_MOST + 1));
}

/* to open a device does something already: what is none of the user's files is not opened */
static void what_is_no_file(void **state)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char event[1024];

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("pipe", "link"), 0);
	assert_true(inotify_add_watch(watch, "pipe", IN_OPEN) >= 0);
	assert_false(is_read("pipe", getuid(), 0));
	assert_false(is_read("link", getuid(), 0));
	assert_false(is_read("link", ANY_OWNER, 0));
	assert_true(read(watch, event, sizeof(event)) < 0);
	close(watch);
}

/* the machine's own may be where a link leads; a user's may lead to what only we can open */
static void links(void **state)
{
	(void)state;
	make_file("file", 5);
	assert_int_equal(symlink("file", "link"), 0);
	assert_true(is_read("link", ANY_OWNER, 5));
	assert_false(is_read("link", getuid(), 5));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(of_that_user), TEST(large_ones), TEST(what_is_no_file), TEST(links) };

	return cmocka_run_group_tests_name("container_files", tests, NULL, NULL);
}
