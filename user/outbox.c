// SPDX-License-Identifier: GPL-2.0-only
/* The thread touches nothing but what the mutex guards, and the buffer that it writes. */
#include "outbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"

#define FIRST_BYTES (64U << 10)
#define KEPT_BYTES (256U << 10) /* a buffer that grew larger is not kept while nothing is in it */
#define STACK_BYTES (64U << 10)
#define PIECE_BYTES FIRST_BYTES /* of a long message that goes out while it is written */

struct text {
	char *data;
	size_t length, room;
};

struct outbox {
	int fd;
	FILE *stream;
	struct text message; /* under construction: what has not gone on */
	bool begun;          /* its beginning has: the rest must follow */
	uint64_t dropped;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t filled, moved;
	/* guarded by the mutex */
	struct text waiting;
	uint64_t taken, written; /* bytes, ever */
	int error;
	bool busy, closing;
	struct text leaving; /* the thread's own */
};

static int make_room(struct text *text, size_t more)
{
	size_t room = text->room ? text->room : FIRST_BYTES;
	char *data;

	while (room < text->length + more)
		room *= 2;
	if (room == text->room)
		return 0;
	data = realloc(text->data, room);
	if (!data)
		return -ENOMEM;
	text->data = data;
	text->room = room;
	return 0;
}

static int append(struct text *text, const void *data, size_t length)
{
	int err = make_room(text, length);

	if (!err)
		memcpy(text->data + text->length, data, length);
	text->length += err ? 0 : length;
	return err;
}

/* empty again; what was taken at the start stays */
static void empty(struct text *text)
{
	char *data = text->room > KEPT_BYTES ? realloc(text->data, FIRST_BYTES) : NULL;

	text->length = 0;
	if (!data)
		return;
	text->data = data;
	text->room = FIRST_BYTES;
}

