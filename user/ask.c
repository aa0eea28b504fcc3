// SPDX-License-Identifier: GPL-2.0-only
/* A request and its answer. It must never print a part of an answer: all of it, or nothing. */
#include "ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "http_answer.h"
#include "out.h"
#include "say.h"

#define PATIENCE_SECONDS 10

static void put_encoded(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		fprintf(out, "%%%02X", *p);
}

/* width 0: no command's words go with it */
static char *make_request(const struct options *options, const char *path, unsigned width, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (!out)
		return NULL;
	fprintf(out, "GET %s", path);
	if (width)
		fprintf(out, "?width=%u&words=", width);
	for (char **word = options->words; width && *word; word++) {
		put_encoded(out, *word);
		put_encoded(out, ASK_SEPARATOR);
	}
	fputs(" HTTP/1.0\r\n\r\n", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENOENT;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -ENOENT;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -ENOENT;
}

static bool send_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		text += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* until the other side closes */
static char *receive_all(int fd, size_t *size)
{
	char piece[4096], *text = NULL;
	FILE *out = open_memstream(&text, size);
	ssize_t got = 0;

	if (!out)
		return NULL;
	while ((got = recv(fd, piece, sizeof(piece), 0)) > 0)
		fwrite(piece, 1, (size_t)got, out);
	if (fclose(out) || got < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* the answer becomes its body */
static int split(char *answer, size_t size, char **body, size_t *length)
{
	const char *start;

	/* all of what it says is to come, and nothing behind it */
	if (http_answer__body(answer, size, false, &start, length) || start + *length != answer + size)
		return -ENOENT;
	memmove(answer, start, *length);
	*body = answer;
	return 0;
}

/* 0: all of the answer is in *body; -ENOENT */
static int ask(const struct options *options, const char *path, unsigned width, char **body, size_t *length)
{
	size_t request_size = 0, size = 0;
	char *request, *answer = NULL;
	int fd = connect_to(options->socket), err = -ENOENT;

	*body = NULL;
	if (fd < 0)
		return fd;
	request = make_request(options, path, width, &request_size);
	if (request && send_all(fd, request, request_size))
		answer = receive_all(fd, &size);
	if (answer)
		err = split(answer, size, body, length);
	else
		say("the serve at %s does not answer: reading without it, which knows less", options->socket);
	if (err)
		free(answer);
	free(request);
	close(fd);
	return err;
}

int ask__into(const struct options *options, FILE *out)
{
	size_t length = 0;
	char *body;
	int err;

	if (options->standalone)
		return -ENOENT;
	err = ask(options, ASK_PATH, (unsigned)out__width(out), &body, &length);
	if (err)
		return err;
	if (fwrite(body, 1, length, out) != length)
		err = errno ? -errno : -EIO;
	free(body);
	return err;
}

int ask__accounts(const struct options *options, void **data, size_t *size)
{
	char *body;
	int err = options->standalone ? -ENOENT : ask(options, ASK_ACCOUNTS_PATH, 0, &body, size);

	if (!err)
		*data = body;
	return err;
}
