// SPDX-License-Identifier: GPL-2.0-only
/* explain: watches for a few seconds, then says what is wrong, why, and what to do. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands.h"
#include "explain.h"
#include "json_row.h"
#include "loop.h"
#include "out.h"
#include "escape.h"
#include "output.h"
#include "say.h"
#include "session.h"

#define WATCH_SECONDS 6.0
#define FINDINGS_MOST 64

static struct finding findings[FINDINGS_MOST];

static int put_text(FILE *out, size_t count, const struct snapshot *snapshot, double seconds)
{
	const char *unseen;

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%zu. ", i + 1);
		out__escaped(out, escape__text, findings[i].text);
		fputs("\n   ", out);
		out__escaped(out, escape__text, findings[i].advice);
		fputc('\n', out);
	}
	if (!count)
		fprintf(out, "nothing found in %.0f s\n", seconds);
	fputs("not seen:\n", out);
	for (size_t i = 0; (unseen = explain__unseen(snapshot, seconds, i)); i++)
		fprintf(out, "   %s\n", unseen);
	return out__flush(out);
}

static json_t *make_finding(const struct finding *f)
{
	json_t *row = json_object(), *evidence = json_object();
	int err = row && evidence ? 0 : -ENOMEM;

	if (!err)
		err = json_row__set(row, "kind", json_string(f->kind));
	if (!err)
		err = json_row__set(row, "urgency", json_integer(f->urgency));
	if (!err && f->target[0])
		err = json_row__set(row, "target", json_row__string(f->target));
	if (!err)
		err = json_row__set(row, "text", json_row__string(f->text));
	if (!err)
		err = json_row__set(row, "advice", json_row__string(f->advice));
	for (size_t i = 0; i < f->figure_count && !err; i++) {
		double value = f->figures[i].value;
		bool whole = value == (double)(json_int_t)value;

		err = json_row__set(evidence, f->figures[i].key,
				    whole ? json_integer((json_int_t)value) : json_real(value));
	}
	if (!err)
		err = json_row__set(row, "evidence", json_incref(evidence));
	json_decref(evidence);
	if (!err)
		return row;
	json_decref(row);
	return NULL;
}

static int put_json(FILE *out, size_t count, const struct snapshot *snapshot, double seconds)
{
	json_t *whole = json_object(), *list = json_array(), *lines = json_array();
	const char *unseen;
	int err = json_row__set_time(whole, "time", snapshot->time_ns);

	if (!err)
		err = json_row__set(whole, "watched_seconds", json_real(seconds));
	for (size_t i = 0; i < count && !err; i++)
		err = json_array_append_new(list, make_finding(&findings[i])) ? -ENOMEM : 0;
	for (size_t i = 0; !err && (unseen = explain__unseen(snapshot, seconds, i)); i++)
		err = json_array_append_new(lines, json_string(unseen)) ? -ENOMEM : 0;
	if (!err)
		err = json_row__set(whole, "findings", json_incref(list));
	if (!err)
		err = json_row__set(whole, "not_seen", json_incref(lines));
	json_decref(list);
	json_decref(lines);
	if (!err)
		err = json_row__put(out, json_incref(whole), false);
	json_decref(whole);
	fputc('\n', out);
	return err ? err : out__flush(out);
}

/* readings a second apart until the time is over; the last one is what is explained */
static const struct snapshot *watch(struct session *session, double seconds, int *err)
{
	const struct snapshot *snapshot = session__read(session, 0, err);
	struct loop loop = {0};

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
	struct session_needs needs = {.groups = GROUP_TRACE, .cmdlines = true};
	double seconds = options->duration_seconds > 0 ? options->duration_seconds : WATCH_SECONDS;
	const struct snapshot *snapshot;
	struct session session = {0};
	struct output output = {0};
	int err = output__open(&output, options->output, stdout), status, closed;
	size_t count;

	if (err)
		return output__failed(&output, err);
	status = session__open(&session, options, &needs);
	if (status == EXIT_OK) {
		snapshot = watch(&session, seconds, &err);
		if (!snapshot) {
			say("cannot read this system: %s", strerror(-err));
			status = EXIT_FAILED;
		} else {
			count = explain__findings(snapshot, session.limits ? limitwatch__history(session.limits) : NULL,
						  findings, FINDINGS_MOST);
			err = (options->format == FORMAT_JSON ? put_json : put_text)(output.stream, count, snapshot,
										    seconds);
		}
	}
	session__close(&session);
	closed = output__close(&output, status != EXIT_OK || err);
	if (status == EXIT_OK && (err || closed))
		status = output__failed(&output, err ? err : closed);
	return status;
}
