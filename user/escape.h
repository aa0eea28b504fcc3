/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Raw bytes (command names, paths, command lines, what the user typed) made safe to print. Names
 * belong to whoever chose them: none may move a cursor, forge a line or break a format.
 *
 * All functions write at most cap bytes with a NUL at the end, never cut a character or an escape
 * in two, and return the bytes that the whole needs without the NUL, as snprintf(3) does; dst may
 * be NULL with cap 0. None fails.
 */
#ifndef PAGETIDE_ESCAPE_H
#define PAGETIDE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * For people: control characters become \n, \t, \r or \xNN; so does each byte of invalid UTF-8, of
 * C1 controls, and of what reorders or breaks a line of text (U+061C, U+200E, U+200F, U+2028 to
 * U+202E, U+2066 to U+2069). Other UTF-8 stays as it is.
 */
size_t escape__text(char *dst, size_t cap, const char *src);

/* For a JSON library: valid UTF-8 as it is, each invalid byte as the four characters \xNN. */
size_t escape__json(char *dst, size_t cap, const char *src);

/*
 * JSON text that a terminal may show: DEL, and what escape__text does not let through above it,
 * as \uNNNN; the meaning stays. src must be valid JSON, where these are inside strings only.
 */
size_t escape__json_text(char *dst, size_t cap, const char *src);

/* One CSV field: as escape__text, so that a line is a row, then quoted as RFC 4180 where needed. */
size_t escape__csv(char *dst, size_t cap, const char *src);

/* One word as a shell needs it: word, 'a word', or $'a\nword' where it has unsafe bytes. */
size_t escape__shell(char *dst, size_t cap, const char *src);

/* Words joined by spaces, each as escape__shell. */
size_t escape__command(char *dst, size_t cap, char *const *words, int count);

/* Terminal columns of text that escape__text wrote; of the first `len` bytes. */
size_t escape__width(const char *text, size_t len);

/*
 * Text that escape__text wrote in at most `columns` (2 or more), the middle replaced by "…"; more
 * is kept of the end, where a path says what it is.
 */
size_t escape__shorten(char *dst, size_t cap, const char *text, size_t columns);

#endif
