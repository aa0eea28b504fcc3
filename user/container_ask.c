// SPDX-License-Identifier: GPL-2.0-only
#include "container_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "container_files.h"
#include "http_answer.h"
#include "thread.h"

#define MS 1000000ULL
#define ANSWER_NS (1000 * MS)
#define SILENT_NS (60000 * MS)
#define ANSWER_FIRST ((size_t)16 << 10)
#define ANSWER_MOST ((size_t)1 << 20)
#define STACK_BYTES ((size_t)1 << 20) /* jansson goes 2048 levels down */
#define NICE 10

/* both speak HTTP, and docker's way of it */
struct daemon {
	const char *socket, *runtime;
};

static const struct daemon daemons[] = {
	{ "run/docker.sock", "docker" },
	{ "run/podman/podman.sock", "podman" },
};

#define DAEMONS (sizeof(daemons) / sizeof(daemons[0]))

struct question {
	bool is_pod;
	unsigned daemons; /* whom to ask, a bit each */
	struct container_answer answer;
	struct question *next;
};

struct container_ask {
	int root_fd, end_fd; /* readable when it ends */
	pthread_mutex_t mutex;
	pthread_cond_t asked, done;
	pthread_t thread;
	bool started, closing;
	struct question *first, *current, *answered;
	size_t waiting;
	uint64_t silent_ns[DAEMONS]; /* until then it is left alone; the thread's */
};

int container_ask__open(struct container_ask **out, int root_fd)
{
	struct container_ask *ask = calloc(1, sizeof(*ask));
	pthread_condattr_t attributes;

	*out = ask;
	if (!ask)
		return -ENOMEM;
	ask->root_fd = root_fd;
	ask->end_fd = -1;
	pthread_mutex_init(&ask->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&ask->asked, NULL);
	pthread_cond_init(&ask->done, &attributes);
	pthread_condattr_destroy(&attributes);
	json_object_seed(0); /* once, before there are two threads */
	return 0;
}

static void free_questions(struct question *question)
{
	while (question) {
		struct question *next = question->next;

		free(question);
		question = next;
	}
}

