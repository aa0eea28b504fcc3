// SPDX-License-Identifier: GPL-2.0-only
// needs: blame history
/* Whoever has the most is named, however many there are, with what grew and what it is of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "blame.h"

#define S 1000000000ULL
#define MIB (1ULL << 20)
#define NOW (1000 * S)

static struct blame blame;
static struct warning w;

static void add(uint32_t pid, const char *comm, uint64_t bytes, const char *path)
{
	struct share share = { .pid = pid,
			       .start_ns = 10 * S,
			       .comm = comm,
			       .bytes = bytes,
			       .path = path,
			       .file = path != NULL,
			       .files = path != NULL };

	blame__add(&blame, &share);
}

static void finish(void)
{
	memset(&w, 0, sizeof(w));
	blame__finish(&blame, NULL, NOW, &w);
}

/* pids go up: who came last was the one that the table had no room for */
static void the_largest_of_many(void **state)
{
	char name[16];

	(void)state;
	blame__begin(&blame, BLAME_MEMORY);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "w%u", i);
		add(100 + i, name, MIB, NULL);
	}
	add(9000, "thehog", 75 * MIB, NULL);
	finish();
	assert_int_equal(w.culprit_count, WARNING_CULPRITS);
	assert_string_equal(w.culprits[0].comm, "thehog");
	assert_int_equal(w.culprits[0].bytes, 75 * MIB);
	assert_string_equal(w.culprits[1].comm, "w0");
}

static void a_process_counts_once(void **state)
{
	(void)state;
	blame__begin(&blame, BLAME_MEMORY);
	for (uint32_t i = 0; i < 96; i++)
		add(100 + i, "worker", MIB, NULL);
	for (int i = 0; i < 1000; i++)
		add(500, "worker", MIB / 1000, "/t/f");
	finish();
	assert_int_equal(w.culprit_count, 1);
	assert_int_equal(w.culprits[0].processes, 97);
	assert_int_equal(w.culprits[0].files, 1000);
	assert_int_equal(w.culprits[0].bytes, 96 * MIB + 1000 * (MIB / 1000));
}

static void who_stands_out_is_told_alone(void **state)
{
	(void)state;
	blame__begin(&blame, BLAME_MEMORY);
	for (uint32_t i = 0; i < 10; i++)
		add(100 + i, "worker", MIB, NULL);
	add(200, "worker", 50 * MIB, NULL);
	assert_int_equal(blame__bytes_of(&blame, 200, 10 * S), 50 * MIB);
	assert_int_equal(blame__bytes_of(&blame, 200, 11 * S), 0);
	finish();
	assert_int_equal(w.culprits[0].pid, 200);
	assert_int_equal(w.culprits[0].processes, 1);
	blame__begin(&blame, BLAME_MEMORY); /* nothing of the one before */
	finish();
	assert_int_equal(w.culprit_count, 0);
}

static struct snapshot_owner owner_of(uint32_t pid, const char *comm, uint64_t bytes)
{
	return (struct snapshot_owner){ .pid = pid, .start_ns = 10 * S, .comm = comm, .bytes = bytes };
}

static struct snapshot_process process_of(uint32_t pid, const char *comm, uint64_t anon, uint64_t tmpfs)
{
	return (struct snapshot_process){ .pid = pid,
					  .start_ns = 10 * S,
					  .comm = comm,
					  .cgroup = "/job",
					  .anon_bytes = anon,
					  .tmpfs_bytes = tmpfs,
					  .file_bytes = ABSENT,
					  .shmem_bytes = ABSENT,
					  .cache_bytes = ABSENT };
}

/* a minute in which these grow by so much a second */
static struct history *watched(struct snapshot *snapshot, struct snapshot_process *rows, const uint64_t *anon,
			       const uint64_t *tmpfs)
{
	struct history *history;

	assert_int_equal(history__open(&history), 0);
	for (int i = 0; i < 50; i++) {
		snapshot->boot_ns += S;
		history__take(history, snapshot);
		for (size_t j = 0; j < snapshot->process_count; j++) {
			rows[j].anon_bytes += anon[j];
			rows[j].tmpfs_bytes += tmpfs[j];
		}
	}
	return history;
}

