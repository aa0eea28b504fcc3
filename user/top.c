// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live view: takes the terminal, draws readings, hands keys to the state. It must
 * never wait for anything, and always give the terminal back as it was.
 */
#include "top.h"

#include "clock.h"
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
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000ull
#define MESSAGE_SECONDS 60
#define ESCAPE_DELAY_MS 25     /* an Esc alone, or the start of a function key */
#define LINES_WITHOUT_FOOTER 3 /* as layout__screen has it */
#define LINES_FOR_ALL 45       /* on less, details have the lines of the machine's figures */
#define KEYS_AT_ONCE 64        /* the loop has other things to do than a pasted book */

/* Ctrl-S must not stop the output: the loop would wait in a write, and readings with it. */
static void take_flow_control_off(void)
{
	struct termios mode;

	if (tcgetattr(STDIN_FILENO, &mode) != 0)
		return;
	mode.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
	def_prog_mode();
}

static int take_terminal(struct top *top)
{
	SCREEN *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -EINVAL;
	top->screen = screen;
	set_term(screen);
	if (!tigetstr("cup")) /* a terminal that cannot place the cursor: "dumb" */
		return -EINVAL;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	take_flow_control_off();
	paint__begin();
	return 0;
}

static void give_terminal_back(struct top *top)
{
	if (!top->screen)
		return;
	endwin();
	delscreen(top->screen);
	top->screen = NULL;
}

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
	error = take_terminal(top);
	if (error) {
		top__close(top);
		return error;
	}
	*out = top;
	return 0;
}

void top__close(struct top *top)
{
	if (!top)
		return;
	give_terminal_back(top);
	select__free(&top->rows);
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

	curs_set(0);
	paint__text(line, 0, COLS, PAINT_PLAIN, "");
	if (state->mode == TOP_FILTER || state->mode == TOP_INTERVAL) {
		if (state->mode == TOP_FILTER)
			snprintf(text, sizeof(text), "Filter: %s", state->filter);
		else
			snprintf(text, sizeof(text), "Seconds between readings (now %g): %s", state->interval_seconds,
				 state->input);
		at = paint__text(line, 0, COLS - 1, PAINT_TITLE, text);
		move(line, at);
		curs_set(1);
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
	refresh();
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

int top__show(struct top *top, const struct snapshot *snapshot)
{
	int error;

	top->last = snapshot;
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
		int kind = get_wch(&key.code);

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
		if (select_rows(top) != 0) /* the next key must not act on rows of another view */
			select__free(&top->rows);
		draw(top);
	}
	return strongest;
}

void top__resized(struct top *top)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_row || !size.ws_col)
		return;
	resizeterm(size.ws_row, size.ws_col);
	top->state.clear = true;
	draw(top);
}

bool top__paused(const struct top *top)
{
	return top->state.paused;
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
		refresh();
	}
}
