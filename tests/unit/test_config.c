// SPDX-License-Identifier: GPL-2.0-only
// needs: settings file options options_table options_value options_help columns columns_tables columns_file columns_run columns_event names units escape columns_limits
/* Options from a file: the command line wins, a wrong one is refused with its line, and what a reload can change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define WORDS_MAX 16
#define WORDS(...) ((const char *const[]){ "pagetide", "serve", "--config", path, __VA_ARGS__ __VA_OPT__(, ) NULL })

static char path[64], error[1024];
static struct settings settings;

static int parse(struct options *options, const char *text, const char *const *words)
{
	static char *argv[WORDS_MAX + 1];
	FILE *file = fopen(path, "w");
	int argc = 0, err;

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	err = config__parse(options, &settings, argc, argv, error, sizeof(error));
	unlink(path);
	return err;
}

static void from_file(void **state)
{
	static const char text[] = "listen: 0.0.0.0:1234\nwarn-at: [50, 60]\ninterval: 2.5\nmax-series: 600\n"
				   "on-warn: 'logger \"a b\"'\non-warn-test: true\nverbose: false\n";
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, text, WORDS()), 0);
	assert_string_equal(options.listen, "0.0.0.0:1234");
	assert_string_equal(options.warn_at, "50,60");
	assert_string_equal(options.on_warn, "logger \"a b\"");
	assert_true(options.interval_seconds == 2.5);
	assert_int_equal(options.max_series, 600);
	assert_true(options.on_warn_test);
	assert_int_equal(options.verbose, 0);
	settings__free(&settings);
	assert_int_equal(parse(&options, "", WORDS()), 0);
	assert_true(options.interval_seconds == 5);
	settings__free(&settings);
}

static void command_line_wins(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, "interval: 2\nwarn-at: 50\n", WORDS("--interval", "7", "--max-series=700")),
			 0);
	assert_true(options.interval_seconds == 7);
	assert_string_equal(options.warn_at, "50");
	assert_int_equal(options.max_series, 700);
	settings__free(&settings);
	/* what one of the two has alone is checked together */
	assert_int_equal(parse(&options, "on-warn: true\n", WORDS("--on-warn-test")), 0);
	assert_string_equal(options.on_warn, "true");
	settings__free(&settings);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "interval: 1\nlisten-at: x\n", ":2: 'listen-at' is no option of serve" },
		{ "pid: 1\n", ":1: 'pid' is no option of serve" },
		{ "json: true\n", ":1: 'json' is no option of serve" },
		{ "warn:\n  at: 80\n", ":2: 'warn' is no option of serve" },
		{ "config: other\n", ":1: config belongs on the command line" },
		{ "help: true\n", ":1: help belongs on the command line" },
		{ "on-warn-test: yes\n", ":1: on-warn-test is true or false" },
		{ "\n\ninterval: soon\n", ":3: --interval 'soon' is not a number" },
		{ "listen:\n", ":1: --listen '' is not ADDRESS:PORT" },
		{ "interval: 1\ninterval: 2\n", ":2: this name stands there twice" },
		{ "\"a\\eb\": 1\n", ":1: 'a\\x1bb' is no option" },
		{ "on-warn-test: true\n", "--on-warn-test needs a command" },
	};
	struct options options;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&options, cases[i].text, WORDS()), -EINVAL);
		assert_int_equal(settings.count, 0);
		if (!strstr(error, cases[i].says))
			fail_msg("'%s' does not say '%s'", error, cases[i].says);
	}
	assert_int_equal(parse(&options, "", WORDS("--interval", "soon")), -EINVAL);
	assert_non_null(strstr(error, "--interval 'soon'"));
	assert_int_equal(parse(&options, "",
			       (const char *const[]){ "pagetide", "serve", "--config", "/no/such", NULL }),
			 -ENOENT);
	assert_int_equal(parse(&options, "", (const char *const[]){ "pagetide", "top", "--config", path, NULL }),
			 -EINVAL);
}

static void reload(void **state)
{
	struct options now, fresh;
	struct settings first;
	char list[128];

	(void)state;
	assert_int_equal(parse(&now, "listen: 0.0.0.0:1\ninterval: 1\n", WORDS("--socket", "/a")), 0);
	first = settings;
	assert_int_equal(parse(&fresh, "listen: 0.0.0.0:2\ninterval: 3\nwarn-at: 10\nmax-files: 99\nweb-config: w\n",
			       WORDS("--socket", "/a")),
			 0);
	config__take(&now, &fresh, list, sizeof(list));
	assert_string_equal(list, "listen, max-files, web-config");
	assert_string_equal(now.listen, "0.0.0.0:1");
	assert_null(now.web_config);
	assert_true(now.interval_seconds == 3);
	assert_string_equal(now.warn_at, "10");
	config__take(&now, &now, list, sizeof(list));
	assert_string_equal(list, "");
	settings__free(&first);
	settings__free(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_file),
		cmocka_unit_test(command_line_wins),
		cmocka_unit_test(refused),
		cmocka_unit_test(reload),
	};

	snprintf(path, sizeof(path), "/tmp/pagetide-config-%d", getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
