// SPDX-License-Identifier: GPL-2.0-only
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "accept.h"
#include "clock.h"
#include "guard.h"
#include "http_library.h"
#include "http_response.h"
#include "http_socket.h"
#include "tls.h"

#define CONNECTIONS_MOST 256U
#define TIMEOUT_SECONDS 10U
#define MEMORY_MOST ((size_t)16 << 10) /* of a connection: what a request may be long */
#define RUNS_AT_ONCE 8
#define TURN_NS 10000000ULL /* then what serve is for has its turn; one run accepts ten connections at most */

struct http {
	struct MHD_Daemon *daemon;
	http_answer_fn answer;
	void *context;
	int listen_fd; /* our own: the daemon may be replaced */
	int epoll_fd;  /* of the daemon that there is */
	unsigned port;
	struct web_config *web; /* NULL: everybody may ask, without TLS */
	struct guard *guard;
	char path[PATH_MAX]; /* of a Unix socket, removed at the end; "" */
};

/* one request */
struct visit {
	struct MHD_Connection *connection;
	struct guard_question question;
	bool asked; /* the verdict is in the question */
};

void http__write(struct http_response *response, const struct http_request *request,
		 int (*write)(void *context, const struct http_request *request, FILE *out), void *context)
{
	FILE *out = open_memstream(&response->body, &response->length);
	int err = out ? write(context, request, out) : -ENOMEM;

	if (out && fclose(out) && !err)
		err = -ENOMEM;
	response->status = err ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
	if (err) {
		free(response->body);
		response->body = NULL;
	}
}

static void resume(void *context)
{
	mhd.resume_connection(((struct visit *)context)->connection);
}

/* GUARD_LATER: the connection sleeps, and its request comes again when the verdict is there */
static enum guard_verdict judge(struct http *http, struct visit *visit)
{
	enum guard_verdict verdict = GUARD_NO;
	char *name, *password = NULL;

	if (!guard__is_on(http->guard))
		return GUARD_YES;
	if (visit->asked)
		return visit->question.verdict;
	name = mhd.basic_auth_get_username_password(visit->connection, &password);
	if (name && password)
		verdict = guard__known(http->guard, name, password);
	if (verdict == GUARD_LATER) {
		visit->asked = true;
		visit->question.answered = resume;
		visit->question.context = visit;
		mhd.suspend_connection(visit->connection);
		if (!guard__ask(http->guard, &visit->question, name, password))
			mhd.resume_connection(visit->connection);
	}
	if (password)
		explicit_bzero(password, strlen(password));
	mhd.free(password);
	mhd.free(name);
	return verdict;
}

static bool asks_for_certificates(const struct http *http)
{
	return http->web && http->web->client_auth != CLIENT_AUTH_NONE;
}

/* before its handshake; asked: that its client is asked for a certificate */
static void begin_connection(void *context, struct MHD_Connection *connection, void **asked,
			     enum MHD_ConnectionNotificationCode what)
{
	const struct http *http = context;
	const union MHD_ConnectionInfo *info;

	if (what != MHD_CONNECTION_NOTIFY_STARTED || !asks_for_certificates(http))
		return;
	info = mhd.get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (!info || !info->tls_session)
		return;
	tls__ask_client(info->tls_session, http->web->client_auth);
	*asked = connection;
}

/* a libmicrohttpd that begins otherwise must not let anybody in */
static bool was_asked(const struct http *http, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;

	if (!asks_for_certificates(http))
		return true;
	info = mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info && info->socket_context == connection;
}

static enum MHD_Result begin_visit(struct MHD_Connection *connection, void **state)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (!visit)
		return MHD_NO;
	visit->connection = connection;
	*state = visit;
	return MHD_YES;
}

static void end_visit(void *context, struct MHD_Connection *connection, void **state,
		      enum MHD_RequestTerminationCode why)
{
	(void)context;
	(void)connection;
	(void)why;
	free(*state);
	*state = NULL;
}

static enum MHD_Result give_answer(struct http *http, struct MHD_Connection *connection, const char *url)
{
	struct http_request request = { .path = url };
	struct http_response response = { .status = MHD_HTTP_NOT_FOUND };
	const char *width;

	request.wants_openmetrics =
		accept__openmetrics(mhd.lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	request.words = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "words");
	width = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "width");
	request.width = width ? (unsigned)strtoul(width, NULL, 10) : 0;
	request.since = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "since");
	if (http_response__too_many() && strcmp(url, "/healthz") != 0)
		return http_response__refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
					     "too many answers that nobody reads: try again\n");
	http->answer(http->context, &request, &response);
	if (response.status != MHD_HTTP_OK && !response.body)
		return http_response__refuse(connection, response.status,
					     response.status == MHD_HTTP_NOT_FOUND
						     ? "no such page: /, /metrics, /healthz, /api/snapshot\n"
						     : "not now\n");
	return http_response__send(connection, &response);
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection, const char *url,
				    const char *method, const char *version, const char *upload, size_t *upload_size,
				    void **state)
{
	struct http *http = context;

	(void)version;
	(void)upload;
	if (!was_asked(http, connection))
		return MHD_NO;
	if (!*state) /* the headers alone: called again when all is there */
		return begin_visit(connection, state);
	if (*upload_size) { /* a body is not wanted, and not kept */
		*upload_size = 0;
		return MHD_YES;
	}
	switch (judge(http, *state)) {
	case GUARD_LATER:
		return MHD_YES;
	case GUARD_BUSY:
		return http_response__refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
					     "too many passwords at once: try again\n");
	case GUARD_NO:
		return http_response__refuse(connection, MHD_HTTP_UNAUTHORIZED, "a name and a password are needed\n");
	case GUARD_YES:
		break;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return http_response__refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	return give_answer(http, connection, url);
}

