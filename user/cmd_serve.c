// SPDX-License-Identifier: GPL-2.0-only
/*
 * serve: readings as they come, for whoever asks over HTTP. One thread: a page is made of the last
 * reading, whole, so nothing is locked and nobody sees half a reading.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "clock.h"
#include "commands.h"
#include "http.h"
#include "http_library.h"
#include "http_socket.h"
#include "loop.h"
#include "metrics.h"
#include "notify.h"
#include "output.h"
#include "page.h"
#include "privilege.h"
#include "say.h"
#include "serve_reload.h"
#include "serve_view.h"
#include "session.h"
#include "sink.h"
#include "tally.h"
#include "warning_text.h"
#include "web.h"

#define COUNTED (1U << EVENT_OOM | 1U << EVENT_ENOSPC | 1U << EVENT_SIGBUS | EVENT_DENIALS | 1U << EVENT_WARNING)
#define ENDING (1U << SIGTERM | 1U << SIGINT | 1U << SIGQUIT)
#define TEXTFILE_MODE 0644 /* whoever reads it is another user */
#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

struct server {
	struct options now;            /* as on the command line, until a reload */
	const struct options *options; /* of it */
	struct serve_reload reload;
	struct session session;
	struct loop loop;
	struct http *http;
	struct http *local; /* for our own commands; NULL: another serve has the socket, or it cannot be had */
	int epoll_fd;       /* of both */
	struct tally *tally;
	struct page *page;
	struct metrics_input input;
	uint64_t watchdog_ns, told_ns, began_ns;
	bool textfile_failed;
};

static void take_event(void *context, const struct event *event)
{
	struct server *server = context;
	char line[WARNING_LINE_MAX];

	tally__take(server->tally, event);
	page__event(server->page, event);
	if (event->type != EVENT_WARNING)
		return;
	warning_text__line(event->warning, line, sizeof(line));
	say("warning: %s", line);
}

static double mount_full(void *context, const struct snapshot_mount *mount)
{
	return limitwatch__mount_eta(((struct server *)context)->session.limits, mount);
}

static double cgroup_full(void *context, const struct snapshot_cgroup *cgroup)
{
	return limitwatch__cgroup_eta(((struct server *)context)->session.limits, cgroup);
}

static int write_metrics(struct server *server, FILE *out, enum metrics_format format)
{
	uint64_t begin = clock__ns(CLOCK_MONOTONIC);
	int err = metrics__write(out, &server->input, format);

	server->input.render_seconds = (double)(clock__ns(CLOCK_MONOTONIC) - begin) / 1e9;
	return err;
}

static int write_snapshot(struct server *server, FILE *out)
{
	struct options options = *server->options;

	options.format = FORMAT_JSON;
	options.view = VIEW_ALL;
	return sink__choose(&options)->snapshot(out, server->input.snapshot, &options);
}

static int write_answer(void *context, const struct http_request *request, FILE *out)
{
	struct server *server = context;

	if (strcmp(request->path, "/metrics") == 0)
		return write_metrics(server, out, request->wants_openmetrics ? METRICS_OPENMETRICS : METRICS_TEXT);
	return write_snapshot(server, out);
}

static bool is_healthy(const struct server *server)
{
	return server->input.snapshot && !server->session.failures;
}

static void answer(void *context, const struct http_request *request, struct http_response *response)
{
	struct server *server = context;

	if (page__answer(server->page, request, response))
		return;
	if (strcmp(request->path, "/healthz") == 0) {
		response->status = is_healthy(server) ? 200 : 503;
		response->body = is_healthy(server) ? strdup("ok\n") : NULL;
		response->length = response->body ? strlen(response->body) : 0;
		return;
	}
	if (strcmp(request->path, "/metrics") == 0)
		response->type = request->wants_openmetrics ? TYPE_OPENMETRICS : TYPE_TEXT;
	else if (strcmp(request->path, "/api/snapshot") == 0)
		response->type = "application/json";
	else
		return;
	response->status = 503;
	if (server->input.snapshot)
		http__write(response, request, write_answer, server);
}

/* a file that is never seen half written */
static void write_textfile(struct server *server)
{
	const char *path = server->options->textfile;
	struct output output = {};
	int err, closed;

	if (!path)
		return;
	err = output__open_file(&output, path, TEXTFILE_MODE);
	if (!err)
		err = write_metrics(server, output.stream, METRICS_TEXT);
	closed = output__close(&output, err);
	err = err ? err : closed;
	if (err && !server->textfile_failed)
		say("cannot write %s: %s; trying again at each reading", path,
		    output.place.as_it_is ? "it is no regular file" : strerror(-err));
	server->textfile_failed = err != 0;
}

/* what else may be wrong with it is said when it is written */
static void check_folder(struct server *server)
{
	const char *path = server->options->textfile;
	char folder[PATH_MAX];
	struct place place;

	if (!path || place__find(&place, path) || place__folder(&place, folder, sizeof(folder)) ||
	    !access(folder, W_OK) || errno != EACCES)
		return;
	say("cannot write --textfile %s: root must be able to write to the folder %s without CAP_DAC_OVERRIDE, which serve "
	    "gives up; trying again at each reading",
	    path, folder);
	server->textfile_failed = true;
}

