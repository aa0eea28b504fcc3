// SPDX-License-Identifier: GPL-2.0-only
// needs: file
/* Files of settings: what becomes rows, and what is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"

static char path[64], error[512];

static int read_text(struct settings *settings, const char *text, size_t length)
{
	FILE *file;
	int err;

	snprintf(path, sizeof(path), "/tmp/pagetide-settings-%d", getpid());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	error[0] = '\0';
	err = settings__read(settings, path, false, error, sizeof(error));
	unlink(path);
	return err;
}

static void rows(void **state)
{
	static const char text[] = "# a comment\n"
				   "listen: 0.0.0.0:9879\n"
				   "warn-at: [80, 90]\n"
				   "tier:\n  - \"a b\"\n"
				   "empty:\n"
				   "none: ~\n"
				   "nothing: {}\n"
				   "group:\n"
				   "  listen: 'x: y'\n"
				   "  deep: >\n    folded\n    text\n";
	static const struct setting want[] = {
		{ NULL, (char *)(uintptr_t) "listen", (char *)(uintptr_t) "0.0.0.0:9879", 2 },
		{ NULL, (char *)(uintptr_t) "warn-at", (char *)(uintptr_t) "80,90", 3 },
		{ NULL, (char *)(uintptr_t) "tier", (char *)(uintptr_t) "a b", 4 },
		{ NULL, (char *)(uintptr_t) "empty", (char *)(uintptr_t) "", 6 },
		{ NULL, (char *)(uintptr_t) "none", (char *)(uintptr_t) "", 7 },
		{ NULL, (char *)(uintptr_t) "nothing", (char *)(uintptr_t) "", 8 },
		{ (char *)(uintptr_t) "group", (char *)(uintptr_t) "listen", (char *)(uintptr_t) "x: y", 10 },
		{ (char *)(uintptr_t) "group", (char *)(uintptr_t) "deep", (char *)(uintptr_t) "folded text\n", 11 },
	};
	struct settings found;

	(void)state;
	assert_int_equal(read_text(&found, text, sizeof(text) - 1), 0);
	assert_int_equal(found.count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < found.count; i++) {
		assert_string_equal(found.rows[i].name, want[i].name);
		assert_string_equal(found.rows[i].value, want[i].value);
		assert_int_equal(found.rows[i].line, want[i].line);
		if (want[i].group)
			assert_string_equal(found.rows[i].group, want[i].group);
		else
			assert_null(found.rows[i].group);
	}
	settings__free(&found);
	assert_int_equal(found.count, 0);
}

static void empty(void **state)
{
	static const char *const texts[] = { "", "\n\n", "# nothing\n", "---\n", "~\n", "{}\n" };
	struct settings found;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(read_text(&found, texts[i], strlen(texts[i])), 0);
		assert_int_equal(found.count, 0);
		settings__free(&found);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "just words\n", ":1: this is no list of names" },
		{ "- a\n- b\n", ":1: this is no list of names" },
		{ "a: 1\nb: [x, [y]]\n", ":2: a value must be" },
		{ "a: [{x: y}]\n", ":1: a value must be" },
		{ "g:\n  h:\n    i: 1\n", ":3: a value must be" },
		{ "a: 1\nb: 2\na: 3\n", ":3: this name stands there twice" },
		{ "g:\n  x: 1\n  x: 2\n", ":3: this name stands there twice" },
		{ "[a]: 1\n", ":1: a name must be" },
		{ "'': 1\n", ":1: a name must be" },
		{ "a: \"x\\0y\"\n", ":1: a value must be" },
		{ "a: 1\n  b: 2\n", ":2: this is not YAML" },
		{ "a: [1\n", ":2: this is not YAML" },
		{ "a: *nobody\n", ":1: this is not YAML" },
		{ "a: \xff\xfe\n", "this is not YAML" },
		{ "\t\n", "this is not YAML" },
	};
	struct settings found;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(&found, cases[i].text, strlen(cases[i].text)), -EINVAL);
		assert_int_equal(found.count, 0);
		assert_ptr_equal(strstr(error, path), error);
		if (!strstr(error, cases[i].says))
			fail_msg("'%s' of %zu does not say '%s'", error, i, cases[i].says);
	}
}

static void unreadable(void **state)
{
	struct settings found;

	(void)state;
	assert_int_equal(settings__read(&found, "/nowhere/at/all", false, error, sizeof(error)), -ENOENT);
	assert_string_equal(error, "cannot read /nowhere/at/all: No such file or directory");
	assert_int_equal(settings__read(&found, "/", false, error, sizeof(error)), -EISDIR);
	assert_int_equal(settings__read(&found, "/dev/zero", true, error, sizeof(error)), -ENOTSUP);
	assert_int_equal(settings__read(&found, "/dev/zero", false, error, sizeof(error)), -EFBIG);
	assert_string_equal(error, "cannot read /dev/zero: more than 1 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(empty),
		cmocka_unit_test(refused),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
