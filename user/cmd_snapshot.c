// SPDX-License-Identifier: GPL-2.0-only
/* snapshot: one reading of everything, then exit. Nothing is attached; a running serve knows more. */
#include <errno.h>
#include <string.h>

#include "ask.h"
#include "commands.h"
#include "output.h"
#include "say.h"
#include "session.h"
#include "sink.h"

int command__snapshot(const struct options *options)
{
	struct session_needs needs = { .groups = GROUP_READ, .cmdlines = true, .holders = true };
	struct session session = {};
	struct output output = {};
	const struct snapshot *snapshot;
	int status, err;

	err = output__open(&output, options->output, stdout);
	if (err)
		return output__failed(&output, err);
	err = ask__into(options, output.stream);
	if (err != -ENOENT)
		return output__finish(&output, EXIT_OK, err);
	err = 0;
	status = session__open(&session, options, &needs);
	if (status == EXIT_OK) {
		snapshot = session__read(&session, WANT_FRESH, &err);
		if (!snapshot) {
			say("cannot read this system: %s", strerror(-err));
			status = EXIT_FAILED;
		} else {
			err = sink__begin(output.stream, options);
			if (!err)
				err = sink__choose(options)->snapshot(output.stream, snapshot, options);
		}
	}
	session__close(&session);
	return output__finish(&output, status, err);
}
