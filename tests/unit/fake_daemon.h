/* SPDX-License-Identifier: GPL-2.0-only */
/* A daemon at a Unix socket that answers as a test wants it: right, late, never, too much. */
#ifndef PAGETIDE_TESTS_FAKE_DAEMON_H
#define PAGETIDE_TESTS_FAKE_DAEMON_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct fake_daemon;
/* of one connection, after its request has come; what it waits for ends with the daemon */
typedef void (*fake_answer_fn)(struct fake_daemon *fake, int fd, const char *request);

struct fake_daemon {
	int fd, end_fd;
	pthread_t thread;
	fake_answer_fn answer;
	atomic_uint asked;
	char path[128], request[512]; /* the last one */
};

/* false: the daemon ends */
static inline bool fake__pause(struct fake_daemon *fake, int milliseconds)
{
	struct pollfd end = { .fd = fake->end_fd, .events = POLLIN };

	return poll(&end, 1, milliseconds) == 0;
}

static inline void fake__send(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		len -= (size_t)sent;
	}
}

static inline void *fake__serve(void *argument)
{
	struct fake_daemon *fake = argument;

	for (;;) {
		struct pollfd polled[] = { { .fd = fake->fd, .events = POLLIN },
					   { .fd = fake->end_fd, .events = POLLIN } };
		char request[512];
		ssize_t got;
		int fd;

		poll(polled, 2, -1);
		if (polled[1].revents)
			return NULL;
		fd = accept(fake->fd, NULL, NULL);
		if (fd < 0)
			continue;
		got = recv(fd, request, sizeof(request) - 1, 0);
		request[got > 0 ? got : 0] = '\0';
		memcpy(fake->request, request, sizeof(request));
		fake->asked++;
		fake->answer(fake, fd, request);
		close(fd);
	}
}

/* path: of the socket; the folders that it is in are made. answer NULL: it never accepts. */
static inline struct fake_daemon *fake__start(const char *path, fake_answer_fn answer)
{
	struct fake_daemon *fake = calloc(1, sizeof(*fake));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_non_null(fake);
	snprintf(fake->path, sizeof(fake->path), "%s", path);
	for (char *p = fake->path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(fake->path, 0755);
		*p = '/';
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fake->answer = answer;
	fake->end_fd = eventfd(0, EFD_CLOEXEC);
	fake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fake->fd, answer ? 16 : 0), 0);
	if (answer)
		assert_int_equal(pthread_create(&fake->thread, NULL, fake__serve, fake), 0);
	return fake;
}

static inline void fake__stop(struct fake_daemon *fake)
{
	uint64_t one = 1;

	if (fake->answer) {
		assert_int_equal(write(fake->end_fd, &one, sizeof(one)), sizeof(one));
		pthread_join(fake->thread, NULL);
	}
	close(fake->fd);
	close(fake->end_fd);
	unlink(fake->path);
	free(fake);
}

#endif
