// SPDX-License-Identifier: GPL-2.0-only
#include "http_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "parse.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
};

static int parse_address(const char *text, union address *address)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	memset(address, 0, sizeof(*address));
	if (!len || len >= sizeof(host) ||
	    parse__whole_u64((struct parse_span){ colon + 1, strlen(colon + 1) }, &port) || port > UINT16_MAX)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static int open_socket(const union address *address, unsigned *port)
{
	socklen_t len = address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
	union address bound = { .any.sa_family = AF_UNSPEC };

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->any, len) || listen(fd, SOMAXCONN) || getsockname(fd, &bound.any, &len)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
	return fd;
}

/* 0: nothing is there, or no longer: a socket that nobody listens at is in the way */
static int make_way(const struct sockaddr_un *address)
{
	struct stat status;
	int fd, err = -EADDRINUSE;

	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -ENOTSOCK; /* connect(2) would be refused there too */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno != EAGAIN) /* many ask at once */
		err = -errno;
	close(fd);
	if (err == -ECONNREFUSED)
		err = unlink(address->sun_path) ? -errno : 0;
	return err;
}

int http_socket__path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	err = make_way(&address);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	before = umask(0177);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, SOMAXCONN))
		err = -errno;
	umask(before);
	if (!err)
		return fd;
	close(fd);
	return err;
}

bool http_socket__is_address(const char *text)
{
	union address address;

	return parse_address(text, &address) == 0;
}

int http_socket__address(const char *text, unsigned *port)
{
	union address address;
	int err = parse_address(text, &address);

	return err ? err : open_socket(&address, port);
}
