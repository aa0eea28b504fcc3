// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live view: takes the terminal, draws readings, hands keys to the state. It must
 * never wait for anything, and always give the terminal back as it was.
 */
#include "top.h"

#include "clock.h"
#include "snapshot_copy.h"
#include "top_paint.h"
#include "top_private.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000ull
#define MESSAGE_SECONDS 60
#define LINES_WITHOUT_FOOTER 3 /* as layout__screen has it */
#define LINES_FOR_ALL 45       /* on less, details have the lines of the machine's figures */
#define KEYS_AT_ONCE 64        /* the loop has other things to do than a pasted book */

int top__open(struct top **out, const struct options *options)
{
	struct top *top;
	int error;

	*out = NULL;
	setlocale(LC_CTYPE, "");
	top = calloc(1, sizeof(*top));
	if (!top)
		return -ENOMEM;
	top->options = options;
	top_state__init(&top->state, options);
	for (size_t i = 0; i < top_view_count; i++)
		top_table__init(&top->tables[top_views[i]], top_views[i], options->sort,
				&top->state.views[top_views[i]]);
	error = screen__open(&top->screen);
	if (error) {
		top__close(top);
		return error;
	}
	paint__begin();
	*out = top;
	return 0;
}

void top__close(struct top *top)
{
	if (!top)
		return;
	screen__close(top->screen);
	select__free(&top->rows);
	snapshot_copy__free(top->held);
	free(top);
}

/* What is typed, what went wrong, or which keys there are: the line at the bottom. */
static void draw_footer(struct top *top, int line)
{
	static const char *const hints[] = { "h help",   "q quit",    "Enter details", "/ filter",
					     "< > sort", "r reverse", "p pause",       "i interval" };
	const struct top_state *state = &top->state;
	char text[TOP_MESSAGE_MAX + 64];
	int at = 0;

	top->shows_cursor = false;
	paint__text(line, 0, COLS, PAINT_PLAIN, "");
	if (state->mode == TOP_FILTER || state->mode == TOP_INTERVAL) {
		if (state->mode == TOP_FILTER)
			snprintf(text, sizeof(text), "Filter: %s", state->filter);
		else
			snprintf(text, sizeof(text), "Seconds between readings (now %g): %s", state->interval_seconds,
				 state->input);
		at = paint__text(line, 0, COLS - 1, PAINT_TITLE, text);
		move(line, at);
		top->shows_cursor = true;
		return;
	}
	if (state->refusal || (top->message[0] && clock__ns(CLOCK_MONOTONIC) < top->message_until_ns)) {
		paint__text(line, 0, COLS, PAINT_NEAR, state->refusal ? state->refusal : top->message);
		return;
	}
	if (state->mode == TOP_DETAILS || state->mode == TOP_HELP) {
		snprintf(text, sizeof(text), "Esc back%s",
			 state->details.count > state->details.page ? "   arrows, PgDn, PgUp: more" : "");
		paint__text(line, 0, COLS, PAINT_FAINT, text);
		return;
	}
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]) && at + (int)strlen(hints[i]) <= COLS; i++)
		at += paint__text(line, at, (int)strlen(hints[i]), PAINT_FAINT, hints[i]) + 2;
}

static void draw_reading(struct top *top)
{
	struct top_bar bars[TOP_BARS_MAX];
	size_t count = top_bars__choose(top->last, bars, TOP_BARS_MAX);
	struct layout_screen screen = layout__screen(LINES, (int)count, top_header__has_notes(top->last));

	if (top->state.mode == TOP_DETAILS && LINES < LINES_FOR_ALL) {
		screen.ram = screen.legend = screen.notes = screen.bars = 0;
		screen.bars_at = screen.tabs_at = screen.title;
	}
	top_header__draw(top, &screen, bars, count);
	if (top->state.mode == TOP_DETAILS)
		top_details__draw(top, screen.tabs_at, screen.footer_at - screen.tabs_at);
	else
		top_table__draw(&top->tables[top->state.view], &top->state, &top->rows, &screen);
}

/* Onto the terminal; while that takes nothing, later: curses draws the difference, however much it is then. */
static void present(struct top *top)
{
	top->late = !screen__is_ready(top->screen);
	if (top->late)
		return;
	curs_set(top->shows_cursor);
	refresh();
	top->late = screen__send(top->screen) == -ENOBUFS;
}

