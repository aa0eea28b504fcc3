/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user of `top` has chosen so far, and how keys change it. No terminal, no
 * clock, no reading: the drawing tells how many rows and lines there were to choose
 * from, so that keys can be tested alone.
 */
#ifndef PAGETIDE_TOP_STATE_H
#define PAGETIDE_TOP_STATE_H

#include "options.h"
#include "top.h"

#include <wchar.h>

#define TOP_VIEWS (VIEW_FILE + 1)
#define TOP_INPUT_MAX 128
#define TOP_INTERVAL_MIN 0.1
#define TOP_INTERVAL_MAX 3600.0

/* The views in the order of their keys, '1' first. */
extern const enum view top_views[];
extern const size_t top_view_count;

enum top_mode { TOP_TABLE, TOP_DETAILS, TOP_HELP, TOP_FILTER, TOP_INTERVAL };

/* What a row is, from one reading to the next; all 0: none. */
struct row_id {
	uint64_t a, b, c;
};

/* A list with a cursor; first, page and count are told by the drawing. */
struct top_list {
	size_t cursor, first, page, count;
	bool follows; /* the cursor stays on the row `selected`, wherever that goes */
	struct row_id selected;
};

struct top_view {
	struct top_list list;
	int columns; /* how many the view has */
	int sort;    /* index of one of them */
	bool reverse;
};

struct top_state {
	enum top_mode mode;
	enum view view;
	struct top_view views[TOP_VIEWS];
	struct top_list details; /* lines; its cursor is the first line shown */
	struct row_id detail_of;
	char filter[TOP_INPUT_MAX]; /* substring, "" for none */
	char input[TOP_INPUT_MAX];  /* the interval being typed */
	double interval_seconds;
	bool paused;
	bool clear;          /* the next drawing starts from an empty screen */
	bool clear_message;  /* the user has seen it */
	const char *refusal; /* why the last key did nothing; NULL: it did */
};

/* A key as wget_wch gives it: a character, or with `function` one of curses' KEY_ codes. */
struct top_key {
	bool function;
	wint_t code;
};

/* Starts with the view, sort order and interval of the options; columns are the caller's. */
void top_state__init(struct top_state *state, const struct options *options);

/* Changes the state by one key; says what the loop should do. */
enum top_wish top_state__press(struct top_state *state, struct top_key key);

static inline struct top_view *top_state__view(struct top_state *state)
{
	return &state->views[state->view];
}

static inline bool row_id__equal(struct row_id a, struct row_id b)
{
	return a.a == b.a && a.b == b.b && a.c == b.c;
}

#endif
