/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that draw `top` share. */
#ifndef PAGETIDE_TOP_PRIVATE_H
#define PAGETIDE_TOP_PRIVATE_H

#include "top.h"
#include "top_bars.h"
#include "top_layout.h"
#include "top_screen.h"
#include "top_state.h"
#include "top_table.h"

#define TOP_MESSAGE_MAX 512
#define TOP_BARS_MAX 16

struct top {
	const struct options *options;
	struct top_state state;
	struct top_table tables[TOP_VIEWS];
	struct rows rows;            /* of the view that is shown, from the last reading */
	const struct snapshot *last; /* NULL: none yet */
	struct snapshot *held;       /* the last, of which a pause keeps a copy; else NULL */
	struct screen *screen;
	bool late; /* the terminal has not got what is drawn */
	bool shows_cursor;
	char message[TOP_MESSAGE_MAX];
	uint64_t message_until_ns; /* CLOCK_MONOTONIC */
};

/* Lines above the table: what the machine has, which limits are near, which views there are. */
void top_header__draw(const struct top *top, const struct layout_screen *screen, const struct top_bar *bars,
		      size_t bar_count);
/* Whether there is more to say than fits on the lines that are always there. */
bool top_header__has_notes(const struct snapshot *snapshot);

/* Everything about the row that the details were opened on, on `lines` lines from `at`. */
void top_details__draw(struct top *top, int at, int lines);

/* The keys, and what the words on the screen mean. */
void top_help__draw(struct top *top, int lines);

#endif