/* its words about malformed requests are of no use to anybody */
static void say_nothing(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

/* it must not shut down the socket, which is ours, too */
static void discard(struct MHD_Daemon *daemon)
{
	int fd = mhd.quiesce_daemon(daemon);

	mhd.stop_daemon(daemon);
	if (fd >= 0)
		close(fd);
}

static int epoll_fd_of(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = mhd.get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

/* A daemon for the socket that there is. NULL: no memory, or a certificate that it does not take. */
static struct MHD_Daemon *start_daemon(struct http *http, const struct web_config *web)
{
	static const struct web_config none;
	const struct web_config *with = web ? web : &none;
	bool tls = with->certificate != NULL;
	struct MHD_OptionItem encryption[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, with->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, with->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)with->priorities },
		{ with->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, with->client_ca },
		{ MHD_OPTION_END, 0, NULL },
	};
	int fd = fcntl(http->listen_fd, F_DUPFD_CLOEXEC, 0);
	struct MHD_Daemon *daemon;

	if (fd < 0)
		return NULL;
	if (!tls)
		encryption[0].option = MHD_OPTION_END;
	daemon = mhd.start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0U), 0, NULL, NULL,
		take_request, http, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MOST, MHD_OPTION_NOTIFY_COMPLETED, end_visit, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, begin_connection, http, MHD_OPTION_ARRAY, encryption, MHD_OPTION_END);
	if (!daemon)
		close(fd);
	if (!daemon || epoll_fd_of(daemon) >= 0)
		return daemon;
	discard(daemon);
	return NULL;
}

/* those who wait for a verdict get an answer first; nobody else's connection is waited for */
static void stop_daemon(struct http *http)
{
	if (!http->daemon)
		return;
	guard__drain(http->guard);
	mhd.run(http->daemon);
	guard__drain(http->guard);
	discard(http->daemon);
	http->daemon = NULL;
}

static void use_daemon(struct http *http, struct MHD_Daemon *daemon)
{
	stop_daemon(http);
	http->daemon = daemon;
	http->epoll_fd = epoll_fd_of(daemon);
}

int http__open(struct http **out, const char *listen_at, http_answer_fn answer, void *context)
{
	struct http *http = calloc(1, sizeof(*http));
	struct MHD_Daemon *daemon = NULL;
	int err;

	*out = NULL;
	if (!http)
		return -ENOMEM;
	http->answer = answer;
	http->context = context;
	if (listen_at[0] == '/')
		http->listen_fd = http_socket__path(listen_at);
	else
		http->listen_fd = http_socket__address(listen_at, &http->port);
	err = http->listen_fd < 0 ? http->listen_fd : guard__open(&http->guard);
	if (!err && listen_at[0] == '/')
		strcpy(http->path, listen_at);
	if (!err)
		daemon = start_daemon(http, NULL);
	if (!daemon) {
		http__close(http);
		return err ? err : -ENOMEM;
	}
	use_daemon(http, daemon);
	*out = http;
	return 0;
}

int http__protect(struct http *http, struct web_config *web)
{
	struct MHD_Daemon *daemon = NULL;
	bool same = web_config__same_tls(http->web, web);
	int err;

	if (!same)
		daemon = start_daemon(http, web);
	if (!same && !daemon)
		return -EINVAL;
	err = guard__set_users(http->guard, web ? web->users : NULL, web ? web->user_count : 0);
	if (err) {
		if (daemon)
			discard(daemon);
		return err;
	}
	if (daemon)
		use_daemon(http, daemon);
	web_config__free(http->web);
	http->web = web;
	return 0;
}

void http__close(struct http *http)
{
	if (!http)
		return;
	stop_daemon(http);
	if (http->path[0])
		unlink(http->path);
	if (http->listen_fd >= 0)
		close(http->listen_fd);
	guard__close(http->guard);
	web_config__free(http->web);
	free(http);
}

const struct web_config *http__web(const struct http *http)
{
	return http->web;
}

int http__fd(const struct http *http)
{
	return http->epoll_fd;
}

/* TLS may have more for it than its socket shows; the rest waits for the next call, as does a flood of handshakes */
void http__run(struct http *http)
{
	uint64_t end_ns = clock__ns(CLOCK_MONOTONIC) + TURN_NS;
	MHD_UNSIGNED_LONG_LONG milliseconds;

	for (int i = 0; i < RUNS_AT_ONCE && clock__ns(CLOCK_MONOTONIC) < end_ns; i++) {
		mhd.run(http->daemon);
		if (mhd.get_timeout(http->daemon, &milliseconds) != MHD_YES || milliseconds)
			return;
	}
}

unsigned http__port(const struct http *http)
{
	return http->port;
}
