// SPDX-License-Identifier: GPL-2.0-only
// needs: web_config settings file thread
/* Passwords: who is let in, what is known without bcrypt, and what is never taken for an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

/* the hashes are of "sesame" and "other" */
static struct web_user users[] = {
	{ (char *)(uintptr_t) "alice", "$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW" },
	{ (char *)(uintptr_t) "bob", "$2y$05$abcdefghijklmnopqrstuuVQd15VhR/oN1H3pzUR5lME0fZO6.qRW" },
};

static struct guard *guard;

static void wake(void *context)
{
	sem_post(context);
}

/* asks and waits */
static enum guard_verdict ask(const char *name, const char *password)
{
	sem_t answered;
	struct guard_question question = { .answered = wake, .context = &answered };

	sem_init(&answered, 0, 0);
	if (guard__ask(guard, &question, name, password))
		sem_wait(&answered);
	sem_destroy(&answered);
	assert_null(question.name);
	return question.verdict;
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(guard__open(&guard), 0);
	assert_false(guard__is_on(guard));
	assert_int_equal(guard__set_users(guard, users, 2), 0);
	assert_true(guard__is_on(guard));
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	guard__drain(guard);
	guard__close(guard);
	return 0;
}

static void verdicts(void **state)
{
	(void)state;
	assert_int_equal(ask("alice", "sesame"), GUARD_YES);
	assert_int_equal(ask("bob", "other"), GUARD_YES);
	assert_int_equal(ask("bob", "sesame"), GUARD_NO);
	assert_int_equal(ask("alice", "Sesame"), GUARD_NO);
	assert_int_equal(ask("alice", ""), GUARD_NO);
	assert_int_equal(ask("mallory", "sesame"), GUARD_NO);
	assert_int_equal(ask("mallory", "other"), GUARD_NO); /* the password whose hash stands in for his */
	assert_int_equal(ask("", ""), GUARD_NO);
}

static void known(void **state)
{
	(void)state;
	assert_int_equal(guard__known(guard, "alice", "sesame"), GUARD_LATER);
	assert_int_equal(ask("alice", "wrong"), GUARD_NO);
	assert_int_equal(guard__known(guard, "alice", "wrong"), GUARD_LATER);
	assert_int_equal(ask("alice", "sesame"), GUARD_YES);
	assert_int_equal(guard__known(guard, "alice", "sesame"), GUARD_YES);
	assert_int_equal(guard__known(guard, "alice", "wrong"), GUARD_LATER);
	assert_int_equal(guard__known(guard, "bob", "sesame"), GUARD_LATER);
	assert_int_equal(guard__known(guard, "mallory", "sesame"), GUARD_LATER);
	/* another file: all is asked anew */
	assert_int_equal(guard__set_users(guard, users + 1, 1), 0);
	assert_int_equal(guard__known(guard, "alice", "sesame"), GUARD_LATER);
	assert_int_equal(ask("alice", "sesame"), GUARD_NO);
	assert_int_equal(ask("bob", "other"), GUARD_YES);
	assert_int_equal(guard__set_users(guard, NULL, 0), 0);
	assert_false(guard__is_on(guard));
}

static void long_words(void **state)
{
	char *word = malloc(20001);

	(void)state;
	assert_non_null(word);
	memset(word, 'a', 20000);
	word[20000] = '\0';
	assert_int_equal(ask("alice", word), GUARD_NO);
	assert_int_equal(ask(word, "sesame"), GUARD_NO);
	free(word);
}

static void many(void **state)
{
	enum { ASKED = 200 };
	static struct guard_question questions[ASKED];
	sem_t answered;
	size_t taken = 0, no = 0, busy = 0;

	(void)state;
	sem_init(&answered, 0, 0);
	for (size_t i = 0; i < ASKED; i++) {
		questions[i] = (struct guard_question){ .answered = wake, .context = &answered };
		taken += guard__ask(guard, &questions[i], "alice", "guess");
	}
	guard__drain(guard);
	for (size_t i = 0; i < taken; i++)
		assert_int_equal(sem_trywait(&answered), 0);
	assert_int_equal(sem_trywait(&answered), -1);
	for (size_t i = 0; i < ASKED; i++) {
		no += questions[i].verdict == GUARD_NO;
		busy += questions[i].verdict == GUARD_BUSY;
	}
	assert_int_equal(no + busy, ASKED);
	assert_true(taken < ASKED); /* what waits is bounded */
	assert_true(busy >= ASKED - taken);
	sem_destroy(&answered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(verdicts, set_up, take_down),
		cmocka_unit_test_setup_teardown(known, set_up, take_down),
		cmocka_unit_test_setup_teardown(long_words, set_up, take_down),
		cmocka_unit_test_setup_teardown(many, set_up, take_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
