// SPDX-License-Identifier: GPL-2.0-only
/*
 * run: a command, its descendants, and at the end what they did to memory. The
 * command's streams and exit status are its own; ours is one report.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "escape.h"
#include "follow.h"
#include "kept_events.h"
#include "loop.h"
#include "output.h"
#include "run.h"
#include "run_private.h"
#include "say.h"
#include "session.h"
#include "sink.h"
#include "warning_text.h"

#define ALIKE_FOR_PEOPLE 3 /* files alike that one row shows better */
#define IN_FOLDER_MOST 100 /* more files of one folder become fewer rows in any format */

struct run {
	const struct options *options;
	struct session session;
	struct loop loop;
	struct follow follow;
	struct output output, csv;
	struct run_timeline timeline;
	struct snapshot filtered;
	struct run_names names;
	struct run_report report;
	char command[4096];
	uint64_t start_boot_ns;
	bool said;  /* why the report cannot be written */
	bool leave; /* the user does not wait for the descendants */
	struct kept_events warnings, failures;
};

/* a warning is told at once; the report lists it, and what went wrong for the command */
static void tell(void *context, const struct event *event)
{
	struct run *run = context;
	char line[WARNING_LINE_MAX];

	switch (event->type) {
	case EVENT_WARNING:
		warning_text__line(event->warning, line, sizeof(line));
		say("warning: %s", line);
		kept_events__add(&run->warnings, event);
		break;
	case EVENT_OOM:
	case EVENT_ENOSPC:
	case EVENT_SIGBUS:
	case EVENT_HUGETLB:
	case EVENT_MEMLOCK:
		if (event->followed)
			kept_events__add(&run->failures, event);
		break;
	default:
		break;
	}
}

/* one row of the timeline; the report's snapshot is that of the last reading */
static int read_once(struct run *run)
{
	const struct snapshot *snapshot;
	int err;

	snapshot = session__read(&run->session, 0, &err);
	if (!snapshot)
		return err;
	return run_timeline__add(&run->timeline, snapshot, run->start_boot_ns);
}

static int start(struct run *run)
{
	int err = follow__start(&run->follow, run->session.tracer, run->options->argv, &run->loop.before);

	if (err) {
		say("cannot start %s: %s", run->options->argv[0], strerror(-err));
		return EXIT_FAILED;
	}
	run->report.start_time_ns = clock__ns(CLOCK_REALTIME);
	run->start_boot_ns = clock__ns(CLOCK_BOOTTIME);
	err = follow__go(&run->follow);
	if (!err)
		return EXIT_OK;
	say("cannot run %s: %s", run->options->argv[0], strerror(-err));
	return follow__exec_status(err);
}

static bool is_over(const struct run *run)
{
	return run->follow.ended && (run->leave || !model__followed_alive(run->session.model));
}

static void take_signals(struct run *run)
{
	if (!run->follow.ended)
		follow__pass(&run->follow, run->loop.signals & ~run->loop.from_tty);
	else if (run->loop.ending)
		run->leave = true;
}

static int watch(struct run *run)
{
	int err = read_once(run);

	while (!err && !is_over(run)) {
		int events = loop__wait(&run->loop);

		if (events < 0)
			return events;
		if (events & LOOP_CHILD)
			follow__reap(&run->follow);
		if (events & LOOP_RECORDS)
			err = session__drain(&run->session);
		if (!err && session__look(&run->session, &run->loop.patience_ms))
			loop__hurry(&run->loop);
		if (!err && events & LOOP_TIMER)
			err = session__go_on(&run->session, read_once(run));
		if (events & LOOP_SIGNAL)
			take_signals(run);
		if (events & LOOP_END)
			run->leave = true;
	}
	return err ? err : read_once(run);
}

