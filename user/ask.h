/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking a running serve to do a command's work: it knows the owners of pages from before. HTTP over
 * a Unix socket; the words of our command line go there, and what is to be printed comes back.
 */
#ifndef PAGETIDE_ASK_H
#define PAGETIDE_ASK_H

#include <stdio.h>

#include "options.h"

#define ASK_PATH "/api/command"
#define ASK_SEPARATOR "\x1f"
#define ASK_ACCOUNTS_PATH "/api/accounts"

/*
 * 0: a running serve has answered, and it was written to out. -ENOENT: nobody is there to ask, or will
 * not answer: do it yourself; one that says nothing at all for 10 seconds is told in a line. Else -errno
 * of writing.
 */
int ask__into(const struct options *options, FILE *out);
/* The accounts of a running serve (accounts.h), to be freed. 0 or -ENOENT, as above. */
int ask__accounts(const struct options *options, void **data, size_t *size);

#endif
