// SPDX-License-Identifier: GPL-2.0-only
#include "say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "escape.h"
#include "outbox.h"

#define PATIENCE_SECONDS 2

static struct outbox *box;
static uint64_t told; /* of what was dropped */

static void put(const char *text)
{
	char line[4200];
	int n = snprintf(line, sizeof(line), "pagetide: %s\n", text);

	if (!box)
		fputs(line, stderr);
	else
		outbox__put(box, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void say__in_background(void)
{
	if (!box && outbox__open(&box, fileno(stderr)))
		box = NULL;
}

void say__drain(void)
{
	if (box)
		outbox__drain(box, PATIENCE_SECONDS);
}

void say__finish(void)
{
	say__drain();
	outbox__close(box);
	box = NULL;
}

static void tell_dropped(void)
{
	uint64_t dropped = outbox__dropped(box);
	char text[80];

	if (dropped == told)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " lines were dropped: nothing took them", dropped - told);
	put(text);
	if (outbox__dropped(box) == dropped)
		told = dropped;
}

void say(const char *format, ...)
{
	char text[2048], safe[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	escape__text(safe, sizeof(safe), text);
	if (box)
		tell_dropped();
	put(safe);
}
