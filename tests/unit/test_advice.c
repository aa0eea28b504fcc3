// SPDX-License-Identifier: GPL-2.0-only
// needs: advice units names
/* One sentence that fits the finding, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "snapshot.h"

#define MIB (1ULL << 20)

static struct warning w;

static struct culprit *reset(enum warning_limit limit)
{
	memset(&w, 0, sizeof(w));
	w.limit = limit;
	strcpy(w.target, "/dev/shm");
	w.culprit_count = 1;
	w.culprits[0] = (struct culprit){ .pid = 42,
					  .processes = 1,
					  .comm = "python3",
					  .bytes = 40 * MIB,
					  .files = 1,
					  .bytes_each = ABSENT,
					  .path = "/dev/shm/a" };
	return &w.culprits[0];
}

static void says(const char *text)
{
	advice__write(&w);
	if (!strstr(w.advice, text))
		fail_msg("\"%s\" is not in \"%s\"", text, w.advice);
}

static void the_mounts_own_size(void **state)
{
	(void)state;
	reset(WARNING_TMPFS);
	says("the mount's own size, not the machine's memory: remove /dev/shm/a (by python3[42])");
	w.culprit_count = 0;
	says("the mount's own size");
}

/* who is named has a hundredth of it */
static void who_has_most_is_not_known(void **state)
{
	(void)state;
	reset(WARNING_TMPFS)->bytes = MIB;
	w.used = 100 * MIB;
	w.unattributed = 99 * MIB;
	says("who brought in most of it (99.0 MiB) is not known");
	w.unattributed = 49 * MIB;
	says("remove /dev/shm/a (by python3[42])");
	w.limit = WARNING_TMPFS_INODES;
	w.used = 100;
	w.unattributed = 99;
	says("the number of files that ends, not the bytes: remove small files, or");
}

static void files_of_one_size(void **state)
{
	struct culprit *c = reset(WARNING_TMPFS);

	(void)state;
	c->files = 80;
	c->bytes_each = MIB / 2;
	strcpy(c->path, "/dev/shm/joblib");
	says("80 files of 512 KiB each under /dev/shm/joblib come from python3[42]");
	c->exited = true;
	says("python3[42], which has exited");
	c->bytes_each = ABSENT; /* of different sizes */
	says("the mount's own size");
}

static void deleted_but_open(void **state)
{
	struct culprit *c = reset(WARNING_TMPFS);

	(void)state;
	c->deleted_bytes = 30 * MIB;
	says("30.0 MiB are files without a name that something still has open");
	c->deleted_bytes = 10 * MIB; /* less than half of it */
	says("the mount's own size");
}

static void other_limits(void **state)
{
	(void)state;
	reset(WARNING_TMPFS_INODES);
	says("the number of files that ends");
	reset(WARNING_TMPFS)->files = 1;
	w.limited_by_memory = true;
	says("the machine's memory ends before this tmpfs does");
	reset(WARNING_CGROUP);
	says("python3[42] holds 40.0 MiB of it");
	w.culprits[0].processes = 12;
	says("12 processes named python3");
	reset(WARNING_SYSTEM);
	says("before the kernel chooses whom to kill");
	w.culprit_count = 0;
	says("stop something");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mounts_own_size), cmocka_unit_test(who_has_most_is_not_known),
		cmocka_unit_test(files_of_one_size),   cmocka_unit_test(deleted_but_open),
		cmocka_unit_test(other_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
