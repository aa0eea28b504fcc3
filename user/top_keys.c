// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each key of `top` does: one table. Keys only change the state; they must
 * never draw, read or wait.
 */
#include "top_state.h"

#include <curses.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ESC 27
#define CTRL(letter) ((letter)&31)
#define DELETE 127

const enum view top_views[] = {
	VIEW_PROCESS, VIEW_CONTAINER, VIEW_CGROUP, VIEW_MOUNT, VIEW_FILE, VIEW_SYSTEM,
};
const size_t top_view_count = sizeof(top_views) / sizeof(top_views[0]);

typedef enum top_wish action(struct top_state *state, int argument);

void top_state__init(struct top_state *state, const struct options *options)
{
	*state = (struct top_state){ .view = options->view, .interval_seconds = options->interval_seconds };
	if (state->view == VIEW_ALL)
		state->view = VIEW_PROCESS;
}

static enum top_wish quit(struct top_state *state, int argument)
{
	(void)state, (void)argument;
	return TOP_QUIT;
}

static enum top_wish redraw(struct top_state *state, int argument)
{
	(void)argument;
	state->clear = true;
	return TOP_REDRAW;
}

static enum top_wish choose_view(struct top_state *state, int index)
{
	state->view = top_views[index];
	state->mode = TOP_TABLE;
	return TOP_REDRAW;
}

static enum top_wish next_view(struct top_state *state, int step)
{
	size_t at = 0;

	while (at + 1 < top_view_count && top_views[at] != state->view)
		at++;
	at += top_view_count + (size_t)step;
	return choose_view(state, (int)(at % top_view_count));
}

/* Which end the cursor goes to, or by how much; a page is what the screen shows. */
enum { UP, DOWN, PAGE_UP, PAGE_DOWN, FIRST, LAST };

static size_t moved(const struct top_list *list, size_t last, int way)
{
	size_t step = way == UP || way == DOWN ? 1 : list->page ? list->page : 1;
	size_t at = list->cursor;

	switch (way) {
	case UP:
	case PAGE_UP:
		return at > step ? at - step : 0;
	case DOWN:
	case PAGE_DOWN:
		return at + step < last ? at + step : last;
	default:
		return way == FIRST ? 0 : last;
	}
}

static enum top_wish go(struct top_state *state, int way)
{
	struct top_list *list;

	if (state->mode != TOP_TABLE) {
		list = &state->details;
		list->cursor = moved(list, list->count > list->page ? list->count - list->page : 0, way);
		return TOP_REDRAW;
	}
	list = &top_state__view(state)->list;
	list->cursor = moved(list, list->count ? list->count - 1 : 0, way);
	/* On the first line it stays there: who wants the largest wants the next largest too. */
	list->follows = list->cursor > 0;
	list->selected = (struct row_id){ 0 };
	return TOP_REDRAW;
}

static void to_first_row(struct top_state *state)
{
	struct top_list *list = &top_state__view(state)->list;

	list->cursor = list->first = 0;
	list->follows = false;
}

static enum top_wish sort_by(struct top_state *state, int step)
{
	struct top_view *view = top_state__view(state);

	if (view->columns < 1)
		return TOP_NOTHING;
	view->sort = (view->sort + view->columns + step) % view->columns;
	view->reverse = false;
	to_first_row(state);
	return TOP_REDRAW;
}

static enum top_wish reverse(struct top_state *state, int argument)
{
	(void)argument;
	top_state__view(state)->reverse ^= true;
	to_first_row(state);
	return TOP_REDRAW;
}

static enum top_wish pause_or_go(struct top_state *state, int argument)
{
	(void)argument;
	state->paused ^= true;
	return state->paused ? TOP_REDRAW : TOP_READ_NOW;
}

static enum top_wish enter_mode(struct top_state *state, int mode)
{
	state->mode = (enum top_mode)mode;
	state->input[0] = '\0';
	state->details = (struct top_list){ 0 };
	return TOP_REDRAW;
}

