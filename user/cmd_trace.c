// SPDX-License-Identifier: GPL-2.0-only
/* trace: a line an event, as it happens; with a command, of it and its descendants only. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "follow.h"
#include "loop.h"
#include "output.h"
#include "say.h"
#include "select.h"
#include "session.h"
#include "sink.h"

#define MAPPING_EVENTS (1U << EVENT_MMAP | 1U << EVENT_MUNMAP | 1U << EVENT_BRK | 1U << EVENT_MREMAP)

struct trace {
	const struct options *options;
	struct session session;
	struct loop loop;
	struct follow follow;
	struct output output;
	uint64_t told, flushed;
	bool began; /* there is something to keep */
	int err;
};

static bool is_followed(const struct trace *trace, const struct event *event)
{
	if (!trace->options->argc || event->type == EVENT_LOST || event->type == EVENT_MARK)
		return true;
	return event->followed || event->type == EVENT_WARNING;
}

static void tell(void *context, const struct event *event)
{
	struct trace *trace = context;
	const struct options *options = trace->options;

	if (trace->err || (options->count && trace->told >= options->count) || !is_followed(trace, event) ||
	    !select__event(event, options))
		return;
	trace->err = sink__choose(options)->event(trace->output.stream, event, options);
	trace->told++;
}

/* lets the command go; EXIT_OK or what a shell would say of it */
static int start_command(struct trace *trace)
{
	const struct options *options = trace->options;
	int err;

	if (!options->argc)
		return EXIT_OK;
	err = follow__start(&trace->follow, trace->session.tracer, options->argv, &trace->loop.before);
	if (err) {
		say("cannot start %s: %s", options->argv[0], strerror(-err));
		return EXIT_FAILED;
	}
	err = follow__go(&trace->follow);
	if (!err)
		return EXIT_OK;
	say("cannot run %s: %s", options->argv[0], strerror(-err));
	return follow__exec_status(err);
}

/* the lines since the last time go out together */
static int flush(struct trace *trace)
{
	int err = output__flush(&trace->output, trace->told - trace->flushed);

	trace->flushed = trace->told;
	trace->session.dropped_output = trace->output.dropped;
	return err;
}

static int read_once(struct trace *trace)
{
	int err;

	if (!session__read(&trace->session, 0, &err))
		return err;
	if (!trace->err)
		trace->err = flush(trace);
	return trace->err;
}

static bool is_over(struct trace *trace)
{
	if (trace->options->count && trace->told >= trace->options->count)
		return true;
	return trace->options->argc && trace->follow.ended && !model__followed_alive(trace->session.model);
}

static int watch(struct trace *trace)
{
	int err = 0;

	while (!err && !is_over(trace)) {
		int events = loop__wait(&trace->loop);

		if (events < 0)
			return events;
		if (events & LOOP_CHILD)
			follow__reap(&trace->follow);
		if (events & LOOP_RECORDS) {
			err = session__drain(&trace->session);
			if (!err)
				err = trace->err;
		}
		if (!err && session__look(&trace->session, &trace->loop.patience_ms))
			loop__hurry(&trace->loop);
		if (!err)
			err = flush(trace);
		if (!err && events & (LOOP_TIMER | LOOP_CHILD))
			err = session__go_on(&trace->session, read_once(trace));
		if (events & LOOP_END)
			break;
		if (trace->options->argc && !trace->follow.ended) {
			follow__pass(&trace->follow, trace->loop.signals & ~trace->loop.from_tty);
		} else if (events & LOOP_QUIT) {
			trace->output.hurried = true;
			break;
		}
	}
	/* what came since the last interval */
	return err ? err : read_once(trace);
}

int command__trace(const struct options *options)
{
	struct trace trace = { .options = options };
	struct session_needs needs = {
		.groups = GROUP_TRACE | (options->events & MAPPING_EVENTS ? GROUP_MAPPINGS : 0U),
		.page_events = true,
		.ask_accounts = true,
		.follow = options->argc > 0,
		.emit = tell,
		.context = &trace,
	};
	int err = output__open(&trace.output, options->output, stdout), status, closed;

	if (err)
		return output__failed(&trace.output, err);
	output__in_background(&trace.output);
	status = session__open(&trace.session, options, &needs);
	if (status == EXIT_OK) {
		err = loop__open(&trace.loop, options->interval_seconds, options->duration_seconds,
				 tracer__ring_fd(trace.session.tracer), -1);
		if (!err)
			err = sink__begin(trace.output.stream, options);
		/* the first reading is where all differences count from */
		if (!err)
			err = read_once(&trace);
		if (!err)
			status = start_command(&trace);
		if (!err && status == EXIT_OK) {
			trace.began = true;
			err = watch(&trace);
			if (trace.follow.ended)
				status = follow__exit_status(trace.follow.status);
		}
	}
	loop__close(&trace.loop);
	if (session__said_unread(&trace.session, err)) {
		status = status == EXIT_OK ? EXIT_FAILED : status;
		err = 0;
	}
	session__close(&trace.session);
	closed = output__close(&trace.output, !trace.began);
	if (err || closed) {
		err = output__failed(&trace.output, err ? err : closed);
		status = status == EXIT_OK ? err : status;
	}
	return status;
}
