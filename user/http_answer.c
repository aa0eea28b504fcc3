// SPDX-License-Identifier: GPL-2.0-only
#include "http_answer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "parse.h"

#define HEAD_MOST ((size_t)16 << 10)

static bool take_line(struct parse_span *head, struct parse_span *line)
{
	if (!parse__line(head, line, NULL))
		return false;
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* "HTTP/1.1 200 OK" */
static int check_status(struct parse_span line)
{
	struct parse_span word;
	uint64_t status;

	if (!parse__until(&line, ' ', &word) || !parse__starts(word, "HTTP/1.") || !parse__until(&line, ' ', &word) ||
	    parse__whole_u64(word, &status))
		return -EPROTO;
	return status == 200 ? 0 : -ENOENT;
}

static bool is_named(struct parse_span name, const char *text)
{
	return name.len == strlen(text) && strncasecmp(name.p, text, name.len) == 0;
}

/* -ENODATA: the length is not told */
static int take_length(struct parse_span head, uint64_t *length)
{
	struct parse_span line, name;
	int err = -ENODATA;

	while (take_line(&head, &line)) {
		if (!parse__until(&line, ':', &name))
			continue;
		if (is_named(name, "Transfer-Encoding")) /* of HTTP/1.1, which it was not asked in */
			return -EPROTO;
		if (is_named(name, "Content-Length"))
			err = parse__whole_u64(line, length) ? -EPROTO : 0;
		if (err == -EPROTO)
			return err;
	}
	return err;
}

int http_answer__body(const char *text, size_t len, bool ended, const char **body, size_t *body_len)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	struct parse_span head = { text, end ? (size_t)(end + 2 - text) : 0 }, line;
	uint64_t length = 0;
	int err;

	if (!end || head.len > HEAD_MOST)
		return ended || len > HEAD_MOST ? -EPROTO : -EAGAIN;
	err = take_line(&head, &line) ? check_status(line) : -EPROTO;
	if (err)
		return err;
	*body = end + 4;
	*body_len = len - (size_t)(*body - text);
	err = take_length(head, &length);
	if (err == -ENODATA)
		return ended ? 0 : -EAGAIN;
	if (err)
		return err;
	if (length > *body_len)
		return ended ? -EPROTO : -EAGAIN;
	*body_len = (size_t)length;
	return 0;
}