static enum top_wish open_details(struct top_state *state, int argument)
{
	struct top_list *list = &top_state__view(state)->list;

	(void)argument;
	if (!list->count) {
		state->refusal = "no row to show the details of";
		return TOP_REDRAW;
	}
	list->follows = true; /* back on it, whatever happened in between */
	state->details = (struct top_list){ 0 };
	state->detail_of = list->selected;
	state->mode = TOP_DETAILS;
	/* a file's holders are read only when they are looked at */
	return state->view == VIEW_FILE && !state->paused ? TOP_READ_NOW : TOP_REDRAW;
}

static enum top_wish back(struct top_state *state, int argument)
{
	(void)argument;
	state->clear_message = true;
	if (state->mode == TOP_TABLE) {
		state->filter[0] = '\0';
		to_first_row(state);
	}
	state->mode = TOP_TABLE;
	return TOP_REDRAW;
}

static enum top_wish accept(struct top_state *state, int argument)
{
	double seconds;
	char *end;

	(void)argument;
	if (state->mode == TOP_FILTER || !state->input[0])
		return enter_mode(state, TOP_TABLE);
	seconds = strtod(state->input, &end);
	if (*end || !(seconds >= TOP_INTERVAL_MIN && seconds <= TOP_INTERVAL_MAX)) {
		state->refusal = "the interval is a number of seconds from 0.1 to 3600";
		return enter_mode(state, TOP_TABLE);
	}
	state->interval_seconds = seconds;
	enter_mode(state, TOP_TABLE);
	return TOP_READ_NOW;
}

static char *typed(struct top_state *state)
{
	return state->mode == TOP_FILTER ? state->filter : state->input;
}

static enum top_wish rub_out(struct top_state *state, int all)
{
	char *text = typed(state);
	size_t length = strlen(text);

	if (!length && !all)
		return enter_mode(state, TOP_TABLE);
	while (length && (text[--length] & 0xc0) == 0x80) /* the rest of a UTF-8 character */
		;
	text[all ? 0 : length] = '\0';
	to_first_row(state);
	return TOP_REDRAW;
}

static enum top_wish cancel(struct top_state *state, int argument)
{
	(void)argument;
	typed(state)[0] = '\0';
	to_first_row(state);
	return enter_mode(state, TOP_TABLE);
}

static enum top_wish type(struct top_state *state, wint_t code)
{
	char bytes[MB_LEN_MAX], *text = typed(state);
	mbstate_t shift = { 0 };
	size_t length = strlen(text), count = wcrtomb(bytes, (wchar_t)code, &shift);

	if (code < ' ' || count == (size_t)-1 || length + count >= TOP_INPUT_MAX)
		return TOP_NOTHING;
	memcpy(text + length, bytes, count);
	text[length + count] = '\0';
	to_first_row(state);
	return TOP_REDRAW;
}

enum { IN_TABLE = 1, IN_DETAILS = 2, IN_LISTS = 3, IN_HELP = 4, IN_ALL = 7, IN_PROMPT = 8 };

struct binding {
	int modes;
	bool function;
	wint_t code;
	action *action;
	int argument;
};

#define KEY(modes, code, action, argument)           \
	{                                            \
		modes, false, code, action, argument \
	}
#define FUNCTION(modes, code, action, argument)     \
	{                                           \
		modes, true, code, action, argument \
	}