/* 0 or -errno; the caller holds nothing */
static int write_out(struct outbox *box)
{
	size_t done = 0;

	while (done < box->leaving.length) {
		ssize_t n = write(box->fd, box->leaving.data + done, box->leaving.length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
		pthread_mutex_lock(&box->mutex);
		box->written += (uint64_t)n;
		pthread_cond_signal(&box->moved);
		pthread_mutex_unlock(&box->mutex);
	}
	return 0;
}

static void *work(void *argument)
{
	struct outbox *box = argument;

	pthread_mutex_lock(&box->mutex);
	for (;;) {
		struct text taken = box->waiting;
		int err;

		if (!taken.length) {
			if (box->closing)
				break;
			pthread_cond_wait(&box->filled, &box->mutex);
			continue;
		}
		box->waiting = box->leaving;
		box->waiting.length = 0;
		box->leaving = taken;
		box->busy = true;
		pthread_mutex_unlock(&box->mutex);
		err = write_out(box);
		empty(&box->leaving);
		pthread_mutex_lock(&box->mutex);
		box->busy = false;
		if (err) {
			box->error = err;
			box->waiting.length = 0;
		}
		pthread_cond_signal(&box->moved);
	}
	pthread_mutex_unlock(&box->mutex);
	return NULL;
}

/* the text is not copied where nothing waits before it */
static int hand_over(struct outbox *box, const struct text *text)
{
	struct text other = box->waiting;

	if (text != &box->message || other.length)
		return append(&box->waiting, text->data, text->length);
	box->waiting = box->message;
	box->message = other;
	return 0;
}

/* under the mutex, which the thread waits for */
static int pass_on(struct outbox *box, const struct text *text)
{
	size_t length = text->length;
	int err = hand_over(box, text);

	if (!err) {
		box->taken += length;
		pthread_cond_signal(&box->filled);
	} else if (box->begun) {
		box->error = err; /* half a message is out */
	}
	return err;
}

/* A message that nothing waits before will go out whatever its length: it need not be in memory whole. */
static void pass_piece(struct outbox *box)
{
	pthread_mutex_lock(&box->mutex);
	if (!box->error && (box->begun || box->taken == box->written) && !pass_on(box, &box->message)) {
		box->message.length = 0;
		box->begun = true;
	}
	pthread_mutex_unlock(&box->mutex);
}

static ssize_t take(void *cookie, const char *data, size_t length)
{
	struct outbox *box = cookie;
	int err;

	if (box->message.length >= PIECE_BYTES)
		pass_piece(box);
	err = append(&box->message, data, length);
	if (!err)
		return (ssize_t)length;
	errno = -err;
	return 0;
}

static void release(struct outbox *box)
{
	if (box->stream)
		fclose(box->stream);
	pthread_cond_destroy(&box->filled);
	pthread_cond_destroy(&box->moved);
	pthread_mutex_destroy(&box->mutex);
	free(box->message.data);
	free(box->waiting.data);
	free(box->leaving.data);
	free(box);
}

int outbox__open(struct outbox **out, int fd)
{
	cookie_io_functions_t functions = { .write = take };
	struct outbox *box = calloc(1, sizeof(*box));
	pthread_condattr_t clock;
	int err;

	*out = NULL;
	if (!box)
		return -ENOMEM;
	box->fd = fd;
	pthread_mutex_init(&box->mutex, NULL);
	pthread_cond_init(&box->filled, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&box->moved, &clock);
	pthread_condattr_destroy(&clock);
	box->stream = fopencookie(box, "w", functions);
	err = box->stream ? 0 : -errno;
	/* taken now: there may be no memory when it is needed */
	if (!err)
		err = make_room(&box->message, 1);
	if (!err)
		err = make_room(&box->waiting, 1);
	if (!err)
		err = make_room(&box->leaving, 1);
	if (!err)
		err = thread__start(&box->thread, STACK_BYTES, work, box);
	if (err) {
		release(box);
		return err;
	}
	*out = box;
	return 0;
}

FILE *outbox__stream(struct outbox *box)
{
	return box->stream;
}

static int put(struct outbox *box, const struct text *text)
{
	uint64_t unwritten;
	int err;

	if (!text->length)
		return outbox__error(box);
	pthread_mutex_lock(&box->mutex);
	err = box->error;
	unwritten = box->taken - box->written;
	if (!err && !box->begun && unwritten && unwritten + text->length > OUTBOX_MOST)
		err = -ENOBUFS;
	if (!err && pass_on(box, text))
		err = box->error ? box->error : -ENOBUFS;
	pthread_mutex_unlock(&box->mutex);
	box->dropped += err == -ENOBUFS;
	return err;
}

int outbox__put(struct outbox *box, const void *data, size_t length)
{
	const struct text text = { .data = (char *)(uintptr_t)data, .length = length };

	return put(box, &text);
}

int outbox__send(struct outbox *box)
{
	int err = put(box, &box->message);

	empty(&box->message);
	box->begun = false;
	return err;
}

int outbox__error(struct outbox *box)
{
	int err;

	pthread_mutex_lock(&box->mutex);
	err = box->error;
	pthread_mutex_unlock(&box->mutex);
	return err;
}

uint64_t outbox__dropped(const struct outbox *box)
{
	return box->dropped;
}

uint64_t outbox__waiting(struct outbox *box)
{
	uint64_t waiting;

	pthread_mutex_lock(&box->mutex);
	waiting = box->taken - box->written;
	pthread_mutex_unlock(&box->mutex);
	return waiting;
}

static struct timespec later(double seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_sec += (time_t)seconds;
	now.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (now.tv_nsec >= 1000000000L) {
		now.tv_sec++;
		now.tv_nsec -= 1000000000L;
	}
	return now;
}

int outbox__drain(struct outbox *box, double patience_seconds)
{
	struct timespec end = later(patience_seconds);
	uint64_t written;
	int err = 0;

	pthread_mutex_lock(&box->mutex);
	written = box->written;
	while (!box->error && !err && (box->waiting.length || box->busy)) {
		if (patience_seconds > 0)
			err = pthread_cond_timedwait(&box->moved, &box->mutex, &end);
		else
			pthread_cond_wait(&box->moved, &box->mutex);
		if (box->written != written) {
			written = box->written;
			end = later(patience_seconds);
			err = 0;
		}
	}
	err = box->error ? box->error : -err;
	pthread_mutex_unlock(&box->mutex);
	return err;
}

void outbox__close(struct outbox *box)
{
	bool stuck;

	if (!box)
		return;
	pthread_mutex_lock(&box->mutex);
	box->closing = true;
	box->waiting.length = 0;
	stuck = box->busy;
	pthread_cond_signal(&box->filled);
	pthread_mutex_unlock(&box->mutex);
	/* nothing makes a write that blocks return: then the process is about to end, with all of it */
	if (stuck) {
		pthread_detach(box->thread);
		return;
	}
	pthread_join(box->thread, NULL);
	release(box);
}
