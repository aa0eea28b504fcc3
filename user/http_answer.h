/* SPDX-License-Identifier: GPL-2.0-only */
/* What came back for one HTTP/1.0 request. Pure. */
#ifndef PAGETIDE_HTTP_ANSWER_H
#define PAGETIDE_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The body of text, of which len bytes have come; ended: no more will. 0; -EAGAIN: more must come; -ENOENT: its
 * status is not 200; -EPROTO: it is no answer to that.
 */
int http_answer__body(const char *text, size_t len, bool ended, const char **body, size_t *body_len);

#endif
