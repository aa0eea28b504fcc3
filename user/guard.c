// SPDX-License-Identifier: GPL-2.0-only
/* The thread begins with the first question, so that it has no right that serve has given up before. */
#include "guard.h"

#include <crypt.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "thread.h"

#define STACK_BYTES ((size_t)256 << 10)
#define NICE 10 /* whoever guesses passwords shall not slow the machine */

struct user {
	struct web_user who;
	bool is_known;
	uint8_t digest[SHA256_DIGEST_SIZE]; /* of the last accepted password */
};

struct guard {
	pthread_mutex_t mutex;
	pthread_cond_t asked, idle;
	pthread_t thread;
	bool started, closing, busy;
	struct user *users;
	size_t count;
	unsigned generation; /* of the users */
	struct guard_question *first;
	size_t waiting;
	uint8_t key[SHA256_DIGEST_SIZE];
	struct crypt_data crypt;
};

int guard__open(struct guard **out)
{
	struct guard *guard = calloc(1, sizeof(*guard));

	*out = guard;
	if (!guard)
		return -ENOMEM;
	pthread_mutex_init(&guard->mutex, NULL);
	pthread_cond_init(&guard->asked, NULL);
	pthread_cond_init(&guard->idle, NULL);
	if (getrandom(guard->key, sizeof(guard->key), 0) == (ssize_t)sizeof(guard->key))
		return 0;
	guard__close(guard);
	*out = NULL;
	return -EIO;
}

static void free_users(struct user *users, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(users[i].who.name);
	free(users);
}

void guard__close(struct guard *guard)
{
	if (!guard)
		return;
	pthread_mutex_lock(&guard->mutex);
	guard->closing = true;
	pthread_cond_signal(&guard->asked);
	pthread_mutex_unlock(&guard->mutex);
	if (guard->started)
		pthread_join(guard->thread, NULL);
	free_users(guard->users, guard->count);
	pthread_cond_destroy(&guard->asked);
	pthread_cond_destroy(&guard->idle);
	pthread_mutex_destroy(&guard->mutex);
	explicit_bzero(guard, sizeof(*guard));
	free(guard);
}

int guard__set_users(struct guard *guard, const struct web_user *users, size_t count)
{
	struct user *fresh = calloc(count + 1, sizeof(*fresh)), *before = guard->users;
	size_t count_before = guard->count;

	if (!fresh)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		fresh[i].who = users[i];
		fresh[i].who.name = strdup(users[i].name);
		if (!fresh[i].who.name) {
			free_users(fresh, i);
			return -ENOMEM;
		}
	}
	pthread_mutex_lock(&guard->mutex);
	guard->users = fresh;
	guard->count = count;
	guard->generation++;
	pthread_mutex_unlock(&guard->mutex);
	free_users(before, count_before);
	return 0;
}

bool guard__is_on(const struct guard *guard)
{
	return guard->count;
}

static struct user *find_user(const struct guard *guard, const char *name)
{
	struct user *found = NULL;

	for (size_t i = 0; i < guard->count; i++)
		if (strcmp(guard->users[i].who.name, name) == 0)
			found = &guard->users[i];
	return found;
}

static void make_digest(const struct guard *guard, const char *password, uint8_t digest[SHA256_DIGEST_SIZE])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, sizeof(guard->key), guard->key);
	hmac_sha256_update(&context, strlen(password), (const uint8_t *)password);
	hmac_sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
	explicit_bzero(&context, sizeof(context));
}

enum guard_verdict guard__known(struct guard *guard, const char *name, const char *password)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	const struct user *user;
	bool good;

	make_digest(guard, password, digest);
	pthread_mutex_lock(&guard->mutex);
	user = find_user(guard, name);
	good = user && user->is_known && memeql_sec(user->digest, digest, sizeof(digest));
	pthread_mutex_unlock(&guard->mutex);
	explicit_bzero(digest, sizeof(digest));
	return good ? GUARD_YES : GUARD_LATER;
}