/* 0, or -errno when it has failed too often */
static int read_now(struct server *server, unsigned wants)
{
	uint64_t begin = clock__ns(CLOCK_MONOTONIC);
	int err = 0;
	const struct snapshot *snapshot = session__read(&server->session, wants, &err);

	server->input.readings++;
	server->input.reading_seconds = (double)(clock__ns(CLOCK_MONOTONIC) - begin) / 1e9;
	/* what a failed reading left is not a whole one */
	server->input.snapshot = snapshot;
	page__reading(server->page, snapshot);
	if (!snapshot) {
		server->input.failed_readings++;
		return session__go_on(&server->session, err); /* else the service manager shall start it anew */
	}
	write_textfile(server);
	return 0;
}

static double watched_seconds(const struct server *server)
{
	return (double)(clock__ns(CLOCK_MONOTONIC) - server->began_ns) / 1e9;
}

static int write_view(void *context, const struct http_request *request, FILE *out)
{
	struct server *server = context;
	char *words = strdup(request->words);
	struct options options;
	int err = words ? serve_view__parse(words, &options) : -ENOMEM;

	if (!err && !serve_view__is_due(&options, server->input.readings, watched_seconds(server)))
		err = -EAGAIN;
	if (!err)
		err = read_now(server, WANT_FRESH | WANT_HOLDERS | WANT_CMDLINES);
	if (!err && !server->input.snapshot)
		err = -EIO;
	if (!err)
		err = serve_view__write(out, &options, request->width, server->input.snapshot,
					limitwatch__history(server->session.limits),
					limitwatch__warner(server->session.limits), watched_seconds(server));
	free(words);
	return err;
}

static int write_accounts(void *context, const struct http_request *request, FILE *out)
{
	struct server *server = context;

	(void)request;
	return session__accounts(&server->session, out);
}

/* our own commands, at the Unix socket: they give their words and get what they are to print; or the accounts */
static void answer_locally(void *context, const struct http_request *request, struct http_response *response)
{
	if (strcmp(request->path, ASK_ACCOUNTS_PATH) == 0)
		http__write(response, request, write_accounts, context);
	if (strcmp(request->path, ASK_PATH) == 0 && request->words)
		http__write(response, request, write_view, context);
}

static void tell_manager(struct server *server)
{
	uint64_t now = clock__ns(CLOCK_MONOTONIC);

	if (!server->watchdog_ns || now - server->told_ns < server->watchdog_ns)
		return;
	server->told_ns = now;
	notify__send("WATCHDOG=1");
}

static int join_events(struct server *server, const struct http *http)
{
	struct epoll_event interest = { .events = EPOLLIN };

	if (!http || !epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, http__fd(http), &interest) || errno == EEXIST)
		return 0;
	return -errno;
}

/* a file that cannot be used leaves all as it is */
static int protect_anew(struct server *server)
{
	char error[1024];

	if (!server->options->web_config)
		return 0;
	if (web__protect(server->http, server->options->web_config, true, error, sizeof(error)))
		say("%s; what was read before stays", error);
	return join_events(server, server->http);
}

static int reload(struct server *server)
{
	int err;

	notify__send("RELOADING=1");
	serve_reload__config(&server->reload);
	server->input.max_series = server->options->max_series;
	server->textfile_failed = false;
	check_folder(server);
	page__set_interval(server->page, server->options->interval_seconds);
	err = protect_anew(server);
	if (!err)
		err = read_now(server, WANT_FRESH);
	notify__send("READY=1");
	return err;
}

static int watch(struct server *server)
{
	int err = 0;

	while (!err) {
		int events = loop__wait(&server->loop);

		if (events < 0)
			return events;
		if (server->loop.ending & ENDING)
			return 0;
		if (server->loop.signals & 1U << SIGHUP)
			err = reload(server);
		if (!err && events & (LOOP_RECORDS | LOOP_TIMER))
			err = session__drain(&server->session);
		if (!err && session__look(&server->session, &server->loop.patience_ms))
			loop__hurry(&server->loop);
		if (!err && events & LOOP_TIMER)
			err = read_now(server, 0);
		http__run(server->http);
		if (server->local)
			http__run(server->local);
		tell_manager(server);
	}
	return err;
}

static int check_words(const struct options *options)
{
	if (!http_socket__is_address(options->listen))
		say("--listen '%s' has no numeric address: use one like 127.0.0.1:9879 or [::1]:9879", options->listen);
	else if (options->socket[0] != '/')
		say("--socket '%s' is no whole path: it begins with /", options->socket);
	else
		return EXIT_OK;
	return EXIT_USAGE;
}

static int listen_at(struct server *server)
{
	const char *where = server->options->listen;
	int err = http__open(&server->http, where, answer, server);

	if (err)
		say("cannot listen at %s: %s; name another port with --listen", where, strerror(-err));
	return err ? EXIT_FAILED : EXIT_OK;
}

