// SPDX-License-Identifier: GPL-2.0-only
/* explain: watches for a few seconds, then says what is wrong, why, and what to do. */
#include <errno.h>
#include <string.h>

#include "ask.h"
#include "commands.h"
#include "explain_report.h"
#include "loop.h"
#include "output.h"
#include "say.h"
#include "session.h"

/* readings a second apart until the time is over; the last one is what is explained */
static const struct snapshot *watch(struct session *session, double seconds, int *err)
{
	const struct snapshot *snapshot = session__read(session, 0, err);
	struct loop loop = { 0 };

	if (!snapshot || !session->tracing)
		return snapshot;
	*err = loop__open(&loop, 1, seconds, tracer__ring_fd(session->tracer), -1);
	while (!*err) {
		int events = loop__wait(&loop);

		if (events < 0)
			*err = events;
		if (!*err && events & LOOP_RECORDS)
			*err = session__drain(session);
		if (!*err && events & LOOP_TIMER && !session__read(session, 0, err))
			break;
		if (events & (LOOP_END | LOOP_QUIT))
			break;
	}
	loop__close(&loop);
	return *err ? NULL : session__read(session, WANT_FRESH | WANT_HOLDERS, err);
}

int command__explain(const struct options *options)
{
	struct session_needs needs = { .groups = GROUP_TRACE, .cmdlines = true };
	double seconds = explain_report__seconds(options);
	const struct snapshot *snapshot;
	struct session session = { 0 };
	struct output output = { 0 };
	int err = output__open(&output, options->output, stdout), status;

	if (err)
		return output__failed(&output, err);
	err = ask__into(options, output.stream);
	if (err != -ENOENT)
		return output__finish(&output, EXIT_OK, err);
	err = 0;
	status = session__open(&session, options, &needs);
	if (status == EXIT_OK) {
		snapshot = watch(&session, seconds, &err);
		if (!snapshot) {
			say("cannot read this system: %s", strerror(-err));
			status = EXIT_FAILED;
		} else {
			err = explain_report__write(output.stream, options, snapshot,
						    session.limits ? limitwatch__history(session.limits) : NULL,
						    session.limits ? limitwatch__warner(session.limits) : NULL,
						    seconds);
		}
	}
	session__close(&session);
	return output__finish(&output, status, err);
}