/* of somebody who is not known the dearest hash is computed; what comes out is of no account */
static const char *hash_for(const struct guard *guard, const struct user *user)
{
	const char *dearest = guard->users[0].who.hash;

	for (size_t i = 1; i < guard->count; i++)
		if (strncmp(guard->users[i].who.hash + 4, dearest + 4, 2) > 0)
			dearest = guard->users[i].who.hash;
	return user ? user->who.hash : dearest;
}

/* the caller holds the mutex, which is free while it computes */
static enum guard_verdict compute(struct guard *guard, const struct guard_question *question)
{
	char hash[WEB_HASH_LENGTH + 1];
	unsigned generation = guard->generation;
	struct user *user;
	const char *made;
	bool good;

	if (!guard->count)
		return GUARD_BUSY;
	user = find_user(guard, question->name);
	memcpy(hash, hash_for(guard, user), sizeof(hash));
	pthread_mutex_unlock(&guard->mutex);
	made = crypt_r(question->password, hash, &guard->crypt);
	good = made && strlen(made) == WEB_HASH_LENGTH && memeql_sec(made, hash, WEB_HASH_LENGTH);
	explicit_bzero(&guard->crypt, sizeof(guard->crypt));
	pthread_mutex_lock(&guard->mutex);
	if (generation != guard->generation)
		return GUARD_BUSY;
	if (!good || !user)
		return GUARD_NO;
	make_digest(guard, question->password, user->digest);
	user->is_known = true;
	return GUARD_YES;
}

static void forget_words(struct guard_question *question)
{
	if (question->password)
		explicit_bzero(question->password, strlen(question->password));
	free(question->password);
	free(question->name);
	question->name = question->password = NULL;
}

static struct guard_question *take_first(struct guard *guard)
{
	struct guard_question *question = guard->first;

	guard->first = question->next;
	guard->waiting--;
	return question;
}

static void answer(struct guard_question *question, enum guard_verdict verdict)
{
	forget_words(question);
	question->verdict = verdict;
	question->answered(question->context);
}

static void *work(void *argument)
{
	struct guard *guard = argument;
	struct guard_question *question;
	enum guard_verdict verdict;

	setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone: setpriority(2), BUGS */
	pthread_mutex_lock(&guard->mutex);
	while (!guard->closing) {
		if (!guard->first) {
			pthread_cond_wait(&guard->asked, &guard->mutex);
			continue;
		}
		question = take_first(guard);
		guard->busy = true;
		verdict = compute(guard, question);
		answer(question, verdict);
		guard->busy = false;
		pthread_cond_signal(&guard->idle);
	}
	pthread_mutex_unlock(&guard->mutex);
	return NULL;
}

static int start(struct guard *guard)
{
	int err;

	if (guard->started)
		return 0;
	err = thread__start(&guard->thread, STACK_BYTES, work, guard);
	guard->started = !err;
	return err;
}

static void append(struct guard *guard, struct guard_question *question)
{
	struct guard_question **end = &guard->first;

	while (*end)
		end = &(*end)->next;
	*end = question;
	guard->waiting++;
	pthread_cond_signal(&guard->asked);
}

bool guard__ask(struct guard *guard, struct guard_question *question, const char *name, const char *password)
{
	bool taken = false;

	question->verdict = GUARD_BUSY;
	question->next = NULL;
	question->name = strdup(name);
	question->password = strdup(password);
	pthread_mutex_lock(&guard->mutex);
	if (question->name && question->password && guard->waiting < GUARD_WAITING && !start(guard)) {
		append(guard, question);
		taken = true;
	}
	pthread_mutex_unlock(&guard->mutex);
	if (!taken)
		forget_words(question);
	return taken;
}

void guard__drain(struct guard *guard)
{
	pthread_mutex_lock(&guard->mutex);
	while (guard->first)
		answer(take_first(guard), GUARD_BUSY);
	while (guard->busy)
		pthread_cond_wait(&guard->idle, &guard->mutex);
	pthread_mutex_unlock(&guard->mutex);
}
