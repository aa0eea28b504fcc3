// SPDX-License-Identifier: GPL-2.0-only
// needs: dispositions hook say outbox escape survive thread pidns file parse
/* The user's command: how its words are split, what it is given, and that nothing it does holds us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hook.h"

static char folder[64], path[128];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void words(void **state)
{
	static const struct {
		const char *text;
		int count;
		const char *words[4];
	} cases[] = {
		{ "mail", 1, { "mail" } },
		{ "  mail\t-s  x ", 3, { "mail", "-s", "x" } },
		{ "a 'b c' \"d e\" f\\ g", 4, { "a", "b c", "d e", "f g" } },
		{ "a'b'\"c\"", 1, { "abc" } },
		{ "a ''", 2, { "a", "" } },
		{ "a \"\\\"\" '\\'", 3, { "a", "\"", "\\" } },
		{ "$HOME `id` *", 3, { "$HOME", "`id`", "*" } },
		{ "", -EINVAL, { NULL } },
		{ "  ", -EINVAL, { NULL } },
		{ "a 'b", -EINVAL, { NULL } },
		{ "a \"b", -EINVAL, { NULL } },
		{ "a b c d e", -E2BIG, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64], *found[4];

		strcpy(text, cases[i].text);
		assert_int_equal(hook__split(text, found, 4), cases[i].count);
		for (int j = 0; j < cases[i].count; j++)
			assert_string_equal(found[j], cases[i].words[j]);
	}
}

static struct hook *open_script(const char *text, double timeout_seconds)
{
	char command[160];
	struct hook *hook;
	FILE *file;

	snprintf(path, sizeof(path), "%s/out", folder);
	unlink(path);
	snprintf(command, sizeof(command), "%s/hook", folder);
	file = fopen(command, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\nout=%s\n%s\n", path, text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(command, 0755), 0);
	snprintf(command, sizeof(command), "%s/hook 'one word'", folder);
	assert_int_equal(hook__open(&hook, command, timeout_seconds), 0);
	return hook;
}

static const char *output(void)
{
	static char text[4096];
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[n] = '\0';
	return text;
}

/* as the loop does, until the command wrote so many lines or the time is over */
static size_t look(struct hook *hook, size_t lines, double seconds)
{
	uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
	size_t found;

	do {
		poll(NULL, 0, 5);
		hook__look(hook, now_ns());
		found = 0;
		for (const char *c = output(); *c; c++)
			found += *c == '\n';
	} while (found < lines && now_ns() < end);
	return found;
}

static struct hook_call *make_call(int number)
{
	static struct hook_call call;

	memset(&call, 0, sizeof(call));
	call.input_length = (size_t)snprintf(call.input, sizeof(call.input), "{\"n\":%d}\n", number);
	snprintf(call.variables[0], sizeof(call.variables[0]), "PAGETIDE_LIMIT=number %d", number);
	return &call;
}

static void what_it_gets(void **state)
{
	struct hook *hook;

	(void)state;
	setenv("PAGETIDE_STALE", "stale", 1);
	hook = open_script("read line; echo \"$line $PAGETIDE_LIMIT $1 $PAGETIDE_STALE.\" >> $out", 10);
	hook__run(hook, make_call(7), now_ns());
	assert_int_equal(look(hook, 1, 20), 1);
	assert_string_equal(output(), "{\"n\":7} number 7 one word .\n");
	hook__close(hook);
}

/* one at a time and in order; of more than may wait the oldest give way */
static void one_at_a_time(void **state)
{
	struct hook *hook = open_script("[ -e $out.busy ] && echo two at once >> $out; : > $out.busy\n"
					"while [ ! -e $out.go ]; do :; done; rm $out.busy; cat >> $out",
					20);
	char go[160], expected[256] = "{\"n\":0}\n";

	(void)state;
	for (int i = 0; i < 12; i++)
		hook__run(hook, make_call(i), now_ns());
	for (int i = 12 - HOOK_WAITING; i < 12; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "{\"n\":%d}\n", i);
	snprintf(go, sizeof(go), "%s.go", path);
	fclose(fopen(go, "w"));
	assert_int_equal(look(hook, 1 + HOOK_WAITING, 30), 1 + HOOK_WAITING);
	assert_string_equal(output(), expected);
	hook__close(hook);
	unlink(go);
}

static void hangs(void **state)
{
	struct hook *hook = open_script("echo $$ >> $out; exec sleep 1000", 0.2);
	uint64_t begin = now_ns();

	(void)state;
	hook__run(hook, make_call(0), now_ns());
	hook__run(hook, make_call(1), now_ns());
	assert_int_equal(look(hook, 2, 20), 2); /* the first was ended, or the second would not run */
	assert_true(now_ns() - begin >= 200000000ULL);
	hook__close(hook);
	assert_int_equal(kill(atoi(output()), 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void floods_and_takes_no_input(void **state)
{
	struct hook *hook = open_script("exec <&-; dd if=/dev/zero bs=64k count=64 2>&1; echo done >> $out", 20);
	struct hook_call *call = make_call(0);

	(void)state;
	memset(call->input, 'x', sizeof(call->input));
	call->input_length = sizeof(call->input);
	hook__run(hook, call, now_ns());
	assert_int_equal(look(hook, 1, 30), 1);
	hook__close(hook);
}

static void cannot_be_run(void **state)
{
	struct hook *hook;

	(void)state;
	assert_int_equal(hook__open(&hook, "/nonexistent/command", 1), 0);
	for (int i = 0; i < 3; i++)
		hook__run(hook, make_call(i), now_ns());
	hook__look(hook, now_ns());
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	assert_int_equal(errno, ECHILD);
	hook__close(hook);
	assert_int_equal(hook__open(&hook, "'", 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(what_it_gets),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(hangs),
		cmocka_unit_test(floods_and_takes_no_input),
		cmocka_unit_test(cannot_be_run),
	};
	char remove[160];
	int failed;

	signal(SIGPIPE, SIG_IGN);
	strcpy(folder, "/tmp/pagetide-hook-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(remove, sizeof(remove), "rm -r %s", folder);
	return system(remove) ? 1 : failed;
}