/* for root alone; 0: it is there, or it can be seen later what is wrong */
static int make_folder_of(const char *path)
{
	size_t length = (size_t)(strrchr(path, '/') - path);
	char folder[PATH_MAX];

	if (!length || length >= sizeof(folder))
		return 0;
	memcpy(folder, path, length);
	folder[length] = '\0';
	return mkdir(folder, 0700) && errno != EEXIST ? -errno : 0;
}

/* another serve may have the socket already: then it is asked; one that nobody asked for is done without */
static int listen_locally(struct server *server)
{
	const char *path = server->options->socket, *why;
	int made = make_folder_of(path), err = http__open(&server->local, path, answer_locally, server);
	bool needed = server->options->socket_given || err == -ENOTSOCK;

	if (!err || err == -EADDRINUSE)
		return EXIT_OK;
	if (err == -ENOENT && made)
		err = made;
	why = err == -ENOTSOCK ? "what is there is no socket" : strerror(-err);
	say("cannot listen at %s: %s; %s", path, why,
	    needed ? "name another place with --socket"
		   : "snapshot, explain, top and trace get no answers from this serve");
	return needed ? EXIT_FAILED : EXIT_OK;
}

/* what else may be wrong with it can pass, and is said at each reading */
static int check_textfile(const struct server *server)
{
	const char *path = server->options->textfile;
	struct place place;

	if (!path || place__find(&place, path) || !place.as_it_is)
		return EXIT_OK;
	say("cannot write --textfile %s: it is no regular file", path);
	return EXIT_FAILED;
}

static int protect(struct server *server)
{
	char error[1024];
	int err;

	if (!server->options->web_config)
		return EXIT_OK;
	err = web__protect(server->http, server->options->web_config, false, error, sizeof(error));
	if (err)
		say("--web-config: %s", error);
	return err == -EINVAL ? EXIT_USAGE : err ? EXIT_FAILED : EXIT_OK;
}

static int open_events(struct server *server)
{
	int err;

	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0)
		return -errno;
	err = join_events(server, server->http);
	return err ? err : join_events(server, server->local);
}

static int start(struct server *server)
{
	int err = open_events(server);

	if (!err)
		err = loop__open(&server->loop, server->options->interval_seconds, 0,
				 tracer__ring_fd(server->session.tracer), server->epoll_fd);
	if (!err)
		err = privilege__drop();
	if (err) {
		say("cannot start: %s", strerror(-err));
		return EXIT_FAILED;
	}
	check_folder(server);
	server->reload = (struct serve_reload){ &server->now, {}, &server->loop, server->session.limits };
	server->began_ns = clock__ns(CLOCK_MONOTONIC);
	server->watchdog_ns = notify__watchdog_ns();
	server->input.plan = &server->session.plan;
	server->input.map_bytes = tracer__map_bytes(server->session.tracer);
	err = read_now(server, WANT_FRESH);
	if (err || !server->input.snapshot)
		return EXIT_FAILED;
	if (server->options->verbose)
		say("listening at port %u", http__port(server->http));
	notify__send("READY=1\nSTATUS=watching");
	return EXIT_OK;
}

int command__serve(const struct options *options)
{
	struct server server = { .now = *options, .options = &server.now, .epoll_fd = -1 };
	struct session_needs needs = { .groups = GROUP_TRACE, .emit = take_event, .context = &server };
	int err = tally__open(&server.tally, COUNTED), status = EXIT_FAILED;

	server.input = (struct metrics_input){
		.tally = server.tally,
		.max_series = options->max_series,
		.render_seconds = NAN,
		.map_bytes = ABSENT,
		.forecast = { &server, mount_full, cgroup_full },
	};
	if (!err)
		err = page__open(&server.page, options->interval_seconds, &server.input.forecast);
	if (!err)
		status = check_words(options);
	if (status == EXIT_OK)
		status = session__rights(&needs);
	if (status == EXIT_OK && !http_library__load())
		status = EXIT_FAILED;
	if (status == EXIT_OK)
		status = listen_at(&server);
	if (status == EXIT_OK)
		status = check_textfile(&server);
	if (status == EXIT_OK)
		status = protect(&server);
	if (status == EXIT_OK)
		status = listen_locally(&server);
	if (status == EXIT_OK)
		status = session__open(&server.session, server.options, &needs);
	if (status == EXIT_OK)
		status = start(&server);
	if (status == EXIT_OK)
		err = watch(&server);
	notify__send("STOPPING=1");
	http__close(server.http);
	http__close(server.local);
	if (server.epoll_fd >= 0)
		close(server.epoll_fd);
	loop__close(&server.loop);
	session__close(&server.session);
	page__close(server.page);
	tally__close(server.tally);
	serve_reload__close(&server.reload);
	if (err) {
		say("cannot go on: %s", strerror(-err));
		return EXIT_FAILED;
	}
	return status;
}
