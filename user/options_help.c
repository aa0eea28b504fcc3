// SPDX-License-Identifier: GPL-2.0-only
/* Help from the table of options, in 80 columns. */
#include "options_table.h"

#include <string.h>

#define OPTION_WIDTH 22

static void print_option(FILE *out, const struct option_row *row)
{
	char left[40], letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
	fprintf(out, "  %s%-*s %s\n", letter, OPTION_WIDTH, left, row->help);
}

static void print_options(FILE *out, enum command command)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_rows[i].commands & FOR(command))
			print_option(out, &option_rows[i]);
}

static void print_overall(FILE *out)
{
	fputs("pagetide: whose is every page of this machine's memory\n\n"
	      "usage: pagetide COMMAND [OPTION...]\n\n",
	      out);
	for (size_t i = 0; i < command_count; i++)
		fprintf(out, "  %s%-*s %s\n", command_rows[i].name,
			(int)(OPTION_WIDTH + 4 - strlen(command_rows[i].name)), command_rows[i].usage,
			command_rows[i].help);
	fputs("\n"
	      "pagetide COMMAND --help shows the options of a command. Sizes take K, M, G, T\n"
	      "(powers of 1024). Exit status: 0 done (run: COMMAND's own), 1 failed, 2 bad\n"
	      "usage, 77 this kernel or these rights do not allow it.\n",
	      out);
}

void options__help(FILE *out, enum command command)
{
	for (size_t i = 0; i < command_count; i++) {
		const struct command_row *row = &command_rows[i];

		if (row->command != command)
			continue;
		fprintf(out, "pagetide %s: %s\n\nusage: pagetide %s [OPTION...]%s\n\n", row->name, row->help, row->name,
			row->usage);
		print_options(out, command);
		return;
	}
	print_overall(out);
}
