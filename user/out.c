// SPDX-License-Identifier: GPL-2.0-only
/* Streams as the sinks need them. It must never lose the error of a write. */
#include "out.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 20
#define WIDTH_MAX 2000
#define SHORT_MAX 1024

int out__status(FILE *out)
{
	int err = errno;

	if (!ferror(out))
		return 0;
	return err ? -err : -EIO;
}

int out__flush(FILE *out)
{
	if (fflush(out) != 0)
		return errno ? -errno : -EIO;
	return out__status(out);
}

static FILE *stand_in;
static int stands_for = -1;

void out__stands_for(FILE *out, int fd)
{
	stand_in = out;
	stands_for = fd;
}

int out__width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	long told = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize window;
	int fd;

	if (told >= WIDTH_MIN)
		return told < WIDTH_MAX ? (int)told : WIDTH_MAX;
	fd = out == stand_in ? stands_for : fileno(out); /* -1 for a stream in memory */
	if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col >= WIDTH_MIN)
		return window.ws_col < WIDTH_MAX ? window.ws_col : WIDTH_MAX;
	return WIDTH_DEFAULT;
}

char *out__escape(size_t (*escape)(char *, size_t, const char *), const char *src)
{
	size_t size = escape(NULL, 0, src) + 1;
	char *text = malloc(size);

	if (text)
		escape(text, size, src);
	return text;
}

int out__escaped(FILE *out, size_t (*escape)(char *, size_t, const char *), const char *src)
{
	char buf[SHORT_MAX], *text;

	if (!src || escape(buf, sizeof(buf), src) < sizeof(buf)) {
		fputs(src ? buf : "-", out);
		return out__status(out);
	}
	text = out__escape(escape, src);
	if (!text)
		return -ENOMEM;
	fputs(text, out);
	free(text);
	return out__status(out);
}
