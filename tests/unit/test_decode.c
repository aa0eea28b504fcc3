// SPDX-License-Identifier: GPL-2.0-only
// needs: decode
/*
 * Records as the ring, or a recording from elsewhere, may hand them over: every length, every type,
 * inner lengths that lie. Each is in a buffer of exactly its length: the sanitizer sees one byte
 * beyond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>

#include "buffer.h"
#include "decode.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MUTATIONS 100000
#define SEED 20240607U

struct shape {
	uint16_t type;
	size_t least, whole;
};

static const struct shape shapes[] = {
	{ RECORD_FILE, sizeof(struct record_file) - PATH_BYTES, sizeof(struct record_file) },
	{ RECORD_FILE_GONE, sizeof(struct record_file_gone), sizeof(struct record_file_gone) },
	{ RECORD_FORK, sizeof(struct record_fork), sizeof(struct record_fork) },
	{ RECORD_EXEC, sizeof(struct record_exec), sizeof(struct record_exec) },
	{ RECORD_EXIT, sizeof(struct record_exit), sizeof(struct record_exit) },
	{ RECORD_OOM, sizeof(struct record_oom), sizeof(struct record_oom) },
	{ RECORD_MAP, sizeof(struct record_map), sizeof(struct record_map) },
	{ RECORD_FULL, sizeof(struct record_full), sizeof(struct record_full) },
	{ RECORD_LIMIT, sizeof(struct record_limit), sizeof(struct record_limit) },
	{ RECORD_REFUSED, sizeof(struct record_refused), sizeof(struct record_refused) },
	{ RECORD_DENIED, sizeof(struct record_denied), sizeof(struct record_denied) },
};

/* A record of this length, all bytes of one value behind the head; for free(). */
static struct record *make(uint16_t type, size_t length, int fill)
{
	struct record head = { .type = type, .length = (uint16_t)length, .tid = 7, .time_ns = 1 };
	struct record *record = malloc(length ? length : 1);

	if (!record)
		abort();
	memset(record, fill, length);
	memcpy(record, &head, length < sizeof(head) ? length : sizeof(head));
	return record;
}

static bool accepted(void *data, size_t length)
{
	struct decode_stats stats = { 5, 3 };
	const struct record *record = decode(data, length, &stats);

	assert_int_equal(stats.records, 6);
	assert_int_equal(stats.odd, record ? 3 : 4);
	if (record)
		assert_ptr_equal(record, data);
	return record != NULL;
}

static void every_type_is_here(void **state)
{
	(void)state;
	assert_int_equal(COUNT(shapes), RECORD_TYPES - 1);
	for (size_t i = 0; i < COUNT(shapes); i++)
		assert_int_equal(shapes[i].type, i + 1);
}

static void every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t length = 0; length <= shapes[i].whole; length++) {
			struct record *record = make(shapes[i].type, length, 0);
			bool taken = accepted(record, length);

			free(record);
			if (taken != (length >= shapes[i].least))
				fail_msg("type %u of %zu bytes: %d", shapes[i].type, length, taken);
		}
	}
}

static void said_length_against_the_real_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		const struct shape *shape = &shapes[i];
		struct record *record = make(shape->type, shape->whole, 0);

		record->length = (uint16_t)(shape->whole + 1);
		assert_false(accepted(record, shape->whole));
		record->length = UINT16_MAX;
		assert_false(accepted(record, shape->whole));
		record->length = (uint16_t)(shape->least - 1);
		assert_false(accepted(record, shape->whole));
		record->length = 0;
		assert_false(accepted(record, shape->whole));
		record->length = (uint16_t)shape->least;
		assert_true(accepted(record, shape->whole));
		free(record);
	}
}

/* A newer kernel side appends: what is known of the record still counts. */
static void longer_records_are_fine(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct record *record = make(shapes[i].type, shapes[i].whole + 64, 0);

		assert_true(accepted(record, shapes[i].whole + 64));
		free(record);
	}
}

static void unknown_types(void **state)
{
	static const uint16_t types[] = { RECORD_NONE, RECORD_TYPES, RECORD_TYPES + 1, 255, 256, UINT16_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct record *record = make(types[i], 2048, 0);

		assert_false(accepted(record, 2048));
		free(record);
	}
}

