// SPDX-License-Identifier: GPL-2.0-only
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

#include "escape.h"

void say(const char *format, ...)
{
	char text[2048], safe[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	escape__text(safe, sizeof(safe), text);
	fprintf(stderr, "pagetide: %s\n", safe);
}