static const struct binding bindings[] = {
	FUNCTION(IN_PROMPT, KEY_ENTER, accept, 0),
	FUNCTION(IN_PROMPT, KEY_BACKSPACE, rub_out, 0),
	KEY(IN_PROMPT, '\n', accept, 0),
	KEY(IN_PROMPT, '\r', accept, 0),
	KEY(IN_PROMPT, CTRL('h'), rub_out, 0),
	KEY(IN_PROMPT, DELETE, rub_out, 0),
	KEY(IN_PROMPT, CTRL('u'), rub_out, 1),
	KEY(IN_PROMPT, ESC, cancel, 0),

	KEY(IN_TABLE, 'q', quit, 0),
	FUNCTION(IN_TABLE, KEY_F(10), quit, 0),
	KEY(IN_DETAILS | IN_HELP, 'q', back, 0),
	KEY(IN_ALL, ESC, back, 0),
	KEY(IN_DETAILS | IN_HELP, '\n', back, 0),
	KEY(IN_DETAILS | IN_HELP, '\r', back, 0),
	FUNCTION(IN_DETAILS | IN_HELP, KEY_ENTER, back, 0),
	FUNCTION(IN_DETAILS | IN_HELP, KEY_BACKSPACE, back, 0),
	KEY(IN_DETAILS | IN_HELP, DELETE, back, 0),
	KEY(IN_HELP, 'h', back, 0),
	KEY(IN_HELP, '?', back, 0),
	KEY(IN_ALL, CTRL('l'), redraw, 0),
	KEY(IN_LISTS, 'h', enter_mode, TOP_HELP),
	KEY(IN_LISTS, '?', enter_mode, TOP_HELP),
	FUNCTION(IN_LISTS, KEY_F(1), enter_mode, TOP_HELP),

	KEY(IN_ALL, '1', choose_view, 0),
	KEY(IN_ALL, '2', choose_view, 1),
	KEY(IN_ALL, '3', choose_view, 2),
	KEY(IN_ALL, '4', choose_view, 3),
	KEY(IN_ALL, '5', choose_view, 4),
	KEY(IN_ALL, '6', choose_view, 5),
	KEY(IN_ALL, '\t', next_view, 1),
	FUNCTION(IN_ALL, KEY_BTAB, next_view, -1),

	FUNCTION(IN_ALL, KEY_UP, go, UP),
	FUNCTION(IN_ALL, KEY_DOWN, go, DOWN),
	KEY(IN_ALL, 'k', go, UP),
	KEY(IN_ALL, 'j', go, DOWN),
	FUNCTION(IN_ALL, KEY_PPAGE, go, PAGE_UP),
	FUNCTION(IN_ALL, KEY_NPAGE, go, PAGE_DOWN),
	FUNCTION(IN_ALL, KEY_HOME, go, FIRST),
	FUNCTION(IN_ALL, KEY_END, go, LAST),
	KEY(IN_ALL, 'g', go, FIRST),
	KEY(IN_ALL, 'G', go, LAST),

	FUNCTION(IN_TABLE, KEY_LEFT, sort_by, -1),
	FUNCTION(IN_TABLE, KEY_RIGHT, sort_by, 1),
	KEY(IN_TABLE, '<', sort_by, -1),
	KEY(IN_TABLE, '>', sort_by, 1),
	KEY(IN_TABLE, 'r', reverse, 0),
	KEY(IN_TABLE, '/', enter_mode, TOP_FILTER),
	KEY(IN_TABLE, 'i', enter_mode, TOP_INTERVAL),
	KEY(IN_LISTS, 'p', pause_or_go, 0),
	KEY(IN_LISTS, ' ', pause_or_go, 0),
	KEY(IN_TABLE, '\n', open_details, 0),
	KEY(IN_TABLE, '\r', open_details, 0),
	FUNCTION(IN_TABLE, KEY_ENTER, open_details, 0),
};

enum top_wish top_state__press(struct top_state *state, struct top_key key)
{
	static const int of_mode[] = { [TOP_TABLE] = IN_TABLE,
				       [TOP_DETAILS] = IN_DETAILS,
				       [TOP_HELP] = IN_HELP,
				       [TOP_FILTER] = IN_PROMPT,
				       [TOP_INTERVAL] = IN_PROMPT };
	int mode = of_mode[state->mode];

	state->refusal = NULL;
	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
		const struct binding *b = &bindings[i];

		if (b->function == key.function && b->code == key.code && (b->modes & mode))
			return b->action(state, b->argument);
	}
	return mode == IN_PROMPT && !key.function ? type(state, key.code) : TOP_NOTHING;
}
