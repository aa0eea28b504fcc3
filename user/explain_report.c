// SPDX-License-Identifier: GPL-2.0-only
#include "explain_report.h"

#include <errno.h>
#include <inttypes.h>

#include "escape.h"
#include "explain.h"
#include "json_row.h"
#include "out.h"

#define WATCH_SECONDS 6.0
#define FINDINGS_MOST 64

static struct finding findings[FINDINGS_MOST];

static int put_text(FILE *out, size_t count, size_t left_out, const struct snapshot *snapshot, double seconds)
{
	const char *unseen;

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%zu. ", i + 1);
		out__escaped(out, escape__text, findings[i].text);
		fputs("\n   ", out);
		out__escaped(out, escape__text, findings[i].advice);
		fputc('\n', out);
	}
	if (left_out)
		fprintf(out, "and %zu more, less urgent than these\n", left_out);
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

static int put_json(FILE *out, size_t count, size_t left_out, const struct snapshot *snapshot, double seconds)
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
		err = json_row__set(whole, "findings_left_out", json_integer((json_int_t)left_out));
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

double explain_report__seconds(const struct options *options)
{
	return options->duration_seconds > 0 ? options->duration_seconds : WATCH_SECONDS;
}

int explain_report__write(FILE *out, const struct options *options, const struct snapshot *snapshot,
			  const struct history *history, const struct warner *warner, double seconds)
{
	size_t left_out, count = explain__findings(snapshot, history, warner, findings, FINDINGS_MOST, &left_out);

	return (options->format == FORMAT_JSON ? put_json : put_text)(out, count, left_out, snapshot, seconds);
}