static void strings_get_an_end(void **state)
{
	struct record_fork *fork = (void *)make(RECORD_FORK, sizeof(*fork), 'x');
	struct record_exec *exec = (void *)make(RECORD_EXEC, sizeof(*exec), 'x');
	struct record_exit *exit = (void *)make(RECORD_EXIT, sizeof(*exit), 'x');
	struct record_oom *oom = (void *)make(RECORD_OOM, sizeof(*oom), 'x');
	struct record_file_gone *gone = (void *)make(RECORD_FILE_GONE, sizeof(*gone), 'x');
	struct record_map *map = (void *)make(RECORD_MAP, sizeof(*map), 'x');

	(void)state;
	assert_true(accepted(fork, sizeof(*fork)));
	assert_int_equal(strlen(fork->child.comm), COMM_LENGTH - 1);
	assert_true(accepted(exec, sizeof(*exec)));
	assert_int_equal(strlen(exec->process.comm), COMM_LENGTH - 1);
	assert_int_equal(strlen(exec->path), EXEC_PATH_BYTES - 1);
	assert_true(accepted(exit, sizeof(*exit)));
	assert_int_equal(strlen(exit->process.comm), COMM_LENGTH - 1);
	oom->path_length = 0;
	assert_true(accepted(oom, sizeof(*oom)));
	assert_int_equal(strlen(oom->victim.comm), COMM_LENGTH - 1);
	assert_int_equal(strlen(oom->trigger_comm), COMM_LENGTH - 1);
	assert_true(accepted(gone, sizeof(*gone)));
	assert_int_equal(strlen(gone->owner_comm), COMM_LENGTH - 1);
	map->path_length = 0;
	assert_true(accepted(map, sizeof(*map)));
	assert_int_equal(strlen(map->process.comm), COMM_LENGTH - 1);
	free(fork);
	free(exec);
	free(exit);
	free(oom);
	free(gone);
	free(map);
}

static void inner_lengths(void **state)
{
	const size_t head = sizeof(struct record_file) - PATH_BYTES;
	struct record_file *file = (void *)make(RECORD_FILE, head + 10, 0);
	struct record_map *map = (void *)make(RECORD_MAP, sizeof(*map), 0);

	(void)state;
	for (unsigned length = 0; length <= 10; length++) {
		file->path_length = (uint16_t)length;
		assert_true(accepted(file, head + 10));
	}
	file->path_length = 11;
	assert_false(accepted(file, head + 10));
	file->path_length = UINT16_MAX;
	assert_false(accepted(file, head + 10));
	/* the bytes are there, but the record says that they are not its own */
	file->path_length = 10;
	file->head.length = (uint16_t)(head + 9);
	assert_false(accepted(file, head + 10));
	map->path_length = MAPPED_PATH_BYTES;
	assert_true(accepted(map, sizeof(*map)));
	map->path_length = MAPPED_PATH_BYTES + 1;
	assert_false(accepted(map, sizeof(*map)));
	free(file);
	free(map);
}

/* Reads all that an accepted record promises, as the model does. */
static unsigned touch(const struct record *record)
{
	const struct record_file *file = (const void *)record;
	const struct record_map *map = (const void *)record;
	const unsigned char *bytes = (const void *)record;
	char path[512];
	unsigned sum = 0;

	for (size_t i = 0; i < record->length; i++)
		sum += bytes[i];
	if (record->type == RECORD_FILE)
		sum += (unsigned)decode__path(file->path, file->path_length, file->path_flags, path, sizeof(path));
	if (record->type == RECORD_MAP)
		sum += (unsigned)decode__path(map->path, map->path_length, 0, path, sizeof(path));
	if (record->type == RECORD_EXEC)
		sum += (unsigned)strlen(((const struct record_exec *)record)->path);
	return sum;
}

static uint32_t draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}

static void mutate(unsigned char *bytes, size_t length, uint64_t *seed)
{
	static const unsigned char favourites[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned changes = 1 + draw(seed) % 8;

	while (length && changes--) {
		/* the head and the inner lengths matter most */
		size_t at = draw(seed) % 2 ? draw(seed) % length : draw(seed) % (length < 104 ? length : 104);

		bytes[at] = draw(seed) % 2 ? favourites[draw(seed) % COUNT(favourites)] : (unsigned char)draw(seed);
	}
}

static void mutations(void **state)
{
	struct decode_stats stats = { 0 };
	uint64_t seed = SEED, taken = 0;
	volatile unsigned sum = 0;

	(void)state;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		const struct shape *shape = &shapes[draw(&seed) % COUNT(shapes)];
		size_t length = shape->least + draw(&seed) % 16;
		struct record *record = make(shape->type, length, (int)(draw(&seed) % 256));
		const struct record *decoded;

		mutate((unsigned char *)record, length, &seed);
		decoded = decode(record, length, &stats);
		if (decoded) {
			assert_in_range(decoded->type, 1, RECORD_TYPES - 1);
			assert_in_range(decoded->length, sizeof(*decoded), length);
			sum += touch(decoded);
			taken++;
		}
		free(record);
	}
	assert_int_equal(stats.records, MUTATIONS);
	assert_int_equal(stats.odd + taken, MUTATIONS);
	assert_true(taken > MUTATIONS / 10);
	assert_true(stats.odd > MUTATIONS / 10);
}