/* between vfork and exec a child shows its parent's memory: it is no culprit */
static void a_child_in_its_parents_memory_is_not_blamed(void **state)
{
	struct snapshot_process rows[2] = { process_of(1, "parent", 10 * MIB, 0), process_of(2, "child", 10 * MIB, 0) };
	struct snapshot snapshot = { .boot_ns = NOW, .processes = rows, .process_count = 2 };
	struct history *history;

	(void)state;
	assert_int_equal(history__open(&history), 0);
	rows[1].shares_memory = true;
	history__take(history, &snapshot);
	blame__begin(&blame, BLAME_MEMORY);
	blame__cgroup(&blame, &snapshot, "/job");
	blame__finish(&blame, history, snapshot.boot_ns, &w);
	assert_int_equal(w.culprit_count, 1);
	assert_string_equal(w.culprits[0].comm, "parent");
	history__close(history);
}

static void memory_grows_by_both(void **state)
{
	static const uint64_t none[2], grows[2] = { 0, MIB };
	struct snapshot_process rows[2] = { process_of(1, "steady", 10 * MIB, 80 * MIB),
					    process_of(2, "grows", 10 * MIB, 0) };
	struct snapshot snapshot = { .boot_ns = NOW, .processes = rows, .process_count = 2 };
	struct history *history = watched(&snapshot, rows, grows, none);

	(void)state;
	blame__begin(&blame, BLAME_MEMORY);
	blame__cgroup(&blame, &snapshot, "/job");
	blame__finish(&blame, history, snapshot.boot_ns, &w);
	assert_string_equal(w.culprits[0].comm, "grows");
	assert_int_equal(w.culprits[0].growth_bytes, 50 * MIB);
	assert_int_equal(w.culprits[1].bytes, 90 * MIB);
	assert_int_equal(w.culprits[1].growth_bytes, 0);
	history__close(history);
}

/* of one that owns on two mounts the history knows the sum: it tells growth only where that is sure */
static void what_grows_on_a_mount(void **state)
{
	static const uint64_t none[4], grows[4] = { MIB, 0, MIB, 0 };
	struct snapshot_process rows[4] = { process_of(1, "mover", 0, 90 * MIB), process_of(2, "steady", 0, 5 * MIB),
					    process_of(3, "grows", 0, 2 * MIB), process_of(4, "both", 0, 8 * MIB) };
	struct snapshot_owner there[2] = { owner_of(1, "mover", 90 * MIB), owner_of(4, "both", 4 * MIB) };
	struct snapshot_owner here[4] = { owner_of(1, "mover", 50 * MIB), owner_of(2, "steady", 5 * MIB),
					  owner_of(3, "grows", 52 * MIB), owner_of(4, "both", 4 * MIB) };
	struct snapshot_file files[3] = {
		{ .path = "/m1/f", .minor = 1, .kind = FILE_KIND_TMPFS, .owners = there, .owner_count = 2 },
		{ .path = "/m2/f", .minor = 2, .kind = FILE_KIND_TMPFS, .owners = here, .owner_count = 4 },
		{ .path = "/f", .minor = 3, .kind = FILE_KIND_FILE, .owners = &here[2], .owner_count = 1 },
	};
	struct snapshot snapshot = {
		.boot_ns = NOW, .processes = rows, .process_count = 4, .files = files, .file_count = 3
	};
	struct history *history = watched(&snapshot, rows, none, grows);

	(void)state;
	blame__begin(&blame, BLAME_MOUNT);
	blame__mount(&blame, &snapshot, 0, 2);
	blame__finish(&blame, history, snapshot.boot_ns, &w);
	assert_int_equal(w.culprit_count, 4);
	assert_string_equal(w.culprits[0].comm, "grows");
	assert_int_equal(w.culprits[0].growth_bytes, 50 * MIB);
	assert_string_equal(w.culprits[1].comm, "mover"); /* no growth is known of it: by its bytes */
	assert_int_equal(w.culprits[1].growth_bytes, 0);
	assert_true(w.culprits[1].seconds == 0);
	assert_string_equal(w.culprits[2].comm, "steady");
	assert_int_equal(w.culprits[2].growth_bytes, 0);
	assert_true(w.culprits[2].seconds > 0);
	history__close(history);
}

