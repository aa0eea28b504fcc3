// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only place that decides which bytes may reach a terminal or a file of ours as they are. It
 * must never trust a name, and never read or write beyond what it was given.
 */
#include "escape.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* Where output goes: whole pieces only, and after the first that has no room, none. */
struct pen {
	char *dst;
	size_t cap, used, needed;
	bool full;
};

static struct pen pen_on(char *dst, size_t cap)
{
	if (cap)
		dst[0] = '\0';
	return (struct pen){ .dst = dst, .cap = cap, .full = cap == 0 };
}

static void put(struct pen *pen, const char *bytes, size_t len)
{
	pen->needed += len;
	if (pen->full || len >= pen->cap - pen->used) {
		pen->full = true;
		return;
	}
	memcpy(pen->dst + pen->used, bytes, len);
	pen->used += len;
	pen->dst[pen->used] = '\0';
}

static void put_hex(struct pen *pen, const unsigned char *bytes, size_t len)
{
	char hex[5];

	for (size_t i = 0; i < len; i++) {
		snprintf(hex, sizeof(hex), "\\x%02x", bytes[i]);
		put(pen, hex, 4);
	}
}

/* Bytes of the UTF-8 character at s, which ends with a NUL; 0: not valid (Unicode table 3-7). */
static size_t utf8_character(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (len == 0)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) /* a NUL too */
			return 0;
		*code = *code << 6 | (s[i] & 0x3fu);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/* Above ASCII: C1 controls, and what reorders or breaks a line. */
static bool is_treacherous(uint32_t code)
{
	return (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool is_printable(uint32_t code)
{
	return code >= 0x20 && !is_treacherous(code);
}

static void put_control(struct pen *pen, const unsigned char *bytes, size_t len)
{
	if (bytes[0] == '\n')
		put(pen, "\\n", 2);
	else if (bytes[0] == '\t')
		put(pen, "\\t", 2);
	else if (bytes[0] == '\r')
		put(pen, "\\r", 2);
	else
		put_hex(pen, bytes, len);
}

/* Takes one character (or one invalid byte) off *src and writes it for people. */
static void put_text(struct pen *pen, const unsigned char **src)
{
	uint32_t code = 0;
	size_t len = utf8_character(*src, &code);

	if (len && is_printable(code))
		put(pen, (const char *)*src, len);
	else
		put_control(pen, *src, len ? len : 1);
	*src += len ? len : 1;
}

size_t escape__text(char *dst, size_t cap, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	struct pen pen = pen_on(dst, cap);

	while (*s)
		put_text(&pen, &s);
	return pen.needed;
}

size_t escape__json(char *dst, size_t cap, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	struct pen pen = pen_on(dst, cap);

	while (*s) {
		uint32_t code = 0;
		size_t len = utf8_character(s, &code);

		if (len)
			put(&pen, (const char *)s, len);
		else
			put_hex(&pen, s, 1);
		s += len ? len : 1;
	}
	return pen.needed;
}

size_t escape__json_text(char *dst, size_t cap, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	struct pen pen = pen_on(dst, cap);
	char unicode[8];

	while (*s) {
		uint32_t code = 0;
		size_t len = utf8_character(s, &code);

		if (len && is_treacherous(code)) { /* none is above U+FFFF */
			snprintf(unicode, sizeof(unicode), "\\u%04x", (unsigned int)(code & 0xffff));
			put(&pen, unicode, 6);
		} else {
			put(&pen, (const char *)s, len ? len : 1);
		}
		s += len ? len : 1;
	}
	return pen.needed;
}

size_t escape__csv(char *dst, size_t cap, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t len = strlen(src);
	bool quoted = strpbrk(src, ",\"") || (len && (src[0] == ' ' || src[len - 1] == ' '));
	struct pen pen = pen_on(dst, cap);

	if (quoted)
		put(&pen, "\"", 1);
	while (*s) {
		if (*s == '"')
			put(&pen, "\"", 1);
		put_text(&pen, &s);
	}
	if (quoted)
		put(&pen, "\"", 1);
	return pen.needed;
}

/* as bash, zsh and POSIX.1-2024 read $'...' */
static void put_ansi_quoted(struct pen *pen, const unsigned char *s)
{
	put(pen, "$'", 2);
	while (*s) {
		if (*s == '\'' || *s == '\\') {
			char escaped[2] = { '\\', (char)*s++ };

			put(pen, escaped, 2);
		} else {
			put_text(pen, &s);
		}
	}
	put(pen, "'", 1);
}

static void put_word(struct pen *pen, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";

	if (word[0] && word[strspn(word, plain)] == '\0') {
		put(pen, word, strlen(word));
		return;
	}
	if (escape__text(NULL, 0, word) != strlen(word)) {
		put_ansi_quoted(pen, (const unsigned char *)word);
		return;
	}
	put(pen, "'", 1);
	for (; *word; word++) {
		if (*word == '\'')
			put(pen, "'\\''", 4);
		else
			put(pen, word, 1);
	}
	put(pen, "'", 1);
}

size_t escape__shell(char *dst, size_t cap, const char *src)
{
	struct pen pen = pen_on(dst, cap);

	put_word(&pen, src);
	return pen.needed;
}

size_t escape__command(char *dst, size_t cap, char *const *words, int count)
{
	struct pen pen = pen_on(dst, cap);

	for (int i = 0; i < count; i++) {
		if (i)
			put(&pen, " ", 1);
		put_word(&pen, words[i]);
	}
	return pen.needed;
}

/* Asked of the C library in a UTF-8 locale of our own: the caller's may be "C". */
static size_t code_width(uint32_t code)
{
	static locale_t utf8;
	locale_t before;
	int width;

	if (code < 0x7f)
		return 1;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	width = wcwidth((wchar_t)code);
	uselocale(before);
	return width < 0 ? 1 : (size_t)width;
}

/* Bytes of the character at text, its columns in *width. */
static size_t step(const char *text, size_t *width)
{
	uint32_t code = 0;
	size_t len = utf8_character((const unsigned char *)text, &code);

	*width = len ? code_width(code) : 1;
	return len ? len : 1;
}

size_t escape__width(const char *text, size_t len)
{
	size_t columns = 0, width;

	for (size_t at = 0; at < len && text[at]; columns += width)
		at += step(text + at, &width);
	return columns;
}

size_t escape__shorten(char *dst, size_t cap, const char *text, size_t columns)
{
	size_t len = strlen(text), whole = escape__width(text, len);
	size_t kept_front = (columns - 1) / 3, kept_end = columns - 1 - kept_front;
	size_t front = 0, end = 0, used = 0, left = whole, width;
	struct pen pen = pen_on(dst, cap);

	if (whole <= columns) {
		put(&pen, text, len);
		return pen.needed;
	}
	for (size_t next; front < len; front = next, used += width) {
		next = front + step(text + front, &width);
		if (used + width > kept_front)
			break;
	}
	while (left > kept_end) {
		end += step(text + end, &width);
		left -= width;
	}
	put(&pen, text, front);
	put(&pen, ELLIPSIS, strlen(ELLIPSIS));
	put(&pen, text + end, len - end);
	return pen.needed;
}
