// SPDX-License-Identifier: GPL-2.0-only
/* curses thinks that it writes to no terminal, so the terminal's modes are set here. */
#include "top_screen.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "outbox.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* 6.3 */
#endif
#define ESCAPE_DELAY_MS 25 /* an Esc alone, or the start of a function key */
#define WAITING_MOST (16U << 10)
#define KEPT_BYTES (64U << 10) /* taken at the start: drawing takes no memory of its own later */
#define PATIENCE_SECONDS 2

struct screen {
	int memory; /* what curses writes is from its start to its position */
	FILE *file; /* the same, for curses */
	struct outbox *box;
	struct termios before, during;
	SCREEN *curses;
	WINDOW *keys; /* a pad: asking a window for a key draws it */
};

static int open_memory(struct screen *screen)
{
	screen->memory = memfd_create("pagetide-screen", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (screen->memory < 0 && errno == EINVAL)
		screen->memory = memfd_create("pagetide-screen", MFD_CLOEXEC);
	if (screen->memory < 0)
		return -errno;
	screen->file = fdopen(screen->memory, "w");
	if (!screen->file)
		return -errno;
	return posix_fallocate(screen->memory, 0, KEPT_BYTES) ? -ENOMEM : 0;
}

/* keys at once and unseen; ends of lines and tabs as they are, in both directions */
static void take_modes(struct screen *screen)
{
	screen->during = screen->before;
	screen->during.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL);
	screen->during.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR);
	screen->during.c_oflag &= ~(tcflag_t)(ONLCR | TABDLY);
	screen->during.c_cc[VMIN] = 1;
	screen->during.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &screen->during);
}

static int open_curses(struct screen *screen)
{
	screen->curses = newterm(NULL, screen->file, stdin);
	if (!screen->curses)
		return -EINVAL;
	set_term(screen->curses);
	if (!tigetstr("cup")) /* a terminal that cannot place the cursor: "dumb" */
		return -EINVAL;
	noecho();
	typeahead(-1); /* what is drawn is drawn whole */
	set_escdelay(ESCAPE_DELAY_MS);
	keypad(stdscr, TRUE);
	curs_set(0);
	screen->keys = newpad(1, 1);
	if (!screen->keys)
		return -ENOMEM;
	keypad(screen->keys, TRUE);
	nodelay(screen->keys, TRUE);
	screen__resize(screen);
	return 0;
}

static void release(struct screen *screen)
{
	if (screen->keys)
		delwin(screen->keys);
	if (screen->curses)
		delscreen(screen->curses);
	outbox__close(screen->box);
	if (screen->file)
		fclose(screen->file);
	else if (screen->memory >= 0)
		close(screen->memory);
	free(screen);
}

int screen__open(struct screen **out)
{
	struct screen *screen;
	int err;

	*out = NULL;
	if (!isatty(STDOUT_FILENO))
		return -ENOTTY;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return -ENOMEM;
	screen->memory = -1;
	err = tcgetattr(STDIN_FILENO, &screen->before) ? -errno : 0;
	if (!err)
		err = open_memory(screen);
	if (!err)
		err = open_curses(screen);
	if (!err)
		err = outbox__open(&screen->box, STDOUT_FILENO);
	if (err) { /* what curses wrote was not sent: there is nothing to be undone */
		release(screen);
		return err;
	}
	take_modes(screen);
	*out = screen;
	return 0;
}

void screen__leave(struct screen *screen)
{
	struct termios going = screen->during;

	going.c_iflag &= ~(tcflag_t)IXON; /* if it was Ctrl-S, on it goes */
	tcsetattr(STDIN_FILENO, TCSANOW, &going);
	endwin();
	screen__send(screen);
	outbox__drain(screen->box, PATIENCE_SECONDS);
	tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

/* the user may have changed the modes meanwhile, and wants that to stay */
void screen__return(struct screen *screen)
{
	tcgetattr(STDIN_FILENO, &screen->before);
	take_modes(screen);
	screen__resize(screen);
}

void screen__close(struct screen *screen)
{
	if (!screen)
		return;
	screen__leave(screen);
	release(screen);
}

void screen__resize(const struct screen *screen)
{
	struct winsize size;

	(void)screen;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
}

bool screen__is_ready(const struct screen *screen)
{
	return outbox__waiting(screen->box) <= WAITING_MOST;
}

int screen__send(struct screen *screen)
{
	off_t length = lseek(screen->memory, 0, SEEK_CUR);
	FILE *stream = outbox__stream(screen->box);
	char piece[4096];
	ssize_t n;
	int err;

	for (off_t at = 0; at < length; at += n) {
		size_t most = (size_t)(length - at) < sizeof(piece) ? (size_t)(length - at) : sizeof(piece);

		n = pread(screen->memory, piece, most, at);
		if (n <= 0)
			break;
		fwrite(piece, 1, (size_t)n, stream);
	}
	lseek(screen->memory, 0, SEEK_SET);
	if (length > (off_t)KEPT_BYTES && ftruncate(screen->memory, KEPT_BYTES))
		return -errno;
	err = fflush(stream) ? -ENOBUFS : outbox__send(screen->box);
	if (err == -ENOBUFS)
		clearok(curscr, TRUE);
	return err;
}

int screen__error(const struct screen *screen)
{
	return outbox__error(screen->box);
}

int screen__key(const struct screen *screen, wint_t *key)
{
	return wget_wch(screen->keys, key);
}
