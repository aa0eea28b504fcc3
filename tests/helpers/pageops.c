// SPDX-License-Identifier: GPL-2.0-only
/* pageops: programs that cause memory and know the truth about it, for the tests of pagetide.
 * This file only chooses the mode. */
#include "pageops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct mode {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *usage;
} modes[] = {
	{ "do", do_main,
	  "DIR [\"OP key=value ...\"]...   says that it is ready, then one operation a line on stdin, until EOF" },
	{ "fuzz", fuzz_main,
	  "--seed N --ops N --workers K --dir TMPFS [--disk DIR] [--files M] [--max-pages P] [--batch B] [--without a,b]"
	  " [--no-wait]" },
	{ "bomb", bomb_main, "--processes N --files M --dir DIR [--keep N]" },
	{ "fill", fill_main,
	  "--dir DIR --rate BYTES|max --how write|mmap|fallocate|many-processes|small-files --bytes N [--hold]" },
	{ "anon", anon_main, "--bytes N [--locked N] [--virtual N] [--freed N] [--hold]" },
	{ "spawn", spawn_main, "--count N" },
	{ "lend", lend_main, "--bytes N" },
	{ "short", short_main, "[--bytes N] [--count N] [--milliseconds N]" },
	{ "crowd", crowd_main, "--path FILE --bytes N [--mappings N] [--threads N]" },
	{ "deny", deny_main,
	  "--how mmap|file|touch|shmget|mlock|mmap-locked|mlockall|uring --bytes N [--path FILE] [--memlock N]" },
};

int number__parse(const char *text, int64_t *out)
{
	char *end;
	int shift = 0;

	errno = 0;
	long long value = strtoll(text, &end, 0);
	if (errno || end == text)
		return -EINVAL;
	if (*end == 'K')
		shift = 10;
	else if (*end == 'M')
		shift = 20;
	else if (*end == 'G')
		shift = 30;
	if (shift)
		end++;
	if (*end)
		return -EINVAL;
	*out = (int64_t)value * (1LL << shift);
	return 0;
}

static int option__take(const struct option_row *row, const char *value)
{
	if (row->kind == 'n')
		return number__parse(value, row->value);
	*(const char **)row->value = value;
	return 0;
}

int options__parse(const struct option_row *rows, size_t count, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option_row *row = NULL;

		for (size_t j = 0; j < count; j++)
			if (!strncmp(argv[i], "--", 2) && !strcmp(argv[i] + 2, rows[j].name))
				row = &rows[j];
		if (!row)
			goto bad;
		if (row->kind == 'f') {
			*(int64_t *)row->value = 1;
			continue;
		}
		if (i + 1 == argc || option__take(row, argv[++i]))
			goto bad;
		continue;
bad:
		fprintf(stderr, "pageops: bad option %s\n", argv[i]);
		return -EINVAL;
	}
	return 0;
}

int wait_for_line(void)
{
	int first = -1;
	char c;
	ssize_t n;

	fflush(stdout);
	do {
		n = read(STDIN_FILENO, &c, 1);
		if (n == 1 && first < 0)
			first = (unsigned char)c;
	} while ((n == 1 && c != '\n') || (n < 0 && errno == EINTR));
	return n == 1 ? first : -1;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(modes); i++)
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].main(argc - 2, argv + 2);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		fprintf(stderr, "usage: pageops %s %s\n", modes[i].name, modes[i].usage);
	return 2;
}
