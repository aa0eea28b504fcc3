// SPDX-License-Identifier: GPL-2.0-only
/* probes: which way each fact is taken on this kernel, and what is lost with it. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"
#include "say.h"
#include "session.h"

static const char *state_of(const struct choice *choice)
{
	return choice->way ? choice->way->name : "not to be had";
}

static const char *loss_of(const struct choice *choice)
{
	if (!choice->way)
		return "all of it";
	return choice->way->lost ? choice->way->lost : "nothing";
}

static int print_text(FILE *out, const struct session *session)
{
	fprintf(out, "kernel %s, lockdown %s, tier %s\n", kernel__release(), kernel__lockdown(),
		plan__tier_name(session->plan.tier));
	fprintf(out, "%-16s %-64s %s\n", "FACT", "WAY TAKEN", "LOST");
	for (int i = 0; i < FACTS; i++) {
		const struct choice *choice = &session->plan.choices[i];

		fprintf(out, "%-16s %-64s %s\n", choice->fact->name, state_of(choice), loss_of(choice));
	}
	return ferror(out) ? -EIO : 0;
}

static int print_json(FILE *out, const struct session *session)
{
	json_t *rows = json_array(), *whole;
	int err;

	for (int i = 0; i < FACTS; i++) {
		const struct choice *choice = &session->plan.choices[i];
		json_t *row = json_pack("{s:s, s:s, s:b}", "fact", choice->fact->name, "what", choice->fact->what,
					"available", choice->way != NULL);

		if (choice->way)
			json_object_set_new(row, "way", json_string(choice->way->name));
		if (!choice->way || choice->way->lost)
			json_object_set_new(row, "lost", json_string(loss_of(choice)));
		json_array_append_new(rows, row);
	}
	whole = json_pack("{s:s, s:s, s:s, s:i, s:o}", "kernel", kernel__release(), "lockdown", kernel__lockdown(),
			  "tier", plan__tier_name(session->plan.tier), "map_bytes",
			  (int)tracer__map_bytes(session->tracer), "facts", rows);
	err = whole && json_dumpf(whole, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF ? 0 : -EIO;
	json_decref(whole);
	return err;
}

int command__probes(const struct options *options)
{
	/* all are loaded and attached for a moment: what is said here was tried */
	struct session_needs needs = { .groups = GROUP_READ | GROUP_TRACE | GROUP_MAPPINGS };
	struct session session = {};
	struct output output = {};
	int err = output__open(&output, options->output, stdout), status;

	if (err)
		return output__failed(&output, err);
	status = session__open(&session, options, &needs);
	if (status == EXIT_OK)
		err = options->format == FORMAT_JSON ? print_json(output.stream, &session)
						     : print_text(output.stream, &session);
	session__close(&session);
	return output__finish(&output, status, err);
}
