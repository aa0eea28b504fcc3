/* SPDX-License-Identifier: GPL-2.0-only */
/* A warning as one line for people. Pure, without allocation: raw names, to be escaped. */
#ifndef PAGETIDE_WARNING_TEXT_H
#define PAGETIDE_WARNING_TEXT_H

#include "warning.h"

#define WARNING_LINE_MAX 2048

/* "tmpfs /dev/shm is 80 % full: 51.2 MiB of 64.0 MiB, …; who; advice" */
void warning_text__line(const struct warning *warning, char *line, size_t size);
/* "python[12] +51.2 MiB in 3.1 s, 51.2 MiB in 8 files under /dev/shm/x" */
void warning_text__culprit(const struct culprit *culprit, char *text, size_t size);
/* what of it is nobody's that is known; false: too little to be told */
bool warning_text__unattributed(const struct warning *warning, char *text, size_t size);

#endif
