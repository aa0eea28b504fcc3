// SPDX-License-Identifier: GPL-2.0-only
// needs: outbox thread
/* A reader that takes nothing, that comes late, that goes: nobody waits, and what is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outbox.h"

#define LINE 1000

static struct outbox *open_to(int pipe_fds[2])
{
	struct outbox *box;

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(outbox__open(&box, pipe_fds[1]), 0);
	return box;
}

static void fill_line(char *line, unsigned number)
{
	memset(line, '.', LINE);
	memcpy(line, &number, sizeof(number));
}

struct reading {
	int fd;
	size_t lines, gaps, bytes;
};

static void *read_all(void *argument)
{
	struct reading *reading = argument;
	char line[LINE];
	size_t filled = 0;
	unsigned next = 0, number;
	ssize_t n;

	while ((n = read(reading->fd, line + filled, LINE - filled)) > 0) {
		filled += (size_t)n;
		reading->bytes += (size_t)n;
		if (filled < LINE)
			continue;
		memcpy(&number, line, sizeof(number));
		reading->gaps += number != next;
		next = number + 1;
		reading->lines++;
		filled = 0;
	}
	return NULL;
}

static void all_in_order(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);
	struct reading reading = { .fd = fds[0] };
	char line[LINE];
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reading), 0);
	for (unsigned i = 0; i < 3000; i++) {
		fill_line(line, i);
		assert_int_equal(fwrite(line, 1, LINE, outbox__stream(box)), LINE);
		assert_int_equal(fflush(outbox__stream(box)), 0);
		assert_int_equal(outbox__send(box), 0);
	}
	assert_int_equal(outbox__drain(box, 0), 0);
	outbox__close(box);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(reading.lines, 3000);
	assert_int_equal(reading.gaps, 0);
	close(fds[0]);
}

static void nobody_reads(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);
	struct reading reading = { .fd = fds[0] };
	unsigned sent = 0, most = 2 * OUTBOX_MOST / LINE;
	char line[LINE];
	pthread_t thread;

	(void)state;
	for (unsigned i = 0; i < most; i++) {
		fill_line(line, i);
		if (outbox__put(box, line, LINE) == 0)
			sent++;
	}
	assert_true(sent > OUTBOX_MOST / LINE - 2 && sent < OUTBOX_MOST / LINE + 200);
	assert_int_equal(outbox__dropped(box), most - sent);
	assert_in_range(outbox__waiting(box), OUTBOX_MOST - LINE, OUTBOX_MOST);
	assert_int_equal(outbox__drain(box, 0.05), -ETIMEDOUT);
	/* it is read at last: all that was taken comes, whole, and there is room again */
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reading), 0);
	assert_int_equal(outbox__drain(box, 0), 0);
	assert_int_equal(outbox__waiting(box), 0);
	fill_line(line, sent);
	assert_int_equal(outbox__put(box, line, LINE), 0);
	assert_int_equal(outbox__drain(box, 0), 0);
	outbox__close(box);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(reading.lines, sent + 1);
	assert_int_equal(reading.bytes % LINE, 0);
	close(fds[0]);
}

/* one message may be longer than all that may wait */
static void a_long_one(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);
	struct reading reading = { .fd = fds[0] };
	size_t length = OUTBOX_MOST + LINE;
	char *text = calloc(1, length);
	pthread_t thread;

	(void)state;
	assert_non_null(text);
	assert_int_equal(outbox__put(box, text, length), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reading), 0);
	assert_int_equal(outbox__drain(box, 0), 0);
	outbox__close(box);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(reading.bytes, length);
	close(fds[0]);
	free(text);
}

static void the_reader_goes(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);

	(void)state;
	close(fds[0]);
	assert_int_equal(outbox__put(box, "x", 1), 0);
	assert_int_equal(outbox__drain(box, 0), -EPIPE);
	assert_int_equal(outbox__put(box, "x", 1), -EPIPE);
	assert_int_equal(outbox__error(box), -EPIPE);
	assert_int_equal(outbox__dropped(box), 0);
	outbox__close(box);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_in_order),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(a_long_one),
		cmocka_unit_test(the_reader_goes),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
