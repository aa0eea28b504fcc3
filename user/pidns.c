// SPDX-License-Identifier: GPL-2.0-only
/* Which pid namespace /proc is of. No process is looked for here: numbers.c does. */
#include "pidns.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "file.h"
#include "parse.h"

#define INITIAL_NAMESPACE 0xEFFFFFFCU /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

/* pid 1 of a namespace is in it itself; who may not look at it knows at least about itself */
bool pidns__differs(void)
{
	struct stat status;

	if (stat("/proc/1/ns/pid", &status) && stat("/proc/self/ns/pid", &status))
		return false; /* a kernel without pid namespaces */
	return status.st_ino != INITIAL_NAMESPACE;
}

unsigned pidns__levels_above(const char *status, size_t length)
{
	struct parse_span rest = { status, length }, line, word;
	unsigned numbers = 0;

	while (parse__line(&rest, &line, NULL)) {
		if (!parse__starts(line, "NSpid:"))
			continue;
		while (parse__until(&line, '\t', &word)) {
			uint64_t number;

			numbers += parse__whole_u64(word, &number) == 0;
		}
	}
	return numbers > 1 ? numbers - 1 : 0;
}

unsigned pidns__proc_above(void)
{
	char text[4096];
	int n = file__read(AT_FDCWD, "/proc/self/status", text, sizeof(text));

	return n > 0 ? pidns__levels_above(text, (size_t)n) : 0;
}