struct path_case {
	const char *what, *bytes;
	size_t length;
	unsigned flags;
	size_t room;
	int result;
	const char *path;
};

static const struct path_case path_cases[] = {
	{ "one component", BYTES("a\0"), 0, 100, 2, "/a" },
	{ "three, leaf first", BYTES("c\0b\0a\0"), 0, 100, 6, "/a/b/c" },
	{ "none: the root itself", BYTES(""), 0, 100, 0, "" },
	{ "cut at the root's side", BYTES("c\0b\0"), PATH_CUT, 100, 7, "…/b/c" },
	{ "cut, nothing left", BYTES(""), PATH_CUT, 100, 3, "…" },
	{ "unhashed changes nothing", BYTES("c\0"), PATH_UNHASHED, 100, 2, "/c" },
	{ "an empty component", BYTES("\0"), 0, 100, 1, "/" },
	{ "hostile bytes stay", BYTES("b\n\033[2J\xff\0a b\0"), 0, 100, 12, "/a b/b\n\033[2J\xff" },
	{ "not ended", BYTES("ab"), 0, 100, -EINVAL, NULL },
	{ "the leaf's end is missing", BYTES("b\0a"), 0, 100, -EINVAL, NULL },
	{ "fits to the byte", BYTES("b\0a\0"), 0, 5, 4, "/a/b" },
	{ "one byte short", BYTES("b\0a\0"), 0, 4, -ENAMETOOLONG, NULL },
	{ "room for the end only", BYTES(""), 0, 1, 0, "" },
	{ "no room at all", BYTES("a\0"), 0, 0, -ENAMETOOLONG, NULL },
	{ "no room for the cut's mark", BYTES("a\0"), PATH_CUT, 3, -ENAMETOOLONG, NULL },
};

static void paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(path_cases); i++) {
		const struct path_case *c = &path_cases[i];
		/* a literal ends in a NUL of its own, which BYTES leaves out */
		char *bytes = buffer__exact(c->bytes, c->length), *out = malloc(c->room ? c->room : 1);
		int result;

		assert_non_null(out);
		result = decode__path(bytes, c->length, c->flags, out, c->room);
		if (result != c->result || (c->path && strcmp(out, c->path) != 0))
			fail_msg("%s: %d (%s), not %d (%s)", c->what, result, result < 0 ? "" : out, c->result,
				 c->path ? c->path : "");
		if (c->path)
			assert_int_equal(strlen(out), result);
		free(bytes);
		free(out);
	}
}

static void the_longest_path(void **state)
{
	char bytes[PATH_BYTES], *out = malloc(PATH_BYTES + 1);

	(void)state;
	assert_non_null(out);
	memset(bytes, 0, sizeof(bytes)); /* nothing but empty components */
	assert_int_equal(decode__path(bytes, PATH_BYTES, 0, out, PATH_BYTES + 1), PATH_BYTES);
	assert_int_equal(strspn(out, "/"), PATH_BYTES);
	memset(bytes, 'x', sizeof(bytes) - 1); /* one of the whole length */
	assert_int_equal(decode__path(bytes, PATH_BYTES, 0, out, PATH_BYTES + 1), PATH_BYTES);
	assert_int_equal(decode__path(bytes, PATH_BYTES, 0, out, PATH_BYTES), -ENAMETOOLONG);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_here),
		cmocka_unit_test(every_length),
		cmocka_unit_test(said_length_against_the_real_one),
		cmocka_unit_test(longer_records_are_fine),
		cmocka_unit_test(unknown_types),
		cmocka_unit_test(strings_get_an_end),
		cmocka_unit_test(inner_lengths),
		cmocka_unit_test(mutations),
		cmocka_unit_test(paths),
		cmocka_unit_test(the_longest_path),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
