/* SPDX-License-Identifier: GPL-2.0-only */
/* One sentence of what to do, that fits what was found. Pure. */
#ifndef PAGETIDE_ADVICE_H
#define PAGETIDE_ADVICE_H

#include "warning.h"

/* writes warning->advice from the rest of it */
void advice__write(struct warning *warning);

#endif
