// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines, numbers and tables of keys out of a buffer of unknown quality. It must never read beyond
 * the length it was given and never turn something malformed into a number.
 */
#include "parse.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool parse__until(struct parse_span *rest, char sep, struct parse_span *piece)
{
	const char *end;

	if (rest->p == NULL)
		return false;
	end = rest->len ? memchr(rest->p, sep, rest->len) : NULL;
	piece->p = rest->p;
	if (end == NULL) {
		piece->len = rest->len;
		*rest = (struct parse_span){ NULL, 0 };
		return true;
	}
	piece->len = (size_t)(end - rest->p);
	rest->len -= piece->len + 1;
	rest->p = end + 1;
	return true;
}

bool parse__line(struct parse_span *rest, struct parse_span *line, bool *ended)
{
	if (rest->len == 0 || !parse__until(rest, '\n', line))
		return false;
	if (ended)
		*ended = rest->p != NULL;
	return true;
}

bool parse__starts(struct parse_span span, const char *text)
{
	size_t len = strlen(text);

	return span.len >= len && (len == 0 || memcmp(span.p, text, len) == 0);
}

bool parse__equals(struct parse_span span, const char *text)
{
	return span.len == strlen(text) && parse__starts(span, text);
}

int parse__take_u64(struct parse_span *rest, uint64_t *out)
{
	const char *p = rest->p, *end = rest->p ? rest->p + rest->len : NULL;
	uint64_t value = 0;
	bool overflow = false;

	while (p < end && is_blank(*p))
		p++;
	if (p >= end || *p < '0' || *p > '9')
		return -EINVAL;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			overflow = true;
	}
	rest->len = (size_t)(end - p);
	rest->p = p;
	if (overflow)
		return -ERANGE;
	*out = value;
	return 0;
}

int parse__whole_u64(struct parse_span span, uint64_t *out)
{
	uint64_t value;
	int err = parse__take_u64(&span, &value);

	if (err)
		return err;
	while (span.len && (is_blank(*span.p) || *span.p == '\n')) {
		span.p++;
		span.len--;
	}
	if (span.len)
		return -EINVAL;
	*out = value;
	return 0;
}

int parse__copy(struct parse_span span, char *dst, size_t cap)
{
	size_t len = span.len < cap ? span.len : cap - 1;

	dst[0] = '\0';
	if (span.len && memchr(span.p, '\0', span.len))
		return -EINVAL;
	if (len)
		memcpy(dst, span.p, len);
	dst[len] = '\0';
	return len < span.len ? -ENAMETOOLONG : 0;
}

static void fill_figure(struct parse_span value, const struct parse_key *key, void *base)
{
	struct parse_figure *figure = (struct parse_figure *)((char *)base + key->offset);
	uint64_t number;

	if (figure->has || parse__take_u64(&value, &number))
		return;
	while (value.len && is_blank(*value.p)) {
		value.p++;
		value.len--;
	}
	if (key->unit == PARSE_KIB) {
		if (!parse__equals(value, "kB") || __builtin_mul_overflow(number, (uint64_t)1024, &number))
			return;
	} else if (value.len) {
		return;
	}
	*figure = (struct parse_figure){ .has = true, .value = number };
}

void parse__keys(struct parse_span text, const struct parse_key *keys, size_t key_count, void *base)
{
	struct parse_span line;
	bool ended;

	while (parse__line(&text, &line, &ended)) {
		if (!ended)
			return;
		for (size_t i = 0; i < key_count; i++) {
			size_t len = strlen(keys[i].key);

			if (!parse__starts(line, keys[i].key))
				continue;
			fill_figure((struct parse_span){ line.p + len, line.len - len }, &keys[i], base);
			break;
		}
	}
}
