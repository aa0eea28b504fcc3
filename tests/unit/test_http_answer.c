// SPDX-License-Identifier: GPL-2.0-only
// needs: parse
/* What a daemon answers over its socket: whole, in pieces, malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "buffer.h"
#include "http_answer.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OK "HTTP/1.0 200 OK\r\n"

static const struct {
	const char *text;
	bool ended;
	int err;
	const char *body;
} cases[] = {
	{ OK "\r\n{}", true, 0, "{}" },
	{ OK "\r\n{}", false, -EAGAIN, NULL },
	{ OK "\r\n", true, 0, "" },
	{ "HTTP/1.1 200\r\n\r\nx", true, 0, "x" },
	{ OK "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", false, 0, "{}" },
	{ OK "content-length:2\r\n\r\n{}more", true, 0, "{}" },
	{ OK "Content-Length: 3\r\n\r\n{}", false, -EAGAIN, NULL },
	{ OK "Content-Length: 3\r\n\r\n{}", true, -EPROTO, NULL },
	{ OK "Content-Length: -1\r\n\r\n{}", true, -EPROTO, NULL },
	{ OK "Content-Length: 99999999999999999999\r\n\r\n{}", true, -EPROTO, NULL },
	{ OK "Content-Length: 18446744073709551615\r\n\r\n{}", false, -EAGAIN, NULL },
	{ OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", true, -EPROTO, NULL },
	{ "HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", false, -ENOENT, NULL },
	{ "HTTP/1.0 2000 OK\r\n\r\n{}", true, -ENOENT, NULL },
	{ "HTTP/1.0 x OK\r\n\r\n{}", true, -EPROTO, NULL },
	{ "HTTP/2 200 OK\r\n\r\n{}", true, -EPROTO, NULL },
	{ "HTTP/1.0\r\n\r\n{}", true, -EPROTO, NULL },
	{ "{}\r\n\r\n", true, -EPROTO, NULL },
	{ OK "X: y\r\n", false, -EAGAIN, NULL },
	{ OK "X: y\r\n", true, -EPROTO, NULL },
	{ "", false, -EAGAIN, NULL },
	{ "", true, -EPROTO, NULL },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text), body_len = 0;
		char *text = buffer__exact(cases[i].text, len);
		const char *body = NULL;
		int err = http_answer__body(text, len, cases[i].ended, &body, &body_len);

		if (err != cases[i].err)
			fail_msg("%zu: %d", i, err);
		if (!err && (body_len != strlen(cases[i].body) || memcmp(body, cases[i].body, body_len) != 0))
			fail_msg("%zu: '%.*s'", i, (int)body_len, body);
		free(text);
	}
}

static void a_head_without_end(void **state)
{
	static char text[64 << 10];
	const char *body;
	size_t body_len;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(http_answer__body(text, 100, false, &body, &body_len), -EAGAIN);
	assert_int_equal(http_answer__body(text, sizeof(text), false, &body, &body_len), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(a_head_without_end),
	};

	return cmocka_run_group_tests_name("http_answer", tests, NULL, NULL);
}
