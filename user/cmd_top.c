// SPDX-License-Identifier: GPL-2.0-only
/* top: readings as they come; on a terminal with ncurses, elsewhere tables or JSON lines. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "loop.h"
#include "output.h"
#include "say.h"
#include "session.h"
#include "sink.h"
#include "top.h"
#include "warning_text.h"

struct view_state {
	const struct options *options;
	struct session session;
	struct loop loop;
	struct output output;
	struct top *screen; /* NULL: tables */
	uint64_t readings;
};

/* a warning: on the screen's last line, or on standard error beside the tables */
static void tell(void *context, const struct event *event)
{
	struct view_state *state = context;
	char line[WARNING_LINE_MAX];

	if (event->type != EVENT_WARNING)
		return;
	warning_text__line(event->warning, line, sizeof(line));
	if (state->screen)
		top__message(state->screen, line);
	else
		say("warning: %s", line);
}

/* 0 where the next reading may be waited for, or err */
static int go_on(struct view_state *state, int err)
{
	char line[128];

	if (!state->readings || !session__may_go_on(&state->session))
		return err;
	if (!state->screen)
		return session__go_on(&state->session, err);
	snprintf(line, sizeof(line), "cannot read this system: %s; trying again", strerror(-err));
	err = top__show(state->screen, NULL);
	top__message(state->screen, line);
	return err;
}

static int show(struct view_state *state)
{
	unsigned wants = 0;
	bool again = state->session.failures;
	const struct snapshot *snapshot;
	int err;

	/* machine-readable output has no key to ask for holders with */
	if (state->screen ? top__wants_holders(state->screen) : state->options->format == FORMAT_JSON)
		wants = WANT_HOLDERS;
	snapshot = session__read(&state->session, wants, &err);
	if (!snapshot)
		return go_on(state, err);
	state->readings++;
	if (state->screen && again)
		top__message(state->screen, "");
	if (state->screen)
		return top__show(state->screen, snapshot);
	err = sink__choose(state->options)->snapshot(state->output.stream, snapshot, state->options);
	if (!err)
		err = output__flush(&state->output, 1);
	state->session.dropped_output = state->output.dropped;
	return err;
}

/* 1: the user wants to leave; else 0 or -errno */
static int take_keys(struct view_state *state)
{
	switch (top__key(state->screen)) {
	case TOP_QUIT:
		return 1;
	case TOP_READ_NOW:
		loop__set_interval(&state->loop, top__interval_seconds(state->screen));
		return show(state);
	default:
		return 0;
	}
}

/* what the terminal of the screen brought */
static int look_at_screen(struct view_state *state, int events)
{
	if (events & LOOP_STOP) {
		top__leave(state->screen);
		loop__stop();
		top__return(state->screen);
	}
	if (events & LOOP_RESIZE)
		top__resized(state->screen);
	if (events & LOOP_INPUT)
		return take_keys(state);
	return top__look(state->screen);
}

static int watch(struct view_state *state)
{
	int err = state->screen ? 0 : sink__begin(state->output.stream, state->options);

	if (!err)
		err = show(state);
	while (!err && (!state->options->count || state->readings < state->options->count)) {
		int events = loop__wait(&state->loop);

		if (events < 0)
			return events;
		state->output.hurried = events & LOOP_QUIT;
		if (events & (LOOP_QUIT | LOOP_END))
			return 0;
		if (state->output.box)
			err = outbox__error(state->output.box);
		if (!err && events & LOOP_RECORDS)
			err = session__drain(&state->session);
		if (!err && session__look(&state->session, &state->loop.patience_ms))
			loop__hurry(&state->loop);
		if (!err && state->screen)
			err = look_at_screen(state, events);
		if (!err && events & LOOP_TIMER)
			err = show(state);
	}
	return err > 0 ? 0 : err;
}

static int open_view(struct view_state *state)
{
	const struct options *options = state->options;
	bool screen =
		options->format == FORMAT_TEXT && !options->output && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	int err = loop__open(&state->loop, options->interval_seconds, options->duration_seconds,
			     tracer__ring_fd(state->session.tracer), screen ? STDIN_FILENO : -1);

	if (err) {
		say("cannot start: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (screen)
		err = top__open(&state->screen, options);
	else
		output__in_background(&state->output);
	if (err == -EINVAL)
		say("the terminal type is not known: set TERM, or pipe the output through cat");
	else if (err)
		say("cannot take over the terminal: %s", strerror(-err));
	return err ? EXIT_FAILED : EXIT_OK;
}

int command__top(const struct options *options)
{
	struct view_state state = { .options = options };
	struct session_needs needs = {
		.groups = GROUP_TRACE, .cmdlines = true, .ask_accounts = true, .emit = tell, .context = &state
	};
	int err = output__open(&state.output, options->output, stdout), status, closed;

	if (err)
		return output__failed(&state.output, err);
	status = session__open(&state.session, options, &needs);
	if (status == EXIT_OK)
		status = open_view(&state);
	if (status == EXIT_OK)
		err = watch(&state);
	/* the terminal first, or the word is lost with the screen */
	top__close(state.screen);
	loop__close(&state.loop);
	if (session__said_unread(&state.session, err)) {
		status = EXIT_FAILED;
		err = 0;
	}
	session__close(&state.session);
	closed = output__close(&state.output, status != EXIT_OK);
	if (status == EXIT_OK && (err || closed))
		status = output__failed(&state.output, err ? err : closed);
	return status;
}
