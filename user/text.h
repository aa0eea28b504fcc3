/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PAGETIDE_TEXT_H
#define PAGETIDE_TEXT_H

#include <stdbool.h>
#include <string.h>

/* the same text, or both absent */
static inline bool text__same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