static void draw(struct top *top)
{
	int footer = LINES > LINES_WITHOUT_FOOTER ? LINES - 1 : LINES;

	if (top->state.clear)
		clearok(stdscr, TRUE);
	top->state.clear = false;
	erase();
	if (top->state.mode == TOP_HELP)
		top_help__draw(top, footer);
	else if (top->last)
		draw_reading(top);
	else
		paint__text(0, 0, COLS, PAINT_PLAIN, "pagetide: the first reading is under way");
	if (footer < LINES)
		draw_footer(top, footer);
	present(top);
}

/* The rows anew from the last reading; the old ones stay when there is no memory. */
static int select_rows(struct top *top)
{
	struct rows rows = { 0 };
	int error;

	if (!top->last)
		return 0;
	error = top_table__select(&top->tables[top->state.view], top->last, top->options, &top->state, &rows);
	if (error) {
		select__free(&rows);
		return error;
	}
	select__free(&top->rows);
	top->rows = rows;
	return 0;
}

/* paused, it stays as it is while others are taken; without the memory for that it is not paused */
static void hold(struct top *top)
{
	if (!top->state.paused || top->held || !top->last)
		return;
	top->held = snapshot_copy__make(top->last);
	if (top->held) {
		top->last = top->held;
		return;
	}
	top->state.paused = false;
	top->state.refusal = "no memory to hold this reading";
}

int top__show(struct top *top, const struct snapshot *snapshot)
{
	int error;

	if (top->held && top->state.paused)
		return 0;
	snapshot_copy__free(top->held);
	top->held = NULL;
	top->last = snapshot;
	hold(top);
	error = select_rows(top);
	if (error || !snapshot) /* the old rows are of a reading that may be no more */
		select__free(&top->rows);
	draw(top);
	return error;
}

/* Readable and nothing to read: nobody is there any more. */
static bool is_hung_up(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int waiting = 0;

	if (poll(&input, 1, 0) <= 0)
		return false;
	if (input.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return (input.revents & POLLIN) && ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting == 0;
}

enum top_wish top__key(struct top *top)
{
	enum top_wish strongest = TOP_NOTHING;

	for (int i = 0; i < KEYS_AT_ONCE; i++) {
		struct top_key key = { 0 };
		enum top_wish wish;
		int kind = screen__key(top->screen, &key.code);

		if (kind == ERR) {
			if (i == 0 && is_hung_up())
				return TOP_QUIT;
			break;
		}
		key.function = kind == KEY_CODE_YES;
		wish = top_state__press(&top->state, key);
		if (top->state.clear_message)
			top->message[0] = '\0';
		top->state.clear_message = false;
		if (wish > strongest)
			strongest = wish;
		if (wish == TOP_NOTHING || wish == TOP_QUIT)
			continue;
		hold(top);
		if (select_rows(top) != 0) /* the next key must not act on rows of another view */
			select__free(&top->rows);
		draw(top);
	}
	return strongest;
}

void top__resized(struct top *top)
{
	screen__resize(top->screen);
	top->state.clear = true;
	draw(top);
}

bool top__wants_holders(const struct top *top)
{
	return top->state.mode == TOP_DETAILS && top->state.view == VIEW_FILE;
}

double top__interval_seconds(const struct top *top)
{
	return top->state.interval_seconds;
}

void top__message(struct top *top, const char *text)
{
	snprintf(top->message, sizeof(top->message), "%s", text);
	top->message_until_ns = clock__ns(CLOCK_MONOTONIC) + MESSAGE_SECONDS * NS_PER_SECOND;
	if (LINES > LINES_WITHOUT_FOOTER) {
		draw_footer(top, LINES - 1); /* no more: the last reading may be on its way out */
		present(top);
	}
}

int top__look(struct top *top)
{
	if (top->late)
		present(top);
	return screen__error(top->screen);
}

void top__leave(struct top *top)
{
	screen__leave(top->screen);
}

void top__return(struct top *top)
{
	screen__return(top->screen);
	top->state.clear = true;
	draw(top);
}
