// SPDX-License-Identifier: GPL-2.0-only
// needs: outbox thread
/* A reader that takes nothing, that comes late, that goes: nobody waits, and what is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
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

/* so many bytes come before the end, and nothing is left to write; the box is closed */
static void expect_rest(struct outbox *box, int fds[2], size_t bytes)
{
	struct reading reading = { .fd = fds[0] };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, read_all, &reading), 0);
	assert_int_equal(outbox__drain(box, 0), 0);
	outbox__close(box);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(reading.bytes, bytes);
	close(fds[0]);
}

/* one message may be longer than all that may wait */
static void a_long_one(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);
	size_t length = OUTBOX_MOST + LINE;
	char *text = calloc(1, length);

	(void)state;
	assert_non_null(text);
	assert_int_equal(outbox__put(box, text, length), 0);
	expect_rest(box, fds, length);
	free(text);
}

static void expect_line(int fd, unsigned number)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char line[LINE];

	for (size_t got = 0; got < LINE;) {
		assert_int_equal(poll(&ready, 1, 10000), 1);
		got += (size_t)read(fd, line + got, LINE - got);
	}
	assert_memory_equal(line, &number, sizeof(number));
}

/* twice what may wait is written, and read, before it is sent */
static void a_long_one_goes_while_it_is_written(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);
	char line[LINE];
	unsigned last = 2 * OUTBOX_MOST / LINE, next = 0, most_waiting = 0;

	(void)state;
	for (unsigned i = 0; i < last; i++) {
		fill_line(line, i);
		assert_int_equal(fwrite(line, 1, LINE, outbox__stream(box)), LINE);
		/* what is short of a few pieces stays where it is; all before it comes */
		for (; i > 300 && next < i - 300; next++)
			expect_line(fds[0], next);
		if (outbox__waiting(box) > most_waiting)
			most_waiting = (unsigned)outbox__waiting(box);
	}
	assert_in_range(most_waiting, 1, OUTBOX_MOST / 4);
	assert_int_equal(fflush(outbox__stream(box)), 0);
	assert_int_equal(outbox__send(box), 0);
	for (; next < last; next++)
		expect_line(fds[0], next);
	assert_int_equal(outbox__drain(box, 0), 0);
	assert_int_equal(outbox__dropped(box), 0);
	outbox__close(box);
	close(fds[0]);
	close(fds[1]);
}

static int write_long(struct outbox *box, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fputc('b', outbox__stream(box));
	return fflush(outbox__stream(box));
}

/* a long message behind another: none of it, or all */
static void a_long_one_waits_its_turn(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);
	size_t first = OUTBOX_MOST / 2;
	char *text = calloc(1, first);

	(void)state;
	assert_non_null(text);
	assert_int_equal(outbox__put(box, text, first), 0);
	assert_int_equal(write_long(box, OUTBOX_MOST), 0);
	assert_int_equal(outbox__send(box), -ENOBUFS);
	assert_int_equal(outbox__dropped(box), 1);
	assert_int_equal(write_long(box, LINE), 0);
	assert_int_equal(outbox__send(box), 0);
	expect_rest(box, fds, first + LINE);
	free(text);
}

/* one that has begun goes to its end, though nobody reads and more waits than may */
static void what_has_begun_ends(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);

	(void)state;
	assert_int_equal(write_long(box, 2 * OUTBOX_MOST), 0);
	assert_int_equal(outbox__send(box), 0);
	assert_int_equal(outbox__put(box, "x", 1), -ENOBUFS);
	expect_rest(box, fds, 2 * OUTBOX_MOST);
}

static void the_reader_goes_amid_a_message(void **state)
{
	int fds[2];
	struct outbox *box = open_to(fds);

	(void)state;
	close(fds[0]);
	assert_int_equal(write_long(box, OUTBOX_MOST), 0);
	assert_int_equal(outbox__drain(box, 0), -EPIPE);
	assert_int_equal(outbox__send(box), -EPIPE);
	outbox__close(box);
	close(fds[1]);
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
		cmocka_unit_test(a_long_one_goes_while_it_is_written),
		cmocka_unit_test(a_long_one_waits_its_turn),
		cmocka_unit_test(what_has_begun_ends),
		cmocka_unit_test(the_reader_goes_amid_a_message),
		cmocka_unit_test(the_reader_goes),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
