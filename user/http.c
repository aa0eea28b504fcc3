// SPDX-License-Identifier: GPL-2.0-only
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "accept.h"
#include "http_library.h"
#include "parse.h"

#define CONNECTIONS_MOST 256U
#define TIMEOUT_SECONDS 10U
#define MEMORY_MOST ((size_t)16 << 10) /* of a connection: what a request may be long */

/* the page needs its own script, style sheet and figures; nobody needs more */
#define POLICY                                                                                                \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "         \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct http {
	struct MHD_Daemon *daemon;
	http_answer_fn answer;
	void *context;
	int epoll_fd;
	unsigned port;
	char path[PATH_MAX]; /* of a Unix socket, removed at the end; "" */
};

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
	union address bound;

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

/* a socket that nobody listens at any more is in the way */
static bool is_left_over(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int open_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int fd, err = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (is_left_over(&address))
		unlink(path);
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

static enum MHD_Result send_response(struct MHD_Connection *connection, struct http_response *response)
{
	struct MHD_Response *out;
	enum MHD_Result result;

	out = mhd.create_response_from_buffer(response->length, response->body ? response->body : "",
					      response->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (!out) {
		free(response->body);
		return MHD_NO;
	}
	mhd.add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, response->type ? response->type : "text/plain");
	mhd.add_response_header(out, "X-Content-Type-Options", "nosniff");
	mhd.add_response_header(out, "Content-Security-Policy", POLICY);
	mhd.add_response_header(out, "Referrer-Policy", "no-referrer");
	mhd.add_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = mhd.queue_response(connection, response->status, out);
	mhd.destroy_response(out);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
	struct http_response response = { .status = status, .body = strdup(why), .type = "text/plain; charset=utf-8" };

	response.length = response.body ? strlen(response.body) : 0;
	return send_response(connection, &response);
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection, const char *url,
				    const char *method, const char *version, const char *upload, size_t *upload_size,
				    void **state)
{
	static int seen;
	struct http *http = context;
	struct http_request request = { .path = url };
	struct http_response response = { .status = MHD_HTTP_NOT_FOUND };
	const char *width;

	(void)version;
	(void)upload;
	if (!*state) { /* the headers alone: called again when all is there */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_size) { /* a body is not wanted, and not kept */
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	request.wants_openmetrics = accept__openmetrics(
	    mhd.lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	request.words = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "words");
	width = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "width");
	request.width = width ? (unsigned)strtoul(width, NULL, 10) : 0;
	request.since = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "since");
	http->answer(http->context, &request, &response);
	if (response.status != MHD_HTTP_OK && !response.body)
		return refuse(connection, response.status,
			      response.status == MHD_HTTP_NOT_FOUND ? "no such page: /, /metrics, /healthz, /api/snapshot\n" :
								      "not now\n");
	return send_response(connection, &response);
}

/* its words about malformed requests are of no use to anybody */
static void say_nothing(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

int http__open(struct http **out, const char *listen_at, http_answer_fn answer, void *context)
{
	struct http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;
	union address address;
	int err, fd;

	*out = NULL;
	if (!http)
		return -ENOMEM;
	http->answer = answer;
	http->context = context;
	if (listen_at[0] == '/') {
		fd = open_path(listen_at);
		if (fd >= 0)
			strcpy(http->path, listen_at);
	} else {
		err = parse_address(listen_at, &address);
		fd = err ? err : open_socket(&address, &http->port);
	}
	if (fd < 0) {
		free(http);
		return fd;
	}
	http->daemon = mhd.start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, take_request, http,
					MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
					MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST, MHD_OPTION_CONNECTION_TIMEOUT,
					TIMEOUT_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MOST, MHD_OPTION_END);
	info = http->daemon ? mhd.get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		close(http->daemon ? -1 : fd);
		http__close(http);
		return -ENOMEM;
	}
	http->epoll_fd = info->epoll_fd;
	*out = http;
	return 0;
}

void http__close(struct http *http)
{
	if (!http)
		return;
	if (http->daemon)
		mhd.stop_daemon(http->daemon);
	if (http->path[0])
		unlink(http->path);
	free(http);
}

int http__fd(const struct http *http)
{
	return http->epoll_fd;
}

void http__run(struct http *http)
{
	mhd.run(http->daemon);
}

unsigned http__port(const struct http *http)
{
	return http->port;
}