static void fill_report(struct run *run)
{
	struct run_report *report = &run->report;
	int status = run->follow.status;

	escape__command(run->command, sizeof(run->command), run->options->argv, run->options->argc);
	report->command = run->command;
	report->pid = run->follow.kernel_pid;
	report->exit_status = follow__exit_status(status);
	report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	report->descendants = model__followed(run->session.model);
	if (report->descendants)
		report->descendants--;
	report->oom_kills = model__oom_kills(run->session.model, true);
	report->enospc = report->sigbus = report->warnings = ABSENT;
	if (run->session.limits) {
		struct limits_counts counts = limitwatch__counts(run->session.limits);

		report->enospc = counts.followed_enospc;
		report->sigbus = counts.followed_sigbus;
		report->warnings = counts.warnings;
		report->warning_events = run->warnings.events;
		report->warning_event_count = run->warnings.count;
	}
	report->failures = run->failures.events;
	report->failure_count = run->failures.count;
	run_timeline__report(&run->timeline, report);
	report->snapshot = &run->filtered;
}

static int write_report(struct run *run)
{
	bool people = run->options->format == FORMAT_TEXT;
	int err = run_select(&run->filtered, run->timeline.last);

	if (!err)
		run_deleted(&run->filtered);
	if (!err)
		err = run_group(&run->filtered, people ? ALIKE_FOR_PEOPLE : 2,
				people ? ALIKE_FOR_PEOPLE : IN_FOLDER_MOST + 1, &run->names);
	if (err)
		return err;
	fill_report(run);
	say__drain();
	err = sink__choose(run->options)->report(run->output.stream, &run->report, run->options);
	if (err) {
		output__failed(&run->output, err);
		run->said = true;
	}
	if (run->csv.stream) {
		err = sink_csv.report(run->csv.stream, &run->report, run->options);
		if (err && !run->said) {
			output__failed(&run->csv, err);
			run->said = true;
		}
	}
	return 0;
}

static int open_outputs(struct run *run)
{
	int err = output__open(&run->output, run->options->output, stderr);

	if (err)
		return output__failed(&run->output, err);
	if (!run->options->csv_file)
		return EXIT_OK;
	err = output__open(&run->csv, run->options->csv_file, NULL);
	if (err)
		return output__failed(&run->csv, err);
	if (!output__same_file(&run->output, &run->csv))
		return EXIT_OK;
	say("-o %s and --csv %s are the same file: give each its own", run->output.path, run->csv.path);
	return EXIT_USAGE;
}

static int run_to_the_end(struct run *run)
{
	int status, err = loop__open(&run->loop, run->options->interval_seconds, run->options->duration_seconds,
				     tracer__ring_fd(run->session.tracer), -1);

	if (err) {
		say("cannot start: %s", strerror(-err));
		return EXIT_FAILED;
	}
	status = start(run);
	if (status != EXIT_OK)
		return status;
	err = watch(run);
	if (!err)
		err = write_report(run);
	if (err) {
		/* the command matters more than its report: see it to its end */
		say("cannot follow the command: %s", strerror(-err));
		while (!run->follow.ended) {
			if (loop__wait(&run->loop) & LOOP_SIGNAL)
				take_signals(run);
			follow__reap(&run->follow);
		}
	}
	return follow__exit_status(run->follow.status);
}

int command__run(const struct options *options)
{
	static struct run run;
	struct session_needs needs = { .groups = GROUP_TRACE,
				       .keep_gone = true,
				       .follow = true,
				       .cmdlines = true,
				       .emit = tell,
				       .context = &run };
	int status, closed, closed_csv;

	run.options = options;
	status = open_outputs(&run);
	if (status == EXIT_OK)
		status = session__open(&run.session, options, &needs);
	if (status == EXIT_OK)
		status = run_to_the_end(&run);
	follow__abandon(&run.follow);
	loop__close(&run.loop);
	closed = output__close(&run.output, !run.report.command);
	closed_csv = output__close(&run.csv, !run.report.command);
	if (closed && !run.said) {
		output__failed(&run.output, closed);
		run.said = true;
	}
	if (closed_csv && !run.said)
		output__failed(&run.csv, closed_csv);
	run_timeline__free(&run.timeline);
	run_select__free(&run.filtered);
	run_names__free(&run.names);
	kept_events__free(&run.warnings);
	kept_events__free(&run.failures);
	session__close(&run.session);
	return status;
}