void container_ask__close(struct container_ask *ask)
{
	uint64_t one = 1;

	if (!ask)
		return;
	pthread_mutex_lock(&ask->mutex);
	ask->closing = true;
	pthread_cond_signal(&ask->asked);
	pthread_mutex_unlock(&ask->mutex);
	if (ask->started && write(ask->end_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(ask->thread, NULL);
	free_questions(ask->first);
	free_questions(ask->answered);
	if (ask->end_fd >= 0)
		close(ask->end_fd);
	pthread_cond_destroy(&ask->asked);
	pthread_cond_destroy(&ask->done);
	pthread_mutex_destroy(&ask->mutex);
	free(ask);
}

/* ---- one question, in the thread ---- */

/* 0; -ETIMEDOUT; -ECANCELED: it ends */
static int wait_for(const struct container_ask *ask, int fd, short events, uint64_t deadline_ns)
{
	struct pollfd polled[] = { { .fd = fd, .events = events }, { .fd = ask->end_fd, .events = POLLIN } };
	uint64_t now = clock__ns(CLOCK_MONOTONIC);
	int n = now < deadline_ns ? poll(polled, 2, (int)((deadline_ns - now) / MS) + 1) : 0;

	if (n < 0)
		return -errno;
	if (polled[1].revents)
		return -ECANCELED;
	return n ? 0 : -ETIMEDOUT;
}

static int connect_to(const struct container_ask *ask, const struct daemon *daemon)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	/* below the machine's root, wherever that is for us; and no path is too long this way */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", ask->root_fd, daemon->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* one that does not accept has no room for us at last: then it is EAGAIN, at once */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int send_request(const struct container_ask *ask, int fd, const struct question *question, uint64_t deadline_ns)
{
	char request[256];
	int length = snprintf(request, sizeof(request), "GET %s/%s/json HTTP/1.0\r\nHost: localhost\r\n\r\n",
			      question->is_pod ? "/v4.0.0/libpod/pods" : "/containers", question->answer.id);
	int err = wait_for(ask, fd, POLLOUT, deadline_ns);

	if (err)
		return err;
	return send(fd, request, (size_t)length, MSG_NOSIGNAL) == length ? 0 : -EPROTO;
}

static int take_answer(const char *text, size_t len, bool ended, struct question *question)
{
	const char *body;
	size_t body_len;
	int err = http_answer__body(text, len, ended, &body, &body_len);

	return err ? err
		   : container_config__inspected(body, body_len, question->answer.id, question->is_pod,
						 &question->answer.label);
}

static int receive(const struct container_ask *ask, int fd, struct question *question, uint64_t deadline_ns)
{
	size_t size = ANSWER_FIRST, len = 0;
	char *text = malloc(size), *grown;
	int err = text ? -EAGAIN : -ENOMEM;

	while (err == -EAGAIN) {
		ssize_t got;

		err = wait_for(ask, fd, POLLIN, deadline_ns);
		if (err)
			break;
		got = recv(fd, text + len, size - len, 0);
		len += got > 0 ? (size_t)got : 0;
		err = got < 0 ? -errno : take_answer(text, len, got == 0, question);
		if (err != -EAGAIN || len < size)
			continue;
		grown = size < ANSWER_MOST ? realloc(text, size *= 2) : NULL;
		text = grown ? grown : text;
		err = grown ? -EAGAIN : -EFBIG;
	}
	free(text);
	return err;
}

static int ask_one(const struct container_ask *ask, const struct daemon *daemon, struct question *question)
{
	uint64_t deadline_ns = clock__ns(CLOCK_MONOTONIC) + ANSWER_NS;
	int fd = connect_to(ask, daemon), err;

	if (fd < 0)
		return fd;
	err = send_request(ask, fd, question, deadline_ns);
	if (!err)
		err = receive(ask, fd, question, deadline_ns);
	close(fd);
	return err;
}

/* whether it was answered */
static bool ask_all(struct container_ask *ask, struct question *question)
{
	for (size_t i = 0; i < DAEMONS; i++) {
		int err;

		if (!(question->daemons & 1U << i) || clock__ns(CLOCK_MONOTONIC) < ask->silent_ns[i])
			continue;
		err = ask_one(ask, &daemons[i], question);
		if (err == -ETIMEDOUT || err == -EAGAIN)
			ask->silent_ns[i] = clock__ns(CLOCK_MONOTONIC) + SILENT_NS;
		if (err)
			continue;
		if (!question->answer.label.runtime[0])
			snprintf(question->answer.label.runtime, sizeof(question->answer.label.runtime), "%s",
				 daemons[i].runtime);
		return true;
	}
	return false;
}

static void *work(void *argument)
{
	struct container_ask *ask = argument;
	struct question *question;
	bool answered;

	setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone: setpriority(2), BUGS */
	pthread_mutex_lock(&ask->mutex);
	while (!ask->closing) {
		question = ask->current = ask->first;
		if (!question) {
			pthread_cond_signal(&ask->done);
			pthread_cond_wait(&ask->asked, &ask->mutex);
			continue;
		}
		ask->first = question->next;
		pthread_mutex_unlock(&ask->mutex);
		answered = ask_all(ask, question);
		pthread_mutex_lock(&ask->mutex);
		ask->waiting--;
		ask->current = NULL;
		question->next = answered ? ask->answered : NULL;
		if (answered)
			ask->answered = question;
		else
			free(question);
	}
	pthread_mutex_unlock(&ask->mutex);
	return NULL;
}

/* ---- from outside ---- */

static int start(struct container_ask *ask)
{
	int err;

	if (ask->started)
		return 0;
	if (ask->end_fd < 0)
		ask->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ask->end_fd < 0)
		return -errno;
	err = thread__start(&ask->thread, STACK_BYTES, work, ask);
	ask->started = !err;
	return err;
}

/* a bit for each that is there and may know it; the runtimes of other daemons name their containers in files */
static unsigned whom(const struct container_ask *ask, const struct container_identity *identity)
{
	unsigned found = 0;
	struct stat status;

	for (size_t i = 0; i < DAEMONS; i++)
		if ((!identity->runtime[0] || strcmp(identity->runtime, daemons[i].runtime) == 0) &&
		    fstatat(ask->root_fd, daemons[i].socket, &status, 0) == 0 && S_ISSOCK(status.st_mode))
			found |= 1U << i;
	return found;
}

static bool is_asked(const struct container_ask *ask, const char *id)
{
	const struct question *question = ask->first;

	if (ask->current && strcmp(ask->current->answer.id, id) == 0)
		return true;
	while (question && strcmp(question->answer.id, id) != 0)
		question = question->next;
	return question;
}

static void append(struct container_ask *ask, const char *id, bool is_pod, unsigned daemons_asked)
{
	struct question *question = calloc(1, sizeof(*question)), **end = &ask->first;

	if (!question)
		return;
	while (*end)
		end = &(*end)->next;
	*end = question;
	question->is_pod = is_pod;
	question->daemons = daemons_asked;
	snprintf(question->answer.id, sizeof(question->answer.id), "%s", id);
	ask->waiting++;
	pthread_cond_signal(&ask->asked);
}

void container_ask__put(struct container_ask *ask, const struct container_identity *identity)
{
	bool is_pod = identity->kind == CONTAINER_POD;
	const char *id = is_pod ? identity->pod_uid : identity->id;
	unsigned daemons_asked;

	if (!container_files__is_id(id))
		return;
	daemons_asked = whom(ask, identity);
	if (!daemons_asked)
		return;
	pthread_mutex_lock(&ask->mutex);
	if (ask->waiting < ASK_WAITING && !is_asked(ask, id) && !start(ask))
		append(ask, id, is_pod, daemons_asked);
	pthread_mutex_unlock(&ask->mutex);
}

bool container_ask__take(struct container_ask *ask, struct container_answer *answer)
{
	struct question *question;

	pthread_mutex_lock(&ask->mutex);
	question = ask->answered;
	if (question)
		ask->answered = question->next;
	pthread_mutex_unlock(&ask->mutex);
	if (question)
		*answer = question->answer;
	free(question);
	return question != NULL;
}

void container_ask__wait(struct container_ask *ask, unsigned milliseconds)
{
	uint64_t until_ns = clock__ns(CLOCK_MONOTONIC) + milliseconds * MS;
	struct timespec until = { .tv_sec = (time_t)(until_ns / (1000 * MS)),
				  .tv_nsec = (long)(until_ns % (1000 * MS)) };

	pthread_mutex_lock(&ask->mutex);
	while (ask->waiting && pthread_cond_timedwait(&ask->done, &ask->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&ask->mutex);
}