/* one big file does not end the inodes: many small ones do, and one in swap is one, too */
static void inodes_are_counted(void **state)
{
	struct snapshot_owner big = owner_of(1, "onebigfile", 50 * MIB);
	struct snapshot_owner small[2] = { owner_of(2, "manyfiles", 4096), owner_of(1, "onebigfile", 1) };
	struct snapshot_owner empty = owner_of(3, "swapped", 0);
	struct snapshot_file files[20] = {
		{ .path = "/m/big", .kind = FILE_KIND_TMPFS, .minor = 2, .owners = &big, .owner_count = 1 }
	};
	struct snapshot snapshot = { .boot_ns = NOW, .files = files, .file_count = 20 };

	(void)state;
	for (int i = 1; i < 20; i++)
		files[i] = (struct snapshot_file){ .path = "/m/d/f",
						   .kind = FILE_KIND_TMPFS,
						   .minor = 2,
						   .owners = i > 16 ? &empty : small,
						   .owner_count = i > 16 ? 1 : 2 };
	blame__begin(&blame, BLAME_INODES);
	blame__mount(&blame, &snapshot, 0, 2);
	blame__finish(&blame, NULL, snapshot.boot_ns, &w);
	assert_int_equal(w.culprit_count, 3);
	assert_string_equal(w.culprits[0].comm, "manyfiles");
	assert_int_equal(w.culprits[0].files, 16);
	assert_string_equal(w.culprits[1].comm, "swapped");
	assert_int_equal(w.culprits[1].files, 3);
	assert_int_equal(w.culprits[2].files, 1);
}

/* what the books do not have is told, not passed over: files without a slot, and from before */
static void what_is_nobodys(void **state)
{
	struct snapshot_owner one = owner_of(1, "one", MIB);
	struct snapshot_file files[4] = {
		{ .path = "/m/a", .kind = FILE_KIND_TMPFS, .minor = 2, .owners = &one, .owner_count = 1 },
		{ .path = "/m/b", .kind = FILE_KIND_TMPFS, .minor = 2, .bytes = 9 * MIB },
		{ .path = "/m/c", .kind = FILE_KIND_TMPFS, .minor = 2, .owners = &one, .owner_count = 1 },
		{ .path = "/n/d", .kind = FILE_KIND_TMPFS, .minor = 3, .owners = &one, .owner_count = 1 },
	};
	struct snapshot snapshot = { .boot_ns = NOW, .files = files, .file_count = 4 };

	(void)state;
	files[2].swap_bytes = 3 * MIB;
	w.used = 100 * MIB;
	blame__begin(&blame, BLAME_MOUNT);
	blame__mount(&blame, &snapshot, 0, 2);
	blame__finish(&blame, NULL, snapshot.boot_ns, &w);
	assert_int_equal(w.culprits[0].bytes, 2 * MIB);
	assert_int_equal(w.unattributed, 95 * MIB);
	w.used = 9;
	blame__begin(&blame, BLAME_INODES);
	blame__mount(&blame, &snapshot, 0, 2);
	blame__finish(&blame, NULL, snapshot.boot_ns, &w);
	assert_int_equal(w.unattributed, 7);
	blame__begin(&blame, BLAME_MEMORY);
	blame__finish(&blame, NULL, snapshot.boot_ns, &w);
	assert_int_equal(w.unattributed, ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_of_many),
		cmocka_unit_test(a_process_counts_once),
		cmocka_unit_test(who_stands_out_is_told_alone),
		cmocka_unit_test(a_child_in_its_parents_memory_is_not_blamed),
		cmocka_unit_test(memory_grows_by_both),
		cmocka_unit_test(what_grows_on_a_mount),
		cmocka_unit_test(inodes_are_counted),
		cmocka_unit_test(what_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
